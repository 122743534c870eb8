"""Extrapolated linearly implicit Euler steps for stiff lanes.

The linearly implicit Euler step (1 - h J) dy = h f(y) with the Jacobian J of the start of the
step, repeated with h/1, h/2, … h/8, and its expansion in powers of h extrapolated to zero:
order 8, stable for all real decay and vanishing for infinite decay, so that the step is governed
by accuracy alone (Deuflhard 1985; the code SEULEX of Hairer and Wanner, Solving Ordinary
Differential Equations II, section IV.9). No table of coefficients is needed.
"""

from __future__ import annotations

from math import prod

import numpy as np

from gandyn.dynamics.guard import Array, GuardedForce, finite
from gandyn.dynamics.runge_kutta import Attempt

COLUMNS = 8


def _weights(divisions: list[int]) -> Array:
    """Weights that extrapolate values at step h/n, n in ``divisions``, to step zero."""
    return np.array([prod(n / (n - m) for m in divisions if m != n) for n in divisions])


class LinearlyImplicitEuler:
    """Steps of order 8 for stiff autonomous fields; see `DormandPrince` for the interface.

    The error estimate is the last correction of the extrapolation, of order 7, so that its norm
    scales as ``h ** 8``.
    """

    exponent = 8.0

    def __init__(self, guarded: GuardedForce, rtol: float, atol: float) -> None:
        self._guarded = guarded
        self._rtol, self._atol = rtol, atol
        self._divisions = np.arange(1, COLUMNS + 1)
        self._best = _weights(list(range(1, COLUMNS + 1)))
        self._correction = self._best.copy()
        self._correction[1:] -= _weights(list(range(2, COLUMNS + 1)))
        self.jacobian = np.empty((0, 0, 0))

    def step(self, y: Array, f: Array, h: Array) -> Attempt:
        """Try a step ``h`` (n,) from ``y`` (n, d), where the force is ``f``."""
        n, d = y.shape
        jacobian = self.jacobian = self._guarded.jacobian(y, y)
        usable = finite(jacobian.reshape(n, -1))
        parts = (h / self._divisions[:, None])[..., None]
        matrices = np.eye(d) - parts[..., None] * np.where(usable[:, None, None], jacobian, 0.0)
        singular = np.linalg.det(matrices) == 0
        if singular.any():
            matrices[singular] = np.eye(d)
            usable &= ~singular.any(axis=0)
        rises = np.empty((COLUMNS, n, d))
        for j, (part, inverse) in enumerate(zip(parts, np.linalg.inv(matrices), strict=True)):
            total = np.matmul(inverse, (part * f)[:, :, None])[:, :, 0]
            for _ in range(j):
                push = self._guarded.force(y + total, y)
                total += np.matmul(inverse, (part * push)[:, :, None])[:, :, 0]
            rises[j] = total
        new = y + np.tensordot(self._best, rises, 1)
        scale = self._atol + self._rtol * np.maximum(np.abs(y), np.abs(new))
        error = np.sqrt(np.mean((np.tensordot(self._correction, rises, 1) / scale) ** 2, axis=1))
        error[~usable] = np.nan
        return Attempt(new, error, COLUMNS * (COLUMNS - 1) // 2 + 2 * d)
