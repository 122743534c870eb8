"""High-precision rest points, barriers, folds, branch points and Maxwell points of a z + b.

Nothing of gandyn is used. For data that are a mixture of normals and a latent N(0, 1), the force,
its Jacobian (differentiated under the integral) and the potential are integrals over the line of
analytic functions that decay like a Gaussian, so that the trapezoidal rule converges exponentially.
The step is halved until the rule and its midpoints agree to 1e-17 of the integral of the absolute
value, which leaves the rule of both together right to the square of that. Rest points are found
with the same formulas in doubles: Newton's method from every cell of two grids, checked by the
index (attractors + repellers - saddles = 1). The special points of families are the solutions of
their defining systems (F = 0 and det J = 0; on the axis of symmetry F_a = 0 and J_bb = 0; U = U at
two attractors), found by Newton from many starts, and the census of rest points between them checks
that none is missing. Then everything is solved again in 40 digits; the last Newton step, taken at
half the step of the rule, is what the file calls "agreement".

There are no repellers and no branch points on an axis of symmetry: the density g of a z + b obeys
dg/da = a d2g/db2, so that a potential int h(g, p), h convex in g, has
d2U/db2 = (dU/da) / a + int h_gg (dg/db)^2 > 0 wherever dU/da = 0. They are searched all the same.

    python tests/oracle_landscape.py [--output FILE] [--only REGEX]     (some 40 minutes)

landscape.json holds numbers as decimal strings of 25 digits:

    equilibria  games, each with points, which are all rest points of a > 0 sorted by b, then a:
                a, b, eigenvalues (rising), potential, kind; and with barriers, a pass for every
                pair of attractors: start, end and saddles (several where mirror images are as low)
                are places in the list of points, heights from both ends, and Eyring-Kramers
                prefactors of the Hessian H = -J,
                |lowest eigenvalue at the saddle| / (2 pi) sqrt(det H_end / |det H_saddle|)
    families    one-parameter families, each with folds, branch_points and maxwell sorted by
                parameter (mirror images are listed one by one; "deepest": no other attractor is
                deeper), and a census: how many attractors, saddles and repellers between them
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mpmath as mp
import numpy as np
from scipy.integrate import solve_ivp

DATA = Path(__file__).parent / "data"
DIGITS, REACH, SAME = 40, 12.5, "1e-17"
mpf = mp.mpf

EXACT = SimpleNamespace(
    exp=np.frompyfunc(mp.exp, 1, 1), log=np.frompyfunc(mp.log, 1, 1), number=mpf, pi=lambda: +mp.pi
)
FAST = SimpleNamespace(exp=np.exp, log=np.log, number=float, pi=lambda: np.pi)

GAMES: list[tuple[str, list[str]]] = [
    ("N(2, 3)", ["saturating", "nonsaturating", "reverse_kl", "forward_kl"]),
    ("N(-1, 0.5)", ["hellinger", "jeffreys", "pearson"]),
    (
        "0.33*N(-1, 0.255) + 0.67*N(2, 1.415)",
        ["saturating", "nonsaturating", "reverse_kl", "pearson"],
    ),
    (
        "0.5*N(-3, 1) + 0.5*N(3, 1)",
        ["saturating", "nonsaturating", "reverse_kl", "hellinger"],
    ),
    (
        "0.25*N(-6, 0.5) + 0.25*N(-2, 0.6) + 0.25*N(2, 0.7) + 0.25*N(6, 0.8)",
        ["saturating", "nonsaturating", "reverse_kl", "hellinger"],
    ),
    (
        "0.2*N(-5, 0.6) + 0.5*N(0, 1) + 0.3*N(4, 0.8)",
        ["saturating", "nonsaturating", "reverse_kl", "jeffreys"],
    ),
    (
        "0.3*N(-2, 0.5) + 0.7*N(3, 1)",
        ["saturating", "nonsaturating", "hellinger", "forward_kl"],
    ),
    (
        "0.5*N(0, 0.3) + 0.5*N(0, 2)",
        ["saturating", "nonsaturating", "reverse_kl", "hellinger"],
    ),
    ("0.05*N(-4, 0.5) + 0.95*N(2, 1)", ["saturating", "nonsaturating", "reverse_kl"]),
    ("0.5*N(997, 1) + 0.5*N(1003, 1)", ["nonsaturating", "hellinger"]),
    ("0.4*N(-0.02, 0.01) + 0.6*N(0.03, 0.008)", ["saturating", "nonsaturating", "jeffreys"]),
    ("0.5*N(-3, 0.4) + 0.5*N(3, 0.4)", ["saturating", "nonsaturating", "reverse_kl"]),
    ("0.5*N(-1.5, 1) + 0.5*N(1.5, 1)", ["nonsaturating", "reverse_kl", "jeffreys", "pearson"]),
    (
        "0.1*N(-7, 0.7) + 0.3*N(-3, 0.5) + 0.2*N(0, 1) + 0.25*N(3, 0.6) + 0.15*N(8, 1)",
        ["nonsaturating", "reverse_kl"],
    ),
]

SYMMETRIC = "0.5*N(-{m}, 1) + 0.5*N({m}, 1)"
SKEW = "0.3*N(-{m}, 1) + 0.7*N({m}, 0.7)"
WEIGHT = "{w}*N(-3, 1) + (1 - {w})*N(3, 1)"
NARROW = "0.5*N(-{m}, 0.25) + 0.5*N({m}, 0.25)"
FAMILIES: list[tuple[str, str, tuple[str, str], list[str]]] = [
    (SYMMETRIC, "m", ("0.5", "6"), ["saturating", "nonsaturating", "reverse_kl", "hellinger"]),
    (SKEW, "m", ("0.5", "6"), ["saturating", "nonsaturating", "reverse_kl", "hellinger"]),
    (WEIGHT, "w", ("0.05", "0.95"), ["saturating", "nonsaturating", "reverse_kl", "hellinger"]),
    (NARROW, "m", ("3", "4.5"), ["nonsaturating"]),
]


# -- the mathematics, for doubles and for mpf alike


@dataclass(frozen=True)
class Mixture:
    """Weights, means and standard deviations of normals: mpf, floats, or columns of floats."""

    weights: list[Any]
    means: list[Any]
    stds: list[Any]

    @classmethod
    def parse(cls, text: str, ops: Any = EXACT, **values: Any) -> Mixture:
        """From text such as "{w}*N(-3, 1) + (1 - {w})*N(3, 1)", decimals taken as they stand."""

        def number(part: str) -> Any:
            source = re.sub(r"(?<![\w{])\d[\d.]*", r"Q('\g<0>')", part.strip())
            source = re.sub(r"{(\w+)}", r"\1", source)
            return eval(source, {"Q": lambda digits: ops.number(mpf(digits))}, values)

        terms = re.findall(r"(?:^|\+ )(?:([^*]+?)\*)?N\(([^,]+), ([^)]+)\)", text)
        return cls(*([number(part) for part in parts] for parts in _columns(terms)))

    def floats(self) -> Mixture:
        return Mixture(*(list(map(float, v)) for v in (self.weights, self.means, self.stds)))

    @property
    def narrowest(self) -> Any:
        return min(np.min(s) for s in self.stds)

    @property
    def switch(self) -> Any:
        """How far from the line the nearest zero of p is, where neighbours change places."""
        order = sorted(zip(self.means, self.stds, strict=True), key=lambda q: np.max(q[0]))
        gaps = [np.max(n - m) / np.min(s * t) for (m, s), (n, t) in pairwise(order)]
        return np.pi / max([1e-9, *gaps])

    def span(self, reach: Any) -> tuple[Any, Any]:
        """The stretch outside which there is no data."""
        pairs = list(zip(self.means, self.stds, strict=True))
        low, high = [m - reach * s for m, s in pairs], [m + reach * s for m, s in pairs]
        return min(map(np.min, low)), max(map(np.max, high))


def _columns(terms: list[tuple[str, str, str]]) -> Iterator[list[str]]:
    for i in range(3):
        yield [term[i] or "1" for term in terms]


def integrands(
    mix: Mixture, objective: str, a: Any, b: Any, x: Any, ops: Any, potential: bool
) -> list[Any]:
    """F_a, F_b, dF_a/da, dF_a/db, dF_b/da, dF_b/db and the potential, as densities in z."""
    z = (x - b) / a
    u = [(x - m) / s for m, s in zip(mix.means, mix.stds, strict=True)]
    parts = zip(u, mix.weights, mix.stds, strict=True)
    logs = [-v * v / 2 + ops.log(w / s) for v, w, s in parts]
    top = logs[0]
    for t in logs[1:]:
        top = np.maximum(top, t)
    terms = [ops.exp(t - top) for t in logs]
    total = sum(terms)
    scores = [-v / s for v, s in zip(u, mix.stds, strict=True)]
    score = sum(t * g for t, g in zip(terms, scores, strict=True)) / total
    bends = [g * g - 1 / s**2 for g, s in zip(scores, mix.stds, strict=True)]
    bend = sum(t * c for t, c in zip(terms, bends, strict=True)) / total - score * score

    latent = -z * z / 2
    ell = ops.log(total) + top + ops.log(a) - latent
    norm = 1 / ops.number(2 * ops.pi()) ** ops.number(0.5)
    g, p = norm * ops.exp(latent), norm * ops.exp(ell + latent)
    small = ops.exp(-np.abs(ell))
    real, fake = 1 / (1 + small), small / (1 + small)  # the discriminator and its complement
    real, fake = np.where(ell > 0, real, fake), np.where(ell > 0, fake, real)
    weight, slope = {  # g w(ell) and g w'(ell)
        "saturating": lambda: (g * real, g * real * fake),
        "nonsaturating": lambda: (g * fake, -g * real * fake),
        "reverse_kl": lambda: (g, 0 * g),
        "forward_kl": lambda: (p, p),
        "jeffreys": lambda: (g + p, p),
        "pearson": lambda: (2 * (r := norm * ops.exp(2 * ell + latent)), 4 * r),
        "hellinger": lambda: ((r := norm * ops.exp(ell / 2 + latent)) / 4, r / 8),
    }[objective]()

    push = score + z / a
    by_a = slope * push * (score * z + 1 / a) + weight * (bend - 1 / a**2) * z
    by_b = slope * push * score + weight * bend
    push = weight * push
    rows = [push * z, push, by_a * z, by_b * z, by_a, by_b]
    if potential:
        soft = ops.log(1 + small)
        log_real, log_fake = -soft - np.maximum(-ell, 0 * ell), -soft - np.maximum(ell, 0 * ell)
        two = ops.log(ops.number(2))
        doubled = p * (two + log_real) + g * (two + log_fake)  # 2 JSD
        density = {
            "saturating": lambda: doubled,
            "nonsaturating": lambda: -g * ell - doubled,
            "reverse_kl": lambda: -g * ell,
            "forward_kl": lambda: p * ell,
            "jeffreys": lambda: (p - g) * ell,
            "pearson": lambda: norm * ops.exp(2 * ell + latent) - 2 * p + g,
            "hellinger": lambda: (p + g) / 2 - norm * ops.exp(ell / 2 + latent),
        }
        rows.append(density[objective]())
    return rows


def stretch(mix: Mixture, objective: str, a: Any, b: Any, reach: Any) -> tuple[Any, Any]:
    """Where the integrands are not negligible."""
    low, high = mix.span(reach)
    low, high = min(low, np.min(b - reach * a)), max(high, np.max(b + reach * a))
    if objective != "pearson":
        return low, high
    parts = list(zip(mix.means, mix.stds, strict=True))
    for (m, s), (n, t) in [*combinations(parts, 2), *((q, q) for q in parts)]:  # p² / g
        precision = 1 / s**2 + 1 / t**2 - 1 / a**2
        if np.min(precision) <= 0:
            raise ArithmeticError("pearson is infinite")
        centre = (m / s**2 + n / t**2 - b / a**2) / precision
        width = reach / precision ** type(reach)(0.5)
        low, high = min(low, np.min(centre - width)), max(high, np.max(centre + width))
    return low, high


def exact(
    mix: Mixture, objective: str, a: Any, b: Any, potential: bool = False, finer: int = 0
) -> list[Any]:
    """The integrals in mpf; `finer` halves the step that often beyond what is needed."""
    low, high = stretch(mix, objective, a, b, mpf(REACH))
    step = min(a, mix.narrowest) / 2

    def midpoints(shift: Any) -> tuple[list[Any], list[Any]]:
        count = int((high - low) / step) + 1
        x = low + step * (np.array([mpf(k) for k in range(count)], dtype=object) + shift)
        rows = integrands(mix, objective, a, b, x, EXACT, potential)
        sums = [mp.fsum(row) * step / a for row in rows]
        return sums, [mp.fsum(row, absolute=True) * step / a for row in rows]

    sums, _ = midpoints(mpf(0))
    floor = mpf("1e-30") * (1 + 1 / a**2)  # where the integrand itself is 0
    for _ in range(12):
        between, sizes = midpoints(mpf(1) / 2)
        gaps = [abs(s - t) for s, t in zip(sums, between, strict=True)]
        sums = [(s + t) / 2 for s, t in zip(sums, between, strict=True)]
        step /= 2
        if all(d <= mpf(SAME) * size + floor for d, size in zip(gaps, sizes, strict=True)):
            if not finer:
                return sums
            finer -= 1
    raise ArithmeticError("the rule was halved 12 times")


def fast(
    mix: Mixture, objective: str, theta: np.ndarray, potential: bool = False, fine: float = 0.15
) -> np.ndarray:
    """The integrals in doubles at a stack of states, shape (n, 6 or 7); nan where infinite."""
    theta = np.asarray(theta, float)
    out = np.full((len(theta), 7 if potential else 6), np.nan)
    order = np.argsort(theta[:, 0])
    if objective == "pearson":
        order = order[theta[order, 0] > 0.72 * max(map(np.max, mix.stds))]
    while len(order):
        most = 4000
        while True:
            rows, order_left = order[:most], order[most:]
            a, b = theta[rows, :1], theta[rows, 1:]
            here = Mixture(*([_rows(v, rows) for v in p] for p in vars(mix).values()))
            low, high = stretch(here, objective, a, b, 8.5)
            step = min(fine * min(a.min(), here.narrowest), min(0.3, 4 * fine) * here.switch)
            count = int((high - low) / step) + 2
            if count * len(rows) < 4e5 or len(rows) == 1:
                break
            most = max(1, min(len(rows) // 2, int(4e5 / count)))
        x = np.linspace(low, high, count)
        with np.errstate(all="ignore"):
            values = integrands(here, objective, a, b, x, FAST, potential)
            out[rows] = np.stack(values, 1).sum(2) * ((x[1] - x[0]) / a)
        order = order_left
    return out


def _rows(value: Any, rows: np.ndarray) -> Any:
    return value[rows] if isinstance(value, np.ndarray) else value


# -- rest points


def search(mix: Mixture, objective: str, density: float = 1.0) -> np.ndarray:
    """Every rest point with a > 0 in doubles, shape (n, 2), sorted by b, then a."""
    mix = mix.floats()
    low, high = mix.span(2.0)
    widest = max(mix.stds)
    cells = int(100 * density), int(density * (40 + 10 * (high - low) / mix.narrowest))
    heights = np.geomspace(0.15 * mix.narrowest, high - low + widest, cells[0])
    places = np.linspace(low, high, cells[1])
    theta = np.array([(a, b) for a in heights for b in places])
    values = fast(mix, objective, theta)
    step = newton_step(values[:, :2], values[:, 2:].reshape(-1, 2, 2))
    grid = values[:, :2].reshape(*cells, 2)
    size = np.array([heights[1] / heights[0] - 1, places[1] - places[0]])
    near = (np.abs(step[:, 0]) < 4 * size[0] * theta[:, 0]) & (np.abs(step[:, 1]) < 4 * size[1])
    corners = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[:-1, 1:], grid[1:, 1:]])
    turns = ((corners.min(0) <= 0) & (corners.max(0) >= 0)).all(2)
    cell = np.zeros(cells, bool)
    cell[:-1, :-1] = turns
    starts = theta[near | cell.ravel()]
    found = newton(lambda t: fast(mix, objective, t), starts, 0.3, mix.narrowest)
    found = found[(found[:, 0] > 0.5 * heights[0]) & (found[:, 0] < 2 * heights[-1])]
    found = found[(found[:, 1] > low - widest) & (found[:, 1] < high + widest)]
    found = newton(lambda t: fast(mix, objective, t, fine=0.04), distinct(found, mix.narrowest))
    return distinct(found, mix.narrowest)


def newton_step(force: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    bad = ~np.isfinite(jacobian).all((1, 2)) | ~np.isfinite(force).all(1)
    bad |= (jacobian == 0).all((1, 2))
    jacobian = np.where(bad[:, None, None], np.eye(force.shape[1]), jacobian)
    with np.errstate(all="ignore"):
        step = -np.einsum("nij,nj->ni", np.linalg.pinv(jacobian, rcond=1e-14), force)
    return np.where(bad[:, None], np.nan, step)


def newton(
    system: Callable, starts: np.ndarray, most: float = np.inf, scale: float = np.inf
) -> np.ndarray:
    """Newton's method on a stack of states; those that converge."""
    theta, going = np.array(starts, float), np.ones(len(starts), bool)
    done = np.zeros(len(starts), bool)
    for _ in range(40):
        live = np.flatnonzero(going)
        if not live.size:
            break
        values = system(theta[live])
        d = theta.shape[1]
        step = newton_step(values[:, :d], values[:, d:].reshape(-1, d, d))
        limit = np.full_like(step, most * scale)
        limit[:, 0] = np.minimum(0.3, most) * theta[live, 0]
        ratio = np.nanmax(np.abs(step) / limit, axis=1, initial=1.0)
        moved = step / ratio[:, None]
        theta[live] += np.where(np.isfinite(moved), moved, 0)
        small = (np.abs(step) < 1e-9 * (theta[live, :1] + 1e-3 * np.abs(theta[live]))).all(1)
        done[live[small]] = True
        going[live] = ~small & np.isfinite(step).all(1) & (np.abs(theta[live]) < 1e6).all(1)
    return theta[done]


def distinct(theta: np.ndarray, scale: float) -> np.ndarray:
    kept: list[np.ndarray] = []
    for t in theta:
        if all(np.abs(t - k).max() > 1e-5 * scale for k in kept):
            kept.append(t)
    kept.sort(key=lambda t: (round(t[1] / (1e-5 * scale)), t[0]))
    return np.array(kept).reshape(-1, theta.shape[1])


def kind(eigenvalues: Any) -> str:
    signs = sum(1 for v in eigenvalues if v > 0)
    return ("attractor", "saddle", "repeller")[signs]


def rest(mix: Mixture, objective: str, a: Any, b: Any) -> dict[str, Any]:
    """The rest point next to (a, b), to 25 digits."""
    a, b, moved = mpf(a), mpf(b), mp.inf
    for _ in range(8):
        last = moved < mpf("1e-22") * a
        values = exact(mix, objective, a, b, potential=last, finer=int(last))
        fa, fb, aa, ab, ba, bb = values[:6]
        det = aa * bb - ab * ba
        da, db = (ab * fb - bb * fa) / det, (ba * fa - aa * fb) / det
        a, b, moved = a + da, b + db, max(abs(da), abs(db))
        if last:
            break
    else:
        raise ArithmeticError(f"Newton did not converge at {a}, {b}")
    if abs(ab - ba) > mpf("1e-24") * (abs(aa) + abs(bb)):
        raise ArithmeticError("the force has no potential")
    root = mp.sqrt((aa - bb) ** 2 / 4 + ab * ba)
    eigenvalues = [(aa + bb) / 2 - root, (aa + bb) / 2 + root]
    return {
        "a": a,
        "b": _zero(b, a),
        "eigenvalues": eigenvalues,
        "potential": _zero(values[6], mpf(1)),
        "kind": kind(eigenvalues),
        "agreement": moved / a,
    }


def _zero(value: Any, scale: Any) -> Any:
    return mpf(0) if abs(value) < mpf("1e-26") * scale else value


def equilibria(mix: Mixture, objective: str) -> list[dict[str, Any]]:
    starts = search(mix, objective, 1.6)
    if len(search(mix, objective)) != len(starts):
        raise ArithmeticError("two grids find different numbers of rest points")
    points = [rest(mix, objective, *t) for t in starts]
    points.sort(key=lambda q: (q["b"], q["a"]))
    check_index([q["kind"] for q in points])
    return points


def check_index(kinds: list[str]) -> None:
    index = len(kinds) - 2 * kinds.count("saddle")
    if index != 1:
        raise ArithmeticError(f"the index of {kinds} is {index}, must be 1")


# -- barriers


def barriers(mix: Mixture, objective: str, points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lowest pass between each pair of attractors."""
    rough = mix.floats()
    theta = np.array([[float(q["a"]), float(q["b"])] for q in points])
    ends = [i for i, q in enumerate(points) if q["kind"] == "attractor"]
    saddles = [i for i, q in enumerate(points) if q["kind"] == "saddle"]
    links = {s: descend(rough, objective, theta, s, ends) for s in saddles}
    height = {s: points[s]["potential"] for s in saddles}
    found = []
    for start, end in combinations(ends, 2):
        ways = list(paths(links, start, end))
        best = min(max(height[s] for s in way) for way in ways)
        lowest = [way for way in ways if max(height[s] for s in way) - best < mpf("1e-22")]
        tops = {s for way in lowest for s in way if best - height[s] < mpf("1e-22")}
        found.append(barrier(points, start, end, sorted(tops)))
    return found


def paths(
    links: dict[int, tuple[int, int]], start: int, end: int, seen: tuple[int, ...] = ()
) -> Iterator[list[int]]:
    """The saddles of every way from one attractor to another that meets none twice."""
    if start == end:
        yield []
        return
    for saddle, pair in links.items():
        if start in pair:
            (there,) = set(pair) - {start} or {start}
            if there not in (*seen, start):
                for rest_of_way in paths(links, there, end, (*seen, start)):
                    yield [saddle, *rest_of_way]


def descend(
    mix: Mixture, objective: str, theta: np.ndarray, saddle: int, ends: list[int]
) -> tuple[int, int]:
    """The attractors at the two ends of a saddle's unstable manifold."""

    values, vectors = np.linalg.eigh(
        fast(mix, objective, theta[saddle][None], fine=0.04)[0, 2:].reshape(2, 2)
    )
    pace = 1e-2 * values[1] * mix.narrowest  # the slow parts of the way are walked at this speed

    def field(_: float, t: np.ndarray) -> np.ndarray:
        force = fast(mix, objective, t[None], fine=0.04)[0, :2]
        return force / np.hypot(pace, np.hypot(*force))

    def near(_: float, t: np.ndarray) -> float:
        return np.abs(theta[ends] - t).max(1).min() - 1e-2 * mix.narrowest

    near.terminal = True
    out = []
    for sign in (-1, 1):
        start = theta[saddle] + sign * 1e-2 * mix.narrowest * vectors[:, 1]
        way = solve_ivp(field, (0, 1e3), start, "LSODA", events=near, rtol=1e-6, atol=1e-8)
        if not way.t_events[0].size:
            raise ArithmeticError(f"no attractor below the saddle {theta[saddle]}")
        out.append(ends[int(np.abs(theta[ends] - way.y[:, -1]).max(1).argmin())])
    return out[0], out[1]


def barrier(
    points: list[dict[str, Any]], start: int, end: int, saddles: list[int]
) -> dict[str, Any]:
    top = points[saddles[0]]
    size = [abs(v) for v in top["eigenvalues"]]
    row: dict[str, Any] = {"start": start, "end": end, "saddles": saddles}
    for i, name in ((start, "from"), (end, "to")):
        curvature = points[i]["eigenvalues"][0] * points[i]["eigenvalues"][1]
        row[f"height_{name}"] = top["potential"] - points[i]["potential"]
        ratio = curvature / (size[0] * size[1])
        row[f"prefactor_{name}"] = size[1] / (2 * mp.pi) * mp.sqrt(ratio)
    return row


# -- one-parameter families


class Family:
    """A text with one name in it, an objective and an interval."""

    def __init__(self, text: str, name: str, interval: tuple[str, str], objective: str) -> None:
        self.text, self.name, self.objective = text, name, objective
        self.low, self.high = mpf(interval[0]), mpf(interval[1])
        self.symmetric = text in (SYMMETRIC, NARROW)
        self.steep = text == NARROW  # so that the integrands want many nodes

    def search(self, value: Any, density: float = 1.0) -> np.ndarray:
        return search(self.at(value), self.objective, density * (0.4 if self.steep else 1.0))

    def at(self, value: Any) -> Mixture:
        return Mixture.parse(self.text, **{self.name: mpf(value)})

    def fast(self, states: np.ndarray, fine: float = 0.1) -> np.ndarray:
        """The integrals at (a, b, value), in doubles."""
        values = states[:, 2:]
        mix = Mixture.parse(self.text, FAST, **{self.name: values})
        return fast(mix, self.objective, states[:, :2], fine=fine)

    def exact(self, a: Any, b: Any, value: Any, finer: int = 0) -> list[Any]:
        return exact(self.at(value), self.objective, a, b, finer=finer)

    def bound(self, values: list[Any]) -> list[Any]:
        """What vanishes at a fold: both forces and det J."""
        return [*values[:2], values[2] * values[5] - values[3] * values[4]]

    def fold_system(self, states: np.ndarray) -> np.ndarray:
        """F_a, F_b, det J and their derivatives by (a, b, value), by central differences."""
        columns, step = [], 1e-4
        for k in range(3):
            shift = np.zeros(3)
            shift[k] = step
            up, down = self.fast(states + shift), self.fast(states - shift)
            columns.append(
                [
                    (u - v) / (2 * step)
                    for u, v in zip(self.bound(list(up.T)), self.bound(list(down.T)), strict=True)
                ]
            )
        values = self.bound(list(self.fast(states).T))
        slopes = np.array(columns).transpose(2, 1, 0)
        return np.concatenate([np.stack(values, 1), slopes.reshape(-1, 9)], 1)

    def solve(self, system: Callable, start: list[Any]) -> tuple[list[Any], Any]:
        """Newton in mpf with forward differences, and the size of the last step."""
        state, step, moved = [mpf(v) for v in start], mpf("1e-15"), mp.inf
        for _ in range(10):
            last = moved < mpf("1e-22")
            values = system(state, int(last))
            columns = []
            for k in range(len(state)):
                there = [v + step * (i == k) for i, v in enumerate(state)]
                slopes = zip(system(there, int(last)), values, strict=True)
                columns.append([(u - v) / step for u, v in slopes])
            change = mp.lu_solve(mp.matrix(columns).T, -mp.matrix(values))
            state = [v + d for v, d in zip(state, change, strict=True)]
            moved = max(abs(d) for d in change)
            if last:
                return state, moved
        raise ArithmeticError(f"Newton did not converge at {state}")

    def inside(self, value: Any) -> bool:
        return bool(self.low <= value <= self.high)

    def fold(self, start: Any) -> dict[str, Any]:
        (a, b, value), moved = self.solve(lambda s, n: self.bound(self.exact(*s, finer=n)), start)
        row = rest_values(self, a, b, value)
        return row | {"agreement": moved}

    def pitchfork(self, start: Any) -> dict[str, Any]:
        """Where the branch b = 0 of the symmetric family loses or gains stability across it."""

        def system(state: list[Any], finer: int) -> list[Any]:
            values = self.exact(state[0], mpf(0), state[1], finer)
            return [values[0], values[5]]

        (a, value), moved = self.solve(system, start)
        return rest_values(self, a, mpf(0), value) | {"kind": "pitchfork", "agreement": moved}


def rest_values(family: Family, a: Any, b: Any, value: Any) -> dict[str, Any]:
    values = exact(family.at(value), family.objective, a, b, potential=True)
    return {
        "parameter": value,
        "a": a,
        "b": _zero(b, a),
        "potential": values[6],
        "eigenvalue": values[2] + values[5],  # the other one is 0
    }


def specials(family: Family) -> dict[str, Any]:
    """Folds, branch points, Maxwell points and the census of a family."""
    low, high = float(family.low), float(family.high)
    grid = np.linspace(low, high, 8 if family.steep else 45)
    starts: list[Any] = []
    for value in grid:
        starts += [(*t, value) for t in family.search(value, 0.5)]
    heights, places = np.geomspace(0.4, 8, 8), np.linspace(-6, 6, 13)
    if not family.steep:
        starts += [(a, b, v) for v in grid[::5] for a in heights for b in places]
    with np.errstate(all="ignore"):
        found = newton(family.fold_system, np.array(starts), 0.3, 1.0)
    found = found[(found[:, 0] > 0.1) & (found[:, 2] > low) & (found[:, 2] < high)]
    found = distinct(found[np.abs(found[:, 1]) < 12], 10.0)
    if family.symmetric:
        found = np.concatenate([found[np.abs(found[:, 1]) > 1e-2], axis_folds(family, starts)])
    folds = sorted(
        (family.fold(t) for t in found), key=lambda r: (mp.nstr(r["parameter"], 15), r["b"])
    )
    forks = [family.pitchfork(t) for t in axis(family, starts, 5)] if family.symmetric else []
    forks.sort(key=lambda r: r["parameter"])
    marks = sorted({mp.nstr(r["parameter"], 12): r["parameter"] for r in folds + forks}.values())
    census = take_census(family, [family.low, *marks, family.high])
    return {
        "folds": folds,
        "branch_points": forks,
        "maxwell": maxwell(family, [float(v) for v in [family.low, *marks, family.high]]),
        "census": census,
    }


def axis(family: Family, starts: list[Any], row: int) -> np.ndarray:
    """Solutions (a, value) on b = 0 of F_a = 0 and of integral number `row` = 0, in doubles."""

    def system(states: np.ndarray) -> np.ndarray:
        def values(a: Any, v: Any) -> np.ndarray:
            return family.fast(np.stack([a, 0 * a, v], 1))[:, [0, row]]

        a, v, step = states[:, 0], states[:, 1], 1e-4
        by_a = (values(a + step, v) - values(a - step, v)) / (2 * step)
        by_v = (values(a, v + step) - values(a, v - step)) / (2 * step)
        slopes = np.stack([by_a, by_v], 2)
        return np.concatenate([values(a, v), slopes.reshape(-1, 4)], 1)

    rows = np.array([(t[0], t[2]) for t in starts])
    with np.errstate(all="ignore"):
        found = newton(system, rows, 0.3, 1.0)
    keep = (found[:, 0] > 0.1) & (found[:, 1] > float(family.low))
    return distinct(found[keep & (found[:, 1] < float(family.high))], 10.0)


def axis_folds(family: Family, starts: list[Any]) -> np.ndarray:
    return np.array([(a, 0.0, v) for a, v in axis(family, starts, 2)]).reshape(-1, 3)


def take_census(family: Family, marks: list[Any]) -> list[dict[str, Any]]:
    """Numbers of rest points between the special points, each counted at three values."""
    rows = []
    for left, right in pairwise(marks):
        counts = []
        for share in ("0.02", "0.5", "0.98"):
            value = left + (right - left) * mpf(share)
            mix = family.at(value)
            theta = family.search(value)
            slopes = fast(mix.floats(), family.objective, theta, fine=0.04)[:, 2:]
            kinds = [kind(np.linalg.eigvals(j).real) for j in slopes.reshape(-1, 2, 2)]
            check_index(kinds)
            counts.append([kinds.count(k) for k in ("attractor", "saddle", "repeller")])
        if not counts[0] == counts[1] == counts[2]:
            raise ArithmeticError(f"{counts} rest points between {left} and {right}")
        rows.append({"low": left, "high": right, "counts": counts[1]})
    for (one, two), mark in zip(pairwise(rows), marks[1:-1], strict=True):
        if abs(sum(one["counts"]) - sum(two["counts"])) not in (2, 4):
            raise ArithmeticError(f"no change of the census at {mark}")
    return rows


def maxwell(family: Family, marks: list[float]) -> list[dict[str, Any]]:
    """Where two attractors are equally deep, but for mirror images."""
    found = []
    for left, right in pairwise(marks):
        values = np.linspace(left + 1e-3 * (right - left), right - 1e-3 * (right - left), 60)
        states = follow(family, values[0], family.search(values[0]))
        for one, two in pairwise(values):
            before, states = states, follow(family, two, states[:, :2])
            if len(before) != len(states):
                raise ArithmeticError(f"an attractor was lost at {two}")
            for i, j in combinations(range(len(states)), 2):
                gaps = [s[i, 2] - s[j, 2] for s in (before, states)]
                if gaps[0] * gaps[1] < 0 and max(map(abs, gaps)) > 1e-9:
                    found.append(equal_depth(family, (one, two), before[[i, j], :2]))
        if len(states) != len(follow(family, two, family.search(two))):
            raise ArithmeticError(f"attractors were lost or found between {left} and {right}")
    return sorted(found, key=lambda r: (mp.nstr(r["parameter"], 15), r["states"][0]["b"]))


def follow(family: Family, value: float, starts: np.ndarray) -> np.ndarray:
    """(a, b, potential) of the attractors that Newton's method finds from `starts`, in doubles."""
    mix = family.at(value).floats()
    theta = newton(lambda t: fast(mix, family.objective, t, fine=0.04), starts, 0.3, 1.0)
    values = fast(mix, family.objective, theta, potential=True, fine=0.04)
    stable = (np.linalg.eigvals(values[:, 2:6].reshape(-1, 2, 2)).real < 0).all(1)
    return distinct(np.concatenate([theta, values[:, 6:]], 1)[stable], 1.0)


def equal_depth(family: Family, ends: tuple[float, float], pair: np.ndarray) -> dict[str, Any]:
    """The Maxwell point between two values of the attractors next to `pair` at the first."""
    low, high = ends
    sign = np.subtract(*follow(family, low, pair)[:, 2])
    while high - low > 1e-7:
        middle = (low + high) / 2
        states = follow(family, middle, pair)
        same = sign * (states[0, 2] - states[1, 2]) > 0
        low, high = (middle, high) if same else (low, middle)
        pair = states[:, :2] if same else pair

    def gap(value: Any) -> tuple[Any, list[dict[str, Any]]]:
        states = [rest(family.at(value), family.objective, *t) for t in pair]
        return states[0]["potential"] - states[1]["potential"], states

    one, two = mpf(low), mpf(high)
    at_one, (at_two, states) = gap(one)[0], gap(two)
    while at_two and abs(one - two) > mpf("1e-26"):
        one, two = two, two - at_two * (two - one) / (at_two - at_one)
        at_one, (at_two, states) = at_two, gap(two)
        pair = np.array([(q["a"], q["b"]) for q in states], dtype=object)
    rivals = follow(family, float(two), family.search(two))[:, 2]
    keys = ("a", "b", "eigenvalues")
    return {
        "parameter": two,
        "states": [{k: q[k] for k in keys} for q in states],
        "potential": states[0]["potential"],
        "deepest": bool(rivals.min() > float(states[0]["potential"]) - 1e-9),
        "agreement": abs(one - two),
    }


# -- the file

ABOUT = (
    "Rest points, barriers and special points of dtheta/dt = force for the generator a*z + b, "
    "z ~ N(0, 1), solved in 40-digit arithmetic by tests/oracle_landscape.py, whose docstring "
    "says what is here. 'agreement' is the last Newton step, at half the step of the quadrature, "
    "relative to a (for Maxwell points the last secant step)."
)


def plain(value: Any) -> Any:
    """Decimal strings for the mpf in nested dicts and lists."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, mp.mpf):
        return mp.nstr(value, 25)
    return value


def jobs() -> Iterator[tuple[str, str, Callable[[], dict[str, Any]]]]:
    """Section, label and computation of every entry of the file."""
    for text, objectives in GAMES:
        for objective in objectives:
            yield "equilibria", f"{text} | {objective}", lambda t=text, o=objective: game(t, o)
    for text, name, interval, objectives in FAMILIES:
        for objective in objectives:
            family = text, name, interval, objective
            yield "families", f"{text} | {objective}", lambda f=family: one_family(*f)


def game(text: str, objective: str) -> dict[str, Any]:
    mix = Mixture.parse(text)
    points = equilibria(mix, objective)
    out = {"data": text, "objective": objective, "points": points}
    return out | {"barriers": barriers(mix, objective, points)}


def one_family(text: str, name: str, interval: tuple[str, str], objective: str) -> dict[str, Any]:
    found = specials(Family(text, name, interval, objective))
    head = {"text": text, "name": name, "interval": list(interval), "objective": objective}
    return head | found


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=DATA / "landscape.json")
    parser.add_argument("--only", help="regex on 'data | objective'; others stay as they are")
    args = parser.parse_args(argv)
    mp.mp.dps = DIGITS
    known: dict[str, dict[str, Any]] = {"equilibria": {}, "families": {}}
    if args.only and args.output.exists():
        old = json.loads(args.output.read_text())
        known["equilibria"] = {f"{r['data']} | {r['objective']}": r for r in old["equilibria"]}
        known["families"] = {f"{r['text']} | {r['objective']}": r for r in old["families"]}
    for section, label, work in jobs():
        if args.only and not re.search(args.only, label):
            continue
        start = time.time()
        known[section][label] = plain(work())
        print(f"{label}: {time.time() - start:.1f} s", file=sys.stderr, flush=True)
        entries = {
            s: [known[s][k] for t, k, _ in jobs() if t == s and k in known[s]] for s in known
        }
        args.output.write_text(json.dumps({"about": ABOUT} | entries, indent=1) + "\n")


if __name__ == "__main__":
    main()
