"""The article's figures in its own forms: series, stacked histograms and animations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from analysis._options import Options
from analysis._seed_runs import EXPERIMENTS, VERSIONS, Key
from gandyn import plots
from gandyn.plots.colours import DATA

__all__ = ["ARTICLE", "draw_experiment"]

Runs = Mapping[Key, Any]

ARTICLE = {
    "one": ("1 and 2", "3 and 4", "5 and 6", "7"),
    "near": ("8 and 9", "10 and 11", "12 and 13", "14"),
    "far": ("", "", "", "15"),
    "near_mlp": ("16 and 17", "", "18 and 19", "20"),
    "far_mlp": ("", "", "", "21"),
}
"""The article's numbers of the four pictures of each experiment."""

_POINTS = 600
_FRAMES = 60


def draw_experiment(name: str, runs: Runs, options: Options) -> None:
    """The four pictures of one experiment."""
    drawn: tuple[Callable[[str, Runs], tuple[Figure, str]], ...] = (
        _probabilities,
        _moments,
        _histograms,
    )
    for draw, part, number in zip(
        drawn, ("probabilities", "moments", "histograms"), ARTICLE[name], strict=False
    ):
        with plots.style():
            figure, caption = draw(name, runs)
        options.save(figure, f"{name}_{part}.png", caption + _number(number))
    _animation(name, runs, options)


def _number(number: str) -> str:
    return f"; the article's figure {number}" if number else ""


def _settings_of(name: str, runs: Runs) -> str:
    """The settings in two lines, for the head of a figure."""
    experiment, run = EXPERIMENTS[name], runs[name, "plain"]
    settings, generator = run.plan, run.game.generator
    widths = settings.discriminator.widths
    made = f"an MLP {generator.widths}" if experiment.network else "a z + b from (1, 0)"
    rates = (settings.discriminator_optimizer.rate, settings.generator_optimizer.rate)
    return (
        f"{experiment.title}, p = {_typeset(experiment.data)}; generator {made}, z ~ "
        f"{_typeset(str(generator.latent))}\nD an MLP {widths}, minibatches of {settings.batch}, "
        f"Adam with rates {rates[0]:g} (D) and {rates[1]:g} (G), {_count(run)}"
    )


def _typeset(density: str) -> str:
    return density.replace("*", " ").replace("-", "−").replace("0.5 ", "½ ")


def _count(run: Any) -> str:
    lost = int((~run.success).sum())
    return f"{run.replicas} replicas" + (f", {lost} of which diverged" if lost else "")


def _panels(name: str, runs: Runs, series: Mapping[str, tuple[str, Any, Any]]) -> Figure:
    """Series of the four discriminators, a panel each, one legend."""
    figure = plots.new_figure((9.0, 3.9))
    axes = figure.subplots(1, len(series))
    handles: Any = []
    for ax, (key, (label, target, limits)) in zip(axes, series.items(), strict=True):
        step = runs[name, "plain"].step
        curves = {text: getattr(runs[name, version], key) for version, text in VERSIONS.items()}
        plots.draw_replicas(ax, step, curves, ylabel=label, target=target, ylim=limits)
        legend = ax.get_legend()
        handles = handles or legend.legend_handles
        legend.remove()
    figure.suptitle(_settings_of(name, runs), fontsize=9)
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _probabilities(name: str, runs: Runs) -> tuple[Figure, str]:
    target = {"½": 0.5}
    limits = (0.0, 1.0)
    figure = _panels(
        name,
        runs,
        {
            "real_on_real": ("probability of real on real, $E_p D$", target, limits),
            "real_on_fake": ("probability of real on fake, $E_{p_g} D$", target, limits),
        },
    )
    ends = {
        text: tuple(
            float(np.nanmedian(getattr(runs[name, version], key)[:, -1]))
            for key in ("real_on_real", "real_on_fake")
        )
        for version, text in VERSIONS.items()
    }
    said = ", ".join(f"{real:.2f} and {fake:.2f} ({text})" for text, (real, fake) in ends.items())
    return figure, f"E_p D and E_pg D of the whole network by quadrature; at the end {said}"


def _moments(name: str, runs: Runs) -> tuple[Figure, str]:
    data = runs[name, "plain"].data
    figure = _panels(
        name,
        runs,
        {
            "mean": ("mean of $p_g$", {"data": data.mean}, None),
            "std": ("deviation of $p_g$", {"data": data.std}, None),
        },
    )
    ends = {
        text: tuple(
            float(np.nanmedian(getattr(runs[name, version], key)[:, -1])) for key in ("mean", "std")
        )
        for version, text in VERSIONS.items()
    }
    said = ", ".join(f"{mean:.2f} ± {std:.2f} ({text})" for text, (mean, std) in ends.items())
    return (
        figure,
        f"mean and deviation of p_g (data {data.mean:.2f} ± {data.std:.2f}); at the end {said}",
    )


def _histograms(name: str, runs: Runs) -> tuple[Figure, str]:
    window, run = EXPERIMENTS[name].window, runs[name, "plain"]
    x = np.linspace(*window, _POINTS)
    density = np.exp(run.data.logpdf(x))
    real = np.tile(run.data.ppf((np.arange(256) + 0.5) / 256), (len(run.snapshot_step), 1))
    figure = plots.new_figure((11.0, 4.8))
    axes = figure.subplots(1, 1 + len(VERSIONS), sharex=True)
    plots.draw_ridges(
        axes[0],
        run.snapshot_step,
        real,
        window=window,
        cue=DATA,
        label="p, data",
        title="real data",
    )
    for ax, (version, text) in zip(axes[1:], VERSIONS.items(), strict=True):
        one = runs[name, version]
        plots.draw_ridges(
            ax, one.snapshot_step, one.images[0], window=window, data=(x, density), title=text
        )
    top = min(ax.get_ylim()[1] for ax in axes)
    handles = [ax.get_legend().legend_handles[0] for ax in axes[:2]]
    for ax in axes:
        ax.get_legend().remove()
        ax.set_title(ax.get_title(), pad=4)
        ax.set_ylim(top=top)
        if ax is not axes[0]:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
    figure.suptitle(_settings_of(name, runs) + "; the first of them", fontsize=9)
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    low, high = window
    return figure, (
        "histograms of 256 equally probable real samples and images over training, the last in "
        f"front; the window [{low:g}, {high:g}) is the article's; first replica"
    )


def _animation(name: str, runs: Runs, options: Options) -> None:
    run = runs[name, "plain"]
    moments = plots.training_moments(run, frames=6 if options.quick else _FRAMES)
    target = plots.animate(options.output / f"{name}.gif", moments, fps=10, dpi=100)
    print(
        f"{target}: p, p_g and the learned D, plain discriminator, first replica, steps "
        f"{run.snapshot_step[0]} to {run.snapshot_step[-1]}{_number(ARTICLE[name][3])}",
        flush=True,
    )
