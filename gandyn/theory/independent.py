"""Integrals over the line that share nothing with gandyn's quadrature.

Composite 12-point Gauss–Legendre on panels of half a width around every mode, out to where a
density of any of the battery's families has nothing left. It costs a hundred times what the
engine's panels cost and takes no decision, so it can judge them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandyn.system.checks import Array

_REACH = 40.0  # widths: exp(-40) of a Laplace density is left, and nothing of a normal one
_PANEL = 0.5  # widths
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


@dataclass(frozen=True)
class Pair:
    """log p of the data and log p_g of one θ, −inf outside a support, on the nodes of a rule."""

    x: Array
    weights: Array
    log_p: Array
    log_g: Array

    @property
    def p(self) -> Array:
        return np.exp(self.log_p)

    @property
    def g(self) -> Array:
        return np.exp(self.log_g)

    def integral(self, values: Array) -> float:
        return float(np.sum(self.weights * values))


def pair(data: Any, latent: Any, theta: Iterable[float]) -> Pair:
    """Densities of the data and of ``a·z + b``, on nodes that resolve both."""
    a, b = (float(component) for component in theta)
    centres = np.asarray(latent.landmarks, dtype=float) * abs(a)
    centres[:, 0] = b + a * np.asarray(latent.landmarks)[:, 0]
    landmarks = np.concatenate([np.asarray(data.landmarks, dtype=float), centres])
    jumps = np.concatenate([np.asarray(data.breaks), b + a * np.asarray(latent.breaks)])
    x, weights = rule(landmarks, jumps)
    log_p = np.asarray(data.logpdf(x))
    log_g = np.asarray(latent.logpdf((x - b) / a)) - np.log(abs(a))
    return Pair(x, weights, log_p, log_g)


def rule(landmarks: Array, jumps: Array) -> tuple[Array, Array]:
    """Nodes and weights on panels of half a width around every landmark (centre, width)."""
    offsets = np.arange(-_REACH, _REACH + _PANEL, _PANEL)
    edges = np.concatenate([centre + width * offsets for centre, width in landmarks])
    edges = np.unique(np.concatenate([edges, jumps[np.isfinite(jumps)]]))
    half = np.diff(edges)[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return (middle + half * _NODES).ravel(), (half * _WEIGHTS).ravel()


def gradient(function: Any, thetas: Array, steps: Array) -> Array:
    """Central differences (k, n) of eighth order at thetas (k, n), with a step for each.

    The function takes states (m, n), gives values (m,), and is called once.
    """
    count, size = thetas.shape
    coefficients = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
    shifts = np.concatenate([np.arange(1, 5), -np.arange(1, 5)])[:, None] * np.eye(size)[:, None]
    stack = thetas[:, None, None] + steps[:, None, None, None] * shifts
    values = np.asarray(function(stack.reshape(-1, size))).reshape(count, size, 2, 4)
    return np.asarray((values[:, :, 0] - values[:, :, 1]) @ coefficients / steps[:, None])
