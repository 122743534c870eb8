"""Picture: p, p_g and D* above, and below them where the generator takes each latent z.

After Figure 1 of Goodfellow et al., Generative Adversarial Nets (2014), in gandyn's colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from gandyn.plots.colours import DATA, DISCRIMINATOR, GENERATED, REFERENCE
from gandyn.plots.densities import density_handles
from gandyn.plots.moments import Moment
from gandyn.plots.style import note, share_edges

_X_LINE, _Z_LINE = -0.18, -0.62


def draw_arrows(
    ax: Axes, moment: Moment, z: ArrayLike, x: ArrayLike, *, peak: float | None = None
) -> Axes:
    """Draw one moment with arrows from the latents z to the places x = G(z) they are taken to.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    moment : Moment
        Its title becomes the title of the axes.
    z, x : array, shape (n,)
        Latents and their images. About 15 to 25, evenly spaced in z (as in the paper) or in mass.
        The z line has a scale of its own, its outermost latents at the edges of the picture.
    peak : float, optional
        The density that is drawn as high as D* = 1; by default the highest of p and p_g.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> z = np.linspace(-2, 2, 15)
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_arrows(ax, plots.moment(game, [1.0, 0.5]), z, 1.0 * z + 0.5).get_xlabel()
    'x'
    """
    latents, images = np.asarray(z, dtype=float), np.asarray(x, dtype=float)
    low, high = float(moment.x[0]), float(moment.x[-1])
    top = peak or float(np.nanmax([moment.data, moment.generated]))
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
        ax.annotate(
            "",
            (image, _X_LINE),
            (foot, _Z_LINE),
            arrowprops={
                "arrowstyle": "-|>,head_length=0.35,head_width=0.16",
                "color": GENERATED.colour,
                "linewidth": 0.8,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
    ax.set(xlim=(low, high), ylim=(_Z_LINE - 0.08, 1.12), yticks=[0.0, 0.5, 1.0], xlabel="x")
    ax.set_ylabel("D*, and p, $p_g$ to scale", loc="top")
    ax.grid(False)
    ax.spines["left"].set_bounds(0.0, 1.0)
    if moment.title:
        ax.set_title(moment.title)
    return ax


def draw_arrow_moments(
    axes: Any, moments: Sequence[Moment], z: ArrayLike, images: Sequence[ArrayLike]
) -> Any:
    """Draw several moments side by side with one legend and one scale of the densities.

    Parameters
    ----------
    axes : array of Axes
        As many as there are moments.
    moments : sequence of Moment
    z : array, shape (n,)
    images : sequence of array, shape (n,)
        G(z) at each moment.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> flow = gandyn.gradient_flow(game, [1.0, 0.5], (0, 50), t_eval=[0, 5, 20, 50])
    >>> z = np.linspace(-2, 2, 15)
    >>> with plots.style():
    ...     axes = plots.new_figure((9, 2.6)).subplots(1, 4)
    ...     frames = plots.moments(game, flow.theta)
    ...     axes = plots.draw_arrow_moments(axes, frames, z, [a * z + b for a, b in flow.theta])
    >>> len(axes)
    4
    """
    panels = np.asarray(axes, dtype=object).ravel()
    peak = max(float(np.nanmax([m.data, m.generated])) for m in moments)
    for ax, moment, image in zip(panels, moments, images, strict=True):
        draw_arrows(ax, moment, z, image, peak=peak)
        share_edges(ax)
    handles = density_handles(right=False)
    panels[0].figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return axes
