"""`gandyn diagram`: which states there are, over two parameters of the data."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_family, add_json, read_family
from gandyn.cli.output import print_family, print_json, print_table, progress_bar
from gandyn.cli.pictures import add_output, claim_files, read_output, say_written

if TYPE_CHECKING:
    from gandyn.landscape.diagram import PhaseDiagram

_EXAMPLE = """\
example:
  gandyn diagram --data "{w}*N(-{m},1)+(1-{w})*N({m},1)" --vary m=0.5:6 --vary w=0.05:0.95
  gandyn diagram --data "0.5*N(-{m},1)+0.5*N({m},{s})" --vary m=1:4 --vary s=0.3:2 --json

The first --vary is drawn to the right, the second upwards. With --json, points have both values
under their names and as "x" and "y"."""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "diagram",
        help="the phase diagram: which states there are over two parameters of the data",
        description="Draw the curves of folds, branch points and Maxwell points over two "
        "parameters of the data, and say which attractors there are between them.",
        epilog=_EXAMPLE,
    )
    add_family(parser, 2)
    add_output(parser, "diagram.png")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Trace, draw and print."""
    picture = read_output(options, "diagram.png")
    family, (x, y) = read_family(options, 2)
    from gandyn.landscape.diagram import phase_diagram

    with ExitStack() as stack:
        claim_files(stack, output=picture)
        with progress_bar("diagram") as tell:
            found = phase_diagram(family, x, y, progress=tell)
        if picture is not None:
            from gandyn import plots

            with plots.style():
                figure = plots.new_figure((6.8, 5.8))
                plots.draw_diagram(figure.subplots(), found)
            plots.save_figure(figure, picture)
        if options.json:
            from gandyn.views.entries import diagram_entries

            print_json(diagram_entries(found))
        else:
            print_family(family, {name: (low, high) for name, low, high in (x, y)})
            _print(found)
            say_written(picture)
    return 0 if found.success else 1


def _print(found: PhaseDiagram) -> None:
    for cusp in found.cusps:
        print(f"cusp at {found.x_name} = {cusp.x:.10g}, {found.y_name} = {cusp.y:.10g}")
    heads = ["share", f"at ({found.x_name}, {found.y_name})", "region"]
    rows: list[list[float | str]] = [
        [f"{region.share:7.2%}", f"({region.x:.4g}, {region.y:.4g})", region.name]
        for region in found.regions
    ]
    print_table(heads, rows)
    print(f"\n{found.message}")
