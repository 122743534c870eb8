"""How a GAN trains, exactly, in one dimension.

Every public name is here, and is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "gandyn.distributions": [
        "Distribution",
        "Laplace",
        "LocationScale",
        "Logistic",
        "Mixture",
        "Normal",
        "StudentT",
        "Uniform",
        "from_logpdf",
        "from_samples",
        "from_scipy",
        "parse",
    ],
    "gandyn.pair": ["Distances", "distances"],
    "gandyn.dynamics": [
        "Flow",
        "Iteration",
        "gradient_flow",
        "iterate",
        "largest_descending_step",
        "stability_limit",
    ],
    "gandyn.errors": ["InputError"],
    "gandyn.game": ["Discriminator", "Evaluation", "Game"],
    "gandyn.generators": ["Generator", "HermiteGenerator", "LinearGenerator", "MLPGenerator"],
    "gandyn.landscape": [
        "Barriers",
        "Basins",
        "Branches",
        "Equilibria",
        "Equilibrium",
        "PhaseDiagram",
        "Raster",
        "Separatrices",
        "StringPath",
        "Template",
        "barriers",
        "basins",
        "branches",
        "equilibria",
        "integrated_basins",
        "phase_diagram",
        "raster",
        "separatrices",
        "string_path",
        "template",
    ],
    "gandyn.montecarlo": [
        "MLP",
        "SGD",
        "Adam",
        "Comparison",
        "Momentum",
        "Noise",
        "RMSProp",
        "SamplingError",
        "Settings",
        "Training",
        "article",
        "compare",
        "gradient_noise",
        "measured_noise",
        "sampling_error",
        "train",
    ],
    "gandyn.landscape.modes": ["Coverage", "coverage"],
    "gandyn.objectives": ["FDivergence", "Objective", "Transport", "alpha", "objective"],
    "gandyn.theory": ["Claim", "Verification", "verify"],
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_WHERE)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'gandyn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
