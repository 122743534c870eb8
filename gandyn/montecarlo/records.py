"""What is written down while training goes on: minibatch figures, and exact ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.generators import Generated
from gandyn.generators.generated import Stack
from gandyn.montecarlo import discriminators
from gandyn.montecarlo.discriminators import LearnedDiscriminator
from gandyn.montecarlo.exact import Measures, logit_of, measure, measure_optimal
from gandyn.montecarlo.players import Players
from gandyn.montecarlo.settings import Settings
from gandyn.system.checks import AnyArray as Array

SERIES = (
    "discriminator_loss", "generator_loss", "batch_real_on_real", "batch_real_on_fake",
    "mean", "std", "value", "value_gap", "jsd", "real_on_real", "real_on_fake",
    "error", "force_error",
)  # fmt: skip
"""Names of the series of shape (R, T)."""

STATES = ("theta", "learned_force")
"""Names of the series of shape (R, T, d)."""

_LATENTS = 256
_PLACES = 256


class Records:
    """Series and snapshots of a run's players, filled from the left."""

    def __init__(self, game: Game, players: Players, plan: Settings, replicas: int) -> None:
        self._game, self._players = game, players
        self.step = _steps(plan)
        count = min(plan.snapshots, len(self.step))
        evenly = np.linspace(0, len(self.step) - 1, count).round().astype(int)
        self.snapshot_step = self.step[np.unique(evenly)]
        self.made = self.shot = 0
        # A network's states are left out, as a pair that is not known.
        dimension = 2 if players.network else game.generator.dimension
        shape, shots = (replicas, len(self.step)), (replicas, len(self.snapshot_step))
        self._series = {name: np.full(shape, np.nan) for name in SERIES}
        self._series |= {name: np.full((*shape, dimension), np.nan) for name in STATES}
        self.images = np.full((*shots, _LATENTS), np.nan, np.float32)
        self.logits = np.full((*shots, _PLACES), np.nan, np.float32)
        self.latents: Array = game.generator.latent.ppf((np.arange(_LATENTS) + 0.5) / _LATENTS)
        low, high = game.data.ppf(1e-3), game.data.isf(1e-3)
        margin = 0.35 * (high - low)
        self.places: Array = np.linspace(low - margin, high + margin, _PLACES)

    def filled(self) -> dict[str, Array]:
        """Series and snapshots so far, by name: views."""
        shots = {"images": self.images, "logits": self.logits}
        return {
            **{name: values[:, : self.made] for name, values in self._series.items()},
            **{name: values[:, : self.shot] for name, values in shots.items()},
        }

    def arrays(self) -> dict[str, Array]:
        """The same, with the steps that they are of, and where the snapshots look."""
        steps = {"step": self.step[: self.made], "snapshot_step": self.snapshot_step[: self.shot]}
        return self.filled() | steps | {"latents": self.latents, "places": self.places}

    def reach(self, done: int) -> None:
        """Count as filled what is recorded until `done` iterations are made."""
        self.made = int(np.searchsorted(self.step, done, side="right"))
        self.shot = int(np.searchsorted(self.snapshot_step, done, side="right"))

    def due(self, done: int) -> bool:
        """Whether the next record is that of so many iterations."""
        return self.made < len(self.step) and bool(self.step[self.made] == done)

    def record(self, alive: NDArray[np.bool_]) -> None:
        """Fill in the next record of the replicas that are alive."""
        here = np.flatnonzero(alive)
        step = self.step[self.made]
        if len(here):
            theta = self._players.generator.networks.parameters[here].astype(float)
            generated = self._game.generator.generated(theta)
            filled = {**self._batch(here), **self._moments(theta, generated)}
            filled |= vars(self._measures(theta, generated, here))
            if not self._players.network:
                filled |= {"theta": theta, "learned_force": filled["force"]}
            del filled["force"]
            for name, values in filled.items():
                self._series[name][here, self.made] = values
            if step in self.snapshot_step:
                self._shoot(here)
        self.reach(step)

    def _batch(self, here: NDArray[np.intp]) -> dict[str, Array]:
        opponent = self._players.discriminator
        if not isinstance(opponent, LearnedDiscriminator) or not opponent.logits_seen.size:
            return {}
        seen, judged = opponent.logits_seen[here], opponent.logits_judged[here]
        real, fake = np.split(expit(seen.astype(float)), 2, axis=1)
        return {
            "discriminator_loss": discriminators.discriminator_loss(seen),
            "generator_loss": discriminators.generator_loss(judged, opponent.loss),
            "batch_real_on_real": real.mean(axis=1),
            "batch_real_on_fake": fake.mean(axis=1),
        }

    def _measures(self, theta: Array, generated: Generated, here: NDArray[np.intp]) -> Measures:
        opponent, data = self._players.discriminator, self._game.data
        if not isinstance(opponent, LearnedDiscriminator):
            # One by one: the products of a stack round by its size.
            exact = np.stack([self._force(state) for state in theta])
            return measure_optimal(data, generated, exact)
        networks = opponent.trained.networks
        weights = [layer[here] for layer in networks.weights]
        logit, ends = logit_of(weights, networks.activation)
        force = not self._players.network
        return measure(data, generated, logit, ends, opponent.loss, force=force)

    def _force(self, theta: Array) -> Array:
        """The force at one state, nan where it is too far away for a game to take it."""
        try:
            return self._game.force(theta)
        except InputError:
            return np.full(theta.shape, np.nan)

    def _moments(self, theta: Array, generated: Generated) -> dict[str, Array]:
        if isinstance(generated, Stack):
            laws, names = generated.members, ("mean", "std")
            return {name: np.array([getattr(law, name) for law in laws]) for name in names}
        latent = self._game.generator.latent
        return {
            "mean": theta[:, 0] * latent.mean + theta[:, 1],
            "std": np.abs(theta[:, 0]) * latent.std,
        }

    def _shoot(self, here: NDArray[np.intp]) -> None:
        stack = self._players.generator.networks
        count, dtype = stack.replicas, stack.parameters.dtype
        everywhere = np.broadcast_to(self.latents.astype(dtype), (count, _LATENTS))
        self.images[here, self.shot] = stack.forward(everywhere)[here]
        opponent = self._players.discriminator
        if isinstance(opponent, LearnedDiscriminator):
            places = np.broadcast_to(self.places.astype(dtype), (count, _PLACES))
            logits = opponent.trained.networks.forward(places)[here]
        else:
            theta = stack.parameters[here].astype(float)
            logits = self._game.discriminator(theta).logit(self.places)
        self.logits[here, self.shot] = logits


def _steps(settings: Settings) -> NDArray[np.int64]:
    """0, every `record_every`, and the last."""
    steps = np.arange(0, settings.steps + 1, settings.record_every)
    return steps if steps[-1] == settings.steps else np.append(steps, settings.steps)
