"""Divergences against closed forms, and the inequalities between them."""

import math
from types import SimpleNamespace

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gandyn
from gandyn import Laplace, Logistic, Mixture, Normal, StudentT, Uniform
from gandyn.objectives.divergences import DIVERGENCES, alpha_density, expm1_minus, under_data

LOG2 = math.log(2)
SYMMETRIC = [
    "jsd",
    "jsd_gap",
    "total_variation",
    "hellinger_squared",
    "wasserstein1",
    "wasserstein2",
]
ROUNDING = 1e-13

locations = st.floats(-8, 8)
scales = st.floats(-3, 2).map(lambda k: 10.0 ** (k / 2))
normals = st.builds(Normal, locations, scales)
others = st.one_of(
    normals,
    st.builds(Laplace, locations, scales),
    st.builds(Logistic, locations, scales),
    st.builds(lambda low, length: Uniform(low, low + length), locations, scales),
    st.builds(StudentT, st.floats(2.5, 20), locations, scales),
    st.builds(lambda w, p, q: Mixture([w, 1 - w], [p, q]), st.floats(0.05, 0.95), normals, normals),
)
quick = settings(max_examples=25, deadline=None, derandomize=True)


@pytest.mark.parametrize("x", [*(10.0 ** np.arange(-160, 3, 9.0)), 0.69999, 0.70001, 0.5, 1, 30])
def test_expm1_minus(x):
    with mp.workdps(400):
        for sign in (-1, 1):
            if sign * x < 700:
                exact = mp.expm1(mp.mpf(sign * x)) - mp.mpf(sign * x)
                measured = float(expm1_minus(np.array(sign * x)))
                assert measured == pytest.approx(float(exact), rel=4e-15)


def test_expm1_minus_at_its_ends():
    values = expm1_minus(np.array([0.0, -np.inf, 1e-200, -800.0, 800.0]))
    assert values.tolist() == [0.0, np.inf, 0.0, 799.0, np.inf]


def kl(m, s, n, t):
    return math.log(t / s) + (s * s + (m - n) ** 2) / (2 * t * t) - 0.5


def pearson(m, s, n, t):
    """∫(p − q)²/q for p = N(m, s²), q = N(n, t²)."""
    d = 2 * t * t - s * s
    if d <= 0:
        return math.inf
    with mp.workdps(30):
        return float(mp.mpf(t) ** 2 / (s * mp.sqrt(d)) * mp.exp(mp.mpf(m - n) ** 2 / d) - 1)


@quick
@given(locations, scales, locations, scales)
def test_closed_forms_between_normals(m, s, n, t):
    c = gandyn.distances(Normal(m, s), Normal(n, t))

    def close(measured, exact, estimate, slack):
        # the closed forms cancel where the densities are close; the slack is their rounding
        if math.isinf(exact) or exact > 1e280:
            assert measured == math.inf or measured > 1e279
        else:
            assert abs(measured - exact) <= 1e-12 * abs(exact) + slack
            assert abs(measured - exact) <= 3 * estimate + slack

    sizes = 1 + (abs(m) + abs(n)) ** 2 / min(s, t) ** 2
    close(c.kl_pq, kl(m, s, n, t), c.errors["kl_pq"], 1e-15 * sizes)
    close(c.kl_qp, kl(n, t, m, s), c.errors["kl_qp"], 1e-15 * sizes)
    overlap = math.sqrt(2 * s * t / (s * s + t * t))
    overlap *= math.exp(-((m - n) ** 2) / (4 * (s * s + t * t)))
    close(c.hellinger_squared, 1 - overlap, c.errors["hellinger_squared"], 1e-15)
    w2 = math.hypot(m - n, s - t)
    close(c.wasserstein2, w2, c.errors["wasserstein2"], 1e-14 * (abs(m) + abs(n) + s + t))
    if abs(2 * t * t - s * s) > 0.05 * s * s:
        exact = pearson(m, s, n, t)
        slack = 1e-14 * (1 + exact) * sizes if exact < 1e280 else 0
        close(c.chi_squared_pq, exact, c.errors["chi_squared_pq"], slack)
    if abs(2 * s * s - t * t) > 0.05 * t * t:
        exact = pearson(n, t, m, s)
        slack = 1e-14 * (1 + exact) * sizes if exact < 1e280 else 0
        close(c.chi_squared_qp, exact, c.errors["chi_squared_qp"], slack)


@pytest.mark.parametrize("shift", [0.01, 1.0, 5.0, 20.0])
def test_total_variation_and_w1_of_shifted_normals(shift):
    c = gandyn.distances(Normal(0, 1), Normal(shift, 1))
    assert c.total_variation == pytest.approx(math.erf(shift / math.sqrt(8)), rel=1e-13)
    assert c.wasserstein1 == pytest.approx(shift, rel=1e-13)


@pytest.mark.parametrize("scale", [0.1, 0.999, 4.0, 100.0])
def test_w1_of_stretched_normals(scale):
    c = gandyn.distances(Normal(3, 1), Normal(3, scale))
    assert c.wasserstein1 == pytest.approx(abs(scale - 1) * math.sqrt(2 / math.pi), rel=1e-12)


@pytest.mark.parametrize(
    ("mean", "std", "jsd"), [(1, 1, 0.11142148), (2, 1, 0.33683082), (2, 0.6, 0.44308166)]
)
def test_published_jsd(mean, std, jsd):
    assert gandyn.distances(Normal(0, 1), Normal(mean, std)).jsd == pytest.approx(jsd, abs=5e-9)


@pytest.mark.parametrize(
    ("distance", "gap"), [(4, 0.0604270), (6, 3.84925e-3), (8, 9.35351e-5), (10, 8.63166e-7)]
)
def test_published_gap(distance, gap):
    c = gandyn.distances(Normal(0, 1), Normal(distance, 1))
    assert c.jsd_gap == pytest.approx(gap, rel=1e-6)


@quick
@given(others, others)
def test_inequalities(p, q):
    c = gandyn.distances(p, q)
    tv, h2 = c.total_variation, c.hellinger_squared
    h = math.sqrt(h2)
    for name in vars(c):
        if name not in ("errors", "converged"):
            assert getattr(c, name) >= 0, name
    assert tv <= 1 + ROUNDING and h2 <= 1 + ROUNDING and c.jsd <= LOG2 + ROUNDING
    assert h2 <= tv + ROUNDING
    assert tv <= math.sqrt(2) * h + ROUNDING
    assert c.jsd + c.jsd_gap == pytest.approx(LOG2, rel=1e-12)
    # Lin (1991): JSD ≤ log 2 · TV, and the lower bound of Pinsker's kind
    assert c.jsd <= LOG2 * tv + ROUNDING
    assert c.jsd >= tv**2 / 2 - ROUNDING
    for kl_divergence in (c.kl_pq, c.kl_qp):
        assert tv <= math.sqrt(kl_divergence / 2) * (1 + 1e-12) + ROUNDING  # Pinsker
        bound = math.sqrt(-math.expm1(-kl_divergence))
        assert tv <= bound * (1 + 1e-12) + ROUNDING  # Bretagnolle and Huber
    assert c.kl_pq <= math.log1p(c.chi_squared_pq) * (1 + 1e-12) + ROUNDING
    assert c.kl_qp <= math.log1p(c.chi_squared_qp) * (1 + 1e-12) + ROUNDING
    assert c.wasserstein1 <= c.wasserstein2 * (1 + 1e-12) + ROUNDING
    assert c.wasserstein1 >= abs(p.mean - q.mean) * (1 - 1e-10) - 1e-10


@quick
@given(others, others)
def test_exchange(p, q):
    c, d = gandyn.distances(p, q), gandyn.distances(q, p)
    for name in SYMMETRIC:
        slack = c.errors[name] + d.errors[name]
        assert abs(getattr(c, name) - getattr(d, name)) <= 3 * slack + 1e-14, name
    for name, other in (("kl_pq", "kl_qp"), ("chi_squared_pq", "chi_squared_qp")):
        u, v = getattr(c, name), getattr(d, other)
        assert u == v or abs(u - v) <= 3 * (c.errors[name] + d.errors[other]) + 1e-13 * abs(v)


FAMILIES = [
    (Normal, (1.0, 2.0)),
    (Laplace, (1.0, 1.0)),
    (Logistic, (1 / 3, (math.pi**2 + 3) / 9)),
    (lambda m, s: StudentT(5, m, s), (6 / 8, 10 / 8)),
]


@pytest.mark.parametrize(("family", "information"), FAMILIES)
@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("direction", [0, 1], ids=["loc", "scale"])
def test_next_to_equality(family, information, size, direction):
    """D_f = ½ f''(1) δᵀIδ for small δ, I Fisher's information of location and scale."""
    p = family(2.0, 4.0)
    q = family(2.0 + 4.0 * size, 4.0) if direction == 0 else family(2.0, 4.0 * (1 + size))
    delta = (q.loc - p.loc) / 4.0 if direction == 0 else (q.scale - p.scale) / 4.0
    c = gandyn.distances(p, q)
    quadratic = 0.5 * information[direction] * delta**2
    # the next term is of relative size δ, of δ log δ at a kink
    tolerance = 40 * size + 1e-11
    for name, curvature in (
        ("jsd", 0.25),
        ("kl_pq", 1.0),
        ("kl_qp", 1.0),
        ("hellinger_squared", 0.25),
        ("chi_squared_pq", 2.0),
        ("chi_squared_qp", 2.0),
    ):
        measured = getattr(c, name)
        assert measured == pytest.approx(curvature * quadratic, rel=tolerance), name
        assert c.errors[name] <= 1e-8 * measured, name
    assert c.jsd_gap == pytest.approx(LOG2 - c.jsd, rel=1e-13)


@pytest.mark.parametrize("distance", [20.0, 50.0, 75.0])
def test_next_to_disjoint(distance):
    """log 2 − JSD by its asymptotic series in 1/Δ², to which it must come ever closer."""
    gap = gandyn.distances(Normal(0, 1), Normal(distance, 1)).jsd_gap
    first = math.sqrt(2 * math.pi) / distance * math.exp(-(distance**2) / 8)
    second = 1 - (math.pi**2 + 8) / 2 / distance**2
    assert gap == pytest.approx(first * second, rel=250 / distance**4)


def test_gap_against_arithmetic_of_40_digits():
    exact = {}
    with mp.workdps(40):
        for distance in (10, 40):

            def f(x, d=distance):
                u, v = mp.npdf(x), mp.npdf(x, d)
                return u * mp.log1p(v / u) + v * mp.log1p(u / v)

            exact[distance] = float(mp.quad(f, mp.linspace(-6, distance + 6, 60)) / 2)
    for distance, value in exact.items():
        c = gandyn.distances(Normal(0, 1), Normal(distance, 1))
        assert c.jsd_gap == pytest.approx(value, rel=1e-12)


def test_equal_densities():
    for p in (Normal(2, 3), Uniform(0, 1), Laplace(1, 2), gandyn.parse("0.3*N(-1,.4)+0.7*N(4,1)")):
        c = gandyn.distances(p, p)
        for name in vars(c):
            if name not in ("errors", "converged", "jsd_gap"):
                assert abs(getattr(c, name)) <= 1e-14, (p, name)
        assert c.jsd_gap == pytest.approx(LOG2, rel=1e-14)


def test_disjoint_uniforms():
    c = gandyn.distances(Uniform(0, 1), Uniform(3, 5))
    assert c.jsd == pytest.approx(LOG2, rel=1e-14)
    assert c.jsd_gap == 0
    assert c.total_variation == pytest.approx(1, rel=1e-14)
    assert c.hellinger_squared == pytest.approx(1, rel=1e-14)
    assert c.kl_pq == c.kl_qp == c.chi_squared_pq == c.chi_squared_qp == math.inf
    assert c.wasserstein1 == pytest.approx(3.5, rel=1e-13)
    assert c.wasserstein2 == pytest.approx(math.sqrt(3.5**2 + 1 / 12), rel=1e-13)


def test_nested_uniforms():
    c = gandyn.distances(Uniform(0, 1), Uniform(0, 4))
    assert c.kl_pq == pytest.approx(math.log(4), rel=1e-14)
    assert c.kl_qp == math.inf
    assert c.total_variation == pytest.approx(0.75, rel=1e-14)
    assert c.hellinger_squared == pytest.approx(0.5, rel=1e-14)
    assert c.chi_squared_pq == pytest.approx(3, rel=1e-14)
    assert c.chi_squared_qp == math.inf


@pytest.mark.parametrize(
    ("p", "q", "infinite"),
    [
        (Normal(0, 1.5), Normal(0, 1), {"chi_squared_pq"}),
        (Normal(0, 1), Normal(0, 1.5), {"chi_squared_qp"}),
        (StudentT(3, 0, 1), Normal(0, 1), {"chi_squared_pq"}),
        (Uniform(0, 1), Normal(0, 1), {"kl_qp", "chi_squared_qp"}),
        (StudentT(1.5, 0, 1), Normal(0, 1), {"kl_pq", "chi_squared_pq", "wasserstein2"}),
        (
            StudentT(1, 0, 1),
            Normal(0, 1),
            {"kl_pq", "chi_squared_pq", "wasserstein1", "wasserstein2"},
        ),
        (Laplace(0, 1), Normal(0, 1), {"chi_squared_pq"}),
        (Laplace(0, 1), Laplace(0, 0.4), {"chi_squared_pq"}),
        (Laplace(0, 1), Laplace(1, 0.6), set()),
        (Logistic(0, 1), Laplace(0, 1), set()),
    ],
)
def test_infinite_where_infinite(p, q, infinite):
    c = gandyn.distances(p, q)
    found = {n for n in vars(c) if n not in ("errors", "converged") and math.isinf(getattr(c, n))}
    assert found == infinite
    assert all(c.errors[name] == 0 for name in infinite)


def test_rows_are_complete():
    assert set(DIVERGENCES) == {
        "jsd",
        "jsd_gap",
        "kl_data_generator",
        "kl_generator_data",
        "total_variation",
        "hellinger_squared",
        "chi_squared_data_generator",
        "chi_squared_generator_data",
        "wasserstein1",
        "wasserstein2",
    }


@pytest.mark.parametrize(
    "texts",
    [
        # quantiles of T at masses down to the smallest double
        ("0.5*N(-1.5, 2.7) + 0.5*N(-1.5, 2.7)", "T(10.6, 6.2, 0.34)"),
        ("N(0, 1)", "T(8, -1.5, 0.24)"),
        # nodes that round to the edge of the support, beyond which there is no mass
        ("U(-5, -4.95)", "T(2.5, -0.5, 0.056)"),
        ("U(5.25, 6.25)", "T(4, -7, 1.4)"),
    ],
)
def test_transport_to_heavy_tails_is_finite_both_ways(texts):
    p, q = map(gandyn.parse, texts)
    c, d = gandyn.distances(p, q), gandyn.distances(q, p)
    for name in ("wasserstein1", "wasserstein2"):
        there, back = getattr(c, name), getattr(d, name)
        assert abs(there - back) <= 3 * (c.errors[name] + d.errors[name]) + 1e-14


@pytest.mark.parametrize("df", [2.5, 8.0, 30.0])
def test_quantiles_of_student_t_at_the_smallest_masses(df):
    t = StudentT(df, 0.0, 1.0)
    for mass in (1e-200, 1e-280, 1e-305):
        assert t.cdf(t.ppf(mass)) == pytest.approx(mass, rel=1e-11)
        assert t.isf(mass) == -t.ppf(mass)


@pytest.mark.parametrize("a", [-1.5, -0.3, 0.3, 0.5, 0.7, 1.4, 2.0, 3.0])
def test_the_alpha_integrand_from_small_to_large_ratios(a):
    """Against 50 digits, on both sides of where its other form takes over."""
    ell = np.array([1e-9, 1e-4, 0.05, 0.1, 0.4, 0.69999, 0.70001, 1.0, 3.0, 20.0])
    ell = np.concatenate([-ell, ell])
    at = SimpleNamespace(log_ratio=ell, log_data=ell - 2.0, log_generated=np.full(20, -2.0))
    with mp.workdps(50):
        exact = [
            mp.exp(-2)
            * (mp.exp(a * mp.mpf(e)) - a * mp.exp(e) - 1 + mp.mpf(a))
            / (mp.mpf(a) * (a - mp.mpf(1)))
            for e in ell.tolist()
        ]
    np.testing.assert_allclose(alpha_density(at, a), np.array(exact, float), rtol=2e-14)


def test_no_mass_costs_nothing_to_move():
    cost = np.array([math.inf, math.inf, 3.0])
    at = SimpleNamespace(
        log_data=np.zeros(3),
        standard_gap=False,
        masses=(np.array([0, 0.5, 0.5]), np.array([1, 0.5, 0.5])),
    )
    assert under_data(at, cost).tolist() == [0.0, math.inf, 3.0]
