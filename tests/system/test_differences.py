"""Stencils and steps, against what they must be exact for."""

import math

import numpy as np
import pytest

import gandyn
from gandyn.distributions import Uniform
from gandyn.generators import Generator
from gandyn.system.differences import central, derivative, stencil


@pytest.mark.parametrize("places", [(-1, 1), (-2, -1, 0, 1, 2), (0, 1, 2, 3), tuple(range(-3, 6))])
@pytest.mark.parametrize("order", [1, 2])
def test_stencils_are_exact_for_the_powers_that_they_can_see(places, order):
    if len(places) <= order:
        return
    for power in range(len(places)):
        exact = math.factorial(order) if power == order else 0
        values = np.array(places, float) ** power
        size = np.abs(stencil(places, order) * values).sum()
        assert abs(stencil(places, order) @ values - exact) <= 1e-15 * max(size, 1)


def test_the_tables_of_the_books():
    np.testing.assert_array_equal(stencil((-2, -1, 1, 2)) * 12, [1, -8, 8, -1])
    np.testing.assert_allclose(stencil((-2, -1, 0, 1, 2), 2) * 12, [-1, 16, -30, 16, -1], 1e-15)
    np.testing.assert_array_equal(stencil((-1, 0, 1), 2), [1, -2, 1])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("accuracy", [2, 4, 6, 8, 12])
def test_central_differences_converge_at_their_order(accuracy, order):
    x, exact = np.array(0.3), (math.cos, lambda v: -math.sin(v))[order - 1](0.3)
    errors = [abs(float(central(np.sin, x, h, accuracy, order)) - exact) for h in (0.8, 0.4)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(accuracy, abs=0.5)


def test_one_side_where_the_function_ends():
    x = np.array([0.0, 1e-3, 0.5, 2.0])
    got = derivative(lambda u: u**3 - u, x, np.array([[1.0, 1.0]]), np.empty(0), (0.0, math.inf))
    np.testing.assert_allclose(got, 3 * x**2 - 1, rtol=1e-12)


class Ended(Generator):
    """x = θ₀ log z + θ₁: not there where z ends."""

    dimension = 2

    def __call__(self, z, theta):
        with np.errstate(invalid="ignore", divide="ignore"):
            return theta[0] * np.log(z) + theta[1]

    def sensitivity(self, z, theta):
        return np.stack([np.log(z), np.ones_like(z)])


def test_slopes_of_a_generator_stay_where_it_is():
    generator, z = Ended(Uniform(0.1, 5)), np.array([0.1, 0.11, 0.2, 4.0])
    theta = np.array([2.0, 1.0])
    np.testing.assert_allclose(generator.slope(z, theta), 2 / z, rtol=1e-8)
    np.testing.assert_allclose(generator.curvature(z, theta), -2 / z**2, rtol=1e-6)


class Rayleigh(gandyn.Distribution):
    support = (0.0, math.inf)
    landmarks = np.array([[1.0, 0.6]])

    def logpdf(self, x):
        x = np.asarray(x, float)
        with np.errstate(all="ignore"):
            return np.where(x >= 0, np.log(x) - x * x / 2, -np.inf)[()]

    def score(self, x):
        x = np.asarray(x, float)
        with np.errstate(all="ignore"):
            return np.where(x > 0, 1 / x - x, 0.0)[()]

    def cdf(self, x):
        return -np.expm1(-(np.maximum(np.asarray(x, float), 0) ** 2) / 2)

    def sf(self, x):
        return np.exp(-(np.maximum(np.asarray(x, float), 0) ** 2) / 2)


class Square(Generator):
    dimension = 2

    def __call__(self, z, theta):
        return theta[0] * z * z + theta[1]

    def sensitivity(self, z, theta):
        return np.stack([z * z, np.ones_like(z)])


class SquareWithSlope(Square):
    def slope(self, z, theta):
        return 2 * theta[0] * z

    def curvature(self, z, theta):
        return np.full_like(z, 2 * theta[0])


@pytest.mark.parametrize("theta", [(1.0, 0.5), (0.34215309, 3.09239926)])
def test_a_square_of_a_latent_that_ends_at_0_needs_no_slope(theta):
    data = gandyn.parse("0.5*N(0, 1) + 0.5*N(3, 1)")
    bare, given = (gandyn.Game(data, kind(Rayleigh())) for kind in (Square, SquareWithSlope))
    np.testing.assert_allclose(bare.force(theta), given.force(theta), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("place", [-3.0, 0.0, 1.0, 50.0])
def test_steps_stay_within_narrow_pieces(place):
    """A cubic between walls far closer than its landmark is wide, something else beyond them."""
    walls, width = np.array([place, place + 1e-2]), 1.0

    def cubic(u):
        assert ((u >= walls[0]) & (u <= walls[1])).all()
        return (u - place) ** 3 * 1e4

    x = place + 1e-2 * np.array([0.0, 0.01, 0.3, 0.5, 0.99, 1.0])
    ends = (walls[0], walls[1])
    landmarks = np.array([[place, width]])
    slope = derivative(cubic, x, landmarks, np.empty(0), ends)
    np.testing.assert_allclose(slope, 3e4 * (x - place) ** 2, rtol=1e-9, atol=1e-11)
    curve = derivative(cubic, x, landmarks, np.empty(0), ends, order=2)
    np.testing.assert_allclose(curve, 6e4 * (x - place), rtol=1e-6, atol=1e-6)
