"""The passes between attractors, as pictures show them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from gandyn import plots
from gandyn.errors import InputError
from gandyn.landscape.census import Equilibria
from gandyn.landscape.mountain_passes import Barrier, Barriers
from gandyn.system.polyline import length


def finite_heights(found: Equilibria) -> bool:
    """Whether attractors and saddles have a finite potential."""
    heights = [point.potential for point in (*found.attractors, *found.saddles)]
    return bool(np.isfinite(heights).all())


def direct_barriers(found: Barriers) -> tuple[Barrier, ...]:
    """For each joint of the tree the barrier between neighbours: the others are made of these."""
    out = []
    for merge in found.tree:
        across = [
            barrier
            for barrier in found.barriers
            if barrier.saddle == merge.saddle
            and {barrier.start in merge.left, barrier.end in merge.left} == {True, False}
        ]
        out += sorted(across, key=_length)[:1]
    return tuple(sorted(out, key=lambda barrier: (barrier.start, barrier.end)))


def _length(barrier: Barrier) -> float:
    return float(length(barrier.path)[-1])


def tree_and_paths(found: Barriers) -> Figure:
    """The tree above the paths between neighbours.

    Raises
    ------
    InputError
        Where a potential is infinite.
    """
    if not finite_heights(found.equilibria):
        raise InputError(
            "output: got a picture of passes whose potential is infinite, must be finite to be "
            "drawn; --json gives what there is"
        )
    wide = max(5.6, 1.2 * len(found.equilibria.attractors) + 0.9)
    with plots.style():
        figure = plots.new_figure((wide, 7.0))
        upper, lower = figure.subplots(2, 1)
        plots.draw_barrier_tree(upper, found)
        plots.draw_paths(lower, replace(found, barriers=direct_barriers(found)))
    return figure
