"""Which scale an axis needs so that there is something to see on all of it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    StrMethodFormatter,
)
from numpy.typing import ArrayLike

from gandyn.system.polyline import travel

_LOG_FROM = 100.0  # an axis turns logarithmic where a linear one would spend 99 % on nothing


def scale_time(ax: Axes, t: ArrayLike, curves: ArrayLike) -> None:
    """Make the x axis linear near 0 and logarithmic after, if ``curves`` move early and late."""
    times = np.asarray(t, dtype=float)
    start, end = float(times[0]), float(times[-1])
    way = travel(curves)
    # By then a twentieth of the way is done: what is earlier may be drawn linearly.
    begin = float(np.interp(0.05, way, times)) if way[-1] > 0 else end
    ax.set_xlabel("time t")
    sparse = times.size < 2 or times[1] > begin  # too few early samples to be stretched out
    if sparse or start < 0 or begin <= 0 or end <= _LOG_FROM * begin:
        ax.set_xlim(start, end if end > start else start + 1.0)
        return
    lowest, highest = int(np.floor(np.log10(begin))), int(np.floor(np.log10(end)))
    ax.set_xscale("symlog", linthresh=10.0**lowest, linscale=0.4)
    stride = 1 + (highest - lowest) // 7
    majors = [0.0, *(10.0**k for k in range(lowest, highest + 1, stride))]
    ax.xaxis.set_major_locator(FixedLocator(majors))
    if stride == 1:
        decades = 10.0 ** np.arange(lowest, highest + 1)
        ax.xaxis.set_minor_locator(
            FixedLocator(np.outer(decades, np.arange(2, 10)).ravel().tolist())
        )
    ax.set_xlim(start, end)
    ax.set_xlabel("time t (logarithmic)")


def scale_values(ax: Axes, curves: Iterable[ArrayLike]) -> None:
    """Make the y axis logarithmic if the curves are positive and span more than two decades."""
    values = np.concatenate([np.ravel(np.asarray(curve, dtype=float)) for curve in curves])
    values = values[np.isfinite(values)]
    if values.size == 0 or values.min() <= 0 or values.max() <= _LOG_FROM * values.min():
        return
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(numticks=7))
    ax.yaxis.set_minor_formatter(NullFormatter())


def count_steps(axis: Axis) -> None:
    """Ticks at whole training steps, written out, as a power of ten would stand in the legend."""
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.set_label_text("training step")
