"""The force where the latent is bounded: by Gauss-Kronrod panels of the latent's own interval."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gandyn.engine.base import Engine
from gandyn.engine.kronrod import FINE
from gandyn.engine.panels import PanelEngine
from gandyn.engine.quadrature import Integrals
from gandyn.objectives import FDivergence

__all__ = ["IntervalEngine"]

Array = NDArray[np.float64]

_COUNTS = (6, 12, 24, 48)
"""Panels of the interval; the next where the two rules disagree."""

_BLOCK = 12_288
_MOST_KERNELS = 100
_AGREEMENT = 1e-7
_EPS = float(np.finfo(float).eps)


class IntervalEngine(Engine):
    """Force of an f-divergence and a z + b, z smooth between two ends, data smooth on the line.

    Parameters
    ----------
    panels : PanelEngine
        The game, and the way that is gone for all else and where this does not converge.

    Notes
    -----
    The nodes z are the same in every state, so that no panel has to be fitted; the density p is
    asked for at a z + b. The pair's disagreement to the power 3/2, in units of the integral of the
    absolute value, estimates the Kronrod rule's error.
    """

    name = "interval"

    def __init__(self, panels: PanelEngine) -> None:
        self._panels, self._data, self._latent = panels, panels.data, panels.generator.latent
        self._target = panels.objective
        self._place = list(panels.generator.scale_and_place or ())

    @staticmethod
    def takes(panels: PanelEngine) -> bool:
        """Whether a game is of this kind."""
        data, latent = panels.data, panels.generator.latent
        whole = not len(data.breaks) and not np.isfinite(data.support).any()
        few = data.normals is None or len(data.normals[0]) <= _MOST_KERNELS
        bounded = np.isfinite(latent.support).all() and len(latent.breaks) == 2
        smooth = bool(bounded) and bool(np.isfinite(latent.logpdf(np.array(latent.support))).all())
        return isinstance(panels.objective, FDivergence) and whole and few and smooth

    def force(self, theta: Array) -> Integrals:
        """Force at states (L, d), with its error."""
        return self._by(theta, _COUNTS)

    def _by(self, theta: Array, counts: tuple[int, ...]) -> Integrals:
        """The same by the first count of panels that will do, or in the way that always goes."""
        if not counts:
            return self._panels.force(theta)
        step = max(1, _BLOCK // (counts[0] * len(FINE.nodes)))
        starts = range(0, max(1, len(theta)), step)
        found = Integrals.joined([self._sums(counts[0], theta[k : k + step]) for k in starts])
        lost = np.flatnonzero(~found.converged)
        return found.mended(lost, theta, partial(self._by, counts=counts[1:]))

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential", at states (L, d), by panels."""
        return self._panels.values(theta, names)

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force at states (L, d), by panels."""
        return self._panels.jacobian(theta)

    def _sums(self, count: int, theta: Array) -> Integrals:
        """Force, its error, and where that will do, by so many panels."""
        target = self._target
        assert isinstance(target, FDivergence)
        a, b = theta[:, self._place].T
        edges = np.linspace(*self._latent.support, count + 1)
        half = 0.5 * (edges[1] - edges[0])
        z = (edges[:-1, None] + half * (1.0 + FINE.nodes)).ravel()
        x = np.multiply.outer(a, z) + b[:, None]
        log_p, score = self._data.logpdf_and_score(x)
        log_q = self._latent.logpdf(z) - np.log(np.abs(a))[:, None]
        mass = np.empty_like(x)
        with np.errstate(over="ignore", invalid="ignore"):
            target.quick_mass(log_p, np.exp(log_p) + 1e-290, log_q, mass)
            mass *= score - self._latent.score(z) / a[:, None]
            mass *= (half * np.abs(a))[:, None]
            rows = np.stack([mass * z, mass]).reshape(2, len(a), count, -1)
            kronrod, gauss = rows @ FINE.kronrod, rows @ FINE.gauss
            modulus = np.abs(rows) @ FINE.kronrod
            value, size = kronrod.sum(axis=2), modulus.sum(axis=2)
            apart = np.abs(kronrod - gauss).sum(axis=2) / np.maximum(size, 1e-300)
        error = (apart**1.5 + 16.0 * _EPS) * size
        allowed = np.maximum(1e-10 * np.abs(value), 1e-12 * np.abs(value).max(axis=0))
        good = (apart <= _AGREEMENT) & (error <= allowed) & (size > 1e-100)
        order, nodes = np.argsort(self._place), np.full(len(a), len(z))
        return Integrals(value[order], error[order], good.all(axis=0), nodes)
