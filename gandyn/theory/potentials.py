"""The potential of each objective, and that its force is minus the gradient of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gandyn.objectives import FDivergence, Objective, names
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Row, Rows, Worst, zero
from gandyn.theory.formulas import ALPHAS
from gandyn.theory.independent import gradient
from gandyn.theory.subject import Subject
from gandyn.theory.weights import numeric_weight

rows = Rows()

OBJECTIVES = (*names(), *(f"alpha({a})" for a in ALPHAS))

# In units of the generator's width. W₁ is smooth only up to states at which the two cdfs touch.
_STEP = {objective: 3e-5 if objective == "wasserstein1" else 3e-3 for objective in OBJECTIVES}
_FAINT = -230.0  # beyond 1e-100 there is nothing, and no power of the ratio overflows before
_NOISE = 3e-10  # the accuracy of a potential, 1e-10, in a sum of eight; to be divided by the step


@rows.claim(
    "potential-is-divergence",
    "The potential of every f-divergence row is ∫ p_g f(p/p_g): worst relative difference from "
    "an independent integral",
    "the engine's accuracy, 1e-10",
    "Nowozin et al. 2016, table 1",
)
def _potential_is_divergence(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for case in battery.finite:
        inside = [(pair.log_p > _FAINT) & (pair.log_g > _FAINT) for pair in case.pairs]
        for name, f in subject.formulas.f_divergences.items():
            potential = subject.game(case.data, case.latent, name).potential(case.thetas)
            for value, pair, where in zip(potential, case.pairs, inside, strict=True):
                ratio = np.exp(pair.log_p[where] - pair.log_g[where])
                expected = float(np.sum((pair.weights * pair.g)[where] * f(ratio, np)))
                worst.add((value - expected) / expected)
    return zero(worst.value, 1e-10)


@rows.claim(
    "force-is-weighted-slope",
    "The force of every f-divergence row is ∫ p_g w(ℓ) ℓ' ∂G/∂θ dx with w = r² f''(r): worst "
    "relative difference from an independent integral",
    "the engine's accuracy, 1e-10; w is SymPy's, from f",
    "Nowozin et al. 2016, section 2, for f; derived here",
)
def _force_is_weighted_slope(subject: Subject, battery: Battery) -> Outcome:
    weights = {name: numeric_weight(subject, name) for name in subject.formulas.f_divergences}
    worst = Worst()
    for case in battery.finite:
        found = {
            name: subject.game(case.data, case.latent, name).force(case.thetas) for name in weights
        }
        for k, ((a, b), pair) in enumerate(zip(case.thetas, case.pairs, strict=True)):
            inside = (pair.log_p > _FAINT) & (pair.log_g > _FAINT)
            x, ratio = pair.x[inside], np.exp((pair.log_p - pair.log_g)[inside])
            z = (x - b) / a
            felt = (pair.weights * pair.g)[inside]
            felt *= case.data.score(x) - case.latent.score(z) / a
            for name, weight in weights.items():
                expected = np.array([z, np.ones_like(z)]) @ (felt * weight(ratio))
                worst.add((found[name][k] - expected) / np.max(np.abs(expected)))
    return zero(worst.value, 1e-10)


def check_gradient(objective: str, subject: Subject, battery: Battery) -> Outcome:
    """-∇(potential) by differences against the force of one objective."""
    worst = Worst()
    for case in battery.finite:
        game = subject.game(case.data, case.latent, objective)
        force, width = game.force(case.thetas), np.abs(case.thetas[:, 0])
        worst.add(_mismatch(game, case.thetas, force, width, _STEP[objective]))
    return zero(worst.value, _NOISE / _STEP[objective])


def _endless(objective: Objective) -> bool:
    """Whether the potential is infinite where p_g = 0 < p: f'(∞) is."""
    return isinstance(objective, FDivergence) and bool(np.isinf(objective.slope_left(np.zeros(1))))


def _mismatch(game: Any, thetas: Array, force: Array, width: Array, step: float) -> Array:
    """Force less -∇(potential) by steps of `step` widths, relative to what either could be."""
    potential = game.potential(thetas)
    descent = -gradient(game.potential, thetas, step * width)
    scale = np.maximum(np.max(np.abs(force), axis=-1), potential / width)
    return np.asarray((force - descent) / scale[:, None])


rows.extend(
    Row(
        f"gradient-{objective}",
        f"The force of {objective} is minus the gradient of its potential: worst difference, "
        "relative to the force",
        f"central differences of eighth order with a step of {_STEP[objective]:g} widths: three "
        "times 1e-10 of the potential, the engine's accuracy, over the step",
        "derived here",
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
    "derived here",
)
def _bounded_latent(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for objective in OBJECTIVES:
        if objective == "wasserstein1" or _endless(subject.objective(objective)):
            continue
        for case in battery.bounded:
            game, thetas = subject.game(case.data, case.latent, objective), case.thetas[:2]
            whole = game.force(thetas) + game.boundary_force(thetas)
            # where p_g ends it sees the data's narrowest mode
            width = np.minimum(np.min(case.data.normals[2]), np.abs(thetas[:, 0]))
            worst.add(_mismatch(game, thetas, whole, width, _STEP[objective]))
    return zero(worst.value, _NOISE / _STEP["mse"])
