"""What any game needs to know of the densities that a generator pushes forward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution, LocationScale
from gandyn.distributions.edges import graded
from gandyn.distributions.ends import NEAR, End, MovedEnd
from gandyn.system.checks import Array, Index, as_float

if TYPE_CHECKING:
    from gandyn.generators.base import Generator


class Generated(ABC):
    """The generated densities of a stack of states (lanes), evaluated at nodes on the line.

    Every method takes ``x`` of shape (P, n) and ``lane`` of shape (P,): row i of `x` belongs to
    state ``lane[i]``.

    Attributes
    ----------
    lanes : int
        Number of states.
    edges : list of ndarray
        For each lane, the panel edges fitted to its density.
    handovers : list of ndarray
        For each lane, edges where one component takes over from another, beyond the others, too.
    folds : list of ndarray
        For each lane, the points with an inverse-square-root singularity of the density, as rows
        (x, side): side -1 where the singular panel lies right of x, +1 where it lies left.
    atoms : sequence of ndarray
        For each lane, the atoms of its distribution as rows (x, mass); densities are those of the
        rest. Empty where no lane has any.
    breaks : sequence of ndarray
        For each lane, the points where its density or score jumps, and the quantile function bends
        with them; empty where the edges do for them all.
    noise : float
        Relative error of the densities, where it is more than rounding.
    standard : tuple (family, member, loc, scale) or None
        Where every density is the standard density of one location-scale family, scaled and
        shifted: the family, a member of it, and each lane's location and (positive) scale.
    """

    lanes: int
    edges: list[Array]
    handovers: list[Array]
    folds: list[Array]
    atoms: Sequence[Array] = ()
    breaks: Sequence[Array] = ()
    noise: float = 0.0
    standard: tuple[Hashable, Distribution, Array, Array] | None = None

    @abstractmethod
    def logpdf(self, x: Array, lane: Index) -> Array:
        """Log of the generated density."""

    @abstractmethod
    def score(self, x: Array, lane: Index) -> Array:
        """Its derivative."""

    @abstractmethod
    def score_slope(self, x: Array, lane: Index) -> Array:
        """The derivative of that."""

    def ends(self, lane: int) -> Sequence[End]:
        """Where the density of a lane is not smooth, see `gandyn.distributions.Distribution`."""
        return ()

    def beside(
        self, place: Array, side: Array, distance: Array, lane: Index
    ) -> tuple[Array, Array]:
        """`logpdf` and `score` at distances (P, n) from places (P,), on sides ±1 (P,) of them."""
        away = np.maximum(distance, NEAR * np.abs(place)[:, None])
        x = place[:, None] + side[:, None] * away
        log, score = self.logpdf(x, lane), self.score(x, lane)
        for rows, end in self._met(place, side, lane):
            log[rows] = end.log_density(distance[rows])
            score[rows] = end.score(distance[rows])
        return log, score

    def _met(
        self, place: Array, side: Array, lane: Index
    ) -> Iterator[tuple[NDArray[np.bool_], End]]:
        """Ends, and the rows that are next to them."""
        for k in np.unique(lane):
            for end in self.ends(int(k)):
                there = np.abs(place - end.place) <= NEAR * np.abs(place)
                rows = (lane == k) & (side == end.side) & there
                if rows.any():
                    yield rows, end

    @abstractmethod
    def cdf(self, x: Array, lane: Index) -> Array:
        """Mass left of x."""

    @abstractmethod
    def sf(self, x: Array, lane: Index) -> Array:
        """Mass right of x."""

    @abstractmethod
    def quantile(self, lower: Array, upper: Array, lane: Index) -> Array:
        """The point with mass `lower` on its left and `upper` on its right (lower + upper = 1)."""

    @abstractmethod
    def sensitivity(self, x: Array, lane: Index) -> Array:
        """E[∂G/∂θ | G = x], shape (d, P, n): how x moves with the parameters."""

    def flux(self, x: Array, lane: Index) -> tuple[Array, Array] | None:
        """d/dx(p_g E[∂G/∂θ | G = x])/p_g, and the size of its terms; None where it is not known.

        Minus this times p_g is ∂p_g/∂θ at fixed x. Shapes (d, P, n).
        """
        return None

    @abstractmethod
    def jumps(self, lane: int) -> tuple[Array, Array]:
        """Images of the latent's breaks in one lane, shape (m,), and ∂G/∂θ there, (m, d)."""


class _Lanes(Generated):
    """A distribution in each lane, asked one after the other."""

    _asked: tuple[Any, ...] = ()
    # Kept, since members know what they were asked last by the array that it came in.
    _rows: Sequence[tuple[int, NDArray[np.bool_], list[Array]]] = ()

    def __init__(self, members: Sequence[Distribution]) -> None:
        self.members = members
        self.lanes = len(members)
        self.edges = [member.edges for member in members]
        self.handovers = [graded(member.handovers) for member in members]
        self.atoms = [member.atoms for member in members]
        self.breaks = [member.breaks for member in members]
        self.noise = max(member.noise for member in members)

    def _each(self, method: Callable[..., Array], lane: Index, *arrays: Array) -> Array:
        """Rows of each lane in turn; `method(member, *rows)` may put axes in front."""
        if self.lanes == 1:
            return method(self.members[0], *arrays)
        asked = lane, *arrays
        if [*map(id, asked)] != [*map(id, self._asked)]:
            each = [(index, lane == index) for index in np.unique(lane)]
            self._rows = [(index, rows, [array[rows] for array in arrays]) for index, rows in each]
            self._asked = asked
        out: Array | None = None
        for index, rows, own in self._rows:
            part = method(self.members[index], *own)
            if out is None:
                out = np.empty((*part.shape[:-2], *arrays[0].shape))
            out[..., rows, :] = part
        return np.empty(arrays[0].shape) if out is None else out

    def ends(self, lane: int) -> Sequence[End]:
        return self.members[lane].ends

    def logpdf(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.logpdf(at), lane, x)

    def score(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.score(at), lane, x)

    def score_slope(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.score_slope(at), lane, x)

    def cdf(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.cdf(at), lane, x)

    def sf(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.sf(at), lane, x)

    def quantile(self, lower: Array, upper: Array, lane: Index) -> Array:
        return self._each(quantile, lane, lower, upper)


class Stack(_Lanes):
    """The densities of a stack of states of any generator."""

    def __init__(self, generator: Generator, theta: Array) -> None:
        super().__init__([generator.pushforward(row) for row in theta])
        self.folds = [member.folds for member in self.members]  # type: ignore[attr-defined]
        self.generator = generator
        self.theta = theta

    def sensitivity(self, x: Array, lane: Index) -> Array:
        return self._each(lambda member, at: member.sensitivity(at), lane, x)

    def jumps(self, lane: int) -> tuple[Array, Array]:
        z = as_float(self.generator.latent.breaks)
        theta = self.theta[lane]
        return self.generator(z, theta), self.generator.sensitivity(z, theta).T


class Fixed(_Lanes):
    """One lane with a given distribution, without parameters."""

    def __init__(self, distribution: Distribution) -> None:
        super().__init__([distribution])
        self.folds = [np.empty((0, 2))]
        if isinstance(distribution, LocationScale):
            loc, scale = np.array([distribution.loc]), np.array([distribution.scale])
            self.standard = distribution.family, distribution, loc, scale

    def sensitivity(self, x: Array, lane: Index) -> Array:
        return np.empty((0, *x.shape))

    def jumps(self, lane: int) -> tuple[Array, Array]:
        breaks = self.members[0].breaks
        return breaks, np.empty((len(breaks), 0))


class LinearStack(Generated):
    """Densities of a z + b for a stack of states, in closed form from the latent's.

    `place` says which of the two parameters is a, and which b.
    """

    def __init__(self, latent: Distribution, theta: Array, place: tuple[int, int]) -> None:
        self.latent = latent
        self.noise = latent.noise
        self._place = place
        self.a, self.b = theta[:, place].T
        self.lanes = len(theta)
        self.edges = list(np.sort(self.a[:, None] * latent.edges + self.b[:, None], axis=1))
        self.handovers = list(self.a[:, None] * graded(latent.handovers) + self.b[:, None])
        self.folds = [np.empty((0, 2))] * self.lanes
        if isinstance(latent, LocationScale) and (latent.symmetric or (self.a > 0).all()):
            loc, scale = self.a * latent.loc + self.b, np.abs(self.a) * latent.scale
            self.standard = latent.family, latent, loc, scale

    def ends(self, lane: int) -> Sequence[End]:
        a, b = float(self.a[lane]), float(self.b[lane])
        return [MovedEnd(end, a, b) for end in self.latent.ends]

    def _met(
        self, place: Array, side: Array, lane: Index
    ) -> Iterator[tuple[NDArray[np.bool_], End]]:
        a, b = self.a[lane], self.b[lane]
        for end in self.latent.ends:
            rows = np.abs(place - (a * end.place + b)) <= NEAR * np.abs(place)
            rows &= side * np.sign(a) == end.side
            if rows.any():
                yield rows, MovedEnd(end, a[rows, None], b[rows, None])

    def _latent(self, x: Array, lane: Index) -> Array:
        with np.errstate(over="ignore"):  # far out from a narrow law
            return (x - self.b[lane, None]) / self.a[lane, None]

    def logpdf(self, x: Array, lane: Index) -> Array:
        return self.latent.logpdf(self._latent(x, lane)) - np.log(np.abs(self.a))[lane, None]

    def score(self, x: Array, lane: Index) -> Array:
        return self.latent.score(self._latent(x, lane)) / self.a[lane, None]

    def score_slope(self, x: Array, lane: Index) -> Array:
        return self.latent.score_slope(self._latent(x, lane)) / self.a[lane, None] ** 2

    def cdf(self, x: Array, lane: Index) -> Array:
        z = self._latent(x, lane)
        return np.where(self.a[lane, None] > 0, self.latent.cdf(z), self.latent.sf(z))

    def sf(self, x: Array, lane: Index) -> Array:
        z = self._latent(x, lane)
        return np.where(self.a[lane, None] > 0, self.latent.sf(z), self.latent.cdf(z))

    def quantile(self, lower: Array, upper: Array, lane: Index) -> Array:
        a = self.a[lane, None]
        below = np.where(a > 0, lower, upper)
        z = quantile(self.latent, below, np.where(a > 0, upper, lower))
        return a * z + self.b[lane, None]

    def sensitivity(self, x: Array, lane: Index) -> Array:
        z = self._latent(x, lane)
        return self._placed(z, np.ones_like(z))

    def _placed(self, of_a: Array, of_b: Array) -> Array:
        return np.stack([(of_a, of_b)[k] for k in self._place])

    def flux(self, x: Array, lane: Index) -> tuple[Array, Array]:
        z = self._latent(x, lane)
        score = self.latent.score(z)
        a = self.a[lane, None]
        flux = self._placed(z * score + 1.0, score) / a
        return flux, self._placed(np.abs(z * score) + 1.0, np.abs(score)) / np.abs(a)

    def jumps(self, lane: int) -> tuple[Array, Array]:
        z = as_float(self.latent.breaks)
        return self.a[lane] * z + self.b[lane], self._placed(z, np.ones_like(z)).T


def quantile(distribution: Distribution, lower: Array, upper: Array) -> Array:
    """The point that splits the mass into `lower` and `upper`, from whichever is smaller."""
    out = np.empty(np.shape(lower))
    left = lower <= upper
    out[left] = distribution.ppf(lower[left])
    out[~left] = distribution.isf(upper[~left])
    return out
