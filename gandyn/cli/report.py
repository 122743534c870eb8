"""`gandyn report`: the page about one game."""

from __future__ import annotations

import argparse
import math
import shlex
from pathlib import Path
from typing import Any

import gandyn
from gandyn.cli.arguments import GAME, read_end, read_game, read_state
from gandyn.cli.command import Command
from gandyn.errors import printable
from gandyn.system.text import beside


class ReportCommand(Command):
    name = "report"
    help = "a page with figures about one game: the flow, the force field, the theory"
    description = (
        "Write a folder with index.html (self-contained), its figures and results.json (every "
        "number with its error)."
    )
    epilog = """\
example:
  gandyn report
  gandyn report --data "0.3*N(-2, 0.5) + 0.7*N(2, 1)" --objective saturating --output two/"""
    takes = f"""{GAME}
start  a,b  1,0.5  where it starts
t-end  T  inf  last time, or inf for 'until rest'
output  FOLDER  report/  default %(default)s
"""

    def read(self, options: argparse.Namespace) -> None:
        self.start, self.end = read_state("start", options.start), read_end(options.t_end)
        self.game = read_game(options)
        # What to type for the same report; the folder is the reader's own.
        parts = ["gandyn", "report", "--data", options.data, "--objective", options.objective]
        parts += ["--latent", options.latent, f"--start={options.start}"]
        parts += [] if math.isinf(self.end) else ["--t-end", options.t_end]
        self.line = " ".join(map(_typed, parts))

    def work(self, tell: Any) -> tuple[Path, dict[str, Any]]:
        return gandyn.report.write_report(
            self.options.output, self.game, self.start, self.end, command=self.line, progress=tell
        )

    def entry(self, found: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
        return found[1]

    def show(self, found: tuple[Path, dict[str, Any]]) -> None:
        page, numbers = found
        summary, claims = numbers["summary"], numbers["theory"]["claims"]
        (a, b), jsd = summary["end"]["theta"], summary["end"]["jsd"]
        failed = sum(not row["passed"] for row in claims)
        laws = f"{self.game.data}, z ~ {self.game.generator.latent}"
        print(f"{printable(laws)}, {self.game.objective.name}")
        print(f"{summary['message']}: a = {a:.6g}, b = {beside(b, abs(a), 6)}, JSD = {jsd:.6g}")
        print(f"theory: {len(claims)} claims, {failed or 'none'} failed")
        print(f"wrote {printable(str(page))}")

    def succeeded(self, found: tuple[Path, dict[str, Any]]) -> bool:
        numbers = found[1]
        claims = (row["passed"] for row in numbers["theory"]["claims"])
        return bool(numbers["summary"]["success"]) and all(claims)


def _typed(word: str) -> str:
    """A word as a shell reads it, with escapes for what does not print."""
    if word.isprintable():
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{printable(plain)}'"
