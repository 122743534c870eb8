"""The density that a piecewise linear generator pushes forward, and its atoms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.distributions import Distribution
from gandyn.generators.piecewise import Pieces
from gandyn.generators.pushforward import OfPreimages, Preimages
from gandyn.system.checks import Array, Index

if TYPE_CHECKING:
    from gandyn.generators.mlp import MLPGenerator

_LOG_TINIEST = -745.0
"""Log of the smallest positive number."""
_NARROW = 1e-12
"""Kinks nearer to each other than this, relative to max(1, |z|), are taken as one."""
_FLAT = 64.0 * float(np.finfo(float).eps)
"""A part that rises by no more than this, relative to what its values are summed from, is flat."""


@dataclass(eq=False)
class _Terms(Preimages):
    """Preimages, the parts that they lie in, and the interval of the cover of each point."""

    part: Index
    interval: Index


class PiecewisePushforward(OfPreimages[_Terms]):
    """p_g of x = G(z; θ), G piecewise linear.

    A flat piece puts all of its latent mass on one point, an atom. `logpdf`, `pdf` and `score` are
    those of the remaining, continuous part; `cdf`, quantiles, samples, mean and std are those of
    the whole.
    """

    folds = np.empty((0, 2))
    """None: at a kink's image the density jumps and is finite."""

    def __init__(self, generator: MLPGenerator, theta: Array) -> None:
        super().__init__(generator, theta)
        self._parts = _LatentParts(generator.linear_pieces(self.theta), self._latent)
        self.atoms = self._parts.atoms
        self._cover = _Cover(self._parts)

    def __repr__(self) -> str:
        return f"PiecewisePushforward({self.generator!r}, θ of {self.theta.size} parameters)"

    @cached_property
    def support(self) -> tuple[float, float]:  # type: ignore[override]
        return float(self._parts.images.min()), float(self._parts.images.max())

    @cached_property
    def breaks(self) -> Array:
        """Images of the kinks, and of the latent's breaks."""
        images = self._parts(np.asarray(self._latent.breaks, dtype=float))
        return np.unique(np.concatenate([self._cover.points, images]))

    @cached_property
    def edges(self) -> Array:
        """Images of the latent's panel edges, and of the kinks where its density is not 0."""
        inner = self._parts.bounds[np.isfinite(self._parts.bounds)]
        kinks = inner[self._latent.logpdf(inner) > _LOG_TINIEST]
        images = np.unique(self._parts(np.concatenate([self._latent.edges, kinks])))
        if len(images) == 1:  # nothing but an atom: a panel for what lies around it
            return images + np.array([-1.0, 1.0]) * max(1e-8 * abs(images[0]), 1e-8)
        return images

    @cached_property
    def landmarks(self) -> Array:
        """Middle and half the length of the image of each part within the latent's reach."""
        ends = np.clip(self._parts.bounds, *self._latent.reach)
        images = self._parts(ends)
        wide = np.abs(np.diff(images)) > 1e-14 * np.max(np.abs(images))
        if not wide.any():
            return np.array([[images[0], np.diff(self.edges).max()]])
        middle, half = 0.5 * (images[1:] + images[:-1]), 0.5 * np.abs(np.diff(images))
        return np.stack([middle, half], axis=1)[wide]

    def score_slope(self, x: ArrayLike) -> Array:
        terms = self._terms(x)
        score = self._latent.score(terms.z) / terms.slope
        apart = score - terms.mean(score).ravel()[terms.node]
        with np.errstate(over="ignore"):  # only where the density is 0
            return terms.mean(self._latent.score_slope(terms.z) / terms.slope**2 + apart**2)[()]

    def cdf(self, x: ArrayLike) -> Array:
        return self._tail(x, 0, self._cover.below)

    def sf(self, x: ArrayLike) -> Array:
        return self._tail(x, 1, self._cover.above)

    def _tail(self, x: ArrayLike, side: int, whole: Array) -> Array:
        """Mass of all parts whose image lies on one side of x, and that of parts of the others."""
        terms = self._terms(x)
        parts, k = self._parts, terms.part
        # the end of each part whose image is the lowest (side 0) or the highest (side 1)
        end = np.where(parts.slope > 0.0, parts.tails[side], parts.tails[1 - side])
        mass = terms.total(np.abs(parts.tail(terms.z, k) - end[k])) + whole[terms.interval]
        return np.where(np.isnan(x), np.nan, np.clip(mass, 0.0, 1.0))[()]

    def sensitivity(self, x: Array) -> Array:
        """E[∂G/∂θ | G = x], shape (d, *x.shape); at an atom its mean over the flat parts."""
        out = super().sensitivity(x)
        for k in np.flatnonzero(np.isin(self.atoms[:, 0], x)):
            z, mass = self._parts.nodes()
            on = self._parts.atom[self._parts.part(z)] == k
            there = self.generator.sensitivity(z[on], self.theta) @ (mass[on] / mass[on].sum())
            out[:, x == self.atoms[k, 0]] = there[:, None]
        return out

    def sample(
        self, n: int | tuple[int, ...], rng: int | np.random.Generator | None = None
    ) -> Array:
        return self._parts(self._latent.sample(n, rng))

    def _found(self, x: Array) -> _Terms:
        return self._cover.terms(x)

    @cached_property
    def _tail_index(self) -> float:
        """That of the latent, where G is not bounded."""
        unbounded = np.isinf(self.support).any() and not np.isfinite(self._latent.std)
        return self._latent._tail_index if unbounded else math.inf

    @cached_property
    def _nodes(self) -> tuple[Array, Array]:
        """Images of the latent's nodes, atoms included, and the mass that each stands for."""
        z, mass = self._parts.nodes()
        return self._parts(z), mass

    @cached_property
    def _tables(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """The cover's points twice, from either end on, and the mass beyond, then at each too."""
        points, atoms = np.repeat(self._cover.points, 2), self._cover.atoms
        below, above = self.cdf(self._cover.points), self.sf(self._cover.points)
        low = np.stack([below - atoms, below], axis=1).ravel()
        high = np.stack([above, above + atoms], axis=1)[::-1].ravel()
        return (points, np.maximum.accumulate(low)), (points[::-1], np.maximum.accumulate(high))

    def _bracket(self, q: Array, lower: bool) -> tuple[Array, Array]:
        x, table = self._tables[0 if lower else 1]
        # Between the two entries of an atom the bracket is the atom.
        i = np.searchsorted(table, q)
        near, far = x[np.maximum(i - 1, 0)], x[np.minimum(i, len(x) - 1)]
        outside = np.minimum if lower else np.maximum
        before, after = i == 0, i == len(x)
        if before.any():
            outer, inner = self._outermost(q[before], lower, x[0])
            near[before], far[before] = outer, outside(inner, x[0])
        if after.any():
            far[after] = self._outermost(1.0 - q[after], not lower, x[-1])[0]
        return (near, far) if lower else (far, near)

    def _outermost(self, q: Array, lower: bool, default: float) -> tuple[Array, Array]:
        """Bracket, outer end first, of a quantile in the tail that only unbounded parts reach.

        The tail's mass q is at least any one of theirs, and at most their number times the largest.
        """
        parts, side = self._parts, -np.inf if lower else np.inf
        ends = []
        if parts.images[0, 0] == side:
            ends.append((0, self._latent.ppf))
        if parts.images[1, -1] == side:
            ends.append((-1, self._latent.isf))
        if not ends:
            return np.full(q.shape, default), np.full(q.shape, default)

        def furthest(share: Array) -> Array:
            away = [parts.slope[k] * (quantile(share) - parts.anchor[k]) for k, quantile in ends]
            images = [parts.height[k] + gap for (k, _), gap in zip(ends, away, strict=True)]
            return np.min(images, axis=0) if lower else np.max(images, axis=0)

        return furthest(q / len(ends)), furthest(q)


class _LatentParts:
    """Latent intervals on each of which G is linear, from left to right; each in one half of q.

    G, the first of the stack of functions `pieces`, is height + slope·(z − anchor) on each, (n,),
    with the images (2, n) at its ends. The outermost bounds (n + 1,) are the latent's support.
    """

    def __init__(self, pieces: Pieces, latent: Distribution) -> None:
        kinks = pieces.z[: pieces.offset[1]]
        low, high = latent.support
        # Parts end on the median too, so that the mass of each is told from the nearer tail.
        points = np.append(kinks, latent.ppf(0.5))
        points = np.unique(points[(points > low) & (points < high)])
        apart = np.diff(points) > _NARROW * np.maximum(1.0, np.abs(points[1:]))
        inner = points[np.append(True, apart)]
        ends = [end for end in (low, high) if np.isfinite(end)]
        z = np.sort(np.concatenate([inner, ends]))
        value = pieces(z[None], np.zeros(1, np.intp))[0]
        size = np.interp(z, kinks, pieces.size[: pieces.offset[1]])
        # The unbounded parts, where there are any, are those of a slope and of one end only.
        open_left, open_right = int(np.isinf(low)), int(np.isinf(high))
        steep = [pieces.left_slope[0]] * open_left, [pieces.right_slope[0]] * open_right
        slope = np.concatenate([steep[0], np.diff(value) / np.diff(z), steep[1]])
        left = np.maximum(np.arange(len(slope)) - open_left, 0)
        right = np.minimum(np.arange(len(slope)) + 1 - open_left, len(z) - 1)
        width = np.where(left == right, latent.landmarks[:, 1].max(), z[right] - z[left])
        flat = np.abs(slope) * width <= _FLAT * np.maximum(size[left], size[right])
        slope[flat] = 0.0
        # A far kink's large value is rounded coarsely: each part starts from its smaller end.
        start = np.where(size[right] < size[left], right, left)
        images = np.stack([value[left], value[right]])
        if open_left and not flat[0]:
            images[0, 0] = -np.inf * np.sign(slope[0])
        if open_right and not flat[-1]:
            images[1, -1] = np.inf * np.sign(slope[-1])
        self.latent = latent
        self.bounds = np.concatenate([[low] * open_left, z, [high] * open_right])
        self.images, self.slope, self.flat = images, slope, flat
        self.anchor, self.height = z[start], value[start]
        self._level(_FLAT * size[start])

    def __call__(self, z: Array) -> Array:
        """G(z)."""
        part = self.part(z)
        return self.height[part] + self.slope[part] * (z - self.anchor[part])

    def part(self, z: Array) -> Index:
        """The part that each z lies in, the nearest outside the latent's support."""
        return np.clip(np.searchsorted(self.bounds, z, side="right") - 1, 0, len(self.slope) - 1)

    def tail(self, z: Array, part: Index) -> Array:
        """Latent mass beyond z, on the side of the nearer end of the line from the given parts."""
        lower = self.lower[part]
        out = np.empty(z.shape)
        out[lower] = self.latent.cdf(z[lower])
        out[~lower] = self.latent.sf(z[~lower])
        return out

    @cached_property
    def lower(self) -> NDArray[np.bool_]:
        """Whether a part lies in the lower half of the latent's mass."""
        return self.bounds[1:] <= self.latent.ppf(0.5)

    @cached_property
    def tails(self) -> Array:
        """`tail` at the left and the right end of each part, shape (2, n)."""
        every = np.arange(len(self.slope))
        return np.stack([self.tail(self.bounds[:-1], every), self.tail(self.bounds[1:], every)])

    @cached_property
    def mass(self) -> Array:
        """Latent mass of each part, shape (n,)."""
        return np.abs(self.tails[1] - self.tails[0])

    @cached_property
    def atom(self) -> Index:
        """For each part the row of `atoms` that it is a part of, −1 where it is not flat."""
        out = np.full(len(self.flat), -1)
        massive = self.flat & (self.mass > 0.0)
        out[massive] = np.searchsorted(self.atoms[:, 0], self.height[massive])
        return out

    @cached_property
    def atoms(self) -> Array:
        """Images of the flat parts and the mass on each, shape (m, 2), ascending."""
        massive = self.flat & (self.mass > 0.0)
        x, which = np.unique(self.height[massive], return_inverse=True)
        return np.stack([x, np.bincount(which, self.mass[massive], len(x))], axis=1)

    def nodes(self) -> tuple[Array, Array]:
        """Latents within its reach, Gauss-Legendre on every part, and the mass each stands for."""
        low, high = self.latent.reach
        inside = self.bounds[(self.bounds > low) & (self.bounds < high)]
        return self.latent._nodes_on(np.unique(np.concatenate([self.latent.edges, inside])))

    def _level(self, rounding: Array) -> None:
        """Give flat parts that lie equally high, but for rounding, one height, in place."""
        flat = np.flatnonzero(self.flat)
        flat = flat[np.argsort(self.height[flat])]
        height = self.height[flat]
        steps = np.diff(height) > np.maximum(rounding[flat][1:], rounding[flat][:-1])
        first = np.flatnonzero(np.append(True, steps)) if len(flat) else flat
        self.height[flat] = height[first][np.cumsum(np.append(False, steps))[: len(flat)]]
        self.images[:, flat] = self.height[flat]


class _Cover:
    """The parts whose images cover each of the intervals that the images' ends cut the line into.

    Interval j lies left of point j (M,), an end of an image or an atom, whose mass is in `atoms`;
    of each interval (M + 1,) `below` and `above` are the mass of what lies wholly beyond it.
    """

    def __init__(self, parts: _LatentParts) -> None:
        self._parts = parts
        steep = np.flatnonzero(~parts.flat)
        low, high = np.sort(parts.images[:, steep], axis=0)
        ends = np.concatenate([low, high])
        self.points = np.unique(np.concatenate([ends[np.isfinite(ends)], parts.atoms[:, 0]]))
        size = len(self.points) + 1
        # Ends at infinity are found before the first point and after the last.
        first = np.where(np.isinf(low), 0, np.searchsorted(self.points, low) + 1)
        stop = np.where(np.isinf(high), size, np.searchsorted(self.points, high) + 1)
        count = stop - first
        covering = np.repeat(steep, count)
        interval = np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)
        self._members = covering[np.argsort(interval, kind="stable")]
        self._count = np.bincount(interval, minlength=size)
        self._start = np.cumsum(self._count) - self._count
        self.atoms = np.zeros(size - 1)
        self.atoms[np.searchsorted(self.points, parts.atoms[:, 0])] = parts.atoms[:, 1]
        mass = parts.mass[steep]
        before = np.bincount(stop, mass, size + 1)[:size] + np.append(0.0, self.atoms)
        after = np.bincount(first, mass, size + 1)[1:] + np.append(self.atoms, 0.0)
        self.below = np.cumsum(before)
        self.above = np.cumsum(after[::-1])[::-1]

    def terms(self, x: Array) -> _Terms:
        """What the parts that reach each x make of it."""
        flat = x.ravel()
        interval = np.searchsorted(self.points, flat, side="right")
        inside = interval
        if self._count[-1] == 0 and len(self.points):
            # The density goes on to the last point of a bounded support.
            inside = interval - (flat == self.points[-1])
        count = self._count[inside]
        node = np.repeat(np.arange(flat.size), count)
        shift = np.repeat(self._start[inside] - (np.cumsum(count) - count), count)
        part = self._members[np.arange(node.size) + shift]
        parts = self._parts
        slope = parts.slope[part]
        with np.errstate(over="ignore"):
            z = parts.anchor[part] + (flat[node] - parts.height[part]) / slope
        z = np.clip(z, parts.bounds[part], parts.bounds[part + 1])
        return _Terms(parts.latent, x, count, z, slope, part, interval.reshape(x.shape))
