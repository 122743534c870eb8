"""Generators: x = G(z; θ), its sensitivity, and the density it pushes forward."""

from gandyn.generators.base import Generator
from gandyn.generators.generated import Generated
from gandyn.generators.hermite import HermiteGenerator
from gandyn.generators.linear import LinearGenerator
from gandyn.generators.mlp import MLPGenerator

__all__ = ["Generated", "Generator", "HermiteGenerator", "LinearGenerator", "MLPGenerator"]
