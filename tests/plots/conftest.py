"""Stand-ins in closed form: the pictures must need nothing else of a game than this."""

import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from scipy import special, stats


@dataclass
class StandIn:
    """A frozen scipy distribution with what pictures ask of a distribution."""

    law: object
    landmarks: np.ndarray
    breaks: np.ndarray = field(default_factory=lambda: np.array([]))

    def logpdf(self, x):
        with np.errstate(divide="ignore"):
            return self.law.logpdf(x)

    def ppf(self, q):
        return self.law.ppf(q)

    def isf(self, q):
        return self.law.isf(q)


def normal(mean, std):
    return StandIn(stats.norm(mean, std), np.array([[mean, std]]))


def uniform(low, high):
    marks = np.array([[(low + high) / 2, (high - low) / 2]])
    return StandIn(stats.uniform(low, high - low), marks, np.array([low, high]))


@dataclass
class StandInGame:
    data: StandIn
    push: object

    @property
    def generator(self):
        return SimpleNamespace(pushforward=self.push)

    def discriminator(self, theta):
        generated = self.push(theta)
        return lambda x: special.expit(self.data.logpdf(x) - generated.logpdf(x))


def _push_normal(theta):
    return normal(theta[1], abs(theta[0]))


def _push_uniform(theta):
    return uniform(theta[1] - abs(theta[0]), theta[1] + abs(theta[0]))


@pytest.fixture
def game():
    return StandInGame(normal(2.0, 1.0), _push_normal)


@pytest.fixture
def narrow_game():
    return StandInGame(normal(2.0, 1e-3), _push_normal)


@pytest.fixture
def jumping_game():
    return StandInGame(normal(2.0, 1.0), _push_uniform)


@pytest.fixture
def make():
    """Turns a frozen scipy distribution with loc and scale into a stand-in."""
    return lambda law: StandIn(law, np.array([law.args], dtype=float))


@pytest.fixture
def path():
    """The flow to N(2, 1) near its end: times over four decades, theta, and values in scale."""
    t = np.concatenate([[0.0], np.geomspace(1e-2, 1e3, 60)])
    theta = np.stack([1 + 2 * np.exp(-t), 2 - 3 * np.exp(-t / 2)], axis=-1)
    jsd = np.log(2) * (1 - np.exp(-np.exp(-t)))
    return SimpleNamespace(
        t=t, theta=theta, jsd=jsd, value=2 * jsd - 2 * np.log(2), potential=5 * np.exp(-t / 50)
    )


@pytest.fixture(autouse=True)
def no_trace():
    """Settings and pyplot's register of figures are as they were."""
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()
