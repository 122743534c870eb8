"""Results where x is measured from 0, of work done about the place of the data.

Within, the landscape takes games as `Game.centred` gives them: of data many widths away from 0 the
digits that are left of a state are too few to tell where a force vanishes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

__all__ = ["about_one_place", "box_about", "centred", "handed_out", "moved", "place_of"]

T = TypeVar("T")
Box = tuple[float, float, float, float]

_STATES = ("theta", "path", "saddle")
"""Fields that hold states (..., 2), where they are arrays."""


def place_of(game: Any) -> float:
    """Where the data of a game, or of one with known rest points, are: see `Game.place`."""
    return float(getattr(getattr(game, "game", game), "place", 0.0))


def centred(game: Any) -> Any:
    """The game, x measured from its place."""
    return getattr(game, "centred", game)


def box_about(box: Box, place: float) -> Box:
    """A box of (a, b), b measured from a place."""
    return box[0], box[1], box[2] - place, box[3] - place


def about_one_place(make: Callable[..., Any], *values: float) -> tuple[Callable[..., Any], float]:
    """A family of games, x measured from the place of the member at some values, and that place."""
    place = place_of(make(*values))
    return (make if place == 0.0 else lambda *at: make(*at).seen_from(place)), place


def handed_out(result: T, game: Any) -> T:
    """What was found about the place of a game, or of that of rest points, with x from 0."""
    return moved(result, place_of(game), getattr(game, "game", game))


def moved(result: T, by: float, game: Any = None) -> T:
    """A result with all its states higher by a place, of another game."""
    return result if by == 0.0 else _moved(result, by, game, "")


def _moved(entry: Any, by: float, game: Any, name: str) -> Any:
    if name == "game":
        return game
    if name == "b":
        return entry + by
    if name == "box":
        return None if entry is None else box_about(entry, -by)
    if name in _STATES and isinstance(entry, np.ndarray):
        return entry + np.array([0.0, by])
    if name != "near" and is_dataclass(entry) and not isinstance(entry, type):
        parts = {f.name: _moved(getattr(entry, f.name), by, game, f.name) for f in fields(entry)}
        if "near" in parts:
            parts["near"] = entry
        return replace(entry, **parts)
    if isinstance(entry, tuple):
        return tuple(_moved(part, by, game, "") for part in entry)
    return entry
