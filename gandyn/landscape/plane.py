"""The plane of a game: (a, b) with a > 0, the box that holds its rest points, and a lattice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.generators import LinearGenerator

__all__ = ["Box", "Placed", "Plane", "check_box"]

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]

_EDGE = 48
"""Points of each edge of a box at which the force is looked at."""
_GROWTHS = 6
_FINE = 4000


class Placed:
    """Something at a place θ = (a, b) of the plane."""

    theta: Array

    @property
    def a(self) -> float:
        """The generator's scale."""
        return float(self.theta[0])

    @property
    def b(self) -> float:
        """The generator's place."""
        return float(self.theta[1])


def check_box(box: Sequence[float]) -> Box:
    """(a_low, a_high, b_low, b_high) as four floats.

    Raises
    ------
    InputError
        Where they are not finite, do not rise, or a_low is not above 0.
    """
    allowed = "must be (a_low, a_high, b_low, b_high) with 0 < a_low < a_high and b_low < b_high"
    try:
        a_low, a_high, b_low, b_high = (float(value) for value in box)
    except (TypeError, ValueError):
        raise InputError(f"box: got {box!r:.80}, {allowed}") from None
    if not np.isfinite([a_low, a_high, b_low, b_high]).all():
        raise InputError(f"box: got {tuple(box)!r:.80}, must be finite")
    if not (0.0 < a_low < a_high and b_low < b_high):
        raise InputError(f"box: got ({a_low:g}, {a_high:g}, {b_low:g}, {b_high:g}), {allowed}")
    return a_low, a_high, b_low, b_high


class Plane:
    """Force and Jacobian of a game over the half plane a > 0, in (a, b) and in (log a, b).

    Parameters
    ----------
    game : Game
        Of the linear generator.

    Raises
    ------
    InputError
        Where the generator is not linear.
    """

    def __init__(self, game: Any) -> None:
        generator = getattr(game, "generator", None)
        if generator is not None and type(generator) is not LinearGenerator:
            raise InputError(
                f"game: got generator {generator!r}, must be a LinearGenerator: "
                "the landscape is that of (a, b)"
            )
        self.game = game

    def force(self, theta: Array) -> Array:
        """Force (n, 2) at states (n, 2), nan where a ≤ 0 or where it is not finite."""
        good = (theta[:, 0] > 0) & np.isfinite(theta).all(axis=1)
        out = np.full(theta.shape, np.nan)
        if good.any():
            out[good] = self.game.force(theta[good])
        out[~np.isfinite(out).all(axis=1)] = np.nan
        return out

    def jacobian(self, theta: Array) -> Array:
        """Jacobian (n, 2, 2), to nine digits or better: for Newton's method."""
        return np.asarray(self.game.jacobian(theta))

    def box(self) -> Box:
        """A box with all rest points: at its edges, if it can be, the force points inwards.

        It cannot be for a latent many widths away from 0, whose a moves the place as b does.
        """
        data, latent = self.game.data, self.game.generator.latent
        centres, widths = np.asarray(data.landmarks, dtype=float).T
        unit = _spread(latent)
        spread = max(_spread(data), float(np.ptp(centres)) / 2.0)
        inner, outer = float(widths.min()) / unit / 6.0, 3.0 * spread / unit
        middle = float(latent.mean) if np.isfinite(latent.mean) else 0.0
        low = min(float(centres.min()), float(data.ppf(0.01)))
        high = max(float(centres.max()), float(data.isf(0.01)))
        margin = 0.3 * (high - low)
        shifts = sorted((-middle * inner, -middle * outer))
        b_low, b_high = low - margin + shifts[0], high + margin + shifts[1]
        inner, outer, walls = self._finite(inner, outer, np.linspace(b_low, b_high, 5))
        box = [inner, outer, b_low, b_high]
        for _ in range(_GROWTHS):
            box, good = self._grown(box, walls)
            if good:
                break
        return box[0], box[1], box[2], box[3]

    def _finite(self, inner: float, outer: float, b: Array) -> tuple[float, float, list[bool]]:
        """The scales between which the force is finite, and whether either end is a wall to it.

        χ² and its like are infinite where one density's tail is too heavy for the other's.
        """
        a = np.geomspace(inner, outer, _EDGE)
        states = np.stack(np.broadcast_arrays(a[:, None], b), axis=-1).reshape(-1, 2)
        known = np.isfinite(self.force(states)[:, 0]).reshape(_EDGE, len(b))
        finite: NDArray[np.bool_] = np.asarray(known.all(axis=1))
        if finite.all() or not finite.any():
            return inner, outer, [False, False]
        first = int(finite.argmax())
        last = first + int(np.append(~finite[first:], True).argmax()) - 1
        return float(a[first]), float(a[last]), [first > 0, last < _EDGE - 1]

    def _grown(self, box: list[float], walls: list[bool]) -> tuple[list[float], bool]:
        """The box with every edge moved out at which the force does not point inwards."""
        a_low, a_high, b_low, b_high = box
        a, b = np.geomspace(a_low, a_high, _EDGE), np.linspace(b_low, b_high, _EDGE)
        edges = [
            np.stack([np.full(_EDGE, a_low), b], axis=1),
            np.stack([np.full(_EDGE, a_high), b], axis=1),
            np.stack([a, np.full(_EDGE, b_low)], axis=1),
            np.stack([a, np.full(_EDGE, b_high)], axis=1),
        ]
        force = self.force(np.concatenate(edges)).reshape(4, _EDGE, 2)
        inwards = np.array([force[0, :, 0], -force[1, :, 0], force[2, :, 1], -force[3, :, 1]])
        inside = [bool((side > 0).all()) for side in inwards]
        wider = 0.25 * (b_high - b_low)
        grown = [
            a_low * (1.0 if inside[0] or walls[0] else 0.5),
            a_high * (1.0 if inside[1] or walls[1] else 1.5),
            b_low - (0.0 if inside[2] else wider),
            b_high + (0.0 if inside[3] else wider),
        ]
        return grown, grown == box

    def axes(self, box: Box, fineness: float = 1.0) -> tuple[Array, Array]:
        """Axes a (A,) and b (B,) of a lattice: fine where the data are.

        In a the steps are even in log a; in b they are a share of the width of the nearest mode,
        growing with the distance from it.
        """
        a_low, a_high, b_low, b_high = box
        count = 2 + int(np.log(a_high / a_low) / (0.09 / fineness))
        a = np.geomspace(a_low, a_high, count)
        a[[0, -1]] = a_low, a_high
        x = np.linspace(b_low, b_high, _FINE)
        data = getattr(self.game, "data", None)
        if data is None:
            return a, np.linspace(b_low, b_high, count)
        centres, widths = np.asarray(data.landmarks, dtype=float).T
        inside = np.clip(centres, b_low, b_high)
        near = (inside[:, None] + widths[:, None] * np.linspace(-4.0, 4.0, 17)).ravel()
        x = np.unique(np.clip(np.concatenate([x, near[:_FINE]]), b_low, b_high))
        spacing = np.full(x.shape, (b_high - b_low) / 12.0)
        for centre, width in zip(centres, widths, strict=True):
            np.minimum(spacing, np.hypot(width, 0.4 * (x - centre)), out=spacing)
        rate = fineness / (0.3 * spacing)
        steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(x)
        t = np.concatenate([[0.0], np.cumsum(steps)])
        return a, np.interp(np.linspace(0.0, t[-1], 2 + int(t[-1])), t, x)


def _spread(law: Any) -> float:
    """Half the distance between the quantiles that a normal density has one deviation out."""
    half = 0.5 * (float(law.isf(0.15865525393145707)) - float(law.ppf(0.15865525393145707)))
    return max(half, float(law.std)) if np.isfinite(law.std) else half
