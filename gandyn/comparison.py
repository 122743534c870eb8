"""All divergences between two densities at once, with their errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.divergences import DIVERGENCES
from gandyn.field import Field
from gandyn.generators.fixed import Fixed
from gandyn.generators.generated import Generated
from gandyn.mesh import fitted
from gandyn.quadrature import Integrals, integrate

__all__ = ["Comparison", "compare", "field_integrals", "rooted"]

Array = NDArray[np.float64]
Row = tuple[Callable[[Field], Array], Callable[[Field], Array]]


def field_integrals(
    data: Distribution,
    generated: Generated,
    rows: list[Row],
    *,
    transport: bool,
    rtol: float = 1e-11,
) -> Integrals:
    """Integrate rows over every lane, on panels fitted to both densities.

    Parameters
    ----------
    data : Distribution
    generated : Generated
    rows : list of (integrand, rounding)
        Each maps a `Field` to an array of its x's shape, or of (k, *shape) for k integrals.
    transport : bool
        Whether a row has kinks where the monotone coupling changes side.
    rtol : float
        Relative tolerance of each integral.
    """

    def integrand(x: Array, lane: NDArray[np.intp]) -> tuple[Array, Array]:
        at = Field(data, generated, x, lane)
        values, rounding = [], []
        for f, noise in rows:
            value = f(at).reshape(-1, *x.shape)
            values.append(value)
            rounding.append(np.broadcast_to(noise(at), value.shape))
        return np.concatenate(values), np.concatenate(rounding)

    panels = fitted(data, generated, transport=transport)
    return integrate(integrand, panels, generated.lanes, rtol=rtol, open_left=True, open_right=True)


def rooted(integrals: Integrals, row: int) -> None:
    """Replace an integral by its square root, in place, its error with it."""
    square, error = integrals.value[row], integrals.error[row]
    root = np.sqrt(square)
    with np.errstate(divide="ignore", invalid="ignore"):
        small = error / (root + np.sqrt(np.maximum(square - error, 0.0)))
    integrals.error[row] = np.where((root > 0) & np.isfinite(root), small, np.sqrt(error))
    integrals.value[row] = root


@dataclass(frozen=True)
class Comparison:
    """Divergences between p and q.

    Attributes
    ----------
    jsd, jsd_gap : float
        Jensen-Shannon divergence in nats, and log 2 minus it.
    kl_pq, kl_qp : float
        ∫ p log(p/q) and ∫ q log(q/p).
    total_variation, hellinger_squared : float
        ½∫|p − q| and 1 − ∫√(pq).
    chi_squared_pq, chi_squared_qp : float
        ∫(p − q)²/q and ∫(p − q)²/p.
    wasserstein1, wasserstein2 : float
        Wasserstein distances of order 1 and 2, in units of x.
    errors : dict of str to float
        An estimate of the absolute error of each.
    converged : bool
        Whether every integral met its tolerance.
    """

    jsd: float
    jsd_gap: float
    kl_pq: float
    kl_qp: float
    total_variation: float
    hellinger_squared: float
    chi_squared_pq: float
    chi_squared_qp: float
    wasserstein1: float
    wasserstein2: float
    errors: dict[str, float]
    converged: bool


_PLAIN = {
    "kl_data_generator": "kl_pq",
    "kl_generator_data": "kl_qp",
    "chi_squared_data_generator": "chi_squared_pq",
    "chi_squared_generator_data": "chi_squared_qp",
}


def compare(p: Distribution, q: Distribution) -> Comparison:
    """Every divergence between two distributions, with an error estimate for each.

    Parameters
    ----------
    p, q : Distribution
        Any two distributions.

    Returns
    -------
    Comparison
    """
    integrals = field_integrals(
        p, Fixed(q), [(d.integrand, d.rounding) for d in DIVERGENCES.values()], transport=True
    )
    names = [_PLAIN.get(name, name) for name in DIVERGENCES]
    rooted(integrals, names.index("wasserstein2"))
    values = dict(zip(names, map(float, integrals.value[:, 0]), strict=True))
    errors = dict(zip(names, map(float, integrals.error[:, 0]), strict=True))
    return Comparison(**values, errors=errors, converged=bool(integrals.converged[0]))
