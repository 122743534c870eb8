"""All rest points of a one-parameter family: branches, folds, branch points, Maxwell points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.landscape.census import Equilibria, planar
from gandyn.landscape.continuation import Path
from gandyn.landscape.family import member_of, read_range
from gandyn.landscape.frame import about_one_place, moved
from gandyn.landscape.maxwell import MaxwellPoint, crossings
from gandyn.landscape.modes import sight
from gandyn.landscape.plane import Placed
from gandyn.landscape.survey import Survey
from gandyn.landscape.unfolding import Folds, Unfolding
from gandyn.system.checks import Array
from gandyn.system.progress import Progress
from gandyn.system.results import Alike, Result

_FLAT = 1e-7
"""An eigenvalue below this share of the other counts as 0."""
_LOOKS = 33
_TURN, _LEAST, _STATIONS = 0.4, 4.0, 60
"""Between two values at which `equilibria` is asked the root of the data's density turns by 0.4 at
most, and a tenth of the interval lies; but there are no more than 61 of them, and those between
events of the branches."""
_NARROW = 1e-6
"""Gaps between events narrower than this share of the interval are not looked into."""
_MOST = 200


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
        0; −1 where a branch was lost, where branches and the rest points that `equilibria` finds
        do not agree, or where some of these may be missing.
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
    Curves are followed by pseudo-arclength from every branch point, and from each rest point that
    `equilibria` finds on none of them yet: at values of the parameter the closer the faster the
    data change with it, the ends among them, and in every gap between two folds, branch points or
    ends of branches. Folds and branch points are seen by the turning of the tangent and by the sign
    of a bordered determinant, and solved for by bordered systems (`gandyn.landscape.unfolding`). A
    closed branch that lies wholly between two of the values, whose number the message tells, is not
    seen.

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
    found: dict[float, Equilibria] = {}
    stations = _stations(make, low, high)
    for k, value in enumerate(stations):
        tell(0.3 * k / len(stations), f"rest points at {name} = {value:.4g}")
        found[value] = planar(make(value))
    base = Unfolding.over(make, [low], [high], [points.box for points in found.values()])
    survey = Survey(base)
    for value in stations:
        tell(0.3 + 0.3 * (value - low) / (high - low), f"branches from {name} = {value:.4g}")
        survey.cover(value, found[value])
    while more := _unasked(survey, found)[: _MOST - len(found)]:
        for value in more:
            tell(0.6, f"rest points at {name} = {value:.4g}")
            found[value] = planar(make(value))
            survey.cover(value, found[value])
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


def _stations(make: Callable[[float], Any], low: float, high: float) -> list[float]:
    """Values from low to high, the nearer to each other the faster the data change."""
    values = np.linspace(low, high, _LOOKS)
    densities = [getattr(_member(make, value), "data", None) for value in values]
    turns = [_angle(one, other) for one, other in pairwise(densities)]
    way = np.concatenate([[0.0], np.cumsum(turns)]) + np.linspace(0.0, _LEAST, _LOOKS)
    count = 1 + min(int(np.ceil(way[-1] / _TURN)), _STATIONS)
    out: list[float] = np.interp(np.linspace(0.0, way[-1], count), way, values).tolist()
    return [low, *out[1:-1], high]


def _member(make: Callable[[float], Any], value: float) -> Any:
    """The game at a value, None where there is none."""
    try:
        return make(float(value))
    except InputError:
        return None


def _angle(one: Any, other: Any) -> float:
    """The angle between the roots of two densities, half of their distance by Fisher and Rao."""
    if one is None or other is None:
        return 0.0
    x = np.union1d(sight(one), sight(other))
    affinity = np.trapezoid(np.exp(0.5 * (one.logpdf(x) + other.logpdf(x))), x)
    return float(np.arccos(np.clip(affinity, 0.0, 1.0)))


def _unasked(survey: Survey, found: Mapping[float, Equilibria]) -> list[float]:
    """A value in each gap between events of the branches that has none yet."""
    base, events = survey.base, survey.events()
    asked = np.array([float(base.at(np.ones(2), [value])[2]) for value in found])
    out = []
    for one, other in pairwise(events):
        if other - one > _NARROW and not ((asked > one) & (asked < other)).any():
            out.append(float(base.values(np.array([0.0, 0.0, 0.5 * (one + other)]))[0]))
    return out


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
