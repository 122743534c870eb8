"""`gandyn equilibria`: every rest point of a game, with a proof that none is missing."""

from __future__ import annotations

from typing import Any

import gandyn
from gandyn.cli.command import PlaneCommand
from gandyn.cli.output import print_game
from gandyn.system.results import plain
from gandyn.system.text import beside, table


class EquilibriaCommand(PlaneCommand):
    name = "equilibria"
    help = "every rest point: attractors, saddles, repellers"
    description = (
        "Find every rest point of the flow in a box of (a, b), prove by the winding number that "
        "none is missing, and draw the portrait."
    )
    epilog = """\
example:
  gandyn equilibria --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn equilibria --data "0.33*N(-1,0.255)+0.67*N(2,1.415)" --box 0.1,4,-4,6 --json

With --json, eigenvalues that are complex are pairs [re, im], others are numbers; "index" is +1,
-1 (a saddle) or 0 (a fold), and their sum is "winding" where the list is complete. The exit status
is 1 where it may not be complete."""
    picture = "equilibria.png"

    def work(self, tell: Any) -> gandyn.Equilibria:
        return gandyn.equilibria(self.game, self.box)

    def draw(self, found: gandyn.Equilibria, tell: Any) -> Any:
        from gandyn.views.plane import portrait, window

        tell(0.1, "separatrices")
        walls = gandyn.separatrices(found)
        tell(0.5, "picture")
        return portrait(window(found), walls)

    def show(self, found: gandyn.Equilibria) -> None:
        print_game(self.game)
        print_rest_points(found)
        print(f"\n{found.message}")


def print_rest_points(found: gandyn.Equilibria) -> None:
    """The rest points as a table; attractors have the numbers that they have in pictures."""
    rows = []
    number = 0
    for point in found:
        number += point.kind == "attractor"
        a, b = (0.0 if abs(value) <= point.error else value for value in point.theta)
        rates = ", ".join(_rate(rate) for rate in plain(point.eigenvalues))
        mark = str(number) if point.kind == "attractor" else ""
        place = beside(b, abs(point.a), 10)
        rows.append([mark, point.kind, a, place, point.potential, rates, point.name])
    heads = ["", "kind", "a", "b", "potential", "eigenvalues", "name"]
    print(table(heads, rows, left=[0, 1, 5, 6]))


def _rate(rate: Any) -> str:
    return f"{complex(*rate):.4g}" if isinstance(rate, list) else f"{rate:.4g}"
