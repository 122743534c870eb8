"""The integrals of a x + b on nodes fitted to the data and shared by every state: the fast way.

Since the nodes of a `Table` do not depend on the state, p and its score are tabulated once, and a
stack of states costs an exponential, a division and a few multiplications a node. What has not
converged is left to the panels.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution, LocationScale, Normal
from gandyn.engine.alone import fitted, push_sums
from gandyn.engine.base import Engine
from gandyn.engine.nodes import OnGrid, kind_of
from gandyn.engine.panels import PanelEngine, lost_to_rounding, of_one_alone, powers_of, row_of
from gandyn.engine.parts import CLOSE, CONSISTENT, QUICK, Rule, left_over, settled
from gandyn.engine.quadrature import Integrals
from gandyn.engine.sensitivity import at_breaks, changes
from gandyn.engine.split import HEAVY, SMALL, Split
from gandyn.engine.table import Table
from gandyn.engine.transport import sign_changes
from gandyn.objectives import FDivergence
from gandyn.objectives.field import AtAtoms, Field
from gandyn.system.bracket import roots

__all__ = ["GridEngine"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_PER_STATE, _BESIDE = 0.2, (-5.0, -2.0, 0.0, 2.0, 5.0)
"""Spacing that a state asks for, in widths of its generated density, and where: five widths off
the data's tails may take over, and the weight switches."""

_PER_HANDOVER = 0.22
"""The same in widths of a handover of its modes, as the data's are resolved in the table."""

_REACH = 8.5
_BLOCK = 65_536
"""Nodes times states evaluated at a time: a few arrays of them stay in a core's cache."""

_SMALL_BLOCK = 12_288
"""The same where many arrays are made of each."""

_LITTLE = 1e-5
"""Of the steepest slope: what a force comes to where 1e-17 of p_g's mass may count."""

_PAIRED = 100
"""Components of the data, at most, that are told apart."""

_LONGEST = 6000
_FEWEST = 8
_EPS = float(np.finfo(float).eps)
_BLUR = 0.25 * _EPS
"""What roundings of x, which partly cancel, come to in a sum, over x in widths of a mode."""

_SCANNED, _SCANNED_STATES = 8, 512
_FADED = 38.0


class GridEngine(Engine):
    """Force, values and Jacobian of an f-divergence and a z + b, where all densities are smooth.

    Parameters
    ----------
    panels : PanelEngine
        The game, and the way that is gone where the grid does not do.

    Notes
    -----
    Where the sums over the even and the odd nodes agree to 1e-7 of the integral of the absolute
    value, the sum over all is right to far better (`gandyn.engine.parts`). A component is right to
    some 1e-15 of the integral of its absolute value; one that is below 4e-15 of it is 0.
    """

    name = "grid"

    def __init__(self, panels: PanelEngine) -> None:
        data, latent, target = panels.data, panels.generator.latent, panels.objective
        assert isinstance(target, FDivergence) and panels.generator.scale_and_place is not None
        self._place = list(panels.generator.scale_and_place)
        self._panels, self._data, self._target = panels, data, target
        self._ended = bool(np.isfinite(data.support).any())
        self._kind = kind_of(data, latent)
        self._is_twin = self._kind.line(data, 1.0, 0.0) is not None
        self._is_normal = latent.normals is not None and len(latent.normals[0]) == 1
        # A normal latent is taken as mean + std z.
        self._mean, self._std = (latent.mean, latent.std) if self._is_normal else (0.0, 1.0)
        self._latent = standard = Normal(0.0, 1.0) if self._is_normal else latent
        self._siblings: tuple[LocationScale, LocationScale] | None = None
        """Data and latent, where p_g can be p."""
        if isinstance(data, LocationScale) and isinstance(standard, LocationScale):
            self._siblings = (data, standard) if data.family == standard.family else None
        self._reach = (-_REACH, _REACH) if self._is_normal else _reach(latent)
        self._furthest = float(np.abs(latent.landmarks).sum(axis=1).max())
        """What z is, at most, in and next to the latent's modes."""
        self._marks = [
            (centre + beside * width, _PER_STATE * width)
            for centre, width in standard.landmarks.tolist()
            for beside in _BESIDE
        ]
        self._marks += [(z, _PER_HANDOVER * width) for z, width, _ in standard.handovers.tolist()]
        low, high = target.powers
        self._data_reach = _reach(data)
        self._window = (np.inf, -np.inf) if high <= 0.0 else self._data_reach
        self._scanned = (low, high) if low < 0.0 or high > 1.0 else None
        # far out, nodes are wide apart beside the peaks that a scan finds
        self._more = 1 if self._scanned is None else 4
        centres, widths = data.landmarks.T
        self._narrow, self._blur = (
            60.0 * float(widths.min()),
            _BLUR * float((np.abs(centres) / widths).max()),
        )
        self._may_diverge = self._scanned is not None or not panels.ends.smooth
        self._may_diverge |= _is_heavy(data) or _is_heavy(latent)
        self._table = Table(data)
        self._split = None
        if self._is_normal and data.normals is not None and target.rest is not None:
            self._split = Split(target, data.normals) if len(data.normals[0]) <= _PAIRED else None
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
        smooth = Table.takes(panels.data) and not panels.data.ends
        return None if smooth else "the data's density is not bounded and smooth"

    def __reduce__(self) -> tuple[type[GridEngine], tuple[PanelEngine]]:
        return GridEngine, (self._panels,)

    # -- what is asked for

    def force(self, theta: Array) -> Integrals:
        """Force at states (L, d), with its error."""
        return self._force(theta, QUICK)[0]

    def close_force(self, theta: Array) -> Integrals:
        """The same, by panels where its error, but for rounding of p, is not far below it."""
        found, error = self._force(theta, CLOSE)
        size = np.abs(found.value).max(axis=0)
        with np.errstate(invalid="ignore"):
            much = (error > 1e-12 * size) | (error > 1e-10 * np.abs(found.value))
            lost = much.any(axis=0) & np.isfinite(size)
        return found.mended(np.flatnonzero(lost), theta, self._panels.force)

    def _force(self, theta: Array, rule: Rule) -> tuple[Integrals, Array]:
        """The force, whose parts must agree by this rule.

        And its error but for the rounding of p and of the nodes, which no other way avoids.
        """
        endless = self._endless(theta)
        finite = np.flatnonzero((endless == 0.0).all(axis=0))
        raw, good, nodes = self._all_sums(theta[finite], self._window, rule)
        near = np.flatnonzero(self._overlaps_little(raw[8], theta[finite, self._place[0]]))
        if len(near):
            raw[:, near], good[near], more = self._all_sums(
                theta[finite[near]], self._data.reach, rule
            )
            nodes[near] += more
        plain, tilted = (raw[k : k + 4].sum(axis=0) for k in (4, 0))
        with np.errstate(invalid="ignore"):
            both = np.stack([self._mean * plain + self._std * tilted, plain])
        size, ends, mass, skewed, lost, far = raw[8:]
        steep = self._steepness(theta[finite, self._place[0]] * self._std)
        # log p_g w has an error of its own size, and z is as large as the window makes it
        wide, far = np.maximum(far, 1.0) * [[1.0], [0.0]] + [[0.0], [1.0]], far * [[1.0], [0.0]]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            log = np.abs(np.log(mass))
            # what is cut off counts as far out as it is
            cuts = (0, ends * raw[13]), (4, ends)
            each = np.stack([left_over(raw[k : k + 4], size, cut) for k, cut in cuts])
            each += _EPS * steep * mass
            each += _EPS * size * (64.0 * (log + far) + 2.0 * log * far)
            if self._scanned is not None:
                # log p_g of a rounded node, where its power is beyond 0 and 1
                a, b = np.abs(theta[finite][:, self._place].T)
                each += 2.0 * _EPS * size * wide * (abs(self._mean) + b / a) * _REACH / self._std
            error = np.stack([abs(self._mean) * each[1] + self._std * each[0], each[1]])
            rounding = _EPS * np.stack([abs(self._mean) * lost + self._std * skewed, lost])
            rounding += self._own_blur(theta[finite]) * size * [[self._furthest], [1.0]]
        both[np.abs(both) <= 4e-15 * size] = 0.0
        value, errors, apart = endless, np.zeros_like(endless), np.zeros_like(endless)
        value[:, finite], errors[:, finite] = both, error + rounding
        apart[:, finite] = np.where(good, error, 0.0)
        small = np.flatnonzero(good & self._cancels(mass, np.abs(both).min(axis=0), size))
        if len(small):
            index = finite[small]
            better, least = self._by_split(theta[index])
            found_closer = least < errors[:, index]
            value[:, index] = np.where(found_closer, better, value[:, index])
            errors[:, index] = np.where(found_closer, least, errors[:, index])
            apart[:, index] = np.where(found_closer, 0.0, apart[:, index])
        order = np.argsort(self._place)
        used = np.zeros(len(theta), np.intp)
        used[finite] = nodes
        found = Integrals(value[order], errors[order], np.ones(len(theta), bool), used)
        left = np.flatnonzero((endless == 0.0).any(axis=0) & (used == 0))
        return found.mended(np.union1d(left, finite[~good]), theta, self._panels.force), apart[
            order
        ]

    def _endless(self, theta: Array) -> Array:
        """What does not exist of the force (2, L), by scale and place: see `PanelEngine`."""
        if self._may_diverge:
            return self._panels.endless_force(theta)[:, self._place].T
        return np.zeros((2, len(theta)))

    def _all_sums(
        self, theta: Array, reach: tuple[float, float], rule: Rule
    ) -> tuple[Array, NDArray[np.bool_], Index]:
        """`_force_sums`, whether they are good, and the nodes used."""
        return self._adapted(
            theta,
            reach,
            self._scanned,
            self._force_sums,
            14,
            partial(self._force_is_good, rule),
            block=_BLOCK if self._is_normal else _BLOCK // 2,
        )

    def _own_blur(self, theta: Array) -> Array:
        """What the rounding of x comes to over the modes of p_g, (L,)."""
        a, b = theta[:, self._place].T
        centres, widths = self._panels.generator.latent.landmarks.T
        places = np.abs(np.multiply.outer(a, centres) + b[:, None])
        return _BLUR * (places / np.multiply.outer(np.abs(a), widths)).max(axis=1)

    def _overlaps_little(self, size: Any, a: Any) -> Any:
        """Whether p_g beyond its reach may count, where the data lie."""
        if np.isfinite(self._window[0]):
            return size < 0.0
        return size < _LITTLE * self._steepness(a * self._std)

    def _cancels(self, mass: Any, least: Any, size: Any) -> Any:
        """Whether something is gained by splitting off what is known of the force."""
        if self._split is None:
            return False
        return (abs(1.0 - mass) < HEAVY) & (least < SMALL * size)

    def _by_split(self, theta: Array) -> tuple[Array, Array]:
        """The force of (a, b) and its error, (2, L) each, by `gandyn.engine.split`."""
        assert self._split is not None
        a, b = theta[:, self._place].T
        scale, loc = a * self._std, a * self._mean + b

        def judge(raw: Array, scale: Array, loc: Array) -> NDArray[np.bool_]:
            return _judged(raw[:12], QUICK)[2]

        raw, good, _ = self._adapted(theta, self._data.reach, None, self._split.sums, 14, judge)
        known = self._split.known(scale, loc)
        rest, lost, _ = _judged(raw[:12], QUICK)
        # what is not resolved may still be too small to matter
        lost = np.where(good, lost, 10.0 * raw[[4, 10]]) + raw[12:] + 4.0 * _EPS * np.abs(known)
        tilted, plain = known + rest
        value = np.stack([self._mean * plain + self._std * tilted, plain])
        error = np.stack([abs(self._mean) * lost[1] + self._std * lost[0], lost[1]])
        return value, np.where(np.isnan(error), np.inf, error)

    def force_at(self, theta: Array) -> Array:
        """Force (d,) at one state (d,): in fewer and smaller steps than in a stack."""
        found = None if self._may_diverge else self._alone(theta)
        return super().force_at(theta) if found is None else found

    def _alone(self, theta: Array) -> Array | None:
        """Force at one state, None where it has not converged."""
        first, second = self._place
        a, b = theta[first].item(), theta[second].item()
        scale, loc = a * self._std, a * self._mean + b
        ends = loc + self._reach[0] * scale, loc + self._reach[1] * scale
        reach = min(*ends, self._window[0]), max(*ends, self._window[1])
        for level, window in fitted(self._table, self._marks, reach, scale, loc):
            if not _FEWEST <= window.stop - window.start <= _LONGEST:
                continue
            sums = push_sums(self._kind, self._target, level, window, self._latent, scale, loc)
            if self._force_is_good(QUICK, sums, scale, loc):
                tilted, plain, negligible = sum(sums[:4]), sum(sums[4:8]), 4e-15 * sums[8]
                both = self._mean * plain + self._std * tilted, plain
                if self._overlaps_little(sums[8], a):
                    return None
                if self._cancels(sums[10], min(map(abs, both)), sums[8]):
                    return None
                out = np.empty(2)
                out[first], out[second] = (v if abs(v) > negligible else 0.0 for v in both)
                return out
        return None

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential", at states (L, d): a row of the result for each."""
        if not len(theta):
            return self._panels.values(theta, names)
        groups: dict[tuple, list[int]] = {}
        for k, name in enumerate(names):
            powers = powers_of(name, self._target)
            infinite = self._panels.endless_values(theta, [name])[0]
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

    def _smooth_values(
        self, theta: Array, names: Sequence[str], scanned: tuple[float, float] | None
    ) -> Integrals:
        rows = [row_of(self._target, name)[0] for name in names]

        def sums(at: OnGrid) -> Array:
            with np.errstate(all="ignore"):
                return np.concatenate([at.sums(np.array(row(at))) for row in rows])

        def good(raw: Array, scale: Array, loc: Array) -> NDArray[np.bool_]:
            return _judged(raw, CLOSE)[2] & self._apart(scale, loc)

        raw, fine, nodes = self._adapted(
            theta, self._data_reach, scanned, sums, 6 * len(rows), good
        )
        value, error, _ = _judged(raw, CLOSE)
        if self._ended:
            beyond = self._beyond(theta, rows)
            endless = np.isinf(beyond)
            value, error = value + beyond, error + 8.0 * _EPS * beyond
            value[endless], error[endless] = np.inf, 0.0
            fine |= endless.all(axis=0)
        error += lost_to_rounding(value, names, self._target, self._data, self._own_blur(theta))
        found = Integrals(value, error, np.ones(len(theta), bool), nodes)
        return found.mended(np.flatnonzero(~fine), theta, partial(self._panels.values, names=names))

    def _beyond(self, theta: Array, rows: Sequence[Callable[[Field], Array]]) -> Array:
        """What rows gain where there are no data: f(0) times the generated mass, as at an atom."""
        place, scale = theta[:, self._place[1]], theta[:, self._place[0]]
        latent = self._panels.generator.latent
        z = np.sort((np.array(self._data.support) - place[:, None]) / scale[:, None], axis=1)
        mass = (latent.cdf(z[:, 0]) + latent.sf(z[:, 1]))[:, None]
        generated = self._panels.generator.generated(theta)
        with np.errstate(divide="ignore"):
            at = AtAtoms(self._data, generated, place[:, None], np.arange(len(theta)), mass)
        return of_one_alone(at, mass, rows)

    def _total_variation(self, theta: Array) -> Integrals:
        """½∫|p − p_g|, by the masses between the zeros of ℓ."""
        data, latent = self._data, self._latent

        def sums(at: OnGrid) -> Array:
            ell = at.log_ratio
            row, node, beyond, touching = sign_changes(ell, at.ratio_slope, at.x)
            low, high = at.x[0, node], at.x[0, node + 1]

            def ratio(x: Array, k: Index) -> Array:
                z = (x - at.loc[row[k]]) / at.scale[row[k]]
                return data.logpdf(x) - latent.logpdf(z) + log_size[k]

            log_size = np.log(np.abs(at.scale[row]))
            x = roots(ratio, low, high, ell[row, node], ell[row, node + 1])
            z = (x - at.loc[row]) / at.scale[row]
            below, above = latent.cdf(z), latent.sf(z)
            mirrored = at.scale[row] < 0
            below, above = np.where(mirrored, above, below), np.where(mirrored, below, above)
            lower = data.cdf(x)
            excess = np.where(lower < 0.5, lower - below, above - data.sf(x))
            total = np.zeros(len(ell)) - np.bincount(row, beyond * excess, minlength=len(ell))
            # Where p > p_g up to an end of the data, an interval starts or stops there.
            for end, last in zip(data.support, (0, -1), strict=True):
                if np.isfinite(end):
                    z = (end - at.loc) / at.scale
                    below = (at.scale > 0) == (last == 0)
                    outside = np.where(below, latent.cdf(z), latent.sf(z))
                    total += np.where(ell[:, last] > 0.0, outside, 0.0)
            return np.stack([total, touching])

        def good(raw: Array, scale: Array, loc: Array) -> NDArray[np.bool_]:
            return (raw[1] == 0.0) & (raw[0] > 1e-4)

        raw, fine, nodes = self._adapted(theta, self._data.reach, None, sums, 2, good)
        error = 8.0 * _EPS + self._own_blur(theta)[None]
        found = Integrals(raw[:1], error, np.ones(len(theta), bool), nodes)
        return found.mended(
            np.flatnonzero(~fine), theta, partial(self._panels.values, names=["total_variation"])
        )

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force at states (L, d): (L, d, d)."""

        def sums(at: OnGrid) -> Array:
            with np.errstate(all="ignore"):
                log_q = at.log_generated
                mass = at.mass_into(self._target, log_q.copy(), np.empty_like(log_q))
                along, wider = changes(self._target, at, mass, (at.scale / self._std)[:, None])
                z = self._mean + self._std * at.z
                tilted = along * z
                wider += tilted
                return np.concatenate([at.sums(v) for v in (wider * z, tilted, wider, along)])

        def good(raw: Array, scale: Array, loc: Array) -> NDArray[np.bool_]:
            value, error, fine = _judged(raw, CONSISTENT)
            error += self._blurred * raw[4::6]
            fine &= (error <= 1e-10 * np.abs(value).max(axis=0)).all(axis=0)
            return fine & (self._is_twin | self._apart(scale, loc))

        raw, fine, _ = self._adapted(theta, self._window, self._scanned, sums, 24, good)
        value = _judged(raw, CONSISTENT)[0].T.reshape(len(theta), 2, 2)
        if len(self._data.breaks):
            generated = self._panels.generator.generated(theta)
            a, b = theta[:, self._place].T
            value = value + at_breaks(self._data, generated, self._target, a, b)
        order = np.argsort(self._place)
        value = value[:, order][:, :, order]
        fine &= (self._endless(theta) == 0.0).all(axis=0)
        if not fine.all():
            value[~fine] = self._panels.jacobian(theta[~fine])
        return value

    # -- the force

    def _force_sums(self, at: OnGrid) -> Array:
        """`OnGrid.push_sums`, what rounding changes with z and without, its reach: (14, S)."""
        first, second = self._buffers(len(at.scale), len(at.y))
        with np.errstate(over="ignore", invalid="ignore"):
            sums = at.push_sums(self._target, first, second)
            # A node is rounded, and log p with it; a large log p and log p_g cancel only where
            # their powers are beyond 0 and 1.
            noise = 2.0 * np.abs(at.x[0] * at.score_data[0])
            if self._scanned is not None:
                noise += 4.0 * np.abs(at.log_data[0])
            noise *= at.weight
            lost = second @ noise
            tilted = (second @ (noise * np.abs(at.y)) + np.abs(at.offset) * lost) / np.abs(at.scale)
        far = np.abs((at.y[[0, -1], None] - at.offset) * at.inverse).max(axis=0)
        return np.concatenate([sums, [tilted, lost, far]])

    def _steepness(self, scale: Any) -> Any:
        """What the two scores are the difference of, where they are one at all."""
        return 0.0 if self._is_twin else self._steepest + _REACH / abs(scale)

    def _force_is_good(self, rule: Rule, sums: Any, scale: Any, loc: Any) -> Any:
        """Whether `OnGrid.push_sums` have converged: (11, L), or one state's as plain floats."""
        size, ends, mass = sums[8:11]
        tilted, plain = sums[:4], sums[4:8]
        good = settled(tilted, size, ends, rule) & settled(plain, size, ends, rule)
        good &= (size > 1e-7 * self._steepness(scale) * mass) & (mass > 1e-100)
        # Across a mode far narrower than p_g the slope's two signs cancel, but for what the
        # rounding of x leaves: left to panels.
        stretch, shift, blur = abs(sum(tilted)), abs(sum(plain)), self._blur * size
        error, other = (left_over(parts, size, ends) + blur for parts in (tilted, plain))
        close = (error <= 1e-10 * stretch) | (error <= 1e-12 * shift)
        close &= (other <= 1e-10 * shift) | (other <= 1e-12 * stretch)
        good &= close | (abs(scale) < self._narrow)
        return good & (self._is_twin | self._apart(scale, loc))

    def _apart(self, scale: Any, loc: Any) -> Any:
        """Whether states are not next to p_g = p, where the two cancel: left to panels."""
        if self._siblings is None:
            return True
        data, latent = self._siblings
        wide = abs(abs(scale) * latent.scale - data.scale)
        away = abs(loc + scale * latent.loc - data.loc)
        return (wide > 1e-2 * data.scale) | (away > 1e-2 * data.scale)

    @cached_property
    def _blurred(self) -> float:
        """The same as `_blur` for the slope of the score, which is large at handovers."""
        places, widths = self._data.handovers[:, :2].T
        return _BLUR * float((np.abs(places) / widths).max(initial=self._blur / _BLUR))

    @cached_property
    def _steepest(self) -> float:
        """A size of the data's score."""
        level = self._table.level(0)
        # Where there is no density, the score may be as large as it will.
        there = level.log_density > level.log_density.max() - _FADED
        steep = np.exp(level.log_density[there]) * np.abs(level.score[there])
        return 8.0 * float(steep @ level.weight[there])

    # -- windows, levels, blocks

    def _adapted(
        self,
        theta: Array,
        reach: tuple[float, float],
        scanned: tuple[float, float] | None,
        sums: Callable[[OnGrid], Array],
        rows: int,
        judge: Callable[[Array, Array, Array], NDArray[np.bool_]],
        block: int = _SMALL_BLOCK,
    ) -> tuple[Array, NDArray[np.bool_], Index]:
        """Sums (rows, L), whether they are good, and the nodes used, each on a level that does."""
        a, b = theta[:, self._place].T
        scale, loc = a * self._std, a * self._mean + b
        windows = self._windows(scale, loc, reach, scanned)
        # Neighbours side by side, so that they share windows and are looked up faster.
        spread = loc.max(initial=0.0) - loc.min(initial=0.0)
        order = np.argsort(np.round(2.0 * np.log2(np.abs(scale))) * spread + loc)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        scale, loc = scale[order], loc[order]
        out = np.full((rows, len(scale)), np.nan)
        good = np.zeros(len(scale), bool)
        used = np.zeros(len(scale), np.intp)
        low, high = (ends[order] for ends in windows)
        wanted = self._wanted(scale, loc, low, high)
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
            with np.errstate(invalid="ignore", over="ignore"):
                good[index] = judge(out[:, index], scale[index], loc[index])
        return out[:, place], good[place], used[place]

    def _wanted(self, scale: Array, loc: Array, low: Array, high: Array) -> Index:
        """The level on which every mark of a state's own density in its window is resolved."""
        level = self._table.level(0)
        last, ratio = len(level.x) - 1, np.ones_like(scale)
        for z, wanted in self._marks:
            x = loc + scale * z
            spacing = level.weight[np.minimum(level.x.searchsorted(x), last)]
            spacing[(x < low) | (x > high)] = 0.0
            np.maximum(ratio, spacing / (wanted * np.abs(scale)), out=ratio)
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


def _is_heavy(law: Distribution) -> bool:
    """Whether a density falls off as a power of x, so that its moments come from far out."""
    return law.tails is not None and bool((law.tails[:, :2] == 0.0).all(axis=1).any())


def _reach(law: Distribution) -> tuple[float, float]:
    """Where a density is as good as whole; with two moments, where it falls off as a power."""
    if law.tails is None or not _is_heavy(law):
        return law.reach
    power = float(law.tails[:, 2].min())
    if power <= 3.0:
        return -np.inf, np.inf
    low, high = law.landmarks[:, 0].min(), law.landmarks[:, 0].max()
    room = float(law.landmarks[:, 1].max()) * 10.0 ** min(16.0 / (power - 3.0), 300.0)
    return float(low) - room, float(high) + room


def _judged(raw: Array, rule: Rule) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Integrals (K, L), their errors, and where all have settled, from (6 K, L) `OnGrid.sums`."""
    rows = raw.reshape(len(raw) // 6, 6, -1).swapaxes(0, 1)
    parts, size, ends = rows[:4], rows[4], rows[5]
    fine = settled(parts, size, ends, rule).all(axis=0)
    return parts.sum(axis=0), left_over(parts, size, ends), fine


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
