"""Hostile words, places and environments: one line and a status, and nothing half-written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import gandyn
from gandyn.cli import main
from tests.strict_json import strict

posix = pytest.mark.skipif(os.name != "posix", reason="devices and signals of POSIX")
NINES = "9" * 5000
SMALL = ("--discriminator", "8,8", "--steps", "60", "--record-every", "20")


def refused(run, *argv):
    """The one printable line with which a command line is refused."""
    ran = run(*argv)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("gandyn: error: ") and ran.err.endswith("\n")
    assert ran.err[:-1].isprintable() and len(ran.err) < 700
    return ran.err


COUNTS = [
    *[("train", name) for name in ("batch", "steps", "k", "generator-steps", "record-every")],
    *[("train", name) for name in ("seed", "replicas", "workers", "discriminator", "generator")],
    *[("raster", name) for name in ("values", "starts", "workers")],
    ("basins", "grid"),
    ("verify", "seed"),
]


@pytest.mark.parametrize(("command", "name"), COUNTS, ids=lambda value: value)
@pytest.mark.parametrize("text", [NINES, "9" * 30, "1_0", "١٢", "²", "1e3", "0x10", "1.0", "--"])
def test_counts_of_any_length_and_script(run, command, name, text):
    assert refused(run, command, f"--{name}={text}").startswith(f"gandyn: error: {name}: got '")


def test_zeros_before_a_count_are_nothing(run):
    found = strict(run("train", *SMALL, "--seed", "0" * 5000 + "5", "--json").out)
    assert found["seed"] == 5


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("train", "--batch", "1000000000"), "batch"),
        (("compare", "--batch", "1000000000", "--discriminator", "optimal"), "batch"),
        (("train", "--discriminator", "1000000,1000000"), "discriminator"),
        (("train", "--generator", "1000000,1000000"), "generator"),
        (("train", "--replicas", "10000000"), "replicas"),
        (("train", "--steps", "1000000000", "--record-every", "1"), "record_every"),
        (("raster", "--values", "100000", "--starts", "100000"), "values"),
        (("basins", "--grid", "20000"), "grid"),
    ],
)
def test_work_beyond_the_memory_is_refused_before_it_starts(run, tmp_path, monkeypatch, argv, name):
    monkeypatch.setattr("gandyn.system.memory.free_memory", lambda: 2.0**33)
    monkeypatch.setattr("gandyn.montecarlo.room.free_memory", lambda: 2.0**33)
    line = refused(run, *argv)
    assert line.startswith(f"gandyn: error: {name}: got ")
    assert "of memory, must take no more than the 8 GiB that are free" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("evaluate", "--theta=5e-324,0"), "theta"),
        (("evaluate", "--theta=1,1e308"), "theta"),
        (("evaluate", "--theta=1" + "0" * 400 + ",0"), "theta"),
        (("flow", "--start=1e308,0"), "theta"),
        (("evaluate", "--theta=1,0", "--data", "N(1e308, 1e308)"), "data"),
        (("evaluate", "--theta=1,0", "--data", "N(1e300, 1)"), "data"),
        (("evaluate", "--theta=1,0", "--data", "T(1e-300, 0, 1)"), "data"),
        (("evaluate", "--theta=1,0", "--data", "N(0, 5e-324)"), "data"),
        (("evaluate", "--theta=1,0", "--data", "N(1e20, 1)"), "data"),
        (("evaluate", "--theta=1,0", "--latent", "Laplace(0, 1e308)"), "latent"),
        (("basins", "--box", "1e308,1.7e308,0,1"), "box"),
        (("branches", "--data", "N(1, {m})", "--vary", "m=1e-300:1e300"), "data"),
    ],
)
def test_numbers_that_cannot_be_computed_with(run, tmp_path, argv, name):
    assert refused(run, *argv).startswith(f"gandyn: error: {name}: got ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "argv",
    [
        ("evaluate", "--theta", "1,0.5", "--data", "T(0.1, 0, 1)"),
        ("evaluate", "--theta", "1e-49,0"),
        ("evaluate", "--theta", "1,1e49"),
        ("evaluate", "--theta=1,0", "--data", "5e-324*(0.5*N(0,1)+0.5*N(1,1))+1*N(2,1)"),
        ("evaluate", "--theta=1,0", "--data", "0.5*N(0, 1e-45) + 0.5*N(1, 1e45)"),
        ("flow", "--t-end", "5e-324"),
        ("flow", "--t-end", "1e-300", "--start", "1e-30,0"),
    ],
)
def test_numbers_at_the_edge_of_what_can_be(run, argv):
    ran = run(*argv)
    assert ran.status in (0, 1) and ran.err == "" and ran.out


def test_a_value_that_is_not_what_it_should_be_is_status_1(run):
    ran = run("evaluate", "--theta", "1,0.5", "--data", "T(0.1, 0, 1)", "--json")
    assert strict(ran.out)["status"] == -1
    assert ran.status == 1
    assert run("evaluate", "--theta", "1,0.5").status == 0


# -- files


@posix
@pytest.mark.parametrize("command", ["evaluate", "branches", "train"])
@pytest.mark.parametrize("path", ["pipe", "/dev/zero", "/dev/full", "/dev/stdin", "/proc/self/mem"])
def test_data_from_what_is_no_file(run, tmp_path, monkeypatch, command, path):
    os.mkfifo(tmp_path / "pipe")
    theta = ("--theta", "1,0.5") if command == "evaluate" else ()
    law = f"0.5*samples:{path} + 0.5*N({{m}}, 1)" if command == "branches" else f"samples:{path}"
    assert "samples: " in refused(run, command, *theta, "--data", law)


@posix
@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("flow", "--t-end", "1", "--output", "pipe.png"), "output"),
        (("flow", "--t-end", "1", "--animate", "pipe.gif"), "animate"),
        (("basins", "--labels", "pipe.npz"), "labels"),
        (("raster", "--labels", "pipe.npz"), "labels"),
        (("train", *SMALL, "--checkpoint", "pipe.npz"), "checkpoint"),
        (("train", *SMALL, "--resume", "pipe.npz"), "resume"),
    ],
)
def test_pipes_and_devices_in_the_place_of_files(run, tmp_path, argv, name):
    pipe = tmp_path / argv[-1]
    os.mkfifo(pipe)
    assert refused(run, *argv).startswith(f"gandyn: error: {name}: got '{argv[-1]}', a pipe")
    pipe.unlink()
    pipe.symlink_to("/dev/full")
    assert refused(run, *argv).startswith(f"gandyn: error: {name}: got '{argv[-1]}', a device")
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("path", ["x" * 300 + ".png", "a\0b.png", "x" * 5000 + "/a.png"])
def test_what_is_no_path(run, tmp_path, path):
    assert refused(run, "flow", "--t-end", "1", "--output", path).startswith("gandyn: error: outp")
    assert list(tmp_path.iterdir()) == []


# -- checkpoints


@pytest.fixture
def trained(run, tmp_path):
    """A finished run and its command."""
    words = ("train", "--data", "N(4,1.25)", *SMALL, "--checkpoint", "run.npz", "--json")
    return words, run(*words), tmp_path / "run.npz"


def test_a_run_that_is_repeated_goes_on_from_its_checkpoint(run, trained):
    words, first, path = trained
    before = path.read_bytes()
    assert run(*words).out == first.out
    assert path.read_bytes() == before


def test_the_checkpoint_of_another_run_is_replaced_where_that_is_asked_for(run, trained):
    words, _, path = trained
    before = path.read_bytes()
    line = refused(run, *words, "--batch", "64")
    assert "checkpoint: got 'run.npz', which differs in batch: 32 there, 64 here; give" in line
    assert "overwrite" in line
    assert path.read_bytes() == before
    assert run(*words, "--batch", "64", "--overwrite").status == 0
    assert run(*words, "--batch", "64", "--resume", "run.npz").status == 0


def test_any_other_file_is_never_replaced(run, trained):
    words, _, path = trained
    for content in (b"", b"mine", None):
        if content is None:
            np.savez(path, mine=np.arange(3))
        else:
            path.write_bytes(content)
        before = path.read_bytes()
        for more in ((), ("--overwrite",)):
            assert "not a whole checkpoint" in refused(run, *words, *more)
        assert path.read_bytes() == before


def test_a_status_that_was_tampered_with(run, trained):
    words, _, path = trained
    with np.load(path) as file:
        held = dict(file)
    np.savez(path, **{**held, "status": np.array([-2])})
    assert "do not fit" in refused(run, *words)


# -- names


HOSTILE = "x\x1b[2J\u202e\u2066.txt"


@posix
@pytest.mark.parametrize("command", [("evaluate", "--theta", "1,0.5"), ("flow", "--t-end", "1")])
@pytest.mark.parametrize("fault", ["", "\nword"])
def test_names_that_do_not_print(run, tmp_path, command, fault):
    (tmp_path / HOSTILE).write_text("1\n2\n4" + fault)
    more = ("--output", HOSTILE + ".png") if command[0] == "flow" else ()
    ran = run(*command, "--data", f"samples:{HOSTILE}", *more)
    text = ran.err if fault else ran.out
    assert ran.status == (2 if fault else 0)
    assert "x\\x1b[2J\\u202e\\u2066.txt" in text
    assert text.replace("\n", "").isprintable()


# -- output, environment and signals


@posix
@pytest.mark.parametrize(
    "argv",
    [
        ("--version",),
        *(
            pytest.param(argv, marks=pytest.mark.exhaustive)
            for argv in (("--help",), ("raster", "--help"), ("evaluate", "--theta", "1,0"))
        ),
    ],
)
def test_output_that_is_full_or_closed(start, argv):
    child = start(*argv)
    whole = child.communicate(timeout=60)[0]
    assert child.returncode == 0 and whole
    for close, told in (
        (lambda: os.close(1), b"standard output is closed"),
        (lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1), b"No space left on device"),
    ):
        child = start(*argv, preexec_fn=close)
        out, err = child.communicate(timeout=60)
        assert (child.returncode, out, err) == (1, b"", b"gandyn: error: " + told + b"\n")
    child = start(*argv, preexec_fn=lambda: os.close(2))
    assert child.communicate(timeout=60)[0] == whole and child.returncode == 0


def with_environment(folder, *argv, **changes):
    """What a process says whose environment is odd: None takes a name out of it."""
    held = {**os.environ, "PYTHONPATH": str(Path(gandyn.__file__).parents[1]), **changes}
    words = [sys.executable, "-m", "gandyn", *argv]
    held = {name: value for name, value in held.items() if value is not None}
    return subprocess.run(words, env=held, cwd=folder, capture_output=True, timeout=120)


@posix
@pytest.mark.exhaustive
def test_odd_environments(tmp_path):
    odd = {
        "HOME": None,
        "TERM": None,
        "TMPDIR": "/none",
        "LANG": "C",
        "LC_ALL": "C",
        "COLUMNS": "x",
    }
    odd |= {"MPLCONFIGDIR": "/dev/null", "PYTHONIOENCODING": "ascii"}
    words = ("flow", "--data", "N(1, 1)", "--t-end", "1", "--output")
    ran = with_environment(tmp_path, *words, "a.pdf", **odd)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"wrote a.pdf" in ran.stdout and (tmp_path / "a.pdf").exists()
    ran = with_environment(tmp_path, *words, "b.png", MPLBACKEND="bogus")
    told = (
        b"gandyn: error: MPLBACKEND: got 'bogus', must be a backend of Matplotlib, or not be set\n"
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, b"", told)
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_a_pause_with_its_checkpoint(start, run, tmp_path, number, status):
    words = ("train", "--data", "N(4,1.25)", "--discriminator", "16,16", "--steps", "200000")
    process = start(*words, "--checkpoint", "run.npz", "--json", cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "run.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    before = (tmp_path / "run.npz").stat().st_mtime_ns
    time.sleep(0.3)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status and err.count(b"\n") == 1
    assert b"interrupted" in err and b"--resume run.npz" in err
    assert json.loads(out)["status"] == [-3]
    assert (tmp_path / "run.npz").stat().st_mtime_ns > before
    with np.load(tmp_path / "run.npz") as file:
        assert file["done"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


@posix
def test_an_interrupt_that_breaks_an_import_is_an_interrupt(monkeypatch, capsys):
    """NumPy turns one that comes while it is loaded into an ImportError."""
    from gandyn import cli

    def broken(argv):
        os.kill(os.getpid(), signal.SIGINT)

    def lost(argv):
        try:
            broken(argv)
        except KeyboardInterrupt:
            raise ImportError("bad install") from None

    def swallowed(argv):
        try:
            broken(argv)
        except KeyboardInterrupt:
            return 0

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for name in ("warnings.simplefilter", "logging.disable"):
        monkeypatch.setattr(name, lambda *words: None)
    monkeypatch.setattr("sys.unraisablehook", None)
    for command in (broken, lost, swallowed):
        monkeypatch.setattr(cli, "_command", command)
        try:
            assert main() == 130
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        assert capsys.readouterr().err in ("gandyn: interrupted\n", "")


@posix
def test_an_interrupt_that_c_came_to_know_of(tmp_path):
    """Python ends by the signal, whatever the status, where code that C ran was interrupted."""
    code = (
        "import sys, gandyn.cli\n"
        "gandyn.cli.main = lambda: exec('raise KeyboardInterrupt')\n"
        "from gandyn.__main__ import run\n"
        "status = run()\n"
        "sys.exit(status)\n"
    )
    (tmp_path / "program.py").write_text(code)
    root = str(Path(gandyn.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, "-m", "program"],
        env={**os.environ, "PYTHONPATH": root},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (130, b"gandyn: interrupted\n")
