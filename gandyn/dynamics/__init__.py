"""Floor 4: how the generator's parameters move, continuously and in finite steps."""

from gandyn.dynamics.descent import Iteration, iterate, largest_descending_step, stability_limit
from gandyn.dynamics.flow import Flow, gradient_flow

__all__ = [
    "Flow",
    "Iteration",
    "gradient_flow",
    "iterate",
    "largest_descending_step",
    "stability_limit",
]
