"""The noise of minibatches: by quadrature, by other quadrature, and as measured."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import gandyn
from gandyn import InputError
from gandyn.montecarlo import noise

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"
CASES = [
    (TWO, "nonsaturating", (1.0, 0.5)),
    (TWO, "saturating", (2.0, -1.0)),
    ("N(4, 1.25)", "nonsaturating", (-1.0, 0.0)),
    ("N(4, 1.25)", "reverse_kl", (1.0, 2.0)),
    ("0.3*N(-2, 0.5) + 0.7*N(3, 1)", "hellinger", (1.5, 1.0)),
]


def game_of(text, objective="nonsaturating"):
    return gandyn.Game(gandyn.parse(text), objective=objective)


def by_latents(game, theta):
    """Mean and covariance of s(G(z)) (z, 1) by a rule in z, written apart from the engine's."""
    fine = np.linspace(-12.0, 12.0, 400_001)
    density = np.exp(-0.5 * fine**2) / np.sqrt(2.0 * np.pi) * (24.0 / 400_000)
    push = game.slope((theta[0] * fine + theta[1])[None], np.array([theta]))[0]
    gradient = push * np.stack([fine, np.ones_like(fine)])
    mean = gradient @ density
    return mean, (gradient * density) @ gradient.T - np.outer(mean, mean)


@pytest.mark.parametrize("text, objective, theta", CASES)
def test_covariance_by_quadrature(text, objective, theta):
    game = game_of(text, objective)
    found = gandyn.gradient_noise(game, theta)
    mean, covariance = by_latents(game, theta)
    assert found.mean == pytest.approx(mean, rel=1e-10, abs=1e-12)
    assert found.mean == pytest.approx(game.force(theta), rel=1e-9, abs=1e-13)
    assert found.covariance == pytest.approx(covariance, rel=1e-9, abs=1e-12)
    assert (np.abs(found.covariance - covariance) <= 3 * found.covariance_error + 1e-11).all()
    assert (found.covariance == found.covariance.T).all()
    assert (np.linalg.eigvalsh(found.covariance) >= 0.0).all()
    whole = gandyn.gradient_noise(game, theta, 40)
    assert whole.covariance == pytest.approx(found.covariance / 40, rel=1e-14)
    assert whole.batch == 40


@pytest.mark.parametrize("text, objective, theta", CASES[:3])
def test_covariance_as_measured(text, objective, theta):
    """Six numbers within their confidence: chi-square at 1e-4."""
    game = game_of(text, objective)
    exact = gandyn.gradient_noise(game, theta, 16)
    found = gandyn.measured_noise(game, theta, 16, 5000, rng=3)
    upper = np.triu_indices(2)
    scores = (found.covariance - exact.covariance)[upper] / found.covariance_error[upper]
    means = (found.mean - exact.mean) / found.mean_error
    limit = stats.norm.isf(1e-4)
    assert np.abs(scores).max() < limit and np.abs(means).max() < limit
    # And not so wide that anything would pass.
    assert (found.covariance_error[upper] < 0.2 * np.abs(np.diag(exact.covariance)).max()).all()


def test_no_noise_where_nothing_is_left_to_learn():
    """At p_g = p the slope is 0 for every latent."""
    game = game_of("N(4, 1.25)")
    found = gandyn.gradient_noise(game, (1.25, 4.0))
    assert np.abs(found.covariance).max() < 1e-28
    measured = gandyn.measured_noise(game, (1.25, 4.0), 4, 10)
    assert np.abs(measured.covariance).max() < 1e-28


def test_sampling_error_falls_as_it_should():
    game = game_of(TWO)
    found = gandyn.sampling_error(game, (1.0, 0.5), (8, 64, 512, 4096), 300, rng=1)
    for slope, bar in (found.value_slope, found.force_slope):
        assert abs(slope + 0.5) < 4 * bar and bar < 0.02
    assert np.abs(found.value / found.expected_value - 1.0).max() < 0.25
    assert (np.abs(found.value - found.expected_value) < 4.5 * found.value_error).all()
    assert (np.abs(found.force - found.expected_force) < 4.5 * found.force_error).all()


def test_the_seed_alone_decides():
    game = game_of(TWO)
    one, two = (gandyn.measured_noise(game, (1.0, 0.5), 8, 50, rng=5) for _ in range(2))
    other = gandyn.measured_noise(game, (1.0, 0.5), 8, 50, rng=6)
    assert (one.covariance == two.covariance).all()
    assert (one.covariance != other.covariance).any()


def test_status_and_pickle():
    game = game_of(TWO)
    found = [
        gandyn.gradient_noise(game, (1.0, 0.5)),
        gandyn.measured_noise(game, (1.0, 0.5), 4, 10),
        gandyn.sampling_error(game, (1.0, 0.5), (8, 64), 20),
    ]
    for one in found:
        assert one.success and one.status == 0
        assert one.message == "every integral met its tolerance"
        again = vars(pickle.loads(pickle.dumps(one)))
        assert all(np.array_equal(value, again[name]) for name, value in vars(one).items())


def test_an_integral_that_misses_its_tolerance_is_told(monkeypatch):
    integrals = noise.field_integrals

    def missing(*arguments, **options):
        return replace(integrals(*arguments, **options), converged=np.array([False]))

    monkeypatch.setattr(noise, "field_integrals", missing)
    found = gandyn.gradient_noise(game_of(TWO), (1.0, 0.5))
    assert found.status == -1 and not found.success
    assert found.message == "an integral did not meet its tolerance"
    assert gandyn.sampling_error(game_of(TWO), (1.0, 0.5), (8, 64), 20).status == -1


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda g: gandyn.gradient_noise(3, (1, 0)), "game: got 3"),
        (lambda g: gandyn.gradient_noise(g, (0, 0)), "theta: got a = 0"),
        (lambda g: gandyn.gradient_noise(g, [[1, 0], [1, 1]]), "theta: got shape"),
        (lambda g: gandyn.gradient_noise(g, (1, 0), 0), "batch: got 0"),
        (lambda g: gandyn.measured_noise(g, (1, 0), 8, 1), "minibatches: got 1"),
        (lambda g: gandyn.sampling_error(g, (1, 0), (5,)), r"sizes: got \(5,\)"),
        (lambda g: gandyn.sampling_error(g, (1, 0), (5.5, 7)), "sizes: got"),
        (lambda g: gandyn.sampling_error(g, (1, 0), (5, 50), 1), "repeats: got 1"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(InputError, match=words) as caught:
        call(game_of("N(0, 1)"))
    assert "\n" not in str(caught.value)
