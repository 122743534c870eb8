"""The integrals of a game: force, values and Jacobian, each with error, convergence and cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.fast import FastEngine
from gandyn.engine.grid import GridEngine
from gandyn.engine.latent import LatentEngine
from gandyn.engine.panels import PanelEngine
from gandyn.engine.quadrature import Integrals
from gandyn.generators import Generator
from gandyn.objectives import Objective

__all__ = ["Engine", "Integrals", "engine_of", "way_of"]

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

    def close_force(self, theta: Array) -> Integrals:
        """The same, as close as values are that are given with their errors."""

    def force_at(self, theta: Array) -> Array:
        """The same at one state θ of shape (d,), without its error: shape (d,)."""

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential": values and errors of shape (len(names), L)."""

    def jacobian(self, theta: Array) -> Array:
        """∂(dθ/dt)_i/∂θ_j, shape (L, d, d)."""


def engine_of(data: Distribution, generator: Generator, objective: Objective) -> Engine:
    """The fastest engine that takes the game."""
    panels = PanelEngine(data, generator, objective)
    if generator.affine:
        return FastEngine(panels)
    return LatentEngine(panels) if LatentEngine.takes(panels) else panels


def way_of(data: Distribution, generator: Generator, objective: Objective) -> str:
    """Which way the force of a game goes, in words, and why none that is faster."""
    panels = PanelEngine(data, generator, objective)
    refusal = FastEngine.refusal(panels)
    if refusal is None:
        if objective.closed:
            return "by closed form"
        return "by grid" if not GridEngine.refusal(panels) else "on the latent's interval"
    return "on the latent line" if LatentEngine.takes(panels) else f"by panels: {refusal}"
