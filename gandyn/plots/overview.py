"""Picture: a run of training at a glance, from D on the data to the last generated density."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gandyn.plots.colours import DATA, DISCRIMINATOR, GENERATED, divergence_cue, parameter_cue
from gandyn.plots.densities import draw_densities
from gandyn.plots.ridges import draw_ridges
from gandyn.plots.series import draw_replicas
from gandyn.plots.snapshots import training_moments

_LOG2 = float(np.log(2.0))


def draw_training(figure: Figure, run: Any, replica: int = 0) -> Figure:
    """Fill a figure with what a run recorded of all replicas, and with the snapshots of one.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Empty, about 9 by 8.4 inches.
    run : Training
    replica : int
        Whose snapshots are shown, where it has any.

    Examples
    --------
    >>> from gandyn import MLP, Settings
    >>> plan = Settings(discriminator=MLP((8,)), steps=20, record_every=5, snapshots=3)
    >>> run = gandyn.train(gandyn.Game(gandyn.Normal(4, 1)), plan, rng=0, replicas=3)
    >>> with plots.style():
    ...     figure = plots.draw_training(plots.new_figure((9, 8.4)), run)
    >>> len(figure.axes) >= 4
    True
    """
    shot = bool(np.isfinite(run.images[replica]).any())
    axes = figure.subplots(3 if shot else 2, 2)
    (judged, moments), (gaps, losses) = axes[:2]
    _draw_judgement(judged, run)
    _draw_moments(moments, run)
    _draw_gaps(gaps, run)
    _draw_losses(losses, run)
    if shot:
        frames = training_moments(run, replica)
        last = frames[-1]
        draw_ridges(
            axes[2, 0],
            run.snapshot_step,
            run.images[replica],
            window=(float(last.x[0]), float(last.x[-1])),
            data=(last.x, last.data),
        )
        draw_densities(axes[2, 1], last)
    return figure


def _draw_judgement(ax: Axes, run: Any) -> None:
    curves = {"on real data": run.real_on_real, "on generated": run.real_on_fake}
    cues = {"on real data": DATA, "on generated": GENERATED}
    look: dict[str, Any] = {"target": {"½": 0.5}, "ylim": (0.0, 1.0), "cues": cues}
    draw_replicas(ax, run.step, curves, ylabel="mean of D", **look)


def _draw_moments(ax: Axes, run: Any) -> None:
    levels = {"data's mean": float(run.data.mean), "data's std": float(run.data.std)}
    target = {name: level for name, level in levels.items() if np.isfinite(level)}
    curves = {"mean of $p_g$": run.mean, "std of $p_g$": run.std}
    cues = {name: parameter_cue(index) for index, name in enumerate(curves)}
    draw_replicas(ax, run.step, curves, ylabel="mean and std", target=target, cues=cues)


def _draw_gaps(ax: Axes, run: Any) -> None:
    gap, jsd = "V(G, D*) − V(G, D)", "JSD(p‖$p_g$)"
    cues = {gap: divergence_cue("value_gap"), jsd: divergence_cue("jsd")}
    curves = {gap: run.value_gap, jsd: run.jsd}
    draw_replicas(ax, run.step, curves, ylabel="nats", yscale="log", cues=cues)


def _draw_losses(ax: Axes, run: Any) -> None:
    """Losses on minibatches, or V where there is no learned discriminator that has any."""
    if np.isfinite(run.discriminator_loss).any():
        curves = {"discriminator": run.discriminator_loss, "generator": run.generator_loss}
        cues = {"discriminator": DISCRIMINATOR, "generator": GENERATED}
        target, ylabel = {"2 log 2": 2 * _LOG2, "log 2": _LOG2}, "minibatch loss"
    else:
        curves, cues = {"V(G, D*)": run.value}, {"V(G, D*)": divergence_cue("value")}
        target, ylabel = {"−2 log 2": -2 * _LOG2}, "nats"
    draw_replicas(ax, run.step, curves, ylabel=ylabel, target=target, cues=cues)
