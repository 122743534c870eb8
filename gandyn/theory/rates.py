"""How fast the generator returns to the optimum."""

from __future__ import annotations

import numpy as np
import sympy as sp

from gandyn.distributions import Normal
from gandyn.generators import HermiteGenerator
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, symbolic, zero
from gandyn.theory.potentials import weight
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "rates-symbolic",
    "At p_g = p = N(μ, σ²) the flow of an f-divergence is linear: the generator Σ θ_k He_k(z)/√k! "
    "returns with the rates k f''(1)/σ², k = 1 … degree + 1, θ_{k−1} with the k-th and no other, "
    "here to degree 5; saturating and non-saturating both have f''(1) = ½",
    "SymPy: along a path of G = μ + σ z + ε h, ℓ' = −ε (h + z h' − h'')/σ², and z h' − h'' = k h "
    "for He_k",
)
def _rates_symbolic(subject: Subject, battery: Battery) -> Outcome:
    z, mean = sp.symbols("z mu", real=True)
    sigma, curvature, r = sp.symbols("sigma kappa r", positive=True)
    he = [sp.Integer(1), z]
    for k in range(1, 5):
        he.append(sp.expand(z * he[k] - k * he[k - 1]))
    basis = [h / sp.sqrt(sp.factorial(k)) for k, h in enumerate(he)]
    theta = sp.symbols("theta0:6", real=True)
    g = sum(t * h for t, h in zip(theta, basis, strict=True))
    steep, bend = sp.diff(g, z), sp.diff(g, z, 2)
    slope = -(g - mean) / sigma**2 - (-z - bend / steep) / steep
    at = dict(zip(theta, (mean, sigma, 0, 0, 0, 0), strict=True))
    pairs = []
    for j, rate in enumerate(subject.formulas.rates(curvature, sigma, 5)):
        change = sp.expand(curvature * sp.diff(slope, theta[j]).subs(at))
        for i, h in enumerate(basis):
            expected = -rate if i == j else sp.Integer(0)
            pairs.append((expected, sp.simplify(_normal_mean(change * h, z))))
    half = sp.Rational(1, 2)
    return symbolic(
        *(pair for pair in pairs if pair[0] != 0 or pair[1] != 0),
        (half, weight(subject, "saturating").subs(r, 1)),
        (half, weight(subject, "nonsaturating").subs(r, 1)),
    )


@rows.claim(
    "rates-engine",
    "The Jacobian of the force at p_g = p = N(μ, σ²) has the eigenvalues -k f''(1)/σ², k = 1 … "
    "degree + 1, for a z + b and for polynomials of degree 1, 3, 5, for every f-divergence: worst "
    "relative difference",
    "1e-7: the Jacobian may be formed by differences of forces good to 1e-10",
)
def _rates_engine(subject: Subject, battery: Battery) -> Outcome:
    r = sp.symbols("r", positive=True)
    linear = subject.LinearGenerator(latent=Normal(0, 1))
    places = [(linear, (0.0, 1.0)), (linear, (-2.0, 0.4)), (linear, (5.0, 3.0))]
    places += [(HermiteGenerator(degree), (0.0, 1.0)) for degree in (1, 3, 5)]
    worst = Worst()
    for generator, (mean, sigma) in places:
        theta = np.zeros(generator.dimension)
        theta[:2] = (sigma, mean) if generator is linear else (mean, sigma)
        for name in subject.formulas.f_divergences:
            curvature = float(weight(subject, name).subs(r, 1))
            rates = np.array(subject.formulas.rates(curvature, sigma, len(theta) - 1))
            game = subject.Game(Normal(mean, sigma), generator=generator, objective=name)
            found = np.sort(-np.linalg.eigvals(game.jacobian(theta)).real)
            worst.add((found - np.sort(rates)) * sigma**2 / curvature)
    return zero(worst.value, 1e-7)


def _normal_mean(polynomial, z):  # type: ignore[no-untyped-def]
    """E of a polynomial in z ~ N(0, 1)."""
    total = sp.Integer(0)
    for (power,), coefficient in sp.Poly(sp.expand(polynomial), z).terms():
        if power % 2 == 0:
            total += coefficient * sp.factorial2(power - 1) if power else coefficient
    return total
