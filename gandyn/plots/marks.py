"""Marks of rest points and of the places where their number changes; the numbers of attractors.

The n-th attractor of a result bears the number n in every picture, and its name in the legend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gandyn.plots.colours import event_cue, kind_cue, state_fills

KINDS = ("attractor", "saddle", "repeller", "degenerate")

_EVENTS = {"fold": ("D", 6.5), "branch": ("s", 7.0), "maxwell": ("^", 7.5), "cusp": ("*", 12.0)}


def rest_points(equilibria: Any) -> tuple[Any, ...]:
    """The points of an ``Equilibria``, or of any sequence of them."""
    return tuple(getattr(equilibria, "points", equilibria))


def number_attractors(points: Sequence[Any]) -> dict[int, int]:
    """The number, from 1, of each attractor by its index among the rest points."""
    indices = [index for index, point in enumerate(points) if point.kind == "attractor"]
    return {index: number for number, index in enumerate(indices, start=1)}


def attractor_fills(points: Sequence[Any]) -> dict[int, str]:
    """The light colour of each attractor by its index among the rest points."""
    indices = list(number_attractors(points))
    return dict(zip(indices, state_fills(points[k].name for k in indices), strict=True))


def place(point: Any) -> tuple[float, float]:
    """(a, b) of a rest point, a fold or another thing with a ``theta``."""
    return float(point.theta[0]), float(point.theta[1])


def kind_mark(kind: str) -> dict[str, Any]:
    """Keyword arguments of ``ax.plot`` for a rest point's mark."""
    colour = kind_cue(kind).colour
    mark: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 8.0}
    mark |= {"markerfacecolor": colour, "markeredgecolor": "white", "markeredgewidth": 1.0}
    if kind == "saddle":
        return mark | {"marker": "X", "markersize": 9.0}
    if kind == "repeller":
        rim = {"markeredgecolor": colour, "markeredgewidth": 1.8}
        return mark | rim | {"markerfacecolor": "white"}
    if kind != "attractor":
        half = {"fillstyle": "left", "markerfacecoloralt": "white"}
        return mark | half | {"markeredgecolor": colour}
    return mark


def event_mark(kind: str) -> dict[str, Any]:
    """The same for a ``"fold"``, a ``"branch"`` point, a ``"maxwell"`` point or a ``"cusp"``."""
    marker, size = _EVENTS[kind]
    mark: dict[str, Any] = {"linestyle": "none", "marker": marker, "markersize": size}
    rim = {"markeredgecolor": "white", "markeredgewidth": 0.8}
    return mark | rim | {"markerfacecolor": event_cue(kind).colour}
