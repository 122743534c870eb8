"""Rest points that lanes of a stack share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.chart import Array
from gandyn.dynamics.guard import GuardedForce
from gandyn.dynamics.rest import MOVING, REST, Examination, examine

Rows = NDArray[np.intp]

_SAME = 0.05  # of the tolerances
_MOST = 64


class KnownRests:
    """Examinations for rest by a charted force, with what they find confirmed by the force itself.

    Thousands of lanes come to rest at a few points. The force costs most there, where its integral
    cancels; so only the first lane at each point asks for it.

    Parameters
    ----------
    guarded, charted : GuardedForce
        The force itself, and by a chart; the same object if there is no chart.
    rtol, atol : float
        Tolerances of the flow.
    """

    def __init__(
        self, guarded: GuardedForce, charted: GuardedForce, rtol: float, atol: float
    ) -> None:
        self._guarded, self._charted = guarded, charted
        self._rtol, self._atol = rtol, atol
        self._points: list[Array] = []

    def examine(self, y: Array, f: Array, wait: Array) -> Examination:
        """As `rest.examine`, with exact rest points."""
        seen = examine(self._charted, y, f, wait, self._rtol, self._atol)
        if self._charted is self._guarded:
            return seen
        unknown, batch = self._adopt(seen, np.flatnonzero(seen.verdict != MOVING)), 1
        while unknown.size:
            lanes, unknown = unknown[:batch], unknown[batch:]
            exact = examine(
                self._guarded,
                y[lanes],
                self._guarded.force(y[lanes], y[lanes]),
                wait[lanes],
                self._rtol,
                self._atol,
            )
            exact.evaluations += 1
            seen.verdict[lanes], seen.look_below[lanes] = exact.verdict, exact.look_below
            seen.evaluations[lanes] += exact.evaluations
            seen.landing.put(lanes, exact.landing)
            rest = exact.landing.origin[exact.verdict == REST]
            self._points += list(rest[: _MOST - len(self._points)])
            unknown, batch = self._adopt(seen, unknown), 2 * batch
        return seen

    def _adopt(self, seen: Examination, lanes: Rows) -> Rows:
        """Let those of ``lanes`` that rest at a known point rest there; return the others."""
        if not self._points or not lanes.size:
            return lanes
        points, origin = np.array(self._points), seen.landing.origin[lanes]
        scale = self._atol + self._rtol * np.abs(origin)
        away = (np.abs(points - origin[:, None]) / scale[:, None]).max(axis=2)
        nearest = away.argmin(axis=1)
        here = (away.min(axis=1) <= _SAME) & (seen.verdict[lanes] == REST)
        seen.landing.origin[lanes[here]] = points[nearest[here]]
        return lanes[~here]
