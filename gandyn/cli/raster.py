"""`gandyn raster`: where flows from a line of starts end, over a parameter of the data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import gandyn
from gandyn.cli.arguments import family_options, read_count, read_state, read_workers
from gandyn.cli.command import FamilyCommand
from gandyn.cli.output import print_family, read_file
from gandyn.errors import InputError
from gandyn.system.text import show, table

_FILE = "raster.npz"
_MOST = 100_000
_NOWHERE = "no known attractor"


class RasterCommand(FamilyCommand):
    name = "raster"
    help = "where a line of starts ends, over a parameter of the data"
    description = (
        "Follow the flow from every start on a line to its end, for every value of a parameter of "
        "the data."
    )
    epilog = """\
example:
  gandyn raster --data "0.5*N(-{m},1)+0.5*N({m},1)" --vary m=0.5:6 --start 1,-6 --to 1,6
  gandyn raster --vary m=2:2.5 --values 200 --starts 100 --workers 2 --labels fine.npz --json

What is done is kept in the file of --labels: after Ctrl-C the same command goes on from there. It
is an array file of NumPy, with "values", "starts", "final" (the (a, b) of each end) and "labels",
one row for each value: places in "names", or -1 where a flow ends at no attractor that is known.
The exit status is 1 where not all is done."""
    picture = "raster.png"
    size = (5.6, 4.4)
    takes = f"""{family_options(1)}
values  N  40  values of the parameter
starts  N  40  starts on the line
start  a,b  1,-6  the first start, a > 0
to  a,b  1,6  the last start, a > 0
workers  N  -  processes that share the values; default one a core
labels  PATH.npz  -  the array file, from which an interrupted run goes on; default \
{_FILE} beside the picture, or here
"""

    def read(self, options: argparse.Namespace) -> None:
        self.counts = [read_count(n, getattr(options, n), 2, _MOST) for n in ("values", "starts")]
        self.workers = read_workers(options)
        self.line = [_start(name, getattr(options, name)) for name in ("start", "to")]
        if self.line[0] == self.line[1]:
            raise InputError(f"to: got {show(options.to)}, must not be where --start is")
        self.file = Path(_FILE) if self.output is None else self.output.with_name(_FILE)
        if options.labels is not None:
            self.file = read_file("labels", options.labels, ".npz")
        self.files = {"labels": self.file}
        super().read(options)

    def work(self, tell: Any) -> gandyn.Raster:
        import numpy as np

        ((_, low, high),) = self.ranges
        (first, last), (count, lines) = self.line, self.counts
        values, starts = np.linspace(low, high, count), np.linspace(first, last, lines)
        fresh = not self.file.exists()
        try:
            return gandyn.raster(
                self.family, values, starts, self.file, self.workers, tell, called="labels"
            )
        except InputError:
            if fresh:
                self.file.unlink(missing_ok=True)
            raise

    def fill(self, figure: Any, found: gandyn.Raster) -> None:
        import numpy as np

        first, last = found.starts[[0, -1]]
        axis = 1 if first[1] != last[1] else 0
        order = slice(None) if first[axis] < last[axis] else slice(None, None, -1)
        label = ("a (scale)", "b (place)")[axis] + " of the start"
        if first[1 - axis] == last[1 - axis]:
            label += f", {'ba'[axis]} = {first[1 - axis]:g}"
        else:
            label += (
                f", on the line from ({first[0]:g}, {first[1]:g}) to ({last[0]:g}, {last[1]:g})"
            )
        done = np.broadcast_to(found.done[:, None], found.labels.shape)
        ends = np.where(found.labels < 0, len(found.names), found.labels)
        gandyn.plots.draw_raster(
            figure.subplots(),
            found.values,
            found.starts[order, axis],
            ends[:, order],
            [*found.names, _NOWHERE],
            done=done[:, order],
            xlabel=self.ranges[0][0],
            ylabel=label,
        )

    def entry(self, found: gandyn.Raster) -> dict[str, Any]:
        return {"name": self.ranges[0][0], **found.as_dict(), "file": str(self.file)}

    def show(self, found: gandyn.Raster) -> None:
        print_family(self.family, self.ranges)
        rows: list[list[float | str]] = []
        for index, outcome in [*enumerate(found.names), (-1, _NOWHERE)]:
            there = (found.labels == index) & found.done[:, None]
            if there.any():
                at = found.values[there.any(axis=1)]
                share = there.sum() / (found.done.sum() * there.shape[1])
                rows.append([f"{share:7.2%}", f"{at[0]:.6g} to {at[-1]:.6g}", outcome])
        if rows:
            print(table(["flows", f"at {self.ranges[0][0]}", "end"], rows), end="\n\n")
        print(found.message)

    def succeeded(self, found: gandyn.Raster) -> bool:
        if "interrupted" in found.message:
            done = f"interrupted: {int(found.done.sum())} of {len(found.done)} values done"
            raise KeyboardInterrupt(
                f"{done}, kept in {self.file}; the same command goes on from there"
            )
        return super().succeeded(found)


def _start(name: str, text: str) -> list[float]:
    state = read_state(name, text)
    if state[0] < 0:
        raise InputError(f"{name}: got a = {state[0]:g} in {text!r}, must have a > 0")
    return state
