"""The landscape of a game: where training ends, from which starts, and how high the walls are."""

from gandyn.landscape.basin_map import Basins, basins, integrated_basins
from gandyn.landscape.bifurcations import Branch, Branches, BranchPoint, Fold, branches
from gandyn.landscape.census import Equilibria, Equilibrium, equilibria
from gandyn.landscape.diagram import Curve, Cusp, PhaseDiagram, Region, phase_diagram
from gandyn.landscape.family import Template, template
from gandyn.landscape.manifolds import Manifold, Separatrices, separatrices
from gandyn.landscape.maxwell import MaxwellPoint
from gandyn.landscape.mountain_passes import Barrier, Barriers, Merge, barriers
from gandyn.landscape.raster_map import Raster, raster
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
