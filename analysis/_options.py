"""What the studies share: two options, an output folder, a table, a caption."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gandyn import InputError, plots


@dataclass(frozen=True)
class Options:
    """What the command line asked for.

    Attributes
    ----------
    quick : bool
        Coarser pictures and fewer starts, in seconds.
    output : Path
        An existing folder that can be written to.
    """

    quick: bool
    output: Path
    started: float = field(default_factory=time.perf_counter)

    def save(self, figure: Any, name: str, caption: str) -> None:
        """Write a figure into the folder and print what it shows in one line."""
        path = plots.save_figure(figure, self.output / name)
        print(f"{path}: {caption}", flush=True)

    def seconds(self) -> float:
        """Time since the study started."""
        return time.perf_counter() - self.started


def run(
    study: Callable[[Options], int],
    name: str,
    description: str,
    arguments: Sequence[str] | None = None,
) -> int:
    """Read the options and run a study.

    Parameters
    ----------
    study : callable
        Takes `Options`, returns an exit status.
    name : str
        The module, such as ``"analysis.divergence_fits"``.
    description : str
        One paragraph for ``--help``.
    arguments : sequence of str, optional
        The command line without the program; ``sys.argv`` by default.

    Returns
    -------
    int
        What the study returned; 2 for bad input, told in one line on stderr.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}",
        description=description,
        epilog=f"example: python -m {name} --quick --output figures/",
    )
    parser.add_argument("--quick", action="store_true", help="a coarser version, in seconds")
    parser.add_argument(
        "--output", default="figures", metavar="FOLDER", help="where to write (default: figures/)"
    )
    given = parser.parse_args(arguments)
    try:
        return study(Options(given.quick, writable_folder(given.output)))
    except InputError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"--output: got {given.output!r}, {error.strerror or error}", file=sys.stderr)
    return 2


def writable_folder(path: str) -> Path:
    """The folder, made if need be and tried out before any work starts.

    Raises
    ------
    InputError
        If it is not a folder in which files can be made.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with plots.whole_file(folder / "trial") as part:
            part.touch()
        (folder / "trial").unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"--output: got {path!r} ({reason}), must be a folder that can be written to"
        ) from None
    return folder


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of text under headings: the first column to the left, the others to the right."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["─" * width for width in widths])
    return "\n".join(
        "  ".join(
            text.ljust(width) if k == 0 else text.rjust(width)
            for k, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
