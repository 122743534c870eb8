"""Far tails and small increments against mpmath."""

import math

import mpmath as mp
import numpy as np
import pytest
import scipy.stats as st

import gandyn
import gandyn.distributions as gd

FAMILIES = {
    "normal": gd.Normal(),
    "laplace": gd.Laplace(),
    "logistic": gd.Logistic(),
    "t3": gd.StudentT(3),
    "t0.7": gd.StudentT(0.7),
    "t50": gd.StudentT(50),
    "t90": gd.StudentT(90),
    "t1e7": gd.StudentT(1e7),
}


def log_f(name, z):
    z = mp.mpf(z)
    if name == "normal":
        return -z * z / 2 - mp.log(2 * mp.pi) / 2
    if name == "laplace":
        return -abs(z) - mp.log(2)
    if name == "logistic":
        return -mp.log(4 * mp.cosh(z / 2) ** 2)
    df = mp.mpf(FAMILIES[name].df)
    constant = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2
    return constant - (df + 1) / 2 * mp.log1p(z * z / df)


def score_f(name, z):
    z = mp.mpf(z)
    if name == "normal":
        return -z
    if name == "laplace":
        return -mp.sign(z)
    if name == "logistic":
        return -mp.tanh(z / 2)
    df = mp.mpf(FAMILIES[name].df)
    return -(df + 1) * z / (df + z * z)


def close(value, exact, rtol, atol=0.0):
    return abs(mp.mpf(float(value)) - exact) <= rtol * abs(exact) + atol


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(60):
        yield


@pytest.mark.parametrize("name", FAMILIES)
def test_logpdf_and_score(name):
    d = FAMILIES[name]
    for z in (0.0, 1e-9, 0.3, -2.0, 11.0, -45.0, 600.0, -1e5, 1e12):
        assert close(d.logpdf(z), log_f(name, z), 4e-15, 2e-15), z
        assert close(d.score(z), score_f(name, z), 2e-15), z


@pytest.mark.parametrize("name", FAMILIES)
def test_increments(name):
    d = FAMILIES[name]
    for z in (0.0, 1e-7, 0.4, -0.4, 1.7, -2.5, 17.0, -60.0, 500.0):
        for size in (1e-12, 1e-8, 1e-3, 0.3, 0.9, 1.1, 3.0, 10.0, 700.0):
            for step in (size, -size):
                exact = log_f(name, mp.mpf(z) + mp.mpf(step)) - log_f(name, z)
                assert close(d.log_increment(z, step), exact, 5e-15), (z, step)
                exact = score_f(name, mp.mpf(z) + mp.mpf(step)) - score_f(name, z)
                # df - z (z + d) of the t density cancels where its score is stationary
                assert close(d.score_increment(z, step), exact, 5e-15, 1e-17 * size), (z, step)


@pytest.mark.parametrize("name", FAMILIES)
def test_increments_that_cross_the_centre(name):
    d = FAMILIES[name]
    for z in (0.3, 5.0, 200.0):
        for step in (-2 * z, -2 * z * (1 + 1e-9), -z, -z * (1 - 1e-9)):
            exact = log_f(name, mp.mpf(z) + mp.mpf(step)) - log_f(name, z)
            assert close(d.log_increment(z, step), exact, 1e-14), (z, step)


def test_increments_work_on_arrays_and_broadcast():
    z, step = np.linspace(-2, 2, 5)[:, None], np.array([1e-9, 0.1, 3.0])
    for d in FAMILIES.values():
        assert d.log_increment(z, step).shape == d.score_increment(z, step).shape == (5, 3)
        assert np.ndim(d.log_increment(0.1, 0.2)) == 0
    for f in (gd.Uniform().log_increment, gd.Uniform().score_increment):
        assert f(z, step).shape == (5, 3)


def test_increments_of_the_uniform():
    u = gd.Uniform(2, 3)
    np.testing.assert_array_equal(
        u.log_increment([0, 0, 2, 2], [0.5, 2, -2, 1]), [0, -math.inf, math.inf, 0]
    )
    assert (u.score_increment([0, 2], [0.5, 1]) == 0).all()


def test_the_plain_difference_would_be_caught():
    d = gd.Logistic()
    plain = d.logpdf(0.4 + 1e-8) - d.logpdf(0.4)
    exact = log_f("logistic", mp.mpf(0.4) + mp.mpf(1e-8)) - log_f("logistic", 0.4)
    assert not close(plain, exact, 5e-15)


def test_student_cdf_and_quantiles():
    for df in (0.3, 1.0, 3.5, 40.0):
        d = gd.StudentT(df)
        for z in (-1e-8, -0.3, -3.0, -1e4, -1e20):
            x = df / (mp.mpf(df) + mp.mpf(z) ** 2)
            exact = mp.betainc(mp.mpf(df) / 2, mp.mpf(1) / 2, 0, x, regularized=True) / 2
            assert close(d.cdf(z), exact, 1e-14, 1e-300), (df, z)
            assert close(d.sf(-z), exact, 1e-14, 1e-300), (df, z)
    # far out the tail is 1/(pi |z|), and F^-1(q) = -1/(pi q)
    assert gd.StudentT(1).cdf(-1e250) == pytest.approx(1e-250 / math.pi, rel=1e-14)
    assert gd.StudentT(1).ppf(1e-290) == pytest.approx(-1e290 / math.pi, rel=1e-14)
    d = gd.StudentT(3.5, 1, 2)
    for q in (1e-300, 1e-180, 1e-170, 1e-17, 0.2):
        assert d.cdf(d.ppf(q)) == pytest.approx(q, rel=1e-12)
        assert d.sf(d.isf(q)) == pytest.approx(q, rel=1e-12)


def test_mixture_far_out():
    d = gd.Mixture([0.5, 0.3, 0.2], [gd.Normal(-3, 1), gd.Normal(3, 0.5), gd.Normal(0, 0.01)])
    parts = [(0.5, -3, 1.0), (0.3, 3, 0.5), (0.2, 0, 0.01)]
    for x in (-500.0, -40.0, -1.37, 0.005, 1.2, 60.0, 1e4):
        terms = [
            (w * mp.npdf(mp.mpf(x), m, mp.mpf(s)), (m - mp.mpf(x)) / mp.mpf(s) ** 2, mp.mpf(s))
            for w, m, s in parts
        ]
        total = sum(t[0] for t in terms)
        score = sum(t[0] * t[1] for t in terms) / total
        slope = sum(t[0] * (t[1] ** 2 - 1 / t[2] ** 2) for t in terms) / total - score**2
        assert close(d.logpdf(x), mp.log(total), 1e-14, 1e-14), x
        assert close(d.score(x), score, 1e-12), x
        assert close(d.score_slope(x), slope, 1e-11), x
    general = gd.Mixture([0.5, 0.5], [gd.Laplace(0, 1), gd.Normal(0, 1)])
    assert general.logpdf(-1e4) == pytest.approx(-1e4 - math.log(4), rel=1e-15)
    assert general.score(-1e4) == 1


def test_mixture_quantiles_far_out():
    d = gd.Mixture([0.5, 0.5], [gd.Normal(-3, 1), gd.Normal(3, 1)])
    for q in (1e-300, 1e-17, 0.2):
        low = float(d.ppf(q))
        exact = (mp.ncdf(mp.mpf(low) + 3) + mp.ncdf(mp.mpf(low) - 3)) / 2
        assert close(q, exact, 1e-15 * max(10, 4 * low * low))
        assert d.isf(q) == -low
    assert d.ppf(0.5) == pytest.approx(0, abs=1e-13)
    gap = gd.Mixture([0.25, 0.75], [gd.Uniform(0, 1), gd.Uniform(9, 10)])
    np.testing.assert_allclose(gap.ppf([1e-300, 0.125, 0.625]), [4e-300, 0.5, 9.5], rtol=1e-13)
    assert 1 <= gap.ppf(0.25) <= 9
    narrow = gd.Mixture([0.5, 0.5], [gd.Normal(0, 1e-6), gd.Normal(1000, 1e-6)])
    np.testing.assert_allclose(narrow.ppf([0.25, 0.75]), [0, 1000], atol=1e-13)


def test_where_no_component_is_the_score_is_zero():
    d = gd.Mixture([0.5, 0.5], [gd.Uniform(0, 1), gd.Uniform(4, 5)])
    x = np.array([-1.0, 0.5, 2.0, 4.5, 6.0])
    np.testing.assert_array_equal(np.isneginf(d.logpdf(x)), [True, False, True, False, True])
    np.testing.assert_array_equal(d.score(x), 0)
    np.testing.assert_array_equal(d.score_slope(x), 0)


def test_ten_thousand_quantiles_of_a_mixture():
    d = gd.Mixture([0.5, 0.3, 0.2], [gd.Normal(-3, 1), gd.Laplace(3, 0.01), gd.StudentT(2, 0, 5)])
    q = np.random.default_rng(1).random(10_000)
    np.testing.assert_allclose(d.cdf(d.ppf(q)), q, rtol=1e-12)


@pytest.mark.parametrize("x", [100.0, 1e3, 1e6, 1e12])
def test_the_tails_of_a_stable_law_are_its_series(x):
    """sf(x) = Σ Re[(−c)^n Γ(nα + 1)/n! i^(−nα − 1) x^(−nα)/(nα)]/π, c = 1 − iβ tan(πα/2)."""
    alpha, beta = 1.8, -0.5
    law = gandyn.from_scipy(st.levy_stable(alpha, beta))
    for side, mass, small in ((1.0, law.sf, law.isf), (-1.0, law.cdf, law.ppf)):
        with mp.workdps(30):
            c = 1 - 1j * beta * side * mp.tan(mp.pi * alpha / 2)
            right = mp.mpf(0)
            for n in range(1, 9):
                term = (-c) ** n * mp.gamma(n * alpha + 1) / mp.factorial(n)
                term *= mp.mpc(0, 1) ** (-n * alpha - 1) * mp.mpf(x) ** (-n * alpha) / (n * alpha)
                right += term.real / mp.pi
        assert mass(side * x) == pytest.approx(float(right), rel=1e-11)
        assert small(float(right)) == pytest.approx(side * x, rel=1e-11)


@pytest.mark.exhaustive
def test_laws_whose_density_is_not_exact_say_so():
    """Where SciPy's density is an integral of its own, the table's masses are as good as told."""
    law = gandyn.from_scipy(st.studentized_range(3, 10))
    x = law.ppf([1e-6, 0.1, 0.5, 0.9, 1 - 1e-6])
    assert 1e-13 < law.noise < 1e-9
    assert np.abs(law.cdf(x) / st.studentized_range(3, 10).cdf(x) - 1.0).max() <= 3.0 * law.noise
    assert gandyn.distances(law, gandyn.Normal(2, 1)).errors["jsd"] > 0.1 * law.noise


def test_beyond_a_wall_there_is_no_mass():
    x = np.array([-50.0, -2.0, -1e-300, 0.0])
    for frozen in (st.gamma(2), st.beta(0.5, 3), st.invgamma(3)):
        law = gandyn.from_scipy(frozen)
        assert (law.cdf(x) == 0.0).all() and (law.sf(x) == 1.0).all()
        law = gandyn.from_scipy(st.gamma(2, loc=1.0))
        assert (law.cdf(1.0 + x) == 0.0).all()
