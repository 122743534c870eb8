"""Integrals over the latent line, for monotone smooth generators: the fast way beside a z + b.

Along a particle's path x = G(z) the generated density is q(z)/|G'(z)| in closed form, so that
E_z[s(G) ∂G/∂θ] needs no inverse of G. The trapezoidal rule in z converges exponentially (Trefethen
and Weideman, "The exponentially convergent trapezoidal rule", 2014); its nodes are the same in
every state. What it does not resolve goes to the panels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.base import Engine
from gandyn.engine.folds import WIDER
from gandyn.engine.panels import PanelEngine, by_differences, row_of
from gandyn.engine.parts import CLOSE, left_over, settled
from gandyn.engine.quadrature import Integrals, Panels, integrate
from gandyn.generators import Generated, Generator
from gandyn.objectives import FDivergence
from gandyn.objectives.field import Field

__all__ = ["LatentEngine", "Paths"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_COARSEST = 192
"""Nodes over the latent's reach; doubled up to `_LEVELS` times."""
_LEVELS = 6
_TRIES = 5

_WINDOWS = 5
"""Doublings of the window: beyond, its states go to the panels."""

_PER_FEATURE = 0.4
"""Spacing in x, at most, in widths of the data's nearest feature."""

_BLOCK, _KEPT = 65_536, 16_384
"""Nodes taken at once, and of the longest line that is kept from one call to the next."""
_FAINT = 1e-290
_ANY = np.zeros(1)
_EPS = float(np.finfo(float).eps)


Term = tuple[Array, Array, Array]
"""An integrand over x (L, n), its relative rounding in units of the machine epsilon, and what it is
multiplied with for each of K integrals: (K, L or 1, n)."""


class Paths(Field):
    """What an objective sees at the images of latents z (n,), for a stack of monotone states.

    The rows of `x`, (L, n), are the states; `sensitivity` is (d, L, n), or (d, 1, n) where it is
    the same in every state. ``slope`` and ``bend`` are G' and G''.
    """

    def __init__(
        self,
        data: Distribution,
        generator: Generator,
        z: Array,
        theta: Array,
        jet: Array | None = None,
    ) -> None:
        self.z, self.jet = z, generator.sensitivity_jet(z) if jet is None else jet
        self.x, self.slope, self.bend, self.sensitivity = generator.along(z, theta, self.jet)
        self.data, self.lane = data, np.arange(len(theta))
        self._parts, self._states = [], (generator, theta)
        latent = generator.latent
        self.log_generated = latent.logpdf(z) - np.log(np.abs(self.slope))
        self.score_generated = (latent.score(z) - self.bend / self.slope) / self.slope

    @cached_property
    def generated(self) -> Generated:  # type: ignore[override]
        generator, theta = self._states
        return generator.generated(theta)

    @property
    def _noise(self) -> float:  # without making the densities, which are not needed here
        return (self.data.noise + self._states[0].latent.noise) / _EPS

    def _moved(self, share: Array) -> Array:
        if self.jet is None:
            return super()._moved(share)
        # latents are not rounded, but the terms of G and G' are
        generator, theta = self._states
        place, steep = generator.along(self.z, np.abs(theta), np.abs(self.jet[:2]))[:2]
        return place * np.abs(self.score_data) + 2.0 * steep / np.abs(self.slope)


class LatentEngine(Engine):
    """Force, values and Jacobian of a game on the latent line, where its states are monotone.

    Parameters
    ----------
    panels : PanelEngine
        The game, and the way that is gone where this does not do.

    Notes
    -----
    The sums are judged by `gandyn.engine.parts`. States next to a fold are integrated by adaptive
    panels in z.
    """

    name = "latent line"

    def __init__(self, panels: PanelEngine) -> None:
        self._panels, self._data = panels, panels.data
        self._lines: dict[tuple[int, int], tuple[Array, float, Array | None]] = {}
        self._generator, self._target = panels.generator, panels.objective
        low, high = self._generator.latent.reach
        # A little beyond, for what grows with powers of z.
        self._reach = low - WIDER * (high - low), high + WIDER * (high - low)
        target, data = self._target, self._data
        self._wide = not isinstance(target, FDivergence) or target.powers[1] > 0.0
        marks = np.concatenate([data.landmarks, data.handovers[:, :2] * [1.0, 4.0]])
        low, high = data.reach
        near = marks[:, :1] + marks[:, 1:] * np.linspace(-6.0, 6.0, 25)
        x = np.unique(np.concatenate([np.linspace(2.0 * low - high, 2.0 * high - low, 200), *near]))
        grain = np.full(x.shape, np.inf)
        for place, width in marks:
            np.minimum(grain, np.hypot(width, 0.4 * (x - place)), out=grain)
        self._grain = x, grain

    @staticmethod
    def takes(panels: PanelEngine) -> bool:
        """Whether all is smooth on the whole line, and the latent is normal or a few normals."""
        data, latent = panels.data, panels.generator.latent
        smooth = all(
            not len(law.breaks) and not np.isfinite(law.support).any() for law in (data, latent)
        )
        generator = panels.generator
        if not (smooth and generator.smooth) or panels.objective.transport or generator.affine:
            return False
        if len(data.landmarks) > 500 or latent.normals is None:
            return False
        return bool(np.ptp(latent.reach) < 100.0 * latent.landmarks[:, 1].min())

    def force(self, theta: Array) -> Integrals:
        """The force at states (L, d)."""
        found = self._summed(theta, self._push, theta.shape[1], self._wide)
        return self._mended(found, theta, self._panels.force)

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential": a row of the result for each."""
        if any(name.startswith("wasserstein") for name in names):
            return self._panels.values(theta, names)
        rows = [row_of(self._target, name) for name in names]

        def terms(at: Paths) -> list[Term]:
            one = np.ones((1, 1, at.x.shape[1]))
            return [(f(at), rounding(at), one) for f, rounding in rows]

        # What the data have where nothing is generated counts as well.
        found = self._summed(theta, terms, len(rows), True)
        return self._mended(found, theta, lambda states: self._panels.values(states, names))

    @staticmethod
    def _mended(found: Integrals, theta: Array, way: Callable[[Array], Integrals]) -> Integrals:
        """What was not tried here by way of the panels."""
        return found.mended(np.flatnonzero(np.isinf(found.error).any(axis=0)), theta, way)

    def jacobian(self, theta: Array) -> Array:
        """∂F_i/∂θ_j (L, d, d): under the integral for an f-divergence and G linear in θ.

        With φ = ∂G/∂θ, along a path (z fixed) ℓ changes by s_p φ_j + φ_j'/G' and the generated
        score s_g by −(s_g − G''/G'²) φ_j'/G' − φ_j''/G'², so that

            ∂F_i/∂θ_j = E_z[w (e ℓ' s_p + s_p') φ_i φ_j
                            + w (e ℓ' + s_g − G''/G'²)/G' φ_i φ_j' + w/G'² φ_i φ_j''],

        e = d log w/dℓ.
        """
        target, d = self._target, theta.shape[1]
        if not isinstance(target, FDivergence) or self._generator.sensitivity_jet(_ANY) is None:
            return self._by_differences(theta)

        def terms(at: Paths) -> list[Term]:
            assert at.jet is not None
            jet = at.jet
            mass, inverse = target.mass(at), 1.0 / at.slope
            rounding = np.broadcast_to(64.0 + at.density_rounding, mass.shape)
            steep = target.elasticity(at.log_ratio) * at.ratio_slope
            factors = (
                steep * at.score_data + at.score_slope_data,
                (steep + at.score_generated - at.bend * inverse**2) * inverse,
                inverse**2,
            )
            pairs = (jet[0][:, None] * jet[:, None]).reshape(3, -1, *at.sensitivity.shape[1:])
            return [
                (mass * factor, rounding, columns)
                for factor, columns in zip(factors, pairs, strict=True)
            ]

        parts = self._summed(theta, terms, 3 * d * d, self._wide, rtol=1e-5, together=3)
        out = parts.value.reshape(3, d, d, len(theta)).sum(axis=0).transpose(2, 0, 1).copy()
        again = np.isinf(parts.error).any(axis=0)
        if again.any():
            out[again] = self._by_differences(theta[again])
        return out

    def _by_differences(self, theta: Array) -> Array:
        step = 3e-3 * np.maximum(np.abs(theta).max(axis=1, initial=0.0), 1e-3)
        return by_differences(lambda states: self.force(states).value.T, theta, step)

    def _push(self, at: Paths) -> list[Term]:
        target = self._target
        if isinstance(target, FDivergence):
            push = target.mass(at) * at.ratio_slope
        else:
            push = np.exp(at.log_generated) * target.slope(at)
        return [(push, np.broadcast_to(4.0 + at.density_rounding, push.shape), at.sensitivity)]

    def _summed(
        self,
        theta: Array,
        terms: Callable[[Paths], list[Term]],
        count: int,
        wide: bool,
        *,
        rtol: float = 1e-11,
        together: int = 1,
    ) -> Integrals:
        """Each state on the coarsest nodes that see its features, and once more if need be.

        Panels take `together` terms as one, in the first rows: it is their sum that is asked for.
        """
        lanes = len(theta)
        out = Integrals(
            np.full((count, lanes), np.nan),
            np.full((count, lanes), np.inf),
            np.zeros(lanes, bool),
            np.zeros(lanes, np.int64),
        )
        with np.errstate(all="ignore"):
            window, level = self._wanted(theta, wide)
            for w, m in sorted(set(zip(window.tolist(), level.tolist(), strict=True))):
                index = np.flatnonzero((window == w) & (level == m))
                for finer in range(m, min(m + _TRIES, _LEVELS) if w <= _WINDOWS else 0):
                    index = self._sweep(theta, terms, index, w, finer, out)
            for w in np.unique(window[~out.converged & (window <= _WINDOWS)]).tolist():
                index = np.flatnonzero(~out.converged & (window == w))
                z, _, jet = self._nodes(w, 0)
                turns = [np.asarray(self._generator.pieces(state)) for state in theta[index]]
                index = index[[not ((t > z[0]) & (t < z[-1])).any() for t in turns]]
                if len(index):
                    x = self._generator.along(z, theta[index], jet)[0]
                    way = partial(
                        self._adapted, z=z, x=x, terms=terms, rtol=rtol, together=together
                    )
                    out.mended(index, theta, way)
        return out

    def _adapted(
        self,
        theta: Array,
        z: Array,
        x: Array,
        terms: Callable[[Paths], list[Term]],
        rtol: float,
        together: int,
    ) -> Integrals:
        """Monotone states that are next to a fold, or narrow in places, by panels in z."""
        ends = []
        for row in x:
            rising = row if row[-1] > row[0] else row[::-1]
            marks = np.interp(self._data.edges, rising, z if row[-1] > row[0] else z[::-1])
            ends.append(np.unique(np.concatenate([np.linspace(z[0], z[-1], 25), marks])))
        lane = np.repeat(np.arange(len(theta)), [len(e) - 1 for e in ends])
        panels = Panels.between(
            np.concatenate([e[:-1] for e in ends]), np.concatenate([e[1:] for e in ends]), lane
        )

        def integrand(z: Array, lane: Index) -> tuple[Array, Array]:
            at = Paths(self._data, self._generator, z, theta[lane])
            found = terms(at)
            values = np.stack([f * np.abs(at.slope) * columns for f, _, columns in found])
            shape = values.shape[1:]
            noise = np.stack([np.broadcast_to(rounding, shape) for _, rounding, _ in found])
            if together > 1:
                noise = np.abs(values * noise).sum(axis=0)
                values = values.sum(axis=0)
                noise /= np.maximum(np.abs(values), _FAINT)
            return values.reshape(-1, *z.shape), noise.reshape(-1, *z.shape)

        found = integrate(integrand, panels, len(theta), rtol=rtol)
        # The sum is in the first rows.
        rest = ((0, (together - 1) * len(found.value)), (0, 0))
        return replace(found, value=np.pad(found.value, rest), error=np.pad(found.error, rest))

    def _nodes(self, window: int, level: int) -> tuple[Array, float, Array | None]:
        """Nodes, the distance between them, and the jet of the sensitivity there."""
        known = self._lines.get((window, level))
        if known is not None:
            return known
        low, high = self._reach
        grown = 0.5 * (2.0**window - 1.0) * (high - low)
        count = _COARSEST << (window + level)
        h = (high - low + 2.0 * grown) / count
        z = low - grown + h * np.arange(0.5, count)
        nodes = z, h, self._generator.sensitivity_jet(z)
        if count <= _KEPT:
            self._lines[window, level] = nodes
        return nodes

    def _wanted(self, theta: Array, wide: bool) -> tuple[Index, Index]:
        """Doublings of the window that reach all that matters, and of the nodes in it."""
        window = np.zeros(len(theta), np.intp)
        low, high = self._data.reach
        for _ in range(_WINDOWS + 1 if wide else 0):
            for w in np.unique(window):
                index = np.flatnonzero(window == w)
                z, _, jet = self._nodes(w, 0)
                tips = None if jet is None else jet[..., [0, -1]]
                ends = self._generator.along(z[[0, -1]], theta[index], tips)[0]
                window[index] += (ends.min(axis=1) > low) | (ends.max(axis=1) < high)
        level = np.zeros(len(theta), np.intp)
        for w in np.unique(window[window <= _WINDOWS]):
            index = np.flatnonzero(window == w)
            z, h, jet = self._nodes(w, 0)
            x, slope, *_ = self._generator.along(z, theta[index], jet)
            steps = h * np.abs(slope) / np.interp(x, *self._grain)
            ratio = steps.max(axis=1, initial=0.0) / _PER_FEATURE
            level[index] = np.ceil(np.log2(np.clip(ratio, 1.0, 2.0**_LEVELS)))
        return window, level

    def _sweep(
        self,
        theta: Array,
        terms: Callable[[Paths], list[Term]],
        index: Index,
        window: int,
        level: int,
        out: Integrals,
    ) -> Index:
        """Sums for the states of `index`; those left that finer nodes may resolve."""
        z, h, jet = self._nodes(window, level)
        left = []
        for start in range(0, len(index), max(1, _BLOCK // len(z))):
            part = index[start : start + max(1, _BLOCK // len(z))]
            at = Paths(self._data, self._generator, z, theta[part], jet)
            out.nodes[part] += len(z)
            rising = np.abs(np.sign(at.slope).sum(axis=1)) == len(z)
            step = h * np.abs(at.slope)
            found = [_judged(f * step, rounding, columns) for f, rounding, columns in terms(at)]
            values, errors, fine = zip(*found, strict=True)
            good = rising & np.all(fine, axis=0)
            out.value[:, part] = np.where(good, np.concatenate(values), np.nan)
            out.error[:, part] = np.where(good, np.concatenate(errors), np.inf)
            out.converged[part] = good
            left.append(part[rising & ~good])
        return np.concatenate([index[:0], *left])


def _judged(f: Array, rounding: Array, columns: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Sums (K, L) of f (L, n) times the columns (K, L or 1, n), errors, and which converged."""
    p = [_sums(f[:, k::4], columns[..., k::4]) for k in range(4)]
    size = np.abs(f)
    width = np.abs(columns)
    modulus = _sums(size, width)
    noise = _EPS * _sums(size * rounding, width)
    ends = np.maximum(*(size[:, k] * width[..., k] for k in (0, -1)))
    good = settled(p, modulus, ends, CLOSE) & ((modulus > _FAINT) | ~columns.any(axis=2))
    return p[0] + p[1] + p[2] + p[3], noise + left_over(p, modulus, ends), good.all(axis=0)


def _sums(f: Array, columns: Array) -> Array:
    """Σ over n of f (L, n) times columns (K, L or 1, n): (K, L)."""
    if columns.shape[1] == 1:
        return columns[:, 0] @ f.T
    return np.einsum("ln,kln->kl", f, columns)
