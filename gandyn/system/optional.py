"""Packages that NumPy and SciPy alone do not bring, and what to install for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MissingPackage(ImportError):
    """A package that one room needs is not installed; the message says what to install."""


@contextmanager
def needed_by(room: str) -> Iterator[None]:
    """Around the imports of a room, whose name is also that of the extra which installs them."""
    try:
        yield
    except (ModuleNotFoundError, MissingPackage) as error:
        line = f"gandyn.{room} needs {error.name}: pip install 'gandyn[{room}]'"
        raise MissingPackage(line, name=error.name) from error
