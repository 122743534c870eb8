"""Picture: the data density p, the generated density p_g and the discriminator D* over x."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from gandyn.plots.colours import DATA, DISCRIMINATOR, GENERATED
from gandyn.plots.moments import Moment
from gandyn.plots.style import crown, share_edges

# Where the bulk of a density is this many times lower than the highest peak, a linear axis would
# hide it. The bulk of a normal is at 0.44 of its peak.
_LOG_FROM = 60.0
_HEADROOM = 1.08


@dataclass(frozen=True)
class DensityScale:
    """The density axis: its limits, and whether it is logarithmic."""

    low: float
    high: float
    log: bool


def density_scale(moments: Sequence[Moment]) -> DensityScale:
    """One density axis for several moments: logarithmic where their peaks are too unlike.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> plots.density_scale(plots.moments(game, [[1.0, 0.5], [0.9, 3.0]])).log
    False
    """
    pairs = [_heights(m.x, curve) for m in moments for curve in (m.data, m.generated)]
    seen = [pair for pair in pairs if pair[1] > 0] or [(1.0, 1.0)]
    low, high = min(bulk for bulk, _ in seen), max(peak for _, peak in seen)
    if high > _LOG_FROM * low:
        floor = max(low * 0.02, high * 1e-8)
        return DensityScale(floor, high * (high / floor) ** 0.08, log=True)
    return DensityScale(0.0, _HEADROOM * high, log=False)


def draw_densities(
    ax: Axes, moment: Moment, *, scale: DensityScale | None = None, legend: bool = True
) -> tuple[Axes, Axes]:
    """Draw p and p_g on the left-hand axis and D* on a right-hand one from 0 to 1.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    moment : Moment
        Its ``title`` becomes the title of the axes.
    scale : DensityScale, optional
        Share one between pictures that are to be compared (:func:`density_scale`).
    legend : bool
        Whether to put the legend above the axes.

    Returns
    -------
    tuple of Axes
        The axes given, and the right-hand axes of D*.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> with plots.style():
    ...     ax = plots.new_figure().subplots()
    ...     left, right = plots.draw_densities(ax, plots.moment(game, [1.0, 0.5], "start"))
    >>> left.get_title(), right.get_ylim()
    ('start', (np.float64(0.0), np.float64(1.08)))
    """
    scale = scale or density_scale([moment])
    set_density_axis(ax, scale)
    ax.set(xlim=(float(moment.x[0]), float(moment.x[-1])), xlabel="x")
    right = ax.twinx()
    prepare_discriminator_axis(right, moment.symbol)
    draw_curves(ax, right, moment, scale)
    if legend:
        crown(ax, density_handles(moment.symbol), title=moment.title)
    elif moment.title:
        ax.set_title(moment.title)
    return ax, right


def draw_moments(axes: Any, moments: Sequence[Moment]) -> Any:
    """Draw several moments of a flow as small multiples with common axes and one legend.

    Parameters
    ----------
    axes : array of Axes
        At least as many as there are moments, of any shape; those left over are hidden.
    moments : sequence of Moment
        Each with a title such as ``"t = 5"``. From :func:`moments` they share one stretch of x;
        where p_g shrinks a hundredfold, take each from :func:`moment` with a stretch of its own.

    Returns
    -------
    array of Axes
        The axes given.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> flow = gandyn.gradient_flow(game, [1.0, 0.5], (0, 50), t_eval=[0, 5, 20, 50])
    >>> titles = [plots.moment_title(t, theta) for t, theta in zip(flow.t, flow.theta)]
    >>> with plots.style():
    ...     axes = plots.new_figure((7.5, 5)).subplots(2, 2)
    ...     axes = plots.draw_moments(axes, plots.moments(game, flow.theta, titles))
    >>> axes[0, 0].get_title()
    't = 0   a = 1.000   b = 0.500'
    """
    panels = np.asarray(axes, dtype=object).ravel()
    scale = density_scale(moments)
    for ax, moment in zip(panels, moments, strict=False):
        _, right = draw_densities(ax, moment, scale=scale, legend=False)
        share_edges(ax, right)
    for ax in panels[len(moments) :]:
        ax.set_visible(False)
    handles = density_handles(moments[0].symbol)
    panels[0].figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return axes


def set_density_axis(ax: Axes, scale: DensityScale) -> None:
    """Give the left-hand axis its scale, limits and label."""
    if scale.log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(numticks=6))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_ylim(scale.low, scale.high)
    ax.set_ylabel("density (logarithmic)" if scale.log else "density")


def prepare_discriminator_axis(right: Axes, symbol: str = "D*") -> None:
    """Make a twin axis the axis of D* (or D): 0 to 1, with the line of one half."""
    right.set(ylim=(0.0, _HEADROOM), yticks=[0.0, 0.5, 1.0], ylabel=f"{symbol}(x)")
    right.grid(False)
    right.spines["right"].set_visible(True)
    right.spines["left"].set_visible(False)
    right.axhline(0.5, color="#B0B0B0", linewidth=0.7, zorder=0.5)


def draw_curves(ax: Axes, right: Axes, moment: Moment, scale: DensityScale) -> list[Any]:
    """Draw the three curves alone; returns the artists, for an animation to remove."""
    artists: list[Any] = []
    for cue, density, order in ((DATA, moment.data, 2.0), (GENERATED, moment.generated, 2.2)):
        heights = np.clip(np.nan_to_num(density), scale.low * 1e-3, None)
        artists.append(
            ax.fill_between(
                moment.x, scale.low, heights, color=cue.colour, alpha=0.16, linewidth=0, zorder=1.5
            )
        )
        artists += ax.plot(moment.x, heights, **cue.line, zorder=order)
    artists += right.plot(moment.x, moment.discriminator, **DISCRIMINATOR.line, zorder=3)
    return artists


def density_handles(symbol: str = "D*", *, right: bool = True) -> list[Line2D]:
    """The legend's entries: p, p_g and D* (or D), which may have the right-hand axis."""
    side = " (right)" if right else ""
    return [
        Line2D([], [], **DATA.line, label="p, data"),
        Line2D([], [], **GENERATED.line, label="$p_g$, generated"),
        Line2D([], [], **DISCRIMINATOR.line, label=f"{symbol}, discriminator{side}"),
    ]


def _heights(x: NDArray[np.float64], density: NDArray[np.float64]) -> tuple[float, float]:
    """The height below which a fifth of the mass lies, and the peak."""
    known = np.where(np.isfinite(density), density, 0.0)
    mass = known * np.gradient(x)
    order = np.argsort(known)
    shares = np.cumsum(mass[order])
    bulk = known[order][np.searchsorted(shares, 0.2 * shares[-1])]
    return float(bulk), float(known.max())
