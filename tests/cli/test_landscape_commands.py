"""The subcommands of the landscape: their JSON is the library's, their files are whole."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

import gandyn
from gandyn.errors import InputError
from gandyn.landscape.basin_map import basins
from gandyn.landscape.bifurcations import branches
from gandyn.landscape.census import equilibria
from gandyn.landscape.curves import Curve, Cusp
from gandyn.landscape.diagram import PhaseDiagram, Region
from gandyn.landscape.family import template
from gandyn.landscape.manifolds import separatrices
from gandyn.landscape.mountain_passes import barriers
from gandyn.landscape.raster_map import raster
from gandyn.system.results import plain
from gandyn.system.text import table
from gandyn.views.passes import direct_barriers, tree_and_paths
from gandyn.views.plane import equilibria_across, window
from tests.strict_json import strict
from tests.sweeps import sweep

TWO = "0.33*N(-1, 0.255) + 0.67*N(2, 1.415)"
FAMILY = "0.5*N(-{m}, 1) + 0.5*N({m}, 1)"
PNG = b"\x89PNG"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def game():
    return gandyn.Game(gandyn.parse(TWO))


@pytest.fixture
def rough(monkeypatch):
    """Pictures of few nodes; the calls that drew them."""
    calls = []

    def figure(*arguments, **options):
        calls.append((arguments, options))
        return drawn(*arguments, **options | {"nodes": 9})

    from gandyn.views import plane

    drawn = plane.portrait
    monkeypatch.setattr("gandyn.views.plane.portrait", figure)
    return calls


def test_equilibria_json(run, tmp_path, game):
    ran = run("equilibria", "--data", TWO, "--json")
    found, expected = strict(ran.out), equilibria(game)
    assert ran.status == 0 and list(tmp_path.iterdir()) == []
    assert list(found) == ["equilibria", "complete", "winding", "box", "status", "message"]
    assert found["complete"] is True
    assert (found["winding"], found["status"]) == (expected.winding, 0)
    assert found["box"] == list(expected.box)
    assert found["message"] == expected.message
    assert len(found["equilibria"]) == len(expected) == 3
    keys = ["a", "b", "kind", "potential", "eigenvalues", "name", "error", "index"]
    for entry, point in zip(found["equilibria"], expected, strict=True):
        assert list(entry)[: len(keys)] == keys
        for key in set(keys) - {"eigenvalues"}:
            assert entry[key] == getattr(point, key)
        assert entry["eigenvalues"] == point.eigenvalues.tolist()


def test_complex_eigenvalues_are_pairs():
    assert plain(np.array([-1.0, 2.0])) == [-1.0, 2.0]
    assert plain(np.array([-1 - 2j, -1 + 2j])) == [[-1.0, -2.0], [-1.0, 2.0]]


def test_a_list_that_may_not_be_complete_is_status_1(run):
    ran = run("equilibria", "--box", "1,4,0,5", "--json")
    found = strict(ran.out)
    assert (ran.status, found["status"], found["winding"]) == (1, -1, None)
    assert not found["complete"]


def test_equilibria_as_a_table_and_a_portrait(run, tmp_path, rough):
    ran = run("equilibria", "--data", TWO, "--output", "new/")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert [line.split()[:2] for line in lines if " attractor " in line] == [
        ["1", "attractor"],
        ["2", "attractor"],
    ]
    assert "collapsed onto mode 1 of 2" in ran.out and "winding number" in ran.out
    assert "wrote new/equilibria.png" in lines
    assert names(tmp_path / "new") == ["equilibria.png"]
    assert (tmp_path / "new" / "equilibria.png").read_bytes().startswith(PNG)


@pytest.mark.exhaustive
def test_portrait_json(run, tmp_path, game):
    ran = run("portrait", "--data", TWO, "--json")
    found, expected = strict(ran.out), separatrices(game)
    assert ran.status == 0 and list(tmp_path.iterdir()) == []
    assert [entry["a"] for entry in found["equilibria"]] == [p.a for p in expected.equilibria]
    assert len(found["separatrices"]) == len(expected.curves) == 4
    for entry, curve in zip(found["separatrices"], expected.curves, strict=True):
        assert (entry["saddle"], entry["stable"], entry["end"]) == (
            curve.saddle,
            curve.stable,
            curve.end,
        )
        assert np.array_equal(np.transpose([entry["a"], entry["b"]]), curve.theta)


@pytest.mark.exhaustive
def test_the_box_of_a_portrait_is_what_it_shows(run, tmp_path, rough):
    ran = run("portrait", "--data", TWO, "--box", "0.05,7,-4,9", "--output", "wide.svg")
    assert ran.status == 0 and names(tmp_path) == ["wide.svg"]
    (arguments, _) = rough[0]
    assert arguments[0] == (0.05, 7.0, -4.0, 9.0)
    # The separatrices go on to the borders of what is shown.
    low, high = (np.array(arguments[1].equilibria.box)[k] for k in ([0, 2], [1, 3]))
    assert np.all(low <= [0.05, -4]) and np.all(high >= [7, 9])


def test_windows(game):
    found = equilibria(game)
    box = window(found)
    for point in found:
        assert box[0] < point.a < box[1] and box[2] < point.b < box[3]
    assert box[1] < 0.5 * found.box[1]
    path = np.array([[1.0, 0.0], [4.0, 6.0]])
    grown = window(found, path)
    assert grown[1] > 4.0 and grown[3] > 6.0 and grown[0] == box[0]
    # Neither the way to a = 0 nor that to infinity is followed for good.
    far = window(found, np.array([[1e-14, 0.0], [1e9, 1e9], [-1.0, 0.0]]))
    assert far == box
    assert equilibria_across(game, (1.0, 2.0, 0.0, 1.0)).box == found.box


@pytest.fixture
def small_basins(run, rough):
    return run("basins", "--data", TWO, "--grid", "60", "--box", "0.1,2,-2,3")


def test_basins_and_their_file(small_basins, tmp_path, game):
    ran = small_basins
    expected = basins(game, np.linspace(0.1, 2, 60), np.linspace(-2, 3, 60))
    assert ran.status == 0 and names(tmp_path) == ["basins.npz", "basins.png"]
    with np.load(tmp_path / "basins.npz") as file:
        assert np.array_equal(file["labels"], expected.labels)
        assert np.array_equal(file["a"], expected.a) and np.array_equal(file["b"], expected.b)
        assert file["attractors"].tolist() == list(expected.fractions)
        assert np.array_equal(file["theta"], expected.equilibria.theta[list(expected.fractions)])
        assert file["names"].tolist() == [p.name for p in expected.equilibria.attractors]
    for fraction in expected.fractions.values():
        assert f"{fraction:.4%}" in ran.out
    assert "0.0000% unknown" in ran.out


def test_basins_json(run, tmp_path, game):
    ran = run("basins", "--data", TWO, "--grid", "50", "--box", "0.1,2,-2,3", "--json")
    found = strict(ran.out)
    expected = basins(game, np.linspace(0.1, 2, 50), np.linspace(-2, 3, 50))
    assert ran.status == 0 and list(tmp_path.iterdir()) == []
    assert found["unknown"] == expected.unknown
    assert found["fractions"] == [
        {"index": k, "name": p.name, "a": p.a, "b": p.b, "fraction": expected.fractions[k]}
        for k, p in enumerate(expected.equilibria)
        if p.kind == "attractor"
    ]
    assert found["box"] == [0.1, 2.0, -2.0, 3.0]


def test_labels_without_a_picture(run, tmp_path):
    ran = run(
        "basins", "--data", TWO, "--grid", "20", "--box", "0.1,2,-2,3", "--json",
        "--labels", "deep/of/two.NPZ",
    )  # fmt: skip
    assert strict(ran.out)["labels"] == "deep/of/two.NPZ"
    assert names(tmp_path / "deep" / "of") == ["two.NPZ"]


@pytest.mark.exhaustive
def test_labels_are_whole_or_not_there(run, tmp_path, monkeypatch, rough):
    def broken(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez_compressed", broken)
    ran = run("basins", "--data", TWO, "--grid", "20", "--output", "new/")
    assert (ran.status, ran.err) == (1, "gandyn: error: No space left on device\n")
    assert list(tmp_path.iterdir()) == []


def test_a_map_that_the_memory_does_not_hold(run, tmp_path, monkeypatch):
    monkeypatch.setattr("gandyn.system.memory.free_memory", lambda: 1e9)
    ran = run("basins", "--grid", "20000", "--box", "0.1,2,-2,3")
    assert ran.status == 2 and "grid: got 20000, which takes 17.9 GiB of memory, must" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.exhaustive
def test_barriers_json(run, tmp_path, game):
    ran = run("barriers", "--data", TWO, "--json")
    found, expected = strict(ran.out), barriers(game)
    assert ran.status == 0 and list(tmp_path.iterdir()) == []
    ((entry,), (barrier,)) = found["barriers"], expected.barriers
    for key, index in (("from", "start"), ("to", "end"), ("saddle", "saddle")):
        k = getattr(barrier, index)
        point = expected.equilibria[k]
        assert entry[key] == {
            "index": k, "a": point.a, "b": point.b, "potential": point.potential,
            "name": point.name,
        }  # fmt: skip
    for key in ("height_from", "height_to", "prefactor_from", "prefactor_to", "error"):
        assert entry[key] == getattr(barrier, key)
    assert np.array_equal(np.transpose([entry["path"]["a"], entry["path"]["b"]]), barrier.path)
    assert found["tree"] == [
        {"saddle": 1, "potential": expected.tree[0].potential, "left": [0], "right": [2]}
    ]
    assert len(found["equilibria"]) == 3


def test_barriers_as_a_table_and_a_tree(run, tmp_path):
    ran = run("barriers", "--data", TWO)
    assert ran.status == 0 and names(tmp_path) == ["barriers.png"]
    (row,) = [line for line in ran.out.splitlines() if line.startswith("1 to 2")]
    assert "(0.657432, -0.607646)" in row and "0.1089665514" in row and "0.4114782385" in row


@pytest.mark.exhaustive
def test_only_neighbours_have_a_path_of_their_own():
    found = barriers(gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")))
    assert [(b.start, b.end) for b in found.barriers] == [(0, 2), (0, 4), (2, 4)]
    assert [(b.start, b.end) for b in direct_barriers(found)] == [(0, 2), (2, 4)]


@pytest.mark.exhaustive
def test_what_is_infinite_has_no_tree(game):
    found = barriers(game)
    points = tuple(replace(point, potential=np.inf) for point in found.equilibria)
    found = replace(found, equilibria=replace(found.equilibria, points=points))
    with pytest.raises(InputError, match="infinite"):
        tree_and_paths(found)


@pytest.fixture(scope="module")
def followed():
    return branches(template(FAMILY), (2.0, 2.5))


@pytest.fixture
def once(followed, monkeypatch):
    """Branches that are followed once for all tests, which see that they are asked for."""

    def same(family, interval, progress):
        assert (family, interval) == (template(FAMILY), (2.0, 2.5))
        return followed

    monkeypatch.setattr(gandyn.landscape, "branches", same)


def test_branches_json_and_picture(run, tmp_path, once, followed):
    ran = run("branches", "--vary", "m=2:2.5", "--json", "--output", "b.png")
    found, expected = strict(ran.out), followed
    assert ran.status == 0 and names(tmp_path) == ["b.png"]
    assert len(expected.folds) == len(expected.maxwell) == 2
    for key in ("folds", "branch_points", "maxwell"):
        assert len(found[key]) == len(getattr(expected, key))
        for entry, point in zip(found[key], getattr(expected, key), strict=True):
            assert entry["m"] == entry["parameter"] == point.parameter
            assert entry["potential"] == point.potential
            assert entry["a"] == point.theta[..., 0].tolist()
            assert entry["b"] == point.theta[..., 1].tolist()
    assert found["folds"][0]["m"] == pytest.approx(2.1342023, abs=1e-6)
    assert all(len(entry["a"]) == 2 for entry in found["maxwell"])
    for entry, branch in zip(found["branches"], expected.branches, strict=True):
        assert set(entry) == {"parameter", "a", "b", "kind", "potential"}
        assert entry["parameter"] == branch.parameter.tolist()
        assert entry["kind"] == branch.kind.tolist()
        assert entry["potential"] == branch.potential.tolist()


@pytest.mark.exhaustive
@pytest.mark.parametrize("made_up", [True, False])
def test_a_parameter_may_be_called_a(run, tmp_path, monkeypatch, followed, made_up):
    text = FAMILY.replace("m", "a")
    if made_up:
        module, there = import_module("gandyn.landscape.bifurcations"), replace(followed, name="a")
        monkeypatch.setattr(module, "branches", lambda family, interval, progress: there)
    found = strict(run("branches", "--data", text, "--vary", "a=2.1:2.2", "--json").out)
    fold = found["folds"][0]
    assert fold["parameter"] == pytest.approx(2.1342023, abs=1e-6)
    assert fold["a"] == pytest.approx(1.3262451, abs=1e-6)


def test_branches_as_a_table(run, tmp_path, once):
    ran = run("branches", "--vary", "m=2:2.5")
    assert ran.status == 0 and names(tmp_path) == ["branches.png"]
    events = [line.split()[1] for line in ran.out.splitlines() if line.strip().startswith("2.")]
    assert events.count("fold") == events.count("Maxwell") == 2


def test_interrupted_branches_leave_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr("gandyn.cli.command.progress_bar", impatient(3))
    ran = run("branches", "--vary", "m=2:2.5", "--output", "new/")
    assert (ran.status, ran.out, ran.err) == (130, "", "gandyn: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def cusp(monkeypatch):
    """A diagram in the place of the one that takes a minute; what it was asked for."""
    asked = []
    theta = np.array([1.0, 0.5])
    fold = Curve("fold", np.array([0.6, 0.8]), np.array([0.3, 0.4]), np.array([[1, 2], [3, 4.0]]))
    deep = ("averages all modes", "collapsed onto mode 1 of 2")
    regions = (
        Region("averaging only", deep[:1], 0.6, 0.5, 0.75),
        Region("averaging, collapse onto 1; averaging deepest", deep, 0.8, 0.6, 0.25),
    )

    def diagram(family, x, y, progress=None):
        progress(0.5, "curves")
        asked.append((family, x, y))
        nodes = np.linspace(0, 1, 20)
        labels = (nodes[:, None] + nodes > 1.4).astype(int)
        ends = (x[1:], y[1:])
        axes = [low + (high - low) * nodes for low, high in ends]
        cusps = (Cusp(0.7, 0.4, theta),)
        return PhaseDiagram(x[0], y[0], *ends, (fold,), cusps, regions, *axes, labels, 0, "fine")

    monkeypatch.setattr(gandyn.landscape, "phase_diagram", diagram)
    return asked


def test_a_diagram(run, tmp_path, cusp):
    ran = run("diagram", "--vary", "w=0.1:0.9", "--vary", "m=0.2:4")
    assert ran.status == 0 and names(tmp_path) == ["diagram.png"]
    ((family, *axes),) = cusp
    assert axes == [("w", 0.1, 0.9), ("m", 0.2, 4.0)]
    assert family == template("{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)")
    assert "cusp at w = 0.7, m = 0.4" in ran.out and "75.00%" in ran.out and "fine" in ran.out


def test_diagram_json(run, tmp_path, cusp):
    found = strict(run("diagram", "--json").out)
    assert list(tmp_path.iterdir()) == []
    assert found["x"] == {"name": "m", "low": 0.5, "high": 6.0}
    assert found["curves"] == [
        {
            "m": [0.6, 0.8], "w": [0.3, 0.4], "x": [0.6, 0.8], "y": [0.3, 0.4],
            "a": [1.0, 3.0], "b": [2.0, 4.0], "kind": "fold",
        }
    ]  # fmt: skip
    assert found["cusps"] == [{"m": 0.7, "w": 0.4, "x": 0.7, "y": 0.4, "a": 1.0, "b": 0.5}]
    assert found["regions"][1]["attractors"] == [
        "averages all modes",
        "collapsed onto mode 1 of 2",
    ]
    assert found["regions"][1]["m"] == 0.8 and found["status"] == 0


RASTER = ("raster", "--vary", "m=1.5:4", "--values", "3", "--starts", "4", "--workers", "1")


def impatient(most):
    """A progress bar for someone who presses Ctrl-C when told for the `most`-th time."""

    @contextmanager
    def bar(what):
        told = []

        def tell(fraction, name=""):
            told.append(fraction)
            if len(told) == most:
                raise KeyboardInterrupt

        yield tell

    return bar


def expected_raster():
    return raster(
        template(FAMILY),
        np.linspace(1.5, 4, 3),
        np.linspace([1, -6], [1, 6], 4),
        workers=1,
    )


@pytest.mark.exhaustive
def test_raster_json_and_file(run, tmp_path):
    ran = run(*RASTER, "--json")
    found, expected = strict(ran.out), expected_raster()
    assert ran.status == 0 and names(tmp_path) == ["raster.npz"]
    assert found["labels"] == expected.labels.tolist()
    assert found["names"] == list(expected.names)
    assert found["values"] == [1.5, 2.75, 4.0]
    assert found["starts"] == {"a": [1.0] * 4, "b": [-6.0, -2.0, 2.0, 6.0]}
    assert found["final"]["b"] == expected.final[..., 1].tolist()
    assert found["done"] == [True] * 3 and found["file"] == "raster.npz"
    with np.load(tmp_path / "raster.npz") as file:
        assert np.array_equal(file["labels"], expected.labels)


def test_raster_goes_on_where_it_was_interrupted(run, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("gandyn.cli.command.progress_bar", impatient(1))
        ran = run(*RASTER)
    assert ran.status == 130
    assert ran.err == (
        "gandyn: interrupted: 1 of 3 values done, kept in raster.npz; "
        "the same command goes on from there\n"
    )
    assert "call again to go on" in ran.out
    assert names(tmp_path) == ["raster.npz", "raster.png"]
    with np.load(tmp_path / "raster.npz") as file:
        assert file["done"].sum() == 1
    ran = run(*RASTER, "--json")
    assert ran.status == 0
    assert strict(ran.out)["labels"] == expected_raster().labels.tolist()


def test_a_finished_raster_is_only_read(run, tmp_path, monkeypatch):
    assert run(*RASTER, "--json").status == 0
    monkeypatch.setattr(import_module("gandyn.landscape.raster_map"), "_ends", None)
    ran = run(*RASTER, "--output", "again.svg")
    assert ran.status == 0 and "3 of 3 values done" in ran.out
    assert names(tmp_path) == ["again.svg", "raster.npz"]


def test_a_raster_of_other_settings_is_refused(run, tmp_path):
    assert run(*RASTER, "--json").status == 0
    before = (tmp_path / "raster.npz").read_bytes()
    ran = run(*RASTER, "--to", "1,5")
    assert ran.status == 2 and ran.err.count("\n") == 1
    assert ran.err.startswith("gandyn: error: labels: got 'raster.npz', which differs in starts")
    assert names(tmp_path) == ["raster.npz"]
    assert (tmp_path / "raster.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("start", "to", "label"),
    sweep(
        [
            ("1,6", "1,-6", "b (place) of the start, a = 1"),
            ("0.5,1", "3,1", "a (scale) of the start, b = 1"),
            ("1,-2", "2,2", "b (place) of the start, on the line from (1, -2) to (2, 2)"),
        ],
        lambda case: case[0] == "1,6",
    ),
)
def test_lines_of_starts(run, tmp_path, monkeypatch, start, to, label):
    drawn = []

    def draw(ax, values, starts, outcome, labels, *, done, xlabel, ylabel):
        drawn.append((starts, outcome, ylabel))
        assert (xlabel, labels[-1]) == ("m", "no known attractor")

    monkeypatch.setattr("gandyn.plots.draw_raster", draw)
    ran = run(*RASTER, "--start", start, "--to", to)
    ((starts, outcome, ylabel),) = drawn
    assert ran.status == 0 and ylabel == label
    assert np.all(np.diff(starts) > 0)
    with np.load(tmp_path / "raster.npz") as file:
        step = 1 if start != "1,6" else -1
        assert np.array_equal(outcome, file["labels"][:, ::step])


@pytest.mark.exhaustive
def test_ctrl_c_in_the_terminal(start, tmp_path):
    argv = [*RASTER[:3], "--values", "2000", "--starts", "20", "--workers", "2"]
    child = start(*argv, cwd=tmp_path, start_new_session=True)
    file = tmp_path / "raster.npz"
    end = time.monotonic() + 120
    while time.monotonic() < end:
        time.sleep(0.2)
        if file.exists():
            with np.load(file) as held:
                if held["done"].any():
                    break
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"the same command goes on from there" in err and b"Traceback" not in err
    with np.load(file) as held:
        assert 0 < held["done"].sum() < 2000
    assert names(tmp_path) == ["raster.npz", "raster.png"]


def test_tables():
    shown = table(["", "x", "name"], [["1", 0.25, "one"], ["", -3.0, ""]])
    assert shown == "      x  name\n1  0.25  one\n     -3"


def test_lost_results_are_status_1(run, monkeypatch):
    lost = SimpleNamespace(success=False, as_dict=dict)
    monkeypatch.setattr(gandyn.landscape, "branches", lambda *arguments, **options: lost)
    assert run("branches", "--json").status == 1
