"""The speed of gandyn as ratios, each of two things timed in turn within one run.

    python -m analysis.benchmark [--quick] [--output FOLDER]

1. `Game.force` on a stack of 10,000 states, over a bare `numpy.exp` on as many numbers as it uses
   nodes: at most 8, with at most 400 nodes a state for two unit modes 6 standard deviations apart.
2. The two integrals of a single force by `scipy.integrate.quad` over plain floats, at epsrel 1e-10,
   over `Game.force` at that state: at least 50.
3. A start flowed to rest by `scipy.integrate.solve_ivp`, one after the other, over a start flowed
   in a stack of 10,000 by `gradient_flow`, with the same force and accuracy: at least 50.
4. `import gandyn` over `import numpy, scipy.integrate`, and `gandyn --help` likewise: at most 1.5.
5. A flow from each cell of a map of 1000 × 1000, by `gradient_flow` in a stack, over
   `gandyn.basins`: at least 200, the map in at most 5 s, and no cell farther than 1e-3 from a wall
   that flows elsewhere than the map says.
6. All folds and Maxwell points of N(±m, 1) for m in [0.5, 6] by `gandyn.branches`: in at most 5 s,
   and `equilibria` at every 0.01, which brackets them only, over that: at least 2.
7. `gandyn.phase_diagram` over separation and weight: in at most 60 s, and `equilibria` at each of
   its nodes over that: at least 50. Left out of a quick run.
8. 2,500 starts, by Newton's method on the stack, over `gandyn.equilibria`: at least 20; the flow
   from as many, which finds attractors only: at least 5.

9. The loop of Algorithm 1 at the article's widths in eager PyTorch over `gandyn.train`: at least 2,
   at batches of 64 and 1024; as a jitted JAX scan over it: aiming at 1. Where they are installed.
10. The dense matrix products of an iteration at batch 1024, on their own, over `gandyn.train`: at
   least a half.
11. 16 replicas of widths (64, 64) one after another over the same together: at least 3.
12. What records add at the default interval: at most a fifth.
13. What a run of a million steps keeps at the default interval: at most 500 MB.
14. The force of every kind of game over that of the non-saturating one on the same stack of 2,000
    states: at most 3, Laplace and uniform at most 8; `potential` at most 3, `jacobian` 6,
    `evaluate` 60; a weight of one's own over its row at most 2.
15. A single flow over as many single forces: at most 1.5.
16. `equilibria` of a game, in processor seconds: at most 3.
17. Two stacks of 10,000 states on two threads over the same on one: below 1.

Rows 5 to 8 are in processor seconds of all cores, so that what else the machine does counts less.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

import gandyn
from analysis import _benchmark_games as games
from analysis import _benchmark_landscape as landscape
from analysis import _benchmark_training as training
from analysis._options import Options, run
from analysis._timing import Row, printed, ratios, row, seconds

DATA = "0.5*N(-3, 1) + 0.5*N(3, 1)"
MODES = [(0.5, -3.0, 1.0), (0.5, 3.0, 1.0)]
Integrand = Callable[[float, int], float]


def plain_force(modes: list[tuple[float, float, float]], a: float, b: float) -> Integrand:
    """The integrand in plain floats of the non-saturating force: f(z, 1) for a, f(z, 0) for b.

    Written once for any mixture of normals (weight, mean, std), in the log domain, as it must be
    not to overflow in the tails of an infinite range.
    """
    exp, log = math.exp, math.log
    terms = [(log(w / (s * math.sqrt(2.0 * math.pi))), m, s) for w, m, s in modes]
    log_scale = log(a * math.sqrt(2.0 * math.pi))

    def integrand(z: float, power: int) -> float:
        x = a * z + b
        logs = [c - 0.5 * ((x - m) / s) ** 2 for c, m, s in terms]
        top = max(logs)
        shares = [exp(t - top) for t in logs]
        total = sum(shares)
        score = sum(r * (m - x) / s**2 for r, (_, m, s) in zip(shares, terms, strict=True)) / total
        logit = top + log(total) + 0.5 * z * z + log_scale
        weight = 1.0 / (1.0 + exp(logit)) if logit < 700.0 else 0.0
        value = exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) * weight * (score + z / a)
        return value * z if power else value

    return integrand


def stacked_force(rounds: int, states: int) -> list[Row]:
    """Target 1."""
    game = gandyn.Game(gandyn.parse(DATA))
    rng = np.random.default_rng(0)
    theta = np.stack([rng.uniform(0.3, 4.0, states), rng.uniform(-5.0, 5.0, states)], axis=-1)
    nodes = game.engine.force(theta).nodes
    numbers = rng.uniform(-30.0, 0.0, int(nodes.sum()))
    out = np.empty_like(numbers)
    values = ratios(lambda: game.force(theta), lambda: np.exp(numbers, out=out), rounds)
    per = float(np.mean(nodes))
    detail = f"{states} states, {per:.0f} nodes a state on average"
    return [
        row("force on a stack / numpy.exp", values, 8.0, at_most=True, detail=detail),
        Row("nodes a state", per, float(nodes.min()), float(nodes.max()), 400.0, True, detail),
    ]


def single_force(rounds: int) -> list[Row]:
    """Target 2."""
    from scipy.integrate import quad

    game = gandyn.Game(gandyn.parse(DATA))
    states = [(1.0, 0.5), (2.0, 1.0), (0.7, -3.0)]
    repeat = 20

    def by_quad() -> list[list[float]]:
        out = []
        for a, b in states:
            f = plain_force(MODES, a, b)
            ends = (f, -np.inf, np.inf)
            both = [quad(*ends, args=(k,), epsrel=1e-10, epsabs=0, limit=200) for k in (1, 0)]
            out.append([value for value, _ in both])
        return out

    def by_gandyn() -> list[Any]:
        return [game.force(state) for _ in range(repeat) for state in states]

    apart = float(np.max(np.abs(np.array(by_quad()) - np.array(by_gandyn()[:3]))))
    values = ratios(by_quad, by_gandyn, rounds)
    detail = f"{len(states)} states, largest difference {apart:.0e}"
    name = "scipy quad / single force"
    return [row(name, values, 50.0, at_most=False, detail=detail, scale=repeat)]


def flows(rounds: int, starts: int, sample: int) -> list[Row]:
    """Target 3."""
    from scipy.integrate import solve_ivp

    game = gandyn.Game(gandyn.parse(DATA))
    rng = np.random.default_rng(1)
    theta = np.stack([rng.uniform(0.3, 4.0, starts), rng.uniform(-5.0, 5.0, starts)], axis=-1)
    rtol, atol = 1e-8, 1e-10
    stacked = gandyn.gradient_flow(game, theta, (0.0, np.inf), rtol=rtol, atol=atol)
    chosen = rng.choice(starts, sample, replace=False)

    def by_solve_ivp(method: str) -> list[Any]:
        return [
            solve_ivp(
                lambda t, y: game.force(y),
                (0.0, float(stacked.rest_time[i])),
                theta[i],
                method=method,
                rtol=rtol,
                atol=atol,
            )
            for i in chosen
        ]

    times = {method: seconds(partial(by_solve_ivp, method)) for method in METHODS}
    fastest = min(times, key=times.__getitem__)
    ends = np.array([solution.y[:, -1] for solution in by_solve_ivp(fastest)])
    apart = float(np.max(np.abs(ends - stacked.theta[chosen, -1])))
    values = ratios(
        lambda: by_solve_ivp(fastest),
        lambda: gandyn.gradient_flow(game, theta, (0.0, np.inf), rtol=rtol, atol=atol),
        rounds,
    )
    detail = (
        f"{starts} starts, {np.mean(stacked.nfev):.0f} forces each; {fastest}, the fastest of "
        f"{', '.join(METHODS)}; ends {apart:.0e} apart"
    )
    name = "solve_ivp / stacked flow, per start"
    return [row(name, values, 50.0, at_most=False, detail=detail, scale=starts / sample)]


METHODS = ("RK45", "DOP853", "LSODA")


def start_up(rounds: int) -> list[Row]:
    """Target 4."""

    def process(*words: str) -> Callable[[], Any]:
        return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True)

    base = process("-c", "import numpy, scipy.integrate")
    out = []
    for name, action in (
        ("import gandyn", process("-c", "import gandyn")),
        ("gandyn --help", process("-m", "gandyn", "--help")),
    ):
        values = ratios(action, base, rounds)
        detail = "whole processes"
        out.append(
            row(f"{name} / import numpy, scipy.integrate", values, 1.5, at_most=True, detail=detail)
        )
    return out


def study(options: Options) -> int:
    """Measure, print and save the table; 0 whether or not the targets are met."""
    rounds = 3 if options.quick else 9
    rows = [
        *stacked_force(rounds, 2_000 if options.quick else 10_000),
        *single_force(rounds),
        *flows(1 if options.quick else 3, 1_000 if options.quick else 10_000, 40),
        *start_up(rounds),
        *landscape.basin_map(*((1, 2_000, 250) if options.quick else (3, 20_000, 2_000))),
        *landscape.transitions(1 if options.quick else 3, 10 if options.quick else 25),
        *([] if options.quick else landscape.two_parameters(25)),
        *landscape.rest_points(1 if options.quick else 3, 20 if options.quick else 50),
        *training.iterations(rounds, 50 if options.quick else 200),
        *training.products(rounds, 10 if options.quick else 30),
        *training.replicas(1 if options.quick else 3, 100 if options.quick else 5000),
        *training.recording(rounds, 100 if options.quick else 500),
        *training.memory(1000 if options.quick else 20_000),
        *games.every_game(rounds, 500 if options.quick else 2_000),
        *games.single_flows(rounds),
        *games.rest_points(options.quick),
        *games.two_threads(rounds, 2_000 if options.quick else 10_000),
    ]
    print(printed(rows))
    options.save_numbers([{**asdict(r), "met": r.met} for r in rows], "benchmark.json")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.benchmark``."""
    return run(
        study,
        "analysis.benchmark",
        "Time gandyn as ratios within one run: force, flows, start-up, landscape, training.",
        arguments,
    )


if __name__ == "__main__":
    sys.exit(main())
