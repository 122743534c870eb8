"""Disjoint supports, or samples, saturate JSD and kill the gradient; annealed noise mends it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from gandyn.distributions import Normal, Uniform, from_logpdf
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, at_most, zero
from gandyn.theory.independent import rule
from gandyn.theory.subject import Subject

rows = Rows()

Log = Callable[[Array], Array]

_TARGET, _WIDTH = 4.0, 0.05  # data N(4, 0.05²), generator N(0, 0.05²): 80 widths apart
_ANNEALING = np.geomspace(4.0, 0.01, 8)  # τ

_COUNT = 12  # points of a sample
_DISTANCES = (4.0, 8.0, 32.0)  # of the two nearest points, in kernel widths


@rows.claim(
    "samples-look-disjoint",
    "Samples of N(0, 1) and N(0.3, 1), whose JSD is 0.011: the JSD of their kernel densities "
    "tends to log 2 as the kernels' width h tends to 0; log(log 2 - JSD) lies between its bounds "
    "(else nan) at h = nearest distance/(4, 8, 32); worst relative difference of log 2 - JSD from "
    "an independent integral",
    "Below: JSD is jointly convex, so that the nearest pair alone keeps at least its own gap, "
    "divided by the number of points. Above: log 2 - JSD <= log 2 ∫√(p p_g), and the root of a "
    "sum is at most the sum of roots. The engine's accuracy, 1e-10",
    "Arjovsky & Bottou 2017, section 2.1; the bounds are derived here",
)
def _samples_look_disjoint(subject: Subject, battery: Battery) -> Outcome:
    rng, worst = battery.rng(7), Worst()
    ours, theirs = rng.normal(0, 1, _COUNT), rng.normal(0.3, 1, _COUNT)
    squared = (ours[:, None] - theirs) ** 2
    nearest = math.sqrt(np.min(squared))
    leading, first, _ = subject.formulas.gap_law(math)
    for far in _DISTANCES:
        width = nearest / far
        found = subject.distances(
            subject.from_samples(ours, bandwidth=width),
            subject.from_samples(theirs, bandwidth=width),
        )
        gap = float(found.jsd_gap)
        lower = leading / far * math.exp(-(far**2) / 8) * (1 - first / far**2) / _COUNT
        upper = math.log(2) * float(np.sum(np.exp(-squared / (8 * width**2)))) / _COUNT
        log_p, log_q = (partial(_kernels, sample, width) for sample in (ours, theirs))
        places = np.sort([*ours, *theirs])
        between = np.diff(places)
        handovers = (places[:-1] + between / 2, 4 * width / np.maximum(between / width, 4))
        kernels = (places, np.full(len(places), width))
        expected = _gap(
            log_p, log_q, np.concatenate([np.transpose(kernels), np.transpose(handovers)])
        )
        worst.add(gap / expected - 1 if lower < gap < upper else math.nan)
    return zero(worst.value, 1e-10)


@rows.claim(
    "disjoint-supports",
    "Disjoint supports, U(3, 5) against U(-1, 1): JSD = log 2 and V = 0 wherever the generator "
    "is, and the saturating force is exactly 0, to rounding of log 2 (else nan); that of a normal "
    "generator comes from where the data are alone: worst relative difference of it from an "
    "independent integral over [3, 5]",
    "the engine's accuracy, 1e-10",
    "Arjovsky & Bottou 2017, theorems 2.1 to 2.3",
)
def _disjoint(subject: Subject, battery: Battery) -> Outcome:
    game = subject.game(Uniform(3, 5), Uniform(-1, 1), "saturating")
    found = game.evaluate([[1.0, 0.0], [0.5, 1.0], [1.5, -20.0]])
    missed = [found.jsd - math.log(2), found.jsd_gap, found.value, *found.force.T]
    nodes, weights = np.polynomial.legendre.leggauss(60)
    x = 4 + nodes
    # p = ½, and the slope of log p/p_g is that of -log p_g
    felt = (
        weights * 0.5 * subject.formulas.discriminator(np.exp(Normal(0, 1).logpdf(x)), 0.5, np) * x
    )
    force = subject.game(Uniform(3, 5), None, "saturating").force([1.0, 0.0])
    exact = np.max(np.abs(missed)) <= 4 * np.spacing(math.log(2))
    return zero(np.max(np.abs(force / [felt @ x, felt.sum()] - 1)) if exact else math.nan, 1e-10)


@rows.claim(
    "noise-mends-disjoint",
    "U(-1, 1) and U(3, 5), smoothed by N(0, τ²) for τ = 0.3, 0.6, 1.5, are disjoint no more: "
    "log 2 - JSD is positive and grows with τ; worst relative difference from an independent "
    "integral",
    "the smoothed density is a difference of two normal cdfs; the engine's accuracy, 1e-10",
    "Arjovsky & Bottou 2017, section 3",
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
        worst.add(gap / _gap(logs[0], logs[1], places) - 1 if gap > last else math.nan)
        last = gap
    return zero(worst.value, 1e-10)


@rows.claim(
    "without-noise-stuck",
    "Without noise the saturating flow of N(0, 0.05²) towards data N(Δ, 0.05²) goes nowhere: at "
    "12 and 14 widths it covers t = 0.01 times the force of the law above, at 80 nothing (else "
    "nan): worst difference in units of the law's doubt",
    "the law cut after 1/Δ² is off by its next term at most, and the force grows by less than "
    "1e-5 of itself on the way; at 80 widths it is of order exp(-800), below the smallest double",
    "Arjovsky & Bottou 2017, theorem 2.4",
)
def _without_noise(subject: Subject, battery: Battery) -> Outcome:
    worst, time = Worst(), 0.01
    leading, first, second = subject.formulas.force_law(math)
    for far in (12.0, 14.0, 80.0):
        game = subject.game(Normal(far * _WIDTH, _WIDTH), None, "saturating")
        span = (0.0, time if far < 80 else 100.0)
        flow = subject.gradient_flow(game, [_WIDTH, 0.0], span, rtol=1e-12, atol=1e-16)
        covered = float(flow.theta[-1][1])
        scale = time * leading / _WIDTH * math.exp(-(far**2) / 8)
        if scale > 0:
            worst.add((covered / scale - 1 + first / far**2) / (second / far**4 + 1e-5))
        else:
            worst.add(math.nan if covered else 0.0)
    return at_most(1.0, worst.value)


@rows.claim(
    "annealed-noise",
    "With noise N(0, τ²) on both, τ annealed from 4 to 0.01, the same saturating flow arrives at "
    "the data: |(a, b) - (0.05, 4)| / 0.05 at the end",
    "each stage runs for 40 times its slowest time, 2 (τ² + 0.05²); the noise is part of the "
    "state, A² = a² + τ², as the sum of the two normals is normal; 1e-8 is the flow's promise, "
    "divided by a/A",
    "Arjovsky & Bottou 2017, section 3",
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


def _gap(log_p: Log, log_q: Log, landmarks: Any) -> float:
    """log 2 - JSD of two log densities, by an independent integral that does not cancel."""
    x, weights = rule(np.array(landmarks), np.empty(0))
    logs = np.sort([log_p(x), log_q(x)], axis=0)
    larger, far = np.exp(logs[1]), logs[1] - logs[0]
    ratio = np.exp(-far)
    return float(weights @ (larger * ((1 + ratio) * np.log1p(ratio) + ratio * far))) / 2


def _kernels(sample: Array, width: float, x: Array) -> Array:
    """Log of the mean of N(place, width²) over the places of a sample."""
    logs = -(((x - sample[:, None]) / width) ** 2) / 2
    return np.asarray(
        np.logaddexp.reduce(logs) - math.log(width * len(sample) * math.sqrt(math.tau))
    )


def _smoothed(centre: float, noise: float, x: Array) -> Array:
    """Log density of U(centre - 1, centre + 1) plus N(0, noise²)."""
    distance = np.abs(x - centre)
    upper, lower = log_ndtr((1 - distance) / noise), log_ndtr((-1 - distance) / noise)
    return np.asarray(upper + np.log(-np.expm1(lower - upper)) - math.log(2))
