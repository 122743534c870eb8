"""Messages of the constructors, and the panels' edges."""

import math
import re

import numpy as np
import pytest

import gandyn.distributions as gd
from gandyn.distributions.edges import panel_edges
from gandyn.errors import InputError


@pytest.mark.parametrize(
    "make, arguments, message",
    [
        (gd.Normal, (0, -1.0), "std: got -1.0, must be a positive finite number"),
        (gd.Normal, (0, 0), "std: got 0, must be a positive finite number"),
        (gd.Normal, (math.nan, 1), "mean: got nan, must be a finite number"),
        (gd.Normal, (0, math.inf), "std: got inf, must be a positive finite number"),
        (gd.Normal, ("0", 1), "mean: got '0', must be a finite number"),
        (gd.Normal, (None, 1), "mean: got None, must be a finite number"),
        (gd.Normal, (0, True), "std: got True, must be a positive finite number"),
        (gd.Normal, (0, np.float64(-2)), "std: got -2.0, must be a positive finite number"),
        (gd.Normal, (0, 10**400), "std: got 1000"),
        (gd.Normal, (0, [1, 2]), "std: got [1, 2], must be a positive finite number"),
        (gd.Uniform, (1, 1), "high: got 1.0, must be above low, which is 1.0"),
        (gd.Uniform, (math.inf, 1), "low: got inf, must be a finite number"),
        (gd.Uniform, (-1.7e308, 1.7e308), "high: got 1.7e+308, high - low must be finite"),
        (gd.Laplace, (0, -1), "scale: got -1, must be a positive finite number"),
        (gd.Logistic, (math.nan,), "loc: got nan, must be a finite number"),
        (gd.StudentT, (0,), "df: got 0, must be a positive finite number"),
        (gd.StudentT, (math.inf,), "df: got inf, must be a positive finite number"),
        (gd.Mixture, ([0.5, 0.4], [gd.Normal(), gd.Normal()]), "weights: got 0.5, 0.4, in sum 0.9"),
        (gd.Mixture, ([1.5, -0.5], [gd.Normal(), gd.Normal()]), "weights: got -0.5, must each be"),
        (gd.Mixture, ([math.nan], [gd.Normal()]), "weights: got nan at index 0"),
        (gd.Mixture, ([1], [gd.Normal(), gd.Normal()]), "weights: got 1 for 2 components"),
        (gd.Mixture, ([], []), "in sum 0, must sum to 1"),
        (gd.Mixture, ([1], [3]), "components: got 3, must be distributions"),
        (gd.Mixture, ([1], gd.Normal), "components: got"),
        (gd.Mixture, ("a", [gd.Normal()]), "weights: got 'a', must be a list of finite numbers"),
        (gd.Mixture, (0.5, [gd.Normal()]), "weights: got an array of shape ()"),
    ],
)
def test_constructors(make, arguments, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        make(*arguments)
    assert "\n" not in str(caught.value)


def test_weights_within_tolerance_are_made_exact():
    d = gd.Mixture([1 / 3 + 3e-10, 1 / 3, 1 / 3], [gd.Normal(k) for k in range(3)])
    assert math.fsum(d.weights) == 1
    d = gd.Mixture([0.1] * 10, [gd.Normal(k) for k in range(10)])
    assert d.weights == (0.1,) * 10


def test_edges_are_fitted_to_the_landmarks():
    edges = panel_edges(np.array([[0.0, 1.0]]), np.array([]), (-10.0, 10.0))
    np.testing.assert_array_equal(edges, [-10, -6, -3, -1.5, 0, 1.5, 3, 6, 10])
    edges = panel_edges(np.array([[0.0, 1.0], [0.0, 1.01]]), np.array([0.1]), (-10.0, 10.0))
    np.testing.assert_array_equal(edges, [-10, -6, -3, -1.5, 0.1, 1.5, 3, 6, 10])
    # a break is kept however near to another, one outside is not
    edges = panel_edges(np.array([[0.0, 1.0]]), np.array([2.0, 2.001, 11.0]), (-10.0, 10.0))
    assert np.isin([2.0, 2.001], edges).all() and edges[-1] == 10


def test_edges_keep_the_finest_landmark_and_its_surroundings():
    d = gd.Mixture([0.5, 0.5], [gd.Normal(0, 1), gd.Normal(1, 1e-3)])
    np.testing.assert_allclose(
        d.edges[np.searchsorted(d.edges, 1 - 2e-3) :][:3] - 1, [-1.5e-3, 0, 1.5e-3]
    )
    gaps = np.diff(d.edges)
    away = np.abs(d.edges[:-1] + gaps / 2 - 1)
    assert (gaps <= np.maximum(1.51e-3, 2 * away)).all()


def test_two_unit_modes_six_apart_need_few_panels():
    d = gd.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
    assert len(d.edges) - 1 <= 14
