"""The multilayer perceptron as a generator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions import Distribution
from gandyn.errors import InputError
from gandyn.generators.base import Generator
from gandyn.generators.piecewise import Pieces, pieces_of
from gandyn.generators.piecewise_pushforward import PiecewisePushforward
from gandyn.generators.turning_points import turning_points
from gandyn.system.checks import Array
from gandyn.system.text import show

_BLOCK = 2048
"""Latents taken through the layers at a time, whose activations then stay in the cache."""


class MLPGenerator(Generator):
    """A fully connected network from R to R, with a linear last layer.

    θ holds the parameters layer after layer, each an (n_in + 1, n_out) matrix in C order whose last
    row is the bias.

    Parameters
    ----------
    widths : sequence of int
        Units of each hidden layer; none for an affine map.
    activation : {"relu", "tanh"}
    latent : Distribution, optional
        The distribution of z; N(0, 1) by default.

    Attributes
    ----------
    dimension : int
        Number of parameters.

    Raises
    ------
    InputError
        Where a width is not a positive integer, or the activation has another name.

    Notes
    -----
    A ReLU network is piecewise linear. Its generated density is exact: it jumps at the images of
    the network's kinks, and where the network is flat there is an atom instead of a density (see
    `Distribution.atoms`). The pathwise force E_z[s(G(z)) ∂G/∂θ] of an f-divergence takes the slope
    of ℓ between the jumps and none at an atom: this is what a trained generator feels, whose
    discriminator is differentiated along the line. It is not minus the gradient of the potential,
    which gains terms at every kink's image; `Game.boundary_force` knows of those at the latent's
    edges only. An atom is moved by the mean-squared and Wasserstein objectives, by its pieces' mean
    ∂G/∂θ; their forces are gradients, but for Wasserstein where units that are on make a piece flat
    by cancelling, as the distance has a kink there.

    Examples
    --------
    >>> generator = gandyn.MLPGenerator((4,))
    >>> law = generator.pushforward(np.linspace(-1, 1, generator.dimension))
    >>> law.support, law.cdf(2.0).round(6)
    ((1.0, inf), np.float64(0.743822))
    """

    def __init__(
        self,
        widths: Sequence[int] = (256, 256),
        activation: str = "relu",
        latent: Distribution | None = None,
    ) -> None:
        super().__init__(latent)
        if not isinstance(activation, str) or activation not in _ACTIVATIONS:
            raise InputError(f"activation: got {show(activation)}, must be one of relu, tanh")
        try:
            self.widths = tuple(int(width) for width in widths)
            whole = all(width == given for width, given in zip(self.widths, widths, strict=True))
        except (TypeError, ValueError, OverflowError):
            whole = False
        if not whole or min(self.widths, default=1) < 1:
            raise InputError(f"widths: got {show(widths)}, must be positive integers")
        self.activation = activation
        self.smooth = activation == "tanh"
        self._activate = _ACTIVATIONS[activation]
        self._shapes = [(n + 1, m) for n, m in itertools.pairwise((1, *self.widths, 1))]
        self.dimension = sum(n * m for n, m in self._shapes)

    @property
    def place(self) -> int:
        """The last bias."""
        return self.dimension - 1

    def __repr__(self) -> str:
        return f"MLPGenerator({self.widths}, {self.activation!r}, {self.latent})"

    def layers(self, theta: Array) -> list[Array]:
        """The weight matrices of θ, of shape (..., n_in + 1, n_out) for θ of shape (..., d)."""
        ends = np.cumsum([n * m for n, m in self._shapes])[:-1]
        parts = np.split(theta, ends, axis=-1)
        return [
            part.reshape(*theta.shape[:-1], *shape)
            for part, shape in zip(parts, self._shapes, strict=True)
        ]

    def __call__(self, z: Array, theta: Array) -> Array:
        return self._jet(z, theta, 0)[0]

    def slope(self, z: Array, theta: Array) -> Array:
        """∂G/∂z; at a kink of the activation that of max(0, u) is taken as 0."""
        return self._jet(z, theta, 1)[1]

    def curvature(self, z: Array, theta: Array) -> Array:
        """∂²G/∂z², 0 for relu."""
        return np.zeros_like(z) if self.activation == "relu" else self._jet(z, theta, 2)[2]

    def sensitivity(self, z: Array, theta: Array) -> Array:
        """∂G/∂θ by backpropagation, shape (d, *z.shape)."""
        layers = self.layers(theta)
        inputs, slopes = [np.ravel(z)[None]], []
        for w in layers[:-1]:
            hidden, slope, _ = self._activate(w[:-1].T @ inputs[-1] + w[-1][:, None])
            inputs.append(hidden)
            slopes.append(slope)
        out = np.empty((self.dimension, np.size(z)))
        back, stop = np.ones((1, np.size(z))), self.dimension
        for k in range(len(layers) - 1, -1, -1):
            (rows, columns), start = self._shapes[k], stop - layers[k].size
            part = out[start:stop].reshape(rows, columns, -1)
            np.multiply(inputs[k][:, None], back, out=part[:-1])
            part[-1] = back
            if k:
                back = (layers[k][:-1] @ back) * slopes[k - 1]
            stop = start
        return out.reshape(self.dimension, *np.shape(z))

    def linear_pieces(self, theta: Array) -> Pieces:
        """The pieces of the network at one θ, for relu."""
        return pieces_of([w[None] for w in self.layers(theta)])

    def pieces(self, theta: Array) -> Sequence[float]:
        """Latents, ascending, at which G turns: of a flat piece on which it does, the left end."""
        if self.activation == "tanh":
            turns = turning_points(lambda z: self._jet(z, theta, 2), self._lattice(theta))
            return turns.tolist()
        pieces = self.linear_pieces(theta)
        signs = np.sign(np.concatenate([pieces.left_slope, pieces.slopes]))
        steep = np.flatnonzero(signs)
        last = steep[np.flatnonzero(np.diff(signs[steep]))]
        return np.unique(pieces.z[last]).tolist()

    def pushforward(self, theta: ArrayLike) -> Distribution:
        """As `Generator.pushforward`; a tanh network that is constant is refused too."""
        if self.activation == "tanh":
            return super().pushforward(theta)
        return PiecewisePushforward(self, self._one(theta))

    def _jet(self, z: Array, theta: Array, order: int) -> list[Array]:
        """G and its derivatives in z, up to the second, each of z's shape."""
        flat = np.ravel(z)
        out = np.empty((order + 1, flat.size))
        layers = self.layers(theta)
        for start in range(0, flat.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            jet = [flat[block, None], np.ones((1, 1)), np.zeros((1, 1))][: order + 1]
            jet = self._through(layers, jet)
            for row, part in zip(out, jet, strict=True):
                row[block] = part[:, 0]
        return [row.reshape(np.shape(z)) for row in out]

    def _through(self, layers: list[Array], jet: list[Array]) -> list[Array]:
        """What the last of some layers makes of a value, with its derivatives in z."""
        for k, w in enumerate(layers):
            if k:
                jet = self._activated(jet)
            jet = [part @ w[:-1] for part in jet]
            jet[0] += w[-1]
        return jet

    def _activated(self, jet: list[Array]) -> list[Array]:
        """A hidden layer's activations from its pre-activations, with their derivatives in z."""
        hidden, slope, curvature = self._activate(jet[0])
        out = [hidden]
        if len(jet) > 1:
            out.append(slope * jet[1])
        if len(jet) > 2:
            out.append(slope * jet[2] + curvature * jet[1] ** 2)
        return out

    def _lattice(self, theta: Array) -> Array:
        """Latents close enough to see each hidden unit switch, layer after layer."""
        low, high = self.latent.reach
        z = np.linspace(low, high, 257)
        units = sum(self.widths)
        steps = np.linspace(0.0, 1.0, max(9, 3000 // max(units, 1)))[1:]
        # Finest about the middle of the switch, and out to where tanh is 1 in rounded numbers.
        offsets = np.concatenate([-(20.0 * steps**2)[::-1], [0.0], 20.0 * steps**2])
        layers = self.layers(theta)
        for depth in range(len(self.widths)):
            (hidden,) = self._through(layers[: depth + 1], [z[:, None]])
            if depth == 0:
                with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                    centre, width = -layers[0][1] / layers[0][0], 1.0 / np.abs(layers[0][0])
            else:
                place, unit = np.nonzero(np.diff(hidden < 0.0, axis=0))
                before, after = hidden[place, unit], hidden[place + 1, unit]
                gap = z[place + 1] - z[place]
                centre = z[place] + gap * before / (before - after)
                width = gap / np.abs(after - before)
            with np.errstate(invalid="ignore", over="ignore"):
                more = (centre[:, None] + width[:, None] * offsets).ravel()
            z = np.unique(np.concatenate([z, more[np.abs(more) < 1e150]]))
        return z


def _relu(u: Array) -> tuple[Array, Array, Array]:
    """max(0, u) and its first two derivatives."""
    return np.maximum(u, 0.0), (u > 0.0).astype(float), np.zeros(())


def _tanh(u: Array) -> tuple[Array, Array, Array]:
    """tanh(u) and its first two derivatives, the first right to the last digit far out too."""
    value, e = np.tanh(u), np.exp(-2.0 * np.abs(u))
    slope = 4.0 * e / (1.0 + e) ** 2
    return value, slope, -2.0 * value * slope


_ACTIVATIONS: dict[str, Callable[[Array], tuple[Array, Array, Array]]] = {
    "relu": _relu,
    "tanh": _tanh,
}
