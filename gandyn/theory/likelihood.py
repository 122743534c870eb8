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
    "The gradient of the mean log-likelihood of N(b, a²) vanishes at b = mean, a = std of the "
    "data only, where its Hessian is -diag(2, 1)/std²",
    "SymPy, from E_p[x] = μ and E_p[(x - μ)²] = s² of any data",
)
def _likelihood_symbolic(subject: Subject, battery: Battery) -> Outcome:
    a, s = sp.symbols("a s", positive=True)
    b, mean = sp.symbols("b mu", real=True)
    likelihood = -sp.log(a) - (s**2 + (mean - b) ** 2) / (2 * a**2)
    gradient = [sp.diff(likelihood, v) for v in (a, b)]
    (root,) = sp.solve([sp.numer(sp.together(part)) for part in gradient], [a, b], dict=True)
    hessian = sp.hessian(likelihood, (a, b)).subs(root)
    return symbolic(
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
)
def _likelihood_force(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.smooth:
        force = subject.game(case.data, case.latent, "forward_kl").force(case.thetas)
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
    "With the latent N(0, 1) forward KL rests at the mean and the standard deviation of the "
    "data, whatever its shape: the largest |force| there, in units of 1/std",
    "the engine's accuracy, 1e-10; its terms are of the size of 1/std",
)
def _likelihood_rest(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.smooth[:-1]:
        mean, std = float(case.data.mean), float(case.data.std)
        game = subject.game(case.data, None, "forward_kl")
        worst.add(std * game.force([[std, mean], [-std, mean]]))
    return zero(worst.value, 1e-10)
