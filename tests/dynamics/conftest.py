"""Small games in closed form that stand in for the engine, which these tests do not test."""

from types import SimpleNamespace

import numpy as np
import pytest

from gandyn.errors import InputError


class Linear:
    """dθ/dt = A θ."""

    def __init__(self, matrix):
        self.matrix = np.array(matrix, dtype=float)

    def force(self, theta):
        return theta @ self.matrix.T

    def jacobian(self, theta):
        d = theta.shape[-1]
        return np.broadcast_to(self.matrix, (*theta.shape[:-1], d, d))

    def potential(self, theta):
        return -0.5 * np.einsum("...i,ij,...j", theta, self.matrix, theta)


class Normals:
    """Reverse KL between data N(m, s²) and a z + b: force (1/a - a/s², (m - b)/s²)."""

    def __init__(self, mean=1.0, std=2.0):
        self.mean, self.std = mean, std
        self.lanes = 0
        self.calls = 0

    def _check(self, theta):
        if not np.isfinite(theta).all() or (theta[..., 0] == 0).any():
            raise InputError("theta: got a = 0, must be non-zero")

    def force(self, theta):
        self._check(theta)
        self.lanes += theta[..., 0].size
        self.calls += 1
        a, b = theta[..., 0], theta[..., 1]
        return np.stack([1 / a - a / self.std**2, (self.mean - b) / self.std**2], axis=-1)

    def jacobian(self, theta):
        self._check(theta)
        out = np.zeros((*theta.shape, 2))
        out[..., 0, 0] = -(theta[..., 0] ** -2) - self.std**-2
        out[..., 1, 1] = -(self.std**-2)
        return out

    def potential(self, theta):
        a, b = theta[..., 0], theta[..., 1]
        square = (a**2 + (b - self.mean) ** 2) / (2 * self.std**2)
        return square - 0.5 - np.log(np.abs(a) / self.std)

    def exact(self, theta0, t):
        """States (..., T, 2) at times t (T,)."""
        theta0 = np.asarray(theta0, dtype=float)[..., None, :]
        s2 = self.std**2
        a = np.sqrt(s2 + (theta0[..., 0] ** 2 - s2) * np.exp(-2 * np.asarray(t) / s2))
        b = self.mean + (theta0[..., 1] - self.mean) * np.exp(-np.asarray(t) / s2)
        return np.stack([np.copysign(a, theta0[..., 0]), b], axis=-1)


class Well:
    """Two wells at (±1, 0), a saddle at (0, 0); `stiffness` is the rate of the second mode."""

    def __init__(self, stiffness=2.0):
        self.stiffness = stiffness

    def force(self, theta):
        x, y = theta[..., 0], theta[..., 1]
        return np.stack([x - x**3, -self.stiffness * y], axis=-1)

    def jacobian(self, theta):
        out = np.zeros((*theta.shape, 2))
        out[..., 0, 0] = 1 - 3 * theta[..., 0] ** 2
        out[..., 1, 1] = -self.stiffness
        return out

    def potential(self, theta):
        x, y = theta[..., 0], theta[..., 1]
        return x**4 / 4 - x**2 / 2 + self.stiffness * y**2 / 2

    def exact(self, theta0, t):
        theta0 = np.asarray(theta0, dtype=float)[..., None, :]
        x0, y0 = theta0[..., 0], theta0[..., 1]
        decay = np.exp(-np.asarray(t))
        x = x0 / np.sqrt(x0**2 + (1 - x0**2) * decay**2)
        return np.stack([x, y0 * decay**self.stiffness], axis=-1)


class Valley:
    """A curved valley, steep across and gentle along: stiff, and not linear in any region.

    The steep mode y - sin x decays at `steepness`; x drifts to 0 as dx/dt = -x/(1 + x²).
    """

    def __init__(self, steepness=1e4):
        self.steepness = steepness

    def force(self, theta):
        x, y = theta[..., 0], theta[..., 1]
        drift = -x / (1 + x**2)
        return np.stack([drift, np.cos(x) * drift - self.steepness * (y - np.sin(x))], axis=-1)

    def jacobian(self, theta):
        x = theta[..., 0]
        drift, bend = -x / (1 + x**2), -(1 - x**2) / (1 + x**2) ** 2
        out = np.zeros((*theta.shape, 2))
        out[..., 0, 0] = bend
        out[..., 1, 0] = np.cos(x) * (bend + self.steepness) - np.sin(x) * drift
        out[..., 1, 1] = -self.steepness
        return out


class Plateau:
    """A force that is exp(-x) far away and -1 near the rest point 0: 1e-50 at x = 115."""

    def force(self, theta):
        return -np.sinh(np.minimum(theta, 1.0)) * np.exp(-np.maximum(theta - 1, 0))

    def jacobian(self, theta):
        far = theta > 1
        slope = np.where(far, np.sinh(1.0), -np.cosh(np.minimum(theta, 1.0)))
        return (slope * np.exp(-np.maximum(theta - 1, 0)))[..., None]


class Sign:
    """A force of constant size towards 0, with a jump there, as of the Wasserstein-1 flow."""

    def force(self, theta):
        return -np.sign(theta)

    def jacobian(self, theta):
        return np.zeros((*theta.shape, theta.shape[-1]))


@pytest.fixture
def games():
    return SimpleNamespace(
        Linear=Linear, Normals=Normals, Plateau=Plateau, Sign=Sign, Valley=Valley, Well=Well
    )
