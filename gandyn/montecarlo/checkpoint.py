"""A run's state in an array file: read without pickle, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.system.checks import show
from gandyn.system.files import whole_file

__all__ = ["read", "write"]

_ADVICE = "give another file, or the settings that it was made with"


def write(path: Path, about: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays, and texts that say what they are of."""
    texts = {f"about_{key}": np.array(text) for key, text in about.items()}
    held: dict[str, Any] = texts | dict(arrays)
    with whole_file(path) as part, part.open("wb") as stream:
        np.savez(stream, **held)


def read(
    name: str, path: Path, about: Mapping[str, str], wanted: list[str]
) -> dict[str, NDArray[Any]]:
    """The arrays of a file that is about the same.

    Raises
    ------
    InputError
        Where the file is cut short or of another kind, or about something else.
    """
    where = f"{name}: got {str(path)!r}"
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            held = {key: file[key] for key in wanted}
            texts = {key: str(file[f"about_{key}"]) for key in about}
    except FileNotFoundError:
        raise InputError(f"{where}, must be a file that exists") from None
    except Exception:  # another kind of file fails in any way
        raise InputError(f"{where}, which is no whole checkpoint (cut short?)") from None
    for key, mine in about.items():
        if texts[key] != mine:
            raise InputError(f"{where}, {_difference(key, texts[key], mine)}; {_ADVICE}")
    return held


def _difference(key: str, theirs: str, mine: str) -> str:
    import json

    try:
        there, here = json.loads(theirs), json.loads(mine)
        names = [name for name in here if there.get(name) != here[name]]
    except (ValueError, TypeError, AttributeError):
        names = []
    if not names:
        return f"a checkpoint of other {key}: {show(theirs)} there, {show(mine)} here"
    first = names[0]
    return (
        f"a checkpoint of another {first}: {show(there.get(first))} there, {show(here[first])} here"
    )
