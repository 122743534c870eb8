"""`gandyn compare`: stochastic training beside the exact flow from the same start."""

from __future__ import annotations

import argparse
from typing import Any

import gandyn
from gandyn.cli.arguments import read_game
from gandyn.cli.output import rows_of
from gandyn.cli.settings import TrainingCommand, training_options
from gandyn.system.text import beside, table


class CompareCommand(TrainingCommand):
    name = "compare"
    help = "training by minibatches beside the exact flow: deviation, ends, crossings"
    description = (
        "Train replicas, and put them and the exact gradient flow from the same start side by "
        "side: on one clock for plain SGD, on one path in the (a, b) plane otherwise."
    )
    epilog = """\
example:
  gandyn compare --data "N(4,1.25)" --replicas 16
  gandyn compare --start 1,0.5 --discriminator optimal --batch 256
  gandyn compare --start 1,-2 --generator-optimizer adam --json"""
    picture = "compare.png"
    size = (9.6, 6.4)
    takes = training_options("sgd", "1,0.5", "8")

    def read(self, options: argparse.Namespace) -> None:
        super().read(options)
        self.game = read_game(options)

    def work(self, tell: Any) -> gandyn.Comparison:
        return gandyn.compare(
            self.game, self.plan, self.seed, self.replicas, workers=self.workers, progress=tell
        )

    def fill(self, figure: Any, found: gandyn.Comparison) -> None:
        gandyn.plots.draw_comparison(figure, found, self.game)

    def entry(self, found: gandyn.Comparison) -> dict[str, Any]:
        names = [point.name for point in found.attractors]
        series = ("one_clock", "time", "mean", "half_width", "crossed")
        told = ("a", "b", "kind", "name")
        return {
            **found.as_dict(),
            **{name: getattr(found, name) for name in series},
            "rest_points": [{key: getattr(p, key) for key in told} for p in found.attractors],
            "flow_end": _name(names, found.flow_end),
            "ends": [_name(names, end) for end in found.ends],
            "crossed_fraction": found.crossed_fraction[0],
            "crossed_interval": found.crossed_fraction[1:],
            "seed": self.seed,
        }

    def show(self, found: gandyn.Comparison) -> None:
        run = found.training
        self.show_run(run)
        heads = ["step", "mean |a|", "mean b", "deviation", "±"]
        columns = [run.step, *found.mean.T, found.deviation_mean, found.deviation_half_width]
        if found.one_clock:
            heads[1:1] = ["time", "flow a", "flow b"]
            columns[1:1] = [found.time, *found.flow.T]
        shown = rows_of(len(run.step))
        rows = [[f"{float(column[k]):.6g}" for column in columns] for k in shown]
        for row, k in zip(rows, shown, strict=True):
            for j in (j for j, head in enumerate(heads) if head.endswith(" b")):
                row[j] = beside(float(columns[j][k]), abs(float(columns[j - 1][k])), 6)
        print(table(heads, rows))
        where = " at the same time" if found.one_clock else "'s path"
        print(
            f"\ndeviation: distance from the flow{where}, mean over the replicas and its 95 % "
            "confidence band"
        )
        names = [point.name for point in found.attractors]
        print(f"the flow ends: {_name(names, found.flow_end) or 'at no known attractor'}")
        for end in sorted(set(found.ends.tolist())):
            count = int((found.ends == end).sum())
            name = _name(names, end) or "?"
            print(f"replicas that end there or in its basin: {count:4d}  {name}")
        share, low, high = found.crossed_fraction
        print(f"crossed a barrier: {share:.3g} (95 %: {low:.3g} to {high:.3g})\n\n{run.message}")

    def succeeded(self, found: gandyn.Comparison) -> bool:
        return bool(found.training.success.all())


def _name(names: list[str], index: Any) -> str | None:
    return names[index] if index >= 0 else None
