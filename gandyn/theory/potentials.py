"""Each force is minus the gradient of its potential."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from gandyn.objectives import FDivergence, Objective, names
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Row, Rows, Worst, symbolic, zero
from gandyn.theory.independent import gradient
from gandyn.theory.subject import Subject

Array = NDArray[np.float64]
rows = Rows()

OBJECTIVES = (*names(), "alpha(0.5)")

# In units of the narrowest width. W₁ is smooth only up to states at which the two cdfs touch.
_STEP = {objective: 3e-5 if objective == "wasserstein1" else 3e-3 for objective in OBJECTIVES}
_NOISE = 3e-10  # the accuracy of a potential, 1e-10, in a sum of eight; to be divided by the step


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
    "nonsaturating-potential",
    "The non-saturating flow descends 2·KL((p + p_g)/2 ‖ p): worst relative difference of the "
    "engine's potential from an independent integral",
    "the engine's accuracy, 1e-10",
)
def _nonsaturating_potential(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.finite:
        potential = subject.game(case.data, case.latent, "nonsaturating").potential(case.thetas)
        for value, pair in zip(potential, case.pairs, strict=True):
            inside = (pair.p > 0) & (pair.g > 0)
            p, g = pair.p[inside], pair.g[inside]
            density = subject.formulas.nonsaturating_potential(p, g, np)
            expected = float(np.sum(pair.weights[inside] * density))
            worst.add((value - expected) / expected)
    return zero(worst.value, 1e-10)


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
