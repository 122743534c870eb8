"""The study of growing generators, run as a user runs it, into a fresh folder."""

import contextlib
import io
import json

import pytest

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
    assert "4.6 times lower" in ran[2]


@pytest.mark.exhaustive
def test_rest_points_are_rest_points(ran):
    for along in ran[1]["degrees"].values():
        for name, rest in along["3"].items():
            if rest["settled"]:
                assert rest["force"] < 1e-10
                assert (rest["rates"][0] > 0) == (name != "pass")


@pytest.mark.exhaustive
def test_what_is_pushed_over_the_edge_does_not_settle(ran):
    _, measured, _ = ran
    for degree, states in measured["pushes"].items():
        for state, push in states.items():
            settled = measured["degrees"][degree]["3"][state]["settled"]
            assert settled == (push[-1] > 0)
