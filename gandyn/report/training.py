"""Section: training by minibatches beside the flow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from markupsafe import Markup

from gandyn import plots
from gandyn.errors import InputError
from gandyn.montecarlo import MLP, SGD, Comparison, Settings, compare
from gandyn.montecarlo.discriminators import LOSSES
from gandyn.montecarlo.settings import OPTIMAL
from gandyn.report.blocks import Block, Facts, Picture, Section, Text
from gandyn.report.collect import Results
from gandyn.report.numbers import short

_TITLE = "Training by minibatches, beside the flow"
_RATE = 0.02
_WIDTHS = (64, 64)
_BATCH = 64


def section(results: Results, folder: Path) -> Section:
    """Replicas of Algorithm 1 from the start of the flow, on its clock."""
    steps = min(results.settings.training_steps, max(1, int(results.course.end_t / _RATE)))
    try:
        found = compare(results.game, _plan(results, steps), 0, results.settings.replicas)
    except InputError as error:
        return Section("training", _TITLE, [Text(f"There is no comparison here: {error}.")])
    with plots.style():
        figure = plots.new_figure((9.6, 6.4))
        plots.draw_comparison(figure, found, results.game)
    plots.save_figure(figure, folder / "training.png")
    blocks: list[Block] = [
        Text(_words(results, found)),
        Picture("training.png", _alt(found), _caption(found), wide=True),
        Facts(_cards(found)),
    ]
    return Section("training", _TITLE, blocks, _numbers(found))


def _plan(results: Results, steps: int) -> Settings:
    learned = results.game.objective.name in LOSSES
    return Settings(
        discriminator=MLP(_WIDTHS) if learned else OPTIMAL,
        start=(float(results.start[0]), float(results.start[1])),
        generator_optimizer=SGD(_RATE),
        batch=_BATCH,
        steps=steps,
        record_every=max(1, steps // 20),
        snapshots=0,
    )


def _words(results: Results, found: Comparison) -> Markup:
    if isinstance(found.training.plan.discriminator, MLP):
        rival = f"a learned discriminator, {' by '.join(map(str, _WIDTHS))} ReLU units by Adam"
    else:
        rival = (
            f"the optimal discriminator, as {results.game.objective.name} has no loss of its own"
        )
    words = (
        "{} replicas of Algorithm 1 from the same start: minibatches of {}, {}, plain SGD with "
        "rate {} for the generator, so that t = rate × step. What is left of the flow is the "
        "noise of minibatches, the finite step, and what the discriminator is short of."
    )
    return Markup(words).format(found.training.replicas, _BATCH, rival, _RATE)


def _alt(found: Comparison) -> str:
    last = found.deviation_mean[-1]
    return (
        f"Paths of {found.training.replicas} replicas in the (a, b) plane beside the flow's, both "
        f"coordinates in time with a confidence band, and the distance, {last:.3g} at the end."
    )


def _caption(found: Comparison) -> Markup:
    return Markup(
        "Left, the paths of the replicas and of the flow. Right, the replicas' mean with its "
        "95&nbsp;% confidence band beside the flow, and the distance from it at the same time."
    )


def _cards(found: Comparison) -> list[tuple[str | Markup, str | Markup, str | Markup]]:
    run = found.training
    share, low, high = found.crossed_fraction
    late = slice(len(run.step) // 2, None)
    with np.errstate(all="ignore"):
        gap, ratio = (float(np.nanmedian(v[:, late])) for v in (run.value_gap, run.force_ratio))
        angle = float(np.nanmedian(np.abs(run.force_angle[:, late])))
    return [
        (
            "distance from the flow at the end",
            short(float(found.deviation_mean[-1]), 3),
            Markup("± {} (95&nbsp;%)").format(short(float(found.deviation_half_width[-1]), 2)),
        ),
        (
            "crossed a barrier",
            "unknown" if np.isnan(share) else Markup("{}&nbsp;%").format(short(100 * share, 3)),
            Markup("{} to {}&nbsp;% (95&nbsp;%)").format(short(100 * low, 3), short(100 * high, 3)),
        ),
        (
            Markup("V(G, D*) − V(G, D)"),
            short(gap, 3),
            "median over the second half: what the discriminator is short of, in nats",
        ),
        (
            "learned force over the exact one",
            short(ratio, 3),
            Markup("in size; {} rad apart; medians over the second half").format(short(angle, 2)),
        ),
    ]


def _numbers(found: Comparison) -> dict[str, object]:
    run = found.training
    return found.as_dict() | {
        "settings": run.plan.to_json(),
        "t": found.time,
        "crossed_fraction": found.crossed_fraction,
        "value": run.value,
        "jsd": run.jsd,
    }
