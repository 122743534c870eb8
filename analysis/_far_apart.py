"""Theory figures: what the two generator losses feel far from the data, and what noise mends."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, log_ndtr

import gandyn
from analysis._options import Options
from gandyn import plots
from gandyn.plots import Curve

Array = NDArray[np.float64]


def losses(options: Options) -> None:
    """log(1 − D) and −log D, and their slopes along the discriminator's logit."""
    judged = np.linspace(1e-4, 1 - 1e-4, 400)
    logit = np.linspace(-12.0, 12.0, 401)
    saturating, nonsaturating = (gandyn.objective(name) for name in ("saturating", "nonsaturating"))
    cues = [plots.objective_cue(o.name) for o in (saturating, nonsaturating)]
    slopes = [o.weight(logit) for o in (saturating, nonsaturating)]  # type: ignore[attr-defined]
    # A slope taken from the loss itself, by central differences, is the objective's weight.
    h = 1e-4
    by_hand = [
        (log_expit(-(logit - h)) - log_expit(-(logit + h))) / (2 * h),
        (-log_expit(logit - h) + log_expit(logit + h)) / (2 * h),
    ]
    worst = max(float(np.max(np.abs(s - w))) for s, w in zip(by_hand, slopes, strict=True))
    with plots.style():
        figure = plots.new_figure((6.6, 3.4))
        left, right = figure.subplots(1, 2)
        plots.draw_lines(
            left,
            [
                Curve(judged, np.log1p(-judged), "saturating: log(1 − D)", cues[0]),
                Curve(judged, -np.log(judged), "non-saturating: −log D", cues[1]),
            ],
            xlabel="D(x) of a generated x",
            ylabel="loss of the generator",
            ylim=(-5.0, 5.0),
            columns=1,
        )
        plots.draw_lines(
            right,
            [
                Curve(logit, slopes[0], "saturating: D", cues[0]),
                Curve(logit, slopes[1], "non-saturating: 1 − D", cues[1]),
            ],
            xlabel="logit of D(x)",
            ylabel="−d loss / d logit",
            yscale="log",
            columns=1,
        )
        for ax, at, heights in ((left, 0.5, (0.06, 0.92)), (right, 0.0, (0.75, 0.75))):
            ax.axvline(at, color="#6B6B6B", linewidth=0.8, linestyle=":")
            for text, x, y in zip(("fake", "real"), (0.03, 0.97), heights, strict=True):
                ax.annotate(
                    f"x looks {text}", (x, y), xycoords="axes fraction", fontsize=8,
                    color="#555555", ha="left" if x < 0.5 else "right",
                )  # fmt: skip
    weights = [float(o.weight(np.array(-10.0))) for o in (saturating, nonsaturating)]  # type: ignore[attr-defined]
    options.save(
        figure,
        "generator_losses.png",
        f"at logit −10 a generated x feels {weights[0]:.2e} of log(1 − D) and {weights[1]:.5f} of "
        f"−log D; the slopes of the losses are the objectives' weights within {worst:.0e}",
    )


def vanishing(options: Options) -> None:
    """The force on b against the distance, down to 1e-200, with its asymptotic law.

    With u = Δ (x − Δ/2), the saturating force Δ ∫ p p_g/(p + p_g) dx between N(0, 1) and N(Δ, 1)
    is exp(−Δ²/8)/√(2π) ∫ exp(−u²/(2Δ²)) / (2 cosh(u/2)) du. Expanding the first factor under the
    integral, with ∫ u^(2k) / (2 cosh(u/2)) du = π, π³ · 1, π³ · 5π², gives the law.
    """
    distance = np.linspace(0.5, 60.8, 60 if options.quick else 240)
    states = np.stack([np.ones_like(distance), distance], axis=-1)
    force = {
        name: -gandyn.Game(gandyn.Normal(0, 1), objective=name).force(states)[:, 1]
        for name in ("saturating", "nonsaturating")
    }
    law = math.sqrt(math.pi / 2) * np.exp(-(distance**2) / 8)
    square = (math.pi / distance) ** 2
    orders = [np.ones_like(square), 1 - square / 2, 1 - square / 2 + 5 * square**2 / 8]
    far = distance > 5.0
    with plots.style():
        figure = plots.new_figure((6.0, 5.2))
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        plots.draw_lines(
            above,
            [
                *(
                    Curve(distance, value, label, plots.objective_cue(name))
                    for (name, value), label in zip(
                        force.items(), ("saturating", "non-saturating"), strict=True
                    )
                ),
                Curve(
                    distance, law, "√(π/2) exp(−Δ²/8)", plots.objective_cue("saturating"), law=True
                ),
            ],
            xlabel="",
            ylabel="|db/dt|",
            yscale="log",
            ylim=(1e-204, 1e8),
        )
        above.set_yticks([10.0**-k for k in range(0, 201, 50)])
        terms = ("the law", "with −π²/2Δ²", "and +5π⁴/8Δ⁴")
        plots.draw_lines(
            below,
            [
                Curve(
                    distance[far],
                    np.abs(force["saturating"] / (law * order) - 1)[far],
                    label,
                    plots.Cue(colour),
                )
                for order, label, colour in zip(orders, terms, plots.ramp(3), strict=True)
            ],
            xlabel="distance Δ of the generator N(Δ, 1) from the data N(0, 1)",
            ylabel="|force / law − 1|",
            yscale="log",
            ylim=(1e-9, 1.0),
        )
    last = distance[-1]
    left = np.abs(force["saturating"][-1] / (law[-1] * orders[2][-1]) - 1)
    options.save(
        figure,
        "vanishing_gradients.png",
        f"at Δ = {last:.1f} the saturating force is {force['saturating'][-1]:.2e}, within "
        f"{left:.0e} of its law; the non-saturating one is {force['nonsaturating'][-1]:.3f}",
    )


def saturation(options: Options) -> None:
    """JSD against the distance of two normals, and against noise added to disjoint supports."""
    distance = np.linspace(0.05, 14.0, 60 if options.quick else 200)
    normals = gandyn.Game(gandyn.Normal(0, 1)).evaluate(
        np.stack([np.ones_like(distance), distance], axis=-1)
    )
    far = distance[distance > 4.0]
    law = (
        math.sqrt(2 * math.pi) / far * np.exp(-(far**2) / 8) * (1 - (math.pi**2 + 8) / (2 * far**2))
    )
    noise = np.geomspace(0.12, 40.0, 12 if options.quick else 60)
    value, force = (np.array(rows) for rows in zip(*map(_noisy, noise), strict=True))
    jsd = plots.divergence_cue("jsd")
    kinds = [plots.Cue(plots.ramp(2)[0], "-"), plots.Cue(plots.ramp(2)[1], (0, (5, 1.4, 1, 1.4)))]
    names = ("U(−1, 1) and U(3, 5)", "points 0 and 4")
    with plots.style():
        figure = plots.new_figure((6.8, 5.6))
        axes = figure.subplots(2, 2)
        plots.draw_lines(
            axes[0, 0],
            [Curve(distance, normals.jsd, "JSD of N(0, 1), N(Δ, 1)", jsd)],
            xlabel="distance Δ",
            ylabel="JSD",
            ylim=(0.0, 0.75),
            bounds={"log 2": math.log(2)},
        )
        plots.draw_lines(
            axes[0, 1],
            [
                Curve(distance, normals.jsd_gap, "log 2 − JSD", jsd),
                Curve(far, law, "asymptotic law", jsd, law=True),
            ],
            xlabel="distance Δ",
            ylabel="log 2 − JSD",
            yscale="log",
            columns=1,
        )
        plots.draw_lines(
            axes[1, 0],
            [Curve(noise, value[:, k], names[k], kinds[k]) for k in range(2)],
            xlabel="noise τ added to both",
            ylabel="JSD",
            xscale="log",
            ylim=(0.0, 0.75),
            bounds={"log 2": math.log(2)},
            columns=1,
        )
        plots.draw_lines(
            axes[1, 1],
            [Curve(noise, force[:, k], names[k], kinds[k]) for k in range(2)],
            xlabel="noise τ added to both",
            ylabel="saturating force, db/dt",
            xscale="log",
            yscale="log",
            ylim=(1e-16, 10.0),
            columns=1,
        )
    best = int(np.argmax(force[:, 0]))
    off = abs(law[-1] / normals.jsd_gap[-1] - 1)
    options.save(
        figure,
        "jsd_distance_noise.png",
        f"log 2 − JSD is {normals.jsd_gap[-1]:.2e} at Δ = {distance[-1]:g}, {off:.1%} off its law; "
        f"noise τ = {noise[best]:.2g} gives disjoint uniforms a force of {force[best, 0]:.2f}, "
        f"τ = {noise[0]:.2g} one of {force[0, 0]:.0e}",
    )


def _noisy(noise: float) -> tuple[list[float], list[float]]:
    """JSD and the force on b of uniforms and of points, 4 apart, with noise."""
    values, forces = [], []
    landmarks = [[-1.0, noise], [1.0, noise], [0.0, math.hypot(noise, 1 / math.sqrt(3))]]
    smooth = gandyn.from_logpdf(partial(_smoothed, noise), np.array(landmarks))
    there = gandyn.from_logpdf(
        partial(_smoothed_there, noise), np.array(landmarks) + [[4.0, 0.0]] * len(landmarks)
    )
    for data, latent in (
        (there, smooth),
        (gandyn.Normal(4.0, noise), gandyn.Normal(0.0, noise)),
    ):
        game = gandyn.Game(data, gandyn.LinearGenerator(latent), "saturating")
        found = game.evaluate([1.0, 0.0])
        values.append(float(found.jsd))
        forces.append(float(found.force[1]))
    return values, forces


def _smoothed(noise: float, x: Array) -> Array:
    """Log density of U(−1, 1) plus N(0, noise²), from the logarithms of two normal tails."""
    distance = np.abs(x)
    upper, lower = log_ndtr((1 - distance) / noise), log_ndtr((-1 - distance) / noise)
    return np.asarray(upper + np.log(-np.expm1(lower - upper)) - math.log(2))


def _smoothed_there(noise: float, x: Array) -> Array:
    return _smoothed(noise, x - 4.0)
