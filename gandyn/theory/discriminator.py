"""D* = p/(p + p_g) is the best answer to a generator, at every point and by how much."""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import expit

from gandyn.system.checks import Array
from gandyn.theory.battery import FAMILIES, Battery
from gandyn.theory.claim import Outcome, Rows, Worst, at_most, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "discriminator-stationary",
    "D* = p/(p + p_g) is the one maximum of p log D + p_g log(1 - D) over D in (0, 1)",
    "SymPy: the roots of the first derivative, and the second derivative there, which is negative",
    "Goodfellow et al. 2014, proposition 1",
)
def _stationary(subject: Subject, battery: Battery) -> Outcome:
    p, g, d = sp.symbols("p p_g D", positive=True)
    value = p * sp.log(d) + g * sp.log(1 - d)
    roots = sp.solve(sp.numer(sp.together(sp.diff(value, d))), d)
    claimed = subject.formulas.discriminator(p, g, sp)
    curvature = sp.factor(sp.diff(value, d, 2).subs(d, roots[0]))
    outcome = symbolic((claimed, roots[0]), (-((p + g) ** 3) / (p * g), curvature))
    return outcome._replace(passed=outcome.passed and len(roots) == 1)


@rows.claim(
    "discriminator-half-symbolic",
    "D* = ½ where p_g = p and nowhere else",
    "SymPy: the formula at p_g = p, and the roots p_g of D* = ½",
    "Goodfellow et al. 2014, theorem 1",
)
def _half_symbolic(subject: Subject, battery: Battery) -> Outcome:
    p, g = sp.symbols("p p_g", positive=True)
    best, half = subject.formulas.discriminator(p, g, sp), sp.Rational(1, 2)
    roots = sp.solve(sp.numer(sp.together(best - half)), g)
    return symbolic((half, sp.simplify(best.subs(g, p))), (p, roots[0] if roots else sp.nan))


@rows.claim(
    "discriminator-half",
    "At p_g = p the engine's D* is ½ at every point, and where p_g is not p it is the claimed "
    "function of the densities: worst |D* - p/(p + p_g)|, of four families of laws and the battery",
    "rounding of x in units of the narrowest mode, 1e-16/1e-4, some ten of them from its middle: "
    "1e-11",
    "Goodfellow et al. 2014, theorem 1",
)
def _half(subject: Subject, battery: Battery) -> Outcome:
    rng, worst = battery.rng(10), Worst()
    for latent, family in FAMILIES:
        a, b = float(rng.uniform(0.3, 3)), float(rng.uniform(-3, 3))
        x = b + a * rng.uniform(-1, 1, 100)
        for theta in ([a, b], [-a, b]):
            worst.add(subject.game(family(b, a), latent).discriminator(theta)(x) - 0.5)
    for case in battery.all:
        best = subject.game(case.data, case.latent).discriminator(case.thetas)
        for k, pair in enumerate(case.pairs):
            largest = np.maximum(pair.log_p, pair.log_g)
            inside = np.isfinite(largest)
            p, g = (np.exp((log - largest)[inside]) for log in (pair.log_p, pair.log_g))
            claimed = subject.formulas.discriminator(p, g, np)
            worst.add(best(pair.x[inside])[k] - claimed)
    return zero(worst.value, 1e-11)


@rows.claim(
    "discriminator-pointwise",
    "At no point does any other D give more than D*: the largest gain over random D and points",
    "V at one point in units of p + p_g; 1e-15 is the rounding of that unit",
    "Goodfellow et al. 2014, proposition 1",
)
def _pointwise(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(4)
    gains = []
    for case in battery.all:
        game = subject.game(case.data, case.latent)
        for theta, pair in zip(case.thetas, case.pairs, strict=True):
            points = rng.choice(np.flatnonzero(np.isfinite(pair.log_p + pair.log_g)), 200)
            x, truth = pair.x[points], (pair.log_p - pair.log_g)[points]
            ours = game.discriminator(theta).logit(x)
            size = 10.0 ** rng.uniform(-5, 1, (40, 1))
            rivals = truth + size * rng.standard_normal((40, x.size))
            gain = _loss(truth, truth, ours - truth) - _loss(truth, truth, rivals - truth)
            gains.append(np.max(gain))
    return at_most(0.0, np.max(gains), 1e-15)


@rows.claim(
    "discriminator-perturbed",
    "Every perturbed discriminator loses, and by as much as the second order says: "
    "V(D*) - V(D) = ½∫ p p_g/(p + p_g) η² dx for a small change η of the logit; "
    "|log(loss / second order)| at worst, per largest |η|",
    "σ'(y + s) lies between exp(-|s|) and exp(|s|) times σ'(y), so that the loss is within a "
    "factor exp(max |η|) of its second order: the ratio cannot pass 1",
    "Goodfellow et al. 2014, proposition 1; the second order is derived here",
)
def _perturbed(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(5)
    worst = Worst()
    for case in battery.all:
        game = subject.game(case.data, case.latent)
        for theta, pair in zip(case.thetas, case.pairs, strict=True):
            inside = np.isfinite(pair.log_p + pair.log_g)
            x, truth = pair.x[inside], (pair.log_p - pair.log_g)[inside]
            mass = pair.weights[inside] * np.exp(np.logaddexp(pair.log_p, pair.log_g)[inside])
            ours = game.discriminator(theta).logit(x)
            spread = max(abs(theta[0]), case.data.std)
            for size in (0.01, 1.0):
                bump = size * _bumps(rng, (x - theta[1]) / spread)
                loss = np.sum(mass * _loss(truth, ours, bump))
                slope = expit(truth) * expit(-truth)
                second = 0.5 * np.sum(mass * slope * bump**2)
                with np.errstate(invalid="ignore"):
                    worst.add(np.log(loss / second) / size)
    return at_most(1.0, worst.value)


def _loss(truth: Array, logit: Array, shift: Array) -> Array:
    """What V loses at a point by moving the logit of D from `logit` to ``logit + shift``.

    In units of p + p_g, where `truth` is the logit of D*. The form in the smaller of D and 1 - D
    keeps the digits.
    """
    sign = np.where(logit > 0, -1.0, 1.0)
    share = np.log1p(expit(sign * logit) * np.expm1(sign * shift))
    return np.asarray(share - expit(sign * truth) * sign * shift)


def _bumps(rng: np.random.Generator, u: Array) -> Array:
    """A smooth random function with largest value 1 of a normalised coordinate."""
    centres, widths = rng.uniform(-2, 2, 6), np.exp(rng.uniform(-1.5, 0.5, 6))
    signs = rng.standard_normal(6)
    total = np.sum(signs * np.exp(-(((u[:, None] - centres) / widths) ** 2) / 2), axis=-1)
    return np.asarray(total / np.max(np.abs(total)))
