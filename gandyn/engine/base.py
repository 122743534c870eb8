"""What every engine gives: force, values and Jacobian, each with error, convergence and cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gandyn.engine.quadrature import Integrals

__all__ = ["Engine"]

Array = NDArray[np.float64]


class Engine(Protocol):
    """A way to evaluate a game at stacks of states θ of shape (L, d).

    Attributes
    ----------
    name : str
        What the way is called in `repr(game)`.
    """

    @property
    def name(self) -> str: ...

    def force(self, theta: Array) -> Integrals:
        """dθ/dt: values and errors of shape (d, L)."""
        ...

    def has_force(self, theta: Array) -> NDArray[np.bool_]:
        """Whether the force is not told, without integrating, to be infinite: (L,)."""
        return np.ones(len(theta), bool)

    def close_force(self, theta: Array) -> Integrals:
        """The same, as close as values are that are given with their errors."""
        return self.force(theta)

    def force_at(self, theta: Array) -> Array:
        """The same at one state θ of shape (d,), without its error: shape (d,)."""
        return self.force(theta[None]).value[:, 0]

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential": values and errors of shape (len(names), L)."""
        ...

    def jacobian(self, theta: Array) -> Array:
        """∂(dθ/dt)_i/∂θ_j, shape (L, d, d)."""
        ...
