"""Maxwell points: parameters at which two attractors have one potential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.landscape.census import Equilibria
from gandyn.landscape.newton import newton
from gandyn.landscape.plane import Plane
from gandyn.landscape.unfolding import Unfolding
from gandyn.system.bracket import roots
from gandyn.system.checks import Array
from gandyn.system.results import Alike

_TWINS = 1e-12
"""Attractors whose potentials never differ by more are mirror images."""
_SAME = 1e-6
"""States nearer than this, in units of a, are one."""
_STAGES = 4
"""Stages in which attractors are led from one node of a lattice to the next."""


@dataclass(frozen=True, eq=False)
class MaxwellPoint(Alike):
    """Where two attractors are equally deep, and the deeper of them changes.

    Attributes
    ----------
    parameter : float
    theta : ndarray, shape (2, 2)
        Both states, the one with the lower b first.
    potential : float
        That of both.
    difference : float
        What is left between the two.
    """

    parameter: float
    theta: Array
    potential: float
    difference: float

    @property
    def b(self) -> float:
        """The place of the first state."""
        return float(self.theta[0, 1])


def crossings(base: Unfolding, curves: Sequence[Any]) -> list[MaxwellPoint]:
    """The Maxwell points of branches.

    Pairs that are equally deep throughout, as mirror images are, are left out.
    """
    pieces = [piece for curve in curves for piece in _stable_pieces(curve)]
    out = []
    for one, other in combinations(pieces, 2):
        low, high = max(one[0][0], other[0][0]), min(one[0][-1], other[0][-1])
        if low >= high:
            continue
        at = np.union1d(one[0], other[0])
        at = np.union1d(at[(at >= low) & (at <= high)], [low, high])
        gap = _along(at, one)[:, 2] - _along(at, other)[:, 2]
        for k in np.flatnonzero(gap[1:] * gap[:-1] < 0).tolist():
            # A step more on both sides, since the cubic may have the sign of a small gap wrong.
            bracket = at[max(k - 1, 0)], at[min(k + 2, len(at) - 1)]
            found = _solved(base, one, other, *bracket)
            if found is not None:
                out.append(found)
    return out


def _stable_pieces(curve: Any) -> list[tuple[Array, Array]]:
    """Runs of attractors with a parameter that rises: its values, and rows (a, b, potential)."""
    stable = curve.kind == "attractor"
    step = np.where(stable[1:] & stable[:-1], np.sign(np.diff(curve.parameter)), 0.0)
    starts = [0, *(np.flatnonzero(np.diff(step)) + 1).tolist()] if step.size else []
    pieces = []
    for first, last in zip(starts, [*starts[1:], len(step)], strict=True):
        run = slice(first, last + 1)
        rows = np.column_stack([curve.theta[run], curve.potential[run]])
        if step[first] and np.isfinite(rows).all():
            order = slice(None, None, int(step[first]))
            pieces.append((curve.parameter[run][order], rows[order]))
    return pieces


def _along(at: Array, piece: tuple[Array, Array]) -> Array:
    """a, b and potential of a piece at values of the parameter, by a monotone cubic."""
    from scipy.interpolate import PchipInterpolator

    return np.asarray(PchipInterpolator(*piece)(at))


def order_changes(
    base: Unfolding, one: Array, other: Array, before: Equilibria, after: Equilibria
) -> list[tuple[Array, Array, Array]]:
    """Pairs of attractors that change their order on the segment between two sets of parameters.

    `base` is of two parameters; `one` and `other` (2,) are their scaled values at the ends,
    `before` and `after` the rest points there. Each pair comes as (u₁, u₂, values): both attractors
    (log a, b/scale), and the parameters at which they are equally deep.
    """
    ranks = [deepest_first(points) for points in (before, after)]
    if min(map(len, ranks)) < 2 or (ranks[0] == ranks[1] and len(set(ranks[0])) == len(ranks[0])):
        return []
    pieces, line = [], base.line(one, other)
    for point in before.attractors:
        led = point.theta[None]
        for part in np.arange(1, _STAGES + 1) / _STAGES:
            led = newton(Plane(line.game([part])), led)
        for k in after.nearest(led, ("attractor",), _SAME):
            if k >= 0:
                ends = [[*end.theta, end.potential] for end in (point, after[k])]
                pieces.append((np.array([0.0, 1.0]), np.array(ends)))
    out = []
    for first, second in combinations(pieces, 2):
        before_gap, after_gap = first[1][:, 2] - second[1][:, 2]
        found = _solved(line, first, second, 0.0, 1.0) if before_gap * after_gap < 0 else None
        if found is not None:
            u = [line.at(theta, [found.parameter])[:2] for theta in found.theta]
            out.append((u[0], u[1], one + found.parameter * (other - one)))
    return out


def deepest_first(found: Equilibria) -> tuple[str, ...]:
    """The names of the attractors, the deepest first."""
    ranked = sorted(found.attractors, key=lambda point: (round(point.potential, 9), point.b))
    return tuple(point.name for point in ranked)


class _Lost(Exception):
    """Newton's method finds no attractor."""


def _solved(
    base: Unfolding, one: tuple[Array, Array], other: tuple[Array, Array], low: float, high: float
) -> MaxwellPoint | None:
    """The root of the difference of potentials within a bracket."""

    def states(value: float) -> tuple[Array, Array]:
        plane = Plane(base.game([value]))
        guess = np.stack([_along(np.array([value]), piece)[0, :2] for piece in (one, other)])
        places = [newton(plane, start[None]) for start in guess]
        if not all(map(len, places)):
            raise _Lost
        theta = np.concatenate(places)
        return theta, plane.potential(theta)

    def gap(values: Array, index: NDArray[np.intp]) -> Array:
        first, second = np.array([states(value)[1] for value in values.tolist()]).T
        return np.asarray(first - second)

    ends = np.array([low, high])
    try:
        at = gap(ends, np.arange(2))
        if at[0] * at[1] >= 0 or np.abs(at).max() <= _TWINS:
            return None
        value = float(roots(gap, ends[:1], ends[1:], at[:1], at[1:])[0])
        theta, potential = states(value)
    except _Lost:
        return None
    # Next to folds and branch points Newton's method may have reached another state.
    rates = np.linalg.eigvals(Plane(base.game([value])).jacobian(theta)).real
    if rates.max() >= 0 or np.abs(theta[0] - theta[1]).max() <= _SAME * theta[0, 0]:
        return None
    order = np.argsort(theta[:, 1])
    apart = float(np.abs(np.diff(potential))[0])
    return MaxwellPoint(value, theta[order], float(potential.mean()), apart)
