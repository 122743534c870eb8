"""V at the optimal discriminator is 2·JSD - 2 log 2, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from gandyn.distributions import Laplace, Logistic, Normal, Uniform
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, at_least, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()

_ENGINE = 1e-10  # the relative accuracy that the engine promises for every value


@rows.claim(
    "value-is-jsd-symbolic",
    "p log D* + p_g log(1 - D*) = 2 × (the integrand of JSD) - (p + p_g) log 2, at every point",
    "SymPy, logarithms expanded; the integral of the last term is 2 log 2",
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
    "V > -2 log 2 wherever p_g is not p: V + 2 log 2 >= TV², smallest ratio over the battery",
    "Pinsker's inequality for both halves of JSD: KL(p ‖ m) >= 2 TV(p, m)² = TV(p, p_g)²/2",
)
def _value_floor(subject: Subject, battery: Battery) -> Outcome:
    ratios = []
    for _, found in battery.evaluated(subject):
        lift = found.value + 2 * np.log(2)
        ratios.append(np.min(lift / found.total_variation**2))
    return at_least(1.0, np.min(ratios))


@rows.claim(
    "value-at-equality",
    "V = -2 log 2 exactly where p_g = p: the largest |V + 2 log 2|, JSD and |force| there",
    "a few roundings of terms of order one, of either sign, at the edges and nodes",
)
def _value_at_equality(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(6)
    worst = Worst()
    for latent, family in (
        (Normal(0, 1), Normal),
        (Laplace(0, 1), Laplace),
        (Logistic(0, 1), Logistic),
        (Uniform(-1, 1), lambda b, a: Uniform(b - a, b + a)),
    ):
        a, b = float(rng.uniform(0.3, 3)), float(rng.uniform(-3, 3))
        found = subject.game(family(b, a), latent, "saturating").evaluate([a, b])
        worst.add([found.value + 2 * np.log(2), found.jsd, *found.force])
    return zero(worst.value, 1e-14)


@rows.claim(
    "value-growth",
    "Next to p_g = p = N(μ, σ²), V + 2 log 2 = ¼ δᵀIδ with I = diag(2, 1)/σ²: "
    "largest relative difference at |δ| = 1e-6 σ",
    "the next order of the expansion is at most ten times |δ|/σ",
)
def _value_growth(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(7)
    worst = Worst()
    for _ in range(4):
        mean, std = float(rng.uniform(-3, 3)), float(np.exp(rng.uniform(-1, 1)))
        # δ as the sums really hold it, so that the rounding of mean + δ is no error
        theta = np.array([std, mean]) + 1e-6 * std * rng.uniform(0.3, 1, 2) * rng.choice([-1, 1], 2)
        delta = (theta - [std, mean]) / std
        second = (2 * delta[0] ** 2 + delta[1] ** 2) / 4
        found = subject.game(Normal(mean, std)).evaluate(theta)
        worst.add(2 * found.jsd / second - 1)
    return zero(worst.value, 1e-5)


@rows.claim(
    "jsd-bounds-symbolic",
    "0 <= JSD <= log 2: with t = p/(p + p_g) its integrand over (p + p_g)/2 is log 2 - H(t), "
    "which is 0 with zero slope at ½, is convex, and tends to log 2 at both ends",
    "SymPy: values at 0, ½, 1, slope at ½, curvature 1/(t(1 - t)) > 0",
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
    "0 <= JSD <= log 2 over the battery, from next to p_g = p to far away: the smallest of JSD "
    "and of its gap to log 2, which the engine integrates on its own",
    "an inequality: no slack",
)
def _jsd_bounds(subject: Subject, battery: Battery) -> Outcome:
    return at_least(0.0, np.min([np.min(both) for both in _jsd_and_gap(subject, battery)]))


@rows.claim(
    "jsd-gap",
    "JSD and its gap, integrated apart, add up to log 2: worst relative difference over the same",
    "the engine's accuracy, 1e-10",
)
def _jsd_gap(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for jsd, gap in _jsd_and_gap(subject, battery):
        worst.add((jsd + gap) / np.log(2) - 1)
    return zero(worst.value, _ENGINE)


def _jsd_and_gap(subject: Subject, battery: Battery) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """JSD and log 2 - JSD of every game, and of N(Δ, 1) against N(0, 1) for Δ from 1e-8 to 60."""
    far = np.stack([np.ones(9), np.geomspace(1e-8, 60, 9)], axis=-1)
    near = [found for _, found in battery.evaluated(subject)]
    for found in [*near, subject.game(Normal(0, 1)).evaluate(far)]:
        yield found.jsd, found.jsd_gap


def _times_log(density: np.ndarray, log: np.ndarray) -> np.ndarray:
    """density × log, with 0 × (-inf) = 0."""
    return np.where(density > 0, density * np.where(density > 0, log, 0.0), 0.0)
