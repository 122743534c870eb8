"""The force where the latent is bounded: by Gauss-Kronrod panels of the latent's own interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.base import Engine
from gandyn.engine.kronrod import FINE
from gandyn.engine.panels import PanelEngine
from gandyn.engine.quadrature import Integrals
from gandyn.engine.sensitivity import changes
from gandyn.objectives import FDivergence
from gandyn.objectives.field import Field

__all__ = ["IntervalEngine"]

Array = NDArray[np.float64]

_COUNTS = (6, 12, 24, 48, 96)
"""Panels of the interval; the next where the two rules disagree."""

_BLOCK = 12_288
_MOST_KERNELS = 100
_AGREEMENT = 1e-7
_EPS = float(np.finfo(float).eps)


class _OnInterval(Field):
    """A field at the images a z + b of latent points z, (L, n)."""

    def __init__(
        self, data: Distribution, latent: Distribution, z: Array, a: Array, b: Array
    ) -> None:
        self.data, self.x = data, np.multiply.outer(a, z) + b[:, None]
        self.log_data, self.score_data = data.logpdf_and_score(self.x)
        self.log_generated = latent.logpdf(z) - np.log(np.abs(a))[:, None]
        self.score_generated = latent.score(z) / a[:, None]
        self.ratio_slope = self.score_data - self.score_generated

    @cached_property
    def log_ratio(self) -> Array:
        return self.log_data - self.log_generated


Rows = Callable[[Field, Array, Array, Array], Array]


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
        self._order = np.argsort(self._place)

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
        found = self._by(theta, self._push, _COUNTS)
        found = replace(found, value=found.value[self._order], error=found.error[self._order])
        return found.mended(np.flatnonzero(~found.converged), theta, self._panels.force)

    def _by(self, theta: Array, rows: Rows, counts: tuple[int, ...]) -> Integrals:
        """Integrals of rows by the first count of panels that will do, if one does."""
        step = max(1, _BLOCK // (counts[0] * len(FINE.nodes)))
        starts = range(0, max(1, len(theta)), step)
        parts = [self._sums(counts[0], rows, theta[k : k + step]) for k in starts]
        found = Integrals.joined(parts)
        lost = np.flatnonzero(~found.converged)
        if len(counts) == 1:
            return found
        return found.mended(lost, theta, partial(self._by, rows=rows, counts=counts[1:]))

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential", at states (L, d), by panels."""
        return self._panels.values(theta, names)

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force at states (L, d): (L, d, d)."""
        found = self._by(theta, self._changes, _COUNTS)
        value = found.value.T.reshape(-1, 2, 2)[:, self._order][:, :, self._order]
        lost = ~found.converged
        if lost.any():
            value[lost] = self._panels.jacobian(theta[lost])
        return value

    def _push(self, at: Field, z: Array, mass: Array, a: Array) -> Array:
        """What the force is the integral of, for (a, b), given w q."""
        mass *= at.ratio_slope
        return np.stack([mass * z, mass])

    def _changes(self, at: Field, z: Array, mass: Array, a: Array) -> Array:
        """What the Jacobian's entries are, see `gandyn.engine.sensitivity`."""
        assert isinstance(self._target, FDivergence)
        along, wider = changes(self._target, at, mass, a)
        tilted = along * z
        return np.stack([(tilted + wider) * z, tilted, tilted + wider, along])

    def _sums(self, count: int, rows: Rows, theta: Array) -> Integrals:
        """Integrals of rows, their errors, and where they will do, by so many panels."""
        target = self._target
        assert isinstance(target, FDivergence)
        a, b = theta[:, self._place].T
        edges = np.linspace(*self._latent.support, count + 1)
        half = 0.5 * (edges[1] - edges[0])
        z = (edges[:-1, None] + half * (1.0 + FINE.nodes)).ravel()
        at = _OnInterval(self._data, self._latent, z, a, b)
        mass = np.empty_like(at.x)
        with np.errstate(over="ignore", invalid="ignore"):
            density = np.exp(at.log_data) + 1e-290
            target.quick_mass(at.log_data, density, at.log_generated.copy(), mass)
            mass *= (half * np.abs(a))[:, None]
            parts = rows(at, z, mass, a[:, None]).reshape(-1, len(a), count, len(FINE.nodes))
            kronrod, gauss = parts @ FINE.kronrod, parts @ FINE.gauss
            modulus = np.abs(parts) @ FINE.kronrod
            value, size = kronrod.sum(axis=2), modulus.sum(axis=2)
            apart = np.abs(kronrod - gauss).sum(axis=2) / np.maximum(size, 1e-300)
        error = (apart**1.5 + 16.0 * _EPS) * size
        allowed = np.maximum(1e-10 * np.abs(value), 1e-12 * np.abs(value).max(axis=0))
        good = (apart <= _AGREEMENT) & (error <= allowed) & (size > 1e-100)
        return Integrals(value, error, good.all(axis=0), np.full(len(a), len(z)))
