"""Sums in four interleaved parts: what is called settled is, and the error claimed is above it."""

import numpy as np
import pytest

from gandyn.engine.parts import CLOSE, CONSISTENT, QUICK, left_over, settled

RULES = {"quick": QUICK, "close": CLOSE, "consistent": CONSISTENT}


def sums(spacing, pole, shift, order=1):
    """Of ∫ (1 + (x/d)²)^−order e^(−x²/2) dx by nodes that are shifted: parts, size and ends."""
    last = 4 * int(np.ceil(3.0 / spacing))
    x = spacing * (np.arange(-last, last) + shift)
    values = spacing * np.exp(-0.5 * x * x) / (1.0 + (x / pole) ** 2) ** order
    return [values[k::4].sum() for k in range(4)], values.sum(), max(values[0], values[-1])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("pole", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("rule", RULES)
def test_what_has_settled_is_within_its_error(rule, pole, order):
    exact = sums(0.025 * min(pole, 1.0), pole, 0.0, order)[1]
    if order == 1 and pole == 1.0:
        # ∫ e^(−x²/2)/(1 + x²) dx = π √e erfc(1/√2)
        assert exact == pytest.approx(np.pi * np.exp(0.5) * 0.31731050786291404, rel=1e-14)
    good = 0
    for spacing in pole * np.geomspace(0.06, 1.0, 25):
        for shift in (0.0, 0.13, 0.25, 0.5, 0.77):
            parts, size, ends = sums(spacing, pole, shift, order)
            if settled(parts, size, ends, RULES[rule]):
                good += 1
                assert abs(sum(parts) - exact) <= left_over(parts, size, ends)
                assert abs(sum(parts) - exact) <= 3e-14 * exact
    assert good >= 10


@pytest.mark.parametrize("pole", [0.3, 1.0])
def test_the_error_claimed_holds_before_it_has_settled(pole):
    exact = sums(0.025 * pole, pole, 0.0)[1]
    errors = []
    for spacing in pole * np.geomspace(0.1, 1.0, 40):
        parts, size, ends = sums(spacing, pole, 0.0)
        errors.append(abs(sum(parts) - exact) / exact)
        assert errors[-1] <= left_over(parts, size, ends) / exact
    assert max(errors) > 1e-4


def test_a_phase_cannot_hide_the_error():
    """Where even and odd nodes agree by chance, the quarters do not."""
    for phase in range(2):
        parts = np.full(4, 0.25)
        parts[phase] += 1e-3
        parts[phase + 2] -= 1e-3
        assert not any(settled(parts, 1.0, 0.0, rule) for rule in RULES.values())


def test_what_ends_beyond_the_window_has_not_settled():
    parts = [0.25] * 4
    assert settled(parts, 1.0, 1e-14, CLOSE) and not settled(parts, 1.0, 1e-12, CLOSE)
    assert left_over(parts, 1.0, 1e-12) >= 1e-12


def test_floats_and_arrays_are_judged_alike():
    rng = np.random.default_rng(2)
    parts = 0.25 + rng.normal(0.0, 1.0, (4, 50)) * 10.0 ** rng.uniform(-12, -3, 50)
    size, ends = np.full(50, 1.0), 10.0 ** rng.uniform(-18, -12, 50)
    for rule in RULES.values():
        together = settled(parts, size, ends, rule)
        alone = [settled(parts[:, k].tolist(), 1.0, ends[k].item(), rule) for k in range(50)]
        assert together.tolist() == alone
        assert 0 < sum(alone) < 50
    errors = left_over(parts, size, ends)
    alone = [left_over(parts[:, k].tolist(), 1.0, ends[k].item()) for k in range(50)]
    assert errors == pytest.approx(alone, rel=1e-13)
