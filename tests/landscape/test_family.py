"""Families from a text: their members, and what is said where there is none."""

import dataclasses
import pickle
import re

import numpy as np
import pytest

import gandyn
from gandyn.errors import InputError
from gandyn.landscape.family import Template, template

TWO = "{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)"


def test_a_member_is_the_game_of_its_values():
    family = template(TWO, "saturating", "N(1, 2)")
    game = family(m=3, w=0.25)
    assert (family.text, family.objective, str(family.latent)) == (TWO, "saturating", "N(1, 2)")
    assert family.names == ("w", "m")
    assert str(game.data) == "0.25*N(-3, 1) + 0.75*N(3, 1)"
    assert game.objective.name == "saturating"
    plain = gandyn.Game(
        gandyn.parse("0.25*N(-3, 1) + 0.75*N(3, 1)"),
        gandyn.LinearGenerator(gandyn.Normal(1, 2)),
        "saturating",
    )
    assert np.array_equal(game.force([1.0, 0.5]), plain.force([1.0, 0.5]))


def test_what_is_given_when_nothing_is():
    family = template("N({m}, 1)")
    assert family.objective == "nonsaturating"
    assert family.latent == gandyn.Normal(0, 1)
    assert family == template("N({m}, 1)", latent=gandyn.Normal(0, 1))


def test_values_may_be_of_numpy_and_names_may_be_any():
    assert str(template("N({m}, 1)")(m=np.float64(2)).data) == "N(2, 1)"
    assert str(template("N({self}-{text}, 1)")(text=1, self=2).data) == "N(1, 1)"
    assert str(template("N({for}, 1)")(**{"for": 2}).data) == "N(2, 1)"


def test_an_objective_of_ones_own():
    half = gandyn.FDivergence(lambda ell: np.full_like(ell, 0.5), name="half")
    assert template("N({m}, 1)", half)(m=1).objective is half


def test_it_is_frozen_and_goes_through_a_pickle(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("1\n2\n4\n")
    family = template(f'{{w}}*N(0, 1) + (1-{{w}})*samples:"{path}"', "alpha(0.5)", "Laplace(0, 1)")
    data = family(w=0.5).data
    path.unlink()
    again = pickle.loads(pickle.dumps(family))
    assert again == family and hash(again) == hash(family) and repr(again) == repr(family)
    assert again.names == ("w",)
    assert again(w=0.5).data == data
    assert again(w=0.5).objective.name == "alpha(0.5)"
    assert isinstance(family, Template)
    with pytest.raises(dataclasses.FrozenInstanceError):
        family.text = "N({m}, 1)"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("N(0, 1)",), "data: got 'N(0, 1)', must have a name in braces such as {m}"),
        ((3,), "data: got 3, must be text such as 'N(0, 1)'"),
        (("N({m}, 1",), "data: expected ')' at column 9"),
        (("N({}, 1)",), "data: expected a name at column 4"),
        (("N({m}, 1)", "gan"), "objective: got 'gan', must be one of saturating"),
        (("N({m}, 1)", "mse", "N({m}, 1)"), "latent: expected a number at column 3"),
        (("N({m}, 1)", "mse", None), "latent: got None, must be text such as 'N(0, 1)'"),
    ],
)
def test_what_is_no_family(arguments, message):
    with pytest.raises(InputError, match=re.escape(message)):
        template(*arguments)


@pytest.mark.parametrize(
    "values, message",
    [
        ({}, "w: got none, must be a finite number for each of w, m"),
        ({"w": 0.5}, "m: got none, must be a finite number for each of w, m"),
        ({"w": 0.5, "m": 1, "q": 2}, "q: unknown name, must be one of w, m"),
        ({"W": 0.5, "m": 1}, "W: unknown name, must be one of w, m"),
        ({"a\nb": 0.5}, r"a\nb: unknown name, must be one of w, m"),
        ({"w": 0.5, "m": float("nan")}, "m: got nan, must be a finite number"),
        ({"w": "0.5", "m": 1}, "w: got '0.5', must be a finite number"),
        ({"w": [0.5], "m": 1}, "w: got [0.5], must be a finite number"),
    ],
)
def test_names_and_values(values, message):
    with pytest.raises(InputError) as caught:
        template(TWO)(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text, values, message",
    [
        (
            TWO,
            {"m": 7, "w": 1.25},
            f"weights: got -0.25, must each be above 0 (in '{TWO}') at w = 1.25, m = 7",
        ),
        (
            TWO,
            {"m": 7, "w": 0},
            f"weights: got 0, must each be above 0 (in '{TWO}') at w = 0, m = 7",
        ),
        (
            "N(0, {s}-1)",
            {"s": 1},
            "std: got 0.0, must be a positive finite number (in 'N(0, {s}-1)') at s = 1",
        ),
        (
            "{v}*N(0, 1) + {w}*N(1, 1)",
            {"v": 0.5, "w": 0.25},
            "weights: got 0.5, 0.25, in sum 0.75, must sum to 1 within 1e-9 "
            "(in '{v}*N(0, 1) + {w}*N(1, 1)') at v = 0.5, w = 0.25",
        ),
        (
            "N(1/{m}, 1)",
            {"m": -0.0},
            "data: division by zero in '1/{m}' at column 3 of \"N(1/{m}, 1)\" at m = -0",
        ),
        (
            "N({m}*{m}, 1)",
            {"m": 1e200},
            "data: got inf from '{m}*{m}', must be a finite number at column 3 of "
            '"N({m}*{m}, 1)" at m = 1e+200',
        ),
    ],
)
def test_where_a_family_leaves_its_domain(text, values, message):
    with pytest.raises(InputError) as caught:
        template(text)(**values)
    assert str(caught.value) == message
