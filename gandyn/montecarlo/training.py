"""Training by minibatches, measured at every record against what is known exactly."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.linalg import norm
from numpy.typing import ArrayLike, NDArray

from gandyn.distributions import Distribution
from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.montecarlo.discriminators import states
from gandyn.montecarlo.players import first_state
from gandyn.montecarlo.room import need_room
from gandyn.montecarlo.run import DIVERGED, DONE, INTERRUPTED, Run, large_products
from gandyn.montecarlo.settings import Settings
from gandyn.montecarlo.shared import shared
from gandyn.montecarlo.streams import children, root_of
from gandyn.system.array_files import ArrayFile
from gandyn.system.checks import AnyArray as Array
from gandyn.system.checks import need_count
from gandyn.system.files import writable_folder
from gandyn.system.interrupts import Interrupted, interrupts_to
from gandyn.system.processes import travels, worker_count
from gandyn.system.progress import Progress
from gandyn.system.results import Alike
from gandyn.system.text import show

_SECONDS = 30.0
"""Between two checkpoints."""
_ADVICE = "give another path, or overwrite it"
_TRIAL, _LONG = 0.25, 2.0
"""Seconds of training after which it is judged how long the rest takes, and those from which on
other processes, which take half a second to start, are worth it."""


@dataclass(frozen=True, eq=False)
class Training(Alike):
    """A run of R replicas with T records and S snapshots.

    Attributes
    ----------
    step : ndarray of int, shape (T,)
        Iterations made at each record.
    discriminator_loss, generator_loss : ndarray, shape (R, T)
        On the last minibatch of each player, as training sees them: −log D on real and −log(1 − D)
        on fake ones, added; −log D or log(1 − D) on fake ones. nan before the first step, and for
        the optimal discriminator.
    batch_real_on_real, batch_real_on_fake : ndarray, shape (R, T)
        Mean of D over the last minibatch of the discriminator.
    real_on_real, real_on_fake : ndarray, shape (R, T)
        E_p D and E_pg D by quadrature: the probability of real that D gives, on average.
    mean, std : ndarray, shape (R, T)
        Of p_g, exactly, in units of x.
    theta : ndarray, shape (R, T, d)
        The generator's parameters; nan, and d = 2, for an `MLPGenerator`.
    value, value_gap : ndarray, shape (R, T)
        V(G, D) of the learned discriminator, whole as it is evaluated (without dropout), and
        V(G, D*) − V(G, D) ≥ 0, in nats.
    jsd : ndarray, shape (R, T)
        Of p and p_g, in nats.
    learned_force : ndarray, shape (R, T, d)
        −∂(generator's loss)/∂θ, expected over z, at the learned discriminator; nan as `theta`.
    error, force_error : ndarray, shape (R, T)
        Estimates of the absolute error: the largest of the values', and of the learned force's.
    snapshot_step : ndarray of int, shape (S,)
    latents : ndarray, shape (256,)
        Equally probable latents: quantiles at (k + ½)/256.
    images : ndarray, shape (R, S, 256)
        G at these latents: a sample of p_g without noise.
    places : ndarray, shape (256,)
        Points on the line, over the data.
    logits : ndarray, shape (R, S, 256)
        The discriminator's logit there.
    status : ndarray of int, shape (R,)
        0 all steps made; -2 diverged: a parameter is no longer a finite number, and the records end
        before; -3 interrupted.
    message : str
    game : Game
    plan : Settings
    generator_parameters, discriminator_parameters : ndarray, shape (R, P)
        At the end; the latter of shape (R, 0) for the optimal discriminator.
    """

    step: NDArray[np.int64]
    discriminator_loss: Array
    generator_loss: Array
    batch_real_on_real: Array
    batch_real_on_fake: Array
    real_on_real: Array
    real_on_fake: Array
    mean: Array
    std: Array
    theta: Array
    value: Array
    value_gap: Array
    jsd: Array
    learned_force: Array
    error: Array
    force_error: Array
    snapshot_step: NDArray[np.int64]
    latents: Array
    images: Array
    places: Array
    logits: Array
    status: NDArray[np.intp]
    message: str
    game: Game = field(repr=False)
    plan: Settings = field(repr=False)
    generator_parameters: Array = field(repr=False)
    discriminator_parameters: Array = field(repr=False)

    @property
    def success(self) -> NDArray[np.bool_]:
        """Whether each replica made all its steps (R,)."""
        return self.status == DONE

    @property
    def data(self) -> Distribution:
        """The game's."""
        return self.game.data

    @property
    def replicas(self) -> int:
        """R."""
        return len(self.status)

    @property
    def time(self) -> Array:
        """The flow's time at each record (T,): generator rate × generator steps made.

        That is the flow's clock for plain SGD only.
        """
        return self.step * self.plan.generator_steps * self.plan.generator_optimizer.rate

    @cached_property
    def exact_force(self) -> Array:
        """The same at the optimal discriminator, the force of the game (R, T, d)."""
        out = np.full_like(self.theta, np.nan)
        rows = self.theta.reshape(-1, self.theta.shape[-1])
        known = states(self.game.generator, rows)
        out.reshape(rows.shape)[known] = self.game.force(rows[known]) if known.any() else 0.0
        return out

    @cached_property
    def force_ratio(self) -> Array:
        """Size of the learned force over the exact one's (R, T)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            sizes = [norm(force, axis=-1) for force in (self.learned_force, self.exact_force)]
            return np.asarray(sizes[0] / sizes[1])

    @cached_property
    def force_angle(self) -> Array:
        """Angle from the exact force to the learned one (R, T), in (−π, π]; 0 is the same way.

        With more than two parameters it has no sign.
        """
        x, y = self.exact_force, self.learned_force
        if x.shape[-1] == 2:
            turned = x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
            return np.arctan2(turned, (x * y).sum(axis=-1))
        # Kahan's formula, which keeps its digits at both ends.
        x, y = x * norm(y, axis=-1, keepdims=True), y * norm(x, axis=-1, keepdims=True)
        return np.asarray(2.0 * np.arctan2(norm(x - y, axis=-1), norm(x + y, axis=-1)))


def train(
    game: Game,
    plan: Settings | None = None,
    rng: int | np.random.Generator = 0,
    replicas: int = 1,
    *,
    workers: int | None = None,
    checkpoint: str | Path | None = None,
    resume: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Training:
    """Train a generator against a discriminator by minibatches, R times side by side.

    Parameters
    ----------
    game : Game
        Where real samples come from, what is trained, and what it descends. A network for a
        discriminator takes the saturating and the non-saturating objective, whose losses are
        −E log D(G(z)) and E log(1 − D(G(z))); the optimal one takes any.
    plan : Settings, optional
    rng : int or Generator
        The seed. Replica r has its own stream, spawned from it: it is the same, to the
        bit, whatever the number of replicas and of processes.
    replicas : int
        Runs that are trained together, in stacked arrays.
    workers : int, optional
        Processes that replicas are shared out to, each with a stack of its own. By default all is
        done in this process, until it is seen that what is left will take some seconds, and then
        in one a core. Networks so large that a single matrix product keeps several cores busy stay
        in this process, as do games that cannot be sent to another, such as those of a function
        without a name.
    checkpoint : path, optional
        An .npz file that keeps the state: every half minute, at the end, and on Ctrl-C. Where it is
        there already, of the same game, plan, seed and replicas, the run goes on from it: what
        comes out is to the bit what would have come without the stop.
    resume : path, optional
        Such a file, which must be there, to go on from; it is kept up to date only where it is the
        checkpoint, too.
    overwrite : bool
        Whether the checkpoint may take the place of another run's, or of this one's from which it
        is not gone on; that of anything else it never does.
    progress : callable, optional
        Told the fraction done, and the steps.

    Returns
    -------
    Training
        Also when replicas diverged: see its `status`.

    Raises
    ------
    InputError
        For arguments that are not as above, and a plan that is none for the game.
    Interrupted
        On Ctrl-C, a KeyboardInterrupt whose `result` is the `Training` until then.

    Notes
    -----
    Of data many widths away from 0 networks see x as it is measured from the place of the data
    (`Game.place`), and the generator's own drawn start is made there: training goes on as if the
    data lay about 0.

    References
    ----------
    .. [1] I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, Algorithm 1.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("N(1, 0.5)"))
    >>> plan = gandyn.Settings(discriminator=gandyn.MLP((8,)), steps=20, record_every=10)
    >>> run = gandyn.train(game, plan, rng=0, replicas=2)
    >>> run.message, run.theta.shape, bool((run.value_gap >= 0).all())
    ('20 of 20 steps', (2, 3, 2), True)
    """
    plan = Settings() if plan is None else plan
    if not isinstance(game, Game):
        raise InputError(f"game: got {show(game)}, must be a Game")
    if not isinstance(plan, Settings):
        raise InputError(f"plan: got {show(plan)}, must be Settings")
    need_count("replicas", replicas, 1)
    count = min(worker_count(workers), replicas)
    root = root_of(rng)
    need_room(game, plan, int(replicas))
    run = Run(game, plan, children(root, int(replicas)))
    if large_products(game, plan) or (count > 1 and not travels(game)):
        count = 1
    about = _about(game, plan)
    about |= {"seed": f"{root.entropy} {root.spawn_key}", "replicas": str(replicas)}
    kept, source = None, None
    if resume is not None:
        source = ArrayFile("resume", resume, "checkpoint", about)
    if checkpoint is not None:
        kept = ArrayFile("checkpoint", checkpoint, "checkpoint", about, _ADVICE)
        source = _source(kept, source, list(run.state()), overwrite)
    if source is not None:
        held = source.read(list(run.state()), run.most_bytes)
        try:
            run.enter(held)
        except ValueError:
            raise source.refused("whose arrays do not fit") from None

    def save() -> None:
        if kept is not None:
            kept.write(run.state())

    def tell(done: int) -> None:
        if progress is not None:
            progress(done / plan.steps, f"{done} of {plan.steps} steps")

    goal = _Goal(plan.steps)
    with interrupts_to(goal.stop):
        # The record of the start, and the proof that the file can be written; another run's, which
        # is to be overwritten, stays for as long as there is no more than a start.
        run.go(lambda: 0, tell)
        if kept is None or source is not None or not kept.path.exists():
            save()
        else:
            with writable_folder(kept.path.parent, "checkpoint"):
                pass
        if workers is None and count > 1:
            count = count if _is_long(run, goal, tell) else 1
            save()
        note = _carry_out(run, goal, save, tell, count)
    found = _result(run, goal.stopped, note)
    if goal.stopped:
        raise Interrupted(found.message, found)
    return found


def _source(
    kept: ArrayFile, given: ArrayFile | None, names: list[str], overwrite: bool
) -> ArrayFile | None:
    """The file to go on from, where the checkpoint that is kept may be there already."""
    same = given is not None and given.path.resolve() == kept.path.resolve()
    if same or not kept.path.exists():
        return given
    if overwrite:
        kept.check_kind(names)
        return given
    if given is not None:
        raise kept.refused(f"which is there already; {_ADVICE}")
    return kept


class _Goal:
    """How many iterations there are to be made: all, or none more, for a pause."""

    def __init__(self, steps: int) -> None:
        self._steps, self._asked, self._end = steps, 0, math.inf
        self.stopped = False

    def stop(self) -> None:
        """End after the iteration under way, which is never left half-made; asked twice, now."""
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True

    def within(self, seconds: float) -> None:
        """Call for a pause after so long, but not when asked for the first time."""
        self._asked, self._end = 0, time.monotonic() + seconds

    def __call__(self) -> int:
        self._asked += 1
        late = self._asked > 1 and time.monotonic() > self._end
        return 0 if self.stopped or late else self._steps


def _carry_out(
    run: Run, goal: _Goal, save: Callable[[], None], tell: Callable[[int], None], count: int
) -> str:
    """Train until all is done, diverged or stopped, in so many processes; what went wrong."""
    note = ""
    with shared(run, count) if count > 1 else nullcontext(run) as part:
        while not (run.over or goal.stopped):
            before = {name: array.copy() for name, array in run.state().items()}
            goal.within(_SECONDS)
            try:
                part.go(goal, tell)
            except BrokenExecutor:
                run.enter(before)
                part, note = run, "a process died (short of memory?), the rest was done in one"
            save()
    return note


def _is_long(run: Run, goal: _Goal, tell: Callable[[int], None]) -> bool:
    """Make a start, and judge from it whether what is left takes some seconds."""
    first, began = run.done, time.monotonic()
    goal.within(_TRIAL)
    run.go(goal, tell)
    each = (time.monotonic() - began) / max(1, run.done - first)
    return each * (run.plan.steps - run.done) > _LONG


def _result(run: Run, stopped: bool, note: str) -> Training:
    """What a run has come to."""
    steps, status = run.plan.steps, run.status
    parts = [f"{run.done} of {steps} steps"]
    lost = int((status == DIVERGED).sum())
    if lost:
        parts.append(f"{lost} of {len(status)} replicas diverged: lower the rates, or use float64")
    if stopped and not run.over:
        status[status == DONE] = INTERRUPTED
        parts.append("interrupted")
    if note:
        parts.append(note)
    parameters = [one.networks.parameters.copy() for one in run.players.trained]
    parameters += [np.empty((len(status), 0))] * (2 - len(parameters))
    found = run.records.arrays()
    place = run.game.place
    if place != 0.0:
        found |= {name: found[name].astype(float) + place for name in ("mean", "images", "places")}
        parameters[0] = run.game.far(parameters[0].astype(float))
        if not run.players.network:
            found["theta"] = run.game.far(found["theta"])
    return Training(
        **found,
        status=status,
        message="; ".join(parts),
        game=run.game,
        plan=run.plan,
        generator_parameters=parameters[0],
        discriminator_parameters=parameters[1],
    )


def _about(game: Game, plan: Settings) -> dict[str, str]:
    """What tells a run from those of another plan or game, by name."""
    generator, start = game.generator, first_state(game.generator, plan)
    share = np.linspace(0.05, 0.95, 19)
    x, z = game.data.ppf(share), generator.latent.ppf(share)
    images = slopes = np.empty(0)
    if not isinstance(start, str):
        images, slopes = generator(z, start), game.slope(x[None], start[None])
    return {
        **{name: json.dumps(value) for name, value in json.loads(plan.to_json()).items()},
        "data": _told(game.data, [x, game.data.logpdf(x)]),
        "latent": _told(generator.latent, [z, generator.latent.logpdf(z)]),
        "generator": _told(generator, images),
        "objective": _told(game.objective.name, slopes),
    }


def _told(thing: object, numbers: ArrayLike) -> str:
    """A text, and what tells apart things of equal texts."""
    digest = hashlib.sha256(np.round(np.asarray(numbers, float), 9).tobytes()).hexdigest()[:16]
    return f"{re.sub(' at 0x[0-9a-fA-F]+', '', str(thing)):.200} {digest}"
