"""The force far from the data: what is known of it in closed form, and the small rest.

Where p_g lies far from p, weights that go to 1 as r = p/p_g goes to 0 are 1, and the force is
E[ℓ' ∂G/∂θ], whose integrand may cancel to far less than it is the sum of. There one component of
the data, N(μ, σ²), is as good as all of p, and with z ~ N(0, 1), x = s z + b,

    E[ℓ' z] = (σ² − s²)/(s σ²),    E[ℓ'] = (μ − b)/σ²,

so that only w − 1, and what the scores of data and component are apart, are left to be summed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gandyn.engine.nodes import OnGrid
from gandyn.objectives import FDivergence

__all__ = ["HEAVY", "SMALL", "Split"]

Array = NDArray[np.float64]

HEAVY, SMALL = 1e-4, 1e-5
"""Where w is 1 to within the first and a component is less than the second of what it is summed
from, there is something to be gained."""

_EPS = float(np.finfo(float).eps)


class Split:
    """The force of (scale, loc) for a sum of normal densities and z ~ N(0, 1).

    Parameters
    ----------
    target : FDivergence
        With a `rest`.
    normals : (weights, means, stds)
        Of the data.
    """

    def __init__(self, target: FDivergence, normals: tuple[Array, Array, Array]) -> None:
        assert target.rest is not None
        self._rest, self._sign = target.rest
        weights, self._means, self._stds = normals
        self._heights = np.log(weights) - np.log(self._stds)

    def _logs(self, x: Array) -> Array:
        """Logarithms of the components (K, n), but for what they share."""
        z = (x - self._means[:, None]) / self._stds[:, None]
        return self._heights[:, None] - 0.5 * z * z

    def sums(self, at: OnGrid) -> Array:
        """`OnGrid.sums` of the rest with z and without, what rounding makes of them: (14, S)."""
        with np.errstate(all="ignore"):
            rest = self._sign * at.mass_into(
                self._rest, at.log_generated.copy(), np.empty_like(at.log_generated)
            )
            values = rest * at.ratio_slope + np.exp(at.log_generated) * self._beside(at)
            noise = np.abs(at.x * at.score_data) + np.abs(at.log_data) + np.abs(at.log_generated)
            noise = 4.0 * _EPS * (4.0 + noise) * np.abs(values)
            lost = [(noise * np.abs(at.z)) @ at.weight, noise @ at.weight]
            return np.concatenate([at.sums(values * at.z), at.sums(values), lost])

    def _beside(self, at: OnGrid) -> Array:
        """The data's score minus that of the nearest component of each state, (S, n)."""
        x = at.x[0]
        logs = self._logs(x)
        shares = np.exp(logs - logs.max(axis=0))
        shares /= shares.sum(axis=0)
        rates = self._stds**-2.0
        out = np.empty((len(at.loc), len(x)))
        nearest = self.nearest(at.loc)
        for k in np.unique(nearest):
            apart = (self._means * rates - self._means[k] * rates[k])[:, None]
            apart = apart - (rates - rates[k])[:, None] * x
            out[nearest == k] = (shares * apart).sum(axis=0)
        return out

    def nearest(self, loc: Array) -> NDArray[np.intp]:
        """The component that is the largest at each state's place."""
        return self._logs(loc).argmax(axis=0)

    def known(self, scale: Array, loc: Array) -> Array:
        """E[ℓ' z] and E[ℓ'] for the nearest component: (2, L)."""
        k = self.nearest(loc)
        mean, std = self._means[k], self._stds[k]
        return np.stack([(std - scale) * (std + scale) / (scale * std**2), (mean - loc) / std**2])
