"""What keeps a generator a z + b in its state, on data with two modes: passes, and noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

import gandyn
from gandyn.landscape.mountain_passes import eyring_kramers

Array = NDArray[np.float64]
Results = dict[str, Any]

OBJECTIVES = {
    "nonsaturating": "non-saturating",
    "reverse_kl": "reverse KL",
    "saturating": "saturating",
    "hellinger": "Hellinger",
    "jeffreys": "Jeffreys",
}
FARTHEST = 8.0
COMMON = (3.0, 4.0, 6.0, 8.0)
WIDE = "0.5*N(-3, {s}) + 0.5*N(3, {s})"
WEIGHTED = "{w}*N(-3, 1) + (1 - {w})*N(3, 1)"
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


def against_separation(objective: str, quick: bool) -> Results:
    """Where the barrier appears and where collapse gets deeper; heights and noise from there on.

    As `gandyn.branches` finds, there is one fold on [1.5, 8], so that bisection finds it.
    """
    family = separated(objective)
    within = 1e-4 if quick else 1e-6
    fold = threshold(lambda m: collapses(objective, m), 1.5, FARTHEST, within)
    m = fold + np.geomspace(1e-3, FARTHEST - fold, 5 if quick else 20)
    m[-1] = FARTHEST
    m = np.union1d(m, [value for value in COMMON if value > fold])
    rows = [walls(family(m=value)) for value in m]
    after = int(np.argmax([row.deeper > 0 for row in rows]))
    even = brentq(
        lambda value: walls(family(m=value)).deeper,
        m[after - 1], m[after], xtol=1e-3 if quick else 1e-9,
    )  # fmt: skip
    return {
        "curvature": curvature(objective),
        "fold": fold,
        "fold_state": rows[0].found.theta[:2].mean(axis=0),
        "even": float(even),
        "m": m,
        "out_of_collapse": np.array([row.out_of_collapse[0] for row in rows]),
        "out_of_averaging": np.array([row.out_of_averaging[0] for row in rows]),
        "noise_of_collapse": np.array([row.noise[0] for row in rows]),
        "noise_of_averaging": np.array([row.noise[1] for row in rows]),
    }


def against_width(objective: str, found: Results, quick: bool) -> Results:
    """Heights against the modes' width; an f-divergence sees m/s only, which is checked."""
    every = slice(None, None, -3 if quick else -2)
    s, known = 3.0 / found["m"][every], found["out_of_collapse"][every]
    family = gandyn.template(WIDE, objective=objective)
    rows = [walls(family(s=value)) for value in s]
    collapse = np.array([row.out_of_collapse[0] for row in rows])
    return {
        "s": s,
        "out_of_collapse": collapse,
        "out_of_averaging": np.array([row.out_of_averaging[0] for row in rows]),
        "off_scaling": float(np.abs(collapse - known).max()),
    }


def against_weight(objective: str, quick: bool) -> Results:
    """Heights against the weight of the mode that is collapsed onto, or that averaging is left to.

    Half of the weights do: the left mode of one game is the right mode of its mirror image.
    """
    half = np.array([0.03, 0.1, 0.2, 0.3, 0.4, 0.5])
    if not quick:
        half = np.union1d(half, [0.05, 0.075, 0.15, 0.25, 0.35, 0.375, 0.425, 0.45, 0.475])
    family = gandyn.template(WEIGHTED, objective=objective)
    rows = [walls(family(w=value)) for value in half]

    def mirrored(pairs: list[tuple[float, float]]) -> Array:
        left, right = np.array(pairs).T
        return np.concatenate([left, right[-2::-1]])

    w = np.concatenate([half, 1.0 - half[-2::-1]])
    collapse = mirrored([row.out_of_collapse for row in rows])
    first = int(np.isfinite(collapse).argmax())
    least = math.nan
    if first and math.isfinite(collapse[first]):
        least = threshold(
            lambda value: math.isfinite(walls(family(w=value)).out_of_collapse[0]),
            w[first - 1], w[first], 1e-2 if quick else 1e-4,
        )  # fmt: skip
    return {
        "w": w,
        "out_of_collapse": collapse,
        "out_of_averaging": mirrored([row.out_of_averaging for row in rows]),
        "least": least,
    }


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
        out.append((top.potential - low.potential, eyring_kramers(low, top)))
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
