"""Small runs, and what makes two of them the same."""

from dataclasses import fields

import numpy as np
import pytest

from gandyn import Game, parse
from gandyn.generators import LinearGenerator, MLPGenerator
from gandyn.montecarlo import MLP, SGD, Settings, train
from gandyn.system.interrupts import Interrupted

DATA = parse("0.4*N(-1, 0.5) + 0.6*N(1.5, 0.7)")
GAME = Game(DATA)

SHARED = ("step", "snapshot_step", "latents", "places")
"""Arrays of a run that have no replicas."""


def game_of(latent="N(0, 1)", objective="nonsaturating", network=None, data=DATA):
    """A game on the data: of a z + b, or of a network of these widths and activation."""
    law = parse(latent)
    generator = LinearGenerator(law) if network is None else MLPGenerator(*network, law)
    return Game(data, generator, objective)


NETWORK = game_of(network=((3,), "tanh"))


def part_of(*arguments, **options):
    """What a run had done when it was interrupted."""
    with pytest.raises(Interrupted) as stop:
        train(*arguments, **options)
    assert isinstance(stop.value, KeyboardInterrupt)
    assert stop.value.args == (stop.value.result.message,)
    return stop.value.result


def small(**changes):
    """A plan of some hundredths of a second."""
    values = {
        "discriminator": MLP((6, 5), initial="he"),
        "start": (0.8, -0.3),
        "batch": 6,
        "steps": 12,
        "record_every": 5,
        "snapshots": 3,
    }
    return Settings(**values | changes)


def optimal(rate, **changes):
    """Plain SGD against the optimal discriminator."""
    return small(discriminator="optimal", generator_optimizer=SGD(rate), dtype="float64", **changes)


def arrays_of(run):
    """The arrays of a run by name."""
    held = {f.name: getattr(run, f.name) for f in fields(run)}
    return {name: value for name, value in held.items() if isinstance(value, np.ndarray)}


def check_same(one, other, replicas=slice(None), of_other=None):
    """Two runs are equal to the bit: some replicas of the first, and of the other."""
    of_other = replicas if of_other is None else of_other
    mine, theirs = arrays_of(one), arrays_of(other)
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        cut = name not in SHARED
        left, right = (values[replicas], theirs[name][of_other]) if cut else (values, theirs[name])
        assert left.dtype == right.dtype
        assert np.array_equal(left, right, equal_nan=True), name
