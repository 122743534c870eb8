"""Charts of a force: accurate, made only where they can be, and without a trace in the flows."""

import numpy as np
import pytest

import gandyn
from gandyn.dynamics import chart, lanes
from gandyn.dynamics.chart import Chart
from tests.sweeps import sweep

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"
SKEW = "0.3*N(-1, 0.4) + 0.7*N(4, 1.5)"


def _states(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(0.3, 4.0, n), rng.uniform(-5.0, 5.0, n)], axis=-1)


def _asked(force, starts, share=1e-11, times=8):
    out = Chart(force, starts, share)
    for seed in range(times):
        out(_states(len(starts), seed))
    return out


@pytest.mark.parametrize("data", [TWO, SKEW])
@pytest.mark.parametrize("objective", ["nonsaturating", "saturating", "forward_kl"])
def test_a_chart_agrees_with_the_force(data, objective):
    game = gandyn.Game(gandyn.parse(data), objective=objective)
    field = _asked(game.force, _states(6000))
    theta = _states(2000, 99)
    before = field.charted
    error = np.abs(field(theta) - game.force(theta)).max(axis=1)
    assert field.charted - before > 1500
    # A lane's error is relative to the size of the force in its cell, at most 0.6 wide and high.
    near = np.clip(theta[:, None] + np.array([(0, 0), (0.2, 0), (0, 0.2)]), [0.1, -9], 9)
    size = np.abs(game.force(near)).max(axis=(1, 2))
    assert (error <= 1e-11 * np.maximum(size, 1e-4)).all()


def test_a_chart_of_a_force_that_varies_by_decades_is_accurate_where_it_is_small():
    def force(theta):
        return np.exp(-4 * theta[:, :1]) * np.stack([theta[:, 1], np.cos(theta[:, 1])], axis=-1)

    field = _asked(force, _states(4000))
    theta = _states(4000, 99)
    before = field.charted
    error = np.abs(field(theta) - force(theta)).max(axis=1)
    assert field.charted - before > 3000
    assert (error <= 2e-10 * np.abs(force(theta)).max(axis=1)).all()


@pytest.mark.parametrize("break_", [np.abs, np.sign, lambda b: np.maximum(b, 0) ** 3])
def test_no_chart_crosses_a_kink_or_a_jump(break_):
    place = 0.7313

    def force(theta):
        a, b = theta[:, 0], theta[:, 1]
        return np.stack([1 / a - a / 4, break_(b - place) - 0.3 * b], axis=-1)

    field = _asked(force, _states(4000), times=12)
    assert field.cells > 0
    charted = field._chart >= 0
    low = field._low[1] + field._unit[1] * (field._centre[:, 1] - field._half)[charted]
    high = field._low[1] + field._unit[1] * (field._centre[:, 1] + field._half)[charted]
    assert not ((low < place) & (place < high)).any()
    theta = _states(4000, 99)
    assert np.abs(field(theta) - force(theta)).max() < 1e-10


def test_what_is_not_finite_and_what_is_far_is_asked_of_the_force_itself():
    def force(theta):
        return np.where(theta[:, :1] < 1, np.nan, -theta)

    field = _asked(force, _states(4000))
    theta = np.concatenate([_states(3000, 99), [[1e9, 0.3], [2.0, -1e300], [2.0, 0.0]]])
    seen = field(theta)
    np.testing.assert_array_equal(np.isnan(seen), np.isnan(force(theta)))
    np.testing.assert_allclose(seen, force(theta), rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(seen[-3:], force(theta[-3:]))
    assert field.charted > 0


def test_the_number_of_cells_is_bounded():
    rng = np.random.default_rng(0)
    field = Chart(lambda theta: rng.normal(size=theta.shape), _states(1000), 1e-11)
    for seed in range(60):
        field(_states(20_000, seed))
    assert field.cells == 0
    assert len(field._half) <= chart._MOST


def test_both_signs_of_a_have_cells_of_their_own():
    def force(theta):
        a = np.where(theta[:, 0] == 0, np.nan, theta[:, 0])
        return np.stack([1 / a, -theta[:, 1]], axis=-1)

    starts = _states(4000) * np.where(np.arange(4000) % 3 == 0, -1, 1)[:, None]
    field = Chart(force, starts, 1e-11)
    for _ in range(20):
        field(starts)
    before = field.charted
    np.testing.assert_allclose(field(starts), force(starts), rtol=1e-10, atol=1e-10)
    assert field.charted - before > 3000
    assert field._low[0] + field._unit[0] * 2 ** (chart._DEPTH - 1) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("data", [TWO, pytest.param(SKEW, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize(
    "objective",
    sweep(["nonsaturating", "saturating", "forward_kl"], lambda name: name == "nonsaturating"),
)
@pytest.mark.exhaustive
def test_flows_of_a_big_stack_are_those_without_a_chart(data, objective, monkeypatch):
    game = gandyn.Game(gandyn.parse(data), objective=objective)
    starts = _states(1500, 3)
    times = [1.0, 5.0, 20.0, np.inf]
    made = []
    monkeypatch.setattr(chart.Chart, "__init__", _noting(made, chart.Chart.__init__))
    by_chart = gandyn.gradient_flow(game, starts, (0, np.inf), t_eval=times)
    assert [one.charted > 0.4 * one.asked for one in made] == [True]
    monkeypatch.setattr(lanes, "LEAST_LANES", 10**9)
    alone = gandyn.gradient_flow(game, starts[::15], (0, np.inf), t_eval=times)
    assert len(made) == 1
    assert np.abs(by_chart.theta[::15] - alone.theta).max() < 1e-9
    np.testing.assert_array_equal(by_chart.status[::15], alone.status)
    np.testing.assert_allclose(by_chart.rest_time[::15], alone.rest_time, rtol=1e-4)


def test_small_stacks_strict_tolerances_and_other_dimensions_are_not_charted(games, monkeypatch):
    def refuse(*_):
        raise AssertionError("charted")

    monkeypatch.setattr(chart.Chart, "__init__", refuse)
    game = games.Normals()
    gandyn.gradient_flow(game, _states(chart.LEAST_LANES - 1), (0, 1))
    gandyn.gradient_flow(game, _states(chart.LEAST_LANES), (0, 1), rtol=1e-10)
    gandyn.gradient_flow(game, _states(chart.LEAST_LANES), (0, 1), atol=1e-14)
    line = games.Linear([[-1.0]])
    gandyn.gradient_flow(line, np.ones((chart.LEAST_LANES, 1)), (0, 1))
    with pytest.raises(AssertionError, match="charted"):
        gandyn.gradient_flow(game, _states(chart.LEAST_LANES), (0, 1))


@pytest.mark.exhaustive
def test_lanes_held_at_a_saddle_by_symmetry_stay_there():
    game = gandyn.Game(gandyn.parse(TWO))
    starts = _states(1500, 5)
    starts[::3, 1] = 0.0
    flow = gandyn.gradient_flow(game, starts, (0, np.inf))
    alone = gandyn.gradient_flow(game, starts[:30:3], (0, np.inf))
    np.testing.assert_allclose(flow.theta[:30:3, -1], alone.theta[:, -1], atol=1e-9)
    np.testing.assert_array_equal(flow.message[0].split(",")[-1], alone.message[0].split(",")[-1])
    assert np.ptp(flow.theta[::3, -1, 1]) == pytest.approx(np.ptp(alone.theta[:, -1, 1]), abs=1e-9)


def test_a_stack_at_a_continuum_of_rest_points_agrees_with_lanes_alone():
    class Ring:
        def force(self, theta):
            return theta * (1 - np.square(theta).sum(axis=-1, keepdims=True))

    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 1200)
    starts = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * 0.7
    flow = gandyn.gradient_flow(Ring(), starts, (0, np.inf))
    assert flow.success.all()
    assert np.abs(flow.theta[:, -1] - starts / 0.7).max() < 1e-7


def _noting(made, init):
    def wrapped(self, *arguments):
        init(self, *arguments)
        made.append(self)

    return wrapped


def test_cells_tile_the_box():
    """Every place belongs to the cell that lies over it, halved where the force has a kink."""

    def force(theta):
        a, b = theta[:, 0], theta[:, 1]
        return np.stack([1 / a - a / 4, np.abs(b - 0.7313)], axis=-1)

    field = _asked(force, _states(4000), times=12)
    side = 2**chart._DEPTH
    i, j = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    over = field._cell[:side, :side]
    assert (np.unique(field._half) <= 8.0).all() and len(np.unique(field._half)) > 2
    for place, k in ((i, 0), (j, 1)):
        assert (np.abs(place + 0.5 - field._centre[over, k]) < field._half[over]).all()
    # what was split is covered by its quarters
    split = (field._chart[over] == chart._DIRECT) & (field._half[over] > 0.5)
    assert not split.any()
