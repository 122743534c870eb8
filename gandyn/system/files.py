"""What is written appears whole or not at all: files, and folders of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gandyn.errors import InputError


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
