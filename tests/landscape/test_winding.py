"""Turns of a field along a closed polygon, against fields whose index is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandyn.landscape.winding import around, around_point

SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def refined(polygon, pieces):
    """More corners on the same sides: pieces (n,) of each."""
    sides = zip(polygon, np.roll(polygon, -1, axis=0), pieces, strict=True)
    parts = [one + np.arange(n)[:, None] / n * (other - one) for one, other, n in sides]
    return np.concatenate(parts)


def power(n, centre=0j):
    """zⁿ, for n below 0 the conjugate's: index n."""

    def field(points):
        z = points[:, 0] + 1j * points[:, 1] - centre
        w = z**n if n >= 0 else z.conj() ** -n
        return np.stack([w.real, w.imag], axis=1)

    return field


def linear(matrix):
    return lambda points: points @ np.array(matrix, dtype=float).T


@pytest.mark.parametrize("n", range(-5, 6))
def test_powers(n):
    assert around(power(n), refined(SQUARE, [4] * 4)) == n
    assert around_point(power(n, 2 + 1j), np.array([2.0, 1.0]), np.array([0.1, 0.3])) == n


@pytest.mark.parametrize(
    "matrix, index",
    [
        ([[-1, 0], [0, -3]], 1),
        ([[2, 0], [0, 1]], 1),
        ([[-0.1, -5], [5, -0.1]], 1),
        ([[1, 0], [0, -1]], -1),
        ([[0, 1], [1, 0]], -1),
        # Rates 1e8 apart turn the field within 1e-8 of a side.
        ([[-1, 0], [0, -1e-8]], 1),
        ([[-1, 0], [0, 1e-8]], -1),
    ],
)
def test_linear_fields(matrix, index):
    assert around(linear(matrix), SQUARE) == index
    assert around(lambda p: -linear(matrix)(p), SQUARE) == index
    assert around(linear(matrix), SQUARE[::-1]) == -index
    assert around(linear(matrix), SQUARE + 3.0) == 0


def test_the_sum_over_what_lies_inside():
    def field(points):  # z² - 1/4 over (z + 2): roots ±1/2, a dipole's pole outside
        z = points[:, 0] + 1j * points[:, 1]
        w = (z**2 - 0.25) * (z + 2).conj()
        return np.stack([w.real, w.imag], axis=1)

    assert around(field, SQUARE) == 2
    assert around(field, 0.5 * SQUARE + [0.5, 0.0]) == 1
    assert around(field, 3.0 * SQUARE) == 1
    assert around(field, SQUARE - [2.5, 0.0]) == -1
    assert around_point(field, np.array([-2.0, 0.0]), np.array([0.1, 0.1])) == -1


def test_a_fold_counts_nothing_and_a_pitchfork_one():
    def fold(points):
        return np.stack([points[:, 0] ** 2, -points[:, 1]], axis=1)

    def pitchfork(sign):
        return lambda points: np.stack([sign * points[:, 0] ** 3, -points[:, 1]], axis=1)

    for radius in (1.0, 1e-2, 1e-4):
        here = np.zeros(2), np.full(2, radius)
        assert around_point(fold, *here) == 0
        assert around_point(pitchfork(-1.0), *here) == 1
        assert around_point(pitchfork(1.0), *here) == -1


def test_a_field_of_one_direction():
    assert around(lambda points: np.ones_like(points), SQUARE) == 0


@given(st.lists(st.integers(3, 40), min_size=4, max_size=4), st.integers(-3, 3))
def test_more_corners_change_nothing(pieces, n):
    inside = 0.4 - 0.3j
    assert around(power(n, inside), refined(SQUARE, pieces)) == n
    assert around(power(n, 2 * inside + 1), refined(SQUARE, pieces)) == 0


@given(st.floats(0.0, 2.0 * np.pi), st.floats(-3.0, 3.0))
def test_a_turned_or_stretched_field_winds_as_often(angle, stretch):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size = np.exp(stretch)
    for n in (-2, 1, 3):
        assert around(lambda p, n=n: size * power(n)(p) @ turn.T, SQUARE) == n
        assert around(lambda p, n=n: power(n)(p) * [1.0, size], refined(SQUARE, [16] * 4)) == n


def test_the_size_of_the_force_does_not_matter():
    def tiny(points):
        return power(2)(points) * np.exp(-300.0 - 300.0 * points[:, :1])

    assert around(tiny, SQUARE) == 2


@pytest.mark.parametrize("root", [(1.0, 0.0), (1.0, 1.0), (0.3, -1.0), (-1.0, 0.1)])
def test_where_the_field_vanishes_on_the_boundary(root):
    assert around(power(1, complex(*root)), SQUARE) is None


def test_where_the_field_is_not_finite_on_the_boundary():
    def walled(points):
        return np.where(points[:, :1] > 0.999, np.nan, points)

    def endless(points):
        return np.where(points[:, :1] > 0.999, np.nan, points - [1.0, 0.0])

    assert around(walled, SQUARE) is None
    assert around(endless, SQUARE) is None
    assert around(walled, 0.9 * SQUARE) == 1


def test_few_corners_are_asked_for():
    asked = []

    def counted(points):
        asked.append(len(points))
        return power(1)(points)

    assert around(counted, refined(SQUARE, [25] * 4)) == 1
    assert sum(asked) == 101
