"""Section: the force over (a, b), with flows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from markupsafe import Markup

from gandyn import plots
from gandyn.dynamics import gradient_flow
from gandyn.plots.colours import GENERATED
from gandyn.report.blocks import Picture, Section
from gandyn.report.collect import Array, Results, data_scale
from gandyn.views.plane import MANY_KERNELS, kernels, matching_state

_COARSE = 1e-4


def section(results: Results, folder: Path) -> Section:
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
