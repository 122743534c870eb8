"""The forward KL flow is maximum likelihood."""

from __future__ import annotations

import numpy as np
import sympy as sp

from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "likelihood-symbolic",
    "The gradient of the mean log-likelihood of N(b, a²) is ((s² + (μ - b)²)/a² - 1)/a and "
    "(μ - b)/a² and vanishes at b = mean μ, a = std s of the data only, where its Hessian is "
    "-diag(2, 1)/s²",
    "SymPy: the mean of log p_g over any data, from E_p[x] = μ and E_p[x²] = s² + μ²",
    "textbook (maximum likelihood); Goodfellow 2016, section 3.2.5, for its place here",
)
def _likelihood_symbolic(subject: Subject, battery: Battery) -> Outcome:
    a, s = sp.symbols("a s", positive=True)
    b, mean, x = sp.symbols("b mu x", real=True)
    log = sp.expand(subject.formulas.normal_logpdf(x, b, a, sp))
    likelihood = log.subs(x**2, s**2 + mean**2).subs(x, mean)
    gradient = [sp.diff(likelihood, v) for v in (a, b)]
    (root,) = sp.solve([sp.numer(sp.together(part)) for part in gradient], [a, b], dict=True)
    hessian = sp.simplify(sp.hessian(likelihood, (a, b)).subs(root))
    claimed = subject.formulas.likelihood_force(mean, s, a, b)
    return symbolic(
        *(
            (sp.Integer(0), sp.simplify(one - two))
            for one, two in zip(claimed, gradient, strict=True)
        ),
        (s, root[a]),
        (mean, root[b]),
        (-2 / s**2, hessian[0, 0]),
        (-1 / s**2, hessian[1, 1]),
        (sp.Integer(0), hessian[0, 1]),
    )


@rows.claim(
    "likelihood-force",
    "The force of forward_kl is the gradient of E_p[log p_g]: worst relative difference",
    "the engine's accuracy, 1e-10, against an independent integral of ∂ log p_g/∂θ",
    "Goodfellow 2016, section 3.2.5",
)
def _likelihood_force(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.smooth:
        game = subject.game(case.data, case.latent, "forward_kl")
        force = game.force(case.thetas)
        for (a, b), row, pair in zip(case.thetas, force, case.pairs, strict=True):
            z = (pair.x - b) / a
            score = case.latent.score(z)
            expected = [
                pair.integral(-pair.p * (1 + z * score) / a),
                pair.integral(-pair.p * score / a),
            ]
            worst.add((row - expected) / np.max(np.abs(expected)))
    return zero(worst.value, 1e-10)


@rows.claim(
    "likelihood-rest",
    "With the latent N(0, 1) forward KL sees the mean and the standard deviation of the data and "
    "nothing else of its shape, and rests there: worst difference of its force from that of a "
    "normal law, at the rest and at random states, relative or in units of 1/std",
    "the engine's accuracy, 1e-10; at rest its terms are of the size of 1/std",
    "derived here",
)
def _likelihood_rest(subject: Subject, battery: Battery) -> Outcome:
    rng, worst = battery.rng(9), Worst()
    for data in (case.data for case in battery.smooth):
        mean, std = float(data.mean), float(data.std)
        a, b = std * rng.uniform(0.5, 2, 2) * [1, -1], mean + std * rng.uniform(-1, 1, 2)
        a, b = np.concatenate([[std, -std], a]), np.concatenate([[mean, mean], b])
        expected = np.stack(subject.formulas.likelihood_force(mean, std, a, b), axis=-1)
        game = subject.game(data, None, "forward_kl")
        found = game.force(np.stack([a, b], axis=-1))
        worst.add((found - expected) / np.maximum(1 / std, np.abs(expected)))
    return zero(worst.value, 1e-10)
