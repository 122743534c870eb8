"""The plane of a game: (|a|, b), the box that holds its rest points, and a lattice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions.sizes import LEAST, MOST, SMALLEST
from gandyn.dynamics import Flow, gradient_flow
from gandyn.errors import InputError
from gandyn.system.checks import Array, show
from gandyn.system.results import Alike

Box = tuple[float, float, float, float]

_EDGE = 48
"""Points of each edge of a box at which the force is looked at."""
_GROWTHS = 6
_FINE = 4000
_SHARES = np.array([0.01, 0.15865525393145707, 0.8413447460685429, 0.99])
_NEAR = np.sinh(np.linspace(-25.0, 25.0, 101))
"""Distances from a mode, in its widths, at which the spacing of a lattice is set."""


class Placed(Alike):
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

    InputError where they are not finite, do not rise, or a = 0 lies between a_low and a_high.
    """
    allowed = (
        "must be (a_low, a_high, b_low, b_high) with a_low < a_high, on one side of 0, and "
        "b_low < b_high"
    )
    try:
        a_low, a_high, b_low, b_high = (float(value) for value in box)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"box: got {show(box)}, {allowed}") from None
    if not np.isfinite([a_low, a_high, b_low, b_high]).all():
        raise InputError(f"box: got {show(tuple(box))}, must be finite")
    if not (a_low < a_high and a_low * a_high > 0.0 and b_low < b_high):
        raise InputError(f"box: got ({a_low:g}, {a_high:g}, {b_low:g}, {b_high:g}), {allowed}")
    if min(abs(a_low), abs(a_high)) < LEAST or np.abs(box).max() > MOST:
        told = f"must be from {-MOST:g} to {MOST:g}, and |a| from {LEAST:g} on"
        raise InputError(f"box: got ({a_low:g}, {a_high:g}, {b_low:g}, {b_high:g}), {told}")
    return a_low, a_high, b_low, b_high


def check_states(name: str, values: Any) -> Array:
    """States (n, 2), one or more; InputError for others, not finite ones, and a = 0."""
    try:
        states = np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        states = np.empty(0)
    good = states.ndim == 2 and states.shape[1] == 2 and len(states) and np.isfinite(states).all()
    if not good or (states[:, 0] == 0).any():
        raise InputError(f"{name}: got {show(values)}, must be (a, b) with a ≠ 0, shape (n, 2)")
    return states


def edges(a: Array, b: Array) -> list[Array]:
    """The states (n, 2) of the edges of a lattice: b lowest, a highest, b highest, a lowest."""
    places = ((a, b[0]), (a[-1], b), (a, b[-1]), (a[0], b))
    return [np.stack(np.broadcast_arrays(*place), axis=1) for place in places]


class Plane:
    """A game over its scale and its place: over (|a|, b), on one of the two sides of a = 0.

    All states here are u = (|a|, b), all forces and derivatives those of u. Results hold (a, b),
    which `turned` gives: where a < 0, the latent is reflected. The game's generator has a scale and
    a place, and no other parameter (else InputError), and `side` has the sign of a.
    """

    def __init__(self, game: Any, side: float = 1.0) -> None:
        generator = getattr(game, "generator", None)
        if not callable(getattr(game, "force", None)):
            raise InputError(f"game: got {show(game)}, must be a Game")
        order = (0, 1) if generator is None else generator.scale_and_place
        if order is None or (generator is not None and generator.dimension != 2):
            raise InputError(
                f"game: got generator {generator!r}, must have a scale and a place, and no other "
                "parameter: this is over the plane of (a, b) (see Generator.scale_and_place)"
            )
        self.game = game
        self.side = 1.0 if side > 0 else -1.0
        self._order = list(order)
        self._signs = np.array([self.side, 1.0])

    @property
    def unit(self) -> float:
        """The width of the narrowest thing in the data: see `Game.unit`."""
        return float(getattr(self.game, "unit", 1.0))

    def turned(self, theta: Array) -> Array:
        """(a, b) of (|a|, b), and back: for states and for vectors (..., 2)."""
        return theta * self._signs

    def mirrored(self, box: Box) -> Box:
        """The box of (a, b) of one of (|a|, b), and back."""
        return box if self.side > 0 else (-box[1], -box[0], box[2], box[3])

    def state(self, u: Array) -> Array:
        """The generator's parameters at u (..., 2)."""
        return (u * self._signs)[..., self._order]

    def seen(self, vectors: Array) -> Array:
        """What the generator's parameters (..., 2) are in u: the inverse of `state`."""
        return vectors[..., self._order] * self._signs

    def force(self, u: Array) -> Array:
        """Force (n, 2), nan where |a| is 0 or next to it, and where it or u is not finite."""
        good = (u[:, 0] >= SMALLEST) & (np.abs(u) <= MOST).all(axis=1)
        centred = getattr(self.game, "centred", None)
        if centred is not None and good.any():
            good[good] = centred.engine.has_force(self.game.near(self.state(u[good])))
        out = np.full(u.shape, np.nan)
        if good.any():
            out[good] = self.seen(self.game.force(self.state(u[good])))
        out[~np.isfinite(out).all(axis=1)] = np.nan
        return out

    def jacobian(self, u: Array) -> Array:
        """Jacobian (n, 2, 2), to nine digits or better."""
        jacobian = self.game.jacobian(self.state(u))
        return np.swapaxes(self.seen(np.swapaxes(self.seen(jacobian), -1, -2)), -1, -2)

    def potential(self, u: Array) -> Array:
        """Potential (...)."""
        return np.asarray(self.game.potential(self.state(u)))

    def flow(self, u: Array, span: tuple[float, float], *args: Any, **options: Any) -> Flow:
        """`gradient_flow` from states (2,) or (n, 2); its θ, too, are u."""
        flow = gradient_flow(self.game, self.state(u), span, *args, **options)
        return replace(flow, theta=self.seen(flow.theta))

    def box(self) -> Box:
        """A box with all rest points: at its edges, if it can be, the force points inwards.

        It cannot be for a latent many widths away from 0, whose a moves the place as b does.
        """
        data, generator = self.game.data, self.game.generator
        one = np.array([1.0, 0.0])[self._order]
        latent = generator.latent if generator.affine else generator.pushforward(one)
        centres, widths = np.asarray(data.landmarks, dtype=float).T
        unit, _, _ = _spread(latent)
        spread, percentile, other = _spread(data)
        spread = max(spread, float(np.ptp(centres)) / 2.0)
        inner, outer = float(widths.min()) / unit / 6.0, 3.0 * spread / unit
        middle = self.side * float(latent.mean) if np.isfinite(latent.mean) else 0.0
        low, high = min(float(centres.min()), percentile), max(float(centres.max()), other)
        margin = 0.3 * (high - low)
        shifts = sorted((-middle * inner, -middle * outer))
        b_low, b_high = low - margin + shifts[0], high + margin + shifts[1]
        inner, outer, walls = self._finite(inner, outer, np.linspace(b_low, b_high, 5))
        first = box = inner, outer, b_low, b_high
        grown = self._grown(box, walls)
        for _ in range(_GROWTHS):
            if grown == box:
                break
            box, grown = grown, self._grown(grown, walls)
        # An edge that has not come to where the force points inwards stays where it was.
        ends = zip(first, box, grown, strict=True)
        a_low, a_high, b_low, b_high = (own if more == own else old for old, own, more in ends)
        return a_low, a_high, b_low, b_high

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

    def _grown(self, box: Box, walls: list[bool]) -> Box:
        """The box with every edge moved out at which the force does not point inwards."""
        a_low, a_high, b_low, b_high = box
        a, b = np.geomspace(a_low, a_high, _EDGE), np.linspace(b_low, b_high, _EDGE)
        below, right, above, left = self.force(np.concatenate(edges(a, b))).reshape(4, _EDGE, 2)
        wider = 0.25 * (b_high - b_low)
        # Where it is not finite a wider box would not help.
        return (
            a_low * (0.5 if (left[:, 0] <= 0).any() and not walls[0] else 1.0),
            a_high * (1.5 if (right[:, 0] >= 0).any() and not walls[1] else 1.0),
            b_low - (wider if (below[:, 1] <= 0).any() else 0.0),
            b_high + (wider if (above[:, 1] >= 0).any() else 0.0),
        )

    def axes(self, box: Box) -> tuple[Array, Array]:
        """Axes a (A,) and b (B,) of a lattice: fine where the data are.

        In a the steps are even in log a; in b they are a share of the width of the nearest mode,
        growing with the distance from it.
        """
        a_low, a_high, b_low, b_high = box
        count = 2 + int(np.log(a_high / a_low) / 0.09)
        a = np.geomspace(a_low, a_high, count)
        a[[0, -1]] = a_low, a_high
        x = np.linspace(b_low, b_high, _FINE)
        data = getattr(self.game, "data", None)
        if data is None:
            return a, np.linspace(b_low, b_high, count)
        centres, widths = np.asarray(data.landmarks, dtype=float).T
        inside = np.clip(centres, b_low, b_high)
        near = np.sort((inside[:, None] + widths[:, None] * _NEAR).ravel())
        near = near[:: 1 + near.size // (2 * _FINE)]
        x = np.unique(np.clip(np.concatenate([x, near]), b_low, b_high))
        spacing = np.full(x.shape, (b_high - b_low) / 12.0)
        for centre, width in zip(centres, widths, strict=True):
            np.minimum(spacing, np.hypot(width, 0.4 * (x - centre)), out=spacing)
        rate = 1.0 / (0.3 * spacing)
        steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(x)
        t = np.concatenate([[0.0], np.cumsum(steps)])
        return a, np.interp(np.linspace(0.0, t[-1], 2 + int(t[-1])), t, x)


def _spread(law: Any) -> tuple[float, float, float]:
    """A width of a law, and its percentiles 1 and 99.

    The width is its deviation, or half the distance between the quantiles that a normal density has
    one deviation out, whichever is larger.
    """
    first, low, high, last = law.ppf(_SHARES)
    half = 0.5 * float(high - low)
    return max(half, float(law.std)) if np.isfinite(law.std) else half, float(first), float(last)
