"""Every continuous law of scipy.stats, against its shift, mirrored and in other units."""

import numpy as np
import pytest
import scipy.stats as st

import gandyn
from analysis import laws
from analysis.laws import QUICK, Row, row
from tests.sweeps import sweep

EVERY = list(laws.laws(quick=False))
every = sweep(EVERY, lambda case: case in list(laws.laws(quick=True)))


@pytest.mark.parametrize(("name", "shapes"), every)
def test_a_law_against_its_shift(name, shapes):
    """W₁ and W₂ are the shift; the JSD is that of another quadrature."""
    found = row(name, shapes)
    assert found.right and found.converged, found


@pytest.mark.parametrize(("name", "shapes"), every)
def test_a_law_in_other_units_and_swapped(name, shapes):
    family = getattr(st, name)
    law = gandyn.from_scipy(family(*shapes))
    apart = float(law.ppf(0.75) - law.ppf(0.25)) / 2
    plain = gandyn.distances(law, gandyn.from_scipy(family(*shapes, loc=apart)))
    pair = [gandyn.from_scipy(family(*shapes, loc=1e3 * k, scale=1e3)) for k in (1.0, 1.0 + apart)]
    wide = gandyn.distances(*pair)
    swapped = gandyn.distances(gandyn.from_scipy(family(*shapes, loc=apart)), law)
    for one, other in (
        (plain.jsd, wide.jsd),
        (plain.jsd, swapped.jsd),
        (plain.kl_pq, swapped.kl_qp),
    ):
        allowed = 1e-9 + 1e2 * max(plain.errors["jsd"], wide.errors["jsd"])
        assert one == other or abs(one - other) <= allowed * max(1.0, one)
    assert wide.wasserstein1 == pytest.approx(1e3 * apart, rel=1e-8)


@pytest.mark.parametrize(("name", "shapes"), every)
def test_quantiles_are_those_of_the_masses(name, shapes):
    law = gandyn.from_scipy(getattr(st, name)(*shapes))
    q = np.array([1e-12, 1e-6, 0.01, 0.3, 0.5])
    for tail, quantile in ((law.cdf, law.ppf), (law.sf, law.isf)):
        x = quantile(q)
        assert np.isfinite(x).all()
        # the rounding of x moves a mass by this much
        moved = 4e-16 * np.abs(x) * np.minimum(law.pdf(x), 1e300)
        near = np.abs(x[:, None] - law.breaks).min(axis=1, initial=np.inf) <= 1e-6 * np.abs(x)
        assert (np.abs(tail(x) - q) <= 1e-9 * q + moved)[~near].all()


def test_a_row_that_is_wrong_is_seen(tmp_path, monkeypatch, capsys):
    good = row(QUICK[0], ())
    assert good.right
    for field in ("first", "second", "jsd_off"):
        assert not Row(**{**vars(good), field: 1e-6}).right
    assert not Row(**{**vars(good), "seconds": 3.1}).right
    monkeypatch.setattr(laws, "QUICK", ("norm",))
    monkeypatch.setattr(laws, "divergence", lambda law, shift: 0.06)
    assert laws.main(["--quick", "--output", str(tmp_path)]) == 1
    assert "1 laws, 1 not right" in capsys.readouterr().out
