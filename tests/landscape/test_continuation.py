"""Curves of solutions with closed forms: followed through folds, to bounds, around, to the end."""

import numpy as np
import pytest

from gandyn.landscape.continuation import correct, follow, solve, tangent_of


class System:
    """Equations and their derivatives, from two functions."""

    def __init__(self, residual, slopes):
        self._residual, self._slopes = residual, slopes

    def residual(self, u):
        return np.atleast_1d(self._residual(u))

    def slopes(self, u):
        return np.atleast_2d(self._slopes(u))


CIRCLE = System(lambda u: u @ u - 1.0, lambda u: 2.0 * u)
PARABOLA = System(lambda u: u[1] - u[0] ** 2, lambda u: [-2.0 * u[0], 1.0])
LINE = System(lambda u: u[1] - 0.3 * u[0], lambda u: [-0.3, 1.0])
HELIX = System(
    lambda u: [u[0] - np.cos(u[2]), u[1] - np.sin(u[2])],
    lambda u: [[1.0, 0.0, np.sin(u[2])], [0.0, 1.0, -np.cos(u[2])]],
)


def never(u):
    return None


def between(index, low, high):
    """Bounds of one unknown."""

    def crossed(u):
        if u[index] < low:
            return index, low
        return (index, high) if u[index] > high else None

    return crossed


def check_path_of(system, path):
    """Every point solves the system, every tangent is one, and no step turns back."""
    for u, along, slopes in zip(path.u, path.tangent, path.slopes, strict=True):
        assert np.abs(system.residual(u)).max() <= 1e-10
        assert np.abs(slopes @ along).max() <= 1e-10
        assert np.linalg.norm(along) == pytest.approx(1.0, abs=1e-12)
        assert np.array_equal(slopes, system.slopes(u))
    steps = np.diff(path.u, axis=0)
    assert ((steps * path.tangent[:-1]).sum(axis=1) > 0).all()
    angles = np.arccos(np.clip((path.tangent[1:] * path.tangent[:-1]).sum(axis=1), -1.0, 1.0))
    assert angles.max() <= 0.2 + 1e-9


def total(path):
    return float(np.hypot(*np.diff(path.u, axis=0).T).sum())


@pytest.mark.parametrize("turn", [1.0, -1.0])
@pytest.mark.parametrize("phase", [0.0, 0.7, 3.9])
def test_a_circle_closes(phase, turn):
    start = np.array([np.cos(phase), np.sin(phase)])
    tangent = turn * np.array([-np.sin(phase), np.cos(phase)])
    path = follow(CIRCLE, start, tangent, never)
    assert path.end == "closed"
    assert np.array_equal(path.u[0], start) and np.array_equal(path.u[-1], start)
    check_path_of(CIRCLE, path)
    # Once around, in the direction asked for: chords are shorter by δ³/24, and the last of them
    # may be longer than a step.
    angles = np.unwrap(np.arctan2(path.u[:, 1], path.u[:, 0]))
    assert angles[-1] - angles[0] == pytest.approx(turn * 2 * np.pi, abs=1e-12)
    assert (turn * np.diff(angles) > 0).all()
    assert 0 < 2 * np.pi - total(path) < 2 * np.pi * 0.06**2 / 24 + 0.11**3 / 24


def test_a_fold_is_passed():
    path = follow(PARABOLA, np.array([-1.0, 1.0]), np.array([1.0, -2.0]), between(1, -1.0, 1.0))
    assert path.end == "bound"
    check_path_of(PARABOLA, path)
    assert path.u[-1] == pytest.approx([1.0, 1.0], abs=1e-12)
    assert path.u[-1, 1] == 1.0
    # One fold: the parameter's share of the tangent changes its sign once, at the origin.
    turns = np.flatnonzero(path.tangent[1:, 1] * path.tangent[:-1, 1] < 0)
    (k,) = turns
    assert path.u[k, 0] < 0 < path.u[k + 1, 0]
    length = np.sqrt(5.0) + 0.5 * np.arcsinh(2.0)
    assert 0 < length - total(path) < 1e-3


@pytest.mark.parametrize("sign, end", [(1.0, 0.9), (-1.0, -0.4)])
def test_a_line_ends_on_its_bound(sign, end):
    path = follow(LINE, np.array([0.1, 0.03]), sign * np.array([1.0, 0.3]), between(0, -0.4, 0.9))
    assert path.end == "bound"
    assert path.u[-1, 0] == end  # exactly
    assert path.u[-1, 1] == pytest.approx(0.3 * end, abs=1e-14)
    check_path_of(LINE, path)


def test_a_start_on_the_bound_that_sets_out_beyond_it_goes_nowhere():
    path = follow(LINE, np.array([0.9, 0.27]), np.array([1.0, 0.3]), between(0, -0.4, 0.9))
    assert path.end == "bound"
    assert np.abs(path.u - [0.9, 0.27]).max() <= 1e-14


@pytest.mark.parametrize("high", [0.2, 0.15, 0.0707, 1e-3])
def test_no_point_lies_beyond_a_bound(high):
    """Beyond the bound there may be no system. The curve bends towards it from steps along it."""
    cubic = System(
        lambda u: u[1] - u[0] ** 3 if u[1] <= high else np.nan, lambda u: [-3.0 * u[0] ** 2, 1.0]
    )
    open_cubic = System(lambda u: u[1] - u[0] ** 3, cubic.slopes)
    for system in (cubic, open_cubic):
        path = follow(system, np.array([-0.2, -0.008]), np.array([1.0, 0.0]), between(1, -1, high))
        assert path.end == "bound"
        assert (path.u[:, 1] <= high).all() and path.u[-1, 1] == high
        assert path.u[-1, 0] == pytest.approx(np.cbrt(high), abs=1e-9)
        check_path_of(open_cubic, path)


def test_in_three_dimensions():
    start = np.array([1.0, 0.0, 0.0])
    path = follow(HELIX, start, np.array([0.0, 1.0, 1.0]), between(2, -1.0, 7.0))
    assert path.end == "bound" and path.u[-1, 2] == 7.0
    check_path_of(HELIX, path)
    assert path.u[-1] == pytest.approx([np.cos(7.0), np.sin(7.0), 7.0], abs=1e-10)
    length = np.linalg.norm(np.diff(path.u, axis=0), axis=1).sum()
    assert length == pytest.approx(7.0 * np.sqrt(2.0), rel=1e-3)


def test_a_curve_that_ends_is_lost():
    """y = √x has no solution left of 0, and nan there; its tangent stands upright at the end."""

    def residual(u):
        return u[1] - np.sqrt(u[0]) if u[0] > 0 else np.nan

    def slopes(u):
        return [-0.5 / np.sqrt(u[0]), 1.0] if u[0] > 0 else [np.nan, np.nan]

    path = follow(
        System(residual, slopes), np.array([1.0, 1.0]), np.array([-2.0, -1.0]), between(0, -1, 2)
    )
    assert path.end == "lost"
    assert 0 < path.u[-1, 0] < 1e-4
    assert np.abs(path.u[:, 0] - path.u[:, 1] ** 2).max() <= 1e-9


def test_a_corner_loses_the_curve():
    """At the kink of y = |x| the tangent turns by 90 degrees, however short the steps."""
    kink = System(lambda u: u[1] - abs(u[0]), lambda u: [-np.sign(u[0]), 1.0])
    path = follow(kink, np.array([-0.5, 0.5]), np.array([1.0, -1.0]), between(0, -1.0, 1.0))
    assert path.end == "lost"
    assert np.abs(path.u[:, 1] - np.abs(path.u[:, 0])).max() <= 1e-9
    assert np.abs(path.u[-1]).max() <= 1e-3


def test_a_curve_ends_where_it_must_not_go_on():
    path = follow(CIRCLE, np.array([1.0, 0.0]), np.array([0.0, 1.0]), never, lambda u: u[1] < 0.5)
    assert path.end == "lost"
    assert (path.u[:, 1] < 0.5).all() and path.u[-1, 1] > 0.4


def test_a_curve_without_end_is_long():
    path = follow(LINE, np.zeros(2), np.array([1.0, 0.3]), never)
    assert path.end == "long"
    assert (np.diff(path.u[:, 0]) > 0).all() and path.u[-1, 0] > 100.0


def test_steps_do_not_change_the_curve(monkeypatch):
    """Whatever its steps, the curve is one: its points lie on each other to the tolerance."""
    from gandyn.landscape import continuation

    ends, counts = [], []
    for longest in (0.06, 0.03, 0.011):
        monkeypatch.setattr(continuation, "_LONGEST", longest)
        monkeypatch.setattr(continuation, "_FIRST", longest / 3.0)
        path = follow(HELIX, np.array([1.0, 0.0, 0.0]), np.ones(3), between(2, -1.0, 2.0))
        check_path_of(HELIX, path)
        ends.append(path.u[-1])
        counts.append(len(path.u))
    assert counts[0] < counts[1] < counts[2]
    assert np.ptp(ends, axis=0).max() <= 1e-12


def test_the_order_of_equations_does_not_matter():
    turned = System(
        lambda u: np.asarray(HELIX.residual(u))[::-1] * [2.0, -1.0],
        lambda u: np.asarray(HELIX.slopes(u))[::-1] * [[2.0], [-1.0]],
    )
    one, other = (
        follow(system, np.array([1.0, 0.0, 0.0]), np.ones(3), between(2, -1.0, 2.0))
        for system in (HELIX, turned)
    )
    assert one.u.shape == other.u.shape
    assert np.abs(one.u - other.u).max() <= 1e-9


def test_tangents():
    slopes = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]])
    along = tangent_of(slopes)
    expected = np.cross(*slopes) / np.linalg.norm(np.cross(*slopes))
    assert min(np.abs(along - expected).max(), np.abs(along + expected).max()) <= 1e-15


# -- correct() and solve()


def test_correct_finds_the_point_across():
    """Across a circle's tangent at a guess: the intersection of the circle with a straight line."""
    guess, row = np.array([1.02, 0.1]), np.array([0.0, 1.0])
    u = correct(CIRCLE, guess, row, CIRCLE.slopes(np.array([1.0, 0.0])))
    assert u == pytest.approx([np.sqrt(1 - 0.1**2), 0.1], abs=1e-10)
    row = np.array([1.0, 2.0]) / np.sqrt(5.0)
    u = correct(CIRCLE, guess, row, CIRCLE.slopes(guess))
    assert row @ (u - guess) == pytest.approx(0.0, abs=1e-12)
    assert u @ u == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize(
    "guess, row",
    [
        ([0.0, 2.0], [0.0, 1.0]),  # the line passes the circle by
        ([5.0, 0.0], [0.0, 1.0]),  # too far away
        ([np.nan, 0.0], [0.0, 1.0]),
    ],
)
def test_correct_says_where_there_is_no_point(guess, row):
    guess, row = np.array(guess), np.array(row)
    assert correct(CIRCLE, guess, row, np.array([[2.0, 0.5]])) is None


def test_correct_says_where_the_matrix_is_singular():
    row = np.array([1.0, 0.0])
    assert correct(CIRCLE, np.array([1.1, 0.0]), row, np.array([[2.0, 0.0]])) is None


def test_correct_with_old_slopes_converges():
    """Broyden's updates make up for slopes that are off by 20 %."""
    point = np.array([0.6, 0.8])
    slopes = CIRCLE.slopes(point) * [[1.2, 0.8]]
    u = correct(CIRCLE, point + np.array([0.02, -0.01]), np.array([-0.8, 0.6]), slopes)
    assert u @ u == pytest.approx(1.0, abs=1e-10)


def test_solve_finds_known_roots():
    def residual(u):
        return np.array([u[0] ** 2 + u[1] ** 2 - 1.0, u[1] - u[0] ** 3])

    x = np.sqrt(np.max(np.roots([1.0, 0.0, 1.0, -1.0]).real[np.isreal(np.roots([1, 0, 1, -1]))]))
    root = solve(residual, np.array([x + 0.05, x**3 - 0.08]), np.full(2, 1e-5))
    assert root == pytest.approx([x, x**3], abs=1e-12)


def test_solve_takes_no_root_farther_away_than_allowed():
    def residual(u):
        return np.array([np.cos(u[0])])

    start, steps = np.array([0.5 * np.pi - 0.15]), np.array([1e-5])
    assert solve(residual, start, steps) == pytest.approx([0.5 * np.pi], abs=1e-12)
    assert solve(residual, start, steps, farthest=0.1) is None
    assert solve(residual, np.array([0.0]), steps) is None  # level there: no direction
    assert solve(lambda u: u**2 + 1.0, np.array([0.1]), steps) is None
    assert solve(lambda u: np.full(1, np.nan), np.array([0.1]), steps) is None
    assert solve(lambda u: np.zeros(1), np.array([0.1]), steps) is None


def test_a_steep_piece_is_not_jumped_over():
    """A rise of 0.15 over a thousandth, less than Newton's method would take in its stride."""
    rise = lambda x: 0.15 / (1 + np.exp((0.5 - x) / 1e-3))  # noqa: E731

    def slopes(u):
        return [-rise(u[0]) * (1 - rise(u[0]) / 0.15) / 1e-3, 1.0]

    path = follow(
        System(lambda u: u[1] - rise(u[0]), slopes),
        np.array([0.1, rise(0.1)]), np.array([1.0, 0.0]), between(0, 0.0, 1.0),
    )  # fmt: skip
    assert path.end == "bound"
    assert np.abs(np.diff(path.u[:, 1])).max() <= 0.09


def test_a_start_beyond_the_bound_is_not_taken_back_to_it():
    path = follow(LINE, np.array([1.1, 0.33]), np.array([1.0, 0.3]), between(0, 0.0, 1.0))
    assert path.end == "lost" and len(path.u) == 1
