"""Jumps of a generator, and kinks that it does not name: found by bisection before anything is
integrated, since a density that is taken to be smooth across them is wrong without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gandyn.errors import InputError
from gandyn.system.checks import Array, Index

if TYPE_CHECKING:
    from gandyn.generators.base import Generator

__all__ = ["refuse_undeclared"]

_SAMPLES, _SUSPECTS = 257, 4
_NEAREST = 1e-9
"""Share of the latent's reach over which a kink is told from a bend; a jump is over less."""

_STAYS = 0.2
"""Of a jump all stays as its interval is halved, of a smooth change half."""


def refuse_undeclared(generator: Generator) -> None:
    """Look for breaks of G at two states that have nothing in common.

    Raises
    ------
    InputError
        Where G jumps, or its slope does at no end of its `pieces`.
    """
    if generator.affine or generator.entire:
        return
    if not generator.smooth:
        # differences across a kink are no derivative
        if getattr(type(generator).slope, "__qualname__", "") == "Generator.slope":
            raise InputError(
                f"generator: {type(generator).__name__} is not smooth, its slope and curvature "
                "must be given"
            )
        return
    there = np.ones(generator.dimension)
    for theta in (there, there + 0.7 ** np.arange(generator.dimension)):
        with np.errstate(all="ignore"):
            jump, kink = _jump(generator, theta), _kink(generator, theta)
        name = type(generator).__name__
        if jump is not None:
            raise InputError(
                f"generator: {name} jumps at z = {jump:.6g}, must be continuous within its latent"
            )
        if kink is not None:
            raise InputError(
                f"generator: the slope of {name} jumps at z = {kink:.6g}, its pieces must name it, "
                "its smooth be False, and its slope and curvature be given"
            )


def _line(generator: Generator) -> Array:
    low, high = generator.latent.reach
    # no sample on a round number, where a break is likelier than beside it
    return np.asarray(
        low + (high - low) * (np.arange(_SAMPLES) + 0.4142135623730951) / (_SAMPLES + 0.1)
    )


def _largest(sizes: Array) -> Index:
    """Indices of the largest few that are numbers."""
    return np.argsort(np.where(np.isfinite(sizes), sizes, -1.0))[-_SUSPECTS:]


def _jump(generator: Generator, theta: Array) -> float | None:
    """A point at which G jumps, among the intervals over which it changes most."""
    z = _line(generator)
    bent = np.abs(np.diff(generator(z, theta), 2))
    at = np.unique(np.concatenate([_largest(bent), _largest(bent) + 1]))
    low, high = z[at], z[at + 1]
    first = np.abs(generator(high, theta) - generator(low, theta))
    for _ in range(44):
        middle = 0.5 * (low + high)
        left, centre, right = (generator(u, theta) for u in (low, middle, high))
        go = np.abs(centre - left) > np.abs(right - centre)
        low, high = np.where(go, low, middle), np.where(go, middle, high)
    size = np.abs(generator(high, theta) - generator(low, theta))
    found = np.flatnonzero((size > _STAYS * first) & (first > 0.0) & np.isfinite(first))
    return round(float(middle[found[0]]), 9) if len(found) else None


def _kink(generator: Generator, theta: Array) -> float | None:
    """A point at which G' jumps and which is none of the pieces' ends."""
    z = _line(generator)
    value = generator(z, theta)
    step = z[1] - z[0]
    at = _largest(np.abs(np.diff(value, 2))) + 1
    centre, first, size = z[at], None, None
    while step > _NEAREST * (z[-1] - z[0]):
        tries = centre + step * np.array([[-1.0], [-0.5], [0.0], [0.5], [1.0]])
        around = [generator(tries + side * step, theta) for side in (-1.0, 0.0, 1.0)]
        change = np.abs(around[0] - 2.0 * around[1] + around[2]) / step
        best = np.where(np.isfinite(change), change, -1.0).argmax(axis=0)
        each = np.arange(len(centre))
        centre, size = tries[best, each], change[best, each]
        first = size if first is None else first
        step *= 0.5
    assert first is not None and size is not None
    noise = 64.0 * np.finfo(float).eps * np.abs(generator(centre, theta)) / step
    named = np.asarray(generator.pieces(theta), dtype=float)
    apart = np.abs(centre[:, None] - named).min(axis=1, initial=np.inf)
    kinked = (size > _STAYS * first) & (size > noise) & (apart > 8.0 * step)
    found = np.flatnonzero(kinked & np.isfinite(first))
    return round(float(centre[found[0]]), 7) if len(found) else None
