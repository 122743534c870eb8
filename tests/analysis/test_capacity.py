"""The study of growing generators, run as a user runs it, into a fresh folder."""

import contextlib
import io
import json

import pytest

import gandyn
from analysis import capacity


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The quick run: its folder, what it measured and what it printed."""
    folder = tmp_path_factory.mktemp("capacity")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert capacity.main(["--quick", "--output", str(folder)]) == 0
    return folder, json.loads((folder / "results.json").read_text()), out.getvalue()


def height(found, state):
    return found["pass"]["potential"] - found[state]["potential"]


@pytest.mark.exhaustive
def test_it_leaves_whole_files(ran):
    folder, _, _ = ran
    assert {path.name for path in folder.iterdir()} == {"capacity.png", "results.json"}
    assert (folder / "capacity.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.exhaustive
def test_the_wall_goes_down_and_stays(ran):
    degrees = ran[1]["degrees"]
    # degree 1 is a z + b, whose heights other studies have
    assert height(degrees["1"]["3"], "collapsed") == pytest.approx(0.34472623, abs=1e-8)
    assert height(degrees["1"]["3"], "averaging") == pytest.approx(0.03289884, abs=1e-8)
    assert height(degrees["5"]["3"], "collapsed") == pytest.approx(0.075252836, abs=1e-8)
    assert height(degrees["5"]["3"], "averaging") == pytest.approx(0.018146873, abs=1e-8)
    assert "0.344726 (degree 1), 0.075253 (degree 5)" in ran[2]
    depths = [degrees[degree]["3"]["collapsed"]["potential"] for degree in "1357"]
    assert depths == sorted(depths, reverse=True)


@pytest.mark.exhaustive
def test_rest_points_are_rest_points(ran):
    for degree, along in ran[1]["degrees"].items():
        for name, rest in along["3"].items():
            assert rest["force"] < 1e-10 and 0 <= rest["error"] < 1e-11
            assert (rest["rates"][0] > 0) == (name != "pass")
            game = capacity.separated(3.0, int(degree))
            # A degree of 1 is a plane, (a, b).
            theta = rest["theta"][::-1] if degree == "1" else rest["theta"]
            assert abs(game.force(theta)).max() < 1e-9
            assert game.potential(theta) == pytest.approx(rest["potential"], abs=1e-12)


@pytest.mark.exhaustive
def test_the_first_collapse_is_bracketed(ran):
    low, high = ran[1]["first"]["1"]
    family = gandyn.template("0.5*N(-{m}, 1) + 0.5*N({m}, 1)")
    folds = gandyn.branches(family, (1.5, 3.0)).folds
    assert any(low <= fold.parameter <= high for fold in folds)
    for low, high in ran[1]["first"].values():
        assert 0 < high - low <= 0.1 + 1e-12
