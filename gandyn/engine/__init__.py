"""The integrals of a game: force, values and Jacobian, each with error, convergence and cost."""

from __future__ import annotations

from gandyn.distributions import Distribution
from gandyn.engine.base import Engine
from gandyn.engine.fast import FastEngine
from gandyn.engine.grid import GridEngine
from gandyn.engine.latent import LatentEngine
from gandyn.engine.panels import PanelEngine
from gandyn.engine.quadrature import Integrals
from gandyn.generators import Generator
from gandyn.generators.undeclared import refuse_undeclared
from gandyn.objectives import Objective

__all__ = ["Engine", "Integrals", "engine_of", "way_of"]


def engine_of(data: Distribution, generator: Generator, objective: Objective) -> Engine:
    """The fastest engine that takes the game.

    Raises
    ------
    InputError
        Where the generator has a jump, or a kink that it does not name.
    """
    refuse_undeclared(generator)
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
