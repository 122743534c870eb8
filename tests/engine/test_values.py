"""Divergences and Jacobians on the grid, against the panels."""

import threading
from itertools import product

import numpy as np
import pytest
import scipy.stats

import gandyn
from gandyn import Game, LinearGenerator
from gandyn.engine.panels import PanelEngine
from gandyn.objectives.divergences import DIVERGENCES
from tests.sweeps import sweep

DATA = [
    "0.5*N(-3, 1) + 0.5*N(3, 1)",
    "T(3, 0, 1)",
    "Laplace(0, 1)",
    "0.3*N(-1, .05) + 0.7*N(4, 1.5)",
    "U(-1, 2)",
]
LATENTS = ["N(0, 1)", "Logistic(0, 1)", "0.3*N(-1, 0.5) + 0.7*N(0.5, 1)"]
VALUES = [*DIVERGENCES, "potential"]


def states(count=30, seed=3):
    rng = np.random.default_rng(seed)
    theta = np.stack([rng.uniform(0.3, 4, count), rng.uniform(-4, 4, count)], axis=1)
    theta[::4, 0] *= -1
    return theta


def both(data, latent, name):
    game = Game(gandyn.parse(data), LinearGenerator(gandyn.parse(latent)), name)
    return game.engine, PanelEngine(game.data, game.generator, game.objective)


NAMES = ["nonsaturating", "pearson", "reverse_kl"]


def in_turn(case):
    """Every latent with all data, each time under the next objective."""
    data, latent, name = case
    return (DATA.index(data) + LATENTS.index(latent) + NAMES.index(name)) % 3 == 0


@pytest.mark.parametrize(("data", "latent", "name"), sweep(product(DATA, LATENTS, NAMES), in_turn))
def test_every_value(data, latent, name):
    assert_alike(*both(data, latent, name), VALUES)


def assert_alike(fast, panels, names):
    """Two ways give the same values, infinite ones too, and small errors that hold."""
    found, exact = (way.values(states(), names) for way in (fast, panels))
    finite = np.isfinite(exact.value)
    assert np.array_equal(np.isfinite(found.value), finite)
    apart = np.abs(found.value[finite] - exact.value[finite])
    assert (apart <= 3 * (found.error + exact.error)[finite]).all()
    assert (apart <= 1e-10 * exact.value[finite]).all()
    assert (found.error[finite] <= 1e-9 * exact.value[finite]).all()


ENDED = [
    ("0.5*U(-4, -2) + 0.5*U(2, 4)", "N(0.3, 2)"),
    ("0.3*U(-1, 0) + 0.7*U(-1, 2)", "T(5, 0, 1)"),
    ("0.5*N(-3, 1) + 0.5*N(3, 1)", "U(-1.7, 1.7)"),
    ("0.4*Logistic(-3, 0.6) + 0.6*T(4, 2, 1)", "U(0, 1)"),
    ("0.5*Laplace(-3, 0.5) + 0.5*N(3, 1)", "U(-1.7, 1.7)"),
    ("0.3*U(-1, 2) + 0.7*N(0, 2)", "U(0, 1)"),
    ("U(-2, 2)", "U(-1, 1)"),
    ("0.5*U(-3, -1) + 0.5*U(0, 2)", "U(-1, 1)"),
    ("0.3*U(-3, -1) + 0.2*Laplace(0, 0.3) + 0.5*U(5, 6)", "U(0, 1)"),
]
OBJECTIVES = [*NAMES, "neyman", "hellinger", "alpha(0.3)"]


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize(("data", "latent"), ENDED)
def test_where_one_of_the_two_ends(data, latent, name):
    """The other's mass beyond is in the values, infinite ones included."""
    names = [value for value in VALUES if not value.startswith("wasserstein")]
    assert_alike(*both(data, latent, name), names)
    fast, _ = both(data, latent, name)
    assert fast.values(states(), ["jsd"]).nodes.max() < 1300


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize(("data", "latent"), ENDED[2:])
def test_where_the_latent_ends(data, latent, name):
    """Force and Jacobian, kinks and jumps of the data within."""
    fast, panels = both(data, latent, name)
    found, exact = (way.close_force(states()) for way in (fast, panels))
    apart = np.abs(found.value - exact.value)
    assert (apart <= 3 * (found.error + exact.error)).all()
    size = np.abs(exact.value).max(axis=0)
    assert (apart <= 1e-10 * size).all()
    found, exact = (way.jacobian(states()) for way in (fast, panels))
    size = np.abs(exact).max(axis=(1, 2), keepdims=True)
    assert (np.abs(found - exact) <= 1e-10 * size).all()


def hill(x):
    """A log density of no symmetry, up to a constant."""
    return 0.3 * x - 0.5 * x * x


def hill_slope(x):
    """Its slope."""
    return 0.3 - x


def cut_off(centre, low, high):
    """A hill between two ends."""
    return gandyn.from_logpdf(hill, [(centre, 1.0)], (low, high), score=hill_slope)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_where_both_end_and_the_data_have_a_gap(name):
    """Smooth between the ends, and jumps at all of them."""
    data = gandyn.Mixture([0.4, 0.6], [cut_off(0.3, -1.0, 1.5), cut_off(2.0, 2.0, 3.5)])
    game = Game(data, LinearGenerator(cut_off(0.3, -1.0, 2.0)), name)
    fast, panels = game.engine, PanelEngine(game.data, game.generator, game.objective)
    assert "on the latent's interval" in repr(game)
    names = [value for value in VALUES if not value.startswith("wasserstein")]
    assert_alike(fast, panels, names)
    found, exact = (way.close_force(states()) for way in (fast, panels))
    apart = np.abs(found.value - exact.value)
    assert (apart <= 3 * (found.error + exact.error)).all()
    found, exact = (way.jacobian(states()) for way in (fast, panels))
    size = np.abs(exact).max(axis=(1, 2), keepdims=True)
    assert (np.abs(found - exact) <= 1e-9 * size).all()
    beside = fast.values(np.array([[1.0, -3.0], [0.5, -2.0]]), ["jsd"])
    assert beside.value == pytest.approx(np.log(2), rel=1e-14) and beside.nodes.max() < 300


def test_what_is_infinite_by_little():
    """A faint tail of p_g beyond the data, a place where log p underflows, ends that touch."""
    faint = gandyn.from_logpdf(hill, [(0.3, 1.0)], (-9.0, 9.5), score=hill_slope)
    data = gandyn.Mixture(
        [0.5, 0.5], [gandyn.from_logpdf(sunk, [(0.0, 1.0)]), gandyn.Uniform(0, 1)]
    )
    uniform = gandyn.Uniform(-1, 1)
    for law, latent, theta, exact in [
        (gandyn.Uniform(-20.0, 9.4), faint, [1.0, 0.0], np.inf),
        (data, uniform, [1e6, 0.0], np.inf),
        (uniform, uniform, [0.1, 0.9], np.log(10.0)),
    ]:
        found = Game(law, LinearGenerator(latent)).evaluate(theta, values=["kl_generator_data"])
        assert found.kl_generator_data == pytest.approx(exact, rel=1e-13)


def sunk(x):
    """The logarithm of a density that underflows."""
    with np.errstate(divide="ignore", under="ignore"):
        return np.log(np.exp(-0.5 * x * x))


def test_what_is_left_to_the_panels():
    """Zeros and poles at the data's ends, and atoms."""
    relu = gandyn.MLPGenerator((3,), "relu")
    atoms = relu.pushforward(np.random.default_rng(0).normal(size=relu.dimension))
    assert len(atoms.atoms)
    laws = [scipy.stats.beta(2, 3), scipy.stats.gamma(0.7), scipy.stats.semicircular()]
    for data in [*map(gandyn.from_scipy, laws), atoms]:
        assert "by panels" in repr(Game(data, LinearGenerator(gandyn.Uniform(-1, 1))))


def uniform_pair(low, high, a, b):
    """Values of U(low, high) against b + a U(-1, 1), by their lengths and overlap."""
    lengths = high - low, 2 * abs(a)
    shared = max(min(high, b + abs(a)) - max(low, b - abs(a)), 0.0)
    p, q = (1 / length for length in lengths)
    rest = 1 - shared * p, 1 - shared * q
    middle = 0.5 * (p + q)
    within = 0.5 * shared * (p * np.log(p / middle) + q * np.log(q / middle))
    return {
        "jsd": within + 0.5 * sum(rest) * np.log(2),
        "kl_data_generator": shared * p * np.log(p / q) if rest[0] == 0 else np.inf,
        "kl_generator_data": shared * q * np.log(q / p) if rest[1] == 0 else np.inf,
        "total_variation": 0.5 * (shared * abs(p - q) + sum(rest)),
        "hellinger_squared": 1 - shared * np.sqrt(p * q),
        "chi_squared_data_generator": shared * p**2 / q - 1 if rest[0] == 0 else np.inf,
        "chi_squared_generator_data": shared * q**2 / p - 1 if rest[1] == 0 else np.inf,
        "potential": np.inf
        if rest[1] > 0
        else 2 * middle * shared * np.log(middle / p) + rest[0] * np.log(0.5),
    }


@pytest.mark.parametrize("unit", [1.0, 2.0**-30, 2.0**30])
def test_two_uniform_laws(unit):
    """Within, across, beside, apart and the same: closed forms, at no cost and with no nan."""
    data = gandyn.Uniform(-2 * unit, 2 * unit)
    game = Game(data, LinearGenerator(gandyn.Uniform(-1, 1)))
    pairs = [[1, 0.25], [3, 0.5], [1, 1.5], [-1, -2.5], [1, 3], [0.5, 100], [2.0**-40, 1], [2, 0]]
    theta = np.array(pairs) * unit
    found = game.evaluate(theta)
    assert (found.status == 0).all() and not found.force.any()
    for k, (a, b) in enumerate(theta):
        for name, exact in uniform_pair(-2 * unit, 2 * unit, a, b).items():
            value, error = getattr(found, name)[k], found.errors[name][k]
            assert value == pytest.approx(exact, rel=1e-13, abs=1e-14), (name, a, b)
            small = error <= 2e-13 * (1 + exact) if np.isfinite(exact) else error == 0.0
            assert small, (name, a, b, error)
    used = game.engine.values(theta, ["jsd", "kl_data_generator", "total_variation"]).nodes
    assert used.max() < 250 and game.engine.force(theta).nodes.max() < 250


@pytest.mark.parametrize("name", ["nonsaturating", "hellinger", "forward_kl"])
@pytest.mark.parametrize("latent", [*LATENTS, "N(0.4, 2)"])
@pytest.mark.parametrize("data", DATA)
def test_jacobian(data, latent, name):
    fast, panels = both(data, latent, name)
    theta = states(12)
    found, exact = fast.jacobian(theta), panels.jacobian(theta)
    size = np.abs(exact).max(axis=(1, 2), keepdims=True)
    assert (np.abs(found - exact) <= 1e-10 * size).all()


def test_values_by_name():
    game = Game(gandyn.parse(DATA[0]))
    theta = states(5)
    some = game.evaluate(theta, values=["jsd", "force"])
    whole = game.evaluate(theta)
    assert np.array_equal(some.jsd, whole.jsd) and np.array_equal(some.force, whole.force)
    assert some.wasserstein1 is None and set(some.errors) == {"jsd", "force"}
    with pytest.raises(gandyn.InputError, match="values: got 'jds', must be"):
        game.evaluate(theta, values=["jds"])


@pytest.mark.parametrize(
    ("count", "most"),
    [(48, 60), pytest.param(10_000, 20, marks=pytest.mark.exhaustive)],
)
@pytest.mark.parametrize(
    "game",
    [
        Game(gandyn.parse(DATA[0])),
        Game(gandyn.parse(DATA[0]), objective="pearson"),
        Game(gandyn.Laplace(0, 1)),
        Game(gandyn.parse(DATA[0]), LinearGenerator(gandyn.Logistic(0, 1))),
        Game(gandyn.parse(DATA[0]), objective="wasserstein1"),
        Game(gandyn.Uniform(-1, 1), LinearGenerator(gandyn.Uniform(-1, 1))),
    ],
    ids=repr,
)
def test_many_threads_on_one_game(game, count, most):
    """Whatever the tables that they race for, every stack is as if it were alone."""
    rng = np.random.default_rng(0)
    stacks = [
        np.stack([rng.uniform(0.3, 4, n), rng.uniform(-4, 4, n)], axis=1)
        for n in rng.integers(1, most, count)
    ]
    # Tables are dear: a game of its own has one stack of 48, and some of 10,000.
    alone = []
    for k, stack in enumerate(stacks):
        if k % max(1, count // 400) == 0:
            own = Game(game.data, game.generator, game.objective)
        alone.append(own.force(stack))
    found = [None] * count
    shared = Game(game.data, game.generator, game.objective)

    def work(first):
        for k in range(first, count, 8):
            found[k] = shared.force(stacks[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrong = [k for k in range(count) if not np.array_equal(found[k], alone[k], equal_nan=True)]
    assert not wrong, f"{len(wrong)} of {count}, first {stacks[wrong[0]]}"
