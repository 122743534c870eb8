"""Panels fitted to a game: to both densities, and to where the discriminator switches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.distributions.edges import graded
from gandyn.engine.quadrature import Panels
from gandyn.generators import Generated
from gandyn.objectives.field import Field
from gandyn.system.bracket import roots

__all__ = ["fitted", "panels_between"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_SAMPLES = np.array([1e-7, 0.07, 0.2, 0.35, 0.5, 0.65, 0.8, 0.93, 1.0 - 1e-7])
_GRADES = np.array([-54.0, -18.0, -6.0, -2.0, 2.0, 6.0, 18.0, 54.0])
_PADS = np.array([1.0, 3.0, 9.0])
_EPS = float(np.finfo(float).eps)


def fitted(data: Distribution, generated: Generated, *, transport: bool = False) -> Panels:
    """Panels of every lane, from the edges of both densities and the zeros of ℓ.

    Around a zero of ℓ the optimal discriminator goes from 0 to 1 over a distance π/|ℓ'|, however
    smooth both densities are: edges are put on it and at multiples of that distance. With
    `transport`, the zeros of x − y along the monotone coupling get an edge too, where the
    integrand of W₁ has its kink.
    """
    lanes = generated.lanes
    fixed = np.concatenate([_padded(data.edges), graded(data.handovers)])
    both = zip(generated.edges, generated.handovers, strict=True)
    own = [np.concatenate([_padded(edges), handovers]) for edges, handovers in both]
    counts = [len(edges) for edges in own]
    x = np.concatenate([np.tile(fixed, lanes), *own])
    lane = np.concatenate(
        [np.repeat(np.arange(lanes), len(fixed)), np.repeat(np.arange(lanes), counts)]
    )
    panels = panels_between(x, lane)
    found = [_switches(data, generated, panels)]
    if transport:
        found.append(_zeros(data, generated, panels, lambda at: at.gap))
    more = np.concatenate([points for points, _ in found])
    if len(more):
        more_lane = np.concatenate([lanes_of for _, lanes_of in found])
        panels = panels_between(np.concatenate([x, more]), np.concatenate([lane, more_lane]))
    return _with_folds(panels, generated)


def _padded(edges: Array) -> Array:
    """The edges and some beyond: √(p p_g) falls off twice as far out as p, and as steeply."""
    return np.concatenate(
        [
            edges[0] - _PADS * (edges[1] - edges[0]),
            edges,
            edges[-1] + _PADS * (edges[-1] - edges[-2]),
        ]
    )


def panels_between(x: Array, lane: Index) -> Panels:
    """Panels between neighbouring points of each lane."""
    order = np.lexsort((x, lane))
    x, lane = x[order], lane[order]
    left, right = x[:-1], x[1:]
    wide = right - left > 8.0 * _EPS * np.maximum(np.abs(left), np.abs(right))
    keep = (lane[:-1] == lane[1:]) & wide
    return Panels.between(left[keep], right[keep], lane[:-1][keep])


def _zeros(
    data: Distribution, generated: Generated, panels: Panels, of: Callable[[Field], Array]
) -> tuple[Array, Index]:
    """Sign changes of a function of the field between samples of each panel, to rounding."""
    x = panels.left[:, None] + (panels.right - panels.left)[:, None] * _SAMPLES
    value = of(Field(data, generated, x, panels.lane)).ravel()
    x, lane = x.ravel(), np.repeat(panels.lane, len(_SAMPLES))
    # From each sample to the next, on from a panel's last to the first of the panel beside it.
    with np.errstate(invalid="ignore", over="ignore"):
        change = (np.sign(value[:-1]) * np.sign(value[1:]) < 0) & (lane[:-1] == lane[1:])
    row = np.flatnonzero(change & np.isfinite(value[:-1]) & np.isfinite(value[1:]))
    hit = 1 + np.flatnonzero((value[1:-1] == 0) & (value[:-2] != 0) & (value[2:] != 0))
    exact, exact_lane = x[hit], lane[hit]
    if not len(row):
        return exact, exact_lane
    lane_of = lane[row]

    def at(point: Array, index: Index) -> Array:
        return of(Field(data, generated, point[:, None], lane_of[index]))[:, 0]

    found = roots(at, x[row], x[row + 1], value[row], value[row + 1])
    return np.append(found, exact), np.append(lane_of, exact_lane)


def _switches(data: Distribution, generated: Generated, panels: Panels) -> tuple[Array, Index]:
    """Zeros of ℓ, and edges graded by the width of the switch on both of its sides."""
    zero, lane = _zeros(data, generated, panels, lambda at: at.log_ratio)
    if not len(zero):
        return zero, lane
    slope = np.abs(Field(data, generated, zero[:, None], lane).ratio_slope[:, 0])
    width = np.pi / np.maximum(slope, 1e-300)
    room = np.zeros(generated.lanes)
    np.maximum.at(room, panels.lane, panels.right - panels.left)
    near = (np.abs(_GRADES) * width[:, None]) < 0.5 * room[lane, None]
    points = zero[:, None] + _GRADES * width[:, None]
    which = np.broadcast_to(lane[:, None], points.shape)
    low = np.full(generated.lanes, np.inf)
    high = np.full(generated.lanes, -np.inf)
    np.minimum.at(low, panels.lane, panels.left)
    np.maximum.at(high, panels.lane, panels.right)
    near &= (points > low[which]) & (points < high[which])
    return np.concatenate([zero, points[near]]), np.concatenate([lane, which[near]])


def _with_folds(panels: Panels, generated: Generated) -> Panels:
    """Panels marked where they end on a fold of the generator, halved where both ends do."""
    if not any(len(folds) for folds in generated.folds):
        return panels
    at_left = np.zeros(len(panels), bool)
    at_right = np.zeros(len(panels), bool)
    for lane, folds in enumerate(generated.folds):
        mine = panels.lane == lane
        for fold, side in folds:
            near = 16.0 * _EPS * max(abs(fold), 1e-300)
            if side < 0:
                at_left |= mine & (np.abs(panels.left - fold) <= near)
            else:
                at_right |= mine & (np.abs(panels.right - fold) <= near)
    both = at_left & at_right
    root = (at_right.astype(np.int8) - at_left.astype(np.int8)).astype(np.int8)
    single = Panels(panels.left, panels.right, panels.lane, root).pick(~both)
    pair = panels.pick(both).halved()
    half = len(pair) // 2
    pair.root[:half] = -1
    pair.root[half:] = 1
    return single.joined(pair)
