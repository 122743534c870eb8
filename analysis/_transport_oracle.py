"""Monotone transport between a law and a z + b in extended precision, by masses of its own.

Masses are sums over panels of `analysis._error_oracle`, in long doubles; the map is found by
Newton's method on them, and distances and forces are composite Gauss-Legendre rules between the
edges of both laws, their images and the places where the map crosses the line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis._error_oracle import EPS, GAUSS, Law, Truth, Wide

__all__ = ["TRANSPORTS", "transports"]

Array = NDArray[Any]

TRANSPORTS = ("wasserstein1", "wasserstein2", "mse")
_X, _W = GAUSS
_STEPS = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 14, 18, 24, 32, 45, 64], Wide)
_OCTAVES = 300
_NEGLIGIBLE, _STEPS_OF_NEWTON = 1e-25, 80


def _antiderivative() -> Array:
    """What takes values at the nodes to integrals from −1 up to each, of their polynomial."""
    n = len(_X)
    rows = [np.ones_like(_X), _X]
    for k in range(1, n):
        rows.append(((2 * k + 1) * _X * rows[k] - k * rows[k - 1]) / (k + 1))
    legendre = np.array(rows)
    order = np.arange(n)[:, None]
    whole = np.concatenate([[_X + 1], (legendre[2:] - legendre[:-2]) / (2 * order[1:] + 1)])
    return (whole.T * (2 * order.T + 1) / 2) @ (legendre[:-1] * _W)


_UP_TO = _antiderivative()


class _Masses:
    """Masses of a law on both sides of points, by the panels between edges."""

    def __init__(self, law: Law, edges: Array) -> None:
        self.law, self.edges = law, edges
        half = np.diff(edges)[:, None] / 2
        self.nodes = edges[:-1, None] + half * (1 + _X)
        values = self.density(self.nodes)
        self.weighted = values * half * _W
        inner, part = self.weighted.sum(axis=1), half * (values @ _UP_TO.T)
        self._below = np.append(Wide(0), np.cumsum(inner))
        self._above = np.append(np.cumsum(inner[::-1])[::-1], Wide(0))
        self.below = self._below[:-1, None] + part
        self.above = self._above[1:, None] + (values @ _UP_TO[::-1, ::-1].T) * half

    def density(self, x: Array) -> Array:
        return np.sum([np.exp(self.law._term(x, *part)[0]) for part in self.law.parts], axis=0)

    def sides(self, x: Array) -> tuple[Array, Array]:
        """Mass below and above points (n,) within the edges."""
        at = np.clip(np.searchsorted(self.edges, x, side="right") - 1, 0, len(self.edges) - 2)
        out = []
        for low, high, known in (
            (self.edges[at], x, self._below[at]),
            (x, self.edges[at + 1], self._above[at + 1]),
        ):
            half = ((high - low) / 2)[:, None]
            out.append(known + (self.density(low[:, None] + half * (1 + _X)) * half) @ _W)
        return out[0], out[1]

    def inverse(self, lower: Array, upper: Array) -> Array:
        """The points with these masses below and above, by Newton's method between nodes."""
        places = np.append(self.nodes.ravel(), self.edges)
        order = np.argsort(places, kind="stable")
        places = places[order]
        below = np.append(self.below.ravel(), self._below)[order]
        above = np.append(self.above.ravel(), self._above)[order]
        left = lower <= upper
        at = np.where(
            left,
            np.searchsorted(below, lower, side="right") - 1,
            len(above) - 1 - np.searchsorted(above[::-1], upper, side="left"),
        )
        at = np.clip(at, 0, len(places) - 2)
        low, high = places[at].copy(), places[at + 1].copy()
        known, wanted = np.where(left, below[at], above[at]), np.where(left, lower, upper)
        rise = np.where(left, below[at + 1], above[at + 1]) - known
        x = low + (high - low) * np.clip((wanted - known) / rise, 0.01, 0.99)
        open_, width = np.flatnonzero(np.isfinite(x)), high - low
        for _ in range(_STEPS_OF_NEWTON):
            point, side = x[open_], left[open_]
            less, more = self.sides(point)
            gap = np.where(side, less - lower[open_], upper[open_] - more)
            low[open_] = np.where(gap < 0, point, low[open_])
            high[open_] = np.where(gap < 0, high[open_], point)
            step = point - gap / self.density(point)
            inside = (step > low[open_]) & (step < high[open_])
            x[open_] = np.where(inside, step, (low[open_] + high[open_]) / 2)
            # as close as a sum of masses can tell
            open_ = open_[np.abs(x[open_] - point) > 1e-16 * (width[open_] + np.abs(point))]
            if not len(open_):
                break
        return x


def _edges(law: Law, generated: Law) -> Array:
    """Where panels start: multiples of every width about every centre, breaks, and far out."""
    both = [part for part in (*law.parts, *generated.parts) if part[1] != "U"]
    # where there are many, one stands between the multiples of the others
    steps = _STEPS if len(both) < 10 else _STEPS[::3]
    points = [loc + scale * step for _, _, loc, scale, _ in both for step in (steps, -steps)]
    ends = [law.breaks, generated.breaks]
    out = np.abs(np.concatenate([*points, *ends])).max() * Wide(4) ** np.arange(1, _OCTAVES)
    if law.heavy or generated.heavy:
        points += [out, -out]
    return np.unique(np.concatenate([*points, *ends]))


@np.errstate(all="ignore")
def transports(law: Law, latent: Law, a: float, b: float) -> Truth:
    """W₁, W₂, and the potentials and forces of the objectives that move mass."""
    generated = latent.moved(a, b)
    edges = _edges(law, generated)
    p, q = _Masses(law, edges), _Masses(generated, edges)
    # between an edge and the image of the next both laws are smooth
    images = q.inverse(*p.sides(edges))
    images = images[(images > edges[0]) & (images < edges[-1])]
    edges = np.unique(np.concatenate([edges, images]))
    edges = np.unique(np.concatenate([edges, _crossings(law, generated, edges)]))
    edges = edges[np.append(True, np.diff(edges) > 64 * EPS * np.abs(edges[1:]))]
    finer = np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    rough, fine = (_sums(_Masses(law, at), _Masses(generated, at), a, b) for at in (edges, finer))
    noise = {name: float(size) for name, (_, size) in fine.items()}
    values = {name: value for name, (value, _) in fine.items()}
    errors = {
        name: float(abs(value - rough[name][0])) + 8 * EPS * noise[name]
        for name, value in values.items()
    }
    squares = values["wasserstein2: potential"]
    values["wasserstein2"] = np.sqrt(squares)
    errors["wasserstein2"] = errors["wasserstein2: potential"] / float(np.sqrt(squares))
    noise["wasserstein2"] = noise["wasserstein2: potential"] / float(np.sqrt(squares))
    return Truth(values, errors, noise, noise)


def _reaches(law: Law) -> int:
    """0 of a law that ends, 2 of a power."""
    return 2 if law.heavy else int(np.isinf(law.support[0]))


def _gap(p: _Masses, q: _Masses) -> Array:
    """F_g − F_p at the nodes, from the smaller masses."""
    return np.where(p.below + q.below < p.above + q.above, q.below - p.below, p.above - q.above)


def _crossings(law: Law, generated: Law, edges: Array) -> Array:
    """Where both have the same mass below."""
    p, q = _Masses(law, edges), _Masses(generated, edges)
    gap, x = _gap(p, q).ravel(), p.nodes.ravel()
    change = np.flatnonzero(gap[1:] * gap[:-1] < 0)
    low, high, first = x[change], x[change + 1], np.sign(gap[change])
    for _ in range(66):
        middle = (low + high) / 2
        (below, above), (less, more) = p.sides(middle), q.sides(middle)
        at = np.where(below + less < above + more, less - below, above - more)
        before = np.sign(at) == first
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return low


def _sums(p: _Masses, q: _Masses, a: float, b: float) -> dict[str, tuple[Any, Any]]:
    """All integrals by the panels between edges, and those of what rounding is relative to."""
    x, mass = q.nodes.ravel(), q.weighted.ravel()
    z, gap = (x - Wide(b)) / Wide(a), _gap(p, q).ravel()
    width = (np.diff(q.edges)[:, None] / 2 * _W).ravel()
    mean, square = (p.weighted.ravel() * x).sum(), (p.weighted.ravel() * x * x).sum()
    centre = (mass * x).sum()
    scale = np.sqrt(square) + np.abs(x)
    # over the law that reaches further, as the map of the other is steep next to its end
    one, other = (p, q) if _reaches(p.law) > _reaches(q.law) else (q, p)
    moved = one.weighted.ravel()
    size = moved * (1 + x * x)
    counts = size > _NEGLIGIBLE * size.sum()
    moved = np.where(counts, moved, 0)
    image = x.copy()
    image[counts] = other.inverse(one.below.ravel()[counts], one.above.ravel()[counts])
    start, onto = (image, x) if one is p else (x, image)
    away, far = onto - start, np.abs(onto) + np.abs(start)

    def total(values: Array, sizes: Array) -> tuple[Any, Any]:
        return values.sum(), np.abs(sizes).sum()

    first = total(np.abs(gap) * width, gap * width)
    out = {
        "wasserstein1": first,
        "wasserstein1: potential": first,
        "wasserstein2: potential": total(moved * away**2, moved * away * far),
        "mse: potential": total(
            mass * ((x - centre) ** 2 + (centre - mean) ** 2 + square - mean**2), mass * scale**2
        ),
    }
    from_z = (start - Wide(b)) / Wide(a)
    for name, density, latent, push, rounded in (
        ("wasserstein1", mass, z, np.sign(gap), np.sign(gap)),
        ("wasserstein2", moved, from_z, 2 * away, far),
        ("mse", mass, z, 2 * (mean - x), scale),
    ):
        out[f"{name}: force a"] = total(density * push * latent, density * rounded * latent)
        out[f"{name}: force b"] = total(density * push, density * rounded)
    return out
