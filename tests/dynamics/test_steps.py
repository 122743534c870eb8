"""Orders of the two stepping methods and of the interpolant, and their error estimates."""

from types import SimpleNamespace

import numpy as np
import pytest

import gandyn
from gandyn.dynamics.extrapolation import LinearlyImplicitEuler
from gandyn.dynamics.guard import GuardedForce
from gandyn.dynamics.runge_kutta import DormandPrince, first_step, interpolate

LANES = np.array([[1.0, 0.5], [0.7, 3.0], [5.0, -2.0]])


def march(method, force, y, t, n):
    """n equal steps over time t."""
    y = y.copy()
    h = np.full(len(y), t / n)
    for _ in range(n):
        y = method.step(y, force.force(y, y), h).y
    return y


def order(kind, game, start, t, steps):
    force = GuardedForce(game)
    ends = [march(kind(force, 1e-8, 1e-10), force, start, t, n) for n in steps]
    errors = [np.abs(end - game.exact(start, [t])[:, 0]).max() for end in ends]
    return -np.polyfit(np.log(steps), np.log(errors), 1)[0]


def test_order_of_convergence(games):
    start = np.array([[0.3, 1.0], [0.5, -2.0]])
    assert order(DormandPrince, games.Well(), start, 2.0, (4, 6, 9, 13)) == pytest.approx(
        8, abs=0.3
    )
    start = np.array([[0.4, 0.5]])
    found = order(LinearlyImplicitEuler, games.Normals(), start, 1.0, (8, 12, 16, 24))
    assert found == pytest.approx(8, abs=0.4)


def dense_error(game, force, method, y, h):
    x = np.linspace(0.05, 0.95, 19)
    f = force.force(y, y)
    new = method.step(y, f, np.full(len(y), h)).y
    f_new = force.force(new, new)
    coefficients, cost = method.interpolant(y, f, np.full(len(y), h), new, f_new, np.arange(len(y)))
    assert cost == 3
    found = np.stack([interpolate(coefficients, y, np.full(len(y), v)) for v in x], axis=1)
    assert interpolate(coefficients, y, np.ones(len(y))) == pytest.approx(new, rel=1e-15)
    worst = np.abs(found - game.exact(y, x * h)).max(axis=(1, 2))
    return worst, method.interpolation_error(coefficients, y)


def test_order_of_the_interpolant_and_its_error_estimate(games):
    game = games.Well()
    force = GuardedForce(game)
    method = DormandPrince(force, 1e-16, 1.0)
    y = np.array([[0.3, 1.0], [0.5, -2.0]])
    sizes = 0.4 / 1.5 ** np.arange(5)
    errors, estimates = zip(*(dense_error(game, force, method, y, h) for h in sizes), strict=True)
    slopes = np.polyfit(np.log(sizes), np.log(np.array(errors)), 1)[0]
    assert slopes == pytest.approx(8, abs=0.4)  # order 7, by one step
    # The estimate is 1 where the error is ten tolerances; here the tolerance is 1.
    ratios = np.array(estimates) * 10 / np.array(errors)
    assert (ratios > 0.3).all() and (ratios < 5).all()


def test_error_norm_bounds_the_error_of_a_step(games):
    game = games.Normals()
    force = GuardedForce(game)
    for kind, rounding in ((DormandPrince, 3e-15), (LinearlyImplicitEuler, 3e-13)):
        method = kind(force, 1e-16, 1.0)
        for h in (0.2, 0.1, 0.05):
            got = method.step(LANES, force.force(LANES, LANES), np.full(3, h))
            true = np.abs(got.y - game.exact(LANES, [h])[:, 0]).max(axis=1)
            assert (true <= np.maximum(2 * got.error, rounding)).all()


def test_each_lane_has_its_own_step(games):
    game = games.Normals()
    force = GuardedForce(game)
    method = DormandPrince(force, 1e-8, 1e-10)
    f = force.force(LANES, LANES)
    h = np.array([0.1, 0.02, 0.3])
    stacked = method.step(LANES, f, h)
    for i in range(3):
        alone = method.step(LANES[i : i + 1], f[i : i + 1], h[i : i + 1])
        assert alone.y[0] == pytest.approx(stacked.y[i], rel=1e-15)
    exact = np.stack([game.exact(LANES[i], h[i : i + 1])[0] for i in range(3)])
    assert stacked.y == pytest.approx(exact, rel=1e-9)


def test_a_lane_out_of_bounds_fails_alone(games):
    force = GuardedForce(games.Normals())
    states = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, np.inf], [3.0, 1.0]])
    found = force.force(states, np.ones((4, 2)))
    assert np.isfinite(found).all(axis=1).tolist() == [True, False, False, True]
    found = force.jacobian(states[:2], np.ones((2, 2)))
    assert np.isfinite(found).all(axis=(1, 2)).tolist() == [True, False]


def test_a_lone_state_that_its_game_refuses_has_no_force():
    game = gandyn.Game(gandyn.Normal(2, 1))
    force, home = GuardedForce(game), np.array([[1.0, 0.0]])
    for state in ([0.0, 1.0], [-1.0, 0.0], [np.nan, 0.0], [1.0, np.inf]):
        assert np.isnan(force.force(np.array([state]), home)).all()
    assert (force.force(0.5 * home, home)[0] == game.force([0.5, 0.0])).all()


def test_orientation_may_not_change_within_a_step(games):
    game = games.Normals()

    class Oriented:
        @staticmethod
        def orientation(theta):
            return np.sign(theta[..., 0])

    game.generator = Oriented()
    home = np.array([[1.0, 0.0], [-1.0, 0.0]])
    found = GuardedForce(game).force(np.full((2, 2), 0.5), home)
    assert np.isfinite(found).all(axis=1).tolist() == [True, False]


def test_jacobian_to_six_digits(games):
    states = np.array([[1.0, 0.5], [0.0, 0.0], [1e-3, 4.0], [-2.0, 1e-8]])
    for game in (games.Well(), games.Valley(1e3)):
        exact = game.jacobian(states)
        found = GuardedForce(game).jacobian(states, states)
        assert np.abs(found - exact).max() < 1e-6 * np.abs(exact).max()


def test_jacobian_beside_a_forbidden_state(games):
    game = games.Normals()
    game.generator = SimpleNamespace(orientation=lambda theta: np.sign(theta[..., 0]))
    states = np.array([[1e-7, 3.0]])
    found = GuardedForce(game).jacobian(states, states)
    assert found == pytest.approx(game.jacobian(states), rel=1e-6)


def test_first_step_scales_with_the_flow(games):
    y = np.array([[1.0, 1.0]])
    steps = [
        first_step(force, y, force.force(y, y), 1e-9, 1e-11)[0][0]
        for force in (GuardedForce(games.Linear(-rate * np.eye(2))) for rate in (1e-50, 1.0, 1e6))
    ]
    assert steps[0] > 1e3
    assert 0.01 < steps[1] < 1
    assert steps[2] == pytest.approx(1e-6 * steps[1], rel=1e-6)
