"""How far training is from the exact flow: against batch, rate and k, and by its causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gandyn
from gandyn import MLP, SGD, Settings

Array = NDArray[np.float64]

RATE = 0.02
"""The article's rate of the generator."""


@dataclass(frozen=True)
class Curve:
    """A root mean square deviation against a number.

    Attributes
    ----------
    n : ndarray, shape (N,)
        Batch size, rate, or discriminator steps.
    size, bar : ndarray, shape (N,)
        The deviation, over replicas and times, in units of x, and its standard error over the
        replicas; the bar of what has no noise is 0.
    slope : (float, float) or None
        Of log size against log n, and its standard error.
    expected : float or None
        The slope of theory.
    """

    n: Array
    size: Array
    bar: Array
    expected: float | None

    @property
    def slope(self) -> tuple[float, float]:
        """Of log size against log n, weighted by the bars, and its standard error."""
        x, y = np.log(self.n), np.log(self.size)
        exact = not self.bar.any()
        weight = np.ones_like(x) if exact else (self.size / self.bar) ** 2
        x = x - np.average(x, weights=weight)
        spread = float(weight @ x**2)
        slope = float(weight @ (x * y)) / spread
        if not exact:
            return slope, spread**-0.5
        rest = y - np.average(y) - slope * x
        return slope, float(np.sqrt(rest @ rest / (len(x) - 2) / spread))


def _curve(
    n: Sequence[float], found: Sequence[tuple[float, float]], expected: float | None
) -> Curve:
    size, bar = np.array(found).T
    return Curve(np.array(n, dtype=float), size, bar, expected)


def states(game: gandyn.Game, settings: Settings, replicas: int, seed: int) -> Array:
    """(|a|, b) of the replicas at every record (R, T, 2)."""
    return folded(gandyn.train(game, settings, seed, replicas))


def folded(run: Any) -> Array:
    """(|a|, b) of a run: −a does what a does."""
    theta = np.array(run.theta)
    theta[..., 0] = np.abs(theta[..., 0])
    return theta


def steps_of(settings: Settings) -> NDArray[np.int64]:
    """The recorded steps after the start."""
    return np.arange(settings.record_every, settings.steps + 1, settings.record_every)


def without_noise(game: gandyn.Game, settings: Settings) -> Array:
    """(a, b) at the recorded steps with all latents in the minibatch: explicit Euler (T, 2)."""
    found = gandyn.iterate(game, start_of(settings), rate_of(settings), settings.steps)
    return np.asarray(found.theta[steps_of(settings)])


def flow(game: gandyn.Game, settings: Settings) -> Array:
    """(a, b) of the flow at the recorded steps (T, 2)."""
    times = rate_of(settings) * steps_of(settings)
    return np.asarray(gandyn.gradient_flow(game, start_of(settings), (0.0, times[-1]), times).theta)


def start_of(settings: Settings) -> Any:
    """(a, b) at first."""
    return settings.start or (1.0, 0.0)


def rate_of(settings: Settings) -> float:
    """The generator's rate."""
    return settings.generator_optimizer.rate


def root_mean_square(away: Array) -> tuple[float, float]:
    """Over replicas and times of differences (R, T, 2), and its standard error over replicas."""
    squares = (away**2).sum(axis=2).mean(axis=1)
    root = float(np.sqrt(squares.mean()))
    return root, float(squares.std(ddof=1) / np.sqrt(len(squares)) / (2.0 * root))


def optimal(time: float, batch: int, rate: float, start: tuple[float, float]) -> Settings:
    """The optimal discriminator and plain SGD, until a time of the flow, with ten records."""
    steps = max(10, round(time / rate / 10) * 10)
    return Settings(
        discriminator="optimal",
        generator_optimizer=SGD(rate),
        batch=batch,
        steps=steps,
        record_every=steps // 10,
        start=start,
        dtype="float64",
        snapshots=0,
    )


def against_batch(
    game: gandyn.Game,
    start: tuple[float, float],
    time: float,
    batches: Sequence[int],
    replicas: int,
) -> Curve:
    """Deviation from the iterates without noise against the batch size."""
    found = []
    for batch in batches:
        settings = optimal(time, batch, RATE, start)
        theta = states(game, settings, replicas, batch)[:, 1:]
        found.append(root_mean_square(theta - without_noise(game, settings)))
    return _curve(batches, found, -0.5)


def against_rate(
    game: gandyn.Game,
    start: tuple[float, float],
    time: float,
    rates: Sequence[float],
    replicas: int,
) -> tuple[Curve, Curve]:
    """Deviation of the iterates without noise from the flow, and of the noise at batch 32."""
    step, noise = [], []
    for k, rate in enumerate(rates):
        settings = optimal(time, 32, rate, start)
        smooth = without_noise(game, settings)
        away = smooth - flow(game, settings)
        step.append((float(np.sqrt((away**2).sum(axis=1).mean())), 0.0))
        theta = states(game, settings, replicas, 1000 + k)[:, 1:]
        noise.append(root_mean_square(theta - smooth))
    return _curve(rates, step, 1.0), _curve(rates, noise, 0.5)


@dataclass(frozen=True)
class Learned:
    """Training with k steps of a learned discriminator for each of the generator's.

    Attributes
    ----------
    curve : Curve
        Deviation from the flow against k.
    floor : (float, float)
        The same at the optimal discriminator.
    runs : list of Training
    """

    curve: Curve
    floor: tuple[float, float]
    runs: list[Any]


def against_k(
    game: gandyn.Game,
    start: tuple[float, float],
    time: float,
    counts: Sequence[int],
    replicas: int,
    widths: tuple[int, ...],
) -> Learned:
    """Deviation from the flow against the discriminator's steps, at batch 256."""
    best = optimal(time, 256, RATE, start)
    exact = flow(game, best)
    floor = root_mean_square(states(game, best, replicas, 0)[:, 1:] - exact)
    found, runs = [], []
    for k in counts:
        settings = best.changed(discriminator=MLP(widths), k=k, dtype="float32")
        run = gandyn.train(game, settings, k, replicas)
        runs.append(run)
        found.append(root_mean_square(folded(run)[:, 1:] - exact))
    return Learned(_curve(counts, found, None), floor, runs)


CAUSES = ("finite step", "finite batch", "imperfect discriminator")


@dataclass(frozen=True)
class Shares:
    """Mean square deviation of a setting, parted.

    Attributes
    ----------
    name : str
    parts : ndarray, shape (3,)
        What the finite step, the finite batch and the imperfect discriminator add, in this order:
        each is switched on while those before it stay on.
    bars : ndarray, shape (3,)
        Standard errors over the replicas.
    total : float
        The root of their sum, in units of x.
    """

    name: str
    parts: Array
    bars: Array

    @property
    def total(self) -> float:
        return float(np.sqrt(self.parts.sum()))


def shares_of(name: str, game: gandyn.Game, settings: Settings, replicas: int, seed: int) -> Shares:
    """Switch the causes on one after the other: finite step, minibatches, a learned D."""
    limit = settings.changed(discriminator="optimal", dtype="float64")
    exact = flow(game, settings)
    smooth = without_noise(game, settings)[None]
    noisy = states(game, limit, replicas, seed + 1)[:, 1:]
    whole = states(game, settings, replicas, seed)[:, 1:]
    means = [((theta - exact) ** 2).sum(axis=2).mean(axis=1) for theta in (smooth, noisy, whole)]
    middle = np.array([mean.mean() for mean in means])
    error = [0.0, *(mean.std(ddof=1) / np.sqrt(replicas) for mean in means[1:])]
    parts = np.diff(middle, prepend=0.0)
    return Shares(name, parts, np.hypot(error, [0.0, *error[:-1]]))


def path_distances(game: gandyn.Game, settings: Settings, replicas: int, seed: int) -> list[float]:
    """RMS distance from the flow's path: without noise and with D*, with noise, with a learned D.

    Very large minibatches stand for all latents.
    """
    limit = settings.changed(discriminator="optimal", dtype="float64")
    plans = ((limit.changed(batch=4096), 2), (limit, replicas), (settings, replicas))
    return [
        float(np.sqrt((gandyn.compare(game, plan, seed, count).deviation[:, 1:] ** 2).mean()))
        for plan, count in plans
    ]
