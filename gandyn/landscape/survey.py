"""A survey of a one-parameter family: its paths of rest points, and what happens on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gandyn.landscape.census import Equilibria
from gandyn.landscape.continuation import Path, beyond, correct, follow, joined, solve, tangent_of
from gandyn.landscape.unfolding import BranchPoints, Folds, Unfolding
from gandyn.system.checks import Array
from gandyn.system.polyline import feet

_SAME = 1e-6
_FORK = 0.02
"""Distance from a branch point at which another branch is entered."""
_UNCROSSED = 1e-7
"""β of a branch point up to which branches count as crossing."""
_UPRIGHT = 1e-3
_DIFFERENCES = 1e-5


class Survey:
    """The paths found so far, and what happens on them, in scaled coordinates."""

    def __init__(self, base: Unfolding) -> None:
        self.base = base
        self.paths: list[Path] = []
        self.folds: list[Array] = []
        self.forks: list[tuple[Array, bool, float]] = []
        self._missed = 0

    def cover(self, value: float, points: Equilibria) -> None:
        """Follow every rest point at a value that no path passes through yet."""
        for point in points:
            u = self.base.at(point.theta, [value])
            if point.kind == "degenerate" or self._passed(u):
                continue
            slopes = self.base.slopes(u)
            along = tangent_of(slopes)
            ahead = self._followed(u, along) if u[2] < 1.0 else None
            behind = self._followed(u, -along) if u[2] > 0.0 else None
            self._add(joined(behind, ahead))

    def _followed(self, u: Array, along: Array) -> Path:
        # From an end of the interval there is only one way to go.
        inwards = along if (u[2] > 0.0 or along[2] > 0) and (u[2] < 1.0 or along[2] < 0) else -along
        return follow(self.base, u, inwards, _outside, _seen)

    def _passed(self, u: Array) -> bool:
        """Whether a path passes through a rest point."""
        for path in self.paths:
            if np.abs(path.u - u).max(axis=1).min() <= _SAME:
                return True
            foot, part = feet(path.u, u)
            near = (np.abs(foot - u).max(axis=1) <= _FORK) & (part > 0.0) & (part < 1.0)
            for k in np.flatnonzero(near).tolist():
                # Across the path, not at one parameter: next to a fold that would be singular.
                across = path.u[k + 1] - path.u[k]
                row = across / np.linalg.norm(across)
                exact = correct(self.base, foot[k], row, self.base.slopes(foot[k]))
                if exact is not None and np.abs(exact - u).max() <= _SAME:
                    return True
        return False

    def _add(self, path: Path) -> None:
        index = len(self.paths)
        self.paths.append(path)
        determinants = np.array([_determinant(path, k) for k in range(len(path.u))])
        marks = [(k, self._fork(path, k, start)) for k, start in path.zeros(determinants)]
        marks += [(k, self._fold(path, k, start)) for k, start in path.zeros(path.tangent[:, 2])]
        self.paths[index] = self._marked(path, [(k, u) for k, u in marks if u is not None])

    def _marked(self, path: Path, marks: Sequence[tuple[int, Array]]) -> Path:
        """A path with the folds and branch points found on its pieces among its points."""
        places = []
        for k, u in marks:
            foot, parts = feet(path.u, u)
            if 0.0 < parts[k] < 1.0 and np.abs(foot[k] - u).max() < 0.1 * _FORK:
                places.append((k + parts[k], k + 1, u))
        slopes = path.slopes.copy()
        for u, _, _ in self.forks:
            # Where a branch was entered, its slopes so far are those of the point beside.
            slopes[np.abs(path.u - u).max(axis=1) <= _SAME] = self.base.slopes(u)
        if not places:
            return Path(path.u, path.tangent, slopes, path.end)
        places.sort(key=lambda place: place[0])
        rows, points = [row for _, row, _ in places], [u for _, _, u in places]
        along = [path.tangent[row] + path.tangent[row - 1] for row in rows]
        return Path(
            np.insert(path.u, rows, points, axis=0),
            np.insert(path.tangent, rows, [v / np.linalg.norm(v) for v in along], axis=0),
            np.insert(slopes, rows, [self.base.slopes(u) for u in points], axis=0),
            path.end,
        )

    def _fold(self, path: Path, k: int, start: Array) -> Array | None:
        """Solve for the fold on a piece of a path."""
        folds = Folds(self.base, start)
        exact = solve(folds.residual, start, _DIFFERENCES)
        if exact is None or any(np.abs(exact - u).max() < 1e-4 for u, _, _ in self.forks):
            # A pitchfork turns the branch as a fold does, but is none.
            length = np.abs(path.u[k + 1] - path.u[k]).max()
            self._missed += not any(
                upright and np.abs(start - u).max() <= length for u, upright, _ in self.forks
            )
            return None
        if not 0.0 <= exact[2] <= 1.0:
            return None
        if not any(np.abs(exact - u).max() < _SAME for u in self.folds):
            self.folds.append(exact)
        return exact

    def _fork(self, path: Path, k: int, start: Array) -> Array | None:
        """Solve for the branch point on a piece of a path, and follow the other branch."""
        system = BranchPoints(self.base, start)
        w = solve(system.residual, np.append(start, 0.0), 1e-4)
        if w is None or not 0.0 <= w[2] <= 1.0:
            return None
        u, beta = w[:3], w[3]
        if abs(beta) > _UNCROSSED * np.abs(self.base.slopes(u)).max():
            return None
        if any(np.abs(u - known).max() < _SAME for known, _, _ in self.forks):
            return u
        directions = self._directions(u)
        upright = any(abs(d[2]) < _UPRIGHT for d in directions)
        self.forks.append((u, upright, float(np.hypot(*self.base.residual(u)))))
        along = path.u[k + 1] - path.u[k]
        if directions:
            aside = min(directions, key=lambda d: abs(d @ along))
            halves = [self._entered(u, sign * aside) for sign in (-1.0, 1.0)]
            if any(half is not None for half in halves):
                self._add(joined(*halves))
        return u

    def _directions(self, u: Array) -> list[Array]:
        """The tangents of both branches: where the second-order terms vanish on the null space."""
        slopes = self.base.slopes_finely(u)
        left, _, right = np.linalg.svd(slopes)
        psi, first, second = left[:, 1], right[1], right[2]
        h = 2e-3

        def bend(v: Array) -> float:
            rise = self.base.residual(u + h * v) + self.base.residual(u - h * v)
            return float(psi @ (rise - 2.0 * self.base.residual(u))) / h**2

        a, c = bend(first), bend(second)
        b = 0.25 * (bend(first + second) - bend(first - second))
        root = np.sqrt(max(b * b - a * c, 0.0))
        # Of a x² + 2 b x y + c y² = 0, each pair from the larger of the two equal forms.
        directions = []
        for sign in (1.0, -1.0):
            options = [(-b + sign * root, a), (c, -b - sign * root)]
            x, y = max(options, key=lambda pair: np.hypot(*pair))
            if np.hypot(x, y) > 0:
                direction = x * first + y * second
                directions.append(direction / np.linalg.norm(direction))
        return directions

    def _entered(self, u: Array, aside: Array) -> Path | None:
        """The branch that leaves a branch point in a direction, with the point itself in front."""
        guess, row = u + _FORK * aside, aside
        bound = _outside(guess)
        if bound is not None:
            index, value = bound
            guess = u + (value - u[index]) / aside[index] * aside
            guess[index], row = value, np.eye(len(u))[index]
        new = correct(self.base, guess, row, self.base.slopes(guess))
        within = 0.1 * np.linalg.norm(guess - u)
        if new is None or any(path.off(new) < within for path in self.paths):
            return None
        if bound is not None:
            path = Path(new[None], aside[None], self.base.slopes(new)[None], "bound")
        else:
            path = follow(self.base, new, aside, _outside, _seen)
        return Path(
            np.vstack([u, path.u]),
            np.vstack([aside, path.tangent]),
            np.concatenate([path.slopes[:1], path.slopes]),
            path.end,
        )

    def verdict(self, found: Sequence[Equilibria]) -> tuple[int, str]:
        """Status and message of the whole."""
        lost = sum(path.end in ("lost", "long") for path in self.paths)
        open_ended = sum(not points.success for points in found)
        message = f"{len(self.paths)} branches"
        if lost:
            message += f"; {lost} ended within the interval, where the force is no longer smooth"
        if self._missed:
            message += f"; {self._missed} folds were seen but not solved for"
        if open_ended:
            message += f"; at {open_ended} of {len(found)} values rest points may be missing"
        return -1 if lost or self._missed or open_ended else 0, message


def _outside(u: Array) -> tuple[int, float] | None:
    return beyond(u, 2, 1)


def _seen(u: Array) -> bool:
    """Whether a > 0 has not become so small or large that nothing can be seen."""
    return bool(-30.0 < u[0] < 30.0)


def _determinant(path: Path, k: int) -> float:
    """The bordered determinant, which changes sign at a branch point, seen from any branch."""
    return float(np.linalg.det(np.vstack([path.slopes[k], path.tangent[k]])))
