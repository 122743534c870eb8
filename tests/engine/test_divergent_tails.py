"""Where tails make the force infinite, and where they only just do not."""

import mpmath as mp
import numpy as np
import pytest

from gandyn import Game, Laplace, LinearGenerator, Normal, StudentT


@pytest.mark.parametrize(
    ("data", "last"), [(Normal(0.5, 2), (2.0, 1.0)), (Laplace(0.5, 2), (1.0, 0.0))]
)
@pytest.mark.parametrize("power", [0.7, 1.0, 1.4, 2.0, 2.4, 3.5])
def test_reverse_kl_from_a_power_law(data, last, power):
    """E[ℓ' z] and E[ℓ'] with ℓ' like x against a normal law, like 1 against a Laplace law."""
    game = Game(data, LinearGenerator(StudentT(power)), "reverse_kl")
    force = game.force([1.3, 0.2])
    assert np.isfinite(force).tolist() == [power > last[0], power > last[1]]
    if power > last[0]:
        found = game.evaluate([1.3, 0.2], values=["force"])
        assert found.status == 0 and (found.errors["force"] < 1e-6 * np.abs(force).max()).all()
    else:
        assert force[0] == -np.inf


@pytest.mark.parametrize(("data", "last"), [(Normal(0.5, 2), 2.0), (Laplace(0.5, 2), 1.0)])
@pytest.mark.parametrize("power", [0.7, 1.0, 1.4, 2.0, 2.4, 3.5])
def test_kl_from_a_power_law_is_infinite_where_its_moment_is(data, last, power):
    """E ℓ, ℓ like x² against a normal law, like |x| against a Laplace law."""
    found = Game(data, LinearGenerator(StudentT(power)), "reverse_kl").evaluate([1.3, 0.2])
    assert np.isfinite(found.kl_generator_data) == np.isfinite(found.potential) == (power > last)
    assert np.isfinite(found.kl_data_generator) and np.isfinite(found.jsd)


@pytest.mark.parametrize("name", ["reverse_kl", "forward_kl"])
def test_kl_between_cauchy_laws_is_finite(name):
    """log(((s + t)² + (m − n)²)/(4 s t)): Chyzak and Nielsen (2019)."""
    s, t, m, n = 1.5, 0.4, -1.0, 2.0
    game = Game(StudentT(1, m, s), LinearGenerator(StudentT(1)), name)
    exact = np.log(((s + t) ** 2 + (m - n) ** 2) / (4 * s * t))
    assert game.potential([t, n]) == pytest.approx(exact, rel=1e-9)


def test_kl_between_power_laws_without_moments_is_finite():
    """ℓ grows like a logarithm, which every density integrates."""
    p, q = StudentT(0.8, 0.3, 2.0), StudentT(0.6)
    found = Game(p, LinearGenerator(q), "reverse_kl").evaluate([1.0, 0.0])

    def integrand(t):
        x = float(mp.sinh(t))
        return mp.exp(q.logpdf(x)) * (q.logpdf(x) - p.logpdf(x)) * mp.cosh(t)

    exact = mp.quad(integrand, range(-80, 81, 4))
    assert found.kl_generator_data == pytest.approx(float(exact), rel=1e-8)
    assert found.potential == pytest.approx(float(exact), rel=1e-8)
