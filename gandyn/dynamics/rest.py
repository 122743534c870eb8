"""Where a lane comes to rest, and its way there in closed form.

Near an attractor y* a flow is linear: y(t) = y* + exp(J t) (y(0) - y*), J the Jacobian at y*. Once
what the linear law leaves out is below the tolerance, the rest of the trajectory is known for
all times and no further step is needed ("landing"). The omission is measured, not assumed: with
e = y - y* the quadratic remainder shifts the trajectory by about d = J⁻¹ f(y) - e at first, and by
d exp(-s t) after a time t, s the slowest rate. A lane of which nothing but the rest point
is asked may therefore land as soon as it is certain to end there: the Jacobians at y and next to
y* differ by less than a tenth, both have only decaying modes, and Newton's iteration joins them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.guard import Array, GuardedForce, Rows, finite, largest

MOVING, REST, UNSTABLE, FLAT = 0, 1, 2, 3

_NEWTON = 6
_BASIN = 0.1
_SETTLED = 0.1  # of the tolerances
_NEUTRAL = 1e-9
_ROUNDING = 16 * np.finfo(float).eps
_SHARED = 0.05  # of the tolerances: rest points so near are one
_MOST_POINTS = 64


@dataclass
class Modes:
    """Eigenvalues (n, d), eigenvectors (n, d, d) in columns and their inverses."""

    rates: NDArray
    vectors: NDArray
    inverse: NDArray

    @classmethod
    def of(cls, jacobian: Array) -> Modes:
        """Modes of each Jacobian of a stack; non-finite ones count as unstable."""
        known = finite(jacobian.reshape(len(jacobian), -1))
        jacobian = np.where(known[:, None, None], jacobian, np.eye(jacobian.shape[1]))
        turned = np.swapaxes(jacobian, 1, 2)
        size = np.abs(jacobian).max(axis=(1, 2))
        skew = np.flatnonzero(np.abs(jacobian - turned).max(axis=(1, 2)) > 1e-6 * size)
        rates, vectors = np.linalg.eigh(0.5 * jacobian + 0.5 * turned)
        if skew.size == 0:
            return cls(rates, vectors, np.swapaxes(vectors, 1, 2))
        inverse = np.swapaxes(vectors, 1, 2).astype(complex)
        rates, vectors = rates.astype(complex), vectors.astype(complex)
        rates[skew], vectors[skew] = np.linalg.eig(jacobian[skew])
        # A defective Jacobian has no basis of modes; it is pushed off by less than it is known.
        blunt = np.abs(np.linalg.det(vectors)) < 1e-7
        if blunt.any():
            tilt = np.diag(np.arange(jacobian.shape[1])) * 1e-7
            moved = jacobian[blunt] + size[blunt, None, None] * tilt
            rates[blunt], vectors[blunt] = np.linalg.eig(moved)
        inverse[skew] = np.linalg.pinv(vectors[skew])
        return cls(rates, vectors, inverse)

    @cached_property
    def fastest(self) -> Array:
        """Largest absolute rate (n,)."""
        return np.abs(self.rates).max(axis=1)

    @cached_property
    def neutral(self) -> NDArray[np.bool_]:
        """Modes (n, d) whose rate is zero to the accuracy of the Jacobian."""
        return np.abs(self.rates) <= _NEUTRAL * self.fastest[:, None]

    @cached_property
    def stable(self) -> NDArray[np.bool_]:
        """Lanes (n,) of which every mode that is not neutral decays."""
        decaying = (self.rates.real < 0) | self.neutral
        return decaying.all(axis=1) & (self.fastest > 0)

    @cached_property
    def slowest(self) -> Array:
        """Smallest decay rate (n,) of the modes that are not neutral."""
        return np.where(self.neutral, np.inf, -self.rates.real).min(axis=1)

    def amplitudes(self, e: Array) -> NDArray:
        """Mode amplitudes (n, d) of the displacements ``e`` (n, d)."""
        return np.matmul(self.inverse, e[:, :, None])[:, :, 0]

    def solve(self, f: Array, noise: Array) -> Array:
        """J⁻¹ f; inf where a neutral mode is driven by more than ``noise`` (n,)."""
        amplitudes = self.amplitudes(f)
        driven = self.neutral & (np.abs(amplitudes) > noise[:, None])
        out = amplitudes / np.where(self.neutral, 1.0, self.rates)
        out = np.where(self.neutral, 0.0, out)
        out = np.matmul(self.vectors, out[:, :, None])[:, :, 0].real
        return np.where(driven.any(axis=1)[:, None], np.inf, out)

    def take(self, lanes: Rows) -> Modes:
        """The modes of some lanes."""
        return Modes(self.rates[lanes], self.vectors[lanes], self.inverse[lanes])

    def put(self, lanes: Rows, new: Modes) -> Modes:
        """These with the modes of some lanes replaced."""
        return Modes(
            _put(self.rates, lanes, new.rates),
            _put(self.vectors, lanes, new.vectors),
            _put(self.inverse, lanes, new.inverse),
        )


@dataclass
class Landing:
    """The linear law that lanes follow after they have landed: its origin, start and modes."""

    origin: Array
    amplitudes: NDArray
    modes: Modes

    def at(self, times: Array) -> Array:
        """States (n, T, d) at ``times`` (n, T) after the landing; exact at infinity."""
        with np.errstate(under="ignore", invalid="ignore"):
            decay = np.exp(self.modes.rates[:, None, :] * times[:, :, None])
        late = np.isinf(times)[:, :, None]
        decay = np.where(late, np.where(self.modes.neutral[:, None, :], 1.0, 0.0), decay)
        sizes = (self.amplitudes[:, None] * decay)[..., None]
        moved = np.matmul(self.modes.vectors[:, None], sizes)[..., 0].real
        return self.origin[:, None] + moved

    def lifetimes(self, rtol: float, atol: float) -> Array:
        """Times (n, d) after which each mode has decayed below the tolerances."""
        scale = atol + rtol * np.abs(self.origin)
        sizes = np.abs(self.modes.vectors * self.amplitudes[:, None, :]) / scale[:, :, None]
        decades = np.log(np.maximum(sizes.max(axis=1), 1.0))
        rates = np.where(self.modes.neutral, np.inf, -self.modes.rates.real)
        return decades / rates

    def take(self, lanes: Rows) -> Landing:
        """The law of some lanes."""
        return Landing(self.origin[lanes], self.amplitudes[lanes], self.modes.take(lanes))

    def put(self, lanes: Rows, new: Landing) -> None:
        """Replace the law of some lanes."""
        self.origin[lanes] = new.origin
        self.amplitudes = _put(self.amplitudes, lanes, new.amplitudes)
        self.modes = self.modes.put(lanes, new.modes)


@dataclass
class Examination:
    """Verdict per lane, the linear law of those at rest, and when to look again.

    ``look_below`` is the factor by which the force should have fallen before the next
    examination.
    """

    verdict: NDArray[np.intp]
    landing: Landing
    look_below: Array
    evaluations: NDArray[np.intp]


def examine(
    guarded: GuardedForce, y: Array, f: Array, wait: Array, rtol: float, atol: float
) -> Examination:
    """Find the lanes that are at rest, or so near an attractor that the linear law takes over.

    States y (n, d), where the force is f, wait so long (n,) until the first state that is asked of
    them; inf if only the rest point is.
    """
    n = len(y)
    jacobian = guarded.jacobian(y, y)
    modes = Modes.of(jacobian)
    known = finite(jacobian.reshape(n, -1))
    # Below this size the absolute tolerance rules, and with it what counts as rounding.
    size = np.maximum(largest(y), atol / rtol)
    noise = _ROUNDING * np.maximum(modes.fastest, 1e-300) * size
    newton = -modes.solve(f, noise)
    reach = largest(newton)
    scale = atol + rtol * np.abs(y)

    amplitudes = np.abs(modes.amplitudes(np.where(np.isfinite(newton), newton, np.inf)))
    growing = modes.rates.real > 0
    # Along a mode that grows a lane is known to what the rounding of the force moves it by.
    small = _SETTLED * scale.min(axis=1)[:, None]
    blurred = np.minimum(noise[:, None] / np.where(growing, modes.rates.real, 1.0), small)
    settled = amplitudes <= np.where(growing, blurred, small)
    saddle = known & growing.any(axis=1) & settled.all(axis=1)
    still = (f == 0).all(axis=1) | saddle | (known & (reach <= _ROUNDING * size))
    stable = known & modes.stable
    verdict = np.full(n, MOVING)
    verdict[still] = np.where(growing.any(axis=1) & known, UNSTABLE, REST)[still]
    verdict[still & known & (modes.fastest == 0)] = FLAT
    arrived = ~still & stable & (np.abs(newton) <= _SETTLED * scale).all(axis=1)
    verdict[arrived] = REST

    out = Examination(
        verdict,
        Landing(y.copy(), np.zeros_like(modes.rates), modes),
        np.full(n, 0.25),
        np.full(n, 2 * y.shape[1]),
    )
    lanes = np.flatnonzero(~still & stable & np.isfinite(reach))
    if lanes.size:
        _land(guarded, lanes, [part[lanes] for part in (y, f, jacobian, newton, wait, scale)], out)
    return out


def _land(
    guarded: GuardedForce, lanes: NDArray[np.intp], states: list[Array], out: Examination
) -> None:
    """Follow Newton from ``lanes`` to their rest points and write the landings into ``out``.

    Costs one Jacobian a lane, and that only where the force at Newton's first target promises
    that the certificate will hold. ``states`` are those of the lanes, with the force, Jacobian,
    Newton's step, time to wait and tolerance there.
    """
    y, f, jacobian, newton, wait, scale = states
    target = y + newton
    force = guarded.force(target, y)
    out.evaluations[lanes] += 1
    here = out.landing.modes.take(lanes)
    every = np.full(len(lanes), np.inf)
    # How far Newton is from rest, relative to its length, is half of the change of the Jacobian.
    bend = 2 * largest(here.solve(force, every)) / largest(newton)
    out.look_below[lanes] = np.where(np.isfinite(bend), _hint(_BASIN / bend), 0.25)
    rows = np.flatnonzero(bend <= 1.2 * _BASIN)
    if rows.size == 0:
        return

    lanes = lanes[rows]
    scale, y, f, target, force = (part[rows] for part in (scale, y, f, target, force))
    there = guarded.jacobian(target, y)
    out.evaluations[lanes] += 2 * y.shape[1]
    modes = Modes.of(there)
    rates = np.where(modes.neutral, np.inf, modes.rates)[:, None, :]
    inverse = np.matmul(modes.vectors / rates, modes.inverse).real  # without neutral modes
    change = np.matmul(inverse, there - jacobian[rows])
    change = np.where(np.isfinite(change), change, np.inf)
    certain = modes.stable & (np.abs(change).max(axis=(1, 2)) <= _BASIN)
    certain &= finite(there.reshape(len(there), -1))

    size = largest(target)
    noise = _ROUNDING * np.maximum(modes.fastest * size, 1e-300)
    enough = np.maximum(1e-3 * scale.min(axis=1), _ROUNDING * size)
    found = np.zeros(len(lanes), dtype=bool)
    now = np.flatnonzero(certain)
    for _ in range(_NEWTON):
        if now.size == 0:
            break
        step = -modes.take(now).solve(force[now], noise[now])
        length = largest(step)
        sane = length <= largest(newton[rows[now]])
        target[now[sane]] += step[sane]
        found[now] = sane & (length <= enough[now])
        now = now[sane & ~found[now]]
        force[now] = guarded.force(target[now], y[now])
        out.evaluations[lanes[now]] += 1

    e = y - target
    shift = modes.solve(f, np.full(len(lanes), np.inf)) - e
    delay = modes.slowest * wait[rows]
    fade = np.where(delay < 700, (1 + delay) * np.exp(-np.minimum(delay, 700)), 0.0)
    missed = (np.abs(shift) / scale).max(axis=1) * fade
    found &= guarded.same_side(target, y)
    landed = found & (missed <= _SETTLED)
    late = found & ~landed
    out.look_below[lanes[~found]] = 0.5
    # What is missed falls with the square of the distance, but as long as a state is awaited the
    # time that brings the lane nearer is also time that the omission has less to fade.
    gap = _SETTLED / missed[late]
    out.look_below[lanes[late]] = _hint(np.where(delay[late] > 1, gap, np.sqrt(gap)))

    where = lanes[landed]
    out.verdict[where] = REST
    law = Landing(target, modes.amplitudes(e), modes)
    out.landing.put(where, law.take(landed))


def _hint(nearer: Array) -> Array:
    """The factor by which the force should fall, given that by which a lane must come nearer."""
    return np.clip(0.8 * nearer, 1e-3, 0.5)


def _put(values: NDArray, lanes: Rows, new: NDArray) -> NDArray:
    """``values[lanes] = new``, complex where ``new`` is."""
    if np.iscomplexobj(new) and not np.iscomplexobj(values):
        values = values.astype(complex)
    values[lanes] = new
    return values


class KnownRests:
    """Examinations for rest by a charted force, with what they find confirmed by the force itself.

    Thousands of lanes come to rest at a few points. The force costs most there, where its integral
    cancels; so only the first lane at each point asks for it. Where there is no chart `charted` is
    the force itself.
    """

    def __init__(
        self, guarded: GuardedForce, charted: GuardedForce, rtol: float, atol: float
    ) -> None:
        self._guarded, self._charted = guarded, charted
        self._rtol, self._atol = rtol, atol
        self._points: list[Array] = []

    def examine(self, y: Array, f: Array, wait: Array) -> Examination:
        """As `rest.examine`, with exact rest points."""
        seen = examine(self._charted, y, f, wait, self._rtol, self._atol)
        if self._charted is self._guarded:
            return seen
        unknown, batch = self._adopt(seen, np.flatnonzero(seen.verdict != MOVING)), 1
        while unknown.size:
            lanes, unknown = unknown[:batch], unknown[batch:]
            home = y[lanes]
            force = self._guarded.force(home, home)
            exact = examine(self._guarded, home, force, wait[lanes], self._rtol, self._atol)
            exact.evaluations += 1
            seen.verdict[lanes], seen.look_below[lanes] = exact.verdict, exact.look_below
            seen.evaluations[lanes] += exact.evaluations
            seen.landing.put(lanes, exact.landing)
            rest = exact.landing.origin[exact.verdict == REST]
            self._points += list(rest[: _MOST_POINTS - len(self._points)])
            unknown, batch = self._adopt(seen, unknown), 2 * batch
        return seen

    def _adopt(self, seen: Examination, lanes: NDArray[np.intp]) -> NDArray[np.intp]:
        """Let those of ``lanes`` that rest at a known point rest there; return the others."""
        if not self._points or not lanes.size:
            return lanes
        points, origin = np.array(self._points), seen.landing.origin[lanes]
        scale = self._atol + self._rtol * np.abs(origin)
        away = (np.abs(points - origin[:, None]) / scale[:, None]).max(axis=2)
        nearest = away.argmin(axis=1)
        here = (away.min(axis=1) <= _SHARED) & (seen.verdict[lanes] == REST)
        seen.landing.origin[lanes[here]] = points[nearest[here]]
        return lanes[~here]
