"""The box that holds the rest points, its message, its lattice, and other latents."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gandyn
from gandyn.errors import InputError
from gandyn.landscape.census import equilibria
from gandyn.landscape.plane import Plane, check_box
from tests.users import Square

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"
SKEW = "0.3*N(-2, 0.5) + 0.7*N(3, 1)"
SMOOTH = ("saturating", "nonsaturating", "reverse_kl", "forward_kl", "jeffreys", "hellinger")


def game_of(text, objective="nonsaturating", latent="N(0, 1)"):
    generator = gandyn.LinearGenerator(gandyn.parse(latent))
    return gandyn.Game(gandyn.parse(text), generator, objective)


def edges(box, count):
    """Places on the four sides of a box, none of them a corner, and the way inwards from each."""
    a = np.geomspace(*box[:2], count + 2)[1:-1]
    b = np.linspace(*box[2:], count + 2)[1:-1]
    sides = [
        (np.full(count, box[0]), b, (1, 0)),
        (np.full(count, box[1]), b, (-1, 0)),
        (a, np.full(count, box[2]), (0, 1)),
        (a, np.full(count, box[3]), (0, -1)),
    ]
    return [(np.stack([x, y], axis=1), np.array(inwards)) for x, y, inwards in sides]


# -- boxes that are given


@pytest.mark.parametrize(
    "box, message",
    [
        (
            (0, 1, 0, 1),
            "box: got (0, 1, 0, 1), must be (a_low, a_high, b_low, b_high)",
        ),
        ((-1, 1, 0, 1), "box: got (-1, 1, 0, 1), must be (a_low"),
        ((1, 1, 0, 1), "box: got (1, 1, 0, 1), must be (a_low"),
        ((2, 1, 0, 1), "box: got (2, 1, 0, 1), must be (a_low"),
        ((1, 2, 0, 0), "box: got (1, 2, 0, 0), must be (a_low"),
        ((1, 2, 1, -1), "box: got (1, 2, 1, -1), must be (a_low"),
        ((1, 2, np.nan, 1), "box: got (1, 2, nan, 1), must be finite"),
        ((1, np.inf, 0, 1), "box: got (1, inf, 0, 1), must be finite"),
        ((1, 2, -np.inf, 1), "must be finite"),
        ((1, 2, 3), "box: got (1, 2, 3), must be (a_low"),
        ((1, 2, 3, 4, 5), "box: got (1, 2, 3, 4, 5), must be (a_low"),
        ((1, 2, "x", 4), "box: got (1, 2, 'x', 4), must be (a_low"),
        ((1, 2, None, 4), "box: got (1, 2, None, 4), must be (a_low"),
        (3.0, "box: got 3.0, must be (a_low"),
        ("abcd", "box: got 'abcd', must be (a_low"),
        ([[1], [2], [3], [4, 5]], "box: got [[1], [2], [3], [4, 5]], must be (a_low"),
    ],
)
def test_what_is_no_box(box, message):
    for call in (check_box, lambda b: equilibria(game_of("N(0, 1)"), b)):
        with pytest.raises(InputError, match=re.escape(message)) as caught:
            call(box)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_what_is_a_box(a, wider, b, higher):
    box = (np.float64(a), a + wider, b, b + higher)
    assert check_box(box) == check_box(np.array(box)) == check_box(list(box)) == box
    assert all(type(value) is float for value in check_box(box))


def test_other_generators_have_no_plane():
    with pytest.raises(InputError, match=r"^game: got generator .*, must have a scale and a place"):
        gandyn.separatrices(gandyn.Game(gandyn.Normal(0, 1), Square()))


# -- the box that is chosen


@pytest.mark.parametrize(
    "text, objective",
    [
        *((SKEW, name) for name in SMOOTH),
        *((SKEW, name) for name in ("wasserstein1", "wasserstein2", "alpha(0.5)")),
        *((TWO, name) for name in SMOOTH),
        ("N(2, 0.5)", "nonsaturating"),
        ("N(2, 0.5)", "wasserstein1"),
        ("0.5*N(997, 1) + 0.5*N(1003, 0.02)", "nonsaturating"),
        ("0.5*N(997, 1) + 0.5*N(1003, 0.02)", "hellinger"),
        ("T(3, 0, 1)", "nonsaturating"),
        ("Laplace(1, 0.2)", "saturating"),
        ("0.5*U(-3, -2) + 0.5*U(2, 3)", "wasserstein2"),
    ],
)
def test_the_force_points_inwards(text, objective):
    plane = Plane(game_of(text, objective))
    box = plane.box()
    assert check_box(box) == box
    for states, inwards in edges(box, 23):
        assert (plane.force(states) @ inwards > 0).all(), (box, inwards)


@pytest.mark.parametrize("objective", ["nonsaturating", "hellinger"])
@pytest.mark.parametrize("latent", ["N(1, 2)", "N(-0.5, 0.5)", "Logistic(0, 1)"])
def test_the_force_points_inwards_for_other_latents(latent, objective):
    plane = Plane(game_of(SKEW, objective, latent))
    for states, inwards in edges(plane.box(), 11):
        assert (plane.force(states) @ inwards > 0).all()


@pytest.mark.parametrize(
    "text, objective, wall",
    [
        # ∫p²/p_g ends where a² = σ²/2 of the widest normal, ∫p_g²/p where a² = 2σ².
        ("N(1, 0.5)", "pearson", (0.5 / np.sqrt(2), np.inf)),
        (TWO, "pearson", (1 / np.sqrt(2), np.inf)),
        (SKEW, "pearson", (1 / np.sqrt(2), np.inf)),
        ("N(1, 0.5)", "neyman", (0, 0.5 * np.sqrt(2))),
        (SKEW, "neyman", (0, np.sqrt(2))),
        ("N(1, 0.5)", "alpha(3)", (0.5 * np.sqrt(2 / 3), np.inf)),
    ],
)
def test_walls_of_infinite_force(text, objective, wall):
    """The box ends within one step of the lattice before the force does, and is none too small."""
    plane = Plane(game_of(text, objective))
    box = plane.box()
    low, high = wall
    step = 1.15
    for states, _ in edges(box, 9):
        assert np.isfinite(plane.force(states)).all()
    if low:
        assert low < box[0] < low * step
        beyond = np.stack([np.full(5, 0.999 * low), np.linspace(*box[2:], 5)], axis=1)
    else:
        assert high / step < box[1] < high
        beyond = np.stack([np.full(5, 1.001 * high), np.linspace(*box[2:], 5)], axis=1)
    assert np.isnan(plane.force(beyond)).all()


def test_pearson_rests_inside_its_walls():
    found = equilibria(game_of(TWO, "pearson"))
    assert found.complete and found.winding == 1
    (point,) = found
    assert point.kind == "attractor" and point.b == pytest.approx(0.0, abs=1e-9)
    # The mode of ∫p²/p_g is at a² = E_q x², q ∝ p²/p_g: by quadrature of its own.
    x = np.linspace(-25, 25, 20_001)
    p = game_of(TWO).data.pdf(x)
    weight = p**2 / gandyn.Normal(0.0, point.a).pdf(x)
    assert point.a**2 == pytest.approx((x**2 @ weight) / weight.sum(), rel=1e-9)


def test_neyman_of_one_normal():
    (point,) = equilibria(game_of("N(1, 0.5)", "neyman"))
    assert point.theta == pytest.approx([0.5, 1.0], abs=1e-12)


def test_the_mean_squared_error_rests_nowhere():
    """Its force is (−2a, 2(μ − b)): it would rest at a = 0."""
    found = equilibria(game_of("N(2, 0.5)", "mse"))
    assert (len(found), found.winding, found.complete, found.status) == (0, 0, True, 0)
    assert found.attractors == found.saddles == found.repellers == ()
    assert found.theta.shape == (0, 2)
    assert found.nearest(np.ones((3, 2)), ("attractor",), 1.0).tolist() == [-1, -1, -1]
    assert "0, is the sum of the indices" in found.message


def test_where_no_force_is_finite():
    """∫p²/p_g of a t distribution is infinite for every normal p_g."""
    game = game_of("T(3, 0, 1)", "pearson")
    box = Plane(game).box()
    assert check_box(box) == box
    found = equilibria(game, (1.0, 1.3, -0.1, 0.1))
    assert (len(found), found.winding, found.complete, found.status) == (0, None, False, -1)
    assert found.message == (
        "the winding number around the box could not be counted: the force is not finite on parts "
        "of its edge, as where its integral diverges; choose another box, another "
        "objective (such as wasserstein2), or add instance noise (wider, smoother data)"
    )


def test_states_that_are_none():
    plane = Plane(game_of("N(0, 1)"))
    states = np.array([[0.0, 1.0], [-1.0, 0.0], [np.nan, 0.0], [1.0, np.inf], [0.5, 0.0]])
    force = plane.force(states)
    assert np.isnan(force[:4]).all() and np.isfinite(force[4]).all()
    assert force[4] == pytest.approx(plane.game.force([0.5, 0.0]), rel=1e-9)


# -- the lattice


@pytest.mark.parametrize("text", [TWO, "0.5*N(-0.02, 0.01) + 0.5*N(4, 1)", "T(3, 0, 1)"])
def test_the_lattice_is_fine_where_the_data_are(text):
    plane = Plane(game_of(text))
    box = plane.box()
    a, b = plane.axes(box)
    assert (a[0], a[-1], b[0], b[-1]) == box
    assert (np.diff(a) > 0).all() and (np.diff(b) > 0).all()
    assert np.diff(np.log(a)).max() < 0.1
    for centre, width in plane.game.data.landmarks:
        near = np.abs(0.5 * (b[1:] + b[:-1]) - centre) < width
        assert near.sum() >= 4
        assert np.diff(b)[near].max() < 0.35 * np.hypot(1.0, 0.4) * width
    assert len(a) * len(b) < 12_000


# -- other latents are the same plane in other units


@pytest.mark.parametrize("mean, std", [(1.0, 2.0), (-0.5, 0.5), (0.0, 7.0)])
@pytest.mark.parametrize("objective", ["nonsaturating", "saturating"])
def test_normal_latents(mean, std, objective):
    """a z + b with z ~ N(m, s) is a s ζ + (b + a m) with ζ ~ N(0, 1)."""
    base = equilibria(game_of(SKEW, objective))
    found = equilibria(game_of(SKEW, objective, f"N({mean}, {std})"))
    assert found.complete and len(found) == len(base) > 1
    a = base.theta[:, 0] / std
    expected = np.stack([a, base.theta[:, 1] - a * mean], axis=1)
    order = np.lexsort(expected.T)
    assert np.abs(found.theta - expected[order]).max() <= 1e-9 * a.max()
    for point, k in zip(found, order, strict=True):
        assert (point.kind, point.name) == (base[k].kind, base[k].name)
        assert point.potential == pytest.approx(base[k].potential, rel=1e-10)


@pytest.mark.parametrize(
    "text, latent, objective",
    [
        ("Logistic(3, 2)", "Logistic(0, 1)", "nonsaturating"),
        ("T(5, 3, 2)", "T(5, 0, 1)", "reverse_kl"),
        ("Laplace(3, 2)", "Laplace(0, 1)", "wasserstein2"),
        ("U(1, 5)", "U(-1, 1)", "wasserstein2"),
        ("0.5*N(1, 0.6) + 0.5*N(5, 0.6)", "0.5*N(-1, 0.3) + 0.5*N(1, 0.3)", "nonsaturating"),
    ],
)
def test_data_of_the_latents_own_kind_are_fitted(text, latent, objective):
    """Data that are 2 z + 3: nothing is left to gain at (2, 3)."""
    (point,) = equilibria(game_of(text, objective, latent), (1.7, 2.4, 2.6, 3.5))
    assert point.theta == pytest.approx([2.0, 3.0], abs=1e-8)
    assert point.potential == pytest.approx(0.0, abs=1e-12)
    assert point.kind == "attractor"


@pytest.mark.parametrize("latent", ["U(-1, 1)", "Logistic(0, 1)", "N(1, 2)"])
def test_wasserstein2_is_a_regression_on_quantiles(latent):
    """a is the covariance of the quantile functions over the latent's variance."""
    u = (np.arange(200_000) + 0.5) / 200_000
    game = game_of(SKEW, "wasserstein2", latent)
    law = gandyn.parse(latent)
    z, x = law.ppf(u), game.data.ppf(u)
    a = np.cov(z, x, bias=True)[0, 1] / law.std**2
    b = game.data.mean - a * law.mean
    (point,) = equilibria(game, (0.8 * a, 1.3 * a, b - 0.3, b + 0.4))
    assert point.theta == pytest.approx([a, b], rel=1e-4)
    assert point.kind == "attractor"


def test_wasserstein2_with_a_uniform_latent():
    """In the default box there is nothing else."""
    (point,) = equilibria(game_of("U(1, 5)", "wasserstein2", "U(-1, 1)"))
    assert point.theta == pytest.approx([2.0, 3.0], abs=1e-8)


def test_reverse_kl_is_as_stiff_in_b_wherever_it_rests():
    """By Stein's lemma a z + b with a normal z rests where E(log p)'' = −1/a², which is ∂F_b/∂b."""
    for point in equilibria(game_of(SKEW, "reverse_kl")):
        jacobian = game_of(SKEW, "reverse_kl").jacobian(point.theta)
        assert jacobian[1, 1] == pytest.approx(-1.0 / point.a**2, rel=1e-9)
