"""Arrays that are read-only and lie in a file go everywhere that an array goes."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest

import gandyn
from gandyn import Game, LinearGenerator, MLPGenerator

WELLS = "0.5*N(-3, 1) + 0.5*N(3, 1)"
LINEAR = {
    "grid": (WELLS, "N(0, 1)", "nonsaturating"),
    "breaks": ("Laplace(0, 1)", "N(0, 1)", "pearson"),
    "closed form": (WELLS, "N(0, 1)", "wasserstein2"),
    "crossings": (WELLS, "N(0, 1)", "wasserstein1"),
    "interval": ("U(-4, 4)", "U(-1, 1)", "nonsaturating"),
    "panels": (WELLS, "Laplace(0, 1)", "nonsaturating"),
}
GAMES = {
    name: Game(gandyn.parse(data), LinearGenerator(gandyn.parse(latent)), objective)
    for name, (data, latent, objective) in LINEAR.items()
} | {
    "latent line": Game(gandyn.parse(WELLS), gandyn.HermiteGenerator(2)),
    "network": Game(gandyn.parse(WELLS), MLPGenerator((3,), "tanh")),
}
LAWS = [WELLS, "Laplace(0, 1)", "U(-1, 2)", "T(3, 0, 1)", "Logistic(0, 2)"]
STARTS = np.array([[1.0, 0.5], [0.7, -2.0], [2.5, 1.0]])


@pytest.fixture
def mapped(tmp_path):
    """The same numbers in a file, to be read alone."""

    def save(array):
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.npy"
        np.save(file, array)
        there = np.load(file, mmap_mode="r")
        assert isinstance(there, np.memmap) and not there.flags.writeable
        return there

    return save


def same(found, expected):
    """Equal to the bit, and what holds arrays is so part by part."""
    if is_dataclass(expected):
        return all(
            same(getattr(found, f.name), getattr(expected, f.name)) for f in fields(expected)
        )
    if isinstance(expected, dict):
        return all(same(found[name], expected[name]) for name in expected)
    if isinstance(expected, np.ndarray) and expected.dtype.kind == "f":
        return np.array_equal(found, expected, equal_nan=True)
    return np.all(found == expected)


@pytest.mark.parametrize("what", ["force", "potential", "jacobian", "boundary_force", "evaluate"])
@pytest.mark.parametrize("name", GAMES)
def test_states(name, what, mapped):
    game = GAMES[name]
    theta = np.random.default_rng(1).uniform(0.4, 2.0, (2, game.generator.dimension))
    theta[:, 1] -= 1.0
    options = {"values": ["jsd", "potential"]} if what == "evaluate" else {}
    work = getattr(game, what)
    there = mapped(theta)
    assert same(work(there, **options), work(theta, **options))
    assert same(work(there[0], **options), work(theta[0], **options))


@pytest.mark.parametrize("name", GAMES)
def test_places_of_a_discriminator(name, mapped):
    game, x = GAMES[name], np.linspace(-5.0, 5.0, 11)
    theta = np.linspace(0.5, 1.0, game.generator.dimension)
    there = mapped(theta)
    assert same(game.discriminator(there)(mapped(x)), game.discriminator(theta)(x))
    assert same(game.slope(mapped(x), there), game.slope(x, theta))


@pytest.mark.parametrize("what", ["pdf", "logpdf", "score", "score_slope", "cdf", "sf"])
@pytest.mark.parametrize("law", LAWS)
def test_places_of_a_distribution(law, what, mapped):
    work, x = getattr(gandyn.parse(law), what), np.linspace(-5.0, 5.0, 11)
    assert same(work(mapped(x)), work(x))


@pytest.mark.parametrize("law", LAWS)
def test_shares_of_a_distribution(law, mapped):
    data, q = gandyn.parse(law), np.linspace(0.05, 0.95, 7)
    assert same(data.ppf(mapped(q)), data.ppf(q)) and same(data.isf(mapped(q)), data.isf(q))


@pytest.mark.parametrize("count", [60, 3000])
def test_samples(count, mapped):
    samples = np.random.default_rng(2).normal(size=count)
    found, expected = (Game(gandyn.from_samples(x)) for x in (mapped(samples), samples))
    assert found == expected
    assert same(found.force(STARTS), expected.force(STARTS))


def test_flows_and_steps(mapped):
    game, t = GAMES["grid"], np.linspace(0.0, 3.0, 4)
    starts = mapped(STARTS)
    assert same(
        gandyn.gradient_flow(game, starts, (0.0, 3.0), mapped(t)),
        gandyn.gradient_flow(game, STARTS, (0.0, 3.0), t),
    )
    assert same(
        gandyn.iterate(game, starts, mapped(np.full(3, 0.1)), 5),
        gandyn.iterate(game, STARTS, np.full(3, 0.1), 5),
    )
    rest = np.array([1.0, 0.0])
    narrow = Game(gandyn.Normal(0, 1))
    assert gandyn.stability_limit(narrow, mapped(rest)) == gandyn.stability_limit(narrow, rest)


@pytest.mark.parametrize("work", [gandyn.basins, gandyn.integrated_basins])
def test_maps_of_basins(work, mapped):
    game, a, b = GAMES["grid"], np.array([0.5, 1.0, 2.0]), np.array([-4.0, 0.0, 4.0])
    assert same(work(game, mapped(a), mapped(b)), work(game, a, b))


@pytest.mark.exhaustive
def test_maps_of_a_family(mapped):
    family, values = gandyn.template("0.5*N(-{m}, 1) + 0.5*N({m}, 1)"), np.array([1.5, 4.0])
    assert same(
        gandyn.raster(family, mapped(values), mapped(STARTS), workers=1),
        gandyn.raster(family, values, STARTS, workers=1),
    )


def test_starts_of_a_search_and_a_string(mapped):
    game, starts = Game(gandyn.Normal(1, 2), gandyn.HermiteGenerator(2)), np.eye(3) + 0.5
    assert same(
        gandyn.equilibria(game, starts=mapped(starts)), gandyn.equilibria(game, starts=starts)
    )
    ends = np.array([[1.0, 3.0], [2.7, 0.0]])
    found, expected = (
        gandyn.string_path(GAMES["grid"], *stack, images=5, max_steps=3)
        for stack in (mapped(ends), ends)
    )
    assert same(found, expected)


def test_noise_and_sampling(mapped):
    game, theta, sizes = GAMES["grid"], STARTS[0], np.array([5, 10])
    there = mapped(theta)
    assert same(gandyn.gradient_noise(game, there), gandyn.gradient_noise(game, theta))
    assert same(
        gandyn.measured_noise(game, there, 8, 20), gandyn.measured_noise(game, theta, 8, 20)
    )
    assert same(
        gandyn.sampling_error(game, there, mapped(sizes), 4),
        gandyn.sampling_error(game, theta, sizes, 4),
    )
