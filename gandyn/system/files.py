"""Files: those that appear whole or not at all, and where array files may be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gandyn.errors import InputError
from gandyn.system.checks import show

__all__ = ["array_path", "whole_file"]


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


def array_path(name: str, path: Any) -> Path:
    """The path of an array file in a folder that exists.

    Raises
    ------
    InputError
        Naming the argument, where it is none.
    """
    if isinstance(path, str | os.PathLike):
        file = Path(path)
        if file.suffix == ".npz" and file.parent.is_dir():
            return file
    raise InputError(f"{name}: got {show(path)}, must end in .npz, in a folder that exists")
