"""The finite steps of Algorithm 1: what they do, and when they are too long."""

import numpy as np
import pytest

from gandyn.dynamics import (
    Iteration,
    gradient_flow,
    iterate,
    stability_limit,
)
from gandyn.errors import InputError


def test_one_step_is_one_step(games):
    game = games.Normals()
    run = iterate(game, [1.0, 0.5], 0.1, 2)
    first = np.array([1.0, 0.5]) + 0.1 * game.force(np.array([1.0, 0.5]))
    assert run.theta.shape == (3, 2) and run.success and run.status == 0
    assert run.theta[1] == pytest.approx(first)
    assert run.theta[2] == pytest.approx(first + 0.1 * game.force(first))
    assert run.potential == pytest.approx(game.potential(run.theta))


def test_short_steps_follow_the_flow_to_first_order(games):
    game = games.Normals()
    exact = game.exact([1.0, 0.5], [1.0])[0]
    errors = [
        np.abs(iterate(game, [1.0, 0.5], 1 / n, n).theta[-1] - exact).max() for n in (100, 200, 400)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.05)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.05)


def test_stacks_and_steps_broadcast(games):
    game = games.Normals()
    steps = np.array([0.1, 0.5, 1.0])
    run = iterate(game, [1.0, 0.5], steps, 7)
    assert run.theta.shape == (3, 8, 2) and run.descended.shape == (3, 7)
    for i, step in enumerate(steps):
        assert run.theta[i] == pytest.approx(iterate(game, [1.0, 0.5], step, 7).theta)
    starts = np.array([[[1.0, 0.5]], [[3.0, 2.0]]])
    assert iterate(game, starts, steps, 4).theta.shape == (2, 3, 5, 2)
    assert iterate(game, [1.0, 0.5], 0.1, 0).theta.shape == (1, 2)


def test_beyond_the_limit_the_iteration_oscillates(games):
    game = games.Well()
    limit = stability_limit(game, [1.0, 0.0])
    assert limit == 1.0
    start = [1.0 + 1e-3, 1e-3]
    below = iterate(game, start, 0.9 * limit, 300)
    assert below.theta[-1] == pytest.approx([1, 0], abs=1e-12) and below.descended.all()
    above = iterate(game, start, 1.1 * limit, 300)
    x = above.theta[:, 0]
    assert x[-1] == pytest.approx(x[-3], abs=1e-9) and abs(x[-1] - x[-2]) > 0.1  # period two
    assert not above.descended.all()


def test_limit_of_saddles_spirals_and_stacks(games):
    game = games.Well()
    assert stability_limit(game, [[1.0, 0.0], [0.0, 0.0]]).tolist() == [1.0, 0.0]
    spiral = games.Linear([[-1.0, 3.0], [-3.0, -1.0]])
    limit = stability_limit(spiral, [0.0, 0.0])
    assert limit == pytest.approx(0.2)
    for factor, rests in ((0.95, True), (1.05, False)):
        last = iterate(spiral, [1.0, 0.0], factor * limit, 200).theta[-1]
        assert (np.abs(last).max() < 1) == rests


def test_a_refused_state_ends_its_lane_only(games):
    class Bounded(games.Normals):
        def _check(self, theta):
            super()._check(theta)
            if (theta[..., 1] > 3).any():
                raise InputError("theta: got b > 3")

    run = iterate(Bounded(), [1.0, 0.5], [0.1, 30.0], 5)
    assert run.status.tolist() == [0, -2] and run.success.tolist() == [True, False]
    assert np.isfinite(run.theta[0]).all() and np.isnan(run.theta[1, 1:]).all()
    assert "shorten step" in run.message[1]


def test_a_finite_step_may_jump_across_zero(games):
    game = games.Normals()
    run = iterate(game, [6.0, 1.0], 9.0, 1)
    assert run.success and run.theta[-1, 0] < 0


def test_the_flow_is_what_short_steps_tend_to(games):
    game = games.Well()
    flow = gradient_flow(game, [0.3, 1.0], (0, 1), t_eval=[1.0])
    run = iterate(game, [0.3, 1.0], 1e-4, 10_000)
    assert run.theta[-1] == pytest.approx(flow.theta[0], abs=2e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step": 0.0}, "step: got 0, must be a positive finite number"),
        ({"step": [0.1, np.nan]}, "step: got nan"),
        ({"n": -1}, "n: got -1"),
        ({"n": 1.5}, "n: got 1.5"),
        ({"theta0": [np.inf, 1.0]}, "theta0: got inf"),
        ({"theta0": [[1.0, 1.0]] * 2, "step": [1.0, 1.0, 1.0]}, "step: got shape"),
        ({"theta0": [0.0, 1.0]}, "a = 0"),
    ],
)
def test_bad_input(games, change, words):
    arguments = {"theta0": [1.0, 0.5], "step": 0.1, "n": 3} | change
    with pytest.raises(InputError, match=words):
        iterate(games.Normals(), **arguments)


def test_a_step_that_rounding_makes_neither_descends_nor_rises():
    """The potential of what moves by its last digits is rounding: that step counts as lower."""

    class Noisy:
        def potential(self, theta):
            return np.arange(theta.shape[-2], dtype=float)

    theta = np.array([[1.0, 0.0], [1.0 + 4e-16, 0.0], [1.0 + 1e-13, 0.0]])
    run = Iteration(theta, np.float64(0.1), True, 0, "", Noisy())
    assert run.descended.tolist() == [True, False]
