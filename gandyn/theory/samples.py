"""Two finite samples look disjoint, however much their densities overlap."""

from __future__ import annotations

import math

import numpy as np

from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, between
from gandyn.theory.subject import Subject

rows = Rows()

_COUNT = 12
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
