"""Both studies, run as a user runs them, into a fresh folder."""

import json
import math

import pytest

from analysis import divergence_fits, verify_theory

PUBLISHED = {
    "forward_kl": (0.2831, 1.0100, 1.8308),
    "reverse_kl": (0.2480, 1.5782, 1.6319),
    "saturating": (0.1280, 1.3070, 1.7542),
    "jeffreys": (0.5705, 1.3218, 1.7034),
    "pearson": (0.6457, 0.5737, 1.9274),
}

FIGURES = {
    "generator_losses.png": "4.54e-05 of log(1 − D) and 0.99995 of −log D",
    "vanishing_gradients.png": "the non-saturating one is 60.800",
    "jsd_distance_noise.png": "log 2 − JSD is 3.93e-12 at Δ = 14",
    "two_kls.png": "0.00 ± 4.123 (√17 = 4.123), reverse KL at 4.000 ± 1.001",
    "goodfellow_figure_1.png": "D* is from ½",
    "pixelwise_loss.png": "on the mean",
    "finite_steps.png": "steps settle up to 2/rate = 0.50",
}


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """The quick run: its exit status, its folder and what it measured."""
    folder = tmp_path_factory.mktemp("fits")
    status = divergence_fits.main(["--quick", "--output", str(folder)])
    return status, folder, json.loads((folder / "results.json").read_text())


def test_fits_reproduce_the_published_table(fits):
    status, _, measured = fits
    assert status == 0
    assert measured["passed"] and measured["largest_difference"] <= 4e-4
    found = {fit["objective"]: fit for fit in measured["fits"]}
    assert found.keys() == PUBLISHED.keys()
    for name, published in PUBLISHED.items():
        assert found[name]["found"] == pytest.approx(published, rel=0, abs=4e-4)
        assert tuple(found[name]["published"]) == published
        assert found[name]["passed"]


def test_fits_are_exact_where_there_is_a_closed_form(fits):
    found = {fit["objective"]: fit for fit in fits[2]["fits"]}["forward_kl"]
    mean = 0.33 * -1 + 0.67 * 2
    variance = 0.33 * (1 + 0.255**2) + 0.67 * (4 + 1.415**2) - mean**2
    for ours, exact, error in zip(
        found["found"][1:], (mean, math.sqrt(variance)), found["error"][1:], strict=True
    ):
        assert abs(ours - exact) <= max(3 * error, 1e-14)
        assert error < 1e-10


def test_fits_agree_with_an_optimizer_that_sees_the_potential_only(fits):
    for fit in fits[2]["fits"]:
        assert 0 < fit["crosscheck"] < 2e-6


def test_fits_leave_whole_files(fits):
    names = sorted(path.name for path in fits[1].iterdir())
    assert names == ["divergence_fits.png", "results.json"]


def test_the_printed_table_shows_both_numbers(fits):
    rows = [divergence_fits.Fit(**fit) for fit in fits[2]["fits"]]
    lines = divergence_fits.fits_table(rows).splitlines()
    assert len(lines) == 2 + 15
    for line, fit, k in zip(
        lines[2:], [r for r in rows for _ in range(3)], [0, 1, 2] * 5, strict=True
    ):
        assert f"{fit.published[k]:.4f}" in line
        assert f"{fit.found[k]:.12f}" in line


def test_a_missed_number_is_exit_status_1(tmp_path, capsys, monkeypatch):
    wrong = {"reverse_kl": ("reverse KL", 0.2480, 1.5782 + 1e-3, 1.6319)}
    monkeypatch.setattr(divergence_fits, "PUBLISHED", wrong)
    assert divergence_fits.main(["--quick", "--output", str(tmp_path)]) == 1
    assert "1 of the published numbers missed by more than 4e-4" in capsys.readouterr().out
    assert json.loads((tmp_path / "results.json").read_text())["passed"] is False


@pytest.mark.exhaustive
def test_theory_figures_and_their_numbers(tmp_path, capsys):
    assert verify_theory.main(["--quick", "--output", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == FIGURES.keys()
    for path in tmp_path.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
    lines = capsys.readouterr().out.splitlines()
    for line, (name, said) in zip(lines, FIGURES.items(), strict=False):
        assert line.startswith(f"{tmp_path / name}: ")
        assert said in line


@pytest.mark.parametrize("study", [divergence_fits, verify_theory])
def test_a_folder_that_cannot_be_made(study, tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    assert study.main(["--quick", "--output", str(tmp_path / "file" / "below")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("--output: got ") and "must be a folder" in err
    assert (tmp_path / "file").read_text() == "kept"
