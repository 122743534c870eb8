"""What the subcommands print: strict JSON, numbers with their errors, progress."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["print_json", "progress_bar", "with_error"]


def print_json(entry: Any) -> None:
    """Print strict JSON."""
    from gandyn.plain import plain

    print(json.dumps(plain(entry), indent=2, allow_nan=False))


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
