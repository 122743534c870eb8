"""Fills can be told apart, and every line and mark can be seen on each of them."""

from itertools import combinations

import numpy as np
import pytest

from gandyn.plots import colours
from tests.plots.test_colours import SIGHT, lab, linear

PLAIN = [*colours._FILLS, "#FFFFFF", colours.UNKNOWN_FILL]
DARK = [
    *colours._KINDS.values(),
    *colours._EVENTS.values(),
    *colours.NULLCLINES,
    colours.REFERENCE,
]

EVENTS = {kind: cue for kind, cue in colours._EVENTS.items() if kind != "cusp"}  # not a line


def luminance(colour):
    return np.array([0.2126, 0.7152, 0.0722]) @ linear(colour)


@pytest.mark.parametrize("cue", DARK)
@pytest.mark.parametrize("fill", [*colours._FILLS, "#FFFFFF"])
def test_contrast_on_every_fill(cue, fill):
    assert (luminance(fill) + 0.05) / (luminance(cue.colour) + 0.05) >= 3.0


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_fills_look_alike(sight):
    least = 16 if sight == "all colours" else 9
    for one, two in combinations(colours._FILLS, 2):
        assert np.linalg.norm(lab(one, sight) - lab(two, sight)) >= least, (one, two)
    for one in colours._FILLS:
        for plain in PLAIN[-2:]:
            assert np.linalg.norm(lab(one, sight) - lab(plain, sight)) >= 9, (one, plain)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("family", [colours._KINDS, EVENTS], ids=["kinds", "events"])
def test_no_two_lines_look_alike(family, sight):
    for (one, a), (two, b) in combinations(family.items(), 2):
        apart = np.linalg.norm(lab(a.colour, sight) - lab(b.colour, sight))
        assert a.linestyle != b.linestyle or apart >= 20, (one, two)


def test_a_state_has_one_colour_whatever_else_there_is():
    two = colours.state_fills(["collapsed onto mode 1 of 2", "averages all modes"])
    three = colours.state_fills(
        ["collapsed onto mode 1 of 3", "covers modes 1–2", "averages all modes"]
    )
    assert two == [three[0], three[2]]
    assert colours.state_fills(["averaging only", "collapse only"]) == two[::-1]


def test_fills_differ_up_to_the_eighth():
    names = ["covers modes 1–2"] * 3 + ["averages all modes"] + ["collapsed onto mode 9 of 9"] * 4
    assert len(set(colours.state_fills(names))) == 8
    assert len(colours.state_fills(names * 3)) == 24
    assert colours.state_fills([]) == []
    assert colours.kind_cue("unheard of") == colours.kind_cue("degenerate")
    assert colours.event_cue("cusp").colour == colours.INK
