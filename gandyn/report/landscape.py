"""Section: where training ends and from which starts, and the passes between the ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from gandyn import plots
from gandyn.errors import InputError
from gandyn.landscape.basin_map import Basins
from gandyn.landscape.census import Equilibria, equilibria
from gandyn.landscape.manifolds import Manifold, Separatrices
from gandyn.landscape.mountain_passes import Barriers, barriers
from gandyn.plots.marks import number_attractors
from gandyn.report.blocks import Block, Picture, Section, Table, Text
from gandyn.report.collect import Results
from gandyn.report.numbers import place, short, with_error
from gandyn.system.results import plain
from gandyn.system.text import beside
from gandyn.views.passes import direct_barriers, finite_heights, tree_and_paths
from gandyn.views.plane import map_basins, portrait, window

_MANY = 10
"""Barriers, above which the table has only those between neighbours."""
_CELLS = 3
"""Of the map of basins, for each node of the portrait."""


def section(results: Results, folder: Path) -> Section:
    """The portrait with the basins, the rest points, the tree of barriers and its paths."""
    game, title = results.game, "Where training ends, and from where"
    try:
        found = equilibria(game)
    except InputError as error:
        return Section("landscape", title, [Text(f"There is no landscape here: {error}.")])
    path = results.course.theta
    flows = [path] if path[0, 0] > 0 else []
    box = window(found, *flows)
    cells = map_basins(found, box, _CELLS * results.settings.nodes)
    passes, reason = None, _why_none(found)
    if not reason:
        try:
            passes = barriers(found)
        except InputError as error:
            reason = f"There are no barriers here: {error}."
    walls = _walls(cells, found, passes)
    figure = portrait(box, walls, cells, flows=flows, nodes=results.settings.nodes)
    plots.save_figure(figure, folder / "portrait.png")
    blocks: list[Block] = [
        Text(_words(found)),
        Picture("portrait.png", _alt(found, box), _caption(cells, bool(flows), bool(passes))),
        _rest_points(found, cells),
    ]
    numbers = found.as_dict() | {"basins": cells.as_dict(), "separatrices": plain(cells.walls)}
    if passes is None:
        blocks.append(Text(reason))
        numbers |= {"barriers": [], "tree": [], "no_barriers": reason}
    else:
        plots.save_figure(tree_and_paths(passes), folder / "barriers.png")
        blocks += [_tree(passes), _table(passes)]
        entries = passes.as_dict()
        numbers |= {key: entries[key] for key in ("barriers", "tree")}
    return Section("landscape", title, blocks, numbers)


def _why_none(found: Equilibria) -> str:
    """Why there are no barriers; "" if there are."""
    if not found.attractors:
        return "Without an attractor there are no barriers."
    if len(found.attractors) == 1:
        return "With a single attractor there are no barriers: every flow can end there."
    if not finite_heights(found):
        return "The potential is infinite where the flow rests: barriers have no height."
    return ""


def _walls(cells: Basins, found: Equilibria, passes: Barriers | None) -> Separatrices:
    """The separatrices: stable manifolds of the map, and of the unstable ones the ways down."""
    downs = tuple(
        Manifold(barrier.saddle, False, barrier.path, barrier.end, 0.0)
        for barrier in (direct_barriers(passes) if passes else ())
    )
    return Separatrices((*cells.walls, *downs), found, cells.status, cells.message)


def _words(found: Equilibria) -> Markup:
    counts = [
        (len(found.attractors), "attractor"),
        (len(found.saddles), "saddle"),
        (len(found.repellers), "repeller"),
    ]
    listed = " and ".join(f"{n} {kind}{'' if n == 1 else 's'}" for n, kind in counts if n)
    proof = (
        "The winding number of the force around the box says that none is missing."
        if found.complete
        else f"Some may be missing: {found.message}."
    )
    a_low, a_high = map(short, found.box[:2])
    b_low, b_high = (place(b, found.box[3] - found.box[2]) for b in found.box[2:])
    words = "Between a = {} and {}, b = {} and {}, the flow rests at {}. {}"
    return Markup(words).format(a_low, a_high, b_low, b_high, listed or "no point", proof)


def _alt(found: Equilibria, box: Sequence[float]) -> str:
    width = box[3] - box[2]
    names = "; ".join(
        f"{point.name} at a = {point.a:.3g}, b = {beside(point.b, abs(point.a), 3)}"
        for point in found
    )
    return (
        f"Phase portrait for a from {box[0]:.3g} to {box[1]:.3g} and b from "
        f"{beside(box[2], width, 3)} to {beside(box[3], width, 3)}. Rest points: {names or 'none'}."
    )


def _caption(cells: Basins, flow: bool, ways: bool) -> Markup:
    words = Markup(
        "Every start in a coloured region ends at the attractor of that number. The thick lines "
        "part the regions and lead into the saddles"
    )
    words += "; the thin ones are the ways down from these" if ways else ""
    words += "; vermillion, the flow of this report" if flow else ""
    words += ". Where the nullclines cross, neither a nor b changes."
    if cells.unknown > 0:
        words += (
            " From where it is hatched the flow comes to no attractor that is known; its a may go "
            "to 0, for one."
        )
    return words


def _rest_points(found: Equilibria, cells: Basins) -> Table:
    numbers = number_attractors(found)
    rows = []
    for index, point in enumerate(found):
        mark = f"{numbers[index]} " if index in numbers else ""
        basin = Markup("")
        if index in numbers:
            basin = short(100 * cells.fractions[index], 3) + Markup("&nbsp;%")
        rates = Markup(", ").join(_rate(rate) for rate in plain(point.eigenvalues))
        a, b = (with_error(value, point.error) for value in point.theta)
        rows.append(
            [f"{mark}{point.name}", point.kind, a, b, short(point.potential, 7), rates, basin]
        )
    heads = ["rest point", "kind", "a", "b", "potential", "rates", "basin"]
    caption = Markup(
        "Every rest point. The rates are the eigenvalues of the Jacobian: those below 0 are the "
        "speeds at which the flow comes closer. The basin is a part of the picture's area."
    )
    return Table(caption, heads, rows, stacks=True, whole=True)


def _rate(rate: Any) -> Markup:
    if isinstance(rate, list):
        return short(rate[0], 4) + (" + " if rate[1] > 0 else " − ") + short(abs(rate[1]), 4) + "i"
    return short(rate, 4)


def _tree(passes: Barriers) -> Picture:
    found, numbers = passes.equilibria, number_attractors(passes.equilibria)
    climbs = "; ".join(
        f"from {numbers[barrier.start]} to {numbers[barrier.end]} {barrier.height_from:.3g}, back "
        f"{barrier.height_to:.3g}"
        for barrier in direct_barriers(passes)
    )
    return Picture(
        "barriers.png",
        f"Tree of {len(found.attractors)} attractors, and the potential on the ways between "
        f"neighbours. Climbs: {climbs}.",
        Markup(
            "Above, the tree: attractors at their potential, joined at that of the lowest pass "
            "between them. Below, the potential on the ways between neighbours."
        ),
    )


def _table(passes: Barriers) -> Table:
    found, numbers = passes.equilibria, number_attractors(passes.equilibria)
    all_shown = len(passes.barriers) <= _MANY
    rows = []
    for barrier in passes.barriers if all_shown else direct_barriers(passes):
        top = found[barrier.saddle]
        rows.append(
            [
                f"{numbers[barrier.start]} to {numbers[barrier.end]}",
                Markup("({}, {})").format(short(top.a), place(_rounded(top.b, top.error), top.a)),
                with_error(barrier.height_from, barrier.error),
                short(barrier.prefactor_from),
                with_error(barrier.height_to, barrier.error),
                short(barrier.prefactor_to),
            ]
        )
    heads = ["way", "pass (a, b)", "climb", "prefactor", "climb back", "prefactor back"]
    which = Markup("") if all_shown else Markup("Only ways between neighbours; the others are in "
                                               "<code>results.json</code>. ")  # fmt: skip
    caption = which + Markup(
        "With noise, dθ = −∇U dt + √(2D) dW, a state in a basin leaves it over the pass at the "
        "rate prefactor × exp(−climb/D), for small D."
    )
    return Table(caption, heads, rows, stacks=True, whole=True)


def _rounded(value: float, error: float) -> float:
    return 0.0 if abs(value) <= error else value
