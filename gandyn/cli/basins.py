"""`gandyn basins`: which attractor each (a, b) flows to."""

from __future__ import annotations

import argparse
from typing import Any

import gandyn
from gandyn.cli.arguments import GAME, read_count
from gandyn.cli.command import PlaneCommand
from gandyn.cli.output import print_game, read_file
from gandyn.system.files import whole_file
from gandyn.system.memory import need_memory
from gandyn.system.text import beside, table

_MOST = 20_000


class BasinsCommand(PlaneCommand):
    name = "basins"
    help = "which attractor each (a, b) flows to, and the share of each"
    description = (
        "Label every cell of a map of (a, b) with the attractor that it flows to: on the sides of "
        "the separatrices, to 1e-6 of them."
    )
    epilog = """\
example:
  gandyn basins --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn basins --grid 4000 --box 0.05,5,-6,6 --labels basins.npz --json

The labels are an array file of NumPy: "a" and "b", the axes; "labels", one row for each b, the
place of the attractor in the list of rest points or -1 where it cannot be said; "attractors", these
places, with "theta", their (a, b), and "names"."""
    picture = "basins.png"
    takes = f"""{GAME}
box  amin,amax,bmin,bmax  -  the part of (a, b) to map; by default the rest points with a margin
grid  N  1000  cells along a and b
labels  PATH.npz  -  the array file of the labels; default basins.npz beside the picture
"""

    def read(self, options: argparse.Namespace) -> None:
        from gandyn.landscape.basin_map import CELL

        super().read(options)
        self.grid = read_count("grid", options.grid, 2, _MOST)
        need_memory(f"grid: got {self.grid}", CELL * self.grid**2)
        labels = None if self.output is None else self.output.with_name("basins.npz")
        if options.labels is not None:
            labels = read_file("labels", options.labels, ".npz")
        self.files = {"labels": labels}

    def work(self, tell: Any) -> gandyn.Basins:
        from gandyn.views.plane import equilibria_across, map_basins, window

        tell(0.0, "separatrices")
        points = equilibria_across(self.game, self.box)
        self.shown = self.box or window(points)
        return map_basins(points, self.shown, self.grid)

    def draw(self, found: gandyn.Basins, tell: Any) -> Any:
        from gandyn.views.plane import portrait

        tell(0.5, "picture")
        return portrait(self.shown, gandyn.separatrices(found.equilibria), found, lines=False)

    def write(self, found: gandyn.Basins, tell: Any) -> None:
        import numpy as np

        path, index = self.files["labels"], list(found.fractions)
        if path is None:
            return
        tell(0.9, "files")
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

    def entry(self, found: gandyn.Basins) -> dict[str, Any]:
        path = self.files["labels"]
        return found.as_dict() | ({"labels": str(path)} if path else {})

    def show(self, found: gandyn.Basins) -> None:
        print_game(self.game)
        rows: list[list[float | str]] = []
        for number, (index, fraction) in enumerate(found.fractions.items(), start=1):
            point = found.equilibria[index]
            a, b = (0.0 if abs(value) <= point.error else value for value in point.theta)
            place = beside(b, abs(point.a), 10)
            rows.append([str(number), a, place, f"{fraction:.4%}", point.name])
        print(table(["", "a", "b", "basin", "name"], rows, left=[0, 3, 4]))
        a, b = found.a, found.b
        low, high = (beside(float(end), float(b[-1] - b[0]), 4) for end in b[[0, -1]])
        print(f"\nof a from {a[0]:.4g} to {a[-1]:.4g} and b from {low} to {high},")
        print(f"{len(a)} x {len(b)} cells; {found.unknown:.4%} unknown; {found.message}")
