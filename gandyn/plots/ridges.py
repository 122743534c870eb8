"""Picture: histograms stacked over training, as TensorBoard's offset histograms.

The newest one stands in front, at the bottom.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.plots.colours import DATA, GENERATED, Cue
from gandyn.plots.scales import count_steps
from gandyn.plots.style import axes_inches, count_from_near, crown

_MOST, _AN_INCH = 25, 7
_OVERLAP = 2.6  # distances between ridges that the data, or the usual ridge, are high
_TALLEST = 2.0  # of that height: what is higher is cut, or it would hide the others


def draw_ridges(
    ax: Axes,
    step: ArrayLike,
    samples: ArrayLike,
    *,
    window: tuple[float, float],
    bins: int = 60,
    cue: Cue = GENERATED,
    label: str = "$p_g$, generated",
    data: tuple[ArrayLike, ArrayLike] | None = None,
    title: str = "",
) -> Axes:
    """Draw a histogram for each of at most 25 steps, later ones in front and darker.

    There are fewer in a low picture. All are of one scale, in which the data, or else the usual
    ridge, overlap the two before. One that is more than twice as high, as in a collapse, is cut
    there and open at its top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Higher than wide suits it.
    step : array, shape (S,)
        Iterations made at each snapshot, rising.
    samples : array, shape (S, n)
        What there was at each; a snapshot that is not finite is left out, and samples outside the
        window make its ridge lower.
    window : tuple of float
        The stretch of x, which is parted into bins.
    bins : int
    cue : Cue
        ``DATA`` or ``GENERATED``.
    label : str
        Name of the samples in the legend.
    data : pair of array, shapes (m,), optional
        x and p(x), drawn over the last ridge, which it should be like.

    Raises
    ------
    InputError
        If the shapes do not match, the window is empty, or no snapshot is finite.

    Examples
    --------
    >>> samples = np.random.default_rng(0).normal(size=(5, 200))
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_ridges(ax, np.arange(5) * 10, samples, window=(-4, 4)).get_xlim()
    (np.float64(-4.0), np.float64(4.0))
    """
    steps, rows = np.asarray(step, dtype=float), np.asarray(samples, dtype=float)
    low, high = map(float, window)
    if rows.ndim != 2 or rows.shape[0] != steps.size:
        raise InputError(f"samples: got shape {rows.shape}, must be ({steps.size}, n)")
    if not low < high:
        raise InputError(f"window: got {window}, must be (low, high) with low < high")
    kept = np.flatnonzero(np.isfinite(rows).all(axis=1))
    if not kept.size:
        raise InputError("samples: got no snapshot that is finite, must be one or more")
    most = int(np.clip(_AN_INCH * axes_inches(ax)[1], 8, _MOST))
    kept = kept[np.unique(np.linspace(0, kept.size - 1, most).round().astype(int))]
    edges = np.linspace(low, high, bins + 1)
    heights = np.array([np.histogram(rows[k], edges)[0] for k in kept], dtype=float)
    heights /= rows.shape[1] * (edges[1] - edges[0])

    feet = steps[kept]
    apart = float(np.median(np.diff(feet))) if feet.size > 1 else 1.0
    peaks = heights.max(axis=1)
    usual = float(np.median(peaks) if data is None else np.nanmax(data[1])) or 1.0
    unit, highest = _OVERLAP * apart / usual, _TALLEST * usual
    sides = np.stack([edges[:-1], 0.5 * (edges[:-1] + edges[1:]), edges[1:]], axis=-1).ravel()
    # Upwards, for the axis points down; darker with time.
    shades = np.linspace(0.8, 0.25, len(feet))
    for order, (foot, row, shade) in enumerate(zip(feet, heights, shades, strict=True), start=2):
        top = foot - unit * np.minimum(row, highest)
        fill = tuple((shade + (1 - shade) * np.array(to_rgb(cue.colour))).tolist())
        ax.stairs(top, edges, baseline=foot, fill=True, facecolor=fill, lw=0, zorder=order)
        ax.axhline(foot, color=cue.colour, linewidth=0.35, alpha=0.6, zorder=order)
        # No top where it is cut or where there is nothing.
        tops = np.tile(top[:, None], 3)
        tops[(row > highest) | (row == 0), 1] = np.nan
        ax.plot(sides, tops.ravel(), color="white", linewidth=1.8, zorder=order)
        ax.plot(sides, tops.ravel(), color=cue.colour, linewidth=0.7, zorder=order)
    handles = [Line2D([], [], color=cue.colour, label=label)]
    if data is not None:
        x, density = (np.asarray(values, dtype=float) for values in data)
        look = {**DATA.line, "zorder": 3 + len(feet), "label": "p, data, on the last"}
        handles += ax.plot(x, feet[-1] - unit * density, **look)
    ax.set_xlim(low, high)
    summit = float(np.min(feet - unit * np.minimum(peaks, highest)))
    ax.set_ylim(feet[-1] + 0.5 * apart, summit - 0.3 * apart)
    count_steps(ax.yaxis)
    ax.set_yticks([tick for tick in ax.get_yticks() if feet[0] <= tick <= feet[-1]])
    count_from_near(ax.xaxis, "x", low, high)
    ax.grid(axis="y", visible=False)
    crown(ax, handles, title=title)
    return ax
