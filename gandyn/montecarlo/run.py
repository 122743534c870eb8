"""Replicas under way: iterations and records, and the state from which another run goes on."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

try:
    from threadpoolctl import threadpool_limits
except ModuleNotFoundError:
    # The number of threads then stays what the environment (OMP_NUM_THREADS) says.
    def threadpool_limits(*_: Any, **__: Any) -> Any:  # type: ignore[no-redef]
        return nullcontext()


from gandyn.game import Game
from gandyn.generators import MLPGenerator
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.players import Players, first_state
from gandyn.montecarlo.records import Records
from gandyn.montecarlo.settings import Settings
from gandyn.system.checks import AnyArray as Array

DONE, DIVERGED, INTERRUPTED = 0, -2, -3

_ALL = slice(None)
_LARGE = 1e8
"""Multiplications in a product from which on a second thread is worth waiting for."""


class Run:
    """Replicas of a training run, one a seed.

    `done` counts the iterations made; `status` (R,) is DONE, so far, or DIVERGED. Players and
    records measure x from the place of the game.
    """

    def __init__(self, game: Game, plan: Settings, seeds: list[np.random.SeedSequence]) -> None:
        self.game, self.plan, self.seeds = game, plan, seeds
        near, about = _at_its_place(game, plan)
        self.players = Players(near, about, seeds)
        self.records = Records(near, self.players, plan, len(seeds))
        self.status = np.zeros(len(seeds), np.intp)
        self.done = 0

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.done == self.plan.steps or bool((self.status == DIVERGED).all())

    def go(self, goal: Callable[[], int], tell: Callable[[int], None]) -> None:
        """Iterate and record until at least `goal()` iterations are made, or it is over.

        The goal is asked for before each iteration: a stop is never between an iteration and its
        record, which is also of the iteration's minibatches. At every record `tell` is told the
        iterations made.
        """
        with _threads_for(self.game, self.plan), np.errstate(all="ignore"):
            while True:
                if self.records.due(self.done):
                    self._observe()
                    tell(self.done)
                if self.over or self.done >= goal():
                    return
                self.players.iterate(self.done)
                self.done += 1

    def _observe(self) -> None:
        alive = self.status == DONE
        for trained in self.players.trained:
            alive &= trained.finite
        self.status[~alive] = DIVERGED
        # What else is left of it depends on how long the others go on.
        for trained in self.players.trained:
            trained.networks.parameters[~alive] = np.nan
        self.records.record(alive)

    def state(self, rows: slice = _ALL) -> dict[str, Array]:
        """All that another run needs to go on from here with these replicas: views."""
        held = {"done": np.array(self.done), "status": self.status[rows]}
        held |= {name: values[rows] for name, values in self.records.filled().items()}
        for k, trained in enumerate(self.players.trained):
            held[f"parameters_{k}"] = trained.networks.parameters[rows]
            held[f"memory_{k}"] = trained.memory[:, rows]
        return held

    @property
    def most_bytes(self) -> int:
        """Of its largest array, when all is done."""
        done = self.done
        self.reach(self.plan.steps)
        most = max(array.nbytes for array in self.state().values())
        self.reach(done)
        return most

    def enter(self, held: dict[str, Array], rows: slice = _ALL) -> None:
        """Go on from the state of another run, or of some of its replicas.

        A `ValueError` where its arrays do not fit, whose values may have been taken in part.
        """
        done = held["done"]
        if done.shape or done.dtype.kind != "i" or not 0 <= done <= self.plan.steps:
            raise ValueError("done")
        self.reach(int(done))
        for name, array in self.state(rows).items():
            if (held[name].shape, held[name].dtype) != (array.shape, array.dtype):
                raise ValueError(name)
            array[...] = held[name]
        if not np.isin(self.status, (DONE, DIVERGED)).all():
            raise ValueError("status")
        self.players.skip(self.done)

    def reach(self, done: int) -> None:
        """Count as made so many iterations, and what is recorded until then."""
        self.done = done
        self.records.reach(done)


def _at_its_place(game: Game, plan: Settings) -> tuple[Game, Settings]:
    """The game and the plan with x measured from the game's place."""
    start = first_state(game.generator, plan)
    if game.place == 0.0 or isinstance(start, str):
        return game.centred, plan
    return game.centred, replace(plan, start=tuple(game.near(start).tolist()))


def large_products(game: Game, plan: Settings) -> bool:
    """Whether a single product is work enough for several cores."""
    players = (plan.discriminator, game.generator)
    networks = [p for p in players if isinstance(p, MLP | MLPGenerator)]
    pairs = [pair for network in networks for pair in itertools.pairwise(network.widths)]
    return max((m * n for m, n in pairs), default=0) * 2 * plan.batch >= _LARGE


def _threads_for(game: Game, plan: Settings) -> AbstractContextManager[Any]:
    """One thread for small products, as many as there are for large ones.

    Threads that wait for each other at every small product gain nothing, and with several runs at
    a time on one machine they lose a factor of a hundred.
    """
    return nullcontext() if large_products(game, plan) else threadpool_limits(1, user_api="blas")
