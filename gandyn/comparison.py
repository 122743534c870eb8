"""All divergences between two densities at once, with their errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.divergences import DIVERGENCES
from gandyn.errors import InputError
from gandyn.field import AtAtoms, Field
from gandyn.generators.fixed import Fixed, quantile
from gandyn.generators.generated import Generated
from gandyn.mesh import fitted, panels_between
from gandyn.quadrature import Integrals, integrate

__all__ = ["Distances", "distances", "field_integrals", "rooted"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Row = tuple[Callable[[Field], Array], Callable[[Field], Array]]


def field_integrals(
    data: Distribution,
    generated: Generated,
    rows: Sequence[Row],
    *,
    transport: bool,
    rtol: float = 1e-11,
) -> Integrals:
    """Integrate rows over every lane, on panels fitted to both densities, and sum over its atoms.

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
    if transport and not panels.root.any():
        x, lane = _coupled_breaks(data, generated)
        ends = np.concatenate([panels.left, panels.right, x])
        panels = panels_between(ends, np.concatenate([panels.lane, panels.lane, lane]))
    integrals = integrate(
        integrand, panels, generated.lanes, rtol=rtol, open_left=True, open_right=True
    )
    _add_atoms(integrals, data, generated, rows)
    return integrals


def _coupled_breaks(data: Distribution, generated: Generated) -> tuple[Array, Index]:
    """Points x of the data whose partners are where p_g jumps, and their lanes."""
    points, lanes = [np.empty(0)], [np.empty(0, np.intp)]
    for k, breaks in enumerate(generated.breaks):
        if not len(breaks):
            continue
        at, lane = breaks[None], np.array([k])
        lower, upper = generated.cdf(at, lane)[0], generated.sf(at, lane)[0]
        x, mass = generated.atoms[k].T if len(generated.atoms) else np.empty((2, 0))
        on = np.isin(breaks, x)
        held = mass[np.searchsorted(x, breaks[on])]
        lower = np.clip(np.append(lower, lower[on] - held), 0.0, 1.0)
        upper = np.clip(np.append(upper, upper[on] + held), 0.0, 1.0)
        partners = quantile(data, lower, upper)
        points.append(partners[np.isfinite(partners)])
        lanes.append(np.full(len(points[-1]), k))
    return np.concatenate(points), np.concatenate(lanes)


def _add_atoms(
    integrals: Integrals, data: Distribution, generated: Generated, rows: Sequence[Row]
) -> None:
    """Add to each integral, in place, what it has at the generated atoms."""
    lane = np.repeat(np.arange(len(generated.atoms)), [len(atoms) for atoms in generated.atoms])
    if not len(lane):
        return
    x, mass = np.concatenate(list(generated.atoms)).T[:, :, None]
    at = AtAtoms(data, generated, x, lane, mass)
    with np.errstate(all="ignore"):
        more = np.concatenate([f(at).reshape(-1, len(x)) for f, _ in rows])
        for k, row in enumerate(more):
            integrals.value[k] += np.bincount(lane, row, generated.lanes)
    integrals.error[np.isinf(integrals.value)] = 0.0


def rooted(integrals: Integrals, row: int) -> None:
    """Replace an integral by its square root, in place, its error with it."""
    square, error = integrals.value[row], integrals.error[row]
    root = np.sqrt(square)
    with np.errstate(divide="ignore", invalid="ignore"):
        small = error / (root + np.sqrt(np.maximum(square - error, 0.0)))
    integrals.error[row] = np.where((root > 0) & np.isfinite(root), small, np.sqrt(error))
    integrals.value[row] = root


@dataclass(frozen=True)
class Distances:
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
    """
    if len(p.atoms):
        raise InputError(f"p: got {p!r}, which has atoms, must have a density")
    integrals = field_integrals(
        p, Fixed(q), [(d.integrand, d.rounding) for d in DIVERGENCES.values()], transport=True
    )
    names = [_PLAIN.get(name, name) for name in DIVERGENCES]
    rooted(integrals, names.index("wasserstein2"))
    values = dict(zip(names, map(float, integrals.value[:, 0]), strict=True))
    errors = dict(zip(names, map(float, integrals.error[:, 0]), strict=True))
    return Distances(**values, errors=errors, converged=bool(integrals.converged[0]))
