"""Integrals next to the ends of densities, and far out, in the logarithm of the distance.

An integrand that goes with δ^(λ − 1) in the distance δ from an end is e^(−λu) per unit of
u = −log δ: it is integrated in u until nothing is left, which x cannot do, as it rounds to the end.
Where λ is 0 or below, the integral is infinite, and is seen not to fall. Far out it is the same
with u = log |x|.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cached_property

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

    def _of_data(self, ask: Callable[[float, float, Array], Array]) -> Array:
        """What the data say, asked once for each place and side."""
        out: Array | None = None
        for place, side in np.unique(np.stack([self._place, self._side], axis=1), axis=0).tolist():
            rows = (self._place == place) & (self._side == side)
            part = np.asarray(ask(place, side, self._distance[rows]))
            out = np.empty((*part.shape[:-2], *self.x.shape)) if out is None else out
            out[..., rows, :] = part
        return np.empty(self.x.shape) if out is None else out

    @cached_property
    def _data_side(self) -> Array:
        return self._of_data(lambda *near: np.stack(self.data.beside(*near)))

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
        def both(place: float, side: float, distance: Array) -> Array:
            x = place + side * distance
            if abs(place - self.data.support[0 if side > 0 else 1]) <= NEAR * abs(place):
                mass = self.data.mass_beside(place, side, distance)
                return np.stack([mass, 1.0 - mass][:: int(side)])
            return np.stack([self.data.cdf(x), self.data.sf(x)])

        lower, upper = self._of_data(both)
        return lower, upper


def towards_ends(
    data: Distribution,
    generated: Generated,
    panels: Panels,
    rows: Callable[[Field], tuple[Array, Array]],
) -> tuple[Panels, Approach | None]:
    """Panels that keep away from the ends of both densities, and the ways that lead there."""
    lanes: list[int] = []
    places: list[float] = []
    sides: list[float] = []
    firsts: list[float] = []
    starts: list[float] = []
    inner: list[tuple[Array, Array, int]] = []
    for lane in range(generated.lanes):
        ends = _apart([*data.ends, *generated.ends(lane)])
        for end in ends:
            panels = _cut(_wide(panels, lane, end), lane, end.place)
        for end, side in itertools.product(ends, (-1.0, 1.0)):
            others = [side * (other.place - end.place) for other in ends]
            room = min([0.5 * gap for gap in others if gap > 0.0] + [end.width])
            found = _next_to(panels, lane, end.place, side, room)
            if found is None:
                continue
            panels, u = found
            inner.append((u[:-1], u[1:], len(lanes)))
            lanes.append(lane)
            places.append(end.place)
            sides.append(side)
            firsts.append(float(u[0]))
            starts.append(float(u[-1]))
    if not lanes:
        return panels, None
    of, at, on = np.array(lanes), np.array(places), np.array(sides)

    def f(u: Array, way: Index) -> tuple[Array, Array]:
        values, rounding = rows(NextTo(data, generated, at[way], on[way], u, of[way]))
        # where one density is nothing beside the other, how steep it is has no say
        return values, np.nan_to_num(rounding, nan=_PLAIN, posinf=_PLAIN)

    way = np.concatenate([np.full(len(left), k) for left, _, k in inner])
    left, right = (np.concatenate([part[i] for part in inner]) for i in (0, 1))
    start = np.array(starts)
    stop = np.full(len(of), _LAST)
    panels_of_u = Panels.between(left, right, way)
    return panels, Approach(f, of, panels_of_u, np.array(firsts), start, stop)


def _apart(ends: list[End]) -> list[End]:
    """Those of ends that are not at one and the same place."""
    out: list[End] = []
    for end in ends:
        if not any(abs(end.place - other.place) <= NEAR * abs(end.place) for other in out):
            out.append(end)
    return out


def _wide(panels: Panels, lane: int, end: End) -> Panels:
    """The panels, which reach beyond an end on both sides."""
    mine = panels.lane == lane
    first, last = float(panels.left[mine].min()), float(panels.right[mine].max())
    low, high = min(first, end.place - end.width), max(last, end.place + end.width)
    ends = np.array([low, last]), np.array([first, high])
    return panels.joined(Panels.between(*ends, np.full(2, lane)).pick(ends[0] < ends[1]))


def _cut(panels: Panels, lane: int, place: float) -> Panels:
    """The panels, none of which has the place inside."""
    near = NEAR * abs(place)
    across = (panels.lane == lane) & (panels.left < place - near) & (panels.right > place + near)
    if not across.any():
        return panels
    left, right, at = panels.left[across], panels.right[across], panels.lane[across]
    middle = np.full(len(at), place)
    ends = np.append(left, middle), np.append(middle, right)
    return panels.pick(~across).joined(Panels.between(*ends, np.append(at, at)))


def _next_to(
    panels: Panels, lane: int, place: float, side: float, room: float
) -> tuple[Panels, Array] | None:
    """The panels without those within `room` of a place, on a side of it.

    And the edges of these as −log distance.
    """
    near = NEAR * abs(place)
    outer, inner = (panels.right, panels.left) if side > 0 else (panels.left, panels.right)
    first, last = side * (inner - place), side * (outer - place)
    # the outermost panel stays, in part
    room = min(room, 0.5 * float(last[panels.lane == lane].max()))
    mine = np.flatnonzero((panels.lane == lane) & (first >= -near) & (first < room * (1 - 1e-9)))
    if not len(mine) or first[mine].min() > near or panels.root[mine].any():
        return None
    reached = np.minimum(np.unique(last[mine]), room)
    edges = reached[reached > max(_INNERMOST * room, 64.0 * near)]
    if not len(edges):
        return None
    kept = np.ones(len(panels), bool)
    kept[mine] = False
    rest = mine[last[mine] > room * (1 + 1e-9)]
    cut = np.full(len(rest), place + side * room)
    ends = (cut, outer[rest]) if side > 0 else (outer[rest], cut)
    outside = Panels.between(ends[0], ends[1], panels.lane[rest])
    return panels.pick(kept).joined(outside), -np.log(edges[::-1])
