"""What is infinite at a point where a density ends, vanishes or is infinite, and what is not."""

import mpmath as mp
import numpy as np
import pytest
import scipy.stats as st

import gandyn
from gandyn import Game, LinearGenerator
from gandyn.engine.exponents import Ends, beside

F = gandyn.from_scipy
INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("frozen", "power"),
    [
        (st.gamma(2), 1.0),
        (st.gamma(0.4), -0.6),
        (st.gamma(2, loc=1e4, scale=1e-2), 1.0),
        (st.beta(2.5, 5, loc=-7, scale=1e-3), 1.5),
        (st.triang(0.5), 1.0),
        (st.weibull_min(1.5), 0.5),
        (st.expon(), 0.0),
        (st.uniform(3, 2), 0.0),
        (st.beta(1, 3), 0.0),
    ],
    ids=lambda case: getattr(getattr(case, "dist", None), "name", None),
)
def test_exponents_are_measured(frozen, power):
    law = F(frozen)
    found, faster = beside(law, law.support[0], 1.0)
    assert found == pytest.approx(power, abs=1e-5)
    assert faster == 0.0
    assert np.isnan(beside(law, law.support[0], -1.0)[0])


def test_what_vanishes_faster_than_a_power():
    """exp(−1/x) with −log p like 1/x, and the lognormal law between it and the powers."""
    power, faster = beside(F(st.invgamma(3)), 0.0, 1.0)
    assert power > 1e3
    assert faster == pytest.approx(1.0, abs=1e-3)
    power, faster = beside(F(st.lognorm(1)), 0.0, 1.0)
    assert power > 5
    assert faster < 0.2


def steep_latent(k):
    """∫ p (s_p − s_q) (z, 1) dx of p = gamma(k), q = invgamma(3), whose s_q is −4/x + 1/x²."""
    plain = 4 / (k - 1) - 1 / (k - 1) / (k - 2) if k > 2 else -INF
    return 3 - 1 / (k - 1) if k > 1 else -INF, plain


@pytest.mark.parametrize("k", [1.0, 1.2, 1.5, 2.0, 2.1, 3.0])
def test_next_to_an_end_steeper_than_any_power_what_exists_is_right(k):
    """E 1/x exists from k > 1 on, E 1/x² from k > 2 on, each component on its own."""
    game = Game(F(st.gamma(k)), LinearGenerator(F(st.invgamma(3))), "forward_kl")
    found = game.evaluate([1.0, 0.0], values=["force"])
    right = np.array(steep_latent(k))
    finite = np.isfinite(right)
    assert np.array_equal(np.isfinite(found.force), finite)
    assert np.array_equal(found.force[~finite], right[~finite])
    error = found.errors["force"][finite]
    assert (np.abs(found.force[finite] - right[finite]) <= 3.0 * error + 1e-14).all()
    assert (error < 1e-10).all()
    assert found.status == (0 if finite.all() else 1)


@pytest.mark.parametrize("k", [1.5, 2.2, 3.0])
def test_a_density_that_underflows_next_to_an_end_keeps_its_logarithm(k):
    """The same with s_q = −3/(2x) + 1/(2x²), of Lévy's law, whose pdf is 0 below 7e-4."""
    game = Game(F(st.gamma(k)), LinearGenerator(F(st.levy())), "forward_kl")
    found = game.evaluate([1.0, 0.0], values=["force"])
    right = 0.5 - 0.5 / (k - 1), 1.5 / (k - 1) - 0.5 / (k - 1) / (k - 2) if k > 2 else -INF
    for value, exact, error in zip(found.force, right, found.errors["force"], strict=True):
        assert value == exact or abs(value - exact) <= 3.0 * error + 1e-14
    assert (found.errors["force"] < 1e-11).all()


@pytest.mark.parametrize("c", [1.05, 1.5])
def test_the_power_of_a_logarithm_is_not_a_power(c):
    """Lognormal data under KL(p_g‖p): E_q (1 + log x)/x exists for gamma(c), c > 1, in b."""
    game = Game(F(st.lognorm(1)), LinearGenerator(F(st.gamma(c))), "reverse_kl")
    found = game.evaluate([1.0, 0.0], values=["force"])
    right = float(-(1 + mp.psi(0, c - 1)) / (c - 1))
    assert abs(found.force[1] - right) <= 3.0 * found.errors["force"][1] < 1e-8


@pytest.mark.parametrize(
    ("latent", "name", "right"),
    [
        (st.invgamma(3), "forward_kl", (-INF, -INF)),
        (st.levy(), "forward_kl", (-INF, -INF)),
        (st.alpha(3.5), "forward_kl", (-INF, -INF)),
        (st.lognorm(1), "pearson", (-INF, -INF)),
        (st.invgamma(3), "hellinger", None),
    ],
)
def test_where_the_generated_place_does_not_move_with_a(latent, name, right):
    """∂G/∂a is z, and 0 at the end: one power more, which is not always enough."""
    game = Game(gandyn.Normal(0, 1), LinearGenerator(F(latent)), name)
    found = game.evaluate([1.0, 0.5], values=["force"])
    assert found.status == (1 if right else 0)
    if right:
        assert np.array_equal(found.force, right)


def test_a_mixture_ends_with_the_least_power_of_its_parts():
    for steep in (st.invgamma(3), st.lognorm(1)):
        (end,) = gandyn.Mixture([0.5, 0.5], [F(st.gamma(2)), F(steep)]).ends
        assert end.power == pytest.approx(1.0)


def test_a_tail_that_falls_faster_than_its_score_can_be_told():
    found = Game(F(st.exponpow(2.7)), objective="saturating").evaluate([1.0, 0.5], ["force"])
    assert found.status == 0
    assert (found.errors["force"] < 1e-12).all()


def test_a_law_narrower_than_rounding_says_nothing():
    assert Ends(gandyn.Normal(0, 1), gandyn.Uniform(1, 1 + 1e-14)).smooth


# m + κ(k − m) ≤ 0 where p ~ u^k, p_g ~ u^m: by hand for each.
FORCES = [
    *((st.gamma(2), name, (1, 1), (-INF, INF)) for name in ("nonsaturating", "reverse_kl")),
    *((st.gamma(2), name, (1, 1), (-INF, INF)) for name in ("jeffreys", "neyman", "alpha(-0.5)")),
    *((st.gamma(2), name, (1, 1), None) for name in ("saturating", "forward_kl", "hellinger")),
    *((st.gamma(0.4), name, (1, 1), (INF, -INF)) for name in ("forward_kl", "hellinger")),
    (st.gamma(0.4), "saturating", (1, 1), (INF, -INF)),
    (st.gamma(0.4), "nonsaturating", (1, 1), None),
    (st.triang(0.5), "nonsaturating", (0.3, 0.5), (-INF, NAN)),
    (st.triang(0.5, loc=-40, scale=1e-3), "reverse_kl", (3e-4, -39.9995), (-INF, NAN)),
    (st.beta(2, 5), "nonsaturating", (0.3, 0.5), (-INF, NAN)),
    (st.beta(2, 5), "alpha(0.3)", (0.3, 0.5), None),
    (st.invgamma(3), "nonsaturating", (1, 1), (-INF, INF)),
    (st.invgamma(3), "saturating", (1, 1), None),
    (st.gamma(2, loc=3), "nonsaturating", (-1, 2), (-INF, INF)),
    (st.expon(), "reverse_kl", (1, 1), None),
    (st.uniform(), "reverse_kl", (1, 1), None),
]


@pytest.mark.parametrize(
    ("frozen", "name", "theta", "right"),
    FORCES,
    ids=[f"{frozen.dist.name}-{name}-{k}" for k, (frozen, name, *_) in enumerate(FORCES)],
)
def test_forces_that_do_not_exist(frozen, name, theta, right):
    game = Game(F(frozen), objective=name)
    found = game.evaluate(theta, values=["force"])
    if right is None:
        assert np.isfinite(found.force).all()
        assert found.status <= 0
        return
    assert np.array_equal(found.force, right, equal_nan=True)
    assert (found.errors["force"] == 0.0).all()
    assert found.status == 1
    assert "diverges" in found.message
    for force in (game.force(theta), game.force([theta, theta])[1]):
        assert np.array_equal(force, right, equal_nan=True)


@pytest.mark.parametrize("k", [0.05, 0.1, 0.3, 0.5, 0.9])
def test_a_force_that_just_exists(k):
    """∫ p^k q^(1 − k) ℓ' dx between gamma(2) and N(1, 1): its integrand is like x^(k − 1)."""
    with mp.workdps(25):
        n = max(2, int(3 / k))

        def integrand(s):
            x = s**n
            q = mp.npdf(x, 1)
            return (x * mp.exp(-x)) ** k * q ** (1 - k) * (1 / x + x - 2) * n * s ** (n - 1)

        ends = [mp.mpf(x) ** (mp.mpf(1) / n) for x in (2.25, 9, 25, 81)]
        right = mp.quad(integrand, [0, 0.3, 0.6, 0.9, 1, *ends])
    found = Game(F(st.gamma(2)), objective=f"alpha({k})").evaluate([1.0, 1.0], values=["force"])
    assert abs(found.force[1] - float(right)) <= 3 * found.errors["force"][1]
    assert found.errors["force"][1] < 1e-11


def test_a_component_beside_an_infinite_one():
    """Where the generated end is at z = 0, or only z p²/q does not fall off, one exists."""
    found = Game(F(st.gamma(2))).evaluate([1.0, 0.0], values=["force"])
    with mp.workdps(20):
        q, p = (lambda x: mp.npdf(x)), (lambda x: x * mp.exp(-x))
        right = mp.quad(
            lambda x: q(x) ** 2 / (p(x) + q(x)) * (1 / x - 1 + x) * x, [0, 0.1, 1, 3, 9, 40]
        )
    assert found.force[1] == INF
    assert abs(found.force[0] - float(right)) <= 3 * found.errors["force"][0] < 1e-12
    heavy = LinearGenerator(gandyn.StudentT(6))
    found = Game(gandyn.StudentT(3), heavy, "pearson").evaluate([1.0, 0.5], values=["force"])
    assert found.force[0] == INF
    assert np.isfinite(found.force[1])
    assert found.errors["force"][1] > 0.0


def test_ends_of_the_latent():
    """p_g like u² within p: E[w ℓ' φ] has u^(2(1 − κ) − 1), infinite from κ = 1 on."""
    latent = LinearGenerator(F(st.gamma(3)))
    normal = gandyn.Normal(0, 1)
    assert np.isfinite(Game(normal, latent).force([1.0, 0.5])).all()
    found = Game(normal, latent, "forward_kl").evaluate([-1.0, 1.0], values=["force"])
    assert found.force[1] == INF
    assert found.status == 1


CHI = [
    (gandyn.Uniform(0, 1), st.beta(2, 1), INF),
    (gandyn.Uniform(0, 1), st.beta(2.1, 1), INF),
    (gandyn.Uniform(0, 1), st.beta(1.5, 1), 1 / (1.5 * 0.5) - 1),
    (F(st.gamma(2)), st.gamma(3), 1.0),
    (F(st.gamma(1.5)), st.gamma(3), INF),
    (F(st.beta(2, 2, loc=5, scale=1e-3)), st.beta(3, 3, loc=5, scale=1e-3), 0.2),
    (F(st.beta(2, 2, loc=5, scale=1e-3)), st.beta(5, 3, loc=5, scale=1e-3), INF),
]


@pytest.mark.parametrize(("p", "q", "right"), CHI, ids=range(len(CHI)))
def test_chi_squared_between_ends(p, q, right):
    found = gandyn.distances(p, F(q))
    error = found.errors["chi_squared_pq"]
    if np.isinf(right):
        assert found.chi_squared_pq == INF
        assert error == 0.0
        assert found.converged
    else:
        assert abs(found.chi_squared_pq - right) <= 3 * error + 1e-12


def test_a_kullback_leibler_divergence_from_an_essential_end():
    """∫ q/x is infinite where q(0) > 0, and finite where q ~ x."""
    p = F(st.invgamma(3))
    assert gandyn.distances(p, F(st.expon())).kl_qp == INF
    assert np.isfinite(gandyn.distances(p, F(st.gamma(2.5))).kl_qp)
    assert Game(p).evaluate([1.0, 1.0]).kl_generator_data == INF


def test_a_force_of_which_nothing_is_known_is_no_number():
    latent = gandyn.from_scipy(st.exponpow(2.7))
    game = gandyn.Game(gandyn.Normal(0, 1), gandyn.LinearGenerator(latent), "forward_kl")
    found = game.evaluate([1.0, 0.3], values=["force"])
    assert found.status == 1
    assert np.isnan(found.force[0]) and found.force[1] == -np.inf
