"""What the subcommands print and write: what was asked of, progress, and files.

Where files go is proven before the work starts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import gandyn
from gandyn.errors import InputError, printable
from gandyn.system.files import check_target, writable_folder
from gandyn.system.text import show

_PICTURES = (".png", ".svg", ".pdf")


def print_game(game: gandyn.Game, more: str = "") -> None:
    """Print what the game is, what is told more of it, and an empty line."""
    print(f"data       {printable(str(game.data))}")
    print(f"latent     {printable(str(game.generator.latent))}")
    print(f"objective  {game.objective.name}\n{more}")


def print_family(family: gandyn.Template, ranges: Sequence[tuple[str, float, float]]) -> None:
    """Print what the family is, and an empty line."""
    spans = ", ".join(f"{name} from {low:g} to {high:g}" for name, low, high in ranges)
    print(
        f"data       {printable(family.text)}, {spans}\nlatent     {printable(str(family.latent))}"
    )
    print(f"objective  {family.objective}\n")


def rows_of(count: int) -> list[int]:
    """A dozen of so many, evenly chosen, the first and the last among them."""
    return sorted({round(k * (count - 1) / 11) for k in range(12)})


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr, on a terminal only, from the first second on, and if tqdm is installed.

    Gives a function to be told the fraction done and, if there is one, the name of what comes.
    """
    if sys.stderr is None or not sys.stderr.isatty() or find_spec("tqdm") is None:
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


def read_output(options: argparse.Namespace, default: str) -> Path | None:
    """Where the picture goes; None with --json and no --output."""
    if options.output is None:
        return None if options.json else Path(default)
    path = Path(options.output)
    if os.path.isdir(path) or not path.suffix or options.output.endswith("/"):
        return path / default
    if path.suffix.lower() not in _PICTURES:
        allowed = "must be a folder, or a file that ends in .png, .svg or .pdf"
        raise InputError(f"output: got {show(options.output)}, {allowed}")
    return path


def read_file(name: str, text: str, *suffixes: str) -> Path:
    """A file that ends in one of the suffixes."""
    path = Path(text)
    if os.path.isdir(path) or path.suffix.lower() not in suffixes:
        allowed = " or ".join(suffixes)
        raise InputError(f"{name}: got {show(text)}, must be a file that ends in {allowed}")
    return path


def claim_files(stack: ExitStack, **paths: Path | None) -> None:
    """Make the folders of files, by the name of their option; gone again if the stack fails."""
    if paths.get("output") or paths.get("animate"):
        import gandyn.plots  # noqa: F401  # where Matplotlib is not installed, it says so now
    for name, path in paths.items():
        if path is not None:
            stack.enter_context(writable_folder(path.parent, name))
            check_target(name, path)
