"""Where one component of a mixture takes over from another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gandyn.distributions.base import Distribution
from gandyn.distributions.checks import FloatArray

_GRADES = np.array([-18.0, -6.0, -2.0, 0.0, 2.0, 6.0, 18.0])


def handovers(
    weights: Sequence[float], components: Sequence[Distribution], edges: FloatArray
) -> FloatArray:
    """Panel edges graded around the points where the largest component changes.

    Between narrow modes the score jumps there from one mode's to the other's, over a distance
    π/jump that may be far smaller than either width, and where nothing but log p is large enough
    to show it. A takeover as wide as a quarter of its panel needs no edges of its own.

    Parameters
    ----------
    weights, components : sequences
        Those of the mixture.
    edges : array
        Sorted panel edges on which every component is the largest that is so anywhere.
    """

    def terms(x: FloatArray) -> FloatArray:
        rows = zip(weights, components, strict=True)
        return np.stack([np.log(w) + c.logpdf(x) for w, c in rows])

    largest = terms(edges).argmax(axis=0)
    change = np.flatnonzero(largest[1:] != largest[:-1])
    first, last, each = largest[change], largest[change + 1], np.arange(change.size)
    low, high = edges[change], edges[change + 1]
    room = high - low
    for _ in range(80):
        middle = 0.5 * (low + high)
        value = terms(middle)
        before = value[first, each] > value[last, each]
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    scores = np.stack([c.score(low) for c in components])
    jump = np.abs(scores[first, each] - scores[last, each])
    width = np.pi / np.maximum(jump, 1e-300)
    offsets = _GRADES * width[:, None]
    kept = (width < 0.25 * room)[:, None] & (np.abs(offsets) < room[:, None])
    points = (low[:, None] + offsets)[kept]
    return points[(points > edges[0]) & (points < edges[-1])]
