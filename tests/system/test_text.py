"""Numbers and tables as text."""

import math

import pytest

from gandyn.system.text import certain_digits, table, with_error


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
