"""The checks that settings have in common."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from gandyn.errors import InputError

__all__ = ["need_choice", "need_count", "need_number", "need_widths"]


def need_number(
    name: str, value: Any, low: float, high: float, allowed: str, *, closed: bool = False
) -> None:
    """Refuse what is not a number between `low` (with it, if closed) and below `high`."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    # nan is in no interval
    if not number or not (low <= value < high if closed else low < value < high):
        raise InputError(f"{name}: got {value!r:.60}, must be {allowed}")


def need_count(name: str, value: Any, least: int) -> None:
    """Refuse what is not a whole number from `least` on."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise InputError(f"{name}: got {value!r:.60}, must be a whole number from {least} on")


def need_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse what is not one of a few words."""
    if not isinstance(value, str) or value not in allowed:
        raise InputError(f"{name}: got {value!r:.60}, must be one of {', '.join(allowed)}")


def need_widths(name: str, value: Any) -> None:
    """Refuse what is not a tuple of whole numbers above 0."""
    if not isinstance(value, tuple) or not value:
        raise InputError(f"{name}: got {value!r:.60}, must be a tuple of one or more widths")
    for width in value:
        need_count(name, width, 1)
