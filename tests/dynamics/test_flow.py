"""The gradient flow against closed forms: accuracy, independence of lanes, endings, bad input."""

import pickle
from dataclasses import fields

import numpy as np
import pytest

from gandyn.dynamics import gradient_flow, iterate
from gandyn.errors import InputError
from tests.sweeps import sweep

TIMES = [0, 0.1, 1, 2, 5, 10, 20, 50, 100, 200]


def starts(n, seed=7):
    rng = np.random.default_rng(seed)
    sign = rng.choice([-1.0, 1.0], n)
    return np.stack([sign * rng.uniform(0.05, 5, n), rng.uniform(-5, 5, n)], axis=-1)


def test_closed_form_at_tight_tolerance(games):
    game = games.Normals()
    start = starts(400)
    flow = gradient_flow(game, start, (0, 200), t_eval=TIMES, rtol=1e-10)
    assert flow.theta.shape == (400, 10, 2)
    assert np.abs(flow.theta - game.exact(start, TIMES)).max() < 1e-9
    assert flow.success.all() and (flow.status == 1).all()


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8, 1e-10, 1e-12])
def test_error_follows_the_tolerance(games, rtol):
    for game, start in ((games.Normals(), starts(50)), (games.Well(), 3 * starts(50) / 5)):
        flow = gradient_flow(game, start, (0, 20), t_eval=TIMES[:7], rtol=rtol, atol=rtol)
        exact = game.exact(start, TIMES[:7])
        error = np.abs(flow.theta - exact) / (1 + np.abs(exact))
        assert error.max() < 10 * rtol


def test_a_lane_does_not_depend_on_its_company(games):
    game = games.Well(stiffness=50.0)
    start = np.array([[0.01, 2.0], [3.0, -1.0], [-1e-6, 0.3], [1.0, 1e3], [0.5, 0.0]])
    together = gradient_flow(game, start, (0, 30), t_eval=[0.3, 3, 30])
    for i, one in enumerate(start):
        alone = gradient_flow(game, one, (0, 30), t_eval=[0.3, 3, 30])
        assert alone.theta == pytest.approx(together.theta[i], rel=1e-13, abs=1e-13)
        assert alone.nfev == pytest.approx(together.nfev[i], rel=0.1)


def test_a_hard_lane_is_not_diluted(games):
    game = games.Normals()
    easy = np.broadcast_to([2.0, 1.0], (500, 2))
    start = np.concatenate([easy, [[1e-3, 30.0]]])
    flow = gradient_flow(game, start, (0, 1), t_eval=[0.01, 1.0], rtol=1e-10)
    assert np.abs(flow.theta[-1] - game.exact(start[-1], [0.01, 1.0])).max() < 1e-8
    assert (flow.nfev[:-1] <= 6).all() and flow.nfev[-1] > 50


def test_blocks_are_refilled_without_trace(games, monkeypatch):
    start = starts(60)
    whole = gradient_flow(games.Normals(), start, (0, 40), t_eval=[1, 40])
    monkeypatch.setattr("gandyn.dynamics.lanes.BLOCK", 7)
    parts = gradient_flow(games.Normals(), start, (0, 40), t_eval=[1, 40])
    assert parts.theta == pytest.approx(whole.theta, rel=1e-11, abs=1e-13)
    assert (parts.status == whole.status).all()


def test_shapes(games):
    game = games.Normals()
    grid = starts(6).reshape(2, 3, 2)
    flow = gradient_flow(game, grid, (0, 3))
    assert flow.t.shape == (2, 3, 2) and flow.theta.shape == (2, 3, 2, 2)
    assert flow.potential.shape == (2, 3, 2) and flow.status.shape == flow.message.shape == (2, 3)
    assert flow.theta[..., 0, :] == pytest.approx(grid)
    assert flow.theta[..., 1, :] == pytest.approx(game.exact(grid, [3.0])[..., 0, :], rel=1e-8)
    none = gradient_flow(game, np.empty((0, 2)), (0, 3))
    assert none.theta.shape == (0, 2, 2)
    one = gradient_flow(game, [1.0, 0.5], (0, 3), t_eval=[3])
    assert one.theta.shape == (1, 2) and isinstance(one.nfev, int) and one.status == 0
    third = gradient_flow(games.Linear(-np.eye(3)), [1.0, 2.0, 3.0], (0, 1), t_eval=[1])
    assert third.theta[0] == pytest.approx(np.exp(-1) * np.array([1, 2, 3]), rel=1e-9)


def test_steps_of_a_single_start(games):
    game = games.Normals()
    flow = gradient_flow(game, [1.0, 0.5], (2, 30), rtol=1e-10)
    assert flow.t[0] == 2 and flow.t[-1] == 30 and (np.diff(flow.t) > 0).all()
    assert np.abs(flow.theta - game.exact([1.0, 0.5], flow.t - 2)).max() < 1e-9


@pytest.mark.parametrize("stiffness", [2.0, 300.0])
def test_the_potential_never_rises(games, stiffness):
    game = games.Well(stiffness)
    for start in 2 * starts(10):
        flow = gradient_flow(game, start, (0, 50))
        drop = np.diff(flow.potential)
        assert (drop <= 1e-13 * (1 + np.abs(flow.potential[:-1]))).all()


def test_samples_agree_with_direct_integration(games):
    game = games.Well()
    many = np.linspace(0, 4, 401)
    start = [0.02, 1.5]
    flow = gradient_flow(game, start, (0, 4), t_eval=many, rtol=1e-10)
    assert np.abs(flow.theta - game.exact(start, many)).max() < 1e-9
    direct = gradient_flow(game, start, (0, many[137]), rtol=1e-10)
    assert flow.theta[137] == pytest.approx(direct.theta[-1], rel=1e-9)


def test_time_translation(games):
    game = games.Well()
    late = gradient_flow(game, [0.1, 1.0], (100, 104), t_eval=[100, 102, 104])
    assert late.theta == pytest.approx(game.exact([0.1, 1.0], [0, 2, 4]), rel=1e-8)


def test_against_scipy(games):
    from scipy.integrate import solve_ivp

    game = games.Linear([[-0.3, 2.0], [-2.0, -0.1]])
    found = gradient_flow(game, [1.0, 2.0], (0, 8), t_eval=[2, 8], rtol=1e-11, atol=1e-13)
    reference = solve_ivp(
        lambda _, y: game.force(y), (0, 8), [1.0, 2.0], "DOP853", [2, 8], rtol=1e-13, atol=1e-14
    )
    assert found.theta == pytest.approx(reference.y.T, abs=1e-10)


def test_a_curved_stiff_valley_is_cheap_and_accurate(games):
    from scipy.integrate import solve_ivp

    game = games.Valley(1e6)
    flow = gradient_flow(game, [3.0, 2.0], (0, 5), t_eval=[1e-6, 1.0, 5.0], rtol=1e-9)
    assert flow.success and flow.nfev < 8000  # stability alone would ask for 1e7 evaluations
    t, x0 = np.array([1e-6, 1.0, 5.0]), 3.0
    x = solve_ivp(lambda _, x: -x / (1 + x**2), (0, 5), [x0], "DOP853", t, rtol=1e-13, atol=1e-14)
    exact = np.stack([x.y[0], np.sin(x.y[0]) + (2 - np.sin(3)) * np.exp(-1e6 * t)], axis=-1)
    assert np.abs(flow.theta - exact).max() < 1e-8


def test_stiff_lanes_do_not_slow_the_others(games):
    class Mixed:
        """Lanes of a third, frozen component: the steepness."""

        def force(self, theta):
            out = np.zeros_like(theta)
            out[..., :2] = games.Valley(theta[..., 2]).force(theta[..., :2])
            return out

        def jacobian(self, theta):
            out = np.zeros((*theta.shape, 3))
            out[..., :2, :2] = games.Valley(theta[..., 2]).jacobian(theta[..., :2])
            out[..., 1, 2] = -(theta[..., 1] - np.sin(theta[..., 0]))
            return out

    start = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1e5]])
    flow = gradient_flow(Mixed(), start, (0, 5), t_eval=[5.0])
    assert flow.success.all() and flow.nfev[0] < 700 < flow.nfev[1] < 9000
    assert flow.theta[0, 0, 0] == pytest.approx(flow.theta[1, 0, 0], rel=1e-8)


class Pressed:
    """Ctrl-C at the so-many-th call of the force of a game."""

    def __init__(self, game, at):
        self.game, self.left = game, at

    def force(self, theta):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return self.game.force(theta)


def test_an_interruption_goes_through_and_holds_what_there_is(games):
    game, starts = games.Normals(), [[1.0, 0.5], [2.0, 1.0]]
    with pytest.raises(KeyboardInterrupt) as caught:
        gradient_flow(Pressed(game, 60), starts, (0, 20), t_eval=[0.01, 20])
    flow = caught.value.flow
    assert flow.status.tolist() == [-1, 1] and not flow.success[0]
    assert flow.message[0].startswith("interrupted at t = ")
    assert flow.theta[0, 0] == pytest.approx(game.exact([1.0, 0.5], [0.01])[0], rel=1e-8)
    assert np.isnan(flow.theta[0, 1]).all() and np.isfinite(flow.theta[1]).all()


def test_an_interruption_ends_a_loop_of_flows(games):
    pressed = Pressed(games.Normals(), 60)
    with pytest.raises(KeyboardInterrupt) as caught:
        for start in starts(20):
            gradient_flow(pressed, start, (0, 20))
    assert pressed.left == 0
    assert (np.diff(caught.value.flow.t) > 0).all()


@pytest.mark.parametrize("t_eval", [None, [0.0, 0.2, 1.0, 1.01, 7.0, 30.0]])
@pytest.mark.parametrize("rtol", sweep([1e-4, 1e-8, 1e-11], lambda rtol: rtol == 1e-4))
def test_a_lone_lane_is_a_lane_of_a_stack(games, t_eval, rtol):
    for game in (games.Well(50.0), games.Normals(), games.Valley(1e3)):
        for start in np.abs(starts(8)):
            alone = gradient_flow(game, start, (0, 30), t_eval, rtol)
            pair = gradient_flow(game, [start, start], (0, 30), t_eval, rtol)
            assert alone.status == pair.status[0]
            away = (
                np.abs(alone.theta - pair.theta[0])
                if t_eval
                else (np.abs(alone.theta[-1] - pair.theta[0, -1]))
            )
            assert (away <= 5 * (1e-10 + rtol * np.abs(pair.theta[0]))).all()
            assert t_eval is None or alone.nfev == pytest.approx(pair.nfev[0], rel=0.1)


def test_results_travel():
    for flow in (
        gradient_flow(Cooling(), [2.0, 1.0], (0, 3), [1.0]),
        gradient_flow(Cooling(), starts(4), (0, 3)),
        iterate(Cooling(), [2.0, 1.0], [0.1, 0.2], 5),
    ):
        back = pickle.loads(pickle.dumps(flow))
        assert type(back) is type(flow) and isinstance(back.game, Cooling)
        for entry in fields(flow)[:-1]:
            np.testing.assert_array_equal(getattr(back, entry.name), getattr(flow, entry.name))
        np.testing.assert_array_equal(back.potential, flow.potential)


class Cooling:
    """A game that travels."""

    def force(self, theta):
        return -theta

    def potential(self, theta):
        return 0.5 * (theta**2).sum(axis=-1)


def test_spent_steps(games):
    flow = gradient_flow(games.Normals(), [1.0, 0.5], (0, 20), max_steps=3)
    assert flow.status == -1 and "raise max_steps" in flow.message
    assert len(flow.t) <= 4 and flow.t[-1] < 20


def test_a_singular_force_ends_as_stuck(games):
    class Collapse:
        """a falls to zero at t = 0.5 with an infinite slope: a² = 1 - 2t."""

        def force(self, theta):
            if (theta[..., 0] == 0).any():
                raise InputError("theta: got a = 0, must be non-zero")
            return np.stack([-1 / theta[..., 0], 0 * theta[..., 1]], axis=-1)

        def jacobian(self, theta):
            out = np.zeros((*theta.shape, 2))
            out[..., 0, 0] = theta[..., 0] ** -2
            return out

        class generator:
            @staticmethod
            def orientation(theta):
                return np.sign(theta[..., 0])

    flow = gradient_flow(Collapse(), [1.0, 0.5], (0, 2), t_eval=[0.25, 1], max_steps=2000)
    assert flow.status == -2 and "stuck at t = 0.5" in flow.message
    assert flow.theta[0, 0] == pytest.approx(np.sqrt(0.5), rel=1e-8)
    assert np.isnan(flow.theta[1]).all()


def test_a_start_without_a_force(games):
    class Partial(games.Linear):
        def force(self, theta):
            return np.where(theta > 5, np.inf, -theta)

    flow = gradient_flow(Partial(-np.eye(2)), [[6.0, 6.0], [1.0, 1.0]], (0, 1))
    assert flow.status.tolist() == [-2, 0] and "not finite" in flow.message[0]


def test_the_game_speaks_for_itself_about_a_start(games):
    with pytest.raises(InputError, match="a = 0"):
        gradient_flow(games.Normals(), [0.0, 0.5], (0, 1))


def test_progress_is_told(games):
    told = []
    gradient_flow(
        games.Normals(), starts(20), (0, 40), t_eval=[40], progress=lambda *said: told.append(said)
    )
    parts = [part for part, _ in told]
    assert parts[-1] == 1.0 and parts == sorted(parts) and parts[0] >= 0
    assert all(isinstance(text, str) for _, text in told)


def test_cost_is_counted(games):
    game = games.Normals()
    flow = gradient_flow(game, starts(20), (0, 40), t_eval=[1, 40])
    # The lanes turned down before the end of a step are evaluated, and counted, as well.
    assert flow.nfev.sum() == game.lanes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"theta0": 1.0}, r"theta0: got shape \(\)"),
        ({"theta0": [1.0, np.nan]}, "theta0: got nan, must be finite"),
        ({"theta0": ["a", 1]}, "theta0: got .*must be an array of numbers"),
        ({"t_span": (1, 0)}, r"t_span: got \(1, 0\)"),
        ({"t_span": (0, 0)}, "t_span"),
        ({"t_span": (0, np.nan)}, "t_span"),
        ({"t_span": 3}, "t_span: got 3, must be two times"),
        ({"t_eval": [0, 2]}, r"t_eval: got 2, must lie within t_span, \[0, 1\]"),
        ({"t_eval": [0.5, 0.5]}, "t_eval: .*increase"),
        ({"t_eval": [0.1, np.nan]}, "t_eval: got nan"),
        ({"t_eval": []}, r"t_eval: got shape \(0,\)"),
        ({"rtol": 0.0}, "rtol: got 0.0, must be a number from 1e-13 to below 1"),
        ({"rtol": 1e-14}, "rtol"),
        ({"rtol": np.nan}, "rtol"),
        ({"atol": 0.0}, "atol: got 0.0, must be a positive finite number"),
        ({"max_steps": 0}, "max_steps: got 0"),
    ],
)
def test_bad_input(games, change, words):
    arguments = {"theta0": [1.0, 0.5], "t_span": (0, 1)} | change
    with pytest.raises(InputError, match=words) as caught:
        gradient_flow(games.Normals(), **arguments)
    assert "\n" not in str(caught.value)


def test_what_a_stopped_flow_had_reached_is_kept(games):
    """Ctrl-C hands on each start's time and state by then, which lie on its flow."""
    game, start = games.Normals(), np.array([[1.0, 0.5], [3.0, -2.0]])
    calls = []

    def stop(share, words):
        calls.append(share)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        gradient_flow(game, start, (0.0, 50.0), progress=stop)
    found = stopped.value.flow
    assert (found.t[:, 1] > 0).all() and (found.t[:, 1] < 50).all()
    for k in range(2):
        exact = game.exact(start[k], [found.t[k, 1]])[0]
        assert found.theta[k, 1] == pytest.approx(exact, abs=1e-7)
        assert np.abs(found.theta[k, 1] - start[k]).max() > 0.01


def test_progress_is_the_share_of_the_time(games):
    shares = []
    gradient_flow(
        games.Valley(10.0), [2.0, 0.0], (40.0, 44.0), rtol=1e-10,
        progress=lambda share, words: shares.append(share),
    )  # fmt: skip
    assert shares == sorted(shares) and shares[0] < 0.3 and shares[-1] == pytest.approx(1.0)
    assert max(share for share in shares if share < 0.999) > 0.6
