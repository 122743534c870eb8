"""What a run takes of memory, told before it starts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from gandyn.game import Game
from gandyn.generators import MLPGenerator
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.settings import Settings
from gandyn.system.memory import free_memory, need_memory

_COPIES = 2
"""Of the parameters, beside what an optimizer remembers: their own, and the gradient."""
_DRAWN = 32
"""Bytes of a parameter of one replica while it is drawn."""
_ARRAYS = 6
"""Of a layer: activations and slopes, for the minibatches of one player and of both."""
_SERIES = 15


def need_room(game: Game, plan: Settings, replicas: int) -> None:
    """Refuse a run that does not fit into the memory, by the argument that takes most of it."""
    networks = {}
    if isinstance(game.generator, MLPGenerator):
        networks["generator"] = (game.generator.widths, plan.generator_optimizer.slots)
    if isinstance(plan.discriminator, MLP):
        networks["discriminator"] = (plan.discriminator.widths, plan.discriminator_optimizer.slots)
    item = np.dtype(plan.dtype).itemsize
    # of one replica, or one at a time
    parts, once, units = {}, 0, 0
    for name, (widths, slots) in networks.items():
        count = sum((m + 1) * n for m, n in pairwise((1, *widths, 1)))
        parts[name] = item * (_COPIES + slots) * count
        once, units = max(once, _DRAWN * count), units + sum(widths) + len(widths)
    draws = 2 * sum(plan.before_and_after) + plan.generator_steps
    # drawn in double precision, and then cast
    parts["batch"] = plan.batch * (draws * (8 + item) + item * _ARRAYS * units)
    # the states of a network are not kept
    dimension = 0 if "generator" in networks else game.generator.dimension
    records = 1 + plan.steps // plan.record_every
    parts["record_every"] = records * 8 * (_SERIES + 2 * dimension)
    each = sum(parts.values())
    if replicas > 1 and once + each <= free_memory():
        need_memory(f"replicas: got {replicas}", once + replicas * each)
    largest = max(parts, key=lambda name: parts[name])
    shown = networks[largest][0] if largest in networks else getattr(plan, largest)
    need_memory(f"{largest}: got {shown}", once + replicas * each)
