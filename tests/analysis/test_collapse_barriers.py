"""The study of barriers, run as a user runs it, into a fresh folder."""

import contextlib
import io
import json
import math

import numpy as np
import pytest

import gandyn
from analysis import collapse_barriers
from analysis._jumps import smallest_jump
from analysis._options import Options
from analysis._walls import WAIT, separated, threshold, walls

WHOLE = pytest.mark.exhaustive
FIGURES = {
    "barriers.png": "from m = 2.134",
    "noise.png": "Eyring and Kramers",
    "trees.png": "non-saturating 0.34472623 and 0.03289884; saturating 0.01464561 and 0.18597845",
    "width_and_weight.png": "(Jeffreys: none)",
    "moved_mode.png": "assumed: modes N(−3, 1) and N(r, 1)",
    "moved_mode_plane.png": "passes the start (1, 0)",
    "steps.png": "times 2/|λ|",
}

# Folds and points of equal depth of these objectives, by `gandyn.branches`.
FOLDS = {
    "nonsaturating": 2.134202314839833,
    "reverse_kl": 2.412229718012820,
    "saturating": 2.756840950675150,
    "hellinger": 3.071712268551462,
    "jeffreys": 5.940812015742064,
}
EVEN = {
    "nonsaturating": 2.379547721159018,
    "reverse_kl": 2.800082217583240,
    "saturating": 4.244711042589818,
    "hellinger": 4.741417121856220,
    "jeffreys": 6.525469059386587,
}

# Out of collapse and out of averaging at m = 3.
HEIGHTS = {
    "nonsaturating": (0.34472623235, 0.03289883666),
    "reverse_kl": (0.28320893267, 0.13135649725),
    "saturating": (0.0146456066, 0.1859784545),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The quick run: its folder, what it measured and the lines that it printed."""
    folder = tmp_path_factory.mktemp("barriers")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert collapse_barriers.main(["--quick", "--output", str(folder)]) == 0
    return folder, json.loads((folder / "results.json").read_text()), out.getvalue().splitlines()


@pytest.fixture(scope="module")
def objectives(ran):
    """What was measured, by objective."""
    return ran[1]["objectives"]


def at(found, m, what):
    return found[what][found["m"].index(m)]


@WHOLE
def test_it_leaves_whole_files(ran):
    folder, _, lines = ran
    assert {path.name for path in folder.iterdir()} == {*FIGURES, "results.json"}
    for name, said in FIGURES.items():
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
        [caption] = [line for line in lines if line.startswith(f"{folder / name}: ")]
        assert said in caption


@WHOLE
def test_barriers_appear_where_branches_fold(objectives):
    for name, found in objectives.items():
        assert found["fold"] == pytest.approx(FOLDS[name], rel=0, abs=1e-4)
        assert found["even"] == pytest.approx(EVEN[name], rel=0, abs=2e-3)
    order = sorted(objectives, key=lambda name: objectives[name]["fold"])
    assert order == [name for name in FOLDS if name in objectives]


@WHOLE
def test_heights_at_three(objectives):
    for name in HEIGHTS.keys() & objectives.keys():
        out, back = HEIGHTS[name]
        assert at(objectives[name], 3.0, "out_of_collapse") == pytest.approx(out, rel=1e-9)
        assert at(objectives[name], 3.0, "out_of_averaging") == pytest.approx(back, rel=1e-9)


@pytest.mark.exhaustive
def test_trees_against_walls(tmp_path):
    found = collapse_barriers.draw_trees(Options(True, tmp_path))
    for name, pair in found["heights"].items():
        assert pair == pytest.approx(HEIGHTS[name], rel=1e-9)
    assert found["off"] < 1e-10  # `gandyn.barriers` against neighbouring rest points
    assert (tmp_path / "trees.png").read_bytes().startswith(b"\x89PNG")


@WHOLE
def test_where_there_is_no_barrier_there_is_no_number(objectives):
    for name in {"hellinger", "jeffreys"} & objectives.keys():
        assert 3.0 not in objectives[name]["m"]
    jeffreys = objectives["jeffreys"]["weight"]
    assert set(jeffreys["out_of_collapse"]) == {None} and jeffreys["least"] is None
    for found in objectives.values():
        assert min(found["out_of_collapse"]) > 0


@WHOLE
def test_every_objective_is_measured_and_forward_kl_has_no_wall(ran):
    assert ran[1]["objectives"].keys() == FOLDS.keys()
    assert ran[1]["attractors_of_forward_kl"] == [1, 1]


@WHOLE
def test_the_nonsaturating_loss_locks_hardest(objectives):
    for m in (3.0, 4.0, 6.0, 8.0):
        for name, found in objectives.items():
            if name == "nonsaturating" or m not in found["m"]:
                continue
            for what in ("out_of_collapse", "noise_of_collapse"):
                unit = found["curvature"] if what == "out_of_collapse" else 1.0
                own = 0.5 if what == "out_of_collapse" else 1.0
                assert at(objectives["nonsaturating"], m, what) / own > at(found, m, what) / unit


@WHOLE
def test_heights_depend_on_distance_over_width(objectives):
    for found in objectives.values():
        assert found["width"]["off_scaling"] < 1e-12
        assert np.all(np.diff(found["width"]["s"]) > 0)
        assert np.all(np.diff(found["width"]["out_of_collapse"]) < 0)


@WHOLE
def test_least_weights(objectives):
    known = {"nonsaturating": 0.0323, "reverse_kl": 0.0591, "saturating": 0.3247}
    for name in objectives.keys() - {"jeffreys"}:
        weight = (known | {"hellinger": 0.5587})[name]
        assert objectives[name]["weight"]["least"] == pytest.approx(weight, abs=0.01)


@WHOLE
def test_the_moved_mode(ran):
    moved = ran[1]["moved_mode"]
    assert moved["edge"] == pytest.approx(4.07187, abs=2e-3)
    assert moved["wall_from_start"] < 1e-3
    assert moved["ends"][0] == pytest.approx([2.68122799, 0.0], abs=1e-4)  # near: averages
    assert moved["ends"][-1] == pytest.approx([1.0, -3.0], abs=1e-4)  # far: collapses
    assert moved["out_of_collapse"][-1] == pytest.approx(0.7523, abs=2e-3)
    assert 1.0 < moved["far_jump"] / moved["far_limit"] < 1.1


@WHOLE
def test_steps_that_jump(objectives):
    for found in objectives.values():
        steps = {key: np.array(row, dtype=float) for key, row in found["steps"].items()}
        assert np.all(steps["jump"] > 0.999 * steps["limit"])
        assert np.all(steps["jump"] < 2.6 * steps["limit"])
    # The highest wall is jumped with the smallest step.
    last = {name: found["steps"]["jump"][-1] for name, found in objectives.items()}
    assert min(last, key=last.get) == "nonsaturating"


def test_noise_solves_the_law_of_eyring_and_kramers():
    game = separated("nonsaturating")(m=3.0)
    out, _, back = gandyn.barriers(game).barriers
    for noise, height, prefactor in (
        (walls(game).noise[0], out.height_from, out.prefactor_from),
        (walls(game).noise[1], back.height_from, 2.0 * back.prefactor_from),  # to both sides
    ):
        rate = prefactor * math.exp(-height / (0.5 * noise))
        assert rate == pytest.approx(0.5 / WAIT, rel=1e-6)


def test_a_step_that_jumps_ends_elsewhere_and_a_shorter_one_does_not():
    game = separated("saturating")(m=3.0)
    rest = walls(game).found[0]
    start = rest.theta + np.array([1e-3, 0.0])
    jump = smallest_jump(game, rest, start, 200, 0.98)
    limit = gandyn.stability_limit(game, rest.theta)
    assert 1.4 * limit < jump < 1.8 * limit
    for factor, stays in ((0.97, True), (1.01, False)):
        last = gandyn.iterate(game, start, factor * jump, 400).theta[-1]
        end = gandyn.gradient_flow(game, np.abs(last) * [1, np.sign(last[1])], (0, 1e5)).theta[-1]
        assert (np.abs(end - rest.theta).max() < 1e-3) == stays
    assert math.isnan(smallest_jump(game, rest, np.array([3.0, 0.0]), 100, 0.98))


def test_thresholds_are_found_from_either_side():
    assert threshold(lambda x: x > 2.0, 0.0, 10.0, 1e-6) == pytest.approx(2.0, abs=1e-6)
    assert threshold(lambda x: x < 2.0, 10.0, 0.0, 1e-6) == pytest.approx(2.0, abs=1e-6)


@WHOLE
def test_what_is_printed(ran):
    lines = ran[2]
    assert lines[2].split()[0] == "non-saturating"
    assert float(lines[2].split()[2]) == pytest.approx(FOLDS["nonsaturating"], abs=1e-4)
    at_three = next(line for line in lines[8:] if line.startswith("Hellinger"))
    assert at_three.split()[1] == "none"
    hardest, order = lines[-3:-1]
    assert "by height over f''(1) non-saturating; by noise over f''(1) non-saturating" in hardest
    assert order.endswith("forward KL never locks")


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    assert collapse_barriers.main(["--quick", "--output", str(tmp_path / "file" / "below")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("--output: got ")
