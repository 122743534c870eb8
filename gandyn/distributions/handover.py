"""Where one component of a mixture takes over from another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gandyn.distributions.base import Distribution
from gandyn.system.checks import FloatArray

_GRADES = np.array([-18.0, -6.0, -2.0, 0.0, 2.0, 6.0, 18.0])


_TAIL = 0.05 * 1.5 ** np.arange(16)
_ITERATIONS = 60


def handovers(
    weights: Sequence[float], components: Sequence[Distribution], edges: FloatArray
) -> FloatArray:
    """Where the largest component changes: place, width and room of each, shape (h, 3).

    Between narrow modes the score jumps there from one mode's to the other's, over a distance
    π/jump (the width) that may be far smaller than either mode, and where nothing but log p is
    large enough to show it. The room is the length of the panel that it lies in.

    Parameters
    ----------
    weights, components : sequences
        Those of the mixture.
    edges : array
        Sorted panel edges on which every component is the largest that is so between them.
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
    first, last, each = largest[change], largest[change + 1], np.arange(change.size)
    low, high = edges[change], edges[change + 1]
    if not change.size:
        return np.empty((0, 3))
    room = high - low
    with np.errstate(invalid="ignore"):
        f_low = at_edges[first, change] - at_edges[last, change]
        f_high = at_edges[first, change + 1] - at_edges[last, change + 1]
        for _ in range(_ITERATIONS):
            # Regula falsi by the Illinois rule, bisection where a component is not there at all.
            point = low + f_low / (f_low - f_high) * (high - low)
            inside = np.isfinite(point) & (point > low) & (point < high)
            point = np.where(inside, point, 0.5 * (low + high))
            value = terms(point)
            f = value[first, each] - value[last, each]
            before = f > 0
            f_high = np.where(before, 0.5 * f_high, f)
            f_low = np.where(before, f, 0.5 * f_low)
            low, high = np.where(before, point, low), np.where(before, high, point)
            if np.all((np.abs(f) <= 1e-12) | (high - low <= 1e-15 * room)):
                break
    scores = np.stack([c.score(point) for c in components])
    jump = np.abs(scores[first, each] - scores[last, each])
    width = np.pi / np.maximum(jump, 1e-300)
    return np.stack([point, width, room], axis=1)


def graded(found: FloatArray, edges: FloatArray) -> FloatArray:
    """Panel edges graded around handovers, within the outermost of `edges`.

    One as wide as a quarter of its panel needs none of its own.
    """
    place, width, room = found.T[..., None]
    offsets = _GRADES * width
    points = (place + offsets)[(width < 0.25 * room) & (np.abs(offsets) < room)]
    return points[(points > edges[0]) & (points < edges[-1])]
