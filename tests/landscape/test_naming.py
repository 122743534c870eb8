"""What states are called, in the words that reports and pictures use."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gandyn
from gandyn.landscape.modes import Modes

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"
SKEW = "0.02*N(-4, 1) + 0.98*N(4, 1)"
THREE = "0.3*N(-9, 1) + 0.4*N(0, 1) + 0.3*N(9, 1)"
FOUR = "0.25*N(-9, 1) + 0.25*N(-3, 1) + 0.25*N(3, 1) + 0.25*N(9, 1)"
BOXES = "0.5*U(0, 1) + 0.5*U(2, 3)"
PAIR = "0.5*N(-9, 1) + 0.5*N(9, 1)"


def named(data, theta, latent="N(0, 1)"):
    generator = gandyn.LinearGenerator(gandyn.parse(latent))
    return Modes(gandyn.parse(data)).name(generator.generated(np.array([theta], dtype=float)))


@pytest.mark.parametrize(
    "data, theta, expected",
    [
        ("N(2, 0.5)", (0.5, 2.0), "fits the only mode"),
        ("N(2, 0.5)", (1e-3, 2.3), "fits the only mode"),
        ("N(2, 0.5)", (0.5, 9.0), "right of all modes"),
        ("N(2, 0.5)", (0.5, -9.0), "left of all modes"),
        (TWO, (2.7, 0.0), "averages all modes"),
        (TWO, (1.0, -3.0), "collapsed onto mode 1 of 2"),
        (TWO, (1.0, 3.0), "collapsed onto mode 2 of 2"),
        (TWO, (0.1, 3.0), "collapsed onto mode 2 of 2"),
        (TWO, (0.1, 0.0), "between modes 1 and 2"),
        (TWO, (0.1, 20.0), "right of all modes"),
        (TWO, (0.1, -20.0), "left of all modes"),
        (SKEW, (1.0, 4.0), "collapsed onto mode 2 of 2"),
        (SKEW, (1.0, -4.0), "collapsed onto mode 1 of 2"),
        (SKEW, (1.5, 3.5), "collapsed onto mode 2 of 2"),
        (SKEW, (2.5, 2.5), "averages all modes"),
        (THREE, (1.0, 0.0), "collapsed onto mode 2 of 3"),
        (THREE, (4.0, -4.5), "covers modes 1–2"),
        (THREE, (4.0, 4.5), "covers modes 2–3"),
        (THREE, (8.0, 0.0), "averages all modes"),
        (THREE, (0.5, 4.5), "between modes 2 and 3"),
        (FOUR, (3.0, 0.0), "covers modes 2–3"),
        (FOUR, (4.5, -4.0), "covers modes 1–3"),
        (FOUR, (7.0, 0.0), "averages all modes"),
        (FOUR, (1.0, 9.0), "collapsed onto mode 4 of 4"),
        (FOUR, (0.1, 0.0), "between modes 2 and 3"),
        (BOXES, (0.3, 0.5), "collapsed onto mode 1 of 2"),
        (BOXES, (0.1, 1.5), "between modes 1 and 2"),
        (BOXES, (1.0, 1.5), "averages all modes"),
        (BOXES, (0.1, 3.9), "right of all modes"),
        ("U(0, 1)", (0.3, 0.5), "fits the only mode"),
    ],
)
def test_names(data, theta, expected):
    assert named(data, theta) == expected


def test_modes_that_are_not_next_to_each_other():
    assert named(THREE, (1.0, 0.0), PAIR) == "covers modes 1, 3"
    # A negative scale reflects the latent: the generated density is the same.
    assert named(THREE, (-1.0, 0.0), PAIR) == "covers modes 1, 3"
    wide = "0.2*N(-27, 1) + 0.2*N(-9, 1) + 0.2*N(0, 1) + 0.2*N(9, 1) + 0.2*N(27, 1)"
    assert named(wide, (1.0, 0.0), PAIR) == "covers modes 2, 4"


def test_other_latents():
    assert named(TWO, (1.0, 3.0), "U(-1, 1)") == "collapsed onto mode 2 of 2"
    assert named(TWO, (1.0, 0.0), "N(3, 1)") == "collapsed onto mode 2 of 2"
    assert named(TWO, (3.0, -3.0), "Logistic(1, 0.5)") == "averages all modes"


@pytest.mark.parametrize(
    "data, count",
    [
        ("N(0, 1)", 1),
        ("0.5*N(-0.9, 1) + 0.5*N(0.9, 1)", 1),  # two normals have two modes from 1 on
        ("0.5*N(-1.05, 1) + 0.5*N(1.05, 1)", 1),  # a dip of less than a twentieth is none
        ("0.5*N(-1.2, 1) + 0.5*N(1.2, 1)", 2),
        (THREE, 3),
        (FOUR, 4),
        ("0.0005*N(-9, 1) + 0.9995*N(3, 1)", 1),  # less than a thousandth of the mass
        ("0.002*N(-9, 1) + 0.998*N(3, 1)", 2),
        ("0.5*N(0, 0.3) + 0.5*N(0, 2)", 1),
        ("0.5*N(-1000, 0.01) + 0.5*N(1000, 0.01)", 2),
        ("T(2, 0, 1)", 1),
        ("Laplace(0, 1)", 1),
        (BOXES, 2),
        ("0.5*U(0, 1) + 0.5*U(1, 3)", 1),
    ],
)
def test_how_many_modes(data, count):
    modes = Modes(gandyn.parse(data))
    assert modes.count == len(modes.masses) == len(modes.cores) == count
    assert modes.masses.sum() == pytest.approx(1.0, abs=1e-15)


def test_cores_hold_nine_tenths_of_each_mode():
    data = gandyn.parse("0.2*N(-5, 0.6) + 0.5*N(0, 1) + 0.3*N(4, 0.8)")
    modes = Modes(data)
    assert modes.masses == pytest.approx([0.2, 0.5, 0.3], abs=0.02)
    inside = np.diff(data.cdf(modes.cores), axis=1)[:, 0]
    assert inside == pytest.approx(0.9 * modes.masses, rel=1e-12)
    # What generates the data has all of their shares.
    fit = gandyn.LinearGenerator(data).generated(np.array([[1.0, 0.0]]))
    assert modes.shares(fit) == pytest.approx(1.0, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(0.1, 9.0),
    st.floats(-11.0, 11.0),
    st.floats(-50.0, 50.0),
    st.floats(0.05, 20.0),
)
def test_names_move_with_the_data(a, b, shift, scale):
    def moved(m, s):
        return gandyn.Normal(scale * m + shift, scale * s)

    weights, means, stds = [0.3, 0.45, 0.25], [-6.0, 0.0, 5.0], [0.8, 1.0, 0.6]
    base = gandyn.Mixture(weights, [gandyn.Normal(m, s) for m, s in zip(means, stds, strict=True)])
    other = gandyn.Mixture(weights, [moved(m, s) for m, s in zip(means, stds, strict=True)])
    generator = gandyn.LinearGenerator()
    one = generator.generated(np.array([[a, b]]))
    two = generator.generated(np.array([[scale * a, scale * b + shift]]))
    shares = Modes(base).shares(one)
    assert Modes(other).shares(two) == pytest.approx(shares, rel=1e-6, abs=1e-9)
    if (np.abs(shares - 0.25) > 1e-6).all():
        assert Modes(other).name(two) == Modes(base).name(one)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 9.0), st.floats(-11.0, 11.0))
def test_a_mirror_image_is_named_from_the_other_end(a, b):
    words = named(FOUR, (a, b))
    mirrored = {
        "collapsed onto mode": lambda k: f"collapsed onto mode {5 - k[0]} of 4",
        "covers modes": lambda k: f"covers modes {5 - k[1]}–{5 - k[0]}",
        "between modes": lambda k: f"between modes {5 - k[1]} and {5 - k[0]}",
        "averages all": lambda k: "averages all modes",
        "left of": lambda k: "right of all modes",
        "right of": lambda k: "left of all modes",
    }
    (rule,) = (rule for start, rule in mirrored.items() if words.startswith(start))
    assert named(FOUR, (a, -b)) == rule([int(c) for c in words if c.isdigit()])
