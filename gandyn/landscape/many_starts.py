"""Rest points of a game of any number of parameters: many starts, nothing proven.

A box of d > 2 parameters cannot be searched cell by cell, and no winding number tells what is
missing. Starts are made from the data: for each mode, and for all of them, the state that generates
its place and width, those half way between, and a fixed spread about each. From them the force is
followed by implicit steps that turn into Newton's method (pseudo-transient continuation: Kelley and
Keyes, "Convergence analysis of pseudo-transient continuation", 1998); between two attractors the
least stable direction is climbed in place of descended (eigenvector following: Cerjan and Miller,
"On finding transition states", 1981); and what is left is looked for by Newton's method that is
repelled by what has been found (deflation: Farrell, Birkisson and Funke, "Deflation techniques for
finding distinct solutions of nonlinear partial differential equations", 2015).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from gandyn.dynamics.guard import GuardedForce
from gandyn.landscape.modes import Modes

__all__ = ["Search"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_STEPS = 200
_NEWTON_STEPS = 25
_ROUNDS = 2
_LONGEST = 0.05
"""Longest step, in units of the data's spread; Newton's, the same."""
_SETTLED = 1e-10
_SAME = 1e-6
_SHORTEST = 1e-10
_SPREADS = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3)
"""Sizes of the spread about a matched state, in units of the data's."""
_MOST = 16
_NODES = 65


class Search:
    """Rest points (n, d) of a game, from many starts.

    Attributes
    ----------
    found : ndarray, shape (n, d)
    starts : int
    stuck : int
        Starts whose way ended where the force stops to be finite: at a fold of the generator.
    """

    def __init__(self, game: Any, given: Array | None = None) -> None:
        self._game = game
        self._field = GuardedForce(game)
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
            starts = self._spread(np.array([self._matched(*law) for law in laws]))
        else:
            starts = given[self._finite(self._force(given))]
        self.starts, self.stuck = len(starts), 0
        self.found = np.empty((0, starts.shape[1]))
        steep = np.linalg.norm(self._jacobian(starts), axis=(1, 2)) * self.unit
        self._small = 1e-7 * float(np.median(steep)) if self.starts else 0.0
        self._join(self._relaxed(starts, climb=False))
        self._passes()
        for _ in range(_ROUNDS):
            before = len(self.found)
            self._join(self._deflated(starts))
            self._passes()
            if len(self.found) == before:
                break

    def _matched(self, place: float, width: float) -> Array:
        """The state whose G is nearest to the straight one with this mean and deviation."""
        generator = self._game.generator
        latent = generator.latent
        z = np.asarray(latent.ppf((np.arange(_NODES) + 0.5) / _NODES), dtype=float)
        aim = place + width * (z - z.mean()) / z.std()
        theta = 0.1 * self.unit_free(1, generator.dimension)[0]
        for _ in range(12):
            columns = generator.sensitivity(z, theta).T
            theta = theta + np.linalg.lstsq(columns, aim - generator(z, theta), rcond=1e-8)[0]
        return theta

    @staticmethod
    def unit_free(count: int, d: int) -> Array:
        """Normal numbers (count, d) by an additive recurrence, which fills space evenly.

        M. Roberts, "The unreasonable effectiveness of quasirandom sequences" (2018).
        """
        base = 2.0
        for _ in range(40):
            base = (1.0 + base) ** (1.0 / (d + 1))
        steps = base ** -np.arange(1.0, d + 1)
        u = (0.5 + np.arange(1, count + 1)[:, None] * steps) % 1.0
        return np.asarray(ndtri(u))

    def _spread(self, anchors: Array) -> Array:
        """Anchors, halfways, and states about each, those at which the force is finite."""
        pairs = [0.5 * (a + b) for a, b in itertools.combinations(anchors, 2)]
        centres = np.unique(np.concatenate([anchors, np.array(pairs).reshape(-1, anchors.shape[1])])
                            .round(12), axis=0)  # fmt: skip
        d = anchors.shape[1]
        each = max(1, _MOST // len(centres))
        kept = [centres]
        for centre in centres:
            more = [centre + size * self.unit * self.unit_free(4 * each, d) for size in _SPREADS]
            around = np.concatenate(more)
            kept.append(around[self._finite(self._force(around))][:: len(_SPREADS)][:each])
        out = np.concatenate(kept)
        return out[self._finite(self._force(out))]

    @staticmethod
    def _finite(force: Array) -> Mask:
        return np.asarray(np.isfinite(force).all(axis=1))

    def _force(self, theta: Array) -> Array:
        return self._field.force(theta, theta)

    def _jacobian(self, theta: Array) -> Array:
        with np.errstate(all="ignore"):
            out = np.asarray(self._game.jacobian(theta), dtype=float)
        return np.where(np.isfinite(out).all(axis=(1, 2), keepdims=True), out, 0.0)

    def _relaxed(self, theta: Array, climb: bool) -> Array:
        """Where implicit steps lead; `climb` goes up along the least stable direction."""
        theta, found = theta.copy(), []
        force = self._force(theta)
        live = np.flatnonzero(self._finite(force))
        time, stale = np.zeros(len(theta)), np.ones(len(theta), bool)
        rates, modes = np.empty(theta.shape), np.empty((*theta.shape, theta.shape[1]))
        for _ in range(_STEPS):
            if not live.size:
                break
            new = live[stale[live]]
            jacobian = self._jacobian(theta[new])
            rates[new], modes[new] = np.linalg.eigh(0.5 * (jacobian + np.swapaxes(jacobian, 1, 2)))
            sizes = np.maximum(np.abs(rates[live]), 1e-12)
            time[live] = np.where(time[live] == 0.0, 0.1 / sizes.max(axis=1), time[live])
            along = np.einsum("nij,ni->nj", modes[live], force[live])
            if climb:
                along[:, -1] *= -1.0
            left = np.linalg.norm(along / sizes, axis=1)
            share = time[live, None] / (1.0 + time[live, None] * sizes)
            step = np.einsum("nij,nj->ni", modes[live], share * along)
            length = np.linalg.norm(step, axis=1)
            step *= np.minimum(1.0, _LONGEST * self.unit / np.maximum(length, 1e-300))[:, None]
            trial = theta[live] + step
            ahead = self._force(trial)
            good = self._finite(ahead)
            theta[live[good]], force[live[good]] = trial[good], ahead[good]
            stale[live] = good
            time[live] *= np.where(good, 1.5, 0.5)
            there = good & (left <= _SETTLED * self.unit)
            found.append(theta[live[there]])
            lost = time[live] * sizes.max(axis=1) < _SHORTEST
            self.stuck += int(lost.sum())
            live = live[~there & ~lost]
        return np.concatenate(found) if found else theta[:0]

    def _deflated(self, theta: Array) -> Array:
        """Where Newton's method leads, repelled by what has been found."""
        theta, known, found = theta.copy(), self.found / self.unit, []
        force = self._force(theta)
        live = np.flatnonzero(self._finite(force))
        for _ in range(_NEWTON_STEPS):
            if not live.size:
                break
            jacobian = self._jacobian(theta[live])
            step = -np.einsum("nij,nj->ni", np.linalg.pinv(jacobian, rcond=1e-13), force[live])
            length = np.linalg.norm(step, axis=1)
            apart = theta[live, None] / self.unit - known
            square = (apart**2).sum(axis=2)
            # The factor Π (1/|θ − θ_i|² + 1) changes Newton's step by a number: Sherman-Morrison.
            slope = -2.0 * apart / (square * (1.0 + square))[..., None]
            turned = np.einsum("ni,ni->n", slope.sum(axis=1), step / self.unit)
            with np.errstate(divide="ignore"):
                step *= (1.0 / (1.0 - turned))[:, None]
            long = np.linalg.norm(step, axis=1)
            step *= np.minimum(1.0, _LONGEST * self.unit / np.maximum(long, 1e-300))[:, None]
            there = length <= _SETTLED * self.unit
            found.append(theta[live[there]])
            live, step = live[~there], step[~there]
            going = np.zeros(len(live), bool)
            for _ in range(12):
                rest = np.flatnonzero(~going)
                if not rest.size:
                    break
                trial = theta[live[rest]] + step[rest]
                new = self._force(trial)
                good = self._finite(new)
                theta[live[rest[good]]], force[live[rest[good]]] = trial[good], new[good]
                going[rest[good]] = True
                step[rest] *= 0.5
            live = live[going]
        return np.concatenate(found) if found else theta[:0]

    def _join(self, more: Array) -> Array:
        """Those of `more` that are new, now among the found."""
        new: list[Array] = []
        still = np.linalg.norm(self._force(more), axis=1) <= self._small
        for place in more[still]:
            known = [*self.found, *new]
            if all(np.abs(place - other).max() > _SAME * self.unit for other in known):
                new.append(place)
        fresh = np.array(new).reshape(-1, self.found.shape[1])
        self.found = np.concatenate([self.found, fresh])
        return fresh

    def _passes(self) -> None:
        """Passes between attractors, and the attractors on both sides of each."""
        tried: set[tuple[int, int]] = set()
        for _ in range(3):
            rates = np.linalg.eigvals(self._jacobian(self.found)) if len(self.found) else self.found
            ends = np.flatnonzero((rates.real < 0.0).all(axis=1))
            pairs = set(itertools.combinations(ends.tolist(), 2)) - tried
            tried |= pairs
            if not pairs:
                break
            t = np.linspace(0.0, 1.0, 7)[1:-1, None]
            ways = [(1.0 - t) * self.found[i] + t * self.found[j] for i, j in sorted(pairs)]
            tops = self._join(self._relaxed(np.concatenate(ways), climb=True))
            if not len(tops):
                break
            jacobian = self._jacobian(tops)
            _, modes = np.linalg.eigh(0.5 * (jacobian + np.swapaxes(jacobian, 1, 2)))
            aside = 0.02 * self.unit * modes[:, :, -1]
            self._join(self._relaxed(np.concatenate([tops + aside, tops - aside]), climb=False))
