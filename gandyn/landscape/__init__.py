"""The landscape of a game: where training ends, from which starts, and how high the walls are."""

from gandyn.landscape.barriers import Barrier, Barriers, Merge, barriers
from gandyn.landscape.basins import Basins, basins, integrated_basins
from gandyn.landscape.branches import (
    Branch,
    Branches,
    BranchPoint,
    Fold,
    MaxwellPoint,
    branches,
)
from gandyn.landscape.diagram import Curve, Cusp, PhaseDiagram, Region, phase_diagram
from gandyn.landscape.equilibria import Equilibria, Equilibrium, equilibria
from gandyn.landscape.family import Template, template
from gandyn.landscape.raster import Raster, raster
from gandyn.landscape.separatrices import Manifold, Separatrices, separatrices
from gandyn.landscape.strings import StringPath, string_path

__all__ = [
    "Barrier",
    "Barriers",
    "Basins",
    "Branch",
    "BranchPoint",
    "Branches",
    "Curve",
    "Cusp",
    "Equilibria",
    "Equilibrium",
    "Fold",
    "Manifold",
    "MaxwellPoint",
    "Merge",
    "PhaseDiagram",
    "Raster",
    "Region",
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
]
