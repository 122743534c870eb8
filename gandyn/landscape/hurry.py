"""A plane whose work has an end."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from gandyn.landscape.plane import Plane
from gandyn.system.checks import Array

_SECONDS = 10.0
_STATES, _JACOBIANS = 1024, 64
"""States looked at between two looks at the clock."""


class HurriedPlane(Plane):
    """A plane that knows no force any more, nan, once ten seconds of work are spent.

    `cut` says whether one was asked for.
    """

    def __init__(self, plane: Plane) -> None:
        super().__init__(plane.game, plane.side)
        self._end = time.thread_time() + _SECONDS
        self.cut = False

    def force(self, u: Array) -> Array:
        return self._while_time(super().force, u, _STATES, (2,))

    def jacobian(self, u: Array) -> Array:
        return self._while_time(super().jacobian, u, _JACOBIANS, (2, 2))

    def _while_time(
        self, known: Callable[[Array], Array], u: Array, most: int, shape: tuple[int, ...]
    ) -> Array:
        out = np.full((len(u), *shape), np.nan)
        for k in range(0, len(u), most):
            self.cut = self.cut or time.thread_time() > self._end
            if self.cut:
                break
            out[k : k + most] = known(u[k : k + most])
        return out
