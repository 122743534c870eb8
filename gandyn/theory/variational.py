"""An f-divergence as a game: the best critic is f'(r), and every other gives less."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, at_most, symbolic, zero
from gandyn.theory.subject import Subject
from gandyn.theory.weights import numeric_weight

rows = Rows()

_NEAR, _FAR = (1e-9, 1e7), (1e-60, 1e60)
"""Ratios beyond which T is kept constant, where f' is bounded at that end, so that f* is rounding
of its t, and where it is not: 1e-12 of a potential."""


@rows.claim(
    "conjugates-symbolic",
    "f*(t) = sup_r (r t - f(r)) of the saturating loss, reverse and forward KL, Pearson, Neyman, "
    "Hellinger and α-divergences: f*(f'(r)) = r f'(r) - f(r), and its slope there is r",
    "SymPy; f is convex, so that the sup is where t = f'(r)",
    "Nowozin et al. 2016, table 2, but for terms linear in r",
)
def _conjugates_symbolic(subject: Subject, battery: Battery) -> Outcome:
    r, t = sp.symbols("r t", positive=True)
    pairs = []
    for name, conjugate in subject.formulas.conjugates.items():
        f = subject.formulas.f_divergences[name](r, sp)
        slope = sp.diff(f, r)
        best = sp.simplify(conjugate(t, sp).subs(t, slope) - r * slope + f)
        back = sp.diff(conjugate(t, sp), t).subs(t, slope)
        pairs += [(sp.Integer(0), best), (sp.Integer(0), sp.powsimp(sp.simplify(back - r)))]
    return symbolic(*pairs)


@rows.claim(
    "variational-bound",
    "E_p T - E_pg f*(T) at T = f'(p/p_g) is the potential of the row: worst relative difference",
    "the engine's accuracy, 1e-10, against an independent integral of SymPy's f' and of f*",
    "Nowozin et al. 2016, equations 4 and 5",
)
def _bound(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for name, conjugate in subject.formulas.conjugates.items():
        critic, kept = _critic(subject, name)
        for case in battery.finite:
            potential = subject.game(case.data, case.latent, name).potential(case.thetas)
            for value, pair in zip(potential, case.pairs, strict=True):
                best = critic(np.clip(np.exp(pair.log_p - pair.log_g), *kept))
                worst.add(pair.integral(pair.p * best - pair.g * conjugate(best, np)) / value - 1)
    return zero(worst.value, 1e-10)


@rows.claim(
    "variational-perturbed",
    "T = f'(r (1 + η)), the critic of a wrong ratio, gives less, and by as much as the second "
    "order says, ½∫ p_g w η² dx with w = r² f''(r): |log(loss / second order)| at worst, per 4 |η|",
    "f'' lies between (1 + |η|) to the powers ±4 times itself for every row here, whose weights "
    "lie between r^-1.2 and r^2.2: the ratio cannot pass 1",
    "Nowozin et al. 2016, equation 4; the second order is derived here",
)
def _perturbed(subject: Subject, battery: Battery) -> Outcome:
    rng, worst = battery.rng(12), Worst()
    for name, conjugate in subject.formulas.conjugates.items():
        (critic, kept), weight = _critic(subject, name), numeric_weight(subject, name)
        for pair in (pair for case in battery.finite[:4] for pair in case.pairs):
            ratio = np.clip(np.exp(pair.log_p - pair.log_g), *kept)
            wrong = 0.03 * np.sin(rng.uniform(0.5, 2) * pair.x + rng.uniform(0, 6))
            best, other = critic(ratio), critic(ratio * (1 + wrong))
            loss = ratio * (best - other) - conjugate(best, np) + conjugate(other, np)
            second = pair.integral(pair.g * weight(ratio) * wrong**2) / 2
            with np.errstate(invalid="ignore"):
                worst.add(np.log(pair.integral(pair.g * loss) / second) / (4 * 0.03))
    return at_most(1.0, worst.value)


def _critic(subject: Subject, name: str) -> tuple[Any, tuple[float, float]]:
    """f'(r) for arrays, SymPy's, and the ratios at which to stop."""
    r = sp.symbols("r", positive=True)
    slope = sp.diff(subject.formulas.f_divergences[name](r, sp), r)
    critic = sp.lambdify(r, sp.simplify(slope), "numpy")
    low, high = (
        far if abs(critic(far)) > 1e6 else near for near, far in zip(_NEAR, _FAR, strict=True)
    )
    return critic, (low, high)
