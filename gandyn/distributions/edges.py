"""Panel edges for quadrature, fitted to where a density has its features."""

from __future__ import annotations

import math
from bisect import bisect_left

import numpy as np

from gandyn.system.checks import FloatArray

_FIRST_STEP = 1.5


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
