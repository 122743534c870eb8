"""Distributions of scipy.stats, frozen and new-style."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from gandyn.distributions.base import Distribution, Keyed
from gandyn.distributions.ends import End, MovedEnd
from gandyn.distributions.families import Laplace, Logistic, Normal, Uniform
from gandyn.distributions.histogram import Histogram
from gandyn.distributions.location_scale import LocationScale
from gandyn.distributions.scipy_law import ScipyLaw
from gandyn.distributions.student_t import StudentT
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, show

# by scipy's name: parameters in the order of (shapes, loc, scale)
_FROZEN: dict[str, Callable[..., Distribution]] = {
    "norm": Normal,
    "laplace": Laplace,
    "logistic": Logistic,
    "t": StudentT,
    "uniform": lambda loc, scale: Uniform(loc, loc + scale),
}


class ScipyDensity(Keyed, LocationScale):
    """A distribution of scipy.stats, by its density; make it with `from_scipy`.

    The landmarks are from its quantiles: a mode with less than about a tenth of the mass may need
    `from_logpdf`.
    """

    def __init__(self, wrapped: Any, new_style: bool) -> None:
        self.wrapped = wrapped
        self._new_style = new_style
        self.loc, self.scale = 0.0, 1.0
        if new_style:
            self._law = ScipyLaw(wrapped)
        else:
            name, values = _frozen_parameters(wrapped)
            self.loc, self.scale = float(values.pop("loc")), float(values.pop("scale"))
            if type(wrapped.dist) is type(getattr(scipy_stats(), name, None)):
                self._law = _named(name, tuple(values.items()))
            else:
                self._law = ScipyLaw(wrapped.dist(**values), name, values)
        low, high = self._law.support
        self.support = (self.loc + self.scale * low, self.loc + self.scale * high)

    def __repr__(self) -> str:
        if self._new_style:
            text = re.sub(r"np\.float64\(([^()]*)\)", r"\1", repr(self.wrapped))
            return f"from_scipy({' '.join(text.split())})"
        name, values = _frozen_parameters(self.wrapped)
        return f"from_scipy({name}({', '.join(f'{k}={v!r}' for k, v in values.items())}))"

    def __reduce__(self) -> Any:
        made = type(self.wrapped)
        if "<locals>" in made.__qualname__:
            raise TypeError(
                f"from_scipy: got {self!r}, must be frozen, such as gamma(2), to pickle"
            )
        return ScipyDensity, (self.wrapped, self._new_style)

    def _key(self) -> Hashable:
        return (*self._kind, self.loc, self.scale)

    @cached_property
    def _kind(self) -> tuple[Any, ...]:
        """What is the same for all locations and scales."""
        if self._new_style:
            return type(self.wrapped), repr(self)
        name, values = _frozen_parameters(self.wrapped)
        return type(self.wrapped.dist), name, tuple(values.items())[:-2]

    @property
    def family(self) -> Hashable:
        """SciPy's type, and the shapes."""
        return (ScipyDensity, *self._kind)

    def shifted(self, by: float) -> Distribution:
        if self._new_style:
            return super().shifted(by)
        values = _frozen_parameters(self.wrapped)[1]
        return ScipyDensity(self.wrapped.dist(**{**values, "loc": values["loc"] + by}), False)

    def standard_logpdf(self, z: FloatArray) -> FloatArray:
        return self._law.logpdf(z)

    def standard_score(self, z: FloatArray) -> FloatArray:
        return self._law.score(z)

    def standard_score_slope(self, z: FloatArray) -> FloatArray:
        return self._law.score_slope(z)

    def standard_cdf(self, z: FloatArray) -> FloatArray:
        return self._law.cdf(z)

    def standard_sf(self, z: FloatArray) -> FloatArray:
        return self._law.sf(z)

    def standard_ppf(self, q: FloatArray) -> FloatArray:
        return self._law.ppf(q)

    def standard_isf(self, q: FloatArray) -> FloatArray:
        return self._law.isf(q)

    @cached_property
    def mean(self) -> float:
        return self.loc + self.scale * self._law.mean

    @cached_property
    def std(self) -> float:
        return self.scale * self._law.std

    @property
    def noise(self) -> float:  # type: ignore[override]
        """Relative error of SciPy's density, where it is more than rounding."""
        return self._law.noise

    @cached_property
    def landmarks(self) -> FloatArray:
        """Those of the standard law, moved."""
        return self._law.landmarks * self.scale + [self.loc, 0.0]

    @cached_property
    def breaks(self) -> FloatArray:
        return self.loc + self.scale * self._law.breaks

    @cached_property
    def ends(self) -> tuple[End, ...]:
        return tuple(MovedEnd(end, self.scale, self.loc) for end in self._law.ends)


def scipy_stats() -> Any:
    """SciPy's module, which takes long to import."""
    import scipy.stats

    return scipy.stats


@lru_cache(maxsize=64)
def _named(name: str, shapes: tuple[tuple[str, float], ...]) -> ScipyLaw:
    """The standard law of one of SciPy's families, one for all locations and scales."""
    return ScipyLaw(getattr(scipy_stats(), name)(**dict(shapes)), name, dict(shapes))


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
