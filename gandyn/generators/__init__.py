"""Generators: x = G(z; θ), its sensitivity, and the density it pushes forward."""

from gandyn.generators.base import Generated, Generator
from gandyn.generators.linear import LinearGenerator

__all__ = ["Generated", "Generator", "LinearGenerator"]
