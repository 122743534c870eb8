"""Values and forces of a learned discriminator, against quadrature that is dense and blind."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from gandyn import Game, LinearGenerator, parse
from gandyn.generators import MLPGenerator
from gandyn.montecarlo.discriminators import LOSSES, generator_slope
from gandyn.montecarlo.exact import logit_of, measure, measure_optimal
from tests.montecarlo.checks import plain_forward, random_networks

LOG2 = np.log(2.0)
DATA = {"normal": "N(0.3, 0.8)", "mixture": "0.3*N(-1.5, 0.4) + 0.7*N(1, 0.6)"}


def measured(nets, data, generator, theta, saturating=False):
    logit, ends = logit_of(nets.weights, "tanh" if not nets._activation.pieced else "relu")
    linear = isinstance(generator, LinearGenerator)
    generated = generator.generated(theta)
    loss = LOSSES["saturating" if saturating else "nonsaturating"]
    return measure(data, generated, logit, ends, loss, force=linear)


def legendre(points, low, high):
    """Nodes and weights on [low, high] that end at all of the points."""
    inside = points[(points > low) & (points < high)]
    ends = np.union1d(np.linspace(low, high, 400), inside)
    node, weight = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(ends)[:, None]
    return (0.5 * (ends[:-1] + ends[1:])[:, None] + half * node).ravel(), (half * weight).ravel()


def kinks_of(nets, r, low, high):
    """Where a ReLU network bends, by bisection of the sign of every unit."""
    z = np.linspace(low, high, 20001)

    def units(points):
        hidden, out = points[:, None], []
        for w in nets.weights[:-1]:
            hidden = hidden @ w[r, :-1] + w[r, -1]
            out.append(hidden)
            hidden = np.maximum(hidden, 0.0)
        return np.concatenate(out, axis=1)

    place, unit = np.nonzero(np.diff(units(z) > 0.0, axis=0))
    left, right = z[place].copy(), z[place + 1].copy()
    start = units(left)[np.arange(len(left)), unit] > 0.0
    for _ in range(60):
        middle = 0.5 * (left + right)
        same = (units(middle)[np.arange(len(left)), unit] > 0.0) == start
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return left


def brute(nets, r, data, generator, theta, saturating, marks=(), step=1e-6):
    """The same from the definitions, with p_g integrated over the latent: over z, not x.

    Panels end at the marks too, and slopes are differences over the step.
    """
    low, high = data.reach
    kinks = np.asarray(marks)
    if nets._activation.pieced and len(nets.weights) > 1:
        kinks = np.append(kinks, kinks_of(nets, r, min(low, -30.0), max(high, 30.0)))
    ends = np.array(generator.latent.support)
    ends = generator(ends[np.isfinite(ends)], theta)

    def logit(x):
        out = np.empty_like(x)
        for part in np.array_split(np.arange(len(x)), 20):
            row = np.broadcast_to(x[part], (nets.replicas, len(part))).copy()
            out[part] = plain_forward(nets, row)[0][r]
        return out

    x, weight = legendre(np.append(kinks, ends), low, high)
    real, p = logit(x), weight * np.exp(data.logpdf(x))
    latent = generator.latent
    ends = latent.reach
    images = kinks
    if len(kinks):
        images = images_back(generator, theta, kinks, *ends)
    z, weight = legendre(images, *ends)
    fake, q = generator(z, theta), weight * np.exp(latent.logpdf(z))
    judged = logit(fake)
    d_real, d_fake = expit(real), expit(judged)
    value = -(p @ np.logaddexp(0.0, -real)) - q @ np.logaddexp(0.0, judged)
    best = generator.pushforward(theta)
    ell_real, ell_fake = (data.logpdf(at) - best.logpdf(at) for at in (x, fake))
    optimum = -(p @ np.logaddexp(0.0, -ell_real)) - q @ np.logaddexp(0.0, ell_fake)
    slope = (logit(fake + step) - logit(fake - step)) / (2.0 * step)
    push = q * slope * (d_fake if saturating else 1.0 - d_fake)
    return {
        "value": value,
        "value_gap": optimum - value,
        "jsd": 0.5 * optimum + LOG2,
        "real_on_real": p @ d_real,
        "real_on_fake": q @ d_fake,
        "force": np.array([push @ z, push.sum()]),
    }


def images_back(generator, theta, points, low, high):
    """Latents that are mapped to the points, by bisection on a lattice."""
    z = np.linspace(low, high, 20001)
    image = generator(z, theta)[:, None] - points
    place, which = np.nonzero(np.diff(image > 0.0, axis=0))
    left, right = z[place].copy(), z[place + 1].copy()
    start = image[place, which] > 0.0
    for _ in range(60):
        middle = 0.5 * (left + right)
        same = (generator(middle, theta) - points[which] > 0.0) == start
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return left


def check_against_brute_force(nets, data, generator, theta, saturating, **lattice):
    found = measured(nets, data, generator, theta, saturating)
    for r in range(nets.replicas):
        expected = brute(nets, r, data, generator, theta[r], saturating, **lattice)
        for name in ("value", "value_gap", "jsd", "real_on_real", "real_on_fake"):
            error = abs(getattr(found, name)[r] - expected[name])
            assert error < 1e-8, (name, error)
            # The blind rule itself is right to 1e-11.
            assert error < 3.0 * found.error[r] + 1e-11, (name, error, found.error[r])
        if isinstance(generator, LinearGenerator):
            error = np.abs(found.force[r] - expected["force"]).max()
            scale = max(1.0, np.abs(expected["force"]).max())
            # Slopes by differences are right to 1e-9.
            assert error < 1e-8 * scale
            assert error < 3.0 * found.force_error[r] + 2e-9 * scale
    return found


THETA = np.array([[0.9, -0.4], [2.0, 1.5], [-0.3, 0.2]])


@pytest.mark.parametrize("saturating", [False, True])
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("latent", ["N(0, 1)", "U(-1, 1)"])
def test_linear_generator(activation, data, latent, saturating):
    nets = random_networks((8, 6), activation, 3, 8)
    generator = LinearGenerator(parse(latent))
    check_against_brute_force(nets, parse(data), generator, THETA, saturating)


@pytest.mark.parametrize("widths", [(), (3,), (5, 4, 3)])
def test_depth(widths):
    for activation in ("relu", "tanh"):
        nets = random_networks(widths, activation, 2, 3)
        data = parse(DATA["mixture"])
        check_against_brute_force(nets, data, LinearGenerator(), THETA[:2], False)


def generator_of(activation, seed, widths=(4,)):
    """A random network as a generator, and its parameters for 2 replicas."""
    generator = MLPGenerator(widths, activation, parse("N(0, 1)"))
    nets = random_networks(widths, activation, 2, seed)
    return generator, nets.parameters.copy()


def test_tanh_generator():
    generator = MLPGenerator((2,), "tanh", parse("N(0, 1)"))
    # x = 1.5 tanh(z) + 0.3 tanh(z/4 + 0.1) + 0.2, which has no turning point.
    theta = np.array([[1.0, 0.25, 0.0, 0.1, 1.5, 0.3, 0.2], [0.5, 1.0, 0.2, 0.0, 2.0, 1.0, 0.0]])
    for activation in ("relu", "tanh"):
        nets = random_networks((6, 5), activation, 2, 8)
        data = parse(DATA["normal"])
        found = measured(nets, data, generator, theta)
        for r in range(2):
            expected = brute(nets, r, data, generator, theta[r], False)
            for name in ("value", "value_gap", "jsd", "real_on_real", "real_on_fake"):
                assert getattr(found, name)[r] == pytest.approx(expected[name], abs=1e-7), name
        assert np.isnan(found.force).all()
        assert np.isnan(found.force_error).all()


def test_piecewise_linear_generator():
    generator = MLPGenerator((3,), "relu", parse("N(0, 1)"))
    # Rising pieces of slopes 0.5, 1.5, 1.1 and 2.1, two of them from units that turn left.
    theta = np.array(
        [
            [1.0, -1.0, 1.0, 0.5, -0.2, -0.8, 1.0, -0.5, 1.0, 0.1],
            [1.0, -1.0, 2.0, 0.1, 0.4, 0.9, 0.7, -0.9, 0.4, -0.3],
        ]
    )
    for activation in ("relu", "tanh"):
        nets = random_networks((6, 5), activation, 2, 8)
        data = parse(DATA["mixture"])
        found = measured(nets, data, generator, theta)
        for r in range(2):
            expected = on_the_line(nets, r, data, generator, theta[r])
            for name, value in expected.items():
                assert getattr(found, name)[r] == pytest.approx(value, abs=1e-8), name


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_atoms(activation):
    # x = max(0, z) + 0.3, and a constant: masses of 1/2 and 1, on which D* is 0.
    generator = MLPGenerator((1,), "relu", parse("N(0, 1)"))
    theta = np.array([[1.0, 0.0, 1.0, 0.3], [1.0, 0.0, 0.0, 0.3]])
    nets = random_networks((6, 5), activation, 2, 8)
    nets.parameters[1] = nets.parameters[0]
    data = parse(DATA["normal"])
    found = measured(nets, data, generator, theta)
    kinks = kinks_of(nets, 0, -12.0, 12.0) if activation == "relu" else np.empty(0)

    def logit(x):
        return plain_forward(nets, np.stack([x, x]))[0][0]

    x, weight = legendre(np.append(kinks, 0.3), -12.0, 12.0)
    p, learned = weight * np.exp(data.logpdf(x)), logit(x)
    q = np.where(x > 0.3, weight * np.exp(parse("N(0.3, 1)").logpdf(x)), 0.0)
    at = logit(np.array([0.3]))[0]
    for r, (mass, rest) in enumerate(((0.5, q), (1.0, 0.0 * q))):
        real = -(p @ np.logaddexp(0.0, -learned))
        fake = -(rest @ np.logaddexp(0.0, learned)) - mass * np.logaddexp(0.0, at)
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = p * np.log(p / (p + rest)) + np.where(
                rest > 0.0, rest * np.log(rest / (p + rest)), 0.0
            )
        best = np.where(p > 0.0, parts, 0.0).sum()
        assert found.value[r] == pytest.approx(real + fake, abs=1e-8)
        assert found.value_gap[r] == pytest.approx(best - real - fake, abs=1e-8)
        assert found.jsd[r] == pytest.approx(LOG2 + 0.5 * best, abs=1e-8)
        assert found.real_on_real[r] == pytest.approx(p @ expit(learned), abs=1e-8)
        expected = rest @ expit(learned) + mass * expit(at)
        assert found.real_on_fake[r] == pytest.approx(expected, abs=1e-8)


def on_the_line(nets, r, data, generator, theta):
    """From the density of a rising piecewise linear map, inverted by interpolation."""
    turns = np.sort(-generator.layers(theta)[0][1] / generator.layers(theta)[0][0])
    z = np.concatenate([[-12.0], turns, [12.0]])
    images = generator(z, theta)
    steep = np.diff(images) / np.diff(z)
    assert (steep > 0.1).all()
    low, high = images[0], images[-1]
    kinks = images
    if nets._activation.pieced:
        kinks = np.union1d(kinks, kinks_of(nets, r, low, high))
    x, weight = legendre(kinks, low, high)
    part = np.searchsorted(images, x) - 1
    back = z[part] + (x - images[part]) / steep[part]
    q = np.exp(generator.latent.logpdf(back)) / steep[part]
    p = np.exp(data.logpdf(x))
    row = np.broadcast_to(x, (nets.replicas, len(x))).copy()
    logit = plain_forward(nets, row)[0][r]
    d = expit(logit)
    value = weight @ (p * np.log(d) + q * np.log1p(-d))
    with np.errstate(divide="ignore", invalid="ignore"):
        on_p, on_q = (np.where(f > 0.0, f * np.log(f / (p + q)), 0.0) for f in (p, q))
    optimum = weight @ (on_p + on_q)
    return {
        "value": value,
        "value_gap": optimum - value,
        "jsd": 0.5 * optimum + LOG2,
        "real_on_real": weight @ (p * d),
        "real_on_fake": weight @ (q * d),
    }


@settings(derandomize=True, deadline=None, max_examples=12)
@given(
    st.sampled_from(["relu", "tanh"]),
    st.integers(0, 1000),
    st.floats(0.1, 3.0),
    st.floats(-3.0, 3.0),
    st.floats(0.01, 30.0),
)
def test_gap(activation, seed, a, b, steepness):
    # Nonnegative for every discriminator, and what V lacks to V(D*).
    nets = random_networks((5, 4), activation, 1, seed)
    nets.weights[-1][:] *= steepness
    theta = np.array([[a, b]])
    data = parse(DATA["mixture"])
    found = measured(nets, data, LinearGenerator(), theta)
    assert found.value_gap[0] >= 0.0
    lacking = 2.0 * found.jsd - 2.0 * LOG2 - found.value
    assert found.value_gap[0] == pytest.approx(lacking[0], rel=1e-9, abs=3.0 * found.error[0])
    assert 0.0 <= found.real_on_fake[0] <= 1.0
    assert found.jsd[0] == pytest.approx(
        Game(data, LinearGenerator()).evaluate(theta[0]).jsd, abs=3.0 * found.error[0] + 1e-12
    )


def logit_of_normals(mean, width, other):
    """A ReLU network that is log N(mean, width) − log N(other, width): a line in x."""
    slope = (mean - other) / width**2
    middle = 0.5 * (mean + other)
    nets = random_networks((2,), "relu", 1)
    # max(0, u) − max(0, −u) is u.
    nets.weights[0][0] = [[1.0, -1.0], [-middle, middle]]
    nets.weights[1][0] = [[slope], [-slope], [0.0]]
    return nets


@pytest.mark.parametrize("loss", ["saturating", "nonsaturating"])
@pytest.mark.parametrize("b", [-0.4, 0.99, 4.0, 12.0])
def test_the_optimal_discriminator_as_a_network(b, loss):
    data, width = parse("N(1, 0.7)"), 0.7
    theta = np.array([[width, b]])
    game = Game(data, LinearGenerator(), loss)
    found = measured(
        logit_of_normals(1.0, width, b), data, game.generator, theta, loss == "saturating"
    )
    assert 0.0 <= found.value_gap[0] < 1e-13
    scale = max(1.0, np.abs(game.force(theta)).max())
    np.testing.assert_allclose(found.force, game.force(theta), rtol=0, atol=1e-9 * scale)
    evaluation = game.evaluate(theta[0])
    assert found.value[0] == pytest.approx(evaluation.value, abs=1e-9)
    assert found.jsd[0] == pytest.approx(evaluation.jsd, abs=1e-9)


def test_a_network_that_knows_nothing():
    nets = random_networks((4,), "tanh", 1)
    nets.weights[-1][:] = 0.0
    found = measured(nets, parse(DATA["normal"]), LinearGenerator(), np.array([[1.0, 0.0]]))
    assert found.value[0] == pytest.approx(-2.0 * LOG2, abs=1e-9)
    assert found.value_gap[0] == pytest.approx(2.0 * found.jsd[0], abs=1e-9)
    assert found.real_on_real[0] == pytest.approx(0.5, abs=1e-10)
    assert (found.force == 0.0).all()


def test_the_optimal_one():
    data, generator = parse(DATA["mixture"]), LinearGenerator(parse("N(0, 1)"))
    game = Game(data, generator, "nonsaturating")
    force = game.force(THETA)
    found = measure_optimal(data, generator.generated(THETA), force)
    evaluation = game.evaluate(THETA)
    np.testing.assert_allclose(found.value, evaluation.value, atol=1e-11)
    np.testing.assert_allclose(found.jsd, evaluation.jsd, atol=1e-11)
    assert (found.value_gap == 0.0).all()
    assert (found.force == force).all()
    for r, theta in enumerate(THETA):
        x, weight = legendre(np.empty(0), -30.0, 30.0)
        d = game.discriminator(theta)(x)
        p, q = np.exp(data.logpdf(x)), np.exp(generator.pushforward(theta).logpdf(x))
        assert found.real_on_real[r] == pytest.approx(weight @ (p * d), abs=1e-11)
        assert found.real_on_fake[r] == pytest.approx(weight @ (q * d), abs=1e-11)


@pytest.mark.parametrize("saturating", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_force_is_the_mean_over_latents(activation, saturating):
    # By the networks' own way back, over a million latents.
    nets = random_networks((7, 6), activation, 1, 2)
    generator, theta = LinearGenerator(), np.array([[0.8, 0.5]])
    found = measured(nets, parse(DATA["mixture"]), generator, theta, saturating)
    loss = LOSSES["saturating" if saturating else "nonsaturating"]
    rng, pushes = np.random.default_rng(0), []
    for _ in range(50):
        z = rng.normal(size=20000)
        slope = generator_slope(nets.forward((0.8 * z + 0.5)[None]), loss)
        push = -len(z) * nets.backward(slope, parameters=False)[0]
        pushes.append([(push * z).mean(), push.mean()])
    mean, error = np.mean(pushes, axis=0), np.std(pushes, axis=0) / 7.0
    assert (np.abs(found.force[0] - mean) < 4.0 * error).all()
    assert (error < 0.02 * np.abs(mean) + 1e-3).all()


def test_float32_networks_are_measured_as_they_are():
    nets = random_networks((6, 5), "relu", 2, 4, np.float32)
    wide = random_networks((6, 5), "relu", 2, 4)
    wide.parameters[:] = nets.parameters
    data = parse(DATA["normal"])
    one, other = (measured(n, data, LinearGenerator(), THETA[:2]) for n in (nets, wide))
    for f in fields(one):
        assert np.array_equal(getattr(one, f.name), getattr(other, f.name)), f.name


@pytest.mark.parametrize(
    ("activation", "steep"),
    [("relu", 100.0), ("relu", 1e4), ("relu", 1e6), ("tanh", 1e3), ("tanh", 1e5)],
)
def test_a_steep_discriminator(activation, steep):
    # A switch of width 1e-3 or less between the modes, which no even lattice sees.
    data, theta = parse("0.5*N(-2, 0.1) + 0.5*N(2, 0.1)"), np.array([[1.0, 0.0]])
    nets = random_networks((2,), activation, 1)
    nets.weights[0][0] = [[steep, -steep], [-0.7 * steep, 0.7 * steep]]
    nets.weights[1][0] = [[10.0], [-10.0], [0.0]]
    found = measured(nets, data, LinearGenerator(), theta)
    about = 0.7 + np.array([-1.0, 1.0])[:, None] * np.geomspace(1e-6, 0.3, 300)
    marks = np.append(about, 0.7)
    expected = brute(nets, 0, data, LinearGenerator(), theta[0], False, marks, step=1e-8)
    for name in ("value", "value_gap", "jsd", "real_on_real", "real_on_fake"):
        scale = max(1.0, abs(expected[name]))
        assert getattr(found, name)[0] == pytest.approx(expected[name], abs=1e-8 * scale), name
        assert abs(getattr(found, name)[0] - expected[name]) < 3.0 * found.error[0]
    error = np.abs(found.force[0] - expected["force"]).max()
    # Slopes by differences over 1e-8 are right to 1e-7.
    assert error < 1e-7 * max(1.0, np.abs(expected["force"]).max())


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_dead_and_equal_units(activation):
    nets = random_networks((4, 3), activation, 2, 5)
    nets.weights[0][:, 0, 1] = 0.0
    nets.weights[0][:, :, 2] = nets.weights[0][:, :, 3]
    nets.weights[0][1] = 0.0
    check_against_brute_force(nets, parse(DATA["normal"]), LinearGenerator(), THETA[:2], False)
