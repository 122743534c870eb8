"""A generator of one's own in training: a state for each replica, by its map and sensitivity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.generators import Generator

__all__ = ["OwnGenerators"]

Array = NDArray[Any]


class OwnGenerators:
    """What `Networks` are to networks, for any generator.

    Parameters
    ----------
    generator : Generator
    replicas : int
    dtype : dtype

    Attributes
    ----------
    parameters, gradient : ndarray, shape (R, d)
    """

    def __init__(self, generator: Generator, replicas: int, dtype: Any) -> None:
        self._generator = generator
        self.replicas = replicas
        self.parameters: Array = np.zeros((replicas, generator.dimension), dtype)
        self.gradient: Array = np.zeros_like(self.parameters)
        self._z: Array = np.empty(0)

    def forward(self, z: Array) -> Array:
        """x (R, n) at latents (R, n), which are kept for `backward`."""
        self._z = z.astype(float)
        theta = self.parameters.astype(float)
        made = [self._generator(*pair) for pair in zip(self._z, theta, strict=True)]
        return np.array(made, self.parameters.dtype)

    def backward(self, slope: Array) -> Array:
        """Take ∂L/∂x (R, n) back to `gradient`."""
        theta = self.parameters.astype(float)
        for out, push, *pair in zip(self.gradient, slope, self._z, theta, strict=True):
            out[:] = self._generator.sensitivity(*pair) @ push
        return self.gradient

    def penalise(self, l2: float) -> None:
        """Nothing: parameters of one's own are no weights."""
