"""Coming to rest: at attractors, saddles, jumps and on plateaus, and the linear law of landing."""

import numpy as np
import pytest

from gandyn.dynamics import gradient_flow
from gandyn.dynamics.guard import GuardedForce
from gandyn.dynamics.rest import MOVING, REST, Modes, examine


def test_flows_to_rest_are_exact_and_stop(games):
    game = games.Normals()
    rng = np.random.default_rng(3)
    start = np.stack([rng.uniform(0.05, 5, 300), rng.uniform(-5, 5, 300)], axis=-1)
    flow = gradient_flow(game, start, (0, np.inf))
    assert (flow.status == 1).all()
    assert np.abs(flow.theta[:, 1] - [2, 1]).max() < 1e-11
    assert flow.t[:, 1] == pytest.approx(flow.rest_time)
    # At the time of rest the exact flow is within the tolerance, and half of it earlier it was not.
    exact = np.stack([game.exact(s, [t])[0] for s, t in zip(start, flow.rest_time, strict=True)])
    assert (np.abs(exact - [2, 1]) <= 3 * (1e-10 + 1e-8 * np.array([2, 1]))).all()
    half = np.stack([game.exact(s, [t / 2])[0] for s, t in zip(start, flow.rest_time, strict=True)])
    assert (np.abs(half - [2, 1]).max(axis=1) > 1e-7).all()


def test_no_start_lands_in_the_wrong_well(games):
    x = np.concatenate([-np.geomspace(1e-9, 30, 200), np.geomspace(1e-9, 30, 200)])
    start = np.stack([x, np.linspace(-20, 20, 400)], axis=-1)
    flow = gradient_flow(games.Well(), start, (0, np.inf))
    assert np.abs(flow.theta[:, 1, 0] - np.sign(x)).max() < 1e-11


def test_landing_is_certain_only_where_nothing_else_attracts(games):
    """A saddle close to the attractor: dx/dt = -(x - c)(x + c), lanes on both sides of -c."""

    class Fold:
        def force(self, theta):
            return 1e-4 - theta**2

        def jacobian(self, theta):
            return -2 * theta[..., None]

    start = -0.01 + np.array([[-1e-4], [1e-6], [1e-4], [0.01], [1.0]])
    flow = gradient_flow(Fold(), start[1:], (0, np.inf))
    assert np.abs(flow.theta[:, 1] - 0.01).max() < 1e-12
    away = gradient_flow(Fold(), start[:1], (0, np.inf))
    assert away.status[0] < 0


def test_a_start_at_rest_stays(games):
    flow = gradient_flow(games.Normals(), [2.0, 1.0], (0, 5))
    assert flow.status == 1 and flow.message == "came to rest at t = 0" and flow.nfev <= 6
    assert (flow.theta == [2.0, 1.0]).all() and flow.t.tolist() == [0.0, 5.0]
    flow = gradient_flow(games.Normals(), [2.0, 1.0], (0, np.inf), t_eval=[0, 3, np.inf])
    assert (flow.theta == [2.0, 1.0]).all()


def test_a_saddle_is_rest_only_to_rounding(games):
    game = games.Well()
    flow = gradient_flow(game, [0.0, 0.0], (0, 100))
    assert flow.status == 1 and "unstable" in flow.message
    near = gradient_flow(game, [1e-12, 0.0], (0, 100), t_eval=[100])
    assert near.theta[0] == pytest.approx([1, 0], abs=1e-9)
    # Along its stable direction a flow ends at the saddle.
    along = gradient_flow(game, [0.0, 1.0], (0, np.inf))
    assert along.status == 1 and "unstable" in along.message and along.t[-1] < 20
    assert np.abs(along.theta[-1]).max() < 1e-10


def test_a_slow_saddle_is_passed(games):
    game = games.Well()
    flow = gradient_flow(game, [1e-6, 1.0], (0, 30), t_eval=[10, 13, 30], rtol=1e-12, atol=1e-16)
    exact = game.exact([1e-6, 1.0], [10, 13, 30])
    assert flow.theta == pytest.approx(exact, rel=1e-9, abs=1e-12)


def test_stiff_linear_flows_are_free(games):
    matrix = np.diag([-1.0, -1e8])
    times = [1e-8, 1e-3, 1.0, 200.0]
    flow = gradient_flow(games.Linear(matrix), [1.0, 1.0], (0, 200), t_eval=times)
    exact = np.exp(np.outer(times, [-1.0, -1e8]))
    assert flow.nfev < 100 and flow.theta == pytest.approx(exact, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "matrix",
    [
        [[-1.0, 3.0], [-3.0, -1.0]],  # spiral
        [[-1.0, 1.0], [0.0, -1.0]],  # no basis of eigenvectors
        [[-1.0, 30.0], [0.0, -1.5]],  # far from normal
        [[-1.0, 0.0], [0.0, 0.0]],  # a line of rest points
    ],
)
def test_landing_on_any_linear_flow(games, matrix):
    from scipy.linalg import expm

    times = np.array([0.1, 1.0, 7.0])
    flow = gradient_flow(games.Linear(matrix), [1.0, 0.0], (0, 7), t_eval=times, rtol=1e-9)
    exact = np.stack([expm(np.array(matrix) * t) @ [1.0, 0.0] for t in times])
    assert np.abs(flow.theta - exact).max() < 1e-6 * (np.abs(matrix).max() > 20) + 1e-7


def test_a_line_of_rest_points(games):
    """A redundant parameter: dθ/dt = (1 - xy)(y, x) rests anywhere on xy = 1."""

    class Hyperbola:
        def force(self, theta):
            x, y = theta[..., 0], theta[..., 1]
            return (1 - x * y)[..., None] * theta[..., ::-1]

        def jacobian(self, theta):
            x, y = theta[..., 0], theta[..., 1]
            rest = 1 - x * y
            rows = [-y * y, rest - x * y, rest - x * y, -x * x]
            return np.stack(rows, axis=-1).reshape(*theta.shape, 2)

    flow = gradient_flow(Hyperbola(), [3.0, 1.0], (0, np.inf), rtol=1e-9)
    x, y = flow.theta[-1]
    assert flow.status == 1 and x * y == pytest.approx(1, rel=1e-8)
    assert x * x - y * y == pytest.approx(8.0, rel=1e-7)  # conserved


def test_a_degenerate_attractor(games):
    class Flat:
        """dx/dt = -x³: x = 1/sqrt(1 + 2t), no rate at rest."""

        def force(self, theta):
            return -(theta**3)

        def jacobian(self, theta):
            return -3 * theta[..., None] ** 2

    times = [1.0, 1e4, 1e8]
    flow = gradient_flow(Flat(), [1.0], (0, 1e8), t_eval=times, rtol=1e-9)
    assert flow.theta[:, 0] == pytest.approx(1 / np.sqrt(1 + 2 * np.array(times)), rel=1e-7)
    assert gradient_flow(Flat(), [1.0], (0, np.inf)).status == 1


def test_a_plateau_is_crossed_and_its_tiny_force_kept(games):
    game = games.Plateau()
    x0 = 1 + 50 * np.log(10.0)
    force = game.force(np.array([x0]))[0]
    still = gradient_flow(game, [x0], (0, 200))
    assert still.status == 0 and still.nfev < 60 and still.theta[-1, 0] == x0
    # exp(x - 1) falls linearly: x reaches 1 at exp(x0 - 1)/sinh 1 ~ 1e50.
    time = np.exp(x0 - 1) / np.sinh(1.0)
    half = gradient_flow(game, [x0], (0, time), t_eval=[time / 2])
    assert half.theta[0, 0] == pytest.approx(x0 - np.log(2), rel=1e-8)
    rest = gradient_flow(game, [x0], (0, np.inf))
    assert rest.status == 1 and rest.rest_time == pytest.approx(time, rel=1e-6)
    assert abs(rest.theta[-1, 0]) < 1e-10 and force == pytest.approx(-1.2e-50, rel=0.05)


def test_a_vanished_force_is_said_to_have_vanished(games):
    flow = gradient_flow(games.Plateau(), [800.0], (0, 1))
    assert flow.status == 1 and "vanished" in flow.message and flow.theta[-1, 0] == 800


def test_a_jump_of_the_force_is_rest(games):
    flow = gradient_flow(games.Sign(), [[0.7], [-2.0]], (0, 10), t_eval=[0.5, 10])
    assert (flow.status == 1).all() and "jump" in flow.message[0]
    assert flow.theta[:, 0, 0] == pytest.approx([0.2, -1.5], abs=1e-7)
    assert np.abs(flow.theta[:, 1, 0]).max() < 1e-6
    assert flow.rest_time == pytest.approx([0.7, 2.0], abs=1e-5)


def test_rest_beside_a_forbidden_state(games):
    """A linear shrinking a → 0, where a = 0 itself is not allowed."""

    class Shrink(games.Linear):
        class generator:
            @staticmethod
            def orientation(theta):
                return np.sign(theta[..., 0])

    flow = gradient_flow(Shrink(-np.eye(2)), [1.0, 1.0], (0, np.inf), rtol=1e-9)
    assert flow.status == 1 and 0 < flow.theta[-1, 0] < 1e-9


def test_examination_measures_what_the_linear_law_omits(games):
    game = games.Well()
    force = GuardedForce(game)
    y = np.array([[1.03, 0.0], [1 + 1e-7, 0.0], [0.5, 0.0]])
    now = examine(force, y, force.force(y, y), np.zeros(3), 1e-9, 1e-9)
    assert now.verdict.tolist() == [MOVING, REST, MOVING]
    later = examine(force, y[:1], force.force(y[:1], y[:1]), np.array([30.0]), 1e-9, 1e-9)
    law = later.landing
    assert later.verdict[0] == REST
    exact = game.exact(y[0], [30.0])
    assert law.at(np.array([[30.0]]))[0] == pytest.approx(exact, abs=1e-10)


def test_modes_of_mixed_stacks(games):
    stack = np.array(
        [[[-2.0, 1.0], [1.0, -3.0]], [[-1.0, 4.0], [-4.0, -1.0]], [[0.0, 1.0], [0, 0]]]
    )
    modes = Modes.of(stack)
    rebuilt = np.matmul(modes.vectors * modes.rates[:, None, :], modes.inverse)
    assert rebuilt == pytest.approx(stack, abs=1e-6)
    assert modes.stable.tolist() == [True, True, False]


def test_rates_of_stiff_rest_points():
    modes = Modes.of(np.stack([np.diag([-3e4, -1e-3, 0.0]), np.diag([-2.0, 5.0, -1.0])]))
    assert modes.fastest.tolist() == [3e4, 5.0]
    assert modes.slowest.tolist() == pytest.approx([1e-3, -5.0])
    assert modes.neutral.sum(axis=1).tolist() == [1, 0]
    assert modes.stable.tolist() == [True, False]


@pytest.mark.parametrize("unit", [1e-5, 1.0, 1e5])
def test_a_line_of_rest_points_in_any_unit(unit):
    """dθ/dt = (1 − xy)(y, x) with lengths in another unit comes to rest as early."""

    class Hyperbola:
        def force(self, theta):
            x, y = theta[..., 0] / unit, theta[..., 1] / unit
            return (1 - x * y)[..., None] * theta[..., ::-1]

        def jacobian(self, theta):
            x, y = theta[..., 0] / unit, theta[..., 1] / unit
            rest = 1 - x * y
            rows = [-y * y, rest - x * y, rest - x * y, -x * x]
            return np.stack(rows, axis=-1).reshape(*theta.shape, 2)

    flow = gradient_flow(
        Hyperbola(), np.array([3.0, 1.0]) * unit, (0, np.inf), rtol=1e-9, atol=1e-12 * unit
    )
    x, y = flow.theta[-1] / unit
    assert flow.status == 1 and x * y == pytest.approx(1, rel=1e-8)
    assert flow.rest_time == pytest.approx(2.2, abs=1.0) and flow.nfev < 430
