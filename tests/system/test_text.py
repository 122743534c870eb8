"""Numbers as text, and what came, as text that a message can hold."""

import math

import numpy as np
import pytest

from gandyn.errors import InputError, printable
from gandyn.system.checks import finite, finite_array, need_choice, need_count, need_number
from gandyn.system.text import beside, certain_digits, origin, show, show_path, table, with_error

HUGE = 10**5000
HOSTILE = "a\x1b[2J\x07\u202eb\u2066c\nd\x00\u2028\udcff"


class Silent:
    def __repr__(self):
        raise RuntimeError


def test_show():
    assert show(np.float64(0.5)) == "0.5"
    assert show("x" * 99) == "'" + "x" * 56 + "..."
    assert show(Silent()) == "<Silent>"
    assert show(HUGE) == f"about 2**{HUGE.bit_length()}"
    assert show([HUGE]) == "<list>"
    assert show(HOSTILE).isprintable()
    assert show_path("/a" * 100) == repr("/a" * 100)


def test_messages_are_one_printable_line():
    text = str(InputError(f"data: got {HOSTILE}"))
    assert text.isprintable()
    assert text == r"data: got a\x1b[2J\x07\u202eb\u2066c\nd\x00\u2028\udcff"
    assert printable("σ ± “ä” שלום 😀") == "σ ± “ä” שלום 😀"


@pytest.mark.parametrize(
    "check",
    [
        lambda: finite("x", HUGE),
        lambda: finite_array("x", [HUGE]),
        lambda: need_count("x", HUGE, 1),
        lambda: need_count("x", -HUGE, 1),
        lambda: need_number("x", HUGE, 0.0, math.inf, "small") or need_number("x", -HUGE, 0, 1, ""),
        lambda: need_choice("x", Silent(), ("a",)),
        lambda: need_count("x", 10**15 + 1, 1),
    ],
)
def test_checks_of_numbers_of_any_length(check):
    with pytest.raises(InputError, match=r"^x: got "):
        check()


def test_errors_that_leave_no_digit():
    assert certain_digits(1.0, math.inf, 16) == 1
    assert with_error(0.393, math.inf) == "0.4 ± inf"
    assert certain_digits(1.0, math.nan, 16) == 16


@pytest.mark.parametrize(
    "value, unit, digits, text",
    [
        (2.990366678, 1.013, 10, "2.990366678"),
        (70.1234, 1.0, 3, "70.1"),
        (9999999997.0096, 1.013, 3, "9999999997"),
        (9999999997.0096, 1.013, 10, "9999999997.0096"),
        (-2.990366678e-12, 1.0e-12, 3, "-2.99e-12"),
        (1e-17, 2.7, 10, "0"),
        (0.0, 1.0, 10, "0"),
    ],
)
def test_a_place_has_digits_enough_to_be_told_from_its_neighbours(value, unit, digits, text):
    assert beside(value, unit, digits) == text


@pytest.mark.parametrize(
    "low, high, far",
    [
        (-6.0, 6.0, 0.0),
        (5.0, 5.0, 0.0),
        (100.0, 101.0, 0.0),
        (9999999994.2, 10000000005.8, 1e10),
        (-1000003.2, -999998.1, -1e6),
        (1e-3 - 4e-9, 1e-3 + 4e-9, 1e-3),
        (123456.7891, 123456.7893, 123456.789),
    ],
)
def test_far_from_0_a_round_number_stands_for_it(low, high, far):
    assert origin(low, high) == pytest.approx(far, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("value", "error", "digits"),
    [
        (0.2512, 1.8e-4, 4), (0.2512, 0.9, 1), (-123.4, 1e-3, 6), (1.0, 1e-20, 12), (0.0, 1.0, 12),
        (3.0, 0.0, 12), (5.0, math.nan, 12), (999.0, 1.0, 3),
    ],
)  # fmt: skip
def test_digits_that_an_error_leaves(value, error, digits):
    assert certain_digits(value, error, 12) == digits


def test_a_number_with_its_error():
    assert with_error(0.251234, 1.8e-4) == "0.2512 ± 1.8e-04"
    assert with_error(math.inf, 0.0) == "inf"


def test_columns_of_text_stand_to_the_left():
    shown = table(["name", "n"], [["one", 1], ["three", 22.5]], rule="-")
    assert shown == "name      n\n-----  ----\none       1\nthree  22.5"
