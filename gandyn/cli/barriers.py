"""`gandyn barriers`: the passes between attractors, and how high they are."""

from __future__ import annotations

from typing import Any

import gandyn
from gandyn.cli.command import PlaneCommand
from gandyn.cli.equilibria import print_rest_points
from gandyn.cli.output import print_game
from gandyn.system.text import beside, table


class BarriersCommand(PlaneCommand):
    name = "barriers"
    help = "the passes between attractors: heights, rates, paths, and their tree"
    description = (
        "Find the lowest way between every two attractors: the saddle that it crosses, how far it "
        "climbs, and the prefactor of the rate at which noise takes it."
    )
    epilog = """\
example:
  gandyn barriers --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn barriers --objective saturating --json

A state in a basin with noise, dtheta = -grad U dt + sqrt(2 D) dW, leaves it over a pass at the rate
prefactor * exp(-height/D) where D is small (Eyring and Kramers). With --json every "index" is a
place in "equilibria", from 0; so are "saddle", "left" and "right" in "tree"."""
    picture = "barriers.png"

    def work(self, tell: Any) -> gandyn.Barriers:
        return gandyn.barriers(self.game, self.box)

    def draw(self, found: gandyn.Barriers, tell: Any) -> Any:
        from gandyn.views.passes import tree_and_paths

        tell(0.8, "picture")
        return tree_and_paths(found)

    def show(self, found: gandyn.Barriers) -> None:
        from gandyn.plots.marks import number_attractors

        print_game(self.game)
        print_rest_points(found.equilibria)
        print()
        number = number_attractors(found.equilibria.points)
        rows: list[list[float | str]] = []
        for barrier in found.barriers:
            point = found.equilibria[barrier.saddle]
            rows.append(
                [
                    f"{number[barrier.start]} to {number[barrier.end]}",
                    f"({point.a:.6g}, {beside(point.b, abs(point.a), 6)})",
                    barrier.height_from,
                    barrier.height_to,
                    float(f"{barrier.prefactor_from:.6g}"),
                    float(f"{barrier.prefactor_to:.6g}"),
                ]
            )
        if rows:
            heads = ["way", "pass (a, b)", "climb", "climb back", "prefactor", "prefactor back"]
            print(table(heads, rows))
        print(f"\n{found.message}")
