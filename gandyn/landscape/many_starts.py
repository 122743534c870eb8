"""Rest points of a game of any number of parameters: many starts, nothing proven.

A box of d > 2 parameters cannot be searched cell by cell, and no winding number tells what is
missing. Starts are made from the data: for each mode, and for all of them, the state that generates
its place and width, those half way between, and a fixed spread about each. From them the force is
followed, no farther than it is finite, by implicit steps that turn into Newton's method (pseudo-
transient continuation: Kelley and Keyes, "Convergence analysis of pseudo-transient continuation",
1998); between two attractors the least stable direction is climbed in place of descended
(eigenvector following: Cerjan and Miller, "On finding transition states", 1981), with Jacobians
kept up by the steps themselves (Broyden, "A class of methods for solving nonlinear simultaneous
equations", 1965); and what is left is looked for by Newton's method that is repelled by what has
been found (deflation: Farrell, Birkisson and Funke, "Deflation techniques for finding distinct
solutions of nonlinear partial differential equations", 2015).
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
"""Forces, after which no other way is begun."""
_STEPS = 300
_NEWTON_STEPS = 20
_FRESH = 6
"""Steps after which a Jacobian is made anew."""
_LONGEST, _NEWTON = 0.02, 0.3
"""Longest step, and Newton's, in units of the data's spread."""
_NEAR, _THERE = 1e-6, 1e-9
"""Newton's step, in these units, at which a way is handed to Newton's method, and has ended."""
_SAME = 1e-6
_SHORTEST = 1e-6
_SPREADS = (0.1, 0.03, 0.01, 3e-3, 1e-3)
"""Sizes of the spread about a matched state, in these units."""
_STARTS = 12
_ALONG = np.array([0.3, 0.5, 0.7])[:, None]
"""Where, between two attractors, a pass is climbed to from."""
_NODES = 65


class Search:
    """Rest points (n, d) of a game, from many starts.

    Attributes
    ----------
    found : ndarray, shape (n, d)
    starts : int
    stuck : int
        Ways that ended where the force stops to be finite: at a fold of the generator.
    forces : int
        How often the force was asked for.
    spent : bool
        Whether that was as often as is allowed, so that not every way was gone.
    """

    def __init__(self, game: Any, given: Array | None = None) -> None:
        self._game, self._field = game, GuardedForce(game)
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
        self._join(self._followed(starts, climb=False))
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
        centres = np.unique(np.round([*anchors, *halfway], 12), axis=0)
        kept = [centres]
        for centre in centres:
            sizes = self.unit * np.array(_SPREADS)[:, None, None]
            around = centre + sizes * _evenly(4, anchors.shape[1])
            around = around.reshape(-1, anchors.shape[1])
            around = around[finite(self._force(around))]
            kept.append(around[:: len(_SPREADS)][: max(1, _STARTS // len(centres) - 1)])
        return np.concatenate(kept)

    def _force(self, theta: Array) -> Array:
        self.forces += len(theta)
        return self._field.force(theta, theta)

    def _jacobian(self, theta: Array, force: Array) -> Array:
        """By differences to that side on which the force is finite; nan where on none."""
        n, d = theta.shape
        out = np.full((n, d, d), np.nan)
        for step in (1e-7 * self.unit, -1e-7 * self.unit):
            open_, along = np.nonzero(np.isnan(out).any(axis=1))
            ahead = self._force(theta[open_] + step * np.eye(d)[along])
            change = (ahead - force[open_]) / step
            out[open_, :, along] = np.where(np.isfinite(change), change, np.nan)
        return out

    def _followed(self, theta: Array, climb: bool) -> Array:
        """Where implicit steps lead; `climb` goes up along the least stable direction."""
        found = [theta[:0]]
        force = self._force(theta)
        live = finite(force)
        theta, force = theta[live], force[live]
        time = np.zeros(len(theta))
        for k in range(_STEPS):
            if k % _FRESH == 0:
                # Ways that have met go on as one.
                _, first = np.unique(np.round(theta / self.unit, 3), axis=0, return_index=True)
                first.sort()
                theta, force, time = theta[first], force[first], time[first]
                jacobian = self._jacobian(theta, force)
                known = np.isfinite(jacobian).all(axis=(1, 2))
                self.stuck += int(np.sum(~known))
                theta, force, time = theta[known], force[known], time[known]
                jacobian = jacobian[known]
            if not len(theta) or self.spent:
                break
            rates, modes = np.linalg.eigh(0.5 * (jacobian + np.swapaxes(jacobian, 1, 2)))
            sizes = np.maximum(np.abs(rates), 1e-12)
            time = np.where(time == 0.0, 0.1 / sizes.max(axis=1), time)
            along = np.einsum("nij,ni->nj", modes, force)
            if climb:
                along[:, -1] *= -1.0
            near = np.linalg.norm(along / sizes, axis=1) <= _NEAR * self.unit
            share = time[:, None] / (1.0 + time[:, None] * sizes)
            step = np.einsum("nij,nj->ni", modes, share * along)
            step = self._cut(step, _LONGEST)
            ahead = self._force(theta + step)
            good = finite(ahead)
            length = np.maximum((step**2).sum(axis=1), 1e-300)
            wrong = ahead - force - np.einsum("nij,nj->ni", jacobian, step)
            update = wrong[:, :, None] * (step / length[:, None])[:, None, :]
            jacobian = np.where(good[:, None, None], jacobian + update, jacobian)
            theta = np.where(good[:, None], theta + step, theta)
            force = np.where(good[:, None], ahead, force)
            time = time * np.where(good, 1.5, 0.25)
            lost = time * sizes.max(axis=1) < _SHORTEST
            self.stuck += int(lost.sum())
            found.append(theta[near & good])
            on = ~(near & good) & ~lost
            theta, force, time, jacobian = theta[on], force[on], time[on], jacobian[on]
        return np.concatenate(found)

    def _cut(self, step: Array, longest: float) -> Array:
        length = np.maximum(np.linalg.norm(step, axis=1), 1e-300)
        return step * np.minimum(1.0, longest * self.unit / length)[:, None]

    def _deflated(self, theta: Array) -> Array:
        """Where Newton's method leads, repelled by what has been found."""
        known, found = self.found / self.unit, [theta[:0]]
        force = self._force(theta)
        for _ in range(_NEWTON_STEPS):
            jacobian = self._jacobian(theta, force)
            live = np.isfinite(jacobian).all(axis=(1, 2))
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
            theta, force, step = theta[~near], force[~near], self._cut(step[~near], _NEWTON)
            theta, force = self._inside(theta, force, step, np.inf)
        return np.concatenate(found)

    def _inside(
        self, theta: Array, force: Array, step: Array, growth: float
    ) -> tuple[Array, Array]:
        """States a step farther, or its half, a quarter … until the force is not `growth` larger.

        Those whose force is finite nowhere, or larger, are left out, except at rest.
        """
        most = np.maximum(np.linalg.norm(force, axis=1), 1e-12) * growth
        theta, force, going = theta.copy(), force.copy(), np.zeros(len(theta), bool)
        for share in 0.5 ** np.arange(10):
            rest = np.flatnonzero(~going)
            trial = theta[rest] + share * step[rest]
            ahead = self._force(trial)
            good = finite(ahead)
            good[good] = np.linalg.norm(ahead[good], axis=1) <= most[rest[good]]
            theta[rest[good]], force[rest[good]] = trial[good], ahead[good]
            going[rest[good]] = True
        return theta[going], force[going]

    def _join(self, more: Array) -> Array:
        """The rest points next to some states that are new, now among the found."""
        force = self._force(more)
        step = np.full(more.shape, np.inf)
        for _ in range(8):
            jacobian = self._field.jacobian(more, more)
            self.forces += 2 * more.size
            live = np.isfinite(jacobian).all(axis=(1, 2)) & finite(force)
            more, force, jacobian = more[live], force[live], jacobian[live]
            step = -np.einsum("nij,nj->ni", np.linalg.pinv(jacobian, rcond=1e-13), force)
            if (np.abs(step) <= _THERE * self.unit).all():
                break
            more, force = self._inside(more, force, self._cut(step, _LONGEST), 1.0)
            step = np.full(more.shape, np.inf)
        new = [*self.found]
        there = (np.abs(step) <= _THERE * self.unit).all(axis=1)
        for place in (more + step)[there]:
            if all(np.abs(place - other).max() > _SAME * self.unit for other in new):
                new.append(place)
        before = len(self.found)
        self.found = np.array(new).reshape(-1, more.shape[1])
        return self.found[before:]

    def _passes(self) -> None:
        """Passes between attractors, and the attractors on both sides of each."""
        tried: set[tuple[int, int]] = set()
        while len(self.found) and not self.spent:
            rates = np.linalg.eigvals(self._field.jacobian(self.found, self.found))
            ends = np.flatnonzero((rates.real < 0.0).all(axis=1))
            pairs = set(itertools.combinations(ends.tolist(), 2)) - tried
            tried |= pairs
            if not pairs:
                break
            ways = [
                self.found[i] + _ALONG * (self.found[j] - self.found[i]) for i, j in sorted(pairs)
            ]
            tops = self._join(self._followed(np.concatenate(ways), climb=True))
            jacobian = self._field.jacobian(tops, tops)
            _, modes = np.linalg.eigh(0.5 * (jacobian + np.swapaxes(jacobian, 1, 2)))
            aside = 0.02 * self.unit * modes[:, :, -1]
            self._join(self._followed(np.concatenate([tops + aside, tops - aside]), climb=False))


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
