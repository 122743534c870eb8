"""Families that are one standard density, shifted and scaled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from dataclasses import fields, is_dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.base import TAIL, Distribution, moved
from gandyn.system.checks import FloatArray, as_float, finite, number_text, positive


class LocationScale(Distribution):
    """x = loc + scale z, where z follows a standard density.

    A subclass gives the seven functions of the standard density, each of z; an accurate
    `log_increment` and `score_increment` where it can. Where that density is symmetric about 0,
    `SymmetricLocationScale` gives the two of the upper tail.

    Attributes
    ----------
    loc, scale : float
        Location and scale, in units of x.
    standard_tail : (c₂, c₁, c₀), optional
        How the standard density ends on both sides, see `Distribution.tails`.
    family : hashable
        Type and shape parameters: equal families are the same standard density.
    symmetric : bool
        Whether the standard density is that of -z as well.
    notation : str
        The family's name in text, which a dataclass needs to be one of `notation.FAMILIES`: the
        parameters in text are its fields.
    """

    loc: float
    scale: float
    symmetric = False
    notation: ClassVar[str] = ""

    standard_tail: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "loc", finite("loc", self.loc))
        object.__setattr__(self, "scale", positive("scale", self.scale))

    def __str__(self) -> str:
        if not self.notation:
            return repr(self)
        values = [number_text(getattr(self, name)) for name in self.parameters()]
        return f"{self.notation}({', '.join(values)})"

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Names of the parameters, in their order, of a dataclass."""
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]

    @cached_property
    def tails(self) -> FloatArray | None:
        """Those of the standard density, moved."""
        tail = self.standard_tail
        return None if tail is None else moved([tail, tail], self.scale, self.loc)

    def shifted(self, by: float) -> Distribution:
        if is_dataclass(self) and "loc" in self.parameters():
            return replace(self, loc=self.loc + by)
        return super().shifted(by)

    @property
    def family(self) -> Hashable:
        return (type(self),)

    @abstractmethod
    def standard_logpdf(self, z: FloatArray) -> FloatArray:
        """log f(z)."""

    @abstractmethod
    def standard_score(self, z: FloatArray) -> FloatArray:
        """d/dz log f(z)."""

    @abstractmethod
    def standard_score_slope(self, z: FloatArray) -> FloatArray:
        """d²/dz² log f(z)."""

    @abstractmethod
    def standard_cdf(self, z: FloatArray) -> FloatArray:
        """Mass at or below z, accurate where it is small."""

    @abstractmethod
    def standard_ppf(self, q: FloatArray) -> FloatArray:
        """The inverse of `standard_cdf`, accurate for small q."""

    @abstractmethod
    def standard_sf(self, z: FloatArray) -> FloatArray:
        """Mass above z, accurate where it is small."""

    @abstractmethod
    def standard_isf(self, q: FloatArray) -> FloatArray:
        """The inverse of `standard_sf`, accurate for small q."""

    def log_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        """log f(z + d) - log f(z) of the standard density."""
        z, d = as_float(z), as_float(d)
        return self.standard_logpdf(z + d) - self.standard_logpdf(z)

    def score_increment(self, z: ArrayLike, d: ArrayLike) -> FloatArray:
        """s(z + d) - s(z), s the score of the standard density."""
        z, d = as_float(z), as_float(d)
        return self.standard_score(z + d) - self.standard_score(z)

    def logpdf(self, x: ArrayLike) -> FloatArray:
        return self.standard_logpdf(self._standardise(x)) - self._log_scale

    def score(self, x: ArrayLike) -> FloatArray:
        return self.standard_score(self._standardise(x)) / self.scale

    def logpdf_and_score(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        if self.loc == 0.0 and self.scale == 1.0:
            x = as_float(x)
            return self.standard_logpdf(x), self.standard_score(x)
        z = self._standardise(x)
        return self.standard_logpdf(z) - self._log_scale, self.standard_score(z) / self.scale

    def score_slope(self, x: ArrayLike) -> FloatArray:
        return self.standard_score_slope(self._standardise(x)) / self.scale / self.scale

    def cdf(self, x: ArrayLike) -> FloatArray:
        return self.standard_cdf(self._standardise(x))

    def sf(self, x: ArrayLike) -> FloatArray:
        return self.standard_sf(self._standardise(x))

    def ppf(self, q: ArrayLike) -> FloatArray:
        return self.loc + self.scale * self.standard_ppf(as_float(q))

    def isf(self, q: ArrayLike) -> FloatArray:
        return self.loc + self.scale * self.standard_isf(as_float(q))

    @cached_property
    def landmarks(self) -> FloatArray:
        return np.array([[self.loc, self.scale]])

    @cached_property
    def reach(self) -> tuple[float, float]:
        return self._within_support(float(self.ppf(TAIL)), float(self.isf(TAIL)))

    @cached_property
    def _log_scale(self) -> float:
        return float(np.log(self.scale))

    def _standardise(self, x: ArrayLike) -> FloatArray:
        # a distance in units of a tiny scale may overflow, and infinite is then the right answer
        with np.errstate(over="ignore"):
            return (as_float(x) - self.loc) / self.scale


class SymmetricLocationScale(LocationScale):
    """A standard density that is the same at z and -z: five functions are enough."""

    symmetric = True

    @property
    def mean(self) -> float:  # type: ignore[override]
        return self.loc

    def standard_sf(self, z: FloatArray) -> FloatArray:
        return self.standard_cdf(-z)

    def standard_isf(self, q: FloatArray) -> FloatArray:
        return -self.standard_ppf(q)
