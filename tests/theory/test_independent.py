"""The rule that judges the engine, judged itself."""

import json
from pathlib import Path

import numpy as np
import pytest

import gandyn
from gandyn.theory.independent import gradient, pair, rule

CASES = json.loads(
    (Path(__file__).parents[1] / "data" / "evaluation.json").read_text(encoding="utf-8")
)["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["data"])
def test_reference_values(case):
    densities = pair(gandyn.parse(case["data"]), gandyn.Normal(0, 1), [case["a"], case["b"]])
    both = np.logaddexp(densities.log_p, densities.log_g)
    value = densities.integral(
        densities.p * (densities.log_p - both) + densities.g * (densities.log_g - both)
    )
    assert value == pytest.approx(case["value"], rel=1e-11)
    root = densities.integral(np.exp((densities.log_p + densities.log_g) / 2))
    assert 1 - root == pytest.approx(case["hellinger_squared"], rel=1e-11, abs=1e-14)


def test_densities_of_every_shape_integrate_to_one():
    data = gandyn.Mixture([0.4, 0.6], [gandyn.Laplace(1, 0.3), gandyn.Logistic(-2, 1)])
    for latent in (gandyn.Uniform(-1, 1), gandyn.Laplace(0, 1)):
        densities = pair(data, latent, [-0.7, 2.0])
        assert densities.integral(densities.p) == pytest.approx(1, abs=1e-13)
        assert densities.integral(densities.g) == pytest.approx(1, abs=1e-13)


def test_jumps_are_edges():
    x, weights = rule(np.array([[0.0, 1.0]]), np.array([0.1234, np.inf]))
    assert np.sum(weights[x < 0.1234]) == pytest.approx(40.1234, rel=1e-14)


def test_gradient_is_of_eighth_order():
    """Exact up to the eighth power of the step, and the error falls as the step's eighth power."""

    def wave(theta):
        return np.sin(theta[:, 0]) * np.exp(theta[:, 1])

    theta = np.array([[0.4, -0.2]])
    exact = np.array([np.cos(0.4), np.sin(0.4)]) * np.exp(-0.2)
    errors = [
        np.max(np.abs(gradient(wave, theta, np.array([step])) - exact)) for step in (0.4, 0.2)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(8, abs=0.2)
