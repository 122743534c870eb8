"""Rest points of a game of any number of parameters: many starts, nothing proven.

A box of d > 2 parameters cannot be searched cell by cell, and no winding number tells what is
missing. Starts are made from the data: for each mode, and for all of them, the state that generates
its place and width, those half way between, and a fixed spread about each. From them the force is
followed, no farther than it is finite, by implicit steps that turn into Newton's method (pseudo-
transient continuation: Kelley and Keyes, "Convergence analysis of pseudo-transient continuation",
1998); between two attractors the least stable direction is climbed in place of descended
(eigenvector following: Cerjan and Miller, "On finding transition states", 1981); and what is left
is looked for by Newton's method that is repelled by what has been found (deflation: Farrell,
Birkisson and Funke, "Deflation techniques for finding distinct solutions of nonlinear partial
differential equations", 2015).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from gandyn.dynamics.guard import GuardedForce, finite
from gandyn.landscape.modes import Modes

__all__ = ["Search"]

Array = NDArray[np.float64]

_MOST = 15_000
"""States looked at, after which no other way is begun."""
_STEPS = 300
_GROWTH = 4.0
_REFUSALS = 15
"""A step after which the force is larger by more is refused; so often, the way is given up."""
_NEWTON_STEPS = 20
_LONGEST, _NEWTON = 0.05, 0.3
"""Longest step, and Newton's, in units of the data's spread."""
_NEAR, _THERE = 1e-5, 1e-9
"""Newton's step, in these units, at which deflation, and at which a way has ended."""
_SMALL, _NOISE = 1e-4, 1e-12
"""Shares of the force at the starts: what may be left at a rest point, and what counts as 0."""
_SAME = 1e-6
_SHORTEST = 1e-6
_MEETING = 6
"""Steps after which ways that have met go on as one."""
_SPREADS = (0.1, 0.03, 0.01, 3e-3, 1e-3)
"""Sizes of the spread about a matched state, in these units."""
_STARTS = 12
_ALONG = np.array([0.3, 0.5, 0.7])[:, None]
"""Where, between two attractors, a pass is climbed to from."""
_NODES = 65
_ALONG_IT = 129


class Search:
    """Rest points (n, d) of a game, from many starts.

    Attributes
    ----------
    found : ndarray, shape (n, d)
    starts : int
    stuck : int
        Ways that ended where the force stops to be finite: at a fold of the generator.
    forces : int
        States at which the force was asked for.
    spent : bool
        Whether that was as often as is allowed, so that not every way was gone.
    """

    def __init__(self, game: Any, given: Array | None = None) -> None:
        self._game, self._field = game, GuardedForce(game)
        self._exact = game.generator.sensitivity_jet(np.zeros(1)) is not None
        low, high = game.generator.latent.reach
        self._line = np.linspace(low, high, _ALONG_IT)
        self.forces = self.stuck = 0
        modes = Modes(game.data)
        low, high = modes.cores.T
        places = [*(0.5 * (low + high)), 0.5 * (low[0] + high[-1])]
        widths = [*(high - low) / 3.29, high[-1] - low[0]]
        moments = float(game.data.mean), float(game.data.std)
        if np.isfinite(moments).all():
            places[-1], widths[-1] = moments
        self.unit = float(widths[-1])
        if given is None:
            laws = zip(places, widths, strict=True)
            given = self._spread(np.array([self._matched(*law) for law in laws]))
        given = given.reshape(-1, game.generator.dimension)
        starts = given[finite(self._force(given))]
        self.starts, self.found = len(starts), starts[:0]
        self._join(self._followed(starts))
        self._passes()
        before = -1
        while before < len(self.found) and not self.spent:
            before = len(self.found)
            self._join(self._deflated(starts))
            self._passes()

    @property
    def spent(self) -> bool:
        return self.forces >= _MOST

    def _matched(self, place: float, width: float) -> Array:
        """The state whose G is nearest to the straight one with this mean and deviation."""
        generator = self._game.generator
        latent = generator.latent
        z = np.asarray(latent.ppf((np.arange(_NODES) + 0.5) / _NODES), dtype=float)
        aim = place + width * (z - z.mean()) / z.std()
        theta = 0.1 * _evenly(1, generator.dimension)[0]
        for _ in range(12):
            columns = generator.sensitivity(z, theta).T
            theta = theta + np.linalg.lstsq(columns, aim - generator(z, theta), rcond=1e-8)[0]
        return theta

    def _spread(self, anchors: Array) -> Array:
        """Anchors, halfways, and states about each, those at which the force is finite."""
        halfway = [0.5 * (a + b) for a, b in itertools.combinations(anchors, 2)]
        centres = np.array([*anchors, *halfway])
        centres = centres[self._apart(centres, 9)]
        kept = [centres]
        for centre in centres:
            sizes = self.unit * np.array(_SPREADS)[:, None, None]
            around = centre + sizes * _evenly(4, anchors.shape[1])
            around = around.reshape(-1, anchors.shape[1])
            around = around[finite(self._force(around))]
            kept.append(around[:: len(_SPREADS)][: max(1, _STARTS // len(centres) - 1)])
        return np.concatenate(kept)

    def _force(self, theta: Array) -> Array:
        """The force; nan where G turns though its `pieces` do not say so: it is of another G."""
        self.forces += len(theta)
        generator = self._game.generator
        inside = np.ones(len(theta), bool)
        for k, state in enumerate(theta):
            way = np.sign(np.diff(generator(self._line, state)))
            way = way[way != 0.0]
            turns = np.count_nonzero(np.diff(way))
            inside[k] = not turns or turns == len(generator.pieces(state))
        force = np.full(theta.shape, np.nan)
        force[inside] = self._field.force(theta[inside], theta[inside])
        return force

    def _seen(self, theta: Array) -> tuple[Array, Array]:
        """Force and Jacobian, both nan where either is not finite.

        Where the Jacobian is no integral it is had by short differences, to the side on which the
        force is finite.
        """
        force = self._force(theta)
        n, d = theta.shape
        jacobian = np.full((n, d, d), np.nan)
        live = finite(force)
        if self._exact:
            jacobian[live] = self._game.jacobian(theta[live])
        for step in (1e-7 * self.unit, -1e-7 * self.unit):
            open_, along = np.nonzero(live[:, None] & np.isnan(jacobian).any(axis=1))
            ahead = self._force(theta[open_] + step * np.eye(d)[along])
            change = (ahead - force[open_]) / step
            jacobian[open_, :, along] = np.where(np.isfinite(change), change, np.nan)
        force[~np.isfinite(jacobian).all(axis=(1, 2))] = np.nan
        return force, jacobian

    def _followed(self, theta: Array, climbed: int | None = 0) -> Array:
        """The rest points that implicit steps lead to.

        They go up along the `climbed` least stable directions and down along the others, or, where
        it is None, to where Newton's method goes.
        """
        d = theta.shape[1]
        force, jacobian = self._seen(theta)
        live = finite(force)
        usual = float(np.linalg.norm(force[live], axis=1).mean()) if live.any() else 0.0
        self.stuck += int(np.sum(~live))
        ways = [
            theta[live],
            force[live],
            jacobian[live],
            np.zeros(live.sum()),
            np.zeros(live.sum()),
        ]
        found = [theta[:0]]
        for k in range(_STEPS):
            theta, force, jacobian, time, refused = ways
            if not len(theta) or self.spent:
                break
            turned = np.swapaxes(jacobian, 1, 2)
            rates, modes = np.linalg.eigh(0.5 * (jacobian + turned))
            fastest = np.abs(rates).max(axis=1)
            sizes = np.maximum(np.abs(rates), 1e-12 * fastest[:, None])
            time = np.where(time == 0.0, 0.1 / fastest, time)
            up = rates > 0.0 if climbed is None else np.arange(d) >= d - climbed
            signs = np.where(up, -1.0, 1.0) * np.ones(rates.shape)
            mirror = np.einsum("nij,nj,nkj->nik", modes, signs, modes)
            along = signs * np.einsum("nij,ni->nj", modes, force)
            # With S and A the halves of J and P the mirror: (1/t + |S| - P A) step = P F, which is
            # Newton's step for an endless t where P turns just what rises.
            size = np.einsum("nij,nj,nkj->nik", modes, 1.0 / time[:, None] + sizes, modes)
            size -= mirror @ (0.5 * (jacobian - turned))
            aim = np.einsum("nij,nj->ni", modes, along)
            step = self._cut(np.linalg.solve(size, aim[..., None])[..., 0], _LONGEST)
            there = np.maximum(_THERE * self.unit * sizes, _NOISE * usual)
            ended = (np.abs(along) <= there).all(axis=1)
            ahead, bent = self._seen(theta + step)
            length = np.linalg.norm(force, axis=1)
            left = np.linalg.norm(ahead, axis=1)
            good = left <= _GROWTH * length
            ended &= left <= _SMALL * usual
            found.append((theta + step)[ended])
            theta = np.where(good[:, None], theta + step, theta)
            force = np.where(good[:, None], ahead, force)
            jacobian = np.where(good[:, None, None], bent, jacobian)
            time, refused = time * np.where(good, 1.5, 0.25), refused + ~good
            lost = (refused > _REFUSALS) | (time * fastest < _SHORTEST)
            self.stuck += int(lost.sum())
            on = np.flatnonzero(~lost & ~ended)
            if k % _MEETING == 0:
                on = on[self._apart(theta[on], 3)]
            ways = [part[on] for part in (theta, force, jacobian, time, refused)]
        return np.concatenate(found)

    def _apart(self, theta: Array, digits: int) -> NDArray[np.intp]:
        """The first of those states that agree to some digits of the unit, in their order."""
        places = np.round(theta / self.unit, digits)
        return np.sort(np.unique(places, axis=0, return_index=True)[1])

    def _cut(self, step: Array, longest: float) -> Array:
        length = np.maximum(np.linalg.norm(step, axis=1), 1e-300)
        return step * np.minimum(1.0, longest * self.unit / length)[:, None]

    def _deflated(self, theta: Array) -> Array:
        """Where Newton's method leads, repelled by what has been found."""
        known, found = self.found / self.unit, [theta[:0]]
        for _ in range(_NEWTON_STEPS):
            force, jacobian = self._seen(theta)
            live = finite(force)
            theta, force, jacobian = theta[live], force[live], jacobian[live]
            if not len(theta) or self.spent:
                break
            step = -np.einsum("nij,nj->ni", np.linalg.pinv(jacobian, rcond=1e-13), force)
            near = np.linalg.norm(step, axis=1) <= _NEAR * self.unit
            apart = theta[:, None] / self.unit - known
            square = np.maximum((apart**2).sum(axis=2), 1e-300)
            # The factor Π (1/|θ − θ_i|² + 1) changes Newton's step by a number: Sherman-Morrison.
            slope = -2.0 * apart / (square * (1.0 + square))[..., None]
            turned = np.einsum("ni,ni->n", slope.sum(axis=1), step / self.unit)
            with np.errstate(divide="ignore"):
                step *= (1.0 / (1.0 - turned))[:, None]
            found.append(theta[near])
            theta = self._inside(theta[~near], self._cut(step[~near], _NEWTON))
        return self._followed(np.concatenate(found), None)

    def _inside(self, theta: Array, step: Array) -> Array:
        """States a step farther, or its half, a quarter … until the force is finite."""
        theta, going = theta.copy(), np.zeros(len(theta), bool)
        for share in 0.5 ** np.arange(10):
            rest = np.flatnonzero(~going)
            trial = theta[rest] + share * step[rest]
            good = finite(self._force(trial))
            theta[rest[good]] = trial[good]
            going[rest[good]] = True
        return theta[going]

    def _join(self, more: Array) -> Array:
        """Those of some rest points that are new, now among the found."""
        before, new = len(self.found), [*self.found]
        for place in more:
            if all(np.abs(place - other).max() > _SAME * self.unit for other in new):
                new.append(place)
        self.found = np.array(new).reshape(-1, more.shape[1])
        return self.found[before:]

    def _passes(self) -> None:
        """Passes between attractors, and the attractors on both sides of each."""
        tried: set[tuple[int, int]] = set()
        while len(self.found) and not self.spent:
            rates = np.linalg.eigvals(self._seen(self.found)[1])
            ends = np.flatnonzero((rates.real < 0.0).all(axis=1))
            pairs = set(itertools.combinations(ends.tolist(), 2)) - tried
            tried |= pairs
            if not pairs:
                break
            ways = [
                self.found[i] + _ALONG * (self.found[j] - self.found[i]) for i, j in sorted(pairs)
            ]
            tops = self._join(self._followed(np.concatenate(ways), 1))
            _, jacobian = self._seen(tops)
            _, modes = np.linalg.eigh(0.5 * (jacobian + np.swapaxes(jacobian, 1, 2)))
            aside = 0.02 * self.unit * modes[:, :, -1]
            self._join(self._followed(np.concatenate([tops + aside, tops - aside])))


def _evenly(count: int, d: int) -> Array:
    """Normal numbers (count, d) by an additive recurrence, which fills space evenly.

    M. Roberts, "The unreasonable effectiveness of quasirandom sequences" (2018).
    """
    base = 2.0
    for _ in range(40):
        base = (1.0 + base) ** (1.0 / (d + 1))
    steps = base ** -np.arange(1.0, d + 1)
    u = (0.5 + np.arange(1, count + 1)[:, None] * steps) % 1.0
    return np.asarray(ndtri(u))
