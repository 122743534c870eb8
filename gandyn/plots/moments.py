"""One moment of a game as curves: p, p_g and D* on a grid that misses none of their features.

The game is any object with ``data``, ``generator.pushforward(theta)`` and
``discriminator(theta)``; this file asks them for their curves and computes nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_EVEN = 400  # points of the even grid, before features and steep places add theirs
_MOST = 6000
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


def moment_title(t: float, theta: ArrayLike, names: Sequence[str] = ("a", "b")) -> str:
    """The title of a frame, such as ``"t = 13.5   a = 2.598   b = 0.630"``.

    Examples
    --------
    >>> plots.moment_title(13.5, [2.598, 0.63])
    't = 13.5   a = 2.598   b = 0.630'
    """
    digits = np.format_float_positional(t, precision=3, fractional=False, trim="-")
    time = digits if t == 0 or 1e-4 <= abs(t) < 1e6 else f"{t:.2e}"
    parameters = np.round(np.asarray(theta, dtype=float), 3) + 0.0  # no minus before a zero
    return "   ".join(
        [
            f"t = {time}",
            *(f"{n} = {value:.3f}" for n, value in zip(names, parameters, strict=False)),
        ]
    )


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
