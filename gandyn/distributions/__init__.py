"""Densities on the line: what a game's data and latents are made of."""

from gandyn.distributions.base import Distribution
from gandyn.distributions.callable_density import CallableDensity, from_logpdf
from gandyn.distributions.families import Laplace, Logistic, Normal, Uniform
from gandyn.distributions.kernel import KernelDensity, from_samples
from gandyn.distributions.location_scale import LocationScale, SymmetricLocationScale
from gandyn.distributions.mixture import Mixture
from gandyn.distributions.notation import parse
from gandyn.distributions.scipy_density import ScipyDensity, from_scipy
from gandyn.distributions.student_t import StudentT

__all__ = [
    "CallableDensity", "Distribution", "KernelDensity", "Laplace", "LocationScale", "Logistic",
    "Mixture", "Normal", "ScipyDensity", "StudentT", "SymmetricLocationScale", "Uniform",
    "from_logpdf", "from_samples", "from_scipy", "parse",
]  # fmt: skip
