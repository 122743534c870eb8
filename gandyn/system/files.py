"""What is written appears whole or not at all: files, and folders of them."""

from __future__ import annotations

import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gandyn.errors import InputError
from gandyn.system.text import show_path

try:
    import fcntl
except ModuleNotFoundError:  # on Windows, where what a kill leaves behind stays
    fcntl = None  # type: ignore[assignment]

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_STEM = 40
"""Characters of a file's name that are part of a hidden one, which must not be too long."""


def check_target(name: str, path: Path) -> None:
    """Refuse a path, by the argument's name, where something other than a file is."""
    try:
        kind = _KINDS.get(stat.S_IFMT(path.stat().st_mode))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        kind = _reason(error)
    if kind is not None:
        raise InputError(f"{name}: got {show_path(path)}, {kind}; must be free for a file")


@contextmanager
def open_file(name: str, path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to be read; an `InputError` for a pipe or a device, which may have no end."""

    def opener(given: str, flags: int) -> int:
        # or a pipe that nobody writes to would be waited for
        return os.open(given, flags | getattr(os, "O_NONBLOCK", 0))

    with open(path, "rb", opener=opener) as file:
        kind = _KINDS.get(stat.S_IFMT(os.fstat(file.fileno()).st_mode))
        if kind is not None:
            raise InputError(f"{name}: got {show_path(path)}, {kind}; must be a file")
        yield file


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside ``path`` to write to; on success it takes the place of ``path``.

    If the block raises, the temporary file is removed and ``path`` is as it was. What a process
    that was killed has left of the kind is removed, too.

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
    check_target("path", target)
    names = f".{target.stem[:_STEM]}.", f".part{target.suffix}"
    with _hidden(target.parent, *names, lambda part: part.touch(exist_ok=False)) as part:
        yield part
        os.replace(part, target)


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
                raise InputError(f"{name}: got {show_path(path)}, a file; must be a folder")
            missing = [part for part in (folder, *folder.parents) if not part.exists()]
            for part in reversed(missing):
                part.mkdir()
                made.append(part)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            got = f"{name}: got {show_path(path)} ({_reason(error)})"
            raise InputError(f"{got}, must be a folder that can be written to") from None
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
    with writable_folder(path, name) as folder, _hidden(folder, ".part-", "", Path.mkdir) as stage:
        yield stage
        # A page is moved after all that it may show.
        for part in sorted(stage.iterdir(), key=lambda file: (file.suffix == ".html", file)):
            target = folder / part.name
            if target.is_dir():
                raise InputError(
                    f"{name}: got {show_path(path)} with a folder named {part.name!r} in it, "
                    "must be free for a file of that name"
                )
            os.replace(part, target)


@contextmanager
def _hidden(parent: Path, prefix: str, suffix: str, make: Callable[[Path], None]) -> Iterator[Path]:
    """Make a file or folder of a name that no other process or thread has; gone in the end.

    So is, before, what others have left that are no more: a lock, which outlives no process, tells.
    """
    for left in parent.glob(f"{glob.escape(prefix)}*{glob.escape(suffix)}"):
        with suppress(OSError), _locked(left, wait=False):
            _remove(left)
    while True:
        part = parent / f"{prefix}{os.urandom(4).hex()}{suffix}"
        make(part)
        with _locked(part, wait=True):
            if part.exists():  # or another has taken it for one that was left
                try:
                    yield part
                finally:
                    _remove(part)
                return


@contextmanager
def _locked(path: Path, wait: bool) -> Iterator[None]:
    """Within, nobody else has this lock; an `OSError` where somebody has and is not waited for."""
    if fcntl is None:
        if not wait:
            raise OSError
        yield
        return
    try:
        held = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        if not wait:
            raise
        yield  # another has removed it, having taken it for one that was left
        return
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # a disk without locks
            if not wait:
                raise
        yield
    finally:
        os.close(held)


def _reason(error: Exception) -> str:
    """What the system says of a path that it does not take."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _remove(path: Path) -> None:
    """Remove a file or folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
