"""Where the latent is bounded: by Gauss-Kronrod panels of the latent's own interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.base import Engine
from gandyn.engine.kronrod import FINE
from gandyn.engine.panels import PanelEngine, lost_to_rounding, of_one_alone, row_of
from gandyn.engine.quadrature import Integrals
from gandyn.engine.sensitivity import at_breaks, changes, jumps_at_breaks
from gandyn.objectives import FDivergence
from gandyn.objectives.field import AtAtoms, AtGaps, Field

__all__ = ["IntervalEngine"]

Array = NDArray[np.float64]

_COUNTS = (6, 12, 24, 48, 96)
"""Panels of the interval; the next where the two rules disagree."""

_BLOCK = 12_288
_PER_MODE, _PER_HANDOVER = 6.0, 20.0
"""The longest panel, in widths of the narrowest mode and handover that it may have on it."""

_MOST_KERNELS, _MOST_BREAKS = 100, 8
_AGREEMENT, _CAUTION = 1e-7, 200.0**1.5
_EPS = float(np.finfo(float).eps)


class _OnInterval(Field):
    """A field (L, n) at the images a z + b of latent points z, (L, n) or (1, n) for all states."""

    def __init__(
        self, data: Distribution, latent: Distribution, z: Array, a: Array, b: Array
    ) -> None:
        self.data, self.x = data, a[:, None] * z + b[:, None]
        self.log_data, self.score_data = data.logpdf_and_score(self.x)
        self.log_generated = latent.logpdf(z) - np.log(np.abs(a))[:, None]
        self.score_generated = latent.score(z) / a[:, None]
        self.ratio_slope = self.score_data - self.score_generated
        self._parts = []

    @cached_property
    def log_ratio(self) -> Array:
        return self.log_data - self.log_generated


Rows = Callable[[Field, Array, Array], Array]


class IntervalEngine(Engine):
    """An f-divergence and a z + b, z smooth between two ends, data smooth between breaks.

    Parameters
    ----------
    panels : PanelEngine
        The game, and the way that is gone for all else and where this does not converge.

    Notes
    -----
    The nodes z are the same in every state, so that no panel has to be fitted, but for edges where
    the data's breaks come from; the density p is asked for at a z + b. A panel's disagreement to
    the power 3/2, in units of its integral of the absolute value, estimates the Kronrod rule's
    error; where an error goes with the result, with the factor of QUADPACK (Piessens, de
    Doncker-Kapenga, Überhuber and Kahaner, 1983), as the two rules may agree by chance.
    """

    name = "interval"

    def __init__(self, panels: PanelEngine) -> None:
        self._panels, self._data, self._latent = panels, panels.data, panels.generator.latent
        assert isinstance(panels.objective, FDivergence)
        self._target = panels.objective
        self._place = list(panels.generator.scale_and_place or ())
        self._order = np.argsort(self._place)
        self._empty = _empty(panels.data)

    @staticmethod
    def takes(panels: PanelEngine) -> bool:
        """Whether a game is of this kind."""
        data, latent = panels.data, panels.generator.latent
        few = data.normals is None or len(data.normals[0]) <= _MOST_KERNELS
        bounded = np.isfinite(latent.support).all() and len(latent.breaks) == 2
        smooth = bool(bounded) and bool(np.isfinite(latent.logpdf(np.array(latent.support))).all())
        tame = panels.ends.smooth and len(data.breaks) <= _MOST_BREAKS and not len(data.atoms)
        return isinstance(panels.objective, FDivergence) and few and smooth and tame

    def force(self, theta: Array) -> Integrals:
        """Force at states (L, d), with its error."""
        return self._force(theta, 1.0)

    def close_force(self, theta: Array) -> Integrals:
        """The same, with an error that allows for chance and for the rounding of x."""
        found = self._force(theta, _CAUTION)
        return replace(found, error=found.error + self._blur(theta)[self._order])

    def _blur(self, theta: Array) -> Array:
        """What rounding of x = a z + b and of ℓ changes of the force of (a, b): (2, L)."""

        def rows(at: Field, z: Array, a: Array) -> Array:
            steep = np.abs(at.score_slope_data) + np.abs(at.score_data * at.ratio_slope)
            lost = self._mass(at) * steep * np.abs(at.x)
            # and log p, where its power is beyond 0 and 1
            lost += self._mass(at) * np.abs(at.ratio_slope * at.log_ratio)
            lost = np.where(lost > 0.0, _EPS * lost, 0.0)
            return np.stack([lost * np.abs(z), lost])

        lost = self._by(theta, rows, 1.0, _COUNTS[:1]).value
        if len(self._data.breaks):
            # and where the nodes stop at a break of the data
            generated = self._panels.generator.generated(theta)
            jumps = np.abs(jumps_at_breaks(self._data, generated, self._target))
            a, b = theta[:, self._place].T[..., None]
            jumps *= _EPS * (np.abs(self._data.breaks - b) + np.abs(b))
            jumps = np.where(np.isfinite(jumps), jumps, 0.0)
            lost += np.stack([jumps * np.abs((self._data.breaks - b) / a), jumps]).sum(axis=2)
        return lost

    def _force(self, theta: Array, caution: float) -> Integrals:
        found = self._by(theta, self._push, caution)
        found = replace(found, value=found.value[self._order], error=found.error[self._order])
        return found.mended(np.flatnonzero(~found.converged), theta, self._panels.force)

    def _by(
        self, theta: Array, rows: Rows, caution: float, counts: tuple[int, ...] = _COUNTS
    ) -> Integrals:
        """Integrals of rows by the first count of panels that will do, if one does."""
        step = max(1, _BLOCK // (counts[0] * len(FINE.nodes)))
        starts = range(0, max(1, len(theta)), step)
        parts = [self._sums(counts[0], rows, theta[k : k + step], caution) for k in starts]
        found = Integrals.joined(parts)
        found.converged[self._needed(theta) > counts[0]] = False
        lost = np.flatnonzero(~found.converged)
        if len(counts) == 1:
            return found
        return found.mended(
            lost, theta, partial(self._by, rows=rows, caution=caution, counts=counts[1:])
        )

    def _needed(self, theta: Array) -> Array:
        """How many panels it takes that none passes over a feature of the data, (L,)."""
        a, b = theta[:, self._place].T
        low, high = self._latent.support
        ends = np.sort(np.multiply.outer((low, high), a) + b, axis=0)
        needed = np.zeros(len(theta))
        for place, room in self._features:
            met = (place > ends[0] - room) & (place < ends[1] + room)
            np.maximum(needed, met * ((ends[1] - ends[0]) / room), out=needed)
        return needed

    @cached_property
    def _features(self) -> list[tuple[float, float]]:
        """Places of the data's modes and handovers, and the panel that each asks for."""
        modes = [(place, _PER_MODE * width) for place, width in self._data.landmarks.tolist()]
        return modes + [(x, _PER_HANDOVER * width) for x, width, _ in self._data.handovers.tolist()]

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential", at states (L, d): a row of the result for each."""
        if not len(theta):
            return self._panels.values(theta, names)
        rows = [row_of(self._target, name)[0] for name in names]
        found = self._by(theta, lambda at, z, a: np.array([row(at) for row in rows]), _CAUTION)
        beyond = self._beyond(theta, rows)
        # masses may be too small for a double
        endless = np.isinf(beyond) | self._panels.endless_values(theta, names)
        value = np.where(endless, np.inf, found.value + beyond)
        error = np.where(endless, 0.0, found.error)
        error += lost_to_rounding(value, names, self._target, self._data, 0.0)
        found = replace(found, value=value, error=error)
        lost = np.flatnonzero(~(found.converged | endless.all(axis=0)))
        found.converged[endless.all(axis=0)] = True
        return found.mended(lost, theta, partial(self._panels.values, names=names))

    def _beyond(self, theta: Array, rows: Sequence[Callable[[Field], Array]]) -> Array:
        """What rows gain from the mass where only one of the two densities is."""
        a, b = theta[:, self._place].T
        ends = np.sort(np.multiply.outer(a, self._latent.support) + b[:, None], axis=1)
        outside = self._data.cdf(ends[:, 0]) + self._data.sf(ends[:, 1])
        low, high = self._empty
        reached = (ends[:, :1] < high) & (ends[:, 1:] > low)
        z = np.sort([(x - b[:, None]) / a[:, None] for x in self._empty], axis=0)
        below, above = self._latent.cdf(z), self._latent.sf(z)
        # each from the side that has the smaller mass
        masses = np.where(below[1] < 0.5, below[1] - below[0], above[0] - above[1])
        bare = np.where(reached, masses, 0.0).sum(axis=1)
        gained = np.zeros((len(rows), len(theta)))
        generated, lanes = self._panels.generator.generated(theta), np.arange(len(theta))
        for kind, mass in ((AtGaps, outside[:, None]), (AtAtoms, bare[:, None])):
            with np.errstate(divide="ignore"):
                at = kind(self._data, generated, ends[:, :1], lanes, mass)
            gained += of_one_alone(at, mass, rows)
        return gained

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force at states (L, d): (L, d, d)."""
        found = self._by(theta, self._changes, 1.0)
        value = found.value.T.reshape(-1, 2, 2)
        if len(self._data.breaks):
            generated = self._panels.generator.generated(theta)
            value = value + at_breaks(self._data, generated, self._target, *theta[:, self._place].T)
        value = value[:, self._order][:, :, self._order]
        lost = ~found.converged
        if lost.any():
            value[lost] = self._panels.jacobian(theta[lost])
        return value

    def _mass(self, at: Field) -> Array:
        mass = np.empty_like(at.x)
        density = np.exp(at.log_data) + 1e-290
        self._target.quick_mass(at.log_data, density, at.log_generated.copy(), mass)
        return mass

    def _push(self, at: Field, z: Array, a: Array) -> Array:
        """What the force is the integral of, for (a, b)."""
        mass = self._mass(at)
        mass *= at.ratio_slope
        return np.stack([mass * z, mass])

    def _changes(self, at: Field, z: Array, a: Array) -> Array:
        """What the Jacobian's entries are, see `gandyn.engine.sensitivity`."""
        along, wider = changes(self._target, at, self._mass(at), a)
        tilted = along * z
        return np.stack([(tilted + wider) * z, tilted, tilted + wider, along])

    def _hidden(self, x: Array, log_data: Array) -> NDArray[np.bool_]:
        """Nodes that have no data all around them, where what is generated counts as a whole."""
        hidden = np.isneginf(log_data)
        if hidden.any():
            hidden &= np.any([(low <= x) & (x <= high) for low, high in self._empty.T], axis=0)
        return hidden

    def _sums(self, count: int, rows: Rows, theta: Array, caution: float) -> Integrals:
        """Integrals of rows, their errors, and where they will do, by so many panels."""
        a, b = theta[:, self._place].T
        edges = np.linspace(*self._latent.support, count + 1)[None]
        if len(self._data.breaks):
            marks = np.clip((self._data.breaks - b[:, None]) / a[:, None], *self._latent.support)
            both = np.broadcast_to(edges, (len(a), count + 1)), marks
            edges = np.sort(np.concatenate(both, axis=1), axis=1)
        half = 0.5 * np.diff(edges)
        z = (edges[:, :-1, None] + half[..., None] * (1.0 + FINE.nodes)).reshape(len(edges), -1)
        at = _OnInterval(self._data, self._latent, z, a, b)
        hidden = self._hidden(at.x, at.log_data) | np.repeat(half == 0.0, len(FINE.nodes), axis=1)
        with np.errstate(all="ignore"):
            parts = rows(at, z, a[:, None])
            parts[:, hidden] = 0.0
            parts = parts.reshape(-1, len(a), half.shape[1], len(FINE.nodes))
            kronrod, gauss = parts @ FINE.kronrod * half, parts @ FINE.gauss * half
            modulus = np.abs(parts) @ FINE.kronrod * half
            apart = np.abs(kronrod - gauss)
            share = np.sqrt(apart / np.maximum(modulus, 1e-300))
            error = (apart * np.minimum(caution * share, 1.0)).sum(axis=2)
            value, size, apart = (part.sum(axis=2) for part in (kronrod, modulus, apart))
            apart /= np.maximum(size, 1e-300)
        unit = np.abs(a)
        value, size, error = value * unit, size * unit, error * unit
        rounding = 16.0 * _EPS * size
        allowed = np.maximum(1e-10 * np.abs(value), 1e-12 * np.abs(value).max(axis=0))
        # Of what is so small too much may have underflown, but for where no slope is anywhere.
        there = (size > 1e-100) | (hidden | (at.ratio_slope == 0.0)).all(axis=1)
        # Next to a rest point rounding is all that is left, by panels too.
        good = (apart <= _AGREEMENT) & (error <= np.maximum(allowed, rounding)) & there
        error += rounding
        return Integrals(value, error, good.all(axis=0), np.full(len(a), z.shape[1]))


def _empty(data: Distribution) -> Array:
    """Ends (2, E) of the stretches beyond and between the data's breaks where there are none."""
    ends = np.concatenate([[-np.inf], data.breaks, [np.inf]])
    low, high = ends[:-1], ends[1:]
    inner = low[1:-1] + np.multiply.outer([0.25, 0.5, 0.75], high[1:-1] - low[1:-1])
    bare = np.zeros(len(low), bool)
    bare[[0, -1]] = np.isfinite(data.support)
    bare[1:-1] = np.isneginf(data.logpdf(inner)).all(axis=0) & (np.diff(data.cdf(data.breaks)) == 0)
    return np.stack([low, high])[:, bare]
