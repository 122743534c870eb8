"""`gandyn train`: Algorithm 1 on minibatches, measured exactly at every record."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import gandyn
from gandyn.cli.arguments import read_game, read_widths
from gandyn.cli.output import read_file, rows_of
from gandyn.cli.settings import TrainingCommand, training_options
from gandyn.system.interrupts import Interrupted
from gandyn.system.text import beside, table


class TrainCommand(TrainingCommand):
    name = "train"
    help = "training by minibatches and a learned discriminator, held against the exact one"
    description = (
        "Train by minibatches as in Algorithm 1 of Goodfellow et al. (2014), and measure the "
        "learned discriminator exactly as it goes."
    )
    epilog = """\
example:
  gandyn train --data "N(4,1.25)"
  gandyn train --data "0.5*N(-3,1)+0.5*N(3,1)" --generator 64,64 --replicas 8 --seed 1
  gandyn train --steps 100000 --replicas 16 --workers 4 --checkpoint run.npz
  gandyn train --steps 100000 --replicas 16 --resume run.npz"""
    picture = "train.png"
    size = (9.0, 8.4)
    takes = f"""
generator  N,N,...  linear  %(default)s (a z + b, the default), or the widths of a network's \
hidden layers
{training_options("adam", "1,0", "1")}
checkpoint  FILE  -  an .npz file that keeps the state of the run, from which the same command \
goes on
resume  FILE  -  go on from a checkpoint of the same settings, and keep it up to date
overwrite  -  -  let --checkpoint take the place of that of another run
animate  FILE  -  also write p, p_g and D in training as a moving .gif
"""

    def read(self, options: argparse.Namespace) -> None:
        super().read(options)
        self.game = read_game(options)
        if options.generator != "linear":
            widths = read_widths("generator", options.generator, "linear")
            network = gandyn.MLPGenerator(widths, options.activation, self.game.generator.latent)
            self.game = gandyn.Game(self.game.data, network, self.game.objective)
        if options.animate is not None:
            self.files = {"animate": read_file("animate", options.animate, ".gif")}
        self.resume = None if options.resume is None else Path(options.resume)
        self.kept = options.checkpoint if options.checkpoint is not None else options.resume

    def work(self, tell: Any) -> gandyn.Training:
        self.stopped: Interrupted | None = None
        try:
            return gandyn.train(
                self.game,
                self.plan,
                self.seed,
                self.replicas,
                workers=self.workers,
                checkpoint=self.kept,
                resume=self.resume,
                overwrite=self.options.overwrite,
                progress=tell,
            )
        except Interrupted as interrupt:
            self.stopped = interrupt
            found: gandyn.Training = interrupt.result
            return found

    def fill(self, figure: Any, found: gandyn.Training) -> None:
        gandyn.plots.draw_training(figure, found)

    def write(self, found: gandyn.Training, tell: Any) -> None:
        movie = self.files.get("animate")
        if movie is not None:
            frames = gandyn.plots.training_moments(found)
            gandyn.plots.animate(movie, frames, progress=tell)

    def entry(self, found: gandyn.Training) -> dict[str, Any]:
        from gandyn.montecarlo.records import SERIES

        forces = ("force_ratio", "force_angle", "learned_force", "exact_force")
        names = ("step", *SERIES, *forces, "status", "success", "message")
        entry = {name: getattr(found, name) for name in names}
        return entry | {"a": found.theta[..., 0], "b": found.theta[..., 1], "seed": self.seed}

    def show(self, found: gandyn.Training) -> None:
        import numpy as np

        self.show_run(found)
        names = ("mean", "std", "real_on_real", "real_on_fake", "value", "value_gap", "jsd")
        with np.errstate(all="ignore"):
            columns = [found.step, *(_median(getattr(found, name)) for name in names)]
        heads = ("step", "mean", "std", "D on real", "D on fake", "V(G, D)", "V(G, D*) − V", "JSD")
        shown = rows_of(len(found.step))
        rows = [[f"{float(column[k]):.6g}" for column in columns] for k in shown]
        for row, k in zip(rows, shown, strict=True):
            row[1] = beside(float(columns[1][k]), float(columns[2][k]), 6)
        print(table(heads, rows))
        if found.replicas > 1:
            print("\nmedians over the replicas")
        worst = float(np.nanmax(found.error))
        print(f"\n{found.message}; every figure is an integral, to {worst:.0e} or better")

    def succeeded(self, found: gandyn.Training) -> bool:
        if self.stopped is not None:
            on = [] if self.kept is None else [f"go on with --resume {self.kept}"]
            raise KeyboardInterrupt(*self.stopped.args, *self.written, *on)
        return bool(found.success.all())


def _median(values: Any) -> Any:
    """Over the replicas that are still there; nan where none is."""
    import numpy as np

    left = np.isfinite(values).any(axis=0)
    out = np.full(values.shape[1], np.nan)
    out[left] = np.nanmedian(values[:, left], axis=0)
    return out
