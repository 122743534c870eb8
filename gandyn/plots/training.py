"""Pictures: what replicas of training record, step by step, and a run of them at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogFormatterSciNotation, LogLocator
from numpy.typing import ArrayLike

from gandyn.errors import InputError
from gandyn.plots.colours import (
    DATA,
    DISCRIMINATOR,
    GENERATED,
    REFERENCE,
    TRAINING,
    Cue,
    discriminator_cue,
    divergence_cue,
    parameter_cue,
    ramp,
)
from gandyn.plots.densities import draw_densities
from gandyn.plots.lines import draw_levels
from gandyn.plots.moments import training_moments
from gandyn.plots.ridges import draw_ridges
from gandyn.plots.scales import count_steps
from gandyn.plots.style import crown
from gandyn.system.checks import Array

_BAND = 0.2
_LOG2 = float(np.log(2.0))


def draw_replicas(
    ax: Axes,
    step: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    ylabel: str,
    target: Mapping[str, float] | None = None,
    band: tuple[float, float] = (0.1, 0.9),
    yscale: str = "linear",
    ylim: tuple[float, float] | None = None,
    cues: Mapping[str, Cue] | None = None,
    title: str = "",
) -> Axes:
    """Draw the median over the replicas as a line and the middle of them as a band.

    Parameters
    ----------
    step : array, shape (T,)
        Iterations made at each record.
    curves : mapping of str to array, shape (R, T)
        One for each kind of run, by its name in the legend. What is not finite is left out: a
        replica that ended is no part of the median any more, and the legend counts it.
    ylabel : str
    target : mapping of str to float, optional
        Dashed horizontal lines by their names, such as ``{"½": 0.5}`` or ``{"data's std": 0.5}``.
    band : tuple of float
        The two quantiles over the replicas between which the band lies; (0, 1) is their range.
    yscale : str
        ``"linear"`` or ``"log"``. On a logarithmic axis a median that is not positive does not
        appear, and a band that reaches down there ends at the lowest that is shown of its kind.
    ylim : tuple of float, optional
    cues : mapping of str to Cue, optional
        Colours and line styles of curves; by default by the discriminator's name, ``"plain"``,
        ``"L2"``, ``"dropout"`` or ``"L2 + dropout"``, and a family of shades for other names.

    Raises
    ------
    InputError
        If a curve is not of shape (R, T).

    Examples
    --------
    >>> ax, step = plots.new_figure().subplots(), np.arange(0, 100, 5)
    >>> curves = {"plain": np.outer([0.8, 1, 1.3], step)}
    >>> plots.draw_replicas(ax, step, curves, ylabel="b", target={"data": 70}).get_ylabel()
    'b'
    """
    steps = np.asarray(step, dtype=float)
    ax.set_yscale(yscale)
    handles: list[Any] = []
    looks = _looks(curves, cues or {})
    lanes = {name: _lanes(name, values, steps.size) for name, values in curves.items()}
    ended = {name: _ended(rows) for name, rows in lanes.items()}
    spread = any(len(rows) > 1 for rows in lanes.values())
    alike = spread and len(set(ended.values())) == 1
    for name, rows in lanes.items():
        cue = looks[name]
        low, middle, high = _quantiles(rows, (band[0], 0.5, band[1]), yscale == "log")
        label = name + ("" if alike else ended[name])
        handles += ax.plot(steps, middle, **cue.line, zorder=2.5, label=label)
        if len(rows) > 1:
            look: dict[str, Any] = {"color": cue.colour, "alpha": _BAND, "linewidth": 0}
            ax.fill_between(steps, low, high, **look, zorder=2)
    if spread:
        note = next(iter(ended.values())) if alike else ""
        handles.append(Patch(color=REFERENCE.colour, alpha=_BAND, label=_band_name(band) + note))
    ax.set_xlim(steps[0], steps[-1] if steps[-1] > steps[0] else steps[0] + 1)
    if ylim is not None:
        ax.set_ylim(*ylim)
    if yscale == "log":
        ax.yaxis.set_major_locator(LogLocator(numticks=8))
        ax.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(1.7, 0.5)))
    draw_levels(ax, target or {})
    count_steps(ax.xaxis)
    ax.set_ylabel(ylabel)
    crown(ax, handles, title=title)
    return ax


def _looks(curves: Mapping[str, ArrayLike], given: Mapping[str, Cue]) -> dict[str, Cue]:
    looks = {name: given.get(name) or discriminator_cue(name) for name in curves}
    others = [name for name, cue in looks.items() if cue == TRAINING]
    if len(others) > 1:
        looks |= {name: Cue(shade) for name, shade in zip(others, ramp(len(others)), strict=True)}
    return looks


def _lanes(name: str, values: ArrayLike, count: int) -> Array:
    """The curve of each replica, nan where it is not finite."""
    rows = np.asarray(values, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != count or not len(rows):
        raise InputError(f"curves: got shape {rows.shape} for {name!r}, must be (R, {count})")
    return np.where(np.isfinite(rows), rows, np.nan)


def _quantiles(rows: Array, levels: tuple[float, float, float], positive: bool) -> Array:
    """Quantiles over the known rows of each column, shape (3, T); nan where there is none."""
    out = np.full((3, rows.shape[1]), np.nan)
    known = ~np.isnan(rows).all(axis=0)
    if known.any():
        out[:, known] = np.nanquantile(rows[:, known], levels, axis=0)
    if positive:
        shown = out > 0
        out[0] = np.where(~shown[0] & shown[2], np.min(out, where=shown, initial=np.inf), out[0])
        out[~(out > 0)] = np.nan
    return out


def _ended(rows: Array) -> str:
    """How many replicas have no last value though they had others."""
    known = ~np.isnan(rows)
    count = int((known.any(axis=1) & ~known[:, -1]).sum())
    return f" ({count} of {len(rows)} ended)" if count else ""


def _band_name(band: tuple[float, float]) -> str:
    if band == (0.0, 1.0):
        return "all replicas"
    return f"{100 * band[0]:.0f}–{100 * band[1]:.0f} % of replicas"


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
    >>> len(plots.draw_training(plots.new_figure((9, 8.4)), run).axes) >= 4
    True
    """
    shot = bool(np.isfinite(run.images[replica]).any())
    axes = figure.subplots(3 if shot else 2, 2)
    pictures = _draw_judgement, _draw_moments, _draw_gaps, _draw_losses
    for ax, draw in zip(axes.flat, pictures, strict=False):
        draw(ax, run)
    if shot:
        last = training_moments(run, replica)[-1]
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
