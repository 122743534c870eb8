"""Picture: the force on (a, b) everywhere, and flows on their way through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.plots.cells import draw_levels, lattice, rising
from gandyn.plots.colours import GENERATED, INK
from gandyn.plots.style import crown, frame_plane, halo
from gandyn.system.checks import Array

# The light end of the map would vanish on white.
_MAP = LinearSegmentedColormap.from_list(
    "gandyn_force", colormaps["viridis_r"](np.linspace(0.14, 1.0, 256))
)


def draw_field(
    ax: Axes,
    a: ArrayLike,
    b: ArrayLike,
    force: ArrayLike,
    *,
    flows: Iterable[ArrayLike] = (),
    potential: ArrayLike | None = None,
    marks: Mapping[str, Sequence[float]] | None = None,
) -> Axes:
    """Draw the stream lines of the force, coloured by the logarithm of its size.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Room for the colour bar is taken from it.
    a, b : array, shapes (A,) and (B,)
        Evenly spaced and rising.
    force : array, shape (B, A, 2)
        (da/dt, db/dt); from 1e-300 up is fine, and nan where there is none.
    flows : iterable of array, shape (T, 2)
        Paths of (a, b), each drawn from an open circle to a filled one.
    potential : array, shape (B, A), optional
        Drawn as thin level lines.
    marks : mapping of str to (a, b), optional
        Places to be marked by a star, such as ``{"p_g = p": (1, 0)}``.

    Raises
    ------
    InputError
        If a or b is not evenly spaced, or the shapes do not match.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> a, b = np.linspace(0.5, 4, 12), np.linspace(-4, 4, 12)
    >>> force = game.force(np.stack(np.meshgrid(a, b), axis=-1))
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_field(ax, a, b, force, marks={"start": (1, 0.5)}).get_xlabel()
    'a (scale)'
    """
    columns, rows = _even("a", a), _even("b", b)
    push = lattice("force", force, (rows.size, columns.size, 2), "(len(b), len(a), 2)")
    levels = draw_levels(ax, columns, rows, potential)
    _draw_streams(ax, columns, rows, push)
    handles: list[Line2D] = []
    for path in flows:
        _draw_flow(ax, np.asarray(path, dtype=float))
        handles = [
            Line2D([], [], color=INK, marker="o", markerfacecolor="white", label="flow, start"),
            Line2D([], [], color=INK, marker="o", label="flow, end"),
        ]
    for label, place in (marks or {}).items():
        star: dict[str, Any] = {"marker": "*", "markersize": 13, "color": GENERATED.colour}
        star["markeredgecolor"] = "white"
        star |= {"linestyle": "none", "zorder": 6, "label": label}
        handles += ax.plot(*np.asarray(place, dtype=float), **star)
    handles += levels
    frame_plane(ax, columns, rows)
    crown(ax, handles, columns=2)
    return ax


def _draw_streams(ax: Axes, a: Array, b: Array, push: Array) -> None:
    # Stream lines need only the direction; scaling by the larger component first keeps forces
    # whose squares underflow.
    largest = np.max(np.abs(push), axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = push / largest
        length = np.hypot(relative[..., 0], relative[..., 1])
        size = np.log10(largest[..., 0]) + np.log10(length)
    known = np.isfinite(size)
    direction = np.where(known[..., None], relative / np.where(known, length, 1.0)[..., None], 0.0)
    if not known.any():
        return
    low, high = float(size[known].min()), float(size[known].max())
    # A few cells at an equilibrium or far from all data must not use up the colours of the rest.
    least = low
    low = max(low, float(np.quantile(size[known], 0.05)))
    high = max(high, low + 1e-6)
    filled = np.clip(np.where(known, size, low), low, high)
    norm = Normalize(low, high)
    u, v = (np.ma.masked_where(~known, direction[..., k]) for k in (0, 1))
    look: dict[str, Any] = {"density": 1.3, "linewidth": 1.0, "arrowsize": 0.9, "zorder": 2}
    ax.streamplot(a, b, u, v, color=filled, cmap=_MAP, norm=norm, **look)
    shades, end = ScalarMappable(norm, _MAP), "min" if least < low else "neither"
    bar = ax.figure.colorbar(shades, ax=ax, pad=0.02, fraction=0.05, extend=end)
    bar.set_label("log₁₀ |force|")
    bar.outline.set_visible(False)  # type: ignore[operator]


def _draw_flow(ax: Axes, path: Array) -> None:
    ax.plot(path[:, 0], path[:, 1], color=INK, linewidth=1.8, zorder=4, path_effects=halo(4.0))
    for place, face in ((path[0], "white"), (path[-1], INK)):
        mark: dict[str, Any] = {"marker": "o", "markersize": 6, "markeredgecolor": INK}
        ax.plot(*place, **mark, markerfacecolor=face, zorder=5, clip_on=False)


def _even(name: str, values: ArrayLike) -> Array:
    axis = rising(name, values)
    even = np.linspace(axis[0], axis[-1], axis.size)
    if not np.allclose(axis, even, rtol=0, atol=1e-6 * (axis[-1] - axis[0])):
        raise InputError(f"{name}: got uneven steps, must be evenly spaced")
    return even
