"""`gandyn portrait`: the plane of (a, b) with all that organises it."""

from __future__ import annotations

from typing import Any

import gandyn
from gandyn.cli.arguments import GAME
from gandyn.cli.command import PlaneCommand
from gandyn.cli.equilibria import print_rest_points
from gandyn.cli.output import print_game


class PortraitCommand(PlaneCommand):
    name = "portrait"
    help = "nullclines, flow, rest points, separatrices and basins in one picture"
    description = (
        "Draw the phase portrait: the direction of the flow, nullclines, rest points, "
        "separatrices, basins, and the level lines of the potential."
    )
    epilog = """\
example:
  gandyn portrait --data "0.5*N(-3,1)+0.5*N(3,1)"
  gandyn portrait --objective saturating --box 0.05,5,-6,6 --output saturating.pdf

With --json: the rest points as gandyn equilibria gives them, and "separatrices", the stable and
unstable manifolds of every saddle from the saddle outwards; "saddle" and "end" are places in the
list of rest points, from 0, and "end" is -1 where the curve leaves the plane that was searched."""
    picture = "portrait.png"
    takes = f"""{GAME}
box  amin,amax,bmin,bmax  -  the part of the (a, b) plane to show; by default the rest points \
with a margin"""

    def work(self, tell: Any) -> gandyn.Separatrices:
        from gandyn.views.plane import equilibria_across

        tell(0.0, "separatrices")
        return gandyn.separatrices(equilibria_across(self.game, self.box))

    def draw(self, found: gandyn.Separatrices, tell: Any) -> Any:
        from gandyn.views.plane import portrait, window

        tell(0.5, "picture")
        return portrait(self.box or window(found.equilibria), found)

    def show(self, found: gandyn.Separatrices) -> None:
        print_game(self.game)
        print_rest_points(found.equilibria)
        print(f"\n{found.equilibria.message}; {found.message}")
