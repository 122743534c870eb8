"""Replicas of stochastic training beside the exact flow from the same start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from gandyn.dynamics import gradient_flow
from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.generators import LinearGenerator
from gandyn.landscape import Equilibria, equilibria
from gandyn.landscape.basin_map import attractors_reached
from gandyn.montecarlo.optimizers import SGD
from gandyn.montecarlo.settings import OPTIMAL, Settings
from gandyn.montecarlo.training import Training, train
from gandyn.system.plain import columns, plain

__all__ = ["Comparison", "compare"]

Array = NDArray[np.float64]

_POINTS = 400
_STEPS = 300
"""Of a flow to rest, for which it is given up: most take a tenth."""
_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Comparison:
    """R replicas at T records beside the flow.

    Attributes
    ----------
    training : Training
    one_clock : bool
        Whether the replicas are on the flow's clock, time = rate × generator steps: plain SGD.
        For other optimizers only the paths in the (a, b) plane can be compared.
    time : ndarray, shape (T,)
        The flow's time at each record.
    flow : ndarray, shape (T, 2)
        (a, b) of the flow at these times; nan where the clocks differ.
    path : ndarray, shape (K, 2)
        The flow's path, on one clock until the last record and otherwise to where it rests.
    deviation : ndarray, shape (R, T)
        On one clock the distance from (|a|, b) of a replica to the flow's state at the same time;
        otherwise to the nearest point of the flow's path. In units of x.
    mean : ndarray, shape (T, 2)
        Of (|a|, b) over the replicas.
    half_width : ndarray, shape (T, 2)
        Of the mean's 95 % confidence band (Student); nan for a single replica.
    deviation_mean, deviation_half_width : ndarray, shape (T,)
        Mean deviation, and the half-width of its 95 % confidence band.
    attractors : Equilibria
        Of the game; `points` of all kinds.
    flow_end : int
        Index in `attractors` of where the flow from the start ends; −1 unknown.
    ends : ndarray of int, shape (R,)
        Where the flow from each replica's last state ends: the basin that it is in.
    crossed : ndarray of bool, shape (R,)
        Whether a replica ends in another basin than the flow from the start.
    crossed_fraction : (float, float, float)
        The share that crossed, and its 95 % confidence interval (Clopper and Pearson 1934).
    """

    training: Training = field(repr=False)
    one_clock: bool
    time: Array
    flow: Array
    path: Array
    deviation: Array
    mean: Array
    half_width: Array
    deviation_mean: Array
    deviation_half_width: Array
    attractors: Equilibria = field(repr=False)
    flow_end: int
    ends: NDArray[np.intp]
    crossed: NDArray[np.bool_]
    crossed_fraction: tuple[float, float, float]

    def as_dict(self) -> dict[str, Any]:
        """The replicas beside the flow, and how good their discriminators are."""
        run = self.training
        entry = {"step": run.step, **columns(run.theta)}
        for name in ("flow", "deviation", "deviation_mean", "deviation_half_width"):
            entry[name] = getattr(self, name)
        for name in ("value_gap", "force_ratio", "force_angle", "status", "message"):
            entry[name] = getattr(run, name)
        return {name: plain(value) for name, value in entry.items()}


def compare(
    game: Game,
    settings: Settings | None = None,
    rng: int | np.random.Generator = 0,
    replicas: int = 8,
    *,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Train replicas, and put them and the exact flow from the same start side by side.

    Parameters
    ----------
    game : Game
        Of the linear generator.
    settings : Settings, optional
        Whose loss is the game's objective and whose latent is the game's; by default plain SGD
        with rate 0.02 for the generator.
    rng, replicas, workers, progress
        As in `train`.

    Raises
    ------
    InputError
        Where game and settings differ, the generator is not linear, or the start has a ≤ 0.
    """
    if not isinstance(game, Game) or type(game.generator) is not LinearGenerator:
        raise InputError(f"game: got {game!r:.60}, must be a Game of the linear generator")
    settings = default_settings(game) if settings is None else settings
    if not isinstance(settings, Settings):
        raise InputError(f"settings: got {settings!r:.60}, must be Settings")
    _check(game, settings)
    run = train(game.data, settings, rng, replicas, workers=workers, progress=progress)
    return beside_the_flow(game, run)


def default_settings(game: Game) -> Settings:
    """Plain SGD for the generator, so that there is one clock."""
    return Settings(
        latent=str(game.generator.latent), loss=game.objective.name, generator_optimizer=SGD(0.02)
    )


def beside_the_flow(game: Game, run: Training) -> Comparison:
    """The comparison of a run that has been made."""
    settings = run.settings
    start = np.array(settings.start)
    theta = run.theta.copy()
    theta[..., 0] = np.abs(theta[..., 0])
    one_clock = type(settings.generator_optimizer) is SGD
    time = run.time
    end = max(float(time[-1]), 1e-300) if one_clock else np.inf
    path = _path(game, start, end)
    if one_clock:
        flow = gradient_flow(game, start, (0.0, end), time).theta
        deviation = _length(theta - flow)
    else:
        flow = np.full((len(time), 2), np.nan)
        deviation = _distance(theta, path)
    known = equilibria(game)
    last = np.isfinite(theta).all(axis=2).cumsum(axis=1).argmax(axis=1)
    states = np.concatenate([start[None], theta[np.arange(len(theta)), last]])
    first, *others = _basins(game, known, states).tolist()
    ends = np.array(others, np.intp)
    crossed = (ends != first) & (ends >= 0) & (first >= 0)
    counted = int((ends >= 0).sum()) if first >= 0 else 0
    return Comparison(
        run,
        one_clock,
        time,
        flow,
        path,
        deviation,
        *_band(theta),
        *_band(deviation),
        known,
        first,
        ends,
        crossed,
        share(int(crossed.sum()), counted),
    )


def _check(game: Game, settings: Settings) -> None:
    if not settings.linear:
        raise InputError("settings: got an MLP generator, must be the linear one")
    if settings.loss != game.objective.name:
        raise InputError(
            f"settings: got loss {settings.loss!r}, must be the game's objective, "
            f"{game.objective.name!r}"
            + ("" if settings.discriminator == OPTIMAL else ", saturating or nonsaturating")
        )
    latent, other = settings.latent_law, game.generator.latent
    q = np.linspace(0.01, 0.99, 15)
    if not np.allclose(latent.ppf(q), other.ppf(q), rtol=1e-9, atol=1e-9):
        raise InputError(f"settings: got latent {latent!s:.60}, must be the game's, {other!s:.60}")
    if settings.start[0] <= 0.0:
        raise InputError(f"settings: got start {settings.start}, must have a > 0")


def _length(pairs: Array) -> Array:
    return np.hypot(pairs[..., 0], pairs[..., 1])


def _path(game: Game, start: Array, end: float) -> Array:
    """The flow's path, in steps of about equal length."""
    if not np.isfinite(end):
        flow = gradient_flow(game, start, (0.0, np.inf), max_steps=_STEPS)
        end = float(flow.t[np.isfinite(flow.theta).all(axis=1)][-1])
    if end <= 0.0:
        return start[None]
    times = np.concatenate([[0.0], np.geomspace(1e-5 * end, end, 2 * _POINTS)])
    theta = gradient_flow(game, start, (0.0, end), times).theta
    theta = theta[np.isfinite(theta).all(axis=1)]
    gone = np.concatenate([[0.0], np.cumsum(_length(np.diff(theta, axis=0)))])
    even = np.linspace(0.0, gone[-1], _POINTS)
    return np.stack([np.interp(even, gone, column) for column in theta.T], axis=1)


def _distance(theta: Array, path: Array) -> Array:
    """From states (R, T, 2) to the nearest point of a polyline, ends included."""
    if len(path) == 1:
        return _length(theta - path[0])
    out = np.empty(theta.shape[:2])
    foot, step = path[:-1], np.diff(path, axis=0)
    square = np.maximum((step**2).sum(axis=1), 1e-300)
    for row, states in zip(out, theta, strict=True):
        away = states[:, None] - foot
        along = np.clip((away * step).sum(axis=2) / square, 0.0, 1.0)
        row[:] = _length(away - along[..., None] * step).min(axis=1)
    return out


def _basins(game: Game, known: Equilibria, states: Array) -> NDArray[np.intp]:
    """The attractor that the flow from each state (S, 2) comes to; −1 for none that is known."""
    out = np.full(len(states), -1, np.intp)
    good = np.flatnonzero(np.isfinite(states).all(axis=1) & (states[:, 0] > 0.0))
    if len(good) and known.attractors:
        out[good], _ = attractors_reached(known, states[good], max_steps=_STEPS)
    return out


def _band(values: Array) -> tuple[Array, Array]:
    """Mean over the replicas and half-width of its confidence band, without those that ended."""
    count = np.isfinite(values).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / count
        variance = np.nansum((values - mean) ** 2, axis=0) / (count - 1)
        half = stdtrit(count - 1, 0.5 + 0.5 * _LEVEL) * np.sqrt(variance / count)
    return np.where(count > 0, mean, np.nan), np.where(count > 1, half, np.nan)


def share(part: int, whole: int) -> tuple[float, float, float]:
    """A share and its 95 % confidence interval (Clopper and Pearson 1934).

    Examples
    --------
    >>> [round(number, 4) for number in share(0, 32)]
    [0.0, 0.0, 0.1089]
    """
    if not whole:
        return np.nan, 0.0, 1.0
    tail = 0.5 - 0.5 * _LEVEL
    low = betaincinv(part, whole - part + 1, tail) if part else 0.0
    high = betaincinv(part + 1, whole - part, 1.0 - tail) if part < whole else 1.0
    return part / whole, float(low), float(high)
