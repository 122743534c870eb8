"""Pictures of results: each function draws into the axes ``ax`` that it is given, and returns them.

A ``title`` stands above the legend; by default it is that which the axes have already. Nothing here
computes a result, shows a window or changes a global setting::

    with plots.style():
        figure = plots.new_figure()
        plots.draw_trajectory(figure.subplots(), flow.t, flow.theta)
    plots.save_figure(figure, "trajectory.png")
"""

import os

from gandyn.errors import InputError
from gandyn.system.optional import needed_by

with needed_by("plots"):
    try:
        import matplotlib  # noqa: F401
    except ValueError:
        chosen = os.environ.get("MPLBACKEND")
        raise InputError(
            f"MPLBACKEND: got {chosen!r}, must be a backend of Matplotlib, or not be set"
        ) from None

from gandyn.plots.barrier_tree import draw_barrier_tree, draw_paths
from gandyn.plots.branches import draw_branches
from gandyn.plots.colours import Cue, discriminator_cue, divergence_cue, objective_cue, ramp
from gandyn.plots.comparison import draw_clock, draw_comparison, draw_deviation, draw_replica_paths
from gandyn.plots.course import draw_potential, draw_trajectory, draw_values
from gandyn.plots.densities import (
    DensityScale,
    density_scale,
    draw_arrow_moments,
    draw_densities,
    draw_moments,
)
from gandyn.plots.diagram import draw_diagram
from gandyn.plots.field import draw_field
from gandyn.plots.files import animate, can_write_mp4, path_times, save_figure
from gandyn.plots.lines import Curve, draw_fits, draw_lines
from gandyn.plots.moments import Moment, moment, moment_title, moments, training_moments, window
from gandyn.plots.portrait import draw_portrait
from gandyn.plots.raster import draw_raster
from gandyn.plots.ridges import draw_ridges
from gandyn.plots.shares import draw_shares
from gandyn.plots.slopes import draw_slope
from gandyn.plots.style import new_figure, style
from gandyn.plots.training import draw_replicas, draw_training
from gandyn.system.files import whole_file

__all__ = [
    "Cue", "Curve", "DensityScale", "Moment", "animate", "can_write_mp4", "density_scale",
    "discriminator_cue", "divergence_cue", "draw_arrow_moments", "draw_barrier_tree",
    "draw_branches", "draw_clock", "draw_comparison", "draw_densities", "draw_deviation",
    "draw_diagram", "draw_field", "draw_fits", "draw_lines", "draw_moments", "draw_paths",
    "draw_portrait", "draw_potential", "draw_raster", "draw_replica_paths", "draw_replicas",
    "draw_ridges", "draw_shares", "draw_slope", "draw_training", "draw_trajectory", "draw_values",
    "moment", "moment_title", "moments", "new_figure", "objective_cue", "path_times", "ramp",
    "save_figure", "style", "training_moments", "whole_file", "window",
]  # fmt: skip
