"""`gandyn equilibria`: every rest point of a game, with a proof that none is missing."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_box, add_game, add_json, read_box, read_game
from gandyn.cli.output import print_game, print_json, print_table, progress_bar
from gandyn.cli.pictures import add_output, claim_files, read_output, say_written

if TYPE_CHECKING:
    from gandyn.landscape.census import Equilibria

_EXAMPLE = """\
example:
  gandyn equilibria --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn equilibria --data "0.33*N(-1,0.255)+0.67*N(2,1.415)" --box 0.1,4,-4,6 --json

With --json, eigenvalues that are complex are pairs [re, im], others are numbers; "index" is +1,
-1 (a saddle) or 0 (a fold), and their sum is "winding" where the list is complete. The exit status
is 1 where it may not be complete."""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "equilibria",
        help="every rest point: attractors, saddles, repellers",
        description="Find every rest point of the flow in a box of (a, b), prove by the winding "
        "number that none is missing, and draw the portrait.",
        epilog=_EXAMPLE,
    )
    add_game(parser)
    add_box(parser)
    add_output(parser, "equilibria.png")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Find, draw and print."""
    box = read_box(options.box)
    picture = read_output(options, "equilibria.png")
    game = read_game(options)
    from gandyn.landscape.census import equilibria

    with ExitStack() as stack:
        claim_files(stack, output=picture)
        with progress_bar("equilibria") as tell:
            found = equilibria(game, box)
            if picture is not None:
                from gandyn import plots
                from gandyn.landscape.manifolds import separatrices
                from gandyn.views.plane import portrait, window

                tell(0.1, "separatrices")
                walls = separatrices(found)
                tell(0.5, "picture")
                plots.save_figure(portrait(window(found), walls), picture)
        if options.json:
            from gandyn.views.entries import equilibria_entries

            print_json(equilibria_entries(found))
        else:
            print_game(game)
            print_rest_points(found)
            print(f"\n{found.message}")
            say_written(picture)
    return 0 if found.success else 1


def print_rest_points(found: Equilibria) -> None:
    """The rest points as a table; attractors have the numbers that they have in pictures."""
    from gandyn.views.entries import eigenvalues

    rows = []
    number = 0
    for point in found:
        number += point.kind == "attractor"
        a, b = (0.0 if abs(value) <= point.error else value for value in point.theta)
        rates = ", ".join(_rate(rate) for rate in eigenvalues(point.eigenvalues))
        mark = str(number) if point.kind == "attractor" else ""
        rows.append([mark, point.kind, a, b, point.potential, rates, point.name])
    heads = ["", "kind", "a", "b", "potential", "eigenvalues", "name"]
    print_table(heads, rows)


def _rate(rate: Any) -> str:
    return f"{complex(*rate):.4g}" if isinstance(rate, list) else f"{rate:.4g}"
