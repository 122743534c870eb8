"""The published fits of a normal law to a mixture, one divergence a row."""

from __future__ import annotations

from functools import partial

import numpy as np

from gandyn.distributions import parse
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Row, Rows, zero
from gandyn.theory.subject import Subject

rows = Rows()

DATA = "0.33*N(-1, 0.255) + 0.67*N(2, 1.415)"
"""The mixture. The paper does not print it; this one reproduces its table."""

START = (2.5, 0.0)
"""A state as wide as Pearson's ∫ p²/p_g needs to be finite."""

PUBLISHED = {
    "forward_kl": ("KL(p‖q)", 0.2831, 1.0100, 1.8308),
    "reverse_kl": ("reverse KL(q‖p)", 0.2480, 1.5782, 1.6319),
    "saturating": ("“JS” = 2·JSD", 0.1280, 1.3070, 1.7542),
    "jeffreys": ("Jeffreys", 0.5705, 1.3218, 1.7034),
    "pearson": ("Pearson ∫(p−q)²/q", 0.6457, 0.5737, 1.9274),
}
"""Divergence, optimal value, mean and standard deviation, as published, by our objective."""

TOLERANCE = 4e-4
"""The scatter of the published numbers."""


def check_fit(objective: str, subject: Subject, battery: Battery) -> Outcome:
    """The rest point of one flow against the published fit."""
    game = subject.game(parse(DATA), None, objective)
    flow = subject.gradient_flow(game, START, (0.0, 1e4), rtol=1e-6)
    a, b = flow.theta[-1]
    found = np.array([float(game.potential([a, b])), b, abs(a)])
    return zero(np.max(np.abs(found - PUBLISHED[objective][1:])), TOLERANCE)


rows.extend(
    Row(
        f"fit-{objective}",
        f"The flow of {objective} fits N(b, a²) to {DATA} as published, "
        f"{name} = {value:.4f} at mean {mean:.4f} and std {std:.4f}: worst difference",
        "the scatter of the published digits, to which the mixture is known",
        "Nowozin et al. 2016, the univariate mixture",
        partial(check_fit, objective),
    )
    for objective, (name, value, mean, std) in PUBLISHED.items()
)
