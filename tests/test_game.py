"""The game: shapes, errors, symmetries, Jacobians, the discriminator, and what it tells."""

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gandyn
from gandyn import Game, InputError, LinearGenerator, Normal, Uniform
from gandyn.objectives import names

LOG2 = math.log(2)
TWO = gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)")
STATES = np.array([[1.0, 0.5], [-1.6, 1.2], [0.3, -1.0]])
VALUES = [
    "value",
    "value_gap",
    "jsd",
    "jsd_gap",
    "kl_data_generator",
    "kl_generator_data",
    "total_variation",
    "hellinger_squared",
    "chi_squared_data_generator",
    "chi_squared_generator_data",
    "wasserstein1",
    "wasserstein2",
    "potential",
]
settled = settings(max_examples=30, deadline=None, derandomize=True)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (0,), (3, 4), (2, 0), (2, 1, 2)])
@pytest.mark.parametrize("name", ["nonsaturating", "hellinger", "wasserstein1"])
def test_shapes(shape, name):
    rng = np.random.default_rng(0)
    theta = np.stack([rng.uniform(0.5, 2, shape), rng.uniform(-1, 1, shape)], axis=-1)
    game = Game(TWO, objective=name)
    assert game.force(theta).shape == (*shape, 2)
    assert game.boundary_force(theta).shape == (*shape, 2)
    assert np.shape(game.potential(theta)) == shape
    assert game.jacobian(theta).shape == (*shape, 2, 2)
    d = game.discriminator(theta)
    assert np.shape(d(0.3)) == shape
    assert d(np.zeros((5, 2))).shape == (*shape, 5, 2)
    assert d.logit([1.0, 2.0]).shape == (*shape, 2)
    e = game.evaluate(theta)
    assert e.force.shape == e.theta.shape == e.errors["force"].shape == (*shape, 2)
    assert np.shape(e.status) == shape
    for key in VALUES:
        assert np.shape(getattr(e, key)) == np.shape(e.errors[key]) == shape
    json.dumps(e.as_dict())
    assert set(e.errors) == {*VALUES, "force"}


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("latent", [Normal(0, 1), Uniform(-1, 1)])
def test_single_equals_stack(name, latent):
    game = Game(TWO, LinearGenerator(latent), name)
    together = game.evaluate(STATES)
    for k, theta in enumerate(STATES):
        alone = game.evaluate(theta)
        for key in VALUES:
            one, other = getattr(alone, key), getattr(together, key)[k]
            assert one == pytest.approx(other, rel=2e-13), key
        size = np.abs(alone.force).max() if np.isfinite(alone.force).all() else 0
        assert alone.force == pytest.approx(together.force[k], abs=1e-12 * size, nan_ok=True)
        assert game.force(theta) == pytest.approx(alone.force, abs=1e-11 * size, nan_ok=True)
        assert game.potential(theta) == pytest.approx(alone.potential, rel=1e-13)


def test_the_tails_of_a_state_are_its_own():
    """States whose panels stop at different distances do not lend each other their densities."""
    game = Game(gandyn.StudentT(3, 0, 1), LinearGenerator(gandyn.StudentT(3, 0, 1)), "hellinger")
    states = np.array([[1e-3, 0.0], [1.2, 0.3], [1e3, 5.0], [0.7, -20.0]])
    together = game.evaluate(states)
    for k, theta in enumerate(states):
        alone = game.evaluate(theta)
        for key in VALUES:
            one, other = getattr(alone, key), getattr(together, key)[k]
            assert one == pytest.approx(other, rel=1e-12), key


def test_values_fit_together():
    e = Game(TWO, objective="saturating").evaluate(STATES)
    assert e.value == pytest.approx(2 * e.jsd - 2 * LOG2, rel=1e-13)
    assert (e.value_gap == -e.value).all()
    assert e.jsd + e.jsd_gap == pytest.approx(LOG2, rel=1e-14)
    assert e.potential == pytest.approx(2 * e.jsd, rel=1e-14)
    assert (e.status == 0).all() and "met its tolerance" in e.message
    pairs = [
        ("reverse_kl", "kl_generator_data"),
        ("forward_kl", "kl_data_generator"),
        ("pearson", "chi_squared_data_generator"),
        ("neyman", "chi_squared_generator_data"),
        ("hellinger", "hellinger_squared"),
        ("wasserstein1", "wasserstein1"),
    ]
    for name, key in pairs:
        assert Game(TWO, objective=name).potential(STATES) == pytest.approx(getattr(e, key))
    w2 = Game(TWO, objective="wasserstein2").potential(STATES)
    assert w2 == pytest.approx(e.wasserstein2**2)


def test_results_are_frozen():
    e = Game(TWO).evaluate([1.0, 0.0])
    with pytest.raises(AttributeError):
        e.jsd = 1.0


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (("N(0, 1)",), "data: got 'N(0, 1)', must be a Distribution"),
        ((None,), "data: got None"),
        ((TWO, Normal(0, 1)), "generator: got Normal"),
        ((TWO, None, "kl"), "objective: got 'kl', must be one of saturating"),
        ((TWO, None, 7), "objective: got 7"),
    ],
)
def test_bad_games(arguments, start):
    with pytest.raises(InputError) as error:
        Game(*arguments)
    assert str(error.value).startswith(start) and "\n" not in str(error.value)


def test_discriminator():
    game = Game(TWO)
    d = game.discriminator(STATES)
    x = np.linspace(-30, 30, 61)
    p = TWO.pdf(x)
    for k, theta in enumerate(STATES):
        g = game.generator.pushforward(theta)
        assert d.logit(x)[k] == pytest.approx(TWO.logpdf(x) - g.logpdf(x), rel=1e-11, abs=1e-11)
        with np.errstate(invalid="ignore"):
            exact = p / (p + g.pdf(x))
        known = np.isfinite(exact)
        assert d(x)[k][known] == pytest.approx(exact[known], rel=1e-11)
    assert ((d(x) >= 0) & (d(x) <= 1)).all()
    flat = Game(Uniform(0, 1), LinearGenerator(Uniform(-1, 1))).discriminator([0.25, 0.75])
    assert flat([0.25, 0.75, 1.5]).tolist() == [1.0, pytest.approx(1 / 3), 0.5]
    assert flat.logit([0.25]).tolist() == [np.inf]


# -- symmetries: what each quantity does when the line is moved, stretched or mirrored

POWERS = {"wasserstein1": (1, 0), "wasserstein2": (2, 1), "mse": (2, 1)}
numbers = st.floats(0.3, 3)
signs = st.sampled_from([-1.0, 1.0])
rows = st.sampled_from([*names(), "alpha(0.3)"])
LATENTS = [Normal(0, 1), Uniform(-1, 1), gandyn.Laplace(0, 1), gandyn.Logistic(0, 1)]


def moved(mixture, stretch, shift):
    parts = [Normal(stretch * c.loc + shift, abs(stretch) * c.scale) for c in mixture.components]
    return gandyn.Mixture(mixture.weights, parts)


def close(one, other, size=None, slack=1e-10):
    """Equal, infinite or neither of them finite alike."""
    one, other = np.asarray(one), np.asarray(other)
    known = np.isfinite(other)
    assert (np.isfinite(one) == known).all()
    size = np.abs(other[known]).max(initial=0.0) if size is None else size
    assert np.abs(one[known] - other[known]).max(initial=0.0) <= slack * max(size, 1e-12)


@settled
@given(
    numbers, st.floats(-2, 2), numbers, signs, st.floats(-50, 50), st.sampled_from(LATENTS), rows
)
def test_symmetries(a, b, stretch, sign, shift, latent, name):
    k = sign * stretch
    theta, there = np.array([a, b]), np.array([k * a, k * b + shift])
    generator = LinearGenerator(latent)
    one, other = Game(TWO, generator, name), Game(moved(TWO, k, shift), generator, name)
    of_value, of_force = POWERS.get(name, (0, -1))
    close(other.potential(there), one.potential(theta) * stretch**of_value)
    exact = one.force(theta) * stretch**of_force * sign
    if np.isfinite(exact).all():
        close(other.force(there), exact)
        boundary = one.boundary_force(theta) * stretch**of_force * sign
        close(other.boundary_force(there) + other.force(there), boundary + exact)


@settled
@given(numbers, st.floats(-2, 2), st.sampled_from(LATENTS), rows)
def test_reflected_latent(a, b, latent, name):
    """A symmetric latent does not know the sign of a."""
    game = Game(TWO, LinearGenerator(latent), name)
    close(game.potential([-a, b]), game.potential([a, b]))
    close(game.force([-a, b]) * [-1, 1], game.force([a, b]))
    if name in ("saturating", "hellinger"):
        close(game.jacobian([-a, b]) * [[1, -1], [-1, 1]], game.jacobian([a, b]))


@settled
@given(numbers, st.floats(-2, 2), st.floats(-3, 3), numbers, rows)
def test_latent_is_reparametrised(a, b, mean, std, name):
    """a z + b with z ~ N(m, s²) is (a s) z' + (a m + b): forces follow by the chain rule."""
    plain = np.array([a * std, a * mean + b])
    chain = np.array([[std, mean], [0.0, 1.0]])
    one, other = Game(TWO, LinearGenerator(Normal(mean, std)), name), Game(TWO, objective=name)
    close(one.potential([a, b]), other.potential(plain))
    exact = other.force(plain)
    if np.isfinite(exact).all():
        close(one.force([a, b]), chain @ exact, size=np.abs(exact).max() * (abs(mean) + std + 1))


def test_zero_by_symmetry():
    data = gandyn.parse("0.5*N(-3, 0.3) + 0.5*N(3, 0.3)")
    for name in (*names(), "alpha(0.3)"):
        for a in (0.1, 1.0, 2.5, 30.0):
            game = Game(data, objective=name)
            for force in (game.force([a, 0.0]), game.evaluate([a, 0.0]).force):
                if np.isfinite(force).all():
                    assert abs(force[1]) <= 1e-12 * abs(force[0]), (name, a)


# -- Jacobians


def difference(game, theta, h=2e-3):
    rule = ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3))
    columns = []
    for e in np.eye(len(theta)) * h:
        columns.append(
            sum(w * (game.force(theta + k * e) - game.force(theta - k * e)) for w, k in rule) / h
        )
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("name", [*names(), "alpha(0.3)", "alpha(-0.4)"])
@pytest.mark.parametrize(
    ("data", "latent"),
    [
        (TWO, Normal(0, 1)),
        (TWO, Normal(0.4, 0.9)),
        (TWO, Uniform(-1, 1)),
        (gandyn.Laplace(0.2, 1.0), Normal(0, 1)),
        (Uniform(-1.5, 2.5), Uniform(-1, 1)),
        (gandyn.StudentT(4, 0, 1), gandyn.StudentT(4, 0, 1)),
        (gandyn.parse("0.5*Laplace(-1, 1) + 0.5*Laplace(2, 0.7)"), gandyn.Logistic(0, 1)),
    ],
    ids=["normal", "moved", "uniform latent", "Laplace data", "uniform both", "T", "Laplaces"],
)
def test_jacobian_against_differences(name, data, latent):
    game, theta = Game(data, LinearGenerator(latent), name), np.array([1.2, 0.35])
    if not np.isfinite(game.force(theta)).all():
        return
    exact, measured = difference(game, theta), game.jacobian(theta)
    assert np.abs(measured - exact).max() <= 1e-7 * max(np.abs(exact).max(), 1e-3)


@pytest.mark.parametrize("name", names())
def test_jacobian_is_symmetric_for_smooth_densities(name):
    """It is minus a Hessian."""
    jacobian = Game(TWO, objective=name).jacobian(STATES[:2])
    known = np.isfinite(jacobian).all(axis=(1, 2))
    assert known.any()
    jacobian = jacobian[known]
    assert np.abs(jacobian - jacobian.swapaxes(1, 2)).max() <= 1e-8 * np.abs(jacobian).max()


@pytest.mark.parametrize("name", [n for n in names() if n not in POWERS])
def test_rates_at_the_optimum(name):
    """−f''(1) diag(2, 1)/σ² for normals; f''(1) = w(0)."""
    curvature = float(gandyn.objective(name).weight(np.array(0.0)))
    jacobian = Game(Normal(2, 3), objective=name).jacobian([3.0, 2.0])
    assert jacobian == pytest.approx(-curvature * np.diag([2, 1]) / 9, rel=1e-10, abs=1e-14)


def test_rates_at_the_optimum_of_other_families():
    """−½ Fisher's information for the non-saturating game (DESIGN: D_f ≈ ½ f''(1) δᵀIδ)."""
    for family, information in (
        (gandyn.Logistic, [(math.pi**2 + 3) / 9, 1 / 3]),
        (lambda m, s: gandyn.StudentT(5, m, s), [10 / 8, 6 / 8]),
    ):
        game = Game(family(2, 3), LinearGenerator(family(0, 1)), "nonsaturating")
        jacobian = game.jacobian([3.0, 2.0])
        assert jacobian == pytest.approx(-0.5 * np.diag(information) / 9, rel=1e-9, abs=1e-13)


def test_rates_of_transport_and_mse():
    game = Game(Normal(2, 3), objective="wasserstein2")
    assert game.jacobian([1.5, 0.5]) == pytest.approx(-2 * np.eye(2), abs=1e-8)
    game = Game(Normal(2, 3), objective="mse")
    assert game.jacobian([1.5, 0.5]) == pytest.approx(-2 * np.eye(2), abs=1e-8)


def test_results_come_back_equal():
    """Through pickle, nan and infinite values included; another state's differ."""
    game = Game(TWO, objective="pearson")
    stack = np.array([[1.0, 0.5], [0.1, 3.0], [3.0, 0.0]])
    found = [
        game.evaluate(stack),
        game.evaluate(stack[0], values=["jsd"]),
        gandyn.gradient_flow(game, stack[0], (0, 0.1)),
        gandyn.iterate(game, stack[:1], 0.01, 3),
        gandyn.distances(TWO, gandyn.parse("U(0, 1)")),
        gandyn.coverage(Normal(0.0, 1.0), TWO),
    ]
    for result in found:
        assert pickle.loads(pickle.dumps(result)) == result
    assert game.evaluate(stack) != game.evaluate(stack[::-1])


def test_what_jumps_out_of_the_data_is_infinite_without_a_warning():
    """At an end of the latent beyond the data's the slope that is lost has no bound."""
    law = Uniform(-1.0, 1.0)
    out = Game(law, LinearGenerator(law)).boundary_force([1.0, 0.5])
    assert np.isinf(out).all()


@pytest.mark.parametrize("middle", [1.0, 0.0, -31.0], ids=["end at 0", "around 0", "far"])
def test_force_and_boundary_force_are_minus_the_gradient(middle):
    """Of uniform data, wherever their ends are."""
    game = Game(Uniform(middle - 1.0, middle + 1.0), objective="saturating")
    theta, h = np.array([0.8, middle + 0.3]), 1e-3
    slopes = [
        (8 * (game.potential(theta + d) - game.potential(theta - d))
         - game.potential(theta + 2 * d) + game.potential(theta - 2 * d)) / (12 * h)
        for d in h * np.eye(2)
    ]  # fmt: skip
    total = game.force(theta) + game.boundary_force(theta)
    np.testing.assert_allclose(total, np.negative(slopes), rtol=1e-9, atol=1e-10)
    assert np.abs(game.boundary_force(theta)).min() > 0.01


@pytest.mark.parametrize("way", ["close_force", "values"])
def test_the_status_tells_of_each_state_whose_integrals_are_in_doubt(way):
    game = Game(TWO)
    engine = game.engine

    class Doubtful:
        def __getattr__(self, name):
            def asked(*args):
                found = getattr(engine, name)(*args)
                if name == way:
                    found.converged[1] = False
                return found

            return asked

    game.__dict__["engine"] = Doubtful()
    found = game.evaluate(STATES)
    assert found.status.tolist() == [0, -1, 0] and "did not meet" in found.message


@pytest.mark.parametrize("name", VALUES)
def test_a_value_alone_is_what_it_is_among_all(name):
    game = Game(TWO)
    alone, among = game.evaluate(STATES, values=[name]), game.evaluate(STATES)
    np.testing.assert_array_equal(getattr(alone, name), getattr(among, name))
    np.testing.assert_array_equal(alone.errors[name], among.errors[name])
    assert list(alone.errors) == [name]
    others = {other for other in VALUES if getattr(alone, other) is not None}
    assert others == {name}
