"""The Jacobian by parts: another integral, the same numbers, and what rounding leaves of both."""

import numpy as np
import pytest

import gandyn
from analysis._error_oracle import Law, truth
from gandyn.engine.panels import field_integrals
from gandyn.engine.sensitivity import changes_by_parts, left_by_parts
from tests.sweeps import sweep

DATA = ("Laplace(0.4, 0.8)", "U(-1, 2)", "0.4*U(-1, 0.5) + 0.6*N(1, 0.5)", "T(3, 0, 1)")
LATENTS = ("N(0.2, 1.1)", "U(-1, 1.4)", "Laplace(0, 0.7)")
STATES = np.array([[0.7, 0.3], [-0.6, 0.1]])


def test_with_jumps_and_without():
    """Of data, of their score, of the latent and of both; either direction."""
    for k, data in enumerate(DATA):
        for j, latent in enumerate(LATENTS):
            name = ("saturating", "reverse_kl", "hellinger", "alpha(0.3)")[(k + j) % 4]
            game = gandyn.Game(
                gandyn.parse(data), gandyn.LinearGenerator(gandyn.parse(latent)), name
            )
            generated, (a, b) = game.generator.generated(STATES), STATES.T
            row = (
                lambda at: changes_by_parts(game.objective, at, a, b),  # noqa: B023
                lambda at: at.density_rounding,
            )
            inner = field_integrals(game.data, generated, [row], transport=False).value
            left, _ = left_by_parts(game.data, generated, game.objective, a, b)
            found = (inner + left).T.reshape(-1, 2, 2)
            assert found == pytest.approx(game.jacobian(STATES), rel=1e-9, abs=1e-11), (
                data,
                latent,
            )


def test_where_one_narrow_mode_hands_over_to_the_next():
    """Reverse KL on an interval: the mean of s_p' is what s_p grows by from end to end."""
    data = gandyn.parse("0.8*N(5.1, 0.00015) + 0.2*N(-4.4, 0.0235)")
    game = gandyn.Game(data, gandyn.LinearGenerator(gandyn.Uniform(-1, 1)), "reverse_kl")
    a, b = 3.25, 5.8
    low, high = -(b - a + 4.4) / 0.0235**2, -(b + a + 4.4) / 0.0235**2
    jacobian = game.jacobian([a, b])
    assert jacobian[1, 1] == pytest.approx((high - low) / (2 * a), rel=1e-13)
    # E[z s_p'] likewise: ∫ s_p dx is what log p grows by
    grown = -0.5 * (((b + a + 4.4) / 0.0235) ** 2 - ((b - a + 4.4) / 0.0235) ** 2)
    assert jacobian[0, 1] == pytest.approx((0.5 * (high + low) - 0.5 * grown / a) / a, abs=1e-9)


@pytest.mark.parametrize(
    "latent",
    sweep(["N(0.7, 0.4)", "Logistic(0.7, 0.4)", "T(4, 0.7, 0.4)"], lambda latent: latent[0] == "N"),
)
def test_the_same_on_the_whole_line(latent):
    """Modes of 1e-4 that are not in the middle: to a hundred thousandth of what x leaves."""
    data, state = "0.8*N(5.1, 0.00015) + 0.2*N(-4.4, 0.0235)", (-3.2, 5.8)
    game = gandyn.Game(gandyn.parse(data), gandyn.LinearGenerator(gandyn.parse(latent)))
    right = truth(Law.of(data), Law.of(latent), *state).value
    entries = [[float(right[f"nonsaturating: jacobian {i}{j}"]) for j in "ab"] for i in "ab"]
    assert game.jacobian(state) == pytest.approx(np.array(entries), rel=1e-11)


def test_far_out_where_kernels_are_all_alike():
    """A Student latent sees s_p' of normal kernels in digits that cancel: too little to matter."""
    values, width, latent = np.linspace(-3, 4, 19) ** 3 / 9, 0.0895, "T(2.472, 0.697, 0.173)"
    generator = gandyn.LinearGenerator(gandyn.parse(latent))
    game = gandyn.Game(gandyn.from_samples(values, width), generator, "reverse_kl")
    state = [20.64, -15.46]
    step = 1e-3 * np.eye(2)
    rates = [(game.force(state + h) - game.force(state - h)) / 2e-3 for h in step]
    assert game.jacobian(state) == pytest.approx(np.array(rates).T, rel=1e-6)
