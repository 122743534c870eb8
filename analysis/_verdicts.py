"""Findings about claims: what was measured over independent replicas, and whether a claim holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from gandyn.montecarlo.comparison import share

__all__ = [
    "HOLDS",
    "NOT",
    "PART",
    "Finding",
    "above",
    "difference",
    "fluctuation",
    "holm",
    "interval",
    "settled",
    "share",
]

Array = NDArray[np.float64]

HOLDS, PART, NOT = "holds", "in part", "does not hold"

_LEVEL = 0.95


@dataclass(frozen=True)
class Finding:
    """One claim, measured.

    Parameters
    ----------
    letter : str
        The claim's place in the list.
    claim : str
    measured : str
        The numbers that decide, in words.
    checks : mapping of str to bool
        What the claim says, in parts that can be right or wrong.
    numbers : mapping
        Everything measured.
    """

    letter: str
    claim: str
    measured: str
    checks: Mapping[str, bool]
    numbers: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """ "holds" where every check is true, "does not hold" where none is, else "in part"."""
        good = sum(map(bool, self.checks.values()))
        return HOLDS if good and good == len(self.checks) else PART if good else NOT


def interval(values: ArrayLike) -> tuple[float, float, float]:
    """Mean over replicas and its 95 % confidence interval (Student); values that are nan left out.

    The interval is infinite for fewer than two.
    """
    known = _known(values)
    if not known.size:
        return np.nan, -np.inf, np.inf
    mean = float(known.mean())
    if known.size < 2:
        return mean, -np.inf, np.inf
    half = stats.t.ppf(0.5 + 0.5 * _LEVEL, known.size - 1) * known.std(ddof=1) / known.size**0.5
    return mean, mean - float(half), mean + float(half)


def difference(one: ArrayLike, two: ArrayLike) -> tuple[float, float, float]:
    """Mean of one minus mean of two, and its 95 % confidence interval (Welch)."""
    x, y = _known(one), _known(two)
    if min(x.size, y.size) < 2:
        return float(x.mean() - y.mean()) if x.size and y.size else np.nan, -np.inf, np.inf
    parts = np.array([x.var(ddof=1) / x.size, y.var(ddof=1) / y.size])
    mean, error = float(x.mean() - y.mean()), float(parts.sum()) ** 0.5
    if error == 0.0:
        return mean, mean, mean
    freedom = parts.sum() ** 2 / (parts**2 / [x.size - 1, y.size - 1]).sum()
    half = float(stats.t.ppf(0.5 + 0.5 * _LEVEL, freedom)) * error
    return mean, mean - half, mean + half


def above(one: ArrayLike, two: ArrayLike) -> float:
    """p of the one-sided Mann–Whitney test that values of `one` tend to be above those of `two`."""
    x, y = _known(one), _known(two)
    if not x.size or not y.size:
        return 1.0
    return float(stats.mannwhitneyu(x, y, alternative="greater").pvalue)


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """p values adjusted for their number (Holm 1979)."""
    order = sorted(p, key=lambda name: p[name])
    out, last = {}, 0.0
    for k, name in enumerate(order):
        last = max(last, min(1.0, (len(order) - k) * p[name]))
        out[name] = last
    return {name: out[name] for name in p}


def settled(step: ArrayLike, inside: NDArray[np.bool_] | Sequence[Any]) -> Array:
    """The step from which each replica stays inside until the end (R,); infinite where it does not.

    Parameters
    ----------
    step : array, shape (T,)
    inside : array of bool, shape (R, T)
    """
    good = np.asarray(inside, dtype=bool)
    stays = np.logical_and.accumulate(good[:, ::-1], axis=1)[:, ::-1]
    first = np.asarray(step, dtype=float)[stays.argmax(axis=1)]
    return np.where(stays[:, -1], first, np.inf)


def fluctuation(values: ArrayLike) -> Array:
    """Standard deviation over time about each replica's own mean, (R, T) to (R,)."""
    return np.asarray(np.std(np.asarray(values, dtype=float), axis=1, ddof=1))


def _known(values: ArrayLike) -> Array:
    flat = np.asarray(values, dtype=float).ravel()
    return flat[np.isfinite(flat)]
