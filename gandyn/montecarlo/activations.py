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

    def pull(self, slope: Array, hidden: Array, mask: Array | None) -> None:
        """Multiply a slope at the activations by their derivative, and by their dropout mask."""
        if mask is not None:
            # Where the mask is 0 so is what it left of the activation.
            slope *= mask
        slope *= hidden > 0.0


class Tanh:
    """tanh(u), whose derivative is 1 − tanh²."""

    pieced = False

    def apply(self, hidden: Array) -> None:
        """As `Relu.apply`."""
        np.tanh(hidden, out=hidden)
        hidden[..., -1] = 1.0

    def pull(self, slope: Array, hidden: Array, mask: Array | None) -> None:
        """As `Relu.pull`."""
        if mask is not None:
            slope *= mask
            # Where the mask is 0 the slope is, whatever the activation was.
            hidden = np.divide(hidden, mask, out=np.zeros_like(hidden), where=mask > 0.0)
        lost = slope * hidden
        lost *= hidden
        slope -= lost


ACTIVATIONS: dict[str, Relu | Tanh] = {"relu": Relu(), "tanh": Tanh()}
