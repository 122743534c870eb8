"""Closed forms of transport and mean squares: against the panels, and where they fail."""

import pickle

import numpy as np
import pytest

import gandyn
from gandyn import Game, LinearGenerator
from gandyn.engine.panels import PanelEngine

DATA = [
    "N(1, 2)",
    "0.5*N(-3, 1) + 0.5*N(3, 1)",
    "Laplace(0, 1)",
    "U(-1, 2)",
    "0.5*N(-30, 1) + 0.5*N(30, 1)",
]
LATENTS = ["N(0, 1)", "N(0.3, 2)", "0.3*N(-1, 0.5) + 0.7*N(0.5, 1)", "U(-1, 1)", "Logistic(0, 1)"]
NAMES = ["mse", "wasserstein1", "wasserstein2"]


def states(count=24, seed=0):
    rng = np.random.default_rng(seed)
    theta = np.stack([rng.uniform(0.3, 4, count), rng.uniform(-4, 4, count)], axis=1)
    theta[::4, 0] *= -1
    return theta


def beside(game):
    assert "by closed form" in repr(game)
    return game.engine, PanelEngine(game.data, game.generator, game.objective)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("latent", LATENTS)
@pytest.mark.parametrize("data", DATA)
def test_against_panels(data, latent, name):
    game = Game(gandyn.parse(data), LinearGenerator(gandyn.parse(latent)), name)
    fast, panels = beside(game)
    theta = states()
    found, exact = fast.force(theta), panels.force(theta)
    size = 1.0 + np.abs(exact.value)
    # the panels see nothing of a crossing 7 deviations out, which moves 1e-11 (see below)
    assert (np.abs(found.value - exact.value) <= 3 * exact.error + 2e-11 * size).all()
    found, exact = (way.values(theta, ["potential"]) for way in (fast, panels))
    allowed = 3 * found.error + exact.error + 1e-13 * exact.value
    assert (np.abs(found.value - exact.value) <= allowed).all()


@pytest.mark.parametrize("name", NAMES)
def test_jacobian_is_the_slope_of_the_force(name):
    game = Game(gandyn.parse(DATA[1]), LinearGenerator(gandyn.Normal(0.3, 2)), name)
    theta, h = states(8, seed=2), 1e-4
    ends = [game.force(theta + sign * h * e) for e in np.eye(2) for sign in (1, -1)]
    slopes = np.stack([(ends[0] - ends[1]), (ends[2] - ends[3])], axis=-1) / (2 * h)
    jacobian = game.jacobian(theta)
    assert np.abs(jacobian - slopes).max() <= 1e-5 * np.abs(jacobian).max()


def test_between_normals():
    """W₂² = (m − b)² + (s − |a|)², and W₁ of equal widths is the distance."""
    theta = np.array([[1.5, 0.5], [-0.7, 2.0], [2.0, -3.0]])
    a, b = theta.T
    game = Game(gandyn.Normal(1, 2), objective="wasserstein2")
    assert game.potential(theta) == pytest.approx((1 - b) ** 2 + (2 - np.abs(a)) ** 2, rel=1e-14)
    exact = 2 * np.stack([np.sign(a) * (2 - np.abs(a)), 1 - b], axis=1)
    assert game.force(theta) == pytest.approx(exact, abs=1e-13)
    game = Game(gandyn.Normal(1, 2), objective="wasserstein1")
    assert game.potential([2.0, -3.0]) == pytest.approx(4.0, rel=1e-13)
    assert game.force([2.0, -3.0]) == pytest.approx([0.0, 1.0], abs=1e-13)


def test_a_crossing_far_out():
    """−1 + 3Φ(z) meets |a| z + b at z = 7.08 (30 digits by mpmath)."""
    game = Game(gandyn.Uniform(-1, 2), objective="wasserstein1")
    force = game.force([-0.404782783238213, -0.8670479957747101])
    assert force == pytest.approx(
        [1.0188740367338217e-11, 0.99999999999858862], rel=1e-15, abs=3e-16
    )


@pytest.mark.parametrize("size", [1e-2, 1e-5, 1e-8])
def test_next_to_equality(size):
    """W₂ keeps its digits where the moments cancel."""
    game = Game(gandyn.Normal(1, 2), objective="wasserstein2")
    e = game.evaluate([2 + size, 1 - size])
    apart = (2 + size) - 2, 1 - (1 - size)
    assert e.wasserstein2 == pytest.approx(np.hypot(*apart), rel=1e-9)
    assert e.wasserstein1 > 0


def test_moments_that_do_not_exist():
    game = Game(gandyn.StudentT(2, 0, 1), objective="wasserstein2")
    assert "moments do not exist" in repr(game)


def test_units():
    """The game at (k p, k a, k b + c) is the game."""
    theta = states(8, seed=5)
    for name, power in (("mse", 2), ("wasserstein2", 2), ("wasserstein1", 1)):
        one = Game(gandyn.parse("0.4*N(-2, 1) + 0.6*N(3, 0.5)"), objective=name)
        for k, c in ((1e-3, 0.0), (1e3, 1e3)):
            parts = [gandyn.Normal(-2 * k + c, k), gandyn.Normal(3 * k + c, 0.5 * k)]
            other = Game(gandyn.Mixture([0.4, 0.6], parts), objective=name)
            moved = k * theta + [0.0, c]
            assert other.potential(moved) == pytest.approx(
                k**power * one.potential(theta), rel=1e-9
            )
            force = k ** (power - 1) * one.force(theta)
            assert other.force(moved) == pytest.approx(force, rel=1e-8, abs=1e-9 * k ** (power - 1))


@pytest.mark.parametrize("name", NAMES)
def test_pickles(name):
    game = Game(gandyn.parse(DATA[1]), objective=name)
    force = game.force([1.0, 0.5])
    again = pickle.loads(pickle.dumps(game))
    assert again == game and np.array_equal(again.force([1.0, 0.5]), force)
    assert np.array_equal(
        pickle.loads(pickle.dumps(game.engine)).force_at(np.array([1.0, 0.5])), force
    )


@pytest.mark.parametrize(
    ("data", "latent"),
    [("N(0, 1)", "T(3, 0, 1)"), ("T(3, 0, 1)", "T(4, 0, 1)"), ("T(2.2, 0, 1)", "T(2.4, 0, 1)")],
)
def test_heavy_tails_are_followed_to_their_end(data, latent):
    """The mean of a power's tail lies beyond where its mass does."""
    rng = np.random.default_rng(4)
    theta = np.stack([10.0 ** rng.uniform(-1, 1, 12), rng.normal(0.0, 3.0, 12)], axis=1)
    generator = gandyn.LinearGenerator(gandyn.parse(latent))
    game = gandyn.Game(gandyn.parse(data), generator, "wasserstein1")
    assert "by closed form" in repr(game)
    found = game.engine.force(theta)
    exact = PanelEngine(game.data, generator, game.objective).force(theta)
    assert (np.abs(found.value - exact.value) <= found.error + exact.error).all()
    assert (found.error <= 1e-11).all()
