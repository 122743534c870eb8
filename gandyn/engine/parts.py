"""Sums over nodes taken in four interleaved parts: whether they have converged, and how closely.

Halving the spacing h of a trapezoidal sum squares the error e^(−2πd/h) that a pole at distance d
from the line leaves (Trefethen and Weideman, "The exponentially convergent trapezoidal rule",
2014), so that what the sums over the even and the odd nodes are apart, relative to the integral of
the absolute value, is the square root of the error of the whole. The four parts show that error at
four times the spacing, in both of its phases, so that it cannot hide behind one of them.

All is elementwise, in arrays and in plain floats. ``parts`` are the four sums, in the nodes' order,
``size`` is the sum of the absolute values and ``ends`` the larger of these at the window's ends.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["CLOSE", "CONSISTENT", "QUICK", "Rule", "left_over", "settled"]

_CUT = 1e-13
_FAINT = 1e-290
_EPS = 2.0**-52


class Rule(NamedTuple):
    """What halves, and quarters in both phases, may be apart, relative to the absolute value."""

    halves: float
    quarters: float


QUICK = Rule(1e-7, 3e-5)
CLOSE = Rule(1e-9, 1e-5)
"""Where an error estimate goes with the result."""

CONSISTENT = Rule(1e-7, 3e-4)
"""Of what needs no error: one pole leaves the quarters √1e-7 apart where the halves are 1e-7."""


def settled(parts: Any, size: Any, ends: Any, rule: Rule) -> Any:
    """Whether the sum of the four has converged, with nothing left beyond the window."""
    even, odd = parts[0] + parts[2], parts[1] + parts[3]
    phases = abs(parts[0] - parts[2]) + abs(parts[1] - parts[3])
    good = (abs(even - odd) <= rule.halves * size) & (phases <= rule.quarters * size)
    return good & (ends <= _CUT * size)


def left_over(parts: Any, size: Any, ends: Any) -> Any:
    """The error of the sum of the four, its rounding included.

    One pole's error would be squared by halving the spacing; several may cancel in the parts, so
    that a power of 3/2 is what is claimed.
    """
    apart = abs(parts[0] + parts[2] - parts[1] - parts[3])
    return apart * (apart / (size + _FAINT)) ** 0.5 + 10.0 * ends + 8.0 * _EPS * size
