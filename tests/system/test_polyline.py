"""Polylines: even points, the nearest point, and how far along a time is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gandyn.system.polyline import distance, even, feet, length, pace, travel

PATHS = arrays(float, st.tuples(st.integers(2, 8), st.just(2)), elements=st.floats(-9, 9))


def test_distance_to_a_polyline():
    line = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    places = np.array([[0.5, 0.25], [2.0, 0.5], [-3.0, -4.0], [1.0, 1.0]])
    assert distance(line, places) == pytest.approx([0.25, 1.0, 5.0, 0.0])
    assert distance(line, places[:, None]).shape == (4, 1)
    assert distance(line[:1], places[2]) == pytest.approx(5.0)


def test_even_points():
    line = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]])
    assert length(line).tolist() == [0.0, 3.0, 4.0]
    assert even(line, 5).tolist() == [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]]
    assert even(line, 3, np.array([0.0, 1.0, 2.0])).tolist() == line.tolist()


@given(PATHS, st.floats(-9, 9), st.floats(-9, 9))
def test_a_foot_is_the_nearest_of_its_piece(path, x, y):
    point = np.array([x, y])
    foot, part = feet(path, point)
    assert ((part >= 0) & (part <= 1)).all()
    between = path[:-1] + np.linspace(0, 1, 33)[:, None, None] * np.diff(path, axis=0)
    others = np.linalg.norm(between - point, axis=2).min(axis=0)
    assert (np.linalg.norm(foot - point, axis=1) <= others + 1e-12).all()


def test_pace_goes_with_the_path_and_a_little_with_time():
    t, path = np.array([0.0, 1.0, 2.0, 10.0]), np.array([[0.0], [1.0], [2.0], [2.0]])
    assert pace(t, path) == pytest.approx([0.0, 0.48, 0.96, 1.0])
    assert pace(t - 7.0, path) == pytest.approx(pace(t, path))


def test_travel_of_what_is_not_known_stands_still():
    curves = np.array([[0.0, 0.0], [1.0, np.nan], [2.0, np.inf], [4.0, 1.0], [4.0, 3.0]])
    assert travel(curves) == pytest.approx(np.array([0.0, 0.25, 0.5, 1.0, 2.0]) / 2.0)
