"""Closed forms between two normals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from gandyn.distributions import Normal
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()


def kl(m1: Any, s1: Any, m2: Any, s2: Any, m: Any) -> Any:
    """KL(N(m1, s1²) ‖ N(m2, s2²))."""
    return m.log(s2 / s1) + (s1**2 - s2**2 + (m1 - m2) ** 2) / (2 * s2**2)


def affinity(m1: Any, s1: Any, m2: Any, s2: Any, m: Any) -> Any:
    """∫√(pq) of the same."""
    total = s1**2 + s2**2
    return m.sqrt(2 * s1 * s2 / total) * m.exp(-((m1 - m2) ** 2) / (4 * total))


def chi_squared(m1: Any, s1: Any, m2: Any, s2: Any, m: Any) -> Any:
    """∫(p - q)²/q where s1² < 2 s2²."""
    excess = 2 * s2**2 - s1**2
    return s2**2 / (s1 * m.sqrt(excess)) * m.exp((m1 - m2) ** 2 / excess) - 1


@rows.claim(
    "normal-kl-symbolic",
    "KL(N(m₁, s₁²) ‖ N(m₂, s₂²)) = log(s₂/s₁) + (s₁² + (m₁ - m₂)²)/(2s₂²) - ½",
    "SymPy: the mean of log p - log q at x = m₁ + s₁ z, from E z = 0, E z² = 1",
)
def _kl_symbolic(subject: Subject, battery: Battery) -> Outcome:
    m1, s1, m2, s2, z = _symbols()
    x = m1 + s1 * z
    log_ratio = sp.expand(sp.log(s2 / s1) - z**2 / 2 + (x - m2) ** 2 / (2 * s2**2))
    mean = log_ratio.coeff(z, 0) + log_ratio.coeff(z, 2)
    return symbolic((kl(m1, s1, m2, s2, sp), mean))


@rows.claim(
    "normal-hellinger-symbolic",
    "∫√(p q) = √(2 s₁ s₂/(s₁² + s₂²)) exp(-(m₁ - m₂)²/(4 (s₁² + s₂²)))",
    "SymPy: the exponent's square completed, ∫exp(-αx² + βx + γ) dx = √(π/α) exp(γ + β²/(4α))",
)
def _hellinger_symbolic(subject: Subject, battery: Battery) -> Outcome:
    half = sp.Rational(1, 2)
    return _same_integral(affinity, (half, half), shift=0)


@rows.claim(
    "normal-chi2-symbolic",
    "∫(p - q)²/q = s₂²/(s₁ √(2s₂² - s₁²)) exp((m₁ - m₂)²/(2s₂² - s₁²)) - 1, finite where "
    "s₁² < 2 s₂²",
    "SymPy: ∫p²/q by the square completed; its leading coefficient is -(2s₂² - s₁²)/(2 s₁² s₂²)",
)
def _chi2_symbolic(subject: Subject, battery: Battery) -> Outcome:
    return _same_integral(chi_squared, (sp.Integer(2), -sp.Integer(1)), shift=1)


@rows.claim(
    "normal-w2-symbolic",
    "W₂² = (m₁ - m₂)² + (s₁ - s₂)²",
    "SymPy: E (T(x) - x)² of the monotone map T(m₁ + s₁ z) = m₂ + s₂ z",
)
def _w2_symbolic(subject: Subject, battery: Battery) -> Outcome:
    m1, s1, m2, s2, z = _symbols()
    cost = sp.expand((m2 + s2 * z - m1 - s1 * z) ** 2)
    mean = cost.coeff(z, 0) + cost.coeff(z, 2)
    return symbolic((sp.expand((m1 - m2) ** 2 + (s1 - s2) ** 2), sp.expand(mean)))


@rows.claim(
    "normal-closed-forms",
    "Both KLs, squared Hellinger, both χ², and W₂ between random normals: worst relative "
    "difference from the closed forms",
    "the engine's accuracy, 1e-10",
)
def _closed_forms(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(6)
    worst = Worst()
    for _ in range(8):
        s1 = float(np.exp(rng.uniform(-1, 1)))
        s2 = s1 * float(np.exp(rng.uniform(-0.3, 0.3)))
        m1 = float(rng.uniform(-4, 4))
        m2 = m1 + s1 * float(rng.uniform(-3, 3))
        found = subject.distances(Normal(m1, s1), Normal(m2, s2))
        there, back = (m1, s1, m2, s2, math), (m2, s2, m1, s1, math)
        for value, expected in (
            (found.kl_pq, kl(*there)),
            (found.kl_qp, kl(*back)),
            (found.hellinger_squared, 1 - affinity(*there)),
            (found.chi_squared_pq, chi_squared(*there)),
            (found.chi_squared_qp, chi_squared(*back)),
            (found.wasserstein2, math.hypot(m1 - m2, s1 - s2)),
        ):
            worst.add(value / expected - 1)
    return zero(worst.value, 1e-10)


@rows.claim(
    "normal-chi2-infinite",
    "∫(p - q)²/q is infinite exactly where s₁² >= 2 s₂²: how many of eight pairs, close to the "
    "line and far on both sides of it, say otherwise",
    "the exponent of p²/q then does not fall",
)
def _chi2_infinite(subject: Subject, battery: Battery) -> Outcome:
    wrong = 0
    pairs = ((1.3, 0), (1.4, 1), (1.41, 0), (1.42, 0), (1.42, 1), (1.5, 0), (2, 1), (9, 0))
    for ratio, mean in pairs:
        found = float(subject.distances(Normal(mean, ratio), Normal(0, 1)).chi_squared_pq)
        wrong += math.isinf(found) != (ratio**2 >= 2) or math.isnan(found)
    return zero(wrong, 0.0)


@rows.claim(
    "normal-equal-widths",
    "At equal widths TV = 2Φ(Δ/2σ) - 1 and W₁ = W₂ = Δ: worst relative difference",
    "p and q cross once, half way; the monotone map is a shift; the engine's accuracy, 1e-10",
)
def _equal_widths(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for distance, width in ((1e-3, 1.0), (0.5, 0.3), (1.0, 2.0), (3.0, 1.0), (8.0, 0.7)):
        found = subject.distances(Normal(1.0, width), Normal(1.0 + distance, width))
        # the distance that the two means really have
        apart = (1.0 + distance) - 1.0
        expected = math.erf(apart / (2 * width) / math.sqrt(2))
        worst.add(found.total_variation / expected - 1)
        worst.add([found.wasserstein1 / apart - 1, found.wasserstein2 / apart - 1])
    return zero(worst.value, 1e-10)


@rows.claim(
    "normal-jsd",
    "JSD of N(0, 1) with N(1, 1), N(2, 1), N(2, 0.6²) is 0.11142148, 0.33683082, 0.44308166: "
    "worst difference",
    "half of the last published digit",
)
def _jsd_numbers(subject: Subject, battery: Battery) -> Outcome:
    published = {(1.0, 1.0): 0.11142148, (2.0, 1.0): 0.33683082, (2.0, 0.6): 0.44308166}
    differences = [
        float(subject.distances(Normal(0, 1), Normal(mean, std)).jsd) - number
        for (mean, std), number in published.items()
    ]
    return zero(np.max(np.abs(differences)), 5e-9)


def _symbols() -> tuple[Any, ...]:
    s1, s2 = sp.symbols("s1 s2", positive=True)
    m1, m2, z = sp.symbols("m1 m2 z", real=True)
    return m1, s1, m2, s2, z


def _same_integral(formula: Any, powers: tuple[Any, Any], shift: int) -> Outcome:
    """``formula + shift`` is ∫ p^i q^j dx: the squares of both agree, factor and exponent."""
    m1, s1, m2, s2, x = _symbols()
    i, j = powers
    exponent = -i * (x - m1) ** 2 / (2 * s1**2) - j * (x - m2) ** 2 / (2 * s2**2)
    quadratic, beta, gamma = sp.Poly(exponent, x).all_coeffs()
    alpha = -quadratic
    factor = sp.pi / alpha / (2 * sp.pi * s1**2) ** i / (2 * sp.pi * s2**2) ** j
    completed = gamma + beta**2 / (4 * alpha)
    claimed = sp.expand(formula(m1, s1, m2, s2, sp) + shift)
    squared = sp.simplify(claimed.subs(m2, m1) ** 2)
    growth = sp.expand_log(sp.log(claimed / claimed.subs(m2, m1)), force=True)
    return symbolic((squared, sp.factor(factor)), (sp.simplify(growth), sp.factor(completed)))
