"""A piecewise linear generator on the line of its latent: parts, their images, their masses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.generators.piecewise import Pieces
from gandyn.system.checks import Array, Index

_NARROW = 1e-12
"""Kinks nearer to each other than this, relative to max(1, |z|), are taken as one."""
_FLAT = 64.0 * float(np.finfo(float).eps)
"""A part that rises by no more than this, relative to what its values are summed from, is flat."""


@dataclass(frozen=True, eq=False)
class LatentParts:
    """Latent intervals on each of which G is linear, from left to right; each in one half of q.

    Attributes
    ----------
    latent : Distribution
    bounds : ndarray, shape (n + 1,)
        Ends of the parts, the first and the last those of the latent's support.
    images : ndarray, shape (2, n)
        G at the left and the right end of each.
    anchor, height, slope : ndarray, shape (n,)
        On each part G(z) = height + slope·(z − anchor).
    flat : ndarray of bool, shape (n,)
    """

    latent: Distribution
    bounds: Array
    images: Array
    anchor: Array
    height: Array
    slope: Array
    flat: NDArray[np.bool_]

    @classmethod
    def of(cls, pieces: Pieces, latent: Distribution) -> LatentParts:
        """The parts of the first of a stack of functions."""
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
        bounds = np.concatenate([[low] * open_left, z, [high] * open_right])
        parts = cls(latent, bounds, images, z[start], value[start], slope, flat)
        parts._level(_FLAT * size[start])
        return parts

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
        edges = np.unique(np.concatenate([self.latent.edges, inside]))
        t, w = np.polynomial.legendre.leggauss(40)
        half = np.diff(edges)[:, None] / 2
        z = (edges[:-1, None] + half + half * t).ravel()
        return z, (half * w).ravel() * np.exp(self.latent.logpdf(z))

    def _level(self, rounding: Array) -> None:
        """Give flat parts that lie equally high, but for rounding, one height, in place."""
        flat = np.flatnonzero(self.flat)
        flat = flat[np.argsort(self.height[flat])]
        height = self.height[flat]
        steps = np.diff(height) > np.maximum(rounding[flat][1:], rounding[flat][:-1])
        first = np.flatnonzero(np.append(True, steps)) if len(flat) else flat
        self.height[flat] = height[first][np.cumsum(np.append(False, steps))[: len(flat)]]
        self.images[:, flat] = self.height[flat]
