"""Pieces of ReLU networks against their forward pass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gandyn import InputError
from gandyn.generators.piecewise import Pieces, pieces_of
from tests.networks import forward, random_weights, size

networks = st.builds(
    random_weights,
    st.lists(st.integers(1, 9), max_size=3).map(tuple),
    st.integers(0, 10**6),
    lanes=st.integers(1, 4),
    degenerate=st.booleans(),
)


def close(found, exact, scale):
    assert (np.abs(found - exact) <= 1e-12 * scale).all()


@given(networks)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_values_are_the_networks(weights):
    pieces = pieces_of(weights)
    lanes = np.arange(len(weights[0]))
    z = np.random.default_rng(1).normal(size=(len(lanes), 60)) * np.geomspace(0.1, 100, 60)
    close(pieces(z, lanes), forward(weights, z), size(weights, z))
    for lane in lanes:
        own = [w[lane : lane + 1] for w in weights]
        kinks = pieces.z[pieces.offset[lane] : pieces.offset[lane + 1]]
        values = pieces.value[pieces.offset[lane] : pieces.offset[lane + 1]]
        assert len(kinks) >= 1 and (np.diff(kinks) >= 0).all()
        scale = size(own, kinks[None])[0]
        close(values, forward(own, kinks[None])[0], scale)
        close(pieces(kinks[None], np.array([lane]))[0], values, scale)


@given(networks)
@settings(derandomize=True, deadline=None, max_examples=100)
def test_networks_are_linear_between_the_kinks(weights):
    """No kink is missing: half-way between two the network is half-way between its values."""
    pieces = pieces_of(weights)
    for lane in range(len(weights[0])):
        own = [w[lane : lane + 1] for w in weights]
        kinks = pieces.z[pieces.offset[lane] : pieces.offset[lane + 1]]
        reach = np.array([1.0, 20.0, 400.0])
        ends = np.concatenate([kinks[0] - reach[::-1], kinks, kinks[-1] + reach])
        left, right = ends[:-1], ends[1:]
        value = forward(own, ends[None])[0]
        scale = size(own, np.maximum(np.abs(left), np.abs(right))[None])[0]
        for share in (0.25, 0.5):
            between = forward(own, ((1 - share) * left + share * right)[None])[0]
            close(between, (1 - share) * value[:-1] + share * value[1:], scale)


@given(networks)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_slopes(weights):
    pieces = pieces_of(weights)
    lane = np.arange(len(weights[0]))
    z = np.random.default_rng(2).normal(size=(len(lane), 40)) * 3
    slope = forward(weights, z + 1e-30j).imag / 1e-30
    # on a short piece the slope has the rounding of its ends
    right, before = pieces._place(z, lane)
    gap = np.diff(pieces.z, append=np.inf)[right]
    sure = before | (gap > 1e-3) | (right + 1 == pieces.offset[1:][lane][:, None])
    assert pieces.line(z, lane)[1][sure] == pytest.approx(slope[sure], rel=1e-9, abs=1e-10)
    assert sure.mean() > 0.9


def test_a_stack_is_its_networks():
    weights = random_weights((7, 5), 3, lanes=5)
    pieces = pieces_of(weights)
    assert (pieces.lane == np.repeat(np.arange(5), np.diff(pieces.offset))).all()
    for lane in range(5):
        one = pieces_of([w[lane : lane + 1] for w in weights])
        part = slice(pieces.offset[lane], pieces.offset[lane + 1])
        np.testing.assert_allclose(pieces.z[part], one.z, rtol=1e-13)
        np.testing.assert_allclose(pieces.value[part], one.value, rtol=1e-12, atol=1e-13)
        assert pieces.left_slope[lane] == pytest.approx(one.left_slope[0], rel=1e-12, abs=1e-14)


def test_known_kinks():
    # max(0, z) − max(0, z − 1), and twice that minus one, rectified: a kink at ½ is the second's
    first = np.array([[[1.0, 1.0], [0.0, -1.0]]])
    hat = pieces_of([first, np.array([[[1.0], [-1.0], [0.25]]])])
    assert hat.z.tolist() == [0, 1] and hat.value.tolist() == [0.25, 1.25]
    assert hat.left_slope == 0 and hat.right_slope == 0 and hat.slopes.tolist() == [1, 0]
    second = np.array([[[2.0], [-2.0], [-1.0]]])
    deep = pieces_of([first, second, np.array([[[3.0], [0.0]]])])
    assert deep.z.tolist() == [0, 0.5, 1] and deep.value.tolist() == [0, 0, 3]


def test_kinks_beyond_the_outermost():
    # units of the second layer turn left and right of the only kink of the first
    first = np.array([[[1.0, -1.0], [0.0, 0.0]]])
    second = np.array([[[1.0, 0.0], [0.0, 1.0], [-3.0, -5.0]]])
    pieces = pieces_of([first, second, np.array([[[1.0], [1.0], [0.0]]])])
    assert pieces.z.tolist() == [-5, 0, 0, 3]
    assert pieces.left_slope == -1 and pieces.right_slope == 1


def test_networks_without_a_kink():
    for weights in (
        [np.array([[[2.0], [1.0]]])],
        [np.zeros((1, 2, 3)), np.array([[[1.0], [2.0], [3.0], [4.0]]])],
        [np.zeros((1, 2, 3)), np.zeros((1, 4, 2)), np.array([[[1.0], [2.0], [4.0]]])],
    ):
        pieces = pieces_of(weights)
        z = np.linspace(-3, 3, 7)[None]
        assert len(pieces.z) >= 1 and pieces.z[0] == 0
        assert pieces(z, np.zeros(1, int)) == pytest.approx(forward(weights, z))


def test_single_precision():
    weights = [w.astype(np.float32) for w in random_weights((12, 12), 8)]
    double = [w.astype(float) for w in weights]
    z = np.linspace(-4, 4, 101)[None]
    close(pieces_of(weights)(z, np.zeros(1, int)), forward(double, z), size(double, z))


@pytest.mark.parametrize(
    "weights",
    [
        [],
        [np.ones((2, 1))],
        [np.ones((1, 3, 1))],
        [np.ones((1, 2, 2))],
        [np.ones((1, 2, 4)), np.ones((1, 4, 1))],
        [np.ones((1, 2, 4)), np.ones((2, 5, 1))],
        [np.full((1, 2, 1), np.nan)],
    ],
)
def test_bad_weights(weights):
    with pytest.raises(InputError, match=r"^weights: got [^\n]*must be"):
        pieces_of(weights)


def test_the_large_value_of_a_far_kink_is_not_seen_at_the_near_one():
    """A rise from a huge value to a small one: next to the latter its digits are all there."""
    for k, (left, right) in enumerate([(1e16, 0.25), (0.25, 1e16)]):
        pieces = Pieces(
            np.zeros(2, int), np.array([0.0, 1.0]), np.array([left, right]), np.ones(2),
            np.array([0, 2]), np.zeros(1), np.zeros(1),
        )  # fmt: skip
        x = np.array([[2.0**-40, 1 - 2.0**-40]])
        exact = 0.25 + (1e16 - 0.25) * 2.0**-40
        assert pieces(x, np.zeros(1, int))[0, 1 - k] == pytest.approx(exact, rel=4e-16)
