"""What a discriminator that is nearly perfect, or noisy, tells a generator far from the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from gandyn.distributions import Uniform
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, between, symbolic, zero
from gandyn.theory.independent import gradient
from gandyn.theory.subject import Subject

rows = Rows()

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(80)
_PLACE = 10.0  # of the data, U(9, 11); the generator is around 0


@rows.claim(
    "nearly-perfect",
    "On disjoint supports D* and its slope are 0 at the generator; with a D that is off by ε, "
    "|D| + |D'| <= ε, the gradient of E log(1 - D(G)) is M ε/(1 - ε) at most, M² = E‖∂G/∂θ‖²: "
    "the share of it that D = ε (1 - exp(-x)) reaches, and, where the generator hardly spreads, "
    "how far that is below 1, in units of ε + 1 %",
    "E‖D'(G) ∂G/∂θ‖/(1 - D) <= ε M/(1 - ε); this D has slope ε at the left end, where it is 0",
    "Arjovsky & Bottou 2017, theorem 2.4",
)
def _nearly_perfect(subject: Subject, battery: Battery) -> Outcome:
    shares = []
    for spread in (1.0, 0.01):
        generator, theta = _generator(subject, spread), np.array([1.0, 0.0])
        z = spread * _NODES
        size = float(np.sqrt(_WEIGHTS @ np.sum(generator.sensitivity(z, theta) ** 2, axis=0) / 2))
        for epsilon in (0.3, 1e-2, 1e-4):
            left = -spread

            def loss(
                thetas: Array, z: Array = z, epsilon: float = epsilon, left: float = left
            ) -> Array:
                x = thetas[:, :1] * z + thetas[:, 1:]
                return np.asarray(np.log1p(epsilon * np.expm1(-(x - left))) @ _WEIGHTS / 2)

            pull = np.linalg.norm(gradient(loss, theta[None], np.array([0.02])))
            share = float(pull / subject.formulas.nearly_perfect(size, epsilon))
            shares.append(share if spread == 1.0 else (1 - share) / (epsilon + 0.01))
    return between(0.0, 1.0, shares if _perfect(subject) else np.nan)


@rows.claim(
    "noisy-symbolic",
    "The ratio of two independent normals N(0, s²) and N(0, t²) has the density γ/(π(x² + γ²)), "
    "γ = s/t, whose mean is infinite, and exp(-γ |k|) for characteristic function: the mean of any "
    "number of them has the same law",
    "SymPy: ∫ |y| p(xy) q(y) dy; its transform; the product of two transforms; the first moment up "
    "to a bound that goes to infinity",
    "Arjovsky & Bottou 2017, theorem 2.6",
)
def _noisy_symbolic(subject: Subject, battery: Battery) -> Outcome:
    x, y = sp.symbols("x y", real=True)
    s, t, k, steep, bound = sp.symbols("s t k kappa R", positive=True)
    log, claimed = subject.formulas.normal_logpdf, subject.formulas.noise_ratio
    exponent = sp.expand(log(x * y, 0, s, sp) + log(y, 0, t, sp))
    by_y = sp.Poly(exponent.coeff(y, 2) * y**2, y).LC()
    rest = sp.exp(sp.simplify(exponent - sp.expand(by_y * y**2)))
    moment = sp.integrate(y * sp.exp(-steep * y**2), (y, 0, sp.oo))
    ratio = sp.simplify(2 * rest * moment.subs(steep, -by_y))
    gamma, share = sp.symbols("gamma c", positive=True)
    transform = 2 * sp.integrate(sp.cos(k * bound) * claimed(bound, gamma, sp), (bound, 0, sp.oo))
    parts = transform.subs(k, share * k) * transform.subs(k, (1 - share) * k)
    moment = sp.integrate(y * claimed(y, gamma, sp), (y, 0, bound))
    return symbolic(
        (claimed(x, s / t, sp), ratio),
        (sp.exp(-gamma * k), sp.simplify(transform)),
        (sp.Integer(0), sp.simplify(parts - transform)),
        (sp.oo, sp.limit(moment, bound, sp.oo)),
    )


@rows.claim(
    "noisy-gradient",
    "On disjoint supports, with independent normal errors of widths t of D and s of D' at every "
    "point, each coordinate of -∇ log D(G), averaged over z₁ and z₂, has that law with γ = s/t "
    "times the mean of |∂G/∂θ|: worst relative difference of the chances to exceed 0.1 … 1000",
    "given the errors of D the average is normal: its chance averaged over them, over their size "
    "by ∫ ρ exp(-ρ²/2) Φ(-kρ) dρ = ½(1 - k/√(1 + k²)), over their angle by a trapezoid in "
    "log tan φ, against the density integrated in 1/x; 1e-10",
    "Arjovsky & Bottou 2017, theorem 2.6",
)
def _noisy_gradient(subject: Subject, battery: Battery) -> Outcome:
    rng, worst = battery.rng(13), Worst()
    z, theta = rng.uniform(0.2, 1, 2) * [1, -1], np.array([1.5, 0.0])
    turn = np.linspace(-40, 40, 1601)  # log tan φ
    share = (turn[1] - turn[0]) / np.cosh(turn) / np.pi
    for row in np.abs(_generator(subject, 1.0).sensitivity(z, theta)) / 2:
        spread = np.hypot(row[0] * np.hypot(1, np.exp(turn)), row[1] * np.hypot(1, np.exp(-turn)))
        for s, t in ((1.0, 1.0), (0.3, 2.0)):
            for beyond in (0.1, 1.0, 30.0, 1000.0):
                k = beyond * t / s / spread
                chance = np.sum(share / (2 * np.hypot(1, k) * (np.hypot(1, k) + k)))
                place = beyond / ((1 + _NODES) / 2)
                density = subject.formulas.noise_ratio(place, s / t * row.sum(), np)
                worst.add((_WEIGHTS / 2 @ (density * place**2) / beyond) / chance - 1)
    return zero(worst.value if _perfect(subject) else np.nan, 1e-10)


def _generator(subject: Subject, spread: float) -> Any:
    """a z + b with z spread over [-spread, spread]."""
    return subject.LinearGenerator(latent=Uniform(-spread, spread))


def _perfect(subject: Subject) -> bool:
    """Whether D* is 0 on the generator's support, at some distance from the data's."""
    best = subject.game(Uniform(_PLACE - 1, _PLACE + 1), Uniform(-1, 1)).discriminator([1.0, 0.0])
    return bool(np.all(best(np.linspace(-0.99, 0.99, 50)) == 0.0))
