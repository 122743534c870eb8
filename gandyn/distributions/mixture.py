"""Weighted sums of distributions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from gandyn.distributions.base import Distribution, uniforms
from gandyn.distributions.edges import handovers, handovers_of_kernels
from gandyn.distributions.ends import End, JoinedEnd
from gandyn.distributions.sums import NormalSum, Sum, joined
from gandyn.errors import InputError, printable
from gandyn.system.checks import FloatArray, as_float, finite_array, number_text, show

_SUM_TOLERANCE = 1e-9
_LARGEST_PAIRED = 100
"""Sums of more components are kernel densities, whose edges need no more of them."""


@dataclass(frozen=True)
class Mixture(Sum):
    """Σ weights[k] components[k]; a mixture among the components is taken apart.

    Parameters
    ----------
    weights : sequence of float
        Each above 0, together 1 within 1e-9; they are then scaled to sum to 1 exactly.
    components : sequence of Distribution
        As many as weights.

    Raises
    ------
    InputError
        Where a weight is not a positive finite number, the weights do not sum to 1, their number
        differs from that of the components, or a component is not a Distribution.

    Examples
    --------
    >>> p = gandyn.Mixture([0.5, 0.5], [gandyn.Normal(-3, 1), gandyn.Normal(3, 1)])
    >>> p.mean, round(p.std**2, 12)
    (0.0, 10.0)
    >>> p == gandyn.parse(str(p))
    True
    """

    weights: tuple[float, ...]
    components: tuple[Distribution, ...]

    if TYPE_CHECKING:

        def __init__(self, weights: ArrayLike, components: Iterable[Distribution]) -> None: ...

    def __post_init__(self) -> None:
        weights = finite_array("weights", self.weights).tolist()
        components = _as_components(self.components)
        if len(weights) != len(components):
            raise InputError(
                f"weights: got {len(weights)} for {len(components)} components, "
                "must be one for each"
            )
        for weight in weights:
            if weight <= 0:
                raise InputError(f"weights: got {number_text(weight)}, must each be above 0")
        total = math.fsum(weights) if max(weights, default=0.0) < 2.0 else math.inf
        if abs(total - 1) > _SUM_TOLERANCE:
            text = ", ".join([*map(number_text, weights[:6])] + ["..."] * (len(weights) > 6))
            raise InputError(f"weights: got {text}, in sum {total:.12g}, must sum to 1 within 1e-9")
        flat: list[tuple[float, Distribution]] = []
        for weight, component in zip(_sum_to_one(weights), components, strict=True):
            if isinstance(component, Mixture):
                # a product may be too small for a number
                terms = [(weight * share, part) for share, part in component._terms]
                flat += [term for term in terms if term[0] > 0]
            else:
                flat.append((weight, component))
        object.__setattr__(self, "weights", tuple(_sum_to_one([w for w, _ in flat])))
        object.__setattr__(self, "components", tuple(c for _, c in flat))

    def __str__(self) -> str:
        return " + ".join(f"{number_text(weight)}*{part}" for weight, part in self._terms)

    def __repr__(self) -> str:
        text = printable(str(self))
        return text if len(text) <= 80 else f"{text[:60]}... ({len(self.components)} components)"

    @cached_property
    def support(self) -> tuple[float, float]:  # type: ignore[override]
        ends = [c.support for c in self.components]
        return min(low for low, _ in ends), max(high for _, high in ends)

    @cached_property
    def tails(self) -> FloatArray | None:
        """Those of the component that falls off slowest."""
        parts = [c.tails for c in self.components]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return np.array([min(part[side].tolist() for part in known) for side in (0, 1)])

    @cached_property
    def breaks(self) -> FloatArray:
        return np.unique(np.concatenate([c.breaks for c in self.components]))

    @cached_property
    def ends(self) -> tuple[End, ...]:
        places = dict.fromkeys((end.place, end.side) for c in self.components for end in c.ends)
        return tuple(JoinedEnd(*where, self.weights, self.components) for where in places)

    @property
    def noise(self) -> float:  # type: ignore[override]
        """That of its components at most."""
        return max(c.noise for c in self.components)

    @cached_property
    def landmarks(self) -> FloatArray:
        return np.unique(np.concatenate([c.landmarks for c in self.components]), axis=0)

    @cached_property
    def reach(self) -> tuple[float, float]:
        ends = [c.reach for c in self.components]
        return min(low for low, _ in ends), max(high for _, high in ends)

    @cached_property
    def handovers(self) -> FloatArray:  # type: ignore[override]
        """Where components change places within less than their panels."""
        if self.normals is not None and np.ptp(self.normals[2]) == 0.0:
            means, of = np.unique(self.normals[1], return_inverse=True)
            weights = as_float(np.bincount(of, self.normals[0]))
            return handovers_of_kernels(weights, means, self.normals[2][0], self._plain_edges)
        if len(self.components) > _LARGEST_PAIRED:
            return super().handovers
        return handovers(self.weights, self.components, self._plain_edges)

    def shifted(self, by: float) -> Mixture:
        return Mixture(self.weights, [part.shifted(by) for part in self.components])

    @cached_property
    def normals(self) -> tuple[FloatArray, FloatArray, FloatArray] | None:  # type: ignore[override]
        """Weights, means and stds where every component is made of normal densities."""
        parts = [c.normals for c in self.components]
        known = [p for p in parts if p is not None]
        if len(known) < len(parts):
            return None
        return (
            np.concatenate([w * p[0] for w, p in zip(self.weights, known, strict=True)]),
            np.concatenate([p[1] for p in known]),
            np.concatenate([p[2] for p in known]),
        )

    @cached_property
    def mean(self) -> float:
        return math.fsum(w * c.mean for w, c in self._terms)

    @cached_property
    def std(self) -> float:
        """Square root of the mean variance plus the variance of the means."""
        squares = (w * (c.std**2 + (c.mean - self.mean) ** 2) for w, c in self._terms)
        return math.sqrt(sum(squares))

    def _rows(self, x: ArrayLike, count: int) -> FloatArray:
        if self._normal_sum is not None:
            return self._normal_sum._rows(x, count)
        return super()._rows(x, count)

    def _block(self, x: FloatArray, count: int) -> FloatArray:
        return joined(self.weights, self.components, x, count)

    def cdf(self, x: ArrayLike) -> FloatArray:
        return np.minimum(sum(w * c.cdf(x) for w, c in self._terms), 1.0)  # type: ignore[return-value]

    def sf(self, x: ArrayLike) -> FloatArray:
        return np.minimum(sum(w * c.sf(x) for w, c in self._terms), 1.0)  # type: ignore[return-value]

    def sample(
        self, n: int | tuple[int, ...], rng: int | np.random.Generator | None = None
    ) -> FloatArray:
        rng = np.random.default_rng(rng)
        which = np.searchsorted(np.cumsum(self.weights[:-1]), rng.random(n), side="right")
        out = uniforms(rng, n)
        for k, component in enumerate(self.components):
            mine = which == k
            out[mine] = component.ppf(out[mine])
        return out

    @cached_property
    def _normal_sum(self) -> NormalSum | None:
        return None if self.normals is None else NormalSum(*self.normals)

    @property
    def _terms(self) -> list[tuple[float, Distribution]]:
        return list(zip(self.weights, self.components, strict=True))

    @property
    def _size(self) -> int:  # type: ignore[override]
        return len(self.components)

    def _bracket(self, q: FloatArray, lower: bool) -> tuple[FloatArray, FloatArray]:
        """The quantiles of the components lie on both sides of the mixture's."""
        points = np.stack([c.ppf(q) if lower else c.isf(q) for c in self.components])
        return points.min(axis=0), points.max(axis=0)


def _as_components(components: Iterable[Distribution]) -> list[Distribution]:
    try:
        out = list(components)
    except TypeError:
        out = [components]  # type: ignore[list-item]
    for component in out:
        if not isinstance(component, Distribution):
            raise InputError(
                f"components: got {show(component)}, must be distributions such as Normal(0, 1)"
            )
    return out


def _sum_to_one(weights: list[float]) -> list[float]:
    """Scaled so that their correctly rounded sum is 1; weights that are so already stay."""
    total = math.fsum(weights)
    if total == 1.0:
        return weights
    weights = [w / total for w in weights]
    for k in sorted(range(len(weights)), key=weights.__getitem__, reverse=True):
        missing = 1.0 - math.fsum(weights)
        if missing == 0.0:
            break
        weights[k] += missing
    return weights
