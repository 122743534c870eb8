"""Densities of x = G(z; θ): the sum over x's preimages z_i of q(z_i)/|G'(z_i)|."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.distributions import Distribution
from gandyn.system.checks import Array, Index, as_float

if TYPE_CHECKING:
    from gandyn.generators.base import Generator


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
        bend = self.generator.curvature(terms.z, self.theta) / terms.slope
        return terms.mean((self._latent.score(terms.z) - bend) / terms.slope)[()]

    def sensitivity(self, x: Array) -> Array:
        """E[∂G/∂θ | G = x], shape (d, *x.shape)."""
        terms = self._terms(x)
        return terms.mean(self.generator.sensitivity(terms.z, self.theta))
