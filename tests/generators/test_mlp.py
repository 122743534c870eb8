"""The multilayer perceptron as a generator: parameters, derivatives, turning points, density."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

import gandyn
from gandyn import InputError, MLPGenerator, Normal, Uniform
from gandyn.generators.piecewise_pushforward import PiecewisePushforward
from gandyn.generators.pushforward import Pushforward
from gandyn.generators.turning_points import turning_points
from tests.networks import flat, forward, random_theta, relu

ACTIVATIONS = {"relu": relu, "tanh": np.tanh}
shapes = st.lists(st.integers(1, 6), max_size=3).map(tuple)
kinds = st.sampled_from(["relu", "tanh"])
examples = settings(derandomize=True, deadline=None, max_examples=40)


def split(theta, widths):
    """θ's matrices by the layout that the docstring gives, each with an axis for one lane."""
    out, start = [], 0
    for n, m in itertools.pairwise((1, *widths, 1)):
        stop = start + (n + 1) * m
        out.append(theta[start:stop].reshape(1, n + 1, m))
        start = stop
    assert start == len(theta)
    return out


def plain(widths, kind, z, theta):
    """The network's values by the oracle, real or complex."""
    return forward(split(theta, widths), np.ravel(z)[None], ACTIVATIONS[kind]).reshape(np.shape(z))


@given(shapes, kinds, st.integers(0, 10**6))
@examples
def test_values_and_slopes(widths, kind, seed):
    g = MLPGenerator(widths, kind)
    theta = random_theta(widths, seed)
    assert g.dimension == len(theta)
    z = np.random.default_rng(seed).normal(size=(3, 5)) * 2
    assert g(z, theta) == pytest.approx(plain(widths, kind, z, theta), rel=1e-12, abs=1e-13)
    slope = plain(widths, kind, z + 1e-30j, theta).imag / 1e-30
    assert g.slope(z, theta) == pytest.approx(slope, rel=1e-11, abs=1e-13)
    # of the slope a complex step in the real derivative's own formula, by differences
    h = 1e-5
    bend = (g.slope(z + h, theta) - g.slope(z - h, theta)) / (2 * h)
    if kind == "tanh":
        size = np.abs(bend).max(initial=1.0) ** 2
        assert g.curvature(z, theta) == pytest.approx(bend, rel=1e-6, abs=1e-7 * size)
    else:
        assert not g.curvature(z, theta).any() and g.curvature(z, theta).shape == z.shape


@given(shapes, kinds, st.integers(0, 10**6))
@examples
def test_sensitivity_by_a_complex_step(widths, kind, seed):
    g = MLPGenerator(widths, kind)
    theta = random_theta(widths, seed)
    z = np.random.default_rng(seed).normal(size=(2, 3)) * 2
    found = g.sensitivity(z, theta)
    assert found.shape == (g.dimension, 2, 3)
    for k in range(g.dimension):
        moved = theta.astype(complex)
        moved[k] += 1e-30j
        exact = plain(widths, kind, z, moved).imag / 1e-30
        assert found[k] == pytest.approx(exact, rel=1e-11, abs=1e-13)


def test_many_latents_are_taken_in_blocks():
    g, theta = MLPGenerator((5,)), random_theta((5,), 1)
    z = np.linspace(-3, 3, 5001)
    assert g(z, theta) == pytest.approx(plain((5,), "relu", z, theta), abs=1e-13)
    assert g(z[:0], theta).shape == (0,) and g(np.array(0.5), theta).shape == ()


def turns_by_scan(slope, low, high, n=400_001):
    z = np.linspace(low, high, n)
    s = np.sign(slope(z))
    z, s = z[s != 0], s[s != 0]
    change = np.flatnonzero(s[:-1] != s[1:])
    return z[change], z[change + 1]


@pytest.mark.parametrize("kind", ["relu", "tanh"])
@pytest.mark.parametrize("widths", [(4,), (30,), (6, 6), (12, 12), (5, 5, 5)])
def test_turning_points_against_a_scan(kind, widths):
    g = MLPGenerator(widths, kind)
    for seed in range(3):
        # weights that are large enough for tanh to make many turns
        theta = random_theta(widths, seed) * (1.0 if kind == "relu" else 2.0)
        turns = np.array(g.pieces(theta))
        low, high = turns_by_scan(lambda z: g.slope(z, theta), -8, 8)  # noqa: B023
        inside = turns[(turns > -8) & (turns < 8)]
        assert len(inside) == len(low)
        assert (inside >= low - 1e-12).all() and (inside <= high + 1e-12).all()


def test_turning_points_are_polished():
    g, theta = MLPGenerator((6, 6), "tanh"), 2.0 * random_theta((6, 6), 4)
    turns = g.pieces(theta)
    assert len(turns) > 2
    for turn in turns:
        exact = brentq(
            lambda z: float(g.slope(np.array(z), theta)), turn - 1e-4, turn + 1e-4, xtol=1e-15
        )
        assert turn == pytest.approx(exact, abs=1e-13)


def bump(excess):
    """10 tanh(z/10) less a step at 3 whose slope is larger by `excess` where they are closest."""

    def dip(strength):
        z = np.linspace(2.8, 3.2, 200_001)
        return (np.cosh(z / 10) ** -2 - strength * np.cosh(z - 3) ** -2).min()

    strength = brentq(dip, 0.5, 1.5, xtol=1e-15) + excess
    return flat([[[0.1, 1.0], [0.0, -3.0]], [[10.0], [-strength], [0.0]]])


def test_close_pairs_of_turning_points():
    g = MLPGenerator((2,), "tanh")
    theta = bump(1e-6)
    a, b = g.pieces(theta)
    assert 0 < b - a < 4e-3
    around = g.slope(np.array([a - 1e-5, a + 1e-5, b - 1e-5, b + 1e-5]), theta)
    assert np.sign(around).tolist() == [1, -1, -1, 1]
    assert g.pieces(bump(-1e-6)) == []


def test_close_pairs_on_a_coarse_lattice():
    """The zeros 1 ± 1e-3 of a slope that is positive at all points of the lattice."""

    def jet(z):
        return (z - 1) ** 3 / 3 - 1e-6 * z, (z - 1) ** 2 - 1e-6, 2 * (z - 1)

    lattice = np.linspace(-3, 4, 47)
    assert (jet(lattice)[1] > 0).all()
    assert turning_points(jet, lattice) == pytest.approx([1 - 1e-3, 1 + 1e-3], rel=1e-12)


def test_turning_points_of_narrow_units():
    """Switches thousands of times narrower than the latent."""
    g = MLPGenerator((3,), "tanh")
    theta = flat([[[1.0, 3000.0, 2000.0], [0.0, -3000.3, 800.0]], [[1.0], [-0.3], [0.2], [0]]])
    turns = np.array(g.pieces(theta))
    low, high = turns_by_scan(lambda z: g.slope(z, theta), 0.99, 1.01)
    assert len(low) == 2 and len(turns) == 2
    assert (turns >= low - 1e-12).all() and (turns <= high + 1e-12).all()


def test_turning_points_of_narrow_units_of_the_second_layer():
    """A step back of width 1e-6 where tanh z = 0.6, far from where the first layer's unit turns."""
    g = MLPGenerator((1, 2), "tanh")
    theta = flat([[[1.0], [0.0]], [[1e6, 1.0], [-0.6e6, 0.0]], [[-0.1], [3.0], [0.0]]])
    step = np.arctanh(0.6)
    low, high = turns_by_scan(lambda z: g.slope(z, theta), step - 1e-4, step + 1e-4)
    turns = np.array(g.pieces(theta))
    assert len(low) == 2 and len(turns) == 2
    assert (turns >= low - 1e-12).all() and (turns <= high + 1e-12).all()


@pytest.mark.parametrize("latent", [Normal(), Uniform(-1, 2)])
@pytest.mark.parametrize("widths", [(8,), (6, 6)])
def test_density_of_tanh_networks(widths, latent):
    from gandyn.engine.panels import field_integrals

    g, theta = MLPGenerator(widths, "tanh", latent), 1.5 * random_theta(widths, 2)
    p = g.pushforward(theta)
    assert isinstance(p, Pushforward) and not len(p.atoms)
    one = (lambda at: np.exp(at.log_generated), lambda at: np.ones_like(at.x))
    mass = field_integrals(Normal(0, 2), g.generated(theta[None]), [one], transport=False)
    assert mass.value[0, 0] == pytest.approx(1, rel=1e-9)
    x = g(latent.sample(100_000, rng=5), theta)
    assert stats.kstest(x, p.cdf).pvalue > 1e-3


@pytest.mark.exhaustive
def test_stacks_are_their_members():
    data = gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)")
    for kind, member in (("relu", PiecewisePushforward), ("tanh", Pushforward)):
        g = MLPGenerator((4,), kind)
        theta = np.stack([random_theta((4,), seed) for seed in range(3)])
        assert isinstance(g.pushforward(theta[0]), member)
        generated = g.generated(theta)
        x = np.linspace(-3, 3, 10).reshape(5, 2)
        lane = np.array([2, 0, 1, 0, 2])
        for name in ("logpdf", "score", "cdf", "sf"):
            rows = [
                getattr(g.pushforward(theta[k]), name)(at) for k, at in zip(lane, x, strict=True)
            ]
            np.testing.assert_array_equal(getattr(generated, name)(x, lane), rows)
        game = gandyn.Game(data, g)
        stacked = game.potential(theta)
        assert stacked == pytest.approx([game.potential(row) for row in theta], rel=1e-10)


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        ({"widths": (0,)}, "widths: got (0,)"),
        ({"widths": (2.5,)}, "widths: got (2.5,)"),
        ({"widths": 3}, "widths: got 3"),
        ({"widths": "ab"}, "widths: got 'ab'"),
        ({"activation": "sin"}, "activation: got 'sin'"),
    ],
)
def test_bad_arguments(arguments, start):
    with pytest.raises(InputError) as error:
        MLPGenerator(**arguments)
    assert str(error.value).startswith(start) and "\n" not in str(error.value)


def test_bad_states():
    g = MLPGenerator((2,))
    with pytest.raises(InputError, match=r"theta: .*7 parameters"):
        g.pushforward(np.zeros(3))
    with pytest.raises(InputError, match="one state"):
        g.pushforward(np.zeros((2, 7)))
    with pytest.raises(InputError, match="must not be constant"):
        MLPGenerator((2,), "tanh").pushforward(np.zeros(7))


def test_the_widths_of_the_article():
    generator = MLPGenerator()
    assert generator.dimension == 2 * 256 + 257 * 256 + 257
