"""Picture: which states there are, over two parameters of the data: the phase diagram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from gandyn.plots.cells import draw_cells, edges, rising, unknown_handle
from gandyn.plots.colours import INK, event_cue, state_fills
from gandyn.plots.marks import event_mark
from gandyn.plots.style import axes_inches, bold_number, crown
from gandyn.system.checks import Array

_CURVES = {"fold": "fold", "branch": "branch point", "maxwell": "Maxwell, equally deep"}
_LETTER, _LINE = 0.0081, 0.0172  # inches in width and height, for each point of size
_SIZES, _PAD = (9.0, 8.0), 0.08
_ROW, _LONG = 0.21, 28  # inches a row of the legend; letters from which it has one column
_CODE = 9  # a name of so few letters needs no number: it stands beside its region
_TURNS = 15 * np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])  # where numbers go, in points
_HIDDEN = 2  # cells beside a curve that it hides
_GRID = 200  # cells each way in which room for the names is sought


@dataclass(frozen=True)
class Text:
    """A region's name, or its number, and where it stands; ``beside`` the place if too large."""

    name: str
    spot: tuple[float, float]
    text: str
    size: float
    beside: bool = False


def draw_diagram(ax: Axes, diagram: Any, *, title: str = "") -> Axes:
    """Draw the regions with the states that there are, between the curves that part them.

    The fill is the colour of the deepest state, as in every other picture of it. The states stand
    in a region where there is room for them; else a number does, and the legend has them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        About six by five inches.
    diagram : PhaseDiagram
        Regions without ``attractors`` have a colour for each name; nodes with label -1 are hatched,
        but for those that a curve covers.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> regions = [
    ...     SimpleNamespace(name="averaging", attractors=("averages all modes",)),
    ...     SimpleNamespace(name="collapse", attractors=("collapsed onto mode 2 of 2",)),
    ... ]
    >>> nodes = np.linspace(0, 1, 11)
    >>> found = SimpleNamespace(
    ...     x=(0, 1), y=(0, 1), x_name="m", y_name="w", x_nodes=nodes, y_nodes=nodes,
    ...     labels=np.tile(nodes > 0.5, (11, 1)).astype(int), regions=regions, curves=[], cusps=[],
    ... )
    >>> ax = plots.new_figure().subplots()
    >>> plots.draw_diagram(ax, found).get_xlabel()
    'm'
    """
    title = title or ax.get_title()
    x, y = rising("x_nodes", diagram.x_nodes), rising("y_nodes", diagram.y_nodes)
    ax.set(xlim=diagram.x, ylim=diagram.y, xlabel=diagram.x_name, ylabel=diagram.y_name)
    ax.grid(False)
    said = [_states(region) for region in diagram.regions]
    names = list(dict.fromkeys(said))
    deepest = [_deepest(region) for region in diagram.regions]
    kinds = list(dict.fromkeys(deepest))
    shades = dict(zip(kinds, state_fills(kinds), strict=True))
    labels = _closed(np.asarray(diagram.labels))
    unknown = draw_cells(ax, x, y, labels, [shades[kind] for kind in deepest])
    colours: dict[str, str] = {}
    for name, kind in zip(said, deepest, strict=True):
        colours[name] = shades[kind] if colours.get(name, shades[kind]) == shades[kind] else "none"
    states = [
        Patch(facecolor=shades[kind], label=f"deepest: {kind}")
        for kind in kinds
        if any(_attractors(region)[:1] == (kind,) for region in diagram.regions)
    ]

    lines: list[Line2D] = []
    for kind, label in _CURVES.items():
        curves = [curve for curve in diagram.curves if curve.kind == kind]
        look = {**event_cue(kind).line, "linewidth": 1.8, "label": label}
        drawn = [ax.plot(curve.x, curve.y, **look) for curve in curves]
        lines += drawn[0] if drawn else []
    look = event_mark("cusp") | {"zorder": 5, "clip_on": False, "label": "cusp"}
    drawn = [ax.plot(cusp.x, cusp.y, **look) for cusp in diagram.cusps]
    lines += drawn[0] if drawn else []

    numbers: dict[str, int] = {}
    texts: list[Text] = []
    for _ in range(len(names) + 1):
        listed = [(colours[name], f"{number}  {name}") for name, number in numbers.items()]
        handles: list[Any] = [*states, *(Patch(facecolor=c, label=label) for c, label in listed)]
        handles += [*([unknown_handle("unknown")] if unknown else []), *lines]
        wide, tall = axes_inches(ax)
        rows = len(handles) if any(len(name) > _LONG for name in numbers) else len(handles) / 2
        inches = np.array([wide, 1.1 * tall - _ROW * (np.ceil(rows) + bool(title))])
        texts, before = _place_names(diagram, said, x, y, labels, inches), numbers
        numbers = {text.name: int(text.text) for text in texts if text.text.isdigit()}
        if numbers == before:
            break  # what has no room goes into the legend, which leaves less room
    _write(ax, texts)
    crown(ax, handles, title=title, columns=2)
    return ax


def _attractors(region: Any) -> tuple[str, ...]:
    return tuple(getattr(region, "attractors", ()))


def _states(region: Any) -> str:
    """The states of a region, without which is the deepest."""
    return str(region.name).split(";")[0] if _attractors(region) else str(region.name)


def _deepest(region: Any) -> str:
    return (*_attractors(region), region.name)[0]


def _closed(labels: NDArray[np.int_]) -> NDArray[np.int_]:
    """The labels with those of their neighbours where a curve hides what is not known."""
    labels = labels.copy()
    for _ in range(_HIDDEN):
        padded = np.pad(labels, 1, constant_values=-1)
        for beside in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
            labels = np.where(labels < 0, beside, labels)
    return labels


def _place_names(
    diagram: Any, said: Sequence[str], x: Array, y: Array, labels: NDArray[np.int_], inches: Array
) -> list[Text]:
    """What is said in those of its regions that have room, or else a number in the largest."""
    across, up = _middles(*diagram.x), _middles(*diagram.y)
    cells = labels[np.ix_(_nearest(y, up), _nearest(x, across))]
    cells[_crossed(diagram)] = -1
    texts: list[Text] = []
    count = 0
    for name in dict.fromkeys(said):
        regions = [k for k, other in enumerate(said) if other == name]
        fits = [_fit(cells == k, _layouts(name), inches) for k in regions]
        if not any(fits):
            text = name
            if len(name) > _CODE:
                count += 1
                text = str(count)
            largest = max(regions, key=lambda k: float(diagram.regions[k].share))
            fits = [_fit(cells == largest, [(text, _SIZES[0])], inches)]
            if fits == [None]:
                region = diagram.regions[largest]
                spot = (float(region.x), float(region.y))
                texts.append(Text(name, spot, text, _SIZES[0], beside=True))
        for row, column, text, size in filter(None, fits):
            texts.append(Text(name, (across[column], up[row]), text, size))
    return texts


def _layouts(name: str) -> Iterator[tuple[str, float]]:
    """The name on one line, on two, and on up to five, and smaller if need be, with its size."""
    for size in _SIZES:
        for count in range(1, 6):
            letters = -(-len(name) // count) + (2 if count > 1 else 0)
            yield fill(name, letters, break_long_words=False), size


def _fit(
    mask: NDArray[np.bool_], layouts: Iterable[tuple[str, float]], inches: Array
) -> tuple[int, int, str, float] | None:
    """Row and column of the middle of the region where the first layout that fits can stand."""
    sums = np.pad(np.cumsum(np.cumsum(mask, axis=0), axis=1), ((1, 0), (1, 0)))
    for text, size in layouts:
        lines = text.split("\n")
        letters = max(len(line) for line in lines)
        box = size * np.array([_LETTER * letters, _LINE * len(lines)]) + _PAD
        wide, tall = np.ceil(_GRID * box / inches).astype(int)
        if wide > _GRID or tall > _GRID:
            continue
        held = sums[tall:, wide:] - sums[:-tall, wide:] - sums[tall:, :-wide] + sums[:-tall, :-wide]
        spots = np.argwhere(held == wide * tall)
        if spots.size:
            # As near the middle of all such places as there is one.
            row, column = spots[np.abs(spots - spots.mean(axis=0)).sum(axis=1).argmin()]
            return int(row + tall // 2), int(column + wide // 2), text, size
    return None


def _middles(low: float, high: float) -> Array:
    return low + (high - low) * (np.arange(_GRID) + 0.5) / _GRID


def _nearest(nodes: Array, places: Array) -> NDArray[np.int_]:
    return np.searchsorted(edges(nodes)[1:-1], places)


def _crossed(diagram: Any) -> NDArray[np.bool_]:
    """Cells that a curve passes through, or that a cusp's mark covers, and those beside them."""
    crossed = np.zeros((_GRID + 2, _GRID + 2), dtype=bool)  # with those beside the picture
    low = np.array([diagram.x[0], diagram.y[0]])
    span = np.array([diagram.x[1], diagram.y[1]]) - low
    for curve in [*diagram.curves, *diagram.cusps]:
        points = np.column_stack([np.atleast_1d(curve.x), np.atleast_1d(curve.y)])
        points = (points - low) / span * _GRID
        points = np.clip(points[np.isfinite(points).all(axis=1)], -_GRID, 2 * _GRID)
        ways = [
            np.linspace(one, two, int(2 * np.abs(two - one).max()) + 2)
            for one, two in pairwise(points)
        ]
        column, row = np.floor(np.concatenate([points, *ways])).T.astype(int) + 1
        inside = (column >= 0) & (column < _GRID + 2) & (row >= 0) & (row < _GRID + 2)
        crossed[row[inside], column[inside]] = True
    return np.asarray(binary_dilation(crossed)[1:-1, 1:-1])


def _write(ax: Axes, texts: Sequence[Text]) -> None:
    """Write the texts: numbers in bold, and those without room on a line that leads aside."""
    low = np.array([ax.get_xlim()[0], ax.get_ylim()[0]])
    span = np.array([ax.get_xlim()[1], ax.get_ylim()[1]]) - low
    points = 72 * np.array(axes_inches(ax)) / span
    taken = []
    for text in texts:
        at = (np.array(text.spot) - low) * points
        if text.beside:
            taken.append((at, np.array([3.0, 3.0])))
            continue
        lines = text.text.split("\n")
        box = 36 * text.size * np.array([_LETTER * max(map(len, lines)), _LINE * len(lines)])
        taken.append((at, box))
        look: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "zorder": 6}
        look["fontweight"] = "bold" if text.text.isdigit() else "normal"
        ax.annotate(text.text, text.spot, fontsize=text.size, **look)
    for text in texts:
        if text.beside:
            at = (np.array(text.spot) - low) * points
            side = _clear_side(at, taken, span * points)
            taken.append((at + side, np.array([6.0, 6.0])))
            line = {"arrowstyle": "-", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
            bold_number(ax, text.text, text.spot, side, fontsize=_SIZES[0], arrowprops=line)


def _clear_side(at: Array, taken: Sequence[tuple[Array, Array]], size: Array) -> Array:
    """Where a number can stand beside a place, in points from it: the nearest clear side."""
    for ring in (1, 2, 3, 4):
        for turn in _TURNS:
            there = at + ring * turn
            inside = bool(np.all((there > 8) & (there < size - 8)))
            if inside and all(np.any(np.abs(there - spot) > box + 6) for spot, box in taken):
                return np.asarray(ring * turn, dtype=float)
    return np.asarray(np.where(at < 0.5 * size, 1.0, -1.0) * np.abs(_TURNS[0]))
