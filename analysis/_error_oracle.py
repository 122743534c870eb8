"""Integrals of games of a z + b in extended precision, by a quadrature of their own.

Nothing of the package is used: densities, weights and divergences are written down once more, in
NumPy's long doubles (64 bits of mantissa where the machine has them), and integrated by composite
Gauss-Legendre rules of 30 nodes, halved wherever a panel and its halves disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EPS", "GAUSS", "OBJECTIVES", "Law", "Truth", "Wide", "truth"]

Wide = np.longdouble
Array = NDArray[Any]

EPS = float(np.finfo(Wide).eps)
ALPHAS = {"alpha(0.3)": 0.3, "alpha(-0.5)": -0.5, "alpha(1.7)": 1.7}
POWERS: dict[str, tuple[float, float]] = {
    "reverse_kl": (1, 0),
    "forward_kl": (1, 1),
    "pearson": (2, 2),
    "neyman": (2, -1),
}
POWERS |= {"hellinger": (0.25, 0.5)} | {name: (1, k) for name, k in ALPHAS.items()}
OBJECTIVES = ("saturating", "nonsaturating", "jeffreys", *POWERS)
_SWEEPS = 90


def _gauss(n: int) -> tuple[Array, Array]:
    """Nodes and weights of the Gauss-Legendre rule, by Newton's method in long doubles."""
    x = np.polynomial.legendre.leggauss(n)[0].astype(Wide)
    for _ in range(4):
        before, value = np.ones_like(x), x.copy()
        for k in range(2, n + 1):
            before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / Wide(k)
        slope = n * (before - x * value) / (1 - x * x)
        x = x - value / slope
    return x, 2 / ((1 - x * x) * slope**2)


_X, _W = GAUSS = _gauss(30)


@dataclass(frozen=True)
class Law:
    """A weighted sum of standard densities: (weight, kind, loc, scale, degrees of freedom) each."""

    parts: tuple[tuple[Any, str, Any, Any, Any], ...]

    @classmethod
    def of(cls, text: str) -> Law:
        """From `gandyn`'s notation of sums of N, U, Laplace, Logistic and T."""
        parts = []
        for term in re.findall(r"(?:([\d.e+-]+)\*)?(\w+)\(([^)]*)\)", text):
            weight, kind = Wide(term[0] or "1"), term[1]
            numbers = [Wide(float(v)) for v in term[2].split(",")]
            df = numbers.pop(0) if kind == "T" else Wide(0)
            loc, scale = numbers
            if kind == "U":  # a standard one goes from −1 to 1
                loc, scale = (loc + scale) / 2, (scale - loc) / 2
            parts.append((weight, kind, loc, scale, df))
        return cls(tuple(parts))

    @classmethod
    def kernels(cls, values: Array, width: float) -> Law:
        """Normal kernels of one width at equal weights."""
        share = Wide(1) / len(values)
        return cls(tuple((share, "N", Wide(x), Wide(width), Wide(0)) for x in values))

    @classmethod
    def bins(cls, edges: Array, heights: Array) -> Law:
        """A histogram's."""
        edges, heights = np.asarray(edges, Wide), np.asarray(heights, Wide)
        masses = heights * np.diff(edges)
        return cls(
            tuple(
                (mass, "U", (low + high) / 2, (high - low) / 2, Wide(0))
                for mass, low, high in zip(masses / masses.sum(), edges, edges[1:], strict=False)
                if mass > 0
            )
        )

    def moved(self, a: float, b: float) -> Law:
        """That of a z + b."""
        wide, place = Wide(a), Wide(b)
        return Law(
            tuple((w, k, wide * loc + place, abs(wide) * s, df) for w, k, loc, s, df in self.parts)
        )

    def jet(self, x: Array) -> Array:
        """Log density, score and the score's slope: (3, *x.shape)."""
        terms = np.array([self._term(x, *part) for part in self.parts])
        top = terms[:, 0].max(axis=0)
        with np.errstate(invalid="ignore"):
            share = np.exp(terms[:, 0] - np.where(np.isfinite(top), top, 0))
        total = share.sum(axis=0)
        share = share / np.where(total > 0, total, 1)
        score = (share * terms[:, 1]).sum(axis=0)
        slope = (share * (terms[:, 2] + (terms[:, 1] - score) ** 2)).sum(axis=0)
        with np.errstate(divide="ignore"):
            return np.array([top + np.log(total), score, slope])

    def largest(self, x: Array) -> Array:
        """The index of the part that is the largest at x."""
        return np.array([self._term(x, *part)[0] for part in self.parts]).argmax(axis=0)

    def part_score(self, x: Array, index: Array) -> Array:
        """The score at x (n,) of one part each."""
        return np.array([self._term(x, *part)[1] for part in self.parts])[index, np.arange(x.size)]

    @staticmethod
    def _term(x: Array, weight: Any, kind: str, loc: Any, scale: Any, df: Any) -> Array:
        z = (x - loc) / scale
        size = np.abs(z)
        if kind == "N":
            rows = -z * z / 2 - np.log(2 * np.arctan(Wide(1)) * 4) / 2, -z, -np.ones_like(z)
        elif kind == "U":
            rows = np.where(size <= 1, -np.log(Wide(2)), -np.inf), 0 * z, 0 * z
        elif kind == "Laplace":
            rows = -size - np.log(Wide(2)), -np.sign(z), 0 * z
        elif kind == "Logistic":
            e = np.exp(-size)
            rows = -size - 2 * np.log1p(e), -np.tanh(z / 2), -2 * e / (1 + e) ** 2
        else:
            power, square = (df + 1) / 2, df + z * z
            log = -power * np.log1p(z * z / df) - _log_norm(df)
            rows = log, -2 * power * z / square, -2 * power * (df - z * z) / square**2
        return np.array([rows[0] + np.log(weight / scale), rows[1] / scale, rows[2] / scale**2])

    @cached_property
    def breaks(self) -> Array:
        """Where density or score jumps."""
        rows = [
            (loc - s, loc + s) if k == "U" else (loc,)
            for _, k, loc, s, _ in self.parts
            if k in ("U", "Laplace")
        ]
        found = np.unique(np.array([x for row in rows for x in row], Wide))
        # two bins may have one end, each rounded by itself
        apart = np.diff(found) > 64 * EPS * np.abs(found[1:])
        return found[np.append(apart, True)] if found.size else found

    @property
    def support(self) -> tuple[Any, Any]:
        """The ends, infinite unless all parts have some."""
        ends = [
            (loc - s, loc + s) if k == "U" else (-np.inf, np.inf) for _, k, loc, s, _ in self.parts
        ]
        return min(low for low, _ in ends), max(high for _, high in ends)

    def holed(self, low: Any, high: Any) -> bool:
        """Whether there are gaps between its parts, within an interval."""
        if not all(kind == "U" for _, kind, *_ in self.parts):
            return False
        ends = sorted((loc - s, loc + s) for _, _, loc, s, _ in self.parts)
        return any(
            min(after[0], high) - max(before[1], low) > 64 * EPS * abs(after[0])
            for before, after in pairwise(ends)
        )

    @property
    def heavy(self) -> bool:
        """Whether it falls off as a power."""
        return any(kind == "T" for _, kind, *_ in self.parts)


def _log_norm(df: Any) -> Any:
    """log ∫(1 + z²/n)^(−(n + 1)/2) dz = log(√n B(n/2, ½)), by mpmath's digits."""
    import mpmath

    with mpmath.workdps(30):
        n = mpmath.mpf(float(df))
        return Wide(str(mpmath.log(mpmath.sqrt(n) * mpmath.beta(n / 2, mpmath.mpf(1) / 2))))


@dataclass(frozen=True)
class Truth:
    """Integrals by name; infinite or nan where they do not exist.

    `error` is what is open of each, `size` the integral of the absolute value, and `noise` that of
    the absolute value times what a rounding of x and of both logarithms changes of it.
    """

    value: dict[str, Any]
    error: dict[str, float]
    size: dict[str, float]
    noise: dict[str, float]


def _rows(law: Law, standard: Law, a: float, b: float, x: Array) -> dict[str, Array]:
    """Every integrand at x, by name."""
    log_p, s_p, bend_p = law.jet(x)
    z = (x - Wide(b)) / Wide(a)
    log_q, s_z, _ = standard.jet(z)
    log_q = log_q - np.log(abs(Wide(a)))
    s_q = s_z / Wide(a)
    both = np.isfinite(log_p) & np.isfinite(log_q)
    ell = log_p - log_q
    ell = np.where(np.isnan(ell), 0, ell)
    slope = s_p - s_q
    p, q = np.exp(log_p), np.exp(log_q)
    more, less = np.logaddexp(Wide(0), ell), np.logaddexp(Wide(0), -ell)
    log2 = np.log(Wide(2))

    def times(mass: Array, factor: Array) -> Array:
        return np.where(mass > 0, mass * factor, 0)

    out = {
        "jsd": (times(p, log2 - less) + times(q, log2 - more)) / 2,
        "jsd_gap": (times(p, less) + times(q, more)) / 2,
        "kl_data_generator": times(p, ell) + q - p,
        "kl_generator_data": times(q, -ell) + p - q,
        "total_variation": np.abs(p - q) / 2,
        "hellinger_squared": (np.sqrt(p) - np.sqrt(q)) ** 2 / 2,
        "chi_squared_data_generator": times(p, np.exp(ell)) - 2 * p + q,
        "chi_squared_generator_data": times(q, np.exp(-ell)) - 2 * q + p,
    }
    potentials = {
        "saturating": 2 * out["jsd"],
        "nonsaturating": times(p, less - log2) + times(q, less - log2) + p - q,
        "jeffreys": out["kl_data_generator"] + out["kl_generator_data"],
        "reverse_kl": out["kl_generator_data"],
        "forward_kl": out["kl_data_generator"],
        "pearson": out["chi_squared_data_generator"],
        "neyman": out["chi_squared_generator_data"],
        "hellinger": out["hellinger_squared"],
    }
    for name, power_of in ALPHAS.items():
        k = Wide(power_of)
        power = np.where(both, np.exp(np.where(both, log_q + k * ell, 0)), 0)
        if k > 1:
            power = np.where(np.isinf(log_q) & (p > 0), np.inf, power)
        if k < 0:
            power = np.where(np.isinf(log_p) & (q > 0), np.inf, power)
        potentials[name] = (power - k * p - (1 - k) * q) / (k * (k - 1))
    ell, log_p, log_q = (np.where(both, log, 0) for log in (ell, log_p, log_q))
    above, below = 1 / (1 + np.exp(-ell)), 1 / (1 + np.exp(ell))
    elastic = {  # e = d log w/dℓ, and 1 − e
        "saturating": (below, above),
        "nonsaturating": (-above, 1 + above),
        "jeffreys": (above, below),
    } | {name: (Wide(k), 1 - Wide(k)) for name, (_, k) in POWERS.items()}
    for name, log_mass in _log_masses(log_p, log_q).items():
        e, left = elastic[name]
        mass = np.where(both, np.exp(log_mass), 0)
        out[f"{name}: potential"] = potentials[name]
        out[f"{name}: force a"], out[f"{name}: force b"] = mass * slope * z, mass * slope
        along = mass * (e * slope * s_p + bend_p)
        wider = mass * (e * s_p + left * s_q) / Wide(a)
        out[f"{name}: jacobian aa"] = (along * z + wider) * z
        out[f"{name}: jacobian ab"] = along * z
        out[f"{name}: jacobian ba"] = along * z + wider
        out[f"{name}: jacobian bb"] = along
    logs = np.where(both, np.abs(log_p) + np.abs(log_q), 0)
    out["noise"] = 8 + logs + np.abs(x) * (np.abs(s_p) + np.abs(s_q))
    return out


def _log_masses(log_p: Array, log_q: Array) -> dict[str, Array]:
    """log(w q) of every objective, without the difference of two large logarithms."""
    either = np.logaddexp(log_p, log_q)
    return {
        "saturating": log_p + log_q - either,
        "nonsaturating": log_q + (log_q - either),
        "jeffreys": either,
    } | {
        name: np.log(Wide(factor)) + Wide(k) * log_p + (1 - Wide(k)) * log_q
        for name, (factor, k) in POWERS.items()
    }


def _edges(law: Law, generated: Law) -> Array:
    """Where panels start: multiples of every width about every centre, breaks, octaves outwards."""
    steps = np.concatenate([np.arange(0.0, 8.0), [9, 11, 14, 18, 24, 32, 45, 64]]).astype(Wide)
    points = []
    for _, _, loc, scale, _ in (*law.parts, *generated.parts):
        points += [loc + scale * steps, loc - scale * steps]
    centres = np.array([part[2] for part in (*law.parts, *generated.parts)])
    widest = max(part[3] for part in (*law.parts, *generated.parts))
    span = centres.max() - centres.min() + widest
    out = span * Wide(2) ** np.arange(20)
    if law.heavy or generated.heavy:
        out = np.concatenate([out, out[-1] * Wide(4) ** np.arange(1, 300)])
    edges = np.unique(
        np.concatenate(
            [*points, law.breaks, generated.breaks, centres.min() - out, centres.max() + out]
        )
    )
    edges = np.unique(np.concatenate([edges, *(_switches(one, edges) for one in (law, generated))]))
    return np.unique(np.concatenate([edges, _crossings(law, generated, edges)]))


def _crossings(law: Law, generated: Law, edges: Array) -> Array:
    """Where the two densities cross: a kink of |p − q| next to an edge is seen by no rule."""

    def sign(x: Array) -> Array:
        return np.sign(law.jet(x)[0] - generated.jet(x)[0])

    x = np.sort(np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])]))
    signs = sign(x)
    change = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    low, high, first = x[change], x[change + 1], signs[change]
    for _ in range(70):
        middle = 0.5 * (low + high)
        before = sign(middle) == first
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return low


def _switches(law: Law, edges: Array) -> Array:
    """Around where another part becomes the largest, over a distance 1/jump of the score."""
    found, near = np.empty(0, Wide), np.empty(0, Wide)
    steps = np.array([0, *np.geomspace(1, 4.0**12, 13)], Wide)
    for _ in range(3 if len(law.parts) > 1 else 0):
        x = np.unique(np.concatenate([edges, found, found + 1e-9 * np.abs(found)]))
        x = np.sort(np.concatenate([x, 0.5 * (x[1:] + x[:-1])]))
        which = law.largest(x)
        change = np.flatnonzero(which[1:] != which[:-1])
        low, high, first = x[change], x[change + 1], which[change]
        for _ in range(70):
            middle = 0.5 * (low + high)
            before = law.largest(middle) == first
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        found = np.concatenate([found, low])
        scores = [law.part_score(low, which[k]) for k in (change, change + 1)]
        width = 1 / np.maximum(np.abs(scores[0] - scores[1]), Wide(1e-9))
        near = np.concatenate(
            [near, *(low + side * step * width for step in steps for side in (-1, 1))]
        )
    return near[(near > edges[0]) & (near < edges[-1])]


@np.errstate(all="ignore")
def truth(law: Law, latent: Law, a: float, b: float) -> Truth:
    """Every divergence, and the potential, force and Jacobian of every objective."""
    generated = latent.moved(a, b)

    def sums(low: Array, high: Array) -> tuple[Array, Array, Array]:
        half = (high - low) / 2
        x = low[:, None] + half[:, None] * (1 + _X)
        with np.errstate(all="ignore"):
            rows = _rows(law, latent, a, b, x)
            noise = rows.pop("noise")
            values = np.array(list(rows.values()))
            total = values @ _W * half
            return total, np.abs(values) @ _W * half, (np.abs(values) * noise) @ _W * half

    names = [n for n in _rows(law, latent, a, b, np.zeros((1, 1), Wide)) if n != "noise"]
    edges = _edges(law, generated)
    low, high = edges[:-1], edges[1:]
    kept: list[tuple[Array, Array, Array, Array]] = []
    first = sums(low, high)
    with np.errstate(all="ignore"):
        whole, size = first[0].sum(axis=1), first[1].sum(axis=1)
    endless = _diverging(law, latent, a, b)
    # what no double holds is asked for no further
    skipped = np.array([name in endless for name in names]) | ~(size < 1e308)
    value = first[0]
    for _ in range(_SWEEPS):
        middle = (low + high) / 2
        n = len(low)
        halves = sums(np.concatenate([low, middle]), np.concatenate([middle, high]))
        joint, absolute, noise = (part[:, :n] + part[:, n:] for part in halves)
        with np.errstate(invalid="ignore"):
            apart = np.abs(joint - value)
            fine = apart <= np.maximum(5e-18 * np.abs(whole), 4 * EPS * size)[:, None]
            fine |= apart <= 4 * EPS * noise
        fine |= ~np.isfinite(joint) | skipped[:, None]
        done = fine.all(axis=0) | (high - low <= 64 * EPS * np.maximum(np.abs(low), np.abs(high)))
        kept.append((joint[:, done], absolute[:, done], noise[:, done], apart[:, done]))
        if done.all():
            break
        again = np.flatnonzero(~done)
        both = np.concatenate([again, n + again])
        low, high = np.concatenate([low, middle])[both], np.concatenate([middle, high])[both]
        value = halves[0][:, both]
        if len(low) > 500 + 2 * len(edges):
            kept.append((value, np.abs(value), np.abs(value), np.full(value.shape, np.inf)))
            break
    with np.errstate(invalid="ignore"):
        joint, size, noise, apart = (
            np.concatenate(part, axis=1).sum(axis=1) for part in zip(*kept, strict=True)
        )
    values = dict(zip(names, joint, strict=True))
    errors = dict(zip(names, (apart + 2 * EPS * noise).astype(float), strict=True))
    sizes, noises = (dict(zip(names, row.astype(float), strict=True)) for row in (size, noise))
    _at_breaks(values, law, latent, a, b)
    endless = {name: np.inf for name in names if not sizes[name] < 1e308} | endless
    for name in names:
        if name in endless:
            values[name], errors[name] = endless[name], 0.0
    return Truth(values, errors, sizes, noises)


def _at_breaks(values: dict[str, Any], law: Law, latent: Law, a: float, b: float) -> None:
    """Jumps of the slope at the data's breaks move through the latent: what the Jacobians gain."""
    for k in law.breaks:
        with np.errstate(all="ignore"):
            near = k + np.array([[-1, 1]]) * max(abs(k), Wide(1e-3)) * 256 * Wide(EPS)
            rows = _rows(law, latent, a, b, near)
        z = (k - Wide(b)) / Wide(a)
        for name in OBJECTIVES:
            push = rows[f"{name}: force b"][0]
            change = push[1] - push[0]
            for entry, factor in (("aa", z * z), ("ab", z), ("ba", z), ("bb", 1)):
                values[f"{name}: jacobian {entry}"] += change * factor


def _diverging(law: Law, latent: Law, a: float, b: float) -> dict[str, float]:
    """What is infinite (inf), or does not exist (nan), by supports and how integrands fall off."""
    out: dict[str, float] = {}
    generated = latent.moved(a, b)
    (low, high), (first, last) = law.support, generated.support
    if low < first or high > last:
        out |= dict.fromkeys(("kl_data_generator", "chi_squared_data_generator"), np.inf)
        out["alpha(1.7): potential"] = np.inf
    if first < low or last > high or law.holed(first, last):
        out |= dict.fromkeys(("kl_generator_data", "chi_squared_generator_data"), np.inf)
        out["alpha(-0.5): potential"] = np.inf
    both = (*law.parts, *generated.parts)
    span = max(abs(float(part[2])) for part in both) + max(float(part[3]) for part in both)
    for side in (-1, 1):
        out |= _far_out(law, generated, side * span * Wide(2) ** np.array([20, 22, 24, 26]), a, b)
    names = {
        "nonsaturating": "kl_generator_data",
        "reverse_kl": "kl_generator_data",
        "forward_kl": "kl_data_generator",
        "pearson": "chi_squared_data_generator",
        "neyman": "chi_squared_generator_data",
    }
    for name, other in names.items():
        if other in out:
            out[f"{name}: potential"] = np.inf
    if {"kl_data_generator", "kl_generator_data"} & set(out):
        out["jeffreys: potential"] = np.inf
    return out


def _far_out(law: Law, generated: Law, x: Array, a: float, b: float) -> dict[str, float]:
    """What diverges by what it is at four points, each four times as far out as the last.

    A Gaussian or exponential integrand falls or grows beyond every power; one that goes with a
    power x^−k is integrable where k > 1.
    """
    (log_p, s_p, _), (log_q, s_q, _) = law.jet(x), generated.jet(x)
    if not (np.isfinite(log_p).all() and np.isfinite(log_q).all()):
        return {}
    ell, log_slope = log_p - log_q, np.log(np.abs(s_p - s_q))
    values = {
        "kl_data_generator": log_p + np.log(np.abs(ell)),
        "kl_generator_data": log_q + np.log(np.abs(ell)),
        "chi_squared_data_generator": np.where(ell > 0, log_p + ell, log_q),
        "chi_squared_generator_data": np.where(ell < 0, log_q - ell, log_p),
    }
    for name, k in ALPHAS.items():
        if not 0 < k < 1:
            power = Wide(k) * log_p + (1 - Wide(k)) * log_q
            grows = np.where((ell > 0) == (k > 0), power, log_q)
            values[f"{name}: potential"] = grows
    out = {name: np.inf for name, log_size in values.items() if not _falls(log_size, x)}
    for name, log_mass in _log_masses(log_p, log_q).items():
        push = log_mass + log_slope
        for part, more in (("a", np.log(np.abs((x - Wide(b)) / Wide(a)))), ("b", 0)):
            if not _falls(push + more, x):
                out |= dict.fromkeys(
                    [f"{name}: force {part}"]
                    + [f"{name}: jacobian {entry}" for entry in ("aa", "ab", "ba", "bb")],
                    np.nan,
                )
    return out


def _falls(log_size: Array, x: Array) -> bool:
    """Whether something falls off faster than 1/x."""
    steps = np.diff(log_size + np.log(np.abs(x))) / np.log(Wide(4))
    return bool((steps[-1] < -1e-3) or np.isneginf(log_size[-1]))
