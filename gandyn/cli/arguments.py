"""What the subcommands' arguments have in common, and their reading."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterable
from itertools import pairwise, product
from typing import Any, NoReturn

import gandyn
from gandyn.errors import InputError
from gandyn.system.text import show

FAMILIES = {1: "0.5*N(-{m}, 1) + 0.5*N({m}, 1)", 2: "{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)"}
RANGES = {1: ("m=0.5:6",), 2: ("m=0.5:6", "w=0.05:0.95")}

LARGEST_SEED = 2**64 - 1

_FAR, _NARROW = 1e9, 1e-12
_LONGEST = 400
"""Characters of what came in a message that is not ours."""
_WIDEST = 10**6
_NUMBER = re.compile(r"-(\.?\d|inf|nan)", re.IGNORECASE)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are an `InputError` of one line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse has to say, without the usage."""
        raise InputError(f"{message:.{_LONGEST}} (see {self.prog} --help)")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help or version; argparse would pass over what cannot be written."""
        if message and file is not None:
            file.write(message)


def attach_numbers(argv: Iterable[str]) -> list[str]:
    """Join "--theta", "-1,0.5" to "--theta=-1,0.5", which argparse takes for an option."""
    out: list[str] = []
    for word in argv:
        if word.startswith("--") and word.endswith("=--"):  # of which argparse makes a list
            raise InputError(f"{word[2:-3]:.{_LONGEST}}: got '--', must be a value")
        option = out[-1] if out else ""
        if _NUMBER.match(word) and option.startswith("--") and "=" not in option and option != "--":
            out[-1] = f"{option}={word}"
        else:
            out.append(word)
    return out


def add_options(parser: argparse.ArgumentParser, table: str) -> None:
    """Add the options of a table, one a line: name, what it takes, default and help.

    Two spaces or more part the columns. One that takes "-" is a switch. Instead of a default there
    may be "-" (there is none), "required" or "repeated". The help tells the default at its end, or
    where it says so itself.
    """
    for line in filter(None, table.splitlines()):
        name, takes, default, told = re.split("  +", line, maxsplit=3)
        if takes == "-":
            parser.add_argument(f"--{name}", action="store_true", help=told)
            continue
        how: dict[str, Any] = {"required": default == "required"}
        if default == "repeated":
            how["action"] = "append"
        elif default not in ("-", "required"):
            how["default"] = default
            told += "" if "%(default)s" in told else "; default %(default)s"
        parser.add_argument(f"--{name}", metavar=takes, help=told, **how)


_DESCENT = """
objective  NAME  nonsaturating  what the generator descends, such as saturating, mse or \
alpha(0.5); any other word lists all of them
latent  TEXT  N(0, 1)  the density of z, written like --data
"""

GAME = f"""
data  TEXT  0.5*N(-3, 1) + 0.5*N(3, 1)  the data's density: N(mean, std), U(low, high), \
Laplace(loc, scale), Logistic(loc, scale), T(df, loc, scale), samples:PATH, samples:PATH#column, \
or a sum such as "%(default)s" (the default){_DESCENT}"""
"""The options that name a game."""


def family_options(count: int) -> str:
    """The options that name a family of games with `count` (1 or 2) parameters."""
    times = "" if count == 1 else f", given {count} times"
    return f"""
data  TEMPLATE  {FAMILIES[count]}  the data's density, with a name in braces, or arithmetic of \
names and numbers, where a member of the family has a number; default "%(default)s"
vary  NAME=LOW:HIGH  repeated  the range of a name in --data{times}; default \
{" and ".join(RANGES[count])}{_DESCENT}"""


def read_workers(options: argparse.Namespace) -> int | None:
    """The number of processes; None for as many as are worth it."""
    return None if options.workers is None else read_count("workers", options.workers, 1, 1024)


def read_game(options: argparse.Namespace) -> gandyn.Game:
    """The game that the options name."""
    data = gandyn.parse(options.data)
    latent = gandyn.parse(options.latent, name="latent")
    return gandyn.Game(data, gandyn.LinearGenerator(latent), options.objective)


def read_family(
    options: argparse.Namespace, count: int
) -> tuple[gandyn.Template, list[tuple[str, float, float]]]:
    """The family that the options name, and name, low and high of each of its parameters."""
    family = gandyn.template(options.data, options.objective, options.latent)
    given = options.vary or RANGES[count]
    if len(given) != count:
        times = "once" if count == 1 else f"{count} times"
        raise InputError(f"vary: got {', '.join(map(show, given))}, must be NAME=LOW:HIGH {times}")
    if len(family.names) != count:
        plural = "" if count == 1 else "s"
        names = ", ".join(family.names)
        raise InputError(f"data: got {names} in braces, must have {count} name{plural}")
    ranges = [_range(text) for text in given]
    varied = [name for name, _, _ in ranges]
    if sorted(varied) != sorted(family.names):
        came = ", ".join(varied) if options.vary else "none"
        allowed = " and ".join(f"{name}=LOW:HIGH" for name in family.names)
        raise InputError(f"vary: got {came}, must be {allowed}, as in --data")
    for corner in product(*((low, high) for _, low, high in ranges)):
        family(**dict(zip(varied, corner, strict=True)))
    return family, ranges


def read_box(text: str | None) -> tuple[float, float, float, float] | None:
    """(a_min, a_max, b_min, b_max) from "0.1,4,-6,6"."""
    if text is None:
        return None
    a_min, a_max, b_min, b_max = _numbers(
        "box",
        text,
        "four finite numbers amin,amax,bmin,bmax with 0 < amin < amax and bmin < bmax, such as "
        "0.1,4,-6,6",
        lambda v: (
            len(v) == 4 and 0.0 < v[0] < v[1] < math.inf and -math.inf < v[2] < v[3] < math.inf
        ),
    )
    # What is too far apart, or too close, cannot be computed with.
    if a_min < a_max / _FAR or b_max - b_min > 2.0 * _FAR * a_max:
        allowed = f"must have amax/amin and (bmax - bmin)/amax below {_FAR:g}"
        raise InputError(f"box: got {show(text)}, {allowed}")
    if a_max - a_min < a_max / _FAR or b_max - b_min < _NARROW * max(abs(b_min), abs(b_max)):
        raise InputError(f"box: got {show(text)}, must not be so narrow")
    return a_min, a_max, b_min, b_max


def read_count(name: str, text: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    count = _whole(text, most)
    if count is None or count < least:
        raise InputError(f"{name}: got {show(text)}, must be a whole number from {least} to {most}")
    return count


def read_widths(name: str, text: str, word: str) -> tuple[int, ...]:
    """Widths of layers, where the text is not the word."""
    widths = [_whole(part, _WIDEST) for part in text.split(",")]
    if not all(widths):
        told = f"{word}, or widths from 1 to {_WIDEST} such as 64,64"
        raise InputError(f"{name}: got {show(text)}, must be {told}")
    return tuple(width for width in widths if width)


def _whole(text: str, most: int) -> int | None:
    """A number of plain digits, however many, if it is at most so much."""
    text = text.strip()
    digits = text.lstrip("0") or text[:1]
    # Python does not read more than 4300 of them
    plain = text.isascii() and text.isdigit() and len(digits) <= len(str(most))
    return int(digits) if plain and int(digits) <= most else None


def read_number(name: str, text: str) -> float:
    """A finite number."""
    return _numbers(name, text, "a finite number", lambda v: len(v) == 1 and math.isfinite(v[0]))[0]


def read_state(name: str, text: str) -> list[float]:
    """(a, b) from "1,0.5"."""
    state = _numbers(
        name,
        text,
        "two finite numbers a,b such as 1,0.5",
        lambda v: len(v) == 2 and all(map(math.isfinite, v)),
    )
    if state[0] == 0.0:
        raise InputError(f"{name}: got a = 0 in {text!r}, must have a != 0")
    return state


def read_end(text: str) -> float:
    """The last time: above 0, or inf."""
    allowed = "a number above 0, or inf for 'until rest'"
    return _numbers("t-end", text, allowed, lambda v: len(v) == 1 and v[0] > 0.0)[0]


def read_times(text: str, end: float) -> list[float]:
    """Rising times from 0 to `end`, from "1,10,50"."""

    def rise(values: list[float]) -> bool:
        inside = all(math.isfinite(t) and 0.0 <= t <= end for t in values)
        return inside and all(early < late for early, late in pairwise(values))

    allowed = f"rising numbers from 0 to t-end = {end:g}, such as 1,10,50"
    return _numbers("t-eval", text, allowed, rise)


def read_tolerance(name: str, text: str, least: float, most: float) -> float:
    """A number from `least` to below `most`."""
    allowed = f"a number from {least:g} to below {most:g}"
    if math.isinf(most):
        allowed = "a positive finite number"
    return _numbers(name, text, allowed, lambda v: len(v) == 1 and least <= v[0] < most)[0]


def _range(text: str) -> tuple[str, float, float]:
    """Name, low and high from "m=0.5:6"."""
    name, span = map(str.strip, text.partition("=")[::2])
    ends = [_floats(end) for end in span.split(":")]
    values = [end[0] for end in ends if end is not None and len(end) == 1]
    if not name.isidentifier() or not len(values) == len(ends) == 2:
        raise InputError(f"vary: got {show(text)}, must be NAME=LOW:HIGH such as m=0.5:6")
    low, high = values
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(
            f"vary: got {show(text)}, must be finite with LOW below HIGH, such as m=0.5:6"
        )
    return name, low, high


def _numbers(
    name: str, text: str, allowed: str, holds: Callable[[list[float]], bool]
) -> list[float]:
    """Numbers between commas of which something holds."""
    values = _floats(text)
    if values is None or not holds(values):
        raise InputError(f"{name}: got {show(text)}, must be {allowed}")
    return values


def _floats(text: str) -> list[float] | None:
    try:
        # float() also reads 1_000 and digits of other scripts, which is nothing anybody means
        plain = text.isascii() and "_" not in text
        return [float(part) for part in text.split(",")] if plain else None
    except ValueError:
        return None
