"""Closed forms between two normals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from gandyn.distributions import Normal
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, normal_mean, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "normal-kl-symbolic",
    "KL(N(m₁, s₁²) ‖ N(m₂, s₂²)) = log(s₂/s₁) + (s₁² + (m₁ - m₂)²)/(2s₂²) - ½",
    "SymPy: the mean of log p - log q at x = m₁ + s₁ z, from E z = 0, E z² = 1",
    "textbook; Gil, Alajaji & Linder 2013, table 2",
)
def _kl_symbolic(subject: Subject, battery: Battery) -> Outcome:
    m1, s1, m2, s2, z = _symbols()
    log = subject.formulas.normal_logpdf
    x = m1 + s1 * z
    mean = normal_mean(log(x, m1, s1, sp) - log(x, m2, s2, sp), z)
    claimed = subject.formulas.normal_kl(m1, s1, m2, s2, sp)
    return symbolic((sp.expand_log(claimed, force=True), mean))


@rows.claim(
    "normal-hellinger-symbolic",
    "∫√(p q) = √(2 s₁ s₂/(s₁² + s₂²)) exp(-(m₁ - m₂)²/(4 (s₁² + s₂²)))",
    "SymPy: the exponent's square completed, ∫exp(-αx² + βx + γ) dx = √(π/α) exp(γ + β²/(4α))",
    "textbook; Gil, Alajaji & Linder 2013, table 2",
)
def _hellinger_symbolic(subject: Subject, battery: Battery) -> Outcome:
    half = sp.Rational(1, 2)
    return _same_integral(subject, subject.formulas.normal_affinity, (half, half), shift=0)


@rows.claim(
    "normal-chi2-symbolic",
    "∫(p - q)²/q = s₂²/(s₁ √(2s₂² - s₁²)) exp((m₁ - m₂)²/(2s₂² - s₁²)) - 1, finite where "
    "s₁² < 2 s₂²",
    "SymPy: ∫p²/q by the square completed; its leading coefficient is -(2s₂² - s₁²)/(2 s₁² s₂²)",
    "textbook; Gil, Alajaji & Linder 2013, table 2",
)
def _chi2_symbolic(subject: Subject, battery: Battery) -> Outcome:
    powers = (sp.Integer(2), -sp.Integer(1))
    return _same_integral(subject, subject.formulas.normal_chi_squared, powers, shift=1)


@rows.claim(
    "normal-w2-symbolic",
    "W₂² = (m₁ - m₂)² + (s₁ - s₂)², reached by T(x) = m₂ + (x - m₁) s₂/s₁",
    "SymPy: q(T(x)) T'(x) = p(x), T' > 0, and no map does better, by duality: with u' = T and u* "
    "its conjugate, u(x) + u*(y) - xy is a square, 0 at y = T(x), so that E(x - y)² >= E x² + E y² "
    "- 2 E u(x) - 2 E u*(y), which is the same",
    "Dowson & Landau 1982; Villani 2003, theorem 2.12",
)
def _w2_symbolic(subject: Subject, battery: Battery) -> Outcome:
    m1, s1, m2, s2, z = _symbols()
    x, y = sp.symbols("x y", real=True)
    claimed, log = (
        subject.formulas.normal_transport(m1, s1, m2, s2, sp),
        subject.formulas.normal_logpdf,
    )
    onto = m2 + (x - m1) * s2 / s1
    carried = log(onto, m2, s2, sp) + sp.log(sp.diff(onto, x)) - log(x, m1, s1, sp)
    u = sp.integrate(onto, x)
    back = sp.solve(sp.Eq(onto, y), x)[0]
    conjugate = sp.expand(back * y - u.subs(x, back))
    slack = sp.factor(u + conjugate - x * y)
    cost = normal_mean((onto - x).subs(x, m1 + s1 * z) ** 2, z)
    duals = [(x**2 - 2 * u).subs(x, m1 + s1 * z), (y**2 - 2 * conjugate).subs(y, m2 + s2 * z)]
    return symbolic(
        (sp.Integer(0), _same(carried, 0)),
        (sp.Integer(0), _same((y - onto) ** 2 * s1 / (2 * s2), slack)),
        (sp.expand(claimed), sp.expand(cost)),
        (sp.Integer(0), _same(claimed, sum(normal_mean(dual, z) for dual in duals))),
    )


@rows.claim(
    "normal-closed-forms",
    "Both KLs, squared Hellinger, both χ², and W₂ between random normals: worst relative "
    "difference from the closed forms",
    "the engine's accuracy, 1e-10",
    "Gil, Alajaji & Linder 2013, table 2; Dowson & Landau 1982",
)
def _closed_forms(subject: Subject, battery: Battery) -> Outcome:
    rng, forms = battery.rng(6), subject.formulas
    worst = Worst()
    for _ in range(8):
        s1 = float(np.exp(rng.uniform(-1, 1)))
        s2 = s1 * float(np.exp(rng.uniform(-0.3, 0.3)))
        m1 = float(rng.uniform(-4, 4))
        m2 = m1 + s1 * float(rng.uniform(-3, 3))
        found = subject.distances(Normal(m1, s1), Normal(m2, s2))
        there, back = (m1, s1, m2, s2, math), (m2, s2, m1, s1, math)
        for value, expected in (
            (found.kl_pq, forms.normal_kl(*there)),
            (found.kl_qp, forms.normal_kl(*back)),
            (found.hellinger_squared, 1 - forms.normal_affinity(*there)),
            (found.chi_squared_pq, forms.normal_chi_squared(*there)),
            (found.chi_squared_qp, forms.normal_chi_squared(*back)),
            (found.wasserstein2, math.sqrt(forms.normal_transport(*there))),
        ):
            worst.add(value / expected - 1)
    return zero(worst.value, 1e-10)


@rows.claim(
    "normal-chi2-infinite",
    "∫(p - q)²/q is infinite exactly where s₁² >= 2 s₂²: how many of eight pairs, close to the "
    "line and far on both sides of it, say otherwise",
    "the exponent of p²/q then does not fall",
    "textbook; Gil, Alajaji & Linder 2013, table 2",
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
    "textbook",
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
    "40-digit quadrature",
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


def _same(one: Any, other: Any) -> Any:
    """The difference of two expressions, simplified."""
    return sp.simplify(sp.expand_log(sp.expand(one - other), force=True))


def _same_integral(subject: Subject, formula: Any, powers: tuple[Any, Any], shift: int) -> Outcome:
    """``formula + shift`` is ∫ p^i q^j dx: the squares of both agree, factor and exponent."""
    m1, s1, m2, s2, x = _symbols()
    i, j = powers
    log = subject.formulas.normal_logpdf
    exponent = sp.expand(i * log(x, m1, s1, sp) + j * log(x, m2, s2, sp))
    logs = sum(term for term in exponent.args if term.has(sp.log))
    quadratic, beta, gamma = sp.Poly(exponent - logs, x).all_coeffs()
    alpha = -quadratic
    factor = sp.pi / alpha * sp.exp(2 * logs)
    completed = gamma + beta**2 / (4 * alpha)
    claimed = sp.expand(formula(m1, s1, m2, s2, sp) + shift)
    squared = sp.simplify(claimed.subs(m2, m1) ** 2)
    growth = sp.expand_log(sp.log(claimed / claimed.subs(m2, m1)), force=True)
    return symbolic((squared, sp.factor(factor)), (sp.simplify(growth), sp.factor(completed)))
