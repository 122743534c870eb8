"""`gandyn branches`: every rest point of a family with one parameter."""

from __future__ import annotations

from typing import Any

import gandyn
from gandyn.cli.command import FamilyCommand
from gandyn.cli.output import print_family
from gandyn.system.text import table


class BranchesCommand(FamilyCommand):
    name = "branches"
    help = "how the rest points change with a parameter of the data"
    description = (
        "Follow every rest point while a parameter of the data varies: where two meet and vanish "
        "(folds), where branches cross, and where two attractors are equally deep (Maxwell points)."
    )
    epilog = """\
example:
  gandyn branches --data "0.5*N(-{m},1)+0.5*N({m},1)" --vary m=0.5:6
  gandyn branches --data "{w}*N(-3,1)+(1-{w})*N(3,1)" --vary w=0.05:0.95 --json

With --json, folds, branch points and Maxwell points have the parameter's value under its name and
as "parameter", and "a" and "b", which for a Maxwell point are those of both states."""
    picture = "branches.png"
    size = (5.6, 7.6)

    def work(self, tell: Any) -> gandyn.Branches:
        ((_, low, high),) = self.ranges
        return gandyn.branches(self.family, (low, high), progress=tell)

    def fill(self, figure: Any, found: gandyn.Branches) -> None:
        gandyn.plots.draw_branches(figure.subplots(3, 1), found, ("b", "a", "potential"))

    def show(self, found: gandyn.Branches) -> None:
        print_family(self.family, self.ranges)
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
            print(table([found.name, "event", "a", "b", "potential"], rows), end="\n\n")
        print(found.message)


def _state(a: float, b: float) -> tuple[float, float]:
    """(a, b), with 0 for what is 0 but for rounding."""
    return float(a), 0.0 if abs(b) <= 1e-9 * a else float(b)
