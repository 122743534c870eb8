"""Random games with a fixed seed, on which the numeric rows are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gandyn.distributions import Laplace, Logistic, Mixture, Normal, Uniform
from gandyn.system.checks import Array
from gandyn.theory.independent import Pair, pair
from gandyn.theory.subject import Subject

FAMILIES: tuple[tuple[Any, Callable[[float, float], Any]], ...] = (
    (Normal(0, 1), Normal),
    (Laplace(0, 1), Laplace),
    (Logistic(0, 1), Logistic),
    (Uniform(-1, 1), lambda b, a: Uniform(b - a, b + a)),
)
"""Latents, and the law of a z + b as a function of b and |a|."""


_VALUES = ["value", "jsd", "jsd_gap", "total_variation"]


@dataclass(frozen=True)
class Case:
    """Data, latent and a stack of θ of shape (k, 2)."""

    data: Any
    latent: Any
    thetas: Array

    @cached_property
    def pairs(self) -> list[Pair]:
        """Both densities of every θ, for the independent integrals."""
        return [pair(self.data, self.latent, theta) for theta in self.thetas]


class Battery:
    """Games drawn from one seed.

    Data: mixtures of 1 to 4 normals with widths from 0.3 to 2, two of other shapes, and modes down
    to 1e-4 of the width of what is beside them; latents N(0, 1), logistic and U(−1, 1); θ both
    narrower and wider than the data.
    """

    def __init__(self, seed: int = 0) -> None:
        self._streams = np.random.SeedSequence(seed).spawn(16)
        self._evaluated: tuple[Subject, list[tuple[Case, Any]]] | None = None

    def rng(self, stream: int) -> np.random.Generator:
        """A generator of random numbers for the use of one row."""
        return np.random.default_rng(self._streams[stream])

    @cached_property
    def mixtures(self) -> list[Any]:
        """Mixtures of 1, 2, 3 and 4 normals."""
        rng = self.rng(0)
        drawn = []
        for count in (1, 2, 3, 4):
            weights = rng.dirichlet(np.full(count, 4.0))
            normals = [
                Normal(rng.uniform(-5, 5), np.exp(rng.uniform(np.log(0.3), np.log(2))))
                for _ in range(count)
            ]
            drawn.append(normals[0] if count == 1 else Mixture(weights, normals))
        return drawn

    @cached_property
    def narrow(self) -> list[Any]:
        """Mixtures with a narrow mode beside a wide one, and of two narrow modes far apart."""
        rng = self.rng(8)
        needle, spike, *narrow = 10.0 ** -rng.uniform([3, 2, 1.5, 1.5], [4, 3, 2.5, 2.5])
        share = float(rng.uniform(0.3, 0.7))
        places = rng.uniform([0.3, -1.5, -3, 1], [1.5, -0.3, -1, 3])
        return [
            Mixture([share, 1 - share], [Normal(0, 1), Normal(places[0], needle)]),
            Mixture([0.6, 0.4 * share, 0.4 * (1 - share)],
                    [Normal(0, 1), Normal(places[0], 0.1), Normal(places[1], spike)]),
            Mixture([share, 1 - share], [*map(Normal, places[2:], narrow)]),
        ]  # fmt: skip

    @cached_property
    def smooth(self) -> list[Case]:
        """Games whose densities are positive everywhere."""
        rng = self.rng(1)
        wild = [
            Laplace(rng.uniform(-2, 2), rng.uniform(0.5, 2)),
            Logistic(rng.uniform(-2, 2), rng.uniform(0.5, 1)),
        ]
        normal, logistic = Normal(0, 1), Logistic(0, 1)
        cases = [Case(data, normal, _thetas(rng, data)) for data in [*self.mixtures, *wild]]
        cases.append(Case(self.mixtures[1], logistic, _thetas(rng, self.mixtures[1])))
        return cases + [Case(data, normal, _thetas(rng, data)) for data in self.narrow]

    @cached_property
    def bounded(self) -> list[Case]:
        """Games of the uniform latent, where p_g jumps."""
        rng = self.rng(2)
        return [Case(data, Uniform(-1, 1), _thetas(rng, data)) for data in self.mixtures]

    @cached_property
    def finite(self) -> list[Case]:
        """Normal mixtures on which every divergence is finite, and none astronomical.

        ∫p²/q needs q's widest mode to be wider than 1/√2 of p's, both ways round; the modes lie
        within about a width.
        """
        rng = self.rng(3)
        cases = []
        for count in (1, 2, 3, 4):
            widest = float(np.exp(rng.uniform(np.log(0.3), np.log(2))))
            widths = widest * np.array([1.0, *rng.uniform(0.5, 1, count - 1)])
            means = rng.uniform(-3, 3) + widest * rng.uniform(-1.2, 1.2, count)
            normals = [Normal(*place) for place in zip(means, widths, strict=True)]
            data = (
                normals[0] if count == 1 else Mixture(rng.dirichlet(np.full(count, 4.0)), normals)
            )
            # not next to the widest mode's own width, where W₁ between normals is hardly smooth
            a = widest * rng.uniform([0.86, 1.1], [0.92, 1.16]) * [1, -1]
            b = float(data.mean) + widest * rng.uniform(-0.5, 0.5, 2)
            cases.append(Case(data, Normal(0, 1), np.stack([a, b], axis=-1)))
        # the narrowest mode is left out: rounding of x, over it, shows in the independent force
        a = rng.uniform([0.86, 1.1], [0.92, 1.16]) * [1, -1]
        cases.append(
            Case(self.narrow[1], Normal(0, 1), np.stack([a, rng.uniform(-0.5, 0.5, 2)], -1))
        )
        return cases

    def evaluated(self, subject: Subject) -> list[tuple[Case, Any]]:
        """Every game of `all` with V, JSD and TV, kept for the next row that asks."""
        if self._evaluated is None or self._evaluated[0] is not subject:
            found = [
                (case, subject.game(case.data, case.latent).evaluate(case.thetas, values=_VALUES))
                for case in self.all
            ]
            self._evaluated = subject, found
        return self._evaluated[1]

    @property
    def all(self) -> Iterator[Case]:
        """Every game of `smooth` and `bounded`."""
        yield from self.smooth
        yield from self.bounded


def _thetas(rng: np.random.Generator, data: Any) -> Array:
    spread = float(data.std)
    a = spread * np.array([rng.uniform(0.2, 0.6), -rng.uniform(0.8, 1.2), rng.uniform(2, 4)])
    return np.stack([a, float(data.mean) + spread * rng.uniform(-1.5, 1.5, 3)], axis=-1)
