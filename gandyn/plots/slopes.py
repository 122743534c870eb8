"""Picture: an error against a number, both logarithmic, and the power law between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogFormatterSciNotation,
    LogLocator,
    NullFormatter,
    NullLocator,
)
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.plots.colours import REFERENCE, TRAINING, Cue
from gandyn.plots.style import crown
from gandyn.system.checks import Array

_BELOW = 0.6  # the guide lies this much below the fit, or the two would be one line


def draw_slope(
    ax: Axes,
    n: ArrayLike,
    error: ArrayLike,
    *,
    xlabel: str,
    ylabel: str,
    expected: float | None = None,
    bars: ArrayLike | None = None,
    slope: tuple[float, float] | None = None,
    cue: Cue = TRAINING,
    title: str = "",
) -> Axes:
    """Draw points with their error bars, the line through them, and the slope it should have.

    Parameters
    ----------
    n : array, shape (N,)
        Samples, steps or rates; positive.
    error : array, shape (N,)
        Positive; what is not finite is left out.
    xlabel, ylabel : str
    expected : float, optional
        The slope of theory: a dashed guide below the points.
    bars : array, shape (N,), optional
        Standard errors of ``error``, by which the points are weighted in the fit.
    slope : pair of float, optional
        Slope of log error against log n and its standard error, where they are known already; by
        default they are fitted.
    cue : Cue

    Raises
    ------
    InputError
        If fewer than two different n have a positive error.

    Examples
    --------
    >>> n = np.array([10, 100, 1000])
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_slope(ax, n, 1 / n**0.5, xlabel="n", ylabel="error", expected=-0.5).get_xscale()
    'log'
    """
    numbers, errors = np.asarray(n, dtype=float), np.asarray(error, dtype=float)
    shown = np.isfinite(errors) & (errors > 0) & (numbers > 0)
    if np.unique(numbers[shown]).size < 2:
        raise InputError("error: got fewer than two points, must be positive at two n or more")
    numbers, errors = numbers[shown], errors[shown]
    sizes = None if bars is None else np.asarray(bars, dtype=float)[shown]
    ax.set_xscale("log")
    ax.set_yscale("log", nonpositive="clip")
    x, y = np.log(numbers), np.log(errors)
    weight = np.ones(x.size) if sizes is None else (errors / sizes) ** 2
    fitted, spread = _fit(x, y, weight, scaled=sizes is None) if slope is None else slope
    middle, height = np.average(x, weights=weight), np.average(y, weights=weight)
    ends = np.array([numbers.min() / 1.25, numbers.max() * 1.25])

    def line(rate: float, factor: float = 1.0) -> Array:
        return np.asarray(factor * np.exp(height + rate * (np.log(ends) - middle)))

    points: dict[str, Any] = {"color": cue.colour, "marker": "o", "markersize": 5.5}
    ax.errorbar(numbers, errors, sizes, linestyle="none", **points, capsize=3, zorder=3)
    ax.plot(ends, line(fitted), **cue.line, linewidth=1.2, zorder=2.5)
    look: dict[str, Any] = {**cue.line, "linewidth": 1.2, "marker": "o", "markersize": 5.5}
    handles = [Line2D([], [], **look, label=_written(fitted, spread))]
    if expected is not None:
        look = {**REFERENCE.line, "linewidth": 1.2, "zorder": 2}
        label = f"slope {expected:g}, expected".replace("-", "−")
        handles += ax.plot(ends, line(expected, _BELOW), **look, label=label)
    _name_numbers(ax, numbers)
    ax.yaxis.set_major_locator(LogLocator(numticks=8))
    ax.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(1.7, 0.5)))
    ax.set(xlabel=xlabel, ylabel=ylabel)
    crown(ax, handles, title=title)
    return ax


def _written(slope: float, spread: float) -> str:
    """The slope with its standard error, where there is one: two points have none."""
    digits = 3 if spread < 0.01 else 2
    margin = f" ± {spread:.{digits}f}" if np.isfinite(spread) else ""
    return f"slope {slope:.{digits}f}{margin}".replace("-", "−")


def _name_numbers(ax: Axes, numbers: Array) -> None:
    """Ticks at the numbers themselves, where there is room for each."""
    ticks = np.unique(numbers)
    if ticks.size <= 8 and np.diff(np.log(ticks)).min() > 0.09 * np.log(ticks[-1] / ticks[0]):
        ax.xaxis.set_major_locator(FixedLocator(ticks.tolist()))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        ax.xaxis.set_major_locator(LogLocator(numticks=8))
        ax.xaxis.set_minor_formatter(NullFormatter())


def _fit(x: Array, y: Array, weight: Array, *, scaled: bool) -> tuple[float, float]:
    """Weighted least squares: slope and standard error, from the residuals if ``scaled``."""
    middle = np.average(x, weights=weight)
    spread = float(weight @ (x - middle) ** 2)
    slope = float(weight @ ((x - middle) * y)) / spread
    if not scaled:
        return slope, spread**-0.5
    rest = y - np.average(y, weights=weight) - slope * (x - middle)
    freedom = x.size - 2
    return slope, float(np.sqrt(rest @ rest / freedom / spread)) if freedom else np.nan
