"""The reference values against closed forms, and the file against the program that made it."""

from __future__ import annotations

import importlib
import json
import math
import sys
from pathlib import Path

import pytest

mp = pytest.importorskip("mpmath")
HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "data" / "reference.json").read_text())["cases"]


@pytest.fixture(scope="module")
def oracle():
    sys.path.insert(0, str(HERE))
    try:
        yield importlib.import_module("oracle")
    finally:
        sys.path.remove(str(HERE))


def case(data, a, b, latent="N(0, 1)"):
    (found,) = (
        c for c in REFERENCE if (c["data"], c["latent"], c["a"], c["b"]) == (data, latent, a, b)
    )
    return found


def single_normals():
    for c in REFERENCE:
        parts = importlib.import_module("oracle_densities").parse(c["data"])
        if c["latent"] == "N(0, 1)" and len(parts) == 1 and parts[0].kind == "N":
            yield c, mp.mpf(c["b"]), abs(mp.mpf(c["a"])), parts[0].loc, parts[0].scale


def close(measured, exact, tolerance=1e-15):
    return abs(measured - exact) <= tolerance * abs(exact)


def test_resolutions_agree():
    assert len(REFERENCE) >= 60
    assert max(c["agreement"] for c in REFERENCE) < 1e-20


@pytest.mark.usefixtures("oracle")
def test_closed_forms_between_normals():
    seen = 0
    with mp.workdps(60):
        for c, m, s, mean, std in single_normals():
            v, f = c["values"], c["forces"]
            gap2 = (m - mean) ** 2
            forward = mp.log(s / std) + (std**2 + gap2) / (2 * s**2) - mp.mpf(1) / 2
            reverse = mp.log(std / s) + (s**2 + gap2) / (2 * std**2) - mp.mpf(1) / 2
            overlap = mp.sqrt(2 * s * std / (s**2 + std**2))
            overlap *= mp.exp(-gap2 / (4 * (s**2 + std**2)))
            assert close(v["kl_data_generator"], forward)
            assert close(v["kl_generator_data"], reverse)
            assert close(v["hellinger_squared"], 1 - overlap)
            assert close(f["reverse_kl"][1], (mean - m) / std**2)
            assert close(f["forward_kl"][1], (mean - m) / s**2)
            scale = 1e-28 * abs(f["reverse_kl"][1])
            exact = (1 / s - s / std**2) * mp.sign(c["a"])
            assert close(f["reverse_kl"][0], exact) or abs(f["reverse_kl"][0] - exact) < scale
            if "wasserstein2" in v:
                assert close(v["wasserstein2"], mp.sqrt(gap2 + (s - std) ** 2))
                assert close(f["wasserstein2"][1], 2 * (mean - m))
            d = 2 * s**2 - std**2
            pearson = v["chi_squared_data_generator"]
            if d <= 0:
                assert pearson == "inf"
            elif pearson is not None:
                exact = s**2 / (std * mp.sqrt(d)) * mp.exp(gap2 / d) - 1
                assert close(pearson, exact)
            seen += 1
    assert seen >= 10


@pytest.mark.exhaustive
def test_published_values(oracle):
    with mp.workdps(60):
        found = oracle.Game("N(8, 1)", "N(0, 1)", 1.0, 0.0).densities()
        assert close(found["value_gap"] / 2, mp.mpf("9.35351e-5"), 1e-6)
    data = "0.33*N(-1, 0.255) + 0.67*N(2, 1.415)"
    for a, b, name, published in (
        (1.8308, 1.01, "forward_kl", 0.2831),
        (1.6319, 1.5782, "reverse_kl", 0.2480),
    ):
        c = case(data, a, b)
        assert abs(c["potentials"][name] - published) < 4e-4
        assert max(map(abs, c["forces"][name])) < 4e-3


def test_switch_between_narrow_modes_is_seen():
    """Closed form: two far half-lines, and the width 1.7e-5 where the modes change places."""
    found = case("0.5*N(-3, 0.01) + 0.5*N(3, 0.01)", 3.0, 0.0)["values"]["kl_generator_data"]
    with mp.workdps(40):
        s, a = mp.mpf(0.01), 3
        apart = mp.log(2 * s / a) - mp.mpf(1) / 2
        apart += (a**2 + 9 - 6 * a * mp.sqrt(2 / mp.pi)) / (2 * s**2)
        width = s**2 / 6
        switch = mp.pi**2 / 6 * width / (a * mp.sqrt(2 * mp.pi))
        assert close(found, apart - switch, 1e-14)
        assert not close(found, apart, 1e-10)


def test_forces_sum_and_symmetry():
    for c in REFERENCE:
        forces = c["forces"]
        parts = [forces[n] for n in ("saturating", "nonsaturating", "reverse_kl")]
        for s, n, r in zip(*parts, strict=True):
            if all(isinstance(v, float) for v in (s, n, r)):
                assert math.isclose(s + n, r, rel_tol=1e-14, abs_tol=1e-15 * (abs(s) + abs(n)))
        for name, row in c["forces"].items():
            if c["data"] == "0.5*N(-3, 1) + 0.5*N(3, 1)" and c["b"] == 0.0:
                assert row[1] is None or abs(row[1]) < 1e-20, name


@pytest.mark.exhaustive
def test_file_is_what_the_program_makes(oracle):
    wanted = case("N(0, 1)", -1.5, 0.25)
    (row,) = (
        c for c in oracle.cases() if all(c[k] == wanted[k] for k in ("data", "latent", "a", "b"))
    )
    again = oracle.plain(oracle.compute(row | {"extra": False}), "", {})
    for group in ("values", "forces", "potentials"):
        assert again[group].keys() <= wanted[group].keys()
        for name, value in again[group].items():
            pairs = zip(value, wanted[group][name], strict=True) if group == "forces" else None
            for u, v in pairs or [(value, wanted[group][name])]:
                assert u == v or abs(u - v) <= 1e-15 * abs(v) + 1e-40, name
