"""The options that say how to train, and their reading."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import (
    add_game,
    add_workers,
    read_count,
    read_game,
    read_number,
    read_state,
)
from gandyn.cli.output import print_game
from gandyn.errors import InputError

if TYPE_CHECKING:
    from gandyn.game import Game
    from gandyn.montecarlo import Settings, Training
    from gandyn.montecarlo.optimizers import Optimizer

_MOST = 10**9
_RULES = ("sgd", "momentum", "rmsprop", "adam")


def add_settings(
    parser: argparse.ArgumentParser, *, rule: str, start: str, replicas: str = "1"
) -> None:
    """Add the options of a training run; `rule` is the generator's optimizer by default."""
    add_game(parser)
    add = parser.add_argument
    # What --objective was once called here.
    add("--loss", dest="objective", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    add("--start", metavar="a,b", default=start, help="of a z + b; default %(default)s")
    add(
        "--discriminator",
        metavar="N,N,...",
        default="256,256",
        help="widths of its hidden layers, or optimal for D* itself; default %(default)s",
    )
    add("--activation", metavar="NAME", default="relu", help="relu (the default) or tanh")
    add(
        "--initial",
        metavar="NAME",
        default="article",
        help="first weights: article (the default), glorot, he or lecun",
    )
    add("--l2", metavar="X", default="0", help="penalty on D's weights; default %(default)s")
    add("--dropout", metavar="RATE", default="0", help="dropout rate in D; default %(default)s")
    add(
        "--dropout-when",
        metavar="WHEN",
        default="training",
        help="training (the default): off wherever D is only evaluated; always",
    )
    add("--batch", metavar="N", default="32", help="samples in a minibatch; default %(default)s")
    add("--steps", metavar="N", default="1000", help="iterations; default %(default)s")
    add("--k", metavar="N", default="1", help="D's steps in an iteration; default %(default)s")
    add(
        "--generator-steps",
        metavar="N",
        default="1",
        help="the generator's steps in an iteration; default %(default)s",
    )
    add(
        "--order",
        metavar="NAME",
        default="algorithm1",
        help="algorithm1 (the default): D's steps, then the generator's; article: half after",
    )
    add(
        "--optimizer",
        metavar="NAME",
        default="adam",
        help=f"of D: {', '.join(_RULES)}; default %(default)s",
    )
    add("--rate", metavar="X", default="0.01", help="D's learning rate; default %(default)s")
    add(
        "--generator-optimizer",
        metavar="NAME",
        default=rule,
        help=f"of the generator: {', '.join(_RULES)}; default %(default)s",
    )
    add(
        "--generator-rate",
        metavar="X",
        default="0.02",
        help="the generator's learning rate; default %(default)s",
    )
    add("--dtype", metavar="NAME", default="float32", help="float32 (the default) or float64")
    add(
        "--record-every",
        metavar="N",
        default="50",
        help="iterations from one record to the next; default %(default)s",
    )
    add("--seed", metavar="N", default="0", help="of all that is random; default %(default)s")
    add("--replicas", metavar="N", default=replicas, help="runs side by side; default %(default)s")
    add_workers(parser, "replicas; default one, or one a core for what takes long")


def add_generator(parser: argparse.ArgumentParser) -> None:
    """Add the choice of an MLP generator."""
    parser.add_argument(
        "--generator",
        metavar="N,N,...",
        default="linear",
        help="linear (a z + b, the default), or the widths of a network's hidden layers",
    )


def read_training_game(options: argparse.Namespace) -> Game:
    """The game that the options name, of a network where they say so."""
    from gandyn.game import Game
    from gandyn.generators import MLPGenerator

    game = read_game(options)
    if options.generator == "linear":
        return game
    widths = _widths("generator", options.generator, "linear")
    latent = game.generator.latent
    return Game(game.data, MLPGenerator(widths, options.activation, latent), game.objective)


def read_settings(options: argparse.Namespace) -> Settings:
    """The plan that the options say."""
    from gandyn.montecarlo import MLP, Settings

    opponent: Any = options.discriminator
    if opponent != "optimal":
        opponent = MLP(
            _widths("discriminator", opponent, "optimal"),
            options.activation,
            options.initial,
            read_number("l2", options.l2),
            read_number("dropout", options.dropout),
            options.dropout_when,
        )
    linear = getattr(options, "generator", "linear") == "linear"
    return Settings(
        discriminator=opponent,
        start=read_state("start", options.start) if linear else options.initial,
        batch=read_count("batch", options.batch, 1, _MOST),
        steps=read_count("steps", options.steps, 1, _MOST),
        k=read_count("k", options.k, 1, _MOST),
        generator_steps=read_count("generator-steps", options.generator_steps, 1, _MOST),
        order=options.order,
        discriminator_optimizer=_rule("optimizer", options.optimizer, "rate", options.rate),
        generator_optimizer=_rule(
            "generator-optimizer",
            options.generator_optimizer,
            "generator-rate",
            options.generator_rate,
        ),
        dtype=options.dtype,
        record_every=read_count("record-every", options.record_every, 1, _MOST),
    )


def read_seed(options: argparse.Namespace) -> int:
    """The seed."""
    return read_count("seed", options.seed, 0, _MOST)


def read_replicas(options: argparse.Namespace) -> int:
    """The number of replicas."""
    return read_count("replicas", options.replicas, 1, 100_000)


def print_run(found: Training, seed: int) -> None:
    """Print what was trained, and an empty line."""
    print_game(found.game)
    print(f"seed       {seed}, {found.replicas} replica{'s' if found.replicas > 1 else ''}\n")


def _rule(name: str, text: str, rate_name: str, rate: str) -> Optimizer:
    from gandyn.montecarlo import SGD, Adam, Momentum, RMSProp

    rules = dict(zip(_RULES, (SGD, Momentum, RMSProp, Adam), strict=True))
    if text not in rules:
        raise InputError(f"{name}: got {text!r}, must be one of {', '.join(_RULES)}")
    value = read_number(rate_name, rate)
    if not value > 0.0:
        raise InputError(f"{rate_name}: got {rate!r}, must be a finite number above 0")
    return rules[text](value)


def _widths(name: str, text: str, word: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if all(part.isascii() and part.isdigit() and 0 < int(part[:7]) <= 100_000 for part in parts):
        return tuple(int(part) for part in parts)
    raise InputError(f"{name}: got {text!r}, must be {word}, or widths from 1 on such as 64,64")
