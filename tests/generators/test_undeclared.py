"""Generators that end, jump or have kinks: taken with what they declare, or refused."""

import numpy as np
import pytest
import scipy.stats as st

import gandyn
from gandyn import Game, Generator, InputError, LinearGenerator


class Shaped(Generator):
    """a s(z) + b."""

    dimension, scale_and_place = 2, (0, 1)

    def shape(self, z):
        raise NotImplementedError

    def __call__(self, z, theta):
        return theta[0] * self.shape(z) + theta[1]

    def sensitivity(self, z, theta):
        return np.stack([self.shape(z), np.ones_like(z)])


class Logit(Shaped):
    def shape(self, z):
        with np.errstate(all="ignore"):
            return np.log(z) - np.log1p(-z)


class LogitAndSlope(Logit):
    def slope(self, z, theta):
        with np.errstate(all="ignore"):
            return theta[0] / (z * (1 - z))

    def curvature(self, z, theta):
        with np.errstate(all="ignore"):
            return theta[0] * (1 / (1 - z) ** 2 - 1 / z**2)


class Inverse(Shaped):
    def shape(self, z):
        with np.errstate(all="ignore"):
            return 1 / z


@pytest.mark.parametrize("made", [Logit, LogitAndSlope])
def test_infinite_at_both_ends(made):
    """A logistic law by the logit of a uniform one."""
    state, data = [0.7, 0.2], gandyn.Normal(0, 1)
    found = Game(data, made(gandyn.Uniform(0, 1))).evaluate(state, values=["jsd", "force"])
    exact = Game(data, LinearGenerator(gandyn.Logistic(0, 1))).evaluate(state)
    assert abs(found.jsd - exact.jsd) <= 3 * found.errors["jsd"] + exact.errors["jsd"] < 1e-13
    assert found.force == pytest.approx(exact.force, rel=1e-10)


def test_infinite_at_one_end():
    """1/z of U(0, 1) is a Pareto law."""
    game = Game(gandyn.from_scipy(st.pareto(1)), Inverse(gandyn.Uniform(0, 1)))
    assert game.evaluate([1.0, 0.0], values=["jsd"]).jsd < 1e-20


class Jump(Shaped):
    at = 0.0

    def shape(self, z):
        return z + 1.0 * (z > self.at)


class Kink(Shaped):
    def shape(self, z):
        return np.where(z > 0.3, 2 * z, z + 0.3)


class NamedKink(Kink):
    smooth = False

    def pieces(self, theta):
        return (0.3,)


class WholeKink(NamedKink):
    def slope(self, z, theta):
        return theta[0] * np.where(z > 0.3, 2.0, 1.0)

    def curvature(self, z, theta):
        return np.zeros_like(z)


class Steep(Shaped):
    def shape(self, z):
        return z + np.tanh(300 * z)


@pytest.mark.parametrize("at", [0.0, -1.2345, 3.3])
def test_a_jump_is_refused(at):
    generator = Jump()
    generator.at = at
    with pytest.raises(InputError, match=r"generator: Jump jumps at z = (\S+), must be") as caught:
        Game(gandyn.Normal(0, 1), generator).force([1.0, 0.0])
    assert float(str(caught.value).split("z = ")[1].split(",")[0]) == pytest.approx(at, abs=1e-5)


def test_a_kink_is_asked_for():
    with pytest.raises(InputError, match=r"the slope of Kink jumps at z = 0\.3, its pieces must"):
        Game(gandyn.Normal(0, 1), Kink()).force([1.0, 0.0])
    with pytest.raises(InputError, match="NamedKink is not smooth, its slope and curvature"):
        Game(gandyn.Normal(0, 1), NamedKink()).force([1.0, 0.0])


def test_a_kink_that_is_named():
    """KL(p_g‖p) for p = N(0, 1): the entropy by pieces, and E x²."""
    found = Game(gandyn.Normal(0, 1), WholeKink()).evaluate([1.0, 0.0])
    normal = st.norm()
    above, x = normal.sf(0.3), np.linspace(-12, 12, 2_400_001)
    square = np.where(x > 0.3, 2 * x, x + 0.3) ** 2
    entropy = 0.5 * np.log(2 * np.pi * np.e) + above * np.log(2.0)
    right = 0.5 * np.log(2 * np.pi) + 0.5 * np.trapezoid(square * normal.pdf(x), x) - entropy
    assert found.kl_generator_data == pytest.approx(right, rel=1e-9)
    assert found.errors["kl_generator_data"] < 1e-12


def test_what_is_smooth_is_taken():
    for generator in (Steep(), gandyn.MLPGenerator((4,)), Logit(gandyn.Uniform(0, 1))):
        theta = np.linspace(0.5, 1.0, generator.dimension)
        assert 0 < Game(gandyn.Normal(0, 1), generator).evaluate(theta, values=["jsd"]).jsd < 0.7
