"""Coverage of the data's modes, in numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import gandyn
from gandyn import InputError, MLPGenerator, Normal, coverage
from gandyn.landscape.modes import Modes
from tests.networks import flat

TWO = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
FOUR = gandyn.parse("0.25*N(-9, 1) + 0.25*N(-3, 1) + 0.25*N(3, 1) + 0.25*N(9, 1)")


def step(middle):
    """A network that sends all z < 0 to −3 and the rest, by a cliff 1e-6 wide, to `middle`."""
    theta = flat([[[1e6, 1e6], [0.0, -1.0]], [[middle + 3.0], [-middle - 3.0], [-3.0]]])
    return MLPGenerator((2,)).pushforward(theta)


@pytest.mark.parametrize(
    "data", [TWO, FOUR, Normal(2, 0.3), gandyn.parse("0.2*U(0, 1)+0.8*U(3, 4)")]
)
def test_the_data_cover_themselves(data):
    found = coverage(data, data)
    assert found.covered == tuple(range(1, Modes(data).count + 1))
    assert found.shares == pytest.approx(np.ones(len(found.covered)), rel=1e-9)
    assert found.masses.sum() + found.between == pytest.approx(1, rel=1e-12)
    assert found.between == pytest.approx(found.between_data, rel=1e-9)


def test_numbers_by_hand():
    """Two equal modes are divided at 0, and their cores are cut at 5 % and 95 % of each half."""
    low, high = TWO.ppf([0.525, 0.975])
    found = coverage(Normal(2.5, 1.5), TWO)
    right = ndtr((high - 2.5) / 1.5) - ndtr((low - 2.5) / 1.5)
    left = ndtr((-low - 2.5) / 1.5) - ndtr((-high - 2.5) / 1.5)
    assert found.masses == pytest.approx([left, right], rel=1e-9)
    assert found.shares == pytest.approx([left / 0.45, right / 0.45], rel=1e-9)
    assert found.between == pytest.approx(1 - left - right, rel=1e-9)
    assert found.between_data == pytest.approx(0.1)
    assert found.covered == (2,)


def test_atoms_lie_in_a_mode_or_between():
    both = coverage(step(3.0), TWO)
    assert both.covered == (1, 2) and both.masses == pytest.approx([0.5, 0.5], abs=1e-5)
    half = coverage(step(0.0), TWO)
    assert half.covered == (1,) and half.masses == pytest.approx([0.5, 0], abs=1e-5)
    assert half.between == pytest.approx(0.5, abs=1e-5)


def test_small_masses_keep_their_digits():
    """A mode far to the right of the generated mass."""
    low, high = Modes(TWO).cores[1]
    found = coverage(Normal(-30, 1), TWO)
    assert found.masses[1] == pytest.approx(ndtr(-30 - low) - ndtr(-30 - high), rel=1e-10)


@given(st.floats(-12, 12), st.floats(0.05, 5), st.floats(-3, 3), st.floats(0.2, 4))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_units_do_not_matter(mean, std, shift, scale):
    def moved(d):
        parts = [Normal(scale * c.mean + shift, scale * c.std) for c in d.components]
        return gandyn.Mixture(d.weights, parts)

    one = coverage(Normal(mean, std), FOUR)
    two = coverage(Normal(scale * mean + shift, scale * std), moved(FOUR))
    assert two.masses == pytest.approx(one.masses, rel=1e-6, abs=1e-10)
    assert two.between == pytest.approx(one.between, abs=1e-6)
    assert (one.masses >= 0).all() and 0 <= one.between <= 1
    # and the names that a state is given speak of the same modes
    assert one.covered == tuple(np.flatnonzero(one.shares >= 0.25) + 1)


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        ((3, TWO), "generated: got 3"),
        ((TWO, "x"), "data: got 'x'"),
        ((TWO, step(0.0)), "data: got"),
    ],
)
def test_bad_arguments(arguments, start):
    with pytest.raises(InputError) as error:
        coverage(*arguments)
    assert str(error.value).startswith(start) and "\n" not in str(error.value)
