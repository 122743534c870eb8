"""A density given by a function for its logarithm."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.base import Keyed, log_or_minus_inf
from gandyn.distributions.cumulative import Cumulative
from gandyn.distributions.edges import panel_edges
from gandyn.distributions.ends import End, FittedEnd
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, as_float, finite_array, show
from gandyn.system.differences import derivative

Function = Callable[[FloatArray], Any]

# further out than `reach`, so that the cdf has relative accuracy there as well
_LOG_TAIL = math.log(1e-40)

_LEAST_POWER = -1.0 + 1e-6
"""Of an end that has a mass at all; -1 is known to rounding."""

_SEEN = 1e-9
"""How wrong an end may be where nothing is rounded: it is far less within."""


class CallableDensity(Keyed):
    """exp(function(x)), divided by its integral; make it with `from_logpdf`."""

    def __init__(
        self,
        function: Function,
        landmarks: FloatArray,
        support: tuple[float, float],
        breaks: FloatArray,
        score: Function | None,
    ) -> None:
        self.support = support
        self.landmarks = landmarks
        self.breaks = breaks
        self._function = function
        self._score = score
        self._centre = float(landmarks[0, 0])

    def _key(self) -> Hashable:
        places = (self.landmarks.tobytes(), self.breaks.tobytes())
        return self._function, self._score, self.support, places

    def __getstate__(self) -> dict[str, Any]:
        for name, function in (("logpdf", self._function), ("score", self._score)):
            if "<" in getattr(function, "__qualname__", ""):
                raise TypeError(
                    f"{name}: got {show(function)}, must be a function at module level to pickle"
                )
        return self.__dict__

    def __repr__(self) -> str:
        name = getattr(self._function, "__qualname__", type(self._function).__name__)
        return f"from_logpdf({name}, {len(self.landmarks)} landmarks, support={self.support})"

    @cached_property
    def log_normaliser(self) -> float:
        """The logarithm of ∫ exp(function); `logpdf` is `function` minus it."""
        return self._peak + math.log(self._cumulative.total)

    def logpdf(self, x: ArrayLike) -> FloatArray:
        return (self._raw(np.ravel(as_float(x))) - self.log_normaliser).reshape(np.shape(x))[()]

    def score(self, x: ArrayLike) -> FloatArray:
        if self._score is None:
            return derivative(self._raw, x, self.landmarks, self.breaks, self.support)
        points = as_float(x)
        inside = (points >= self.support[0]) & (points <= self.support[1])
        with np.errstate(all="ignore"):
            slope = np.asarray(self._score(np.where(inside, points, self._centre)), dtype=float)
        return np.where(inside, slope, np.where(np.isnan(points), points, 0.0))[()]

    def score_slope(self, x: ArrayLike) -> FloatArray:
        if self._score is not None:
            return super().score_slope(x)
        return derivative(self._raw, x, self.landmarks, self.breaks, self.support, order=2)

    def cdf(self, x: ArrayLike) -> FloatArray:
        return self._cumulative.share(x, below=True)

    def sf(self, x: ArrayLike) -> FloatArray:
        return self._cumulative.share(x, below=False)

    @cached_property
    def _peak(self) -> float:
        """The largest value at a landmark, taken out so that nothing over- or underflows."""
        centres, widths = self.landmarks.T
        values = self._raw(centres)
        if not np.isfinite(values).any():  # as where the one that it has is at an end
            values = self._raw(np.append(centres - widths / 2, centres + widths / 2))
        if not np.isfinite(values).any():
            raise InputError(
                f"logpdf: got {show(float(values[0]))} at the landmark {self._centre:g}, "
                "must be finite at a landmark at least"
            )
        return float(values[np.isfinite(values)].max())

    @cached_property
    def _cumulative(self) -> Cumulative:
        edges = panel_edges(self.landmarks, self.breaks, (self._end(-1.0), self._end(1.0)))
        out = Cumulative(self._relative_density, edges, self._relative_ends)
        if not (0 < out.total < math.inf):
            raise InputError(f"logpdf: its density integrates to {out.total}, must be positive")
        return out

    @cached_property
    def _relative_ends(self) -> tuple[FittedEnd, ...]:
        """Those of exp(function) over its peak."""
        return tuple(end for end in self._fitted_ends(self._relative) if end.power > _LEAST_POWER)

    @cached_property
    def ends(self) -> tuple[End, ...]:
        log_total = math.log(self._cumulative.total)
        return tuple(
            replace(end, logpdf=self.logpdf, bend=(end.bend[0] - log_total, *end.bend[1:]))
            for end in self._relative_ends
        )

    @property
    def noise(self) -> float:  # type: ignore[override]
        """What the rounding of x leaves open, of the whole and next to ends."""
        return self._cumulative.noise + sum(
            end.wrong for end in self._relative_ends if end.wrong > _SEEN
        )

    def _relative(self, x: FloatArray) -> FloatArray:
        return self._raw(x) - self._peak

    def _relative_density(self, x: FloatArray) -> FloatArray:
        log_density = self._relative(x)
        wrong = np.isnan(log_density) | (log_density > 600)
        if wrong.any():
            at = float(x[np.argmax(wrong)])
            value = float(log_density[np.argmax(wrong)] + self._peak)
            raise InputError(
                f"logpdf: got {value:.6g} at x = {at:.6g}, must be a number or -inf, and "
                "landmarks must name its peaks"
            )
        return np.exp(log_density)

    def _end(self, sign: float) -> float:
        """The end of the support, or where less than 1e-40 of the mass is left."""
        end = self.support[1] if sign > 0 else self.support[0]
        if math.isfinite(end):
            return end
        centre, width = self.landmarks[np.argmax(sign * self.landmarks[:, 0])]
        rungs = np.arange(0.0, min(3800.0, 4 * (math.log2(1e300) - math.log2(width))))
        distance = width * 2.0 ** (rungs / 4)
        log_mass = self._raw(centre + sign * distance) - self._peak + np.log(distance / width)
        thick = np.flatnonzero(log_mass >= _LOG_TAIL)
        last = int(thick[-1]) + 1 if thick.size else 0
        if last >= distance.size:
            raise InputError(
                "logpdf: its density does not fall off towards "
                f"{'inf' if sign > 0 else '-inf'}, must be integrable: give a finite support"
            )
        return float(centre + sign * distance[last])

    def _raw(self, x: FloatArray) -> FloatArray:
        """The user's function, -inf outside the support."""
        inside = (x >= self.support[0]) & (x <= self.support[1])
        with np.errstate(all="ignore"):
            values = np.asarray(self._function(np.where(inside, x, self._centre)), dtype=float)
        if values.shape != x.shape:
            raise InputError(
                f"logpdf: got shape {values.shape} for x of shape {x.shape}, "
                "must work elementwise on arrays"
            )
        return np.where(inside, values, np.where(np.isnan(x), x, -np.inf))

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Those of the panels, which know the masses at their ends."""
        known = self._cumulative
        below, above = known.below / known.total, known.above / known.total
        return known.edges, log_or_minus_inf(below), log_or_minus_inf(above)


def from_logpdf(
    logpdf: Function,
    landmarks: Any,
    support: tuple[float, float] = (-math.inf, math.inf),
    breaks: Sequence[float] = (),
    score: Function | None = None,
) -> CallableDensity:
    """A distribution from a function for the logarithm of its density.

    The density is normalised here, by quadrature, and so are its cdf and quantiles (to about
    1e-12); `logpdf` may therefore be off by any constant.

    Parameters
    ----------
    logpdf : callable
        Elementwise on float arrays; -inf where the density is 0. At an end of the support or a
        break it may be infinite where the density goes there as a power of the distance: give it
        as a function of x - end, which is exact. What x rounds away near the end is in the errors.
    landmarks : array of shape (m, 2)
        Location and width (as a normal density's std) of every mode. They are required because
        a quadrature that has to find the modes by itself can miss a narrow one and not notice.
    support : (float, float)
        Outside it the density is 0, and `logpdf` is not called.
    breaks : sequence of float
        Points where the density or its slope jumps, other than the support's ends.
    score : callable, optional
        Slope of `logpdf`; without it, differences of order eight (about 1e-12 relative).

    Raises
    ------
    InputError
        Where `logpdf` is not a function of arrays, is nan, infinite within, nowhere finite, or
        cannot be normalised; or a landmark, the support or a break is wrong.

    Examples
    --------
    >>> p = gandyn.from_logpdf(lambda x: -(x**4), landmarks=[[0.0, 0.7]])
    >>> p.cdf(0.0).round(12), p.pdf(0.0).round(6)
    (np.float64(0.5), np.float64(0.551631))
    """
    if not callable(logpdf):
        raise InputError(f"logpdf: got {show(logpdf)}, must be a function of an array x")
    if score is not None and not callable(score):
        raise InputError(f"score: got {show(score)}, must be a function of an array x, or None")
    try:
        places = np.array(landmarks, dtype=float)
        low, high = (float(end) for end in support)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"landmarks: got {show(landmarks)}, must be (location, width) pairs, "
            f"and support: got {show(support)}, must be two numbers"
        ) from None
    if places.ndim != 2 or places.shape[1] != 2 or not len(places):
        raise InputError(
            f"landmarks: got shape {places.shape}, must be (m, 2): a location and width each"
        )
    if not (np.isfinite(places).all() and (places[:, 1] > 0).all()):
        raise InputError(
            f"landmarks: got {show(places.tolist())}, must be finite with positive widths"
        )
    if not low < high:
        raise InputError(f"support: got {show(support)}, must be (low, high) with low below high")
    if not ((places[:, 0] >= low) & (places[:, 0] <= high)).all():
        raise InputError(
            f"landmarks: got {show(places.tolist())}, must lie in the support ({low}, {high})"
        )
    inner = finite_array("breaks", list(breaks))
    ends = [end for end in (low, high) if math.isfinite(end)]
    kinks = np.unique(np.concatenate([inner[(inner > low) & (inner < high)], ends]))
    out = CallableDensity(logpdf, places, (low, high), kinks, score)
    # what is wrong with the function is told here and not at its first use
    _ = out.log_normaliser
    return out
