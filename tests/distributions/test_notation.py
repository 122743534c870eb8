"""The text notation: both ways, and every message."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as hs

import gandyn.distributions as gd
from gandyn.distributions.notation import FAMILIES, MAX_LENGTH
from gandyn.errors import InputError

numbers = hs.floats(allow_nan=False, allow_infinity=False, width=64)
positives = hs.floats(min_value=1e-300, max_value=1e300)


@hs.composite
def uniforms(draw):
    low = draw(hs.floats(-1e300, 1e300))
    high = draw(hs.floats(-1e300, 1e300).filter(lambda v: v != low))
    return gd.Uniform(min(low, high), max(low, high))


singles = hs.one_of(
    hs.builds(gd.Normal, numbers, positives),
    hs.builds(gd.Laplace, numbers, positives),
    hs.builds(gd.Logistic, numbers, positives),
    hs.builds(gd.StudentT, positives, numbers, positives),
    uniforms(),
)


@hs.composite
def mixtures(draw, parts=singles):
    components = draw(hs.lists(parts, min_size=1, max_size=5))
    raw = [draw(hs.floats(0.01, 1)) for _ in components]
    return gd.Mixture([r / sum(raw) for r in raw], components)


@settings(max_examples=150, deadline=None)
@given(hs.one_of(singles, mixtures(), mixtures(mixtures())))
def test_text_reads_back_as_the_same(d):
    again = gd.parse(str(d))
    assert again == d
    assert str(again) == str(d)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("N(0, 1)", gd.Normal(0, 1)),
        (" N ( -1.5 , 1e-3 ) ", gd.Normal(-1.5, 1e-3)),
        ("N(.5,+2.)", gd.Normal(0.5, 2)),
        ("N(1E2, 1e+2)", gd.Normal(100, 100)),
        ("U(-1, 1)", gd.Uniform(-1, 1)),
        ("Laplace(1, 2)", gd.Laplace(1, 2)),
        ("Logistic(1, 2)", gd.Logistic(1, 2)),
        ("T(3, 1, 2)", gd.StudentT(3, 1, 2)),
        ("((N(0, 1)))", gd.Normal(0, 1)),
        ("0.5*N(-3,1)+0.5*N(3,1)", gd.Mixture([0.5, 0.5], [gd.Normal(-3, 1), gd.Normal(3, 1)])),
        (
            "0.5*(0.5*N(0, 1) + 0.5*U(0, 1))\n+ 0.5*T(1, 0, 1)",
            gd.Mixture([0.25, 0.25, 0.5], [gd.Normal(), gd.Uniform(0, 1), gd.StudentT(1)]),
        ),
        ("1*N(0, 1)", gd.Mixture([1], [gd.Normal()])),
    ],
)
def test_what_is_read(text, expected):
    assert gd.parse(text) == expected


def test_what_is_written():
    assert str(gd.parse("0.5*N(-3, 1) + .5 * N(3,1)")) == "0.5*N(-3, 1) + 0.5*N(3, 1)"
    assert str(gd.StudentT(2.5, 0, 1e-30)) == "T(2.5, 0, 1e-30)"


BAD = {
    "": 'data: expected a distribution at column 1 of ""',
    "N(0, 1": "data: expected ')' at column 7 of \"N(0, 1\"",
    "N 0, 1)": "data: expected '(' at column 3",
    "(N(0, 1)": "data: expected ')' at column 9",
    "N(0, 1))": "data: expected '+' or the end at column 8",
    "N(0, 1) N(1, 1)": "data: expected '+' or the end at column 9",
    "N(0, 1) - N(1, 1)": "data: expected '+' or the end at column 9",
    "0.5*N(0, 1) +": "data: expected a distribution at column 14",
    "0.5 N(0, 1)": "data: expected '*' and a distribution after the weight at column 5",
    "0.5*": "data: expected a distribution at column 5",
    "*N(0, 1)": "data: expected a distribution at column 1",
    "N()": "data: missing mean, std, must be N(mean, std) at column 3",
    "N(1)": "data: missing std, must be N(mean, std) at column 4",
    "N(,1)": "data: expected a number at column 3",
    "N(1,)": "data: expected a number at column 5",
    "N(1 2)": "data: expected ')' at column 5",
    "N(1,2,3)": "data: too many parameters, must be N(mean, std) at column 7",
    "T(1,2)": "data: missing scale, must be T(df, loc, scale) at column 6",
    "N(a, 1)": "data: expected a number at column 3",
    "N(--1, 1)": "data: expected a number at column 4",
    "N(nan, 1)": "data: got nan, must be a finite number at column 3",
    "N(0, -inf)": "data: got inf, must be a finite number at column 6",
    "N(0, 1e999)": "data: got '1e999', must be a finite number at column 6",
    "Normal(0, 1)": "data: unknown distribution 'Normal', must be one of N, U, Laplace, Logistic",
    "n(0, 1)": "data: unknown distribution 'n'",
    "samples": "data: unknown distribution 'samples', must be one of",
    "samples:": "data: expected a path at column 9",
    'samples:"a': "data: no closing '\"' for the one at column 9",
    "samples:a#": "data: expected a column's name at column 11",
    "@": "data: expected a distribution at column 1",
    "N(0, 0)": "std: got 0.0, must be a positive finite number (in 'N(0, 0)')",
    "0.5*N(0, 1) + 0.5*N(0, -1)": "std: got -1.0, must be a positive finite number",
    "U(1, 0)": "high: got 0.0, must be above low, which is 1.0",
    "T(0, 0, 1)": "df: got 0.0, must be a positive finite number",
    "0.5*N(0, 1)": "weights: got 0.5, in sum 0.5, must sum to 1 within 1e-9",
    "N(0, 1) + N(1, 1)": "weights: got 1, 1, in sum 2, must sum to 1 within 1e-9",
    "-0.5*N(0, 1) + 1.5*N(0, 1)": "weights: got -0.5, must each be above 0",
    "0*N(0, 1) + 1*N(0, 1)": "weights: got 0, must each be above 0",
    "(" * 3000: "data: got more than 50 nested parentheses at column 51",
    "0.5*(" * 3000: "data: got more than 50 nested parentheses",
    "+" * 3000: "data: expected a number at column 2",
    " " * (MAX_LENGTH + 1): f"data: got text of {MAX_LENGTH + 1} characters, must be at most",
    "N(0, 1)\x00": "data: expected '+' or the end",
    "N(١, 1)": "data: expected a number at column 3",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:30])
def test_messages(text):
    with pytest.raises(InputError, match=re.escape(BAD[text])) as caught:
        gd.parse(text)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 250


def test_text_only_and_another_name():
    with pytest.raises(InputError, match=r"latent: got 3, must be text"):
        gd.parse(3, name="latent")
    with pytest.raises(InputError, match=r"latent: expected a distribution"):
        gd.parse("", name="latent")


def test_fifty_parentheses_and_many_terms_are_fine():
    assert gd.parse("(" * 50 + "N(0, 1)" + ")" * 50) == gd.Normal()
    assert len(gd.parse(" + ".join(["0.0009765625*N(0, 1)"] * 1024)).components) == 1024


pieces = hs.sampled_from(
    [
        *FAMILIES,
        "samples",
        *':#(),*+- ./"',
        "1",
        "0.5",
        "1e",
        "e5",
        "inf",
        "nan",
        *"\x00\né²𝟏",
        "__import__",
    ]
)


@settings(max_examples=200, deadline=None)
@given(hs.one_of(hs.lists(pieces, max_size=25).map("".join), hs.text(max_size=30)))
@example("samples:/")
@example('samples:"\x00"')
@example("samples:" + "a" * 5000)
@example("samples:\ud800")
def test_nothing_but_an_input_error(text):
    try:
        d = gd.parse(text)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert gd.parse(str(d)) == d
