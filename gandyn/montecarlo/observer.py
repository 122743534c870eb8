"""One record: minibatch figures, and exact ones of every replica that is alive."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gandyn.game import Game
from gandyn.generators import Generated
from gandyn.generators.fixed import Stack
from gandyn.montecarlo import discriminators
from gandyn.montecarlo.discriminators import LearnedDiscriminator
from gandyn.montecarlo.exact import Measures, logit_of, measure, measure_optimal
from gandyn.montecarlo.players import Players
from gandyn.montecarlo.records import LATENTS, PLACES, Records

__all__ = ["Observer"]

Array = NDArray[Any]


class Observer:
    """Records a run's players.

    Parameters
    ----------
    game : Game
    players : Players
    """

    def __init__(self, game: Game, players: Players) -> None:
        self._game, self._players = game, players
        self.latents: Array = game.generator.latent.ppf((np.arange(LATENTS) + 0.5) / LATENTS)
        low, high = game.data.ppf(1e-3), game.data.isf(1e-3)
        margin = 0.35 * (high - low)
        self.places: Array = np.linspace(low - margin, high + margin, PLACES)

    def record(self, records: Records, alive: NDArray[np.bool_]) -> None:
        """Fill in the next record of the replicas that are alive."""
        here = np.flatnonzero(alive)
        place, series = records.made, records.series
        if len(here):
            theta = self._players.generator.networks.parameters[here].astype(float)
            generated = self._game.generator.generated(theta)
            filled = {**self._batch(here), **self._moments(theta, generated)}
            filled |= vars(self._measures(theta, generated, here))
            if not self._players.network:
                filled |= {"theta": theta, "learned_force": filled["force"]}
            del filled["force"]
            for name, values in filled.items():
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
            "generator_loss": discriminators.generator_loss(judged, opponent.loss),
            "batch_real_on_real": real.mean(axis=1),
            "batch_real_on_fake": fake.mean(axis=1),
        }

    def _measures(self, theta: Array, generated: Generated, here: NDArray[np.intp]) -> Measures:
        opponent, data = self._players.discriminator, self._game.data
        if not isinstance(opponent, LearnedDiscriminator):
            # One by one: the products of a stack round by its size.
            exact = np.stack([self._game.force(state) for state in theta])
            return measure_optimal(data, generated, exact)
        networks = opponent.trained.networks
        weights = [layer[here] for layer in networks.weights]
        logit, ends = logit_of(weights, networks.activation)
        force = not self._players.network
        return measure(data, generated, logit, ends, opponent.loss, force=force)

    def _moments(self, theta: Array, generated: Generated) -> dict[str, Array]:
        if isinstance(generated, Stack):
            laws = generated.members
            return {name: np.array([getattr(law, name) for law in laws]) for name in _MOMENTS}
        latent = self._game.generator.latent
        return {
            "mean": theta[:, 0] * latent.mean + theta[:, 1],
            "std": np.abs(theta[:, 0]) * latent.std,
        }

    def _shoot(self, records: Records, here: NDArray[np.intp]) -> None:
        stack = self._players.generator.networks
        count, dtype = stack.replicas, stack.parameters.dtype
        everywhere = np.broadcast_to(self.latents.astype(dtype), (count, LATENTS))
        records.images[here, records.shot] = stack.forward(everywhere)[here]
        opponent = self._players.discriminator
        if isinstance(opponent, LearnedDiscriminator):
            places = np.broadcast_to(self.places.astype(dtype), (count, PLACES))
            logits = opponent.trained.networks.forward(places)[here]
        else:
            theta = stack.parameters[here].astype(float)
            logits = self._game.discriminator(theta).logit(self.places)
        records.logits[here, records.shot] = logits


_MOMENTS = ("mean", "std")
