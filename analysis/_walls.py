"""What keeps a generator a z + b in its state, on data with two modes: passes, and noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

import gandyn

OBJECTIVES = {
    "nonsaturating": "non-saturating",
    "reverse_kl": "reverse KL",
    "saturating": "saturating",
    "hellinger": "Hellinger",
    "jeffreys": "Jeffreys",
}
WAIT = 1e6
"""How long a generator is to wait at a wall, in units of 1/f''(1)."""
_STEEP = 5.0
"""Height over noise from which on Eyring and Kramers are right to 10 %."""


@dataclass(frozen=True)
class Walls:
    """The passes out of each state; nan where there is no such state or no pass out of it.

    Attributes
    ----------
    found : Equilibria
    out_of_collapse : (float, float)
        Height of the lowest pass out of the collapse onto the left and onto the right mode.
    out_of_averaging : (float, float)
        Height of the passes out of averaging, to the left and to the right.
    deeper : float
        Potential of averaging above that of the collapse onto the left mode.
    noise : (float, float)
        D/f''(1) of dθ = −∇U dt + √(2D) dW at which the collapse onto the left mode, and averaging,
        last for `WAIT` on average, by Eyring and Kramers; nan where the wall is too low for them.
    """

    found: Any
    out_of_collapse: tuple[float, float]
    out_of_averaging: tuple[float, float]
    deeper: float
    noise: tuple[float, float]


def curvature(objective: str) -> float:
    """f''(1): by it all objectives agree on data that the generator can fit."""
    return float(gandyn.objective(objective).weight(np.array(0.0)))  # type: ignore[attr-defined]


def separated(objective: str) -> Any:
    """½N(−m, 1) + ½N(m, 1), by m."""
    return gandyn.template("0.5*N(-{m}, 1) + 0.5*N({m}, 1)", objective=objective)


def walls(game: Any) -> Walls:
    """The walls of a game on data with two modes.

    Raises
    ------
    RuntimeError
        Where rest points may be missing, or are not attractors with one saddle between each two.
    """
    found = gandyn.equilibria(game)
    chain = ["saddle" if k % 2 else "attractor" for k in range(len(found))]
    if found.status or [point.kind for point in found] != chain:
        raise RuntimeError(f"{game!r}: {len(found)} rest points, {found.message}")
    left, right, middle = _states(found)
    unit = float(game.objective.weight(np.array(0.0)))
    collapse, averaging = (_passes(found, k) for k in (left, middle))
    return Walls(
        found,
        (_lowest(collapse), _lowest(_passes(found, right))),
        (averaging[0][0], averaging[1][0]),
        math.nan
        if left is None or middle is None
        else found[middle].potential - found[left].potential,
        (_noise(collapse, unit), _noise(averaging, unit)),
    )


def collapses(objective: str, m: float) -> bool:
    """Whether an attractor is nearer to the left of the modes N(±m, 1) than to the middle."""
    box = (0.5, m, -m - 0.2, -0.5 * m)
    return bool(gandyn.equilibria(separated(objective)(m=m), box).attractors)


def threshold(
    there: Callable[[float], bool], without: float, having: float, within: float
) -> float:
    """Where something begins to be there, by bisection."""
    while abs(having - without) > within:
        middle = 0.5 * (having + without)
        if there(middle):
            having = middle
        else:
            without = middle
    return 0.5 * (having + without)


def _states(found: Any) -> tuple[int | None, int | None, int | None]:
    """Indices of the collapse onto the left mode, onto the right mode, and of averaging."""
    inner = [k for k, point in enumerate(found) if point.kind == "attractor"]
    left = inner.pop(0) if found[inner[0]].name.startswith("collapsed onto mode 1") else None
    right = None
    if inner and found[inner[-1]].name.startswith("collapsed onto mode 2"):
        right = inner.pop()
    return left, right, inner[0] if inner else None


def _passes(found: Any, state: int | None) -> list[tuple[float, float]]:
    """Height and Eyring-Kramers prefactor of the passes to the left and right of an attractor."""
    out = []
    for side in (-1, 1):
        beyond = -1 if state is None else state + side
        if state is None or not 0 <= beyond < len(found):
            out.append((math.nan, math.nan))
            continue
        low, top = found[state], found[beyond]
        ratio = np.prod(low.eigenvalues) / abs(np.prod(top.eigenvalues))
        prefactor = top.eigenvalues.max() / (2.0 * np.pi) * np.sqrt(ratio)
        out.append((float(top.potential - low.potential), float(prefactor)))
    return out


def _lowest(passes: list[tuple[float, float]]) -> float:
    return min((height for height, _ in passes if height == height), default=math.nan)


def _noise(passes: list[tuple[float, float]], unit: float) -> float:
    """D/f''(1) at which the state is left at the rate f''(1)/WAIT, over all passes together."""
    height, prefactor = np.array([p for p in passes if p[0] == p[0]]).reshape(-1, 2).T
    if not height.size:
        return math.nan
    most = float(np.log(prefactor.sum() * WAIT / unit))
    if most <= _STEEP:
        return math.nan

    def excess(steepness: float) -> float:
        rate = prefactor @ np.exp(-steepness * height / height.min())
        return float(np.log(rate * WAIT / unit))

    steepness = float(brentq(excess, 0.0, most + 1.0))
    return float(height.min() / steepness / unit) if steepness >= _STEEP else math.nan
