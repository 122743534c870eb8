"""Divergences between data and generated density, one row each.

A row gives an integrand over x whose integral is the divergence. It is written in ℓ = log p − log q
and arranged so that it is nonnegative at every point and loses no digit where p ≈ q, nor where they
do not overlap: JSD next to 0 is not formed as V + 2 log 2, nor its gap to log 2 as log 2 − JSD.
Terms such as q − p, whose integral is zero, are added where they make it so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gandyn.objectives.field import Field
from gandyn.system.checks import Array

_FAINT = 1e-300
_TAYLOR = np.array([1.0 / np.prod(np.arange(1.0, k + 1)) for k in range(18, 1, -1)])


def expm1_minus(x: Array) -> Array:
    """exp(x) − 1 − x, nonnegative and accurate at every x.

    Taylor's series where the three terms cancel, the definition elsewhere.
    """
    x = np.asarray(x)
    with np.errstate(over="ignore", invalid="ignore"):
        out = np.expm1(x) - x
    near = np.abs(x) < 0.7
    if near.any():
        small = x[near]
        out = np.asarray(out)
        out[near] = small * small * np.polyval(_TAYLOR, small)
    return out


def _larger(at: Field) -> Array:
    """The larger of the two densities."""
    return np.exp(np.maximum(at.log_data, at.log_generated))


def relative_entropy(log_p: Array, log_q: Array, ell: Array) -> Array:
    """p log(p/q) + q − p, pointwise: p(ℓ − 1 + e^−ℓ); infinite where p > 0 = q."""
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        p = np.exp(log_p)
        more = np.where(p > 0.0, p * expm1_minus(-np.maximum(ell, 0.0)), 0.0)
        near = np.clip(ell, -0.7, 0.0)
        small = np.exp(near) * expm1_minus(-near)
        negative = np.clip(ell, -800.0, 0.0)
        large = 1.0 + np.exp(negative) * (negative - 1.0)
        less = np.exp(log_q) * np.where(ell > -0.7, small, large)
        out = np.where(ell >= 0.0, more, less)
    return np.where(log_p == -np.inf, np.exp(log_q), out)


def jensen_shannon(at: Field) -> Array:
    """Integrand of JSD: m·(y tanh y − log cosh y), m = (p + q)/2, y = ℓ/2."""
    return 0.5 * _larger(at) * _split(at)[0]


def jensen_shannon_gap(at: Field) -> Array:
    """Integrand of log 2 − JSD, which does not cancel where p and q hardly overlap."""
    return 0.5 * _larger(at) * _split(at)[1]


def _split(at: Field) -> tuple[Array, Array]:
    """(1 + e^−u) times φ and times log 2 − φ: φ = (u/2) tanh(u/2) − log cosh(u/2), u = |ℓ|."""
    # a density ratio of e^800 makes no difference to a double
    u = np.minimum(np.abs(at.log_ratio), 800.0)
    e = np.exp(-u)
    gap = u * e / (1.0 + e) + np.log1p(e)
    near = np.minimum(u, 1.0)
    small = 0.5 * near * np.tanh(0.5 * near) - 0.5 * np.log1p(np.sinh(0.5 * near) ** 2)
    value = np.where(u < 1.0, small, np.log(2.0) - gap)
    return (1.0 + e) * value, (1.0 + e) * gap


def kl_data_generated(at: Field) -> Array:
    """Integrand of KL(p‖q)."""
    return relative_entropy(at.log_data, at.log_generated, at.log_ratio)


def kl_generated_data(at: Field) -> Array:
    """Integrand of KL(q‖p)."""
    return relative_entropy(at.log_generated, at.log_data, -at.log_ratio)


def kl_middle_data(at: Field) -> Array:
    """Integrand of 2·KL((p + q)/2 ‖ p), what the non-saturating flow descends."""
    ell = np.minimum(at.log_ratio, 800.0)
    with np.errstate(over="ignore", invalid="ignore"):
        p, q = np.exp(at.log_data), np.exp(at.log_generated)
        # λ = log(m/p) = log((1 + e^−ℓ)/2), and 2m(λ − 1 + e^−λ) without cancellation at λ = 0
        larger = np.maximum(-ell, 0.0) + np.log1p(np.exp(-np.abs(ell))) - np.log(2.0)
        out = (p + q) * larger + p - q
        near = np.abs(ell) < 1.0
        if near.any():
            small = np.log1p(0.5 * np.expm1(-ell[near]))
            out[near] = (p + q)[near] * expm1_minus(-small)
    return np.where(at.log_data == -np.inf, np.where(q > 0.0, np.inf, 0.0), out)


def jeffreys(at: Field) -> Array:
    """Integrand of KL(p‖q) + KL(q‖p): (p − q) ℓ."""
    ell = np.abs(at.log_ratio)
    with np.errstate(invalid="ignore"):
        out = _larger(at) * -np.expm1(-ell) * ell
    return np.where(np.isnan(out), 0.0, out)


def total_variation(at: Field) -> Array:
    """Integrand of ½∫|p − q|."""
    return -0.5 * _larger(at) * np.expm1(-np.abs(at.log_ratio))


def hellinger_squared(at: Field) -> Array:
    """Integrand of 1 − ∫√(pq) = ½∫(√p − √q)²."""
    return 0.5 * _larger(at) * np.expm1(-0.5 * np.abs(at.log_ratio)) ** 2


def _chi_squared(log_p: Array, log_q: Array, ell: Array) -> Array:
    """(p − q)²/q."""
    with np.errstate(over="ignore", invalid="ignore"):
        more = np.exp(log_p + ell) * np.expm1(-np.maximum(ell, 0.0)) ** 2
        less = np.exp(log_q) * np.expm1(np.minimum(ell, 0.0)) ** 2
    return np.where(ell > 0.0, more, less)


def chi_squared_data_generated(at: Field) -> Array:
    """Integrand of ∫(p − q)²/q (Pearson)."""
    return _chi_squared(at.log_data, at.log_generated, at.log_ratio)


def chi_squared_generated_data(at: Field) -> Array:
    """Integrand of ∫(p − q)²/p (Neyman)."""
    return _chi_squared(at.log_generated, at.log_data, -at.log_ratio)


def under_data(at: Field, cost: Array) -> Array:
    """p times what is paid for the mass at x, 0 where there is none."""
    with np.errstate(invalid="ignore", under="ignore", over="ignore"):
        # in halves: far out one factor is too large for a double, and the other too small
        half = np.exp(0.5 * at.log_data)
        paid = half * cost * half
    if at.standard_gap:
        return np.where(at.log_data == -np.inf, 0.0, paid)
    # Next to an edge of p's support x rounds to it, where no mass is left to move.
    return np.where(np.minimum(*at.masses) < _FAINT, 0.0, paid)


def transport(at: Field) -> Array:
    """Integrand of W₁ = E|x − y| over the monotone coupling of x ~ p and y ~ q."""
    return under_data(at, np.abs(at.gap))


def ratio_rounding(at: Field) -> Array:
    """Rounding, relative, of an integrand of second order in ℓ."""
    ell = np.maximum(np.abs(at.log_ratio), 1e-290)
    return at.density_rounding + at.ratio_rounding * (at.ratio_share + 2.0 / ell)


def gentle_rounding(at: Field) -> Array:
    """The same of an integrand that grows no faster than the larger density times ℓ."""
    share = 2.0 / np.maximum(np.abs(at.log_ratio), 1e-290)
    return at.rounding(np.minimum(share, 1.0)) + at.ratio_rounding * share


def transport_rounding(at: Field) -> Array:
    """Rounding, relative, of an integrand over the monotone coupling."""
    if at.standard_gap:
        return at.density_rounding
    with np.errstate(invalid="ignore", over="ignore"):
        lost = 2.0 * at.gap_rounding / np.maximum(np.abs(at.gap), 1e-290)
    return at.density_rounding + np.where(np.isfinite(lost), lost, 0.0)


@dataclass(frozen=True)
class Divergence:
    """A divergence as an integral over the line of a nonnegative function of a `Field`.

    The rounding is the integrand's, relative, in units of the machine epsilon.
    """

    integrand: Callable[[Field], Array]
    rounding: Callable[[Field], Array] = ratio_rounding


DIVERGENCES: dict[str, Divergence] = {
    "jsd": Divergence(jensen_shannon, gentle_rounding),
    "jsd_gap": Divergence(
        jensen_shannon_gap, lambda at: at.density_rounding + at.ratio_share * at.ratio_rounding
    ),
    "kl_data_generator": Divergence(kl_data_generated, gentle_rounding),
    "kl_generator_data": Divergence(kl_generated_data, gentle_rounding),
    "total_variation": Divergence(total_variation, gentle_rounding),
    "hellinger_squared": Divergence(hellinger_squared, gentle_rounding),
    "chi_squared_data_generator": Divergence(chi_squared_data_generated),
    "chi_squared_generator_data": Divergence(chi_squared_generated_data),
    "wasserstein1": Divergence(transport, transport_rounding),
    "wasserstein2": Divergence(lambda at: under_data(at, at.gap**2), transport_rounding),
}
"""Every value of a game, by name. "wasserstein2" is W₂² here; its root is reported."""


def alpha_density(at: Field, a: float) -> Array:
    """Integrand of the α-divergence, α not 0 or 1: p_g (r^α − αr − (1 − α))/(α(α − 1))."""
    ell = at.log_ratio
    near = np.clip(ell, -0.7, 0.7)
    small = np.exp(at.log_generated) * (expm1_minus(a * near) - a * expm1_minus(near))
    with np.errstate(over="ignore", invalid="ignore"):
        power = np.exp(at.log_generated + np.where(np.isfinite(ell), a * ell, -np.inf))
        large = power - a * np.exp(at.log_data) - (1.0 - a) * np.exp(at.log_generated)
    out = np.where(np.abs(ell) < 0.7, small, large) / (a * (a - 1.0))
    # Where one density is zero, r^α p_g is 0 or infinite by the sign of α or of α − 1.
    if a > 1.0:
        out = np.where(ell == np.inf, np.inf, out)
    if a < 0.0:
        out = np.where(ell == -np.inf, np.inf, out)
    return out
