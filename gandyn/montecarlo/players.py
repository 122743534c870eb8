"""Both players of a run, and one iteration of Algorithm 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.game import Game
from gandyn.generators import LinearGenerator
from gandyn.montecarlo.discriminators import LearnedDiscriminator, OptimalDiscriminator
from gandyn.montecarlo.networks import MLP, Networks
from gandyn.montecarlo.settings import Settings
from gandyn.montecarlo.streams import Batches, Masks, initial_streams
from gandyn.montecarlo.trained import Trained

__all__ = ["Players"]

Array = NDArray[Any]

_DISCRIMINATOR, _GENERATOR = range(2)


class Players:
    """Generators and discriminators of every replica.

    Parameters
    ----------
    data : Distribution
    settings : Settings
    seeds : list of SeedSequence
        One a replica.
    """

    def __init__(
        self, data: Distribution, settings: Settings, seeds: list[np.random.SeedSequence]
    ) -> None:
        self._settings = settings
        self._before, self._after = settings.before_and_after
        dtype, count = np.dtype(settings.dtype), len(seeds)
        plan = settings.generator if isinstance(settings.generator, MLP) else None
        networks = Networks(
            plan.widths if plan else (), plan.activation if plan else "relu", count, dtype
        )
        if plan is None:
            networks.parameters[:] = settings.start
        else:
            networks.initialise(plan.initial, initial_streams(seeds, _GENERATOR))
        self.generator = Trained(networks, plan, settings.generator_optimizer)
        self.discriminator: LearnedDiscriminator | OptimalDiscriminator
        if isinstance(settings.discriminator, MLP):
            opponent = settings.discriminator
            networks = Networks(opponent.widths, opponent.activation, count, dtype)
            networks.initialise(opponent.initial, initial_streams(seeds, _DISCRIMINATOR))
            trained = Trained(networks, opponent, settings.discriminator_optimizer)
            masks = Masks(seeds, _DISCRIMINATOR, opponent.dropout, opponent.widths, dtype)
            self.discriminator = LearnedDiscriminator(trained, masks, settings.loss)
        else:
            game = Game(data, LinearGenerator(settings.latent_law), settings.loss)
            self.discriminator = OptimalDiscriminator(game)
        batch, own = settings.batch, self._before + self._after
        self._data = Batches(data, seeds, "data", max(1, own), batch, dtype)
        draws = own + settings.generator_steps
        self._latent = Batches(settings.latent_law, seeds, "latent", draws, batch, dtype)

    @property
    def trained(self) -> list[Trained]:
        """The stacks of networks that are trained."""
        if isinstance(self.discriminator, LearnedDiscriminator):
            return [self.generator, self.discriminator.trained]
        return [self.generator]

    def iterate(self, iteration: int) -> None:
        """One iteration, counted from 0, on minibatches that only its number decides."""
        latents = iter(self._latent.at(iteration))
        if self._before:
            reals = iter(self._data.at(iteration))
        networks = self.generator.networks
        for _ in range(self._before):
            self.discriminator.train(next(reals), networks.forward(next(latents)))
        for _ in range(self._settings.generator_steps):
            fake = networks.forward(next(latents))
            networks.backward(self.discriminator.pull(fake, networks.parameters))
            self.generator.step()
        for _ in range(self._after):
            self.discriminator.train(next(reals), networks.forward(next(latents)))

    def skip(self, iterations: int) -> None:
        """Set streams and counts of steps to where they are after so many iterations."""
        self.generator.count = generators = self._settings.generator_steps * iterations
        if isinstance(self.discriminator, LearnedDiscriminator):
            own = (self._before + self._after) * iterations
            self.discriminator.trained.count = own
            self.discriminator.skip(own, generators, self._settings.batch)
