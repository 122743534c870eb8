"""Sections: the flow in time, its values in time, and the force that it follows over (a, b)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from markupsafe import Markup

from gandyn import plots
from gandyn.dynamics import gradient_flow
from gandyn.plots.colours import GENERATED
from gandyn.report.blocks import Block, Picture, Section, Text
from gandyn.report.collect import Array, Results, data_scale
from gandyn.report.numbers import error_text, place, short
from gandyn.views.plane import MANY_KERNELS, kernels, matching_state

_COARSE = 1e-4


def parameters(results: Results, folder: Path) -> Section:
    """a and b in time."""
    course = results.course
    match = matching_state(results.game)
    lines = {} if match is None else {"data_std": match[0], "data_mean": match[1]}
    with plots.style():
        figure = plots.new_figure((5.6, 3.4))
        plots.draw_trajectory(figure.subplots(), course.t, course.theta, **lines)
    plots.save_figure(figure, folder / "parameters.png")
    (a0, b0), (a1, b1) = course.theta[0], course.end
    caption = Markup(
        "The generator's scale a and place b in time. They end at a&nbsp;=&nbsp;{}"
        " {} and b&nbsp;=&nbsp;{} {}."
    ).format(short(a1), error_text(course.error[0]), place(b1, a1), error_text(course.error[1]))
    if match is not None:
        caption += Markup(
            " Thin lines: the |a| and b at which p<sub>g</sub> has the data's standard deviation "
            "and mean."
        )
    alt = f"a goes from {a0:.4g} to {a1:.4g} and b from {b0:.4g} to {b1:.4g}."
    return Section("parameters", "a and b in time", [Picture("parameters.png", alt, caption)], {
        "t": course.t,
        "a": course.theta[:, 0],
        "b": course.theta[:, 1],
    })  # fmt: skip


def values(results: Results, folder: Path) -> Section:
    """V, JSD and the potential in time."""
    course, curve, name = results.course, results.curve, results.game.objective.name
    with plots.style():
        figure = plots.new_figure((5.6, 4.6))
        plots.draw_values(
            figure.subplots(2, 1), course.t, curve.value, curve.jsd, curve.potential, objective=name
        )
    plots.save_figure(figure, folder / "values.png")
    worst = float(np.max(curve.errors["jsd"]))
    first, last = (short(float(curve.potential[k])) for k in (0, -1))
    alt = (
        f"JSD goes from {curve.jsd[0]:.4g} to {curve.jsd[-1]:.4g}, V from {curve.value[0]:.4g} to "
        f"{curve.value[-1]:.4g}; below, the potential."
    )
    caption = Markup(
        "V = 2 JSD − 2 log 2 and JSD between their bounds (JSD {} or better everywhere); below, "
        "the potential that the flow descends, from {} to {}."
    ).format(error_text(worst), first, last)
    blocks: list[Block] = [Picture("values.png", alt, caption)]
    note = _note(results)
    if note:
        blocks.append(Text(note))
    numbers = {key: getattr(curve, key) for key in curve.errors}
    errors = curve.errors
    return Section("values", "V, JSD and the potential", blocks, numbers | {"errors": errors})


def _note(results: Results) -> Markup:
    """What a reader may wonder at in the potential's curve."""
    potential = np.asarray(results.curve.potential)
    if not np.isfinite(potential).any():
        return Markup(
            "The potential is ∞ all along: p<sub>g</sub> leaves out some of the data, or has mass "
            "where the data has none. The flow follows the force, which is finite."
        )
    missing = Markup("The potential is ∞ where its curve has gaps. ")
    words = Markup("") if np.isfinite(potential).all() else missing
    supports = (results.game.data.support, results.game.generator.latent.support)
    if np.isfinite(supports).any():
        words += Markup(
            "Where a density jumps, the force that a generator feels lacks the terms of the jump, "
            "and is not minus the gradient of the potential: the potential may rise."
        )
    return words


def field(results: Results, folder: Path) -> Section:
    """Stream lines of the force, level lines of the potential, this flow and others."""
    game, path = results.game, results.course.theta
    match, sign = matching_state(game), math.copysign(1.0, path[0, 0])
    marks = {} if match is None else {"data's std and mean": (sign * match[0], match[1])}
    centre, half = data_scale(game)
    top = 1.3 * max(half, float(np.abs(path[:, 0]).max()))
    half = 1.3 * max(half, float(np.max(np.abs(path[:, 1] - centre))))
    a = np.sort(sign * np.linspace(top / 50.0, top, results.settings.cells))
    b = np.linspace(centre - half, centre + half, results.settings.cells)
    states = np.stack(np.meshgrid(a, b), axis=-1)
    force = game.force(states)
    potential = game.potential(states) if kernels(game) <= MANY_KERNELS else None
    others = _others(results, sign * top, centre, half)
    with plots.style():
        figure = plots.new_figure((5.6, 4.8))
        flows = [*reversed(others), path]
        ax = plots.draw_field(
            figure.subplots(), a, b, force, flows=flows, potential=potential, marks=marks
        )
        ax.plot(*path.T, color=GENERATED.colour, linewidth=3.2, zorder=4.5)
    plots.save_figure(figure, folder / "field.png")
    alt = (
        f"Stream lines of the force for a from {a[0]:.3g} to {a[-1]:.3g} and b from {b[0]:.3g} to "
        f"{b[-1]:.3g}, with {len(flows)} flows."
    )
    caption = Markup(
        "The force d(a, b)/dt everywhere, coloured by its size; {}the flow of this report "
        "(vermillion) and {} from other starts, each from its open circle to its filled one. Where "
        "several end together is an attractor."
    ).format("" if potential is None else "level lines of the potential; ", len(others))
    ends = [{"start": flow[0], "end": flow[-1]} for flow in (path, *others)]
    numbers = {"a": a, "b": b, "force": force, "flows": ends}
    if potential is not None:
        numbers["potential"] = potential
    return Section("field", "The force over (a, b)", [Picture("field.png", alt, caption)], numbers)


def _others(results: Results, top: float, centre: float, half: float) -> list[Array]:
    """Flows from elsewhere in the picture, each as far as it came."""
    parts = np.array(results.settings.others)
    if not len(parts):
        return []
    t = results.course.t
    flows = gradient_flow(
        results.game,
        np.stack([top * parts[:, 0], centre + half * parts[:, 1]], axis=-1),
        (0.0, float(t[-1])),
        t[:: max(1, len(t) // 120)],
        rtol=_COARSE,
        atol=1e-3 * _COARSE * abs(top),
        max_steps=results.settings.other_steps,
    )
    return [path[np.isfinite(path).all(axis=-1)] for path in flows.theta]
