"""What results share: they are equal where all their parts are, and say whether they succeeded."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from gandyn.system.plain import Plain


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


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        alike = isinstance(other, np.ndarray) and one.dtype == other.dtype
        return alike and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other or (one != one and other != other))
