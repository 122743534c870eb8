"""Far from the data the saturating gradient vanishes, the non-saturating one does not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from gandyn.distributions import Normal
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, at_most, between, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()

_FAR = np.array([8.0, 12.0, 20.0, 35.0, 60.0])


@rows.claim(
    "vanishing-law-symbolic",
    "N(0, 1) at the distance Δ from the data N(Δ, 1): the saturating force on b is "
    "√(π/2) exp(-Δ²/8) (1 - π²/(2Δ²) + 5π⁴/(8Δ⁴) - …)",
    "SymPy: the force ∫ p_g D* ℓ' dx in u = Δ (x - Δ/2) is exp(-Δ²/8)/√(2π) times the integral of "
    "exp(-u²/(2Δ²)) h(u), h = 1/(2 cosh(u/2)); the series in 1/Δ of the first factor, and the "
    "moments of h from ∫ exp(su) h(u) du = B(½ + s, ½ - s), by t = 1/(1 + exp(-u))",
    "derived here",
)
def _law_symbolic(subject: Subject, battery: Battery) -> Outcome:
    u, far, s = sp.symbols("u Delta s", positive=True)
    log_p, log_g = _logs_at_middle(subject, u, far)
    ratio = sp.exp(sp.expand(log_p - log_g))
    # per du, as the integral is
    slope = sp.diff(sp.log(ratio), u)
    felt = sp.exp(log_g) * subject.formulas.discriminator(ratio, 1, sp) * slope
    h = 1 / (2 * sp.cosh(u / 2))
    law = _expansion(felt / h, u, far, _transform(h, u, s), s, sp.Integer(0))
    return symbolic(*zip(subject.formulas.force_law(sp), law, strict=True))


@rows.claim(
    "vanishing-law",
    "The saturating force at Δ = 8 … 60 follows that law: where it lies between the law cut "
    "after 1/Δ² (0) and after 1/Δ⁴ (1)",
    "exp(-t) lies between any two consecutive partial sums of its series, and 1/cosh is positive: "
    "so does the force",
    "derived here",
)
def _law(subject: Subject, battery: Battery) -> Outcome:
    return _in_law(subject.formulas.force_law, _far_force(subject, "saturating")[:, 1])


@rows.claim(
    "vanishing-symmetry",
    "There p p_g/(p + p_g) is symmetric about the middle, so that the saturating force on a is "
    "Δ/2 times that on b: worst relative difference, down to a force of 1e-196",
    "the engine's accuracy, 1e-10, of two components",
    "derived here",
)
def _symmetry(subject: Subject, battery: Battery) -> Outcome:
    force = _far_force(subject, "saturating")
    return zero(float(np.max(np.abs(force[:, 0] / force[:, 1] / (_FAR / 2) - 1))), 2e-10)


@rows.claim(
    "nonsaturating-does-not-vanish",
    "The non-saturating force on b falls short of the distance Δ by the saturating one, and tends "
    "to it: worst difference of both from the law above, Δ = 5 … 60, in units of what the law cut "
    "after 1/Δ² may be off, with 1e-10 Δ for the engine",
    "1 - D* in place of D*, and ∫ p_g ℓ' dx = Δ; partial sums of exp(-t) as for the force",
    "Arjovsky & Bottou 2017, theorem 2.5",
)
def _nonsaturating(subject: Subject, battery: Battery) -> Outcome:
    distances = np.array([5.0, 6.0, 7.0, *_FAR])
    force = _far_force(subject, "nonsaturating", distances)[:, 1]
    leading, first, second = subject.formulas.force_law(math)
    scale = leading * np.exp(-(distances**2) / 8)
    short = scale * (1 - first / distances**2)
    doubt = scale * second / distances**4 + 1e-10 * distances
    return at_most(1.0, np.max(np.abs(distances - force - short) / doubt))


@rows.claim(
    "jsd-law-symbolic",
    "N(0, 1) against N(Δ, 1): log 2 - JSD is "
    "√(2π)/Δ exp(-Δ²/8) (1 - (π² + 8)/(2Δ²) + (48 + 6π² + 5π⁴/8)/Δ⁴ - …)",
    "SymPy: half of the integrand of log 2 - JSD, the other half being its reflection, in u = "
    "Δ (x - Δ/2) is exp(-Δ²/8)/(Δ√(2π)) times exp(-u²/(2Δ²)) h(u)/2, h = exp(-u/2) log(1 + exp u); "
    "by parts ∫ exp(su) log(1 + exp u) du = -B(1 + s, -s)/s",
    "derived here",
)
def _gap_symbolic(subject: Subject, battery: Battery) -> Outcome:
    u, far, s, p, g = sp.symbols("u Delta s p p_g", positive=True)
    log_p, log_g = _logs_at_middle(subject, u, far)
    part = g * sp.log((p + g) / g)
    both = (part + part.subs({p: g, g: p}, simultaneous=True)) / 2
    gap = (p + g) * sp.log(2) / 2 - subject.formulas.jensen_shannon(p, g, sp)
    h = sp.log(1 + sp.exp(u))
    # per du, of which Δ are one of x
    lost = part.subs(p, g * sp.exp(sp.expand(log_p - log_g))).subs(g, sp.exp(log_g))
    by_parts = -_transform(sp.diff(h, u), u, s) / s
    half = sp.Rational(1, 2)
    law = _expansion(lost / (sp.exp(-u * half) * h), u, far, by_parts, s, -half)
    return symbolic(
        (sp.Integer(0), sp.simplify(sp.expand_log(gap - both, force=True))),
        (sp.Integer(0), sp.expand(log_p.subs(u, -u) - log_g)),
        *zip(subject.formulas.gap_law(sp), law, strict=True),
    )


@rows.claim(
    "jsd-law",
    "log 2 - JSD at Δ = 8 … 60 follows that law: where it lies between the law cut after 1/Δ² "
    "(0) and after 1/Δ⁴ (1)",
    "partial sums of exp(-t) on both sides, as for the force",
    "derived here",
)
def _gap_law(subject: Subject, battery: Battery) -> Outcome:
    gap = np.array([subject.distances(Normal(0, 1), Normal(far, 1)).jsd_gap for far in _FAR])
    return _in_law(subject.formulas.gap_law, gap * _FAR)


@rows.claim(
    "jsd-numbers",
    "log 2 - JSD of N(0, 1) and N(Δ, 1) at Δ = 4, 6, 8, 10 is 0.0604270, 3.84925e-3, 9.35351e-5, "
    "8.63166e-7, and as much for point masses 4 apart smoothed by N(0, τ²), τ = 4/Δ: noise mends "
    "the value; worst relative difference",
    "half of the last published digit",
    "40-digit quadrature; Arjovsky & Bottou 2017, section 3, for the noise",
)
def _gap_numbers(subject: Subject, battery: Battery) -> Outcome:
    published = {4.0: 0.0604270, 6.0: 3.84925e-3, 8.0: 9.35351e-5, 10.0: 8.63166e-7}
    worst = Worst()
    for far, gap in published.items():
        for noise in (1.0, 4 / far):
            found = subject.distances(Normal(0, noise), Normal(far * noise, noise))
            worst.add(found.jsd_gap / gap - 1)
    return zero(worst.value, 1.4e-6)


def _in_law(law: Any, values: Any) -> Outcome:
    """Where values at `_FAR` lie between the law cut after 1/Δ² (0) and after 1/Δ⁴ (1)."""
    leading, first, second = law(math)
    ratio = values / (leading * np.exp(-(_FAR**2) / 8))
    return between(0.0, 1.0, (ratio - 1 + first / _FAR**2) / (second / _FAR**4))


def _far_force(subject: Subject, objective: str, distances: Array = _FAR) -> Array:
    """Forces on N(0, 1) with the data N(Δ, 1), one row a distance."""
    games = [subject.game(Normal(far, 1), None, objective) for far in distances]
    return np.array([game.force([1.0, 0.0]) for game in games])


def _logs_at_middle(subject: Subject, u: Any, far: Any) -> tuple[Any, Any]:
    """log p and log p_g of N(Δ, 1) and N(0, 1) at x = Δ/2 + u/Δ."""
    density, x = subject.formulas.normal_logpdf, far / 2 + u / far
    return sp.expand(density(x, far, 1, sp)), sp.expand(density(x, 0, 1, sp))


def _transform(h: Any, u: Any, s: Any) -> Any:
    """∫ exp(su) h(u) du over the line as a Beta function, by t = 1/(1 + exp(-u))."""
    t = sp.symbols("t", positive=True)
    inside = (sp.exp(s * u) * h).rewrite(sp.exp).subs(u, sp.log(t / (1 - t))) / (t * (1 - t))
    # t^m (1 - t)^n has t (1 - t) d log/dt = m (1 - t) - n t, a constant factor or none
    powers = sp.simplify(t * (1 - t) * sp.diff(sp.log(inside), t))
    m, n = sp.simplify(powers.subs(t, 0)), sp.simplify(-powers.subs(t, 1))
    if sp.simplify(powers - m * (1 - t) + n * t) != 0:
        raise ValueError(f"{h} has no such transform")
    factor = sp.simplify((inside / (t**m * (1 - t) ** n)).subs(t, sp.Rational(1, 2)))
    return factor * sp.gammasimp(sp.gamma(m + 1) * sp.gamma(n + 1) / sp.gamma(m + n + 2))


def _expansion(spread: Any, u: Any, far: Any, transform: Any, s: Any, at: Any) -> list[Any]:
    """Leading factor and two corrections of ∫ exp(su) h(u) spread(u, Δ) du exp(Δ²/8) in 1/Δ².

    `transform` is ∫ exp(su) h(u) du around s = at; the corrections are relative, the first with
    its sign turned.
    """
    small = sp.symbols("epsilon", positive=True)
    near = sp.simplify((spread * sp.exp(far**2 / 8)).rewrite(sp.exp).subs(far, 1 / sp.sqrt(small)))
    series = sp.expand(sp.series(near, small, 0, 3).removeO())
    terms = []
    for order in range(3):
        inside = series.coeff(small, order)
        if not inside.is_polynomial(u):
            raise ValueError(f"{near} has no moments")
        powers = sp.Poly(inside, u).terms()
        terms.append(sum(c * sp.diff(transform, s, k).subs(s, at) for (k,), c in powers))
    first, *others = (sp.simplify(term) for term in terms)
    signs = (-1, 1)
    return [
        first,
        *(sp.expand(sp.simplify(k * o / first)) for k, o in zip(signs, others, strict=True)),
    ]
