"""Far from the data the saturating gradient vanishes, the non-saturating one does not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from gandyn.distributions import Normal
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, between, equal, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()

_FAR = np.array([8.0, 12.0, 20.0, 35.0, 60.0])


@rows.claim(
    "vanishing-law-symbolic",
    "N(0, 1) at the distance Δ from the data N(Δ, 1): the saturating force on b is "
    "√(π/2) exp(-Δ²/8) (1 - π²/(2Δ²) + 5π⁴/(8Δ⁴) - …)",
    "The force is Δ ∫ p p_g/(p + p_g) dx. With u = Δ (x - Δ/2) this is exp(-Δ²/8)/√(2π) times "
    "∫ exp(-u²/(2Δ²)) / (2 cosh(u/2)) du; SymPy expands the first factor, the moments of the "
    "second follow from ∫ exp(su) / (2 cosh(u/2)) du = Γ(½ + s) Γ(½ - s) = π/cos(πs)",
)
def _law_symbolic(subject: Subject, battery: Battery) -> Outcome:
    s = sp.symbols("s")
    transform = sp.gammasimp(sp.gamma(sp.Rational(1, 2) + s) * sp.gamma(sp.Rational(1, 2) - s))
    return symbolic(*zip(subject.formulas.force_law(sp), _expansion(transform, s, 0), strict=True))


@rows.claim(
    "vanishing-law",
    "The saturating force at Δ = 8 … 60 follows that law: where it lies between the law cut "
    "after 1/Δ² (0) and after 1/Δ⁴ (1)",
    "exp(-t) lies between any two consecutive partial sums of its series, and 1/cosh is positive: "
    "so does the force",
)
def _law(subject: Subject, battery: Battery) -> Outcome:
    return _in_law(subject.formulas.force_law, _far_force(subject, "saturating")[:, 1])


@rows.claim(
    "vanishing-symmetry",
    "There p p_g/(p + p_g) is symmetric about the middle, so that the saturating force on a is "
    "Δ/2 times that on b: worst relative difference, down to a force of 1e-196",
    "the engine's accuracy, 1e-10, of two components",
)
def _symmetry(subject: Subject, battery: Battery) -> Outcome:
    force = _far_force(subject, "saturating")
    return zero(float(np.max(np.abs(force[:, 0] / force[:, 1] / (_FAR / 2) - 1))), 2e-10)


@rows.claim(
    "nonsaturating-does-not-vanish",
    "The non-saturating force on b tends to the distance: the smallest force/Δ at Δ = 8 … 60",
    "1 - D* in place of D*: Δ minus the saturating force, which at Δ = 8 is the tolerance",
)
def _nonsaturating(subject: Subject, battery: Battery) -> Outcome:
    tolerance = math.sqrt(math.pi / 2) * math.exp(-(_FAR[0] ** 2) / 8) / _FAR[0]
    ratio = _far_force(subject, "nonsaturating")[:, 1] / _FAR
    return equal(1.0, ratio[np.argmax(np.abs(ratio - 1))], tolerance)


@rows.claim(
    "jsd-law-symbolic",
    "N(0, 1) against N(Δ, 1): log 2 - JSD is "
    "√(2π)/Δ exp(-Δ²/8) (1 - (π² + 8)/(2Δ²) + (48 + 6π² + 5π⁴/8)/Δ⁴ - …)",
    "log 2 - JSD = ∫ p log(1 + p_g/p) dx here, with u = Δ (x - Δ/2) it is exp(-Δ²/8)/(Δ√(2π)) "
    "times ∫ exp(-u²/(2Δ²)) exp(-u/2) log(1 + exp u) du; by parts "
    "∫ exp(su) log(1 + exp u) du = -Γ(1 + s) Γ(-s)/s, whose derivatives at s = -½ are the moments",
)
def _gap_symbolic(subject: Subject, battery: Battery) -> Outcome:
    s = sp.symbols("s")
    transform = -sp.gammasimp(sp.gamma(1 + s) * sp.gamma(-s)) / s
    coefficients = _expansion(transform, s, -sp.Rational(1, 2))
    return symbolic(*zip(subject.formulas.gap_law(sp), coefficients, strict=True))


@rows.claim(
    "jsd-law",
    "log 2 - JSD at Δ = 8 … 60 follows that law: where it lies between the law cut after 1/Δ² "
    "(0) and after 1/Δ⁴ (1)",
    "partial sums of exp(-t) on both sides, as for the force",
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


def _far_force(subject: Subject, objective: str) -> Any:
    """Forces on N(0, 1) with the data N(Δ, 1), one row a distance."""
    games = [subject.game(Normal(far, 1), None, objective) for far in _FAR]
    return np.array([game.force([1.0, 0.0]) for game in games])


def _expansion(transform: Any, s: Any, at: Any) -> tuple[Any, Any, Any]:
    """Leading factor and two corrections of ∫ exp(-u²/(2Δ²)) h(u) du / √(2π) in 1/Δ².

    `transform` is ∫ exp(su) h(u) du around s = at; the corrections are relative, the first with
    its sign turned.
    """
    moments = [sp.diff(transform, s, order).subs(s, at) for order in (0, 2, 4)]
    zeroth = sp.simplify(moments[0])
    return (
        sp.simplify(zeroth / sp.sqrt(2 * sp.pi)),
        sp.expand(sp.simplify(moments[1] / (2 * zeroth))),
        sp.expand(sp.simplify(moments[2] / (8 * zeroth))),
    )
