"""How a density ends at a finite point, measured from there.

A density that is infinite or vanishes at a point x₀ does so as a power of the distance δ from it.
In doubles x₀ + δ is x₀ itself long before what lies nearer counts for nothing: of an arcsine law on
(0, 1), a mass of 1e-8 is at points that round to 1. Next to such an end densities are therefore
functions of δ, down to distances far below the rounding of x.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gandyn.system.checks import FloatArray

if TYPE_CHECKING:
    from gandyn.distributions.base import Distribution
    from gandyn.distributions.scipy_law import ScipyLaw
    from gandyn.distributions.tabulated import Tabulated

__all__ = ["End", "ExactEnd", "FittedEnd", "JoinedEnd", "MovedEnd", "TableEnd", "at", "fitted_end"]

NEAR = 16.0 * float(np.finfo(float).eps)
"""Relative distance of two points that are one, but for the rounding of how they were formed."""

_ORDER = 6
_STEPS = 1.5 ** -np.arange(_ORDER + 2.0)
_BETWEEN = 0.8 * 1.5 ** -np.arange(_ORDER + 1.0)
_SHRINK = (1.0, 1 / 4, 1 / 16, 1 / 64)
_CLOSE, _AGREES, _FLAT, _ROUNDED, _WORST = 1e-12, 1e-9, 1e-7, 2e-14, 1e-3
_TERMS = 12
_INNER = 1 / 16
"""Share of the fitted width within which the fit is asked, and beyond it the density."""


class End(ABC):
    """One side of a point where a density is no smooth function.

    Attributes
    ----------
    place, side : float
        The point, and 1.0 where the density is that above it, −1.0 for the one below.
    power : float
        The density goes with δ^power as the distance δ goes to 0.
    width : float
        A distance within which there is nothing else.
    """

    place: float
    side: float
    power: float
    width: float

    @abstractmethod
    def log_density(self, distance: FloatArray) -> FloatArray:
        """Logarithm of the density at a distance."""

    @abstractmethod
    def score(self, distance: FloatArray) -> FloatArray:
        """Slope of it along the line, x growing."""

    @abstractmethod
    def mass(self, distance: FloatArray) -> FloatArray:
        """The mass between the point and a distance."""

    def outer(self, support: tuple[float, float]) -> bool:
        """Whether it is where a support ends."""
        return abs(self.place - support[0 if self.side > 0 else 1]) <= NEAR * abs(self.place)


@dataclass(frozen=True)
class ExactEnd(End):
    """One at 0 of a law that can be asked for its density at any distance from there."""

    law: ScipyLaw
    side: float
    power: float
    width: float
    place: float = 0.0

    def log_density(self, distance: FloatArray) -> FloatArray:
        return self.law.logpdf(self.side * distance)

    def score(self, distance: FloatArray) -> FloatArray:
        return self.law.score(self.side * distance)

    def mass(self, distance: FloatArray) -> FloatArray:
        mass = self.law.table.mass_beside(self.place, self.side, np.ravel(distance))
        return mass.reshape(distance.shape)


@dataclass(frozen=True)
class TableEnd(End):
    """An end of the support where a ray of a table begins."""

    table: Tabulated
    place: float
    side: float
    power: float
    width: float

    def log_density(self, distance: FloatArray) -> FloatArray:
        return self.table.beside(self.place, self.side, np.ravel(distance)).reshape(distance.shape)

    def score(self, distance: FloatArray) -> FloatArray:
        score = self.table.score_beside(self.place, self.side, np.ravel(distance))
        return score.reshape(distance.shape)

    def mass(self, distance: FloatArray) -> FloatArray:
        return self.table.mass_beside(self.place, self.side, np.ravel(distance)).reshape(
            distance.shape
        )


@dataclass(frozen=True)
class FittedEnd(End):
    """exp(k log δ + Σ bend[i] (δ/width)^i) next to the point, the density itself farther away.

    It is `wrong` by so much, relative, at distances beside those that it is fitted to.
    """

    law: Distribution
    logpdf: Callable[[FloatArray], FloatArray]
    place: float
    side: float
    power: float
    width: float
    bend: tuple[float, ...]
    wrong: float

    def _pieced(
        self,
        distance: FloatArray,
        near: Callable[[FloatArray], FloatArray],
        far: Callable[[FloatArray, FloatArray, FloatArray], FloatArray],
    ) -> FloatArray:
        """near(distance) within the share, far(x, distance, that of the rounded x) beyond."""
        out = np.empty(distance.shape)
        inner = distance < _INNER * self.width
        out[inner] = near(distance[inner])
        if not inner.all():
            distance = distance[~inner]
            x = self.place + self.side * distance
            out[~inner] = far(x, distance, np.abs(x - self.place))
        return out

    def log_density(self, distance: FloatArray) -> FloatArray:
        polynomial = np.polynomial.polynomial.polyval
        with np.errstate(divide="ignore"):
            return self._pieced(
                distance,
                lambda d: self.power * np.log(d) + polynomial(d / self.width, self.bend),
                lambda x, d, rounded: self.logpdf(x) + self.power * np.log(d / rounded),
            )

    def score(self, distance: FloatArray) -> FloatArray:
        slope = np.polynomial.polynomial.polyder(self.bend) / self.width
        polynomial = np.polynomial.polynomial.polyval
        return self._pieced(
            distance,
            lambda d: self.side * (self.power / d + polynomial(d / self.width, slope)),
            lambda x, d, rounded: (
                self.law.score(x) + self.side * self.power * (1.0 / d - 1.0 / rounded)
            ),
        )

    @cached_property
    def _terms(self) -> list[float]:
        """Of the mass over that of the power alone, a series in the share of the width."""
        bend = [*self.bend, *([0.0] * _TERMS)]
        terms = [1.0]  # of exp(Σ bend[i] t^i), by its derivative
        for n in range(1, _TERMS):
            terms.append(sum(k * bend[k] * terms[n - k] for k in range(1, n + 1)) / n)
        return [c / (self.power + 1.0 + i) for i, c in enumerate(terms)]

    def mass(self, distance: FloatArray) -> FloatArray:
        """By the first terms of the series of the density next to the point."""

        def near(d: FloatArray) -> FloatArray:
            series = np.polynomial.polynomial.polyval(d / self.width, self._terms)
            with np.errstate(divide="ignore"):
                return np.exp((self.power + 1.0) * np.log(d) + self.bend[0]) * series

        def far(x: FloatArray, d: FloatArray, rounded: FloatArray) -> FloatArray:
            if self.outer(self.law.support):
                mass = self.law.cdf(x) if self.side > 0 else self.law.sf(x)
            else:
                mass = np.abs(self.law.cdf(x) - self.law.cdf(self.place))
            return mass + np.exp(self.law.logpdf(x)) * (d - rounded)

        return self._pieced(distance, near, far)


@dataclass(frozen=True)
class MovedEnd(End):
    """The end of a density whose variable is z, in x = a z + b.

    To be asked for a density alone, a and b may be columns, for rows of distances.
    """

    end: End
    a: Any
    b: Any

    @property
    def place(self) -> float:  # type: ignore[override]
        return self.a * self.end.place + self.b

    @property
    def side(self) -> float:  # type: ignore[override]
        return self.end.side if self.a > 0 else -self.end.side

    @property
    def power(self) -> float:  # type: ignore[override]
        return self.end.power

    @property
    def width(self) -> float:  # type: ignore[override]
        return abs(self.a) * self.end.width

    def log_density(self, distance: FloatArray) -> FloatArray:
        return self.end.log_density(distance / abs(self.a)) - np.log(abs(self.a))

    def score(self, distance: FloatArray) -> FloatArray:
        return self.end.score(distance / abs(self.a)) / self.a

    def mass(self, distance: FloatArray) -> FloatArray:
        return self.end.mass(distance / abs(self.a))


@dataclass(frozen=True)
class JoinedEnd(End):
    """That of Σ weights[k] parts[k], where one of the parts has an end."""

    place: float
    side: float
    weights: Sequence[float]
    parts: Sequence[Distribution]

    @cached_property
    def width(self) -> float:  # type: ignore[override]
        ends = [at(part.ends, self.place, self.side) for part in self.parts]
        return min(end.width for end in ends if end is not None)

    @cached_property
    def power(self) -> float:  # type: ignore[override]
        """The least of those that are there; 0 of a part that is smooth, and not steep."""
        near = self.place + self.side * np.array([1e-9, 1e-7]) * max(1.0, abs(self.place))
        ends = [at(part.ends, self.place, self.side) for part in self.parts]
        with np.errstate(invalid="ignore"):
            there = [abs(np.diff(part.logpdf(near)).item()) < 1.0 for part in self.parts]
        powers = [
            end.power if end else 0.0 for end, it in zip(ends, there, strict=True) if end or it
        ]
        return min(powers)

    def _each(self, distance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted log densities and scores of the parts, (K, ...)."""
        both = [part.beside(self.place, self.side, distance) for part in self.parts]
        logs = [log + math.log(w) for (log, _), w in zip(both, self.weights, strict=True)]
        return np.stack(logs), np.stack([score for _, score in both])

    def log_density(self, distance: FloatArray) -> FloatArray:
        return np.logaddexp.reduce(self._each(distance)[0], axis=0)

    def score(self, distance: FloatArray) -> FloatArray:
        logs, scores = self._each(distance)
        with np.errstate(invalid="ignore"):
            shares = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
            return np.where(shares > 0.0, shares * scores, 0.0).sum(axis=0)

    def mass(self, distance: FloatArray) -> FloatArray:
        parts = [part.mass_beside(self.place, self.side, distance) for part in self.parts]
        return sum(w * mass for w, mass in zip(self.weights, parts, strict=True))  # type: ignore


def at(ends: Sequence[End], place: float, side: float) -> End | None:
    """The one among ends that is at a place, on a side of it."""
    for end in ends:
        if end.side == side and abs(end.place - place) <= NEAR * abs(place):
            return end
    return None


def fitted_end(
    law: Distribution,
    place: float,
    side: float,
    width: float,
    logpdf: Callable[[FloatArray], FloatArray],
) -> FittedEnd | None:
    """How a density goes next to a point, from its values within a width of it.

    None where it is smooth up to the point, is 0, or is no power of the distance.
    """
    fits = [(*_fitted(logpdf, place, side, part * width), part * width) for part in _SHRINK]
    good = [fit for fit in fits if fit[0] <= _CLOSE]
    wrong, power, bend, width = good[0] if good else min(fits, key=lambda fit: fit[0])
    # the point, and what the density takes for it, may be rounded
    most = max(_AGREES, _ROUNDED * abs(place) / width)
    if wrong > min(most, _WORST) or abs(power) < max(_FLAT, most):
        return None
    return FittedEnd(law, logpdf, place, side, power, width, bend, wrong)


def _fitted(
    logpdf: Callable[[FloatArray], FloatArray], place: float, side: float, width: float
) -> tuple[float, float, tuple[float, ...]]:
    """How wrong the fit is between its points within a width, the power and the bend."""
    x = place + side * width * np.concatenate([_STEPS, _BETWEEN])
    distance = np.abs(x - place)
    apart = len(np.unique(np.append(0.0, distance))) > x.size
    value = logpdf(x) if apart else np.full(x.size, np.nan)
    if not np.isfinite(value).all():
        return math.inf, 0.0, ()
    columns = [np.log(distance / width), *((distance / width) ** i for i in range(_ORDER + 1))]
    rows, count = np.stack(columns, axis=1), len(_STEPS)
    found = np.linalg.solve(rows[:count], value[:count])
    wrong = float(np.abs(rows[count:] @ found - value[count:]).max())
    power = float(found[0])
    return wrong, power, (float(found[1]) - power * math.log(width), *found[2:].tolist())
