"""Two normals fitted to two normals against the optimal discriminator of total variation."""

from __future__ import annotations

import math

import numpy as np

from gandyn.distributions import Mixture, Normal
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, at_most, zero
from gandyn.theory.independent import gradient
from gandyn.theory.subject import Subject

rows = Rows()

_TARGET = np.array([-0.5, 0.5])
_X = np.linspace(-8, 8, 642)
_STEP = 0.02


class TwoNormals:
    """½N(θ₁, 1) + ½N(θ₂, 1) against ½N(-½, 1) + ½N(½, 1), D the indicator of D* > ½.

    The value, E_p D - E_pg D, is then the total variation, and the force minus its gradient.
    """

    def __init__(self, subject: Subject) -> None:
        self._discriminator = subject.formulas.discriminator

    def force(self, theta: Array) -> Array:
        """½ E[D' (θ_i + z)]: D' is ±1 at the ends of its intervals; shape (..., 2)."""
        states = np.asarray(theta, dtype=float)
        flat = states.reshape(-1, 2)
        excess = self._excess(_X, flat)
        lane, left = np.nonzero(np.signbit(excess[:, 1:]) != np.signbit(excess[:, :-1]))
        low, high = excess[lane, left], excess[lane, left + 1]
        ends = _X[left] + (_X[1] - _X[0]) * low / (low - high)
        pulls = np.where(np.signbit(high), -0.5, 0.5)[:, None] * _density(
            ends[:, None] - flat[lane]
        )
        force = np.zeros_like(flat)
        np.add.at(force, lane, pulls)
        return force.reshape(states.shape)

    def _excess(self, x: Array, theta: Array) -> Array:
        """D* - ½ at the points x (n,) for states (L, 2)."""
        p, g = (_density(x[:, None] - means).mean(axis=-1) for means in (_TARGET, theta[:, None]))
        return np.asarray(self._discriminator(p, g, np) - 0.5)


@rows.claim(
    "two-normals-force",
    "With D the indicator of D* > ½, of two intervals at most, the force on the means of "
    "½N(θ₁, 1) + ½N(θ₂, 1) is minus the gradient of the total variation to ½N(-½, 1) + ½N(½, 1): "
    "worst relative difference at three states",
    "ends of the intervals by a chord of 0.025, to 1e-4 of it; TV by the engine",
    "Li, Madry, Peebles & Schmidt 2018, section 3",
)
def _force(subject: Subject, battery: Battery) -> Outcome:
    thetas = np.array([[-1.5, 0.7], [0.3, 1.9], [-0.2, 0.4]])
    descent = -gradient(
        lambda states: np.array([_total_variation(subject, state) for state in states]),
        thetas,
        np.full(len(thetas), 0.02),
    )
    force = TwoNormals(subject).force(thetas)
    return zero(np.max(np.abs(force - descent)) / np.max(np.abs(descent)), 1e-4)


@rows.claim(
    "two-normals-converge",
    "With the optimal D the steps θ + 0.02 · force come to the data from every start but those "
    "with θ₁ = θ₂: the largest total variation after 900 steps from a grid of starts in [-2, 2]²",
    "about the data the force does not vanish but turns: each mean stays within a step, 0.02 "
    "times 1/(2√(2π)) at most, which is a TV of some 0.02/(4π); twice that",
    "Li, Madry, Peebles & Schmidt 2018, theorem 3.1",
)
def _converge(subject: Subject, battery: Battery) -> Outcome:
    places = np.linspace(-2, 2, 5)
    starts = np.array([[one, other] for one in places for other in places if one != other])
    found = subject.iterate(TwoNormals(subject), starts, _STEP, 900).theta[..., -1, :]
    return at_most(_STEP / (2 * np.pi), max(_total_variation(subject, theta) for theta in found))


@rows.claim(
    "two-normals-stay-together",
    "From θ₁ = θ₂ both stay together and end as one normal half way: worst difference from 0",
    "the forces on both are equal, and at most 1/(2√(2π)): half a step of 0.02",
    "Li, Madry, Peebles & Schmidt 2018, section 3",
)
def _together(subject: Subject, battery: Battery) -> Outcome:
    starts = np.array([[1.0, 1.0], [-0.3, -0.3], [2.0, 2.0]])
    found = subject.iterate(TwoNormals(subject), starts, _STEP, 900).theta[..., -1, :]
    return zero(np.max(np.abs(found)), _STEP / 4)


def _density(x: Array) -> Array:
    return np.asarray(np.exp(-(x**2) / 2) / math.sqrt(math.tau))


def _total_variation(subject: Subject, theta: Array) -> float:
    """TV of the data and two normals at θ."""
    p, q = (Mixture([0.5, 0.5], [Normal(mean, 1) for mean in means]) for means in (_TARGET, theta))
    return float(subject.distances(p, q).total_variation)
