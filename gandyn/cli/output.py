"""What the subcommands print: strict JSON, numbers with their errors, progress."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gandyn.game import Game
    from gandyn.landscape.family import Template

__all__ = [
    "print_family",
    "print_game",
    "print_json",
    "print_table",
    "progress_bar",
    "rows_of",
    "with_error",
]


def print_json(entry: Any) -> None:
    """Print strict JSON."""
    from gandyn.system.plain import plain

    print(json.dumps(plain(entry), indent=2, allow_nan=False))


def print_game(game: Game) -> None:
    """Print what the game is, and an empty line."""
    print(f"data       {game.data}\nlatent     {game.generator.latent}")
    print(f"objective  {game.objective.name}\n")


def print_family(family: Template, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Print what the family is, and an empty line."""
    spans = ", ".join(f"{name} from {low:g} to {high:g}" for name, (low, high) in ranges.items())
    print(f"data       {family.text}, {spans}\nlatent     {family.latent}")
    print(f"objective  {family.objective}\n")


def rows_of(count: int) -> list[int]:
    """A dozen of so many, evenly chosen, the first and the last among them."""
    return sorted({round(k * (count - 1) / 11) for k in range(12)})


def print_table(heads: Sequence[str], rows: Sequence[Sequence[float | str]]) -> None:
    """Print rows under heads: numbers to the right, text to the left."""
    cells = [[_cell(entry) for entry in row] for row in rows]
    columns = list(zip(heads, *cells, strict=True))
    left = [any(isinstance(row[k], str) for row in rows) for k in range(len(heads))]
    widths = [max(map(len, column)) for column in columns]
    for line in zip(*columns, strict=True):
        parts = [
            f"{text:<{width}}" if to_left else f"{text:>{width}}"
            for text, width, to_left in zip(line, widths, left, strict=True)
        ]
        print("  ".join(parts).rstrip())


def _cell(entry: float | str) -> str:
    return entry if isinstance(entry, str) else f"{entry:.10g}"


def with_error(value: float, error: float) -> str:
    """A value to the digits that its error leaves, and the error, such as "0.25 ± 1.8e-15"."""
    if not math.isfinite(value):
        return f"{value:g}"
    digits = 16
    if error > 0 and value != 0:
        digits = min(16, max(1, 1 + math.floor(math.log10(abs(value)) - math.log10(error))))
    return f"{value:.{digits}g} ± {error:.1e}"


def _silent(fraction: float, name: str = "") -> None:
    """Tell nobody."""


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr, on a terminal only and from the first second on.

    Gives a function to be told the fraction done and, if there is one, the name of what comes.
    """
    if not sys.stderr.isatty():
        yield _silent
        return
    from tqdm import tqdm

    form = "{desc} {percentage:3.0f}% |{bar}| {elapsed}{postfix}"
    with tqdm(total=1.0, desc=what, delay=1, leave=False, bar_format=form, file=sys.stderr) as bar:

        def tell(fraction: float, name: str = "") -> None:
            if name:
                bar.set_postfix_str(name, refresh=False)
            bar.update(max(0.0, min(1.0, fraction) - bar.n))

        yield tell
