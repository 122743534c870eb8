"""What results share: equal where all their parts are, plain data, and whether they succeeded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any, ClassVar


class Plain:
    """A dataclass with a plain form of the fields that are `shown`: all, by default."""

    shown: ClassVar[tuple[str, ...]] = ()

    def as_dict(self) -> dict[str, Any]:
        """The fields as strict JSON has them; states `theta` are their columns "a" and "b"."""
        entry: dict[str, Any] = {}
        for name in self.shown or [field.name for field in fields(self)]:  # type: ignore[arg-type]
            value = getattr(self, name)
            entry |= columns(value) if name == "theta" else {name: value}
        return {key: plain(value) for key, value in entry.items()}


class Alike(Plain):
    """Base of dataclasses that hold arrays: equal where every field is, nan to nan."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]


class Result(Alike):
    """Base of results with a `status`: 0 as asked, negative where something is missing."""

    status: int

    @property
    def success(self) -> bool:
        """Whether the status is 0 or above."""
        return self.status >= 0


def columns(theta: Any) -> dict[str, Any]:
    """States (..., 2) as their columns "a" and "b"; others as they are."""
    if theta.shape[-1] != 2:
        return {"theta": theta}
    return {"a": theta[..., 0], "b": theta[..., 1]}


def listed(entry: Any) -> Any:
    """An entry with lists in the place of arrays and pairs [re, im] in that of complex numbers."""
    return _walked(entry, lambda number: number)


def plain(entry: Any) -> Any:
    """An entry as strict JSON has it: infinite numbers become "inf", "-inf" and undefined "nan"."""
    return _walked(entry, lambda number: number if math.isfinite(number) else str(number))


def _walked(entry: Any, told: Callable[[float], Any]) -> Any:
    if isinstance(entry, dict):
        return {str(key): _walked(value, told) for key, value in entry.items()}
    if hasattr(entry, "as_dict"):
        return _walked(entry.as_dict(), told)
    if isinstance(entry, list | tuple):
        return [_walked(value, told) for value in entry]
    if isinstance(entry, set | frozenset):
        return _walked(sorted(entry), told)
    if hasattr(entry, "tolist"):
        return _walked(entry.tolist(), told)
    if isinstance(entry, complex):
        return _walked([entry.real, entry.imag] if entry.imag else entry.real, told)
    return told(entry) if isinstance(entry, float) else entry


def _same(one: Any, other: Any) -> bool:
    import numpy as np  # here, so that the help of a command waits for nothing

    if isinstance(one, np.ndarray):
        alike = isinstance(other, np.ndarray) and one.dtype == other.dtype
        return alike and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other or (one != one and other != other))
