"""The fast grid: right where it says so, left to the panels where it does not."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import gandyn
from gandyn import Game, LinearGenerator, Mixture, Normal
from gandyn.engine import Integrals
from gandyn.engine.grid import GridEngine
from gandyn.engine.panels import PanelEngine

OBJECTIVES = ["saturating", "nonsaturating", "reverse_kl", "forward_kl", "jeffreys", "hellinger"]
TWO = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
settled = settings(max_examples=30, deadline=None, derandomize=True)


def by_panels(game, states):
    found = panels_of(game).force(np.atleast_2d(states))
    return found.value.T, found.error.T


def panels_of(game):
    return PanelEngine(game.data, game.generator, game.objective)


def on_grid(monkeypatch, game, states):
    """Force of the states that the grid does by itself, and which they are."""
    engine = game.engine
    assert engine.name == "grid"
    left = []
    monkeypatch.setattr(
        Integrals, "mended", lambda found, bad, theta, ask: left.extend(bad.tolist()) or found
    )
    force = engine.force(states).value.T
    good = np.ones(len(states), bool)
    good[left] = False
    return force, good


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


def test_a_flag_is_kept(monkeypatch):
    """What the grid itself calls good is good, over a wide sweep of states."""
    rng = np.random.default_rng(8)
    theta = np.stack(
        [10.0 ** rng.uniform(-2, 2, 300) * rng.choice([-1, 1], 300), rng.uniform(-9, 9, 300)],
        axis=1,
    )
    for text in ("0.5*N(-3, 1) + 0.5*N(3, 1)", "0.3*N(-1, 0.01) + 0.7*N(4, 1.5)", "N(0, 1)"):
        game = Game(gandyn.parse(text))
        force, good = on_grid(monkeypatch, game, theta)
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
    nodes = game.engine.force(theta).nodes
    assert nodes.shape == (10_000,)
    assert nodes.mean() <= 400
    assert (nodes > 20).all()


def test_not_used_where_it_does_not_hold():
    arcsine = gandyn.from_scipy(scipy.stats.arcsine())
    for game in (
        Game(arcsine),
        Game(TWO, LinearGenerator(gandyn.Laplace(0, 1))),
        Game(TWO, gandyn.MLPGenerator((2,))),
    ):
        theta = np.full(game.generator.dimension, 0.7)
        assert game.engine.name == "panels"
        assert game.force(theta) == pytest.approx(by_panels(game, theta)[0][0], rel=1e-15)
        assert game.engine.force(theta[None]).nodes > 100


def test_what_it_does_not_reach_is_no_number(monkeypatch):
    theta = np.array([[1.0, 0.5], [1.0, 1e9]])
    force, good = on_grid(monkeypatch, Game(TWO), theta)
    assert good.tolist() == [True, False]
    assert np.isfinite(force[0]).all() and np.isnan(force[1]).all()


SMOOTH = {
    "Logistic": gandyn.Logistic(0, 1),
    "Student": gandyn.StudentT(3),
    "mixture": gandyn.parse("0.3*N(-1, 0.5) + 0.7*N(0.5, 1)"),
    "wrapped": gandyn.from_scipy(scipy.stats.gumbel_r()),
}
DATA = {
    "Laplace": gandyn.Laplace(0.5, 1),
    "uniform": gandyn.Uniform(-2, 1),
    "kinks": gandyn.parse("0.5*Laplace(-3, 1) + 0.5*N(3, 0.5)"),
    "exponential": gandyn.from_scipy(scipy.stats.expon(-1.0)),
    "families": gandyn.parse("0.4*Logistic(-3, .6) + 0.6*T(4, 2, 1)"),
    "samples": gandyn.from_samples(TWO.sample(300, 1)),
}
GAMES = [
    *(
        Game(TWO, LinearGenerator(latent), name)
        for latent in SMOOTH.values()
        for name in OBJECTIVES
    ),
    *(Game(data, objective=name) for data in DATA.values() for name in OBJECTIVES),
    *(Game(TWO, objective=f"alpha({a})") for a in (-2, -0.3, 0.3, 0.5, 1.7, 3)),
    *(Game(TWO, objective=name) for name in ("pearson", "neyman")),
]


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_every_smooth_game(game):
    rng = np.random.default_rng(7)
    theta = np.stack([rng.uniform(0.3, 4, 24), rng.uniform(-4, 4, 24)], axis=1)
    theta[::5, 0] *= -1
    assert game.engine.name == "grid"
    with np.errstate(invalid="ignore"):
        exact, error = by_panels(game, theta)
    found = game.engine.force(theta)
    fast = found.value.T
    endless = ~np.isfinite(fast)
    assert (endless >= ~np.isfinite(exact)).all()
    partner = np.abs(np.where(endless, 0, exact)).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        allowed = np.maximum(1e-10 * np.abs(exact), 1e-12 * partner) + 3 * error
    fast, exact, allowed = fast[~endless], exact[~endless], allowed[~endless]
    assert (np.abs(fast - exact) <= allowed).all()


@pytest.mark.parametrize("name", [*OBJECTIVES, "pearson", "alpha(-0.3)"])
@pytest.mark.parametrize(
    "text", ["0.5*N(-3, 1) + 0.5*N(3, 1)", "N(0, 0.2)", "Logistic(1, 1)", "T(3, 0, 1)"]
)
def test_bounded_latents(text, name):
    theta = np.random.default_rng(1).uniform([0.3, -4], [4, 4], (16, 2))
    theta[::5, 0] *= -1
    for latent in (gandyn.Uniform(-1.7, 1.7), gandyn.Uniform(0.5, 2)):
        game = Game(gandyn.parse(text), LinearGenerator(latent), name)
        assert "on the latent's interval" in repr(game)
        check(game, theta)


@pytest.mark.parametrize("k", [-2, -1, -0.3, 1.7, 2, 3])
def test_the_tails_say_what_is_infinite(k):
    """p^k q^(1 − k) between unit modes falls off where k + (1 − k)/a² is above 0."""
    rng = np.random.default_rng(7)
    theta = np.stack([rng.uniform(0.3, 4, 200), rng.uniform(-4, 4, 200)], axis=1)
    theta[::5, 0] *= -1
    force = Game(TWO, objective=f"alpha({k})").force(theta)
    endless = k + (1 - k) / theta[:, 0] ** 2 < 0
    assert 0.05 < endless.mean() < 0.9
    far = k + (1 - k) / theta[:, 0] ** 2 > 0.2  # nearer it overflows
    assert np.isfinite(force[far]).all()
    # both tails push a the same way, and b to and fro
    assert np.isnan(force[endless, 1]).all()
    sign = np.sign(theta[endless, 0]) * np.sign(k)
    assert np.array_equal(force[endless, 0], sign * np.inf)


def test_what_no_double_holds_is_infinite():
    """Between N(0, 1) and N(b, a²), ∫p²/q = a²/√c e^(b²/c) with c = 2a² − 1."""
    rng = np.random.default_rng(3)
    c, b = 10.0 ** rng.uniform(-3.5, -1.0, 300), rng.uniform(-4.0, 4.0, 300)
    a = np.sqrt(0.5 * (1.0 + c)) * rng.choice([-1.0, 1.0], 300)
    c = (2.0 * a * a) - 1.0
    factor = np.stack([2.0 / a - 2.0 * a / c - 4.0 * a * b * b / c**2, 2.0 * b / c])
    log_size = np.log(np.abs(factor)) + np.log(a * a) - 0.5 * np.log(c) + b * b / c
    found = Game(gandyn.Normal(0, 1), objective="pearson").engine.force(np.stack([a, b], axis=1))
    assert found.converged.all()
    over, under = (log_size > 710.0).all(axis=0), (log_size < 700.0).all(axis=0)
    assert over.sum() > 50 < under.sum()
    assert np.array_equal(found.value[:, over], -np.sign(factor[:, over]) * np.inf)
    exact = -np.sign(factor) * np.exp(np.where(under, log_size, 0.0))
    rounding = 1e-15 * (1.0 + b * b) / c**2 * np.abs(exact)  # that of c, and of what cancels
    assert (np.abs(found.value - exact) <= found.error + rounding)[:, under].all()
    assert (found.error <= 1e-10 * np.abs(exact) + 100.0 * rounding)[:, under].all()


def test_a_weight_alone_is_as_good_as_a_row():
    theta = np.random.default_rng(0).uniform([0.3, -4], [4, 4], (50, 2))
    for name in OBJECTIVES:
        row = gandyn.objective(name)
        bare = Game(TWO, objective=gandyn.FDivergence(row.weight))
        assert bare.engine.name == "grid"
        assert bare.force(theta) == pytest.approx(Game(TWO, objective=row).force(theta), rel=1e-9)


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


@pytest.mark.parametrize("name", ["pearson", "neyman", "saturating", "jeffreys"])
def test_bounded_latents_have_their_own_jacobian(name):
    rng = np.random.default_rng(2)
    theta = np.stack([rng.uniform(0.5, 2.0, 20), rng.uniform(-2.0, 2.0, 20)], axis=1)
    theta[::4, 0] *= -1.0
    game = Game(TWO, LinearGenerator(gandyn.Uniform(-1.7, 1.7)), name)
    exact = panels_of(game).jacobian(theta)
    size = np.abs(exact).max(axis=(1, 2), keepdims=True)
    assert (np.abs(game.engine.jacobian(theta) - exact) <= 1e-11 * size).all()


def test_a_peak_beyond_a_far_mode_is_seen():
    """p_g²/p has its peak 60 widths beyond a mode that is 10⁵ widths away from the other."""
    data = gandyn.parse("0.5*N(0, 1e-5) + 0.5*N(1, 2e-5)")
    game = Game(data, objective="neyman")
    theta = np.array([[2.75292251e-05, 1.00006191]])
    by_grid, by_panel = game.engine.force(theta).value, panels_of(game).force(theta).value
    assert by_panel == pytest.approx(by_grid, rel=1e-7)


STEEP = {
    "Gumbel": (lambda z: -z - np.exp(-z), lambda z: np.expm1(-z)),
    "cosh": (lambda z: -np.cosh(z), lambda z: -np.sinh(z)),
    "quartic": (lambda z: -(z**4), lambda z: -4.0 * z**3),
}


@pytest.mark.parametrize(("loc", "scale"), [(0.0, 1.0), (0.0, 1e-40), (-3e5, 1e3)])
@pytest.mark.parametrize("name", STEEP)
def test_scores_that_grow_without_bound_are_no_reason_for_panels(name, loc, scale, monkeypatch):
    """Far out where there is no density, the score of the data is as large as it will."""
    log, score = (np.errstate(over="ignore")(f) for f in STEEP[name])
    data = gandyn.from_logpdf(
        lambda x: np.maximum(log((x - loc) / scale), -1e300),
        [(loc, scale)],
        score=lambda x: np.clip(score((x - loc) / scale), -1e300, 1e300) / scale,
    )
    states = np.array([[0.5, 0.3], [0.8, -0.4]]) * scale + [0.0, loc]
    game = Game(data)
    with monkeypatch.context() as patch:
        _, good = on_grid(patch, game, states)
    assert good.all()
    check(game, states)


@pytest.mark.parametrize("name", ["saturating", "nonsaturating", "forward_kl", "hellinger"])
def test_one_state_goes_the_way_of_one(name, monkeypatch):
    """Wherever two grids resolve it, it asks neither for a stack nor for panels."""
    game = Game(TWO, objective=name)
    states = [(1.0, 0.5), (2.0, 1.0), (0.7, -3.0), (0.1, 3.0), (-1.5, 0.2)]
    exact = np.array([game.engine.force(np.array([state])).value[:, 0] for state in states])
    monkeypatch.setattr(GridEngine, "force", lambda *_: pytest.fail("asked for a stack"))
    found = np.array([game.force(state) for state in states])
    np.testing.assert_allclose(found, exact, rtol=1e-10, atol=1e-12 * np.abs(exact).max())
