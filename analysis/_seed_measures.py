"""What is read off a run for the claims: its second half, D over the data's bulk, who can judge."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtri

import gandyn
from analysis._seed_runs import VERSIONS, Key
from analysis._verdicts import Finding, above, fluctuation, holm
from gandyn.landscape.basin_map import attractors_reached

__all__ = [
    "Late",
    "by_version",
    "compared",
    "findings",
    "judged",
    "landscape",
    "listed",
    "samples_needed",
    "spread",
    "straight",
]

Array = NDArray[np.float64]

_BULK = 0.95
_WRONG = 0.05
"""A flow that comes to rest this close to an attractor has reached it."""


class Late:
    """The second half of a run, of the replicas that made all their steps.

    Parameters
    ----------
    run : Training
    """

    def __init__(self, run: Any) -> None:
        self.run = run
        self.kept = np.asarray(run.success)
        self.half = run.step > 0.5 * run.plan.steps

    def series(self, name: str) -> Array:
        """A series, such as "jsd", of shape (R, T)."""
        return np.asarray(getattr(self.run, name)[self.kept][:, self.half], dtype=float)

    def mean(self, name: str) -> Array:
        """Mean over the second half (R,)."""
        return self.series(name).mean(axis=1)

    def fluctuation(self, name: str) -> Array:
        """Standard deviation over the second half (R,)."""
        return fluctuation(self.series(name))

    @cached_property
    def basins(self) -> NDArray[np.str_]:
        """In the second half (R, T) the attractor to which the exact flow from there would lead."""
        rest = landscape(str(self.run.data))
        reached, _ = attractors_reached(rest, self.states.reshape(-1, 2))
        names = np.array([*(point.name for point in rest), "unknown"])
        return names[reached].reshape(self.states.shape[:2])

    @property
    def states(self) -> Array:
        """(|a|, b) in the second half (R, T, 2)."""
        theta = self.series("theta")
        return np.stack([np.abs(theta[..., 0]), theta[..., 1]], axis=-1)

    @property
    def ends(self) -> list[str]:
        """The attractors of `basins` at the end (R,)."""
        return [str(name) for name in self.basins[:, -1]]


@lru_cache
def landscape(data: str) -> gandyn.Equilibria:
    """The rest points of the exact game of a z + b on some data."""
    return gandyn.equilibria(gandyn.Game(gandyn.parse(data)))


def by_version(runs: Mapping[Key, Late], name: str) -> dict[str, Late]:
    """The four runs of an experiment, by the discriminator's label."""
    return {label: runs[name, version] for version, label in VERSIONS.items()}


def judged(run: Any) -> tuple[Array, Array]:
    """Places in the middle 95 % of p (m,), and the learned D there at each snapshot (R, S, m)."""
    tail = 0.5 * (1.0 - _BULK)
    low, high = float(run.data.ppf(tail)), float(run.data.isf(tail))
    inside = (run.places >= low) & (run.places <= high)
    logits = np.asarray(run.logits, dtype=float)[np.asarray(run.success)][..., inside]
    return run.places[inside], expit(logits)


def straight(places: ArrayLike, judged: ArrayLike) -> tuple[Array, Array, Array]:
    """The straight line through D: its level, its rise from end to end, and the noise about it.

    Parameters
    ----------
    places : array, shape (m,)
        Evenly spaced.
    judged : array, shape (..., m)

    Returns
    -------
    tuple of array, shape (...)
        Mean of D; slope of the least-squares line times the length of the stretch; root mean square
        of what is left.
    """
    x, d = np.asarray(places, dtype=float), np.asarray(judged, dtype=float)
    u = (x - x.mean()) / np.ptp(x)
    level = d.mean(axis=-1)
    rise = (d * u).sum(axis=-1) / (u**2).sum()
    left = d - level[..., None] - rise[..., None] * u
    return level, rise, np.sqrt((left**2).mean(axis=-1))


def samples_needed(jsd: ArrayLike) -> Array:
    """Samples from which the best judge tells p_g from p with an error of 5 %.

    The log-likelihood ratio of n samples is about normal with mean ±n·KL and variance 2n·KL, and
    KL is about 4·JSD where p_g is near p: the error is Φ(−√(2n·JSD)), to leading order in 1/n.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(ndtri(_WRONG) ** 2 / (2.0 * np.asarray(jsd, dtype=float)))


def compared(
    pairs: Mapping[str, tuple[Array, Array]],
) -> tuple[dict[str, bool], dict[str, Any]]:
    """Whether the first of each pair tends to be above the second, at 5 % after Holm.

    Returns
    -------
    checks : dict of str to bool
    numbers : dict
        p values, and the ratios of the medians.
    """
    p = holm({name: above(*pair) for name, pair in pairs.items()})
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = {n: float(np.median(x) / np.float64(np.median(y))) for n, (x, y) in pairs.items()}
    return {name: value < 0.05 for name, value in p.items()}, {"p": p, "ratios": ratios}


def spread(values: Mapping[Any, float], form: str = ".3g") -> str:
    """The range of some numbers, such as "0.1 to 0.3"; "none" without any."""
    if not values:
        return "none"
    low, high = min(values.values()), max(values.values())
    texts = f"{low:{form}}", f"{high:{form}}"
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)


def listed(values: Mapping[str, float], form: str = ".3g") -> str:
    """A number for each name, in words."""
    return ", ".join(f"{value:{form}} ({name})" for name, value in values.items())


Claims = Mapping[str, tuple[tuple[str, ...], Any]]


def findings(claims: Claims, runs: Mapping[Key, Any], complete: Set[str]) -> list[Finding]:
    """The claims about experiments that have been made.

    Parameters
    ----------
    claims : mapping of str to (tuple of str, callable)
        By letter the experiments needed and what makes the finding of the runs.
    runs : mapping of Key to Training
    complete : set of str
        Experiments of which there is every run.
    """
    late = {key: Late(run) for key, run in runs.items()}
    return [claim(late) for needs, claim in claims.values() if complete >= set(needs)]
