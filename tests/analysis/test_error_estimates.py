"""The study of error estimates: its quadrature against closed forms, and what it is to find."""

import json
import math
from itertools import product

import numpy as np
import pytest
import scipy.stats

import gandyn
from analysis import error_estimates
from analysis._error_oracle import OBJECTIVES, Law, truth
from analysis._transport_oracle import transports
from tests.sweeps import sweep


def test_the_quadrature_against_closed_forms():
    """Two normals: both Kullback-Leibler divergences, χ², Hellinger, TV, and a force."""
    a, b = 0.8, 1.5
    found = truth(Law.of("N(0, 1)"), Law.of("N(0, 1)"), a, b)
    right = {
        "kl_data_generator": math.log(a) + (1 + b * b) / (2 * a * a) - 0.5,
        "kl_generator_data": -math.log(a) + (a * a + b * b - 1) / 2,
        "hellinger_squared": 1
        - math.sqrt(2 * a / (1 + a * a)) * math.exp(-b * b / (4 * (1 + a * a))),
        "chi_squared_data_generator": a * a / math.sqrt(2 * a * a - 1)
        * math.exp(b * b / (2 * a * a - 1)) - 1,
        "reverse_kl: force a": 1 / a - a,
        "reverse_kl: force b": -b,
        "reverse_kl: jacobian aa": -1 - 1 / a**2,
        "reverse_kl: jacobian bb": -1.0,
    }  # fmt: skip
    for name, value in right.items():
        assert abs(float(found.value[name]) - value) < 1e-14 * max(1.0, abs(value)), name
        assert found.error[name] < 1e-15 * max(1.0, abs(value))


@pytest.mark.exhaustive
def test_the_quadrature_sees_handovers_of_narrow_kernels():
    """The number of a public fault report, given there to twelve digits and by mpmath here."""
    values = np.sort(np.random.default_rng(2).normal(size=10))
    found = truth(Law.kernels(values, 0.0012), Law.of("N(0, 1)"), 1.0, 0.1)
    assert float(found.value["kl_generator_data"]) == pytest.approx(32603.7889666103911, rel=1e-15)


@pytest.mark.exhaustive
def test_the_quadrature_sees_kinks_next_to_an_edge():
    """Total variation of N(0.829172, 4.8471) and a Student law, by mpmath's masses."""
    found = truth(
        Law.of("N(0.829172, 4.8471)"), Law.of("T(3.646, -2.41962, 0.726771)"), 0.58684566, 4.0750619
    )
    assert float(found.value["total_variation"]) == pytest.approx(0.765547152868885037, rel=1e-15)


def test_the_quadrature_forms_no_difference_of_large_logarithms():
    """Forward KL of a Student law and a normal one 1e-2 wide: (σ² + (μ − b)²)/a³ − 1/a for a."""
    found = truth(Law.of("T(5, 1, 2)"), Law.of("N(0, 1)"), 0.01, 0.5)
    right = (4 * 5 / 3 + 0.25) / 1e-6 - 100
    assert float(found.value["forward_kl: force a"]) == pytest.approx(right, rel=1e-13)


@pytest.mark.exhaustive
def test_masses_against_closed_forms():
    """Two normal laws, and a uniform one under a Student law: moments, quantiles, W₁ by mpmath."""
    found = transports(Law.of("N(1.4, 1.2)"), Law.of("N(-2.7, 0.3)"), 11.693116, 33.311764)
    apart, wider = 1.4 + 2.7 * 11.693116 - 33.311764, 1.2 - 0.3 * 11.693116
    assert float(found.value["wasserstein2: potential"]) == pytest.approx(
        apart**2 + wider**2, rel=1e-15
    )
    assert float(found.value["wasserstein2: force b"]) == pytest.approx(2 * apart, rel=1e-14)
    mean_square = apart**2 + 1.2**2 + (0.3 * 11.693116) ** 2
    assert float(found.value["mse: potential"]) == pytest.approx(mean_square, rel=1e-15)
    found = transports(Law.of("U(0, 1)"), Law.of("U(0, 1)"), 0.5, 0.125)
    # F_g − F_p = ±(2 (x − 1/8) − x), 0 at ¼
    assert float(found.value["wasserstein1"]) == pytest.approx(1 / 64 + 9 / 64, rel=1e-15)
    assert float(found.value["wasserstein1: force b"]) == pytest.approx(0.5, rel=1e-15)


@pytest.mark.exhaustive
def test_the_quadrature_says_what_is_infinite():
    found = truth(Law.of("N(0, 1)"), Law.of("U(-1, 1)"), 1.0, 0.0)
    assert found.value["kl_data_generator"] == math.inf
    assert np.isfinite(float(found.value["nonsaturating: force b"]))
    found = truth(Law.of("T(3, 0, 1)"), Law.of("N(0, 1)"), 1.0, 0.0)
    assert found.value["chi_squared_data_generator"] == math.inf
    assert np.isnan(found.value["pearson: force a"])


@pytest.mark.parametrize(
    ("seed", "objective"),
    sweep(
        product(range(3), ["nonsaturating", "reverse_kl", "forward_kl"]),
        lambda case: case == (2, "nonsaturating"),
    ),
)
def test_kernels_hand_over(seed, objective):
    """Ten kernels of a width of 0.0012: values and force within their errors."""
    values = np.sort(np.random.default_rng(seed).normal(size=10))
    game = gandyn.Game(gandyn.from_samples(values, 0.0012), objective=objective)
    found = game.evaluate([1.0, 0.1])
    right = truth(Law.kernels(values, 0.0012), Law.of("N(0, 1)"), 1.0, 0.1).value
    for name in ("kl_generator_data", "kl_data_generator", "jsd", "hellinger_squared"):
        assert abs(getattr(found, name) - right[name]) <= 3 * found.errors[name]
    for k, part in enumerate("ab"):
        value = right[f"{objective}: force {part}"]
        assert abs(found.force[k] - value) <= 3 * found.errors["force"][k]
        assert abs(found.force[k] - value) <= 1e-10 * abs(value)


def test_what_is_large_where_modes_are_nothing_is_not_blurred_with_them():
    """KL(p_g‖p) of modes 1e-4 wide comes from ℓ between them, where x is a number like any."""
    law = "0.5*N(-1, 0.0001) + 0.5*N(1.2, 0.0001)"
    found = gandyn.Game(gandyn.parse(law)).evaluate([1.0, 0.1])
    right = truth(Law.of(law), Law.of("N(0, 1)"), 1.0, 0.1).value["kl_generator_data"]
    assert found.errors["kl_generator_data"] < 1e-13 * right
    assert abs(found.kl_generator_data - right) <= 3 * found.errors["kl_generator_data"]


def test_kernels_of_unequal_weight_hand_over():
    """Samples that came often hide those beside them: as the mixture does."""
    values = np.repeat([0.0, 0.05, 0.06, 1.0], [50, 1, 30, 2])
    law = gandyn.from_samples(values, 0.004)
    weights = np.array([50, 1, 30, 2]) / 83
    same = gandyn.Mixture(weights, [gandyn.Normal(x, 0.004) for x in (0.0, 0.05, 0.06, 1.0)])
    assert np.allclose(law.handovers, same.handovers, rtol=1e-12)
    one, other = (gandyn.Game(data).evaluate([0.7, 0.2]) for data in (law, same))
    assert one.kl_generator_data == pytest.approx(other.kl_generator_data, rel=1e-13)


@pytest.mark.parametrize(
    ("data", "theta", "name"),
    [
        (
            "0.333334*N(2.38328, 0.00087317) + 0.333333*N(-1.64876, 0.00015145) "
            "+ 0.333333*N(2.24132, 5.11e-05)",
            [1.3882, 1.1883],
            "pearson",
        ),
        (
            "0.500000*N(1.0587, 8.735e-05) + 0.500000*N(-0.58501, 0.13965)",
            [2.7268, -1.14],
            "forward_kl",
        ),
        (
            "0.500000*N(1.0587, 8.735e-05) + 0.500000*N(-0.58501, 0.13965)",
            [0.2268, -1.14],
            "hellinger",
        ),
    ],
)
def test_forces_where_x_blurs_a_mode(data, theta, name):
    """Under 1e-4 wide modes of a wide density the rounding of x is left over: by panels."""
    found = gandyn.Game(gandyn.parse(data), objective=name).force(theta)
    right = truth(Law.of(data), Law.of("N(0, 1)"), *theta).value
    for k, part in enumerate("ab"):
        assert found[k] == pytest.approx(float(right[f"{name}: force {part}"]), rel=1e-10)


def test_latents_hand_over():
    """A narrow component of the latent, far out where the data still are."""
    latent = "0.97*N(0, 1) + 0.03*N(-1.5, 0.01)"
    for state in ([1.0, 1.5], [0.4, 3.0], [-2.0, 0.5]):
        game = gandyn.Game(gandyn.Normal(0, 1), gandyn.LinearGenerator(gandyn.parse(latent)))
        found = game.evaluate(state)
        right = truth(Law.of("N(0, 1)"), Law.of(latent), *state)
        for name in ("kl_data_generator", "kl_generator_data", "jsd_gap"):
            apart = abs(getattr(found, name) - right.value[name])
            assert apart <= 3 * found.errors[name] + right.error[name], name


def test_latents_hand_over_beyond_their_reach():
    """Where the wider component takes over on the narrow one's far side, 290 widths out."""
    law = "0.859087*N(-0.920083, 1.45265) + 0.140913*N(-1.08961, 0.870312)"
    latent = "0.455979*N(3.46114, 0.020827) + 0.544021*N(-0.558025, 0.00727633)"
    game = gandyn.Game(gandyn.parse(law), gandyn.LinearGenerator(gandyn.parse(latent)))
    found = game.evaluate([0.2007914, -4.7208779])
    apart = abs(found.kl_data_generator - 326493.82467742886521)  # by mpmath
    assert apart <= 3 * found.errors["kl_data_generator"] < 1e-7


def test_histograms_have_their_bins():
    made = np.histogram(np.random.default_rng(0).normal(size=4000), 24)
    data = gandyn.from_scipy(scipy.stats.rv_histogram(made, density=True)())
    found = gandyn.Game(data).evaluate([0.9, 0.1])
    right = truth(Law.bins(made[1], made[0]), Law.of("N(0, 1)"), 0.9, 0.1)
    for name in ("jsd", "kl_data_generator", "total_variation", "hellinger_squared"):
        assert abs(getattr(found, name) - right.value[name]) <= 3 * found.errors[name] < 1e-11


@pytest.mark.parametrize("a", [1e-6, 1e-10, 1e-12, 1e-14, 1e-16])
def test_uniform_latents_of_no_width(a):
    latent = gandyn.LinearGenerator(gandyn.Uniform(-1, 1))
    found = gandyn.Game(gandyn.Normal(0, 1), latent).evaluate([a, 1.0])
    right = 1.0 - 2.0 * a * scipy.stats.norm.pdf(1.0)
    assert abs(found.total_variation - right) <= 3 * found.errors["total_variation"]
    assert found.total_variation <= 1.0
    assert abs(found.jsd - math.log(2.0)) <= 3 * found.errors["jsd"] + 20 * a * abs(math.log(a))
    assert abs(found.force[0] + a / 3.0) <= 3 * found.errors["force"][0] + 3 * a * a


def test_narrow_data_on_a_latents_interval():
    """log 2 − JSD next to 0, and KL(p‖p_g) by the entropy of two narrow modes."""
    data = gandyn.parse("0.5*N(-1, 0.0002) + 0.5*N(1.03, 0.0002)")
    found = gandyn.Game(data, gandyn.LinearGenerator(gandyn.Uniform(-1, 1))).evaluate([3.0, 0.1])
    entropy = math.log(2.0) + 0.5 * math.log(2 * math.pi * math.e * 0.0002**2)
    right = math.log(6.0) - entropy
    assert abs(gandyn.Game(
        data, gandyn.LinearGenerator(gandyn.Uniform(-1, 1)), "saturating"
    ).potential([3.0, 0.1]) - 2.0 * found.jsd) < 1e-12  # fmt: skip
    law = Law.of("0.5*N(-1, 0.0002) + 0.5*N(1.03, 0.0002)")
    exact = truth(law, Law.of("U(-1, 1)"), 3.0, 0.1)
    assert abs(found.jsd - exact.value["jsd"]) <= 3 * found.errors["jsd"]
    # what of p lies outside is e^−1e7, and makes KL(p‖p_g) infinite all the same
    assert found.kl_data_generator == math.inf
    assert right == pytest.approx(8.197, abs=1e-3)


CASES = [
    # x rounds at the break of the data: its jump counts
    ("Laplace(2.17206, 0.457449)", "U(1.9854, 2.50828)", [29.111171, -60.744646], "pearson"),
    # the latent's tail is cut where z is 30
    (
        "N(0.218611, 2.40081)",
        "Logistic(0.711572, 0.240973)",
        [0.17829462, -9.7639194],
        "saturating",
    ),
    # a narrow component of p_g, which x blurs, under data that do not
    (
        "U(1.19282, 2.77696)",
        "0.371441*N(2.82226, 0.0411909) + 0.628559*N(1.73918, 0.531318)",
        [-0.017573105, 2.8176234],
        "nonsaturating",
    ),
    # the second moment of the data, beyond all but 1e-17 of their mass
    (
        "T(5.989, 2.17206, 0.457449)",
        "N(-1.06888, 3.27655)",
        [-0.010140812, 4.2354091],
        "forward_kl",
    ),
]


@pytest.mark.parametrize(("data", "latent", "theta", "name"), CASES)
def test_what_was_thought_too_good(data, latent, theta, name):
    generator = gandyn.LinearGenerator(gandyn.parse(latent))
    found = gandyn.Game(gandyn.parse(data), generator, name).evaluate(theta)
    right = truth(Law.of(data), Law.of(latent), *theta).value
    for k, part in enumerate("ab"):
        apart = abs(found.force[k] - right[f"{name}: force {part}"])
        assert apart <= 3 * found.errors["force"][k]
    for value in ("jsd", "jsd_gap", "kl_data_generator", "total_variation"):
        if np.isfinite(getattr(found, value)):
            assert abs(getattr(found, value) - right[value]) <= 3 * found.errors[value], value


def test_what_lies_beyond_all_doubles_is_infinite_by_every_name():
    """Normal data reach beyond an interval by e^−1000: potential and divergence agree."""
    generator = gandyn.LinearGenerator(gandyn.Uniform(-1, 1))
    for name, value in (
        ("forward_kl", "kl_data_generator"),
        ("pearson", "chi_squared_data_generator"),
    ):
        found = gandyn.Game(gandyn.Normal(0, 0.85), generator, name).evaluate([40.0, 3.0])
        assert found.potential == getattr(found, value) == np.inf


def check(found):
    bad = [case for case in found if case.ratio > 3.0]
    assert not bad, [(case.game, case.found, case.estimate, case.right) for case in bad[:5]]
    useful = [case.useful for case in found if case.useful is not None]
    assert np.mean(useful or [True]) >= 0.9


@pytest.mark.parametrize(
    "data", sweep(error_estimates.DATA, lambda data: data not in ("kernels", "histogram"))
)
def test_estimates_hold(data):
    """A state of every kind of data, each with the next latent and two objectives."""
    k = list(error_estimates.DATA).index(data)
    latent = list(error_estimates.LATENTS)[k % len(error_estimates.LATENTS)]
    names = OBJECTIVES[k % 4 :: 4][:2]
    check(list(error_estimates.cases(np.random.default_rng(k), data, latent, 1, names)))


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "k, data, latent",
    [(k, *pair) for k, pair in enumerate(product(error_estimates.DATA, error_estimates.LATENTS))],
)
def test_estimates_hold_everywhere(k, data, latent):
    """A state of every pair, with objectives in turn; the study takes all of them, and more."""
    names = OBJECTIVES[k % 3 :: 3]
    check(list(error_estimates.cases(np.random.default_rng(11), data, latent, 1, names)))


@pytest.mark.exhaustive
@pytest.mark.parametrize("data", sorted({*error_estimates.MOVED} - {"six modes", "narrow"}))
def test_estimates_of_transport_hold(data):
    """The study takes more, and those of many or narrow modes, whose masses cost the most."""
    k = list(error_estimates.DATA).index(data)
    latent = list(error_estimates.LATENTS)[(k + 2) % len(error_estimates.LATENTS)]
    found = list(error_estimates.moves(np.random.default_rng(k), data, latent, 1))
    assert len(found) == 11
    bad = [case for case in found if case.ratio > 3.0]
    assert not bad, [(case.game, case.found, case.estimate, case.right) for case in bad]


@pytest.mark.exhaustive
def test_the_study_runs(tmp_path, capsys):
    status = error_estimates.main(["--quick", "--output", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[0].split()[:2] == ["kind", "numbers"]
    assert {line.rsplit("  ")[0].strip() for line in lines} >= {"normal data", "uniform latent"}
    assert len(json.loads((tmp_path / "results.json").read_text())["cases"]) == 10
