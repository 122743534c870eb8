"""`gandyn branches`: every rest point of a family with one parameter."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_family, add_json, read_family
from gandyn.cli.output import print_family, print_json, print_table, progress_bar
from gandyn.cli.pictures import add_output, claim_files, read_output, say_written

if TYPE_CHECKING:
    from gandyn.landscape.bifurcations import Branches

_EXAMPLE = """\
example:
  gandyn branches --data "0.5*N(-{m},1)+0.5*N({m},1)" --vary m=0.5:6
  gandyn branches --data "{w}*N(-3,1)+(1-{w})*N(3,1)" --vary w=0.05:0.95 --json

With --json, folds, branch points and Maxwell points have the parameter's value under its name and
as "parameter", and "a" and "b", which for a Maxwell point are those of both states."""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "branches",
        help="how the rest points change with a parameter of the data",
        description="Follow every rest point while a parameter of the data varies: where two meet "
        "and vanish (folds), where branches cross, and where two attractors are equally deep "
        "(Maxwell points).",
        epilog=_EXAMPLE,
    )
    add_family(parser, 1)
    add_output(parser, "branches.png")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Follow, draw and print."""
    picture = read_output(options, "branches.png")
    family, ((name, low, high),) = read_family(options, 1)
    from gandyn.landscape.bifurcations import branches

    with ExitStack() as stack:
        claim_files(stack, output=picture)
        with progress_bar("branches") as tell:
            found = branches(family, (low, high), progress=tell)
        if picture is not None:
            from gandyn import plots

            with plots.style():
                figure = plots.new_figure((5.6, 7.6))
                axes = figure.subplots(3, 1)
                plots.draw_branches(axes, found, ("b", "a", "potential"))
            plots.save_figure(figure, picture)
        if options.json:
            from gandyn.views.entries import branch_entries

            print_json(branch_entries(found))
        else:
            print_family(family, {name: (low, high)})
            _print(found)
            say_written(picture)
    return 0 if found.success else 1


def _print(found: Branches) -> None:
    rows: list[list[float | str]] = []
    for fold in found.folds:
        rows.append([fold.parameter, "fold", *_state(*fold.theta), fold.potential])
    for point in found.branch_points:
        rows.append([point.parameter, point.kind, *_state(*point.theta), point.potential])
    for pair in found.maxwell:
        for what, theta in zip(("Maxwell", ""), pair.theta, strict=True):
            rows.append([pair.parameter, what, *_state(*theta), pair.potential])
    if rows:
        rows.sort(key=lambda row: float(row[0]))
        print_table([found.name, "event", "a", "b", "potential"], rows)
        print()
    print(found.message)


def _state(a: float, b: float) -> tuple[float, float]:
    """(a, b), with 0 for what is 0 but for rounding."""
    return float(a), 0.0 if abs(b) <= 1e-9 * a else float(b)
