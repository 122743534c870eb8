"""Disjoint supports, or samples, saturate JSD and kill the gradient; annealed noise mends it."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from scipy.special import log_ndtr

from gandyn.distributions import Normal, Uniform, from_logpdf
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, at_most, between, zero
from gandyn.theory.independent import rule
from gandyn.theory.subject import Subject

rows = Rows()

_TARGET, _WIDTH = 4.0, 0.05  # data N(4, 0.05²), generator N(0, 0.05²): 80 widths apart
_ANNEALING = np.geomspace(4.0, 0.01, 8)  # τ

_COUNT = 12  # points of a sample
_DISTANCES = (4.0, 8.0, 32.0)  # of the two nearest points, in kernel widths


@rows.claim(
    "samples-look-disjoint",
    "Samples of N(0, 1) and N(0.3, 1), whose JSD is 0.011: the JSD of their kernel densities "
    "tends to log 2 as the kernels' width h tends to 0; where log(log 2 - JSD) lies between its "
    "lower (0) and upper (1) bound at h = nearest distance/(4, 8, 32)",
    "Below: JSD is jointly convex, so that the nearest pair alone keeps at least its own gap, "
    "divided by the number of points. Above: log 2 - JSD <= log 2 ∫√(p p_g), and the root of a "
    "sum is at most the sum of roots",
)
def _samples_look_disjoint(subject: Subject, battery: Battery) -> Outcome:
    rng = battery.rng(7)
    ours, theirs = rng.normal(0, 1, _COUNT), rng.normal(0.3, 1, _COUNT)
    squared = (ours[:, None] - theirs) ** 2
    nearest = math.sqrt(np.min(squared))
    leading, first, _ = subject.formulas.gap_law(math)
    places = []
    for far in _DISTANCES:
        width = nearest / far
        found = subject.distances(
            subject.from_samples(ours, bandwidth=width),
            subject.from_samples(theirs, bandwidth=width),
        )
        lower = leading / far * math.exp(-(far**2) / 8) * (1 - first / far**2) / _COUNT
        upper = math.log(2) * float(np.sum(np.exp(-squared / (8 * width**2)))) / _COUNT
        places.append(math.log(float(found.jsd_gap) / lower) / math.log(upper / lower))
    return between(0.0, 1.0, places)


@rows.claim(
    "disjoint-supports",
    "Disjoint supports, U(3, 5) against U(-1, 1): JSD = log 2 and V = 0 wherever the generator "
    "is, and the saturating force is exactly 0: worst difference",
    "rounding of log 2",
)
def _disjoint(subject: Subject, battery: Battery) -> Outcome:
    game = subject.game(Uniform(3, 5), Uniform(-1, 1), "saturating")
    found = game.evaluate([[1.0, 0.0], [0.5, 1.0], [1.5, -20.0]])
    differences = [found.jsd - math.log(2), found.jsd_gap, found.value, found.force.ravel()]
    worst = Worst()
    for difference in differences:
        worst.add(difference)
    return zero(worst.value, 4 * np.spacing(math.log(2)))


@rows.claim(
    "noise-mends-disjoint",
    "U(-1, 1) and U(3, 5), smoothed by N(0, τ²) for τ = 0.3, 0.6, 1.5, are disjoint no more: "
    "log 2 - JSD is positive and grows with τ; worst relative difference from an independent "
    "integral",
    "the smoothed density is a difference of two normal cdfs; the engine's accuracy, 1e-10",
)
def _noise_mends_disjoint(subject: Subject, battery: Battery) -> Outcome:
    worst, last = Worst(), 0.0
    for noise in (0.3, 0.6, 1.5):
        places = np.array([[-1, noise], [1, noise], [3, noise], [5, noise]], dtype=float)
        logs = [partial(_smoothed, centre, noise) for centre in (0.0, 4.0)]
        p, q = (
            from_logpdf(log, at) for log, at in zip(logs, (places[:2], places[2:]), strict=True)
        )
        gap = float(subject.distances(p, q).jsd_gap)
        x, weights = rule(places, np.array([]))
        log_p, log_q = (log(x) for log in logs)
        both = np.logaddexp(log_p, log_q)
        lost = np.exp(log_p) * (both - log_p) + np.exp(log_q) * (both - log_q)
        worst.add(gap / (float(np.sum(weights * lost)) / 2) - 1 if gap > last else math.nan)
        last = gap
    return zero(worst.value, 1e-10)


@rows.claim(
    "without-noise-stuck",
    "Without noise the saturating flow of N(0, 0.05²) towards data N(4, 0.05²), 80 widths away, "
    "goes nowhere: distance covered by t = 100",
    "the force is of order exp(-800), below the smallest double",
)
def _without_noise(subject: Subject, battery: Battery) -> Outcome:
    game = subject.game(Normal(_TARGET, _WIDTH), None, "saturating")
    force = game.force([_WIDTH, 0.0])
    flow = subject.gradient_flow(game, [_WIDTH, 0.0], (0.0, 100.0))
    moved = np.abs(flow.theta[-1] - [_WIDTH, 0.0])
    return at_most(0.0, float(np.max([*moved, *np.abs(force)])), 1e-300)


@rows.claim(
    "annealed-noise",
    "With noise N(0, τ²) on both, τ annealed from 4 to 0.01, the same saturating flow arrives at "
    "the data: |(a, b) - (0.05, 4)| / 0.05 at the end",
    "each stage runs for 40 times its slowest time, 2 (τ² + 0.05²); the noise is part of the "
    "state, A² = a² + τ², as the sum of the two normals is normal; 1e-8 is the flow's promise, "
    "divided by a/A",
)
def _annealed(subject: Subject, battery: Battery) -> Outcome:
    a, b = _WIDTH, 0.0
    for noise in _ANNEALING:
        spread = math.hypot(_WIDTH, noise)
        game = subject.game(Normal(_TARGET, spread), None, "saturating")
        flow = subject.gradient_flow(
            game, [math.hypot(a, noise), b], (0.0, 80 * spread**2), rtol=1e-10, atol=1e-12
        )
        whole, b = (float(v) for v in flow.theta[-1])
        a = math.sqrt(max(whole**2 - noise**2, 0.0))
    return zero(math.hypot(a - _WIDTH, b - _TARGET) / _WIDTH, 1e-7)


def _smoothed(centre: float, noise: float, x: np.ndarray) -> np.ndarray:
    """Log density of U(centre - 1, centre + 1) plus N(0, noise²)."""
    distance = np.abs(x - centre)
    upper, lower = log_ndtr((1 - distance) / noise), log_ndtr((-1 - distance) / noise)
    return np.asarray(upper + np.log(-np.expm1(lower - upper)) - math.log(2))
