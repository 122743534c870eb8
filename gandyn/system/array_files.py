"""Array files that long work leaves and goes on from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.system.checks import show
from gandyn.system.files import whole_file

_ADVICE = "give another path or delete the file"


class ArrayFile:
    """An .npz file, in a folder that exists, of what is done, and of what it was done with.

    Messages call the argument by its name, and the file by its kind, such as "raster". A file that
    is gone on from must agree in all the texts and arrays of `about`.
    """

    def __init__(self, name: str, path: Any, kind: str, about: Mapping[str, ArrayLike]) -> None:
        self.path = Path(path) if isinstance(path, str | os.PathLike) else Path()
        if self.path.suffix != ".npz" or not self.path.parent.is_dir():
            raise InputError(f"{name}: got {show(path)}, must end in .npz, in a folder that exists")
        self._name, self._kind, self._about = name, kind, about

    def write(self, arrays: Mapping[str, ArrayLike]) -> None:
        """Write arrays, beside what they are about."""
        held: dict[str, Any] = {**self._about, **arrays}
        with whole_file(self.path) as part, part.open("wb") as stream:
            np.savez(stream, **held)

    def read(self, wanted: Iterable[str]) -> dict[str, NDArray[Any]]:
        """The arrays of these names; an `InputError` where the file is not a whole one of these."""
        where = f"{self._name}: got {str(self.path)!r}"
        try:
            with self.path.open("rb") as stream, np.load(stream) as file:
                held = {key: file[key] for key in (*self._about, *wanted)}
        except FileNotFoundError:
            raise InputError(f"{where}, must be a file that exists") from None
        except Exception:  # another kind of file fails in any way
            why = f"not a whole {self._kind} (cut short?)"
            raise InputError(f"{where}, {why}; {_ADVICE}") from None
        for key, mine in self._about.items():
            theirs = held.pop(key)
            if not np.array_equal(theirs, mine):
                told = f": {theirs!s:.60} there, {mine:.60} here" if isinstance(mine, str) else ""
                raise InputError(f"{where}, which differs in {key}{told}; {_ADVICE}")
        return held
