"""Polylines: how long they are, points evenly along them, and the nearest point of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gandyn.system.checks import Array


def length(path: Array) -> Array:
    """How far each corner (n, k) lies along a polyline, shape (n,), from 0 on."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


def travel(curves: ArrayLike) -> Array:
    """How far each sample of a curve (T,) or (T, k) lies along it, shape (T,).

    From 0 to 1, not falling, every column measured in units of its own travel; all zero where
    nothing moves.
    """
    columns = np.asarray(curves, dtype=float)
    columns = columns.reshape(len(columns), -1)
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.diff(columns, axis=0))
    steps[~np.isfinite(steps)] = 0.0
    total = steps.sum(axis=0)
    moved = (steps / np.where(total > 0, total, 1.0)).sum(axis=1)
    length = np.concatenate([[0.0], np.cumsum(moved)])
    return length / length[-1] if length[-1] > 0 else length


def pace(t: Array, path: ArrayLike) -> Array:
    """How far along a path each time is, so that even steps of it show a change in each.

    A twentieth of it follows time itself, or the times of rest would all be one.
    """
    return 0.95 * travel(path) + 0.05 * (t - t[0]) / (float(t[-1] - t[0]) or 1.0)


def up_to(end: float, count: int, first: float = 1e-5) -> Array:
    """0, and times up to `end` that are even in their logarithm, from that share of it on.

    As many as `count` and one, or as numbers tell apart.
    """
    return np.unique(np.concatenate([[0.0], end * np.geomspace(first, 1.0, count)]))


def even(path: Array, count: int, along: Array | None = None) -> Array:
    """Points (count, k) evenly along a polyline (n, k), its ends included.

    `along` (n,) says how far the corners lie, in whatever unit; their distance by default.
    """
    along = length(path) if along is None else along
    places = np.linspace(along[0], along[-1], count)
    return np.stack([np.interp(places, along, column) for column in path.T], axis=1)


def feet(path: Array, point: Array) -> tuple[Array, Array]:
    """The point (n − 1, k) of each piece nearest to a point (k,), and which part of the piece."""
    piece = np.diff(path, axis=0)
    square = np.maximum((piece**2).sum(axis=1), 1e-300)
    part = np.clip(((point - path[:-1]) * piece).sum(axis=1) / square, 0.0, 1.0)
    return path[:-1] + part[:, None] * piece, part


def distance(path: Array, points: Array) -> Array:
    """From points (..., k) to the nearest of a polyline (n, k), shape (...)."""
    flat = points.reshape(-1, points.shape[-1])
    if len(path) == 1:
        out = np.linalg.norm(flat - path[0], axis=1)
    else:
        nearest = (np.linalg.norm(feet(path, point)[0] - point, axis=1).min() for point in flat)
        out = np.fromiter(nearest, float, len(flat))
    return out.reshape(points.shape[:-1])
