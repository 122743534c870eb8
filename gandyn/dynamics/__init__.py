"""Floor 4: how the generator's parameters move, continuously and in finite steps."""

from gandyn.dynamics.flow import Flow, gradient_flow
from gandyn.dynamics.iterate import Iteration, iterate, largest_descending_step, stability_limit

__all__ = [
    "Flow",
    "Iteration",
    "gradient_flow",
    "iterate",
    "largest_descending_step",
    "stability_limit",
]
