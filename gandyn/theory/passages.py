"""How often noise carries a state over a barrier: Eyring and Kramers against exact times."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from numpy.polynomial import Chebyshev

from gandyn.distributions import Mixture, Normal
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, equal, symbolic, zero
from gandyn.theory.independent import gradient
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "kramers-symbolic",
    "∫ exp(U/D) dy ∫ exp(-U/D) dx / D about the top and the bottom of U is exp(ΔU/D) for small D "
    "over the rate √(U''(bottom) |U''(top)|)/(2π)",
    "SymPy: both Gaussian integrals (Laplace)",
    "Kramers 1940; Berglund 2013, equation 1.9",
)
def _kramers_symbolic(subject: Subject, battery: Battery) -> Outcome:
    low, top, noise = sp.symbols("kappa lambda D", positive=True)
    x = sp.symbols("x", real=True)
    wide, narrow = (
        sp.integrate(sp.exp(-bend * x**2 / (2 * noise)), (x, -sp.oo, sp.oo)) for bend in (low, top)
    )
    rate = sp.simplify(noise / (wide * narrow))
    return symbolic((subject.formulas.kramers(low, top, sp), rate))


@rows.claim(
    "kramers-passage",
    "The mean time of dθ = -U' dt + √(2D) dW over the barrier between N(b, 1) on either mode of "
    "½N(-3, 1) + ½N(3, 1), U the non-saturating potential along b, times that rate: what it tends "
    "to as D falls to ΔU/40, ΔU/80, ΔU/160, D and D² extrapolated",
    "the time is ∫ exp(U/D) ∫ exp(-U/D) / D, by Simpson's rule; D³/(8 · 40³) is left, "
    "2e-6 times a number of order one",
    "Berglund 2013, equation 1.9; Gardiner 2009, section 5.5, for the exact time",
)
def _passage(subject: Subject, battery: Battery) -> Outcome:
    potential = _slice(_game(subject))
    first, second = potential.deriv(), potential.deriv(2)
    roots = first.roots()
    low, top, high = np.sort(roots[(np.abs(roots.imag) < 1e-9) & (np.abs(roots) < 4)].real).tolist()
    height = potential(top) - potential(low)
    rate = subject.formulas.kramers(second(low), -second(top), np)
    x = np.linspace(-7, high, 20001)
    values = potential(x)
    times = []
    for share in (40, 80, 160):
        noise = height / share
        stay = _running(x[1] - x[0], np.exp(-(values - potential(low)) / noise))
        cross = np.where(x[::2] >= low, np.exp((values[::2] - potential(top)) / noise) * stay, 0.0)
        times.append(float(np.sum(cross)) * 2 * (x[1] - x[0]) / noise * rate)
    return equal(1.0, (times[0] - 6 * times[1] + 8 * times[2]) / 3, 1e-5)


@rows.claim(
    "kramers-barriers",
    "The barriers of ½N(-3, 1) + ½N(3, 1) in (a, b) have the height of the potential between their "
    "ends and the prefactor |λ|/(2π) √(det H/|det H'|), H and H' the Hessians in the valley and at "
    "the pass, λ the falling one of H': worst relative difference",
    "H by differences of the force; the engine's accuracy over the step, 1e-7",
    "Berglund 2013, equation 1.9",
)
def _barriers(subject: Subject, battery: Battery) -> Outcome:
    game, worst = _game(subject), Worst()
    found = subject.barriers(game)
    for barrier in found.barriers:
        ends = [found.equilibria[k].theta for k in (barrier.start, barrier.end, barrier.saddle)]
        *valleys, top = (np.linalg.eigvalsh(_hessian(game, theta)) for theta in ends)
        potential = game.potential(np.array(ends))
        sides = (
            (valleys[0], potential[0], barrier.height_from, barrier.prefactor_from),
            (valleys[1], potential[1], barrier.height_to, barrier.prefactor_to),
        )
        for valley, level, height, rate in sides:
            worst.add(height / (potential[2] - level) - 1)
            worst.add(rate / subject.formulas.kramers(np.prod(valley) / top[1], -top[0], np) - 1)
    return zero(worst.value if found.barriers else np.nan, 1e-7)


def _game(subject: Subject) -> Any:
    return subject.game(Mixture([0.5, 0.5], [Normal(-3, 1), Normal(3, 1)]))


def _slice(game: Any) -> Chebyshev:
    """The potential along b at a = 1."""
    return Chebyshev.interpolate(
        lambda b: game.potential(np.stack([np.ones_like(b), b], axis=-1)), 80, domain=[-7, 5]
    )


def _running(step: float, values: Array) -> Array:
    """Simpson's integral from the first point to every second one."""
    parts = step / 3 * (values[:-2:2] + 4 * values[1:-1:2] + values[2::2])
    return np.concatenate([[0.0], np.cumsum(parts)])


def _hessian(game: Any, theta: Array) -> Array:
    """Minus the derivative of the force, by differences."""
    columns = [
        gradient(lambda states, k=k: -game.force(states)[:, k], theta[None], np.array([0.02]))[0]
        for k in range(2)
    ]
    return np.asarray(np.add(columns, np.transpose(columns)) / 2)
