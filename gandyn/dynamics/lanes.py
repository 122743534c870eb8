"""Many trajectories at once: every lane with its own time, step, error control and ending.

Lanes that have ended make room for waiting ones, so that the force is always asked for a
full stack of live states. A lane is explicit (`DormandPrince`) until its own measured rates show
that stability and not accuracy limits the step, then implicit (`LinearlyImplicitEuler`) for as
long as that holds; it ends where the end of time is, or where `rest.examine` says that it rests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.chart import LEAST_LANES, LEAST_SHARE
from gandyn.dynamics.extrapolation import LinearlyImplicitEuler
from gandyn.dynamics.guard import Array, GuardedForce, Rows, chosen, finite, largest
from gandyn.dynamics.rest import MOVING, Examination, KnownRests
from gandyn.dynamics.runge_kutta import Attempt, DormandPrince, first_step, interpolate
from gandyn.system.progress import Progress

# Endings of a lane.
END, RESTED, SADDLE, JUMP, VANISHED = 0, 1, 2, 3, 4
SPENT, STUCK, BROKEN, UNFINISHED, VAGUE = -1, -2, -3, -4, -5

BLOCK = 12_000
_ENDING = np.array([UNFINISHED, RESTED, SADDLE, VANISHED])  # by MOVING, REST, UNSTABLE, FLAT
_EPS = float(np.finfo(float).eps)
_LIMIT = 3.0  # h * rate above which an accepted explicit step counts towards stiffness
_PATIENCE = 10
_WINDOW = 64
_LOOK = 25  # steps
_BETA = 0.04
_SHARE = 0.3  # of the tolerances that a step may spend
_SOON = 0.1  # seconds of work after which the force is asked how well it is known, then twice that
_VAGUE = 1e-3  # of the force: an error above it where an integral does not converge


@dataclass
class Course:
    """What became of each of ``n`` lanes: last time and state, ending and cost."""

    t: Array
    y: Array
    ending: NDArray[np.intp]
    rest_time: Array
    nfev: NDArray[np.intp]
    samples: Array
    times: list[float] = field(default_factory=list)
    states: list[Array] = field(default_factory=list)

    def note(self, t: float, y: Array) -> None:
        """Record a state of a single lane; it replaces one that no later time tells apart."""
        if self.times and t <= self.times[-1]:
            self.states[-1] = y.copy()
        else:
            self.times.append(float(t))
            self.states.append(y.copy())


@dataclass
class Live:
    """State of the lanes that are under way, one row each."""

    lane: NDArray[np.intp]
    t: Array
    y: Array
    f: Array
    h: Array
    rate: Array
    sample: NDArray[np.intp]
    anchor: Array
    error: Array
    look_below: Array
    stiff: NDArray[np.bool_]
    steps: NDArray[np.intp]
    count: NDArray[np.intp]
    looked: NDArray[np.intp]
    turns: NDArray[np.intp]

    def keep(self, rows: NDArray) -> Live:
        """These rows only."""
        return Live(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def join(self, other: Live) -> Live:
        """These rows and after them the other's."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return Live(**{name: np.concatenate(pair) for name, pair in pairs.items()})


@dataclass(eq=False)
class Integration:
    """One integration of a stack of starts y0 (n, d), where the force is f0.

    The last time of the span may be inf. `t_eval` (T,) are increasing times within the span at
    which states are wanted; `record` keeps every accepted step (of a single lane).
    """

    guarded: GuardedForce
    y0: Array
    f0: Array
    span: tuple[float, float]
    t_eval: Array
    record: bool
    rtol: float
    atol: float
    max_steps: int
    progress: Progress | None

    def __post_init__(self) -> None:
        n, d = self.y0.shape
        self._due = time.thread_time() + _SOON
        self._t0, self._t1 = self.span
        # The state that t_eval[0] == t0 asks for is known already.
        self._first_sample = int(np.searchsorted(self.t_eval, self._t0, side="right"))
        # Errors of steps add up: less than the tolerance to each, but not less than rounding.
        self._inner = inner = max(_SHARE * self.rtol, 40 * _EPS), _SHARE * self.atol
        # Many lanes in one plane ask for its field often enough to chart it.
        share = 1e-3 * min(self.rtol, 100 * self.atol)
        often = d == 2 and n >= LEAST_LANES and share >= LEAST_SHARE
        self._stages = self.guarded.charted(self.y0, share) if often else self.guarded
        self._explicit = DormandPrince(self._stages, *inner)
        self._rests = KnownRests(self.guarded, self._stages, self.rtol, self.atol)
        self._implicit = LinearlyImplicitEuler(self.guarded, *inner)
        self.course = Course(
            t=np.full(n, self._t0),
            y=self.y0.copy(),
            ending=np.full(n, UNFINISHED),
            rest_time=np.full(n, np.nan),
            nfev=np.ones(n, dtype=np.intp),
            samples=np.full((n, len(self.t_eval), d), np.nan),
        )
        self.course.samples[:, : self._first_sample] = self.y0[:, None]
        self._waiting = 0
        self._live = self._admit(0)
        if self.record and n:
            self.course.note(self._t0, self.y0[0])

    def run(self) -> Course:
        """Integrate all lanes to their ends."""
        with np.errstate(all="ignore"):
            while self._refill():
                self._ask()
                self._advance()
                if self.progress is not None:
                    self.progress(self._fraction(), "flow")
        return self.course

    def _ask(self) -> None:
        """End lanes of whose force too little is known, once the work has taken a while."""
        now = time.thread_time()
        if now > self._due:
            self._close(self.guarded.vague(self._live.y, _VAGUE), VAGUE)
            self._due += 2.0 * (time.thread_time() - self._due) + _SOON

    def so_far(self) -> Course:
        """What there is by now."""
        self.course.t[self._live.lane] = self._live.t
        self.course.y[self._live.lane] = self._live.y
        return self.course

    def _refill(self) -> bool:
        """Admit waiting lanes when a quarter of the block is free; False when all is done."""
        room = BLOCK - len(self._live.lane)
        if self._waiting < len(self.y0) and room >= BLOCK // 4:
            self._live = self._live.join(self._admit(room))
            self._look()
        return len(self._live.lane) > 0 or self._waiting < len(self.y0)

    def _admit(self, room: int) -> Live:
        rows = np.arange(self._waiting, min(self._waiting + room, len(self.y0)))
        self._waiting += len(rows)
        y, f = self.y0[rows], self.f0[rows]
        n = len(rows)
        h, rate = first_step(self.guarded, y, f, *self._inner)
        self.course.nfev[rows] += 1
        return Live(
            rows,
            np.full(n, self._t0),
            y.copy(),
            f.copy(),
            h,
            rate,
            sample=np.full(n, self._first_sample),
            anchor=y.copy(),
            error=np.full(n, 1e-4),
            look_below=np.full(n, np.inf),
            stiff=np.zeros(n, dtype=bool),
            **{name: np.zeros(n, dtype=np.intp) for name in ("steps", "count", "looked", "turns")},
        )

    def _advance(self) -> None:
        """One attempted step of every live lane, then the endings."""
        live = self._live
        for stiff, mask in ((False, ~live.stiff), (True, live.stiff.copy())):
            if np.count_nonzero(mask):
                self._attempt(chosen(mask), stiff)
        self._close(live.t >= self._t1, END)
        self._look()
        self._stop_chatter()
        live = self._live
        lost = ~(live.h >= np.maximum(10 * _EPS * np.abs(live.t), 1e-300))
        if np.count_nonzero(lost):
            moved = live.h * largest(live.f)
            lost &= ~(moved > 10 * _EPS * np.maximum(largest(live.y), self.atol))
        self._close(lost, STUCK)
        self._close(self._live.steps >= self.max_steps, SPENT)

    def _attempt(self, rows: Rows, stiff: bool) -> None:
        live = self._live
        t, y, f, h, lanes = live.t[rows], live.y[rows], live.f[rows], live.h[rows], live.lane[rows]
        goal: Any = self._t1
        if stiff and len(self.t_eval):
            goal = np.append(self.t_eval, self._t1)[live.sample[rows]]
        ends = t + 1.0001 * h >= goal
        tried, t_new = np.where(ends, goal - t, h), np.where(ends, goal, t + h)
        method = self._implicit if stiff else self._explicit
        attempt = method.step(y, f, tried)
        error = attempt.error
        met = error <= 1
        self.course.nfev[lanes] += attempt.evaluations + met
        passed = chosen(met)
        f_new = self._stages.force(attempt.y[passed], y[passed])
        known = finite(f_new)
        if np.count_nonzero(known) < len(known):
            error[np.flatnonzero(met)[~known]] = np.nan
            passed, f_new = np.flatnonzero(error <= 1), f_new[known]
        if len(self.t_eval):
            passed, f_new = self._sample(rows, attempt, tried, t_new, f_new, stiff)
        accepted = passed if isinstance(rows, slice) else rows[passed]
        h_new = tried * _growth(error, live.error[rows], method.exponent)
        # A step that was cut short says little about how long the next may be.
        live.h[rows] = np.where(ends & (error <= 1), np.maximum(h, h_new), h_new)
        live.steps[rows] += 1

        tried, y_new = tried[passed], attempt.y[passed]
        if stiff:
            rate = np.abs(self._implicit.jacobian[passed]).max(axis=(1, 2))
            calm = (rate * tried < 1.0) & ~ends[passed]
            count = np.where(calm, live.count[accepted] + 1, 0)
        else:
            rate = self._explicit.rate(y_new, f_new, tried, passed)
            count = np.maximum(live.count[accepted] + np.where(rate * tried > _LIMIT, 1, -1), 0)
        turned = count >= (_PATIENCE // 2 if stiff else _PATIENCE)
        live.stiff[accepted] = turned ^ stiff
        live.count[accepted] = np.where(turned, 0, count)
        live.rate[accepted] = rate
        live.turns[accepted] += np.vecdot(live.f[accepted], f_new) < 0
        live.error[accepted] = np.maximum(error[passed], 1e-4)
        live.y[accepted], live.t[accepted], live.f[accepted] = y_new, t_new[passed], f_new
        if self.record and len(y_new):
            self.course.note(live.t[0], y_new[0])

    def _sample(
        self, rows: Rows, attempt: Attempt, tried: Array, t_new: Array, f_new: Array, stiff: bool
    ) -> tuple[NDArray[np.intp], Array]:
        """Fill in the wanted states that the steps have passed.

        The interpolant is less accurate than the step. Where it is not accurate enough the step
        is turned down, with the interpolant's error in ``attempt``; the others are returned, with
        the force where they end.
        """
        live, course = self._live, self.course
        rows = np.arange(len(live.lane))[rows]
        passed, y_new = np.flatnonzero(attempt.error <= 1), attempt.y
        first = live.sample[rows[passed]]
        upto = np.searchsorted(self.t_eval, t_new[passed], side="right")
        hit = np.flatnonzero(upto > first)
        if hit.size == 0:
            return passed, f_new
        if stiff:
            source = rows[passed[hit]]
            course.samples[live.lane[source], first[hit]] = y_new[passed[hit]]
            live.sample[source] = upto[hit]
            return passed, f_new
        step = passed[hit]
        source = rows[step]
        y, h = live.y[source], tried[step]
        coefficients, cost = self._explicit.interpolant(
            y, live.f[source], h, y_new[step], f_new[hit], step
        )
        course.nfev[live.lane[source]] += cost
        excess = self._explicit.interpolation_error(coefficients, y) ** (8 / 7)
        attempt.error[step] = np.maximum(attempt.error[step], excess)
        fine = excess <= 1

        counts = np.where(fine, upto[hit] - first[hit], 0)
        which = np.repeat(np.arange(len(hit)), counts)
        k = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        k += first[hit][which]
        x = np.minimum((self.t_eval[k] - live.t[source][which]) / h[which], 1.0)
        values = interpolate(coefficients[:, which], y[which], x)
        course.samples[live.lane[source][which], k] = values
        live.sample[source[fine]] = upto[hit][fine]
        taken = np.ones(len(passed), dtype=bool)
        taken[hit[~fine]] = False
        return passed[taken], f_new[taken]

    def _look(self) -> None:
        """Examine the lanes that may be near rest; end those that have found it.

        The force divided by the fastest rate is not more than the distance to rest. While that is
        half of the state's own size there is no point in looking, except now and then.
        """
        live = self._live
        push = largest(live.f)
        size = np.maximum(largest(live.y), self.atol / self.rtol)
        due = (push <= live.look_below) & (push <= 0.5 * live.rate * size)
        due |= (live.steps - live.looked >= _LOOK) | (push == 0)
        rows = np.flatnonzero(due)
        if rows.size == 0:
            return
        course = self.course
        wanted = np.append(self.t_eval, self._t1)[live.sample[rows]]
        wait = np.zeros(len(rows)) if self.record else wanted - live.t[rows]
        seen = self._rests.examine(live.y[rows], live.f[rows], wait)
        course.nfev[live.lane[rows]] += seen.evaluations
        live.look_below[rows] = push[rows] * seen.look_below
        live.looked[rows] = live.steps[rows]
        found = np.flatnonzero(seen.verdict != MOVING)
        if found.size:
            self._settle(rows[found], found, seen)

    def _settle(self, rows: NDArray[np.intp], found: NDArray[np.intp], seen: Examination) -> None:
        """End lanes by the linear law that they follow from here on."""
        live, course = self._live, self.course
        lanes, t = live.lane[rows], live.t[rows]
        law = seen.landing.take(found)
        lifetimes = law.lifetimes(self.rtol, self.atol)
        rest_time = t + lifetimes.max(axis=1)
        course.rest_time[lanes] = rest_time
        stop = np.where(np.isinf(self._t1), rest_time, self._t1)
        after = np.full(len(rows), np.inf) if np.isinf(self._t1) else self._t1 - t
        ahead = self.t_eval[None, :] - t[:, None]
        states = law.at(np.concatenate([np.maximum(ahead, 0.0), after[:, None]], axis=1))
        self._hold(rows, states[:, :-1])
        live.sample[rows] = len(self.t_eval)
        if self.record:
            grid = np.unique(np.linspace(0, lifetimes[0], 13)[1:])
            grid = grid[(grid > 0) & (t[0] + grid < stop[0])]
            for time, state in zip(t[0] + grid, law.at(grid[None])[0], strict=True):
                course.note(time, state)
            course.note(stop[0], states[0, -1])
        live.t[rows], live.y[rows] = stop, states[:, -1]
        endings = np.full(len(live.lane), UNFINISHED)
        endings[rows] = np.where(rest_time < self._t1, _ENDING[seen.verdict[found]], END)
        self._close(endings != UNFINISHED, endings)

    def _stop_chatter(self) -> None:
        """End lanes that step to and fro across a jump of the force without getting anywhere."""
        live = self._live
        due = live.steps % _WINDOW == 0
        if not np.count_nonzero(due):
            return
        scale = self.atol + self.rtol * np.abs(live.y)
        moved = (np.abs(live.y - live.anchor) / scale).max(axis=1)
        stop = due & (moved < 4) & (live.turns >= _WINDOW // 4)
        live.anchor[due], live.turns[due] = live.y[due], 0
        rows = np.flatnonzero(stop)
        if rows.size == 0:
            return
        self.course.rest_time[live.lane[rows]] = live.t[rows]
        self._hold(rows, live.y[rows][:, None])
        if np.isfinite(self._t1):
            live.t[rows] = self._t1
            if self.record:
                self.course.note(self._t1, live.y[0])
        self._close(stop, JUMP)

    def _hold(self, rows: NDArray[np.intp], states: Array) -> None:
        """Let the wanted states (n, T, d) of lanes that end be ``states`` from here on."""
        later = np.arange(len(self.t_eval)) >= self._live.sample[rows][:, None]
        samples, lanes = self.course.samples, self._live.lane[rows]
        samples[lanes] = np.where(later[..., None], states, samples[lanes])

    def _close(self, gone: NDArray[np.bool_], ending: int | NDArray[np.intp]) -> None:
        if not np.count_nonzero(gone):
            return
        live, course = self._live, self.course
        lanes = live.lane[gone]
        course.t[lanes], course.y[lanes] = live.t[gone], live.y[gone]
        course.ending[lanes] = ending[gone] if isinstance(ending, np.ndarray) else ending
        self._live = live.keep(~gone)

    def _fraction(self) -> float:
        """Share of the work that is done, as far as time tells it."""
        ended = self._waiting - len(self._live.lane)
        under_way = float(((self._live.t - self._t0) / (self._t1 - self._t0)).sum())
        return min((ended + under_way) / len(self.y0), 1.0)


def _growth(error: Any, before: Any, exponent: float) -> Any:
    """Factor of the step by a PI controller (Hairer and Wanner, section IV.2)."""
    passed = error <= 1
    growth = 0.9 * np.maximum(error, 1e-16) ** (0.2 * _BETA * passed - 1 / exponent)
    return np.minimum(np.fmax(growth * before ** (_BETA * passed), 0.15), 0.9 + 7.1 * passed)
