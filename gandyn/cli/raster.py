"""`gandyn raster`: where flows from a line of starts end, over a parameter of the data."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import (
    add_family,
    add_json,
    add_workers,
    read_count,
    read_family,
    read_state,
    read_workers,
)
from gandyn.cli.output import print_family, print_json, print_table, progress_bar
from gandyn.cli.pictures import add_output, claim_files, read_file, read_output, say_written
from gandyn.errors import InputError

if TYPE_CHECKING:
    from gandyn.landscape.raster_map import Raster

_EXAMPLE = """\
example:
  gandyn raster --data "0.5*N(-{m},1)+0.5*N({m},1)" --vary m=0.5:6 --start 1,-6 --to 1,6
  gandyn raster --vary m=2:2.5 --values 200 --starts 100 --workers 2 --labels fine.npz --json

What is done is kept in the file of --labels: after Ctrl-C the same command goes on from there. It
is an array file of NumPy, with "values", "starts", "final" (the (a, b) of each end) and "labels",
one row for each value: places in "names", or -1 where a flow ends at no attractor that is known.
The exit status is 1 where not all is done."""

_FILE = "raster.npz"
_MOST = 100_000


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "raster",
        help="where a line of starts ends, over a parameter of the data",
        description="Follow the flow from every start on a line to its end, for every value of a "
        "parameter of the data.",
        epilog=_EXAMPLE,
    )
    add_family(parser, 1)
    counts = {"values": "values of the parameter", "starts": "starts on the line"}
    for name, meaning in counts.items():
        parser.add_argument(
            f"--{name}", metavar="N", default="40", help=f"{meaning}; default %(default)s"
        )
    for name, end, state in (("start", "first", "1,-6"), ("to", "last", "1,6")):
        parser.add_argument(
            f"--{name}",
            metavar="a,b",
            default=state,
            help=f"the {end} start, a > 0; default %(default)s",
        )
    add_workers(parser, "values; default one a core")
    add_output(parser, "raster.png")
    parser.add_argument(
        "--labels",
        metavar="PATH.npz",
        help=f"the array file, from which an interrupted run goes on; default {_FILE} beside the "
        "picture, or here",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Follow, draw and print."""
    count, lines = (read_count(n, getattr(options, n), 2, _MOST) for n in ("values", "starts"))
    workers = read_workers(options)
    first, last = (_state(name, getattr(options, name)) for name in ("start", "to"))
    if first == last:
        raise InputError(f"to: got {options.to!r}, must not be where --start is")
    picture = read_output(options, "raster.png")
    file = Path(_FILE) if picture is None else picture.with_name(_FILE)
    if options.labels is not None:
        file = read_file("labels", options.labels, ".npz")
    family, ((name, low, high),) = read_family(options, 1)
    import numpy as np

    from gandyn.landscape.raster_map import raster

    with ExitStack() as stack:
        claim_files(stack, output=picture, labels=file)
        values, starts = np.linspace(low, high, count), np.linspace(first, last, lines)
        fresh = not file.exists()
        try:
            with progress_bar("raster") as tell:
                found = raster(family, values, starts, file, workers, tell)
        except InputError as error:
            if fresh:
                file.unlink(missing_ok=True)
            # What the library calls its argument.
            raise InputError(str(error).replace("path:", "labels:", 1)) from None
        if picture is not None:
            _draw(found, name, picture)
        if options.json:
            from gandyn.views.entries import raster_entries

            print_json(raster_entries(found, name) | {"file": str(file)})
        else:
            print_family(family, {name: (low, high)})
            _print(found, name)
            say_written(picture, file)
    if "interrupted" in found.message:
        done = f"interrupted: {int(found.done.sum())} of {count} values done"
        raise KeyboardInterrupt(f"{done}, kept in {file}; the same command goes on from there")
    return 0 if found.success else 1


def _state(name: str, text: str) -> list[float]:
    state = read_state(name, text)
    if state[0] < 0:
        raise InputError(f"{name}: got a = {state[0]:g} in {text!r}, must have a > 0")
    return state


def _draw(found: Raster, name: str, path: Path) -> None:
    import numpy as np

    from gandyn import plots

    first, last = found.starts[[0, -1]]
    axis = 1 if first[1] != last[1] else 0
    order = slice(None) if first[axis] < last[axis] else slice(None, None, -1)
    label = ("a (scale)", "b (place)")[axis] + " of the start"
    if first[1 - axis] == last[1 - axis]:
        label += f", {'ba'[axis]} = {first[1 - axis]:g}"
    else:
        label += f", on the line from ({first[0]:g}, {first[1]:g}) to ({last[0]:g}, {last[1]:g})"
    names = [*found.names, "no known attractor"]
    done = np.broadcast_to(found.done[:, None], found.labels.shape)
    ends = np.where(found.labels < 0, len(found.names), found.labels)
    with plots.style():
        figure = plots.new_figure((5.6, 4.4))
        plots.draw_raster(
            figure.subplots(),
            found.values,
            found.starts[order, axis],
            ends[:, order],
            names,
            done=done[:, order],
            xlabel=name,
            ylabel=label,
        )
    plots.save_figure(figure, path)


def _print(found: Raster, name: str) -> None:
    rows: list[list[float | str]] = []
    for k, outcome in enumerate([*found.names, "no known attractor"]):
        index = k if k < len(found.names) else -1
        there = (found.labels == index) & found.done[:, None]
        if there.any():
            at = found.values[there.any(axis=1)]
            share = there.sum() / (found.done.sum() * there.shape[1])
            rows.append([f"{share:7.2%}", f"{at[0]:.6g} to {at[-1]:.6g}", outcome])
    if rows:
        print_table(["flows", f"at {name}", "end"], rows)
        print()
    print(found.message)
