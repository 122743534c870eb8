"""What is written appears whole or not at all: files, folders of them, arrays to go on from."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.system.checks import show

_ADVICE = "give another path or delete the file"


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside ``path`` to write to; on success it takes the place of ``path``.

    If the block raises, the temporary file is removed and ``path`` is as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from gandyn.system.files import whole_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "note.txt") as temporary:
    ...         length = temporary.write_text("all or nothing")
    ...     print([path.name for path in Path(folder).iterdir()])
    ['note.txt']
    """
    target = Path(path)
    part = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        yield part
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def writable_folder(path: str | os.PathLike[str], name: str = "output") -> Iterator[Path]:
    """Make a folder, with the folders above it, and make sure that files can be written there.

    If the block raises, the folders that were made here are removed again where they are empty. An
    `InputError`, with the argument's name, tells of a path that is a file or cannot be written to.
    """
    folder = Path(path)
    made: list[Path] = []
    try:
        try:
            if folder.exists() and not folder.is_dir():
                raise InputError(f"{name}: got {str(path)!r}, a file; must be a folder")
            missing = [part for part in (folder, *folder.parents) if not part.exists()]
            for part in reversed(missing):
                part.mkdir()
                made.append(part)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise InputError(
                f"{name}: got {str(path)!r} ({reason}), must be a folder that can be written to"
            ) from None
        yield folder
    except BaseException:
        for part in reversed(made):
            with suppress(OSError):
                part.rmdir()
        raise


@contextmanager
def staged_folder(path: str | os.PathLike[str], name: str = "output") -> Iterator[Path]:
    """Give a hidden folder within `path`; on success its files move to `path`, one by one.

    If the block raises, nothing of it is left and files that were in `path` are as they were.
    """
    with writable_folder(path, name) as folder:
        stage = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        try:
            yield stage
            # A page is moved after all that it may show.
            for part in sorted(stage.iterdir(), key=lambda file: (file.suffix == ".html", file)):
                target = folder / part.name
                if target.is_dir():
                    raise InputError(
                        f"{name}: got {str(path)!r} with a folder named {part.name!r} in it, "
                        "must be free for a file of that name"
                    )
                os.replace(part, target)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


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
