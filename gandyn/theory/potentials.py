"""An f-divergence pushes with weight r² f''(r); each force is minus the gradient of a potential."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from gandyn.objectives import FDivergence, Objective, names
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Row, Rows, Worst, symbolic, zero
from gandyn.theory.independent import gradient
from gandyn.theory.subject import Subject

rows = Rows()

OBJECTIVES = (*names(), "alpha(0.5)")

# In units of the narrowest width. W₁ is smooth only up to states at which the two cdfs touch.
_STEP = {objective: 3e-5 if objective == "wasserstein1" else 3e-3 for objective in OBJECTIVES}
_SUMMED = ("saturating", "nonsaturating", "reverse_kl")
_NOISE = 3e-10  # the accuracy of a potential, 1e-10, in a sum of eight; to be divided by the step


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
        games = [subject.game(case.data, case.latent, name) for name in _SUMMED]
        forces = np.array([game.force(case.thetas) for game in games])
        scale = np.max(np.abs(forces), axis=(0, 2), keepdims=True)[0]
        worst.add((forces[0] + forces[1] - forces[2]) / scale)
    return zero(worst.value, 3e-10)


@rows.claim(
    "nonsaturating-symbolic",
    "KL(p_g ‖ p) - 2·JSD = 2·KL((p + p_g)/2 ‖ p) at every point, an f-divergence with "
    "f'' = 1/(r²(1 + r))",
    "SymPy, logarithms expanded (Arjovsky & Bottou 2017, Theorem 2.5)",
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


@rows.claim(
    "potential-is-divergence",
    "The potential of every f-divergence row is ∫ p_g f(p/p_g): worst relative difference from "
    "an independent integral",
    "the engine's accuracy, 1e-10",
)
def _potential_is_divergence(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.finite:
        # beyond 1e-100 there is nothing, and no power of the ratio overflows before
        inside = [(pair.log_p > -230) & (pair.log_g > -230) for pair in case.pairs]
        for name, f in subject.formulas.f_divergences.items():
            potential = subject.game(case.data, case.latent, name).potential(case.thetas)
            for value, pair, where in zip(potential, case.pairs, inside, strict=True):
                ratio = np.exp(pair.log_p[where] - pair.log_g[where])
                expected = float(np.sum((pair.weights * pair.g)[where] * f(ratio, np)))
                worst.add((value - expected) / expected)
    return zero(worst.value, 1e-10)


def check_gradient(objective: str, subject: Subject, battery: Battery) -> Outcome:
    """-∇(potential) by differences against the force of one objective."""
    worst = Worst()
    for case in battery.finite:
        game = subject.game(case.data, case.latent, objective)
        worst.add(_mismatch(game, case.thetas, game.force(case.thetas), _STEP[objective]))
    return zero(worst.value, _NOISE / _STEP[objective])


def _endless(objective: Objective) -> bool:
    """Whether the potential is infinite where p_g = 0 < p: f'(∞) is."""
    return isinstance(objective, FDivergence) and bool(np.isinf(objective.slope_left(np.zeros(1))))


def _mismatch(game: Any, thetas: Array, force: Array, step: float) -> Array:
    """Force less -∇(potential), relative to the force or to the potential over a width."""
    narrowest = float(np.min(game.data.normals[2]))
    steps = step * np.minimum(narrowest, np.abs(thetas[:, 0]))
    descent = -gradient(game.potential, thetas, steps)
    scale = np.maximum(np.max(np.abs(force), axis=-1), game.potential(thetas) / narrowest)
    return np.asarray((force - descent) / scale[:, None])


rows.extend(
    Row(
        f"gradient-{objective}",
        f"The force of {objective} is minus the gradient of its potential: worst difference, "
        "relative to the force",
        f"central differences of eighth order with a step of {_STEP[objective]:g} widths: three "
        "times 1e-10 of the potential, the engine's accuracy, over the step",
        partial(check_gradient, objective),
    )
    for objective in OBJECTIVES
)


@rows.claim(
    "gradient-bounded-latent",
    "With the latent U(-1, 1), where D* jumps, force + boundary_force is minus the gradient of "
    "the potential: worst relative difference over the objectives that are finite and smooth there",
    "central differences of eighth order with a step of 0.003 widths: three times 1e-10 of the "
    "potential, the engine's accuracy, over the step",
)
def _bounded_latent(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for objective in OBJECTIVES:
        if objective == "wasserstein1" or _endless(subject.objective(objective)):
            continue
        for case in battery.bounded:
            game, thetas = subject.game(case.data, case.latent, objective), case.thetas[:2]
            whole = game.force(thetas) + game.boundary_force(thetas)
            worst.add(_mismatch(game, thetas, whole, _STEP[objective]))
    return zero(worst.value, _NOISE / _STEP["mse"])


def weight(subject: Subject, name: str):  # type: ignore[no-untyped-def]
    """r² f''(r) of an f-divergence, as a SymPy expression in r."""
    r = sp.symbols("r", positive=True)
    f = subject.formulas.f_divergences[name](r, sp)
    return sp.cancel(sp.together(r**2 * sp.diff(f, r, 2)))
