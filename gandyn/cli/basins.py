"""`gandyn basins`: which attractor each (a, b) flows to."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_box, add_game, add_json, read_box, read_count, read_game
from gandyn.cli.output import print_game, print_json, print_table, progress_bar
from gandyn.cli.pictures import add_output, claim_files, read_file, read_output, say_written
from gandyn.errors import InputError

if TYPE_CHECKING:
    from gandyn.landscape.basin_map import Basins

_EXAMPLE = """\
example:
  gandyn basins --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn basins --grid 4000 --box 0.05,5,-6,6 --labels basins.npz --json

The labels are an array file of NumPy: "a" and "b", the axes; "labels", one row for each b, the
place of the attractor in the list of rest points or -1 where it cannot be said; "attractors", these
places, with "theta", their (a, b), and "names"."""

_MOST = 20_000


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "basins",
        help="which attractor each (a, b) flows to, and the share of each",
        description="Label every cell of a map of (a, b) with the attractor that it flows to: on "
        "the sides of the separatrices, to 1e-6 of them.",
        epilog=_EXAMPLE,
    )
    add_game(parser)
    add_box(parser, "the part of (a, b) to map; by default the rest points with a margin")
    parser.add_argument(
        "--grid", metavar="N", default="1000", help="cells along a and b; default %(default)s"
    )
    add_output(parser, "basins.png")
    parser.add_argument(
        "--labels",
        metavar="PATH.npz",
        help="the array file of the labels; default basins.npz beside the picture",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Map, draw and print."""
    box = read_box(options.box)
    grid = read_count("grid", options.grid, 2, _MOST)
    picture = read_output(options, "basins.png")
    labels = None if picture is None else picture.with_name("basins.npz")
    if options.labels is not None:
        labels = read_file("labels", options.labels, ".npz")
    game = read_game(options)
    from gandyn.landscape.manifolds import separatrices
    from gandyn.views.plane import equilibria_across, map_basins, portrait, window

    with ExitStack() as stack:
        claim_files(stack, output=picture, labels=labels)
        with progress_bar("basins") as tell:
            tell(0.0, "separatrices")
            points = equilibria_across(game, box)
            shown = window(points) if box is None else box
            try:
                found = map_basins(points, shown, grid)
            except MemoryError:
                raise InputError(
                    f"grid: got {grid}, must be less: the memory does not hold {grid} x {grid} "
                    "cells"
                ) from None
            figure = None
            if picture is not None:
                tell(0.5, "picture")
                figure = portrait(shown, separatrices(points), found, lines=False)
            tell(0.9, "files")
            if labels is not None:
                _save(found, labels)
            if picture is not None and figure is not None:
                from gandyn import plots

                plots.save_figure(figure, picture)
        if options.json:
            from gandyn.views.entries import basin_entries

            print_json(basin_entries(found) | ({"labels": str(labels)} if labels else {}))
        else:
            print_game(game)
            _print(found)
            say_written(picture, labels)
    return 0 if found.success else 1


def _save(found: Basins, path: Path) -> None:
    import numpy as np

    from gandyn.system.files import whole_file

    index = list(found.fractions)
    # A file and not its name, to which NumPy may add a suffix.
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file,
            a=found.a,
            b=found.b,
            labels=found.labels.astype(np.min_scalar_type(-len(found.equilibria) - 1)),
            attractors=np.array(index, dtype=int),
            theta=found.equilibria.theta[index],
            names=np.array([found.equilibria[k].name for k in index], dtype=str),
        )


def _print(found: Basins) -> None:
    rows: list[list[float | str]] = []
    for number, (index, fraction) in enumerate(found.fractions.items(), start=1):
        point = found.equilibria[index]
        a, b = (0.0 if abs(value) <= point.error else value for value in point.theta)
        rows.append([str(number), a, b, f"{fraction:.4%}", point.name])
    print_table(["", "a", "b", "basin", "name"], rows)
    a, b = found.a, found.b
    print(f"\nof a from {a[0]:.4g} to {a[-1]:.4g} and b from {b[0]:.4g} to {b[-1]:.4g},")
    print(f"{len(a)} x {len(b)} cells; {found.unknown:.4%} unknown; {found.message}")
