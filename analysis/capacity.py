"""Does the wall around a collapsed generator go down as the generator grows?

The data are ½N(−m, 1) + ½N(m, 1), the loss is the non-saturating one, the generators are the
polynomials G = Σ θ_k He_k(z)/√k! of degree 1, 3, 5 and 7, each of which contains those before. For
each degree and m the rest points are looked for from many starts, and from those at the m before:
the collapsed state, the one that averages, and the lowest pass found, whose height over a state is
its wall. Followed down in m, the collapsed state is lost at a fold, which is bracketed.

Rest points are those of the pathwise force, which is infinite wherever G folds. A rest point of a
smaller generator that is pushed to where G folds, its leading coefficient through 0, leads to none
of the larger one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import gandyn
from analysis._options import Options, run, table
from gandyn import plots
from gandyn.plots import Curve

Array = NDArray[np.float64]
Found = dict[str, "Rest"]

DEGREES = (1, 3, 5, 7)
_MIDDLE = 1e-5
"""|θ_0| below which a state is in the middle between the modes."""
_STRIDE, _LEAST = 0.1, 1.0
"""Steps in m down from 3, and where they end."""


class Rest(NamedTuple):
    """A rest point: its place, potential with error, force that is left, and rates of return."""

    theta: Array
    potential: float
    error: float
    force: float
    rates: Array


def separated(m: float, degree: int) -> gandyn.Game:
    """The game on ½N(−m, 1) + ½N(m, 1) of polynomials of a degree."""
    data = gandyn.Mixture([0.5, 0.5], [gandyn.Normal(-m, 1), gandyn.Normal(m, 1)])
    return gandyn.Game(data, gandyn.HermiteGenerator(degree))


def measure(m: float, degree: int, near: Sequence[Array] = ()) -> Found:
    """The collapsed and the averaging state and the lowest pass, of those that are found."""
    game = separated(m, degree)
    points = list(gandyn.equilibria(game))
    if near and degree > 1:
        points += gandyn.equilibria(game, starts=near)
    out = {}
    for name, kept in (
        ("collapsed", [p for p in points if is_collapsed(p)]),
        ("averaging", [p for p in points if is_averaging(p, degree)]),
        ("pass", [p for p in points if (p.eigenvalues.real > 0).sum() == 1]),
    ):
        if kept:
            point = min(kept, key=lambda p: p.potential)
            # a plane's (a, b) are θ_1 and θ_0
            theta = point.theta[::-1] if degree == 1 else point.theta
            error = float(game.evaluate(theta, values=["potential"]).errors["potential"])
            rates = -point.eigenvalues.real[::-1]
            out[name] = Rest(point.theta, point.potential, error, point.residual, rates)
    return out


def is_collapsed(point: gandyn.Equilibrium) -> bool:
    """Whether it is an attractor on the right mode alone."""
    return point.kind == "attractor" and point.name == "collapsed onto mode 2 of 2"


def is_averaging(point: gandyn.Equilibrium, degree: int) -> bool:
    """Whether it is an attractor in the middle; (a, b) are a plane's parameters."""
    place = point.theta[1 if degree == 1 else 0]
    return point.kind == "attractor" and bool(abs(place) <= _MIDDLE)


def first(degree: int, start: Array, tolerance: float) -> tuple[float, float]:
    """An m without the collapsed state and one with it, no farther apart than the tolerance."""
    low, high, theta = 0.0, 3.0, start
    while high - low > tolerance:
        m = max(high - _STRIDE, 0.5 * (low + high))
        game = separated(m, degree)
        found = gandyn.equilibria(game, starts=None if degree == 1 else [theta])
        kept = [point for point in found if is_collapsed(point)]
        if kept:
            high, theta = m, kept[0].theta
        else:
            low = m
        if high < _LEAST:
            break
    return low, high


def wall(found: Found, state: str) -> tuple[float, float]:
    """Height of the pass over a state and its error; nan where either is missing."""
    if "pass" not in found or state not in found:
        return np.nan, np.nan
    top, rest = found["pass"], found[state]
    return top.potential - rest.potential, top.error + rest.error


def push(m: float, degree: int) -> dict[str, list[float]]:
    """Force on the rest points of a z + b among the polynomials of a degree."""
    out = {}
    for name, rest in measure(m, 1).items():
        theta = np.zeros(degree + 1)
        theta[:2] = abs(rest.theta[1]), rest.theta[0]
        out[name] = np.asarray(separated(m, degree).force(theta)).tolist()
    return out


def draw(results: dict[int, dict[float, Found]], options: Options) -> None:
    """Heights of the pass over both states, against the separation."""
    known = [d for d, along in results.items() if any("pass" in at for at in along.values())]
    with plots.style():
        figure = plots.new_figure((6.8, 3.6))
        for ax, state in zip(figure.subplots(1, 2), ("collapsed", "averaging"), strict=True):
            curves, looks = [], ("-", "--", ":", "-.")[: len(known)]
            for colour, look, degree in zip(plots.ramp(len(known)), looks, known, strict=True):
                m = np.array(list(results[degree]))
                height = np.array([wall(found, state)[0] for found in results[degree].values()])
                curves.append(Curve(m, height, f"degree {degree}", plots.Cue(colour, look)))
            plots.draw_lines(
                ax,
                curves,
                xlabel="half the distance of the modes, m",
                ylabel=f"height of the pass over the {state} state",
                yscale="log",
            )
    options.save(
        figure,
        "capacity.png",
        "potential of the lowest pass found above the collapsed and the averaging state; degrees "
        "of which no pass was found at any m are left out",
    )


def sentences(
    results: dict[int, dict[float, Found]], firsts: dict[int, tuple[float, float]]
) -> str:
    """The answer in words, of what was found."""
    at = {degree: along[3.0] for degree, along in results.items()}
    depth = ", ".join(
        f"{found['collapsed'].potential:.7f} (degree {degree})"
        for degree, found in at.items()
        if "collapsed" in found
    )
    walls = ", ".join(
        f"{wall(found, 'collapsed')[0]:.6f} (degree {degree})"
        for degree, found in at.items()
        if "pass" in found and "collapsed" in found
    )
    without = [str(degree) for degree, found in at.items() if "pass" not in found]
    begins = ", ".join(
        f"{low:.3f} and {high:.3f} (degree {degree})" for degree, (low, high) in firsts.items()
    )
    text = (
        f"at m = 3 a larger generator still collapses, at the potential {depth}; "
        f"the lowest pass out is higher by {walls}"
    )
    if without:
        text += (
            f"; no pass was found at degree {', '.join(without)}, where the averaging state of "
            "a z + b, too, is pushed to where G folds"
        )
    return f"{text}. Followed down from m = 3 the collapsed state is lost between m = {begins}"


def study(options: Options) -> int:
    """The table, the picture, the answer and every number as JSON."""
    separations = (3.0,) if options.quick else (3.0, 3.25, 3.5, 4.0, 2.75, 2.5)
    results: dict[int, dict[float, Found]] = {}
    for degree in DEGREES:
        along: dict[float, Found] = {}
        for m in separations:
            nearest = min(along, key=lambda other: abs(other - m), default=m)
            near = [rest.theta for rest in along.get(nearest, {}).values()]
            along[m] = measure(m, degree, near)
        results[degree] = dict(sorted(along.items()))
    pushes = {degree: push(3.0, degree) for degree in DEGREES[1:]}
    firsts = {
        degree: first(degree, along[3.0]["collapsed"].theta, 0.1 if options.quick else 1e-3)
        for degree, along in results.items()
        if "collapsed" in along[3.0]
    }
    rows = []
    for degree, along in results.items():
        for state in ("collapsed", "averaging"):
            rest = along[3.0].get(state)
            height, error = wall(along[3.0], state)
            rows.append(
                [
                    str(degree),
                    state,
                    f"{pushes[degree][state][-1]:+.5f}" if degree > 1 else "",
                    "none found" if rest is None else f"{rest.potential:.7f}",
                    "" if rest is None else f"{rest.rates[0]:.4f}",
                    "" if rest is None else f"{rest.force:.0e}",
                    "" if np.isnan(height) else f"{height:.7f} ± {error:.0e}",
                ]
            )
    heading = ["degree", "state", "push on θ_degree", "potential", "slowest rate", "force left",
               "wall"]  # fmt: skip
    print(f"m = 3\n{table(heading, rows)}\n")
    draw(results, options)
    print(f"\n{sentences(results, firsts)}")
    degrees = {
        degree: {
            f"{m:g}": {name: rest._asdict() for name, rest in found.items()}
            for m, found in along.items()
        }
        for degree, along in results.items()
    }
    options.save_numbers({"pushes": pushes, "first": firsts, "degrees": degrees})
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.capacity``."""
    description = (
        "Look for the collapsed state of polynomial generators of growing degree: where it rests, "
        "how high the wall around it is, and at which separation of the modes it first exists."
    )
    return run(study, "analysis.capacity", description, arguments)


if __name__ == "__main__":
    sys.exit(main())
