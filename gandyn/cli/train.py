"""`gandyn train`: Algorithm 1 on minibatches, measured exactly at every record."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_json, read_workers
from gandyn.cli.output import print_json, print_table, progress_bar, rows_of
from gandyn.cli.pictures import add_output, claim_files, read_file, read_output, say_written
from gandyn.cli.settings import (
    add_generator,
    add_settings,
    print_run,
    read_replicas,
    read_seed,
    read_settings,
    read_training_game,
)
from gandyn.system.interrupts import Interrupted

if TYPE_CHECKING:
    from gandyn.montecarlo import Training

_EXAMPLE = """\
example:
  gandyn train --data "N(4,1.25)"
  gandyn train --data "0.5*N(-3,1)+0.5*N(3,1)" --generator 64,64 --replicas 8 --seed 1
  gandyn train --steps 100000 --replicas 16 --workers 4 --checkpoint run.npz
  gandyn train --steps 100000 --replicas 16 --resume run.npz"""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "train",
        help="training by minibatches and a learned discriminator, held against the exact one",
        description="Train by minibatches as in Algorithm 1 of Goodfellow et al. (2014), and "
        "measure the learned discriminator exactly as it goes.",
        epilog=_EXAMPLE,
    )
    add_generator(parser)
    add_settings(parser, rule="adam", start="1,0")
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="an .npz file that keeps the state of the run"
    )
    parser.add_argument(
        "--resume",
        metavar="FILE",
        help="go on from a checkpoint of the same settings, and keep it up to date",
    )
    add_output(parser, "train.png")
    parser.add_argument(
        "--animate", metavar="FILE", help="also write p, p_g and D in training as a moving .gif"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, print and draw."""
    game, plan = read_training_game(options), read_settings(options)
    seed, replicas = read_seed(options), read_replicas(options)
    workers = read_workers(options)
    picture = read_output(options, "train.png")
    movie = None if options.animate is None else read_file("animate", options.animate, ".gif")
    resume = None if options.resume is None else Path(options.resume)
    kept = options.checkpoint if options.checkpoint is not None else options.resume
    from gandyn.montecarlo import train

    stopped: Interrupted | None = None
    with ExitStack() as stack:
        claim_files(stack, output=picture, animate=movie)
        try:
            with progress_bar("train") as tell:
                found = train(
                    game,
                    plan,
                    seed,
                    replicas,
                    workers=workers,
                    checkpoint=kept,
                    resume=resume,
                    progress=tell,
                )
        except Interrupted as interrupt:
            stopped, found = interrupt, interrupt.result
        written = []
        if picture is not None:
            _draw(found, picture)
            written.append(picture)
        if movie is not None:
            _animate(found, movie)
            written.append(movie)
        if options.json:
            print_json(_entry(found, seed))
        else:
            _print(found, seed, written)
        if stopped is not None:
            notes = [f"wrote {path}" for path in written]
            notes += [f"go on with --resume {kept}"] if kept is not None else []
            raise KeyboardInterrupt(*stopped.args, *notes)
    return 0 if found.success.all() else 1


def _entry(found: Training, seed: int) -> dict[str, Any]:
    from gandyn.montecarlo.records import SERIES

    return {
        "step": found.step,
        **{name: getattr(found, name) for name in (*SERIES, "force_ratio", "force_angle")},
        "a": found.theta[..., 0],
        "b": found.theta[..., 1],
        "learned_force": found.learned_force,
        "exact_force": found.exact_force,
        "status": found.status,
        "success": found.success,
        "message": found.message,
        "seed": seed,
    }


def _print(found: Training, seed: int, written: list[Path]) -> None:
    import numpy as np

    print_run(found, seed)
    shown = rows_of(len(found.step))
    names = ("mean", "std", "real_on_real", "real_on_fake", "value", "value_gap", "jsd")
    with np.errstate(all="ignore"):
        middles = {name: _median(getattr(found, name)) for name in names}
    rows = [[float(found.step[k]), *(float(middles[n][k]) for n in names)] for k in shown]
    titles = ("step", "mean", "std", "D on real", "D on fake", "V(G, D)", "V(G, D*) − V", "JSD")
    print_table(titles, [[f"{value:.6g}" for value in row] for row in rows])
    if found.replicas > 1:
        print("\nmedians over the replicas")
    print(
        f"\n{found.message}; every figure is an integral, "
        f"to {float(np.nanmax(found.error)):.0e} or better"
    )
    say_written(*written)


def _median(values: Any) -> Any:
    """Over the replicas that are still there; nan where none is."""
    import numpy as np

    left = np.isfinite(values).any(axis=0)
    out = np.full(values.shape[1], np.nan)
    out[left] = np.nanmedian(values[:, left], axis=0)
    return out


def _draw(found: Training, path: Path) -> None:
    from gandyn import plots

    with plots.style():
        figure = plots.new_figure((9.0, 8.4))
        plots.draw_training(figure, found)
    plots.save_figure(figure, path)


def _animate(found: Training, path: Path) -> None:
    from gandyn import plots

    with progress_bar("animation") as tell:
        plots.animate(
            path,
            plots.training_moments(found),
            progress=tell,
        )
