"""The phase diagram of a two-parameter family: its curves, cusps, and the regions between them.

A lattice of parameters, at whose nodes all rest points are known, tells where curves must pass: a
segment between two nodes whose rest points differ in number is crossed by a fold or a branch point,
one along which two attractors change their order by a Maxwell point. Each is solved for on its
segment and followed as a curve, until no segment is left unexplained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.landscape.census import Equilibria, planar
from gandyn.landscape.curves import Curve, Cusp, Tracer
from gandyn.landscape.family import member_of, read_range
from gandyn.landscape.frame import about_one_place, moved
from gandyn.landscape.maxwell import deepest_first, order_changes
from gandyn.landscape.parts import parted, witnesses
from gandyn.landscape.survey import Survey
from gandyn.landscape.unfolding import Unfolding
from gandyn.system.checks import Array
from gandyn.system.progress import Progress
from gandyn.system.results import Alike, Result

Axis = tuple[str, float, float]

_NODES = 8
_OFFSET = 0.44
"""Where in its cell a node of the lattice stands: on no line of symmetry."""
_CELLS = 240
_LEAST_CELLS = 12
_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Region(Alike):
    """A part of the diagram with the same attractors in the same order throughout.

    Attributes
    ----------
    name : str
        Such as "averaging only" or "averaging, collapse onto 1; averaging deepest".
    attractors : tuple of str
        Their names, the deepest first.
    x, y : float
        The point inside at which `equilibria` found them.
    share : float
        Of the diagram's area.
    """

    name: str
    attractors: tuple[str, ...]
    x: float
    y: float
    share: float


@dataclass(frozen=True, eq=False)
class PhaseDiagram(Result):
    """What training ends in, over two parameters of the data.

    Attributes
    ----------
    x_name, y_name : str
    x, y : (float, float)
        The ranges.
    curves : tuple of Curve
    cusps : tuple of Cusp
    regions : tuple of Region
        From the largest on.
    x_nodes, y_nodes : ndarray, shapes (X,) and (Y,)
    labels : ndarray of int, shape (Y, X)
        Index of the region of each node; −1 on a curve and in slivers too small to look into.
    status : int
        0; −1 where rest points may be missing, a segment stayed unexplained, or two nodes of a
        region have different attractors.
    message : str
    """

    x_name: str
    y_name: str
    x: tuple[float, float]
    y: tuple[float, float]
    curves: tuple[Curve, ...]
    cusps: tuple[Cusp, ...]
    regions: tuple[Region, ...]
    x_nodes: Array
    y_nodes: Array
    labels: NDArray[np.intp]
    status: int
    message: str

    shown = ("curves", "cusps", "regions", "status", "message")

    def as_dict(self) -> dict[str, Any]:
        """All but the labels as strict JSON has it; x and y also stand under their names."""
        axes = {"x": (self.x_name, *self.x), "y": (self.y_name, *self.y)}
        entry = {
            k: dict(zip(("name", "low", "high"), axis, strict=True)) for k, axis in axes.items()
        }
        for what, things in super().as_dict().items():
            if isinstance(things, list):
                things = [{self.x_name: at["x"], self.y_name: at["y"], **at} for at in things]
            entry[what] = things
        return entry


def phase_diagram(family: Any, x: Axis, y: Axis, progress: Progress | None = None) -> PhaseDiagram:
    """The fold, branch-point and Maxwell curves of a two-parameter family, and what lies between.

    Parameters
    ----------
    family : Template or callable
        Called with the two parameters by their names -> Game, as `equilibria` takes it.
    x, y : (name, low, high)
        What is varied.
    progress : callable, optional
        Told the fraction done and what is being done.

    Returns
    -------
    PhaseDiagram

    Raises
    ------
    InputError
        For other ranges or family, and where a member is not a valid game.

    Notes
    -----
    Curves that close within one cell of the lattice of 8 × 8 values are not seen.

    Examples
    --------
    >>> import gandyn
    >>> family = gandyn.template("N({m}, {s})")
    >>> found = gandyn.phase_diagram(family, ("m", 0.0, 1.0), ("s", 1.0, 2.0))
    >>> [region.name for region in found.regions]
    ['fitting only']
    """
    x_name, x_low, x_high = read_range("x", x, family)
    y_name, y_low, y_high = read_range("y", y, family)
    if x_name == y_name:
        raise InputError(f"y: got {y_name!r} twice, must be two different parameters")
    make, place = about_one_place(member_of(family, [x_name, y_name]), x_low, y_low)
    tell = progress or (lambda fraction, text: None)
    part = (np.arange(_NODES) + _OFFSET) / _NODES
    at = np.stack(np.meshgrid(part, part), axis=-1)
    low, high = np.array([x_low, y_low]), np.array([x_high, y_high])
    span = high - low
    for corner in np.ndindex(2, 2):
        make(*np.where(corner, high, low).tolist())
    found: dict[tuple[int, int], Equilibria] = {}
    for k, (j, i) in enumerate(np.ndindex(_NODES, _NODES)):
        tell(0.4 * k / _NODES**2, "rest points of a lattice")
        found[j, i] = planar(make(*(low + span * at[j, i])))
    base = Unfolding.over(make, low, high, [points.box for points in found.values()])
    tracer = Tracer(base)
    unexplained = 0
    # Pairs of neighbouring nodes.
    steps = [((j, i), (j + down, i + 1 - down)) for j, i in found for down in (0, 1)]
    segments = [segment for segment in steps if segment[1] in found]
    for k, (one, other) in enumerate(segments):
        tell(0.4 + 0.4 * k / len(segments), "curves")
        unexplained += not _explained(tracer, at[one], at[other], found[one], found[other])
    for k, (one, other) in enumerate(segments):
        tell(0.8 + 0.15 * k / len(segments), "Maxwell curves")
        for states in order_changes(base, at[one], at[other], found[one], found[other]):
            tracer.maxwell(*states)
    tell(0.95, "regions")
    nodes = (np.arange(_CELLS) + 0.5) / _CELLS
    known = {tuple(at[index]): points for index, points in found.items()}
    regions, labels, torn = _regions(tracer, nodes, known)
    curves = tracer.curves()
    open_ended = sum(not points.success for points in found.values())
    message = f"{len(curves)} curves, {len(tracer.cusps)} cusps, {len(regions)} regions"
    if open_ended:
        message += f"; at {open_ended} of {len(found)} nodes rest points may be missing"
    if unexplained:
        message += f"; {unexplained} changes between neighbouring nodes were not explained"
    if torn:
        message += f"; in {torn} regions the number of attractors is not the same everywhere"
    out = PhaseDiagram(
        x_name,
        y_name,
        (x_low, x_high),
        (y_low, y_high),
        curves,
        tuple(tracer.cusps),
        regions,
        low[0] + span[0] * nodes,
        low[1] + span[1] * nodes,
        labels,
        -1 if open_ended or unexplained or torn else 0,
        message,
    )
    return moved(out, place)


def _explained(
    tracer: Tracer, one: Array, other: Array, before: Equilibria, after: Equilibria
) -> bool:
    """Whether curves account for the change of the rest points; those that do are traced first."""
    change = abs(len(after) - len(before))
    if tracer.crossings(one, other, ("fold", "branch")) * 2 >= change:
        return True
    survey = Survey(tracer.base.line(one, other))
    survey.cover(0.0, before)
    survey.cover(1.0, after)
    for u in survey.folds:
        tracer.fold(np.concatenate([u[:2], one + u[2] * (other - one)]))
    for u, _, _ in survey.forks:
        tracer.branch(np.concatenate([u[:2], one + u[2] * (other - one)]))
    return tracer.crossings(one, other, ("fold", "branch")) * 2 >= change


def _regions(
    tracer: Tracer, nodes: Array, known: dict[tuple[float, ...], Equilibria]
) -> tuple[tuple[Region, ...], NDArray[np.intp], int]:
    """The regions, the label of each node, and how many regions contradict themselves."""
    base = tracer.base

    def equilibria_at(place: tuple[float, ...]) -> Equilibria:
        if place not in known:
            known[place] = planar(base.game(base.low + (base.high - base.low) * np.array(place)))
        return known[place]

    for _ in range(_ROUNDS):
        parts, count, on_wall = parted(tracer.walls(), nodes, nodes)
        sizes = np.bincount(parts[~on_wall], minlength=count)
        part, cells = witnesses(parts, on_wall, count)
        inside: dict[int, list[tuple[float, ...]]] = {}
        for k, (row, column) in zip(part, cells, strict=True):
            if sizes[k] >= _LEAST_CELLS:
                inside.setdefault(k, []).append((float(nodes[column]), float(nodes[row])))
        curves = len(tracer.walls())
        for places in inside.values():
            for place in places[1:]:
                pair = equilibria_at(places[0]), equilibria_at(place)
                if deepest_first(pair[0]) != deepest_first(pair[1]):
                    ends = np.array(places[0]), np.array(place)
                    for states in order_changes(base, *ends, *pair):
                        tracer.maxwell(*states)
        if len(tracer.walls()) == curves:
            break
    regions: list[Region] = []
    of_part = np.full(count, -1, dtype=np.intp)
    torn = 0
    for k in sorted(inside, key=lambda k: -sizes[k]):
        torn += len({len(equilibria_at(place).attractors) for place in inside[k]}) > 1
        place = inside[k][len(inside[k]) // 2]
        names = deepest_first(equilibria_at(place))
        x, y = base.low + (base.high - base.low) * np.array(place)
        of_part[k] = len(regions)
        share = float(sizes[k]) / parts.size
        regions.append(Region(_name(names), names, float(x), float(y), share))
    labels = of_part[parts]
    labels[on_wall] = -1
    return tuple(regions), labels, torn


_SHORT = (
    ("averages all modes", "averaging"),
    ("fits the only mode", "fitting"),
    ("collapsed onto mode ", "collapse onto "),
    ("covers modes ", "covering "),
)


def _short(name: str) -> str:
    for long, short in _SHORT:
        if name.startswith(long):
            return short + name[len(long) :].split(" of ")[0]
    return name


def _name(names: Sequence[str]) -> str:
    """The region's name from those of its attractors, the deepest first."""
    short = [_short(name) for name in names]
    if len(short) < 2:
        return f"{short[0]} only" if short else "no attractor"
    return f"{', '.join(sorted(short))}; {short[0]} deepest"
