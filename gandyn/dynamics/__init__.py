"""How the generator's parameters move, continuously and in finite steps."""

from gandyn.dynamics.descent import Iteration, iterate, stability_limit
from gandyn.dynamics.flow import Flow, Interrupted, gradient_flow

__all__ = [
    "Flow",
    "Interrupted",
    "Iteration",
    "gradient_flow",
    "iterate",
    "stability_limit",
]
