"""Which objective locks a collapsed generator hardest, and from which separation on.

The generator is a z + b, z ~ N(0, 1), the data have two modes. A collapsed generator gets out over
the lowest saddle that it has to pass; how high that is depends on the objective, on the distance,
width and weight of the modes. The potentials of different objectives have different units, so
heights are also divided by f''(1), by which all objectives agree next to data that the generator
can fit, and turned into the noise that it takes to get over. Forward KL is left out: its one rest
point has the mean and deviation of the data, and so no barrier.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gandyn
from analysis._jumps import draw_moved, draw_steps, measure_moved, measure_steps
from analysis._options import Options, run, table
from analysis._walls import (
    COMMON,
    FARTHEST,
    OBJECTIVES,
    WAIT,
    against_separation,
    against_weight,
    against_width,
    separated,
    walls,
)
from gandyn import plots
from gandyn.plots import Curve
from gandyn.system.processes import crew, worker_count

Array = NDArray[np.float64]
Results = dict[str, Any]


def measure(objective: str, quick: bool) -> Results:
    """All that is found for one objective."""
    found = against_separation(objective, quick)
    found["width"] = against_width(objective, found, quick)
    found["weight"] = against_weight(objective, quick)
    found["steps"] = measure_steps(objective, found["fold"], quick)
    return found


def draw_separation(results: Mapping[str, Results], options: Options) -> None:
    """Heights out of both states, as they are and divided by f''(1)."""
    with plots.style():
        figure = plots.new_figure((6.8, 6.0))
        axes = figure.subplots(2, 2, sharex=True)
        for (row, column), ax in np.ndenumerate(axes):
            state = ("collapse", "averaging")[column]
            _draw_heights(
                ax,
                {
                    name: (
                        found["m"],
                        found[f"out_of_{state}"] / (found["curvature"] if row else 1.0),
                    )
                    for name, found in results.items()
                },
                xlabel="half the distance of the modes, m" if row else "",
                ylabel=("height", "height / f''(1)")[row] + f", out of {state}",
                xlim=(2.0, FARTHEST),
                ylim=((1e-4, 40.0), (4e-3, 1.0))[column],
                legend=not row,
            )
    hardest = max(results, key=lambda name: _at(results[name], FARTHEST, "out_of_collapse", True))
    first = min(results, key=lambda name: results[name]["fold"])
    last = max(results, key=lambda name: results[name]["fold"])
    options.save(
        figure,
        "barriers.png",
        f"potential of the pass above the state; there is a barrier from m = "
        f"{results[first]['fold']:.4f} ({OBJECTIVES[first]}) to {results[last]['fold']:.4f} "
        f"({OBJECTIVES[last]}) on, under forward KL none; over f''(1) the highest at m = 8 is "
        f"{_at(results[hardest], FARTHEST, 'out_of_collapse', True):.2f} ({OBJECTIVES[hardest]})",
    )


def draw_noise(results: Mapping[str, Results], options: Options) -> None:
    """The noise at which each state lasts for a given time."""
    with plots.style():
        figure = plots.new_figure((6.8, 3.8))
        for ax, state in zip(figure.subplots(1, 2), ("collapse", "averaging"), strict=True):
            _draw_heights(
                ax,
                {name: (found["m"], found[f"noise_of_{state}"]) for name, found in results.items()},
                xlabel="half the distance of the modes, m",
                ylabel=f"noise D / f''(1) that ends {state}",
                xlim=(2.0, FARTHEST),
                ylim=(1e-5, 10.0) if state == "collapse" else (5e-4, 0.2),
            )
    values = {name: _at(found, FARTHEST, "noise_of_collapse") for name, found in results.items()}
    options.save(
        figure,
        "noise.png",
        f"the noise of dθ = −∇U dt + √(2D) dW, over f''(1), at which a state lasts for {WAIT:,.0f} "
        "units of 1/f''(1) on average (Eyring and Kramers; left out where the height is less than "
        "5 D); out of collapse at m = 8: "
        + ", ".join(f"{values[name]:.3g} {label}" for name, label in OBJECTIVES.items()),
    )


def draw_trees(options: Options) -> Results:
    """The trees at m = 3 of the two losses of the original paper; `barriers` against `walls`."""
    names = ("nonsaturating", "saturating")
    games = {name: separated(name)(m=3.0) for name in names}
    found = {name: gandyn.barriers(game) for name, game in games.items()}
    with plots.style():
        figure = plots.new_figure((7.0, 4.0))
        for ax, name in zip(figure.subplots(1, 2), names, strict=True):
            plots.draw_barrier_tree(ax, found[name])
            ax.get_legend().remove()
            ax.set_title(f"{OBJECTIVES[name]}, modes N(±3, 1)")
    out, off = {}, 0.0
    for name in names:
        barrier, wall = found[name].barriers[0], walls(games[name])
        out[name] = (barrier.height_from, barrier.height_to)
        ours = (wall.out_of_collapse[0], wall.out_of_averaging[0])
        off = max(off, *(abs(x / y - 1.0) for x, y in zip(ours, out[name], strict=True)))
    options.save(
        figure,
        "trees.png",
        "the states at their potentials, joined at the passes; out of collapse and out of "
        "averaging: "
        + "; ".join(
            f"{OBJECTIVES[name]} {up:.8f} and {down:.8f}" for name, (up, down) in out.items()
        ),
    )
    return {"heights": out, "off": off}


def draw_width_and_weight(results: Mapping[str, Results], options: Options) -> None:
    """Heights over f''(1) against width and weight."""
    with plots.style():
        figure = plots.new_figure((6.8, 6.4))
        axes = figure.subplots(2, 2)
        for (row, column), ax in np.ndenumerate(axes):
            part, by = (("width", "s"), ("weight", "w"))[row]
            state = ("collapse", "averaging")[column]
            _draw_heights(
                ax,
                {
                    name: _over(found[part], by, f"out_of_{state}", found["curvature"])
                    for name, found in results.items()
                },
                xlabel=(
                    "width s of the modes N(±3, s)",
                    f"weight of the mode {('collapsed onto', 'behind the pass')[column]}",
                )[row],
                ylabel=f"height / f''(1), out of {state}",
                xlim=((0.3, 1.5), (0.0, 1.0))[row],
                ylim=((1e-4, 40.0), (3e-3, 1.0))[column],
                legend=not row,
            )
    least = {name: found["weight"]["least"] for name, found in results.items()}
    none = [OBJECTIVES[name] for name, value in least.items() if math.isnan(value)]
    options.save(
        figure,
        "width_and_weight.png",
        "over width the height is that of modes N(±3/s, 1) (within "
        f"{max(found['width']['off_scaling'] for found in results.values()):.0e}); "
        "of modes N(±3, 1) one holds a collapsed generator from the weight "
        + ", ".join(
            f"{value:.4g} ({OBJECTIVES[name]})" for name, value in least.items() if value == value
        )
        + f" of the data on ({', '.join(none) or 'no objective'}: none); where a curve breaks or "
        "ends on the right, averaging or the other mode's state is gone",
    )


def _over(part: Results, by: str, what: str, unit: float) -> tuple[Array, Array]:
    """Heights over a unit, broken where the pass out of the major mode vanishes with averaging.

    From there on the lowest pass leads to the other mode and is higher.
    """
    x, y = part[by], part[what] / unit
    if by == "w":
        averaging = np.isfinite(part["out_of_averaging"])
        broken = 1 + np.flatnonzero((x[1:] > 0.5) & averaging[:-1] & ~averaging[1:])
        x, y = np.insert(x, broken, x[broken]), np.insert(y, broken, np.nan)
    return x, y


def _draw_heights(
    ax: Any,
    curves: Mapping[str, tuple[Array, Array]],
    *,
    xlabel: str,
    ylabel: str,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    legend: bool = True,
) -> None:
    plots.draw_lines(
        ax,
        [
            Curve(x, y, OBJECTIVES[name], plots.objective_cue(name))
            for name, (x, y) in curves.items()
        ],
        xlabel=xlabel,
        ylabel=ylabel,
        yscale="log",
        ylim=ylim,
        columns=2,
    )
    ax.set_xlim(*xlim)
    if not legend:
        ax.get_legend().remove()


def _at(found: Results, m: float, what: str, scaled: bool = False) -> float:
    """A value at one of the common m; nan where there is no barrier."""
    index = np.flatnonzero(found["m"] == m)
    value = float(found[what][index[0]]) if index.size else math.nan
    return value / found["curvature"] if scaled else value


def tables(results: Mapping[str, Results]) -> str:
    """Where barriers appear, and how high they are at some separations."""

    def number(value: float) -> str:
        return f"{value:.4g}" if math.isfinite(value) else "none"

    first = table(
        ["objective", "f''(1)", "barrier from m", "a there", "b there", "collapse deeper from m",
         "least weight at m = 3"],
        [
            [
                OBJECTIVES[name],
                f"{found['curvature']:g}",
                f"{found['fold']:.5f}",
                f"{found['fold_state'][0]:.3f}",
                f"{found['fold_state'][1]:.3f}",
                f"{found['even']:.5f}",
                number(found["weight"]["least"]),
            ]
            for name, found in results.items()
        ],
    )  # fmt: skip
    kinds = (
        ("height, out of collapse", "out_of_collapse", False),
        ("height / f''(1), out of collapse", "out_of_collapse", True),
        ("noise / f''(1), out of collapse", "noise_of_collapse", False),
        ("height, out of averaging", "out_of_averaging", False),
        ("height / f''(1), out of averaging", "out_of_averaging", True),
    )
    parts = [
        table(
            [heading, *(f"m = {m:g}" for m in COMMON)],
            [
                [OBJECTIVES[name], *(number(_at(found, m, what, scaled)) for m in COMMON)]
                for name, found in results.items()
            ],
        )
        for heading, what, scaled in kinds
    ]
    return "\n\n".join([first, *parts])


def answer(results: Mapping[str, Results]) -> str:
    """In words: who locks hardest, and who first."""
    order = sorted(results, key=lambda name: results[name]["fold"])
    winners = []
    for what, scaled in (
        ("out_of_collapse", True),
        ("noise_of_collapse", False),
        ("out_of_collapse", False),
    ):
        names = []
        for m in COMMON:
            here = {name: _at(found, m, what, scaled) for name, found in results.items()}
            known = [name for name, value in here.items() if math.isfinite(value)]
            names.append(OBJECTIVES[max(known, key=lambda name: here[name])])
        winners.append(names[0] if len(set(names)) == 1 else ", ".join(names))
    return (
        f"the hardest lock at m = {', '.join(f'{m:g}' for m in COMMON)}: by height over f''(1) "
        f"{winners[0]}; by noise over f''(1) {winners[1]}; by the height alone, in units that "
        f"differ, {winners[2]}\nlocks appear in the order "
        + ", ".join(f"{OBJECTIVES[name]} (m = {results[name]['fold']:.4f})" for name in order)
        + "; forward KL never locks"
    )


def study(options: Options) -> int:
    """Tables, figures and the measured numbers as JSON."""
    with crew(worker_count(None), measure) as submit:
        running = {name: submit(measure, name, options.quick) for name in OBJECTIVES}
        moving = submit(measure_moved, options.quick)
        results = {name: task.result() for name, task in running.items()}
        moved = moving.result()
    forward = [
        len(gandyn.equilibria(separated("forward_kl")(m=m)).attractors) for m in (3.0, FARTHEST)
    ]
    print(f"{tables(results)}\n")
    draw_separation(results, options)
    draw_noise(results, options)
    trees = draw_trees(options)
    draw_width_and_weight(results, options)
    moved["wall_from_start"] = draw_moved(moved, options)
    draw_steps({name: found["steps"] for name, found in results.items()}, options)
    print(f"\n{answer(results)}")
    options.save_numbers(
        {
            "objectives": results,
            "attractors_of_forward_kl": forward,
            "trees": trees,
            "moved_mode": moved,
        }
    )
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.collapse_barriers``."""
    description = (
        "Find the barriers out of mode collapse and out of averaging: from which distance of two "
        "modes on each objective has one, how high it is, how much noise crosses it, and which "
        "finite step jumps it."
    )
    return run(study, "analysis.collapse_barriers", description, arguments)


if __name__ == "__main__":
    sys.exit(main())
