"""A survey of a one-parameter family: its paths of rest points, and what happens on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from gandyn.landscape.census import Equilibria, Equilibrium
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
_HALVINGS = 20
_DIP = 0.3
"""Where the parameter's pace dips below this share of that at both ends, it may turn twice."""
_NEAR = 1e-3
_TOUCH = 1e-9
"""A fold so near to an end of the interval is in it."""


class Survey:
    """The paths found so far, and what happens on them, in scaled coordinates."""

    def __init__(self, base: Unfolding) -> None:
        self.base = base
        self.paths: list[Path] = []
        self.folds: list[Array] = []
        self.forks: list[tuple[Array, bool, float]] = []
        self._missed = 0

    def cover(self, value: float, points: Iterable[Equilibrium]) -> None:
        """Follow every rest point at a value that no path passes through yet."""
        places = [self.base.at(point.theta, [value]) for point in points if _clear(point)]
        for point in points:
            if point.index == 0:
                u = self.base.at(point.theta, [value])
                self._keep(solve(Folds(self.base, u).residual, u, _DIFFERENCES, farthest=_NEAR))
        if self._all_passed(places):
            return
        for u in places:
            if self.base.reached(u) and not self._passed(u):
                along = tangent_of(self.base.slopes(u))
                ahead = self._followed(u, along) if u[2] < 1.0 else None
                behind = self._followed(u, -along) if u[2] > 0.0 else None
                self._add(joined(behind, ahead))

    def events(self) -> list[float]:
        """The scaled parameters at which the number of rest points on the paths may change."""
        ends = [float(path.u[k, 2]) for path in self.paths for k in (0, -1)]
        special = [float(u[2]) for u in (*self.folds, *(u for u, _, _ in self.forks))]
        return sorted({0.0, 1.0, *ends, *special})

    def passing(self, p: float) -> Array:
        """Where the paths pass a value of the scaled parameter, shape (n, 3), nearly."""
        out = [np.empty((0, 3))]
        for path in self.paths:
            beyond_it = path.u[:, 2] >= p if p > 0.5 else path.u[:, 2] > p
            k = np.flatnonzero(beyond_it[1:] != beyond_it[:-1])
            step = path.u[k + 1] - path.u[k]
            size = np.linalg.norm(step, axis=1)[:, None]
            first, last = size * path.tangent[k], size * path.tangent[k + 1]
            # The cubic through both ends, at the part of the piece where it has the value.
            square, cube = 3.0 * step - 2.0 * first - last, first + last - 2.0 * step
            low, high = np.zeros(size.shape), np.ones(size.shape)
            for _ in range(_HALVINGS):
                part = 0.5 * (low + high)
                at = path.u[k] + part * (first + part * (square + part * cube))
                before = ((at[:, 2] > p) == beyond_it[k])[:, None]
                low, high = np.where(before, part, low), np.where(before, high, part)
            out.append(at)
        return np.concatenate(out)

    def _followed(self, u: Array, along: Array) -> Path:
        # From an end of the interval there is only one way to go.
        inwards = along if (u[2] > 0.0 or along[2] > 0) and (u[2] < 1.0 or along[2] < 0) else -along
        return follow(self.base, u, inwards, _outside, self.base.reached)

    def _all_passed(self, places: Sequence[Array]) -> bool:
        """Whether the paths pass a value at as many places, each next to one of its own."""
        if not places:
            return True
        passing = self.passing(float(places[0][2]))
        apart = np.abs(np.array(places)[:, None] - passing).max(axis=2, initial=0.0)
        rows, columns = linear_sum_assignment(apart)
        return len(passing) == len(places) and bool((apart[rows, columns] <= _FORK).all())

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
        index, path = len(self.paths), self._finer(path)
        self.paths.append(path)
        determinants = np.array([_determinant(path, k) for k in range(len(path.u))])
        marks = [(k, self._fork(path, k, start)) for k, start in path.zeros(determinants)]
        marks += [(k, self._fold(path, k)) for k, _ in path.zeros(path.tangent[:, 2])]
        for k in (0, -1):
            if path.end == "bound" and abs(path.tangent[k, 2]) < _UPRIGHT:
                self._keep(solve(Folds(self.base, path.u[k]).residual, path.u[k], _DIFFERENCES))
        self.paths[index] = self._marked(path, [(k, u) for k, u in marks if u is not None])

    def _finer(self, path: Path) -> Path:
        """A path with points more where its parameter may turn twice between two of them."""
        for _ in range(_HALVINGS):
            step = np.diff(path.u, axis=0)
            first, last = (
                (path.tangent[part, 2] * np.linalg.norm(step, axis=1))
                for part in (slice(None, -1), slice(1, None))
            )
            # The pace of the cubic through both ends, a parabola, is least at its vertex.
            bend = first + last - 2.0 * step[:, 2]
            tilt = last - first - 3.0 * bend
            with np.errstate(divide="ignore", invalid="ignore"):
                vertex = -tilt / (6.0 * bend)
                least = (first + 0.5 * tilt * vertex) * np.sign(first)
            slowest = np.minimum(np.abs(first), np.abs(last))
            dips = (vertex > 0.0) & (vertex < 1.0) & (first * last > 0.0) & (least < _DIP * slowest)
            dips &= np.abs(step).max(axis=1) > 1e-4
            before = path
            for k in np.flatnonzero(dips)[::-1].tolist():
                path = self._halved(path, k) or path
            if path is before:
                break
        return path

    def _halved(self, path: Path, k: int) -> Path | None:
        """A path with a point more of its curve halfway between two, None where there is none."""
        across = path.u[k + 1] - path.u[k]
        row = across / np.linalg.norm(across)
        middle = correct(self.base, path.u[k] + 0.5 * across, row, path.slopes[k])
        if middle is None:
            return None
        out = self._with(path, [(k + 0.5, k + 1, middle)])
        along = tangent_of(out.slopes[k + 1])
        out.tangent[k + 1] = along if along @ out.tangent[k + 1] >= 0.0 else -along
        return out

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
        return self._with(Path(path.u, path.tangent, slopes, path.end), places)

    def _with(self, path: Path, places: list[tuple[float, int, Array]]) -> Path:
        """A path with points more: how far along it they are, before which row, and where."""
        if not places:
            return path
        places.sort(key=lambda place: place[0])
        rows, points = [row for _, row, _ in places], [u for _, _, u in places]
        slopes = [self.base.slopes(u) for u in points]
        along = [path.tangent[row] + path.tangent[row - 1] for row in rows]
        return Path(
            np.insert(path.u, rows, points, axis=0),
            np.insert(path.tangent, rows, [v / np.linalg.norm(v) for v in along], axis=0),
            np.insert(path.slopes, rows, slopes, axis=0),
            path.end,
        )

    def _fold(self, path: Path, k: int) -> Array | None:
        """Solve for the fold on a piece of a path, halved until it is found there."""
        length = np.abs(path.u[k + 1] - path.u[k]).max()
        piece = Path(path.u[k : k + 2], path.tangent[k : k + 2], path.slopes[k : k + 2], "")
        for _ in range(_HALVINGS):
            zeros = piece.zeros(piece.tangent[:, 2])
            if not zeros:
                break
            start = zeros[0][1]
            exact = solve(Folds(self.base, start).residual, start, _DIFFERENCES)
            if exact is not None and not any(
                np.abs(exact - u).max() < 1e-4 for u, _, _ in self.forks
            ):
                foot, part = feet(piece.u, exact)
                across = np.abs(piece.u[1] - piece.u[0]).max()
                if 0.0 < part[0] < 1.0 and np.abs(foot[0] - exact).max() <= 0.5 * across:
                    return self._keep(exact)
            # A pitchfork turns the branch as a fold does, but is none.
            if any(upright and np.abs(start - u).max() <= length for u, upright, _ in self.forks):
                return None
            whole = self._halved(piece, 0)
            if whole is None:
                break
            first = whole.tangent[0, 2] * whole.tangent[1, 2] < 0.0
            half = slice(0, 2) if first else slice(1, 3)
            piece = Path(whole.u[half], whole.tangent[half], whole.slopes[half], "")
        self._missed += 1
        return None

    def _keep(self, fold: Array | None) -> Array | None:
        """A fold that is in the interval, kept once."""
        if fold is None or not -_TOUCH <= fold[2] <= 1.0 + _TOUCH:
            return None
        fold[2] = np.clip(fold[2], 0.0, 1.0)
        if not any(np.abs(fold - u).max() < _SAME for u in self.folds):
            self.folds.append(fold)
        return fold

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
            path = follow(self.base, new, aside, _outside, self.base.reached)
            if path.end == "closed":
                return path  # which passes the branch point as well
        return Path(
            np.vstack([u, path.u]),
            np.vstack([aside, path.tangent]),
            np.concatenate([path.slopes[:1], path.slopes]),
            path.end,
        )

    def verdict(self, found: Mapping[float, Equilibria]) -> tuple[int, str]:
        """Status and message of the whole, with the rest points at the values asked."""
        lost = [path for path in self.paths if path.end in ("lost", "long")]
        open_ended = sum(not points.success for points in found.values())
        apart = [value for value, points in found.items() if not self._agrees(value, points)]
        message = f"{len(self.paths)} branches"
        if found:
            message += f"; all rest points were asked for at {len(found)} values"
        if found and not open_ended and not apart:
            message += ", found at each, and are on these branches"
        if open_ended:
            message += f"; at {open_ended} of {len(found)} values rest points may be missing"
        if apart:
            some = ", ".join(f"{value:.6g}" for value in apart[:3])
            message += f"; branches and rest points do not agree at {len(apart)} values: {some}"
            message += " …" if len(apart) > 3 else ""
        if lost:
            ends = [path.u[k] for path in lost for k in (0, -1)]
            places = sorted(float(self.base.values(u)[0]) for u in ends if 0.0 < u[2] < 1.0)
            message += f"; {len(lost)} ended within the interval, where the force is no longer "
            message += "smooth or the states leave every box: at "
            message += ", ".join(f"{place:.6g}" for place in places[:3])
        if self._missed:
            message += f"; {self._missed} folds were seen but not solved for"
        return -1 if lost or self._missed or open_ended or apart else 0, message

    def _agrees(self, value: float, points: Equilibria) -> bool:
        """Whether the branches pass a value as often as there are rest points in their box."""
        if not all(_clear(point) for point in points):
            return True  # at a fold: one, two, or none, by rounding
        a_low, a_high, b_low, b_high = points.box
        a, b = self.base.theta(self.passing(float(self.base.at(np.ones(2), [value])[2]))).T
        inside = (a >= a_low) & (a <= a_high) & (b >= b_low) & (b <= b_high)
        return int(inside.sum()) == len(points)


def _clear(point: Equilibrium) -> bool:
    """Whether a rest point is no fold or branch point, from which there is no one way to go."""
    return point.kind != "degenerate"


def _outside(u: Array) -> tuple[int, float] | None:
    return beyond(u, 2, 1)


def _determinant(path: Path, k: int) -> float:
    """The bordered determinant, which changes sign at a branch point, seen from any branch."""
    return float(np.linalg.det(np.vstack([path.slopes[k], path.tangent[k]])))
