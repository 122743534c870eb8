"""What the subcommands' arguments have in common, and their reading."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from gandyn.errors import InputError

if TYPE_CHECKING:
    from gandyn.game import Game

DATA = "0.5*N(-3, 1) + 0.5*N(3, 1)"
LATENT = "N(0, 1)"
OBJECTIVE = "nonsaturating"

_NUMBER = re.compile(r"-(\.?\d|inf|nan)", re.IGNORECASE)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are an `InputError` of one line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse has to say, without the usage."""
        raise InputError(f"{message} (see {self.prog} --help)")


def attach_numbers(argv: Iterable[str]) -> list[str]:
    """Join "--theta", "-1,0.5" to "--theta=-1,0.5", which argparse takes for an option."""
    out: list[str] = []
    for word in argv:
        option = out[-1] if out else ""
        if _NUMBER.match(word) and option.startswith("--") and "=" not in option and option != "--":
            out[-1] = f"{option}={word}"
        else:
            out.append(word)
    return out


def add_game(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a game."""
    parser.add_argument(
        "--data",
        metavar="TEXT",
        default=DATA,
        help="the data's density: N(mean, std), U(low, high), Laplace(loc, scale), "
        "Logistic(loc, scale), T(df, loc, scale), samples:PATH, samples:PATH#column, "
        'or a sum such as "%(default)s" (the default)',
    )
    parser.add_argument(
        "--objective",
        metavar="NAME",
        default=OBJECTIVE,
        help="saturating, nonsaturating, reverse_kl, forward_kl, jeffreys, pearson, neyman, "
        "hellinger, wasserstein1, wasserstein2, mse or alpha(NUMBER); default %(default)s",
    )
    parser.add_argument(
        "--latent",
        metavar="TEXT",
        default=LATENT,
        help="the density of z, written like --data; default %(default)s",
    )


def add_start(parser: argparse.ArgumentParser) -> None:
    """The state that a flow starts from."""
    parser.add_argument(
        "--start", metavar="a,b", default="1,0.5", help="where it starts; default %(default)s"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument(
        "--json",
        action="store_true",
        help='print strict JSON; what is infinite is the string "inf"',
    )


def read_game(options: argparse.Namespace) -> Game:
    """The game that the options name."""
    from gandyn.distributions.notation import parse
    from gandyn.game import Game
    from gandyn.generators import LinearGenerator

    data = parse(options.data)
    latent = parse(options.latent, name="latent")
    return Game(data, LinearGenerator(latent), options.objective)


def read_state(name: str, text: str) -> list[float]:
    """(a, b) from "1,0.5"."""
    values = _floats(text)
    allowed = "must be two finite numbers a,b such as 1,0.5"
    if values is None or len(values) != 2 or not all(map(math.isfinite, values)):
        raise InputError(f"{name}: got {text!r}, {allowed}")
    if values[0] == 0.0:
        raise InputError(f"{name}: got a = 0 in {text!r}, must have a != 0")
    return values


def read_end(text: str) -> float:
    """The last time: above 0, or inf."""
    values = _floats(text)
    if values is None or len(values) != 1 or not values[0] > 0.0:
        raise InputError(f"t-end: got {text!r}, must be a number above 0, or inf for 'until rest'")
    return values[0]


def read_times(text: str, end: float) -> list[float]:
    """Rising times from 0 to `end`, from "1,10,50"."""
    values = _floats(text)
    allowed = f"must be rising numbers from 0 to t-end = {end:g}, such as 1,10,50"
    if values is None or not all(math.isfinite(t) and 0.0 <= t <= end for t in values):
        raise InputError(f"t-eval: got {text!r}, {allowed}")
    if any(late <= early for early, late in pairwise(values)):
        raise InputError(f"t-eval: got {text!r}, {allowed}")
    return values


def read_tolerance(name: str, text: str, least: float, most: float) -> float:
    """A number from `least` to below `most`."""
    values = _floats(text)
    if values is None or len(values) != 1 or not least <= values[0] < most:
        bound = f"a number from {least:g} to below {most:g}"
        if math.isinf(most):
            bound = "a positive finite number"
        raise InputError(f"{name}: got {text!r}, must be {bound}")
    return values[0]


def _floats(text: str) -> list[float] | None:
    try:
        # float() also reads 1_000, which is nothing anybody means
        return None if "_" in text else [float(part) for part in text.split(",")]
    except ValueError:
        return None
