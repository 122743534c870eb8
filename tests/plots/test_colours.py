"""The colours can be told apart by the colour-blind and be seen on white."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gandyn.plots import colours

TRIO = {"data": colours.DATA, "generated": colours.GENERATED, "D*": colours.DISCRIMINATOR}

# Machado, Oliveira, Fernandes, IEEE TVCG 15 (2009), severity 1, on linear RGB.
SIGHT = {
    "all colours": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
) / np.array([[0.9505], [1.0], [1.089]])


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(colour, sight):
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ np.clip(SIGHT[sight] @ linear(colour), 0, 1), 0.009))
    return np.array([116 * y, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("cue", [*TRIO.values(), *colours._OBJECTIVES.values()])
def test_contrast_on_white(cue):
    luminance = np.array([0.2126, 0.7152, 0.0722]) @ linear(cue.colour)
    assert 1.05 / (luminance + 0.05) >= 3.0


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("family", [TRIO, colours._OBJECTIVES], ids=["trio", "objectives"])
def test_no_two_look_alike(family, sight):
    for (one, a), (two, b) in combinations(family.items(), 2):
        apart = np.linalg.norm(lab(a.colour, sight) - lab(b.colour, sight))
        assert a.linestyle != b.linestyle or apart >= 20, (one, two)


def test_the_three_differ_without_their_line_styles():
    for sight in SIGHT:
        for a, b in combinations(TRIO.values(), 2):
            assert np.linalg.norm(lab(a.colour, sight) - lab(b.colour, sight)) >= 25


def test_names():
    assert colours.objective_cue("alpha(0.5)") == colours.objective_cue("alpha")
    assert colours.objective_cue("somebody's own").colour
    assert colours.divergence_cue("kl_generator_data") == colours.objective_cue("reverse_kl")
    assert len(set(colours.ramp(5))) == 5
