"""`gandyn portrait`: the plane of (a, b) with all that organises it."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import Any

from gandyn.cli.arguments import add_box, add_game, add_json, read_box, read_game
from gandyn.cli.equilibria import print_rest_points
from gandyn.cli.output import print_game, print_json, progress_bar
from gandyn.cli.pictures import add_output, claim_files, read_output, say_written

_EXAMPLE = """\
example:
  gandyn portrait --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn portrait --objective saturating --box 0.05,5,-6,6 --output saturating.pdf

With --json: the rest points as gandyn equilibria gives them, and "separatrices", the stable and
unstable manifolds of every saddle from the saddle outwards; "saddle" and "end" are places in the
list of rest points, from 0, and "end" is -1 where the curve leaves the plane that was searched."""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "portrait",
        help="nullclines, flow, rest points, separatrices and basins in one picture",
        description="Draw the phase portrait: the direction of the flow, nullclines, rest points, "
        "separatrices, basins, and the level lines of the potential.",
        epilog=_EXAMPLE,
    )
    add_game(parser)
    add_box(
        parser, "the part of the (a, b) plane to show; by default the rest points with a margin"
    )
    add_output(parser, "portrait.png")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Trace, draw and print."""
    box = read_box(options.box)
    picture = read_output(options, "portrait.png")
    game = read_game(options)
    from gandyn.landscape.manifolds import separatrices
    from gandyn.views.plane import equilibria_across, portrait, window

    with ExitStack() as stack:
        claim_files(stack, output=picture)
        with progress_bar("portrait") as tell:
            tell(0.0, "separatrices")
            found = separatrices(equilibria_across(game, box))
            if picture is not None:
                from gandyn import plots

                tell(0.5, "picture")
                shown = window(found.equilibria) if box is None else box
                plots.save_figure(portrait(shown, found), picture)
        if options.json:
            from gandyn.views.entries import curve_entries, equilibria_entries

            entries = equilibria_entries(found.equilibria)
            print_json(
                entries
                | {"separatrices": curve_entries(found.curves)}
                | {"status": int(found.status), "message": str(found.message)}
            )
        else:
            print_game(game)
            print_rest_points(found.equilibria)
            print(f"\n{found.equilibria.message}; {found.message}")
            say_written(picture)
    return 0 if found.success else 1
