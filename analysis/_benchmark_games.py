"""Every kind of game against the non-saturating force on the same stack of states."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.stats

import gandyn
from analysis._timing import Row, ratios, row, seconds

DATA = "0.5*N(-3, 1) + 0.5*N(3, 1)"
SIX = "0.1*N(-9, 1) + 0.2*N(-5, 0.5) + 0.1*N(-1, 0.3) + 0.2*N(2, 1) + 0.2*N(5, 0.7) + 0.2*N(9, 1)"
LATENTS = {
    "normal (0.3, 2)": "N(0.3, 2)",
    "mixture": "0.3*N(-1, 0.5) + 0.7*N(0.5, 1)",
    "logistic": "Logistic(0, 1)",
    "Student (3)": "T(3, 0, 1)",
    "Student (5)": "T(5, 0, 1)",
}
FAMILIES = {
    "normal": "N(1, 2)",
    "six modes": SIX,
    "families": "0.4*Logistic(-3, 0.6) + 0.6*T(4, 2, 1)",
    "logistic": "Logistic(0, 1)",
    "Student": "T(3, 0, 1)",
    "far modes": "0.5*N(-30, 1) + 0.5*N(30, 1)",
    "a narrow mode": "0.5*N(-1, 0.01) + 0.5*N(2, 1)",
}


def states(count: int) -> Any:
    """Uniform in a ∈ (0.3, 4), b ∈ (−4, 4)."""
    rng = np.random.default_rng(0)
    return np.stack([rng.uniform(0.3, 4.0, count), rng.uniform(-4.0, 4.0, count)], axis=1)


def quartic(x: Any) -> Any:
    """A log density that is no named one, up to a constant."""
    return -(x**4) / 4 - x**2 / 8


def half(ell: Any) -> Any:
    """A weight halfway between saturating and non-saturating."""
    return np.full_like(ell, 0.5)


def sigmoid(ell: Any) -> Any:
    """The saturating weight, as a user writes it."""
    return 1.0 / (1.0 + np.exp(-ell))


def games() -> dict[str, tuple[gandyn.Game, float]]:
    """Each game by name, with what its force may cost in forces of the first."""
    two = gandyn.parse(DATA)
    normal = gandyn.LinearGenerator(gandyn.Normal(0, 1))
    found: dict[str, tuple[gandyn.Game, float]] = {}
    for name in [*gandyn.objectives.names(), "alpha(0.5)", "alpha(3)", "alpha(-2)"]:
        found[f"objective {name}"] = gandyn.Game(two, normal, name), 3.0
    own = gandyn.FDivergence(half, name="half")
    found["objective of one's own"] = gandyn.Game(two, normal, own), 3.0
    for name, latent in LATENTS.items():
        generator = gandyn.LinearGenerator(gandyn.parse(latent))
        found[f"latent {name}"] = gandyn.Game(two, generator), 3.0
    uniform = gandyn.LinearGenerator(gandyn.Uniform(-1.7, 1.7))
    found["latent uniform"] = gandyn.Game(two, uniform), 8.0
    for name, data in FAMILIES.items():
        found[f"data {name}"] = gandyn.Game(gandyn.parse(data)), 3.0
    samples = gandyn.from_samples(two.sample(100_000, 0))
    found["data 100,000 samples"] = gandyn.Game(samples), 3.0
    found["data from SciPy"] = gandyn.Game(gandyn.from_scipy(scipy.stats.norm(0, 2))), 3.0
    found["data from a log density"] = gandyn.Game(gandyn.from_logpdf(quartic, [(0, 1)])), 3.0
    found["data Laplace"] = gandyn.Game(gandyn.Laplace(0, 1)), 8.0
    found["data uniform"] = gandyn.Game(gandyn.Uniform(-2, 2)), 8.0
    return found


def every_game(rounds: int, count: int) -> list[Row]:
    """The force of each, then potential, Jacobian and all values of the first."""
    theta = states(count)
    first = gandyn.Game(gandyn.parse(DATA))
    rows = []

    def add(name: str, action: Callable[[], Any], target: float, detail: str) -> None:
        values = ratios(action, lambda: first.force(theta), rounds, time.process_time)
        rows.append(row(f"{name} / force", values, target, at_most=True, detail=detail))

    for name, (game, target) in games().items():
        finite = np.isfinite(game.force(theta)).all(axis=1).mean()
        way = repr(game).rpartition("; ")[2].rstrip(">")
        detail = f"{way}; finite in {100 * finite:.0f} % of {count} states"
        add(name, lambda game=game: game.force(theta), target, detail)  # type: ignore[misc]
    add("potential", lambda: first.potential(theta), 3.0, f"{count} states")
    add("jacobian", lambda: first.jacobian(theta), 6.0, f"{count} states")
    add("evaluate", lambda: first.evaluate(theta), 60.0, "all values, with their errors")
    for data in (DATA, SIX, "Laplace(0, 1)", "U(-2, 2)", "U(8, 10)"):
        game = gandyn.Game(gandyn.parse(data), gandyn.LinearGenerator(gandyn.Uniform(-1, 1)))
        name = "evaluate, latent uniform"
        add(name, lambda game=game: game.evaluate(theta), 60.0, f"{data:.40}")  # type: ignore[misc]
    bare = gandyn.Game(first.data, objective=gandyn.FDivergence(sigmoid, name="own"))
    row_of_it = gandyn.Game(first.data, objective="saturating")
    values = ratios(
        lambda: bare.force(theta), lambda: row_of_it.force(theta), rounds, time.process_time
    )
    name = "weight of one's own / its row"
    rows.append(row(name, values, 2.0, at_most=True, detail="the saturating weight"))
    return rows


def single_flows(rounds: int) -> list[Row]:
    """A flow until rest over as many single forces."""
    rows = []
    for data, start in ((DATA, [1.0, 0.5]), (DATA, [2.0, 1.0]), ("N(2, 1)", [0.5, 0.0])):
        game = gandyn.Game(gandyn.parse(data))
        flow = gandyn.gradient_flow(game, start, (0.0, np.inf))
        path = [flow.theta[k] for k in np.linspace(0, len(flow.theta) - 1, flow.nfev).astype(int)]
        values = ratios(
            lambda game=game, start=start: gandyn.gradient_flow(game, start, (0.0, np.inf)),  # type: ignore[misc]
            lambda game=game, path=path: [game.force(theta) for theta in path],  # type: ignore[misc]
            rounds,
            time.process_time,
        )
        detail = f"{data} from ({start[0]:g}, {start[1]:g}), {flow.nfev} forces"
        rows.append(row("single flow / its forces", values, 1.5, at_most=True, detail=detail))
    return rows


def rest_points(quick: bool) -> list[Row]:
    """Processor seconds of `equilibria` on every game, the slowest of each kind."""
    data = {"two modes": DATA, "six modes": SIX, "normal": "N(2, 0.5)"}
    data |= {"Laplace": "Laplace(0, 1)", "Student": "T(3, 0, 1)", "families": FAMILIES["families"]}
    latents = {"normal": "N(0, 1)"} | (
        {} if quick else {"logistic": "Logistic(0, 1)", "uniform": "U(-1.7, 1.7)"}
    )
    rows = []
    for latent, text in latents.items():
        generator = gandyn.LinearGenerator(gandyn.parse(text))
        for name, law in data.items():
            times = {}
            for objective in gandyn.objectives.names():
                game = gandyn.Game(gandyn.parse(law), generator, objective)
                times[objective] = seconds(
                    lambda game=game: gandyn.equilibria(game),  # type: ignore[misc]
                    time.process_time,
                )
            slowest = max(times, key=times.__getitem__)
            values = sorted(times.values())
            detail = f"{name}, latent {latent}; the slowest under {slowest}"
            rows.append(Row("equilibria, s", values[-1], values[0], values[-1], 3.0, True, detail))
    return rows


def two_threads(rounds: int, count: int) -> list[Row]:
    """A stack shared by two threads over the same on one."""
    game = gandyn.Game(gandyn.parse(DATA))
    halves = np.array_split(states(2 * count), 2)

    def together() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(game.force, halves))

    values = ratios(together, lambda: [game.force(half) for half in halves], rounds)
    detail = f"two stacks of {count} states; 1 is no gain, ½ the most"
    return [row("two threads / one", values, 1.0, at_most=True, detail=detail)]
