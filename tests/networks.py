"""Networks for tests, and a forward pass of them that takes complex inputs too."""

import itertools

import numpy as np


def random_weights(widths, seed, lanes=1, degenerate=False):
    """Weight matrices (lanes, n_in + 1, n_out); degenerate ones are small integers, many 0."""
    rng = np.random.default_rng(seed)
    out = []
    for n, m in itertools.pairwise((1, *widths, 1)):
        if degenerate:
            w = rng.integers(-2, 3, (lanes, n + 1, m)).astype(float)
        else:
            w = rng.normal(size=(lanes, n + 1, m)) * np.sqrt(2.0 / n)
            w[:, -1] *= 0.7
        out.append(w)
    return out


def relu(u):
    return np.where(u.real > 0.0, u, 0.0)


def forward(weights, z, activation=relu):
    """The networks' values at z of shape (lanes, n)."""
    hidden = z[..., None]
    for k, w in enumerate(weights):
        hidden = (activation(hidden) if k else hidden) @ w[:, :-1] + w[:, -1:]
    return hidden[..., 0]


def size(weights, z):
    """Sums of the absolute values of all that a network's value is summed from."""
    return forward([np.abs(w) for w in weights], np.abs(z))


def flat(layers):
    """θ of one network from its matrices, each given with the bias as its last row."""
    return np.concatenate([np.ravel(np.asarray(w, dtype=float)) for w in layers])


def random_theta(widths, seed, degenerate=False):
    return flat(random_weights(widths, seed, degenerate=degenerate))
