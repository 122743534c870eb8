"""Integrals next to the ends of densities, and far out, in the logarithm of the distance.

An integrand that goes with δ^(λ − 1) in the distance δ from an end is e^(−λu) per unit of
u = −log δ: it is integrated in u until nothing is left, which x cannot do, as it rounds to the end.
Where λ is 0 or below, the integral is infinite, and is seen not to fall. Far out it is the same
with u = log |x|.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.distributions.ends import NEAR, End
from gandyn.engine.quadrature import Approach, Panels
from gandyn.generators import Generated
from gandyn.objectives.field import Field

__all__ = ["FarOut", "NextTo", "towards_ends"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_LAST = 660.0
_INNERMOST, _PLAIN = 1e-9, 64.0


class FarOut(Field):
    """A field far out whose densities are per unit of u, where x goes with e^u."""

    def __init__(
        self, data: Distribution, generated: Generated, x: Array, u: Array, lane: Index
    ) -> None:
        super().__init__(data, generated, x, lane)
        self._u = u

    @cached_property
    def log_generated(self) -> Array:  # type: ignore[override]
        return self.generated.logpdf(self.x, self.lane) + self._u

    @cached_property
    def log_data(self) -> Array:  # type: ignore[override]
        return self.data.logpdf(self.x) + self._u


class NextTo(Field):
    """A field at distances e^−u from places (P,), on sides of them; densities are per unit of u."""

    def __init__(
        self,
        data: Distribution,
        generated: Generated,
        place: Array,
        side: Array,
        u: Array,
        lane: Index,
    ) -> None:
        self._place, self._side, self._u = place, side, u
        self._distance = np.exp(-u)
        super().__init__(data, generated, place[:, None] + side[:, None] * self._distance, lane)
        self._parts = []

    @property
    def blur(self) -> Array:
        return self._distance

    def _sides(self) -> Iterator[tuple[NDArray[np.bool_], End | None]]:
        """The data's ends and the rows that are next to each, and the rows next to none."""
        rest = np.ones(len(self._place), bool)
        for end in self.data.ends:
            rows = np.abs(self._place - end.place) <= NEAR * np.abs(self._place)
            rows &= self._side == end.side
            rest &= ~rows
            if rows.any():
                yield rows, end
        if rest.any():
            yield rest, None

    @cached_property
    def _data_side(self) -> Array:
        out = np.empty((2, *self.x.shape))
        for rows, end in self._sides():
            distance = self._distance[rows]
            if end is None:
                place, side = self._place[rows, None], self._side[rows, None]
                away = np.maximum(distance, NEAR * np.abs(place))
                out[:, rows] = self.data.logpdf_and_score(place + side * away)
            else:
                out[:, rows] = end.log_density(distance), end.score(distance)
        return out

    @cached_property
    def _generated_side(self) -> tuple[Array, Array]:
        return self.generated.beside(self._place, self._side, self._distance, self.lane)

    @cached_property
    def log_data(self) -> Array:  # type: ignore[override]
        return self._data_side[0] - self._u

    @cached_property
    def score_data(self) -> Array:  # type: ignore[override]
        return self._data_side[1]

    @cached_property
    def log_generated(self) -> Array:  # type: ignore[override]
        return self._generated_side[0] - self._u

    @cached_property
    def score_generated(self) -> Array:  # type: ignore[override]
        return self._generated_side[1]

    @cached_property
    def masses(self) -> tuple[Array, Array]:  # type: ignore[override]
        out = np.empty((2, *self.x.shape))
        for rows, end in self._sides():
            if end is not None and end.outer(self.data.support):
                mass = end.mass(self._distance[rows])
                out[:, rows] = (mass, 1.0 - mass)[:: int(end.side)]
            else:
                out[:, rows] = self.data.cdf(self.x[rows]), self.data.sf(self.x[rows])
        lower, upper = out
        return lower, upper


def towards_ends(
    data: Distribution,
    generated: Generated,
    panels: Panels,
    rows: Callable[[Field], tuple[Array, Array]],
) -> tuple[Panels, Approach | None]:
    """Panels that keep away from the ends of both densities, and the ways that lead there."""
    ends = [_apart([*data.ends, *generated.ends(k)]) for k in range(generated.lanes)]
    most = max(map(len, ends))
    if not most:
        return panels, None
    # each lane's first end, second end and so on; nan where it has no more
    places, widths = np.full((2, most, generated.lanes), np.nan)
    for k, own in enumerate(ends):
        places[: len(own), k] = [end.place for end in own]
        widths[: len(own), k] = [end.width for end in own]
    for place, width in zip(places, widths, strict=True):
        panels = _cut(_wide(panels, place, width), place)
    ways: list[tuple[NDArray[Any], ...]] = []
    inner, count = [Panels.between(np.empty(0), np.empty(0), np.empty(0, np.intp))], 0
    for place, width in zip(places, widths, strict=True):
        for side in (-1.0, 1.0):
            with np.errstate(invalid="ignore"):
                gaps = side * (places - place)
                room = np.fmin.reduce(np.where(gaps > 0.0, 0.5 * gaps, width))
                room = np.fmin(room, width)
            panels, lane, u = _next_to(panels, place, side, room)
            way, first, index = np.unique(lane, return_index=True, return_inverse=True)
            last = np.append(first[1:], len(u)) - 1 if len(u) else first
            ways.append((way, place[way], np.full(len(way), side), u[first], u[last]))
            within = np.flatnonzero(np.diff(index) == 0)
            inner.append(Panels.between(u[within], u[within + 1], count + index[within]))
            count += len(way)
    of, at, on, begun, start = (np.concatenate(part) for part in zip(*ways, strict=True))
    if not len(of):
        return panels, None

    def f(u: Array, way: Index) -> tuple[Array, Array]:
        values, rounding = rows(NextTo(data, generated, at[way], on[way], u, of[way]))
        # where one density is nothing beside the other, how steep it is has no say
        return values, np.nan_to_num(rounding, nan=_PLAIN, posinf=_PLAIN)

    first_panels = reduce(Panels.joined, inner)
    stop = np.full(len(of), _LAST)
    return panels, Approach(f, of, first_panels, begun, start, stop)


def _apart(ends: list[End]) -> list[End]:
    """Those of ends that are not at one and the same place."""
    out: list[End] = []
    for end in ends:
        if not any(abs(end.place - other.place) <= NEAR * abs(end.place) for other in out):
            out.append(end)
    return out


def _wide(panels: Panels, place: Array, width: Array) -> Panels:
    """The panels, which reach beyond an end (lanes,) on both sides."""
    first, last = np.full((2, len(place)), [[np.inf], [-np.inf]])
    np.minimum.at(first, panels.lane, panels.left)
    np.maximum.at(last, panels.lane, panels.right)
    low, high = np.append(place - width, last), np.append(first, place + width)
    lanes = np.tile(np.arange(len(place)), 2)
    return panels.joined(Panels.between(low, high, lanes).pick(low < high))


def _cut(panels: Panels, place: Array) -> Panels:
    """The panels, none of which has the place of its lane inside."""
    at = place[panels.lane]
    near = NEAR * np.abs(at)
    across = (panels.left < at - near) & (panels.right > at + near)
    if not across.any():
        return panels
    old, middle = panels.pick(across), at[across]
    ends = np.append(old.left, middle), np.append(middle, old.right)
    return panels.pick(~across).joined(Panels.between(*ends, np.tile(old.lane, 2)))


def _next_to(panels: Panels, place: Array, side: float, room: Array) -> tuple[Panels, Index, Array]:
    """The panels without those within `room` of a place (lanes,), on a side of it.

    And the edges of these as −log distance, rising within each lane, and their lanes.
    """
    lane = panels.lane
    outer, inner = (panels.right, panels.left) if side > 0 else (panels.left, panels.right)
    at, near = place[lane], NEAR * np.abs(place)
    first, last = side * (inner - at), side * (outer - at)
    # the outermost panel stays, in part
    farthest, nearest = np.full((2, len(place)), [[-np.inf], [np.inf]])
    np.maximum.at(farthest, lane, last)
    room = np.minimum(room, 0.5 * farthest)
    mine = (first >= -near[lane]) & (first < room[lane] * (1.0 - 1e-9))
    np.minimum.at(nearest, lane[mine], first[mine])
    taken = nearest <= near
    taken[lane[mine & (panels.root != 0)]] = False
    mine &= taken[lane]
    reached = np.minimum(last[mine], room[lane[mine]])
    kept = reached > np.maximum(_INNERMOST * room, 64.0 * near)[lane[mine]]
    edges, of = reached[kept], lane[mine][kept]
    mine &= np.bincount(of, minlength=len(place))[lane] > 0
    order = np.lexsort((-edges, of))
    edges, of = edges[order], of[order]
    new = np.append(True, (np.diff(of) > 0) | (np.diff(edges) < 0.0))[: len(of)]
    rest = mine & (last > room[lane] * (1.0 + 1e-9))
    cut = (place + side * room)[lane[rest]]
    ends = (cut, outer[rest]) if side > 0 else (outer[rest], cut)
    outside = Panels.between(*ends, lane[rest])
    return panels.pick(~mine).joined(outside), of[new], -np.log(edges[new])
