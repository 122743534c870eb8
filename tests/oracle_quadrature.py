"""Composite Gauss-Legendre quadrature of vector functions that halves panels until they agree."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import mpmath as mp

mpf = mp.mpf
DIGITS = 60
CLOSE = mpf(10) ** -40
TOLERANCE, NOISE, ORDER = mpf(10) ** -28, mpf(10) ** -48, 30


def _legendre(n: int) -> list[tuple[Any, Any]]:
    rule = []
    with mp.workdps(DIGITS + 10):
        for k in range(n):
            x = mp.cos(mp.pi * (k + mpf(3) / 4) / (n + mpf(1) / 2))
            for _ in range(9):
                p0, p1 = mpf(1), x
                for j in range(2, n + 1):
                    p0, p1 = p1, ((2 * j - 1) * x * p1 - (j - 1) * p0) / j
                slope = n * (x * p1 - p0) / (x * x - 1)
                x -= p1 / slope
            rule.append((-x, 2 / ((1 - x * x) * slope**2)))
    return rule


RULE = _legendre(ORDER)


class Panel:
    """Integrals of a vector function over [lo, hi], of its modulus, and the sign changes seen."""

    def __init__(self, f: Callable, lo: Any, hi: Any) -> None:
        self.lo, self.hi = lo, hi
        middle, half = (lo + hi) / 2, (hi - lo) / 2
        rows: list[list[Any]] = []
        self.root = None
        seen = []
        for t, w in RULE:
            x = middle + half * t
            values, switch = f(x)
            weight = w * half
            rows.append([weight * v for v in values])
            if switch:
                seen.append((x, switch))
        if seen:
            # next to the ends as well: a change between one panel's last node and the next's first
            # would be seen by neither
            first, last = lo + half * CLOSE, hi - half * CLOSE
            seen = [(first, f(first)[1]), *seen, (last, f(last)[1])]
            seen = [(x, switch) for x, switch in seen if switch]
        for (x, u), (y, v) in pairwise(seen):
            if (u > 0) != (v > 0):
                self.root = bisect(lambda y: f(y)[1], x, y)
                break
        columns = list(zip(*rows, strict=True))
        self.sums = [mp.fsum(c) for c in columns]
        self.moduli = [mp.fsum(c, absolute=True) for c in columns]


def bisect(f: Callable, lo: Any, hi: Any) -> Any:
    """The sign change of f between lo and hi."""
    positive = f(lo) > 0
    while hi - lo > mpf(10) ** -55 * max(abs(lo), abs(hi)):
        middle = (lo + hi) / 2
        value = f(middle)
        if not value or not lo < middle < hi:
            return middle
        lo, hi = (middle, hi) if (value > 0) == positive else (lo, middle)
    return (lo + hi) / 2


def totals(rows: list[list[Any]]) -> list[Any]:
    """Sums of the columns."""
    return [mp.fsum(column) for column in zip(*rows, strict=True)]


def integrate(f: Callable, edges: list[Any]) -> tuple[list[Any], list[Any], list[Panel]]:
    """Integrals of f at two resolutions (panels, halved panels) and the halved panels."""
    edges = sorted(edges)
    span = edges[-1] - edges[0]
    kept = edges[:1] + [y for x, y in pairwise(edges) if y - x > NOISE * span]
    pending = [Panel(f, lo, hi) for lo, hi in pairwise(kept)]
    coarse: list[Panel] = []
    fine: list[Panel] = []
    for _ in range(90):
        scale = totals([p.moduli for p in pending + fine])
        bound = [TOLERANCE * s for s in scale]
        queue, pending = pending, []
        for panel in queue:
            cut = panel.root
            left = Panel(f, panel.lo, cut or (panel.lo + panel.hi) / 2)
            right = Panel(f, left.hi, panel.hi)
            same = all(
                abs(w - u - v) <= t
                for w, u, v, t in zip(panel.sums, left.sums, right.sums, bound, strict=True)
            )
            if same and cut is None and left.root is None and right.root is None:
                coarse.append(panel)
                fine += [left, right]
            else:
                pending += [left, right]
        if not pending:
            return totals([p.sums for p in coarse]), totals([p.sums for p in fine]), fine
    raise ArithmeticError("panels were halved 90 times")
