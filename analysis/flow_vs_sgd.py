"""Training by minibatches against the exact flow: how far, why, and how it falls.

Four causes keep training from the flow: a finite step, a finite minibatch, a discriminator that is
not at its optimum, and an optimizer with another clock. With the optimal discriminator in the place
of the learned one, and with all latents in a minibatch, each is switched on alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

import gandyn
from analysis._deviations import (
    CAUSES,
    RATE,
    Curve,
    Learned,
    Shares,
    against_batch,
    against_k,
    against_rate,
    path_distances,
    shares_of,
)
from analysis._options import Options, run, table
from gandyn import SGD, Adam, plots

ONE = "N(4, 1.25)"
NEAR = "0.5*N(-3, 1) + 0.5*N(3, 1)"
FAR = "0.5*N(-3, 1) + 0.5*N(6, 1)"
START = (1.0, 0.0)
TIME = 5.0


def slopes(options: Options) -> tuple[list[Curve], Learned]:
    """Deviation against batch, rate (twice) and k."""
    game = gandyn.Game(gandyn.parse(ONE))
    quick = options.quick
    batches = (8, 32, 128, 512) if quick else (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
    rates = (0.16, 0.08, 0.04, 0.02) if quick else (0.16, 0.08, 0.04, 0.02, 0.01, 0.005)
    counts = (1, 4) if quick else (1, 2, 4, 8, 16, 32)
    replicas = 32 if quick else 128
    batch = against_batch(game, START, TIME, batches, replicas)
    step, noise = against_rate(game, START, TIME, rates, replicas)
    widths = (16, 16) if quick else (64, 64)
    learned = against_k(game, START, TIME, counts, 4 if quick else 16, widths)
    return [batch, step, noise], learned


def causes(options: Options) -> list[Shares]:
    """Shares of the causes at the article's settings, plain SGD in the place of Adam."""
    replicas, rows = 4 if options.quick else 16, []
    for name, game, settings in _article_runs(options, SGD(RATE)):
        rows.append(shares_of(name, game, settings, replicas, 7))
        print(f"{name}: {rows[-1].total:.3g}", flush=True)
    return rows


def adaptive(options: Options) -> dict[str, list[float]]:
    """With Adam: RMS distance from the flow's path with the causes switched on one by one."""
    replicas = 4 if options.quick else 16
    return {
        name: path_distances(game, settings, replicas, 7)
        for name, game, settings in _article_runs(options, Adam(RATE))
    }


def _article_runs(options: Options, rule: Any) -> list[tuple[str, gandyn.Game, gandyn.Settings]]:
    """The article's settings with a rule for the generator, by data and discriminator."""
    data = {"one normal": ONE, "two modes": NEAR}
    versions = {"plain": "plain D", "l2_dropout": "L2 + dropout"}
    runs = []
    for title, text in list(data.items())[: 1 if options.quick else None]:
        for version, label in list(versions.items())[: 1 if options.quick else None]:
            settings = gandyn.article(
                version,
                generator_optimizer=rule,
                steps=100 if options.quick else 1000,
                start=(1.0, 0.5),
                snapshots=0,
            )
            runs.append((f"{title}, {label}", gandyn.Game(gandyn.parse(text)), settings))
    return runs


def draw_slopes(curves: Sequence[Curve], learned: Learned, options: Options) -> None:
    """Four log-log panels."""
    batch, step, noise = curves
    with plots.style():
        figure = plots.new_figure((9.6, 8.0))
        axes = figure.subplots(2, 2).ravel()
        panels = [
            (batch, "batch size", "noise of minibatches, D optimal"),
            (noise, "rate", "noise at batch 32, D optimal"),
            (step, "rate", "finite step alone"),
            (learned.curve, "D steps for each of G's, k", "learned D, batch 256"),
        ]
        for ax, (curve, xlabel, title) in zip(axes, panels, strict=True):
            plots.draw_slope(
                ax,
                curve.n,
                curve.size,
                xlabel=xlabel,
                ylabel="RMS deviation",
                expected=curve.expected,
                bars=curve.bar if curve.bar.any() else None,
                slope=curve.slope,
                title=title,
            )
        axes[3].axhline(learned.floor[0], color="0.4", linewidth=1.0, linestyle=":")
    options.save(
        figure,
        "slopes.png",
        f"slopes {batch.slope[0]:.3f} in the batch, {noise.slope[0]:.3f} and {step.slope[0]:.3f} "
        f"in the rate, {learned.curve.slope[0]:.2f} in k (dotted: the optimal discriminator)",
    )


def draw_discriminators(learned: Learned, options: Options) -> None:
    """How good the learned discriminator is, for each k."""
    runs = {f"k = {int(k)}": run for k, run in zip(learned.curve.n, learned.runs, strict=True)}
    shown = dict(list(runs.items())[:: max(1, len(runs) // 3)])
    step = learned.runs[0].step[1:]
    with plots.style():
        figure = plots.new_figure((6.4, 8.2))
        panels = (
            ("value_gap", "V(G, D*) − V(G, D)"),
            ("force_ratio", "force, learned / exact"),
            ("force_angle", "angle between them (rad)"),
        )
        for k, (ax, (name, ylabel)) in enumerate(zip(figure.subplots(3, 1), panels, strict=True)):
            curves = {label: np.abs(getattr(run, name)[:, 1:]) for label, run in shown.items()}
            plots.draw_replicas(ax, step, curves, ylabel=ylabel)
            if k:
                ax.get_legend().remove()
            else:
                ax.set_yscale("log")
    options.save(figure, "discriminators.png", "the discriminator that was not good enough")


def draw_causes(rows: Sequence[Shares], options: Options) -> None:
    """A bar for each setting."""
    with plots.style():
        figure = plots.new_figure((8.4, 1.6 + 0.42 * len(rows)))
        plots.draw_shares(
            figure.subplots(),
            [row.name for row in rows],
            [np.maximum(row.parts, 0.0) for row in rows],
            CAUSES,
            totals=[f"{row.total:.2g}" for row in rows],
            xlabel="share of the mean square deviation (%); to the right its root",
        )
    options.save(figure, "causes.png", "what carries the deviation from the flow")


def draw_noise(options: Options) -> dict[str, Any]:
    """The minibatch gradient's covariance, exact and measured, and errors against samples."""
    game, state = gandyn.Game(gandyn.parse(NEAR)), (1.0, 0.5)
    exact = gandyn.gradient_noise(game, state, 32)
    found = gandyn.measured_noise(game, state, 32, 1000 if options.quick else 20_000)
    names, upper = ("aa", "ab", "bb"), np.triu_indices(2)
    columns = [array[upper] for array in (exact.covariance, found.covariance)]
    bars = found.covariance_error[upper]
    rows = [
        [name, f"{true:.10f}", f"{seen:.5f} ± {bar:.5f}", f"{(seen - true) / bar:+.1f}"]
        for name, true, seen, bar in zip(names, *columns, bars, strict=True)
    ]
    print("\n" + table(("covariance at batch 32", "by quadrature", "measured", "σ off"), rows))
    sizes = (10, 100, 1000) if options.quick else (10, 100, 1000, 10_000)
    errors = gandyn.sampling_error(game, state, sizes, 100 if options.quick else 1000)
    with plots.style():
        figure = plots.new_figure((9.6, 4.2))
        panels = (
            (errors.value, errors.value_error, errors.value_slope, "V(G, D*)"),
            (errors.force, errors.force_error, errors.force_slope, "the force"),
        )
        for ax, (size, bar, slope, title) in zip(figure.subplots(1, 2), panels, strict=True):
            plots.draw_slope(
                ax,
                errors.sizes,
                size,
                xlabel="samples n",
                ylabel="RMS error",
                expected=-0.5,
                bars=bar,
                slope=slope,
                title=f"Monte-Carlo estimate of {title}",
            )
    value, force = errors.value_slope[0], errors.force_slope[0]
    options.save(figure, "noise.png", f"slopes {value:.3f} for V and {force:.3f} for the force")
    return {
        "covariance": exact.covariance.tolist(),
        "measured": found.covariance.tolist(),
        "measured_error": found.covariance_error.tolist(),
        "sizes": errors.sizes.tolist(),
        "value": errors.value.tolist(),
        "force": errors.force.tolist(),
        "slopes": [errors.value_slope, errors.force_slope],
    }


def draw_paths(options: Options) -> dict[str, Any]:
    """Replicas from both basins over the portrait."""
    game = gandyn.Game(gandyn.parse(NEAR))
    starts = ((1.0, 0.5), (1.0, -2.0))
    written: dict[str, Any] = {}
    with plots.style():
        figure = plots.new_figure((9.6, 4.6))
        for ax, start in zip(figure.subplots(1, 2), starts, strict=True):
            settings = gandyn.article(
                start=start,
                generator_optimizer=SGD(RATE),
                steps=100 if options.quick else 1000,
                snapshots=0,
            )
            found = gandyn.compare(game, settings, 3, 4 if options.quick else 16)
            plots.draw_replica_paths(
                ax, found.training.theta, found.path, crossed=found.crossed, title=f"from {start}"
            )
            share, low, high = found.crossed_fraction
            written[str(start)] = {"crossed": share, "low": low, "high": high}
    options.save(figure, "paths.png", f"crossed a barrier: {written}")
    return written


def study(options: Options) -> int:
    """Every figure and the numbers."""
    curves, learned = slopes(options)
    rows, others = causes(options), adaptive(options)
    draw_slopes(curves, learned, options)
    draw_discriminators(learned, options)
    draw_causes(rows, options)
    crossings = draw_paths(options)
    noise = draw_noise(options)
    names = ("batch, noise", "rate, step", "rate, noise", "k, learned D")
    lines = [
        [
            name,
            f"{c.slope[0]:.3f} ± {c.slope[1]:.3f}",
            "–" if c.expected is None else f"{c.expected:g}",
        ]
        for name, c in zip(names, [*curves, learned.curve], strict=True)
    ]
    print("\n" + table(("deviation against", "slope", "theory"), lines))
    parts = [
        [
            row.name,
            *(f"{part:.2e} ± {bar:.0e}" for part, bar in zip(row.parts, row.bars, strict=True)),
        ]
        for row in rows
    ]
    print("\n" + table(("mean square deviation", *CAUSES), parts) + "\n")
    levels = ("large batch, D*", "batch 32, D*", "batch 32, learned D")
    print(table(("with Adam: distance from the flow's path", *levels), _texts(others)) + "\n")
    written = {
        "slopes": {
            name: {
                "n": c.n.tolist(),
                "size": c.size.tolist(),
                "bar": c.bar.tolist(),
                "slope": c.slope,
                "theory": c.expected,
            }
            for name, c in zip(names, [*curves, learned.curve], strict=True)
        },
        "optimal_at_k": learned.floor,
        "causes": {r.name: {"parts": r.parts.tolist(), "bars": r.bars.tolist()} for r in rows},
        "adam": others,
        "crossings": crossings,
        "noise": noise,
    }
    options.save_numbers(written)
    return 0


def _texts(rows: dict[str, list[float]]) -> list[list[str]]:
    return [[name, *(f"{value:.3g}" for value in values)] for name, values in rows.items()]


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.flow_vs_sgd``."""
    return run(
        study,
        "analysis.flow_vs_sgd",
        "Measure how far training by minibatches is from the exact flow, against batch, rate and "
        "discriminator steps, and which cause carries how much of it.",
        arguments,
    )


if __name__ == "__main__":
    sys.exit(main())
