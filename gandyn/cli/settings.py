"""The options that say how to train, and their reading."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import gandyn
from gandyn.cli.arguments import (
    GAME,
    LARGEST_SEED,
    read_count,
    read_number,
    read_state,
    read_widths,
    read_workers,
)
from gandyn.cli.command import Command
from gandyn.cli.output import print_game
from gandyn.errors import InputError
from gandyn.system.text import show

if TYPE_CHECKING:
    from gandyn.montecarlo.optimizers import Optimizer

_MOST = 10**9
_RULES = ("sgd", "momentum", "rmsprop", "adam")
_COUNTS = ("batch", "steps", "k", "generator_steps", "record_every")


def training_options(rule: str, start: str, replicas: str) -> str:
    """The options that say how to train, with defaults of the generator and of replicas."""
    return f"""{GAME}
start                a,b      {start}     of a z + b
generator-optimizer  NAME     {rule}      of the generator: sgd, momentum, rmsprop, adam
replicas             N        {replicas}  runs side by side
discriminator        N,N,...  256,256     widths of its hidden layers, or optimal for D* itself
activation           NAME     relu        of a network's hidden layers: relu or tanh
initial              NAME     article     first weights: article, glorot, he or lecun
l2                   X        0           penalty on D's weights
dropout              RATE     0           dropout rate in D
dropout-when         WHEN     training    training: off wherever D is only evaluated; or always
batch                N        32          samples in a minibatch
steps                N        1000        iterations
k                    N        1           D's steps in an iteration
generator-steps      N        1           the generator's steps in an iteration
order                NAME     algorithm1  algorithm1: D's steps come first; article: half of \
them after
optimizer            NAME     adam        of D: sgd, momentum, rmsprop or adam
rate                 X        0.01        D's learning rate
generator-rate       X        0.02        the generator's learning rate
dtype                NAME     float32     float32 or float64
record-every         N        50          iterations from one record to the next
seed                 N        0           of all that is random
workers              N        -           processes that share the replicas; default one, or \
one a core for what takes long
"""


class TrainingCommand(Command):
    """A command that trains."""

    def read(self, options: argparse.Namespace) -> None:
        given = vars(options)
        opponent: Any = options.discriminator
        if opponent != "optimal":
            opponent = gandyn.MLP(
                read_widths("discriminator", opponent, "optimal"),
                options.activation,
                options.initial,
                read_number("l2", options.l2),
                read_number("dropout", options.dropout),
                options.dropout_when,
            )
        linear = getattr(options, "generator", "linear") == "linear"
        self.plan = gandyn.Settings(
            discriminator=opponent,
            start=read_state("start", options.start) if linear else options.initial,
            **{name: read_count(name.replace("_", "-"), given[name], 1, _MOST) for name in _COUNTS},
            order=options.order,
            discriminator_optimizer=_rule(options, ""),
            generator_optimizer=_rule(options, "generator-"),
            dtype=options.dtype,
        )
        self.seed = read_count("seed", options.seed, 0, LARGEST_SEED)
        self.replicas = read_count("replicas", options.replicas, 1, _MOST)
        self.workers = read_workers(options)

    def show_run(self, found: gandyn.Training) -> None:
        """Print what was trained, and an empty line."""
        print_game(found.game)
        plural = "s" if found.replicas > 1 else ""
        print(f"seed       {self.seed}, {found.replicas} replica{plural}\n")


def _rule(options: argparse.Namespace, whose: str) -> Optimizer:
    optimizers = gandyn.SGD, gandyn.Momentum, gandyn.RMSProp, gandyn.Adam
    rules = dict(zip(_RULES, optimizers, strict=True))
    names = f"{whose}optimizer", f"{whose}rate"
    rule, rate = (getattr(options, name.replace("-", "_")) for name in names)
    if rule not in rules:
        raise InputError(f"{names[0]}: got {show(rule)}, must be one of {', '.join(_RULES)}")
    value = read_number(names[1], rate)
    if not value > 0.0:
        raise InputError(f"{names[1]}: got {show(rate)}, must be a finite number above 0")
    return rules[rule](value)
