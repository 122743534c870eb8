"""What every distribution must do, those of users included."""

import math
import pickle
from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

import numpy as np
import pytest
import scipy.stats as st
from scipy.special import ndtr

import gandyn
import gandyn.distributions as gd
from gandyn import MLPGenerator
from gandyn.system.differences import derivative
from tests.networks import random_theta


class Gumbel(gd.Distribution):
    """As a user would write one."""

    def __init__(self, loc, scale):
        self.loc, self.scale = loc, scale
        self.landmarks = np.array([[loc, scale]])

    def logpdf(self, x):
        z = (np.asarray(x) - self.loc) / self.scale
        return -z - np.exp(np.minimum(-z, 700)) - math.log(self.scale)

    def score(self, x):
        z = (np.asarray(x) - self.loc) / self.scale
        return (np.exp(np.minimum(-z, 700)) - 1) / self.scale

    def cdf(self, x):
        z = (np.asarray(x) - self.loc) / self.scale
        return np.exp(-np.exp(np.minimum(-z, 700)))


@dataclass(frozen=True)
class SkewGumbel(gd.LocationScale):
    """A family that is not symmetric: seven functions of z."""

    notation: ClassVar[str] = "Gumbel"

    loc: float = 0.0
    scale: float = 1.0

    def standard_logpdf(self, z):
        with np.errstate(over="ignore"):
            return -z - np.exp(-z)

    def standard_score(self, z):
        return np.expm1(np.minimum(-z, 700))

    def standard_score_slope(self, z):
        return -np.exp(np.minimum(-z, 700))

    def standard_cdf(self, z):
        return np.exp(-np.exp(np.minimum(-z, 700)))

    def standard_sf(self, z):
        return -np.expm1(-np.exp(np.minimum(-z, 700)))

    def standard_ppf(self, q):
        valid = np.where((q >= 0) & (q <= 1), q, np.nan)
        with np.errstate(divide="ignore"):
            return -np.log(-np.log(valid))

    def standard_isf(self, q):
        valid = np.where((q >= 0) & (q <= 1), q, np.nan)
        with np.errstate(divide="ignore"):
            return -np.log(-np.log1p(-valid))

    mean = property(lambda self: self.loc + np.euler_gamma * self.scale)
    std = property(lambda self: math.pi / math.sqrt(6) * self.scale)


def minus(x):
    return -x


def minus_size(x):
    return -abs(x)


def two_modes(x):
    return np.logaddexp(-0.5 * ((x - 2) / 0.01) ** 2, 1 - 0.5 * (x + 2) ** 2)


SAMPLES = np.random.default_rng(5).normal(size=300) ** 3

# each with the relative accuracy of its score
CASES = {
    "normal": (gd.Normal(1.5, 0.3), 1e-12),
    "narrow normal": (gd.Normal(100, 1e-3), 1e-8),
    "uniform": (gd.Uniform(-1, 3), 1e-12),
    "laplace": (gd.Laplace(0.7, 2), 1e-12),
    "logistic": (gd.Logistic(-1, 0.5), 1e-12),
    "t": (gd.StudentT(3.5, 1, 2), 1e-12),
    "cauchy": (gd.StudentT(1, 1, 2), 1e-12),
    "t, nearly normal": (gd.StudentT(1e6, 1, 2), 1e-12),
    "two normals": (gd.Mixture([0.3, 0.7], [gd.Normal(-3, 1), gd.Normal(3, 0.5)]), 1e-11),
    "ten normals": (
        gd.Mixture([0.1] * 10, [gd.Normal(3 * k, 0.1 + 0.1 * k) for k in range(10)]),
        1e-9,
    ),
    "disjoint uniforms": (gd.Mixture([0.2, 0.8], [gd.Uniform(0, 1), gd.Uniform(4, 5)]), 1e-11),
    "all kinds": (
        gd.Mixture(
            [0.1, 0.2, 0.3, 0.4],
            [gd.Uniform(-1, 1), gd.Laplace(0.3, 0.1), gd.Logistic(2, 1), gd.StudentT(4, -3, 1)],
        ),
        1e-9,
    ),
    "nested": (
        gd.Mixture(
            [0.5, 0.5], [gd.Normal(0, 1), gd.Mixture([0.5, 0.5], [gd.Normal(5, 1), gd.Laplace()])]
        ),
        1e-11,
    ),
    "samples": (gd.from_samples(SAMPLES), 1e-9),
    "three samples": (gd.from_samples([1, 2, 2, 5], bandwidth=0.1), 1e-9),
    "scipy gamma": (gd.from_scipy(st.gamma(2.5, loc=1)), 1e-9),
    "scipy skewnorm": (gd.from_scipy(st.skewnorm(4, 1, 2)), 1e-9),
    "scipy beta": (gd.from_scipy(st.make_distribution(st.beta)(a=2.0, b=3.0)), 1e-9),
    "scipy normal": (gd.from_scipy(st.Normal(mu=1, sigma=2)), 1e-12),
    "scipy histogram": (
        gd.from_scipy(
            st.rv_histogram(([3, 0, 5, 1, 2], [-2, -1, 0.5, 1, 1.5, 4]), density=True)(1)
        ),
        1e-12,
    ),
    "narrow samples": (gd.from_samples([0.0, 0.1, 0.7, 0.7, 3.0], bandwidth=1e-3), 1e-8),
    "callable": (gd.from_logpdf(two_modes, [(2, 0.01), (-2, 1)]), 1e-8),
    "callable with an edge": (gd.from_logpdf(minus, [(0, 1)], support=(0, math.inf)), 1e-9),
    "callable with a kink": (gd.from_logpdf(minus_size, [(0, 1)], breaks=[0]), 1e-9),
    "skew family": (SkewGumbel(1, 2), 1e-11),
    "user": (Gumbel(1, 2), 1e-9),
    "network": (MLPGenerator((4, 3)).pushforward(random_theta((4, 3), 6)), 1e-9),
    "network of a uniform": (
        MLPGenerator((5,), latent=gd.Uniform(-1, 2)).pushforward(random_theta((5,), 3)),
        1e-9,
    ),
}

BY_DIFFERENCES = (gd.CallableDensity, gd.ScipyDensity, Gumbel)

every = pytest.mark.parametrize("name", CASES)


def points(d, n=41):
    """Quantiles off the breaks, and some well into the tails."""
    x = d.ppf(np.concatenate([[1e-9, 1e-5], (np.arange(n) + 0.437) / n, [1 - 1e-5]]))
    near = np.abs(x[:, None] - d.breaks).min(axis=1, initial=np.inf)
    return x[near > 1e-9]


def test_gauss_legendre_on_the_edges_sees_all_of_the_mass():
    for name, (d, _) in CASES.items():
        _, mass = d._nodes
        assert abs(mass.sum() - 1) < 2e-12, name


@every
def test_edges(name):
    d, _ = CASES[name]
    low, high = d.reach
    assert math.isfinite(low) and math.isfinite(high) and low < high
    assert d.support[0] <= low and high <= d.support[1]
    assert d.cdf(low) <= 1.01e-17 or low == d.support[0] or name == "user"
    assert d.sf(high) <= 1.01e-17 or high == d.support[1] or name == "user"
    assert d.edges[0] == low and d.edges[-1] == high
    assert (np.diff(d.edges) > 0).all()
    inside = d.breaks[(d.breaks > low) & (d.breaks < high)]
    assert np.isin(inside, d.edges).all()
    assert d.edges is d.edges
    assert d.landmarks.shape[1] == 2 and (d.landmarks[:, 1] > 0).all()


@every
def test_score_is_the_slope_of_logpdf_and_has_a_slope(name):
    d, tolerance = CASES[name]
    x = points(d)
    slope = derivative(d.logpdf, x, d.landmarks, d.breaks, d.support)
    np.testing.assert_allclose(
        d.score(x), slope, rtol=tolerance, atol=tolerance / d.landmarks[:, 1].min()
    )
    second = derivative(d.score, x, d.landmarks, d.breaks, d.support)
    size = 1 / d.landmarks[:, 1].min() ** 2
    np.testing.assert_allclose(d.score_slope(x), second, rtol=1e-6, atol=10 * tolerance * size)


@every
def test_cdf(name):
    d, _ = CASES[name]
    x = points(d)
    np.testing.assert_allclose(d.cdf(x) + d.sf(x), 1, rtol=1e-13)
    slope = derivative(d.cdf, x, d.landmarks, d.breaks, d.support)
    np.testing.assert_allclose(slope, d.pdf(x), rtol=1e-8, atol=1e-11 / d.landmarks[:, 1].min())
    assert d.cdf(d.support[0]) == 0 and d.cdf(d.support[1]) == pytest.approx(1, abs=1e-15)


@every
def test_quantiles(name):
    d, _ = CASES[name]
    q = np.concatenate([[1e-12, 1e-6], np.linspace(0.01, 0.5, 30)])
    for tail, inverse in ((d.cdf, d.ppf), (d.sf, d.isf)):
        x = inverse(q)
        # x itself is rounded, and so is 1 - cdf
        rounding = 4e-16 * np.abs(x) * d.pdf(x) + (1e-15 if name == "user" else 0)
        # scipy's quantiles of the skew normal have eight digits
        rtol = 1e-4 if name == "scipy skewnorm" else 1e-10
        assert (np.abs(tail(x) - q) <= rtol * q + rounding).all()
    x = points(d)
    dense = d.pdf(x) * d.landmarks[:, 1].min() > 1e-6
    np.testing.assert_allclose(d.ppf(d.cdf(x[dense])), x[dense], rtol=1e-9, atol=1e-9)
    assert d.ppf(0) == d.support[0] and d.ppf(1) == d.support[1]
    assert d.isf(0) == d.support[1] and d.isf(1) == d.support[0]
    assert np.isnan(d.ppf([-0.1, 1.1, math.nan])).all()


@every
def test_moments_are_those_of_the_density(name):
    d, _ = CASES[name]
    if math.isnan(d.mean):
        assert name == "cauchy" and math.isnan(d.std)
        return
    x, mass = d._nodes
    np.testing.assert_allclose(d.mean, mass @ x, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(d.std, math.sqrt(mass @ (x - d.mean) ** 2), rtol=1e-4)


@every
def test_samples_follow_the_cdf(name):
    d, _ = CASES[name]
    x = d.sample(4000, rng=11)
    assert x.shape == (4000,) and np.isfinite(x).all()
    assert st.kstest(x, d.cdf).pvalue > 1e-3
    np.testing.assert_array_equal(x, d.sample(4000, rng=np.random.default_rng(11)))
    assert d.sample((2, 3), rng=0).shape == (2, 3)


@every
def test_shapes_and_extremes(name):
    d, _ = CASES[name]
    x = np.linspace(*d.reach, 6)
    for f in (d.logpdf, d.score, d.score_slope, d.cdf, d.sf, d.pdf):
        assert isinstance(f(float(x[2])), np.floating)
        rtol = 1e-13 if type(d) not in BY_DIFFERENCES else 1e-6
        single = np.array([f(float(v)) for v in x])
        size = np.abs(single[np.isfinite(single)]).max(initial=1.0)
        np.testing.assert_allclose(f(x.reshape(2, 3)).ravel(), single, rtol=rtol, atol=rtol * size)
        assert f(np.empty((0, 2))).shape == (0, 2)
        assert not np.isnan(f(np.array([-1e300, -1e30, 1e30, 1e300]))).any()
    assert isinstance(d.ppf(0.3), np.floating) and d.ppf(np.full((2, 3), 0.3)).shape == (2, 3)
    both = d.logpdf_and_score(x)
    np.testing.assert_array_equal(both[0], d.logpdf(x))
    np.testing.assert_array_equal(both[1], d.score(x))
    outside = np.array([d.support[0] - 1, d.support[1] + 1])
    outside = outside[np.isfinite(outside)]
    assert (d.logpdf(outside) == -math.inf).all() and (d.score(outside) == 0).all()
    assert (d.score_slope(outside) == 0).all()


@every
def test_equal_hashable_and_named(name):
    d, _ = CASES[name]
    assert d == d and hash(d) == hash(d) and d != gd.Normal(77, 1)
    assert str(d) and repr(d) and "\n" not in str(d)
    assert len(repr(d)) < 140 and "np." not in repr(d)


@every
def test_pickles_and_comes_back(name):
    d, _ = CASES[name]
    if name == "scipy beta":
        # the class itself is made at run time
        with pytest.raises(TypeError, match=r"from_scipy: got .*must be frozen, such as"):
            pickle.dumps(d)
        return
    again = pickle.loads(pickle.dumps(d))
    x = np.linspace(*d.reach, 9)
    np.testing.assert_array_equal(again.logpdf(x), d.logpdf(x))
    if "network" not in name and name != "user":
        assert again == d and hash(again) == hash(d) and repr(again) == repr(d)


def test_functions_of_users_pickle_at_module_level_only():
    for logpdf, score in ((lambda x: -x * x, None), (minus_size, lambda x: -np.sign(x))):
        d = gd.from_logpdf(logpdf, [(0, 1)], score=score)
        with pytest.raises(TypeError, match="must be a function at module level to pickle"):
            pickle.dumps(d)


def test_a_skew_latent_may_be_mirrored():
    latent = SkewGumbel()
    mirrored = gandyn.LinearGenerator(latent)
    plain = gandyn.LinearGenerator(gd.from_logpdf(minus_log_gumbel, [(0, 1), (1, 1)]))
    data = SkewGumbel(0.5, 1.5)
    for theta in ((-1.0, 0.5), (1.2, 0.3)):
        forces = [gandyn.Game(data, g).force(theta) for g in (mirrored, plain)]
        np.testing.assert_allclose(*forces, rtol=1e-7)
    assert str(latent) == "Gumbel(0, 1)"


def minus_log_gumbel(x):
    with np.errstate(over="ignore"):
        return -x - np.exp(-x)


def test_equal_parameters_are_equal():
    assert gd.Normal(0, 1) == gd.Normal(0.0, 1.0) != gd.Normal(0, 2)
    assert gd.Normal(0, 1) != gd.Laplace(0, 1)
    assert gd.Mixture([0.5, 0.5], [gd.Normal(), gd.Normal(1)]) == gd.Mixture(
        np.array([0.5, 0.5]), (gd.Normal(), gd.Normal(1))
    )
    assert gd.from_samples([1, 2, 3]) == gd.from_samples([3, 2, 1]) != gd.from_samples([1, 2, 4])
    assert gd.from_scipy(st.gamma(2)) == gd.from_scipy(st.gamma(a=2, loc=0))
    assert gd.from_scipy(st.gamma(2)) != gd.from_scipy(st.gamma(3))
    assert gd.from_logpdf(two_modes, [(2, 0.01), (-2, 1)]) == CASES["callable"][0]
    assert len({gd.Normal(0, 1), gd.Normal(0.0, 1), gd.StudentT(1), gd.StudentT(2)}) == 3


def test_immutable_and_picklable():
    d = gd.Mixture([0.5, 0.5], [gd.Normal(), gd.StudentT(3)])
    with pytest.raises(FrozenInstanceError):
        d.weights = (1.0,)
    with pytest.raises(FrozenInstanceError):
        gd.Normal(0, 1).mean = 2.0
    assert pickle.loads(pickle.dumps(d)) == d


@pytest.mark.parametrize(
    "standard",
    [gd.Normal(), gd.Uniform(), gd.Laplace(), gd.Logistic(), gd.StudentT(3)],
    ids=lambda d: type(d).__name__,
)
def test_shift_scale_and_reflection(standard):
    z = np.array([-30.0, -3, -1.5, -0.99, -0.3, 0, 0.3, 0.99, 1.5, 3, 30])
    if isinstance(standard, gd.Uniform):
        moved = gd.Uniform(3 - 2, 3 + 2)
    elif isinstance(standard, gd.StudentT):
        moved = gd.StudentT(3, 3, 2)
    else:
        moved = type(standard)(3, 2)
    assert moved.family == standard.family and (moved.loc, moved.scale) == (3, 2)
    x = 3 + 2 * z
    np.testing.assert_allclose(moved.logpdf(x), standard.logpdf(z) - math.log(2), rtol=1e-14)
    np.testing.assert_allclose(moved.score(x), standard.score(z) / 2, rtol=1e-14)
    np.testing.assert_allclose(moved.score_slope(x), standard.score_slope(z) / 4, rtol=1e-14)
    np.testing.assert_allclose(moved.cdf(x), standard.cdf(z), rtol=1e-14)
    np.testing.assert_allclose(standard.sf(z), standard.cdf(-z), rtol=1e-14)
    np.testing.assert_array_equal(standard.logpdf(z), standard.logpdf(-z))
    np.testing.assert_array_equal(standard.score(z), -standard.score(-z))
    assert moved.mean == 3 and moved.std == pytest.approx(2 * standard.std)
    assert gd.StudentT(3).family != gd.StudentT(4).family


def test_student_moments_that_do_not_exist():
    assert math.isnan(gd.StudentT(1).mean) and math.isnan(gd.StudentT(1).std)
    assert gd.StudentT(1.5).mean == 0 and gd.StudentT(1.5).std == math.inf
    assert gd.Mixture([0.5, 0.5], [gd.Normal(), gd.StudentT(1.5)]).std == math.inf
    cauchy = gd.from_logpdf(lambda x: -np.log1p(x * x), [(0, 1)])
    assert math.isnan(cauchy.mean) and math.isnan(cauchy.std)


def test_normals_are_the_density():
    for name in ("normal", "two normals", "samples"):
        d, _ = CASES[name]
        weights, means, stds = d.normals
        x = np.linspace(-4, 4, 9)
        mass = (weights * ndtr((x[:, None] - means) / stds)).sum(axis=1)
        np.testing.assert_allclose(d.cdf(x), mass, rtol=1e-12)
    assert CASES["all kinds"][0].normals is None
    both = gd.Mixture([0.5, 0.5], [gd.Normal(), CASES["samples"][0]])
    assert both.normals is not None and both.normals[0].sum() == pytest.approx(1)
