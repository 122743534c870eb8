"""Picture: how much of a deviation each of its causes carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.plots.colours import INK, cause_fill
from gandyn.plots.style import crown, note

_NARROW = 0.07  # of the whole: a narrower piece has no room for its percentage
_HEIGHT = 0.62


def draw_shares(
    ax: Axes,
    names: Sequence[str],
    parts: ArrayLike,
    causes: Sequence[str],
    *,
    totals: Sequence[str] = (),
    xlabel: str = "share of the deviation (%)",
) -> Axes:
    """Draw a bar for each row, parted by the causes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        About 0.4 inches for each row.
    names : sequence of str
        One for each row, the first on top.
    parts : array, shape (rows, causes)
        Not negative, of any unit: each row is drawn in parts of its sum. A row that is not finite
        or is all 0 has no bar.
    causes : sequence of str
        Such as ``("finite step", "finite batch", "imperfect discriminator")``.
    totals : sequence of str, optional
        Written to the right of each row, such as the deviation itself.
    xlabel : str

    Raises
    ------
    InputError
        If a part is negative, or the shapes do not match.

    Examples
    --------
    >>> causes = ["finite step", "finite batch"]
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_shares(ax, ["near", "far"], [[20, 80], [60, 40]], causes).get_xlabel()
    'share of the deviation (%)'
    """
    pieces = np.asarray(parts, dtype=float)
    if pieces.shape != (len(names), len(causes)):
        wanted = (len(names), len(causes))
        raise InputError(f"parts: got shape {pieces.shape}, must be (rows, causes) = {wanted}")
    if (pieces < 0).any():
        raise InputError(f"parts: got {np.nanmin(pieces):.4g}, must not be negative")
    if totals and len(totals) != len(names):
        raise InputError(f"totals: got {len(totals)}, must be one for each of {len(names)} rows")
    sums = pieces.sum(axis=1, keepdims=True)
    there = np.isfinite(sums) & (sums > 0)
    shares = np.where(there, pieces, 0.0) / np.where(there, sums, 1.0)
    left = np.cumsum(shares, axis=1) - shares
    rows = np.arange(len(names))
    for k, cause in enumerate(causes):
        fill = cause_fill(cause)
        ink = "white" if np.dot([0.299, 0.587, 0.114], to_rgb(fill)) < 0.55 else INK
        look: dict[str, Any] = {"facecolor": fill, "edgecolor": "white", "linewidth": 1.0}
        ax.barh(rows, 100 * shares[:, k], _HEIGHT, left=100 * left[:, k], **look)
        for row in rows[shares[:, k] >= _NARROW]:
            middle = 100 * (left[row, k] + 0.5 * shares[row, k])
            share = f"{100 * shares[row, k]:.0f} %"
            ax.text(middle, row, share, ha="center", va="center", fontsize=8.5, color=ink)
    for row, total in enumerate(totals):
        note(ax, total, (100, row), (6, 0), ha="left", fontsize=9, annotation_clip=False)
    ax.set_yticks(rows, list(names))
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 100), ylim=(len(names) - 0.5, -0.5), xlabel=xlabel)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    crown(ax, [Patch(facecolor=cause_fill(c), label=c) for c in causes], columns=2)
    return ax
