"""Does the wall around a collapsed generator go down as the generator grows?

The data are ½N(−m, 1) + ½N(m, 1), the loss is the non-saturating one, the generators are the
polynomials G = Σ θ_k He_k(z)/√k! of degree 1, 3, 5 and 7, each of which contains those before. A
larger one has other rest points: the collapsed state of a z + b is put into it and followed to
where it comes to rest, the averaging state too, and between the two the pass is climbed to. Rest
points are those of the pathwise force, which is infinite wherever G folds: where the flow drives
the leading coefficient through 0, a fold comes in from infinity and there is no flow beyond.
"""

from __future__ import annotations

import json
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

DEGREES = (1, 3, 5, 7)
_SEEDS = {1: (), 3: ((3, 0.01),), 5: ((5, 2e-3),), 7: ((5, 2e-3), (7, 3e-4))}
"""Coefficients that move a z + b off the edge of the monotone polynomials."""
_LONGEST = 0.05


class Rest(NamedTuple):
    """Where a state went: its place, potential, force that is left, and eigenvalues of −J."""

    theta: Array
    potential: float
    force: float
    rates: Array
    settled: bool


def separated(m: float, degree: int) -> gandyn.Game:
    """The game on ½N(−m, 1) + ½N(m, 1) of polynomials of a degree."""
    data = gandyn.Mixture([0.5, 0.5], [gandyn.Normal(-m, 1), gandyn.Normal(m, 1)])
    return gandyn.Game(data, gandyn.HermiteGenerator(degree))


def embedded(place: float, scale: float, degree: int, seeded: bool = True) -> Array:
    """A z + b among the polynomials of a degree; `seeded` puts it a little inside the monotone."""
    theta = np.zeros(degree + 1)
    theta[:2] = place, scale
    for k, value in _SEEDS[degree] if seeded else ():
        theta[k] = value
    return theta


def settle(game: gandyn.Game, start: Array, climb: bool = False) -> Rest:
    """Follow the force by implicit steps that grow into Newton's; climb to a pass if asked.

    No step leaves the monotone polynomials.
    """
    y, time, settled = start, 0.05, False
    force, jacobian = game.force(y), game.jacobian(y)
    for _ in range(400):
        rates, modes = np.linalg.eigh(jacobian)
        along = modes.T @ force
        if climb:
            along[-1] *= -1.0
        if np.abs(along / np.abs(rates)).max() < 1e-10:
            settled = True
            break
        while time > 1e-13:
            step = modes @ (time * along / (1.0 + time * np.abs(rates)))
            ahead = y + step
            if np.abs(step).max() < _LONGEST and not len(game.generator.pieces(ahead)):
                force, jacobian = game.force(ahead), game.jacobian(ahead)
                if np.isfinite(force).all() and np.isfinite(jacobian).all():
                    break
            time *= 0.5
        if time <= 1e-13:
            break
        y, time = ahead, 1.5 * time
    return Rest(y, float(game.potential(y)), float(np.abs(force).max()), -rates[::-1], settled)


def measure(m: float, degree: int) -> dict[str, Rest]:
    """The collapsed and the averaging state, and the pass between them, where they are there."""
    game = separated(m, degree)
    found = {
        "collapsed": settle(game, embedded(m - 0.01, 1.01, degree)),
        "averaging": settle(game, embedded(0.0, 0.89 * m, degree)),
    }
    if all(rest.settled for rest in found.values()):
        start, end = found["collapsed"].theta, found["averaging"].theta
        top = settle(game, start + 0.7 * (end - start), climb=True)
        if top.settled and top.rates[0] < 0.0 < top.rates[1]:
            found["pass"] = top
    return found


def wall(found: dict[str, Rest], state: str) -> float:
    """Height of the pass over a state; nan where either is missing."""
    if "pass" not in found:
        return float("nan")
    return found["pass"].potential - found[state].potential


def push(m: float, degree: int) -> dict[str, list[float]]:
    """Force on the embedded rest points of a z + b beyond its own two parameters."""
    found = gandyn.equilibria(gandyn.Game(separated(m, 1).data))
    out = {}
    for point in found.attractors:
        if point.b > -1e-6:
            state = embedded(point.b, point.a, degree, seeded=False)
            name = "collapsed" if point.b > 1.0 else "averaging"
            out[name] = separated(m, degree).force(state).tolist()
    return out


def draw(results: dict[int, dict[float, dict[str, Rest]]], options: Options) -> None:
    """Heights of the pass over both states, against the separation."""
    known = [degree for degree in results if any("pass" in at for at in results[degree].values())]
    with plots.style():
        figure = plots.new_figure((6.8, 3.6))
        for ax, state in zip(figure.subplots(1, 2), ("collapsed", "averaging"), strict=True):
            curves, looks = [], ("-", "--", ":")[: len(known)]
            for colour, look, degree in zip(plots.ramp(len(known)), looks, known, strict=True):
                m = np.array(list(results[degree]))
                height = np.array([wall(found, state) for found in results[degree].values()])
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
        "potential of the pass between the collapsed and the averaging state above each; degrees "
        "that have no pass at any m are left out",
    )


def study(options: Options) -> int:
    """The table, the picture, the answer and every number as JSON."""
    separations = (3.0,) if options.quick else (2.5, 2.75, 3.0, 3.25, 3.5, 4.0)
    results = {d: {m: measure(m, d) for m in separations} for d in DEGREES[:3]}
    results[7] = {3.0: measure(3.0, 7)}
    pushes = {degree: push(3.0, degree) for degree in DEGREES[1:]}
    rows = []
    for degree, along in results.items():
        found = along[3.0]
        for state in ("collapsed", "averaging"):
            rest = found[state]
            leading = pushes[degree][state][-1] if degree > 1 else 0.0
            rows.append(
                [
                    str(degree),
                    state,
                    f"{leading:+.5f}",
                    f"{rest.potential:.7f}" if rest.settled else "no rest: a fold",
                    f"{rest.rates[0]:.4f}" if rest.settled else "",
                    f"{rest.force:.0e}" if rest.settled else "",
                    f"{wall(found, state):.6f}",
                ]
            )
    heading = ["degree", "state", "push on θ_degree", "potential", "slowest rate", "force left",
               "wall"]  # fmt: skip
    print(f"m = 3\n{table(heading, rows)}\n")
    draw(results, options)
    first, last = (wall(results[degree][3.0], "collapsed") for degree in (1, 5))
    print(
        f"\nthe wall goes down: at m = 3 it is {first:.6f} around the collapsed a z + b and "
        f"{last:.6f} around the collapsed polynomial of degree 5, {first / last:.1f} times lower, "
        "but it is there: a larger generator still collapses. At degree 3 the averaging state, at "
        "degree 7 both states of a z + b, are pushed over the edge of the monotone polynomials, "
        "where a fold comes in from infinite z and the pathwise force is infinite"
    )
    measured = {
        "pushes": pushes,
        "degrees": {
            degree: {
                f"{m:g}": {
                    name: {
                        "theta": rest.theta.tolist(),
                        "potential": rest.potential,
                        "force": rest.force,
                        "rates": rest.rates.tolist(),
                        "settled": rest.settled,
                    }
                    for name, rest in found.items()
                }
                for m, found in along.items()
            }
            for degree, along in results.items()
        },
    }
    with plots.whole_file(options.output / "results.json") as part:
        part.write_text(json.dumps(measured, indent=2, allow_nan=False) + "\n")
    print(f"{options.output / 'results.json'}: every number above; {options.seconds():.1f} s")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.capacity``."""
    description = (
        "Put the collapsed state of a z + b into polynomial generators of growing degree: where "
        "it comes to rest, and how high the wall around it is."
    )
    return run(study, "analysis.capacity", description, arguments)


if __name__ == "__main__":
    sys.exit(main())
