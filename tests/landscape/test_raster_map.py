"""Rasters: the ends of flows, and that workers, interruptions and files change nothing of them."""

import importlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gandyn
from gandyn.errors import InputError
from gandyn.landscape.census import equilibria
from gandyn.landscape.family import template
from gandyn.landscape.raster_map import raster
from tests.sweeps import sweep

TWO = "0.5*N(-{m}, 1) + 0.5*N({m}, 1)"
FAMILY = template(TWO)
VALUES = [0.5, 2.0, 3.0, 4.5]
STARTS = np.stack([np.full(6, 1.0), [-4.0, -1.0, -0.2, 0.3, 2.0, 5.0]], axis=1)


@pytest.fixture(scope="module")
def plain():
    return raster(FAMILY, VALUES, STARTS, workers=1)


def stop_after(count):
    """A progress that is interrupted when told for the count-th time."""
    told = []

    def progress(fraction, text):
        told.append(fraction)
        if len(told) == count:
            raise KeyboardInterrupt

    return progress


def assert_same(one, other):
    assert one.names == other.names
    for name in ("values", "starts", "done", "labels", "final"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def two_modes(m):
    return FAMILY(m=m)


def deadly(m):
    if multiprocessing.parent_process() is not None and m > 1:
        os._exit(1)
    return FAMILY(m=m)


def test_ends_are_those_of_the_flows(plain):
    assert plain.status == 0 and plain.done.all()
    assert plain.message == "4 of 4 values done"
    assert plain.names == tuple(sorted(plain.names))
    assert set(plain.labels.ravel()) == set(range(len(plain.names)))
    for k, value in enumerate(VALUES):
        game = FAMILY(m=value)
        attractors = equilibria(game).attractors
        flow = gandyn.gradient_flow(game, STARTS, (0, np.inf))
        np.testing.assert_allclose(plain.final[k], flow.theta[:, -1], rtol=1e-5, atol=1e-6)
        for s, end in enumerate(flow.theta[:, -1]):
            apart = [np.hypot(*(point.theta - end)) for point in attractors]
            assert min(apart) < 1e-5
            assert plain.names[plain.labels[k, s]] == attractors[int(np.argmin(apart))].name


def test_what_ends_at_no_attractor_has_no_name():
    saddle = equilibria(FAMILY(m=3.0)).saddles[0].theta
    found = raster(FAMILY, [3.0], [saddle, [1.0, 3.0]], workers=1)
    assert found.labels.tolist() == [[-1, 0]]
    assert found.names == ("collapsed onto mode 2 of 2",)
    np.testing.assert_allclose(found.final[0, 0], saddle, rtol=1e-6)
    assert found.status == 0 and "flows to no known attractor: 1" in found.message


def test_two_workers_find_the_same_bits(plain):
    told = []
    found = raster(FAMILY, VALUES, STARTS, workers=2, progress=lambda *args: told.append(args))
    assert_same(found, plain)
    assert found.message == plain.message
    assert [fraction for fraction, _ in told] == [0.25, 0.5, 0.75, 1.0]
    assert sorted(text for _, text in told) == [f"value {value:g}" for value in VALUES]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", sweep([1, 2], lambda workers: workers == 2))
@pytest.mark.exhaustive
def test_an_interruption_keeps_what_is_done_and_the_file_goes_on(plain, tmp_path, workers):
    path = tmp_path / "raster.npz"
    part = raster(FAMILY, VALUES, STARTS, path, workers, stop_after(2))
    assert (part.status, part.done.sum()) == (-1, 2)
    assert part.message == "2 of 4 values done; interrupted; call again to go on"
    assert not multiprocessing.active_children()
    assert np.isnan(part.final[~part.done]).all() and (part.labels[~part.done] == -1).all()
    assert np.array_equal(part.final[part.done], plain.final[part.done])
    told = []
    whole = raster(FAMILY, VALUES, STARTS, path, 1, lambda fraction, text: told.append(fraction))
    assert_same(whole, plain)
    assert told == [0.75, 1.0] and whole.status == 0
    assert [file.name for file in tmp_path.iterdir()] == ["raster.npz"]


@pytest.mark.exhaustive
def test_a_whole_file_is_not_worked_on_again(plain, tmp_path, monkeypatch):
    path = tmp_path / "raster.npz"
    raster(FAMILY, VALUES, STARTS, path, 1)
    monkeypatch.setattr(importlib.import_module("gandyn.landscape.raster_map"), "_ends", None)
    assert_same(raster(FAMILY, VALUES, STARTS, path), plain)
    with np.load(path) as file:
        assert file["names"].tolist() == list(plain.names)
        assert np.array_equal(file["labels"], plain.labels)
        assert {"values", "starts", "final", "done", "family", "objective", "latent"} <= {*file}


def test_an_interruption_leaves_what_is_done(monkeypatch):
    def interrupted(found, theta):
        raise KeyboardInterrupt

    module = importlib.import_module("gandyn.landscape.raster_map")
    monkeypatch.setattr(module, "attractors_reached", interrupted)
    found = raster(FAMILY, VALUES, STARTS, workers=1)
    assert found.status == -1 and not found.done.any() and found.names == ()
    assert found.message == "0 of 4 values done; interrupted; with a path, it could go on"


@pytest.mark.exhaustive
def test_an_error_midway_leaves_a_file_that_goes_on(plain, tmp_path):
    path = tmp_path / "raster.npz"
    holes = [3.0]

    def family(m):
        return None if m in holes else FAMILY(m=m)

    with pytest.raises(InputError, match=r"family: got None at 3, must give a Game"):
        raster(family, VALUES, STARTS, path)
    with np.load(path) as file:
        assert file["done"].tolist() == [True, True, False, False]
    holes.clear()
    assert_same(raster(family, VALUES, STARTS, path), plain)


def test_a_worker_that_dies_is_told_and_the_rest_is_kept(tmp_path):
    found = raster(deadly, [0.5, 4.0, 4.5], STARTS, tmp_path / "raster.npz", 2)
    assert found.status == -1 and not found.done[1:].any()
    assert "a process died: short of memory, or no `if __name__" in found.message
    assert not multiprocessing.active_children()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_to_a_script_and_its_workers(tmp_path):
    script = tmp_path / "script.py"  # without a guard: a template needs none
    script.write_text(
        "import numpy as np, gandyn\n"
        "from gandyn.landscape.raster_map import raster\n"
        f"family = gandyn.template({TWO!r})\n"
        "tell = lambda fraction, text: print(text, flush=True)\n"
        "found = raster(family, np.linspace(1, 4, 500), [[1, 2]], None, 2, tell)\n"
        "print(found.status, found.done.any(), found.message)\n"
    )
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    search = os.pathsep.join([str(Path(gandyn.__file__).parents[1]), *sys.path])
    with subprocess.Popen(
        [sys.executable, script],
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": search},
        **streams,
    ) as process:
        assert process.stdout.readline().startswith("value ")
        os.killpg(process.pid, signal.SIGINT)
        said, complaint = process.communicate(timeout=100)
    assert complaint == "" and process.returncode == 0
    assert re.match(r"-1 True \d+ of 500 values done; interrupted; with a", said.splitlines()[-1])


def test_a_file_cut_short_or_of_another_kind_is_refused_and_left(tmp_path):
    path = tmp_path / "raster.npz"
    raster(FAMILY, VALUES[:1], STARTS, path, 1)
    whole = path.read_bytes()
    flipped = whole.replace(STARTS.tobytes(), (-STARTS).tobytes())
    cuts = [whole[:end] for end in (0, 40, len(whole) // 2, -30, -1)]
    for held in (*cuts, b"m = 3", flipped):
        path.write_bytes(held)
        with pytest.raises(InputError) as caught:
            raster(FAMILY, VALUES[:1], STARTS, path, 1)
        assert str(caught.value) == (
            f"path: got {str(path)!r}, not a whole raster (cut short?); "
            "give another path or delete the file"
        )
        assert path.read_bytes() == held
    np.save(tmp_path / "one.npy", np.zeros(3))
    path.write_bytes((tmp_path / "one.npy").read_bytes())
    with pytest.raises(InputError, match="not a whole raster"):
        raster(FAMILY, VALUES[:1], STARTS, path, 1)


def test_a_file_of_other_settings_is_refused_and_left(tmp_path):
    path = tmp_path / "raster.npz"
    raster(two_modes, [1.0], STARTS, path, 1)
    held = path.read_bytes()
    cases = {
        "family": (FAMILY, [1.0], STARTS),
        "values": (two_modes, [1.5], STARTS),
        "starts": (two_modes, [1.0], STARTS[:2]),
    }
    for differs, arguments in cases.items():
        with pytest.raises(InputError) as caught:
            raster(*arguments, path, 1)
        why, advice = str(caught.value).split("; ")
        told = f"path: got {str(path)!r}, which differs in {differs}"
        assert why.startswith(told) and why[len(told) :][:2] in ("", ": ")
        assert advice == "give another path or delete the file"
        assert path.read_bytes() == held
    raster(FAMILY, [1.0], STARTS, tmp_path / "text.npz", 1)
    for other in ({"objective": "reverse_kl"}, {"latent": "N(0, 2)"}):
        with pytest.raises(InputError, match=f"differs in {next(iter(other))}: .* there"):
            raster(template(TWO, **other), [1.0], STARTS, tmp_path / "text.npz", 1)


def test_families_of_one_name_are_told_apart(tmp_path):
    families = [lambda m, std=std: gandyn.Game(gandyn.Normal(m, std)) for std in (1.0, 2.0)]
    raster(families[0], [1.0], STARTS, tmp_path / "raster.npz")
    with pytest.raises(InputError, match="which differs in force;"):
        raster(families[1], [1.0], STARTS, tmp_path / "raster.npz")


@pytest.mark.exhaustive
def test_a_family_that_cannot_be_sent_works_here(plain):
    found = raster(lambda m: FAMILY(m=m), VALUES, STARTS, workers=2)
    assert_same(found, plain)
    assert found.message == (
        "4 of 4 values done; in this process, as the family cannot be sent to another"
    )


@pytest.mark.parametrize(
    "change, message",
    [
        ({"family": 3}, "family: got 3, must be a template of one name, or a function"),
        (
            {"family": template("N({m}, {s})")},
            "family: got 'N({m}, {s})', must be a template of one name, or a function",
        ),
        ({"family": lambda m: m}, "family: got 0.5 at 0.5, must give a Game"),
        ({"family": template("N(0, 4 - {m})")}, "std: got -0.5, must be a positive finite number"),
        ({"family": template("N(0, {m})"), "values": [-1, 1]}, "std: got -1"),
        ({"values": []}, "values: got [], must be one or more rising numbers"),
        ({"values": [1, 1]}, "values: got [1.0, 1.0], must be one or more rising numbers"),
        ({"values": [1, np.nan]}, "values: got nan at index 1, must be finite numbers"),
        ({"values": "m"}, "values: got 'm', must be a list of finite numbers"),
        ({"starts": [1, 2]}, "starts: got [1, 2], must be (a, b) with a ≠ 0, shape (n, 2)"),
        ({"starts": [[1, 2], [0, 2]]}, "starts: got [[1, 2], [0, 2]], must be (a, b) with a ≠ 0"),
        ({"starts": [[1, np.inf]]}, "starts: got [[1, inf]], must be"),
        ({"starts": "ab"}, "starts: got 'ab', must be"),
        ({"starts": []}, "starts: got [], must be"),
        ({"workers": 0}, "workers: got 0, must be a whole number, 1 or more"),
        ({"workers": 1.5}, "workers: got 1.5, must be a whole number, 1 or more"),
        ({"workers": True}, "workers: got True, must be a whole number, 1 or more"),
        ({"path": 3}, "path: got 3, must end in .npz, in a folder that exists"),
        ({"path": "raster.txt"}, "path: got 'raster.txt', must end in .npz, in a folder"),
        ({"path": "none/x.npz"}, "path: got 'none/x.npz', must end in .npz, in a folder"),
    ],
)
def test_what_is_no_input(change, message):
    arguments = {"family": FAMILY, "values": VALUES, "starts": STARTS} | change
    with pytest.raises(InputError, match=re.escape(message)):
        raster(**arguments)


@pytest.mark.exhaustive
def test_flows_end_at_the_attractors_that_equilibria_finds():
    rng = np.random.default_rng(5)
    values = np.sort(rng.uniform(1.0, 6.0, 8))
    starts = np.stack([rng.uniform(0.2, 4.0, 12), rng.uniform(-7.0, 7.0, 12)], axis=1)
    made = raster(FAMILY, values, starts, workers=1)
    for value, labels, final in zip(values, made.labels, made.final, strict=True):
        attractors = equilibria(FAMILY(m=value)).attractors
        for label, theta in zip(labels, final, strict=True):
            (one,) = [p for p in attractors if np.abs(p.theta - theta).max() < 1e-6]
            assert one.name == made.names[label]
