"""What users add from outside, in some fifteen lines each, works in everything."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.special import expit

import gandyn
from gandyn import Distribution, FDivergence, Game, Generator, LinearGenerator, Normal, Objective
from gandyn.objectives import names
from tests.sweeps import sweep
from tests.users import Square

# -- an objective by its weight, the triangular discrimination ∫(p − q)²/(p + q)


def triangular():
    # f(r) = (r − 1)²/(r + 1), f'' = 8/(r + 1)³, w = r² f''
    return FDivergence(lambda ell: 8 * expit(ell) ** 2 * expit(-ell), "triangular")


# -- an objective by its slope and potential, E (G − c)⁴: no f-divergence, and no use of the data


class Quartic(Objective):
    name = "quartic"

    def slope(self, at):
        return -4.0 * (at.x - 1.0) ** 3

    def potential(self, at):
        return np.exp(at.log_generated) * (at.x - 1.0) ** 4


# -- a generator of three parameters that is not linear


class Bent(Generator):
    dimension = 3

    def __call__(self, z, theta):
        a, b, c = theta
        return b + a * (z + c * np.tanh(z))

    def sensitivity(self, z, theta):
        a, _, c = theta
        return np.stack([z + c * np.tanh(z), np.ones_like(z), a * np.tanh(z)])


# -- a distribution that is not normal, and hashes to nothing


class HyperbolicSecant(Distribution):
    __hash__ = None

    def __init__(self, loc, scale):
        self.loc, self.width = loc, scale
        self.landmarks = np.array([[loc, scale]])

    def logpdf(self, x):
        z = np.pi / 2 * np.abs((np.asarray(x, dtype=float) - self.loc) / self.width)
        return -z - np.log1p(np.exp(-2 * z)) - math.log(self.width)

    def score(self, x):
        z = np.pi / 2 * (np.asarray(x, dtype=float) - self.loc) / self.width
        return -np.pi / 2 * np.tanh(z) / self.width

    def cdf(self, x):
        z = np.pi / 2 * (np.asarray(x, dtype=float) - self.loc) / self.width
        return 2 / np.pi * np.arctan(np.exp(np.minimum(z, 700)))

    def sf(self, x):
        return self.cdf(2 * self.loc - np.asarray(x, dtype=float))


SECANT = HyperbolicSecant(0.5, 1.2)
TWO = gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)")
GENERATORS = {
    "linear": (LinearGenerator(), [1.2, 0.3]),
    "user's linear latent": (LinearGenerator(HyperbolicSecant(0, 1)), [1.1, 0.2]),
    "bent": (Bent(), [0.9, 0.2, 0.4]),
    "bent down": (Bent(gandyn.Logistic(0, 0.5)), [-0.9, 0.2, 0.4]),
    "bent, of a latent that ends": (Bent(gandyn.Uniform(-1, 1.5)), [0.9, 0.2, 0.4]),
}


def rates(function, theta, h=2e-3):
    """∂f/∂θ_j by differences of order six, j in front."""
    rule = ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3))
    return np.array(
        [
            sum(w * (function(theta + k * e) - function(theta - k * e)) for w, k in rule) / h
            for e in np.eye(len(theta)) * h
        ]
    )


OBJECTIVES = {str(o): o for o in [*names(), "alpha(0.3)", triangular(), Quartic()]}
DATA = {"mixture": TWO, "secant": SECANT}


def in_turn(case):
    """Every objective with every other generator, on the one data and on the other in turn."""
    objective, which, data = case
    j, k = list(OBJECTIVES).index(objective), list(GENERATORS).index(which)
    return (j + k // 2) % 2 == 0 and data == list(DATA)[(j + k) % 2]


@pytest.mark.parametrize(
    ("objective", "which", "data"), sweep(product(OBJECTIVES, GENERATORS, DATA), in_turn)
)
def test_conformance(objective, which, data):
    """Finite, equal by every way to it, and with what jumps add minus a gradient."""
    generator, theta = GENERATORS[which]
    theta = np.array(theta)
    game = Game(DATA[data], generator, OBJECTIVES[objective])
    e = game.evaluate(theta)
    assert np.shape(e.jsd) == () and e.force.shape == theta.shape
    if not np.isfinite(e.potential) or not np.isfinite(e.force).all():
        assert game.objective.name in ("pearson", "neyman", "alpha(0.3)", "forward_kl", "jeffreys")
        return
    assert game.potential(theta) == pytest.approx(e.potential, rel=1e-12)
    size = np.abs(e.force).max()
    assert game.force(theta) == pytest.approx(e.force, abs=1e-10 * size)
    assert (e.errors["force"] <= 1e-7 * size).all()
    whole = e.force + game.boundary_force(theta)
    assert np.abs(rates(game.potential, theta) + whole).max() <= 1e-7 * max(size, 0.1)


@pytest.mark.parametrize("which", GENERATORS)
@pytest.mark.parametrize(
    "objective", ["nonsaturating", "wasserstein2", triangular(), Quartic()], ids=str
)
def test_jacobian_of_what_users_add(objective, which):
    generator, theta = GENERATORS[which]
    theta = np.array(theta)
    game = Game(TWO, generator, objective)
    jacobian = game.jacobian(theta)
    assert jacobian.shape == (len(theta), len(theta))
    whole = jacobian + rates(game.boundary_force, theta).T
    assert np.abs(whole - whole.T).max() <= 1e-7 * np.abs(jacobian).max()


@pytest.mark.parametrize("name", sweep(["wasserstein2", "mse"], lambda name: name == "mse"))
def test_folded_generator(name):
    """A density with a singular end: what needs no score is minus a gradient."""
    game, theta, h = Game(TWO, Square(), name), np.array([0.8, -0.7]), 1e-4
    force = game.force(theta)
    rate = [
        (game.potential(theta - e) - game.potential(theta + e)) / (2 * h) for e in np.eye(2) * h
    ]
    assert force == pytest.approx(rate, rel=1e-5)
    if name == "mse":
        assert game.force(np.array([theta, theta + 0.1]))[0] == pytest.approx(force, rel=1e-12)


def test_folded_generator_has_its_divergences():
    e = Game(TWO, Square(), "mse").evaluate([0.8, -0.7])
    assert 0 < e.jsd < math.log(2) and e.jsd + e.jsd_gap == pytest.approx(math.log(2), rel=1e-8)
    # mass of the data below the fold is nothing that the generator makes
    assert e.kl_data_generator == math.inf
    assert e.total_variation > TWO.cdf(-0.7)


def test_triangular_discrimination():
    """Its potential against its own integral, on a fine grid."""
    game = Game(TWO, objective=triangular())
    x = np.linspace(-30, 30, 60_001)
    p, q = TWO.pdf(x), game.generator.pushforward([1.2, 0.3]).pdf(x)
    exact = np.sum((p - q) ** 2 / np.maximum(p + q, 1e-300)) * (x[1] - x[0])
    assert game.potential([1.2, 0.3]) == pytest.approx(exact, rel=1e-10)


def test_quartic_in_closed_form():
    """E (a z + b − 1)⁴ = 3a⁴ + 6a²c² + c⁴."""
    game, a, c = Game(TWO, objective=Quartic()), 1.2, -0.7
    assert game.potential([a, 1 + c]) == pytest.approx(
        3 * a**4 + 6 * a * a * c * c + c**4, rel=1e-12
    )
    exact = [-12 * a**3 - 12 * a * c * c, -12 * a * a * c - 4 * c**3]
    assert game.force([a, 1 + c]) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("which", GENERATORS)
def test_discriminator_of_what_users_add(which):
    generator, theta = GENERATORS[which]
    d = Game(SECANT, generator).discriminator(theta)
    x = np.linspace(-5, 5, 11)
    g = generator.pushforward(theta)
    assert d.logit(x) == pytest.approx(SECANT.logpdf(x) - g.logpdf(x), rel=1e-9, abs=1e-9)
    assert d(x) == pytest.approx(SECANT.pdf(x) / (SECANT.pdf(x) + g.pdf(x)), rel=1e-9)


@pytest.mark.parametrize("objective", ["nonsaturating", triangular()], ids=str)
def test_flow_of_what_users_add(objective):
    """The potential falls along the flow, and p_g = p where the generator can reach it."""
    game = Game(SECANT, LinearGenerator(HyperbolicSecant(0, 1)), objective)
    flow = gandyn.gradient_flow(game, [1.0, 0.0], (0, 200))
    assert flow.success
    assert flow.theta[-1] == pytest.approx([1.2, 0.5], abs=1e-5)
    assert (np.diff(flow.potential) <= 1e-13).all()
    bent = Game(TWO, Bent(), objective)
    flow = gandyn.gradient_flow(bent, [1.0, 0.0, 0.1], (0, 3), rtol=1e-6)
    assert flow.success and flow.theta.shape[-1] == 3
    assert flow.potential[-1] < flow.potential[0]


def test_iterate_what_users_add():
    it = gandyn.iterate(Game(SECANT, Bent(), Quartic()), [0.5, 0.0, 0.1], step=0.002, n=20)
    assert it.potential[-1] < it.potential[0]


def test_mixtures_of_what_users_add():
    data = gandyn.Mixture([0.3, 0.7], [HyperbolicSecant(-1, 0.5), Normal(2, 1)])
    e = Game(data).evaluate([[1.0, 0.5], [-1.0, 0.5]])
    assert e.force[0] == pytest.approx(e.force[1] * [-1, 1], rel=1e-9)


def test_latents_that_are_mixtures():
    """Two modes pushed onto the same two modes."""
    data = gandyn.parse("0.5*N(-3, 0.5) + 0.5*N(3, 0.5)")
    game = Game(data, LinearGenerator(gandyn.parse("0.5*N(-6, 1) + 0.5*N(6, 1)")), "nonsaturating")
    e = game.evaluate([0.5, 0.0])
    assert abs(e.jsd) < 1e-15 and np.abs(e.force).max() < 1e-12
    assert game.jacobian([0.5, 0.0])[1, 1] == pytest.approx(-0.5 / 0.25, rel=1e-6)
