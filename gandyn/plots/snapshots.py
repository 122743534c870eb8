"""Frames of training: p, p_g and the learned D at each snapshot, for pictures and animations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from gandyn.errors import InputError
from gandyn.plots.moments import Moment

Array = NDArray[np.float64]

_BINS = 60
_EVEN = 400


def training_moments(run: Any, replica: int = 0, *, frames: int = 60) -> list[Moment]:
    """The curves of one replica at its snapshots, over one stretch of x.

    p_g is its density for the generator a z + b, and a histogram of 256 equally probable images
    for a network. D is left out beyond the places where it was written down.

    Parameters
    ----------
    run : Training
        Of it ``data``, ``game``, ``step``, ``theta``, ``snapshot_step``, ``images``, ``places``
        and ``logits``.
    replica : int
    frames : int
        At most; they are evenly chosen among the snapshots.

    Returns
    -------
    list of Moment
        With titles such as ``"step 240"``; snapshots after a replica ended are left out.

    Raises
    ------
    InputError
        If there is no such replica, or it has no snapshot.

    Examples
    --------
    >>> from gandyn import MLP, Settings
    >>> plan = Settings(discriminator=MLP((8,)), steps=20, record_every=5, snapshots=3)
    >>> run = gandyn.train(gandyn.Game(gandyn.Normal(4, 1)), plan, rng=0, replicas=3)
    >>> [frame.title for frame in plots.training_moments(run, frames=3)]
    ['step 0', 'step 10', 'step 20']
    """
    count = len(run.images)
    if not 0 <= replica < count:
        raise InputError(f"replica: got {replica}, must be from 0 to {count - 1}")
    images = np.asarray(run.images[replica], dtype=float)
    logits = np.asarray(run.logits[replica], dtype=float)
    kept = np.flatnonzero(np.isfinite(images).all(axis=1) & np.isfinite(logits).any(axis=1))
    if not kept.size:
        raise InputError("run: got no snapshots of the replica, must be at least one")
    kept = kept[np.unique(np.linspace(0, kept.size - 1, frames).round().astype(int))]
    places = np.asarray(run.places, dtype=float)
    low = min(float(places[0]), float(np.quantile(images[kept], 0.02, axis=1).min()))
    high = max(float(places[-1]), float(np.quantile(images[kept], 0.98, axis=1).max()))
    edges = np.linspace(low, high, _BINS + 1)
    x = _grid(run.data, edges)
    data = np.exp(run.data.logpdf(x))
    out = []
    for k in kept:
        step = int(run.snapshot_step[k])
        state = run.theta[replica, np.searchsorted(run.step, step)]
        if np.isfinite(state).all():
            generated = np.exp(run.game.generator.pushforward(state).logpdf(x))
        else:
            generated = _histogram(x, images[k], edges)
        out.append(snapshot_moment(x, data, generated, places, logits[k], step))
    return out


def snapshot_moment(
    x: ArrayLike,
    data: ArrayLike,
    generated: ArrayLike,
    places: ArrayLike,
    logits: ArrayLike,
    step: int,
) -> Moment:
    """One frame, titled ``"step 240"``, with D = σ(logits) between the places.

    Parameters
    ----------
    x : array, shape (m,)
    data, generated : array, shape (m,)
        The densities p and p_g there.
    places, logits : array, shape (l,)
        Where the learned discriminator was written down, rising, and its logit there.
    step : int

    Examples
    --------
    >>> x = np.linspace(-4, 4, 81)
    >>> density = np.exp(-x**2 / 2) / np.sqrt(2 * np.pi)
    >>> frame = plots.snapshot_moment(x, density, density, [-4.0, 4.0], [0.0, 0.0], 240)
    >>> frame.title, frame.discriminator[0]
    ('step 240', np.float64(0.5))
    """
    grid = np.asarray(x, dtype=float)
    at, known = np.asarray(places, dtype=float), np.asarray(logits, dtype=float)
    logit = np.interp(grid, at, known, left=np.nan, right=np.nan)
    return Moment(
        grid,
        np.asarray(data, dtype=float),
        np.asarray(generated, dtype=float),
        expit(logit),
        f"step {step}",
        "D",
    )


def _grid(data: Any, edges: Array) -> Array:
    """An even grid, both sides of each bin's edge, and points over narrow features of the data."""
    marks = np.asarray(data.landmarks, dtype=float).reshape(-1, 2)
    features = (marks[:, :1] + marks[:, 1:] * np.linspace(-5, 5, 61)).ravel()
    even = np.linspace(edges[0], edges[-1], _EVEN)
    points = np.unique(np.concatenate([even, features, edges, np.nextafter(edges, np.inf)]))
    return points[(points >= edges[0]) & (points <= edges[-1])]


def _histogram(x: Array, images: Array, edges: Array) -> Array:
    counts, _ = np.histogram(images, edges)
    heights = counts / (len(images) * np.diff(edges))
    # The left side of an edge belongs to the bin before it.
    return heights[np.clip(np.searchsorted(edges, x, side="left") - 1, 0, len(heights) - 1)]
