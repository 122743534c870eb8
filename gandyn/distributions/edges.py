"""Panel edges for quadrature, fitted to where a density has its features."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gandyn.system.bracket import roots
from gandyn.system.checks import FloatArray

if TYPE_CHECKING:
    from gandyn.distributions.base import Distribution

_FIRST_STEP = 1.5
_GRADES = np.array([-18.0, -6.0, -2.0, 0.0, 2.0, 6.0, 18.0])
_NARROW = 0.25
_TAIL = 0.05 * 1.5 ** np.arange(16)


def ladder(largest: float) -> FloatArray:
    """The offsets 0, ±1.5, ±3, ±6, ±12, … up to `largest`, in units of a landmark's width."""
    rungs = 1 + max(0, math.ceil(math.log2(max(largest, _FIRST_STEP)) - math.log2(_FIRST_STEP)))
    up = _FIRST_STEP * 2.0 ** np.arange(min(rungs, 1000))
    return np.concatenate([-up[::-1], [0.0], up])


def panel_edges(
    landmarks: FloatArray, breaks: FloatArray, reach: tuple[float, float]
) -> FloatArray:
    """Sorted panel edges between the ends of `reach`.

    Around every landmark the panels are 1.5 widths long and double outwards, so that a density
    that is smooth on the scale of its landmarks (m, 2) is smooth on every panel. Breaks within
    `reach`, where the integrand or its slope jumps, are always edges. Finest spacing first, an edge
    nearer than a quarter of its own spacing to one that is already there is left out.
    """
    low, high = float(reach[0]), float(reach[1])
    inside = [float(b) for b in np.asarray(breaks, dtype=float) if low < b < high]
    kept = sorted({low, high, *inside})
    points, spacings = [], []
    for centre, width in np.asarray(landmarks, dtype=float).reshape(-1, 2):
        offsets = ladder(min(max(high - centre, centre - low) / width, 1e300))
        step = np.maximum(np.abs(offsets) / 2, _FIRST_STEP) * width
        # half of the largest offsets would overflow for a density as wide as the float range
        with np.errstate(over="ignore"):
            places = centre + width * offsets
        fits = (places > low) & (places < high)
        points.append(places[fits])
        spacings.append(step[fits])
    if points:
        place, spacing = np.concatenate(points), np.concatenate(spacings)
        order = np.lexsort((place, spacing))
        for x, step in zip(place[order].tolist(), spacing[order].tolist(), strict=True):
            i = bisect_left(kept, x)
            if min(x - kept[i - 1], kept[i] - x) >= step / 4:
                kept.insert(i, x)
    return np.array(kept)


def handovers(
    weights: Sequence[float], components: Sequence[Distribution], edges: FloatArray
) -> FloatArray:
    """Where the largest component changes: place, width and room of each, shape (h, 3).

    Between narrow modes the score jumps there from one mode's to the other's, over a distance
    π/jump (the width) that may be far smaller than either mode, and where nothing but log p is
    large enough to show it. The room is the length of the panel that it lies in. Every component
    that is the largest somewhere must be so on one of the sorted panel `edges`.
    """

    def terms(x: FloatArray) -> FloatArray:
        rows = zip(weights, components, strict=True)
        return np.stack([np.log(w) + c.logpdf(x) for w, c in rows])

    # A generated density wider than the data sees their tails, where the widest component is left.
    span = edges[-1] - edges[0]
    edges = np.concatenate([edges[0] - span * _TAIL[::-1], edges, edges[-1] + span * _TAIL])
    at_edges = terms(edges)
    largest = at_edges.argmax(axis=0)
    change = np.flatnonzero(largest[1:] != largest[:-1])
    if not change.size:
        return np.empty((0, 3))
    first, last = largest[change], largest[change + 1]

    def lead(values: FloatArray, index: NDArray[np.intp]) -> FloatArray:
        """By how much the one before a change is larger, from all terms at its point."""
        each = np.arange(index.size)
        # a component that is not there at all is -inf, and so may both be
        with np.errstate(invalid="ignore"):
            return values[first[index], each] - values[last[index], each]

    every = np.arange(change.size)
    low, high = edges[change], edges[change + 1]
    ends = [lead(at_edges[:, at], every) for at in (change, change + 1)]
    point = roots(lambda x, index: lead(terms(x), index), low, high, *ends)
    scores = np.stack([c.score(point) for c in components])
    jump = np.abs(scores[first, every] - scores[last, every])
    width = np.pi / np.maximum(jump, 1e-300)
    return np.stack([point, width, high - low], axis=1)


def handovers_of_kernels(
    weights: FloatArray, means: FloatArray, std: float, edges: FloatArray
) -> FloatArray:
    """The same for normal densities of one width at ascending means, in closed form.

    But for what they share their logarithms are straight lines, so that one that is the largest
    nowhere lies below its neighbours' crossing. Only what `graded` has edges for is kept.
    """
    log = np.log(weights)
    while True:
        apart = np.diff(means)
        place = means[:-1] + 0.5 * apart - std * (std * np.diff(log) / apart)
        shown = np.append(True, np.append(place[1:] > place[:-1], True)[: means.size - 1])
        if shown.all():
            break
        log, means = log[shown], means[shown]
    width = np.pi * std * (std / apart)
    panel = np.clip(np.searchsorted(edges, place), 1, edges.size - 1)
    found = np.stack([place, width, edges[panel] - edges[panel - 1]], axis=1)
    return found[width < _NARROW * found[:, 2]]


def graded(found: FloatArray) -> FloatArray:
    """Panel edges graded around handovers.

    One as wide as a quarter of its panel needs none of its own.
    """
    place, width, room = found.T[..., None]
    offsets = _GRADES * width
    return (place + offsets)[(width < _NARROW * room) & (np.abs(offsets) < room)]
