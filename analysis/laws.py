"""Every continuous law of scipy.stats against itself, shifted by half an interquartile range.

Monotone transport moves every point by the shift, so that W₁ and W₂ are the shift, whatever the
law. The Jensen-Shannon divergence is held against a rule of its own, in the logarithms of the
distances from the laws' walls and quantiles, with SciPy's own densities.
"""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from scipy.stats._distr_params import distcont

import gandyn
from analysis._options import Options, run

Array = NDArray[np.float64]
Pair = Callable[[Array], tuple[Array, Array]]

QUICK = ("norm", "arcsine", "beta", "cauchy", "expon", "fisk", "gamma", "levy_l", "moyal", "triang")
SLOW = ("ksone", "kstwo", "levy_stable", "studentized_range")
MORE_SHAPES = (
    ("gamma", (0.3,)),
    ("beta", (0.2, 0.7)),
    ("beta", (5.0, 1.5)),
    ("weibull_min", (0.6,)),
    ("dgamma", (0.5,)),
    ("genpareto", (-0.4,)),
    ("genextreme", (0.3,)),
    ("lomax", (0.4,)),
    ("rdist", (0.6,)),
    ("pareto", (0.5,)),
)
"""Shapes with ends and tails that SciPy's own list of shapes has not."""

_CLOSE = 1e-11
"""What the other rule's JSD may be off; more where x rounds to an end that has mass there."""

_LEVELS = np.array([1e-4, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0 - 1e-4])
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(60)
_EDGES = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0])


@dataclass(frozen=True)
class Row:
    """A law against its shift: relative errors of W₁ and W₂, JSD and its error, each as estimated.

    `rounding` is that of the JSD they are held against; `seconds` are of the processor.
    """

    law: str
    first: float
    first_error: float
    second: float
    second_error: float
    jsd: float
    jsd_error: float
    jsd_off: float
    rounding: float
    seconds: float
    converged: bool

    @property
    def right(self) -> bool:
        """Whether every value is right to its stated error, and the whole took under 3 s."""
        small = 4.0 * np.finfo(float).eps
        transport = self.first <= 3.0 * self.first_error + small
        transport &= self.second <= 3.0 * self.second_error + small
        close = self.jsd_off <= 3.0 * self.jsd_error + self.rounding
        return bool(transport and close and self.seconds < 3.0)


def laws(quick: bool) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Names and shapes of all continuous families, or of some."""
    for name, shapes in (*distcont, *(() if quick else MORE_SHAPES)):
        if not quick or name in QUICK:
            yield name, tuple(shapes)


def kolmogorov(x: Array) -> Array:
    """The density of Kolmogorov's law, 8x Σ (−1)^(k − 1) k² exp(−2k²x²)."""
    k = np.arange(1.0, 120.0)
    terms = k**2 * np.exp(-2.0 * (k * x[..., None]) ** 2) * -((-1.0) ** k)
    return np.where(x > 0.1, 8.0 * x * terms.sum(axis=-1), 0.0)


def divergence(law: Any, shift: float) -> float:
    """JSD of a frozen law at location 0 and the same at `shift`, by Gauss's rule between walls."""
    low, high = (float(end) for end in law.support())
    if law.dist.name == "pearson3":
        end = -2.0 / law.args[0] if abs(law.args[0]) > 1e-5 else math.inf
        low, high = (low, end) if law.args[0] < 0 else (max(low, end), high)
    if law.dist.name == "vonmises":
        low, high = -math.pi, math.pi
    ours = gandyn.from_scipy(law)
    # of some laws SciPy's density takes too long, of one it integrates to 1 + 9e-10
    pdf = ours.pdf if law.dist.name in SLOW else law.pdf
    pdf = kolmogorov if law.dist.name == "kstwobign" else pdf
    ends = [end for end in (low, high) if math.isfinite(end)]
    marks = np.concatenate([ours.breaks, ends, law.ppf(_LEVELS)])
    points = np.unique(np.concatenate([marks, marks + shift]))

    def density(z: Array) -> Array:
        return np.where((z >= low) & (z <= high), pdf(z), 0.0)

    def integrand(wall: float, away: Array) -> Array:
        # each in its own variable, so that the distance from a wall at 0 is exact
        p, q = density(wall + away), density((wall - shift) + away)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [np.where(d > 0.0, d * np.log(2.0 * d / (p + q)), 0.0) for d in (p, q)]
        return 0.5 * (logs[0] + logs[1])

    half = 0.5 * np.diff(_EDGES)[:, None]
    v, weights = (_EDGES[:-1, None] + half * (1.0 + _NODES)).ravel(), (half * _WEIGHTS).ravel()
    total = 0.0
    for left, right in itertools.pairwise(points):
        for wall, side in ((left, 1.0), (right, -1.0)):
            away = 0.5 * (right - left) * np.exp(-v)
            total += float(np.nansum(weights * away * integrand(wall, side * away)))
    spread = float(points[-1] - points[0])
    for wall, side, end in ((points[0], -1.0, low), (points[-1], 1.0, high)):
        if math.isinf(end):
            for away in (spread * np.exp(-v), spread * np.exp(np.minimum(v, 300.0))):
                total += float(np.nansum(weights * away * integrand(wall, side * away)))
    return total


def row(name: str, shapes: tuple[float, ...]) -> Row:
    """The row of a law."""
    family = getattr(scipy.stats, name)
    quartiles = [float(family(*shapes).ppf(share)) for share in (0.25, 0.75)]
    shift = 0.5 * (quartiles[1] - quartiles[0])
    start = time.process_time()
    laws = gandyn.from_scipy(family(*shapes)), gandyn.from_scipy(family(*shapes, loc=shift))
    found = gandyn.distances(*laws)
    seconds = time.process_time() - start
    with np.errstate(all="ignore"):
        right = divergence(family(*shapes), shift)
    return Row(
        f"{name}{shapes}" if shapes else name,
        abs(found.wasserstein1 / shift - 1.0),
        found.errors["wasserstein1"] / shift,
        abs(found.wasserstein2 / shift - 1.0),
        found.errors["wasserstein2"] / shift,
        found.jsd,
        found.errors["jsd"],
        abs(found.jsd - right),
        max([_CLOSE] + [10.0 * 2e-16 ** (1.0 + end.power) for end in laws[0].ends if end.place]),
        seconds,
        found.converged,
    )


def study(options: Options) -> int:
    """The table, and whether every row is right."""
    rows = []
    heads = " ".join(f"{head:>8}" for head in ("W1 off", "±", "W2 off", "±"))
    print(f"{'law':38} {heads} {'JSD':>18} {'±':>8} {'off':>8} {'s':>5}")
    for name, shapes in laws(options.quick):
        one = row(name, shapes)
        rows.append(one)
        values = (one.first, one.first_error, one.second, one.second_error)
        text = " ".join(f"{value:8.1e}" for value in values)
        tail = f"{one.jsd:18.15f} {one.jsd_error:8.1e} {one.jsd_off:8.1e} {one.seconds:5.2f}"
        print(f"{one.law:38.38} {text} {tail}{'' if one.right else ' !'}", flush=True)
    wrong = sum(not one.right for one in rows)
    print(f"{len(rows)} laws, {wrong} not right to the stated error or slower than 3 s")
    options.save_numbers([vars(one) for one in rows])
    return 1 if wrong else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.laws``."""
    description = (
        "Hold every continuous law of scipy.stats against itself, shifted by half an interquartile "
        "range: W1 and W2 are the shift, the JSD that of another quadrature."
    )
    return run(study, "analysis.laws", description, arguments)


if __name__ == "__main__":
    sys.exit(main())
