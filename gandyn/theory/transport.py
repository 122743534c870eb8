"""What Wasserstein distances see where the f-divergences do not: laws far apart, or of points."""

from __future__ import annotations

import math

import numpy as np

from gandyn.distributions import Mixture, Normal, Uniform
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, between, zero
from gandyn.theory.subject import Subject

rows = Rows()

_APART = (-3.0, -1e-3, 0.0, 0.5, 2.0)
_NARROW = 1e-7


@rows.claim(
    "point-masses",
    "Point masses at 0 and θ, as uniform laws of 1e-7 of the distance: W₁ = |θ|, JSD = log 2, both "
    "KLs infinite, TV = 1, and all 0 at θ = 0: worst relative difference",
    "the engine's accuracy, 1e-10",
    "Arjovsky, Chintala & Bottou 2017, example 1",
)
def _point_masses(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for apart in _APART:
        half = _NARROW * (abs(apart) or 1.0)
        found = subject.distances(Uniform(-half, half), Uniform(apart - half, apart + half))
        ours = (found.wasserstein1, found.jsd, found.kl_pq, found.kl_qp, found.total_variation)
        for value, claimed in zip(ours, subject.formulas.point_masses(apart, math), strict=True):
            worst.add(0.0 if value == claimed else value / claimed - 1 if claimed else value)
    return zero(worst.value, 1e-10)


@rows.claim(
    "point-masses-limit",
    "N(0, s²) and N(θ, s²) tend to them as s falls from θ/4 to θ/40: W₁ = |θ|, KL = θ²/(2s²), TV = "
    "erf(θ/(s√8)), each in one of its closed forms, and log 2 - JSD falls as its law: worst "
    "relative difference, nan outside the law",
    "the engine's accuracy, 1e-10; partial sums of the law on both sides",
    "Arjovsky, Chintala & Bottou 2017, example 1; Arjovsky & Bottou 2017, section 3",
)
def _limit(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    leading, first, second = subject.formulas.gap_law(math)
    for far in (8.0, 16.0, 40.0):
        apart = 2.0
        found = subject.distances(Normal(0, apart / far), Normal(apart, apart / far))
        claimed = subject.formulas.point_masses(apart, math)[0]
        worst.add([found.wasserstein1 / claimed - 1, 2 * found.kl_pq / far**2 - 1])
        worst.add(found.total_variation - math.erf(far / math.sqrt(8)))
        place = found.jsd_gap / (leading / far * math.exp(-(far**2) / 8)) - 1 + first / far**2
        worst.add(0.0 if 0 < place < second / far**4 else math.nan)
    return zero(worst.value, 1e-10)


@rows.claim(
    "point-masses-pull",
    "W₁ pulls with the same force, 1, on the place of a generator at any distance, towards the "
    "data, and not at all on its width while they are apart; the saturating force is 0 there (else "
    "nan): worst difference",
    "E[sign] and E[sign z] of U(-1, 1) in z; the engine's accuracy, 1e-10",
    "Arjovsky, Chintala & Bottou 2017, example 1 and theorem 3",
)
def _pull(subject: Subject, battery: Battery) -> Outcome:
    worst = Worst()
    for apart in (-30.0, -3.0, 2.5, 1e3):
        data, theta = Uniform(apart - 1, apart + 1), [0.5, 0.0]
        games = [
            subject.game(data, Uniform(-1, 1), name) for name in ("wasserstein1", "saturating")
        ]
        pull, nothing = (game.force(theta) for game in games)
        worst.add(pull - [0.0, math.copysign(1.0, apart)] if not np.any(nothing) else np.nan)
    return zero(worst.value, 1e-10)


@rows.claim(
    "smoothed-transport",
    "W₁ of laws of three points each is at most 2√V + 2C √JSD of the laws with noise U(-h, h), "
    "V = h²/3, all of which lies within C: the largest ratio; two points far apart come to "
    "1/(2√log 2) = 0.600561",
    "an inequality: W₁ moves by √V on either side, is C TV at most between, and TV <= 2√JSD; W₁ of "
    "points by their order",
    "Arjovsky & Bottou 2017, theorem 3.3",
)
def _smoothed(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(14)
    drawn = [(rng.uniform(0, 1, 3), rng.uniform(0, 1, 3) + apart) for apart in (0, 0, 1, 30)]
    ratios = []
    for ours, theirs in (*drawn, (np.zeros(3), np.full(3, 1e6))):
        moved = float(np.mean(np.abs(np.sort(ours) - np.sort(theirs))))
        for half in (0.01, 0.2, 1.0):
            p, q = (
                Mixture(np.full(3, 1 / 3), [Uniform(x - half, x + half) for x in places])
                for places in (ours, theirs)
            )
            diameter = float(np.ptp([*ours, *theirs])) + 2 * half
            jsd = float(subject.distances(p, q).jsd)
            ratios.append(
                moved / subject.formulas.smoothed_transport(half**2 / 3, diameter, jsd, math)
            )
    return between(0.6005, 1.0, max(ratios))
