"""Distributions of scipy.stats and from callables."""

import math
import re
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats as st

import gandyn.distributions as gd
from gandyn.errors import InputError


@pytest.mark.parametrize(
    "theirs, ours",
    [
        (st.norm(1, 2), gd.Normal(1, 2)),
        (st.norm(scale=3), gd.Normal(0, 3)),
        (st.laplace(1, 2), gd.Laplace(1, 2)),
        (st.logistic(1, scale=2), gd.Logistic(1, 2)),
        (st.t(3, 1, 2), gd.StudentT(3, 1, 2)),
        (st.t(df=4), gd.StudentT(4)),
        (st.uniform(1, 2), gd.Uniform(1, 3)),
        (st.Normal(mu=1, sigma=2), gd.Normal(1, 2)),
        (st.Normal(), gd.Normal()),
        (st.Uniform(a=1, b=3), gd.Uniform(1, 3)),
        (st.Logistic(), gd.Logistic()),
    ],
)
def test_families_that_are_ours(theirs, ours):
    d = gd.from_scipy(theirs)
    assert d == ours
    x = np.linspace(-1.9, 2.9, 7)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(d.logpdf(x), theirs.logpdf(x), rtol=1e-13)


# with closed forms of the score and of its slope
OTHERS = {
    "gamma(2.5)": (st.gamma(2.5), lambda x: 1.5 / x - 1, lambda x: -1.5 / x**2),
    "gamma(0.5)": (st.gamma(0.5), lambda x: -0.5 / x - 1, lambda x: 0.5 / x**2),
    "expon": (st.expon(1, 2), lambda x: -0.5 + 0 * x, lambda x: 0 * x),
    "beta": (
        st.beta(2, 3),
        lambda x: 1 / x - 2 / (1 - x),
        lambda x: -1 / x**2 - 2 / (1 - x) ** 2,
    ),
    "lognorm": (
        st.lognorm(1),
        lambda x: -(1 + np.log(x)) / x,
        lambda x: np.log(x) / x**2,
    ),
    "gumbel_r": (st.gumbel_r(), lambda x: np.exp(-x) - 1, lambda x: -np.exp(-x)),
    "new gamma": (
        st.make_distribution(st.gamma)(a=3.0),
        lambda x: 2 / x - 1,
        lambda x: -2 / x**2,
    ),
    "shifted": (
        2 * st.Normal(mu=1.0, sigma=2.0) + 1,
        lambda x: -(x - 3) / 16,
        lambda x: -1 / 16 + 0 * x,
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_families(name):
    theirs, score, slope = OTHERS[name]
    d = gd.from_scipy(theirs)
    x = d.ppf(np.array([1e-7, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.77, 0.9, 0.99, 0.999, 1 - 1e-7]))
    width = d.std
    np.testing.assert_allclose(d.score(x), score(x), rtol=3e-9, atol=1e-10 / width)
    np.testing.assert_allclose(d.score_slope(x), slope(x), rtol=1e-4, atol=1e-7 / width**2)
    nodes, mass = d._nodes
    # the reach of a distribution with mass at a finite end leaves out less than 1e-16
    assert abs(mass.sum() - 1) < 1e-12
    assert abs(mass @ nodes - d.mean) < 1e-12 * max(1, d.std)


def test_a_mixture_of_scipy_with_a_narrow_mode():
    parts = [st.Normal(mu=-3.0, sigma=1.0), st.Normal(mu=3.0, sigma=0.01)]
    d = gd.from_scipy(st.Mixture(parts, weights=[0.5, 0.5]))
    nodes, mass = d._nodes
    assert abs(mass.sum() - 1) < 1e-12 and abs(mass @ nodes) < 1e-12


@pytest.mark.parametrize(
    "what, message",
    [
        (st.binom(3, 0.5), "got binom, which is not continuous"),
        (st.Binomial(n=3, p=0.5), "which is not continuous"),
        (st.norm, "must be a continuous scipy.stats distribution with its parameters"),
        (st.norm([0, 1]), "got arrays as parameters of norm, must be numbers"),
        (st.Normal(mu=[0.0, 1.0], sigma=1.0), "got an array of distributions"),
        (st.multivariate_normal([0, 0]), "must be a continuous scipy.stats distribution"),
        (st.gamma(-1), "got parameters of gamma that scipy does not allow"),
        (st.norm(0, -1), "that scipy does not allow"),
        ("norm", "distribution: got 'norm', must be a continuous"),
        (None, "distribution: got None, must be a continuous"),
    ],
)
def test_what_is_not_a_continuous_distribution(what, message):
    with pytest.raises(InputError, match=re.escape(message)):
        gd.from_scipy(what)


def test_a_callable_is_normalised():
    d = gd.from_logpdf(lambda x: 7 - 0.5 * x**2, [(0, 1)])
    x = np.linspace(-6, 6, 25)
    ours = gd.Normal()
    np.testing.assert_allclose(d.logpdf(x), ours.logpdf(x), rtol=0, atol=1e-13)
    np.testing.assert_allclose(d.cdf(x), ours.cdf(x), rtol=1e-12)
    np.testing.assert_allclose(d.sf(x), ours.sf(x), rtol=1e-12)
    np.testing.assert_allclose(d.score(x), -x, rtol=1e-12, atol=1e-12)
    assert d.log_normaliser == pytest.approx(7 + 0.5 * math.log(2 * math.pi), rel=1e-14)
    assert (d.mean, d.std) == pytest.approx((0, 1), abs=1e-13)
    far = gd.from_logpdf(lambda x: -5000 - 0.5 * (x - 3) ** 2 / 1e-6, [(3, 1e-3)])
    assert far.cdf(3) == pytest.approx(0.5, rel=1e-13)
    assert (far.mean, far.std) == pytest.approx((3, 1e-3), rel=1e-10)
    away = gd.from_logpdf(lambda x: -0.5 * (x - 1e4) ** 2, [(1e4, 1)])
    assert (away.mean, away.std) == pytest.approx((1e4, 1), rel=1e-10)


def test_a_callable_of_a_heavy_tail_and_of_an_interval():
    cauchy = gd.from_logpdf(lambda x: -np.log1p(x * x), [(0, 1)])
    q = np.array([1e-15, 1e-6, 0.2, 0.5])
    np.testing.assert_allclose(cauchy.ppf(q)[:3], gd.StudentT(1).ppf(q)[:3], rtol=1e-11)
    root = gd.from_logpdf(lambda x: 0.5 * np.log(x), [(0.5, 0.3)], support=(0, 1))
    x = np.array([0, 1e-6, 0.01, 0.4, 1])
    np.testing.assert_allclose(root.cdf(x), x**1.5, rtol=1e-11)
    np.testing.assert_array_equal(root.breaks, [0, 1])
    step = gd.from_logpdf(
        lambda x: np.where(x < 0.3, 0.0, np.log(2)), [(0.5, 0.5)], support=(0, 1), breaks=[0.3]
    )
    np.testing.assert_allclose(step.cdf([0.3, 0.5]), [0.3 / 1.7, 0.7 / 1.7], rtol=1e-13)
    np.testing.assert_allclose(step.score([0.1, 0.299, 0.301, 0.9]), 0, atol=1e-10)


def test_the_score_that_was_given_is_used():
    d = gd.from_logpdf(lambda x: -0.5 * x**2, [(0, 1)], support=(-1, 2), score=lambda x: -x)
    np.testing.assert_array_equal(d.score([-3, -0.5, 1.5, 3]), [0, 0.5, -1.5, 0])
    np.testing.assert_allclose(d.score_slope([-0.999, 0.3, 1.9999]), -1, rtol=1e-11)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((3, [(0, 1)]), "logpdf: got 3, must be a function of an array x"),
        ((lambda x: -x * x, []), "landmarks: got shape (0,), must be (m, 2)"),
        ((lambda x: -x * x, [(0, 1, 2)]), "landmarks: got shape (1, 3), must be (m, 2)"),
        ((lambda x: -x * x, "ab"), "landmarks: got 'ab', must be (location, width) pairs"),
        ((lambda x: -x * x, [(0, -1)]), "must be finite with positive widths"),
        ((lambda x: -x * x, [(0, math.nan)]), "must be finite with positive widths"),
        ((lambda x: -x * x, [(5, 1)], (0, 1)), "must lie in the support (0.0, 1.0)"),
        ((lambda x: -x * x, [(0, 1)], (1, 0)), "support: got (1, 0), must be (low, high)"),
        ((lambda x: -x * x, [(0, 1)], (-9, 9), [math.nan]), "breaks: got nan at index 0"),
        ((lambda x: x * math.nan, [(0, 1)]), "logpdf: got nan at the landmark 0, must be finite"),
        ((lambda x: x - np.inf, [(0, 1)]), "logpdf: got -inf at the landmark 0"),
        ((lambda x: 0.0, [(0, 1)]), "logpdf: got shape () for x of shape (1,)"),
        ((lambda x: 0 * x, [(0, 1)]), "does not fall off towards -inf, must be integrable"),
        ((lambda x: -x, [(0, 1)]), "does not fall off towards -inf, must be integrable"),
        ((lambda x: -np.log1p(np.abs(x)), [(0, 1)]), "does not fall off towards"),
        ((lambda x: np.where(x > 1, np.nan, -x * x), [(0, 1)]), "logpdf: got nan at x = "),
        ((lambda x: -1.5 * np.log(x), [(0.5, 0.2)], (0, 1)), "landmarks must name its peaks"),
        ((lambda x: np.sin(1e7 * x), [(0.5, 1)], (0, 1)), "cannot be integrated accurately"),
        ((lambda x: -x * x, [(0, 1)], (-1, 1), (), 3), "score: got 3, must be a function"),
    ],
)
def test_wrong_callables(arguments, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        gd.from_logpdf(*arguments)
    assert "\n" not in str(caught.value)


def test_importing_is_light():
    code = (
        "import sys, gandyn.distributions; "
        "assert not {'scipy.stats', 'scipy.integrate', 'matplotlib', 'sympy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
