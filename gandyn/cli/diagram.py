"""`gandyn diagram`: which states there are, over two parameters of the data."""

from __future__ import annotations

from typing import Any

import gandyn
from gandyn.cli.arguments import family_options
from gandyn.cli.command import FamilyCommand
from gandyn.cli.output import print_family
from gandyn.system.text import table


class DiagramCommand(FamilyCommand):
    name = "diagram"
    help = "the phase diagram: which states there are over two parameters of the data"
    description = (
        "Draw the curves of folds, branch points and Maxwell points over two parameters of the "
        "data, and say which attractors there are between them."
    )
    epilog = """\
example:
  gandyn diagram --data "{w}*N(-{m},1)+(1-{w})*N({m},1)" --vary m=0.5:6 --vary w=0.05:0.95
  gandyn diagram --data "0.5*N(-{m},1)+0.5*N({m},{s})" --vary m=1:4 --vary s=0.3:2 --json

The first --vary is drawn to the right, the second upwards. With --json, points have both values
under their names and as "x" and "y"."""
    picture = "diagram.png"
    size = (6.8, 5.8)
    takes, count = family_options(2), 2

    def work(self, tell: Any) -> gandyn.PhaseDiagram:
        x, y = self.ranges
        return gandyn.phase_diagram(self.family, x, y, tell)

    def fill(self, figure: Any, found: gandyn.PhaseDiagram) -> None:
        gandyn.plots.draw_diagram(figure.subplots(), found)

    def show(self, found: gandyn.PhaseDiagram) -> None:
        print_family(self.family, self.ranges)
        for cusp in found.cusps:
            print(f"cusp at {found.x_name} = {cusp.x:.10g}, {found.y_name} = {cusp.y:.10g}")
        heads = ["share", f"at ({found.x_name}, {found.y_name})", "region"]
        rows: list[list[float | str]] = [
            [f"{region.share:7.2%}", f"({region.x:.4g}, {region.y:.4g})", region.name]
            for region in found.regions
        ]
        print(table(heads, rows))
        print(f"\n{found.message}")
