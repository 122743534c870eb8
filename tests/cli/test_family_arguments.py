"""The options that name a family of games, and those of the box."""

import re

import pytest

from gandyn.cli.arguments import (
    GAME,
    Parser,
    add_options,
    attach_numbers,
    family_options,
    read_box,
    read_family,
)
from gandyn.cli.command import PlaneCommand
from gandyn.errors import InputError
from gandyn.landscape.family import template

ONE = "0.5*N(-{m}, 1) + 0.5*N({m}, 1)"
TWO = "{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)"
WHERE = "(in '{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)')"

MALFORMED = [
    "", "m", "m=", "m=1", "m=1:", "m=:1", "=1:2", "m:1=2", "m=1:2:3", "m=1,2:3", "m==1:2",
    "m=1_0:20", "m=a:b", "m=1:2\n=3", "{m}=1:2",
    "a\nb=1:2", "1=1:2",
]  # fmt: skip
UNORDERED = ["m=2:1", "m=1:1", "m=0:inf", "m=-inf:0", "m=nan:1", "m=0:nan", "m=0:1e999"]


BOX = PlaneCommand.takes.removeprefix(GAME)


def parser_of(*tables):
    parser = Parser(prog="gandyn")
    for table in tables:
        add_options(parser, table)
    return parser


def options(count, *argv):
    return parser_of(family_options(count), BOX).parse_args(attach_numbers(argv))


def family(count, *argv):
    return read_family(options(count, *argv), count)


@pytest.mark.parametrize(
    "count, argv, text, ranges",
    [
        (1, (), ONE, [("m", 0.5, 6.0)]),
        (2, (), TWO, [("m", 0.5, 6.0), ("w", 0.05, 0.95)]),
        (1, ("--vary", "m=1:2"), ONE, [("m", 1.0, 2.0)]),
        (2, ("--vary", "w=0.1:.2", "--vary", "m=1:2"), TWO, [("w", 0.1, 0.2), ("m", 1.0, 2.0)]),
        (1, ("--vary", "m=-1:1"), ONE, [("m", -1.0, 1.0)]),
        (1, ("--vary=m=-1e-3:+1E3",), ONE, [("m", -1e-3, 1e3)]),
        (1, ("--vary", " m = -2 : -1 "), ONE, [("m", -2.0, -1.0)]),
        (1, ("--data", "N(0, {s_1})", "--vary", "s_1=1:2"), "N(0, {s_1})", [("s_1", 1.0, 2.0)]),
    ],
)
def test_a_family_and_its_ranges(count, argv, text, ranges):
    assert family(count, *argv) == (template(text), ranges)


def test_objective_and_latent():
    found, _ = family(1, "--objective", "alpha(0.5)", "--latent", "U(-1, 1)")
    assert found == template(ONE, "alpha(0.5)", "U(-1, 1)")


@pytest.mark.parametrize(
    "count, argv, message",
    [
        (1, ["m=1:2", "m=3:4"], "vary: got 'm=1:2', 'm=3:4', must be NAME=LOW:HIGH once"),
        (2, ["m=1:2"], "vary: got 'm=1:2', must be NAME=LOW:HIGH 2 times"),
        (2, ["m=1:2", "m=3:4"], "vary: got m, m, must be w=LOW:HIGH and m=LOW:HIGH, as in --data"),
        (2, ["m=1:2", "s=3:4"], "vary: got m, s, must be w=LOW:HIGH and m=LOW:HIGH, as in --data"),
        (1, ["M=1:2"], "vary: got M, must be m=LOW:HIGH, as in --data"),
        *[
            (1, [text], f"vary: got {text!r}, must be NAME=LOW:HIGH such as m=0.5:6")
            for text in MALFORMED
        ],
        *[
            (1, [text], f"vary: got {text!r}, must be finite with LOW below HIGH, such as m=0.5:6")
            for text in UNORDERED
        ],
        (2, ["w=0:1", "m=1:2"], f"weights: got 0, must each be above 0 {WHERE} at w = 0, m = 1"),
        (
            2,
            ["m=1:2", "w=0.5:1.5"],
            f"weights: got -0.5, must each be above 0 {WHERE} at w = 1.5, m = 1",
        ),
    ],
)
def test_bad_ranges(count, argv, message):
    with pytest.raises(InputError) as caught:
        family(count, *(f"--vary={text}" for text in argv))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "count, argv, message",
    [
        (1, ("--data", "N(0, 1)"), "data: got 'N(0, 1)', must have a name in braces such as {m}"),
        (1, ("--data", TWO), "data: got w, m in braces, must have 1 name"),
        (2, ("--data", ONE), "data: got m in braces, must have 2 names"),
        (1, ("--data", "N({s}, 1)"), "vary: got none, must be s=LOW:HIGH, as in --data"),
        (1, ("--data", "N({m}, 1"), "data: expected ')' at column 9"),
        (1, ("--data", "N(0, {m}-1)"), "std: got -0.5, must be a positive finite number"),
        (1, ("--objective", "gan"), "objective: got 'gan', must be one of"),
        (1, ("--latent", "N({m}, 1)"), "latent: expected a number at column 3"),
        (1, ("--vary",), "argument --vary: expected one argument (see gandyn --help)"),
    ],
)
def test_bad_families(count, argv, message):
    with pytest.raises(InputError, match=re.escape(message)):
        family(count, *argv)


@pytest.mark.parametrize("argv", [("--box", "0.1,4,-6,6"), ("--box=0.1,4,-6,6",)])
def test_a_box(argv):
    assert read_box(options(1, *argv).box) == (0.1, 4.0, -6.0, 6.0)
    assert read_box(options(1).box) is None


@pytest.mark.parametrize(
    "text",
    ["", "1", "1,2,3", "1,2,3,4,5", "a,2,3,4", "1,2,3,", "0,1,-1,1", "-1,1,-1,1", "2,1,-1,1",
     "1,1,-1,1", "1,2,1,1", "1,2,2,1", "1,inf,-1,1", "1,2,-inf,1", "nan,2,-1,1", "1,2,-1,nan",
     "1_0,20,-1,1"],
)  # fmt: skip
def test_bad_boxes(text):
    with pytest.raises(InputError) as caught:
        read_box(options(1, "--box", text).box)
    assert str(caught.value) == (
        f"box: got {text!r}, must be four finite numbers amin,amax,bmin,bmax with "
        "0 < amin < amax and bmin < bmax, such as 0.1,4,-6,6"
    )


def test_help_names_the_defaults():
    for count, words in ((1, [ONE, "m=0.5:6"]), (2, [TWO, "m=0.5:6 and w=0.05:0.95", "2 times"])):
        parser = parser_of(family_options(count), BOX)
        text = " ".join(parser.format_help().split())
        for word in [*words, "--objective", "--latent", "amin,amax,bmin,bmax"]:
            assert word in text


def test_a_game_has_the_same_objective_and_latent():
    games, families = parser_of(GAME), parser_of(family_options(1))
    for option in ("objective", "latent"):
        first, second = (
            next(action for action in parser._actions if action.dest == option)
            for parser in (games, families)
        )
        assert (first.default, first.help) == (second.default, second.help)
