"""How fast the generator returns to the optimum."""

from __future__ import annotations

import numpy as np
import sympy as sp

from gandyn.distributions import Normal
from gandyn.generators import HermiteGenerator
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, normal_mean, symbolic, zero
from gandyn.theory.subject import Subject
from gandyn.theory.weights import curvature, weight

rows = Rows()


@rows.claim(
    "rates-symbolic",
    "At p_g = p = N(μ, σ²) the flow of an f-divergence is linear: the generator Σ θ_k He_k(z)/√k! "
    "returns with the rates k f''(1)/σ², k = 1 … degree + 1, θ_{k−1} with the k-th and no other, "
    "here to degree 5; saturating and non-saturating both have f''(1) = ½",
    "SymPy: the force E[w(ℓ) ℓ'/G' ∂G/∂θ] with w = r² f''(r) of an unknown f and ℓ = log p(G) - "
    "log q(z) + log G', differentiated at the optimum, ℓ = 0; all 36 entries",
    "derived here",
)
def _rates_symbolic(subject: Subject, battery: Battery) -> Outcome:
    z, mean = sp.symbols("z mu", real=True)
    sigma, kappa, eps, r = sp.symbols("sigma kappa epsilon r", positive=True)
    he = [sp.Integer(1), z]
    for k in range(1, 5):
        he.append(sp.expand(z * he[k] - k * he[k - 1]))
    basis = [h / sp.sqrt(sp.factorial(k)) for k, h in enumerate(he)]
    density, f, w = subject.formulas.normal_logpdf, sp.Function("f"), sp.Function("w")
    at_rest = (
        subject.formulas.weight(r, sp.diff(f(r), r, 2))
        .subs(r, 1)
        .subs(sp.diff(f(r), r, 2).subs(r, 1), kappa)
    )
    pairs = []
    rates = subject.formulas.rates(kappa, sigma, 5)
    for j, (rate, change) in enumerate(zip(rates, basis, strict=True)):
        g = mean + sigma * z + eps * change
        steep = sp.diff(g, z)
        ell = sp.expand(density(g, mean, sigma, sp) - density(z, 0, 1, sp)) + sp.log(steep)
        ell = sp.expand_log(ell, force=True)
        turned = sp.diff(w(ell) * sp.diff(ell, z) / steep, eps).subs(eps, 0).doit()
        turned = sp.simplify(turned).subs(w(0), at_rest)
        for i, h in enumerate(basis):
            expected = -rate if i == j else sp.Integer(0)
            pairs.append((expected, sp.simplify(normal_mean(sp.expand(turned * h), z))))
    half = sp.Rational(1, 2)
    return symbolic(
        *(pair for pair in pairs if pair[0] != 0 or pair[1] != 0),
        (half, weight(subject, "saturating").subs(r, 1)),
        (half, weight(subject, "nonsaturating").subs(r, 1)),
    )


@rows.claim(
    "rates-engine",
    "The Jacobian of the force at p_g = p = N(μ, σ²) is -diag(k f''(1)/σ²), k = 1 for the place "
    "and 2 for the scale of a z + b, k = 1 … degree + 1 for polynomials of degree 1, 3, 5, for "
    "every f-divergence: worst difference of an entry relative to the first rate",
    "1e-7: the Jacobian may be formed by differences of forces good to 1e-10",
    "derived here",
)
def _rates_engine(subject: Subject, battery: Battery) -> Outcome:
    linear = subject.LinearGenerator(latent=Normal(0, 1))
    places = [(linear, (0.0, 1.0)), (linear, (-2.0, 0.4)), (linear, (5.0, 3.0))]
    places += [(HermiteGenerator(degree), (0.0, 1.0)) for degree in (1, 3, 5)]
    worst = Worst()
    for generator, (mean, sigma) in places:
        theta = np.zeros(generator.dimension)
        order = [1, 0] if generator is linear else slice(None)
        theta[:2] = np.array([mean, sigma])[order]
        for name in subject.formulas.f_divergences:
            kappa = curvature(subject, name)
            rates = np.array(subject.formulas.rates(kappa, sigma, len(theta) - 1))[order]
            game = subject.Game(Normal(mean, sigma), generator=generator, objective=name)
            worst.add((game.jacobian(theta) + np.diag(rates)) * sigma**2 / kappa)
    return zero(worst.value, 1e-7)
