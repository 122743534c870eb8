"""The weight of an f-divergence is r² f''(r)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, symbolic, zero
from gandyn.theory.subject import Subject

rows = Rows()

_SUMMED = ("saturating", "nonsaturating", "reverse_kl")


@rows.claim(
    "weights-symbolic",
    "r² f''(r) is r/(1 + r) = D* for the saturating, 1/(1 + r) = 1 - D* for the non-saturating "
    "loss, 1 for reverse KL, r for forward KL, 1 + r for Jeffreys, 2r², 2/r and √r/4 for Pearson, "
    "Neyman and Hellinger, and r^α for α-divergences, of any α",
    "SymPy: second derivatives of the potentials as ∫ p_g f(p/p_g); α a symbol, and its limits at "
    "0 and 1 both KLs but for terms linear in r",
    "Nowozin et al. 2016, table 1, for f; Cressie & Read 1984 for α",
)
def _weights_symbolic(subject: Subject, battery: Battery) -> Outcome:
    r, a = sp.symbols("r alpha", positive=True)
    formulas = subject.formulas
    best = sp.cancel(formulas.discriminator(r, 1, sp))
    general = formulas.alpha(r, a, sp)
    return symbolic(
        (sp.cancel(best), weight(subject, "saturating")),
        (sp.cancel(1 - best), weight(subject, "nonsaturating")),
        *((claimed(r, sp), weight(subject, name)) for name, claimed in formulas.weights.items()),
        (r**a, sp.powsimp(sp.simplify(formulas.weight(r, sp.diff(general, r, 2))))),
        (-sp.log(r) + r - 1, sp.limit(general, a, 0)),
        (r * sp.log(r) - r + 1, sp.limit(general, a, 1)),
    )


@rows.claim(
    "weights-sum-symbolic",
    "The saturating and the non-saturating weight sum to reverse KL's",
    "SymPy: r² f'' of both potentials, added",
    "Arjovsky & Bottou 2017, theorem 2.5",
)
def _sum_symbolic(subject: Subject, battery: Battery) -> Outcome:
    total = weight(subject, "saturating") + weight(subject, "nonsaturating")
    return symbolic((weight(subject, "reverse_kl"), sp.cancel(total)))


@rows.claim(
    "weights-engine",
    "Every f-divergence row of the engine has the weight r² f''(r): worst relative difference "
    "for log r from -30 to 30",
    "rounding of exp(30), in its exponent too: 60 roundings, 2.5 times for its power; 1e-13",
    "Nowozin et al. 2016, table 1, for f",
)
def _weights_engine(subject: Subject, battery: Battery) -> Outcome:
    ell = np.linspace(-30, 30, 121)
    worst = Worst()
    for name in subject.formulas.f_divergences:
        derived = numeric_weight(subject, name)(np.exp(ell))
        worst.add(subject.objective(name).weight(ell) / derived - 1)
    return zero(worst.value, 1e-13)


@rows.claim(
    "weights-sum",
    "The saturating and the non-saturating force add up to that of reverse KL: worst difference "
    "relative to the largest of the three, over the battery",
    "the engine's accuracy, 1e-10, of three forces",
    "Arjovsky & Bottou 2017, theorem 2.5",
)
def _sum_forces(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.all:
        games = [subject.game(case.data, case.latent, name) for name in _SUMMED]
        forces = np.array([game.force(case.thetas) for game in games])
        scale = np.max(np.abs(forces), axis=(0, 2), keepdims=True)[0]
        with np.errstate(invalid="ignore"):
            worst.add((forces[0] + forces[1] - forces[2]) / scale)
    return zero(worst.value, 3e-10)


@rows.claim(
    "nonsaturating-symbolic",
    "KL(p_g ‖ p) - 2·JSD = 2·KL((p + p_g)/2 ‖ p) at every point, an f-divergence with "
    "f'' = 1/(r²(1 + r))",
    "SymPy, logarithms expanded",
    "Arjovsky & Bottou 2017, theorem 2.5",
)
def _nonsaturating_symbolic(subject: Subject, battery: Battery) -> Outcome:
    p, g, r = sp.symbols("p p_g r", positive=True)
    formulas = subject.formulas
    theirs = g * sp.log(g / p) - 2 * formulas.jensen_shannon(p, g, sp)
    ours = formulas.nonsaturating_potential(p, g, sp)
    row = formulas.f_divergences["nonsaturating"](r, sp)
    difference = sp.simplify(sp.expand_log(theirs - ours, force=True))
    curvature = sp.factor(sp.diff(ours.subs({p: r, g: 1}), r, 2))
    return symbolic(
        (sp.Integer(0), difference),
        (1 / (r**2 * (1 + r)), curvature),
        (sp.Integer(0), sp.simplify(sp.expand_log(ours.subs({p: r, g: 1}) - row, force=True))),
    )


def weight(subject: Subject, name: str) -> Any:
    """r² f''(r) of an f-divergence, as a SymPy expression in r."""
    r = sp.symbols("r", positive=True)
    f = subject.formulas.f_divergences[name](r, sp)
    claimed = subject.formulas.weight(r, sp.diff(f, r, 2))
    return sp.powsimp(sp.cancel(sp.together(sp.expand(claimed))))


def curvature(subject: Subject, name: str) -> float:
    """f''(1)."""
    return float(weight(subject, name).subs(sp.symbols("r", positive=True), 1))


def numeric_weight(subject: Subject, name: str) -> Callable[[Array], Array]:
    """The same for arrays."""
    r = sp.symbols("r", positive=True)
    return sp.lambdify(r, weight(subject, name) + 0 * r, "numpy")  # type: ignore[no-any-return]
