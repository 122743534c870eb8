"""Barriers met by a run: a mode moved away from a start, and finite steps that leave a basin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gandyn
from analysis._options import Options
from analysis._walls import OBJECTIVES, curvature, separated, threshold, walls
from gandyn import plots
from gandyn.plots import Curve
from gandyn.system.polyline import distance

Array = NDArray[np.float64]

START = (1.0, 0.0)
MOVED = "0.5*N(-3, 1) + 0.5*N({r}, 1)"
NEAR, FAR = 3.0, 6.0
"""Assumed places of the right mode in the two experiments, which are told without numbers."""

_BESIDE = np.array([1e-3, 0.0])
_LADDER = 1.04
_LONGEST = 2.8
"""In units of the longest step that settles."""
_AT_ONCE = 6
_BLOCK = 10
_LOST = 100.0
_STILL = 1e-4


def measure_moved(quick: bool) -> dict[str, Any]:
    """Near modes are averaged; with the right one moved away the same start collapses.

    A text of 2018 on GANs (github.com/Monnoroch/generative) trains a z + b from (1, 0) on two equal
    modes, first symmetric about 0, then with the right mode moved until the start does not see it.
    It does not give the modes. Here they are assumed to be N(−3, 1) and N(r, 1), r from 3 on.
    """
    family = gandyn.template(MOVED)
    r = np.linspace(NEAR, 9.0, 4 if quick else 13)
    edge = threshold(
        lambda value: _end(family(r=value))[1] < -2.0, NEAR, FAR, 1e-3 if quick else 1e-5
    )
    heights = [walls(family(r=value)) for value in (*r, edge)]
    far = family(r=FAR)
    locked = walls(far)
    return {
        "r": r,
        "ends": np.array([_end(family(r=value)) for value in r]),
        "edge": edge,
        "ends_beside_edge": np.array([_end(family(r=edge + side)) for side in (-1e-2, 1e-2)]),
        "out_of_collapse": np.array([wall.out_of_collapse[0] for wall in heights]),
        "out_of_averaging": np.array([wall.out_of_averaging[0] for wall in heights]),
        "far_height": locked.out_of_collapse[0],
        "far_jump": smallest_jump(far, locked.found[0], np.array(START), _steps(quick), 0.8),
        "far_limit": float(gandyn.stability_limit(far, locked.found[0].theta)),
    }


def draw_moved(found: Mapping[str, Any], options: Options) -> float:
    """Ends and barriers against the place of the right mode, and the plane where they change.

    Returns
    -------
    float
        How far from the start the wall runs there.
    """
    r, edge = found["r"], found["edge"]
    out, back = found["out_of_collapse"], found["out_of_averaging"]
    last = int(np.searchsorted(r, edge))
    x = np.insert(r, last, np.full(3, edge))
    colours = plots.ramp(2)
    with plots.style():
        figure = plots.new_figure((6.0, 5.6))
        above, below = figure.subplots(2, 1, sharex=True)
        before, beyond = found["ends_beside_edge"]
        jumping = np.stack([before, np.full(2, np.nan), beyond])
        split = np.insert(found["ends"], last, jumping, axis=0)
        plots.draw_lines(
            above,
            [
                Curve(x, split[:, 0], "std a at the end", plots.Cue(colours[0])),
                Curve(x, split[:, 1], "mean b at the end", plots.Cue(colours[1], "--")),
            ],
            xlabel="",
            ylabel="end of the flow from (1, 0)",
            columns=2,
        )
        cue = plots.objective_cue("nonsaturating").colour
        plots.draw_lines(
            below,
            [
                Curve(r, out[:-1], "out of collapse on the left", plots.Cue(cue)),
                Curve(r, back[:-1], "out of averaging to it", plots.Cue(cue, "--")),
            ],
            xlabel="place r of the right mode, the left one at −3",
            ylabel="barrier (non-saturating)",
            yscale="log",
            ylim=(1e-2, 10.0),
            columns=2,
        )
        for ax in (above, below):
            ax.axvline(edge, color="#6B6B6B", linewidth=0.8, linestyle=":")
        above.annotate(
            f" averages up to r = {edge:.4f},\n collapses beyond", (edge, 0.5),
            xycoords=("data", "axes fraction"), fontsize=9, color="#444444", va="center",
        )  # fmt: skip
    options.save(
        figure,
        "moved_mode.png",
        f"assumed: modes N(−3, 1) and N(r, 1), near r = {NEAR:g}, far r = {FAR:g}; from (1, 0) the "
        f"exact non-saturating flow averages up to r = {edge:.4f} and collapses onto the left mode "
        f"beyond, behind a barrier of {out[-1]:.4f} ({back[-1]:.4f} out of averaging); at r = "
        f"{FAR:g} the barrier is {found['far_height']:.3f}, and steps from "
        f"{found['far_jump']:.2f} on jump it ({found['far_jump'] / found['far_limit']:.2f} times "
        "the longest that settles)",
    )
    return _portrait(gandyn.template(MOVED)(r=edge), edge, options)


def _portrait(game: Any, edge: float, options: Options) -> float:
    """The plane at the edge, where the wall runs through the start; how far from it."""
    found = gandyn.separatrices(game)
    beside = min(distance(curve.theta, np.array(START)).item() for curve in found.stable)
    a, b = np.linspace(0.3, 4.5, 60), np.linspace(-5.0, 7.0, 60)
    force = game.force(np.stack(np.meshgrid(a, b), axis=-1))
    times = np.r_[0.0, np.geomspace(1e-2, 400.0, 300)]
    away = 0.2
    with plots.style():
        figure = plots.new_figure((6.4, 5.6))
        ax = figure.subplots()
        plots.draw_portrait(ax, a, b, force, equilibria=found.equilibria, separatrices=found)
        for side in (-away, away):
            path = gandyn.gradient_flow(
                game, [START[0], START[1] + side], (0.0, 400.0), times
            ).theta
            ax.plot(*path.T, color="#D55E00", linewidth=1.6, zorder=4)
        ax.plot(*START, "o", color="#D55E00", markeredgecolor="white", markersize=8, zorder=6)
        ax.annotate(
            "start (1, 0)", START, xytext=(-8, -14), textcoords="offset points", ha="right",
            fontsize=9, color="#8A3C00", zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    options.save(
        figure,
        "moved_mode_plane.png",
        f"at r = {edge:.4f} the wall between collapse and averaging passes the start (1, 0) at "
        f"{beside:.0e}; the two flows (orange) begin {away:g} below and above it",
    )
    return beside


def measure_steps(objective: str, fold: float, quick: bool) -> dict[str, Array]:
    """The smallest steps that leave collapse, in units of 1/f''(1), from the fold on."""
    unit, steps = curvature(objective), _steps(quick)
    found = []
    for k, m in enumerate(fold + np.geomspace(0.03, 8.0 - fold, 2 if quick else 9)):
        game = separated(objective)(m=m)
        wall = walls(game)
        rest, top = wall.found[0], wall.found[1]
        half_way = 0.5 * (rest.theta + top.theta)
        found.append(
            [
                m,
                wall.out_of_collapse[0] / unit,
                float(gandyn.stability_limit(game, rest.theta)) * unit,
                smallest_jump(game, rest, rest.theta + _BESIDE, steps, 0.98) * unit,
                math.nan
                if quick or k % 4
                else smallest_jump(game, rest, half_way, steps, 0.7) * unit,
            ]
        )
    columns = ("m", "height", "limit", "jump", "jump_from_half_way")
    return dict(zip(columns, np.array(found).T, strict=True))


def draw_steps(rows: Mapping[str, Mapping[str, Array]], options: Options) -> None:
    """The smallest steps that leave collapse, against the barrier and against the curvature."""
    with plots.style():
        figure = plots.new_figure((6.8, 4.2))
        axes = figure.subplots(1, 2, sharey=True)
        for ax, against, xlabel in zip(
            axes,
            ("height", "limit"),
            ("barrier / f''(1)", "longest step that settles, 2 f''(1)/|λ|"),
            strict=True,
        ):
            curves = []
            for name, row in rows.items():
                cue = plots.objective_cue(name)
                order = np.argsort(row[against])
                curves.append(Curve(row[against][order], row["jump"][order], OBJECTIVES[name], cue))
                for what, size, face in (
                    ("jump", 4, cue.colour),
                    ("jump_from_half_way", 9, "none"),
                ):
                    ax.plot(
                        row[against], row[what], "o", color=cue.colour, markersize=size,
                        markerfacecolor=face, clip_on=False, zorder=4,
                    )  # fmt: skip
            if against == "limit":
                ends = np.array([0.0, 4.0])
                curves.append(Curve(ends, ends, "step = limit", plots.Cue("#333333"), law=True))
            plots.draw_lines(
                ax,
                curves,
                xlabel=xlabel,
                ylabel="smallest step that jumps, times f''(1)" if against == "height" else "",
                xscale="log" if against == "height" else "linear",
                ylim=(0.0, 4.2),
                columns=2,
            )
        axes[0].set_xlim(5e-4, 40.0)
        axes[1].set_xlim(0.0, 4.2)
    ratio = np.concatenate([row["jump"] / row["limit"] for row in rows.values()])
    sooner = np.concatenate([row["jump_from_half_way"] / row["limit"] for row in rows.values()])
    height = np.concatenate([row["height"] for row in rows.values()])
    caption = (
        f"barriers over f''(1) from {height.min():.0e} to {height.max():.3g}: the smallest step "
        f"that leaves collapse from 1e-3 beside it (dots) is {np.nanmin(ratio):.2f} to "
        f"{np.nanmax(ratio):.2f} times 2/|λ|"
    )
    if np.isfinite(sooner).any():
        caption += (
            f", from half way up to the pass (circles) {np.nanmin(sooner):.2f} to "
            f"{np.nanmax(sooner):.2f} times, on a ladder of 4 %"
        )
    options.save(figure, "steps.png", caption)


def smallest_jump(game: Any, rest: Any, start: Array, steps: int, shortest: float) -> float:
    """The smallest step with which the iteration from a start ends outside a basin.

    Lengths rise by 4 % until one leads out, which is then found to 0.5 %; far from rest there may
    be shorter ones in between.

    Parameters
    ----------
    game : Game
    rest : Equilibrium
        The attractor of the basin.
    start : ndarray, shape (2,)
    steps : int
        How many are made. Where the iteration then is, the flow decides the basin.
    shortest : float
        Where to begin to look, in units of the longest step that settles.

    Returns
    -------
    float
        nan where the start is outside already or no step that was tried leads out.
    """
    if _outside(game, rest, start[None])[0]:
        return math.nan
    limit = float(gandyn.stability_limit(game, rest.theta))
    rungs = 1 + int(math.log(_LONGEST / shortest) / math.log(_LADDER))
    lengths = limit * shortest * _LADDER ** np.arange(rungs)
    for k in range(0, len(lengths), _AT_ONCE):
        tried = lengths[k : k + _AT_ONCE]
        out = _outside(game, rest, _march(game, start, tried, steps))
        if out.any():
            found = float(tried[out.argmax()])
            finer = np.linspace(found / _LADDER, found, 9)[1:]
            out = _outside(game, rest, _march(game, start, finer, steps))
            return float(finer[out.argmax()]) if out.any() else found
    return math.nan


def _steps(quick: bool) -> int:
    """How many are made: with one 4 % longer than what settles, enough for 1e-3 to grow to 1."""
    return 100 if quick else 200


def _march(game: Any, start: Array, lengths: NDArray[Any], steps: int) -> Array:
    """Where the iteration with each length is in the end, or where it settles or flies off."""
    theta = np.tile(start, (len(lengths), 1))
    live = np.arange(len(lengths))
    for _ in range(steps // _BLOCK):
        if not live.size:
            break
        last = gandyn.iterate(game, theta[live], lengths[live], _BLOCK).theta[:, -2:]
        theta[live] = last[:, 1]
        moved = np.abs(last[:, 1] - last[:, 0]).max(axis=1)
        size = np.abs(last[:, 1]).max(axis=1)
        live = live[(moved > _STILL) & (size < _LOST)]  # false for nan
    return theta


def _outside(game: Any, rest: Any, theta: Array) -> NDArray[np.bool_]:
    """Whether states are in another basin; those that flew off are in none."""
    out = np.ones(len(theta), bool)
    near = np.abs(theta).max(axis=1) < _LOST
    if near.any():
        states = np.stack([np.abs(theta[near, 0]), theta[near, 1]], axis=1)  # −a makes what a makes
        ends = gandyn.gradient_flow(game, states, (0.0, 1e6), rtol=1e-4).theta[:, -1]
        out[near] = np.hypot(*(ends - rest.theta).T) > 0.01
    return out


def _end(game: Any) -> Array:
    """Where the flow from the start comes to rest."""
    flow = gandyn.gradient_flow(game, START, (0.0, 1e6), rtol=1e-6)
    if flow.status != 1:
        raise RuntimeError(f"{game!r}: {flow.message}")
    return np.asarray(flow.theta[-1])
