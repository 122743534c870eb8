"""Arithmetic and names in the text notation: Python's own values, and every message."""

import operator
import pickle
import re
import sys

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as hs

import gandyn.distributions as gd
from gandyn.distributions.notation import FAMILIES, MAX_DEPTH, MAX_LENGTH, parse, read
from gandyn.errors import InputError

VALUES = {"m": 3.0, "w": 0.25, "_s1": 0.5, "zero": 0.0, "huge": 1e308}

PYTHONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2}
SIGNS = {"+": operator.pos, "-": operator.neg}

# A tree is a number's text, a name in braces, (sign, tree) or (tree, operator, tree).
leaves = hs.one_of(
    hs.floats(0, 1e9).map(repr),
    hs.sampled_from(["0", "1", ".5", "2.", "1e2", "1E-3", "7e+0"]),
    hs.sampled_from([f"{{{name}}}" for name in VALUES]),
)
trees = hs.recursive(
    leaves,
    lambda inner: hs.one_of(
        hs.tuples(hs.sampled_from("+-"), inner),
        hs.tuples(inner, hs.sampled_from("+-*/"), inner),
    ),
    max_leaves=15,
)


def value_of(tree):
    """What Python makes of a tree."""
    if isinstance(tree, str):
        return VALUES[tree[1:-1]] if tree.startswith("{") else float(tree)
    if len(tree) == 2:
        return SIGNS[tree[0]](value_of(tree[1]))
    return PYTHONS[tree[1]](value_of(tree[0]), value_of(tree[2]))


def every_value_is_finite(tree):
    inner = [] if isinstance(tree, str) else [part for part in tree if not part_is_sign(part)]
    return abs(value_of(tree)) < float("inf") and all(map(every_value_is_finite, inner))


def part_is_sign(part):
    return isinstance(part, str) and part in PYTHONS


def level_of(tree):
    if isinstance(tree, str):
        return 4
    return 3 if len(tree) == 2 else LEVEL[tree[1]]


def text_of(tree, choose):
    """A tree with the parentheses it needs, and at random with some that it does not."""

    def within(part, least):
        text = text_of(part, choose)
        return f"({text})" if level_of(part) < least or choose() < 0.1 else text

    def space():
        return " " if choose() < 0.3 else ""

    if isinstance(tree, str):
        return tree
    if len(tree) == 2:
        return tree[0] + space() + within(tree[1], 3)
    left, sign, right = tree
    least = LEVEL[sign]
    return within(left, least) + space() + sign + space() + within(right, least + 1)


@settings(max_examples=300, deadline=None)
@given(trees, hs.randoms(use_true_random=False))
def test_arithmetic_has_the_value_that_python_gives_it(tree, random):
    text = text_of(tree, random.random)
    data = f"N({text}, 1)"
    try:
        expected = value_of(tree) if every_value_is_finite(tree) else None
    except ZeroDivisionError:
        expected = None
    if expected is None:
        with pytest.raises(InputError, match=r"division by zero|must be a finite number"):
            parse(data, values=VALUES)
    else:
        assert parse(data, values=VALUES) == gd.Normal(expected, 1)
    in_order = re.findall(r"\{(\w+)\}", text)
    assert read(data).names == tuple(dict.fromkeys(in_order))


products = hs.recursive(
    hs.sampled_from(["0.5", "{w}", "{_s1}", "1", "{m}"]),
    lambda inner: hs.tuples(inner, hs.sampled_from("*/"), inner),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(products, hs.randoms(use_true_random=False))
def test_a_weight_is_a_product(tree, random):
    share = value_of(tree)
    assume(0.001 < share < 0.999)
    text = text_of(tree, random.random)
    data = f"{text}*N(0, 1) + (1 - ({text}))*(N({{m}}, 1))"
    expected = gd.Mixture([share, 1 - share], [gd.Normal(0, 1), gd.Normal(3, 1)])
    assert parse(data, values=VALUES) == expected


@pytest.mark.parametrize(
    "text, plain",
    [
        ("0.5*N(-{m},1)+0.5*N({m},1)", "0.5*N(-3,1)+0.5*N(3,1)"),
        ("{w}*N(-{m},1)+(1-{w})*N({m},1)", "0.25*N(-3,1)+0.75*N(3,1)"),
        ("{w}/2*N(0,{_s1})+(1-{w}/2)*N(2*({m}+1),1)", "0.125*N(0,0.5)+0.875*N(8,1)"),
        ("(1-{w})*(0.5*N(0,1)+0.5*N({m},1)) + {w}*U(0,1)",
         "0.75*(0.5*N(0,1)+0.5*N(3,1)) + 0.25*U(0,1)"),
        ("((1-{w}))*((N(0,1)))+{w}*(((U(0,{m}))))", "0.75*N(0,1)+0.25*U(0,3)"),
        ("((1-{w})*N(0,1)+{w}*N({m},1))", "(0.75*N(0,1)+0.25*N(3,1))"),
        ("(1-{w})/(2)*(2)*N(0,1)+(((1)-{w})+-{w}-{_s1}/2)*N(1,1)", "0.75*N(0,1)+0.25*N(1,1)"),
        ("-{w}*-1*N(0, 1) + 0.75 * N(1, 1)", "0.25*N(0,1)+0.75*N(1,1)"),
        ("N(--{m}, +-+-1)", "N(3, 1)"),
        ("N( 2 * - { m } , ( 1e0 ) )", "N(-6, 1)"),
        ("T({m}/3, {zero}, ({m}-{w})/({m}-{w}))", "T(1, 0, 1)"),
        ("Laplace(1-1-1, 8/2/2)", "Laplace(-1, 2)"),
        ("Logistic(7-2*3, 1+2*3)", "Logistic(1, 7)"),
        ("(N(0,1))", "N(0,1)"),
        ("N(0,1)", "N(0,1)"),
    ],
)  # fmt: skip
def test_what_is_read(text, plain):
    assert parse(text, values=VALUES) == parse(plain)


def test_without_values_the_notation_has_numbers_only():
    for text, message in {
        "N({m}, 1)": "data: expected a number at column 3",
        "{w}*N(0, 1)": "data: expected a distribution at column 1",
        "N(1+1, 1)": "data: expected ')' at column 4",
        "(0.5)*N(0, 1)": "data: expected '*' and a distribution after the weight at column 5",
        "N((1), 1)": "data: expected a number at column 3",
        "0.5*2*N(0, 1)": "data: expected a distribution at column 5",
    }.items():
        with pytest.raises(InputError, match=re.escape(message)):
            parse(text)


ALLOWED = "must be one of {m}, {w}, {_s1}, {zero}, {huge}"
TOO_DEEP = "data: got more than 50 nested parentheses at column"

BAD = {
    "N({x}, 1)": f"data: unknown name '{{x}}', {ALLOWED} at column 3",
    "N(0, 2*{M})": f"data: unknown name '{{M}}', {ALLOWED} at column 8",
    "N(0, {" + "n" * 500 + "})": f"nnn..., {ALLOWED} at column 6",
    "N(1/0, 1)": "data: division by zero in '1/0' at column 3",
    "N(2 - {m}/(1 - 1) - 1, 1)": "data: division by zero in '{m}/(1 - 1)' at column 7",
    "1/{zero}*N(0, 1)": "data: division by zero in '1/{zero}' at column 1",
    "N(0/-0, 1)": "data: division by zero in '0/-0' at column 3",
    "N(0, {huge}*10)": "data: got inf from '{huge}*10', must be a finite number at column 6",
    "N(0-{huge}-{huge}, 1)": "data: got -inf from '0-{huge}-{huge}', must be a finite number",
    "N(1/(1e300*{huge}), 1)": "data: got inf from '1e300*{huge}', must be a finite number",
    "N(1e999, 1)": "data: got '1e999', must be a finite number at column 3",
    "N(1-inf, 1)": "data: got inf, must be a finite number at column 5",
    "N(-nan, 1)": "data: got nan, must be a finite number at column 3",
    "N({m, 1)": "data: expected '}' at column 5",
    "N(0, {m": "data: expected '}' at column 8",
    "({m*N(0, 1))": "data: expected '}' at column 4",
    "N({}, 1)": "data: expected a name at column 4",
    "{ }*N(0, 1)": "data: expected a name at column 3",
    "N({1}, 1)": "data: expected a name at column 4",
    "N({é}, 1)": "data: expected a name at column 4",
    "N({m+1}, 1)": "data: expected '}' at column 5",
    "N({{m}}, 1)": "data: expected a name at column 4",
    "N({m}{w}, 1)": "data: expected ')' at column 6",
    "N(2{m}, 1)": "data: expected ')' at column 4",
    "N(m, 1)": "data: expected a number at column 3",
    "N(1+, 1)": "data: expected a number at column 5",
    "N(*2, 1)": "data: expected a number at column 3",
    "N(2**2, 1)": "data: expected a number at column 5",
    "N(7//2, 1)": "data: expected a number at column 5",
    "N(7%2, 1)": "data: expected ')' at column 4",
    "N(2*N(0, 1), 1)": "data: expected a number at column 5",
    "N((1, 1)": "data: expected ')' at column 5",
    "N((), 1)": "data: expected a number at column 4",
    "N(1)": "data: missing std, must be N(mean, std) at column 4",
    "N(1, 2, {m})": "data: too many parameters, must be N(mean, std) at column 9",
    "": "data: expected a distribution at column 1",
    "()": "data: expected a number at column 2",
    "(": "data: expected a distribution at column 2",
    "{m}": "data: expected '*' and a distribution after the weight at column 4",
    "({m})*(1)": "data: expected '*' and a distribution after the weight at column 10",
    "{w} N(0, 1)": "data: expected '*' and a distribution after the weight at column 5",
    "1-{w}*N(0, 1)": "data: expected '*' and a distribution after the weight at column 2",
    "(1-{w}*N(0, 1)": "data: expected '*' and a distribution after the weight at column 3",
    "{w}/N(0, 1)": "data: expected a number at column 5",
    "{w}*-N(0, 1)": "data: expected a number at column 6",
    "{w}*": "data: expected a distribution at column 5",
    "{w}*Normal(0, 1)": "data: unknown distribution 'Normal', must be one of",
    "N(0, 1)*{w}": "data: expected '+' or the end at column 8",
    "N(0, 1) - {w}*N(0, 1)": "data: expected '+' or the end at column 9",
    "N(0, 1-{m})": "std: got -2.0, must be a positive finite number (in 'N(0, 1-{m})')",
    "{w}*N(0,1)+{w}*N(1,1)": "weights: got 0.25, 0.25, in sum 0.5, must sum to 1",
    "{zero}*N(0,1)+1*N(1,1)": "weights: got 0, must each be above 0",
    "(" * MAX_LENGTH: f"{TOO_DEEP} 51",
    "(-" * 50_000: TOO_DEEP,
    "0.5*(" * 20_000: TOO_DEEP,
    "N(" + "(" * 99_000: f"{TOO_DEEP} 53",
    "(" * 51 + "1" + ")" * 51 + "*N(0, 1)": f"{TOO_DEEP} 51",
    "(" * 30 + "N(" + "(" * 30: f"{TOO_DEEP} 53",
    "(1)*" * 25_000: "data: expected a distribution",
    "(1)+" * 25_000: "data: expected '*' and a distribution after the weight",
    "(" * 50 + "(1)*" * 20_000: f"{TOO_DEEP} 51",
    "{" * MAX_LENGTH: "data: expected a name at column 2",
    "{m" * 50_000: "data: expected '}' at column 3",
    "{" + "m" * 99_000: "data: expected '}'",
    "-" * MAX_LENGTH: "data: expected a number at column 100001",
    "N(" + "1e" * 40_000: "data: expected ')' at column 6",
    "N(" + "1-" * 40_000: "data: expected a number",
    " " * (MAX_LENGTH + 1): f"data: got text of {MAX_LENGTH + 1} characters, must be at most",
}  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=lambda text: f"{text[:30]}-{len(text)}")
def test_messages(text):
    with pytest.raises(InputError, match=re.escape(BAD[text])) as caught:
        parse(text, values=VALUES)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300


def test_unknown_names_among_many_and_among_none():
    with pytest.raises(InputError, match=re.escape("unknown name '{x}', must be a number at")):
        parse("N({x}, 1)", values={})
    many = {f"n{k}": 1.0 for k in range(1000)}
    with pytest.raises(InputError, match=re.escape("must be one of {n0}, {n1}, {n2}, {n3}, {n4}")):
        parse("N({x}, 1)", values=many)


@pytest.mark.parametrize(
    "values, message",
    [
        (3, "values: got 3, must be a number for each name"),
        ([("m", 1)], "values: got [('m', 1)], must be a number for each name"),
        ({"m": float("nan")}, "values['m']: got nan, must be a finite number"),
        ({"m": float("inf")}, "values['m']: got inf, must be a finite number"),
        ({"m": "1"}, "values['m']: got '1', must be a finite number"),
        ({"m\n": None}, r"values['m\n']: got None, must be a finite number"),
    ],
)
def test_values_are_finite_numbers(values, message):
    with pytest.raises(InputError, match=re.escape(message)):
        parse("N({m}, 1)", values=values)


def test_values_need_not_all_be_used():
    assert parse("N(0, 1)", values={"m": 1}) == gd.Normal()


def test_fifty_parentheses_and_long_chains_are_fine():
    deep = "(" * 25 + "N(" + "(" * 25 + "{m}" + ")" * 25 + ", 1)" + ")" * 25
    assert parse(deep, values=VALUES) == gd.Normal(3, 1)
    assert parse(f"N(0{'+1' * 40_000}, 1)", values={}) == gd.Normal(40_000, 1)
    assert parse(f"N({'-' * 40_001}1, 1)", values={}) == gd.Normal(-1, 1)
    assert parse("(1)*" * 20_000 + "N(0, 1)", values={}) == gd.Mixture([1], [gd.Normal()])
    terms = " + ".join(["({w}/256)*(N({m}, 1))"] * 1024)
    assert len(parse(terms, values=VALUES).components) == 1024


def lines_run(text):
    """How many lines of Python it takes to read a text."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse(text, values=VALUES)
    except InputError:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "head, body, tail",
    [
        ("", "(1)*", "N(0, 1)"),
        ("(" * 49, "(1)*", "N(0, 1)" + ")" * 49),
        ("(" * 49, "1*", "N(0, 1)" + ")" * 49),
        ("", "(((1)))*", ""),
        ("", "((N(0,1))) + ", ""),
        ("", "(1)*((N((1),1))) + ", "N(0, 1)"),
        ("N(", "(", ""),
        ("", "(", ""),
        ("N(", "1-(2)/", "1, 1)"),
        ("N(", "-", "1, 1)"),
        ("N(0,", " ", "1)"),
        ("", "{m}*", "N(0, 1)"),
        ("", "{", ""),
        ("(1", "e", ")"),
        ("(", "1e+", ")"),
    ],
)
def test_reading_takes_a_time_in_proportion_to_the_text(head, body, tail):
    once, twice = (lines_run(head + body * count + tail) for count in (500, 1000))
    assert twice < 2.2 * once


@pytest.mark.parametrize(
    "text, names",
    [
        ("N(0, 1)", ()),
        ("{w}*N(-{m},1)+(1-{w})*N({m},1)", ("w", "m")),
        ("N({b}/{a}, {b}) ", ("b", "a")),
        ("N({ _a1 }, {A}-{a})", ("_a1", "A", "a")),
        ("0.5*N({x}, 1) + 0.7*N(1/0, -1)", ("x",)),
    ],
)
def test_names_in_the_order_of_their_first_appearance(text, names):
    assert read(text).names == names


def test_names_in_a_text_that_cannot_be_read():
    with pytest.raises(InputError, match=r"latent: expected '\}' at column 5"):
        read("N({m,1)", name="latent")
    with pytest.raises(InputError, match=r"data: got 3, must be text"):
        read(3)


def test_a_path_has_no_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("a{b}.txt", "(c}.txt"):
        (tmp_path / path).write_text("1\n2\n4\n")
    text = '{w}*samples:a{b}.txt + (1-{w})*(samples:"(c}.txt")'
    assert read(text).names == ("w",)
    a, b = parse("samples:a{b}.txt"), parse('samples:"(c}.txt"')
    assert parse(text, values=VALUES) == gd.Mixture([0.25, 0.75], [a, b])


def test_what_has_been_read_is_kept_in_a_pickle(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("1\n2\n4\n")
    notation = read(f'{{w}}*N({{m}}-1, 1) + (1-{{w}})*samples:"{path}"')
    expected = notation.distribution(VALUES)
    path.unlink()
    again = pickle.loads(pickle.dumps(notation))
    assert again == notation
    assert again.distribution(VALUES) == expected


pieces = hs.sampled_from(
    [
        *FAMILIES,
        *"()()(){}{},*+-/ .",
        *["{m}", "{w}", "{x}", "(1-{w})", "*N(0, 1)", "N(", "N(0,1)", "0.5*", " + "],
        *["1", "0.5", "1e", "e5", "inf", "nan", "m", "\x00", "é", "²"],
        "__import__",
    ]
)


@settings(max_examples=300, deadline=None)
@given(hs.one_of(hs.lists(pieces, max_size=25).map("".join), hs.text(max_size=30)))
@example("N({\ud800}, 1)")
@example("(" * MAX_DEPTH + "{m}*N(0, 1)")
def test_nothing_but_an_input_error(text):
    try:
        d = parse(text, values=VALUES)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert set(read(text).names) <= set(VALUES)
        assert parse(str(d)) == parse(str(d), values={}) == d


@settings(max_examples=100, deadline=None)
@given(hs.lists(pieces.filter(lambda piece: "{" not in piece), max_size=12).map("".join))
@example("(0.5*N(0, 1) + 0.5*((N(-1, 1))))")
@example("N(- 1, + 1)")
def test_what_is_read_without_values_is_read_with_them(text):
    try:
        d = parse(text)
    except InputError:
        return
    assert parse(text, values=VALUES) == d
