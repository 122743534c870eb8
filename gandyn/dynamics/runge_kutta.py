"""Dormand-Prince 8(5,3) for a stack of lanes, each with a step of its own.

Explicit Runge-Kutta method of order 8 with error estimates of order 5 and 3 and an interpolant
of order 7, as in the code DOP853 of Hairer, Nørsett and Wanner, Solving Ordinary Differential
Equations I (2nd ed., 1993), section II.10. The coefficients are those of SciPy's ``DOP853``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gandyn.dynamics.guard import Array, RightHandSide

STAGES = 12


class Attempt(NamedTuple):
    """What one attempted step gives: the new states, the error norm and the stages."""

    y: Array
    error: Any
    evaluations: int


class DormandPrince:
    """Steps of order 8 for autonomous fields.

    Attributes
    ----------
    exponent : float
        The error norm of a step scales as ``h ** exponent``.
    """

    exponent = 8.0

    def __init__(self, field: RightHandSide, rtol: float, atol: float) -> None:
        from scipy.integrate import DOP853

        self._field = field
        self._rtol, self._atol = rtol, atol
        # Stages are rows below the state itself, which has weight 1.
        rows = [*DOP853.A[:STAGES], *DOP853.A_EXTRA]
        self._a = [np.append(1.0, row[:s]) for s, row in enumerate(rows[:STAGES])]
        self._a += [np.append(1.0, row[: STAGES + 1 + i]) for i, row in enumerate(rows[STAGES:])]
        self._b = np.asarray(DOP853.B)
        self._errors = np.array([DOP853.E5[:STAGES], 0.1 * DOP853.E3[:STAGES]])
        self._d = np.asarray(DOP853.D)
        self._stages = np.empty((0, 0))
        self._rows: list[tuple[Array, Array, Array]] = []
        self._trial = np.empty((0, 0))

    def step(self, y: Array, f: Array, h: Array) -> Attempt:
        """Try a step ``h`` (n,) from ``y`` (n, d), where the force is ``f``.

        The error norm is 1 where the estimated local error just meets the tolerances, nan or inf
        where a stage could not be evaluated.
        """
        shape, start = y.shape, y.ravel()
        if self._trial.shape != shape:
            # Rows for the state, the stages, and those that the interpolant asks for besides.
            self._stages, self._trial = np.empty((STAGES + 5, start.size)), np.empty(shape)
            k = self._stages
            self._rows = [(self._a[s], k[: s + 1], k[s + 1]) for s in range(1, STAGES)]
        k, force, trial, steps = (
            self._stages,
            self._field.force,
            self._trial,
            np.repeat(h, shape[1]),
        )
        k[0], flat = start, trial.reshape(-1)
        np.multiply(f.ravel(), steps, out=k[1])
        for weights, before, row in self._rows:
            weights.dot(before, out=flat)
            np.multiply(force(trial, y).ravel(), steps, out=row)
        new = self._b.dot(k[1 : STAGES + 1])
        new += start
        scale = np.maximum(np.abs(start), np.abs(new))
        scale *= self._rtol
        scale += self._atol
        missed = self._errors.dot(k[1 : STAGES + 1])
        missed /= scale
        five, three = squares(missed.reshape(2, *shape))
        error = five / np.sqrt(np.maximum((five + three) * shape[-1], 1e-300))
        return Attempt(new.reshape(shape), error, STAGES - 1)

    def rate(self, y: Array, f: Array, h: Array, lanes: Any) -> Array:
        """Estimate of the largest rate of ``lanes`` of the last step, ``h``, which ended at y, f.

        The last stage and the new state are two states at the same time; the field's difference
        between them points along the fastest direction (Hairer and Wanner, section IV.2).
        """
        shape = -1, y.shape[1]
        rise = f - self._stages[STAGES].reshape(shape)[lanes] / h[:, None]
        run = squares(y - self._trial[lanes])
        return np.sqrt(squares(rise) / np.where(run > 0, run, np.inf))

    def interpolant(
        self, y: Array, f: Array, h: Array, new: Array, f_new: Array, lanes: Any
    ) -> tuple[Array, int]:
        """Coefficients (7, n, d) of the dense output of ``lanes`` of the last step, and its cost.

        The other arguments are those of these lanes only.
        """
        k = np.empty((STAGES + 5, *y.shape))
        k[: STAGES + 1] = self._stages[: STAGES + 1].reshape(STAGES + 1, -1, y.shape[1])[:, lanes]
        steps = np.repeat(h, y.shape[1]).reshape(y.shape)
        k[STAGES + 1] = steps * f_new
        flat = k.reshape(STAGES + 5, -1)
        for s in range(STAGES + 1, STAGES + 4):
            trial = self._a[s - 1].dot(flat[: s + 1]).reshape(y.shape)
            k[s + 1] = steps * self._field.force(trial, y)
        rise = new - y
        coefficients = np.empty((7, *y.shape))
        coefficients[0] = rise
        coefficients[1] = k[1] - rise
        coefficients[2] = 2 * rise - k[1] - k[STAGES + 1]
        coefficients[3:] = self._d.dot(flat[1:]).reshape(4, *y.shape)
        return coefficients, 3

    def interpolation_error(self, coefficients: Array, y: Array) -> Any:
        """Error norm (n,) of interpolants, 1 where they are ten times as wrong as a step may be.

        About a tenth of the last term, of degree 7, at its largest is the error as measured.
        """
        scale = self._atol + self._rtol * np.abs(y)
        return 1e-2 * (4**4 * 3**3 / 7**7) * (np.abs(coefficients[6]) / scale).max(axis=-1)


def interpolate(coefficients: Array, y: Array, x: Array) -> Array:
    """States at the fractions ``x`` (m,) of a step that began at ``y``, (m, d) or (d,)."""
    x = x[:, None]
    out = np.zeros((len(x), y.shape[-1]))
    for i in range(6, -1, -1):
        out += coefficients[i]
        out *= x if i % 2 == 0 else 1 - x
    return out + y


def squares(x: Array) -> Array:
    """Sum of squares (...) of the last axis."""
    return np.vecdot(x, x)


def first_step(
    field: RightHandSide, y: Array, f: Array, rtol: float, atol: float
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
        probe = field.force(y + h0[:, None] * f, y)
        change = np.sqrt(np.mean(((probe - f) / largest / scale) ** 2, axis=1))
        usable = np.isfinite(change)
        rate = np.where(usable, change, 0.0) / np.maximum(unit, 1e-300) / h0
        travel = unit * largest[:, 0] / np.maximum(rate, 1e-300)
        h1 = (0.01 / np.maximum(travel, 1e-300)) ** (1 / DormandPrince.exponent)
        h1 = h1 / np.maximum(rate, 1e-300)
    h = np.minimum(100 * h0, np.where(rate > 0, h1, np.inf))
    return np.where(usable, h, 1e-3 * h0), rate
