"""Objectives: every row against its weight alone, against its closed forms, against the others."""

import math

import mpmath as mp
import numpy as np
import pytest

import gandyn
from gandyn import FDivergence, Game, InputError, LinearGenerator, Normal, Uniform, objective
from gandyn.engine.panels import PanelEngine
from gandyn.generators.generated import Fixed
from gandyn.objectives import alpha, names
from gandyn.objectives.field import Field

DATA = gandyn.parse("0.3*N(-1, 0.7) + 0.7*N(2, 1.2)")
STATES = np.array([[1.0, 0.5], [1.6, 1.2], [-1.3, 1.0], [0.9, 2.5], [2.4, -0.3]])
ALPHAS = ["alpha(0.5)", "alpha(0.3)", "alpha(-0.7)", "alpha(1.4)", "alpha(0)", "alpha(1)"]
F_DIVERGENCES = [n for n in names() if isinstance(objective(n), FDivergence)] + ALPHAS
ELL = np.array([-600.0, -40.0, -7.3, -1.0, -0.2, -1e-9, 0.0, 1e-5, 0.4, 1.0, 2.5, 30.0, 600.0])


def bare(name):
    """The row again, from its weight alone."""
    return FDivergence(objective(name).weight, "bare")


def force(data, target, states=STATES, generator=None):
    return Game(data, generator, target).force(states)


def test_names():
    rows = "saturating nonsaturating reverse_kl forward_kl jeffreys pearson neyman hellinger"
    assert {*rows.split(), "wasserstein1", "wasserstein2", "mse"} <= set(names())
    for name in names():
        assert objective(name).name == name
        assert objective(name.replace("_", "-").upper()).name == name
        assert name in repr(objective(name))
    assert objective(objective("mse")) is objective("mse")
    assert objective(" alpha( 0.25 ) ").weight(np.array([4.0])) == pytest.approx(math.e)


@pytest.mark.parametrize(
    "bad",
    ["", "kl", "alpha", "alpha()", "alpha(x)", "alpha(1,2)", "alpha(nan)", "alpha(inf)", 3, None],
)
def test_unknown_names(bad):
    with pytest.raises(InputError) as error:
        objective(bad)
    assert "\n" not in str(error.value) and ": got " in str(error.value)


@pytest.mark.parametrize("bad", ["x", None, math.nan, math.inf, [1]])
def test_alpha_must_be_a_number(bad):
    with pytest.raises(InputError, match=r"^alpha: got .*, must be a finite number$"):
        alpha(bad)


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_row_equals_its_weight(name):
    """Force and potential of the closed form and of the weight alone."""
    data = Normal(0.4, 1.1) if name in ("pearson", "alpha(1.4)") else DATA
    states = STATES if name not in ("neyman", "alpha(-0.7)") else STATES[[0, 3]]
    row, plain = Game(data, objective=name), Game(data, objective=bare(name))
    measured, exact = plain.force(states), row.force(states)
    size = np.abs(exact).max(axis=1, keepdims=True)
    assert np.all(np.isfinite(exact))
    assert np.abs(measured - exact).max() <= 2e-11 * size.max()
    assert plain.potential(states) == pytest.approx(row.potential(states), rel=1e-10)


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_potential_next_to_equality_from_the_weight(name):
    """½ f''(1) δ², f''(1) = w(0), by the closed form and by the weight alone."""
    theta = [1.0, 1e-7]
    exact = 0.5 * float(objective(name).weight(np.array(0.0))) * 1e-14
    for target in (objective(name), bare(name)):
        assert Game(Normal(0, 1), objective=target).potential(theta) == pytest.approx(
            exact, rel=1e-6
        )


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_functions_of_a_row(name):
    """log w, elasticity, ∫w and ∫w e^−s against the weight."""
    row, plain = objective(name), bare(name)
    with np.errstate(over="ignore", divide="ignore"):
        assert np.exp(row.log_weight(ELL)) == pytest.approx(row.weight(ELL), rel=1e-12)
    near = ELL[np.abs(ELL) < 50]
    assert row.elasticity(near) == pytest.approx(plain.elasticity(near), rel=1e-9, abs=1e-9)
    assert row.first_variation(near) == pytest.approx(
        plain.first_variation(near), rel=1e-11, abs=1e-15
    )
    middle = near[np.abs(near) < 35]
    assert row.slope_left(middle) == pytest.approx(plain.slope_left(middle), rel=1e-9)


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_slopes_are_derivatives(name):
    """d/dℓ of the first variation is w, of slope_left −w e^−ℓ."""
    row, h = objective(name), 1e-5
    ell = np.array([-3.0, -0.4, 0.0, 1.2, 4.0])
    rate = (row.first_variation(ell + h) - row.first_variation(ell - h)) / (2 * h)
    assert rate == pytest.approx(row.weight(ell), rel=1e-7)
    if np.isfinite(row.slope_left(ell)).all():
        rate = (row.slope_left(ell + h) - row.slope_left(ell - h)) / (2 * h)
        assert rate == pytest.approx(-row.weight(ell) * np.exp(-ell), rel=1e-7)


def test_weights_sum():
    """Saturating + non-saturating = reverse KL, reverse + forward KL = Jeffreys."""
    add = force(DATA, "saturating") + force(DATA, "nonsaturating")
    assert add == pytest.approx(force(DATA, "reverse_kl"), rel=1e-10)
    add = force(DATA, "forward_kl") + force(DATA, "reverse_kl")
    assert add == pytest.approx(force(DATA, "jeffreys"), rel=1e-10)
    game = {n: Game(DATA, objective=n).potential(STATES) for n in names()}
    assert game["saturating"] + game["nonsaturating"] == pytest.approx(
        game["reverse_kl"], rel=1e-12
    )
    assert game["forward_kl"] + game["reverse_kl"] == pytest.approx(game["jeffreys"], rel=1e-12)


@pytest.mark.parametrize(
    ("parameter", "name", "factor"),
    [
        (0.0, "reverse_kl", 1.0),
        (1.0, "forward_kl", 1.0),
        (0.5, "hellinger", 4.0),
        (2.0, "pearson", 0.5),
        (-1.0, "neyman", 0.5),
    ],
)
def test_alpha_at_its_names(parameter, name, factor):
    data, states = Normal(0.3, 1.0), np.array([[0.9, 0.1], [1.1, 0.5], [-0.95, 0.4]])
    one, other = Game(data, objective=alpha(parameter)), Game(data, objective=name)
    assert one.force(states) == pytest.approx(factor * other.force(states), rel=1e-10)
    assert one.potential(states) == pytest.approx(factor * other.potential(states), rel=1e-11)


@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_alpha_is_continuous(limit):
    at = Game(DATA, objective=alpha(limit))
    for step in (1e-3, 1e-6):
        for parameter in (limit - step, limit + step):
            beside = Game(DATA, objective=alpha(parameter))
            assert beside.force(STATES) == pytest.approx(
                at.force(STATES), rel=60 * step, abs=60 * step
            )
            # (r^α − …)/(α(α − 1)) cancels as α → 0, 1: digits go as 1/step
            slack = 60 * step + 1e-13 / step
            assert beside.potential(STATES) == pytest.approx(at.potential(STATES), rel=slack)


def minus_gradient(game, theta, step):
    """−∇ potential by differences of order six."""
    rule = ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3))
    out = []
    for i in range(len(theta)):
        e = np.eye(len(theta))[i] * step
        out.append(
            -sum(
                w * (game.potential(theta + k * e) - game.potential(theta - k * e)) for w, k in rule
            )
            / step
        )
    return np.array(out)


GRADIENTS = {
    "normal latent": (gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)"), Normal(0, 1), [1.2, 0.3]),
    "reflected": (gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)"), Normal(0.3, 0.8), [-1.3, 0.3]),
    "uniform latent": (
        gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)"),
        Uniform(-1, 1),
        [1.7, 0.4],
    ),
    "uniform data": (Uniform(-2, 3), Normal(0, 1), [1.3, 0.4]),
    "uniform both": (Uniform(-2, 3), Uniform(-1, 1), [1.9, 0.2]),
    "uniform beyond": (Uniform(-1, 1), Uniform(-1, 1), [1.9, 0.2]),
    "Laplace data": (gandyn.Laplace(0.3, 1.1), gandyn.Laplace(0, 1), [1.2, 0.2]),
    "Laplace latent": (
        gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)"),
        gandyn.Laplace(0, 1),
        [0.6, 0.3],
    ),
    "logistic": (gandyn.Logistic(0.3, 1.1), gandyn.Logistic(0, 1), [1.2, 0.2]),
    "heavy tails": (gandyn.StudentT(4, 0.3, 1.1), gandyn.StudentT(4, 0, 1), [1.2, 0.2]),
}


@pytest.mark.parametrize("name", [*names(), "alpha(0.3)", "alpha(-0.4)"])
@pytest.mark.parametrize("which", GRADIENTS)
def test_force_is_minus_the_gradient(which, name):
    data, latent, theta = GRADIENTS[which]
    game = Game(data, LinearGenerator(latent), name)
    theta = np.array(theta)
    if not np.isfinite(game.potential(theta)):
        return
    exact = minus_gradient(game, theta, 0.0025)
    measured = game.force(theta) + game.boundary_force(theta)
    assert np.isfinite(measured).all()
    assert np.abs(measured - exact).max() <= 2e-9 * max(np.abs(exact).max(), 1e-2)


def test_boundary_force_is_zero_without_jumps():
    for name in names():
        assert not Game(DATA, objective=name).boundary_force(STATES).any()
    for name in ("wasserstein1", "wasserstein2", "mse"):
        game = Game(Uniform(0, 1), LinearGenerator(Uniform(-1, 1)), name)
        assert not game.boundary_force(STATES).any()
    game = Game(DATA, LinearGenerator(Uniform(-1, 1)), "saturating")
    assert game.boundary_force(STATES).any(axis=1).all()


@pytest.mark.parametrize("name", [name for name in F_DIVERGENCES if objective(name).has_level])
def test_two_ways_of_writing_the_force(name):
    from gandyn.engine.panels import field_integrals

    target = objective(name)
    data = Normal(0.4, 1.1)
    states = np.array([[1.0, 0.5], [1.2, 1.0], [-1.1, 0.2]])
    generated = LinearGenerator().generated(states)
    along = field_integrals(
        data, generated, [(target.force, target.force_rounding)], transport=False
    )
    parts = field_integrals(
        data,
        generated,
        [(target.force_by_parts, target.force_by_parts_rounding)],
        transport=False,
    )
    assert np.abs(along.value - parts.value).max() <= 1e-12 * np.abs(along.value).max()
    assert (np.abs(along.value - parts.value) <= 3 * (along.error + parts.error)).all()


@pytest.mark.parametrize(
    "latent", [Normal(0, 1), Normal(0.5, 2), Uniform(-1, 1), gandyn.Laplace(1, 2)]
)
def test_mse_in_closed_form(latent):
    game = Game(DATA, LinearGenerator(latent), "mse")
    a, b = STATES.T
    m, v = latent.mean, latent.std**2
    apart = DATA.mean - a * m - b
    exact = np.stack([2 * (apart * m - a * v), 2 * apart], axis=1)
    assert game.force(STATES) == pytest.approx(exact, rel=1e-11, abs=1e-12)
    assert game.potential(STATES) == pytest.approx(apart**2 + a * a * v + DATA.std**2, rel=1e-11)


def test_transport_between_normals_in_closed_form():
    m, s = 1.5, 0.7
    a, b = STATES.T
    game = Game(Normal(m, s), objective="wasserstein2")
    exact = np.stack([2 * (s - np.abs(a)) * np.sign(a), 2 * (m - b)], axis=1)
    assert game.force(STATES) == pytest.approx(exact, rel=1e-11, abs=1e-12)
    assert game.potential(STATES) == pytest.approx((m - b) ** 2 + (s - np.abs(a)) ** 2, rel=1e-12)
    game = Game(Normal(m, s), objective="wasserstein1")
    mean, spread = b - m, np.abs(np.abs(a) - s)
    # E|N(mean, spread²)|
    exact = spread * math.sqrt(2 / math.pi) * np.exp(-(mean**2) / (2 * spread**2))
    exact += mean * np.array([math.erf(v) for v in mean / (math.sqrt(2) * spread)])
    assert game.potential(STATES) == pytest.approx(exact, rel=1e-11)


def test_transport_slope_agrees_with_its_force():
    """s(x) = c'(T(x) − x), integrated over p_g instead of the data."""
    data, theta = DATA, np.array([1.4, 0.7])
    for name in ("wasserstein1", "wasserstein2"):
        game = Game(data, objective=name)
        z = np.random.default_rng(1).standard_normal(4000)
        x = game.generator(z, theta)
        at = Field(data, game.generator.generated(theta[None]), x[None], np.array([0]))
        push = game.objective.slope(at)[0]
        sampled = np.array([np.mean(push * z), np.mean(push)])
        noise = 5 * np.array([np.std(push * z), np.std(push)]) / math.sqrt(len(z))
        assert (np.abs(sampled - game.force(theta)) <= noise).all()


def test_normals_in_closed_form():
    """Reverse and forward KL forces between normals."""
    m, s = 1.5, 0.7
    a, b = STATES.T
    exact = np.stack([1 / a - a / s**2, (m - b) / s**2], axis=1)
    assert force(Normal(m, s), "reverse_kl") == pytest.approx(exact, rel=1e-11)
    exact = np.stack([(s**2 + (m - b) ** 2) / a**3 - 1 / a, (m - b) / a**2], axis=1)
    assert force(Normal(m, s), "forward_kl") == pytest.approx(exact, rel=1e-10)


def test_a_custom_cost():
    target = gandyn.Transport(lambda d: np.abs(d) ** 3, lambda d: 3 * d * np.abs(d), "cubic")
    game = Game(Normal(1, 2), objective=target)
    theta = np.array([1.5, 0.2])
    assert game.force(theta) == pytest.approx(minus_gradient(game, theta, 0.0025), rel=1e-8)
    shift = Game(Normal(1, 1), objective=target)
    assert shift.potential([1.0, 0.0]) == pytest.approx(1.0, rel=1e-12)


def test_fixed_density_in_a_field():
    """The field of two given densities has the same ℓ both ways round."""
    x, lane = np.linspace(-3, 3, 7)[None], np.array([0])
    there = Field(DATA, Fixed(Normal(0, 1)), x, lane)
    back = Field(Normal(0, 1), Fixed(DATA), x, lane)
    assert there.log_ratio == pytest.approx(-back.log_ratio, rel=1e-13)
    assert there.ratio_slope == pytest.approx(-back.ratio_slope, rel=1e-12)


@pytest.mark.parametrize("text", ["T(1, 0, 1)", "T(2, 0.5, 1)"])
def test_mse_of_data_without_a_variance_is_infinite(text):
    e = gandyn.Game(gandyn.parse(text), objective="mse").evaluate([1.0, 0.5])
    assert e.potential == np.inf
    assert e.errors["potential"] == 0.0


@pytest.mark.parametrize("name", ["forward_kl", "pearson", "jeffreys", "alpha(2.5)", "alpha(1.5)"])
@pytest.mark.parametrize(("left", "right"), [(-1.0, 2.0), (0.5, -3.0), (3.0, 3.0)])
def test_changes_of_slope_of_what_grows_without_end(name, left, right):
    """f'(r) between two ratios, where f' is infinite at infinity: ∫ w e^−ℓ over what is between."""
    weight = objective(name).weight
    exact = mp.quad(lambda s: float(weight(np.array(float(s)))) * mp.exp(-s), [left, right])
    for target in (objective(name), FDivergence(weight)):
        found = target.slope_change(np.array([left]), np.array([right]))
        assert found == pytest.approx(float(exact), rel=1e-13)


def test_mse_of_far_data_keeps_its_error_small():
    """The estimate next to what the terms round to, wherever data and generator are."""
    for mean, b in [(0.3, 30.0), (0.3, 300.0), (20.0, -20.0)]:
        engine = PanelEngine(Normal(mean, 1), LinearGenerator(), objective("mse"))
        found = engine.force(np.array([[0.7, b]]))
        exact = np.array([-2 * 0.7, 2 * (mean - b)])
        missed = np.abs(found.value[:, 0] - exact)
        assert (missed <= found.error[:, 0] + 4e-16 * np.abs(exact)).all()
        assert found.error[1, 0] <= 3e-12 * abs(mean - b)
