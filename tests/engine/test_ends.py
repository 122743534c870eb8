"""Ends where a density is infinite or vanishes, tails, and what diverges, in closed form."""

import math

import mpmath as mp
import numpy as np
import pytest
import scipy.stats as st

import gandyn
from gandyn import Game, LinearGenerator, StudentT, Uniform, distances, from_scipy
from tests.sweeps import sweep

MOVES = [(0.0, 1.0), (5.0, 3.0), (-7.0, 1e3), (2.0, 1e-3), (-1.0, 1.0)]
moved = pytest.mark.parametrize(("loc", "scale"), MOVES)


def jsd(p, q, ends):
    """By mpmath, in 30 digits."""
    with mp.workdps(30):

        def integrand(x):
            a, b = p(x), q(x)
            return (a * mp.log(2 * a / (a + b)) + b * mp.log(2 * b / (a + b))) / 2

        return float(mp.quad(integrand, ends))


def rounding(loc, scale):
    """Of 10 digits at an end that is far from 0 in units of the law's size."""
    return 1e-13 + 1e-13 * abs(loc) / scale


@moved
def test_an_end_where_the_density_is_infinite(loc, scale):
    plain = Uniform(loc, loc + scale)
    arcsine = from_scipy(st.arcsine(loc, scale))
    right = 0.0412980285262002
    for found in (distances(arcsine, plain), distances(plain, arcsine)):
        assert found.jsd == pytest.approx(right, abs=rounding(loc, scale))
        assert found.converged
    beta = from_scipy(st.beta(1, 0.3, loc, scale))
    found = distances(beta, plain)
    assert found.jsd == pytest.approx(0.13898228216039856, abs=rounding(loc, scale))
    gamma = from_scipy(st.gamma(0.2, loc, scale))
    expon = from_scipy(st.expon(loc, scale))
    exact = jsd(
        lambda u: 5 * u**0 * mp.exp(-(u**5)) / mp.gamma(0.2),
        lambda u: 5 * u**4 * mp.exp(-(u**5)),
        [0, 0.2, 0.5, 1, 1.5, 2, 3],
    )
    assert distances(gamma, expon).jsd == pytest.approx(exact, abs=rounding(loc, scale))


@moved
@pytest.mark.parametrize(("a", "b"), [(2, 2), (1, 3), (3, 1), (1.5, 1), (1, 1.9)])
def test_an_end_where_the_density_vanishes(a, b, loc, scale):
    """KL(U‖Beta(a, b)) = log B(a, b) + a + b − 2; χ² is finite below exponents of 1."""
    found = distances(Uniform(loc, loc + scale), from_scipy(st.beta(a, b, loc, scale)))
    right = float(mp.log(mp.beta(a, b))) + a + b - 2
    assert found.kl_pq == pytest.approx(right, abs=1e2 * rounding(loc, scale))
    if max(a, b) < 2:
        chi = float(mp.beta(a, b) * mp.beta(2 - a, 2 - b)) - 1
        assert found.chi_squared_pq == pytest.approx(chi, rel=1e-6)
    else:
        assert found.chi_squared_pq == math.inf
    assert found.converged


def test_tails_beyond_the_last_node_count():
    found = distances(StudentT(2.05), StudentT(2.05, 0, 2))
    assert found.wasserstein2 == pytest.approx(math.sqrt(41), abs=3 * found.errors["wasserstein2"])
    found = distances(StudentT(2.05), gandyn.Normal(0, 1))
    assert found.kl_pq == pytest.approx(19.4724378188865, abs=3 * found.errors["kl_pq"])
    assert found.errors["kl_pq"] < 1e-9
    law = gandyn.from_logpdf(lambda x: -1.525 * np.log1p(x * x / 2.05), [(0, 1)])
    assert law.std == pytest.approx(math.sqrt(41), rel=1e-9)


HEAVY = [StudentT(1), from_scipy(st.levy()), from_scipy(st.pareto(0.9))]


@pytest.mark.parametrize("other", [gandyn.Normal(0, 1), Uniform(0, 1), from_scipy(st.gamma(2))])
@pytest.mark.parametrize("heavy", sweep(HEAVY, lambda law: law is HEAVY[0]))
def test_a_law_without_a_mean_is_infinitely_far(heavy, other):
    for pair in ((heavy, other), (other, heavy)):
        found = distances(*pair)
        assert found.wasserstein1 == found.wasserstein2 == math.inf
        assert math.isfinite(found.jsd)


def test_means_that_do_not_exist():
    for law in (st.cauchy(), st.cauchy(3, 2), st.levy(), st.landau(), st.skewcauchy(0.3)):
        assert math.isnan(from_scipy(law).mean) and math.isnan(from_scipy(law).std)
    assert from_scipy(st.lomax(1.9)).std == math.inf
    for law in (st.gamma(0.3, 2, 5), st.lomax(2.3), st.beta(0.2, 3), st.pearson3(-2, 1, 3)):
        ours = from_scipy(law)
        assert ours.mean == pytest.approx(law.mean(), rel=1e-11)
        assert ours.std == pytest.approx(law.std(), rel=1e-9)


def test_a_component_with_an_end_of_its_own():
    """A mixture's end is that of one of its components."""
    gamma = from_scipy(st.gamma(0.5, loc=3))
    whole = gandyn.Mixture([0.3, 0.7], [gamma, gandyn.Normal(0, 1)])
    (end,) = whole.ends
    assert (end.place, end.side) == (3.0, 1.0) and end.power == pytest.approx(-0.5)

    def p(u):  # in the root of the distance from the end, which takes the infinity away
        g = 0.3 * 2 * mp.exp(-(u**2)) / mp.sqrt(mp.pi)
        return g + 0.7 * 2 * u * mp.npdf(3 + u**2)

    left = jsd(lambda x: 0.7 * mp.npdf(x), lambda x: mp.npdf(x, 0, 2), [-20, -4, 0, 3])
    right = jsd(p, lambda u: 2 * u * mp.npdf(3 + u**2, 0, 2), [0, 0.5, 1, 2, 3, 5])
    assert distances(whole, gandyn.Normal(0, 2)).jsd == pytest.approx(left + right, abs=1e-11)


def test_forces_that_do_not_exist_are_infinite():
    gamma = from_scipy(st.gamma(2))
    for objective in ("nonsaturating", "reverse_kl", "jeffreys", "neyman", "alpha(-0.5)"):
        assert np.isinf(Game(gamma, objective=objective).force([1.0, 1.0])).all()
    for objective in ("forward_kl", "hellinger"):
        assert np.isinf(
            Game(from_scipy(st.gamma(0.4)), objective=objective).force([1.0, 1.0])
        ).all()
    for data in (st.triang(0.5), st.beta(2, 2), st.gamma(2, loc=1)):
        assert not np.isfinite(Game(from_scipy(data)).force([0.3, 0.5])).any()
    found = Game(gamma, objective="alpha(0.3)").evaluate([1.0, 1.0])
    assert found.force[1] == pytest.approx(1.0999007104012333, abs=3 * found.errors["force"][1])


def test_an_infinite_end_as_data_and_as_latent():
    uniform = LinearGenerator(Uniform())
    found = Game(from_scipy(st.beta(0.5, 3)), uniform).evaluate([0.2, 0.3])
    assert found.jsd == pytest.approx(0.29731727350709986, abs=1e-12)
    assert found.total_variation == pytest.approx(0.60440970743, abs=1e-10)
    theta = np.array([[1.5, -0.4], [-0.7, 2.0]])
    latent = from_scipy(st.arcsine(-1, 2))
    as_latent = Game(gandyn.Normal(0, 1), LinearGenerator(latent)).evaluate(theta, ["jsd"]).jsd
    for (a, b), one in zip(theta, as_latent, strict=True):
        law = from_scipy(st.arcsine(b - abs(a), 2 * abs(a)))
        assert one == pytest.approx(distances(gandyn.Normal(0, 1), law).jsd, abs=1e-13)


JACOBIANS = [
    (st.arcsine(), gandyn.Normal(0, 1), "nonsaturating"),
    (st.gamma(2), gandyn.Normal(0, 1), "hellinger"),
    (gandyn.Normal(0, 1), st.gamma(2), "nonsaturating"),
    (st.gamma(2), st.gamma(1.5), "hellinger"),
    (st.gamma(2), Uniform(-1, 1), "saturating"),
    (st.arcsine(), gandyn.Laplace(0, 1), "nonsaturating"),
    ((st.gamma(2, loc=0.3), gandyn.Normal(0, 1)), st.gamma(2), "saturating"),
    ((st.gamma(0.5, loc=0.3), gandyn.Normal(0, 1)), gandyn.Normal(0, 1), "nonsaturating"),
    ((st.gamma(2, loc=0.3), Uniform(-1, 0.7)), gandyn.Normal(0, 1), "nonsaturating"),
]


def _law(given):
    if isinstance(given, tuple):
        return gandyn.Mixture([0.5, 0.5], [_law(part) for part in given])
    return given if isinstance(given, gandyn.Distribution) else from_scipy(given)


@pytest.mark.parametrize(("data", "latent", "objective"), JACOBIANS, ids=range(len(JACOBIANS)))
def test_the_jacobian_next_to_ends_is_the_slope_of_the_force(data, latent, objective):
    """By differences of order six of the force, whose own ways do not know of it."""
    game = Game(_law(data), LinearGenerator(_law(latent)), objective)
    theta, step = np.array([[0.7, 0.4], [-0.6, 0.35]]), 1e-3
    weights = {3: 1 / 60, 2: -3 / 20, 1: 3 / 4}
    slopes = (
        sum(
            w
            * (
                game.force(theta[:, None] + k * step * np.eye(2))
                - game.force(theta[:, None] - k * step * np.eye(2))
            )
            for k, w in weights.items()
        )
        / step
    )
    right = np.swapaxes(slopes, 1, 2)
    size = np.abs(right).max(axis=(1, 2), keepdims=True)
    assert game.jacobian(theta) / size == pytest.approx(right / size, abs=1e-10)


def test_a_faint_lane_does_not_take_the_time_of_all():
    """Of states that see next to nothing, 1e-313, no more nodes are asked than usual."""
    game = Game(from_scipy(st.arcsine()))
    theta = np.array([[0.0848753276, -2.19866771], [0.3, 0.5], [0.855, 3.19866771]])
    found = game.engine.force(theta)
    assert found.converged.all() and found.nodes.max() < 5000


@pytest.mark.exhaustive
def test_rest_points_of_laws_that_vanish_at_an_end():
    """Under Hellinger the saddle-free fit of gamma(2), and the law itself as latent: (1, 0)."""
    gamma = from_scipy(st.gamma(2))
    (own,) = gandyn.equilibria(
        Game(gamma, LinearGenerator(gamma), "hellinger"), (0.5, 2.0, -0.5, 0.5)
    )
    assert own.theta == pytest.approx([1.0, 0.0], abs=1e-9)
    found = gandyn.equilibria(Game(gamma, objective="hellinger"), (0.5, 3.0, 0.5, 4.0))
    assert found.complete and [point.kind for point in found] == ["attractor"]
    # ∂/∂b of ∫√(p p_g) is ½∫√(p p_g) ℓ' = 0
    (a, b) = found[0].theta
    with mp.workdps(20):
        bulk = lambda x: mp.sqrt(x * mp.exp(-x) * mp.npdf(x, b, a))  # noqa: E731
        assert abs(mp.quad(lambda x: bulk(x) * (x - b), [0, 1, 3, 9, 40])) < 1e-9
