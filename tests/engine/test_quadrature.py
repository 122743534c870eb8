"""The Gauss-Kronrod pair: its order, its estimate, and what it says of integrals that diverge."""

import math

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from gandyn.engine import quadrature
from gandyn.engine.kronrod import FINE, SHORT
from gandyn.engine.quadrature import Panels, integrate

EPS = np.finfo(float).eps


def panels(*edges, lane=0):
    edges = np.array(edges, dtype=float)
    return Panels.between(edges[:-1], edges[1:], np.full(len(edges) - 1, lane))


def plain(*functions):
    """An integrand of several functions of x, with one rounding each."""

    def f(x, lane):
        with np.errstate(all="ignore"):
            values = np.stack([np.broadcast_to(g(x), x.shape) for g in functions])
        return values, np.ones(1)

    return f


def result(f, *edges, **options):
    found = integrate(plain(f), panels(*edges), 1, **options)
    return found.value[0, 0], found.error[0, 0], bool(found.converged[0])


PAIRS = [pytest.param(FINE, 10, id="10-21"), pytest.param(SHORT, 4, id="4-9")]
either = pytest.mark.parametrize(("pair", "points"), PAIRS)


@either
def test_kronrod_is_exact_for_polynomials(pair, points):
    """Up to degree 3 n + 1, and no further."""
    last = 3 * points + 1
    for degree in range(last + 1):
        exact = (1 - (-1) ** (degree + 1)) / (degree + 1)
        assert pair.kronrod @ pair.nodes**degree == pytest.approx(exact, abs=4 * EPS)
    further = last + 1 + last % 2
    assert abs(pair.kronrod @ pair.nodes**further - 2 / (further + 1)) > 1e-12


@either
def test_gauss_is_gauss(pair, points):
    x, w = leggauss(points)
    assert pair.nodes[pair.gauss > 0] == pytest.approx(x, abs=2 * EPS)
    assert pair.gauss[pair.gauss > 0] == pytest.approx(w, abs=2 * EPS)


@either
def test_weights_are_positive_and_the_rule_is_symmetric(pair, points):
    assert len(pair.nodes) == 2 * points + 1
    assert (pair.kronrod > 0).all()
    assert (-pair.nodes[::-1] == pair.nodes).all()
    assert (pair.kronrod[::-1] == pair.kronrod).all()


@pytest.mark.parametrize(
    ("pair", "name", "order", "waves"),
    [
        pytest.param(FINE, "kronrod", 32, (14.0, 12.0), id="21 points"),
        pytest.param(FINE, "gauss", 20, (4.0, 3.0), id="10 points"),
        pytest.param(SHORT, "kronrod", 14, (4.0, 3.0), id="9 points"),
        pytest.param(SHORT, "gauss", 8, (2.0, 1.5), id="4 points"),
    ],
)
def test_observed_order(pair, name, order, waves):
    """The relative error of the rule falls as the width of the panel to this power."""
    rule = getattr(pair, name)
    errors = [abs(rule @ np.cos(w * pair.nodes) - 2 * math.sin(w) / w) for w in waves]
    slope = np.log(errors[0] / errors[1]) / np.log(waves[0] / waves[1])
    # With cos(w x) on one panel w stands for the width. Below w = 12 the 21 points are exact to
    # the last digit, so that the power is seen a little before it reaches its limit.
    assert order - 3.5 < slope < order + 1


@pytest.mark.parametrize(
    ("pair", "wave", "far"), [(FINE, 9.0, 1e-6), (SHORT, 3.0, 1e-3)], ids=["10-21", "4-9"]
)
def test_pair_differs_by_more_than_the_error(pair, wave, far):
    f = np.cos(wave * pair.nodes)
    exact = 2 * math.sin(wave) / wave
    assert abs(pair.kronrod @ f - exact) < far * abs((pair.kronrod - pair.gauss) @ f)


def test_the_short_pair_on_many_panels():
    found = integrate(
        plain(lambda x: np.exp(-np.abs(x))), panels(*np.linspace(-8, 8, 257)), 1, rule=SHORT
    )
    error = abs(found.value[0, 0] - 2.0 * -math.expm1(-8.0))
    assert error <= 3 * found.error[0, 0] < 1e-9 and error < 1e-14
    assert found.nodes[0] == 256 * 9


BATTERY = {
    "peak": (lambda x: 1 / (1e-6 + (x - 0.3) ** 2), (-1, 2), None),
    "normal": (
        lambda x: np.exp(-0.5 * ((x - 0.1) / 1e-3) ** 2),
        (-1, 0.1, 1),
        1e-3 * math.sqrt(2 * math.pi),
    ),
    "oscillation": (lambda x: np.cos(300 * x), (0, 1), math.sin(300) / 300),
    "kink at an edge": (np.abs, (-1, 0, 2), 2.5),
    "kink inside": (lambda x: np.abs(x - 1 / 3), (0, 1), 5 / 18),
    "jump at an edge": (np.sign, (-1, 0, 2), 1.0),
    "steep sigmoid": (lambda x: 1 / (1 + np.exp(np.clip(-1e4 * x, -700, 700))), (-1, 0.2, 2), 2.0),
    "root": (lambda x: np.sqrt(x), (0, 1), 2 / 3),
    "log": (np.log, (0, 1), -1.0),
    "tiny": (lambda x: 1e-280 * np.exp(x), (0, 1), 1e-280 * (math.e - 1)),
    "zero by symmetry": (lambda x: x**3 * np.exp(-x * x), (-3, 3), 0.0),
}
BATTERY["peak"] = (
    *BATTERY["peak"][:2],
    1e3 * (math.atan(1.7e3) + math.atan(1.3e3)),
)


@pytest.mark.parametrize("name", BATTERY)
def test_estimate_bounds_the_error(name):
    f, edges, exact = BATTERY[name]
    value, error, converged = result(f, *edges)
    assert abs(value - exact) <= error + EPS * abs(exact)
    assert abs(value - exact) <= 1e-12 * max(abs(exact), 1e-290) or exact == 0
    assert error <= 1e-8 * max(abs(exact), 1e-290) or exact == 0
    assert converged


def test_symmetry_is_exact():
    odd = lambda x: np.sin(3 * x) * np.exp(-x * x)  # noqa: E731
    value, _, _ = result(odd, -8, -1.37, 0, 1.37, 8)
    assert value == 0.0


def test_square_root_ends():
    """1/√(1 − x²) over both ends, one singular end a panel."""
    f = lambda x: 1 / np.sqrt((1 - x) * (1 + x))  # noqa: E731
    p = Panels(
        np.array([-1.0, 0.0]), np.array([0.0, 1.0]), np.zeros(2, int), np.array([-1, 1], np.int8)
    )
    found = integrate(plain(f), p, 1)
    assert found.value[0, 0] == pytest.approx(math.pi, rel=1e-8)
    # In the distance from the end itself there is no cancellation, and all digits are there.
    near = Panels(np.array([0.0]), np.array([1.0]), np.zeros(1, int), np.array([-1], np.int8))
    found = integrate(plain(lambda x: np.exp(x) / np.sqrt(x)), near, 1)
    assert found.value[0, 0] == pytest.approx(2.9253034918143634, rel=1e-14)
    assert found.converged[0]


def test_halving_keeps_the_singular_end():
    p = Panels(np.array([0.0]), np.array([1.0]), np.zeros(1, int), np.array([-1], np.int8))
    halves = p.halved()
    assert halves.root.tolist() == [-1, 0]
    assert Panels(p.left, p.right, p.lane, -p.root).halved().root.tolist() == [0, 1]


OPEN = {"open_left": True, "open_right": True}


@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (lambda x: np.exp(-0.5 * x * x), math.sqrt(2 * math.pi)),
        (lambda x: np.exp(-np.abs(x)), 2.0),
        (lambda x: 1 / (1 + x * x), math.pi),
        (lambda x: (1 + np.abs(x)) ** -1.5, 4.0),
        (lambda x: (1 + np.abs(x)) ** -3.0, 1.0),
    ],
    ids=["normal", "exponential", "Cauchy", "power 1.5", "power 3"],
)
def test_tails_are_followed(f, exact):
    value, error, converged = result(f, -1, 0, 1, **OPEN)
    assert converged
    assert value == pytest.approx(exact, rel=1e-11)
    assert abs(value - exact) <= 3 * error + EPS * exact


@pytest.mark.parametrize(
    ("f", "sign"),
    [
        (lambda x: 1 / (1 + np.abs(x)), 1),
        (lambda x: -1 / (1 + np.abs(x)), -1),
        (lambda x: np.ones_like(x), 1),
        (lambda x: x * x, 1),
        (lambda x: np.exp(np.abs(x)), 1),
        (lambda x: 1 / np.sqrt(1 + np.abs(x)), 1),
    ],
    ids=["1/x", "-1/x", "constant", "square", "exponential", "slow"],
)
def test_infinite_integrals_are_infinite(f, sign):
    value, error, _ = result(f, -1, 0, 1, **OPEN)
    assert value == sign * math.inf
    assert error == 0


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x,
        lambda x: x / (1 + np.abs(x)),
        lambda x: (x + 1) / (1 + x * x),
        lambda x: np.where(x > 0, 1.0, -0.5),
        np.sinh,
        lambda x: np.cos(x) / (1 + np.abs(x)),
    ],
)
def test_what_grows_both_ways_or_swings_does_not_exist(f):
    for edges in ((-1, 0, 1), (-3, 2, 8)):
        value, _, converged = result(f, *edges, open_left=True, open_right=True)
        assert np.isnan(value) and not converged


def test_one_side_that_grows_leaves_the_other_to_itself():
    """∫ x₋/(1 + |x|) + e^−x₊ is −∞, and what goes with it in the lane keeps its value."""

    def half(x):
        return np.where(x < 0, -1 / (1 - x), np.exp(-x))

    found = integrate(
        plain(half, lambda x: 1 / (1 + x * x)), panels(-1, 0, 1), 1, open_left=True, open_right=True
    )
    assert found.value[0, 0] == -np.inf and found.converged.all()
    assert found.value[1, 0] == pytest.approx(np.pi, rel=1e-12)


def test_closed_sides_stay_closed():
    value, _, _ = result(lambda x: np.exp(-x), 0, 1, open_right=True)
    assert value == pytest.approx(1.0, rel=1e-12)
    value, _, _ = result(lambda x: np.exp(-x), 0, 1)
    assert value == pytest.approx(1 - math.exp(-1), rel=1e-14)


def test_a_lane_does_not_depend_on_its_company():
    widths = np.array([1.0, 1e-3, 7.0, 0.02])

    def f(x, lane):
        return np.exp(-0.5 * (x / widths[index[lane], None]) ** 2)[None], np.ones(1)

    alone = []
    for k in range(len(widths)):
        index = np.array([k])
        alone.append(integrate(f, panels(-1, 0.3, 1), 1, **OPEN))
    index = np.arange(len(widths))
    together = panels(-1, 0.3, 1)
    for k in range(1, len(widths)):
        together = together.joined(panels(-1, 0.3, 1, lane=k))
    company = integrate(f, together, len(widths), **OPEN)
    for k, one in enumerate(alone):
        assert company.value[0, k] == pytest.approx(one.value[0, 0], rel=1e-15)
        assert company.error[0, k] == pytest.approx(one.error[0, 0])
        assert company.nodes[k] == one.nodes[0]
    assert company.value[0] == pytest.approx(widths * math.sqrt(2 * math.pi), rel=1e-12)


def test_integrals_of_a_lane_have_each_their_own_tolerance():
    """A tiny integral beside a large one keeps its digits."""
    found = integrate(
        plain(np.exp, lambda x: 1e-200 * np.exp(-0.5 * ((x - 0.5) / 1e-3) ** 2)), panels(0, 1), 1
    )
    assert found.value[1, 0] == pytest.approx(1e-203 * math.sqrt(2 * math.pi), rel=1e-11)


def test_what_does_not_converge_is_reported():
    rng = np.random.default_rng(0)
    noisy = lambda x: 1 + 1e-3 * rng.standard_normal(x.shape)  # noqa: E731
    sweeps, quadrature._SWEEPS = quadrature._SWEEPS, 4
    try:
        value, error, converged = result(noisy, 0, 1)
    finally:
        quadrature._SWEEPS = sweeps
    assert not converged
    assert error > 1e-6
    assert value == pytest.approx(1, abs=1e-2)


def test_not_a_number_is_not_converged():
    found = integrate(plain(lambda x: np.where(x > 0.5, np.nan, 1.0)), panels(0, 1), 1)
    assert not found.converged[0]


def test_a_tail_just_steep_enough_is_finite():
    """x^-1.05 adds 0.966 times as much with every doubling, and comes to 20 in the end."""
    value, _, _ = result(lambda x: np.maximum(x, 1.0) ** -1.05, 1, 2, open_right=True)
    assert value == pytest.approx(20, rel=1e-6)


def test_a_tail_that_falls_now_and_then_is_finite():
    """1/u over 20 doublings, a tenth of it over the next 20, and so on."""

    def staircase(x):
        u = np.maximum(x - 1.0, 1.0)
        return 0.1 ** np.floor(np.log2(u) / 20) / u

    value, _, converged = result(staircase, 1, 2, open_right=True)
    assert converged and value == pytest.approx(1 + 20 * math.log(2) / 0.9, rel=1e-12)


def test_a_tail_is_cut_by_what_lies_before_it():
    """Nothing within, a hump beyond, and a tail of x^-5 that is done when it is 1e-16 of that."""
    hump = lambda x: np.where(x > 1, 1.0, 0.0) * np.abs(x) ** -5.0  # noqa: E731
    found = integrate(plain(hump), panels(0.5, 1.0), 1, open_right=True)
    assert found.value[0, 0] == pytest.approx(0.25, rel=1e-12) and found.converged[0]
    assert found.nodes[0] < 2000
