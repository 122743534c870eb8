"""Every claim holds, for more than one battery, and as strict JSON."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from gandyn.errors import InputError
from gandyn.theory import Claim, Subject, Verification, verify
from gandyn.theory.battery import Battery
from gandyn.theory.claim import at_least, at_most, between, equal, symbolic, zero
from gandyn.theory.formulas import ALPHAS
from gandyn.theory.verification import all_rows

THIRD = [row.name for row in all_rows()][::3]
"""Asked in the plain run; the sweeps ask all for other seeds, and `gandyn verify` does."""


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def verification(told):
    return verify(only=THIRD, progress=lambda *step: told.append(step))


def test_every_claim_holds(verification):
    assert [claim.name for claim in verification.claims if not claim.passed] == []
    assert verification.passed


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [1, 20260101])
def test_every_claim_holds_for_other_games(seed):
    found = verify(seed)
    assert [claim.name for claim in found.claims if not claim.passed] == []


def test_progress_is_told(verification, told):
    steps = told
    total = len(verification.claims)
    assert [step[0] for step in steps] == [k / total for k in range(total + 1)]
    assert [step[1] for step in steps[:-1]] == [claim.name for claim in verification.claims]


def test_strict_json(verification):
    table = json.loads(json.dumps(verification.as_dict(), allow_nan=False))
    assert len(table["claims"]) == len(verification.claims)
    for row in table["claims"]:
        assert {"claim", "expected", "measured", "tolerance", "passed"} <= set(row)
        assert isinstance(row["passed"], bool)
        assert isinstance(row["tolerance"], float)
        assert len(str(row["expected"])) < 150 and len(str(row["measured"])) < 150


def test_names_and_sentences_are_unique(verification):
    for field in ("name", "claim"):
        entries = [getattr(claim, field) for claim in verification.claims]
        assert len(set(entries)) == len(entries)
    assert all(claim.derivation for claim in verification.claims)


def test_every_claim_states_its_source(verification):
    """A paper and its year, or that it is the program's own."""
    own = r"derived here|textbook|the engine's promise|40-digit quadrature"
    for claim in verification.claims:
        assert re.search(rf"\b(19|20)\d\d\b|{own}", claim.source), claim.name


def test_the_same_seed_gives_the_same_table():
    only = ["value-is-jsd", "discriminator-pointwise"]
    assert verify(3, only=only) == verify(3, only=reversed(only))
    assert verify(3, only=only) != verify(4, only=only)


@pytest.mark.parametrize("seed", range(3))
def test_the_battery_reaches_narrow_modes_and_every_kind_of_alpha(seed):
    battery = Battery(seed)
    widths = [np.asarray(case.data.landmarks)[:, 1] for case in battery.smooth]
    assert min(width.min() / width.max() for width in widths) < 1e-3
    finite = [np.asarray(case.data.landmarks)[:, 1] for case in battery.finite]
    assert min(width.min() / width.max() for width in finite) < 1e-2
    alphas = [float(a) for a in ALPHAS]
    assert min(alphas) < -1 and max(alphas) > 2 and any(0 < a < 1 for a in alphas)


def test_the_battery_holds_both_regimes():
    battery = Battery(0)
    ratios = [abs(case.thetas[:, 0]) / case.data.std for case in battery.all]
    assert min(map(np.min, ratios)) < 0.7 and max(map(np.max, ratios)) > 1.9
    assert any((case.thetas[:, 0] < 0).any() for case in battery.all)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True])
def test_wrong_seed(seed):
    with pytest.raises(InputError, match="seed: got"):
        verify(seed)


def test_unknown_name():
    with pytest.raises(InputError, match="only: got 'nonsense'"):
        verify(only=["nonsense"])


def test_verdicts():
    assert zero(1e-12, 1e-11).passed and not zero(1e-10, 1e-11).passed
    assert equal(2, 2 + 1e-12, 1e-11).passed and not equal(2, 2.1, 1e-11).passed
    assert at_least(1, 1.1).passed and not at_least(1, 0.9).passed
    assert at_most(1, 0.9).passed and not at_most(1, 1.1).passed
    assert between(0, 1, [0.2, 0.9]).passed and not between(0, 1, [0.2, 1.1]).passed
    assert between(0, 1, [-1e-9, 0.9], 1e-8).passed and not between(0, 1, [0.2, 1.1], 0.01).passed
    assert symbolic((1, 1)).passed and not symbolic((1, 2)).passed


def test_nan_never_passes():
    nan = float("nan")
    outcomes = (zero(nan, 1), equal(1, nan, 1), at_least(0, nan), at_most(0, nan))
    assert not any(outcome.passed for outcome in outcomes)
    assert not between(0, 1, [0.5, nan]).passed
    row = Claim("n", "a claim", float("inf"), nan, 0.0, False)
    table = Verification((row,), False).as_dict()
    assert json.dumps(table, allow_nan=False)
    assert table["claims"][0]["expected"] == "inf"


def test_a_claim_that_cannot_be_computed_has_failed():
    def broken(game):
        raise ValueError("no such thing")

    subject = replace(Subject.public(), distances=lambda p, q: broken(p))
    found = verify(subject=subject, only=["normal-jsd"])
    assert not found.passed
    assert found.claims[0].measured == "ValueError: no such thing"
