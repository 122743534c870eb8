"""Data and generated density side by side at the nodes of a quadrature: the log density ratio."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from gandyn.distributions import Distribution, LocationScale, Mixture
from gandyn.generators import Generated
from gandyn.system.checks import Array, Index

_LARGEST_EXPONENT = 745.0
_EPS = float(np.finfo(float).eps)
_PAIRED = 32
"""Mixtures of more components are taken as one density, not as ratios of each to p_g."""


def components_in(data: Distribution, standard: tuple | None) -> list[tuple[float, LocationScale]]:
    """The data's components with their weights, if all are of the generated density's family.

    The ratio of two densities of one family is then formed from the small difference of their
    arguments rather than from the large difference of their logarithms.
    """
    if standard is None or np.isfinite(data.support).any():
        return []
    if isinstance(data, Mixture):
        parts = list(zip(data.weights, data.components, strict=True))
    else:
        parts = [(1.0, data)]
    family, base = standard[0], standard[1]
    if len(parts) > _PAIRED or any(
        not isinstance(part, LocationScale) or part.family != family for _, part in parts
    ):
        return []
    if type(base).log_increment is LocationScale.log_increment:  # no better than a difference
        return []
    return parts  # type: ignore[return-value]


class Field:
    """What an objective sees at points x of the line: both densities, their ratio, their scores.

    Every array has the shape of `x`, (P, n), and is computed when first asked for. Row i belongs to
    the state ``lane[i]``. The ratio ℓ = log p − log p_g is infinite where one density is zero, 0
    where both are; its slope is ℓ'. The partner of x is the generated point y with F_g(y) = F_p(x),
    from where monotone transport takes x's mass. Sensitivities, E[∂G/∂θ | G = x], are (d, P, n).
    """

    def __init__(self, data: Distribution, generated: Generated, x: Array, lane: Index) -> None:
        self.data = data
        self.generated = generated
        self.x = x
        self.lane = lane
        self._parts = components_in(data, generated.standard)

    def _row(self, per_lane: Array) -> Array:
        return per_lane[self.lane, None]

    @cached_property
    def _paired(self) -> tuple[Array, Array]:
        """ℓ and ℓ' where data and p_g are of one location-scale family."""
        assert self.generated.standard is not None
        _, base, loc, scale = self.generated.standard
        assert isinstance(base, LocationScale)
        loc, scale = self._row(loc), self._row(scale)
        z = (self.x - loc) / scale
        score = base.standard_score(z)
        ratios, slopes = [], []
        for weight, part in self._parts:
            stretch = (scale - part.scale) / part.scale
            shift = stretch * z + (loc - part.loc) / part.scale
            # 1 + stretch is exact only where the two scales are alike
            alike = np.log1p(np.maximum(stretch, -0.5))
            widths = np.where(stretch > -0.5, alike, np.log(scale / part.scale))
            ratios.append(np.log(weight) + widths + base.log_increment(z, shift))
            slopes.append((score * stretch / scale) + base.score_increment(z, shift) / part.scale)
        if len(ratios) == 1:
            return ratios[0], slopes[0]
        top = np.maximum.reduce(ratios)
        total = np.zeros_like(top)
        slope = np.zeros_like(top)
        for ratio, part_slope in zip(ratios, slopes, strict=True):
            share = np.exp(ratio - top)
            total += share
            slope += share * part_slope
        return top + np.log(total), slope / total

    @cached_property
    def log_generated(self) -> Array:
        return self.generated.logpdf(self.x, self.lane)

    @cached_property
    def log_data(self) -> Array:
        return self.data.logpdf(self.x)

    @cached_property
    def log_ratio(self) -> Array:
        if self._parts:
            return self._paired[0]
        with np.errstate(invalid="ignore"):
            ratio = self.log_data - self.log_generated
        return np.where(np.isnan(ratio), 0.0, ratio)

    @cached_property
    def score_data(self) -> Array:
        return self.data.score(self.x)

    @cached_property
    def score_slope_data(self) -> Array:
        return self.data.score_slope(self.x)

    @cached_property
    def score_generated(self) -> Array:
        return self.generated.score(self.x, self.lane)

    @cached_property
    def score_slope_generated(self) -> Array:
        return self.generated.score_slope(self.x, self.lane)

    @cached_property
    def ratio_slope(self) -> Array:
        if self._parts:
            return self._paired[1]
        return self.score_data - self.score_generated

    @cached_property
    def sensitivity(self) -> Array:
        return self.generated.sensitivity(self.x, self.lane)

    @cached_property
    def standard_gap(self) -> bool:
        """Whether the monotone coupling is a line: data and p_g are of one family, moved."""
        standard, data = self.generated.standard, self.data
        return (
            standard is not None
            and isinstance(data, LocationScale)
            and (data.family == standard[0])
        )

    @cached_property
    def partner(self) -> Array:
        if self.standard_gap:
            return self.x - self.gap
        return self.generated.quantile(*self.masses, self.lane)

    @cached_property
    def masses(self) -> tuple[Array, Array]:
        return self.data.cdf(self.x), self.data.sf(self.x)

    @cached_property
    def gap(self) -> Array:
        """x minus its partner."""
        if self.standard_gap:
            assert self.generated.standard is not None and isinstance(self.data, LocationScale)
            part = self.data
            _, _, loc, scale = self.generated.standard
            u = (self.x - part.loc) / part.scale
            return (part.scale - self._row(scale)) * u + (part.loc - self._row(loc))
        return self.x - self.partner

    @cached_property
    def partner_sensitivity(self) -> Array:
        return self.generated.sensitivity(self.partner, self.lane)

    @cached_property
    def flux(self) -> tuple[Array, Array]:
        """`Generated.flux` at the points of the field, where the generator knows it."""
        flux = self.generated.flux(self.x, self.lane)
        assert flux is not None
        return flux

    # Rounding, in units of the machine epsilon relative to what is named.

    @property
    def blur(self) -> Array:
        """What the rounding of a node is relative to."""
        return np.abs(self.x)

    @property
    def _noise(self) -> float:
        """That of both densities, beyond rounding."""
        return (self.data.noise + self.generated.noise) / _EPS

    @cached_property
    def ratio_rounding(self) -> Array:
        """Absolute rounding of ℓ."""
        if len(self._parts) == 1:
            return 4.0 * np.minimum(np.abs(self.log_ratio), 1e300)
        if self._parts:
            return 4.0 + 4.0 * np.abs(self.log_ratio)
        finite = _finite(self.log_data) + _finite(self.log_generated)
        return 4.0 + 2.0 * finite + self._noise

    @cached_property
    def ratio_share(self) -> Array:
        """Part of ℓ that can be in the exponent of an integrand which is not 0 in doubles."""
        with np.errstate(divide="ignore"):
            return np.minimum(1.0, _LARGEST_EXPONENT / np.abs(self.log_ratio))

    @cached_property
    def density_rounding(self) -> Array:
        """Relative rounding of what is made of both densities, that of the node included."""
        return self.rounding(self.ratio_share)

    def rounding(self, share: Array) -> Array:
        """The same of what changes, relative, with ℓ as so much of an exponent does."""
        larger = np.maximum(self.log_data, self.log_generated)
        own = 4.0 + _finite(larger) + self._noise
        return own + share * _finite(self.log_ratio) + self._moved(share)

    def _moved(self, share: Array) -> Array:
        """What the rounding of nodes changes of it."""
        data_is_larger = self.log_data > self.log_generated
        score = np.where(data_is_larger, self.score_data, self.score_generated)
        return self.blur * (np.abs(score) + share * np.abs(self.ratio_slope))

    @cached_property
    def gap_rounding(self) -> Array:
        """Absolute rounding of the gap: that of its ends, and of the mass that pairs them."""
        with np.errstate(over="ignore", invalid="ignore"):
            density = np.exp(self.generated.logpdf(self.partner, self.lane))
            # the mass itself, and what the rounding of x moves of it
            moved = np.minimum(*self.masses) + self.blur * np.exp(self.log_data)
            lost = np.minimum(moved / np.maximum(density, 1e-300), np.abs(self.gap) / _EPS)
            return 4.0 * (np.abs(self.x) + np.abs(self.partner)) + 16.0 * lost

    @cached_property
    def ratio_slope_rounding(self) -> Array:
        """Relative rounding of ℓ'."""
        if len(self._parts) == 1:
            return np.full_like(self.x, 8.0)
        size = np.abs(self.score_data) + np.abs(self.score_generated)
        return 4.0 * size / np.maximum(np.abs(self.ratio_slope), 1e-300)


class AtAtoms(Field):
    """A field at atoms of p_g, where all of p_g is the atom's mass and the data have none.

    Whatever is integrated over x adds to its integral what it gives here: a divergence
    ∫ p_g f(p/p_g) dx gains mass·f(0), an integral over the monotone coupling nothing, as its
    partners already stay at the atom. The atoms' masses are (P, n), as x is.
    """

    def __init__(
        self, data: Distribution, generated: Generated, x: Array, lane: Index, mass: Array
    ) -> None:
        super().__init__(data, generated, x, lane)
        self.log_generated = np.log(mass)
        self.log_data = self.log_ratio = np.full_like(x, -np.inf)


class AtGaps(Field):
    """The same where all is the data's mass (P, n), and nothing is generated."""

    def __init__(
        self, data: Distribution, generated: Generated, x: Array, lane: Index, mass: Array
    ) -> None:
        super().__init__(data, generated, x, lane)
        self.log_data = np.log(mass)
        self.log_generated = np.full_like(x, -np.inf)
        self.log_ratio = np.full_like(x, np.inf)


def _finite(log_density: Array) -> Array:
    return np.where(np.isfinite(log_density), np.minimum(np.abs(log_density), 1e290), 0.0)
