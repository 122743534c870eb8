"""A plane whose work has an end."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from gandyn.landscape.plane import Plane
from gandyn.system.checks import Array

_SECONDS = 3.0
_STATES, _JACOBIANS = 1024, 64
"""States looked at between two looks at the clock, at most."""
_FEWEST, _LONG = 16, 0.15
"""The same at first; fewer than before where they took longer than this."""


class HurriedPlane(Plane):
    """A plane that knows no force any more, nan, once three seconds of work are spent.

    `cut` says whether one was asked for.
    """

    def __init__(self, plane: Plane) -> None:
        super().__init__(plane.game, plane.side)
        self._end = time.thread_time() + _SECONDS
        self._count = _FEWEST
        self.cut = False

    def force(self, u: Array) -> Array:
        return self._while_time(super().force, u, _STATES, (2,))

    def jacobian(self, u: Array) -> Array:
        return self._while_time(super().jacobian, u, _JACOBIANS, (2, 2))

    def _while_time(
        self, known: Callable[[Array], Array], u: Array, most: int, shape: tuple[int, ...]
    ) -> Array:
        out = np.full((len(u), *shape), np.nan)
        done, before = 0, time.thread_time()
        while done < len(u):
            self.cut = self.cut or before > self._end
            if self.cut:
                break
            part = slice(done, done + min(self._count, most))
            out[part] = known(u[part])
            now = time.thread_time()
            self._count = (
                max(1, self._count // 2) if now - before > _LONG else min(2 * self._count, most)
            )
            done, before = part.stop, now
        return out
