"""Adaptive quadrature on the line, for many integrals over many lanes at once.

A *lane* is one game state; its integrals share one set of panels. Every panel is integrated by a
Gauss-Kronrod pair, (10, 21) if not asked otherwise, and the panels whose two rules disagree by more
than was asked are halved, all of them, in all lanes, in one sweep. The pair's disagreement is the
error estimate: it bounds the Gauss rule, so that the Kronrod rule's value returned is far better
than it says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gandyn.engine.kronrod import FINE, Pair

__all__ = ["Approach", "Integrals", "Panels", "integrate"]

Array = NDArray[np.float64]

_EPS = float(np.finfo(float).eps)
_BLOCK = 512
"""Panels evaluated at a time: some 10,000 nodes, which stay in the cache."""


@dataclass(frozen=True)
class Panels:
    """Panels on the line, each belonging to a lane.

    Attributes
    ----------
    left, right : ndarray, shape (P,)
        The ends of each panel.
    lane : ndarray of int, shape (P,)
        The state that the panel belongs to.
    root : ndarray of int8, shape (P,)
        -1 or +1 where the integrand has an inverse square root at the left or right end, as a
        pushforward density has at a fold of the generator; 0 elsewhere. Such a panel is integrated
        in the square root of the distance from that end.
    """

    left: Array
    right: Array
    lane: NDArray[np.intp]
    root: NDArray[np.int8]

    @classmethod
    def between(
        cls,
        left: Array,
        right: Array,
        lane: NDArray[np.intp],
        root: NDArray[np.int8] | None = None,
    ) -> Panels:
        """Panels of given ends, smooth at both where `root` is not given."""
        return cls(left, right, lane, np.zeros(len(left), np.int8) if root is None else root)

    def __len__(self) -> int:
        return len(self.left)

    def pick(self, where: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Panels:
        """The panels that a mask, their indices or a slice selects."""
        return Panels(self.left[where], self.right[where], self.lane[where], self.root[where])

    def joined(self, other: Panels) -> Panels:
        """These panels and the others."""
        return Panels(
            np.concatenate([self.left, other.left]),
            np.concatenate([self.right, other.right]),
            np.concatenate([self.lane, other.lane]),
            np.concatenate([self.root, other.root]),
        )

    def halved(self) -> Panels:
        """Each panel's two halves; a singular end stays with the half that has it."""
        middle = 0.5 * (self.left + self.right)
        return Panels(
            np.concatenate([self.left, middle]),
            np.concatenate([middle, self.right]),
            np.concatenate([self.lane, self.lane]),
            np.concatenate([np.minimum(self.root, 0), np.maximum(self.root, 0)]).astype(np.int8),
        )

    def nodes(self, rule: Pair) -> tuple[Array, Array]:
        """Nodes x, shape (P, n), and the half-width times dx/ds that multiplies the weights."""
        half = 0.5 * (self.right - self.left)[:, None]
        x = 0.5 * (self.left + self.right)[:, None] + half * rule.nodes
        jacobian = np.broadcast_to(half, x.shape)
        if self.root.any():
            jacobian = jacobian.copy()
            for side, end in ((-1, self.left), (1, self.right)):
                at = np.flatnonzero(self.root == side)
                s = 0.5 * (1.0 + rule.nodes)
                s = s if side < 0 else s[::-1]
                x[at] = end[at, None] - side * 2.0 * half[at] * s**2
                jacobian[at] = 2.0 * half[at] * s
        return x, jacobian

    def blurred(self, x: Array) -> Array:
        """What the rounding of nodes x does to 1/√distance from a root, relative, in epsilons."""
        end = np.where(self.root < 0, self.left, self.right)[:, None]
        size = np.where(self.root == 0, 0.0, np.abs(end.T)).T
        return 0.5 * size / np.maximum(np.abs(x - end), np.maximum(_EPS * size, 1e-300))


@dataclass(frozen=True)
class Integrals:
    """The integrals of every lane.

    Attributes
    ----------
    value : ndarray, shape (K, lanes)
        K integrals in each lane; infinite where the integral diverges.
    error : ndarray, shape (K, lanes)
        Estimates of the absolute error: the pair's disagreement, the rounding of the sum and the
        tail that was cut. 0 where the value is infinite.
    converged : ndarray of bool, shape (lanes,)
        Whether every integral of the lane met its tolerance, or its rounding level.
    nodes : ndarray of int, shape (lanes,)
        Points at which the integrand was evaluated.
    """

    value: Array
    error: Array
    converged: NDArray[np.bool_]
    nodes: NDArray[np.int64]

    def of(self, lanes: slice | NDArray[np.intp]) -> Integrals:
        """Those of some lanes."""
        return Integrals(
            self.value[:, lanes], self.error[:, lanes], self.converged[lanes], self.nodes[lanes]
        )

    def mended(
        self, bad: NDArray[np.intp], theta: Array, ask: Callable[[Array], Integrals]
    ) -> Integrals:
        """These, in place, with some lanes asked for in another way, given their states."""
        if len(bad):
            more = ask(theta[bad])
            self.value[:, bad], self.error[:, bad] = more.value, more.error
            self.converged[bad] = more.converged
            self.nodes[bad] += more.nodes
        return self

    @classmethod
    def joined(cls, parts: Sequence[Integrals]) -> Integrals:
        """The lanes of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.value for part in parts], axis=1),
            np.concatenate([part.error for part in parts], axis=1),
            np.concatenate([part.converged for part in parts]),
            np.concatenate([part.nodes for part in parts]),
        )


Integrand = Callable[[Array, NDArray[np.intp]], tuple[Array, Array]]
"""``f(x, lane)`` with x of shape (P, n) and lane (P,): values (K, P, n) and their rounding errors
relative to the value, in units of the machine epsilon, of any shape that broadcasts to it."""

FarIntegrand = Callable[[Array, Array, NDArray[np.intp]], tuple[Array, Array]]


def _sums(f: Integrand, panels: Panels, rule: Pair) -> Array:
    """Value, disagreement, absolute sum and rounding of each panel: shape (4, K, P)."""
    parts = []
    for start in range(0, len(panels), _BLOCK):
        part = panels.pick(slice(start, start + _BLOCK))
        x, jacobian = part.nodes(rule)
        # Far out densities underflow and ratios overflow: infinite and nan are told apart below.
        with np.errstate(all="ignore"):
            values, rounding = f(x, part.lane)
            if part.root.any():
                rounding = rounding + part.blurred(x)
            values = values * jacobian
            kronrod, difference = np.moveaxis(_folded(values) @ rule.folded, -1, 0)
            np.abs(values, out=values)
            absolute = values @ rule.kronrod
            values *= rounding
            noise = values @ rule.kronrod
        parts.append(np.stack([kronrod, np.abs(difference), absolute, _EPS * noise]))
    return np.concatenate(parts, axis=2)


def _folded(values: Array) -> Array:
    """Sums over the two nodes of each weight: a panel's mirror image then has the same sum."""
    middle = values.shape[-1] // 2
    folded = values[..., middle:].copy()
    folded[..., 1:] += values[..., middle - 1 :: -1]
    return folded


def _exactly_by_lane(rows: Array, lane: NDArray[np.intp], plain: Array) -> Array:
    """Sums over the panels of each lane, rounded once: what cancels by symmetry is 0."""
    order = np.argsort(lane, kind="stable")
    ends = np.searchsorted(lane[order], np.arange(plain.shape[1] + 1))
    out = plain.copy()
    for row, sums in zip(out, rows[:, order].tolist(), strict=True):
        for k in np.flatnonzero(np.isfinite(row)):
            row[k] = math.fsum(sums[ends[k] : ends[k + 1]])
    return out


def _by_lane(sums: Array, lane: NDArray[np.intp], lanes: int) -> Array:
    """Sum (..., P) over the panels of each lane: (..., lanes)."""
    flat = sums.reshape(-1, sums.shape[-1])
    out = np.empty((len(flat), lanes))
    for k, row in enumerate(flat):
        out[k] = np.bincount(lane, row, minlength=lanes)
    return out.reshape(*sums.shape[:-1], lanes)


@dataclass
class _Running:
    """What a sweep over a set of panels came to, per integral and lane."""

    value: Array
    error: Array
    absolute: Array
    converged: NDArray[np.bool_]
    nodes: NDArray[np.int64]

    def of(self, lanes: NDArray[np.bool_]) -> _Running:
        """Those of some lanes."""
        return _Running(
            self.value[:, lanes],
            self.error[:, lanes],
            self.absolute[:, lanes],
            self.converged[lanes],
            self.nodes[lanes],
        )


def _adapt(
    f: Integrand, panels: Panels, lanes: int, rtol: float, scale: Array | None, rule: Pair
) -> _Running:
    """Halve until every panel's disagreement is below ``rtol`` of its lane's value (and scale)."""
    sums = _sums(f, panels, rule)
    nodes = len(rule.nodes) * np.bincount(panels.lane, minlength=lanes)
    for _ in range(_SWEEPS):
        value, _, absolute, _ = _by_lane(sums, panels.lane, lanes)
        with np.errstate(invalid="ignore", over="ignore"):
            wanted = np.abs(value) if scale is None else np.maximum(np.abs(value), scale)
            tolerance = np.maximum(rtol * wanted, _EPS * absolute)[:, panels.lane]
            over = sums[1] > np.maximum(np.maximum(tolerance / 8.0, _FAINTEST), 4.0 * sums[3])
        over &= np.isfinite(sums[0])
        width = panels.right - panels.left
        place = np.maximum(np.abs(panels.left), np.abs(panels.right))
        split = over.any(axis=0) & (width > 64.0 * _EPS * place)
        split &= np.bincount(panels.lane)[panels.lane] <= _MOST_PANELS
        if not split.any():
            break
        halves = panels.pick(split).halved()
        nodes += len(rule.nodes) * np.bincount(halves.lane, minlength=lanes)
        sums = np.concatenate([sums[:, :, ~split], _sums(f, halves, rule)], axis=2)
        panels = panels.pick(~split).joined(halves)
    value, difference, absolute, noise = _by_lane(sums, panels.lane, lanes)
    value = _exactly_by_lane(sums[0], panels.lane, value)
    infinite = np.isinf(value)
    with np.errstate(invalid="ignore"):
        wanted = np.abs(value) if scale is None else np.maximum(np.abs(value), scale)
        most = np.maximum(np.maximum(1e3 * rtol * wanted, 1e2 * noise), 1e3 * _FAINTEST)
        good = infinite | (difference <= most)
        error = np.where(infinite, 0.0, difference + noise)
    return _Running(value, error, absolute, good.all(axis=0), nodes)


_SWEEPS = 60
_MOST_PANELS = 4000
"""Per lane; only an integrand that is noise, or not integrable, comes near it."""

_FAINTEST = 1e-305
"""Below, numbers have lost digits: two rules need not agree."""

_DOUBLINGS = 12
"""Panels twice as wide as those before; what still matters then is followed by its logarithm."""

_FIRST_WAY, _LAST_PLACE = 2.0, math.log(1e140)
_STEPS = np.array([16.0, 8.0, 4.0, 0.0])
_CONSTANT, _PURE = 1e-8, 1e-9
_SWINGS = 1e-6
"""Share of an integral that a stretch which no panels resolve may not have."""


@dataclass(frozen=True)
class Approach:
    """Ways towards ends of the line, or of a density, where integrals may be infinite.

    Along a way the distance from the end is measured in its logarithm u, which grows towards it.
    There a power falls exponentially, and an integral that diverges does not fall at all.

    Attributes
    ----------
    f : callable
        ``f(u, way)``, an `Integrand` per unit of u, whose rows are of ways instead of lanes.
    lane : ndarray of int, shape (m,)
        The lane of each way.
    panels : Panels
        Panels of u at the ways' beginnings, their lanes being the ways.
    first, start, stop : ndarray, shape (m,)
        Where the ways begin, where the panels end, and where nothing can be evaluated any more.
    """

    f: Integrand
    lane: NDArray[np.intp]
    panels: Panels
    first: Array
    start: Array
    stop: Array


def integrate(
    f: Integrand,
    panels: Panels,
    lanes: int,
    *,
    rtol: float = 1e-11,
    open_left: bool = False,
    open_right: bool = False,
    rule: Pair = FINE,
    distant: FarIntegrand | None = None,
    inner: Approach | None = None,
) -> Integrals:
    """Integrate K functions over each lane's panels, and beyond them where they are open.

    Parameters
    ----------
    f : callable
        ``f(x, lane) -> values, rounding``, see `Integrand`.
    panels : Panels
        Panels that cover, in each lane, all that matters and whose edges stand on the jumps and
        kinks of the integrand. At least one panel in each lane.
    lanes : int
        Number of lanes.
    rtol : float
        Relative tolerance of each integral. It is met by the pair's disagreement, so the error is
        far smaller; where rounding is larger, rounding is what is reported.
    open_left, open_right : bool
        Whether the integrals go on to infinity on that side. Panels that double in width are then
        added until they add nothing; an integral that does not stop growing is infinite, and nan,
        not converged, where it grows both ways or swings.
    rule : Pair
        The pair that every panel is integrated by: (10, 21), or (4, 9) on many short panels.
    distant : callable, optional
        ``distant(x, u, lane)``, f times e^u: what is integrated over u where x goes with e^u.
    inner : Approach, optional
        Ways to finite ends, up to which the panels do not reach.

    Returns
    -------
    Integrals
    """
    order = np.lexsort((panels.left, panels.lane))
    first = np.searchsorted(panels.lane[order], np.arange(lanes + 1))
    low, high = panels.pick(order[first[:-1]]), panels.pick(order[first[1:] - 1])
    reach, ends = high.right - low.left, []
    for side, end, other in ((-1.0, low.left, low.right), (1.0, high.right, high.left)):
        if open_left if side < 0 else open_right:
            # A little beyond, panels begin as wide as their neighbour within.
            far, step = end, np.abs(other - end)
            while len(lane := np.flatnonzero(step < reach)):
                beyond = end + side * step
                near, wide = np.sort([far[lane], beyond[lane]], axis=0)
                panels = panels.joined(Panels.between(near, wide, lane))
                far, step = np.where(step < reach, beyond, far), 16.0 * step
            ends.append((side, far, reach - np.abs(far - end)))
    whole = _adapt(f, panels, lanes, rtol, None, rule)
    middle = 0.5 * (low.left + high.right)
    for side, end, width in ends:
        index, end = _extend(f, whole, side, end, width, rtol, rule)
        if len(index):
            outer = _outwards(distant or _times_distance(f), side, middle[index], end, index)
            _follow(outer, whole, rtol, rule)
    if inner is not None and len(inner.lane):
        _begin(inner, whole, rtol, rule)
        _follow(inner, whole, rtol, rule)
    error = np.where(np.isinf(whole.value), 0.0, whole.error)
    converged = whole.converged & ~np.isnan(whole.value + error).any(axis=0)
    return Integrals(whole.value, error, converged, whole.nodes)


def _times_distance(f: Integrand) -> FarIntegrand:
    def far(x: Array, u: Array, lane: NDArray[np.intp]) -> tuple[Array, Array]:
        values, rounding = f(x, lane)
        return values * np.exp(u), rounding

    return far


def _outwards(
    far: FarIntegrand, side: float, middle: Array, end: Array, lane: NDArray[np.intp]
) -> Approach:
    """The ways on from ends far out, by the distances from the middle."""

    def f(u: Array, way: NDArray[np.intp]) -> tuple[Array, Array]:
        return far(middle[way, None] + side * np.exp(u), u, lane[way])

    none = np.empty(0)
    start, stop = np.log(np.abs(end - middle)), np.full(len(lane), _LAST_PLACE)
    panels = Panels.between(none, none, np.empty(0, np.intp))
    first = start - 0.5 * _DOUBLINGS * math.log(2.0)
    return Approach(f, lane, panels, first, start, np.maximum(stop, start + 32.0))


def _add(whole: _Running, piece: _Running, lane: NDArray[np.intp]) -> None:
    """Add pieces, each of a way, to the lanes that these belong to."""
    for total, part in (
        (whole.value, piece.value),
        (whole.error, piece.error),
        (whole.absolute, piece.absolute),
    ):
        with np.errstate(invalid="ignore"):
            for row, more in zip(total, part, strict=True):
                np.add.at(row, lane, more)
    np.add.at(whole.nodes, lane, piece.nodes)
    np.logical_and.at(whole.converged, lane, piece.converged)


def _scale(whole: _Running, lane: NDArray[np.intp]) -> Array:
    return np.maximum(np.abs(whole.value), _EPS * whole.absolute)[:, lane]


def _finite(whole: _Running) -> Array:
    """The absolute sums so far, 0 where they are infinite: each way may be so by itself."""
    return np.where(np.isfinite(whole.absolute), whole.absolute, 0.0)


def _begin(approach: Approach, whole: _Running, rtol: float, rule: Pair) -> None:
    """Add the panels that ways begin with."""
    if len(approach.panels):
        scale = _scale(whole, approach.lane)
        ways = len(approach.lane)
        piece = _adapt(approach.f, approach.panels, ways, rtol, scale, rule)
        _add(whole, piece, approach.lane)


def _follow(approach: Approach, whole: _Running, rtol: float, rule: Pair) -> None:
    """Follow ways, by panels that double in u, until they add nothing or nothing is left of them.

    What is left beyond goes on as it went on last: as A + B u times an exponential.
    """
    u, width = approach.start.copy(), np.full(len(approach.lane), _FIRST_WAY)
    active = np.ones(len(u), bool)
    while active.any():
        index = np.flatnonzero(active)
        lane = approach.lane[index]
        far = np.minimum(u[index] + width[index], approach.stop[index])
        panels = Panels.between(u[index], far, np.arange(len(index)))
        scale = _scale(whole, lane)
        piece = _adapt(_for_lanes(approach.f, index), panels, len(index), rtol, scale, rule)
        endless = np.isinf(piece.absolute)
        piece.value[endless] = np.copysign(np.inf, piece.value[endless])
        known = _finite(whole)[:, lane]
        with np.errstate(invalid="ignore"):
            matters = (piece.absolute > 1e-17 * known) & ~endless
            # where rounding is most of it, what there was goes on; what swings goes nowhere
            few = matters & (piece.error > 1e-2 * piece.absolute)
            swings = few & (piece.error > _SWINGS * known) & ~piece.converged
            lost = np.any(few, axis=0)
        _add(whole, piece.of(~lost), lane[~lost])
        u[index[~lost]] = far[~lost]
        width[index] *= 2.0
        on = matters.any(axis=0) & ~lost
        active[index] = on & (far < approach.stop[index])
        last = index[(on & ~active[index]) | lost]
        if len(last):
            rest = _rest(approach, last, u[last], _finite(whole))
            rest.value[swings[:, np.isin(index, last)]] = np.nan
            _add(whole, rest, approach.lane[last])


def _rest(approach: Approach, way: NDArray[np.intp], u: Array, absolute: Array) -> _Running:
    """What is left beyond u on some ways, from the last values there are."""
    scale = np.minimum(1.0, (u - approach.first[way]) / _STEPS[0])[:, None]
    with np.errstate(all="ignore"):
        values, rounding = approach.f(u[:, None] - scale * _STEPS, way)
        rounding = _EPS * np.broadcast_to(rounding, values.shape)[..., -1]
        early, middle, late, last = np.moveaxis(values, -1, 0)
        value, endless = _left(middle, late, last, 4.0 * scale[:, 0])
        other, _ = _left(early, middle, last, 8.0 * scale[:, 0])
        lost = (rounding > 0.1) | ~(np.minimum(early * last, late * last) > 0.0)
        gone = (last == 0.0) | lost
        endless &= ~gone
        value = np.where(endless, np.copysign(np.inf, last), np.where(gone, 0.0, value))
        error = np.abs(value - other) + (np.abs(value) + np.abs(last)) * rounding
        error = np.where(endless | gone, np.where(lost, 1e3 * np.abs(last), 0.0), error)
        known = absolute[:, approach.lane[way]]
    settled = ~(lost & (error > 1e-12 * known)).any(axis=0)
    nodes = np.full(len(way), len(_STEPS))
    return _Running(value, error, np.abs(value), settled, nodes)


def _left(
    first: Array, second: Array, third: Array, step: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """∫ of (A + B u) e^(−λu) beyond the last of three values, and whether it is infinite."""
    ratio, change = third / second, 1.0 - (third / second) / (second / first)
    tilted = change > _PURE
    rate = np.where(
        tilted, (second / first) * (1.0 - np.sqrt(np.where(tilted, change, 0.0))), ratio
    )
    decay = -np.log(rate) / step
    slope = np.where(tilted, (third - rate * second) / step, 0.0)
    return (third + slope / decay) / decay, ~(decay > _CONSTANT)


def _for_lanes(f: Integrand, index: NDArray[np.intp]) -> Integrand:
    """The integrand of the lanes of `index`, counted from 0."""
    return lambda x, lane: f(x, index[lane])


def _extend(
    f: Integrand,
    whole: _Running,
    side: float,
    end: Array,
    width: Array,
    rtol: float,
    rule: Pair,
) -> tuple[NDArray[np.intp], Array]:
    """Add doubling panels beyond one end to `whole`, lane by lane, until they add nothing.

    Returns the lanes whose panels still add something, and where they end.
    """
    lanes = len(end)
    active = np.ones(lanes, bool)
    end, width = end.copy(), width.copy()
    for _ in range(_DOUBLINGS):
        index = np.flatnonzero(active)
        far = end[index] + side * width[index]
        panels = Panels.between(
            np.minimum(end[index], far), np.maximum(end[index], far), np.arange(len(index))
        )
        piece = _adapt(_for_lanes(f, index), panels, len(index), rtol, _scale(whole, index), rule)
        endless = np.isinf(piece.absolute)
        piece.value[endless] = np.copysign(np.inf, piece.value[endless])
        _add(whole, piece, index)
        with np.errstate(invalid="ignore"):
            matters = (piece.absolute > 1e-16 * _finite(whole)[:, index]) & ~endless
        end[index] = far
        width[index] *= 2.0
        active[index] = matters.any(axis=0) & (np.abs(far) < 1e140)
        if not active.any():
            break
    return np.flatnonzero(active), end[active]
