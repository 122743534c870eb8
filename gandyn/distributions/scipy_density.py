"""Distributions of scipy.stats, frozen and new-style."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.base import TAIL, Distribution, Keyed
from gandyn.distributions.families import Laplace, Logistic, Normal, Uniform
from gandyn.distributions.histogram import Histogram
from gandyn.distributions.student_t import StudentT
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, as_float, show
from gandyn.system.differences import derivative

_LEVELS = 32

# by scipy's name: parameters in the order of (shapes, loc, scale)
_FROZEN: dict[str, Callable[..., Distribution]] = {
    "norm": Normal,
    "laplace": Laplace,
    "logistic": Logistic,
    "t": StudentT,
    "uniform": lambda loc, scale: Uniform(loc, loc + scale),
}

_NEW_NAMES = {"sf": "ccdf", "ppf": "icdf", "isf": "iccdf", "std": "standard_deviation"}


class ScipyDensity(Keyed):
    """A distribution of scipy.stats in its own words; make it with `from_scipy`.

    The score is by differences of order eight of its logpdf, the landmarks are from its
    quantiles: a mode with less than about a tenth of the mass may need `from_logpdf`.
    """

    def __init__(self, wrapped: Any, new_style: bool) -> None:
        self.wrapped = wrapped
        self._new_style = new_style
        low, high = wrapped.support()
        self.support = (float(low), float(high))

    def __repr__(self) -> str:
        if self._new_style:
            text = re.sub(r"np\.float64\(([^()]*)\)", r"\1", repr(self.wrapped))
            return f"from_scipy({' '.join(text.split())})"
        name, values = _frozen_parameters(self.wrapped)
        return f"from_scipy({name}({', '.join(f'{k}={v!r}' for k, v in values.items())}))"

    def __getstate__(self) -> dict[str, Any]:
        made = type(self.wrapped)
        if "<locals>" in made.__qualname__:
            raise TypeError(
                f"from_scipy: got {self!r}, must be frozen, such as gamma(2), to pickle"
            )
        return self.__dict__

    def _key(self) -> Hashable:
        if self._new_style:
            return type(self.wrapped), repr(self)
        name, values = _frozen_parameters(self.wrapped)
        return type(self.wrapped.dist), name, tuple(values.items())

    def logpdf(self, x: ArrayLike) -> FloatArray:
        x = as_float(x)
        inside = (x >= self.support[0]) & (x <= self.support[1])
        values = self._call("logpdf", x)
        return np.where(inside, values, np.where(np.isnan(x), x, -np.inf))[()]

    def score(self, x: ArrayLike) -> FloatArray:
        return derivative(self.logpdf, x, self.landmarks, self.breaks, self.support)

    def score_slope(self, x: ArrayLike) -> FloatArray:
        return derivative(self.logpdf, x, self.landmarks, self.breaks, self.support, order=2)

    def cdf(self, x: ArrayLike) -> FloatArray:
        return self._call("cdf", as_float(x))

    def sf(self, x: ArrayLike) -> FloatArray:
        return self._call("sf", as_float(x))

    def ppf(self, q: ArrayLike) -> FloatArray:
        return self._call("ppf", as_float(q))

    def isf(self, q: ArrayLike) -> FloatArray:
        return self._call("isf", as_float(q))

    @cached_property
    def mean(self) -> float:
        return float(self._call("mean"))

    @cached_property
    def std(self) -> float:
        return float(self._call("std"))

    @cached_property
    def landmarks(self) -> FloatArray:
        """From quantiles at equal masses, and at finite ends where the density is a power."""
        levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
        x = np.where(levels < 0.5, self.ppf(levels), self.isf(1 - levels))
        # six of the 32 levels are half a std of a normal density around its centre
        k = np.arange(_LEVELS)
        width = 2 * (x[np.minimum(k + 3, _LEVELS - 1)] - x[np.maximum(k - 3, 0)])
        places = np.column_stack([x, width])[width > 0]
        sides = zip(self.support, (1.0, -1.0), strict=True)
        ends = [self._end_landmark(*side) for side in sides if math.isfinite(side[0])]
        return np.concatenate([places, *ends])

    @cached_property
    def reach(self) -> tuple[float, float]:
        low, high = float(self.ppf(TAIL)), float(self.isf(TAIL))
        if not math.isfinite(low):
            low = float(self._quantile(np.asarray(TAIL), lower=True))
        if not math.isfinite(high):
            high = float(self._quantile(np.asarray(TAIL), lower=False))
        return self._within_support(low, high)

    def _end_landmark(self, end: float, inwards: float) -> FloatArray:
        """A landmark as narrow as the mass 1e-17 at an end where the density is a power of x."""
        quantile = self.ppf if inwards > 0 else self.isf
        masses = np.array([TAIL, 1e-6, 1e-5])
        distance = inwards * (quantile(masses) - end)
        if not (distance > 0).all():
            return np.empty((0, 2))
        log_density = self.logpdf(end + inwards * distance)
        power = (log_density[2] - log_density[1]) / np.log(distance[2] / distance[1])
        if not abs(power) > 1e-3:
            return np.empty((0, 2))
        return np.array([[end, max(distance[0], abs(end) * 1e-14)]])

    def _call(self, name: str, *args: FloatArray) -> FloatArray:
        function = getattr(self.wrapped, _NEW_NAMES.get(name, name) if self._new_style else name)
        # scipy's formulas may overflow on the way to a right answer
        with np.errstate(all="ignore"):
            return np.asarray(function(*args), dtype=float)[()]


def from_scipy(distribution: Any) -> Distribution:
    """A distribution of scipy.stats.

    Parameters
    ----------
    distribution : frozen or new-style continuous distribution
        `scipy.stats.gamma(2)` or `scipy.stats.Normal(mu=1, sigma=2)`, with scalar parameters.

    Returns
    -------
    Distribution
        gandyn's own class where it has the family (normal, Laplace, logistic, t, uniform).

    Raises
    ------
    InputError
        Where it is something else: discrete, multivariate, not frozen, an array of distributions.

    Examples
    --------
    >>> import scipy.stats
    >>> gandyn.from_scipy(scipy.stats.norm(1, 2))
    Normal(mean=1.0, std=2.0)
    >>> gandyn.from_scipy(scipy.stats.gamma(2)).cdf(1.0).round(6)
    np.float64(0.264241)
    """
    allowed = "must be a continuous scipy.stats distribution with its parameters, such as gamma(2)"
    if hasattr(distribution, "dist") and hasattr(distribution, "kwds"):
        from scipy.stats import rv_continuous

        if not isinstance(distribution.dist, rv_continuous):
            name = getattr(distribution.dist, "name", show(distribution))
            raise InputError(f"distribution: got {name}, which is not continuous; {allowed}")
        return _from_frozen(distribution)
    if hasattr(distribution, "icdf") and hasattr(distribution, "logpdf"):
        kinds = {cls.__name__ for cls in type(distribution).__mro__}
        if "DiscreteDistribution" in kinds:
            raise InputError(
                f"distribution: got {show(distribution)}, which is not continuous; {allowed}"
            )
        if np.shape(distribution.support()[0]) != ():
            raise InputError(f"distribution: got an array of distributions, {allowed}")
        return _from_new_style(distribution)
    raise InputError(f"distribution: got {show(distribution)}, {allowed}")


def _frozen_parameters(frozen: Any) -> tuple[str, dict[str, float]]:
    """The name of a frozen distribution and its parameters, shapes first, then loc and scale."""
    shapes = frozen.dist.shapes
    names = [shape.strip() for shape in shapes.split(",")] if shapes else []
    names += ["loc", "scale"]
    values = {"loc": 0.0, "scale": 1.0} | dict(zip(names, frozen.args, strict=False)) | frozen.kwds
    return frozen.dist.name, {name: values[name] for name in names}


def _from_frozen(frozen: Any) -> Distribution:
    name, values = _frozen_parameters(frozen)
    if any(np.shape(value) != () for value in values.values()):
        raise InputError(f"distribution: got arrays as parameters of {name}, must be numbers")
    if np.isnan(frozen.support()).any():
        raise InputError(f"distribution: got parameters of {name} that scipy does not allow")
    own = _FROZEN.get(name)
    if own is not None and type(frozen.dist).__module__.startswith("scipy."):
        return own(*(float(value) for value in values.values()))
    if hasattr(frozen.dist, "_hbins"):  # an rv_histogram: its bins are known nowhere else
        ends, heights = frozen.dist._hbins, frozen.dist._hpdf[1:-1]
        ends = float(values["loc"]) + float(values["scale"]) * ends
        return Histogram(ends, heights * np.diff(ends))
    return ScipyDensity(frozen, new_style=False)


def _from_new_style(distribution: Any) -> Distribution:
    kind = type(distribution)
    if kind.__module__.startswith("scipy."):
        if kind.__name__ == "Normal" and hasattr(distribution, "sigma"):
            return Normal(float(distribution.mu), float(distribution.sigma))
        if kind.__name__ in ("Normal", "StandardNormal"):
            return Normal(0.0, 1.0)
        if kind.__name__ == "Uniform":
            return Uniform(float(distribution.a), float(distribution.b))
        if kind.__name__ == "Logistic":
            return Logistic(0.0, 1.0)
    return ScipyDensity(distribution, new_style=True)
