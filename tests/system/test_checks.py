"""Checks of arguments: what they let through, and the one line otherwise."""

import numpy as np
import pytest

from gandyn import InputError
from gandyn.system.checks import need_count, need_number


@pytest.mark.parametrize("good", [2, 7, np.int64(2), np.uint8(200), 10**12])
def test_counts(good):
    need_count("n", good, 2)


@pytest.mark.parametrize("bad", [1, 0, -3, 2.0, True, "3", None, np.float64(4), np.bool_(True)])
def test_no_counts(bad):
    with pytest.raises(InputError, match=r"^n: got .*, must be a whole number from 2 on$"):
        need_count("n", bad, 2)


def test_numbers_between_bounds():
    for good in (0.5, np.float32(0.25), 1e-300):
        need_number("x", good, 0.0, 1.0, "between 0 and 1")
    need_number("x", 0.0, 0.0, 1.0, "from 0 to below 1", closed=True)
    for bad in (0.0, 1.0, -1, 2, float("nan"), "a", None, True, 1j):
        with pytest.raises(InputError, match=r"^x: got .*, must be between 0 and 1$"):
            need_number("x", bad, 0.0, 1.0, "between 0 and 1")
    for bad in (1.0, -1e-300):
        with pytest.raises(InputError, match=r"^x: got "):
            need_number("x", bad, 0.0, 1.0, "from 0 to below 1", closed=True)
