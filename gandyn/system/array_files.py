"""Array files that long work leaves and goes on from."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.system.files import check_target, open_file, whole_file
from gandyn.system.text import show, show_path

_ADVICE = "give another path or delete the file"
_DIGEST = "digest"
_SLACK = 65536
"""Bytes that a member may hold beyond what is expected: its header, and longer texts."""


class ArrayFile:
    """An .npz file, in a folder that exists, of what is done, and of what it was done with.

    Messages call the argument by its name, and the file by its kind, such as "raster". A file that
    is gone on from must agree in all the texts and arrays of `about`; `advice` says what to do
    where it does not.
    """

    def __init__(
        self,
        name: str,
        path: Any,
        kind: str,
        about: Mapping[str, ArrayLike],
        advice: str = _ADVICE,
    ) -> None:
        self.path = Path(path) if isinstance(path, str | os.PathLike) else Path()
        if self.path.suffix != ".npz" or not self.path.parent.is_dir():
            raise InputError(f"{name}: got {show(path)}, must end in .npz, in a folder that exists")
        check_target(name, self.path)
        self._name, self._kind, self._about, self._advice = name, kind, about, advice

    def write(self, arrays: Mapping[str, ArrayLike]) -> None:
        """Write arrays, beside what they are about."""
        held: dict[str, Any] = {**self._about, **arrays}
        held[_DIGEST] = _digest(held)
        with whole_file(self.path) as part, part.open("wb") as stream:
            np.savez(stream, **held)

    def read(self, wanted: Iterable[str], most: int) -> dict[str, NDArray[Any]]:
        """The arrays of these names, of `most` bytes each at most, as they were written.

        An `InputError` where the file is not a whole one of these, of the same, and unaltered.
        """
        mine = {name: np.asarray(value) for name, value in self._about.items()}
        held = self._members({name: value.nbytes for name, value in mine.items()})
        for name, value in mine.items():
            theirs = held[name]
            if not np.array_equal(theirs, value):
                text = value.dtype.kind == "U"
                told = f": {theirs!s:.60} there, {value!s:.60} here" if text else ""
                raise self.refused(f"which differs in {name}{told}; {self._advice}")
        found = self._members(dict.fromkeys(wanted, most))
        if str(self._members({_DIGEST: 0})[_DIGEST]) != _digest(held | found):
            raise self.refused(f"whose arrays do not fit what was written; {self._advice}")
        return found

    def check_kind(self, wanted: Iterable[str]) -> None:
        """Refuse a file that is none of the kind, whatever it is about, and so no one's to lose."""
        self._members(dict.fromkeys((*self._about, *wanted, _DIGEST)))

    def _members(self, sizes: Mapping[str, int | None]) -> dict[str, NDArray[Any]]:
        """The arrays that have a size, of so many bytes at most; the others need only be there."""
        held = {}
        try:
            with open_file(self._name, self.path) as stream, zipfile.ZipFile(stream) as file:
                for name, size in sizes.items():
                    member = file.getinfo(f"{name}.npy")
                    if size is None:
                        continue
                    # what it says here is all that is ever inflated of it
                    if member.file_size > size + _SLACK:
                        raise self.refused(
                            f"whose {name} takes {member.file_size} bytes where {size} do; "
                            f"{self._advice}"
                        )
                    with file.open(member) as array:
                        held[name] = np.lib.format.read_array(array)  # no objects
        except FileNotFoundError:
            raise self.refused("must be a file that exists") from None
        except InputError:
            raise
        except Exception:  # another kind of file fails in any way
            why = f"not a whole {self._kind} (cut short?)"
            raise self.refused(f"{why}; {_ADVICE}") from None
        return held

    def refused(self, why: str) -> InputError:
        """An error of one line about the file."""
        return InputError(f"{self._name}: got {show_path(self.path)}, {why}")


def _digest(held: Mapping[str, ArrayLike]) -> str:
    """What tells arrays from those with anything altered."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in sorted(held.items()):
        array = np.asarray(value)
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data if array.size else b"")
    return digest.hexdigest()
