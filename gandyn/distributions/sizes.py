"""Which densities are of a size that can be computed with."""

from __future__ import annotations

import numpy as np

from gandyn.distributions.base import Distribution
from gandyn.errors import InputError
from gandyn.system.text import show

LEAST, MOST = 1e-50, 1e50
"""Of widths and places. Powers of what lies between, which all values are made of, are numbers."""

SMALLEST = 1e-100
"""Of the scale of what is generated, which flows may bring close to 0."""

_APART = 64.0 * float(np.finfo(float).eps)


def check_size(name: str, law: Distribution) -> None:
    """Refuse what is no density, by the argument's name, or one that no number holds."""
    if not isinstance(law, Distribution):
        raise InputError(f"{name}: got {show(law)}, must be a Distribution (see gandyn.parse)")
    for part in getattr(law, "components", ()):
        check_size(name, part)
    with np.errstate(all="ignore"):
        reach = law.reach
    if not np.isfinite(reach).all():
        raise InputError(f"{name}: got {show(law)}, must have quantiles that are finite numbers")
    places, widths = law.landmarks.T
    place, width = float(np.abs(places).max()), float(widths.max())
    if not (place <= MOST and LEAST <= width <= MOST):
        told = f"places up to {MOST:g} and widths from {LEAST:g} to {MOST:g}"
        raise InputError(
            f"{name}: got a density of width {width:g} at {place:g}, must have {told}: rescale"
        )
    far = float(np.abs(reach).max())
    if np.ptp(reach) < _APART * far:
        raise InputError(
            f"{name}: got a density of width {width:g} at {place:g}, where numbers are "
            f"{float(np.spacing(far)):.2g} apart; must be wider, or nearer to 0: shift"
        )
