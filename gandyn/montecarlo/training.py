"""Training by minibatches, measured at every record against what is known exactly."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.errors import InputError
from gandyn.files import array_path
from gandyn.game import Game
from gandyn.generators import LinearGenerator
from gandyn.interrupts import interrupts_to
from gandyn.montecarlo import checkpoint as files
from gandyn.montecarlo.checks import need_count
from gandyn.montecarlo.observer import Observer
from gandyn.montecarlo.players import Players
from gandyn.montecarlo.records import Records
from gandyn.montecarlo.settings import Settings
from gandyn.montecarlo.streams import children, root_of
from gandyn.montecarlo.threads import threads_for

__all__ = ["Training", "train"]

Array = NDArray[Any]

_SECONDS = 30.0
"""Between two checkpoints."""

DONE, DIVERGED, INTERRUPTED = 0, -2, -3


@dataclass(frozen=True, eq=False)
class Training:
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
    theta : ndarray, shape (R, T, 2)
        (a, b); nan for an MLP generator.
    value, value_gap : ndarray, shape (R, T)
        V(G, D) of the learned discriminator, whole as it is evaluated (without dropout), and
        V(G, D*) − V(G, D) ≥ 0, in nats.
    jsd : ndarray, shape (R, T)
        Of p and p_g, in nats.
    learned_force : ndarray, shape (R, T, 2)
        −∂(generator's loss)/∂(a, b), expected over z, at the learned discriminator; nan for an MLP
        generator.
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
    settings : Settings
    data : Distribution
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
    settings: Settings = field(repr=False)
    data: Distribution = field(repr=False)
    generator_parameters: Array = field(repr=False)
    discriminator_parameters: Array = field(repr=False)

    @property
    def success(self) -> NDArray[np.bool_]:
        """Whether each replica made all its steps (R,)."""
        return self.status == DONE

    @property
    def replicas(self) -> int:
        """R."""
        return len(self.status)

    @property
    def time(self) -> Array:
        """The flow's time at each record (T,): generator rate × generator steps made.

        That is the flow's clock for plain SGD only.
        """
        settings = self.settings
        return self.step * settings.generator_steps * settings.generator_optimizer.rate

    @cached_property
    def exact_force(self) -> Array:
        """The same at the optimal discriminator, the force of the game (R, T, 2)."""
        settings = self.settings
        game = Game(self.data, LinearGenerator(settings.latent_law), settings.loss)
        out = np.full(self.theta.shape, np.nan)
        known = np.isfinite(self.theta).all(axis=-1) & (self.theta[..., 0] != 0.0)
        if known.any():
            out[known] = game.force(self.theta[known])
        return out

    @cached_property
    def force_ratio(self) -> Array:
        """Size of the learned force over the exact one's (R, T)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return _norm(self.learned_force) / _norm(self.exact_force)

    @cached_property
    def force_angle(self) -> Array:
        """Angle from the exact force to the learned one (R, T), in (−π, π]; 0 is the same way."""
        x, y = np.moveaxis(self.exact_force, -1, 0), np.moveaxis(self.learned_force, -1, 0)
        return np.arctan2(x[0] * y[1] - x[1] * y[0], x[0] * y[0] + x[1] * y[1])


def train(
    data: Distribution,
    settings: Settings | None = None,
    rng: int | np.random.Generator = 0,
    replicas: int = 1,
    *,
    checkpoint: str | Path | None = None,
    resume: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Training:
    """Train a generator against a discriminator by minibatches, R times side by side.

    Parameters
    ----------
    data : Distribution
        Where real samples come from.
    settings : Settings, optional
    rng : int or Generator
        The seed. Replica r has its own stream, spawned from it: it is the same, to the
        bit, whatever the number of replicas (to rounding for the optimal discriminator).
    replicas : int
        Runs that are trained together, in stacked arrays.
    checkpoint : path, optional
        An .npz file that keeps the state: every half minute, at the end, and on Ctrl-C.
    resume : path, optional
        A checkpoint of the same data, settings, seed and replicas to go on from; what comes out is
        to the bit what would have come without the stop.
    progress : callable, optional
        Told the fraction done.

    Returns
    -------
    Training
        Also when it was interrupted, or replicas diverged: see its `status`.

    Raises
    ------
    InputError
        For arguments that are not as above.

    References
    ----------
    .. [1] I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, Algorithm 1.
    """
    settings = Settings() if settings is None else settings
    if not isinstance(data, Distribution):
        raise InputError(f"data: got {data!r:.60}, must be a Distribution (see gandyn.parse)")
    if not isinstance(settings, Settings):
        raise InputError(f"settings: got {settings!r:.60}, must be Settings")
    need_count("replicas", replicas, 1)
    path = None if checkpoint is None else array_path("checkpoint", checkpoint)
    run = _Run(data, settings, root_of(rng), int(replicas))
    if resume is not None:
        run.restore(array_path("resume", resume))
    with interrupts_to(run.stop), threads_for(settings), np.errstate(all="ignore"):
        run.go(path, progress)
    return run.result()


class _Run:
    """A run under way."""

    def __init__(
        self, data: Distribution, settings: Settings, root: np.random.SeedSequence, replicas: int
    ) -> None:
        self._data, self._settings = data, settings
        self._players = Players(data, settings, children(root, replicas))
        self._observer = Observer(data, settings, self._players)
        self._records = Records.empty(settings, replicas)
        self._done, self._stopped = 0, False
        self._status = np.zeros(replicas, np.intp)
        self._about = {
            "settings": settings.to_json(),
            "data": _fingerprint(data),
            "seed": f"{root.entropy} {root.spawn_key}",
            "replicas": str(replicas),
        }

    def stop(self) -> None:
        """End after the iteration under way, which is never left half-made; asked twice, now."""
        if self._stopped:
            raise KeyboardInterrupt
        self._stopped = True

    def go(self, path: Path | None, progress: Callable[[float], None] | None) -> None:
        """Iterate and record until all is done, diverged or interrupted."""
        records, steps = self._records, self._settings.steps
        saved = -np.inf
        while True:
            if records.made < len(records.step) and records.step[records.made] == self._done:
                self._observe()
                if progress is not None:
                    progress(self._done / steps)
            over = self._done == steps or (self._status == DIVERGED).all()
            if over or self._stopped:
                break
            # Not between a step and its record, which is also of the step's minibatches.
            if path is not None and time.monotonic() - saved > _SECONDS:
                files.write(path, self._about, self._state())
                saved = time.monotonic()
            self._players.iterate(self._done)
            self._done += 1
        if path is not None:
            files.write(path, self._about, self._state())

    def _observe(self) -> None:
        alive = self._status == DONE
        for trained in self._players.trained:
            alive &= trained.finite
        self._status[~alive] = DIVERGED
        self._observer.record(self._records, alive)

    def result(self) -> Training:
        """What the run has come to."""
        if self._stopped and self._done < self._settings.steps:
            self._status[self._status == DONE] = INTERRUPTED
        found = self._records.arrays()
        trained = self._players.trained
        parameters = [one.networks.parameters.copy() for one in trained]
        parameters += [np.empty((len(self._status), 0))] * (2 - len(parameters))
        return Training(
            **found,
            latents=self._observer.latents,
            places=self._observer.places,
            status=self._status,
            message=self._message(),
            settings=self._settings,
            data=self._data,
            generator_parameters=parameters[0],
            discriminator_parameters=parameters[1],
        )

    def _message(self) -> str:
        lost = int((self._status == DIVERGED).sum())
        parts = [f"{self._done} of {self._settings.steps} steps"]
        if lost:
            parts.append(
                f"{lost} of {len(self._status)} replicas diverged: lower the rates, or use float64"
            )
        if (self._status == INTERRUPTED).any():
            parts.append("interrupted")
        return "; ".join(parts)

    def _state(self) -> dict[str, Array]:
        """What a checkpoint keeps: views into the run."""
        arrays = {"done": np.array(self._done), "status": self._status, **self._records.filled()}
        for k, trained in enumerate(self._players.trained):
            arrays[f"parameters_{k}"] = trained.networks.parameters
            arrays[f"memory_{k}"] = trained.memory
        return arrays

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint."""
        held = files.read("resume", path, self._about, list(self._state()))
        done = held["done"]
        if done.shape == () and done.dtype.kind == "i" and 0 <= done <= self._settings.steps:
            self._done = int(done)
            self._records.reach(self._done)
        for name, array in self._state().items():
            if (held[name].shape, held[name].dtype) != (array.shape, array.dtype):
                raise InputError(f"resume: got {str(path)!r}, whose arrays do not fit")
            array[...] = held[name]
        self._players.skip(self._done)


def _norm(pairs: Array) -> Array:
    return np.hypot(pairs[..., 0], pairs[..., 1])


def _fingerprint(data: Distribution) -> str:
    """The data's text, and what tells densities of equal texts apart."""
    x = data.ppf(np.linspace(0.05, 0.95, 19))
    digest = hashlib.sha256(np.round([x, data.logpdf(x)], 9).tobytes()).hexdigest()[:16]
    return f"{data!s:.200} {digest}"
