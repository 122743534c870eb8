"""`gandyn barriers`: the passes between attractors, and how high they are."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_box, add_game, add_json, read_box, read_game
from gandyn.cli.equilibria import print_rest_points
from gandyn.cli.output import print_game, print_json, print_table, progress_bar
from gandyn.cli.pictures import add_output, claim_files, read_output, say_written

if TYPE_CHECKING:
    from gandyn.landscape.mountain_passes import Barriers

_EXAMPLE = """\
example:
  gandyn barriers --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn barriers --objective saturating --json

A state in a basin with noise, dtheta = -grad U dt + sqrt(2 D) dW, leaves it over a pass at the rate
prefactor * exp(-height/D) where D is small (Eyring and Kramers). With --json every "index" is a
place in "equilibria", from 0; so are "saddle", "left" and "right" in "tree"."""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "barriers",
        help="the passes between attractors: heights, rates, paths, and their tree",
        description="Find the lowest way between every two attractors: the saddle that it crosses, "
        "how far it climbs, and the prefactor of the rate at which noise takes it.",
        epilog=_EXAMPLE,
    )
    add_game(parser)
    add_box(parser)
    add_output(parser, "barriers.png")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Find, draw and print."""
    box = read_box(options.box)
    picture = read_output(options, "barriers.png")
    game = read_game(options)
    from gandyn.landscape.mountain_passes import barriers

    with ExitStack() as stack:
        claim_files(stack, output=picture)
        with progress_bar("barriers") as tell:
            found = barriers(game, box)
            if picture is not None:
                from gandyn import plots
                from gandyn.views.passes import tree_and_paths

                tell(0.8, "picture")
                plots.save_figure(tree_and_paths(found), picture)
        if options.json:
            from gandyn.views.entries import barrier_entries

            print_json(barrier_entries(found))
        else:
            print_game(game)
            print_rest_points(found.equilibria)
            print()
            _print(found)
            print(f"\n{found.message}")
            say_written(picture)
    return 0 if found.success else 1


def _print(found: Barriers) -> None:
    from gandyn.plots.marks import number_attractors

    number = number_attractors(found.equilibria.points)
    rows: list[list[float | str]] = []
    for barrier in found.barriers:
        point = found.equilibria[barrier.saddle]
        rows.append(
            [
                f"{number[barrier.start]} to {number[barrier.end]}",
                f"({point.a:.6g}, {point.b:.6g})",
                barrier.height_from,
                barrier.height_to,
                float(f"{barrier.prefactor_from:.6g}"),
                float(f"{barrier.prefactor_to:.6g}"),
            ]
        )
    if rows:
        heads = ["way", "pass (a, b)", "climb", "climb back", "prefactor", "prefactor back"]
        print_table(heads, rows)
