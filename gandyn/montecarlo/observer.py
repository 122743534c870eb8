"""One record: minibatch figures, and exact ones of every replica that is alive."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gandyn.distributions import Distribution
from gandyn.game import Game
from gandyn.generators import Generated, LinearGenerator, MLPGenerator
from gandyn.generators.pushforward import Stack
from gandyn.montecarlo import discriminators
from gandyn.montecarlo.discriminators import LearnedDiscriminator
from gandyn.montecarlo.exact import Measures, logit_of, measure, measure_optimal
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.players import Players
from gandyn.montecarlo.records import LATENTS, PLACES, Records
from gandyn.montecarlo.settings import Settings

__all__ = ["Observer"]

Array = NDArray[Any]


class Observer:
    """Records a run's players.

    Parameters
    ----------
    data : Distribution
    settings : Settings
    players : Players
    """

    def __init__(self, data: Distribution, settings: Settings, players: Players) -> None:
        self._data, self._settings, self._players = data, settings, players
        latent = settings.latent_law
        self._generator = (
            MLPGenerator(settings.generator.widths, settings.generator.activation, latent)
            if isinstance(settings.generator, MLP)
            else LinearGenerator(latent)
        )
        self._game = Game(data, LinearGenerator(latent), settings.loss)
        self._saturating = settings.loss == "saturating"
        self.latents: Array = latent.ppf((np.arange(LATENTS) + 0.5) / LATENTS)
        low, high = data.ppf(1e-3), data.isf(1e-3)
        margin = 0.35 * (high - low)
        self.places: Array = np.linspace(low - margin, high + margin, PLACES)

    def record(self, records: Records, alive: NDArray[np.bool_]) -> None:
        """Fill in the next record of the replicas that are alive."""
        here = np.flatnonzero(alive)
        place, series = records.made, records.series
        if len(here):
            theta = self._players.generator.networks.parameters[here].astype(float)
            for name, values in self._batch(here).items():
                series[name][here, place] = values
            generated = self._generator.generated(theta)
            found = self._measures(theta, generated, here)
            for name in _EXACT:
                series[name][here, place] = getattr(found, name)
            series["learned_force"][here, place] = found.force
            for name, values in self._moments(theta, generated).items():
                series[name][here, place] = values
        records.made += 1
        if records.shot < len(records.snapshot_step) and (
            records.snapshot_step[records.shot] == records.step[place]
        ):
            if len(here):
                self._shoot(records, here)
            records.shot += 1

    def _batch(self, here: NDArray[np.intp]) -> dict[str, Array]:
        opponent = self._players.discriminator
        if not isinstance(opponent, LearnedDiscriminator) or not opponent.logits_seen.size:
            return {}
        seen, judged = opponent.logits_seen[here], opponent.logits_judged[here]
        real, fake = np.split(expit(seen.astype(float)), 2, axis=1)
        return {
            "discriminator_loss": discriminators.discriminator_loss(seen),
            "generator_loss": discriminators.generator_loss(judged, self._saturating),
            "batch_real_on_real": real.mean(axis=1),
            "batch_real_on_fake": fake.mean(axis=1),
        }

    def _measures(self, theta: Array, generated: Generated, here: NDArray[np.intp]) -> Measures:
        opponent = self._players.discriminator
        if not isinstance(opponent, LearnedDiscriminator):
            # One by one: the products of a stack round by its size.
            force = np.stack([self._game.force(state) for state in theta])
            return measure_optimal(self._data, generated, force)
        networks = opponent.trained.networks
        assert opponent.trained.plan is not None
        weights = [layer[here] for layer in networks.weights]
        logit, ends = logit_of(weights, opponent.trained.plan.activation)
        return measure(
            self._data, generated, logit, ends, self._saturating, linear=self._settings.linear
        )

    def _moments(self, theta: Array, generated: Generated) -> dict[str, Array]:
        latent = self._generator.latent
        if self._settings.linear:
            return {
                "theta": theta,
                "mean": theta[:, 0] * latent.mean + theta[:, 1],
                "std": np.abs(theta[:, 0]) * latent.std,
            }
        assert isinstance(generated, Stack)
        laws = generated.members
        return {
            "mean": np.array([law.mean for law in laws]),
            "std": np.array([law.std for law in laws]),
        }

    def _shoot(self, records: Records, here: NDArray[np.intp]) -> None:
        networks = self._players.generator.networks
        count, dtype = networks.replicas, networks.parameters.dtype
        everywhere = np.broadcast_to(self.latents.astype(dtype), (count, LATENTS))
        records.images[here, records.shot] = networks.forward(everywhere)[here]
        opponent = self._players.discriminator
        if isinstance(opponent, LearnedDiscriminator):
            places = np.broadcast_to(self.places.astype(dtype), (count, PLACES))
            logits = opponent.trained.networks.forward(places)[here]
        else:
            theta = networks.parameters[here].astype(float)
            logits = self._game.discriminator(theta).logit(self.places)
        records.logits[here, records.shot] = logits


_EXACT = ("value", "value_gap", "jsd", "real_on_real", "real_on_fake", "error", "force_error")
