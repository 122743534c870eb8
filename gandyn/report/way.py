"""Section: p, p_g and D* along the way, still, moving, and as arrows from z to x."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np
from markupsafe import Markup

from gandyn import plots
from gandyn.report.blocks import Block, Picture, Section, Text
from gandyn.report.collect import Array, Results, data_scale
from gandyn.report.numbers import short
from gandyn.system.polyline import even, pace

_LATENTS = 19
_NEEDLE = 0.02


def section(results: Results, folder: Path) -> Section:
    """Four moments, the animation, and Goodfellow's arrows."""
    settings = results.settings
    times, states = _along(results, settings.moments)
    titles = [f"t = {_plain_time(t)}" for t in times]
    moments = plots.moments(results.game, states, titles)
    rows = ceil(len(moments) / 2)
    with plots.style():
        figure = plots.new_figure((5.6, 0.8 + 1.8 * rows))
        axes = figure.subplots(rows, 2, squeeze=False)
        plots.draw_moments(axes.ravel()[: len(moments)], moments)
    plots.save_figure(figure, folder / "moments.png")
    latent = results.game.generator.latent
    low, high = plots.window(latent, tail=0.01)
    z = np.linspace(max(low, latent.support[0]), min(high, latent.support[1]), _LATENTS)
    images = [a * z + b for a, b in states]
    with plots.style():
        figure = plots.new_figure((5.6, 0.6 + 2.4 * rows))
        axes = figure.subplots(rows, 2, squeeze=False)
        plots.draw_arrow_moments(axes.ravel()[: len(moments)], moments, z, images)
    plots.save_figure(figure, folder / "arrows.png")
    listed = ", ".join(titles)
    last = float(times[-1])
    stop = Markup("")
    if last < results.course.t[-1]:
        stop = Markup(
            " The pictures stop at t&nbsp;=&nbsp;{}: later p<sub>g</sub> is too narrow to draw."
        ).format(short(last, 3))
    blocks: list[Block] = [
        Text(
            Markup(
                "The moments are equally far apart along the path of (a, b), so that each shows a "
                "change. Where D* is above ½ there is too little of p<sub>g</sub>, where it is "
                "below there is too much; where p<sub>g</sub> = p it is ½ everywhere."
            )
            + stop
        ),
        Picture(
            "moments.png",
            f"Densities of the data and of the generator, and D*, at {listed}.",
            Markup(
                "The data p, the generated p<sub>g</sub> (left axis), and the optimal "
                "discriminator D* (right axis) from the start to the end of the flow."
            ),
        ),
    ]
    if settings.frames:
        frame_times, frame_states = _along(results, settings.frames)
        names = [
            plots.moment_title(t, state) for t, state in zip(frame_times, frame_states, strict=True)
        ]
        plots.animate(
            folder / "flow.gif", plots.moments(results.game, frame_states, names), dpi=100
        )
        blocks.append(
            Picture(
                "flow.gif",
                "Animation of the same curves along the flow.",
                Markup("The same in motion, from t = 0 to t = {} and round again.").format(
                    short(last)
                ),
                moving=True,
            )
        )
    blocks.append(
        Picture(
            "arrows.png",
            f"The densities above arrows from latents z to their images a z + b, at {listed}.",
            Markup(
                "The same moments as in Figure 1 of Goodfellow et al. (2014): below the curves, "
                "the generator takes each latent z (lower line) to its x (upper line). Where the "
                "arrows are dense p<sub>g</sub> is high. Densities are drawn to the height of D*; "
                "arrows that leave the picture are left out."
            ),
        )
    )
    return Section("way", Markup("p, p<sub>g</sub> and D* along the way"), blocks)


def _along(results: Results, count: int) -> tuple[Array, Array]:
    """Times and states equally far apart along the path, both ends included."""
    t, theta = _drawable(results)
    # By length and not by time: an escape may be shorter than the rounding of t.
    moments = even(np.column_stack([t, theta]), count, pace(t, theta))
    return moments[:, 0], moments[:, 1:]


def _drawable(results: Results) -> tuple[Array, Array]:
    """The flow up to where p_g is but a needle beside the data, if it comes to that."""
    t, theta = results.course.t, results.course.theta
    _, scale = data_scale(results.game)
    finest = float(np.min(results.game.data.landmarks[:, 1]))
    least = min(_NEEDLE * scale, 0.5 * finest, 0.5 * abs(theta[0, 0]))
    needle = np.flatnonzero(np.abs(theta[:, 0]) < least)
    end = needle[0] if needle.size else len(t)
    return t[:end], theta[:end]


def _plain_time(t: float) -> str:
    return f"{t:.3g}" if t == 0 or 1e-3 <= t < 1e5 else f"{t:.1e}"
