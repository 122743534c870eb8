"""A stack of networks with the optimizer that trains them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.montecarlo.networks import MLP, Networks
from gandyn.montecarlo.optimizers import Optimizer

__all__ = ["Trained"]

Array = NDArray[Any]


class Trained:
    """Networks, what their optimizer remembers, and the steps it has made.

    Parameters
    ----------
    networks : Networks
    plan : MLP or None
        What they were made to; None for a z + b.
    optimizer : Optimizer
    """

    def __init__(self, networks: Networks, plan: MLP | None, optimizer: Optimizer) -> None:
        self.networks, self.plan, self._optimizer = networks, plan, optimizer
        shape = (optimizer.slots, *networks.parameters.shape)
        self.memory: Array = np.zeros(shape, networks.parameters.dtype)
        self.count = 0

    def step(self) -> None:
        """Step down the gradient that the networks hold."""
        if self.plan is not None:
            self.networks.penalise(self.plan.l2)
        self.count += 1
        self._optimizer.step(
            self.networks.parameters, self.networks.gradient, self.memory, self.count
        )

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Whether every parameter of each replica is a number."""
        return np.asarray(np.isfinite(self.networks.parameters).all(axis=1))
