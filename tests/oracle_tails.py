"""Which integrals between two densities are infinite, decided from their tails and supports."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath as mp
from oracle_densities import Component

ALPHAS = {
    n: mp.mpf(c) for n, c in (("alpha(0.3)", 0.3), ("alpha(-0.5)", -0.5), ("alpha(1.7)", 1.7))
}
POWERS: dict[str, list[tuple[float, float]]] = {
    "saturating": [(0.5, 0.5)],
    "nonsaturating": [(0, 1)],
    "reverse_kl": [(0, 1)],
    "forward_kl": [(1, 0)],
    "jeffreys": [(1, 0), (0, 1)],
    "pearson": [(2, -1)],
    "neyman": [(-1, 2)],
    "hellinger": [(0.5, 0.5)],
} | {n: [(float(c), 1 - float(c))] for n, c in ALPHAS.items()}
"""Exponents of p and g in the integrand of each force, up to powers of x, far out."""


class Tails:
    """Data components p, a generated component g and the sign of a."""

    def __init__(self, p: list[Component], g: Component, sign: int) -> None:
        self.p, self.g, self.sign = p, g, sign

    def decays(self, side: int) -> tuple[Any, Any]:
        tails = [t for t in (c.decay(side) for c in self.p) if t]
        return (min(tails) if tails else None), self.g.decay(side)

    def finite(self, alpha: Any, beta: Any, power: int, side: int) -> bool:
        """Whether p^alpha g^beta |x|^power can be integrated towards `side` infinity."""
        exponents = [Fraction(0)] * 3
        for c, tail in zip((alpha, beta), self.decays(side), strict=True):
            if c and tail is None:
                return True  # where the other density lives alone is judged by the supports
            if c:
                power_of = Fraction(float(c))
                exponents = [e + power_of * t for e, t in zip(exponents, tail, strict=True)]
        square, linear, power_law = exponents
        if square or linear:
            return square > 0 or (square == 0 and linear > 0)
        return power_law - power > 1

    def growth(self, side: int) -> int:
        """Power of |x| with which log p - log g grows at most (0 where bounded or logarithmic)."""
        tails = [t for t in self.decays(side) if t]
        return 2 if any(t[0] for t in tails) else 1 if any(t[1] for t in tails) else 0

    @property
    def outside(self) -> tuple[bool, bool]:
        """Whether the data, the generator has mass where the other has none."""
        p = min(c.support[0] for c in self.p), max(c.support[1] for c in self.p)
        g = self.g.support
        return p[0] < g[0] or p[1] > g[1], g[0] < p[0] or g[1] > p[1]

    def infinite_scalars(self) -> set[str]:
        data_alone, generator_alone = self.outside
        out = set()
        rows = {
            "kl_data_generator": ((1, 0), data_alone),
            "kl_generator_data": ((0, 1), generator_alone),
            "nonsaturating": ((0, 1), generator_alone),
            "chi_squared_data_generator": ((2, -1), data_alone),
            "chi_squared_generator_data": ((-1, 2), generator_alone),
        }
        for n, c in ALPHAS.items():
            alone = (c > 1 and data_alone) or (c < 0 and generator_alone)
            rows[n] = ((float(c), 1 - float(c)), alone)
        for n, ((alpha, beta), alone) in rows.items():
            extra = n in ("kl_data_generator", "kl_generator_data", "nonsaturating")
            ends = (self.finite(alpha, beta, extra * self.growth(s), s) for s in (-1, 1))
            if alone or not all(ends):
                out.add(n)
        return out

    def infinite_forces(self) -> dict[str, Any]:
        """Force components that do not exist: +inf, -inf, or None where the ends disagree.

        A slope w(l) l' with w not vanishing as p -> 0 means nothing where p = 0: None as well.
        """
        out: dict[str, Any] = {}
        for o, pairs in POWERS.items():
            vanishing = all(u > 0 for u, _ in pairs)
            if self.outside[1] and not vanishing:
                out[f"{o}:a"] = out[f"{o}:b"] = None
                continue
            for c in "ab":
                signs = set()
                for side in (-1, 1):
                    tail_p, tail_g = self.decays(side)
                    if tail_g is None:
                        continue
                    power = max(self.growth(side) - 1, -1) + (c == "a")
                    if self.growth(side) == 0 and tail_p:
                        power = -1 + (c == "a")
                    if all(self.finite(u, v, power, side) for u, v in pairs):
                        continue
                    direction = side if tail_p and tail_p < tail_g else -side
                    signs.add(direction * side * self.sign if c == "a" else direction)
                if signs:
                    out[f"{o}:{c}"] = signs.pop() * mp.inf if len(signs) == 1 else None
        return out
