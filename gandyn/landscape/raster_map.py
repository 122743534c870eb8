"""Where each of many starts ends, at each value of a parameter: every flow followed, on all cores.

Each value is a task of its own and its ends are put in their place, so that the result depends
neither on how many processes work nor on interruptions.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator
from concurrent.futures import BrokenExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.landscape.basin_map import attractors_reached
from gandyn.landscape.census import on_side
from gandyn.landscape.family import Template, member_of, only_name
from gandyn.landscape.plane import Plane, check_states
from gandyn.system.array_files import ArrayFile
from gandyn.system.checks import Array, finite_array, show
from gandyn.system.memory import need_memory
from gandyn.system.processes import crew, travels, worker_count
from gandyn.system.progress import Progress
from gandyn.system.results import Result, columns, plain

Ends = tuple[Array, list[str]]

_SECONDS = 2.0
"""Between two writings of the file."""
_FOUND = ("done", "final", "labels", "names")
_MOST = 16
"""Times the bytes of the ends that any array of a file may take: names may be long."""
_EACH = 64
"""Bytes that an end takes."""


@dataclass(frozen=True, eq=False)
class Raster(Result):
    """The ends of flows over a parameter and starts.

    Attributes
    ----------
    values : ndarray, shape (V,)
    starts : ndarray, shape (S, 2)
    final : ndarray, shape (V, S, 2)
        (a, b) where each flow came to rest, or got stuck; nan where not done.
    labels : ndarray of int, shape (V, S)
        Index into `names` of the attractor reached; −1 where none that is known, or not done.
    names : tuple of str
        Of all attractors reached, in the order of the alphabet.
    done : ndarray of bool, shape (V,)
    status : int
        0; −1 where not all is done.
    message : str
    """

    values: Array
    starts: Array
    final: Array
    labels: NDArray[np.intp]
    names: tuple[str, ...]
    done: NDArray[np.bool_]
    status: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """All as strict JSON has it."""
        places = {"starts": columns(self.starts), "final": columns(self.final)}
        return super().as_dict() | plain(places)


def raster(
    family: Any,
    values: ArrayLike,
    starts: ArrayLike,
    path: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    *,
    called: str = "path",
) -> Raster:
    """Follow the flow from every start to its end, at every value of a parameter.

    Parameters
    ----------
    family : Template or callable
        Value of the parameter -> Game, as `equilibria` takes it; a template of one name.
    values : array_like, shape (V,)
        Rising.
    starts : array_like, shape (S, 2)
        (a, b), on either side of a = 0.
    path : path, optional
        An .npz file for what is done, written whole every few seconds and at the end. Where it is
        there already, made with the same settings, the work goes on where it stopped.
    workers : int, optional
        Processes; by default one a core. With 1 all is done in this process, as it is for a family
        that cannot be sent to another, such as a lambda.
    progress : callable, optional
        Told the fraction done and the value just done.
    called : str
        What messages call `path`.

    Returns
    -------
    Raster
        After Ctrl-C, or where a process was killed: what was done by then, with status −1.

    Raises
    ------
    InputError
        For other arguments, where a member is not a valid game (the first and the last are tried
        before the work starts), and for a file of other settings or cut short, left as it is.
    OSError
        If the file cannot be written.

    Notes
    -----
    An end is named after the attractor there among the `equilibria` of its value. The result is the
    same to the last bit for any number of processes. A script that defines a function as the family
    must call this under ``if __name__ == "__main__":``, as each process imports it anew.

    Examples
    --------
    >>> from gandyn.landscape import template
    >>> family = template("0.5*N(-{m}, 1) + 0.5*N({m}, 1)")
    >>> found = raster(family, [1.5, 4.0], [[1.0, 3.5]], workers=1)
    >>> [found.names[k] for k in found.labels[:, 0]]
    ['averages all modes', 'collapsed onto mode 2 of 2']
    """
    settings = _settings(family, values, starts)
    shape = len(settings["values"]), len(settings["starts"])
    need_memory(f"values: got {shape[0]} with {shape[1]} starts", _EACH * shape[0] * shape[1])
    count, note = worker_count(workers), ""
    if count > 1 and not travels(family):
        count, note = 1, "; in this process, as the family cannot be sent to another"
    sheet = _Sheet(settings, path, called)
    try:
        with closing(_work(family, sheet, count)) as results:
            for k, ends in results:
                sheet.enter(k, *ends)
                if progress is not None:
                    progress(float(sheet.done.mean()), f"value {sheet.values[k]:.4g}")
    except KeyboardInterrupt:
        note += "; interrupted"
    except BrokenExecutor:
        note += '; a process died: short of memory, or no `if __name__ == "__main__":`'
    finally:
        sheet.write()
    labels, names = sheet.labels()
    lost, whole = int((labels[sheet.done] < 0).sum()), bool(sheet.done.all())
    message = f"{sheet.done.sum()} of {len(sheet.done)} values done{note}"
    message += f"; flows to no known attractor: {lost}" if lost else ""
    if not whole:
        message += "; call again to go on" if sheet.file else "; with a path, it could go on"
    arrays = sheet.values, sheet.starts, sheet.final, labels
    return Raster(*arrays, tuple(names), sheet.done, 0 if whole else -1, message)


class _Sheet:
    """What is done so far, and the file that keeps it."""

    def __init__(self, settings: dict[str, Any], path: Any, called: str) -> None:
        self.file = None if path is None else ArrayFile(called, path, "raster", settings)
        self.values, self.starts = settings["values"], settings["starts"]
        shape = len(self.values), len(self.starts)
        self.done = np.zeros(shape[0], dtype=bool)
        self.final = np.full((*shape, 2), np.nan)
        self.codes = np.zeros(shape, dtype=np.intp)
        self.book = {"": 0}  # names, in the order in which they came
        if self.file is not None and self.file.path.exists():
            held = self.file.read(_FOUND, _MOST * self.final.nbytes)
            self.done, self.final, self.codes = held["done"], held["final"], held["labels"] + 1
            self.book = {name: k for k, name in enumerate(["", *held["names"].tolist()])}
        self.write()  # proves that it can be, before the work starts

    def enter(self, k: int, final: Array, reached: list[str]) -> None:
        """Put the ends of one value in their place."""
        self.codes[k] = [self.book.setdefault(name, len(self.book)) for name in reached]
        self.final[k] = final
        self.done[k] = True
        if time.monotonic() - self.written >= _SECONDS:
            self.write()

    def labels(self) -> tuple[NDArray[np.intp], list[str]]:
        """The names reached as indices, and the names in order; "", which comes first, is −1."""
        names = sorted(self.book)
        return np.array([names.index(name) - 1 for name in self.book])[self.codes], names[1:]

    def write(self) -> None:
        """Write the file, whole or not at all."""
        self.written = time.monotonic()
        if self.file is not None:
            labels, names = self.labels()
            found = self.done, self.final, labels, np.array(names, dtype=str)
            self.file.write(dict(zip(_FOUND, found, strict=True)))


def _work(family: Any, sheet: _Sheet, count: int) -> Generator[tuple[int, Ends], None, None]:
    """Index and ends of one value after the other that is not done, in any order."""
    todo = {int(k): float(sheet.values[k]) for k in np.flatnonzero(~sheet.done)}
    count = min(count, len(todo))
    if count <= 1:
        for k, value in todo.items():
            yield k, _ends(family, value, sheet.starts)
        return
    with crew(count, family) as submit:
        tasks = {submit(_ends, family, todo[k], sheet.starts): k for k in todo}
        for task in as_completed(tasks):
            yield tasks[task], task.result()


def _ends(family: Any, value: float, starts: Array) -> Ends:
    """Where the flow from each start ends, and the name of the attractor there, or ""."""
    game = _member(family, value)
    final, reached = np.full(starts.shape, np.nan), np.full(len(starts), "", dtype=object)
    for side in np.unique(np.sign(starts[:, 0])):
        found, mine = on_side(Plane(game.centred, side)), np.sign(starts[:, 0]) == side
        index, ends = attractors_reached(found, game.near(starts[mine]))
        final[mine] = game.far(ends)
        names = np.array([*(point.name for point in found), ""], dtype=object)
        reached[mine] = names[index]
    return final, reached.tolist()


def _member(family: Any, value: float) -> Game:
    game = member_of(family, [only_name(family)])(value)
    if not isinstance(game, Game):
        raise InputError(f"family: got {show(game)} at {value:g}, must give a Game")
    Plane(game)  # of a scale and a place
    return game


def _settings(family: Any, values: Any, starts: Any) -> dict[str, Any]:
    """What a file must agree in; the force at four states, as families may share a name."""
    values = finite_array("values", values).copy()
    if not values.size or not (np.diff(values) > 0).all():
        raise InputError(f"values: got {show(values.tolist())}, must be one or more rising numbers")
    starts = check_states("starts", starts)
    if not callable(family) or (isinstance(family, Template) and len(family.names) != 1):
        got = show(getattr(family, "text", family))
        raise InputError(f"family: got {got}, must be a template of one name, or a function")
    owner = family if hasattr(family, "__qualname__") else type(family)
    text = getattr(family, "text", f"{owner.__module__}.{owner.__qualname__}")
    games = [_member(family, float(value)) for value in values[[0, -1]]]
    latent = re.sub(" at 0x[0-9a-fA-F]+", "", str(games[0].generator.latent))
    ends = starts[[0, -1]]
    pushes = [game.force(Plane(game).state(ends)) for game in games]
    force = np.nan_to_num(np.round(pushes, 6))
    about = {"family": text, "objective": games[0].objective.name, "latent": latent}
    return {**about, "values": values, "starts": starts, "force": force}
