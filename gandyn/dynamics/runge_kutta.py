"""Dormand-Prince 8(5,3) for a stack of lanes, each with a step of its own.

Explicit Runge-Kutta method of order 8 with error estimates of order 5 and 3 and an interpolant
of order 7, as in the code DOP853 of Hairer, Nørsett and Wanner, Solving Ordinary Differential
Equations I (2nd ed., 1993), section II.10. The coefficients are those of SciPy's ``DOP853``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics import rows
from gandyn.dynamics.guard import Array, GuardedForce

STAGES = 12


class Attempt(NamedTuple):
    """What one attempted step gives: the new states, the error norm and the stages."""

    y: Array
    error: Array
    evaluations: int


class DormandPrince:
    """Steps of order 8 for autonomous fields.

    Attributes
    ----------
    exponent : float
        The error norm of a step scales as ``h ** exponent``.
    """

    exponent = 8.0

    def __init__(self, guarded: GuardedForce, rtol: float, atol: float) -> None:
        from scipy.integrate import DOP853

        self._guarded = guarded
        self._rtol, self._atol = rtol, atol
        self._a = [np.ascontiguousarray(DOP853.A[s, :s]) for s in range(STAGES)]
        self._b = np.asarray(DOP853.B)
        self._e5, self._e3 = DOP853.E5[:STAGES].copy(), DOP853.E3[:STAGES].copy()
        self._a_extra = [row[: STAGES + 1 + i].copy() for i, row in enumerate(DOP853.A_EXTRA)]
        self._d = np.asarray(DOP853.D)
        self._memory = np.empty(0)
        self._stages = np.empty((0, 0))
        self._last_stage = np.empty(0)

    def step(self, y: Array, f: Array, h: Array) -> Attempt:
        """Try a step ``h`` (n,) from ``y`` (n, d), where the force is ``f``.

        The error norm is 1 where the estimated local error just meets the tolerances, nan or
        inf where a stage could not be evaluated.
        """
        n, d = y.shape
        size = y.size
        if self._memory.size < 16 * size:
            self._memory = np.empty(16 * size)
        k = self._stages = self._memory[: 16 * size].reshape(16, size)
        k[0] = f.ravel()
        start = y.ravel()
        steps = np.repeat(h, d)
        for s in range(1, STAGES):
            trial = self._a[s] @ k[:s]
            trial *= steps
            trial += start
            k[s] = self._guarded.force(trial.reshape(n, d), y).ravel()
        self._last_stage = trial
        new = self._b @ k[:STAGES]
        new *= steps
        new += start
        scale = np.maximum(np.abs(start), np.abs(new))
        scale *= self._rtol
        scale += self._atol
        np.divide(steps, scale, out=scale)
        five = rows.squares(((self._e5 @ k[:STAGES]) * scale).reshape(n, d))
        three = rows.squares(((self._e3 @ k[:STAGES]) * scale).reshape(n, d))
        error = five / np.sqrt(np.maximum((five + 0.01 * three) * d, 1e-300))
        return Attempt(new.reshape(n, d), error, STAGES - 1)

    def rate(self, y: Array, f: Array, lanes: NDArray[np.intp]) -> Array:
        """Estimate of the largest rate of ``lanes`` of the last step, which ended at y, f.

        The last stage and the new state are two states at the same time; the field's difference
        between them points along the fastest direction (Hairer and Wanner, section IV.2).
        """
        shape = (-1, y.shape[1])
        rise = f - self._stages[STAGES - 1].reshape(shape)[lanes]
        run = y - self._last_stage.reshape(shape)[lanes]
        distance = np.sqrt(rows.squares(run))
        return np.sqrt(rows.squares(rise)) / np.where(distance > 0, distance, np.inf)

    def interpolant(
        self, y: Array, f: Array, h: Array, new: Array, f_new: Array, lanes: NDArray[np.intp]
    ) -> tuple[Array, int]:
        """Coefficients (7, m, d) of the dense output of ``lanes`` of the last step, and its cost.

        The other arguments are those of these lanes only.
        """
        m, d = y.shape
        k = np.empty((16, m, d))
        k[:STAGES] = self._stages[:STAGES].reshape(STAGES, -1, d)[:, lanes]
        k[STAGES] = f_new
        for i, row in enumerate(self._a_extra):
            s = STAGES + 1 + i
            k[s] = self._guarded.force(y + h[:, None] * np.tensordot(row, k[:s], 1), y)
        rise = new - y
        coefficients = np.empty((7, m, d))
        coefficients[0] = rise
        coefficients[1] = h[:, None] * f - rise
        coefficients[2] = 2 * rise - h[:, None] * (f + f_new)
        coefficients[3:] = h[:, None] * np.tensordot(self._d, k, 1)
        return coefficients, 3

    def interpolation_error(self, coefficients: Array, y: Array) -> Array:
        """Error norm (m,) of interpolants, 1 where they are ten times as wrong as a step may be.

        About a tenth of the last term, of degree 7, at its largest is the error as measured.
        """
        scale = self._atol + self._rtol * np.abs(y)
        return 1e-2 * (4**4 * 3**3 / 7**7) * (np.abs(coefficients[6]) / scale).max(axis=1)


def interpolate(coefficients: Array, y: Array, x: Array) -> Array:
    """States at the fractions ``x`` (m,) of a step that began at ``y`` (m, d)."""
    out = np.zeros_like(y)
    x = x[:, None]
    for i in range(6, -1, -1):
        out += coefficients[i]
        out *= x if i % 2 == 0 else 1 - x
    return out + y


def first_step(
    guarded: GuardedForce, y: Array, f: Array, rtol: float, atol: float
) -> tuple[Array, Array]:
    """A starting step per lane, and the rate at which the force changes along the flow.

    After Hairer, Nørsett and Wanner, section II.4, but with every term in its unit, so that a flow
    a million times faster starts with steps a million times shorter. One evaluation.
    """
    scale = atol + rtol * np.abs(y)
    size = np.sqrt(np.mean((y / scale) ** 2, axis=1))
    largest = np.abs(f).max(axis=1, keepdims=True)
    largest = np.where(largest > 0, largest, 1.0)
    # A force of 1e-200 has a square of zero: norms are of unit directions.
    unit = np.sqrt(np.mean((f / largest / scale) ** 2, axis=1))
    with np.errstate(over="ignore", divide="ignore"):
        h0 = np.minimum(0.01 * np.maximum(size, 1.0) / np.maximum(unit, 1e-300), 1e290)
        h0 = np.minimum(h0 / largest[:, 0], 1e290)
        probe = guarded.force(y + h0[:, None] * f, y)
        change = np.sqrt(np.mean(((probe - f) / largest / scale) ** 2, axis=1))
        usable = np.isfinite(change)
        rate = np.where(usable, change, 0.0) / np.maximum(unit, 1e-300) / h0
        travel = unit * largest[:, 0] / np.maximum(rate, 1e-300)
        h1 = (0.01 / np.maximum(travel, 1e-300)) ** (1 / DormandPrince.exponent)
        h1 = h1 / np.maximum(rate, 1e-300)
    h = np.minimum(100 * h0, np.where(rate > 0, h1, np.inf))
    return np.where(usable, h, 1e-3 * h0), rate
