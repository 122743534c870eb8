"""The rows of the benchmark for `gandyn.landscape`, in processor seconds and ratios of them.

Against each result stands what one would do without it, at the same accuracy and on the same force:
integrate every cell, scan the parameters for changes, start from everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gandyn
from analysis._timing import Row, row, seconds
from gandyn.landscape.basin_map import attractors_reached
from gandyn.system.polyline import distance

__all__ = ["basin_map", "rest_points", "transitions", "two_parameters"]

Array = NDArray[np.float64]

DATA = "0.5*N(-3, 1) + 0.5*N(3, 1)"
SYMMETRIC = "0.5*N(-{m}, 1) + 0.5*N({m}, 1)"
WEIGHTED = "{w}*N(-{m}, 1) + (1 - {w})*N({m}, 1)"
RANGE = (0.5, 6.0)
CLEAR = 1e-3
"""Cells nearer than this to a wall may flow either way."""


def processor(action: Callable[[], Any]) -> float:
    """Seconds of all cores of this process: what it takes on an idle machine, at most."""
    return seconds(action, time.process_time)


def flow_to_rest(game: Any, states: Array) -> Any:
    """A stack of flows at the tolerances of `gandyn.basins`."""
    return gandyn.gradient_flow(game, states, (0.0, np.inf), rtol=1e-7, atol=1e-9)


def basin_map(rounds: int, cells: int, checked: int) -> list[Row]:
    """Target 5."""
    game = gandyn.Game(gandyn.parse(DATA))
    a, b = np.linspace(0.2, 5.0, 1000), np.linspace(-6.0, 6.0, 1000)
    rng = np.random.default_rng(2)
    states = np.stack([rng.choice(a, cells), rng.choice(b, cells)], axis=1)
    drawn = gandyn.basins(game, a, b)
    flow_to_rest(game, states)
    times = [
        (
            processor(lambda: flow_to_rest(game, states)),
            processor(lambda: gandyn.basins(game, a, b)),
        )
        for _ in range(rounds)
    ]
    count, differing = _differing(drawn, checked, rng)
    detail = f"{drawn.message}; {cells} cells in one stack took {times[-1][0]:.2f} s"
    return [
        row(
            "a flow from each of a million cells / basin map",
            [flows / cells * a.size * b.size / drawn for flows, drawn in times],
            200.0,
            at_most=False,
            detail=detail,
        ),
        row(
            "basin map of a million cells, s",
            [drawn for _, drawn in times],
            5.0,
            at_most=True,
            detail="processor seconds of all cores",
        ),
        row(
            "cells of it that flow elsewhere",
            [float(differing)],
            0.0,
            at_most=True,
            detail=f"of {count} integrated, anywhere and next to the walls, all farther than "
            f"{CLEAR:g} from one",
        ),
    ]


def _differing(drawn: Any, checked: int, rng: Any) -> tuple[int, int]:
    """How many cells were integrated, and how many of them end elsewhere than the map says."""
    labels = drawn.labels
    border = np.zeros(labels.shape, dtype=bool)
    border[1:] |= labels[1:] != labels[:-1]
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    chosen = []
    for mask in (np.ones_like(border), border):
        cells = rng.permutation(np.argwhere(mask))[: 2 * checked]
        places = np.stack([drawn.a[cells[:, 1]], drawn.b[cells[:, 0]]], axis=1)
        clear = np.min([distance(wall.theta, places) for wall in drawn.walls], axis=0) > CLEAR
        chosen.append(cells[clear][:checked])
    rows, columns = np.concatenate(chosen).T
    states = np.stack([drawn.a[columns], drawn.b[rows]], axis=1)
    reached, _ = attractors_reached(drawn.equilibria, states)
    return len(rows), int((reached != labels[rows, columns]).sum())


def transitions(rounds: int, sample: int) -> list[Row]:
    """Target 6."""
    family = gandyn.template(SYMMETRIC)
    values = np.arange(*RANGE, 1e-2)
    some = values[:: len(values) // sample]
    times = [
        (
            processor(lambda: [gandyn.equilibria(family(m=value)) for value in some]),
            processor(lambda: gandyn.branches(family, RANGE)),
        )
        for _ in range(rounds)
    ]
    found = gandyn.branches(family, RANGE)
    folds, maxwell = (
        ", ".join(sorted({f"{point.parameter:.9f}" for point in points}))
        for points in (found.folds, found.maxwell)
    )
    return [
        row(
            "all folds and Maxwell points of a family, s",
            [whole for _, whole in times],
            5.0,
            at_most=True,
            detail=f"folds at m = {folds}, Maxwell points at {maxwell}; processor seconds",
        ),
        row(
            "rest points every 0.01 / the branches",
            [scan / len(some) * len(values) / whole for scan, whole in times],
            2.0,
            at_most=False,
            detail=f"{len(values)} values by `equilibria`, {len(some)} of them timed: a scan has "
            "a fold to 0.01, the branches to rounding",
        ),
    ]


def two_parameters(sample: int) -> list[Row]:
    """Target 7."""
    family = gandyn.template(WEIGHTED)
    rng = np.random.default_rng(3)
    some = rng.uniform([RANGE[0], 0.05], [RANGE[1], 0.95], (sample, 2))
    scan = processor(lambda: [gandyn.equilibria(family(m=m, w=w)) for m, w in some])
    found: list[Any] = []
    whole = processor(
        lambda: found.append(gandyn.phase_diagram(family, ("m", *RANGE), ("w", 0.05, 0.95)))
    )
    nodes = found[0].labels.size
    return [
        row(
            "phase diagram over separation and weight, s",
            [whole],
            60.0,
            at_most=True,
            detail=f"{found[0].message}; processor seconds",
        ),
        row(
            "rest points at each of its nodes / phase diagram",
            [scan / sample * nodes / whole],
            50.0,
            at_most=False,
            detail=f"{nodes} nodes by `equilibria`, {sample} of them timed",
        ),
    ]


def newton_from_everywhere(game: Any, box: tuple[float, float, float, float], side: int) -> Array:
    """Distinct ends of Newton's method from side × side starts in a box, steps cut to half of a."""
    a, b = np.geomspace(box[0], box[1], side), np.linspace(box[2], box[3], side)
    theta = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
    ends = []
    for _ in range(50):
        (xx, xy), (yx, yy) = np.moveaxis(game.jacobian(theta), 0, -1)
        x, y = game.force(theta).T
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.stack([xy * y - yy * x, yx * x - xx * y], axis=1)
            step /= (xx * yy - xy * yx)[:, None]
        length = np.abs(step).max(axis=1) / theta[:, 0]
        theta = theta + step / np.maximum(1.0, 2.0 * length)[:, None]
        inside = (theta > box[::2]).all(axis=1) & (theta < box[1::2]).all(axis=1)
        ends.append(theta[inside & (length <= 1e-9)])
        theta = theta[inside & (length > 1e-9)]
        if not len(theta):
            break
    return np.unique(np.concatenate(ends).round(6) + 0.0, axis=0)


def rest_points(rounds: int, side: int) -> list[Row]:
    """Target 8."""
    game = gandyn.Game(gandyn.parse(DATA))
    found = gandyn.equilibria(game)
    box = found.box
    brute = newton_from_everywhere(game, box, side)
    rng = np.random.default_rng(4)
    starts = rng.uniform(box[::2], box[1::2], (side**2, 2))
    times = [
        (
            processor(lambda: newton_from_everywhere(game, box, side)),
            processor(lambda: flow_to_rest(game, starts)),
            processor(lambda: gandyn.equilibria(game)),
        )
        for _ in range(rounds)
    ]
    missed = sum(np.abs(found.theta - end).max(axis=1).min() > 1e-5 for end in brute)
    return [
        row(
            f"Newton from {side**2} starts / rest points",
            [newton / ours for newton, _, ours in times],
            20.0,
            at_most=False,
            detail=f"all {len(found)} rest points and their kinds; Newton found {len(brute)}, "
            f"{missed} of them no others had",
        ),
        row(
            f"flows from {side**2} starts / rest points",
            [flows / ours for _, flows, ours in times],
            5.0,
            at_most=False,
            detail="flows find the attractors only",
        ),
    ]
