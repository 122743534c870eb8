"""The density of x = G(z; θ): the sum over x's preimages z_i of q(z_i)/|G'(z_i)|."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.distributions import Distribution
from gandyn.errors import InputError
from gandyn.system.bracket import roots
from gandyn.system.checks import Array, Index, as_float, show

if TYPE_CHECKING:
    from gandyn.generators.base import Generator

_TABLE = 33


@dataclass(eq=False)
class Preimages:
    """The preimages z (T,) of points x, `count` of each in turn, and the slope of G at them."""

    latent: Distribution
    x: Array
    count: Index
    z: Array
    slope: Array

    @cached_property
    def node(self) -> Index:
        """The index of the point that each is a preimage of, in the flat order of x."""
        return np.repeat(np.arange(self.x.size), self.count)

    @cached_property
    def log(self) -> Array:
        """Log of each preimage's share in the density."""
        with np.errstate(divide="ignore"):
            return self.latent.logpdf(self.z) - np.log(np.abs(self.slope))

    @cached_property
    def log_total(self) -> Array:
        """Log of the density at each point."""
        top = self._over(np.maximum, self.log, -np.inf)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            out = top + np.log(self._over(np.add, np.exp(self.log - top[self.node]), 0.0))
        return np.where(np.isnan(self.x), np.nan, out.reshape(self.x.shape))

    @cached_property
    def share(self) -> Array:
        """Each preimage's part of the density at its point."""
        total = self.log_total.ravel()[self.node]
        return np.exp(self.log - np.where(np.isfinite(total), total, 0.0))

    def total(self, values: Array) -> Array:
        """Sums over the preimages of each point of values (..., T): (..., *x.shape)."""
        return self._over(np.add, values, 0.0).reshape((*values.shape[:-1], *self.x.shape))

    def mean(self, values: Array) -> Array:
        """Means over the preimages of values (..., T); 0 where the density is 0."""
        with np.errstate(invalid="ignore"):
            weighted = self.share * values
        return self.total(np.where(self.share > 0.0, weighted, 0.0))

    @cached_property
    def _starts(self) -> tuple[NDArray[np.bool_], Index]:
        """Which points have preimages, and the place of the first of each of these."""
        reached = self.count > 0
        return reached, (np.cumsum(self.count) - self.count)[reached]

    def _over(self, combine: np.ufunc, values: Array, none: float) -> Array:
        reached, starts = self._starts
        if len(starts) == values.shape[-1] == self.x.size:
            return values
        out = np.full((*values.shape[:-1], self.x.size), none)
        if len(starts):
            out[..., reached] = combine.reduceat(values, starts, axis=-1)
        return out


Found = TypeVar("Found", bound=Preimages)


class OfPreimages(Distribution, Generic[Found]):
    """p_g at one θ (d,); a subclass finds the preimages, and has the panel edges."""

    _recent: tuple[Array, Found] | None = None
    ends = ()

    def __init__(self, generator: Generator, theta: Array) -> None:
        self.generator = generator
        self.theta = np.array(theta, dtype=float)
        self._latent = generator.latent

    @abstractmethod
    def _found(self, x: Array) -> Found:
        """The preimages of points of any shape."""

    def _terms(self, x: ArrayLike) -> Found:
        points = as_float(x)
        # The density, its score and its mass are asked for at the same nodes in turn.
        if self._recent is None or points is not self._recent[0]:
            self._recent = points, self._found(points)
        return self._recent[1]

    @cached_property
    def reach(self) -> tuple[float, float]:
        return float(self.edges[0]), float(self.edges[-1])

    def logpdf(self, x: ArrayLike) -> Array:
        return self._terms(x).log_total[()]

    def score(self, x: ArrayLike) -> Array:
        terms = self._terms(x)
        # G' may be 0 at an end of the latent, where only its density says what is generated.
        with np.errstate(divide="ignore", invalid="ignore"):
            bend = self.generator.curvature(terms.z, self.theta) / terms.slope
            return terms.mean((self._latent.score(terms.z) - bend) / terms.slope)[()]

    def sensitivity(self, x: Array) -> Array:
        """E[∂G/∂θ | G = x], shape (d, *x.shape)."""
        terms = self._terms(x)
        return terms.mean(self.generator.sensitivity(terms.z, self.theta))


class Pushforward(OfPreimages[Preimages]):
    """p_g of x = G(z; θ), a preimage of each point on each branch that reaches it."""

    def __init__(self, generator: Generator, theta: Array) -> None:
        super().__init__(generator, theta)
        latent = generator.latent
        turns = np.asarray(generator.pieces(self.theta), dtype=float)
        if turns.ndim != 1 or not np.isfinite(turns).all() or (np.diff(turns) <= 0).any():
            raise InputError(
                f"pieces: got {turns}, must be finite latent points in ascending order"
            )
        low, high = latent.support
        ends = np.concatenate([[low], turns[(turns > low) & (turns < high)], [high]])
        # Branches that lie beyond the latent's reach have no mass that a double could tell.
        reach = latent.reach
        met = [k for k in range(len(ends) - 1) if ends[k] < reach[1] and ends[k + 1] > reach[0]]
        ends = ends[met[0] : met[-1] + 2]
        self._turns = ends[1:-1]
        self.branches = [
            _Branch(generator, self.theta, left, right) for left, right in itertools.pairwise(ends)
        ]
        if not all(branch.sign for branch in self.branches):
            raise InputError(
                f"theta: got {show(self.theta.tolist())}, "
                "the generator must not be constant on a piece"
            )

    def __repr__(self) -> str:
        return f"Pushforward({self.generator!r}, {self.theta.tolist()})"

    @cached_property
    def support(self) -> tuple[float, float]:  # type: ignore[override]
        return min(b.low for b in self.branches), max(b.high for b in self.branches)

    @cached_property
    def folds(self) -> Array:
        """Images of the turning points, (x, side): side −1 where the density lies right of x."""
        images = self.generator(self._turns, self.theta)
        sides = [float(branch.sign) for branch in self.branches[:-1]]
        return np.stack([images, sides], axis=1) if len(images) else np.empty((0, 2))

    @cached_property
    def breaks(self) -> Array:
        """Folds, and the images of the latent's breaks."""
        points = np.concatenate([self._latent.breaks, self._turns])
        images = self.generator(points, self.theta)
        return np.unique(images[np.isfinite(images)])

    @cached_property
    def landmarks(self) -> Array:
        """Image of the latent's landmarks, with the widths that G stretches them to."""
        z, width = self._latent.landmarks.T
        # From both sides of z: about a turning point they have the same image.
        centre, sides = self.generator(z, self.theta), (z - width, z + width)
        stretch = 2.0 * np.max([np.abs(self.generator(u, self.theta) - centre) for u in sides], 0)
        floor = 1e-3 * max(float(stretch.max()), 1e-300)
        turns = self.generator(self._turns, self.theta)
        widths = np.full_like(turns, max(floor, 0.25 * stretch.max()))
        own = [np.append(centre, turns), np.append(np.maximum(0.5 * stretch, floor), widths)]
        return np.stack(own, axis=1)

    @cached_property
    def edges(self) -> Array:
        """Images of the latent's panel edges; where G is infinite at one, of quantiles up to it."""
        points = np.concatenate([self._latent.edges, self._turns])
        if not np.isfinite(self.generator(self._latent.edges[[0, -1]], self.theta)).all():
            thin = 2.0 ** -np.arange(1.0, 57.0)
            points = np.concatenate([points, self._latent.ppf(thin), self._latent.isf(thin)])
        images = self.generator(points, self.theta)
        return np.unique(images[np.isfinite(images)])

    def _found(self, x: Array) -> Preimages:
        inverses = np.stack([branch.inverse(x).ravel() for branch in self.branches], axis=1)
        reached = np.isfinite(inverses)
        z = inverses[reached]
        slope = self.generator.slope(z, self.theta)
        return Preimages(self._latent, x, reached.sum(axis=1), z, slope)

    def cdf(self, x: ArrayLike) -> Array:
        return self._tail(as_float(x), below=True)

    def sf(self, x: ArrayLike) -> Array:
        return self._tail(as_float(x), below=False)

    def _tail(self, x: Array, below: bool) -> Array:
        return np.clip(sum(branch.mass(x, below) for branch in self.branches), 0.0, 1.0)[()]

    def _quantile(self, q: Array, lower: bool) -> Array:
        if len(self.branches) > 1:
            return super()._quantile(q, lower)
        rising = self.branches[0].sign > 0
        quantile = self._latent.ppf if lower == rising else self._latent.isf
        first, last = self.support if lower else self.support[::-1]
        with np.errstate(invalid="ignore"):  # a polynomial at infinity
            inner = self.generator(quantile(q), self.theta)
        return np.where(q == 0.0, first, np.where(q == 1.0, last, inner))

    def sample(
        self, n: int | tuple[int, ...], rng: int | np.random.Generator | None = None
    ) -> Array:
        return self.generator(self._latent.sample(n, rng), self.theta)


class _Branch:
    """G on one latent interval on which it is monotone."""

    def __init__(self, generator: Generator, theta: Array, left: float, right: float) -> None:
        self._generator, self._theta = generator, theta
        self._ends = left, right
        latent = generator.latent
        reach = latent.reach
        inner = max(left, min(reach[0], right)), min(right, max(reach[1], left))
        low = inner[0] if np.isfinite(left) else min(inner[0], inner[1] - 1.0)
        high = inner[1] if np.isfinite(right) else max(inner[1], low + 1.0)
        # G may be infinite at an end of the latent, but next to it is not
        if np.isfinite(left) and (nearest := self._inside(low, high)) != low:
            left = low = nearest
        if np.isfinite(right) and (nearest := self._inside(high, low)) != high:
            right = high = nearest
        self._z = np.linspace(low, high, _TABLE)
        image = generator(self._z, theta)
        change = np.diff(image)
        self.sign = 0 if not change.any() else (1 if change.sum() > 0 else -1)
        self._x = self.sign * image
        if (np.diff(self._x) < -1e-12 * np.abs(self._x).max()).any():
            raise InputError(
                f"pieces: the generator is not monotone between the latents {low:.6g} and "
                f"{high:.6g}; name its turning points"
            )
        self._x = np.maximum.accumulate(self._x)
        far = [self._limit(left, low), self._limit(right, high)]
        self.low, self.high = min(far), max(far)

    def _inside(self, end: float, other: float) -> float:
        """The end, or, where G is infinite there, the nearest point at which a double holds it."""
        shares = np.concatenate([[0.0, 5e-324], 10.0 ** np.arange(-300.0, -15.0)])
        points = end + shares * (other - end)
        points[1:] = np.where(points[1:] == end, np.nextafter(end, other), points[1:])
        with np.errstate(all="ignore"):
            held = np.abs(self._generator(points, self._theta)) < 1e300
        return float(points[held.argmax()])

    def _limit(self, end: float, near: float) -> float:
        """G at an end of the interval; at infinity as far as G goes."""
        if np.isfinite(end):
            return float(self._generator(np.array(end), self._theta))
        side = np.sign(end)
        step = 2.0 ** np.arange(0, 40)
        with np.errstate(over="ignore", invalid="ignore"):
            images = self._generator(near + side * step, self._theta)
            gaps = np.abs(np.diff(images))
        if gaps[-1] <= 1e-9 * max(abs(images[-1]), 1e-300):
            return float(images[-1])
        return float(np.inf * np.sign(images[-1] - images[0]))

    def inverse(self, x: Array) -> Array:
        """The latent with G(z) = x; nan where there is none."""
        flat = as_float(x).ravel()
        out = np.full(flat.shape, np.nan)
        inside = np.flatnonzero((flat >= self.low) & (flat <= self.high) & np.isfinite(flat))
        if len(inside):
            target = self.sign * flat[inside]
            low, high = self._bracket(target)
            out[inside] = roots(lambda z, index: self._image(z) - target[index], low, high)
        return out.reshape(np.shape(x))

    def _bracket(self, target: Array) -> tuple[Array, Array]:
        index = np.clip(np.searchsorted(self._x, target, side="right"), 1, _TABLE - 1)
        low, high = self._z[index - 1].copy(), self._z[index].copy()
        left, right = self._ends
        step = 1.0
        for _ in range(60):
            short = (target < self._image(low)) & (low > left)
            long = (target > self._image(high)) & (high < right)
            if not (short.any() or long.any()):
                break
            low = np.where(short, np.maximum(low - step, left), low)
            high = np.where(long, np.minimum(high + step, right), high)
            step *= 2.0
        return low, high

    def _image(self, z: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            return self.sign * self._generator(z, self._theta)

    def mass(self, x: Array, below: bool) -> Array:
        """P(z on this branch, G ≤ x), or G > x."""
        left, right = self._ends
        lowest, highest = (left, right) if self.sign > 0 else (right, left)
        z = np.where(x <= self.low, lowest, self.inverse(x))
        z = np.where(x >= self.high, highest, z)
        start, end = (left, z) if below == (self.sign > 0) else (z, right)
        latent = self._generator.latent
        before, after = latent.cdf(start), latent.sf(end)
        # from the tail that keeps its digits
        return np.where(before < 0.5, latent.cdf(end) - before, latent.sf(start) - after)
