"""Densities and states of sizes that numbers hold, and of others."""

import numpy as np
import pytest

import gandyn
from gandyn.errors import InputError

FINE = ["N(0, 1e-49)", "N(1e49, 1e40)", "U(1e-49, 3e-49)", "T(2, 0, 1e49)", "T(0.05, 0, 1)"]
FINE += ["0.5*N(0, 1e-45) + 0.5*N(1, 1e45)", "1e-300*N(0, 1) + 1*N(5, 1)", "N(1e12, 1)"]
WRONG = {
    "N(0, 1e-51)": "width 1e-51 at 0",
    "Logistic(0, 1e51)": "width 1e+51 at 0",
    "0.5*N(0, 1) + 0.5*N(2e50, 1e49)": "width 1e+49 at 2e+50",
    "0.5*N(0, 1) + 0.5*N(1e17, 1)": "width 1 at 1e+17, where numbers are 16 apart",
    "0.5*N(0, 1) + 0.5*T(3, 0, 1e-200)": "width 1e-200 at 0",
    "T(1e-300, 0, 1)": "StudentT(df=1e-300, loc=0.0, scale=1.0), must have quantiles",
}


@pytest.mark.parametrize("text", FINE)
def test_what_is_of_a_size_has_values(text):
    law = gandyn.parse(text)
    found = gandyn.Game(law).evaluate([[1.0, 0.5], [1e-40, 0.0], [1e40, -1e40]])
    assert (found.jsd >= 0.0).all() and (found.jsd <= np.log(2.0) + 1e-6).all()
    gandyn.distances(law, gandyn.Normal(0, 1))


@pytest.mark.parametrize("text", WRONG)
def test_what_is_not_is_refused_by_its_name(text):
    law, told = gandyn.parse(text), WRONG[text]
    for name, use in {
        "data": lambda: gandyn.Game(law),
        "latent": lambda: gandyn.Game(gandyn.Normal(0, 1), gandyn.LinearGenerator(law)),
        "p": lambda: gandyn.distances(law, gandyn.Normal(0, 1)),
        "q": lambda: gandyn.distances(gandyn.Normal(0, 1), law),
    }.items():
        with pytest.raises(InputError) as error:
            use()
        assert str(error.value).startswith(f"{name}: got ") and told in str(error.value)


@pytest.mark.parametrize(
    ("theta", "told"),
    [
        ([10**400, 0], "must be numbers"),
        ([1e51, 0.0], "got 1e+51, must be from -1e+50 to 1e+50"),
        ([1.0, -1e308], "got -1e+308, must be from"),
        ([np.inf, 0.0], "got inf, must be finite"),
        ([5e-324, 0.0], "got |a| = 4.94066e-324, must be 1e-100 or more"),
        ([[1.0, 0.0], [-1e-101, 0.0]], "got |a| = 1e-101, must be"),
        ([0.0, 1.0], "got a = 0, must be non-zero"),
    ],
)
def test_states(theta, told):
    with pytest.raises(InputError, match=r"^theta: got ") as error:
        gandyn.Game(gandyn.Normal(0, 1)).force(theta)
    assert told in str(error.value)


def test_a_flow_that_narrows_rests_long_before_its_scale_is_no_number():
    """Of the mean squared error a falls off as e^(-2t)."""
    game = gandyn.Game(gandyn.Normal(2, 1), objective="mse")
    flow = gandyn.gradient_flow(game, [1.0, 0.0], (0.0, 300.0), [0.0, 5.0, 100.0, 300.0])
    assert flow.theta[1, 0] == pytest.approx(np.exp(-10.0), rel=1e-6)
    assert flow.success and 0.0 < flow.theta[3, 0] < 1e-10
    assert flow.potential == pytest.approx([6.0, 1.0 + 5.0 * np.exp(-20.0), 1.0, 1.0], rel=1e-7)


def test_a_part_whose_weight_is_too_small_for_a_number_is_none():
    inner = gandyn.parse("0.5*N(0, 1) + 0.5*N(1, 1)")
    law = gandyn.Mixture([5e-324, 1.0], [inner, gandyn.Normal(2, 1)])
    assert law.components == (gandyn.Normal(2, 1),)


def test_jumps_beyond_which_the_potential_is_infinite():
    game = gandyn.Game(gandyn.Uniform(0, 1))
    assert game.potential([0.1, 0.0]) == np.inf
    np.testing.assert_array_equal(game.boundary_force([0.1, 0.0]), [-np.inf, np.nan])


@pytest.mark.parametrize("end", [5e-324, 1e-310, 1e-300, 1.0, 1e300])
def test_times_of_any_size(end):
    from gandyn.system.polyline import up_to

    times = up_to(end, 50)
    assert times[0] == 0.0 and times[-1] == end and (np.diff(times) > 0).all()
    flow = gandyn.gradient_flow(gandyn.Game(gandyn.Normal(0, 1)), [0.5, 1.0], (0.0, end), times)
    assert np.isfinite(flow.theta).all() and flow.success
