"""What the studies share: two options, an output folder, a table, a caption."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gandyn import InputError, plots
from gandyn.system import text
from gandyn.system.files import writable_folder
from gandyn.system.results import listed


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

    def save_numbers(self, numbers: Any, name: str = "results.json") -> None:
        """Write JSON into the folder, with null where there is no number, and say so."""
        path = self.output / name
        known = json.loads(json.dumps(listed(numbers)), parse_constant=lambda _: None)
        with plots.whole_file(path) as part:
            part.write_text(json.dumps(known, indent=2, allow_nan=False) + "\n")
        print(f"{path}: every number above; {self.seconds():.1f} s")

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
        with writable_folder(given.output, "--output") as folder:
            return study(Options(given.quick, folder))
    except InputError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"--output: got {given.output!r}, {error.strerror or error}", file=sys.stderr)
    return 2


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of text under headings: the first column to the left, the others to the right."""
    return text.table(headings, rows, left=[0], rule="─")
