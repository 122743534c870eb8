"""Every rest point, what it is called, and the proof that none is missing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gandyn
from gandyn import InputError
from gandyn.landscape.modes import Modes
from gandyn.landscape.winding import around, around_point

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"


def game(data, objective="nonsaturating", latent="N(0, 1)"):
    return gandyn.Game(gandyn.parse(data), gandyn.LinearGenerator(gandyn.parse(latent)), objective)


def circle(n=60):
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([np.cos(t), np.sin(t)], axis=1)


@pytest.mark.parametrize("power", [1, 2, 3, -1, -2])
def test_the_winding_of_a_power_is_its_exponent(power):
    def field(x):
        z = (x[:, 0] + 1j * x[:, 1]) ** abs(power)
        z = z if power > 0 else z.conj()
        return np.stack([z.real, z.imag], axis=1)

    assert around(field, 2 * circle(5)) == power
    assert around_point(field, np.array([0.0, 0.0]), np.array([0.1, 3.0])) == power
    assert around(field, circle() + 5) == 0


def test_a_field_that_vanishes_on_the_edge_has_no_winding():
    assert around(lambda x: x - circle(4)[1], circle(4)) is None
    assert around(lambda x: np.full_like(x, np.nan), circle()) is None


@pytest.mark.parametrize("objective", ["saturating", "nonsaturating", "reverse_kl", "forward_kl"])
def test_a_normal_has_one_rest_point_with_known_rates(objective):
    (point,) = gandyn.equilibria(game("N(2, 0.5)", objective))
    bend = 0.5 if "saturating" in objective else 1.0
    assert point.theta == pytest.approx([0.5, 2.0], abs=1e-12)
    assert point.eigenvalues == pytest.approx([-2 * bend / 0.25, -bend / 0.25], rel=1e-10)
    assert (point.kind, point.name, point.index) == ("attractor", "fits the only mode", 1)


def test_forward_kl_matches_moments():
    data = gandyn.parse("0.3*N(-4, 0.5) + 0.7*N(2, 1.5)")
    (point,) = gandyn.equilibria(gandyn.Game(data, objective="forward_kl"))
    assert point.theta == pytest.approx([data.std, data.mean], rel=1e-12)


def test_two_modes():
    found = gandyn.equilibria(game(TWO))
    assert found.complete and found.winding == 1 and found.status == 0
    assert [p.kind for p in found] == ["attractor", "saddle", "attractor", "saddle", "attractor"]
    assert [p.name for p in found.attractors] == [
        "collapsed onto mode 1 of 2",
        "averages all modes",
        "collapsed onto mode 2 of 2",
    ]
    for one, other in zip(found, found[::-1], strict=True):
        assert one.a == pytest.approx(other.a, rel=1e-12)
        assert one.b == pytest.approx(-other.b, abs=1e-12)
    for point in found:
        exact = found.game.jacobian(point.theta)
        for rate, vector in zip(point.eigenvalues, point.eigenvectors.T, strict=True):
            assert exact @ vector == pytest.approx(rate * vector, abs=1e-12)
        assert point.residual < 1e-14 and point.error < 1e-11


@settings(max_examples=8, deadline=None)
@given(st.floats(-20, 20), st.floats(0.2, 5), st.sampled_from([1.0, -1.0]))
def test_shift_scale_and_reflection(c, k, sign):
    def moved(m, s):
        return f"N({sign * k * m + c!r}, {k * s!r})"

    base = gandyn.equilibria(game("0.4*N(-2.5, 0.7) + 0.6*N(2, 1)"))
    other = gandyn.equilibria(game(f"0.4*{moved(-2.5, 0.7)} + 0.6*{moved(2, 1)}"))
    expected = np.stack([k * base.theta[:, 0], sign * k * base.theta[:, 1] + c], axis=1)
    order = slice(None, None, int(sign))
    assert other.complete
    assert other.theta == pytest.approx(expected[order], rel=1e-8, abs=1e-8 * k)
    assert [p.kind for p in other] == [p.kind for p in base][order]
    assert [p.potential for p in other] == pytest.approx(
        [p.potential for p in base][order], rel=1e-10
    )
    rates = np.array([p.eigenvalues for p in base])[order] / k**2
    assert np.array([p.eigenvalues for p in other]) == pytest.approx(rates, rel=1e-6)


def test_other_latents_are_the_same_plane_in_other_units():
    base = gandyn.equilibria(game(TWO))
    found = gandyn.equilibria(game(TWO, latent="N(1, 2)"))
    a = base.theta[:, 0] / 2
    expected = np.stack([a, base.theta[:, 1] - a], axis=1)
    expected = expected[np.argsort(expected[:, 1])]
    assert found.complete
    assert found.theta == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_partners_next_to_a_fold_are_both_found():
    fold = 2.134202314839811797  # 40 digits, see test_landscape_reference.py
    for above in (1e-4, 1e-7, 1e-9):
        m = fold + above
        found = gandyn.equilibria(game(f"0.5*N(-{m!r}, 1) + 0.5*N({m!r}, 1)"))
        assert len(found) == 5 and found.complete
    m = fold - 1e-6
    assert len(gandyn.equilibria(game(f"0.5*N(-{m!r}, 1) + 0.5*N({m!r}, 1)"))) == 1
    m = fold
    assert gandyn.equilibria(game(f"0.5*N(-{m!r}, 1) + 0.5*N({m!r}, 1)")).winding == 1


def test_a_box_cuts_off_and_says_so():
    part = gandyn.equilibria(game(TWO), (0.5, 2.0, 2.0, 4.0))
    assert [p.name for p in part] == ["collapsed onto mode 2 of 2"] and part.complete
    edge = gandyn.equilibria(game("N(2, 0.5)"), (0.5, 2.0, 0.0, 4.0))
    assert not edge.complete and edge.status == -1 and "another box" in edge.message


def test_the_pixelwise_loss_rests_nowhere():
    found = gandyn.equilibria(game(TWO, "mse"))
    assert len(found) == 0 and found.winding == 0 and found.complete


def test_walls_of_infinite_force():
    for objective, count in (("pearson", 1), ("neyman", 2)):
        found = gandyn.equilibria(game("0.5*N(-3, 1) + 0.5*N(3, 1)", objective))
        assert len(found.attractors) == count and found.complete


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 1, 0, 1), "on one side of 0"),
        ((-1, 1, 0, 1), "on one side of 0"),
        ((1, 1, 0, 1), "a_low < a_high"),
        ((1, 2, 1, 0), "b_low < b_high"),
        ((1, 2, 3), "a_low, a_high"),
        ((1, 2, 0, np.inf), "finite"),
        ("box", "a_low, a_high"),
    ],
)
def test_bad_boxes(box, words):
    with pytest.raises(InputError, match="box: got") as error:
        gandyn.equilibria(game(TWO), box)
    assert words in str(error.value)


def name(data, theta):
    generated = gandyn.LinearGenerator().generated(np.array([theta]))
    return Modes(gandyn.parse(data)).name(generated)


@pytest.mark.parametrize(
    ("data", "theta", "expected"),
    [
        ("N(0, 1)", (1.0, 0.0), "fits the only mode"),
        ("0.5*N(-0.5, 1) + 0.5*N(0.5, 1)", (1.0, 0.0), "fits the only mode"),
        (TWO, (3.0, 0.0), "averages all modes"),
        (TWO, (1.0, -3.0), "collapsed onto mode 1 of 2"),
        (TWO, (0.1, 0.0), "between modes 1 and 2"),
        (TWO, (0.1, 30.0), "right of all modes"),
        (TWO, (0.1, -30.0), "left of all modes"),
        ("0.3*N(-9, 1) + 0.4*N(0, 1) + 0.3*N(9, 1)", (1.0, 0.0), "collapsed onto mode 2 of 3"),
        ("0.3*N(-9, 1) + 0.4*N(0, 1) + 0.3*N(9, 1)", (4.0, -4.5), "covers modes 1–2"),
        ("0.02*N(-4, 1) + 0.98*N(4, 1)", (1.0, 4.0), "collapsed onto mode 2 of 2"),
        ("0.5*U(-2, -1) + 0.5*U(1, 2)", (0.2, 1.5), "collapsed onto mode 2 of 2"),
    ],
)
def test_names(data, theta, expected):
    assert name(data, theta) == expected
