"""Replicas beside the flow: one clock, one path, bands, ends and crossings."""

import pickle
from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

import gandyn
from gandyn import MLP, SGD, Adam, InputError, Settings
from gandyn.montecarlo.comparison import _unfolded as unfolded
from tests.sweeps import sweep

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"


def game_of(text, objective="nonsaturating"):
    return gandyn.Game(gandyn.parse(text), objective=objective)


def optimal(**changes):
    plain = {
        "discriminator": "optimal",
        "generator_optimizer": SGD(0.02),
        "batch": 64,
        "steps": 200,
        "record_every": 20,
        "snapshots": 0,
        "dtype": "float64",
    }
    return Settings(**(plain | changes))


@pytest.fixture(scope="module")
def one():
    game = game_of("N(4, 1.25)")
    return game, gandyn.compare(game, optimal(), 0, 32)


def test_one_clock(one):
    game, found = one
    assert found.one_clock
    assert found.time == pytest.approx(0.02 * np.arange(0, 201, 20))
    flow = gandyn.gradient_flow(game, (1.0, 0.0), (0.0, 4.0), found.time)
    assert found.flow == pytest.approx(flow.theta, abs=1e-8)
    theta = np.abs(found.training.theta * [1, 0]) + found.training.theta * [0, 1]
    assert found.deviation == pytest.approx(np.linalg.norm(theta - found.flow, axis=2))
    assert found.mean == pytest.approx(theta.mean(axis=0))
    # Student's t with 31 degrees of freedom
    expected = 2.0395134463964077 * theta.std(axis=0, ddof=1) / np.sqrt(32)
    assert found.half_width == pytest.approx(expected)
    assert found.deviation_mean == pytest.approx(found.deviation.mean(axis=0))


def test_the_mean_is_the_flow_but_for_the_finite_step(one):
    """Half the rate times half the acceleration: what explicit Euler is ahead of the flow."""
    game, found = one
    euler = gandyn.iterate(game, (1.0, 0.0), 0.02, 200).theta[::20]
    away = np.abs(found.mean - euler)[1:]
    assert (away < 2.0 * found.half_width[1:] + 2e-3).all()
    assert found.deviation_mean[1:].max() < 0.06


def test_ends_of_one_normal(one):
    _, found = one
    assert len(found.attractors) == 1 and found.flow_end == 0
    assert (found.ends == 0).all() and not found.crossed.any()
    share, low, high = found.crossed_fraction
    # Clopper and Pearson for 0 of 32: 1 − 0.025^(1/32)
    assert (share, low) == (0.0, 0.0) and high == pytest.approx(1.0 - 0.025 ** (1 / 32))


def test_basins_of_both_modes():
    game = game_of(TWO)
    for start, name in (((1.0, 0.5), "averages all modes"), ((1.0, -2.0), "collapsed onto mode 1")):
        found = gandyn.compare(game, optimal(start=start), 0, 4)
        assert name in found.attractors[found.flow_end].name
        assert (found.ends == found.flow_end).all()
        assert found.path[0] == pytest.approx(start)
        assert found.path[-1] == pytest.approx(found.flow[-1], abs=1e-6)


def test_noise_carries_replicas_over_a_barrier():
    """From beside the separatrix, with minibatches of 2 and a long step, some cross."""
    game = game_of(TWO)
    settings = optimal(start=(1.0, 1.02), batch=2, generator_optimizer=SGD(0.1), steps=100)
    found = gandyn.compare(game, settings, 0, 48)
    share, low, high = found.crossed_fraction
    assert 0.05 < share < 0.95 and low < share < high
    assert (found.crossed == ((found.ends != found.flow_end) & (found.ends >= 0))).all()
    assert share == pytest.approx(found.crossed.sum() / (found.ends >= 0).sum())


def test_other_optimizers_share_a_path():
    """Adam at a small rate goes its own way: the distance is to the nearest point of the path."""
    game = game_of("N(4, 1.25)")
    settings = optimal(generator_optimizer=Adam(0.02), steps=100)
    found = gandyn.compare(game, settings, 0, 4)
    assert not found.one_clock and np.isnan(found.flow).all()
    theta = found.training.theta
    fine = np.stack(
        [np.interp(np.linspace(0, 399, 40_000), np.arange(400), c) for c in found.path.T], axis=1
    )
    brute = np.array(
        [[np.linalg.norm(fine - state, axis=1).min() for state in row] for row in theta]
    )
    assert found.deviation == pytest.approx(brute, abs=2e-4)
    assert found.deviation[:, 0] == pytest.approx(0.0, abs=1e-9)
    assert found.path[-1] == pytest.approx(found.attractors[0].theta, abs=1e-3)


def test_a_learned_discriminator():
    game = game_of("N(4, 1.25)")
    settings = optimal(discriminator=MLP((16, 16)), steps=100, dtype="float32")
    found = gandyn.compare(game, settings, 0, 3)
    assert (found.training.value_gap >= 0).all() and found.deviation_mean[-1] > 0
    assert np.isfinite(found.training.force_ratio).all()


def test_an_optimal_discriminator_has_no_gap(one):
    game, found = one
    run = found.training
    assert (run.value_gap == 0).all()
    assert run.force_ratio == pytest.approx(1.0) and np.abs(run.force_angle).max() < 1e-12
    jsd = game.evaluate(run.theta).jsd
    assert run.jsd == pytest.approx(jsd, rel=1e-8, abs=1e-13)
    assert run.value == pytest.approx(2 * jsd - 2 * np.log(2), abs=1e-10)


def test_other_objectives_with_the_optimal_discriminator():
    game = game_of("N(4, 1.25)", "reverse_kl")
    found = gandyn.compare(game, optimal(), 0, 8)
    assert found.deviation_mean.max() < 0.3


def test_every_objective_has_a_plan_by_default(monkeypatch):
    game = game_of("N(1, 0.5)", "mse")
    found = gandyn.compare(game, replicas=2)
    assert found.one_clock and found.training.plan.discriminator == "optimal"
    assert found.success.all() and found.status.tolist() == [0, 0]
    assert found.message == "1000 of 1000 steps"


LAWS = {"Student": gandyn.from_scipy(stats.t(7)), "Gumbel": gandyn.from_scipy(stats.gumbel_r())}


@pytest.mark.parametrize("name", sweep(LAWS, lambda name: name == "Student"))
def test_latents_without_a_text(name):
    generator = gandyn.LinearGenerator(LAWS[name])
    game = gandyn.Game(gandyn.parse("N(1, 1.5)"), generator, "reverse_kl")
    plan = optimal(start=(1.0, -1.0), generator_optimizer=SGD(0.01), steps=20, record_every=10)
    found = gandyn.compare(game, plan, 0, 8)
    flow = gandyn.gradient_flow(game, (1.0, -1.0), (0.0, 0.2), found.time)
    assert found.flow == pytest.approx(flow.theta, abs=1e-7)
    assert (found.deviation_mean[1:] < 0.2).all()


def test_states_beyond_zero_are_those_of_equal_densities():
    law = gandyn.parse("0.5*N(-1, 1) + 0.5*N(3, 1)")  # symmetric about 1
    generator = gandyn.LinearGenerator(law)
    theta = np.array([[[-1.5, 0.3], [0.7, 1.0], [np.nan, np.nan]]])
    turned = unfolded(theta, law)
    assert (turned[0, 1:] == theta[0, 1:]).sum() == 2 and turned[0, 0] == pytest.approx([1.5, -2.7])
    x = np.linspace(-5, 5, 11)
    one, other = (generator.pushforward(state).logpdf(x) for state in (theta[0, 0], turned[0, 0]))
    assert one == pytest.approx(other)
    skewed = gandyn.parse("0.4*N(-1, 1) + 0.6*N(3, 1)")
    assert np.array_equal(unfolded(theta, skewed), theta, equal_nan=True)


def test_pickled(one):
    again = pickle.loads(pickle.dumps(one[1]))
    for field in fields(again):
        mine, theirs = getattr(one[1], field.name), getattr(again, field.name)
        if isinstance(mine, np.ndarray):
            assert np.array_equal(mine, theirs, equal_nan=True), field.name
    assert again.crossed_fraction == one[1].crossed_fraction
    assert again.attractors[0].theta == pytest.approx(one[1].attractors[0].theta, abs=0)


@pytest.mark.parametrize(
    "game, plan, words",
    [
        (game_of("N(0, 1)"), optimal(start=(-1.0, 0.0)), r"start: got \(-1.0, 0.0\), must have a"),
        (game_of("N(0, 1)"), 3, "plan: got 3, must be Settings"),
        (game_of("N(0, 1)", "mse"), Settings(), "discriminator: got an MLP for the objective"),
        (gandyn.Game(gandyn.Normal(0, 1), gandyn.MLPGenerator((4,))), None, "game: got <Game N"),
        (3, None, "game: got 3"),
    ],
)
def test_bad_input(game, plan, words):
    with pytest.raises(InputError, match=words) as caught:
        gandyn.compare(game, plan)
    assert "\n" not in str(caught.value)
