"""The quick run of the phase diagrams, as a user starts it, and the rows of the benchmark."""

import contextlib
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest

import gandyn
from analysis import _benchmark_landscape as landscape
from analysis import phase_diagrams
from analysis._timing import printed

LEFT, RIGHT = "collapsed onto mode 1 of 2", "collapsed onto mode 2 of 2"
DATA = "0.5*N(-3, 1) + 0.5*N(3, 1)"


WHOLE = pytest.mark.exhaustive
CAPTIONS = {
    "separation_weight.png": "cusps at (m, w) = (1.751, 0.290) (non-saturating)",
    "symmetric_branches.png": "appears at m = 2.1342 (non-saturating), 2.4122 (reverse KL)",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The quick run: its folder and the lines that it printed."""
    folder = tmp_path_factory.mktemp("diagrams")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert phase_diagrams.main(["--quick", "--output", str(folder)]) == 0
    return folder, out.getvalue().splitlines()


@pytest.fixture
def found(ran):
    """The numbers of the quick run."""
    return json.loads((ran[0] / "phase_diagrams.json").read_text())


@WHOLE
def test_whole_files_and_captions(ran):
    folder, lines = ran
    assert {path.name for path in folder.iterdir()} == {*CAPTIONS, "phase_diagrams.json"}
    for name, said in CAPTIONS.items():
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
        (line,) = [line for line in lines if line.startswith(f"{folder / name}: ")]
        assert said in line


@WHOLE
@pytest.mark.parametrize(
    ("objective", "fold", "maxwell"),
    [("nonsaturating", 2.134202314840, 2.379547721), ("reverse_kl", 2.412229718013, 2.800082218)],
)
def test_two_equal_modes(found, objective, fold, maxwell):
    ours = found["branches"][objective]
    assert [each["m"] for each in ours["folds"]] == pytest.approx([fold] * 2, abs=1e-9)
    assert [each["m"] for each in ours["maxwell"]] == pytest.approx([maxwell] * 2, abs=1e-8)
    left, right = (np.array(each["theta"]) for each in ours["folds"])
    assert left == pytest.approx(right * [1, -1], abs=1e-7)


def test_attractors_on_both_sides_of_a_fold():
    family = gandyn.template(phase_diagrams.SYMMETRIC)
    around = (family(m=2.134202314840 + off) for off in (-1e-3, 1e-3))
    assert [len(gandyn.equilibria(game).attractors) for game in around] == [1, 3]


@WHOLE
def test_the_cusp_is_a_degenerate_rest_point(found):
    (cusp,) = found["separation_weight"]["nonsaturating"]["cusps"]
    assert (cusp["x"], cusp["y"]) == pytest.approx((1.75100233, 0.29000896), abs=1e-6)
    family = gandyn.template(phase_diagrams.WEIGHT.text)
    game = family(m=cusp["x"], w=cusp["y"])
    assert np.abs(game.force(cusp["theta"])).max() < 1e-8
    assert np.abs(np.linalg.eigvals(game.jacobian(cusp["theta"]))).min() < 1e-7


@WHOLE
def test_regions(found):
    regions = found["separation_weight"]["nonsaturating"]["regions"]
    assert len(regions) == 7
    assert sum(region["share"] for region in regions) == pytest.approx(1, abs=5e-3)
    kinds = {tuple(sorted(region["attractors"])) for region in regions}
    averaging = "averages all modes"
    assert {(LEFT, RIGHT), (averaging, LEFT, RIGHT), (averaging, RIGHT)} <= kinds


@pytest.mark.parametrize(
    ("attractors", "name", "deepest"),
    [
        (["averages all modes"], "one state", "the only state"),
        ([RIGHT], "one state", "the only state"),
        ([RIGHT, "averages all modes", LEFT], "A L R", RIGHT),
        (["fits the only mode", LEFT], "A L", "averages all modes"),
        ([LEFT, LEFT, RIGHT], "A L R", LEFT),
        (["covers modes 1–2", "averages all modes"], "? A", "covers modes 1–2"),
    ],
)
def test_letters_of_a_region(attractors, name, deepest):
    region = gandyn.landscape.Region("", tuple(attractors), 0.0, 0.0, 1.0)
    found = phase_diagrams._lettered(region)
    assert (found.name, found.attractors) == (name, (deepest,))


def test_the_caption_tells_every_objective():
    points = [SimpleNamespace(parameter=m) for m in (2.5, 2.5 + 1e-12, 3.0)]
    branches = {
        "nonsaturating": SimpleNamespace(folds=points, maxwell=points[2:]),
        "hellinger": SimpleNamespace(folds=points[:1], maxwell=[]),
    }
    assert phase_diagrams.symmetric(branches) == (
        "for two equal modes collapse appears at m = 2.5000/3.0000 (non-saturating), "
        "2.5000 (Hellinger) and is as deep as averaging at m = 3.0000 (non-saturating), "
        "none (Hellinger)"
    )


def test_a_diagram_that_may_be_incomplete_is_exit_status_1(tmp_path, monkeypatch):
    found = SimpleNamespace(status=1, folds=(), maxwell=())
    monkeypatch.setattr(
        phase_diagrams, "compute", lambda *_: {"branches": {"hellinger": found}, "none": {}}
    )
    monkeypatch.setattr(phase_diagrams, "QUICK", SimpleNamespace(name="none"))
    monkeypatch.setattr(phase_diagrams, "draw_plane", lambda *_: None)
    monkeypatch.setattr(phase_diagrams, "draw_symmetric", lambda *_: None)
    assert phase_diagrams.main(["--quick", "--output", str(tmp_path)]) == 1


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    assert phase_diagrams.main(["--quick", "--output", str(tmp_path / "file" / "below")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("--output: got ") and "must be a folder" in err
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.exhaustive
def test_rows_of_a_basin_map():
    rows = landscape.basin_map(1, 100, 50)
    assert [row.at_most for row in rows] == [False, True, True]
    assert rows[2].ratio == 0 and "of 100 integrated" in rows[2].detail
    lines = printed(rows).splitlines()
    assert len(lines) == 2 + 3 + 1 + 3


@pytest.mark.exhaustive
def test_a_wrong_map_is_told():
    game = gandyn.Game(gandyn.parse(DATA))
    drawn = gandyn.basins(game, np.linspace(0.5, 4.0, 60), np.linspace(-5.0, 5.0, 60))
    low = next(k for k, point in enumerate(drawn.equilibria) if point.kind == "attractor")
    wrong = SimpleNamespace(**{**vars(drawn), "labels": np.full_like(drawn.labels, low)})
    assert landscape._differing(drawn, 40, np.random.default_rng(0)) == (80, 0)
    # No border then: only cells anywhere, of which those that average are called wrong.
    count, differing = landscape._differing(wrong, 40, np.random.default_rng(0))
    assert count == 40 and 15 <= differing <= 35


def test_newton_from_everywhere_finds_the_rest_points():
    game = gandyn.Game(gandyn.parse(DATA))
    found = gandyn.equilibria(game)
    ends = landscape.newton_from_everywhere(game, found.box, 12)
    assert len(ends) == len(found) == 5
    for end in ends:
        assert np.abs(found.theta - end).max(axis=1).min() < 1e-5
