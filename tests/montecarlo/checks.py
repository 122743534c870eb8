"""Checks of networks, optimizers and streams, which the negative controls must turn red."""

import numpy as np

from gandyn.montecarlo.discriminators import (
    LOSSES as GENERATOR_LOSSES,
)
from gandyn.montecarlo.discriminators import (
    discriminator_loss,
    discriminator_slope,
    generator_loss,
    generator_slope,
)
from gandyn.montecarlo.initial import draw
from gandyn.montecarlo.networks import Networks
from gandyn.montecarlo.optimizers import SGD, Adam, Momentum, RMSProp
from gandyn.montecarlo.streams import Masks, children, root_of

H = 2e-5
"""Step of the fourth-order differences: rounding errors of some 1e-11, none from truncation."""

# -- networks


def random_networks(widths, activation, replicas, seed=0, dtype=np.float64):
    """Networks with weights and biases of size 1, as no initial has them."""
    nets = Networks(widths, activation, replicas, dtype)
    rng = np.random.default_rng(seed)
    for w in nets.weights:
        w[:] = rng.normal(0.0, 1.0, w.shape) / np.sqrt(w.shape[1] - 1)
    return nets


def random_masks(nets, n, seed=0, rate=0.4):
    """Dropout masks for one evaluation of the networks at n points."""
    seeds = children(root_of(seed), nets.replicas)
    return Masks(seeds, 0, rate, nets.widths, nets.parameters.dtype).draw(n)


def plain_forward(nets, x, masks=None):
    """The outputs (R, n) as a textbook writes them, and the least |pre-activation|."""
    out, least = np.empty_like(x), np.inf
    for r in range(nets.replicas):
        hidden = x[r][:, None]
        for k, w in enumerate(nets.weights):
            hidden = hidden @ w[r, :-1] + w[r, -1]
            if k < len(nets.widths):
                least = min(least, np.abs(hidden).min())
                act = np.tanh if nets._activation.pieced is False else lambda u: u * (u > 0)
                hidden = act(hidden)
                if masks is not None:
                    hidden = hidden * masks[k][r, :, :-1]
        out[r] = hidden[:, 0]
    return out, least


def points_for(nets, n, masks=None, margin=2e-3):
    """Inputs (R, n) at which no unit is next to its kink."""
    for seed in range(1000):
        x = np.random.default_rng(seed).normal(0.0, 1.5, (nets.replicas, n))
        if nets._activation.pieced is False or plain_forward(nets, x, masks)[1] > margin:
            return x
    raise ValueError("no points away from the kinks")


def difference(f):
    """Fourth-order central difference of f(step) at 0."""
    return (8.0 * (f(H) - f(-H)) - (f(2 * H) - f(-2 * H))) / (12.0 * H)


WEIGHTS = np.random.default_rng(5).normal(size=(16, 64))
LOSSES = {
    "sum": (
        lambda logits: (WEIGHTS[: len(logits), : logits.shape[1]] * logits).sum(axis=1),
        lambda logits: WEIGHTS[: len(logits), : logits.shape[1]].copy(),
    ),
    "discriminator": (
        lambda logits: discriminator_loss(logits),
        lambda logits: discriminator_slope(logits),
    ),
    "saturating": (
        lambda logits: generator_loss(logits, GENERATOR_LOSSES["saturating"]),
        lambda logits: generator_slope(logits, GENERATOR_LOSSES["saturating"]),
    ),
    "nonsaturating": (
        lambda logits: generator_loss(logits, GENERATOR_LOSSES["nonsaturating"]),
        lambda logits: generator_slope(logits, GENERATOR_LOSSES["nonsaturating"]),
    ),
}


def plain_losses(logits):
    """Losses from D = 1/(1 + e^−logit) itself, for logits of size 1."""
    d = 1.0 / (1.0 + np.exp(-logits))
    n = logits.shape[1] // 2
    return {
        "discriminator": -np.log(d[:, :n]).sum(axis=1) / n - np.log(1 - d[:, n:]).sum(axis=1) / n,
        "saturating": np.log(1 - d).sum(axis=1) / logits.shape[1],
        "nonsaturating": -np.log(d).sum(axis=1) / logits.shape[1],
    }


def check_losses():
    """The losses are means over the minibatch of what the article writes."""
    logits = np.random.default_rng(3).normal(size=(3, 10))
    for name, expected in plain_losses(logits).items():
        np.testing.assert_allclose(LOSSES[name][0](logits), expected, rtol=1e-13)


def check_slopes():
    """Each slope is the derivative of its loss, at each logit of each replica."""
    logits = 3.0 * np.random.default_rng(4).normal(size=(3, 10))
    for loss, slope in LOSSES.values():
        for j in range(logits.shape[1]):

            def moved(step, j=j, loss=loss):
                other = logits.copy()
                other[:, j] += step
                return loss(other)

            np.testing.assert_allclose(slope(logits)[:, j], difference(moved), atol=1e-10)


def check_gradients(widths, activation, loss, *, replicas=3, n=6, dropout=False, l2=0.0, seed=0):
    """Gradients in the parameters, with the penalty's, and in the inputs."""
    nets = random_networks(widths, activation, replicas, seed)
    masks = random_masks(nets, n, seed) if dropout else None
    x = points_for(nets, n, masks)
    value, slope = LOSSES[loss]

    def total():
        return value(nets.forward(x, masks)) + nets.penalty(l2)

    expected = np.empty_like(nets.parameters)
    for j in range(expected.shape[1]):
        kept = nets.parameters[:, j].copy()

        def moved(step, j=j, kept=kept):
            nets.parameters[:, j] = kept + step
            return total()

        expected[:, j] = difference(moved)
        nets.parameters[:, j] = kept
    nets.backward(slope(nets.forward(x, masks)))
    nets.penalise(l2)
    found = nets.gradient
    # What the differences of a loss of this size are rounded to.
    noise = 1e-10 * max(1.0, np.abs(total()).max())
    start = 0
    for w in nets.weights:
        here = slice(start, start := start + w[0].size)
        close = noise + 3e-9 * np.abs(expected[:, here]).max()
        np.testing.assert_allclose(found[:, here], expected[:, here], rtol=0, atol=close)

    at_inputs = difference_in_inputs(nets, x, masks, value)
    found = nets.backward(slope(nets.forward(x, masks)), parameters=False)
    close = noise + 3e-9 * np.abs(at_inputs).max()
    np.testing.assert_allclose(found, at_inputs, rtol=0, atol=close)


def difference_in_inputs(nets, x, masks, value):
    """∂loss/∂x (R, n) by differences."""
    out = np.empty_like(x)
    for j in range(x.shape[1]):

        def moved(step, j=j):
            other = x.copy()
            other[:, j] += step
            return value(nets.forward(other, masks))

        out[:, j] = difference(moved)
    return out


def check_forward(widths, activation, *, dropout=False, n=7):
    """Outputs as the textbook's."""
    nets = random_networks(widths, activation, 3, 1)
    masks = random_masks(nets, n) if dropout else None
    x = np.random.default_rng(2).normal(size=(3, n))
    expected = plain_forward(nets, x, masks)[0]
    np.testing.assert_allclose(nets.forward(x, masks), expected, rtol=1e-13, atol=1e-14)


# -- optimizers


def textbook(rule, start, gradients):
    """θ after each gradient, as the papers write the rules."""
    theta, out = start.copy(), []
    u = m = v = np.zeros_like(start)
    for t, g in enumerate(gradients, 1):
        if isinstance(rule, SGD):
            theta = theta - rule.rate * g
        elif isinstance(rule, Momentum):
            u = rule.momentum * u + g
            step = g + rule.momentum * u if rule.nesterov else u
            theta = theta - rule.rate * step
        elif isinstance(rule, RMSProp):
            v = rule.decay * v + (1 - rule.decay) * g**2
            theta = theta - rule.rate * g / (np.sqrt(v) + rule.epsilon)
        else:
            m = rule.beta1 * m + (1 - rule.beta1) * g
            v = rule.beta2 * v + (1 - rule.beta2) * g**2
            right, left = m / (1 - rule.beta1**t), v / (1 - rule.beta2**t)
            theta = theta - rule.rate * right / (np.sqrt(left) + rule.epsilon)
        out.append(theta)
    return np.array(out)


RULES = {
    "SGD": SGD(0.1),
    "Momentum": Momentum(0.05),
    "Momentum without memory": Momentum(0.05, momentum=0.0),
    "Nesterov": Momentum(0.05, momentum=0.8, nesterov=True),
    "RMSProp": RMSProp(0.01),
    "RMSProp, large epsilon": RMSProp(0.01, decay=0.9, epsilon=0.5),
    "RMSProp without memory": RMSProp(0.01, decay=0.0, epsilon=0.1),
    "Adam": Adam(0.01),
    "Adam, large epsilon": Adam(0.02, beta1=0.5, beta2=0.9, epsilon=0.3),
    "Adam without memory": Adam(0.02, beta1=0.0, beta2=0.0, epsilon=0.3),
}


def gradients_like(shape, steps=70, seed=0):
    """Gradients of many sizes, some exactly 0."""
    rng = np.random.default_rng(seed)
    out = rng.normal(size=(steps, *shape)) * 10.0 ** rng.uniform(-3, 1, shape)
    return out * (rng.random(out.shape) > 0.1)


def run_rule(rule, start, gradients):
    """θ after each gradient, by the optimizer."""
    theta, out = start.copy(), []
    memory = np.zeros((rule.slots, *start.shape), start.dtype)
    for count, gradient in enumerate(gradients, 1):
        rule.step(theta, gradient.copy(), memory, count)
        out.append(theta.copy())
    return np.array(out)


def check_rule(rule, shape=(2, 5), steps=70):
    """Every step as the textbook's."""
    start = np.random.default_rng(1).normal(size=shape)
    gradients = gradients_like(shape, steps)
    found, expected = run_rule(rule, start, gradients), textbook(rule, start, gradients)
    moved = np.abs(expected - start).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * moved)


# -- streams and initials


def check_masks(rate=0.3):
    """Units are left out at the rate, one by one, and the mean is kept."""
    (mask,) = Masks(children(root_of(7), 2), 0, rate, (50,), np.float64).draw(2000)
    units = mask[..., :-1]
    assert mask.shape == (2, 2000, 51)
    assert (mask[..., -1] == 1.0).all()
    assert set(np.unique(units)) == {0.0, units.max()}
    # To 1/65536 of the rate, and never off by it in the mean.
    np.testing.assert_allclose(units.max(), 1.0 / (1.0 - rate), rtol=1e-4)
    count = units.size
    deviation = np.sqrt(rate * (1.0 - rate) / count)
    assert abs((units == 0.0).mean() - rate) < 4.0 * deviation
    assert abs(units.mean() - 1.0) < 4.0 * deviation / (1.0 - rate)
    # Neighbouring points, neighbouring units and the two replicas are left out independently.
    dropped = units == 0.0
    pairs = [
        (dropped[:, 1:], dropped[:, :-1]),
        (dropped[..., 1:], dropped[..., :-1]),
        (dropped[0], dropped[1]),
    ]
    for one, other in pairs:
        both = (one & other).mean()
        assert abs(both - rate**2) < 5.0 * np.sqrt(rate**2 * (1 - rate**2) / one.size)


def check_article_weights():
    """A normal of deviation 0.1 truncated at two deviations; biases 0.1."""
    out = draw("article", (201, 500), np.random.default_rng(11))
    weights, bias = out[:-1], out[-1]
    assert (bias == 0.1).all()
    assert np.abs(weights).max() < 0.2
    assert np.abs(weights).max() > 0.1999
    # Var of a standard normal within ±2: 1 − 4 φ(2)/(2 Φ(2) − 1).
    variance = 0.01 * (1.0 - 4.0 * 0.05399096651318806 / 0.9544997361036416)
    count = weights.size
    assert abs(weights.mean()) < 4.0 * np.sqrt(variance / count)
    # Its fourth moment is below that of a normal: 2 is a bound of the factor.
    assert abs(weights.var() / variance - 1.0) < 4.0 * np.sqrt(2.0 / count)
