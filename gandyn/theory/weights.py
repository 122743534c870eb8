"""An f-divergence pushes with weight r² f''(r); two of the weights add up to a third."""

from __future__ import annotations

import numpy as np
import sympy as sp

from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "weights-symbolic",
    "r² f''(r) is D* for the saturating, 1 - D* for the non-saturating loss, 1 for reverse KL "
    "and r for forward KL, with D* = r/(1 + r)",
    "SymPy: second derivatives of the potentials as ∫ p_g f(p/p_g)",
)
def _weights_symbolic(subject: Subject, battery: Battery) -> Outcome:
    r = sp.symbols("r", positive=True)
    best = sp.cancel(subject.formulas.discriminator(r, 1, sp))
    expected = {
        "saturating": best,
        "nonsaturating": sp.cancel(1 - best),
        "reverse_kl": sp.Integer(1),
        "forward_kl": r,
    }
    return symbolic(*((value, weight(subject, name)) for name, value in expected.items()))


@rows.claim(
    "weights-sum-symbolic",
    "The saturating and the non-saturating weight sum to reverse KL's",
    "SymPy: r² f'' of both potentials, added",
)
def _sum_symbolic(subject: Subject, battery: Battery) -> Outcome:
    total = weight(subject, "saturating") + weight(subject, "nonsaturating")
    return symbolic((weight(subject, "reverse_kl"), sp.cancel(total)))


@rows.claim(
    "weights-engine",
    "Every f-divergence row of the engine has the weight r² f''(r): worst relative difference "
    "for log r from -30 to 30",
    "rounding of exp(30), in its exponent too: 60 roundings; 1e-13",
)
def _weights_engine(subject: Subject, battery: Battery) -> Outcome:
    r = sp.symbols("r", positive=True)
    ell = np.linspace(-30, 30, 121)
    worst = Worst()
    for name in subject.formulas.f_divergences:
        derived = sp.lambdify(r, weight(subject, name), "numpy")(np.exp(ell))
        worst.add(subject.objective(name).weight(ell) / derived - 1)
    return zero(worst.value, 1e-13)


@rows.claim(
    "weights-sum",
    "The saturating and the non-saturating force add up to that of reverse KL: worst difference "
    "relative to the largest of the three, over the battery",
    "the engine's accuracy, 1e-10, of three forces",
)
def _sum_forces(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.all:
        forces = np.array(
            [
                subject.game(case.data, case.latent, name).force(case.thetas)
                for name in ("saturating", "nonsaturating", "reverse_kl")
            ]
        )
        scale = np.max(np.abs(forces), axis=(0, 2), keepdims=True)[0]
        worst.add((forces[0] + forces[1] - forces[2]) / scale)
    return zero(worst.value, 3e-10)


def weight(subject: Subject, name: str):  # type: ignore[no-untyped-def]
    """r² f''(r) of an f-divergence, as a SymPy expression in r."""
    r = sp.symbols("r", positive=True)
    f = subject.formulas.f_divergences[name](r, sp)
    return sp.cancel(sp.together(r**2 * sp.diff(f, r, 2)))
