"""Theory figures: what objectives make of two modes, how a flow arrives, how a step fails to."""

from __future__ import annotations

import math

import numpy as np

import gandyn
from analysis._options import Options
from gandyn import plots
from gandyn.plots import Curve


def covering_and_seeking(options: Options) -> None:
    """The fits of both KLs to two modes, and the std of either against how far the modes are."""
    data = gandyn.parse("0.5*N(-4, 1) + 0.5*N(4, 1)")
    rest = {
        name: _rest(_modes(4.0, name), [1.5, 3.0]).round(9) + 0.0  # no minus before a zero
        for name in ("forward_kl", "reverse_kl")
    }
    half = np.linspace(0.05, 3.0, 14 if options.quick else 60)
    some = np.linspace(0.5, 3.0, 3 if options.quick else 6)
    reverse = np.array([_rest(_modes(m, "reverse_kl"), [1.0, m + 0.1])[0] for m in half])
    forward = [_rest(_modes(m, "forward_kl"), [math.hypot(1, m) + 0.2, 0.3])[0] for m in some]
    lost = int(np.argmin(np.diff(reverse)))  # where it lets go of the other mode
    labels = {
        "forward_kl": "forward KL(p‖$p_g$) covers: {:.2f} ± {:.2f}",
        "reverse_kl": "reverse KL($p_g$‖p) seeks: {:.2f} ± {:.2f}",
    }
    x = np.linspace(-12.0, 12.0, 800)
    with plots.style():
        figure = plots.new_figure((6.0, 5.6))
        above, below = figure.subplots(2, 1)
        plots.draw_fits(
            above,
            x,
            np.exp(data.logpdf(x)),
            {name: _density(theta, x) for name, theta in rest.items()},
            labels={name: labels[name].format(*theta[::-1]) for name, theta in rest.items()},
        )
        cue = {name: plots.objective_cue(name) for name in rest}
        plots.draw_lines(
            below,
            [
                Curve(half, np.hypot(1.0, half), "√(1 + m²), forward KL as dots", cue["forward_kl"],
                      law=True),
                Curve(np.insert(half, lost + 1, half[lost]), np.insert(reverse, lost + 1, np.nan),
                      "reverse KL, from a start on the right", cue["reverse_kl"]),
            ],
            xlabel="half the distance of the modes N(±m, 1), m",
            ylabel="std at rest",
            ylim=(0.0, 3.4),
        )  # fmt: skip
        below.plot(
            some,
            forward,
            "o",
            color=cue["forward_kl"].colour,
            markersize=5,
            zorder=4,
            clip_on=False,
        )
    options.save(
        figure,
        "two_kls.png",
        f"on modes N(±4, 1) forward KL rests at {rest['forward_kl'][1]:.2f} ± "
        f"{rest['forward_kl'][0]:.3f} (√17 = {math.sqrt(17):.3f}), reverse KL at "
        f"{rest['reverse_kl'][1]:.3f} ± {rest['reverse_kl'][0]:.3f}; it lets go of a mode from "
        f"m = {half[lost + 1]:.2f} on",
    )


def arrows(options: Options) -> None:
    """Figure 1 of Goodfellow et al. (2014): p, p_g, D* and z → x at four moments of a flow."""
    game = gandyn.Game(gandyn.Normal(1.5, 0.7), objective="nonsaturating")
    times = np.array([0.0, 0.4, 1.2, 20.0])
    flow = gandyn.gradient_flow(game, [1.6, -1.5], (0.0, times[-1]), times)
    titles = [f"t = {t:g}" for t in times[:-1]] + [f"t = {times[-1]:g}, at rest: D* = ½"]
    z = np.linspace(-2.0, 2.0, 17)
    images = [game.generator(z, theta) for theta in flow.theta]
    with plots.style():
        figure = plots.new_figure((6.4, 5.6))
        plots.draw_arrow_moments(
            figure.subplots(2, 2), plots.moments(game, flow.theta, titles), z, images
        )
    within = np.linspace(0.0, 3.0, 301)
    off = np.abs(game.discriminator(flow.theta)(within) - 0.5).max(axis=-1)
    options.save(
        figure,
        "goodfellow_figure_1.png",
        f"the farthest that D* is from ½ on [0, 3] falls from {off[0]:.2f} to {off[-1]:.0e} "
        f"at t = {times[-1]:g}",
    )


def pixelwise(options: Options) -> None:
    """The pixel-wise loss shrinks the generator onto the mean, where there is no data."""
    data = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
    shown, gone, end = 0.7, 5.0, 300.0
    labels = {
        "mse": "pixel-wise (mse)",
        "nonsaturating": "non-saturating",
        "saturating": "saturating",
    }
    paths = {}
    for name in labels:
        last = gone if name == "mse" else end  # at a = 0 there is no density to flow on with
        times = np.union1d(np.geomspace(0.02, last, 60 if options.quick else 120), shown)
        game = gandyn.Game(data, objective=name)
        flow = gandyn.gradient_flow(game, [1.5, 0.5], (0.0, last), times, rtol=1e-6)
        paths[name] = (times, flow.theta)
    states = {
        name: theta[np.searchsorted(times, shown)] if name == "mse" else theta[-1]
        for name, (times, theta) in paths.items()
    }
    when = {name: f"t = {shown if name == 'mse' else end:g}" for name in labels}
    x = np.linspace(-7.0, 7.0, 800)
    with plots.style():
        figure = plots.new_figure((6.0, 5.4))
        above, below = figure.subplots(2, 1)
        plots.draw_fits(
            above,
            x,
            np.exp(data.logpdf(x)),
            {name: _density(theta, x) for name, theta in states.items()},
            labels={name: f"{label}, {when[name]}" for name, label in labels.items()},
        )
        plots.draw_lines(
            below,
            [
                Curve(times, np.abs(theta[:, 0]), labels[name], plots.objective_cue(name))
                for name, (times, theta) in paths.items()
            ],
            xlabel="t",
            ylabel="std of what is generated",
            xscale="log",
            yscale="log",
            ylim=(1e-4, 10.0),
            bounds={"data": data.std},
        )
    stds = {name: abs(float(theta[-1, 0])) for name, (_, theta) in paths.items()}
    options.save(
        figure,
        "pixelwise_loss.png",
        f"data of std {data.std:.2f}: by t = {gone:g} the pixel-wise loss has shrunk the generator "
        f"to {stds['mse']:.0e} on the mean, where it rests there is no data; the GAN losses come "
        f"to {stds['nonsaturating']:.2f} (non-saturating) and {stds['saturating']:.2f}",
    )


def _descending(game: gandyn.Game, start: list[float], limit: float) -> float:
    """The longest step from ``start`` that does not raise the potential, sought around a limit."""
    from scipy.optimize import brentq

    def rise(step: float) -> float:
        return float(np.diff(game.potential(np.array([here, here + step * force])))[0])

    here, force = np.array(start), game.force(start)
    steps = limit * np.geomspace(1e-3, 1e3, 200)
    above = next(k for k, step in enumerate(steps) if rise(step) > 0)
    return float(brentq(rise, steps[above - 1], steps[above], rtol=1e-14))


def finite_steps(options: Options) -> None:
    """Algorithm 1 with steps on both sides of the longest that settles."""
    start, n = [0.6, 1.8], 40
    parts = np.array([0.1, 0.9, 1.1])
    cues = [
        plots.Cue(colour, look)
        for colour, look in zip(plots.ramp(3), ("-", "--", "-."), strict=True)
    ]
    names = ("saturating", "nonsaturating")
    limits, descending, last = [], [], []
    with plots.style():
        figure = plots.new_figure((6.8, 5.4))
        axes = figure.subplots(2, 2)
        for above, below, name in zip(*axes, names, strict=True):
            game = gandyn.Game(gandyn.Normal(2.0, 0.5), objective=name)
            limits.append(float(gandyn.stability_limit(game, [0.5, 2.0])))
            descending.append(_descending(game, start, limits[-1]))
            lengths = np.linspace(0.0, 1.25, 120)[1:] * descending[-1]
            once = gandyn.iterate(game, start, lengths, 1).potential
            plots.draw_lines(
                above,
                [Curve(lengths, once[:, 1], f"{name}, after one step", plots.objective_cue(name))],
                xlabel="length of the step",
                ylabel="potential",
                ylim=(0.0, 2.5 * once[0, 0]),
                bounds={"before": float(once[0, 0])},
            )
            above.axvline(descending[-1], color="#6B6B6B", linewidth=0.8, linestyle=":")
            above.annotate(
                f"descends up to {descending[-1]:.2f} ", (descending[-1], 0.9),
                xycoords=("data", "axes fraction"), ha="right", fontsize=8, color="#555555",
            )  # fmt: skip
            runs = gandyn.iterate(game, start, parts * limits[-1], n)
            last.append(runs.potential[:, -1])
            plots.draw_lines(
                below,
                [
                    Curve(np.arange(n + 1), runs.potential[k], f"{parts[k]:g} × limit", cues[k])
                    for k in range(3)
                ],
                xlabel="steps made",
                ylabel="potential",
                yscale="log",
                ylim=(1e-12, 1e6),
                columns=2,
            )
        for ax in axes[:, 1]:
            ax.set_ylabel("")
    options.save(
        figure,
        "finite_steps.png",
        f"near the data steps settle up to 2/rate = {limits[0]:.2f}: after {n} steps of 1.1 times "
        f"that the potential is {last[0][2]:.2g} in a cycle (saturating) and {last[1][2]:.0e} "
        f"(non-saturating), of 0.9 times it {last[0][1]:.0e} and {last[1][1]:.0e}",
    )


def _density(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """p_g(x) of a z + b, z ~ N(0, 1)."""
    return np.exp(gandyn.Normal(theta[1], abs(theta[0])).logpdf(x))


def _rest(game: gandyn.Game, start: list[float]) -> np.ndarray:
    """Where the flow from a start comes to rest."""
    flow = gandyn.gradient_flow(game, start, (0.0, 1e6), rtol=1e-4)
    if flow.status != 1:
        raise RuntimeError(f"{game!r}: {flow.message}")
    return np.asarray(flow.theta[-1])


def _modes(m: float, objective: str) -> gandyn.Game:
    """The game on ½N(−m, 1) + ½N(m, 1)."""
    data = gandyn.Mixture([0.5, 0.5], [gandyn.Normal(-m, 1), gandyn.Normal(m, 1)])
    return gandyn.Game(data, objective=objective)
