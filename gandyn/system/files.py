"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
