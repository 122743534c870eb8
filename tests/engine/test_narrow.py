"""Generated densities far narrower than the rounding of x where they lie, against mpmath."""

import mpmath as mp
import numpy as np
import pytest

import gandyn
from gandyn import Game, Laplace, LinearGenerator, Normal, Uniform
from tests.sweeps import sweep

LAWS = {
    "normal": (Normal(0, 1), lambda z: -z * z / 2 - mp.log(2 * mp.pi) / 2, lambda z: -z),
    "Laplace": (Laplace(0, 1), lambda z: -abs(z) - mp.log(2), lambda z: -mp.sign(z)),
    "two modes": (
        gandyn.parse("0.25*N(-3, 1) + 0.75*N(3, 0.5)"),
        lambda x: mp.log(_mode(x, 0.25, -3, 1) + _mode(x, 0.75, 3, 0.5)),
        lambda x: mp.diff(lambda t: mp.log(_mode(t, 0.25, -3, 1) + _mode(t, 0.75, 3, 0.5)), x),
    ),
}


def _mode(x, weight, mean, std):
    return weight * mp.npdf(x, mean, std)


def right(data, latent, a, b):
    """JSD and the nonsaturating force, integrated over the latents with thirty digits."""
    (_, log_p, score_p), (_, log_f, score_f) = LAWS[data], LAWS[latent]

    def over(f):
        return mp.quad(f, [-40, -8, -2, 0, 2, 8, 40])

    def ratio(z):
        return mp.exp(log_p(b + a * z) - log_f(z) + mp.log(a))

    def push(z):
        slope = score_p(b + a * z) - score_f(z) / a
        return mp.exp(log_f(z)) * slope / (1 + ratio(z))

    def lost(z):
        r, q = ratio(z), mp.exp(log_f(z))
        return q * mp.log1p(r) + r * q * mp.log1p(1 / r)

    return mp.log(2) - over(lost) / 2, [over(lambda z: push(z) * z), over(push)]


CASES = [
    ("normal", "normal", 1e-9, 1.0),
    ("normal", "normal", 1e-30, -35.0),
    ("normal", "normal", 3e-6, 1.0),
    ("normal", "Laplace", 1e-16, 1.0),
    ("normal", "Laplace", 1e-11, -2.0),
    ("two modes", "normal", 1e-12, 2.75),
    ("two modes", "normal", 3e-6, -0.5),
]


@pytest.mark.parametrize("data, latent, a, b", sweep(CASES, CASES[:1].__contains__))
def test_values_and_forces_are_right_within_small_errors(data, latent, a, b):
    game = Game(LAWS[data][0], LinearGenerator(LAWS[latent][0]))
    found = game.evaluate([a, b], values=["jsd", "total_variation", "force"])
    with mp.workdps(34):
        jsd, force = right(data, latent, mp.mpf(a), mp.mpf(b))
    assert found.status == 0
    assert abs(found.jsd - float(jsd)) <= 3.0 * found.errors["jsd"] + 1e-16
    assert found.errors["jsd"] < 1e-13 * max(1.0, abs(b))
    wide = np.array([1.0 / a, max(abs(b), 1.0)])
    for k, exact in enumerate(force):
        assert abs(found.force[k] - float(exact)) <= 3.0 * found.errors["force"][k], k
    assert (found.errors["force"] < 1e-11 * wide).all()
    assert game.force([a, b]) == pytest.approx(found.force, rel=1e-10, abs=1e-10)
    assert 1.0 - 1e5 * a - 1e-13 < found.total_variation <= 1.0


def test_in_a_stack_each_is_seen_from_its_place():
    game = Game(Normal(0, 1))
    states = np.array(
        [[1.0, 0.5], [1e-9, 1.0], [2.0, 0.0], [1e-12, -2.0], [1e-8, 1.0], [0.3, 1e-3]]
    )
    found = game.evaluate(states)
    for k, state in enumerate(states):
        alone = game.evaluate(state)
        assert found.jsd[k] == pytest.approx(alone.jsd, abs=1e-14)
        np.testing.assert_allclose(found.force[k], alone.force, rtol=1e-11)
    np.testing.assert_allclose(game.jacobian(states)[2], game.jacobian(states[2]), atol=1e-13)


def test_a_uniform_latent_keeps_its_edges():
    found = Game(Normal(0, 1), LinearGenerator(Uniform(-1, 1))).evaluate([1e-16, 1.0])
    assert found.jsd == pytest.approx(np.log(2), abs=1e-14)
    assert found.total_variation <= 1.0
