"""Polynomial generators: the basis, turning points, and what is refused."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.polynomial import hermite_e

import gandyn
from gandyn import HermiteGenerator, InputError

Z = np.linspace(-4.0, 4.0, 41)


def polynomial(theta):
    factorials = np.cumprod([1.0, *range(1, len(theta))])
    return hermite_e.HermiteE(theta / np.sqrt(factorials))


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=8).map(np.array))
def test_map_and_derivatives(theta):
    """Against NumPy's Hermite series."""
    generator, exact = HermiteGenerator(len(theta) - 1), polynomial(theta)
    for ours, series in (
        (generator(Z, theta), exact),
        (generator.slope(Z, theta), exact.deriv()),
        (generator.curvature(Z, theta), exact.deriv(2)),
    ):
        size = np.abs(series(Z)).max() + np.abs(theta).max() * 1e3 + 1e-290  # above denormals
        assert ours == pytest.approx(series(Z), rel=1e-11, abs=1e-13 * size)
    jet = generator.sensitivity_jet(Z)
    for order, of in enumerate((generator, generator.slope, generator.curvature)):
        assert np.tensordot(theta, jet[order], 1) == pytest.approx(
            of(Z, theta), rel=1e-11, abs=1e-11 * size
        )


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=7).map(np.array))
def test_between_turns_it_is_monotone(theta):
    assume(theta[1:].any())
    generator = HermiteGenerator(len(theta) - 1)
    turns = np.array(generator.pieces(theta))
    assert (np.diff(turns) > 0).all()
    slope = generator.slope(np.linspace(-6.0, 6.0, 2001), theta)
    piece = np.searchsorted(turns, np.linspace(-6.0, 6.0, 2001))
    noise = 1e-9 * np.abs(slope).max()
    for k in np.unique(piece):
        assert slope[piece == k].min() >= -noise or slope[piece == k].max() <= noise


def test_stacks_are_states_side_by_side():
    generator = HermiteGenerator(4)
    theta = np.random.default_rng(0).normal(size=(3, 5))
    for z in (Z, np.stack([Z, Z + 0.1, 2.0 * Z])):
        for ours, plain in zip(
            generator.along(z, theta, generator.sensitivity_jet(z)),
            generator.along(z, theta, None),
            strict=True,
        ):
            assert np.broadcast_to(ours, plain.shape) == pytest.approx(plain)
        jet = generator.sensitivity_jet(z)
        assert gandyn.Generator.sensitivity_jet(generator, z) == pytest.approx(jet)


def test_degree_one_is_linear():
    data = gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)")
    for name in ("nonsaturating", "forward_kl", "wasserstein2", "mse"):
        linear = gandyn.Game(data, objective=name)
        other = gandyn.Game(data, HermiteGenerator(1), name)
        assert other.force([0.3, 1.2]) == pytest.approx(linear.force([1.2, 0.3])[::-1], rel=1e-10)
        assert other.potential([0.3, 1.2]) == pytest.approx(linear.potential([1.2, 0.3]), rel=1e-10)
        swapped = linear.jacobian([1.2, 0.3])[::-1, ::-1]
        assert other.jacobian([0.3, 1.2]) == pytest.approx(swapped, rel=1e-7, abs=1e-9)
        assert other.engine.name == linear.engine.name
    assert HermiteGenerator(1).scale_and_place == (1, 0)
    assert HermiteGenerator(3).scale_and_place is None
    assert HermiteGenerator(1).orientation(np.array([[1.0, -2.0]])) == [-1.0]
    assert not HermiteGenerator(3).orientation(np.ones((2, 4))).any()


def test_degree_one_of_a_bounded_latent_is_linear():
    latent, data = gandyn.Uniform(-1, 1), gandyn.Normal(0.5, 1)
    linear = gandyn.Game(data, gandyn.LinearGenerator(latent))
    other = gandyn.Game(data, HermiteGenerator(1, latent))
    for a in (1.2, -0.7):
        for ours, theirs in (
            (other.force([0.3, a]), linear.force([a, 0.3])),
            (other.boundary_force([0.3, a]), linear.boundary_force([a, 0.3])),
        ):
            assert ours == pytest.approx(theirs[::-1], rel=1e-10)


@pytest.mark.parametrize("degree", [0, -1, 1.5, "3", None, True])
def test_bad_degrees(degree):
    with pytest.raises(InputError, match=r"^degree: got .*, must be an integer, 1 or more$"):
        HermiteGenerator(degree)


def test_constants_are_refused():
    with pytest.raises(InputError, match=r"^theta: .*must not be constant"):
        HermiteGenerator(2).check([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
