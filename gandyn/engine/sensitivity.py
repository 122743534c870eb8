"""How the force changes with θ: the Jacobian of a game's flow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.panels import field_integrals
from gandyn.generators import LinearGenerator
from gandyn.objectives import FDivergence
from gandyn.objectives.field import Field

__all__ = ["by_differences", "under_the_integral"]

Array = NDArray[np.float64]

_PLACES = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
_SIXTH = np.array([-1.0, 9.0, -45.0, 45.0, -9.0, 1.0]) / 60.0


def under_the_integral(
    data: Distribution, generator: LinearGenerator, target: FDivergence, theta: Array
) -> Array:
    """∂F_i/∂θ_j of an f-divergence under a z + b, at states of shape (L, 2): (L, 2, 2).

    Along a particle's path (z fixed) the log density ratio changes by (score_p ∂G/∂θ + e_a/a), so
    that

        ∂F_i/∂θ_j = E_z[(w'·(s_p φ_j + δ_ja/a)·ℓ' + w·(s_p' φ_j + δ_ja s_q/a²)) φ_i],  φ = (z, 1),

    and where the data's density or score jumps at x = k, the jump of the slope there adds
    q(z_k)/|a| · [w ℓ'] φ_i φ_j.
    """
    latent = generator.latent

    def integrand(at: Field) -> Array:
        a = theta[at.lane, 0][:, None]
        phi = at.sensitivity
        # d/dθ at fixed z of log p(G) and of its slope; only a changes the generated side.
        per_a = np.stack([np.ones_like(at.x), np.zeros_like(at.x)])
        ratio = at.score_data * phi + per_a / a
        slope = data.score_slope(at.x) * phi + per_a * at.score_generated / a
        change = target.elasticity(at.log_ratio) * ratio * at.ratio_slope + slope
        mass = target.mass(at)
        return np.where(mass > 0.0, mass * change[None] * phi[:, None], 0.0)

    def rounding(at: Field) -> Array:
        return at.density_rounding + at.ratio_rounding + at.ratio_slope_rounding

    out = np.empty((len(theta), 2, 2))
    generated = generator.generated(theta)
    result = field_integrals(data, generated, [(integrand, rounding)], transport=False)
    out[:] = result.value.reshape(2, 2, -1).transpose(2, 0, 1)
    lanes = np.arange(len(theta))
    for k in data.breaks:
        sides = []
        for side in (np.nextafter(k, -np.inf), np.nextafter(k, np.inf)):
            at = Field(data, generated, np.full((len(theta), 1), side), lanes)
            sides.append((target.mass(at) * at.ratio_slope)[:, 0])
        z = (k - theta[:, 1]) / theta[:, 0]
        phi = np.stack([z, np.ones_like(z)], axis=1)
        inside = (z > latent.support[0]) & (z < latent.support[1])
        jump = np.where(inside, sides[1] - sides[0], 0.0)
        out += jump[:, None, None] * phi[:, :, None] * phi[:, None, :]
    return out


def by_differences(force: Callable[[Array], Array], theta: Array) -> Array:
    """∂F_i/∂θ_j at states of shape (L, d): (L, d, d), by sixth-order central differences."""
    lanes, d = theta.shape
    step = 3e-3 * np.maximum(np.abs(theta[:, :1]), 1e-3)
    shifts = _PLACES[:, None, None] * np.eye(d)
    states = theta + shifts.reshape(-1, 1, d) * step
    values = force(states.reshape(-1, d)).reshape(len(_PLACES), d, lanes, d)
    return np.einsum("k,kjli->lij", _SIXTH, values) / step[:, None]
