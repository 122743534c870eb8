"""`gandyn verify`: the theory, checked claim by claim."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_json
from gandyn.cli.output import print_json, progress_bar
from gandyn.errors import InputError

if TYPE_CHECKING:
    from gandyn.theory import Claim

_EXAMPLE = """\
example:
  gandyn verify
  gandyn verify --json

The exit status is 1 if a claim fails."""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "verify",
        help="check the theory: one claim a row, expected and measured",
        description="Check the theory of GANs, one claim a row: derived where it can be derived, "
        "and measured over a battery of random games.",
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "--seed", metavar="N", default="0", help="seed of the random games; default %(default)s"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify and print."""
    if not (options.seed.isascii() and options.seed.isdigit()):
        raise InputError(f"seed: got {options.seed!r}, must be an integer, 0 or more")
    from gandyn.theory import verify

    with progress_bar("verify") as tell:
        found = verify(
            int(options.seed), progress=lambda done, total, name: tell(done / total, name)
        )
    if options.json:
        print_json(found.as_dict())
    else:
        _print(found.claims)
    return 0 if found.passed else 1


def _print(claims: tuple[Claim, ...]) -> None:
    """A table; a claim that is longer than its column goes on in the next line."""
    rows = [
        (
            claim.claim,
            *map(_short, (claim.expected, claim.measured, claim.tolerance)),
            "✓" if claim.passed else "✗ FAIL",
        )
        for claim in claims
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
    failed = sum(not claim.passed for claim in claims)
    verdict = "all passed" if not failed else f"{failed} FAILED"
    print(f"\n{len(claims)} claims, {verdict}")


def _short(entry: float | str) -> str:
    return entry if isinstance(entry, str) else f"{entry:.6g}"
