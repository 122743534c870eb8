"""The integrals of a x + b on nodes fitted to the data and shared by every state: the fast way.

Since the nodes of a `Table` do not depend on the state, p and its score are tabulated once, and a
stack of states costs an exponential, a division and a few multiplications a node. What has not
converged is left to the panels.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution, LocationScale
from gandyn.engine.panels import PanelEngine, row_of
from gandyn.engine.quadrature import Integrals
from gandyn.engine.sensitivity import at_breaks, changes
from gandyn.engine.table import Level, Table
from gandyn.engine.tails import divergent, endless
from gandyn.engine.transport import sign_changes
from gandyn.objectives import FDivergence
from gandyn.objectives.field import Field
from gandyn.system.bracket import roots

__all__ = ["GridEngine", "falls_as_a_power"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_PER_STATE, _BESIDE = 0.2, (-5.0, -2.0, 0.0, 2.0, 5.0)
"""Spacing that a state asks for, in widths of its generated density, and where: five widths off
the data's tails may take over, and the weight switches."""

_REACH = 8.5
_BLOCK = 65_536
"""Nodes times states evaluated at a time: a few arrays of them stay in a core's cache."""

_SMALL_BLOCK = 12_288
"""The same where many arrays are made of each."""

_LONGEST = 6000
_FEWEST = 8
_CUT = 1e-13
"""What may be left at the ends of a window, relative to the integral of the absolute value."""

_AGREEMENT, _HALF_WAY = 1e-7, 3e-5
_CLOSE_AGREEMENT = 1e-9
"""The same where an error estimate goes with the result."""

_EPS = float(np.finfo(float).eps)
_SCANNED, _SCANNED_STATES = 8, 512
_FADED = 38.0
_POWERS = {
    "kl_data_generator": 1.0,
    "kl_generator_data": 0.0,
    "chi_squared_data_generator": 2.0,
    "chi_squared_generator_data": -1.0,
}
_SQRT_2PI = float(np.sqrt(2.0 * np.pi))


class OnGrid(Field):
    """A field at a window of nodes that some states (S,) share: x is (1, n), the rest (S, n)."""

    def __init__(
        self, level: Level, window: slice, latent: Distribution, scale: Array, loc: Array
    ) -> None:
        self.level, self.window, self.latent = level, window, latent
        self.data = level.data
        self.scale, self.loc = scale, loc
        self.inverse = 1.0 / scale
        self.x = level.x[None, window]
        self.weight = level.weight[window]
        self.centre = float(loc[len(loc) // 2])
        self.y = self.x[0] - self.centre
        self.offset = loc - self.centre
        self._parts = []

    @property
    def log_data(self) -> Array:  # type: ignore[override]
        return self.level.log_density[None, self.window]

    @property
    def score_data(self) -> Array:  # type: ignore[override]
        return self.level.score[None, self.window]

    @property
    def score_slope_data(self) -> Array:  # type: ignore[override]
        return self.level.score_slope[None, self.window]

    @cached_property
    def log_ratio(self) -> Array:
        return self.log_data - self.log_generated

    @cached_property
    def z(self) -> Array:
        """The latent points that the nodes come from."""
        lines = np.stack([self.inverse, -self.offset * self.inverse], axis=1)
        return lines @ np.stack([self.y, np.ones_like(self.y)])

    @cached_property
    def _latent_side(self) -> tuple[Array, Array]:
        log_density, score = self.latent.logpdf_and_score(self.z)
        log_density -= np.log(np.abs(self.scale))[:, None]
        score *= self.inverse[:, None]
        return log_density, score

    @property
    def log_generated(self) -> Array:  # type: ignore[override]
        return self._latent_side[0]

    @property
    def score_generated(self) -> Array:  # type: ignore[override]
        return self._latent_side[1]

    def log_generated_into(self, out: Array) -> Array:
        """log p_g, to be overwritten: in `out` where it is not at hand."""
        return self.log_generated

    def ratio_slope_into(self, out: Array) -> Array:
        """ℓ', in `out`."""
        return np.subtract(self.score_data, self.score_generated, out=out)

    def sums(self, values: Array) -> Array:
        """Of values (S, n) over every fourth node, (4, S).

        The last two rows are the sum of the absolute values and the larger of the two at the ends;
        `values` is used up.
        """
        sums = values @ self.level.columns[self.window]
        np.abs(values, out=values)
        return np.concatenate([sums.T, [values @ self.weight, self.ends_of(values)]])

    def moments(self, values: Array, order: int) -> Array:
        """Of values (S, n) times y^k, k = 0 … order, over every fourth node: 4 (order + 1) rows.

        Then those of the absolute values times 1, y and y², the larger of these at the ends, and
        the state's place in y. `values` is used up.
        """
        columns, y = self.level.columns[self.window], self.y[:, None]
        powers = [np.ones_like(y), y, y * y]
        each = np.concatenate([columns * power for power in powers[: order + 1]], axis=1)
        sums = (values @ each).T
        np.abs(values, out=values)
        squares = np.concatenate([self.weight[:, None] * power for power in powers], axis=1)
        return np.concatenate([sums, (values @ squares).T, [self.ends_of(values), self.offset]])

    def ends_of(self, sizes: Array) -> Array:
        """The larger of the two values at the ends, 0 at an end beyond which there is nothing."""
        low, high = self.level.closed
        first = 0.0 if low and self.window.start == 0 else self.weight[0]
        last = 0.0 if high and self.window.stop == len(self.level.x) else self.weight[-1]
        return np.maximum(sizes[:, 0] * first, sizes[:, -1] * last)


class OnNormalGrid(OnGrid):
    """The same where the latent is N(0, 1): by products of small matrices."""

    @cached_property
    def _basis(self) -> Array:
        y = self.y
        return np.stack([self.score_data[0], y, y * y, np.ones_like(y)])

    def log_generated_into(self, out: Array) -> Array:
        shift, square, none = self.offset * self.inverse, self.inverse**2, 0.0 * self.inverse
        height = -0.5 * shift * shift - np.log(np.abs(self.scale) * _SQRT_2PI)
        lines = np.stack([none, shift * self.inverse, -0.5 * square, height], axis=1)
        return np.matmul(lines, self._basis, out=out)

    def ratio_slope_into(self, out: Array) -> Array:
        square, none = self.inverse**2, 0.0 * self.inverse
        lines = np.stack([none + 1.0, square, none, -self.offset * square], axis=1)
        return np.matmul(lines, self._basis, out=out)

    @cached_property
    def log_generated(self) -> Array:  # type: ignore[override]
        return self.log_generated_into(np.empty((len(self.loc), len(self.y))))

    @cached_property
    def score_generated(self) -> Array:  # type: ignore[override]
        square = self.inverse**2
        lines = np.stack([-square, self.offset * square], axis=1)
        return lines @ np.stack([self.y, np.ones_like(self.y)])

    @cached_property
    def ratio_slope(self) -> Array:
        return self.ratio_slope_into(np.empty((len(self.loc), len(self.y))))


class OnTwinGrid(OnNormalGrid):
    """The same where the data are one normal: ℓ' does not cancel next to p_g = p."""

    def ratio_slope_into(self, out: Array) -> Array:
        tilt, level = _between_normals(self.level.data, np.abs(self.scale), self.loc)
        lines = np.stack([tilt, level - self.offset * tilt], axis=1)
        return np.matmul(lines, np.stack([self.y, np.ones_like(self.y)]), out=out)


def _between_normals(data: Distribution, size: Any, loc: Any) -> tuple[Any, Any]:
    """ℓ' = tilt (x − loc) + level between N(data.mean, data.std²) and N(loc, size²)."""
    mean, std = data.mean, data.std
    return (std - size) * (std + size) / (size * std) ** 2, (mean - loc) / std**2


class GridEngine:
    """Force, values and Jacobian of an f-divergence and a z + b, where all densities are smooth.

    Parameters
    ----------
    panels : PanelEngine
        The game, and the way that is gone where the grid does not do.

    Notes
    -----
    The sums are taken in four interleaved parts. Where those over the even and the odd nodes agree
    to 1e-7 of the integral of the absolute value, the sum over all is right to far better: halving
    the spacing h squares the error e^(−2πd/h) that a pole at distance d leaves. The four parts also
    show that error at four times the spacing, in both of its phases, so that it cannot hide behind
    one of them. A component is right to some 1e-15 of the integral of its absolute value; one that
    is below 4e-15 of it is 0.
    """

    name = "grid"

    def __init__(self, panels: PanelEngine) -> None:
        data, latent, target = panels.data, panels.generator.latent, panels.objective
        assert isinstance(target, FDivergence) and panels.generator.scale_and_place is not None
        self._place = list(panels.generator.scale_and_place)
        self._panels, self._data, self._target = panels, data, target
        normal = latent.normals is not None and len(latent.normals[0]) == 1
        self._is_normal = normal
        self._is_twin = normal and data.normals is not None and len(data.normals[0]) == 1
        self._kind: type[OnGrid] = OnNormalGrid if normal else OnGrid
        if self._is_twin:
            self._kind = OnTwinGrid
        self._latent = latent
        self._mean, self._std = (latent.mean, latent.std) if normal else (0.0, 1.0)
        reach = (-_REACH, _REACH) if normal else latent.reach
        self._reach = _far(latent) if falls_as_a_power(latent) else reach
        landmarks = [(0.0, 1.0)] if normal else latent.landmarks.tolist()
        self._landmarks: list[tuple[float, float]] = landmarks
        low, high = target.powers
        nothing = (np.inf, -np.inf)
        self._window = (
            nothing if high <= 0.0 else _far(data) if falls_as_a_power(data) else data.reach
        )
        self._scanned = (low, high) if low < 0.0 or high > 1.0 else None
        # far out, nodes are wide apart beside the peaks that a scan finds
        self._more = 1 if self._scanned is None else 4
        self._narrow = 60.0 * float(data.landmarks[:, 1].min())
        centres, widths = data.landmarks.T
        # log p at a node, and what the node's own rounding changes of it
        self._noise = _EPS * (16.0 + float((np.abs(centres) / widths).max()))
        self._may_diverge = (
            self._scanned is not None or falls_as_a_power(data) or falls_as_a_power(latent)
        )
        self._table = Table(data)
        self._local = threading.local()

    @staticmethod
    def refusal(panels: PanelEngine) -> str | None:
        """Why a game is not of this kind; None where it is."""
        generator, latent = panels.generator, panels.generator.latent
        if not generator.affine:
            return "the generator is not a z + b"
        if not isinstance(panels.objective, FDivergence):
            return "the objective has no weight"
        if len(latent.breaks) or np.isfinite(latent.support).any() or len(latent.landmarks) > 32:
            return "the latent is not smooth"
        return None if Table.takes(panels.data) else "the data's density is not bounded and smooth"

    def __getstate__(self) -> dict[str, Any]:
        return {"_panels": self._panels}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_panels"])  # type: ignore[misc]

    # -- what is asked for

    def force(self, theta: Array) -> Integrals:
        """Force at states (L, d), with its error."""
        return self._force(theta, _AGREEMENT)[0]

    def close_force(self, theta: Array) -> Integrals:
        """The same, by panels where its error, but for rounding of p, is not far below it."""
        found, error = self._force(theta, _CLOSE_AGREEMENT)
        size = np.abs(found.value).max(axis=0)
        with np.errstate(invalid="ignore"):
            much = (error > 1e-12 * size) | (error > 1e-10 * np.abs(found.value))
            lost = much.any(axis=0) & np.isfinite(size)
        return found.mended(np.flatnonzero(lost), theta, self._panels.force)

    def _force(self, theta: Array, least: float) -> tuple[Integrals, Array]:
        """The force, whose parts must agree to this share of the absolute value.

        And its error but for the rounding of p and of the nodes, which no other way avoids.
        """
        scale, loc = self._states(theta)
        endless = divergent(self._target, self._data, self._latent, *theta[:, self._place].T)
        finite = np.flatnonzero((endless == 0.0).all(axis=0))
        scale, loc = scale[finite], loc[finite]
        low, high = windows = self._windows(scale, loc, self._window, self._scanned)
        raw, good, nodes = self._adapted(
            scale,
            loc,
            windows,
            self._force_sums,
            13,
            partial(self._force_is_good, least),
            block=_BLOCK if self._is_normal else _BLOCK // 2,
        )
        plain, tilted = (raw[k : k + 4].sum(axis=0) for k in (4, 0))
        both = np.stack([self._mean * plain + self._std * tilted, plain])
        error = np.stack([self._std * _error(raw, 0), _error(raw, 4)]) + _EPS * raw[11]
        # log p_g w has an error of its own size, and z is as large as the window makes it
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            far = np.abs(np.stack([low, high]) - loc).max(axis=0) / np.abs(scale) * [[1.0], [0.0]]
            error += 64.0 * _EPS * raw[8] * (np.abs(np.log(raw[10])) + far)
            rounding = 4.0 * _EPS * raw[12] * (1.0 + far)
        both[np.abs(both) <= 4e-15 * raw[8]] = 0.0
        value, errors, apart = endless, np.zeros_like(endless), np.zeros_like(endless)
        value[:, finite], errors[:, finite] = both, error + rounding
        apart[:, finite] = np.where(good, error, 0.0)
        order = np.argsort(self._place)
        used = np.zeros(len(theta), np.intp)
        used[finite] = nodes
        found = Integrals(value[order], errors[order], np.ones(len(theta), bool), used)
        return found.mended(finite[~good], theta, self._panels.force), apart[order]

    def force_at(self, theta: Array) -> Array:
        """Force (d,) at one state (d,): in fewer and smaller steps than in a stack."""
        found = None if self._may_diverge else self._alone(theta)
        return self.force(theta[None]).value[:, 0] if found is None else found

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential", at states (L, d): a row of the result for each."""
        if not len(theta) or np.isfinite(self._data.support).any():
            return self._panels.values(theta, names)  # where p ends p_g goes on
        groups: dict[tuple, list[int]] = {}
        for k, name in enumerate(names):
            powers = self._powers(name)
            a, b = theta[:, self._place].T
            infinite = endless(powers, self._data, self._latent, a, b)
            scanned = powers if powers[0] < 0.0 or powers[1] > 1.0 else None
            key = scanned, name == "total_variation", infinite.tobytes()
            groups.setdefault(key, []).append(k)
        value, error = np.empty((2, len(names), len(theta)))
        converged, nodes = np.ones(len(theta), bool), np.zeros(len(theta), np.intp)
        for (scanned, kinked, mask), rows in groups.items():
            infinite = np.frombuffer(mask, bool)
            finite = np.flatnonzero(~infinite)
            some = [names[k] for k in rows]
            if kinked:
                found = self._total_variation(theta[finite])
            else:
                found = self._smooth_values(theta[finite], some, scanned)
            for row, k in enumerate(rows):
                value[k], error[k] = np.where(infinite, np.inf, 0.0), 0.0
                value[k, finite], error[k, finite] = found.value[row], found.error[row]
            converged[finite] &= found.converged
            nodes[finite] += found.nodes
        return Integrals(value, error, converged, nodes)

    def _powers(self, name: str) -> tuple[float, float]:
        """The powers of r that the weight of a divergence becomes; (½, ½) for a bounded one."""
        if name == "potential":
            return self._target.powers
        power = _POWERS.get(name, 0.5)
        return power, power

    def _smooth_values(
        self, theta: Array, names: Sequence[str], scanned: tuple[float, float] | None
    ) -> Integrals:
        scale, loc = self._states(theta)
        rows = [row_of(self._target, name)[0] for name in names]
        shape = (len(rows), 6, -1)

        def sums(at: OnGrid) -> Array:
            with np.errstate(all="ignore"):
                return np.concatenate([at.sums(np.array(row(at))) for row in rows])

        def good(raw: Array, scale: Array, loc: Array) -> NDArray[np.bool_]:
            return _all_agree(raw.reshape(shape)) & self._apart(scale, loc, self._siblings)

        windows = self._windows(scale, loc, self._data.reach, scanned)
        raw, fine, nodes = self._adapted(scale, loc, windows, sums, 6 * len(rows), good)
        parts = raw.reshape(shape)
        value = parts[:, :4].sum(axis=1)
        error = np.array([_error(p, 0, 4) for p in parts]) + self._noise * value
        # all but the gap are of second order in ℓ, which has an error of its own
        second = np.array([[float(name != "jsd_gap")] for name in names])
        with np.errstate(divide="ignore", invalid="ignore"):
            error += self._noise * (second * np.sqrt(value) + value * np.abs(np.log(value)))
        found = Integrals(value, error, np.ones(len(theta), bool), nodes)
        return found.mended(np.flatnonzero(~fine), theta, partial(self._panels.values, names=names))

    def _total_variation(self, theta: Array) -> Integrals:
        """½∫|p − p_g|, by the masses between the zeros of ℓ."""
        scale, loc = self._states(theta)
        data, latent = self._data, self._latent

        def sums(at: OnGrid) -> Array:
            ell = at.log_ratio
            row, node, beyond, touching = sign_changes(ell, at.ratio_slope, at.x)
            low, high = at.x[0, node], at.x[0, node + 1]

            def ratio(x: Array, k: Index) -> Array:
                z = (x - at.loc[row[k]]) / at.scale[row[k]]
                return data.logpdf(x) - latent.logpdf(self._mean + self._std * z) + log_size[k]

            log_size = np.log(np.abs(at.scale[row]) / self._std)
            x = roots(ratio, low, high, ell[row, node], ell[row, node + 1])
            z = self._mean + self._std * (x - at.loc[row]) / at.scale[row]
            below, above = latent.cdf(z), latent.sf(z)
            mirrored = at.scale[row] < 0
            below, above = np.where(mirrored, above, below), np.where(mirrored, below, above)
            lower = data.cdf(x)
            excess = np.where(lower < 0.5, lower - below, above - data.sf(x))
            total = -np.bincount(row, beyond * excess, minlength=len(ell))
            return np.stack([total, touching])

        def good(raw: Array, scale: Array, loc: Array) -> NDArray[np.bool_]:
            return (raw[1] == 0.0) & (raw[0] > 1e-4)

        windows = self._windows(scale, loc, self._data.reach, None)
        raw, fine, nodes = self._adapted(scale, loc, windows, sums, 2, good)
        found = Integrals(raw[:1], 0.0 * raw[:1] + 8.0 * _EPS, np.ones(len(theta), bool), nodes)
        return found.mended(
            np.flatnonzero(~fine), theta, partial(self._panels.values, names=["total_variation"])
        )

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force at states (L, d): (L, d, d)."""
        scale, loc = self._states(theta)
        a, b = theta[:, self._place].T

        far = max(1.0, abs(self._mean) + self._std * _REACH)

        def sums(at: OnGrid) -> Array:
            with np.errstate(all="ignore"):
                mass = np.empty_like(at.log_generated)
                log_p, density = at.level.log_density[at.window], at.level.density[at.window]
                self._target.quick_mass(log_p, density, at.log_generated.copy(), mass)
                along, wider = changes(self._target, at, mass, (at.scale / self._std)[:, None])
                return np.concatenate([at.moments(along, 2), at.moments(wider, 1)])

        def entries(raw: Array, scale: Array) -> Array:
            """The four entries' sums, sizes and ends, (4, 6, L)."""
            with np.errstate(invalid="ignore"):
                c, size, end = self._latent_moments(raw[:17], scale)
                k, more, last = self._latent_moments(raw[17:], scale)
                sums = np.stack([c[2] + k[1], c[1], c[1] + k[0], c[0]])
            sizes = np.stack([size[2] + more[1], size[1], size[1] + more[0], size[0]])
            ends = np.multiply.outer([far * far, far, far, 1.0], np.maximum(end, last))
            return np.concatenate([sums, sizes[:, None], ends[:, None]], axis=1)

        def good(raw: Array, scale: Array, loc: Array) -> NDArray[np.bool_]:
            parts = entries(raw, scale)
            value = np.abs(parts[:, :4].sum(axis=1))
            close = np.array([_error(p, 0, 4) for p in parts]) <= 1e-10 * value.max(axis=0)
            return _all_agree(parts) & close.all(axis=0) & self._apart(scale, loc, self._twin)

        windows = self._windows(scale, loc, self._window, self._scanned)
        raw, fine, _ = self._adapted(scale, loc, windows, sums, 30, good)
        value = entries(raw, scale)[:, :4].sum(axis=1).T.reshape(len(theta), 2, 2)
        if len(self._data.breaks):
            generated = self._panels.generator.generated(theta)
            value = value + at_breaks(self._data, generated, self._target, a, b)
        order = np.argsort(self._place)
        value = value[:, order][:, :, order]
        if not fine.all():
            value[~fine] = self._panels.jacobian(theta[~fine])
        return value

    def _latent_moments(self, raw: Array, scale: Array) -> tuple[Array, Array, Array]:
        """What `OnGrid.moments` gives, as sums with powers of the latent: (k, 4, L).

        And bounds of those of the absolute values, (3, L), and the ends.
        """
        offset, slope = raw[-1], self._std / scale
        shift = self._mean - offset * slope

        def moved(y: Array) -> Array:
            """Of powers of the latent, shift + slope y, from those of y."""
            rows = [y[0], shift * y[0] + slope * y[1]]
            if len(y) > 2:
                rows.append(shift * (rows[1] + slope * y[1]) + slope**2 * y[2])
            return np.stack(rows)

        sizes = moved(raw[-5:-2])
        # Σ|v z| ≤ √(Σ|v| Σ|v| z²)
        sizes[1] = np.sqrt(sizes[0] * np.abs(sizes[2]))
        return moved(raw[:-5].reshape(len(raw) // 4 - 1, 4, raw.shape[1])), np.abs(sizes), raw[-2]

    # -- the force

    def _force_sums(self, at: OnGrid) -> Array:
        """Eight sums of w p_g ℓ' (z, 1), that of its size, ends, w p_g, rounding of ℓ' and p."""
        first, second = self._buffers(len(at.scale), len(at.y))
        log_q = at.log_generated_into(first)
        log_p, density = at.level.log_density[at.window], at.level.density[at.window]
        with np.errstate(over="ignore", invalid="ignore"):
            self._target.quick_mass(log_p, density, log_q, second)
            mass = second @ at.weight
            second *= at.ratio_slope_into(first)
            columns = at.level.columns[at.window]
            sums = (second @ np.concatenate([columns * at.y[:, None], columns], axis=1)).T
            sums[:4] -= at.offset * sums[4:]
            sums[:4] *= at.inverse
            np.abs(second, out=second)
            steep = self._steepness(np.abs(at.scale))
            rest = [second @ at.weight, at.ends_of(second), mass, steep * mass]
            rest.append(second @ at.level.rounding[at.window])
        return np.concatenate([sums, rest])

    def _steepness(self, size: Any) -> Any:
        """What the two scores are the difference of, where they are one at all."""
        return 0.0 * size if self._is_twin else self._steepest + _REACH / size

    def _force_is_good(
        self, least: float, raw: Array, scale: Array, loc: Array
    ) -> NDArray[np.bool_]:
        modulus, ends, mass, noise = raw[8:12]
        good = (ends <= _CUT * modulus) & (modulus > 1e-7 * noise) & (mass > 1e-100)
        good &= _agree(raw, 0, modulus, least) & _agree(raw, 4, modulus, least)
        # Across a mode far narrower than p_g the slope's two signs cancel: left to panels.
        both = np.abs([raw[k : k + 4].sum(axis=0) for k in (0, 4)])
        allowed = np.maximum(1e-10 * both, 1e-12 * both.max(axis=0))
        close = np.stack([_error(raw, 0), _error(raw, 4)]) <= allowed
        good &= close.all(axis=0) | (np.abs(scale) < self._narrow)
        return good & self._apart(scale, loc, self._twin)

    def _apart(
        self, scale: Array, loc: Array, pair: tuple[LocationScale, LocationScale] | None
    ) -> NDArray[np.bool_]:
        """Whether states are not next to p_g = p, where the two cancel: left to panels."""
        if pair is None:
            return np.ones(len(scale), bool)
        data, latent = pair
        a = scale / self._std
        wide = np.abs(np.abs(a) * latent.scale - data.scale)
        away = np.abs(loc - self._mean * a + a * latent.loc - data.loc)
        return (wide > 1e-2 * data.scale) | (away > 1e-2 * data.scale)

    @cached_property
    def _siblings(self) -> tuple[LocationScale, LocationScale] | None:
        """Data and latent, where p_g can be p."""
        data, latent = self._data, self._latent
        if isinstance(data, LocationScale) and isinstance(latent, LocationScale):
            return (data, latent) if data.family == latent.family else None
        return None

    @property
    def _twin(self) -> tuple[LocationScale, LocationScale] | None:
        """The same, where ℓ' is formed from two scores that cancel."""
        return None if self._is_twin else self._siblings

    @cached_property
    def _steepest(self) -> float:
        """A size of the data's score."""
        level = self._table.level(0)
        return 8.0 * float((level.density * np.abs(level.score)) @ level.weight)

    def _alone(self, theta: Array) -> Array | None:
        """Force at one state, None where it has not converged."""
        first, second = self._place
        a, b = theta[first].item(), theta[second].item()
        scale, loc = a * self._std, a * self._mean + b
        size, table = abs(scale), self._table
        level = table.level(0)
        last, ratio = len(level.places) - 1, 1.0
        for centre, width in self._landmarks:
            for beside in _BESIDE:
                at = bisect_left(level.places, loc + scale * (centre + beside * width))
                ratio = max(ratio, level.spacings[min(at, last)] / (_PER_STATE * width * size))
        wanted = math.ceil(math.log2(ratio))
        ends = loc + self._reach[0] * scale, loc + self._reach[1] * scale
        low, high = min(*ends, self._window[0]), max(*ends, self._window[1])
        for m in range(wanted, min(wanted + 2, table.finest)):
            level = table.level(m)
            start = bisect_left(level.places, low) & ~3
            stop = min((bisect_left(level.places, high) + 3) & ~3, len(level.places))
            if not _FEWEST <= stop - start <= _LONGEST:
                continue
            window = slice(start, stop)
            sums = self._sums_alone(level, window, scale, loc)
            if self._is_good_alone(sums, scale, loc):
                tilted, plain, negligible = sum(sums[:4]), sum(sums[4:8]), 4e-15 * sums[8]
                both = self._mean * plain + self._std * tilted, plain
                out = np.empty(2)
                out[first], out[second] = (v if abs(v) > negligible else 0.0 for v in both)
                return out
        return None

    def _sums_alone(self, level: Level, window: slice, scale: float, loc: float) -> list[float]:
        """`_force_sums` for one state."""
        z = level.x[window] - loc
        if self._is_twin:
            tilt, flat = _between_normals(self._data, abs(scale), loc)
            slope = tilt * z
            slope += flat
        z *= 1.0 / scale
        if self._is_normal:
            log_q = -0.5 * z * z
            log_q -= math.log(abs(scale) * _SQRT_2PI)
            score = -z
        else:
            log_q, score = self._latent.logpdf_and_score(z)
            log_q = log_q - math.log(abs(scale))
        if not self._is_twin:
            slope = score * (-1.0 / scale)
            slope += level.score[window]
        mass = np.empty_like(z)
        weight, columns = level.weight[window], level.columns[window]
        self._target.quick_mass(level.log_density[window], level.density[window], log_q, mass)
        total = float(mass @ weight)
        mass *= slope
        z *= mass
        sums = [*(z @ columns).tolist(), *(mass @ columns).tolist()]
        np.abs(mass, out=mass)
        low = level.closed[0] and window.start == 0
        high = level.closed[1] and window.stop == len(level.x)
        ends = max(0.0 if low else mass[0] * weight[0], 0.0 if high else mass[-1] * weight[-1])
        steep = self._steepness(abs(scale))
        return [*sums, float(mass @ weight), float(ends), total, steep * total]

    def _is_good_alone(self, sums: list[float], scale: float, loc: float) -> bool:
        """`_force_is_good` for one state."""
        modulus, ends, mass, noise = sums[8:]
        if not (ends <= _CUT * modulus and modulus > 1e-7 * noise and mass > 1e-100):
            return False
        for p in (sums[:4], sums[4:8]):
            half_way = math.hypot(p[0] - p[2], p[1] - p[3])
            if abs(p[0] + p[2] - p[1] - p[3]) > _AGREEMENT * modulus:
                return False
            if half_way > _HALF_WAY * modulus:
                return False
        least = min(abs(sum(sums[:4])), abs(sum(sums[4:8])))
        if least <= 1e-2 * modulus and abs(scale) >= self._narrow:
            return False
        if self._twin is None:
            return True
        data, latent = self._twin
        a = scale / self._std
        wide = abs(abs(a) * latent.scale - data.scale) > 1e-2 * data.scale
        away = loc - self._mean * a + a * latent.loc - data.loc
        return wide or abs(away) > 1e-2 * data.scale

    # -- windows, levels, blocks

    def _states(self, theta: Array) -> tuple[Array, Array]:
        """Scale (signed) and place of the generated densities."""
        a, b = theta[:, self._place].T
        return a * self._std, a * self._mean + b

    def _adapted(
        self,
        scale: Array,
        loc: Array,
        windows: tuple[Array, Array],
        sums: Callable[[OnGrid], Array],
        rows: int,
        judge: Callable[[Array, Array, Array], NDArray[np.bool_]],
        block: int = _SMALL_BLOCK,
    ) -> tuple[Array, NDArray[np.bool_], Index]:
        """Sums (rows, L), whether they are good, and the nodes used, each on a level that does."""
        # Neighbours side by side, so that they share windows and are looked up faster.
        spread = loc.max(initial=0.0) - loc.min(initial=0.0)
        order = np.argsort(np.round(2.0 * np.log2(np.abs(scale))) * spread + loc)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        scale, loc = scale[order], loc[order]
        out = np.full((rows, len(scale)), np.nan)
        good = np.zeros(len(scale), bool)
        used = np.zeros(len(scale), np.intp)
        wanted = self._wanted(scale, loc)
        low, high = (ends[order] for ends in windows)
        finest = self._table.finest
        for m in range(int(wanted.min(initial=finest)), finest):
            # A state that has not converged on its level is tried on the next.
            index = np.flatnonzero(~good & (wanted <= m) & (m <= wanted + self._more))
            if not len(index):
                continue
            level = self._table.level(m)
            start = np.searchsorted(level.x, low[index]) & ~3
            stop = np.minimum((np.searchsorted(level.x, high[index]) + 3) & ~3, len(level.x))
            fits = (stop - start <= _LONGEST) & (stop - start >= _FEWEST)
            index, start, stop = index[fits], start[fits], stop[fits]
            for run, window in _alike(start, stop, block):
                states = index[run]
                at = self._kind(level, window, self._latent, scale[states], loc[states])
                out[:, states] = sums(at)
                used[states] += window.stop - window.start
            good[index] = judge(out[:, index], scale[index], loc[index])
        return out[:, place], good[place], used[place]

    def _wanted(self, scale: Array, loc: Array) -> Index:
        """The level on which every mode of a state's own density is resolved."""
        level = self._table.level(0)
        last, ratio = len(level.x) - 1, np.ones_like(scale)
        for centre, width in self._landmarks:
            for beside in _BESIDE:
                at = loc + scale * (centre + beside * width)
                spacing = level.weight[np.minimum(level.x.searchsorted(at), last)]
                np.maximum(ratio, spacing / (_PER_STATE * width * np.abs(scale)), out=ratio)
        top = 2.0**self._table.finest
        return np.ceil(np.log2(np.minimum(ratio, top))).astype(np.intp)

    def _windows(
        self,
        scale: Array,
        loc: Array,
        reach: tuple[float, float],
        scanned: tuple[float, float] | None,
    ) -> tuple[Array, Array]:
        """What integrals reach over: each state's density, `reach`, and what a scan shows.

        The scan looks for p^κ p_g^(1 − κ), κ the first of two powers where p is the smaller.
        """
        ends = loc + np.multiply.outer(self._reach, scale)
        low = np.minimum(ends.min(axis=0), reach[0])
        high = np.maximum(ends.max(axis=0), reach[1])
        if scanned is None:
            return low, high
        level = self._table.level(0)
        coarse = slice(0, len(level.x), _SCANNED)
        x, log_weight = level.x[coarse], np.log(level.weight[coarse])
        for first in range(0, len(scale), _SCANNED_STATES):
            part = slice(first, first + _SCANNED_STATES)
            at = self._kind(level, coarse, self._latent, scale[part], loc[part])
            with np.errstate(all="ignore"):
                power = np.where(at.log_ratio < 0.0, *scanned)
                mass = at.log_generated + power * at.log_ratio + log_weight
                mass[np.isnan(mass)] = -np.inf
                seen = mass > mass.max(axis=1, keepdims=True) - _FADED
            start = np.maximum(seen.argmax(axis=1) - 1, 0)
            stop = np.minimum(len(x) - seen[:, ::-1].argmax(axis=1), len(x) - 1)
            low[part] = np.minimum(low[part], x[start])
            high[part] = np.maximum(high[part], x[stop])
        return low, high

    def _buffers(self, states: int, nodes: int) -> tuple[Array, Array]:
        """Two work arrays of this thread, kept between blocks so that they stay in the cache."""
        size = states * nodes
        work = getattr(self._local, "work", None)
        if work is None or work.shape[1] < size:
            work = self._local.work = np.empty((2, size))
        first, second = work[:, :size]
        return first.reshape(states, nodes), second.reshape(states, nodes)


def falls_as_a_power(law: Distribution) -> bool:
    """Whether a density falls off as a power of x, so that its moments come from far out."""
    return law.tails is not None and bool((law.tails[:, :2] == 0.0).all(axis=1).any())


def _far(law: Distribution) -> tuple[float, float]:
    """Where two moments of a density that falls off as a power are as good as whole."""
    assert law.tails is not None
    power = float(law.tails[:, 2].min())
    if power <= 3.0:
        return -np.inf, np.inf
    low, high = law.landmarks[:, 0].min(), law.landmarks[:, 0].max()
    room = float(law.landmarks[:, 1].max()) * 10.0 ** min(16.0 / (power - 3.0), 300.0)
    return float(low) - room, float(high) + room


def _agree(
    sums: Array, first: int, modulus: Array, least: float = _CLOSE_AGREEMENT
) -> NDArray[np.bool_]:
    """Whether the four interleaved sums from row `first` on show that their sum has converged."""
    p = sums[first : first + 4]
    even, odd = p[0] + p[2], p[1] + p[3]
    half_way = np.hypot(p[0] - p[2], p[1] - p[3])
    return (np.abs(even - odd) <= least * modulus) & (half_way <= _HALF_WAY * modulus)


def _all_agree(parts: Array) -> NDArray[np.bool_]:
    """Whether every integral of (K, 6, L) sums has converged and ends within its window."""
    good = [_agree(p, 0, p[4]) & (p[5] <= _CUT * p[4]) for p in parts]
    return np.asarray(np.all(good, axis=0))


def _error(sums: Array, first: int, modulus: int = 8) -> Array:
    """What halving the spacing leaves of the parts' disagreement, the ends, and rounding.

    One pole's error would be squared; several may cancel in the parts, so that a power of 3/2 is
    what is claimed.
    """
    p, size = sums[first : first + 4], sums[modulus]
    even, odd = p[0] + p[2], p[1] + p[3]
    with np.errstate(invalid="ignore", divide="ignore"):
        halved = (np.abs(even - odd) / size) ** 1.5 * size
    return halved + 8.0 * (sums[modulus + 1] + _EPS * size)


def _alike(start: Index, stop: Index, block: int) -> Iterator[tuple[slice, slice]]:
    """Runs of states and a common window of each, on which little is wasted."""
    first = 0
    while first < len(start):
        count = max(1, block // int(stop[first] - start[first]))
        while True:
            run = slice(first, first + count)
            low, high = int(start[run].min()), int(stop[run].max())
            own = int((stop[run] - start[run]).sum())
            if count == 1 or (high - low) * len(start[run]) - own <= block // 5:
                break
            count = (count + 1) // 2
        yield run, slice(low, high)
        first += count
