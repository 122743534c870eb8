"""Where training ends: averaging, collapse or both, over how two modes are apart, weigh and spread.

Four objectives in two planes, as exact curves: folds, at which a state appears, and Maxwell curves,
on which two states are equally deep. The modes are at −m and m. Over m and a width s that both have
in common there would be nothing but rays: x → x/s makes N(±m, s) into N(±m/s, 1) and (a, b) into
(a/s, b/s), of which an f-divergence sees nothing. So the second plane varies the width of one mode.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

import gandyn
from analysis._options import Options, run
from gandyn import plots
from gandyn.system.processes import crew, worker_count

Axis = tuple[str, float, float]

OBJECTIVES = {
    "nonsaturating": "non-saturating",
    "reverse_kl": "reverse KL",
    "saturating": "saturating",
    "hellinger": "Hellinger",
}
SYMMETRIC = "0.5*N(-{m}, 1) + 0.5*N({m}, 1)"
APART = "half the distance of the modes, m"


@dataclass(frozen=True)
class Plane:
    """A family of data with two parameters, and where it is looked at."""

    name: str
    text: str
    x: Axis
    y: Axis
    label: str
    note: str = ""


WEIGHT = Plane(
    "separation_weight",
    "{w}*N(-{m}, 1) + (1 - {w})*N({m}, 1)",
    ("m", 0.5, 6.0),
    ("w", 0.05, 0.95),
    "weight of the left mode, w",
)
WIDTH = Plane(
    "separation_width",
    "0.5*N(-{m}, 1) + 0.5*N({m}, {s})",
    ("m", 0.5, 6.0),
    ("s", 0.3, 2.0),
    "std of the right mode, s (left: 1)",
    "; were both modes s wide, only m/s would count, as x → x/s leaves the game what it is",
)
QUICK = replace(WEIGHT, x=("m", 1.5, 3.0), y=("w", 0.25, 0.48))

# A region's states by letters, and the name that the legend gives to the deepest of them.
STATES = {
    "averages all modes": ("A", "averages all modes"),
    "fits the only mode": ("A", "averages all modes"),
    "collapsed onto mode 1 of 2": ("L", "collapsed onto mode 1 of 2"),
    "collapsed onto mode 2 of 2": ("R", "collapsed onto mode 2 of 2"),
}
SINGLE = ("one state", "the only state")
LEGEND = {
    "deepest: the only state": "one state, averaging or collapse",
    "deepest: averages all modes": "A, averaging, is deepest",
    "deepest: collapsed onto mode 1 of 2": "L, collapse onto the left mode, is deepest",
    "deepest: collapsed onto mode 2 of 2": "R, collapse onto the right mode, is deepest",
}


def lettered(diagram: Any) -> Any:
    """The diagram with letters for names, so that panels can share a legend."""
    return replace(diagram, regions=tuple(map(_lettered, diagram.regions)))


def _lettered(region: Any) -> Any:
    if len(region.attractors) == 1:  # which turns from averaging to collapse without a break
        name, deepest = SINGLE
    else:
        states = [STATES.get(name, ("?", name)) for name in region.attractors]
        letters = {letter for letter, _ in states}
        if len(states) == 3:  # a broad state far from even is called a collapse too
            letters.add("A")
        name, deepest = " ".join(sorted(letters)), states[0][1]
    return replace(region, name=name, attractors=(deepest,))


def draw_plane(
    plane: Plane, diagrams: Mapping[str, Any], branches: Mapping[str, Any], options: Options
) -> None:
    """A panel for each objective; one legend, and one colour for each state that is deepest."""
    across = min(2, len(diagrams))
    down = -(-len(diagrams) // across)
    with plots.style():
        figure = plots.new_figure((0.4 + 4.6 * across, 3.7 * down + 2.2 / across))
        axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
        for ax, (name, diagram) in zip(axes.flat, diagrams.items(), strict=True):
            plots.draw_diagram(ax, lettered(diagram))
            ax.set_title(OBJECTIVES[name], pad=6)
            ax.set_xlabel(APART if ax in axes[-1] else "")
            ax.set_ylabel(plane.label if ax in axes[:, 0] else "")
        common_legend(figure, axes.flat, columns=across)
    cusps = {
        name: " ".join(f"({c.x:.3f}, {c.y:.3f})" for c in sorted(d.cusps, key=lambda c: c.y))
        for name, d in diagrams.items()
    }
    options.save(
        figure,
        f"{plane.name}.png",
        f"cusps at ({plane.x[0]}, {plane.y[0]}) = {listed(cusps)}; {symmetric(branches)}"
        f"{plane.note}",
    )


def draw_symmetric(branches: Mapping[str, Any], options: Options) -> None:
    """The bifurcation diagrams of two equal modes side by side: place above, scale below."""
    with plots.style():
        figure = plots.new_figure((0.4 + 2.8 * len(branches), 5.0))
        axes = figure.subplots(2, len(branches), sharex=True, sharey="row", squeeze=False)
        for column, (name, found) in zip(axes.T, branches.items(), strict=True):
            plots.draw_branches(column[0], found, "b")
            # The scales of mirror images are the same: dashes over dashes would look solid.
            half = tuple(branch for branch in found.branches if branch.theta[-1, 1] > -1e-6)
            plots.draw_branches(column[1], replace(found, branches=half), "a")
            column[0].set_title(OBJECTIVES[name])
            column[0].set_xlabel("")
        for ax in axes[:, 1:].flat:
            ax.set_ylabel("")
        common_legend(figure, axes.flat, columns=min(4, 2 * len(branches)))
    options.save(figure, "symmetric_branches.png", symmetric(branches))


def common_legend(figure: Figure, axes: Iterable[Axes], columns: int) -> None:
    """One legend above all panels in place of theirs."""
    handles: dict[str, Any] = {}
    for ax in axes:
        own = ax.get_legend()
        if own is not None:
            for handle, text in zip(own.legend_handles, own.get_texts(), strict=True):
                handles.setdefault(text.get_text(), handle)
            own.remove()
    order = [label for label in LEGEND if label in handles]
    order += [label for label in handles if label not in LEGEND]
    figure.legend(
        [handles[label] for label in order],
        [LEGEND.get(label, label) for label in order],
        loc="outside upper center",
        ncols=columns,
    )


def symmetric(branches: Mapping[str, Any]) -> str:
    """Where collapse appears for two equal modes, and from where on it is deeper."""
    folds, maxwell = (
        listed({name: places(getattr(found, kind)) for name, found in branches.items()})
        for kind in ("folds", "maxwell")
    )
    return (
        f"for two equal modes collapse appears at m = {folds} and is as deep as averaging at "
        f"m = {maxwell}"
    )


def places(points: Sequence[Any]) -> str:
    """The parameters of some points, mirror images once."""
    return "/".join(sorted({f"{point.parameter:.4f}" for point in points}))


def listed(values: Mapping[str, str]) -> str:
    """A value for each objective, in words."""
    return ", ".join(f"{value or 'none'} ({OBJECTIVES[name]})" for name, value in values.items())


def compute(planes: Sequence[Plane], quick: bool) -> dict[str, dict[str, Any]]:
    """The diagrams of each plane, and the branches, by objective; on all cores."""
    some = list(OBJECTIVES)[:1] if quick else list(OBJECTIVES)
    tasks: dict[tuple[str, str], tuple[Any, ...]] = {
        (plane.name, name): (
            gandyn.phase_diagram,
            gandyn.template(plane.text, name),
            plane.x,
            plane.y,
        )
        for plane in planes
        for name in some
    }
    for name in list(OBJECTIVES)[:2] if quick else OBJECTIVES:
        tasks["branches", name] = (gandyn.branches, gandyn.template(SYMMETRIC, name), (0.5, 6.0))
    found: dict[str, dict[str, Any]] = {}
    with crew(worker_count(None), tuple(tasks.values())) as submit:
        running = {key: submit(*task) for key, task in tasks.items()}
        for (what, name), future in running.items():
            result = future.result()
            found.setdefault(what, {})[name] = result
            print(f"{what}, {OBJECTIVES[name]}: {result.message}", flush=True)
    return found


def numbers(diagram: Any) -> dict[str, Any]:
    """What a diagram says, for the file."""
    return {
        "status": diagram.status,
        "cusps": [{"x": cusp.x, "y": cusp.y, "theta": list(cusp.theta)} for cusp in diagram.cusps],
        "regions": [
            {"attractors": region.attractors, "x": region.x, "y": region.y, "share": region.share}
            for region in diagram.regions
        ],
    }


def study(options: Options) -> int:
    """Every figure and the numbers; 1 where a diagram may be incomplete."""
    planes = (QUICK,) if options.quick else (WIDTH, WEIGHT)
    found = compute(planes, options.quick)
    branches = found["branches"]
    for plane in planes:
        draw_plane(plane, found[plane.name], branches, options)
    draw_symmetric(branches, options)
    written = {
        plane.name: {name: numbers(d) for name, d in found[plane.name].items()} for plane in planes
    }
    written["branches"] = {
        name: {
            "status": each.status,
            "folds": [{"m": fold.parameter, "theta": list(fold.theta)} for fold in each.folds],
            "maxwell": [{"m": m.parameter, "theta": m.theta.tolist()} for m in each.maxwell],
        }
        for name, each in branches.items()
    }
    options.save_numbers(written, "phase_diagrams.json")
    return int(any(result.status for results in found.values() for result in results.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.phase_diagrams``."""
    return run(
        study,
        "analysis.phase_diagrams",
        "Draw where training ends over the separation, weight and width of two modes, for four "
        "objectives, and the branches of rest points for two equal modes.",
        arguments,
    )


if __name__ == "__main__":
    sys.exit(main())
