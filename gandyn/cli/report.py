"""`gandyn report`: the page about one game."""

from __future__ import annotations

import argparse
import math
import shlex
from typing import Any

from gandyn.cli.arguments import add_game, add_json, add_start, read_end, read_game, read_state
from gandyn.cli.output import print_json, progress_bar

_EXAMPLE = """\
example:
  gandyn report
  gandyn report --data "0.3*N(-2, 0.5) + 0.7*N(2, 1)" --objective saturating --output two/"""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "report",
        help="a page with figures about one game: the flow, the force field, the theory",
        description="Write a folder with index.html (self-contained), its figures and results.json "
        "(every number with its error).",
        epilog=_EXAMPLE,
    )
    add_game(parser)
    add_start(parser)
    parser.add_argument(
        "--t-end",
        metavar="T",
        default="inf",
        help="last time; default %(default)s, until rest",
    )
    parser.add_argument("--output", metavar="FOLDER", default="report/", help="default %(default)s")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the report and say what came out."""
    start = read_state("start", options.start)
    end = read_end(options.t_end)
    game = read_game(options)
    from gandyn.report import write_report

    with progress_bar("report") as tell:
        page, numbers = write_report(
            options.output, game, start, end, command=_command(options), progress=tell
        )
    found = numbers["summary"]
    failed = sum(not row["passed"] for row in numbers["theory"]["claims"])
    status = 0 if found["success"] and not failed else 1
    if options.json:
        print_json(numbers)
        return status
    (a, b), jsd = found["end"]["theta"], found["end"]["jsd"]
    print(f"{game.data}, z ~ {game.generator.latent}, {game.objective.name}")
    print(f"{found['message']}: a = {a:.6g}, b = {b:.6g}, JSD = {jsd:.6g}")
    print(f"theory: {len(numbers['theory']['claims'])} claims, {failed or 'none'} failed")
    print(f"wrote {page}")
    return status


def _command(options: argparse.Namespace) -> str:
    """What to type for the same report; the folder is the reader's own."""
    parts = ["gandyn", "report", "--data", options.data, "--objective", options.objective]
    parts += ["--latent", options.latent, f"--start={options.start}"]
    if not math.isinf(float(options.t_end)):
        parts += ["--t-end", options.t_end]
    return shlex.join(parts)
