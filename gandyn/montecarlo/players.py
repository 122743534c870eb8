"""Both players of a run, and one iteration of Algorithm 1."""

from __future__ import annotations

import numpy as np

from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.generators import Generator, MLPGenerator
from gandyn.montecarlo.discriminators import LOSSES, LearnedDiscriminator, OptimalDiscriminator
from gandyn.montecarlo.networks import MLP, Networks, OwnGenerators, Trained
from gandyn.montecarlo.settings import Settings
from gandyn.montecarlo.streams import Batches, Masks, initial_streams
from gandyn.system.checks import AnyArray as Array
from gandyn.system.text import show

_DISCRIMINATOR, _GENERATOR = range(2)


class Players:
    """Generators and discriminators of every replica, of which each has a seed.

    `network` says whether the generator is one, whose parameters are too many to be recorded. An
    `InputError` where the plan is not one for this game.
    """

    def __init__(self, game: Game, plan: Settings, seeds: list[np.random.SeedSequence]) -> None:
        _check(game, plan)
        self._plan, generator = plan, game.generator
        self.network = type(generator) is MLPGenerator
        self._before, self._after = plan.before_and_after
        dtype, count = np.dtype(plan.dtype), len(seeds)
        start = first_state(generator, plan)
        stack: Networks | OwnGenerators
        if type(generator) is MLPGenerator:
            stack = Networks(generator.widths, generator.activation, count, dtype)
        elif generator.affine and generator.scale_and_place == (0, 1):
            stack = Networks((), "relu", count, dtype)
        else:
            stack = OwnGenerators(generator, count, dtype)
        if isinstance(start, str):
            assert isinstance(stack, Networks)
            stack.initialise(start, initial_streams(seeds, _GENERATOR))
        else:
            stack.parameters[:] = start
        self.generator = Trained(stack, plan.generator_optimizer, plan.generator_l2)
        self.discriminator: LearnedDiscriminator | OptimalDiscriminator = OptimalDiscriminator(game)
        if isinstance(plan.discriminator, MLP):
            opponent = plan.discriminator
            networks = Networks(opponent.widths, opponent.activation, count, dtype)
            networks.initialise(opponent.initial, initial_streams(seeds, _DISCRIMINATOR))
            trained = Trained(networks, plan.discriminator_optimizer, opponent.l2)
            masks = Masks(seeds, _DISCRIMINATOR, opponent.dropout, opponent.widths, dtype)
            always = opponent.dropout_when == "always"
            loss = LOSSES[game.objective.name]
            self.discriminator = LearnedDiscriminator(trained, masks, loss, always=always)
        batch, own = plan.batch, self._before + self._after
        self._data = Batches(game.data, seeds, "data", max(1, own), batch, dtype)
        draws = own + plan.generator_steps
        self._latent = Batches(generator.latent, seeds, "latent", draws, batch, dtype)

    @property
    def trained(self) -> list[Trained]:
        """The stacks that are trained."""
        if isinstance(self.discriminator, LearnedDiscriminator):
            return [self.generator, self.discriminator.trained]
        return [self.generator]

    def iterate(self, iteration: int) -> None:
        """One iteration, counted from 0, on minibatches that only its number decides."""
        latents = iter(self._latent.at(iteration))
        if self._before:
            reals = iter(self._data.at(iteration))
        stack = self.generator.networks
        for _ in range(self._before):
            self.discriminator.train(next(reals), stack.forward(next(latents)))
        for _ in range(self._plan.generator_steps):
            fake = stack.forward(next(latents))
            stack.backward(self.discriminator.pull(fake, stack.parameters))
            self.generator.step()
        for _ in range(self._after):
            self.discriminator.train(next(reals), stack.forward(next(latents)))

    def skip(self, iterations: int) -> None:
        """Set streams and counts of steps to where they are after so many iterations."""
        self.generator.count = generators = self._plan.generator_steps * iterations
        if isinstance(self.discriminator, LearnedDiscriminator):
            own = (self._before + self._after) * iterations
            self.discriminator.trained.count = own
            self.discriminator.skip(own, generators, self._plan.batch)


def _check(game: Game, plan: Settings) -> None:
    """Refuse a plan that is none for this game."""
    network = type(game.generator) is MLPGenerator
    if isinstance(plan.discriminator, MLP) and game.objective.name not in LOSSES:
        raise InputError(
            f"discriminator: got an MLP for the objective {game.objective.name!r:.60}, must be "
            f"'optimal' for all but {' and '.join(LOSSES)}"
        )
    if not isinstance(plan.discriminator, MLP) and network:
        raise InputError("discriminator: got 'optimal', must be an MLP for an MLPGenerator")
    if plan.generator_l2 and not network:
        got = f"generator_l2: got {plan.generator_l2:g}"
        raise InputError(f"{got}, must be 0 for a generator that is not an MLPGenerator")


def first_state(generator: Generator, plan: Settings) -> Array | str:
    """The generator's parameters at first (d,), or how they are drawn.

    An `InputError` where the plan's start is none for the generator.
    """
    network, start = type(generator) is MLPGenerator, plan.start
    if start is None and network:
        return "article"
    if start is None and generator.scale_and_place is not None:
        start = np.arange(generator.dimension) == generator.scale_and_place[0]
    if start is None or (isinstance(start, str) and not network):
        allowed = f"must be the {generator.dimension} parameters of a state"
        raise InputError(f"start: got {show(start)}, {allowed}")
    if isinstance(start, str):
        return start
    try:
        return generator.check(start)
    except InputError as error:
        raise InputError(str(error).replace("theta:", "start:", 1)) from None
