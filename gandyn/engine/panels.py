"""Integrals of a field over the line, on panels fitted to both densities."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.mesh import fitted, panels_between
from gandyn.engine.quadrature import Integrals, integrate
from gandyn.generators.fixed import quantile
from gandyn.generators.generated import Generated
from gandyn.objectives.field import AtAtoms, Field

__all__ = ["field_integrals", "rooted"]

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
