"""Curves in the plane of two parameters: folds, branch points and Maxwell points, traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gandyn.errors import InputError
from gandyn.landscape.continuation import Path, beyond, correct, follow, joined, solve, tangent_of
from gandyn.landscape.plane import Placed
from gandyn.landscape.unfolding import BranchPoints, Folds, Unfolding, inwards
from gandyn.system.checks import Array
from gandyn.system.results import Alike

_SAME = 2e-3
"""Distance, in ranges of the parameters, within which a point counts as on a traced curve."""
_STEP = 1e-5
_UNFOLDED = 1e-6
_DIFFERENCES = 1e-4


@dataclass(frozen=True, eq=False)
class Curve(Alike):
    """A curve of the diagram.

    Attributes
    ----------
    kind : str
        "fold", "branch" (where branches cross), or "maxwell".
    x, y : ndarray, shape (n,)
        The parameters.
    theta : ndarray, shape (n, 2), or (n, 2, 2) for Maxwell curves
        The rest point, or both attractors.
    """

    kind: str
    x: Array
    y: Array
    theta: Array


@dataclass(frozen=True, eq=False)
class Cusp(Placed):
    """Where two fold curves meet and vanish.

    Attributes
    ----------
    x, y : float
    theta : ndarray, shape (2,)
    """

    x: float
    y: float
    theta: Array


class Maxwells:
    """Two rest points of one potential: five equations in (u₁, u₂, x, y)."""

    def __init__(self, base: Unfolding) -> None:
        self.base = base

    def _points(self, w: Array) -> tuple[Array, Array]:
        return np.concatenate([w[:2], w[4:]]), w[2:]

    def gap(self, w: Array) -> float:
        """Potential of the first above that of the second."""
        try:
            game = self.base.game(self.base.values(w[2:]))
        except InputError:
            return float("nan")
        states = np.stack([self.base.theta(u) for u in self._points(w)])
        return float(-np.diff(game.potential(states))[0])

    def residual(self, w: Array) -> Array:
        """Both forces and the gap, shape (5,)."""
        forces = [self.base.residual(u) for u in self._points(w)]
        return np.concatenate([*forces, [self.gap(w)]])

    def slopes(self, w: Array) -> Array:
        """Their derivatives (5, 6); at a rest point the potential has none in a and b."""
        out = np.zeros((5, 6))
        one, other = (self.base.slopes(u) for u in self._points(w))
        out[:2, :2], out[:2, 4:] = one[:, :2], one[:, 2:]
        out[2:4, 2:4], out[2:4, 4:] = other[:, :2], other[:, 2:]
        out[4, 4:] = inwards(self.gap, w, _STEP, 4, states=4)
        return out

    def stable(self, w: Array) -> bool:
        """Whether both are attractors still."""
        rates = [np.linalg.eigvals(self.base.curvature(u)).real.max() for u in self._points(w)]
        # In (log a, b/scale) rates have other sizes but the same signs.
        return bool(max(rates) < 0)


class Tracer:
    """Traces curves, and finds the cusps on them, from points on them, each once."""

    def __init__(self, base: Unfolding) -> None:
        self.base = base
        self.cusps: list[Cusp] = []
        self._paths: list[tuple[str, Path]] = []

    def fold(self, u: Array) -> None:
        """Trace the fold curve through a point (log a, b/scale, x, y)."""
        folds = Folds(self.base, u)
        path = self._traced("fold", folds, u)
        if path is not None:
            self._paths.append(("fold", path))
            self._find_cusps(folds, path)

    def branch(self, u: Array) -> None:
        """Trace the curve of branch points through a point (log a, b/scale, x, y)."""
        system, w = BranchPoints(self.base, u), np.append(u, 0.0)
        path = self._traced("branch", system, w, lambda w: bool(abs(w[4]) < _UNFOLDED))
        if path is not None and len(path.u) > 3:
            self._paths.append(("branch", replace(path, u=path.u[:, :4])))

    def maxwell(self, one: Array, other: Array, values: Array) -> None:
        """Trace the Maxwell curve of two attractors (log a, b/scale) at parameters (x, y)."""
        w, swapped = (np.concatenate([*pair, values]) for pair in ((one, other), (other, one)))
        system = Maxwells(self.base)

        def two(w: Array) -> bool:
            # Behind a cusp, where they are one, the curve comes back with the two exchanged.
            return bool((w[:2] - w[2:4]) @ (one - other) > 0.0) and system.stable(w)

        known = self._known("maxwell", swapped)
        path = None if known else self._traced("maxwell", system, w, two)
        if path is not None:
            self._paths.append(("maxwell", path))

    def walls(self) -> list[Array]:
        """The scaled parameters (n, 2) of all curves."""
        return [path.u[:, -2:] for _, path in self._paths]

    def curves(self) -> tuple[Curve, ...]:
        """All curves."""
        out = []
        for kind, path in self._paths:
            x, y = self.base.values(path.u[:, -4:]).T
            theta = self.base.theta(path.u)
            if kind == "maxwell":
                theta = np.stack([theta, self.base.theta(path.u[:, 2:])], axis=1)
            out.append(Curve(kind, x, y, theta))
        return tuple(out)

    def crossings(self, one: Array, other: Array, kinds: Sequence[str]) -> int:
        """How often curves of these kinds cross the segment between two points (x, y)."""
        return sum(
            _crossings(path.u[:, -2:], one, other) for kind, path in self._paths if kind in kinds
        )

    def _traced(
        self, kind: str, system: Any, w: Array, *inside: Callable[[Array], bool]
    ) -> Path | None:
        """The curve through a point near w, or None where it is known or there is none."""
        if self._known(kind, w):
            return None

        def crossed(point: Array) -> tuple[int, float] | None:
            return beyond(point, 2 if len(w) < 6 else 4, 2)

        slopes = system.slopes(w)
        if not np.isfinite(slopes).all():
            return None
        along = tangent_of(slopes)
        start = correct(system, w, along, slopes)
        if start is None:
            return None
        ahead = follow(system, start, along, crossed, *inside)
        if ahead.end == "closed":
            return ahead
        return joined(follow(system, start, -along, crossed, *inside), ahead)

    def _known(self, kind: str, w: Array) -> bool:
        paths = [path for other, path in self._paths if other == kind]
        return any(path.off(w[: path.u.shape[1]]) < _SAME for path in paths)

    def _find_cusps(self, folds: Folds, path: Path) -> None:
        """Where the bend of the fold changes its sign along the curve."""
        sign, last, bends = 1.0, folds.p, []
        for u in path.u:
            folds.borders(u)
            # The null vector's sign is the singular value decomposition's whim: keep it.
            sign, last = sign * (-1.0 if folds.p @ last < 0 else 1.0), folds.p
            bends.append(sign * folds.bend(u))
        for _, start in path.zeros(np.array(bends)):
            folds.borders(start)
            exact = solve(
                lambda u: np.append(folds.residual(u), folds.bend(u)), start, _DIFFERENCES
            )
            if exact is not None and beyond(exact, 2, 2) is None:
                x, y = self.base.values(exact).tolist()
                self.cusps.append(Cusp(x, y, self.base.theta(exact)))


def _crossings(path: Array, one: Array, other: Array) -> int:
    """How often a polyline crosses a segment."""
    along = other - one
    offset = path - one
    side = offset[:, 0] * along[1] - offset[:, 1] * along[0]
    change = np.flatnonzero((side[1:] > 0) != (side[:-1] > 0))
    if not change.size:
        return 0
    part = side[change] / (side[change] - side[change + 1])
    hit = offset[change] + part[:, None] * (offset[change + 1] - offset[change])
    place = hit @ along / (along @ along)
    return int(((place >= 0) & (place <= 1)).sum())
