"""Forward KL covers both modes of a target, reverse KL stays on the one it started near."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gandyn.distributions import Mixture, Normal
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, zero
from gandyn.theory.subject import Subject

rows = Rows()

_MODE = 5.0


@rows.claim(
    "modes-forward-covers",
    "Forward KL on ½N(-5, 1) + ½N(5, 1), started on the right mode, ends between the modes, at "
    "mean 0 and std √26: worst difference",
    "maximum likelihood: the mean and the std of the data; rtol of the flow, 1e-5, of √26; the "
    "last of the way is 5 exp(-t/26), nothing at t = 600",
    "Minka 2005, section 3; Goodfellow 2016, section 3.2.5",
)
def _forward(subject: Subject, battery: Battery) -> Outcome:
    game = subject.game(_target(), None, "forward_kl")
    flow = subject.gradient_flow(game, [[2.0, _MODE]], (0.0, 600.0), rtol=1e-5)
    rest = np.array([math.hypot(1, _MODE), 0.0])
    return zero(float(np.max(np.abs(flow.theta[0, -1] - rest))), 1e-5 * rest[0])


@rows.claim(
    "modes-reverse-seeks",
    "Reverse KL on ½N(-5, 1) + ½N(5, 1) stays on the mode it starts near, at mean ±(5 - c) and "
    "std 1 + 5c/2, where c = 4.46e-6 is the saturating force of N(5, 1) on N(-5, 1), within its "
    "law (else nan): worst difference, in units of c",
    "The other mode adds log(1 + exp(-10x)) to log p; its slope, averaged, is -c, and 5c with "
    "the factor z; the rates are 1 and 2; c by an independent integral. The next order of the "
    "step is some 100 c² and the flow's promise 5e-10: 1e-3 c",
    "Minka 2005, section 3, for the two behaviours; the place is derived here",
)
def _reverse(subject: Subject, battery: Battery) -> Outcome:
    leading, first, second = subject.formulas.force_law(math)
    distance = 2 * _MODE
    # p p_g/(p + p_g) times the slope, about the middle: a trapezoid of a function that is analytic
    x = np.linspace(-4, 4, 401)
    other = np.exp(-((x + _MODE) ** 2) / 2 - np.logaddexp(0, -distance * x)) / math.sqrt(math.tau)
    c = distance * float(np.sum(other)) * (x[1] - x[0])
    place = c / (leading * math.exp(-(distance**2) / 8)) - 1 + first / distance**2
    rest = np.array(subject.formulas.seeking(c, _MODE))
    game = subject.game(_target(), None, "reverse_kl")
    starts = [[1.0, _MODE - 1], [0.5, -_MODE - 1]]
    flow = subject.gradient_flow(game, starts, (0.0, 60.0), rtol=1e-10, atol=1e-13)
    off = float(np.max(np.abs(flow.theta[:, -1] - [rest, rest * [1, -1]]))) / c
    return zero(off if 0 < place < second / distance**4 else math.nan, 1e-3)


@rows.claim(
    "modes-price",
    "What either pays there: with γ = log 2 - JSD of the modes, 8.63166e-7, KL(p ‖ p_g) = "
    "log √26 - log 2 + γ when covering and KL(p_g ‖ p) = log 2 - γ on a mode: worst difference",
    "The entropy of the data is JSD of its modes more than that of one of them; on a mode the "
    "other adds E log(1 + exp(-10x)) = γ. The engine's accuracy, 1e-10",
    "derived here",
)
def _price(subject: Subject, battery: Battery) -> Outcome:
    overlap = 8.63166e-7
    covering, seeking = [math.hypot(1, _MODE), 0.0], [1.0, _MODE]
    found = subject.game(_target()).evaluate([covering, seeking])
    forward = math.log(math.hypot(1, _MODE)) - math.log(2) + overlap
    worst = Worst()
    worst.add(found.kl_data_generator[0] - forward)
    worst.add(found.kl_generator_data[1] - math.log(2) + overlap)
    return zero(worst.value, 1e-10)


def _target() -> Any:
    return Mixture([0.5, 0.5], [Normal(-_MODE, 1), Normal(_MODE, 1)])
