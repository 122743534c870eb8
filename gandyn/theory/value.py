"""V at the optimal discriminator is 2·JSD - 2 log 2, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy as sp

from gandyn.distributions import Mixture, Normal, Uniform
from gandyn.theory.battery import FAMILIES, Battery
from gandyn.theory.claim import Outcome, Rows, Worst, between, normal_mean, symbolic, zero
from gandyn.theory.independent import Pair, rule
from gandyn.theory.subject import Subject
from gandyn.theory.weights import curvature

rows = Rows()

_ENGINE = 1e-10  # the relative accuracy that the engine promises for every value


@rows.claim(
    "value-is-jsd-symbolic",
    "p log D* + p_g log(1 - D*) = 2 × (the integrand of JSD) - (p + p_g) log 2, at every point",
    "SymPy, logarithms expanded; the integral of the last term is 2 log 2",
    "Goodfellow et al. 2014, theorem 1",
)
def _value_symbolic(subject: Subject, battery: Battery) -> Outcome:
    p, g = sp.symbols("p p_g", positive=True)
    best = subject.formulas.discriminator(p, g, sp)
    value = p * sp.log(best) + g * sp.log(sp.factor(1 - best))
    claimed = 2 * subject.formulas.jensen_shannon(p, g, sp) - (p + g) * sp.log(2)
    return symbolic((sp.Integer(0), sp.simplify(sp.expand_log(value - claimed, force=True))))


@rows.claim(
    "value-is-jsd",
    "V(D*) = -2 log 2 + 2·JSD: the worst relative difference over the battery, "
    "V from the engine, JSD from an independent integral",
    "the engine's accuracy, 1e-10",
    "Goodfellow et al. 2014, theorem 1",
)
def _value_is_jsd(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case, found in battery.evaluated(subject):
        for value, jsd, pair in zip(found.value, found.jsd, case.pairs, strict=True):
            p, g = pair.p, pair.g
            both = np.logaddexp(pair.log_p, pair.log_g)
            direct = pair.integral(
                _times_log(p, pair.log_p - both) + _times_log(g, pair.log_g - both)
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                density = subject.formulas.jensen_shannon(p, g, np)
                ends = np.where(g > 0, g, p) * np.log(2) / 2
            expected = pair.integral(np.where((p > 0) & (g > 0), density, ends))
            worst.add((value + 2 * np.log(2) - 2 * expected) / value)
            worst.add((value - direct) / value)
            worst.add((jsd - expected) / expected)
    return zero(worst.value, _ENGINE)


@rows.claim(
    "value-floor",
    "V > -2 log 2 wherever p_g is not p: at a given TV, JSD lies between log 2 - H((1 - TV)/2) "
    "(0), H the entropy of a coin, and TV log 2 (1), over the battery; both are reached, by "
    "densities of two values that are exchanged, and by such as are equal or apart",
    "JSD is log 2 less the mean of H(t), t = p/(p + p_g), over (p + p_g)/2, and TV that of "
    "2|t - ½|; H is concave in it. The engine's accuracy at the ends, 1e-10, over what lies "
    "between them, 0.1 at least",
    "Lin 1991, theorem 3; Briët & Harremoës 2009",
)
def _value_floor(subject: Subject, battery: Battery) -> Outcome:
    exchanged = Mixture([0.8, 0.2], [Uniform(-1, 0), Uniform(0, 1)])
    ends = [
        subject.game(exchanged, exchanged).evaluate([-1.0, 0.0]),
        subject.game(Uniform(-1, 1), Uniform(-1, 1)).evaluate([1.0, 0.7]),
    ]
    places = []
    for found in (*ends, *(found for _, found in battery.evaluated(subject))):
        low, high = subject.formulas.jsd_range(found.total_variation, np)
        places.append((found.value / 2 + np.log(2) - low) / (high - low))
    (floor, ceiling), others = places[:2], np.concatenate(places[2:])
    return between(0.0, 1.0, [floor, ceiling, -floor, 2 - ceiling, *others], 1e-9)


@rows.claim(
    "value-at-equality",
    "V = -2 log 2 exactly where p_g = p: the largest |V + 2 log 2|, JSD and |force| there; and "
    "nowhere beside it, where V is higher and minus its gradient points back (else nan)",
    "a few roundings of terms of order one, of either sign, at the edges and nodes",
    "Goodfellow et al. 2014, theorem 1",
)
def _value_at_equality(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(6)
    worst = Worst()
    for latent, family in FAMILIES:
        a, b = float(rng.uniform(0.3, 3)), float(rng.uniform(-3, 3))
        game = subject.game(family(b, a), latent, "saturating")
        found = game.evaluate([a, b])
        worst.add([found.value + 2 * np.log(2), found.jsd, *found.force])
        aside = a * np.array([[0.1, 0], [-0.1, 0], [0, 0.1], [0, -0.1]])
        theta = np.array([a, b]) + aside
        back = np.sum((game.force(theta) + game.boundary_force(theta)) * aside, axis=1)
        worst.add(0.0 if max(back) < 0 and min(game.evaluate(theta).jsd) > 1e-4 else np.nan)
    return zero(worst.value, 1e-14)


@rows.claim(
    "growth-symbolic",
    "∫ p_g f(p/p_g) grows from p_g = p as ½f''(1) times the mean over p of h², p_g = p (1 + h); "
    "for p = N(μ, σ²), moved to N(μ + σ β, σ² (1 + α)²), that is f''(1) (2α² + β²)/2",
    "SymPy: series in ε of p_g f(p/p_g) for p_g = p (1 + ε h), f unknown with f(1) = 0 but for a "
    "term in the mean of h, which is 0; and of log p_g for h",
    "Csiszár & Shields 2004, theorem 4.1",
)
def _growth_symbolic(subject: Subject, battery: Battery) -> Outcome:
    h, z, by_a, by_b = sp.symbols("h z alpha beta", real=True)
    eps, kappa = sp.symbols("epsilon kappa", positive=True)
    f, u = sp.Function("f"), sp.symbols("u")
    grown = (1 + eps * h) * f(1 / (1 + eps * h))
    second = (sp.diff(grown, eps, 2) / 2).doit().subs(eps, 0).doit()
    known = sp.Subs(sp.diff(f(u), u, 2), u, 1).doit()
    # the relative change of the density of N(0, 1), to first order
    log = subject.formulas.normal_logpdf(z, eps * by_b, 1 + eps * by_a, sp)
    change = sp.expand(sp.diff(log, eps).subs(eps, 0))
    mean = normal_mean(change**2, z) * kappa / 2
    return symbolic(
        (h**2 / 2, sp.simplify(second / known)),
        (sp.Integer(0), normal_mean(change, z)),
        (sp.expand(subject.formulas.growth(kappa, by_a, by_b)), sp.expand(mean)),
    )


@rows.claim(
    "value-growth",
    "Next to p_g = p = N(μ, σ²) the potential of every f-divergence row grows like that, and V as "
    "that of the saturating one: largest relative difference at |δ| = 1e-6 σ",
    "the next order of the expansion is at most ten times |δ|/σ",
    "Csiszár & Shields 2004, theorem 4.1",
)
def _value_growth(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(7)
    worst = Worst()
    curvatures = {name: curvature(subject, name) for name in subject.formulas.f_divergences}
    for _ in range(4):
        mean, std = float(rng.uniform(-3, 3)), float(np.exp(rng.uniform(-1, 1)))
        # δ as the sums really hold it, so that the rounding of mean + δ is no error
        theta = np.array([std, mean]) + 1e-6 * std * rng.uniform(0.3, 1, 2) * rng.choice([-1, 1], 2)
        delta = (theta - [std, mean]) / std
        half = subject.formulas.growth(0.5, *delta)
        worst.add(2 * subject.game(Normal(mean, std)).evaluate(theta).jsd / half - 1)
        for name, kappa in curvatures.items():
            grown = subject.formulas.growth(kappa, *delta)
            potential = subject.game(Normal(mean, std), None, name).potential(theta)
            worst.add(potential / grown - 1)
    return zero(worst.value, 1e-5)


@rows.claim(
    "jsd-bounds-symbolic",
    "0 <= JSD <= log 2: with t = p/(p + p_g) its integrand over (p + p_g)/2 is log 2 - H(t), "
    "which is 0 with zero slope at ½, is convex, and tends to log 2 at both ends",
    "SymPy: values at 0, ½, 1, slope at ½, curvature 1/(t(1 - t)) > 0",
    "Lin 1991, section III",
)
def _bounds_symbolic(subject: Subject, battery: Battery) -> Outcome:
    t = sp.symbols("t", positive=True)
    share = sp.simplify(2 * subject.formulas.jensen_shannon(t, 1 - t, sp))
    middle = sp.Rational(1, 2)
    return symbolic(
        (sp.log(2), sp.limit(share, t, 0, "+")),
        (sp.Integer(0), sp.simplify(share.subs(t, middle))),
        (sp.log(2), sp.limit(share, t, 1, "-")),
        (sp.Integer(0), sp.simplify(sp.diff(share, t).subs(t, middle))),
        (1 / (t * (1 - t)), sp.simplify(sp.diff(share, t, 2))),
    )


@rows.claim(
    "jsd-bounds",
    "0 <= JSD <= log 2 over the battery, from next to p_g = p to far away, and the same of its gap "
    "to log 2, which the engine integrates on its own; 0 and log 2 are reached, at p_g = p and by "
    "disjoint supports",
    "an inequality; 0 and log 2 to rounding, 1e-15",
    "Lin 1991, section III",
)
def _jsd_bounds(subject: Subject, battery: Battery) -> Outcome:
    game = subject.game(Uniform(3, 5), Uniform(-1, 1))
    ends = game.evaluate([[1.0, 4.0], [1.0, 0.0]])
    values = [
        np.array([state[name] for state in _from_near_to_far(subject, battery)])
        for name in ("jsd", "gap")
    ]
    missed = [*(ends.jsd - [0, np.log(2)]), *(ends.jsd_gap - [np.log(2), 0])]
    inside = between(
        0.0, float(np.log(2)), np.concatenate([*values, ends.jsd, ends.jsd_gap]), 1e-15
    )
    return inside._replace(passed=inside.passed and bool(np.max(np.abs(missed)) <= 1e-15))


@rows.claim(
    "jsd-gap",
    "JSD next to p_g = p and its gap to log 2 far away keep their digits, down to 1e-17 and "
    "1e-197, and add up to log 2: worst relative difference of both from independent integrals "
    "that do not cancel",
    "the engine's accuracy, 1e-10",
    "the engine's promise",
)
def _jsd_gap(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for state in _from_near_to_far(subject, battery):
        pair, far = state["pair"], np.minimum(np.abs(state["ell"]), 600)
        larger, ratio, half = np.maximum(pair.p, pair.g), np.exp(-far), far / 2
        lost = larger * ((1 + ratio) * np.log1p(ratio) + ratio * far)
        gained = half * np.tanh(half) - np.log1p(2 * np.sinh(half / 2) ** 2)
        gained *= larger * (1 + ratio)
        worst.add(state["gap"] / (pair.integral(lost) / 2) - 1)
        worst.add(state["jsd"] / (pair.integral(gained) / 2) - 1)
        worst.add((state["jsd"] + state["gap"]) / np.log(2) - 1)
    return zero(worst.value, _ENGINE)


def _from_near_to_far(subject: Subject, battery: Battery) -> Iterator[dict[str, Any]]:
    """JSD, its gap, the densities and ℓ of every state of the battery, and of N(0, 1) against
    N(Δ, 1) for Δ from 1e-8 to 60."""
    for case, found in battery.evaluated(subject):
        for pair, jsd, gap in zip(case.pairs, found.jsd, found.jsd_gap, strict=True):
            with np.errstate(invalid="ignore"):
                yield {"jsd": jsd, "gap": gap, "pair": pair, "ell": pair.log_p - pair.log_g}
    for apart in np.geomspace(1e-8, 60, 9):
        found = subject.game(Normal(0, 1)).evaluate([1.0, apart], values=["jsd", "jsd_gap"])
        # half way between them p p_g/(p + p_g) has poles at π/Δ from the line
        x, weights = rule(
            np.array([[0, 1], [apart, 1], [apart / 2, 4 / max(apart, 4)]]), np.empty(0)
        )
        pair = Pair(x, weights, Normal(0, 1).logpdf(x), Normal(apart, 1).logpdf(x))
        ell = apart * (apart / 2 - x)
        yield {"jsd": found.jsd, "gap": found.jsd_gap, "pair": pair, "ell": ell}


def _times_log(density: np.ndarray, log: np.ndarray) -> np.ndarray:
    """density × log, with 0 × (-inf) = 0."""
    return np.where(density > 0, density * np.where(density > 0, log, 0.0), 0.0)
