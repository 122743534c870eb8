"""`gandyn compare`: stochastic training beside the exact flow from the same start."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import add_json, read_game, read_workers
from gandyn.cli.output import print_json, print_table, progress_bar, rows_of
from gandyn.cli.pictures import add_output, claim_files, read_output, say_written
from gandyn.cli.settings import (
    add_settings,
    print_run,
    read_replicas,
    read_seed,
    read_settings,
)

if TYPE_CHECKING:
    from gandyn.montecarlo import Comparison

_EXAMPLE = """\
example:
  gandyn compare --data "N(4,1.25)" --replicas 16
  gandyn compare --start 1,0.5 --discriminator optimal --batch 256
  gandyn compare --start 1,-2 --generator-optimizer adam --json"""


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "compare",
        help="training by minibatches beside the exact flow: deviation, ends, crossings",
        description="Train replicas, and put them and the exact gradient flow from the same start "
        "side by side: on one clock for plain SGD, on one path in the (a, b) plane otherwise.",
        epilog=_EXAMPLE,
    )
    add_settings(parser, rule="sgd", start="1,0.5", replicas="8")
    add_output(parser, "compare.png")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compare, print and draw."""
    game, plan = read_game(options), read_settings(options)
    seed, replicas = read_seed(options), read_replicas(options)
    workers = read_workers(options)
    picture = read_output(options, "compare.png")
    from gandyn.montecarlo import compare

    with ExitStack() as stack:
        claim_files(stack, output=picture)
        with progress_bar("compare") as tell:
            found = compare(game, plan, seed, replicas, workers=workers, progress=tell)
        if picture is not None:
            _draw(found, game, picture)
        if options.json:
            print_json(_entry(found, seed))
        else:
            _print(found, seed)
            say_written(picture)
    return 0 if found.training.success.all() else 1


def _entry(found: Comparison, seed: int) -> dict[str, Any]:
    names = [point.name for point in found.attractors]
    return found.as_dict() | {
        "one_clock": found.one_clock,
        "time": found.time,
        "mean": found.mean,
        "half_width": found.half_width,
        "rest_points": [
            {"a": point.a, "b": point.b, "kind": point.kind, "name": point.name}
            for point in found.attractors
        ],
        "flow_end": _name(names, found.flow_end),
        "ends": [_name(names, end) for end in found.ends],
        "crossed": found.crossed,
        "crossed_fraction": found.crossed_fraction[0],
        "crossed_interval": found.crossed_fraction[1:],
        "seed": seed,
    }


def _name(names: list[str], index: Any) -> str | None:
    return names[index] if index >= 0 else None


def _print(found: Comparison, seed: int) -> None:
    run = found.training
    print_run(run, seed)
    shown = rows_of(len(run.step))
    heads = ["step", "mean |a|", "mean b", "deviation", "±"]
    columns = [run.step, *found.mean.T, found.deviation_mean, found.deviation_half_width]
    if found.one_clock:
        heads[1:1] = ["time", "flow a", "flow b"]
        columns[1:1] = [found.time, *found.flow.T]
    print_table(heads, [[f"{float(column[k]):.6g}" for column in columns] for k in shown])
    print(
        "\ndeviation: distance from the flow"
        + (" at the same time" if found.one_clock else "'s path")
        + ", mean over the replicas and its 95 % confidence band"
    )
    names = [point.name for point in found.attractors]
    print(f"the flow ends: {_name(names, found.flow_end) or 'at no known attractor'}")
    for end in sorted(set(found.ends.tolist())):
        count = int((found.ends == end).sum())
        print(f"replicas that end there or in its basin: {count:4d}  {_name(names, end) or '?'}")
    share, low, high = found.crossed_fraction
    print(f"crossed a barrier: {share:.3g} (95 %: {low:.3g} to {high:.3g})\n\n{run.message}")


def _draw(found: Comparison, game: Any, path: Path) -> None:
    from gandyn import plots

    with plots.style():
        figure = plots.new_figure((9.6, 6.4))
        plots.draw_comparison(figure, found, game)
    plots.save_figure(figure, path)
