"""Roots in brackets: to rounding, whatever the function, each independent of its company."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from gandyn.system.bracket import roots

places = hs.lists(hs.floats(-9, 9), min_size=1, max_size=20)

SHAPES = {
    "line": lambda u: u,
    "cubic": lambda u: u**3,
    "flat outside": lambda u: np.tanh(30 * u),
    "steep": np.expm1,
    "step": lambda u: np.where(u < 0, -1.0, 1.0),
    "infinite": lambda u: np.where(np.abs(u) > 1, np.copysign(np.inf, u), u),
}


@settings(max_examples=60, deadline=None)
@given(places, hs.sampled_from(list(SHAPES)), hs.booleans())
def test_every_root_to_rounding(where, shape, falls):
    where = np.array(where)
    sign = -1.0 if falls else 1.0
    calls = []

    def function(x, index):
        calls.append(len(x))
        return sign * SHAPES[shape](x - where[index])

    found = roots(function, np.full(where.shape, -10.0), np.full(where.shape, 10.0))
    tolerance = 4.5e-16 * np.maximum(np.abs(where), 1e-12)
    if shape == "cubic":
        tolerance = np.maximum(tolerance, 1e-100)
    assert (np.abs(found - where) <= tolerance).all()
    assert len(calls) < 170
    one = np.array([10.0])
    alone = [
        roots(lambda x, _, c=centre: sign * SHAPES[shape](x - c), -one, one)[0] for centre in where
    ]
    np.testing.assert_array_equal(found, alone)


def test_ends_may_be_the_root_or_come_in_either_order():
    zero = np.zeros(1)
    assert roots(lambda x, _: x, zero, zero + 1)[0] == 0
    assert roots(lambda x, _: x - 1, zero, zero + 1)[0] == 1
    assert roots(lambda x, _: np.cos(x), zero + 3, zero)[0] == pytest.approx(math.pi / 2, 1e-15)
    assert roots(lambda x, _: x + 1e-16, zero, zero + 1)[0] == 0
    assert roots(lambda x, _: x, zero[:0], zero[:0]).shape == (0,)


def test_a_tiny_root_keeps_its_digits_and_known_ends_are_not_asked_for():
    low, high = np.full(1, 1e-300), np.ones(1)
    asked = []

    def function(x, index):
        asked.extend(x.tolist())
        return np.log(np.maximum(x, 1e-300)) - math.log(4e-300)

    found = roots(function, low, high, np.array([-math.log(4)]), np.array([690.0]))
    assert found[0] == pytest.approx(4e-300, rel=1e-12)
    assert 1e-300 not in asked and 1.0 not in asked


@pytest.mark.parametrize(
    ("function", "low", "high", "most"),
    [
        (lambda x: np.exp(x) - 2, 0.0, 4.0, 8),
        (np.cos, 0.0, 3.0, 7),
        (lambda x: x**3 - 2 * x - 5, 2.0, 3.0, 7),
        (lambda x: np.expm1(x) - 1e4, -10.0, 10.0, 10),
        (lambda x: np.log(x) - 1, 1e-3, 1e3, 9),
        (lambda x: x**9 - 1e-3, 0.0, 1.0, 11),
    ],
    ids=["exponential", "cosine", "cubic", "steep", "logarithm", "power"],
)
@pytest.mark.parametrize("scale", [1.0, 1e150])
def test_smooth_functions_take_few_steps(function, low, high, most, scale):
    """Some fifty by halving alone."""
    calls = []

    def scaled(x, index):
        calls.append(x.item())
        return scale * function(x)

    root = roots(scaled, np.array([low]), np.array([high])).item()
    assert function(root) == pytest.approx(0.0, abs=1e-11)
    assert len(calls) - 2 <= most


def test_a_bracket_that_spans_many_magnitudes_is_halved_in_them():
    calls = []

    def step(x, index):
        calls.append(x.item())
        return np.where(x < 1e-200, -1.0, 1.0)

    assert roots(step, np.array([1e-300]), np.ones(1)).item() == pytest.approx(1e-200, rel=1e-15)
    assert len(calls) < 75
