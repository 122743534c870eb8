"""How many threads the matrix products of training may use."""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager, nullcontext
from typing import Any

try:
    from threadpoolctl import threadpool_limits
except ModuleNotFoundError:
    # The number of threads then stays what the environment (OMP_NUM_THREADS) says.
    def threadpool_limits(*_: Any, **__: Any) -> Any:  # type: ignore[no-redef]
        return nullcontext()


from gandyn.game import Game
from gandyn.generators import MLPGenerator
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.settings import Settings

__all__ = ["large_products", "threads_for"]

_LARGE = 1e8
"""Multiplications in a product from which on a second thread is worth waiting for."""


def large_products(game: Game, plan: Settings) -> bool:
    """Whether a single product is work enough for several cores."""
    players = (plan.discriminator, game.generator)
    networks = [p for p in players if isinstance(p, MLP | MLPGenerator)]
    pairs = [pair for network in networks for pair in itertools.pairwise(network.widths)]
    return max((m * n for m, n in pairs), default=0) * 2 * plan.batch >= _LARGE


def threads_for(game: Game, plan: Settings) -> AbstractContextManager[Any]:
    """One thread for small products, as many as there are for large ones.

    Threads that wait for each other at every small product gain nothing, and with several runs at
    a time on one machine they lose a factor of a hundred.
    """
    return nullcontext() if large_products(game, plan) else threadpool_limits(1, user_api="blas")
