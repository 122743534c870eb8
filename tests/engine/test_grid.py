"""The fast grid: right where it says so, left to the panels where it does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gandyn
from gandyn import Game, LinearGenerator, Mixture, Normal

OBJECTIVES = ["saturating", "nonsaturating", "reverse_kl", "forward_kl", "jeffreys", "hellinger"]
TWO = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
settled = settings(max_examples=30, deadline=None, derandomize=True)


def by_panels(game, states):
    force, error, *_ = game._force_with_error(np.atleast_2d(states))
    return force, error


def check(game, states, accuracy=1e-10):
    """Each component within 1e-10, or within what a double can tell beside the other."""
    fast = game.force(states)
    exact, error = by_panels(game, states)
    partner = np.abs(exact).max(axis=1, keepdims=True)
    allowed = np.maximum(accuracy * np.abs(exact), 1e-12 * partner) + 3 * error
    bad = np.abs(fast - exact) > allowed
    assert not bad.any(), (np.asarray(states)[bad.any(axis=1)][:3], (fast - exact)[bad][:3])


means = st.floats(-6, 6)
widths = st.floats(-2, 1).map(lambda k: 10.0**k)


@st.composite
def mixtures(draw):
    count = draw(st.integers(1, 5))
    weights = [draw(st.floats(0.05, 1)) for _ in range(count)]
    total = sum(weights)
    parts = [Normal(draw(means), draw(widths)) for _ in range(count)]
    return Mixture([w / total for w in weights], parts)


states = st.lists(
    st.tuples(st.floats(-2, 2), means, st.booleans()).map(
        lambda t: ((1 if t[2] else -1) * 10.0 ** t[0], t[1])
    ),
    min_size=1,
    max_size=6,
)


@settled
@given(mixtures(), states, st.sampled_from(OBJECTIVES))
def test_against_panels(data, theta, name):
    check(Game(data, objective=name), np.array(theta))


@settled
@given(states, st.sampled_from(OBJECTIVES), st.floats(-3, 3), widths)
def test_latents_with_mean_and_width(theta, name, mean, std):
    check(Game(TWO, LinearGenerator(Normal(mean, std)), name), np.array(theta))


@pytest.mark.parametrize(
    "text", ["Logistic(1, 0.5)", "T(4, -1, 0.3)", "0.5*T(3, 2, 1) + 0.5*N(-2, .1)"]
)
def test_data_that_are_not_normal(text):
    rng = np.random.default_rng(3)
    theta = np.stack([10.0 ** rng.uniform(-1.5, 1.5, 40), rng.uniform(-5, 5, 40)], axis=1)
    for name in OBJECTIVES:
        check(Game(gandyn.parse(text), objective=name), theta)


def test_a_flag_is_kept():
    """What the grid itself calls good is good, over a wide sweep of states."""
    rng = np.random.default_rng(8)
    theta = np.stack(
        [10.0 ** rng.uniform(-2, 2, 300) * rng.choice([-1, 1], 300), rng.uniform(-9, 9, 300)],
        axis=1,
    )
    for text in ("0.5*N(-3, 1) + 0.5*N(3, 1)", "0.3*N(-1, 0.01) + 0.7*N(4, 1.5)", "N(0, 1)"):
        game = Game(gandyn.parse(text))
        force, good, clean, _ = game._grid.force(theta[:, 0], theta[:, 1])
        good &= clean
        assert good.mean() > 0.2
        exact, error = by_panels(game, theta[good])
        partner = np.abs(exact).max(axis=1, keepdims=True)
        allowed = np.maximum(1e-10 * np.abs(exact), 1e-12 * partner) + 3 * error
        assert (np.abs(force[good] - exact) <= allowed).all(), text


def test_stack_equals_single():
    rng = np.random.default_rng(4)
    theta = np.stack([10.0 ** rng.uniform(-1, 1, 60), rng.uniform(-5, 5, 60)], axis=1)
    for name in OBJECTIVES:
        game = Game(TWO, objective=name)
        together = game.force(theta)
        alone = np.array([game.force(row) for row in theta])
        size = np.abs(together).max(axis=1, keepdims=True)
        assert (np.abs(together - alone) <= 1e-12 * size + 1e-300).all()


def test_order_does_not_matter():
    rng = np.random.default_rng(5)
    theta = np.stack([10.0 ** rng.uniform(-1, 1, 200), rng.uniform(-5, 5, 200)], axis=1)
    shuffle = rng.permutation(200)
    game = Game(TWO)
    one, other = game.force(theta)[shuffle], game.force(theta[shuffle])
    assert np.abs(one - other).max() <= 1e-12 * np.abs(one).max()


def test_nodes_for_two_unit_modes():
    rng = np.random.default_rng(6)
    theta = np.stack([rng.uniform(0.5, 3.5, 10_000), rng.uniform(-4, 4, 10_000)], axis=1)
    game = Game(TWO)
    nodes = game.force_nodes(theta)
    assert nodes.shape == (10_000,)
    assert nodes.mean() <= 400
    assert (nodes > 20).all()


def test_not_used_where_it_does_not_hold():
    flat = gandyn.Uniform(-1, 1)
    for game in (
        Game(flat),
        Game(gandyn.Laplace(0, 1)),
        Game(TWO, LinearGenerator(flat)),
        Game(TWO, objective="wasserstein1"),
        Game(TWO, objective="mse"),
        Game(TWO, objective=gandyn.FDivergence(np.ones_like)),
    ):
        theta = np.array([1.2, 0.3])
        assert game._grid is None
        assert game.force(theta) == pytest.approx(by_panels(game, theta)[0][0], rel=1e-15)
        assert game.force_nodes(theta) > 100


def test_what_it_does_not_reach_is_no_number():
    force, good, _, nodes = Game(TWO)._grid.force(np.array([1.0, 1.0]), np.array([0.5, 1e9]))
    assert good.tolist() == [True, False]
    assert np.isfinite(force[0]).all() and np.isnan(force[1]).all()
    assert nodes[1] == 0


@pytest.mark.parametrize("name", OBJECTIVES)
def test_far_from_the_data(name):
    """Forces of 1e-50 have a sign and digits."""
    states = np.array([[1.0, 40.0], [0.5, -60.0], [1.0, 25.0], [3.0, 300.0]])
    check(Game(TWO, objective=name), states)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_next_to_equality(name):
    data = Normal(2, 3)
    for size in (1e-3, 1e-6, 1e-9):
        states = np.array([[3 * (1 + size), 2 + size], [3 * (1 - size), 2.0], [3.0, 2 - size]])
        check(Game(data, objective=name), states)
