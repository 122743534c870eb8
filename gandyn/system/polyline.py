"""Polylines: how long they are, points evenly along them, and the nearest point of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distance", "even", "feet", "length"]

Array = NDArray[np.float64]


def length(path: Array) -> Array:
    """How far each corner (n, k) lies along a polyline, shape (n,), from 0 on."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


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
