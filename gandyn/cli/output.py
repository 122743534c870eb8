"""What the subcommands print: strict JSON, what was asked of, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import gandyn
from gandyn.system.plain import plain


def print_json(entry: Any) -> None:
    """Print strict JSON."""
    print(json.dumps(plain(entry), indent=2, allow_nan=False))


def print_game(game: gandyn.Game, more: str = "") -> None:
    """Print what the game is, what is told more of it, and an empty line."""
    print(f"data       {game.data}\nlatent     {game.generator.latent}")
    print(f"objective  {game.objective.name}\n{more}")


def print_family(family: gandyn.Template, ranges: Sequence[tuple[str, float, float]]) -> None:
    """Print what the family is, and an empty line."""
    spans = ", ".join(f"{name} from {low:g} to {high:g}" for name, low, high in ranges)
    print(f"data       {family.text}, {spans}\nlatent     {family.latent}")
    print(f"objective  {family.objective}\n")


def rows_of(count: int) -> list[int]:
    """A dozen of so many, evenly chosen, the first and the last among them."""
    return sorted({round(k * (count - 1) / 11) for k in range(12)})


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr, on a terminal only, from the first second on, and if tqdm is installed.

    Gives a function to be told the fraction done and, if there is one, the name of what comes.
    """
    if not sys.stderr.isatty() or find_spec("tqdm") is None:
        yield lambda fraction, name: None
        return
    from tqdm import tqdm

    form = "{desc} {percentage:3.0f}% |{bar}| {elapsed}{postfix}"
    with tqdm(total=1.0, desc=what, delay=1, leave=False, bar_format=form, file=sys.stderr) as bar:

        def tell(fraction: float, name: str) -> None:
            if name:
                bar.set_postfix_str(name, refresh=False)
            bar.update(max(0.0, min(1.0, fraction) - bar.n))

        yield tell
