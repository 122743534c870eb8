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

_APART = 4.0 * float(np.finfo(float).eps)


def check_size(name: str, law: Distribution) -> None:
    """Refuse what is no density, by the argument's name, or one whose features no number holds."""
    if not isinstance(law, Distribution):
        raise InputError(f"{name}: got {show(law)}, must be a Distribution (see gandyn.parse)")
    with np.errstate(all="ignore"):
        reach = law.reach
    if not np.isfinite(reach).all():
        raise InputError(f"{name}: got {show(law)}, must have quantiles that are finite numbers")
    for place, width in law.landmarks.tolist():
        if not (abs(place) <= MOST and LEAST <= width <= MOST):
            told = f"places up to {MOST:g} and widths from {LEAST:g} to {MOST:g}"
            raise InputError(
                f"{name}: got a feature of width {width:g} at {place:g}, must have {told}: rescale"
            )
        if width < _APART * abs(place):
            raise InputError(
                f"{name}: got a feature of width {width:g} at {place:g}, where numbers are "
                f"{abs(place) * 0.25 * _APART:.2g} apart; must be wider, or nearer to 0: shift"
            )
