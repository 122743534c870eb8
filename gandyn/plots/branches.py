"""Picture: rest points against a parameter, the bifurcation diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.plots.colours import event_cue, kind_cue
from gandyn.plots.marks import KINDS, event_mark
from gandyn.plots.style import crown
from gandyn.system.checks import Array
from gandyn.system.text import show

_AXES = {"a": "a (scale)", "b": "b (place)", "potential": "potential"}
_LINES = {kind: kind for kind in KINDS} | {"attractor": "attractor, stable"}
_EVENTS = {"fold": "fold", "branch": "branch point", "maxwell": "Maxwell point"}


def draw_branches(
    axes: Any, branches: Any, component: str | Sequence[str] = "b", *, title: str = ""
) -> Any:
    """Draw every branch of rest points, its line style by kind, and where their number changes.

    Parameters
    ----------
    axes : Axes, or sequence of Axes
        One for each component; the legend goes above the first, the parameter below the last.
    branches : Branches
        Both states of a Maxwell point are marked, with a thin line between them.
    component : str, or sequence of str
        ``"a"``, ``"b"`` or ``"potential"``.

    Raises
    ------
    InputError
        If a component is another one, or there are not as many as axes.

    Examples
    --------
    >>> family = gandyn.template("0.5*N(-{m}, 1) + 0.5*N({m}, 1)")
    >>> found = gandyn.branches(family, (1.5, 1.7))
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_branches(ax, found, "a").get_xlabel()
    'm'
    """
    panels = np.ravel(np.asarray(axes, dtype=object))
    names = [component] if isinstance(component, str) else list(component)
    for name in names:
        if name not in _AXES:
            raise InputError(f"component: got {show(name)}, must be 'a', 'b' or 'potential'")
    if len(names) != len(panels):
        raise InputError(f"component: got {len(names)}, must be one for each of {len(panels)} axes")
    for ax, name in zip(panels, names, strict=True):
        kinds = _draw_lines(ax, branches, name)
        events = _draw_events(ax, branches, name)
        ax.set_xlim(*branches.interval)
        ax.margins(y=0.08)
        ax.set_ylabel(_AXES[name])
        if ax is not panels[0]:
            ax.sharex(panels[0])
        if ax is not panels[-1]:
            ax.tick_params(labelbottom=False)
    panels[-1].set_xlabel(branches.name)
    looks = [(kind_cue(kind).line, label) for kind, label in _LINES.items() if kind in kinds]
    looks += [(event_mark(kind), _EVENTS[kind]) for kind in events]
    handles = [Line2D([], [], **look, label=label) for look, label in looks]
    crown(panels[0], handles, title=title)
    return axes


def _draw_lines(ax: Axes, branches: Any, component: str) -> set[str]:
    """One line for each kind there is, broken where the kind is another."""
    lines: dict[str, list[Array]] = {}
    for branch in branches.branches:
        points = np.stack([np.asarray(branch.parameter, dtype=float), _values(branch, component)])
        kinds = _settled(np.asarray(branch.kind).astype(str))
        begins = np.flatnonzero(np.r_[True, kinds[1:] != kinds[:-1]])
        ends = np.r_[begins[1:], kinds.size]
        for begin, end in zip(begins, ends, strict=True):
            # Up to the first point of the next kind, so that no gap is left between the two.
            piece = points[:, begin : end + 1]
            gap = np.full((2, 1), np.nan)
            lines.setdefault(str(kinds[begin]), []).append(np.concatenate([piece, gap], axis=1))
    for order, kind in enumerate(reversed(KINDS)):
        if kind in lines:
            ax.plot(*np.concatenate(lines[kind], axis=1), **kind_cue(kind).line, zorder=2 + order)
    return set(lines)


def _settled(kinds: NDArray[np.str_]) -> NDArray[np.str_]:
    """A single degenerate sample, such as the one at a fold, as part of what leads to it."""
    alone = kinds == "degenerate"
    alone[1:] &= kinds[:-1] != "degenerate"
    alone[:-1] &= kinds[1:] != "degenerate"
    before = np.concatenate([kinds[1:2], kinds[:-1]])
    return np.where(alone, before, kinds) if kinds.size > 1 else kinds


def _draw_events(ax: Axes, branches: Any, component: str) -> list[str]:
    there = []
    events = branches.folds, branches.branch_points, branches.maxwell
    for kind, points in zip(_EVENTS, events, strict=True):
        for point in points:
            heights = _heights(point, component)
            at = [point.parameter] * len(heights)
            if len(heights) > 1:
                ax.plot(at, heights, color=event_cue(kind).colour, linewidth=0.9, zorder=6)
            ax.plot(at, heights, **event_mark(kind), zorder=7)
        if points:
            there.append(kind)
    return there


def _values(branch: Any, component: str) -> Array:
    if component == "potential":
        return np.asarray(branch.potential, dtype=float)
    return np.asarray(branch.theta, dtype=float)[:, "ab".index(component)]


def _heights(point: Any, component: str) -> Array:
    """Where a fold, a branch point or a Maxwell point lies on the axis: one place or two."""
    states = np.reshape(np.asarray(point.theta, dtype=float), (-1, 2))
    if component != "potential":
        return states[:, "ab".index(component)]
    return np.array([float(point.potential)])
