"""How fast the generator returns to the optimum."""

from __future__ import annotations

import numpy as np
import sympy as sp

from gandyn.distributions import Normal
from gandyn.generators import HermiteGenerator
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, symbolic, zero
from gandyn.theory.subject import Subject
from gandyn.theory.weights import weight

rows = Rows()


@rows.claim(
    "rates-symbolic",
    "At p_g = p = N(μ, σ²) the flow of an f-divergence is linear, with rates 2 f''(1)/σ² for a "
    "and f''(1)/σ² for b; saturating and non-saturating both have f''(1) = ½",
    "SymPy: the force E[w ℓ'(x) (z, 1)], x = a z + b, linearised at (σ, μ), where w = f''(1)",
)
def _rates_symbolic(subject: Subject, battery: Battery) -> Outcome:
    a, sigma, curvature = sp.symbols("a sigma kappa", positive=True)
    b, mean, z = sp.symbols("b mu z", real=True)
    x = a * z + b
    slope = curvature * ((x - b) / a**2 - (x - mean) / sigma**2)
    force = [_normal_mean(slope * z, z), _normal_mean(slope, z)]
    jacobian = sp.Matrix(force).jacobian([a, b]).subs({a: sigma, b: mean})
    rate_b, rate_a = subject.formulas.rates(curvature, sigma)
    half = sp.Rational(1, 2)
    r = sp.symbols("r", positive=True)
    return symbolic(
        (-rate_a, sp.simplify(jacobian[0, 0])),
        (-rate_b, sp.simplify(jacobian[1, 1])),
        (sp.Integer(0), sp.simplify(jacobian[0, 1])),
        (half, weight(subject, "saturating").subs(r, 1)),
        (half, weight(subject, "nonsaturating").subs(r, 1)),
    )


@rows.claim(
    "rates-engine",
    "The Jacobian of the force at p_g = p = N(μ, σ²) has the eigenvalues -2 f''(1)/σ² and "
    "-f''(1)/σ² for every f-divergence: worst relative difference",
    "1e-7: the Jacobian may be formed by differences of forces good to 1e-10",
)
def _rates_engine(subject: Subject, battery: Battery) -> Outcome:
    r = sp.symbols("r", positive=True)
    worst = Worst()
    for mean, sigma in ((0.0, 1.0), (-2.0, 0.4), (5.0, 3.0)):
        for name in subject.formulas.f_divergences:
            curvature = float(weight(subject, name).subs(r, 1))
            rates = np.array(subject.formulas.rates(curvature, sigma))
            jacobian = subject.game(Normal(mean, sigma), None, name).jacobian([sigma, mean])
            found = np.sort(-np.linalg.eigvals(jacobian).real)
            worst.add((found - np.sort(rates)) / rates.min())
    return zero(worst.value, 1e-7)


@rows.claim(
    "polynomial-rates-symbolic",
    "At p_g = p = N(0, 1) the generator Σ θ_k He_k(z)/√k! returns with the rates k f''(1), "
    "k = 1 … degree + 1, θ_{k−1} with the k-th and no other: to degree 5",
    "SymPy: along a path of G = z + ε h, ℓ' = −ε (h + z h' − h''), and z h' − h'' = k h for He_k",
)
def _polynomial_rates_symbolic(subject: Subject, battery: Battery) -> Outcome:
    z, curvature = sp.symbols("z kappa", real=True)
    he = [sp.Integer(1), z]
    for k in range(1, 5):
        he.append(sp.expand(z * he[k] - k * he[k - 1]))
    basis = [h / sp.sqrt(sp.factorial(k)) for k, h in enumerate(he)]
    theta = sp.symbols("theta0:6", real=True)
    g = sum(t * h for t, h in zip(theta, basis, strict=True))
    steep, bend = sp.diff(g, z), sp.diff(g, z, 2)
    slope = -g - (-z - bend / steep) / steep
    at = {t: int(k == 1) for k, t in enumerate(theta)}
    pairs = []
    for j, rate in enumerate(subject.formulas.polynomial_rates(curvature, 5)):
        change = sp.expand(curvature * sp.diff(slope, theta[j]).subs(at))
        for i, h in enumerate(basis):
            expected = -rate if i == j else sp.Integer(0)
            pairs.append((expected, sp.simplify(_normal_mean(change * h, z))))
    return symbolic(*(pair for pair in pairs if pair[0] != 0 or pair[1] != 0))


@rows.claim(
    "polynomial-rates-engine",
    "The Jacobian of the force of a polynomial of degree 1, 3, 5 at p_g = p = N(0, 1) has the "
    "eigenvalues -k f''(1), k = 1 … degree + 1, for every f-divergence: worst relative difference",
    "1e-7: the Jacobian may be formed by differences of forces good to 1e-10",
)
def _polynomial_rates_engine(subject: Subject, battery: Battery) -> Outcome:
    r = sp.symbols("r", positive=True)
    worst = Worst()
    for degree in (1, 3, 5):
        for name in subject.formulas.f_divergences:
            curvature = float(weight(subject, name).subs(r, 1))
            rates = np.array(subject.formulas.polynomial_rates(curvature, degree))
            game = subject.Game(Normal(0, 1), generator=HermiteGenerator(degree), objective=name)
            found = np.sort(-np.linalg.eigvals(game.jacobian(np.eye(degree + 1)[1])).real)
            worst.add((found - np.sort(rates)) / curvature)
    return zero(worst.value, 1e-7)


def _normal_mean(polynomial, z):  # type: ignore[no-untyped-def]
    """E of a polynomial in z ~ N(0, 1)."""
    total = sp.Integer(0)
    for (power,), coefficient in sp.Poly(sp.expand(polynomial), z).terms():
        if power % 2 == 0:
            total += coefficient * sp.factorial2(power - 1) if power else coefficient
    return total
