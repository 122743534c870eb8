"""The sums of the force at one state, in fewer and smaller steps than those of a stack."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np

from gandyn.distributions import Distribution
from gandyn.engine.nodes import OnGrid, end_weights
from gandyn.engine.table import Level, Table
from gandyn.objectives import FDivergence

__all__ = ["fitted", "push_sums"]


def fitted(
    table: Table,
    marks: Sequence[tuple[float, float]],
    reach: tuple[float, float],
    scale: float,
    loc: float,
) -> Iterator[tuple[Level, slice]]:
    """The two coarsest grids that resolve a state's own density, and the window of each.

    `marks` are places to resolve of the latent's density, each with the spacing that it asks for;
    `reach` are the ends that the window must reach.
    """
    level = table.level(0)
    last, ratio = len(level.places) - 1, 1.0
    for z, spacing in marks:
        x = loc + scale * z
        if reach[0] <= x <= reach[1]:
            at = min(bisect_left(level.places, x), last)
            ratio = max(ratio, level.spacings[at] / (spacing * abs(scale)))
    wanted = math.ceil(math.log2(ratio))
    for m in range(wanted, min(wanted + 2, table.finest)):
        level = table.level(m)
        start = bisect_left(level.places, reach[0]) & ~3
        stop = min((bisect_left(level.places, reach[1]) + 3) & ~3, len(level.places))
        yield level, slice(start, stop)


def push_sums(
    kind: type[OnGrid],
    target: FDivergence,
    level: Level,
    window: slice,
    latent: Distribution,
    scale: float,
    loc: float,
) -> list[float]:
    """`OnGrid.push_sums` for one state."""
    z = level.x[window] - loc
    line = kind.line(level.data, abs(scale), loc)
    if line is not None:
        slope = line[0] * z
        slope += line[1]
    z *= 1.0 / scale
    log_q, score = kind.standard(latent, z)
    log_q = log_q - math.log(abs(scale))
    if line is None:
        slope = score * (-1.0 / scale)
        slope += level.score[window]
    mass = np.empty_like(z)
    weight, columns = level.weight[window], level.columns[window]
    target.quick_mass(level.log_density[window], level.density[window], log_q, mass)
    total = float(mass @ weight)
    mass *= slope
    z *= mass
    sums = [*(z @ columns).tolist(), *(mass @ columns).tolist()]
    np.abs(mass, out=mass)
    first, last = end_weights(level, window)
    ends = max(float(mass[0]) * first, float(mass[-1]) * last)
    return [*sums, float(mass @ weight), ends, total]
