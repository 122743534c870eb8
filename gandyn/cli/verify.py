"""`gandyn verify`: the theory, checked claim by claim."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from typing import Any

import gandyn
from gandyn.cli.arguments import LARGEST_SEED, read_count
from gandyn.cli.command import Command


class VerifyCommand(Command):
    name = "verify"
    help = "check the theory: one claim a row, expected and measured"
    description = (
        "Check the theory of GANs, one claim a row: derived where it can be derived, and measured "
        "over a battery of random games."
    )
    epilog = """\
example:
  gandyn verify
  gandyn verify --json

The exit status is 1 if a claim fails."""
    takes = "seed  N  0  seed of the random games"

    def read(self, options: argparse.Namespace) -> None:
        self.seed = read_count("seed", options.seed, 0, LARGEST_SEED)

    def work(self, tell: Any) -> gandyn.Verification:
        return gandyn.verify(self.seed, progress=tell)

    def show(self, found: gandyn.Verification) -> None:
        rows = [
            (
                f"{claim.claim} ({claim.source})" if claim.source else claim.claim,
                *map(_short, (claim.expected, claim.measured, claim.tolerance)),
                "✓" if claim.passed else "✗ FAIL",
            )
            for claim in found.claims
        ]
        heads = ("claim", "expected", "measured", "tolerance", "verdict")
        width = shutil.get_terminal_size((140, 24)).columns if sys.stdout.isatty() else 140
        fixed = (19, 19, 9, 7)
        first = max(32, width - sum(fixed) - 2 * len(fixed))
        widths = (first, *fixed)
        for row in (heads, tuple("─" * w for w in widths), *rows):
            cells = [
                textwrap.wrap(text, w, break_on_hyphens=False) or [""]
                for text, w in zip(row, widths, strict=True)
            ]
            for line in range(max(map(len, cells))):
                parts = [cell[line] if line < len(cell) else "" for cell in cells]
                print("  ".join(f"{p:<{w}}" for p, w in zip(parts, widths, strict=True)).rstrip())
        failed = sum(not claim.passed for claim in found.claims)
        verdict = "all passed" if not failed else f"{failed} FAILED"
        print(f"\n{len(found.claims)} claims, {verdict}")

    def succeeded(self, found: gandyn.Verification) -> bool:
        return found.passed


def _short(entry: float | str) -> str:
    return entry if isinstance(entry, str) else f"{entry:.6g}"
