"""The game at scale k and offset c is the game at 1 and 0, to the digits that x has."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

import gandyn
from gandyn import Game, Laplace, LinearGenerator, Mixture, Normal, StudentT, Uniform
from tests.sweeps import sweep

STATES = np.array([[1.0, 0.25], [0.0625, 2.75], [3.0, -1.0], [2.0**-10, 2.875]])
# Powers of 2, so that the data and the states at k and c are those at 1 and 0 to the last digit.
EXACT = [
    (2.0**-40, 0.0),
    (2.0**40, 0.0),
    (1.0, 2.0**20),
    (1.0, 2.0**33),
    (2.0**40, 2.0**73),
    (2.0**-40, 2.0**-7),
    (2.0**-20, -(2.0**13)),
]
ROUNDED = [(1e-12, 0.0), (1e12, 0.0), (1e-9, 1e-3), (1.0, 1e10), (3e5, -7e11)]


def two_modes(k, c, m=3.0):
    return Mixture([0.5, 0.5], [Normal(c - m * k, k), Normal(c + m * k, k)])


DATA = {
    "two modes": two_modes,
    "laplace": lambda k, c: Laplace(c + k, k),
    "uniform": lambda k, c: Uniform(c - k, c + 2.0 * k),
    "student": lambda k, c: StudentT(5.0, c, k),
    "samples": lambda k, c: gandyn.from_samples(
        c + k * np.array([0.0, 1.0, 2.5, 4.0, 4.25]), bandwidth=k / 2
    ),
    "scipy": lambda k, c: gandyn.from_scipy(scipy.stats.gumbel_r(c, k)),
    "two families": lambda k, c: Mixture([0.25, 0.75], [Laplace(c, k), Normal(c + 5 * k, k / 4)]),
}
POWER = {"wasserstein1": 1, "wasserstein2": 2, "mse": 2}


def close(one, other, share):
    one, other = np.asarray(one), np.asarray(other)
    assert one.shape == other.shape
    finite = np.isfinite(one)
    np.testing.assert_array_equal(one[~finite], other[~finite])
    if finite.any():
        assert np.abs(one - other)[finite].max() <= share * np.abs(one[finite]).max()


@pytest.mark.parametrize("k, c", sweep(EXACT[::2], EXACT[::4].__contains__))
@pytest.mark.parametrize("objective", ["nonsaturating", "forward_kl", *POWER])
@pytest.mark.parametrize("data", DATA)
def test_force_and_jacobian_carry_over(data, objective, k, c):
    for latent in (Normal(0, 1), Uniform(-1, 1)):
        generator = LinearGenerator(latent)
        base = Game(DATA[data](1.0, 0.0), generator, objective)
        game = Game(DATA[data](k, c), generator, objective)
        states, power = k * STATES + [0.0, c], POWER.get(objective, 0)
        for one, other in zip(base.force(STATES), game.force(states), strict=True):
            close(one, other * k ** (1 - power), 1e-10)
        for one, other in zip(base.jacobian(STATES), game.jacobian(states), strict=True):
            close(one, other * k ** (2 - power), 1e-8)


@pytest.mark.parametrize("k, c", EXACT)
@pytest.mark.parametrize("data", ["two modes", "laplace", "samples", "two families"])
def test_values_carry_over_within_their_errors(data, k, c):
    one = Game(DATA[data](1.0, 0.0)).evaluate(STATES)
    other = Game(DATA[data](k, c)).evaluate(k * STATES + [0.0, c])
    np.testing.assert_array_equal(one.status, other.status)
    for name, error in one.errors.items():
        if name in ("force", "wasserstein1"):
            continue
        unit = k if name == "wasserstein2" else 1.0
        here, there = getattr(one, name), getattr(other, name) / unit
        finite = np.isfinite(here)
        np.testing.assert_array_equal(here[~finite], there[~finite])
        here, there, doubt = here[finite], there[finite], error + other.errors[name] / unit
        assert (np.abs(here - there) <= doubt[finite] + 1e-14 * np.abs(here)).all(), name


@pytest.mark.parametrize("k, c", EXACT[:4])
def test_a_generator_of_many_parameters_carries_over(k, c):
    generator = gandyn.HermiteGenerator(3)
    theta, move = np.array([0.25, 1.5, 0.125, 0.25]), np.array([c, 0.0, 0.0, 0.0])
    for objective, power in (("nonsaturating", 0), ("wasserstein2", 2)):
        one = Game(two_modes(1.0, 0.0), generator, objective)
        other = Game(two_modes(k, c), generator, objective)
        there = k * theta + move
        close(one.force(theta), other.force(there) * k ** (1 - power), 1e-12)
        close(one.jacobian(theta), other.jacobian(there) * k ** (2 - power), 1e-10)


@pytest.mark.parametrize("k, c", [(2.0**-20, 2.0**10), (1.0, 2.0**30)])
def test_a_network_is_moved_by_its_last_bias(k, c):
    # The bias alone is in units of x where nothing is scaled.
    generator = gandyn.MLPGenerator([3])
    theta = np.linspace(-1.0, 1.0, generator.dimension)
    far = theta.copy()
    far[-1] += c
    one, other = Game(Normal(0.5, 1.0), generator), Game(Normal(c + 0.5, 1.0), generator)
    close(one.force(theta), other.force(far), 1e-9)
    close(one.evaluate(theta).jsd, other.evaluate(far).jsd, 1e-9)
    assert other.place == c + 0.5


def test_the_discriminator_and_the_slope_know_where_x_is():
    c, x = 2.0**40, np.linspace(-4.0, 4.0, 9)
    near, far = Game(two_modes(1.0, 0.0)), Game(two_modes(1.0, c))
    theta, there = np.array([0.5, 1.0]), np.array([0.5, c + 1.0])
    np.testing.assert_array_equal(near.discriminator(theta)(x), far.discriminator(there)(x + c))
    np.testing.assert_array_equal(near.slope(x, theta), far.slope(x + c, there))
    latent = LinearGenerator(Uniform(-1.0, 1.0))
    near, far = Game(two_modes(1.0, 0.0), latent), Game(two_modes(1.0, c), latent)
    np.testing.assert_array_equal(near.boundary_force(theta), far.boundary_force(there))


@pytest.mark.parametrize(
    "k, c", sweep(EXACT[1::2] + ROUNDED, [*EXACT[1:2], *ROUNDED[:2]].__contains__)
)
def test_rest_points_and_flows_carry_over(k, c):
    digits = 1e-12 + 4e-16 * abs(c) / k
    base, game = Game(two_modes(1.0, 0.0)), Game(two_modes(k, c))
    one, other = gandyn.equilibria(base), gandyn.equilibria(game)
    assert [p.kind for p in one] == [p.kind for p in other]
    assert [p.name for p in one] == [p.name for p in other]
    assert other.complete and other.game is game and len(other) == 5
    move = np.array([0.0, c])
    np.testing.assert_allclose((other.theta - move) / k, one.theta, rtol=0, atol=digits)
    close(
        [p.eigenvalues for p in one],
        np.array([p.eigenvalues for p in other]) * k**2,
        1e-9 + 1e3 * digits,
    )
    close([p.eigenvectors for p in one], [p.eigenvectors for p in other], 1e-7 + 1e3 * digits)
    starts = np.array([[1.0, 0.25], [0.5, 2.0], [4.0, -3.0]])
    for span in (20.0, np.inf):
        here = gandyn.gradient_flow(base, starts, (0.0, span))
        there = gandyn.gradient_flow(game, k * starts + move, (0.0, span * k**2))
        np.testing.assert_array_equal(here.status, there.status)
        ends = (there.theta[:, -1] - move) / k
        np.testing.assert_allclose(ends, here.theta[:, -1], rtol=0, atol=1e-6 + 30 * digits)
        assert there.game is game
    steps = gandyn.iterate(base, starts, 0.1, 30).theta[:, -1]
    moved = gandyn.iterate(game, k * starts + move, 0.1 * k**2, 30).theta[:, -1]
    np.testing.assert_allclose((moved - move) / k, steps, rtol=0, atol=1e-11 + 30 * digits)


@pytest.mark.parametrize(
    "k, c",
    [
        (2.0**-40, 2.0**-7),
        *(pytest.param(*case, marks=pytest.mark.exhaustive) for case in ROUNDED[::2]),
    ],
)
@pytest.mark.exhaustive
def test_walls_passes_and_maps_carry_over(k, c):
    digits = 1e-9 + 4e-16 * abs(c) / k
    one, other = (
        gandyn.equilibria(Game(two_modes(1.0, 0.0))),
        gandyn.equilibria(Game(two_modes(k, c))),
    )
    a, b = np.geomspace(0.2, 6.0, 12), np.linspace(-5.0, 5.0, 13)
    here, there = gandyn.basins(one, a, b), gandyn.basins(other, k * a, k * b + c)
    np.testing.assert_array_equal(here.labels, there.labels)
    np.testing.assert_allclose(there.b, k * b + c, rtol=1e-15)
    np.testing.assert_array_equal(here.labels, gandyn.basins(other.game, k * a, k * b + c).labels)
    assert there.equilibria == other
    here, there = gandyn.barriers(one), gandyn.barriers(other)
    assert there.success and there.equilibria == other
    close(
        [p.height_from for p in here.barriers],
        [p.height_from for p in there.barriers],
        1e-9 + 1e-9 * digits,
    )
    np.testing.assert_allclose(
        (there.barriers[0].path - [0.0, c]) / k, here.barriers[0].path, atol=1e-5 + digits
    )
    box = np.array([0.2, 6.0, -6.0, 6.0])
    here = gandyn.separatrices(one, box)
    there = gandyn.separatrices(other, k * box + [0.0, 0.0, c, c])
    assert [curve.end for curve in here.curves] == [curve.end for curve in there.curves]
    ends = [point.theta for point in one.attractors[:2]]
    far = [k * end + [0.0, c] for end in ends]
    here = gandyn.landscape.string_path(one.game, *ends, images=11, tolerance=1e-3)
    there = gandyn.landscape.string_path(other.game, *far, images=11, tolerance=1e-3)
    np.testing.assert_allclose((there.theta - [0.0, c]) / k, here.theta, atol=1e-6 + 30 * digits)
    np.testing.assert_allclose((there.saddle - [0.0, c]) / k, here.saddle, atol=1e-6 + 30 * digits)


def family(k, c):
    return lambda m: Game(two_modes(k, c, m))


@pytest.mark.exhaustive
@pytest.mark.parametrize("k, c", [(1e-12, 0.0), (1e12, 0.0), (1.0, 2.0**20)])
def test_branches_carry_over(k, c):
    found = gandyn.branches(family(k, c), (1.75, 2.5))
    (fold, twin), (first, second) = found.folds, gandyn.branches(family(1, 0), (1.75, 2.5)).folds
    for one, other in ((fold, first), (twin, second)):
        assert one.parameter == pytest.approx(other.parameter, rel=1e-9)
        assert (one.b - c) / k == pytest.approx(other.b, rel=1e-6)
    assert found.success
    ends = gandyn.landscape.raster(family(k, c), [1.5, 4.0], [[k, c + 3.5 * k]], workers=1)
    assert ends.names == ("averages all modes", "collapsed onto mode 2 of 2")
    assert (ends.final[1, 0] - [0, c]) / k == pytest.approx([1.0, 4.0], abs=0.1)


@pytest.mark.parametrize("c", [2.0**20, 2.0**36])
def test_training_goes_on_as_if_the_data_lay_about_0(c):
    opponent = gandyn.MLP((4,))
    plan = gandyn.Settings(discriminator=opponent, steps=12, record_every=6, batch=8, snapshots=2)
    for generator, start in ((None, (1.0, 1.0)), (gandyn.MLPGenerator([3]), "he")):
        runs = []
        for place in (0.0, c):
            game = Game(two_modes(1.0, place), generator)
            at = start if isinstance(start, str) else (start[0], start[1] + place)
            runs.append(gandyn.train(game, replace(plan, start=at), 0, 2))
        near, far = runs
        np.testing.assert_array_equal(near.jsd, far.jsd)
        np.testing.assert_array_equal(near.logits, far.logits)
        for name, moved in (("mean", c), ("theta", np.array([0.0, c])), ("images", c)):
            one, other = getattr(near, name), getattr(far, name) - moved
            np.testing.assert_allclose(one, other, rtol=0, atol=4e-16 * c)
        last = near.generator_parameters.astype(float)
        last[:, -1] += c
        np.testing.assert_allclose(far.generator_parameters, last, rtol=1e-15)


def test_axes_far_from_0_count_from_a_round_number():
    game = Game(two_modes(1.0, 1e8))
    with gandyn.plots.style():
        ax = gandyn.plots.new_figure().subplots()
        gandyn.plots.draw_moments(ax, gandyn.plots.moments(game, [[1.0, 1e8 + 1.0]]))
    assert ax.get_xlabel() == "x − 100000000"
    low, high = ax.get_xlim()
    shown = [ax.xaxis.get_major_formatter()(tick) for tick in ax.get_xticks()]
    assert (
        {"-2", "0", "2"} <= {text.replace("−", "-") for text in shown}
        and low < 1e8 - 6
        and high > 1e8 + 6
    )
