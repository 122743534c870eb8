"""Games of a z + b whose force has a closed form: mean squares and monotone transport.

With T the map onto the data, the slope is 2(T(x) − x) for W₂² (monotone T) and for the mean squared
error (T constant), and sign(T(x) − x) for W₁. In a state, T(G(z)) = Q(z) does not depend on (a, b)
but for the sign of a, so that all that a state needs is the covariance of Q(z) and z, or where the
line a z + b crosses the curve Q.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property, partial

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution, LocationScale
from gandyn.engine.base import Engine
from gandyn.engine.panels import PanelEngine, field_integrals
from gandyn.engine.quadrature import Integrals
from gandyn.generators import LinearGenerator
from gandyn.generators.generated import quantile
from gandyn.objectives.divergences import transport_rounding, under_data
from gandyn.objectives.field import Field
from gandyn.system.bracket import roots

__all__ = ["CrossingEngine", "QuadraticEngine", "sign_changes"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_EPS = float(np.finfo(float).eps)
_ROUNDING = 8.0 * _EPS
_LOST = 1e-11
"""Relative error from which on a value that has cancelled is asked of the panels."""

_BETWEEN = 8
"""Nodes of the curve for each panel edge of either density."""

_FAR = 4.0 ** np.arange(1, 28)
"""Panels beyond the last edges: a moment that exists with the variance has 1e-16 of it there."""

_BLOCK = 12_288
_T, _W = np.polynomial.legendre.leggauss(20)


class QuadraticEngine(Engine):
    """W₂² and the mean squared error, by the moments of data and latent.

    Parameters
    ----------
    panels : PanelEngine
        A game of a z + b, and the way that is gone where moments do not exist or cancel.
    monotone : bool
        Whether Q(z) is the data's quantile of z's own mass, or its mean.
    """

    name = "closed form"

    def __init__(self, panels: PanelEngine, monotone: bool) -> None:
        self._panels, self._monotone = panels, monotone
        data, latent = panels.data, panels.generator.latent
        self._place = list(panels.generator.scale_and_place or ())
        self._data_mean, self._data_variance = float(data.mean), float(data.std) ** 2
        self._mean, self._variance = float(latent.mean), float(latent.std) ** 2

    def __getstate__(self) -> tuple[PanelEngine, bool]:
        return self._panels, self._monotone

    def __setstate__(self, state: tuple[PanelEngine, bool]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    @cached_property
    def _ratio(self) -> float | None:
        """Q's slope where it is a line: between members of one symmetric family."""
        data, latent = self._panels.data, self._panels.generator.latent
        if not (isinstance(data, LocationScale) and isinstance(latent, LocationScale)):
            return None
        alike = self._monotone and data.symmetric and data.family == latent.family
        return data.scale / latent.scale if alike else None

    def _stretched(self, a: Array) -> tuple[Array, Array]:
        """Cov(Q(z), z) − a Var z, and its error."""
        if self._ratio is not None:
            apart = np.sign(a) * (self._ratio - np.abs(a)) * self._variance
            return apart, _ROUNDING * np.abs(apart)
        covariance, error = self.covariance[:, (a < 0).astype(int)]
        rest = np.abs(covariance) + np.abs(a) * self._variance
        return covariance - a * self._variance, 0.5 * _ROUNDING * rest + error

    @cached_property
    def covariance(self) -> Array:
        """Cov(Q(z), z) where a > 0 and where a < 0, and their errors: (2, 2)."""
        if not self._monotone:
            return np.zeros((2, 2))
        latent = self._panels.generator.latent
        generated = LinearGenerator(latent).generated(np.array([[1.0, 0.0], [-1.0, 0.0]]))
        sign = np.array([1.0, -1.0])

        def product(at: Field) -> Array:
            apart = at.partner - (sign * self._mean)[at.lane, None]
            return under_data(at, (at.x - self._data_mean) * apart)

        rows = [(product, transport_rounding)]
        found = field_integrals(self._panels.data, generated, rows, transport=False)
        return np.array([sign * found.value[0], found.error[0]])

    @property
    def exists(self) -> bool:
        """Whether all moments are finite."""
        moments = (self._data_mean, self._data_variance, self._mean, self._variance)
        return bool(np.isfinite(moments).all() and np.isfinite(self.covariance).all())

    def force(self, theta: Array) -> Integrals:
        """Force at states (L, d), with its error."""
        a, b = theta[:, self._place].T
        stretched, error = self._stretched(a)
        apart = self._data_mean - self._mean * a - b
        size = np.abs(apart) + np.abs(self._mean * a)
        value = np.empty((2, len(a)))
        errors = np.empty_like(value)
        value[self._place[1]] = 2.0 * apart
        errors[self._place[1]] = lost = _ROUNDING * size
        value[self._place[0]] = 2.0 * (self._mean * apart + stretched)
        errors[self._place[0]] = abs(self._mean) * lost + 2.0 * error
        return Integrals(value, errors, np.ones(len(a), bool), np.ones(len(a), np.intp))

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """The potential alone, for each of the names, at states (L, d)."""
        a, b = theta[:, self._place].T
        covariance, error = self.covariance[:, (a < 0).astype(int)]
        spread = a * a * self._variance
        apart = self._data_mean - self._mean * a - b
        value = self._data_variance + spread + apart**2 - 2.0 * a * covariance
        size = self._data_variance + spread + 2.0 * np.abs(a * covariance)
        if self._ratio is not None:
            value = (self._ratio - np.abs(a)) ** 2 * self._variance + apart**2
            size, error = value, 0.0 * a
        place = np.abs(apart) * (np.abs(apart) + np.abs(self._mean * a))
        with np.errstate(over="ignore"):  # an error may be as large as it likes
            errors = _ROUNDING * (size + place) + 2.0 * np.abs(a) * error
        found = Integrals(
            np.tile(value, (len(names), 1)),
            np.tile(errors, (len(names), 1)),
            np.ones(len(a), bool),
            np.ones(len(a), np.intp),
        )
        lost = np.flatnonzero(errors > _LOST * np.abs(value))
        return found.mended(lost, theta, partial(self._panels.values, names=names))

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force, the same in every state: (L, d, d)."""
        both = np.array([[self._variance + self._mean**2, self._mean], [self._mean, 1.0]])
        order = np.argsort(self._place)
        return np.tile(-2.0 * both[np.ix_(order, order)], (len(theta), 1, 1))


class _Law:
    """A latent, or its mirror image: masses, density and partial mean."""

    def __init__(self, latent: Distribution, sign: float) -> None:
        self._latent, self._sign = latent, sign
        self.edges = np.sort(sign * _edges(latent))
        half = 0.5 * np.diff(self.edges)
        nodes = self.edges[:-1, None] + half[:, None] * (1.0 + _T)
        self._parts = _cumulated(half * ((nodes * self.pdf(nodes)) @ _W))

    def logpdf(self, z: Array) -> Array:
        return self._latent.logpdf(self._sign * z)

    def pdf(self, z: Array) -> Array:
        return np.exp(self.logpdf(z))

    def below(self, z: Array) -> Array:
        """The mass below z."""
        return self._latent.cdf(z) if self._sign > 0 else self._latent.sf(-z)

    def above(self, z: Array) -> Array:
        """The mass above z."""
        return self._latent.sf(z) if self._sign > 0 else self._latent.cdf(-z)

    def quantile(self, lower: Array, upper: Array) -> Array:
        masses = (lower, upper) if self._sign > 0 else (upper, lower)
        return self._sign * quantile(self._latent, *masses)

    def partial_mean(self, z: Array) -> Array:
        """∫ t q(t) dt up to z."""
        return _up_to(z, self.edges, self._parts, lambda t: t * self.pdf(t))


def _edges(law: Distribution) -> Array:
    """Panel edges, out to where the mean is as good as whole if its density falls as a power."""
    edges = law.edges
    if law.tails is None or (law.tails[:, :2] != 0.0).any(axis=1).all():
        return edges
    far = (edges[-1] - edges[0]) * _FAR
    return np.concatenate([edges[0] - far[::-1], edges, edges[-1] + far])


def _cumulated(pieces: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(pieces)])


def _up_to(z: Array, edges: Array, parts: Array, f: Callable[[Array], Array]) -> Array:
    """An antiderivative that is tabulated at the edges, by Gauss's rule from the last of them."""
    panel = np.clip(np.searchsorted(edges, z, side="right") - 1, 0, len(edges) - 2)
    left = edges[panel]
    half = 0.5 * (np.clip(z, edges[0], edges[-1]) - left)
    nodes = left[..., None] + half[..., None] * (1.0 + _T)
    return parts[panel] + half * (f(nodes) @ _W)


class _Curve:
    """The monotone map x = Q(z) at nodes, for one sign of a."""

    def __init__(self, data: Distribution, latent: Distribution, sign: float) -> None:
        self.data, self.law = data, _Law(latent, sign)
        self._edges = _edges(data)
        x, z = _denser(self._edges), _denser(self.law.edges)
        across = self.law.quantile(data.cdf(x), data.sf(x))
        along = quantile(data, self.law.below(z), self.law.above(z))
        z, x = np.concatenate([across, z]), np.concatenate([x, along])
        known = np.isfinite(z) & np.isfinite(x)
        order = np.lexsort((x[known], z[known]))
        self.z, self.x = z[known][order], np.maximum.accumulate(x[known][order])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            self._slope = np.exp(self.law.logpdf(self.z) - data.logpdf(self.x))
        self._median = float(data.ppf(0.5))
        mean, half = float(data.mean), 0.5 * np.diff(self._edges)
        nodes = self._edges[:-1, None] + half[:, None] * (1.0 + _T)
        self._mean = mean
        self._parts = _cumulated(half * (((nodes - mean) * data.pdf(nodes)) @ _W))

    def partial_mean(self, x: Array) -> Array:
        """∫ (t − E x) p(t) dt up to x."""
        return _up_to(x, self._edges, self._parts, lambda t: (t - self._mean) * self.data.pdf(t))

    def _roots(self, low: Array, high: Array, a: Array, b: Array, upper: bool) -> Array:
        """Where the mass of p_g on one side of x less that of p has its zeros, between ends."""

        def gap(x: Array, k: Index) -> Array:
            z = (x - b[k]) / a[k]
            if upper:
                return self.data.sf(x) - self.law.above(z)
            return self.law.below(z) - self.data.cdf(x)

        return roots(gap, low, high)

    def crossings(self, a: Array, b: Array) -> tuple[Index, Array, Array, NDArray[np.bool_]]:
        """Where lines a z + b (a > 0) cross the curve: the line's index, x, the sign of Q − line
        beyond it; and which lines may touch it between nodes, where nothing is known."""
        step = max(1, _BLOCK // len(self.x))
        parts = []
        for start in range(0, len(a), step):
            some = slice(start, start + step)
            height = self.x - a[some, None] * self.z - b[some, None]
            row, *found = sign_changes(height, self._slope - a[some, None], self.z[None])
            parts.append((start + row, *found))
        line, node, beyond, touching = (np.concatenate(each) for each in zip(*parts, strict=True))
        x = np.empty(len(line))
        for upper in (False, True):  # by the masses on the side that has the smaller
            mine = np.flatnonzero((self.x[node] > self._median) == upper)
            low, high, its = self.x[node[mine]], self.x[node[mine] + 1], line[mine]
            x[mine] = self._roots(low, high, a[its], b[its], upper)
        return line, x, beyond, touching


def sign_changes(
    height: Array, slope: Array, places: Array
) -> tuple[Index, Index, Array, NDArray[np.bool_]]:
    """Where the rows of (L, n) samples change sign: row, node before it, sign beyond it.

    And which rows may touch 0 between nodes, so that changes in pairs may be missed: where they
    turn, their tangents meet on the other side. `slope` is theirs, at `places`, (1, n) or (L, n).
    """
    sign = np.sign(height)
    alike = sign[:, 1:] * sign[:, :-1]
    row, node = np.nonzero(alike < 0)
    with np.errstate(invalid="ignore"):
        towards = sign * slope
    turn, at = np.nonzero((alike > 0) & (towards[:, :-1] < 0) & (towards[:, 1:] > 0))
    here, ahead, step = slope[turn, at], slope[turn, at + 1], np.diff(places)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        width = np.broadcast_to(step, alike.shape)[turn, at]
        meet = (height[turn, at + 1] - height[turn, at] - ahead * width) / (here - ahead)
        lowest = sign[turn, at] * (height[turn, at] + here * meet)
    touching = (sign == 0.0).any(axis=1)
    touching[turn[~(lowest > 0.0)]] = True
    return row, node, sign[row, node + 1], touching


def _denser(edges: Array) -> Array:
    steps = np.arange(_BETWEEN) / _BETWEEN
    inner = edges[:-1, None] + np.diff(edges)[:, None] * steps
    return np.append(inner.ravel(), edges[-1])


class CrossingEngine(Engine):
    """W₁, by where the line a z + b crosses the monotone map of z onto the data.

    Parameters
    ----------
    panels : PanelEngine
        A game of a z + b, and the way that is gone where the two touch or the value cancels.

    Notes
    -----
    Between crossings the slope is 1 or −1, so that E[s (z, 1)] is a sum of masses and partial means
    of the latent, and W₁ of those of both.
    """

    name = "closed form"

    def __init__(self, panels: PanelEngine) -> None:
        self._panels = panels
        self._place = list(panels.generator.scale_and_place or ())
        self._curve = cache(partial(_Curve, panels.data, panels.generator.latent))

    def __getstate__(self) -> PanelEngine:
        return self._panels

    def __setstate__(self, panels: PanelEngine) -> None:
        self.__init__(panels)  # type: ignore[misc]

    def force(self, theta: Array) -> Integrals:
        """Force at states (L, d), with its error."""
        force, error, _, _, touching = self._sums(theta)
        order = np.argsort(self._place)
        found = self._integrals(force[order], error[order])
        lost = touching | (error > 1e-11).any(axis=0)
        return found.mended(np.flatnonzero(lost), theta, self._panels.force)

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """W₁ alone, for each of the names, at states (L, d)."""
        _, _, value, size, touching = self._sums(theta)
        error = 8.0 * _ROUNDING * size
        found = self._integrals(np.tile(value, (len(names), 1)), np.tile(error, (len(names), 1)))
        lost = touching | ~(error <= _LOST * np.abs(value))
        return found.mended(np.flatnonzero(lost), theta, partial(self._panels.values, names=names))

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force at states (L, d): −Σ 2 q(z)/|Q'(z) − a| φ φᵀ over the crossings."""
        out = np.zeros((len(theta), 2, 2))
        for sign, index, a, b in self._sides(theta):
            curve = self._curve(sign)
            line, x, _, _ = curve.crossings(a, b)
            z = (x - b[line]) / a[line]
            q, p = curve.law.pdf(z), curve.data.pdf(x)
            with np.errstate(divide="ignore", invalid="ignore"):
                weight = -2.0 * q * p / np.abs(q - a[line] * p)
            phi = np.stack([sign * z, np.ones_like(z)], axis=1)
            np.add.at(out, index[line], weight[:, None, None] * phi[:, :, None] * phi[:, None, :])
        order = np.argsort(self._place)
        return out[:, order][:, :, order]

    def _sides(self, theta: Array) -> list[tuple[float, Index, Array, Array]]:
        """States by the sign of a: the sign, which they are, |a| and b."""
        a, b = theta[:, self._place].T
        sides = []
        for sign in (1.0, -1.0):
            index = np.flatnonzero(np.sign(a) == sign)
            if len(index):
                sides.append((sign, index, np.abs(a[index]), b[index]))
        return sides

    def _sums(self, theta: Array) -> tuple[Array, Array, Array, Array, NDArray[np.bool_]]:
        """Force for (a, b) and its error, W₁, the size of what it is made of, doubtful states."""
        lost = np.empty((2, len(theta)))
        force, value = np.empty((2, len(theta))), np.empty(len(theta))
        size, doubtful = np.empty(len(theta)), np.zeros(len(theta), bool)
        for sign, index, a, b in self._sides(theta):
            curve = self._curve(sign)
            law = curve.law
            line, x, beyond, touching = curve.crossings(a, b)
            z = (x - b[line]) / a[line]
            # E over z of the sign: that of the last piece, and twice what lies below each crossing
            last = np.sign(curve.x[-1] - a * curve.z[-1] - b)
            below = law.below(z)
            mean = law.partial_mean(np.array([law.edges[-1]]))[0]
            part = law.partial_mean(z)
            excess = curve.partial_mean(x) + curve.data.mean * curve.data.cdf(x)
            whole = curve.data.mean - a * mean - b
            for out, total, at in (
                (force[1], np.ones_like(a), below),
                (force[0], np.full_like(a, sign * mean), sign * part),
                (value, whole, excess - a[line] * part - b[line] * below),
            ):
                out[index] = last * total
                steps = np.bincount(line, 2.0 * beyond * at, minlength=len(a))
                out[index] -= steps
            # what the rounding of both masses moves a crossing by, and that of its place
            p, q = curve.data.pdf(x), law.pdf(z) / a[line]
            with np.errstate(divide="ignore", invalid="ignore"):
                moved = _ROUNDING * q * (1.0 / np.abs(p - q) + np.abs(x))
            lost[1, index] = 16.0 * _ROUNDING + np.bincount(line, moved, minlength=len(a))
            lost[0, index] = 16.0 * _ROUNDING * (1.0 + abs(mean))
            lost[0, index] += np.bincount(line, np.abs(z) * moved, minlength=len(a))
            scale = abs(curve.data.mean) + curve.data.std + a * (abs(mean) + 1.0) + np.abs(b)
            size[index], doubtful[index] = scale, touching
        return force, lost, value, size, doubtful

    @staticmethod
    def _integrals(value: Array, error: Array) -> Integrals:
        lanes = value.shape[1]
        return Integrals(value, error, np.ones(lanes, bool), np.ones(lanes, np.intp))
