"""A wrong formula fails the rows that are about it, and no other; for every row there is one."""

import numpy as np
import pytest

from gandyn.theory import verify
from gandyn.theory.verification import all_rows
from tests.sweeps import sweep
from tests.theory.faults import SUBJECTS
from tests.theory.reds import REDS

ROWS = [row.name for row in all_rows()]

# Rows of every file that are cheap and must not fail for a fault they are not about.
BYSTANDERS = {
    "discriminator-stationary",
    "discriminator-pointwise",
    "value-floor",
    "value-at-equality",
    "jsd-gap",
    "likelihood-force",
    "weights-symbolic",
    "weights-sum",
    "gradient-hellinger",
    "gradient-mse",
    "rates-engine",
    "vanishing-law",
    "vanishing-symmetry",
    "jsd-numbers",
    "noisy-gradient",
    "disjoint-supports",
    "point-masses",
    "normal-closed-forms",
    "normal-equal-widths",
    "kramers-passage",
}

PLAIN = {"no boundary terms"}
"""The others in the sweeps: each is put to all bystanders."""


# Rows that a fault lets break down before they measure anything: red, but they do not show it.
BROKEN = {
    ("D* weighs p_g twice", "vanishing-law-symbolic"),
    ("a normal density without its 1/σ", "likelihood-symbolic"),
}


def failures(fault, only):
    """Rows that a fault turns red; they have measured something, and not only broken down."""
    with np.errstate(all="ignore"):
        found = verify(subject=SUBJECTS[fault], only=only)
    failed = [claim for claim in found.claims if not claim.passed]
    assert found.passed == (not failed)
    assert {(fault, c.name) for c in failed if c.expected == "a result"} <= BROKEN
    return {claim.name for claim in failed}


def test_every_fault_is_listed():
    assert set(REDS) == set(SUBJECTS)
    assert set().union(*REDS.values()) <= set(ROWS)


def test_every_row_has_a_wrong_formula():
    shown = {row for fault in REDS for row in REDS[fault] if (fault, row) not in BROKEN}
    assert set(ROWS) - shown == set()


@pytest.mark.parametrize("row", sweep(ROWS, ROWS[::3].__contains__))
def test_a_wrong_formula_turns_the_row_red(row):
    shown = [fault for fault in REDS if row in REDS[fault] and (fault, row) not in BROKEN]
    fault = min(shown, key=lambda fault: len(REDS[fault]))
    assert failures(fault, [row]) == {row}


@pytest.mark.parametrize("fault", sweep(SUBJECTS, PLAIN.__contains__))
def test_wrong_formula(fault):
    assert failures(fault, BYSTANDERS | REDS[fault]) == REDS[fault]
