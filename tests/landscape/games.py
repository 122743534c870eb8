"""Games in closed form that stand in for the engine: their rest points and curves are known."""

from types import SimpleNamespace

import numpy as np

import gandyn

STEP = 1e-30


class Sheared:
    """Two motions in one dimension each, ṗ = P(p) and ẏ = Y(y), over a bent chart of (a, b).

    y = b − ½ sin(3/2 log a) and p = log a − 3/10 tanh y, so that lines of constant p or y are
    curves in (a, b). Where P or Y is 0, that line is invariant.
    """

    generator = gandyn.LinearGenerator()

    def __init__(self, along_p, along_y, data=None):
        self.along_p, self.along_y = along_p, along_y
        self.data = gandyn.Normal(0.0, 1.2) if data is None else data

    @staticmethod
    def chart(theta):
        """(p, y) of states."""
        scale = np.log(theta[..., 0])
        y = theta[..., 1] - 0.5 * np.sin(1.5 * scale)
        return scale - 0.3 * np.tanh(y), y

    @staticmethod
    def theta(p, y):
        """The states (..., 2) of p and y."""
        p, y = np.broadcast_arrays(np.asarray(p, float), np.asarray(y, float))
        scale = p + 0.3 * np.tanh(y)
        return np.stack([np.exp(scale), y + 0.5 * np.sin(1.5 * scale)], axis=-1)

    def force(self, theta):
        theta = np.asarray(theta)
        p, y = self.chart(theta)
        by_y = self.along_y(y)
        by_scale = self.along_p(p) + 0.3 / np.cosh(y) ** 2 * by_y
        scale = np.log(theta[..., 0])
        by_b = by_y + 0.75 * np.cos(1.5 * scale) * by_scale
        return np.stack([theta[..., 0] * by_scale, by_b], axis=-1)

    def jacobian(self, theta):
        """By complex steps: exact."""
        columns = [self.force(theta + 1j * STEP * e).imag / STEP for e in np.eye(2)]
        return np.stack(columns, axis=-1)

    def potential(self, theta):
        return np.zeros(np.shape(theta)[:-1])

    def evaluate(self, theta, values=None):
        force = self.force(theta)
        return SimpleNamespace(
            force=force,
            potential=self.potential(theta),
            errors={"force": 1e-16 * np.ones_like(force)},
        )


def four_wells():
    """Attractors at p = ±1, y = ±1, a repeller between them and a saddle on each side of it."""
    return Sheared(lambda p: p - p**3, lambda y: y - y**3)
