"""One moment of a game, or of training, as curves on a grid that misses none of their features.

The game is any object with ``data``, ``generator.pushforward(theta)`` and
``discriminator(theta)``; this file asks them for their curves and computes nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from gandyn.errors import InputError
from gandyn.system.checks import Array

_EVEN = 400  # points of the even grid, before features and steep places add theirs
_MOST = 6000
_BINS = 60
_STEP = 0.02  # neighbours differ by at most this part of the highest point of their curve


@dataclass(frozen=True)
class Moment:
    """The curves of one moment.

    Parameters
    ----------
    x : array, shape (m,)
        Rising; denser where a curve is steep.
    data, generated : array, shape (m,)
        The densities p and p_g, in units of 1/x.
    discriminator : array, shape (m,)
        D*, or a learned D, from 0 to 1; nan where it is not known or neither density has any mass.
    title : str
        What tells this moment from others, such as ``"t = 5"``.
    symbol : str
        What the discriminator is called: ``"D*"`` is the optimal one, ``"D"`` a learned one.
    """

    x: Array
    data: Array
    generated: Array
    discriminator: Array
    title: str = ""
    symbol: str = "D*"


def window(*distributions: Any, tail: float = 2e-3) -> tuple[float, float]:
    """The stretch of x that shows each distribution: all but ``tail`` of it on each side.

    A heavy tail is cut at eight widths from the outermost feature (but never within the outermost
    tenth), or a Cauchy distribution would be a needle in its own picture.

    Parameters
    ----------
    *distributions
        Objects with ``ppf``, ``isf`` and ``landmarks``.
    tail : float
        Mass left out on each side.

    Examples
    --------
    >>> low, high = plots.window(gandyn.Normal(0, 1), gandyn.Normal(5, 1))
    >>> low < -2 and high > 7
    True
    """
    lows, highs = [], []
    for d in distributions:
        place, width = np.asarray(d.landmarks, dtype=float).reshape(-1, 2).T
        near = max(float(d.ppf(tail)), float(np.min(place - 8 * width, initial=np.inf)))
        far = min(float(d.isf(tail)), float(np.max(place + 8 * width, initial=-np.inf)))
        lows.append(min(near, float(d.ppf(0.1))))
        highs.append(max(far, float(d.isf(0.1))))
    margin = 0.08 * (max(highs) - min(lows))
    return min(lows) - margin, max(highs) + margin


def moment(
    game: Any, theta: ArrayLike, title: str = "", limits: tuple[float, float] | None = None
) -> Moment:
    """The curves of ``game`` at one ``theta``, over ``limits`` (by default :func:`window`).

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> frame = plots.moment(game, [1.0, 0.5], limits=(-5, 5))
    >>> frame.x[[0, -1]], frame.discriminator.shape == frame.x.shape
    (array([-5.,  5.]), True)
    """
    generated = game.generator.pushforward(np.asarray(theta, dtype=float))
    low, high = limits if limits is not None else window(game.data, generated)
    discriminator = game.discriminator(theta)

    def curves(x: Array) -> Array:
        return np.stack(
            [np.exp(game.data.logpdf(x)), np.exp(generated.logpdf(x)), discriminator(x)]
        )

    x, values = _refined(curves, _features((game.data, generated), low, high))
    return Moment(x, values[0], values[1], values[2], title)


def moments(game: Any, thetas: ArrayLike, titles: Sequence[str] = ()) -> list[Moment]:
    """The curves of ``game`` at every theta, shape (n, parameters), over one common window.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> first, last = plots.moments(game, [[1.0, 0.5], [2.6, 0.1]])
    >>> first.x[[0, -1]] == last.x[[0, -1]]
    array([ True,  True])
    """
    states = np.asarray(thetas, dtype=float)
    generated = [game.generator.pushforward(state) for state in states]
    limits = window(game.data, *generated)
    names = list(titles) or [""] * len(states)
    return [moment(game, state, name, limits) for state, name in zip(states, names, strict=True)]


def moment_title(t: float, theta: ArrayLike) -> str:
    """The title of a frame, such as ``"t = 13.5   a = 2.598   b = 0.630"``.

    Examples
    --------
    >>> plots.moment_title(13.5, [2.598, 0.63])
    't = 13.5   a = 2.598   b = 0.630'
    """
    digits = np.format_float_positional(t, precision=3, fractional=False, trim="-")
    time = digits if t == 0 or 1e-4 <= abs(t) < 1e6 else f"{t:.2e}"
    a, b = np.round(np.asarray(theta, dtype=float)[:2], 3) + 0.0  # no minus before a zero
    return f"t = {time}   a = {a:.3f}   b = {b:.3f}"


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
        learned = expit(np.interp(x, places, logits[k], left=np.nan, right=np.nan))
        out.append(Moment(x, data, generated, learned, f"step {step}", "D"))
    return out


def _features(distributions: Iterable[Any], low: float, high: float) -> Array:
    """An even grid, points over each landmark too narrow for it, and both sides of each jump."""
    grid = [np.linspace(low, high, _EVEN)]
    for distribution in distributions:
        marks = np.asarray(distribution.landmarks, dtype=float).reshape(-1, 2)
        narrow = marks[marks[:, 1] < 4 * (high - low) / _EVEN]
        narrow = narrow[:: 1 + len(narrow) // 100]
        grid.append((narrow[:, :1] + narrow[:, 1:] * np.linspace(-5, 5, 31)).ravel())
        breaks = np.asarray(distribution.breaks, dtype=float)
        grid += [np.nextafter(breaks, -np.inf), breaks, np.nextafter(breaks, np.inf)]
    points = np.unique(np.concatenate(grid))
    return points[(points >= low) & (points <= high)]


def _refined(curves: Callable[[Array], Array], x: Array) -> tuple[Array, Array]:
    """Halve the steps of ``x`` until no curve jumps (a true jump ends as a steep line)."""
    with np.errstate(invalid="ignore", over="ignore"):
        values = curves(x)
        for _ in range(16):
            peak = np.max(np.where(np.isfinite(values), values, 0.0), axis=1, keepdims=True)
            jumps = np.abs(np.diff(values, axis=1)) > _STEP * peak
            steep = np.flatnonzero(jumps.any(axis=0))
            middles = 0.5 * (x[steep] + x[steep + 1])
            middles = middles[(middles > x[steep]) & (middles < x[steep + 1])]
            if middles.size == 0 or x.size + middles.size > _MOST:
                break
            order = np.argsort(np.concatenate([x, middles]), kind="stable")
            values = np.concatenate([values, curves(middles)], axis=1)[:, order]
            x = np.concatenate([x, middles])[order]
    return x, values


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
