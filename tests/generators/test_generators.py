"""Generators: the density they push forward, linear, monotone, folded and bounded."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

import gandyn
from gandyn import Generator, InputError, LinearGenerator, Normal, Uniform
from gandyn.generators.generated import Fixed
from tests.sweeps import sweep
from tests.users import Square


class Cubic(Generator):
    """x = b + a (z + c z³), monotone for c ≥ 0."""

    dimension = 3

    def __call__(self, z, theta):
        a, b, c = theta
        return b + a * (z + c * z**3)

    def sensitivity(self, z, theta):
        a, _, c = theta
        return np.stack([z + c * z**3, np.ones_like(z), a * z**3])


class Exponential(Generator):
    """x = b + e^(a z): log-normal, bounded below."""

    dimension = 2

    def __call__(self, z, theta):
        with np.errstate(over="ignore"):
            return theta[1] + np.exp(theta[0] * z)

    def sensitivity(self, z, theta):
        with np.errstate(over="ignore"):
            return np.stack([z * np.exp(theta[0] * z), np.ones_like(z)])


class AsLinear(Generator):
    """a z + b without the closed forms of `LinearGenerator`."""

    dimension = 2

    def __call__(self, z, theta):
        return theta[0] * z + theta[1]

    def sensitivity(self, z, theta):
        return np.stack([z, np.ones_like(z)])


def test_linear_density():
    x = np.linspace(-4, 6, 41)
    for a in (2.0, -2.0):
        p = LinearGenerator(Normal(0.5, 1.5)).pushforward([a, 1.0])
        exact = stats.norm(a * 0.5 + 1.0, 3.0)
        assert p.logpdf(x) == pytest.approx(exact.logpdf(x), rel=1e-12)
        assert p.cdf(x) == pytest.approx(exact.cdf(x), rel=1e-12)
        assert p.sf(x) == pytest.approx(exact.sf(x), rel=1e-12)
        assert p.score(x) == pytest.approx((exact.mean() - x) / 9, rel=1e-10, abs=1e-13)
        assert p.ppf(0.3) == pytest.approx(exact.ppf(0.3), rel=1e-12)


def test_square_density():
    """z² is χ² with one degree of freedom."""
    p = Square().pushforward([2.0, 1.0])
    exact = stats.chi2(1, loc=1.0, scale=2.0)
    x = np.array([1.0001, 1.1, 1.9, 4.0, 11.0, 30.0])
    assert p.support == (1.0, np.inf)
    assert p.logpdf(x) == pytest.approx(exact.logpdf(x), rel=1e-9)
    assert p.cdf(x) == pytest.approx(exact.cdf(x), rel=1e-9)
    assert p.sf(x) == pytest.approx(exact.sf(x), rel=1e-9)
    assert p.logpdf(0.5) == -np.inf and p.cdf(0.5) == 0 and p.sf(0.5) == 1
    down = Square().pushforward([-2.0, 1.0])
    assert down.support == (-np.inf, 1.0)
    assert down.logpdf(2 - x) == pytest.approx(exact.logpdf(x), rel=1e-9)


def test_exponential_density():
    p = Exponential().pushforward([0.6, 1.0])
    exact = stats.lognorm(0.6, loc=1.0)
    x = np.array([1.05, 1.5, 2.0, 4.0, 9.0])
    assert p.support[0] == pytest.approx(1.0)
    assert p.logpdf(x) == pytest.approx(exact.logpdf(x), rel=1e-9)
    assert p.cdf(x) == pytest.approx(exact.cdf(x), rel=1e-10)


def test_cubic_density():
    """By change of variables, and against samples."""
    theta = np.array([1.5, 0.3, 0.2])
    p = Cubic().pushforward(theta)
    z = np.linspace(-4, 4, 33)
    x, slope = Cubic()(z, theta), 1.5 * (1 + 0.6 * z * z)
    assert p.logpdf(x) == pytest.approx(Normal(0, 1).logpdf(z) - np.log(slope), rel=1e-10)
    exact = (-z - 1.5 * 1.2 * z / slope) / slope
    assert p.score(x) == pytest.approx(exact, rel=1e-7, abs=1e-9)
    assert p.cdf(x) == pytest.approx(Normal(0, 1).cdf(z), rel=1e-10)
    sample = p.sample(20_000, rng=1)
    assert stats.kstest(sample, p.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("generator", "theta"),
    [
        (Cubic(), [1.5, 0.3, 0.2]),
        (Cubic(Uniform(-1, 1)), [-1.5, 0.3, 0.7]),
        (Square(), [1.3, 0.2]),
        (Square(Uniform(-1, 2)), [1.3, 0.2]),
        (Square(Normal(0.7, 0.5)), [-1.3, 0.2]),
        (AsLinear(gandyn.Laplace(0, 1)), [-0.7, 2.0]),
        (LinearGenerator(gandyn.StudentT(5, 0, 1)), [0.7, 2.0]),
        (Exponential(), [0.5, -1.0]),
    ],
)
def test_pushforward_is_a_density(generator, theta):
    """Mass 1 by quadrature, cdf + sf = 1, cdf′ = density, ppf inverts, mass in each interval."""
    from gandyn.engine.mesh import fitted
    from gandyn.engine.panels import field_integrals

    p = generator.pushforward(theta)
    generated = generator.generated(np.array([theta], dtype=float))
    data = Normal(0, 2)
    mass = field_integrals(
        data,
        generated,
        [(lambda at: np.exp(at.log_generated), lambda at: np.ones_like(at.x))],
        transport=False,
    )
    assert mass.value[0, 0] == pytest.approx(1, rel=1e-9)
    q = np.array([0.01, 0.2, 0.5, 0.77, 0.999])
    x = p.ppf(q)
    assert p.cdf(x) == pytest.approx(q, rel=1e-9)
    assert p.cdf(x) + p.sf(x) == pytest.approx(1, rel=1e-12)
    h = 1e-5
    smooth = p.pdf(x) < 2
    rate = (p.cdf(x + h) - p.cdf(x - h)) / (2 * h)
    assert rate[smooth] == pytest.approx(p.pdf(x)[smooth], rel=1e-5)
    assert len(fitted(data, generated)) > 10


@pytest.mark.parametrize("lead", [0.1, -0.1])
def test_quantiles_at_the_ends_of_a_monotone_polynomial(lead):
    law = gandyn.HermiteGenerator(3).pushforward([0.5, np.sign(lead) * 2.0, 0.2, lead])
    assert law.ppf([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    assert law.isf([0.0, 1.0]).tolist() == [np.inf, -np.inf]
    assert law.cdf(law.ppf(0.3)) == pytest.approx(0.3, rel=1e-14)
    bounded = Exponential().pushforward([1.0, 2.0])
    assert bounded.ppf([0.0, 1.0]).tolist() == [2.0, np.inf]


def test_generic_density_equals_the_linear_one():
    theta = np.array([[1.3, 0.2], [-0.4, 2.0]])
    for latent in (Normal(0, 1), Uniform(-1, 1), gandyn.Logistic(0.2, 0.7)):
        for name in ("nonsaturating", "hellinger", "wasserstein1", "mse"):
            data = gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)")
            one = gandyn.Game(data, AsLinear(latent), name)
            other = gandyn.Game(data, LinearGenerator(latent), name)
            assert one.potential(theta) == pytest.approx(other.potential(theta), rel=1e-9)
            assert one.force(theta) == pytest.approx(other.force(theta), rel=1e-8, abs=1e-9)
            assert one.boundary_force(theta) == pytest.approx(
                other.boundary_force(theta), rel=1e-8, abs=1e-9
            )


def test_sensitivity_averages_over_preimages():
    theta = np.array([2.0, 1.0])
    p = Square().pushforward(theta)
    x = np.array([1.5, 3.0, 9.0])
    # x = 2 z² + 1 has two preimages with the same z²
    assert p.sensitivity(x) == pytest.approx(np.stack([(x - 1) / 2, np.ones(3)]), rel=1e-12)


def test_default_slope_and_curvature():
    z, theta = np.linspace(-3, 3, 13), np.array([1.5, 0.3, 0.2])
    g = Cubic()
    assert g.slope(z, theta) == pytest.approx(1.5 * (1 + 0.6 * z * z), rel=1e-11)
    assert g.curvature(z, theta) == pytest.approx(1.5 * 1.2 * z, rel=1e-9, abs=1e-9)
    assert LinearGenerator().slope(z, np.array([2.0, 1.0])) == pytest.approx(2.0)
    assert not LinearGenerator().curvature(z, np.array([2.0, 1.0])).any()


@pytest.mark.parametrize(
    ("theta", "start"),
    [
        ([0.0, 1.0], "theta: got a = 0"),
        ([[1.0, 1.0], [0.0, 1.0]], "theta: got a = 0"),
        ([1.0, np.nan], "theta: got nan, must be finite"),
        ([np.inf, 1.0], "theta: got inf, must be finite"),
        ([1.0, 2.0, 3.0], "theta: got an array of shape (3,)"),
        ([1.0], "theta: got an array of shape (1,)"),
        (1.0, "theta: got an array of shape ()"),
        ("ab", "theta: got"),
        (["a", "b"], "theta: got"),
        (None, "theta: got"),
        ([[1.0, 2.0], [1.0]], "theta: got"),
        ([1j, 2], "theta: got"),
    ],
)
def test_bad_states(theta, start):
    for method in ("force", "potential", "evaluate", "jacobian", "discriminator", "boundary_force"):
        with pytest.raises(InputError) as error:
            getattr(gandyn.Game(Normal(0, 1)), method)(theta)
        assert str(error.value).startswith(start) and "\n" not in str(error.value)


def test_bad_generators():
    with pytest.raises(InputError, match="shape"):
        LinearGenerator().pushforward([[1.0, 2.0], [1.0, 3.0]])
    with pytest.raises(InputError, match=r"not be constant|monotone"):
        Square().pushforward([0.0, 1.0])

    class NoTurn(Square):
        def pieces(self, theta):
            return ()

    with pytest.raises(InputError, match=r"^pieces: .*not monotone"):
        NoTurn().pushforward([1.0, 0.0])

    class Backwards(Square):
        def pieces(self, theta):
            return [1.0, 0.0]

    with pytest.raises(InputError, match=r"^pieces: .*ascending"):
        Backwards().pushforward([1.0, 0.0])


def test_what_a_generator_says_of_its_parameters():
    linear, other = LinearGenerator(), Exponential()
    assert linear.scale_and_place == (0, 1) and other.scale_and_place is None
    states = np.array([[[2.0, -1.0], [-0.5, 3.0]]])
    assert linear.orientation(states).tolist() == [[1.0, -1.0]]
    assert other.orientation(np.ones((3, 2, 2))).tolist() == [[0.0, 0.0]] * 3


@pytest.mark.parametrize(
    "name",
    sweep(["nonsaturating", "reverse_kl", "wasserstein1"], lambda name: name == "reverse_kl"),
)
def test_square_of_a_rayleigh_latent_is_exponential(name):
    """g z² + h is 2g u + h, u exponential: a turn at the end of the latent, many states at once."""
    data = gandyn.parse("0.5*N(-2, 0.6) + 0.5*N(2, 1)")
    states = np.random.default_rng(0).normal(size=(12, 2)) * 0.3 + [1.5, 0.0]
    bent = gandyn.Game(data, Square(gandyn.from_scipy(stats.rayleigh())), name)
    straight = gandyn.Game(data, LinearGenerator(gandyn.from_scipy(stats.expon())), name)
    exact = straight.force(states * [2.0, 1.0]) * [2.0, 1.0]
    assert bent.force(states) == pytest.approx(exact, rel=1e-9, abs=1e-11)
    exact = straight.potential(states * [2.0, 1.0])
    assert bent.potential(states) == pytest.approx(exact, rel=1e-11)


class Saturated(Generator):
    """x = θ₀ tanh 3z + θ₁: flat to rounding where the latent's tails are."""

    dimension = 2

    def __call__(self, z, theta):
        return theta[0] * np.tanh(3 * z) + theta[1]

    def sensitivity(self, z, theta):
        return np.stack([np.tanh(3 * z), np.ones_like(z)])


@pytest.mark.parametrize("theta", [(1.0, 0.0), (-2.0, 3.0)])
def test_what_is_flat_in_the_tails_is_monotone(theta):
    law = Saturated(Normal()).pushforward(theta)
    z = np.array([-1.5, -0.5, 0.0, 0.3, 1.0])
    below = ndtr(np.sign(theta[0]) * z)
    assert law.cdf(theta[0] * np.tanh(3 * z) + theta[1]) == pytest.approx(below, rel=1e-9)


def test_jumps_of_a_law_that_no_parameter_moves():
    places, sensitivity = Fixed(Uniform(-1, 2)).jumps(0)
    assert places.tolist() == [-1, 2] and sensitivity.shape == (2, 0)
