"""Forces far from the data, whose integrand cancels: to all digits, by what is known of them."""

from itertools import product

import mpmath as mp
import numpy as np
import pytest

import gandyn
from gandyn import Game, LinearGenerator
from tests.sweeps import sweep


def right(data, theta, weight):
    """E[w ℓ' (z, 1)] with z ~ N(0, 1), to 30 digits."""
    with mp.workdps(40):
        a, b = (mp.mpf(v) for v in theta)
        parts = [(mp.mpf(w), mp.mpf(m), mp.mpf(s)) for w, m, s in data]

        def push(z):
            x = a * z + b
            each = [w * mp.npdf(x, m, s) for w, m, s in parts]
            p, q = sum(each), mp.npdf(z) / abs(a)
            score = sum(-f * (x - m) / s**2 for f, (_, m, s) in zip(each, parts, strict=True)) / p
            return mp.npdf(z) * weight(p / q) * (score + z / a)

        ends = [mp.mpf(k) for k in range(-34, 35, 2)]
        return [mp.quad(lambda z: push(z) * z, ends), mp.quad(push, ends)]


WEIGHTS = {
    "nonsaturating": lambda r: 1 / (1 + r),
    "jeffreys": lambda r: 1 + r,
    "reverse_kl": lambda r: mp.mpf(1),
}
ONE, TWO = [(1, 0, 1)], [(0.5, -3, 1), (0.5, 3, 1)]
THREE = [(0.5, -2, 0.5), (0.25, 0, 2), (0.25, 4, 1)]


STATES = [(ONE, (1, 12)), (ONE, (-1, -9)), (TWO, (1, 17)), (TWO, (-1, 14.5)), (THREE, (2, -25))]


def in_turn(case):
    """The second state under every objective, the fourth under one."""
    state, name = case
    return state is STATES[1] or (state is STATES[3] and name == "nonsaturating")


@pytest.mark.parametrize(("state", "name"), sweep(product(STATES, WEIGHTS), in_turn))
def test_each_component_has_its_digits(state, name):
    data, theta = state
    law = gandyn.Mixture([w for w, *_ in data], [gandyn.Normal(m, s) for _, m, s in data])
    game = Game(law, objective=name)
    exact = right(data, theta, WEIGHTS[name])
    found = game.evaluate(theta, values=["force"])
    for k, value in enumerate(exact):
        apart = abs(found.force[k] - value)
        assert apart <= 3 * found.errors["force"][k] + 1e-40
        if abs(value) > 1e-25:  # below, it is the sum of what cancels exactly
            assert apart <= 1e-10 * abs(value)
            for force in (game.force(theta), game.force([theta])[0]):
                assert abs(force[k] - value) <= 1e-10 * abs(value)


def test_latents_with_a_mean():
    """θ = (1, 11.5) with z ~ N(½, 1) is (1, 12) with z ~ N(0, 1)."""
    plain = Game(gandyn.Normal(0, 1)).force([1.0, 12.0])
    moved = Game(gandyn.Normal(0, 1), LinearGenerator(gandyn.Normal(0.5, 1))).force([1.0, 11.5])
    assert moved[1] == pytest.approx(plain[1], rel=1e-15)
    assert moved[0] == pytest.approx(plain[0] + 0.5 * plain[1], rel=1e-14)
    assert np.isfinite(moved).all()
