"""Rest points of generators without a plane."""

import numpy as np
import pytest

import gandyn
from gandyn import HermiteGenerator, InputError

TWO = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")


class Shift(gandyn.Generator):
    """z + b."""

    dimension = 1

    def __call__(self, z, theta):
        return z + theta[0]

    def sensitivity(self, z, theta):
        return np.ones((1, *z.shape))


def test_one_parameter():
    """Two modes and the crest between them; nothing is claimed to be complete."""
    found = gandyn.equilibria(gandyn.Game(TWO, Shift()))
    assert [point.kind for point in found] == ["attractor", "repeller", "attractor"]
    assert found.theta[:, 0] == pytest.approx([-2.99167, 0.0, 2.99167], abs=1e-5)
    assert found.complete is None and found.success and "not proven" in found.message


def test_the_collapsed_cubic():
    game = gandyn.Game(TWO, HermiteGenerator(3))
    found = gandyn.equilibria(game, starts=[[2.99, 1.01, 0.0, 0.01]])
    [point] = found
    assert point.kind == "attractor" and point.name == "collapsed onto mode 2 of 2"
    assert point.theta == pytest.approx([2.951654, 1.071334, -0.081134, 0.065735], abs=1e-6)
    assert np.abs(game.force(point.theta)).max() <= 1e-10


class Cubic(gandyn.Generator):
    """a z + b + c z³, monotone while a and c are positive, of which `pieces` knows nothing."""

    dimension = 3

    def __call__(self, z, theta):
        return theta[0] * z + theta[1] + theta[2] * z**3

    def sensitivity(self, z, theta):
        return np.stack([z, np.ones_like(z), z**3])

    def pieces(self, theta):
        return []


QUINTIC = [
    ("attractor", "collapsed onto mode 1 of 2", 0.2535664122049),
    ("saddle", "averages all modes", 0.3288192486003),
    ("attractor", "averages all modes", 0.3106723756008),
    ("saddle", "averages all modes", 0.3288192486003),
    ("attractor", "collapsed onto mode 2 of 2", 0.2535664122049),
]
"""Potentials found by flows along a path of slowly growing degree, not by this search."""


@pytest.mark.parametrize(
    "scale, place",
    [
        (1.0, 0.0),
        (1e-9, 0.0),
        (1e6, -2.5e7),
    ],
)
@pytest.mark.exhaustive
def test_the_quintic_has_five(scale, place):
    """Two collapsed states, one that averages, and the passes between, in any unit and place."""
    modes = [gandyn.Normal(place + side * scale, scale) for side in (-3.0, 3.0)]
    game = gandyn.Game(gandyn.Mixture([0.5, 0.5], modes), HermiteGenerator(5))
    found = gandyn.equilibria(game)
    assert [(point.kind, point.name) for point in found] == [row[:2] for row in QUINTIC]
    assert [p.potential for p in found] == pytest.approx([row[2] for row in QUINTIC], abs=1e-11)
    # Next to the fold of the collapsed states the force is known to 2e-8, less in places that x
    # itself knows to fewer digits; the least rate is 0.15.
    assert max(point.error for point in found) <= 2e-7 * (scale + 0.1 * abs(place))
    mirrored = (found.theta - place * np.eye(6)[0])[::-1] * [-1, 1, -1, 1, -1, 1]
    assert found.theta - place * np.eye(6)[0] == pytest.approx(mirrored, abs=1e-6 * scale)
    # The potential, whose gradient the force is by another way, is flat there and falls aside.
    top = found[1]
    aside = 0.1 * scale * top.eigenvectors[:, -1].real
    low, high = game.potential(top.theta + aside), game.potential(top.theta - aside)
    assert max(low, high) < top.potential - 1e-5
    assert abs(low - high) <= 1e-4


def test_pieces_that_lie_are_seen():
    """Where c < 0 its force is that of no generator; the flow's ends have c > 0."""
    found = gandyn.equilibria(gandyn.Game(TWO, Cubic()), starts=[[1.01, -2.99, 1e-3]])
    [point] = found
    assert point.kind == "attractor" and point.theta[2] > 0
    assert point.potential < gandyn.equilibria(gandyn.Game(TWO))[0].potential


def test_what_is_refused():
    with pytest.raises(InputError, match=r"^box: .*no plane"):
        gandyn.equilibria(gandyn.Game(TWO, Shift()), (0.1, 1, -1, 1))
    with pytest.raises(InputError, match=r"^starts: "):
        gandyn.equilibria(gandyn.Game(TWO), starts=[[1.0, 0.0]])
