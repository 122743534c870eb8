"""What every density on the line can do, and how most of it follows from a little."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.edges import ladder, panel_edges
from gandyn.distributions.ends import NEAR, End, FittedEnd, MovedEnd, at, fitted_end
from gandyn.system.bracket import roots
from gandyn.system.checks import FloatArray, as_float
from gandyn.system.differences import derivative

TAIL = 1e-17
"""The mass that may lie beyond each end of `reach`."""

BOUNDED = (np.inf, 0.0, 0.0)
"""The ending of a density that is 0 beyond some point."""

_HUGE, _STEEP = 1e300, 50.0

_BESIDE = 0.25
"""Share of an end's width within which its distance is the variable."""


class Distribution(ABC):
    """A probability density on the real line.

    A subclass gives `logpdf`, `score`, `cdf` and `landmarks`, and where they apply `support` and
    `breaks`; the rest follows, and may be bettered. All functions of x work elementwise on
    scalars and on arrays of any shape. Distributions are immutable.

    Attributes
    ----------
    landmarks : array of shape (m, 2)
        Location and width (both in units of x) of every feature: the centre and the scale of
        each mode. Quadrature resolves what the landmarks name, and only that.
    support : (float, float)
        Outside it `logpdf` is -inf and `score` 0.
    breaks : array of shape (k,)
        Finite points where `logpdf` or `score` jumps: edges of the support, kinks.
    normals : None or (weights, means, stds)
        Three arrays where the density is exactly a finite mixture of normal densities.
    tails : None or array of shape (2, 3)
        (c₂, c₁, c₀) on the left and on the right, where −log p ≈ c₂u² + c₁u + c₀ log u far out at
        u = |x|. Where they are known, a divergent integral is told without integrating.
    ends : tuple of End
        Sides of breaks up to which the density is not smooth: it is infinite there, or vanishes.
    noise : float
        Relative error of the density, where it is more than rounding.
    atoms : array of shape (m, 2)
        Points that have a mass of their own, and that mass; none for a density. Where there are
        some, `logpdf` and `score` are those of the rest; all else is of the whole.
    """

    support: tuple[float, float] = (-math.inf, math.inf)
    normals: tuple[FloatArray, FloatArray, FloatArray] | None = None
    handovers: FloatArray = np.empty((0, 3))
    atoms: FloatArray = np.empty((0, 2))
    noise: float = 0.0

    @cached_property
    def tails(self) -> FloatArray | None:
        return None if np.isinf(self.support).any() else np.array([BOUNDED, BOUNDED])

    @abstractmethod
    def logpdf(self, x: ArrayLike) -> FloatArray:
        """Logarithm of the density at x."""

    @abstractmethod
    def score(self, x: ArrayLike) -> FloatArray:
        """Slope of `logpdf` at x, in 1/units of x."""

    @abstractmethod
    def cdf(self, x: ArrayLike) -> FloatArray:
        """The mass at or below x."""

    @cached_property
    def landmarks(self) -> FloatArray:
        raise NotImplementedError(f"{type(self).__name__} must define landmarks")

    @cached_property
    def breaks(self) -> FloatArray:
        return np.array([end for end in self.support if math.isfinite(end)])

    @cached_property
    def ends(self) -> tuple[End, ...]:
        return self._fitted_ends(self.logpdf)

    def _fitted_ends(self, logpdf: Callable[[FloatArray], FloatArray]) -> tuple[FittedEnd, ...]:
        """Those told by values of the density, or of so many times it."""
        walls = [*self.support, *self.breaks.tolist()]
        marks = self.landmarks.tolist()
        found = []
        for place in self.breaks.tolist():
            for side in (-1.0, 1.0):
                gaps = [side * (wall - place) for wall in walls]
                gaps += [max(side * (centre - place), width) for centre, width in marks]
                width = 0.5 * min(gap for gap in gaps if gap > 0.0)
                found.append(fitted_end(self, place, side, width, logpdf))
        return tuple(end for end in found if end is not None)

    def beside(self, place: float, side: float, distance: FloatArray) -> tuple[FloatArray, ...]:
        """`logpdf` and `score` at a distance from a place, on a side of it (±1.0).

        Right down to distances far below the rounding of x where the place is one of the `ends`;
        elsewhere at the nearest point that is on that side for sure.
        """
        end = at(self.ends, place, side)
        if end is not None:
            return end.log_density(distance), end.score(distance)
        return self.logpdf_and_score(place + side * np.maximum(distance, NEAR * abs(place)))

    def mass_beside(self, place: float, side: float, distance: FloatArray) -> FloatArray:
        """The mass between a place and points at a distance from there, on a side of it."""
        end = at(self.ends, place, side)
        if end is not None:
            return end.mass(distance)
        x = place + side * distance
        below, above = np.abs(self.cdf(x) - self.cdf(place)), np.abs(self.sf(x) - self.sf(place))
        return np.where(self.cdf(x) < 0.5, below, above)

    def shifted(self, by: float) -> Distribution:
        """The distribution of x + by."""
        return Shifted(self, by)

    def pdf(self, x: ArrayLike) -> FloatArray:
        """The density at x."""
        return np.exp(self.logpdf(x))

    def logpdf_and_score(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Both at once, for where one costs little after the other."""
        return self.logpdf(x), self.score(x)

    def score_slope(self, x: ArrayLike) -> FloatArray:
        """Slope of `score` at x; here by differences of order eight."""
        return derivative(self.score, x, self.landmarks, self.breaks, self.support)

    def sf(self, x: ArrayLike) -> FloatArray:
        """The mass above x; here 1 - cdf, which loses the digits of a small upper tail."""
        return 1.0 - self.cdf(x)

    def ppf(self, q: ArrayLike) -> FloatArray:
        """The point with mass q at or below it; the ends of the support at 0 and 1, nan outside."""
        return self._quantile(as_float(q), lower=True)

    def isf(self, q: ArrayLike) -> FloatArray:
        """The point with mass q above it, exact for a small q."""
        return self._quantile(as_float(q), lower=False)

    def sample(
        self, n: int | tuple[int, ...], rng: int | np.random.Generator | None = None
    ) -> FloatArray:
        """Independent draws.

        Parameters
        ----------
        n : int or tuple of int
            Number or shape of the draws.
        rng : int or numpy Generator, optional
            A seed, or where the random numbers come from.
        """
        return self.ppf(uniforms(np.random.default_rng(rng), n))

    @cached_property
    def mean(self) -> float:
        """Expectation of x, in numbers; nan where it does not exist."""
        if self._tail_index <= 1:
            return math.nan
        x, mass = self._nodes
        return float((np.sum(mass * x) + self._beyond_reach(1, 0.0)) / np.sum(mass))

    @cached_property
    def std(self) -> float:
        """Standard deviation of x, in numbers; inf where there is only a mean, nan without."""
        if self._tail_index <= 2:
            return math.inf if self._tail_index > 1 else math.nan
        x, mass = self._nodes
        square = np.sum(mass * (x - self.mean) ** 2) + self._beyond_reach(2, self.mean)
        return float(np.sqrt(square / np.sum(mass)))

    @cached_property
    def reach(self) -> tuple[float, float]:
        """Finite points beyond which less than 1e-17 of the mass lies on each side."""
        low, high = float(self.ppf(TAIL)), float(self.isf(TAIL))
        # a cdf or 1 - cdf in rounded numbers may see its last 1e-16 too early: ask the density
        low = min(low, self._thin_point(-1.0))
        high = max(high, self._thin_point(1.0))
        return self._within_support(low, high)

    @cached_property
    def edges(self) -> FloatArray:
        """Sorted panel edges for quadrature: see `gandyn.distributions.edges.panel_edges`."""
        return panel_edges(self.landmarks, self.breaks, self.reach)

    def _within_support(self, low: float, high: float) -> tuple[float, float]:
        return max(low, self.support[0], -_HUGE), min(high, self.support[1], _HUGE)

    def _thin_point(self, sign: float) -> float:
        """First point going outwards where density times distance is far below `TAIL`."""
        centre, width = self.landmarks[np.argmax(sign * self.landmarks[:, 0])]
        distance = width * 2.0 ** np.arange(0, 60, 0.25)
        thin = self.logpdf(centre + sign * distance) + np.log(distance) < math.log(TAIL) - 2
        return float(centre + sign * distance[np.argmax(thin)]) if thin.any() else float(centre)

    @cached_property
    def _tail_index(self) -> float:
        """The power by which the heavier tail falls off at the end of `reach`."""
        ends = zip(self.reach, self.support, strict=True)
        middle = float(self.ppf(0.5))
        powers = [-(x - middle) * float(self.score(x)) - 1 for x, end in ends if math.isinf(end)]
        return min(powers, default=math.inf)

    def _beyond_reach(self, order: int, centre: float) -> float:
        """What a power's tails beyond `reach` add to E(x − centre)^order, where it exists."""
        total, (low, high) = 0.0, self.reach
        sides = ((low, self.support[0], self.cdf), (high, self.support[1], self.sf))
        for x, end, mass in sides:
            if math.isinf(end) and x != centre:
                power = -(x - centre) * float(self.score(x)) - 1.0
                if order < power < _STEEP:
                    total += float(mass(x)) * (x - centre) ** order * power / (power - order)
        return total

    @cached_property
    def _nodes(self) -> tuple[FloatArray, FloatArray]:
        """Nodes over the panels, and the mass that each stands for."""
        return self._nodes_on(self.edges)

    def _nodes_on(self, edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        for end in self.ends:
            graded = end.place + end.side * _BESIDE * end.width * 2.0 ** np.arange(40.0)
            inside = (graded > edges[0]) & (graded < edges[-1])
            edges = np.union1d(edges, graded[inside])
        x, mass = self._weighed(edges[:-1], edges[1:], self.logpdf)
        for end in self.ends:
            away = end.side * (x - end.place)
            mass[(away >= 0.0) & (away < _BESIDE * end.width)] = 0.0
        for end in self.ends:
            # by the distance, down to where what is left is at the end itself
            distance = _BESIDE * end.width * 2.0 ** -np.arange(61.0)
            near, part = self._weighed(distance[1:], distance[:-1], end.log_density)
            x = np.concatenate([x, end.place + end.side * np.append(near, 0.0)])
            mass = np.concatenate([mass, part, end.mass(distance[-1:])])
        return x, mass

    @staticmethod
    def _weighed(
        low: FloatArray, high: FloatArray, log_density: Callable[[FloatArray], FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """Gauss's nodes between ends, and the mass that each stands for."""
        t, w = np.polynomial.legendre.leggauss(40)
        half = (high - low)[:, None] / 2
        x = (low[:, None] + half + half * t).ravel()
        return x, (half * w).ravel() * np.exp(log_density(x))

    def _quantile(self, q: FloatArray, lower: bool) -> FloatArray:
        flat = np.atleast_1d(q).ravel()
        out = np.full(flat.shape, np.nan)
        low_end, high_end = self.support if lower else self.support[::-1]
        out[flat == 0] = low_end
        out[flat == 1] = high_end
        inside = (flat > 0) & (flat < 1)
        # 1 - q is exact above a half, so that each side is solved in its own small tail
        for small, side in ((flat <= 0.5, lower), (flat > 0.5, not lower)):
            use = inside & small
            if use.any():
                tail_mass = flat[use] if side == lower else 1.0 - flat[use]
                out[use] = self._solved(tail_mass, side)
        return out.reshape(q.shape)[()]

    def _solved(self, q: FloatArray, lower: bool) -> FloatArray:
        """The quantiles of 0 < q < 1, to a few units in the last place of x, or of q.

        As log tail(x) = log q, which is nearly linear far out, so that q = 1e-300 takes no more
        steps than q = 0.1.
        """
        tail, target = self.cdf if lower else self.sf, np.log(q)
        low, high = self._bracket(q, lower)
        return roots(lambda x, index: log_or_minus_inf(tail(x)) - target[index], low, high)

    def _bracket(self, q: FloatArray, lower: bool) -> tuple[FloatArray, FloatArray]:
        """Points on both sides of every quantile, from a table of the tail at the landmarks."""
        x, below, above = self._table
        log_q = np.log(q)
        i = np.searchsorted(below, log_q, "right") if lower else np.searchsorted(-above, -log_q)
        i = np.clip(i, 1, x.size - 1)
        return x[i - 1], x[i]

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Ascending points, and the logarithms of the masses below and above each."""
        centres, widths = self.landmarks.T
        span = float(centres.max() - centres.min())
        near = (centres[:, None] + widths[:, None] * ladder(48.0)).ravel()
        with np.errstate(over="ignore"):
            far = (span + float(widths.max())) * ladder(_HUGE)
            x = np.concatenate([near, centres.mean() + far, self.breaks])
        low, high = self._within_support(-_HUGE, _HUGE)
        x = np.unique(np.clip(x, low, high))
        # so far out that a subclass's formula may well overflow on its way to 0 or 1
        with np.errstate(all="ignore"):
            below, above = log_or_minus_inf(self.cdf(x)), log_or_minus_inf(self.sf(x))
        return x, np.maximum.accumulate(below), np.minimum.accumulate(above)


class Keyed(Distribution):
    """One that is equal to others of its type with the same key."""

    @abstractmethod
    def _key(self) -> Hashable:
        """What tells it from others of its type."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


class Shifted(Keyed):
    """The distribution of x + by, x ~ law, for laws that have no such parameter of their own."""

    def __init__(self, law: Distribution, by: float) -> None:
        self.law = law
        self.by = by
        low, high = law.support
        self.support = low + by, high + by
        self.landmarks = law.landmarks + np.array([by, 0.0])
        self.breaks = law.breaks + by
        self.tails = None if law.tails is None else moved(law.tails, 1.0, by)
        self.atoms = law.atoms + np.array([by, 0.0])
        self.noise = law.noise

    @cached_property
    def ends(self) -> tuple[End, ...]:
        return tuple(MovedEnd(end, 1.0, self.by) for end in self.law.ends)

    def _key(self) -> Hashable:
        return self.law, self.by

    def __repr__(self) -> str:
        return f"{self.law!r}.shifted({self.by!r})"

    def logpdf(self, x: ArrayLike) -> FloatArray:
        return self.law.logpdf(as_float(x) - self.by)

    def score(self, x: ArrayLike) -> FloatArray:
        return self.law.score(as_float(x) - self.by)

    def score_slope(self, x: ArrayLike) -> FloatArray:
        return self.law.score_slope(as_float(x) - self.by)

    def cdf(self, x: ArrayLike) -> FloatArray:
        return self.law.cdf(as_float(x) - self.by)

    def sf(self, x: ArrayLike) -> FloatArray:
        return self.law.sf(as_float(x) - self.by)

    def ppf(self, q: ArrayLike) -> FloatArray:
        return self.law.ppf(q) + self.by

    def isf(self, q: ArrayLike) -> FloatArray:
        return self.law.isf(q) + self.by

    @cached_property
    def mean(self) -> float:
        return self.law.mean + self.by

    @cached_property
    def std(self) -> float:
        return self.law.std


def log_or_minus_inf(x: FloatArray) -> FloatArray:
    """log(x), -inf where x is zero or, by rounding, below."""
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(x, 0.0))


def uniforms(rng: np.random.Generator, n: int | tuple[int, ...]) -> FloatArray:
    """Uniform numbers in (0, 1), both ends left out so that quantiles are finite."""
    return np.maximum(rng.random(n), 2.0**-54)


def moved(tails: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Endings of a z + b, shape (2, 3, ...): left and right, (c₂, c₁, c₀), for each of (a, b).

    Those of z are `tails`, of shape (2, 3); no a is 0.
    """
    a, b = as_float(a), as_float(b)
    own = as_float(tails).reshape(2, 3, *(1,) * a.ndim)
    own = np.where(a > 0, own, own[::-1])
    square, line, power = np.moveaxis(own, 1, 0)
    side = np.array([-1.0, 1.0]).reshape(2, *(1,) * a.ndim)
    slant = np.where(np.isfinite(square), square, 0.0) * (2.0 * side * b / a**2)
    return np.stack([square / a**2, line / np.abs(a) - slant, power + 0.0 * slant], axis=1)
