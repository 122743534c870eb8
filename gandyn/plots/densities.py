"""Pictures: p, p_g and the discriminator D* over x, alone or above arrows from each latent z.

The arrows are those of Figure 1 of Goodfellow et al., Generative Adversarial Nets (2014), in
gandyn's colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike

from gandyn.plots.colours import DATA, DISCRIMINATOR, GENERATED, REFERENCE
from gandyn.plots.moments import Moment
from gandyn.plots.style import count_from_near, crown, note, share_edges
from gandyn.system.checks import Array

# Where the bulk of a density is this many times lower than the highest peak, a linear axis would
# hide it. The bulk of a normal is at 0.44 of its peak.
_LOG_FROM = 60.0
_HEADROOM = 1.08
_X_LINE, _Z_LINE = -0.18, -0.62  # of the arrows
_ARROW: dict[str, Any] = {"color": GENERATED.colour, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
_ARROW["arrowstyle"] = "-|>,head_length=0.35,head_width=0.16"


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
    >>> ax, start = plots.new_figure().subplots(), plots.moment(game, [1.0, 0.5], "start")
    >>> left, right = plots.draw_densities(ax, start)
    >>> left.get_title(), right.get_ylim()
    ('start', (np.float64(0.0), np.float64(1.08)))
    """
    scale = scale or density_scale([moment])
    right = density_axes(ax, [moment], scale)
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

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> some = plots.moments(game, [[1.0, 0.5], [2.6, 0.1]], ["t = 0", "t = 20"])
    >>> axes = plots.draw_moments(plots.new_figure((7.5, 3)).subplots(1, 2), some)
    >>> axes[1].get_title()
    't = 20'
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


def draw_arrow_moments(
    axes: Any, moments: Sequence[Moment], z: ArrayLike, images: Sequence[ArrayLike]
) -> Any:
    """Draw several moments side by side, with arrows from the latents z to the places G(z).

    They have one legend and one scale of the densities, the highest as high as D* = 1.

    Parameters
    ----------
    axes : array of Axes
        As many as there are moments.
    moments : sequence of Moment
    z : array, shape (n,)
        About 15 to 25 latents, evenly spaced in z (as in the paper) or in mass. The z line has a
        scale of its own, its outermost latents at the edges of the picture.
    images : sequence of array, shape (n,)
        G(z) at each moment.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> z, states = np.linspace(-2, 2, 15), [[1.0, 0.5], [2.6, 0.1]]
    >>> axes = plots.new_figure((5, 2.6)).subplots(1, 2)
    >>> images = [a * z + b for a, b in states]
    >>> plots.draw_arrow_moments(axes, plots.moments(game, states), z, images)[0].get_xlabel()
    'x'
    """
    panels = np.asarray(axes, dtype=object).ravel()
    peak = max(float(np.nanmax([m.data, m.generated])) for m in moments)
    latents = np.asarray(z, dtype=float)
    for ax, moment, image in zip(panels, moments, images, strict=True):
        _draw_arrows(ax, moment, latents, np.asarray(image, dtype=float), peak)
        share_edges(ax)
    handles = density_handles(right=False)
    panels[0].figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return axes


def _draw_arrows(ax: Axes, moment: Moment, latents: Array, images: Array, top: float) -> None:
    """Draw one moment, densities in units of the top, with arrows from latents to images."""
    low, high = float(moment.x[0]), float(moment.x[-1])
    for cue, density in ((DATA, moment.data), (GENERATED, moment.generated)):
        ax.plot(moment.x, density / top, **cue.line)
        ax.fill_between(moment.x, 0, density / top, color=cue.colour, alpha=0.12, linewidth=0)
    ax.plot(moment.x, moment.discriminator, **DISCRIMINATOR.line)
    for level, name in ((0.0, ""), (_X_LINE, "x"), (_Z_LINE, "z")):
        ax.plot([low, high], [level, level], color=REFERENCE.colour, linewidth=0.9, zorder=1)
        note(ax, name, (0, level), (-4, 0), xycoords=("axes fraction", "data"), ha="right")
    span = float(np.ptp(latents)) or 1.0
    feet = low + (high - low) * (0.06 + 0.88 * (latents - latents.min()) / span)
    for foot, image in zip(feet, images, strict=True):
        if not low <= image <= high:
            continue
        ax.annotate("", (image, _X_LINE), (foot, _Z_LINE), arrowprops=_ARROW)
    ax.set(xlim=(low, high), ylim=(_Z_LINE - 0.08, 1.12), yticks=[0.0, 0.5, 1.0])
    count_from_near(ax.xaxis, "x", low, high)
    ax.set_ylabel("D*, and p, $p_g$ to scale", loc="top")
    ax.grid(False)
    ax.spines["left"].set_bounds(0.0, 1.0)
    if moment.title:
        ax.set_title(moment.title)


def density_axes(ax: Axes, moments: Sequence[Moment], scale: DensityScale) -> Axes:
    """Prepare the axes of some moments, densities on the left; the right-hand axes of D* or D."""
    low, high = min(float(m.x[0]) for m in moments), max(float(m.x[-1]) for m in moments)
    ax.set_xlim(low, high)
    count_from_near(ax.xaxis, "x", low, high)
    if scale.log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(numticks=6))
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_ylim(scale.low, scale.high)
    ax.set_ylabel("density (logarithmic)" if scale.log else "density")
    right = ax.twinx()
    right.set(ylim=(0.0, _HEADROOM), yticks=[0.0, 0.5, 1.0], ylabel=f"{moments[0].symbol}(x)")
    right.grid(False)
    right.spines["right"].set_visible(True)
    right.spines["left"].set_visible(False)
    right.axhline(0.5, color="#B0B0B0", linewidth=0.7, zorder=0.5)
    return right


def draw_curves(ax: Axes, right: Axes, moment: Moment, scale: DensityScale) -> list[Any]:
    """Draw the three curves alone; returns the artists, for an animation to remove."""
    artists: list[Any] = []
    for cue, density, order in ((DATA, moment.data, 2.0), (GENERATED, moment.generated, 2.2)):
        heights = np.clip(np.nan_to_num(density), scale.low * 1e-3, None)
        look: dict[str, Any] = {"color": cue.colour, "alpha": 0.16, "linewidth": 0, "zorder": 1.5}
        artists.append(ax.fill_between(moment.x, scale.low, heights, **look))
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


def _heights(x: Array, density: Array) -> tuple[float, float]:
    """The height below which a fifth of the mass lies, and the peak."""
    known = np.where(np.isfinite(density), density, 0.0)
    mass = known * np.gradient(x)
    order = np.argsort(known)
    shares = np.cumsum(mass[order])
    bulk = known[order][np.searchsorted(shares, 0.2 * shares[-1])]
    return float(bulk), float(known.max())
