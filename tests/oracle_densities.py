"""Densities on the line in arbitrary precision, for the reference values; no use of gandyn."""

from __future__ import annotations

import re
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import mpmath as mp

mpf = mp.mpf
ZERO, ONE, HALF = mpf(0), mpf(1), mpf(1) / 2


class Component:
    """A standard density `kind` (N, U, Laplace, Logistic, T) moved to `loc` and stretched."""

    def __init__(self, kind: str, loc: Any, scale: Any, df: Any = None, weight: Any = ONE) -> None:
        self.kind, self.loc, self.scale, self.df, self.weight = kind, loc, scale, df, weight
        if kind == "T":
            self.norm = mp.gamma((df + 1) / 2) / (mp.gamma(df / 2) * mp.sqrt(df * mp.pi))
            self.beta_tail = mp.beta(df / 2, HALF)
        elif kind == "N":
            self.norm = 1 / mp.sqrt(2 * mp.pi)

    def moved(self, a: Any, b: Any) -> Component:
        return Component(self.kind, a * self.loc + b, abs(a) * self.scale, self.df, self.weight)

    def standard_pdf(self, z: Any) -> Any:
        if self.kind == "N":
            return self.norm * mp.exp(-z * z / 2)
        if self.kind == "U":
            return HALF if abs(z) <= 1 else ZERO
        if self.kind == "Laplace":
            return HALF * mp.exp(-abs(z))
        if self.kind == "Logistic":
            e = mp.exp(-abs(z))
            return e / (1 + e) ** 2
        return self.norm * mp.exp(-(self.df + 1) / 2 * mp.log1p(z * z / self.df))

    def pdf(self, x: Any) -> Any:
        return self.standard_pdf((x - self.loc) / self.scale) / self.scale

    def score(self, x: Any) -> Any:
        z = (x - self.loc) / self.scale
        slope = {
            "N": lambda: -z,
            "U": lambda: ZERO,
            "Laplace": lambda: -mp.sign(z),
            "Logistic": lambda: -mp.tanh(z / 2),
            "T": lambda: -(self.df + 1) * z / (self.df + z * z),
        }[self.kind]()
        return slope / self.scale

    def standard_tail(self, z: Any) -> Any:
        """P(Z > z) for z >= 0, with full relative accuracy."""
        if self.kind == "N":
            return mp.erfc(z / mp.sqrt(2)) / 2
        if self.kind == "U":
            return max(ZERO, (1 - z) / 2)
        if self.kind == "Laplace":
            return mp.exp(-z) / 2
        if self.kind == "Logistic":
            e = mp.exp(-z)
            return e / (1 + e)
        y = self.df / (self.df + z * z)
        if y <= HALF:
            return self._beta_series(y, self.df / 2, HALF) / 2
        return HALF - self._beta_series(1 - y, HALF, self.df / 2) / 2

    def _beta_series(self, x: Any, p: Any, q: Any) -> Any:
        """Regularised incomplete beta function by its series of positive terms."""
        term = total = ONE
        n = 0
        while term > total * mp.eps:
            term *= (p + q + n) / (p + 1 + n) * x
            total += term
            n += 1
        return x**p * (1 - x) ** q / (p * self.beta_tail) * total

    def masses(self, x: Any) -> tuple[Any, Any]:
        """(P(X <= x), P(X > x)), the smaller one without cancellation."""
        z = (x - self.loc) / self.scale
        tail = self.standard_tail(abs(z))
        return (tail, 1 - tail) if z < 0 else (1 - tail, tail)

    def standard_isf(self, tail: Any) -> Any:
        """The z >= 0 beyond which a mass `tail` <= 1/2 lies."""
        if self.kind == "U":
            return 1 - 2 * tail
        if self.kind == "Laplace":
            return -mp.log(2 * tail)
        if self.kind == "Logistic":
            return mp.log((1 - tail) / tail)
        if self.kind == "N" and tail > mpf("1e-300"):
            z = abs(mpf(NormalDist().inv_cdf(float(tail))))
        elif self.kind == "N":
            z = mp.sqrt(-2 * mp.log(tail) - mp.log(-4 * mp.pi * mp.log(tail)))
        else:
            z = max(ONE, (self.norm / tail) ** (1 / self.df)) if tail < 0.1 else HALF - tail
        for _ in range(200):  # Newton on log P(Z > z); in log z far out, where powers are straight
            mass = self.standard_tail(z)
            step = mass * mp.log(mass / tail) / self.standard_pdf(z)
            if self.kind == "T" and z > 1:
                z *= mp.exp(step / z)
            else:
                z = max(z + step, ZERO)
            if abs(step) <= mpf(10) ** -32 * z or abs(step) < mpf(10) ** -57:
                return z
        raise ArithmeticError("quantile did not converge")

    @property
    def deviation_squared(self) -> Any:
        if self.kind == "T":
            return self.scale**2 * self.df / (self.df - 2) if self.df > 2 else mp.inf
        factor = {"N": ONE, "U": ONE / 3, "Laplace": mpf(2), "Logistic": mp.pi**2 / 3}
        return factor[self.kind] * self.scale**2

    @property
    def support(self) -> tuple[Any, Any]:
        if self.kind == "U":
            return self.loc - self.scale, self.loc + self.scale
        return -mp.inf, mp.inf

    def decay(self, side: int) -> tuple[Fraction, ...] | None:
        """(A, B, C) of the tail exp(-A x^2 - B x) x^-C as side * x grows; None if there is none."""
        if self.kind == "U":
            return None
        loc, scale = (Fraction(int(v * 2**200), 2**200) for v in (self.loc, self.scale))
        if self.kind == "N":
            return 1 / (2 * scale**2), -side * loc / scale**2, Fraction(0)
        if self.kind == "T":
            return Fraction(0), Fraction(0), Fraction(float(self.df)) + 1
        return Fraction(0), 1 / scale, Fraction(0)

    def edges(self) -> list[Any]:
        if self.kind == "U":
            return [self.loc - self.scale, self.loc, self.loc + self.scale]
        if self.kind == "N":
            steps = [1, 2, 4, 8, 16, 24]
        else:
            steps = [2**k for k in range(151 if self.kind == "T" else 9)]
        return [self.loc + s * self.scale * i for i in steps for s in (-1, 1)] + [self.loc]


def parse(text: str) -> list[Component]:
    """Components of e.g. "0.5*N(-3, 1) + 0.5*T(5, 0, 1)"; weights normalised by their sum."""
    number = r"[-+0-9.eE]+"
    out = []
    for weight, kind, inside in re.findall(rf"(?:({number})\*)?([A-Za-z]+)\(([^)]*)\)", text):
        args = [mpf(float(v)) for v in inside.split(",")]
        df = args.pop(0) if kind == "T" else None
        if kind == "U":
            args = [(args[0] + args[1]) / 2, (args[1] - args[0]) / 2]
        out.append(Component(kind, args[0], args[1], df, mpf(float(weight or 1))))
    total = sum(c.weight for c in out)
    for c in out:
        c.weight = c.weight / total
    return out
