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


def test_what_is_refused():
    with pytest.raises(InputError, match=r"^box: .*no plane"):
        gandyn.equilibria(gandyn.Game(TWO, Shift()), (0.1, 1, -1, 1))
    with pytest.raises(InputError, match=r"^starts: "):
        gandyn.equilibria(gandyn.Game(TWO), starts=[[1.0, 0.0]])
