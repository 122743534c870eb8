"""What the landscape's subcommands print and write."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gandyn

DATA = "0.5*N(-3,1)+0.5*N(3,1)"


def strict(text):
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def game():
    return gandyn.Game(gandyn.parse(DATA))


def test_equilibria_json(run, game, tmp_path):
    found = strict(run("equilibria", "--data", DATA, "--json").out)
    expected = gandyn.equilibria(game)
    assert found["complete"] is True
    assert [p["kind"] for p in found["equilibria"]] == [p.kind for p in expected]
    for mine, point in zip(found["equilibria"], expected, strict=True):
        assert (mine["a"], mine["b"], mine["name"]) == (point.a, point.b, point.name)
        assert mine["potential"] == point.potential
        assert mine["eigenvalues"] == point.eigenvalues.tolist()
    assert list(tmp_path.iterdir()) == []


def test_equilibria_in_a_box_draws_a_picture(run, tmp_path):
    ran = run("equilibria", "--data", DATA, "--box", "0.5,2,2,4", "--output", "here.png")
    assert ran.status == 0
    assert "collapsed onto mode 2 of 2" in ran.out and "averages" not in ran.out
    assert (tmp_path / "here.png").read_bytes().startswith(b"\x89PNG")


def test_basins_json_and_labels(run, game, tmp_path):
    ran = run("basins", "--data", DATA, "--grid", "60", "--labels", "map.npz", "--json")
    found = strict(ran.out)
    with np.load(tmp_path / "map.npz") as file:
        labels, a, b = file["labels"], file["a"], file["b"]
    expected = gandyn.basins(game, a, b)
    assert labels.shape == (60, 60)
    assert (labels == expected.labels).all()
    shares = {row["index"]: row["fraction"] for row in found["fractions"]}
    assert shares == expected.fractions
    assert found["unknown"] == expected.unknown


def test_barriers_json(run, game):
    found = strict(run("barriers", "--data", DATA, "--json").out)["barriers"]
    expected = gandyn.barriers(game)
    assert len(found) == 3
    for mine, barrier in zip(found, expected.barriers, strict=True):
        for key, index in (
            ("from", barrier.start), ("to", barrier.end), ("saddle", barrier.saddle)
        ):  # fmt: skip
            point = expected.equilibria[index]
            assert (mine[key]["a"], mine[key]["b"]) == (point.a, point.b)
            assert mine[key]["potential"] == point.potential
        assert mine["height_from"] == barrier.height_from
        assert mine["height_to"] == barrier.height_to
        assert mine["prefactor_from"] == barrier.prefactor_from
        assert mine["prefactor_to"] == barrier.prefactor_to


def test_branches_json(run):
    found = strict(
        run("branches", "--data", "0.5*N(-{s},1)+0.5*N({s},1)", "--vary", "s=1.9:2.6", "--json").out
    )
    assert [f["s"] for f in found["folds"]] == pytest.approx(2 * [2.134202314839812], abs=1e-9)
    assert [f["b"] for f in found["folds"]] == pytest.approx([-1.754515415, 1.754515415], abs=1e-8)
    assert found["branch_points"] == []
    assert [m["s"] for m in found["maxwell"]] == pytest.approx(2 * [2.379547721159018], abs=1e-9)
    assert all(np.ndim(branch["a"]) == 1 for branch in found["branches"])


def test_raster_goes_on_where_it_stopped(run, tmp_path):
    words = (
        "raster", "--vary", "m=1.5:4", "--values", "3", "--starts", "4", "--start", "1,3",
        "--to", "3,0", "--workers", "1", "--labels", "r.npz", "--json",
    )  # fmt: skip
    first, second = run(*words), run(*words)
    assert (first.status, second.status) == (0, 0)
    assert strict(first.out) == strict(second.out)
    ran = run(*words[:2], "m=1.5:5", *words[3:])
    assert ran.status == 2 and "r.npz" in ran.err and ran.err.count("\n") == 1


BAD = [
    (("equilibria", "--box", "0,1,0,1"), ["box", "0,1,0,1"]),
    (("portrait", "--box", "-1,1,0,1"), ["box", "-1,1,0,1"]),
    (("barriers", "--box", "1,2,3"), ["box", "1,2,3"]),
    (("basins", "--grid", "1"), ["grid", "1"]),
    (("basins", "--grid", "x"), ["grid", "x"]),
    (("branches", "--vary", "m=6:0.5"), ["vary", "m=6:0.5"]),
    (("branches", "--vary", "m=1:1"), ["vary", "m=1:1"]),
    (("branches", "--vary", "w=1:2"), ["w", "m"]),
    (("branches", "--data", "N({x},1)", "--vary", "m=1:2"), ["x", "m"]),
    (("branches", "--data", "N({m},1)*2", "--vary", "m=1:2"), ["data", "column"]),
    (
        ("branches", "--data", "{m}*N(0,1)+(1-{m})*N(1,1)", "--vary", "m=0.5:1.5"),
        ["weights", "1.5"],
    ),
    (("diagram", "--vary", "m=1:2"), ["vary"]),
    (("diagram", "--vary", "m=1:2", "--vary", "w=0.5:1.2"), ["weights", "w = 1.2"]),
    (("diagram", "--output", "a.txt"), ["output", "a.txt"]),
    (("barriers", "--latent", "U(-1,1)"), ["without jumps"]),
]


@pytest.mark.parametrize(("argv", "words"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_bad_input_is_one_line_and_status_2(run, tmp_path, argv, words):
    ran = run(*argv)
    assert ran.status == 2 and ran.out == ""
    assert ran.err.startswith("gandyn: error: ") and ran.err.count("\n") == 1
    for word in words:
        assert word in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", ["equilibria", "portrait", "basins", "barriers", "branches", "diagram", "raster"]
)
def test_help_has_an_example(run, command):
    ran = run(command, "--help")
    assert ran.status == 0
    assert f"example:\n  gandyn {command}" in ran.out and "--json" in ran.out
