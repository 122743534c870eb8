"""Replicas of stochastic training beside the exact flow from the same start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from gandyn.distributions import Distribution
from gandyn.dynamics import gradient_flow
from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.generators import LinearGenerator
from gandyn.landscape import Equilibria, equilibria
from gandyn.landscape.basin_map import attractors_reached
from gandyn.montecarlo.discriminators import LOSSES
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.optimizers import SGD
from gandyn.montecarlo.players import first_state
from gandyn.montecarlo.settings import OPTIMAL, Settings
from gandyn.montecarlo.training import Training, train
from gandyn.system.checks import Array
from gandyn.system.polyline import distance, even, up_to
from gandyn.system.progress import Progress
from gandyn.system.results import Alike, columns, plain
from gandyn.system.text import show

_POINTS = 400
_STEPS = 300
"""Of a flow to rest, for which it is given up: most take a tenth."""
_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Comparison(Alike):
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
        On one clock the distance from a replica's (a, b) to the flow's state at the same time;
        otherwise to the nearest point of the flow's path. In units of x. Of a replica that comes
        to a < 0 the state with the same density and a > 0, where the latent is symmetric.
    mean : ndarray, shape (T, 2)
        Of (a, b) over the replicas, a > 0 as above.
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

    @property
    def status(self) -> NDArray[np.intp]:
        """Of the training, for each replica."""
        return self.training.status

    @property
    def success(self) -> NDArray[np.bool_]:
        """Whether each replica made all its steps (R,)."""
        return self.training.success

    @property
    def message(self) -> str:
        """Of the training."""
        return self.training.message

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
    plan: Settings | None = None,
    rng: int | np.random.Generator = 0,
    replicas: int = 8,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Train replicas, and put them and the exact flow from the same start side by side.

    Parameters
    ----------
    game : Game
        Of the linear generator, with any latent.
    plan : Settings, optional
        By default plain SGD with rate 0.02 for the generator, against a network where the objective
        has a loss for one and against the optimal discriminator otherwise.
    rng, replicas, workers, progress
        As in `train`.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        Where the plan is none for the game, the generator is not linear, or the start has a ≤ 0.
    Interrupted
        On Ctrl-C, as from `train`.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("N(1, 0.5)"))
    >>> plan = gandyn.Settings(
    ...     discriminator="optimal", generator_optimizer=gandyn.SGD(0.05), steps=20, record_every=10
    ... )
    >>> beside = gandyn.compare(game, plan, rng=0, replicas=4)
    >>> beside.one_clock, beside.time.tolist(), bool(beside.deviation_mean[-1] < 0.2)
    (True, [0.0, 0.5, 1.0], True)
    """
    if not isinstance(game, Game) or type(game.generator) is not LinearGenerator:
        raise InputError(f"game: got {show(game)}, must be a Game of the linear generator")
    if plan is None:
        opponent = MLP() if game.objective.name in LOSSES else OPTIMAL
        plan = Settings(discriminator=opponent, generator_optimizer=SGD(0.02))
    if not isinstance(plan, Settings):
        raise InputError(f"plan: got {show(plan)}, must be Settings")
    start = np.asarray(first_state(game.generator, plan))
    if start[0] <= 0.0:
        raise InputError(f"start: got {tuple(start.tolist())}, must have a > 0")
    run = train(game, plan, rng, replicas, workers=workers, progress=progress)
    theta = _unfolded(run.theta, game.generator.latent)
    one_clock = type(plan.generator_optimizer) is SGD
    time = run.time
    end = max(float(time[-1]), 1e-300) if one_clock else np.inf
    path = _path(game, start, end)
    if one_clock:
        flow = gradient_flow(game, start, (0.0, end), time).theta
        deviation = np.linalg.norm(theta - flow, axis=2)
    else:
        flow = np.full((len(time), 2), np.nan)
        deviation = distance(path, theta)
    known = equilibria(game)
    last = np.isfinite(theta).all(axis=2).cumsum(axis=1).argmax(axis=1)
    states = np.concatenate([start[None], theta[np.arange(len(theta)), last]])
    first, *others = attractors_reached(known, states, max_steps=_STEPS)[0].tolist()
    ends = np.array(others, np.intp)
    crossed = (ends != first) & (ends >= 0) & (first >= 0)
    counted = int((ends >= 0).sum()) if first >= 0 else 0
    beside = (run, one_clock, time, flow, path, deviation, *_band(theta), *_band(deviation))
    fraction = share(int(crossed.sum()), counted)
    return Comparison(*beside, known, first, ends, crossed, fraction)


def _unfolded(theta: Array, latent: Distribution) -> Array:
    """The states with a > 0 of the same densities, where the latent is symmetric about some m.

    There a z + b is −a (2m − z) + 2am + b.
    """
    share = np.linspace(0.01, 0.5, 15)
    ends = latent.ppf(share) + latent.isf(share)
    out = theta.copy()
    if np.ptp(ends) <= 1e-9 * np.ptp(latent.ppf([0.01, 0.99])):
        a, b = np.moveaxis(theta, -1, 0)
        out[..., 0], out[..., 1] = np.abs(a), np.where(a < 0.0, b + a * ends[-1], b)
    return out


def _path(game: Game, start: Array, end: float) -> Array:
    """The flow's path, in steps of about equal length."""
    if not np.isfinite(end):
        flow = gradient_flow(game, start, (0.0, np.inf), max_steps=_STEPS)
        end = float(flow.t[np.isfinite(flow.theta).all(axis=1)][-1])
    if end <= 0.0:
        return start[None]
    times = up_to(end, 2 * _POINTS)
    theta = gradient_flow(game, start, (0.0, end), times).theta
    theta = theta[np.isfinite(theta).all(axis=1)]
    return even(theta, _POINTS)


def _band(values: Array) -> tuple[Array, Array]:
    """Mean over the replicas and half-width of its confidence band, without those that ended."""
    count = np.isfinite(values).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / count
        variance = np.nansum((values - mean) ** 2, axis=0) / (count - 1)
        half = stdtrit(count - 1, 0.5 + 0.5 * _LEVEL) * np.sqrt(variance / count)
    return np.where(count > 0, mean, np.nan), np.where(count > 1, half, np.nan)


def share(part: int, whole: int) -> tuple[float, float, float]:
    """A share and its 95 % confidence interval (Clopper and Pearson 1934)."""
    if not whole:
        return np.nan, 0.0, 1.0
    tail = 0.5 - 0.5 * _LEVEL
    low = betaincinv(part, whole - part + 1, tail) if part else 0.0
    high = betaincinv(part + 1, whole - part, 1.0 - tail) if part < whole else 1.0
    return part / whole, float(low), float(high)
