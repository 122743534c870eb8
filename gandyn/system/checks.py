"""Reading numbers that a caller gave, with one-line messages where they are wrong."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.system.text import show

_MOST = 10**15
"""Of whatever is counted; a number beyond has been mistaken for a count."""

Array = NDArray[np.float64]
FloatArray = Array
AnyArray = NDArray[Any]  # of single or double precision
Index = NDArray[np.intp]


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes, bool, np.bool_)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def finite(name: str, value: Any) -> float:
    """`value` as a float, or an `InputError` that names the argument."""
    number = _number(value)
    if not math.isfinite(number):
        raise InputError(f"{name}: got {show(value)}, must be a finite number")
    return number


def positive(name: str, value: Any) -> float:
    """`value` as a float above zero, or an `InputError` that names the argument."""
    number = _number(value)
    if not (math.isfinite(number) and number > 0):
        raise InputError(f"{name}: got {show(value)}, must be a positive finite number")
    return number


def finite_array(name: str, values: Any) -> FloatArray:
    """`values` as a one-dimensional float array of finite numbers."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name}: got {show(values)}, must be a list of finite numbers") from None
    if array.ndim != 1:
        raise InputError(f"{name}: got an array of shape {array.shape}, must be one-dimensional")
    bad = ~np.isfinite(array)
    if bad.any():
        where = int(np.argmax(bad))
        raise InputError(
            f"{name}: got {float(array[where])} at index {where}, must be finite numbers"
        )
    return array


def as_float(x: ArrayLike) -> FloatArray:
    """`x` as a float array of its own shape."""
    return np.asarray(x, dtype=float)


def number_text(value: float) -> str:
    """The shortest text that reads back as the same float, whole numbers without '.0'."""
    return repr(float(value)).removesuffix(".0")


def need_number(
    name: str, value: Any, low: float, high: float, allowed: str, *, closed: bool = False
) -> None:
    """Refuse what is not a number between `low` (with it, if closed) and below `high`."""
    number = _number(value) if isinstance(value, Real) else math.nan
    # nan is in no interval
    if not (low <= number < high if closed else low < number < high):
        raise InputError(f"{name}: got {show(value)}, must be {allowed}")


def need_count(name: str, value: Any, least: int) -> None:
    """Refuse what is not a whole number from `least` on."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise InputError(f"{name}: got {show(value)}, must be a whole number from {least} on")
    if int(value) > _MOST:
        raise InputError(f"{name}: got {show(value)}, must be at most {_MOST:g}")


def need_names(name: str, values: Any, allowed: Collection[str]) -> list[str]:
    """A list of some of a few words."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"{name}: got {show(values)}, must be a list of names")
    words = list(values)
    for word in words:
        if not isinstance(word, str) or word not in allowed:
            raise InputError(f"{name}: got {show(word)}, must be among {', '.join(allowed)}")
    return words


def need_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse what is not one of a few words."""
    if not isinstance(value, str) or value not in allowed:
        raise InputError(f"{name}: got {show(value)}, must be one of {', '.join(allowed)}")
