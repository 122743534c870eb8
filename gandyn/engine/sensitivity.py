"""How the force of an f-divergence changes with (a, b): its Jacobian, under the integral."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.generators.generated import Generated
from gandyn.objectives import FDivergence
from gandyn.objectives.field import Field

__all__ = [
    "at_breaks",
    "changes",
    "changes_by_parts",
    "changes_in_place",
    "jumps_at_breaks",
    "left_by_parts",
]

Array = NDArray[np.float64]

_APART = 2.0**-52
"""Of the narrowest width: how far from a break its sides are looked at, at least."""


def changes(target: FDivergence, at: Field, mass: Array, a: Array) -> tuple[Array, Array]:
    """What the four entries of the Jacobian are moments of, at the points of a field.

    Along a particle's path (z fixed) the log density ratio changes by s_p ∂G/∂θ + e_a/a, so that
    with φ = (z, 1) ∂F_i/∂θ_j = E_z[(c φ_j + δ_ja k) φ_i], where

        q c = w q·(ε s_p ℓ' + s_p'),   q k = w q·(ε ℓ' + s_q)/a,   ε = d log w/dℓ,

    and s_q is the generated density's score. Returns q c and q k, given `mass` = w q; all of the
    shape of at.x.
    """
    bent = target.elasticity(at.log_ratio)
    bent *= at.ratio_slope
    with np.errstate(over="ignore", invalid="ignore"):
        along = bent * at.score_data
        along += at.score_slope_data
        along *= mass
        bent += at.score_generated
        bent *= mass
        bent /= a
    return along, bent


def changes_in_place(target: FDivergence, at: Field, mass: Array, a: Array, z: Array) -> Array:
    """What the Jacobian's entries aa, ab, ba and bb are integrals of where x is fixed: (4, P, n).

    There p and ℓ' may be infinite, and p_g is smooth. With φ = (z, 1), ∂(log p_g)/∂θ_j is −f_j,
    f_j = φ_j s_q + δ_ja/a, ℓ changes by f_j and ℓ' by its slope, and φ_a by −φ_j/a, so that

        ∂F_i/∂θ_j = ∫ w q ((ε − 1) ℓ' f_j + f_j') φ_i − δ_ia w q ℓ' φ_j/a dx.
    """
    bent = target.elasticity(at.log_ratio) - 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        push = mass * at.ratio_slope
        along = bent * push * at.score_generated + mass * at.score_slope_generated
        wider = (bent * push + mass * at.score_generated) / a
        tilted = along * z
        return np.stack([(tilted + wider - push / a) * z, tilted - push / a, tilted + wider, along])


def changes_by_parts(target: FDivergence, at: Field, a: Array, b: Array) -> Array:
    """What the Jacobian is the integral of, (4, *x.shape), by parts: without ε and s_p'.

    Between jumps of both densities ∂F_i/∂θ_j is what `left_by_parts` gives less the integral of

        w q (s_p (s_q φ_i φ_j + (φ_i φ_j)') + δ_ja φ_i'/a).

    Where the data go from one narrow mode to the next s_p' is as large as the square of the jump of
    s_p, and what it adds up to is lost in the rounding of x.
    """
    a, z, mass = a[at.lane, None], (at.x - b[at.lane, None]) / a[at.lane, None], target.mass(at)
    with np.errstate(over="ignore", invalid="ignore"):
        tilt = np.where(mass > 0.0, mass * at.score_data, 0.0)
        plain = np.where(tilt == 0.0, 0.0, tilt * at.score_generated)
        mixed = plain * z + tilt / a
        return -np.stack([(mixed + tilt / a) * z + mass / a**2, mixed, mixed, plain])


def left_by_parts(
    data: Distribution, generated: Generated, target: FDivergence, a: Array, b: Array
) -> tuple[Array, Array]:
    """What integration by parts leaves at jumps of both densities, and its rounding: (4, L) each.

    w q (s_p φ_i φ_j + δ_ja φ_i/a), left of the jump less right of it.
    """
    lanes = np.arange(len(a))
    fixed = np.broadcast_to(data.breaks, (len(a), len(data.breaks)))
    jumps = np.concatenate([fixed, [generated.jumps(k)[0] for k in range(len(a))]], axis=1)
    apart = 4.0 * np.spacing(np.maximum(np.abs(jumps), np.abs(b[:, None])))
    apart = np.maximum(apart, _APART * float(data.landmarks[:, 1].min()))
    at = Field(data, generated, np.concatenate([jumps - apart, jumps + apart], axis=1), lanes)
    mass, a = target.mass(at), a[:, None]
    z = (at.x - b[:, None]) / a
    with np.errstate(over="ignore", invalid="ignore"):
        tilt = np.where(mass > 0.0, mass * at.score_data, 0.0)
        sides = np.stack([(tilt * z + mass / a) * z, tilt * z, tilt * z + mass / a, tilt])
        noise = np.abs(sides) * np.where(mass > 0.0, at.density_rounding, 0.0)
        left = sides @ np.repeat([1.0, -1.0], jumps.shape[1])
    return left, np.spacing(1.0) * noise.sum(axis=2)


def jumps_at_breaks(data: Distribution, generated: Generated, target: FDivergence) -> Array:
    """How much w q ℓ' grows across each of the data's breaks, (L, breaks)."""
    # The numbers next to 0 are so near that standardised they are 0.
    least = _APART * float(data.landmarks[:, 1].min())
    apart = np.maximum(np.spacing(np.abs(data.breaks)), least)
    sides = np.concatenate([data.breaks - apart, data.breaks + apart])
    lanes = np.arange(generated.lanes)
    at = Field(data, generated, np.tile(sides, (len(lanes), 1)), lanes)
    mass = target.mass(at)
    # of a narrow latent's, right next to a jump; both sides may be infinite
    with np.errstate(over="ignore", invalid="ignore"):
        push = np.where(mass > 0.0, mass * at.ratio_slope, 0.0)
        return np.diff(push.reshape(len(lanes), 2, -1), axis=1)[:, 0]


def at_breaks(
    data: Distribution, generated: Generated, target: FDivergence, a: Array, b: Array
) -> Array:
    """What the jumps of the slope, where the data's density or score jumps, add: (L, 2, 2).

    A jump at x = k adds q(z_k)/|a| · [w ℓ'] φ φᵀ.
    """
    z = (data.breaks - b[:, None]) / a[:, None]
    phi = np.stack([z, np.ones_like(z)], axis=2)
    with np.errstate(over="ignore", invalid="ignore"):
        jumps = jumps_at_breaks(data, generated, target)[..., None] * phi
        return (jumps[..., None] * phi[:, :, None]).sum(axis=1)
