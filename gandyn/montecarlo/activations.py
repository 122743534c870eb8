"""Activations: in place forwards, and in place backwards from what they gave.

Arrays have a last column that stands for the constant 1 in `hidden`, and for nothing in slopes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS"]

Array = NDArray[Any]


class Relu:
    """max(0, u), whose derivative at 0 is taken as 0."""

    pieced = True
    """Whether it is linear on both sides of 0."""

    def apply(self, hidden: Array) -> None:
        """Replace pre-activations by activations, the last column by 1."""
        np.maximum(hidden, 0.0, out=hidden)

    def pull(self, slope: Array, hidden: Array) -> None:
        """Multiply a slope at the activations by the activation's derivative."""
        slope *= hidden > 0.0

    def pull_masked(self, slope: Array, hidden: Array, mask: Array) -> None:
        """The same where the activations were multiplied by a dropout mask afterwards."""
        # Where the mask is 0 so is what it left of the activation.
        slope *= mask
        self.pull(slope, hidden)


class Tanh:
    """tanh(u), whose derivative is 1 − tanh²."""

    pieced = False

    def apply(self, hidden: Array) -> None:
        """As `Relu.apply`."""
        np.tanh(hidden, out=hidden)
        hidden[..., -1] = 1.0

    def pull(self, slope: Array, hidden: Array) -> None:
        """As `Relu.pull`."""
        lost = slope * hidden
        lost *= hidden
        slope -= lost

    def pull_masked(self, slope: Array, hidden: Array, mask: Array) -> None:
        """As `Relu.pull_masked`."""
        slope *= mask
        # Where the mask is 0 the slope is, whatever the activation was.
        plain = np.divide(hidden, mask, out=np.zeros_like(hidden), where=mask > 0.0)
        self.pull(slope, plain)


ACTIVATIONS: dict[str, Relu | Tanh] = {"relu": Relu(), "tanh": Tanh()}
