"""All rest points of a one-parameter family: branches, folds, branch points, Maxwell points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.landscape.census import planar
from gandyn.landscape.continuation import Path
from gandyn.landscape.family import member_of, read_range
from gandyn.landscape.frame import about_one_place, moved
from gandyn.landscape.maxwell import MaxwellPoint, crossings
from gandyn.landscape.plane import Placed
from gandyn.landscape.survey import Survey
from gandyn.landscape.unfolding import Folds, Unfolding
from gandyn.system.checks import Array
from gandyn.system.progress import Progress
from gandyn.system.results import Alike, Result

_FLAT = 1e-7
"""An eigenvalue below this share of the other counts as 0."""
_CHECKS = 6
"""Values of the parameter at which `equilibria` says what the branches must pass through."""


@dataclass(frozen=True, eq=False)
class Branch(Alike):
    """One curve of rest points.

    Attributes
    ----------
    parameter : ndarray, shape (n,)
    theta : ndarray, shape (n, 2)
        (a, b), to 1e-9.
    eigenvalues : ndarray, shape (n, 2)
        Of the Jacobian, rising in their real part.
    potential : ndarray, shape (n,)
    kind : ndarray of str, shape (n,)
        "attractor", "saddle" or "repeller".
    """

    parameter: Array
    theta: Array
    eigenvalues: NDArray[Any]
    potential: Array
    kind: NDArray[np.str_]

    shown = ("parameter", "theta", "kind", "potential")


@dataclass(frozen=True, eq=False)
class Fold(Placed):
    """Where two rest points meet and vanish.

    Attributes
    ----------
    parameter : float
    theta : ndarray, shape (2,)
    potential : float
    eigenvalue : float
        The one that is not 0.
    residual : float
        Length of the force and of the bordered test there.
    """

    parameter: float
    theta: Array
    potential: float
    eigenvalue: float
    residual: float


@dataclass(frozen=True, eq=False)
class BranchPoint(Placed):
    """Where two branches cross.

    Attributes
    ----------
    parameter : float
    theta : ndarray, shape (2,)
    kind : str
        "pitchfork" where the parameter turns on the one branch, else "transcritical".
    potential : float
    residual : float
    """

    parameter: float
    theta: Array
    kind: str
    potential: float
    residual: float


@dataclass(frozen=True, eq=False)
class Branches(Result):
    """The rest points of a family over an interval.

    Attributes
    ----------
    name : str
        The parameter's.
    interval : (float, float)
    branches : tuple of Branch
    folds : tuple of Fold
    branch_points : tuple of BranchPoint
    maxwell : tuple of MaxwellPoint
        Each rising in the parameter, then in b.
    status : int
        0; −1 where a branch was lost or misses a rest point that `equilibria` finds.
    message : str
    """

    name: str
    interval: tuple[float, float]
    branches: tuple[Branch, ...]
    folds: tuple[Fold, ...]
    branch_points: tuple[BranchPoint, ...]
    maxwell: tuple[MaxwellPoint, ...]
    status: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """All as strict JSON has it; events have the parameter under its own name as well."""
        entry = super().as_dict()
        for events in ("folds", "branch_points", "maxwell"):
            entry[events] = [{self.name: event["parameter"], **event} for event in entry[events]]
        return entry


def branches(family: Any, interval: Sequence[Any], progress: Progress | None = None) -> Branches:
    """Follow every rest point of a one-parameter family, with all that happens to it.

    Parameters
    ----------
    family : Template or callable
        Value of the parameter -> Game, as `equilibria` takes it.
    interval : (low, high) or (name, low, high)
        Of the parameter, whose name is that of the template by default, else "m".
    progress : callable, optional
        Told the fraction done and what is being done.

    Returns
    -------
    Branches

    Raises
    ------
    InputError
        For another interval or family, and where a member is not a valid game.

    Notes
    -----
    Curves are followed by pseudo-arclength from the rest points at six values of the parameter, the
    ends among them, and from every branch point. Folds and branch points are seen by the turning of
    the tangent and by the sign of a bordered determinant, and solved for by bordered systems
    (`gandyn.landscape.unfolding`). Isolated closed branches between two of the six values and
    without a branch point are not seen.

    Examples
    --------
    >>> import gandyn
    >>> found = gandyn.branches(gandyn.template("N({m}, 1)"), (0.0, 1.0))
    >>> [branch.kind[0].item() for branch in found.branches], len(found.folds)
    (['attractor'], 0)
    """
    name, low, high = read_range("interval", interval, family)
    make, place = about_one_place(member_of(family, [name]), low)
    tell = progress or (lambda fraction, text: None)
    values = np.linspace(low, high, _CHECKS)
    found = []
    for k, value in enumerate(values):
        tell(0.3 * k / _CHECKS, f"rest points at {name} = {value:.4g}")
        found.append(planar(make(value)))
    middle = found[_CHECKS // 2].box
    base = Unfolding(make, [low], [high], 0.25 * (middle[3] - middle[2]))
    survey = Survey(base)
    for value, points in zip(values, found, strict=True):
        tell(0.3 + 0.4 * (value - low) / (high - low), f"branches from {name} = {value:.4g}")
        survey.cover(value, points)
    curves = []
    for k, path in enumerate(survey.paths):
        tell(0.7 + 0.2 * k / len(survey.paths), "potentials")
        curves.append(_branch(base, path))
    tell(0.9, "Maxwell points")
    maxwell = crossings(base, curves)
    folds = [_fold(base, u) for u in survey.folds]
    forks = [_branch_point(base, *fork) for fork in survey.forks]
    events = _rising(folds), _rising(forks), _rising(maxwell)
    out = Branches(name, (low, high), tuple(curves), *events, *survey.verdict(found))
    return moved(out, place)


def _rising(events: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(sorted(events, key=lambda event: (round(event.parameter, 9), event.b)))


def _branch(base: Unfolding, path: Path) -> Branch:
    theta, parameter = base.theta(path.u), base.values(path.u)[:, 0]
    units = np.stack([theta[:, 0], np.full(len(theta), base.scale)], axis=1)
    rates = np.linalg.eigvals(path.slopes[:, :, :2] / units[:, None, :])
    rates = np.take_along_axis(rates, np.argsort(rates.real, axis=1), axis=1)
    places = zip(path.u, theta, strict=True)
    potential = np.array([float(base.plane(u).potential(place)) for u, place in places])
    # Folds and branch points are among the points: their zero counts as stable.
    growing = (rates.real > _FLAT * np.abs(rates).max(axis=1, keepdims=True)).sum(axis=1)
    kinds = np.array(["attractor", "saddle", "repeller"])
    return Branch(parameter, theta, rates, potential, kinds[growing])


def _fold(base: Unfolding, u: Array) -> Fold:
    plane, theta = base.plane(u), base.theta(u)
    rates = np.linalg.eigvals(plane.jacobian(theta))
    rate = float(rates[np.abs(rates).argmax()].real)
    residual = float(np.linalg.norm(Folds(base, u).residual(u)))
    return Fold(float(base.values(u)[0]), theta, float(plane.potential(theta)), rate, residual)


def _branch_point(base: Unfolding, u: Array, upright: bool, residual: float) -> BranchPoint:
    theta, kind = base.theta(u), "pitchfork" if upright else "transcritical"
    potential = float(base.plane(u).potential(theta))
    return BranchPoint(float(base.values(u)[0]), theta, kind, potential, residual)
