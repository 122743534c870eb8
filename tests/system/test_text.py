"""Numbers as text."""

import pytest

from gandyn.system.text import beside, origin


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
