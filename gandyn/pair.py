"""All divergences between two densities at once, with their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandyn.distributions import Distribution
from gandyn.distributions.sizes import check_size
from gandyn.engine.exponents import Ends
from gandyn.engine.panels import bound, field_integrals, powers_of, rooted, spared, spread
from gandyn.engine.tails import endless
from gandyn.errors import InputError
from gandyn.generators.generated import Fixed
from gandyn.objectives.divergences import DIVERGENCES
from gandyn.system.results import Alike
from gandyn.system.text import show


@dataclass(frozen=True, eq=False)
class Distances(Alike):
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


def distances(p: Distribution, q: Distribution) -> Distances:
    """Every divergence between two distributions, with an error estimate for each.

    Where q has atoms (see `Distribution.atoms`) they count as what they are, mass on which p has
    none: KL(q‖p) and ∫(p − q)²/p are then infinite.

    Parameters
    ----------
    p, q : Distribution
        Any two distributions, p without atoms.

    Returns
    -------
    Distances

    Raises
    ------
    InputError
        Where p has atoms.

    Examples
    --------
    >>> found = gandyn.distances(gandyn.Normal(0, 1), gandyn.Normal(2, 1))
    >>> round(found.kl_pq, 12), round(found.wasserstein1, 12), found.errors["jsd"] < 1e-12
    (2.0, 2.0, True)
    """
    check_size("p", p)
    check_size("q", q)
    if len(p.atoms):
        raise InputError(f"p: got {show(p)}, which has atoms, must have a density")
    other, ends, one, none = Fixed(q), Ends(p, q), np.ones(1), np.empty((1, 0))
    infinite = np.array(
        [
            ends.value(powers, None, other, none)
            | ends.alone(powers, None, none)
            | endless(powers, p, q, one, 0.0 * one)
            for powers in map(powers_of, DIVERGENCES)
        ]
    )
    rows = [(d.integrand, d.rounding) for d in DIVERGENCES.values()]
    integrals = field_integrals(p, other, spared(rows, infinite), transport=True)
    integrals.value[infinite], integrals.error[infinite] = np.inf, 0.0
    bound(integrals, list(DIVERGENCES))
    spread(integrals, list(DIVERGENCES), p, q)
    names = [_PLAIN.get(name, name) for name in DIVERGENCES]
    rooted(integrals, names.index("wasserstein2"))
    values = dict(zip(names, map(float, integrals.value[:, 0]), strict=True))
    errors = dict(zip(names, map(float, integrals.error[:, 0]), strict=True))
    return Distances(**values, errors=errors, converged=bool(integrals.converged[0]))
