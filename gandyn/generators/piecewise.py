"""The exact pieces of ReLU networks from R to R, a stack of networks of one shape at once.

Between neighbouring kinks such a network is linear. A unit of the first layer turns where its
pre-activation is zero; the pre-activations of the next layer are linear between these kinks, so
that their own zeros, one at most in every interval, are the next kinks, and so on. What is known at
the kinks is carried from layer to layer: at a new one it is the convex combination of its
neighbours' nonnegative activations, which loses no digit.

Source: M. Raghu, B. Poole, J. Kleinberg, S. Ganguli and J. Sohl-Dickstein, "On the expressive power
of deep neural networks" (2017), for how the kinks of a layer subdivide the pieces of the one below.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.system.checks import Array, Index


@dataclass(frozen=True, eq=False)
class Pieces:
    """R continuous, piecewise linear functions on the line (lanes), by their values at the kinks.

    Of the K kinks z, ascending within each lane, lane r has those in ``offset[r]:offset[r + 1]``,
    one or more; at some nothing may bend, and some may coincide. The `size` of a value is the sum
    of the absolute terms that it was summed from: what its rounding scales with. The slopes (R,) on
    the left and on the right are those of the first and the last piece, which are unbounded.
    """

    lane: Index
    z: Array
    value: Array
    size: Array
    offset: Index
    left_slope: Array
    right_slope: Array

    @cached_property
    def slopes(self) -> Array:
        """Slope right of each kink, shape (K,); 0 between kinks that coincide."""
        slopes = np.empty_like(self.z)
        width, rise = np.diff(self.z), np.diff(self.value)
        slopes[:-1] = np.divide(rise, width, out=np.zeros_like(rise), where=width > 0.0)
        slopes[self.offset[1:] - 1] = self.right_slope
        return slopes

    def __call__(self, x: Array, lane: Index) -> Array:
        """The values at x of shape (P, n), row i those of the function ``lane[i]``."""
        return self.line(x, lane)[0]

    def line(self, x: Array, lane: Index) -> tuple[Array, Array]:
        """Values and slopes at x of shape (P, n); at a kink the slope of the piece to its right."""
        right, before = self._place(x, lane)
        slope = np.where(before, self.left_slope[lane][:, None], self.slopes[right])
        anchor = np.where(before, self.offset[lane][:, None], right)
        last = np.where(before, anchor, np.minimum(right + 1, len(self.z) - 1))
        from_left = self.value[anchor] + slope * (x - self.z[anchor])
        from_right = self.value[last] + slope * (x - self.z[last])
        # From the nearer end, so that what a far kink's large value rounds to is not seen here.
        inner = ~before & (right + 1 < self.offset[1:][lane][:, None])
        nearer = inner & (self.z[last] - x < x - self.z[anchor])
        return np.where(nearer, from_right, from_left), slope

    def _place(self, x: Array, lane: Index) -> tuple[Index, NDArray[np.bool_]]:
        """Index of the last kink at or below each x, and whether there is none."""
        place = np.empty(x.shape, np.intp)
        for r in np.unique(lane):
            rows = lane == r
            first, stop = self.offset[r], self.offset[r + 1]
            place[rows] = first - 1 + np.searchsorted(self.z[first:stop], x[rows], side="right")
        before = place < self.offset[lane][:, None]
        return np.maximum(place, 0), before


def pieces_of(weights: Sequence[NDArray]) -> Pieces:
    """The pieces of R ReLU networks of one shape, from each layer's weights (R, n_in + 1, n_out).

    The last row of each matrix is its bias; hidden layers are followed by max(0, ·), the last, with
    one output, is not. The first has one input. float32 is computed with as float64. An
    `InputError` where the shapes do not fit each other, or a weight is not finite.
    """
    layers = [np.asarray(w, dtype=float) for w in weights]
    _check(layers)
    first, *hidden, last = layers if len(layers) > 1 else _unfolded(layers[0])
    grid = _first_kinks(first)
    at = grid.z[..., None] * first[:, :1] + first[:, 1:]
    ends = np.stack([first[:, 0], first[:, 0]])
    _rectify(at, ends)
    # What no layer needs any more is not sorted in: the last one's points go on to the output.
    row, z, new = np.empty(0, np.intp), np.empty(0), np.empty((0, at.shape[2]))
    for w in hidden:
        grid, at = _merged(grid, at, row, z, new)
        at = at @ w[:, :-1]
        at += w[:, -1:]
        ends = (ends[:, :, None] @ w[:, :-1])[:, :, 0]
        row, z, new = _zeros(grid, at, ends)
        _rectify(at, ends)
        np.maximum(new, 0.0, out=new)
    out = np.stack([last[..., 0], np.abs(last[..., 0])])
    at = np.stack([np.matmul(at, w[:, :-1, None])[..., 0] + w[:, -1:] for w in out], axis=2)
    new = np.stack([np.einsum("ni,ni->n", new, w[row, :-1]) + w[row, -1] for w in out], axis=1)
    grid, at = _merged(grid, at, row, z, new)
    slopes = np.einsum("eri,ri->er", ends, last[:, :-1, 0])
    kept = np.arange(grid.z.shape[1]) < grid.count[:, None]
    return Pieces(
        lane=np.repeat(np.arange(len(first)), grid.count),
        z=grid.z[kept],
        value=at[..., 0][kept],
        size=at[..., 1][kept],
        offset=np.concatenate([[0], np.cumsum(grid.count)]),
        left_slope=slopes[0],
        right_slope=slopes[1],
    )


@dataclass(frozen=True)
class _Grid:
    """Ascending kinks z, shape (R, K), the first `count` of each row; the rest repeats the last."""

    z: Array
    count: Index


def _first_kinks(w: Array) -> _Grid:
    """Where the units of the first layer turn; 0 in a lane where none does."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = -w[:, 1] / w[:, 0]
    z[~np.isfinite(z)] = np.inf
    z.sort(axis=1)
    count = np.isfinite(z).sum(axis=1)
    z = z[:, : max(int(count.max()), 1)]
    z[count == 0, 0] = 0.0
    count = np.maximum(count, 1)
    last = np.take_along_axis(z, count[:, None] - 1, axis=1)
    return _Grid(np.minimum(z, last), count)


def _zeros(grid: _Grid, at: Array, ends: Array) -> tuple[Index, Array, Array]:
    """Zeros between and beyond the kinks: their lanes, places, and all pre-activations there.

    From the pre-activations at the kinks (R, K, n), and their slopes beyond the ends (2, R, n).
    """
    below = at < 0.0
    row, place, unit = np.nonzero(below[:, 1:] != below[:, :-1])
    low, high = at[row, place, unit], at[row, place + 1, unit]
    # A zero at a kink is that kink.
    strict = (low != 0.0) & (high != 0.0)
    row, place, low, high = row[strict], place[strict], low[strict], high[strict]
    # Both from the values themselves, so that either is right to the last digit of its own.
    share, rest = low / (low - high), high / (high - low)
    rows = [row]
    points = [rest * grid.z[row, place] + share * grid.z[row, place + 1]]
    values = [rest[:, None] * at[row, place] + share[:, None] * at[row, place + 1]]
    lanes = np.arange(len(at))
    for side, slope, index in ((-1.0, ends[0], 0 * lanes), (1.0, ends[1], grid.count - 1)):
        edge = at[lanes, index]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = -edge / slope
            far = grid.z[lanes, index][:, None] + step
        row, unit = np.nonzero((side * step > 0.0) & np.isfinite(far))
        rows.append(row)
        points.append(far[row, unit])
        values.append(edge[row] + step[row, unit][:, None] * slope[row])
    return np.concatenate(rows), np.concatenate(points), np.concatenate(values)


def _merged(grid: _Grid, at: Array, row: Index, z: Array, new: Array) -> tuple[_Grid, Array]:
    """Old and new points of each lane in one ascending grid, with what is known at them."""
    if not len(row):
        return grid, at
    kept = np.arange(at.shape[1]) < grid.count[:, None]
    lane = np.concatenate([np.nonzero(kept)[0], row])
    points = np.concatenate([grid.z[kept], z])
    order = np.lexsort((points, lane))
    count = np.bincount(lane, minlength=len(at))
    # Position k of a lane takes the k-th of the lane's sorted points, or its last.
    place = np.minimum(np.arange(count.max()), count[:, None] - 1)
    source = order[(np.cumsum(count) - count)[:, None] + place]
    return _Grid(points[source], count), np.concatenate([at[kept], new])[source]


def _rectify(at: Array, ends: Array) -> None:
    """max(0, ·) in place: of the values at the kinks, and of the slopes of the unbounded pieces."""
    # Beyond the outermost kinks nothing changes sign: a unit goes on as its slope says.
    np.minimum(ends[0], 0.0, out=ends[0])
    np.maximum(ends[1], 0.0, out=ends[1])
    np.maximum(at, 0.0, out=at)


def _unfolded(affine: Array) -> list[Array]:
    """The network with one hidden layer that an affine map is: z = max(0, z) − max(0, −z)."""
    first = np.broadcast_to([[1.0, -1.0], [0.0, 0.0]], (len(affine), 2, 2))
    return [first, np.stack([affine[:, 0], -affine[:, 0], affine[:, 1]], axis=1)]


def _check(layers: list[Array]) -> None:
    shapes = [w.shape for w in layers]
    fits = (
        len(layers) > 0
        and all(w.ndim == 3 and len(w) == len(layers[0]) for w in layers)
        and layers[0].shape[1] == 2
        and layers[-1].shape[2] == 1
        and all(a.shape[2] + 1 == b.shape[1] for a, b in itertools.pairwise(layers))
    )
    if not fits:
        raise InputError(
            f"weights: got shapes {shapes}, must be (R, n_in + 1, n_out) from one input to one "
            "output, each layer's inputs the outputs of the one before"
        )
    if not all(np.isfinite(w).all() for w in layers):
        raise InputError("weights: got a number that is not finite, must be finite")
