"""`gandyn train` and `gandyn compare`: their JSON is the library's, and runs go on."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

import gandyn
from gandyn import MLP, SGD, Settings
from tests.strict_json import strict

ONE = "N(4,1.25)"
SMALL = ("--discriminator", "8,8", "--steps", "60", "--record-every", "20")
PNG = b"\x89PNG"


def numbers(entry):
    return np.array(entry, dtype=float)


def test_train_is_the_librarys(run):
    ran = run("train", "--data", ONE, *SMALL, "--replicas", "2", "--seed", "5", "--json")
    assert ran.status == 0 and ran.err == ""
    entry = strict(ran.out)
    plan = Settings(discriminator=MLP((8, 8)), steps=60, record_every=20)
    found = gandyn.train(gandyn.Game(gandyn.parse(ONE)), plan, 5, 2)
    assert entry["step"] == [0, 20, 40, 60] and entry["success"] == [True, True]
    for name in ("mean", "std", "value", "value_gap", "jsd", "real_on_fake", "force_angle"):
        assert numbers(entry[name]) == pytest.approx(getattr(found, name), rel=1e-12, nan_ok=True)
    assert numbers(entry["a"]) == pytest.approx(found.theta[..., 0])
    assert entry["message"] == found.message and entry["seed"] == 5


def test_train_draws_and_tells(run, tmp_path):
    ran = run("train", "--data", ONE, *SMALL, "--animate", "run.gif")
    assert ran.status == 0
    assert (tmp_path / "train.png").read_bytes().startswith(PNG)
    assert (tmp_path / "run.gif").read_bytes().startswith(b"GIF")
    for words in (
        "D on fake",
        "V(G, D*) − V",
        "60 of 60 steps",
        "wrote train.png",
        "wrote run.gif",
    ):
        assert words in ran.out


def test_train_with_every_option(run):
    ran = run(
        *("train", "--data", ONE, "--latent", "U(-1, 1)", "--objective", "saturating"),
        *("--generator", "4", "--discriminator", "6", "--activation", "tanh", "--initial", "he"),
        *("--l2", "1e-3", "--dropout", "0.25", "--dropout-when", "always", "--batch", "8"),
        *("--steps", "6", "--k", "2", "--generator-steps", "2", "--order", "article"),
        *("--optimizer", "momentum", "--rate", "0.02", "--generator-optimizer", "rmsprop"),
        *("--generator-rate", "0.001", "--dtype", "float64", "--record-every", "3", "--json"),
    )
    assert ran.status == 0, ran.err
    network = MLP((6,), "tanh", "he", 1e-3, 0.25, "always")
    plan = Settings(
        discriminator=network,
        start="he",
        batch=8,
        steps=6,
        k=2,
        generator_steps=2,
        order="article",
        discriminator_optimizer=gandyn.Momentum(0.02),
        generator_optimizer=gandyn.RMSProp(0.001),
        dtype="float64",
        record_every=3,
    )
    generator = gandyn.MLPGenerator((4,), "tanh", gandyn.parse("U(-1, 1)"))
    found = gandyn.train(gandyn.Game(gandyn.parse(ONE), generator, "saturating"), plan)
    assert numbers(strict(ran.out)["jsd"]) == pytest.approx(found.jsd, rel=1e-12)


def test_a_stopped_run_goes_on_to_the_same_end(run, start, tmp_path):
    """Ctrl-C in a process of its own, then --resume: to the digit what one run gives."""
    words = ("train", "--data", ONE, "--discriminator", "16,16", "--steps", "3000", "--json")
    process = start(*words, "--checkpoint", "run.npz", cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "run.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.15)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    whole = strict(run(*words).out)
    if process.returncode == 130:
        assert b"interrupted" in err and b"--resume run.npz" in err and err.count(b"\n") == 1
        part = strict(out)
        assert part["status"] == [-3]
        made = len(part["step"])
        assert 1 <= made <= len(whole["step"]) and part["jsd"][0] == whole["jsd"][0][:made]
    else:  # it was done before the signal came
        assert process.returncode == 0
    ran = run(*words, "--resume", "run.npz")
    assert ran.status == 0 and strict(ran.out) == whole
    other = run(*words, "--batch", "64", "--resume", "run.npz")
    assert other.status == 2
    assert other.err == (
        "gandyn: error: resume: got 'run.npz', which differs in batch: 32 there, 64 here; "
        "give another path or delete the file\n"
    )


@pytest.mark.exhaustive
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_to_a_run_in_processes(run, start, tmp_path):
    """A terminal sends it to all of them: one line, one state, and the rest as if never stopped."""
    words = ("train", "--data", ONE, "--discriminator", "16,16", "--steps", "20000", "--replicas")
    words += ("3", "--record-every", "1000", "--json")
    process = start(
        *words,
        *("--workers", "2", "--checkpoint", "run.npz"),
        cwd=tmp_path,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "run.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in err and b"--resume run.npz" in err and err.count(b"\n") == 1
    assert strict(out)["status"] == [-3, -3, -3]
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
    ran = run(*words, "--resume", "run.npz")
    assert ran.status == 0 and strict(ran.out) == strict(run(*words, "--workers", "1").out)


def test_compare_is_the_librarys(run):
    ran = run("compare", "--data", ONE, *SMALL, "--replicas", "3", "--json", "--start", "1,0.5")
    assert ran.status == 0
    entry = strict(ran.out)
    plan = Settings(
        discriminator=MLP((8, 8)),
        steps=60,
        record_every=20,
        start=(1.0, 0.5),
        generator_optimizer=SGD(0.02),
    )
    found = gandyn.compare(gandyn.Game(gandyn.parse(ONE)), plan, 0, 3)
    assert numbers(entry["deviation"]) == pytest.approx(found.deviation, rel=1e-10)
    assert numbers(entry["flow"]) == pytest.approx(found.flow, rel=1e-12)
    assert entry["one_clock"] and entry["flow_end"] == "fits the only mode"
    assert entry["ends"] == ["fits the only mode"] * 3 and entry["crossed_fraction"] == 0.0


def test_compare_draws_and_tells(run, tmp_path):
    ran = run("compare", *SMALL, "--replicas", "2", "--generator-optimizer", "adam")
    assert ran.status == 0
    assert (tmp_path / "compare.png").read_bytes().startswith(PNG)
    for words in ("distance from the flow's path", "the flow ends: averages all modes", "crossed"):
        assert words in ran.out


BAD = [
    (("--batch", "0"), ["batch", "'0'", "from 1"]),
    (("--batch", "1.5"), ["batch", "'1.5'", "whole number"]),
    (("--steps", "-1"), ["steps", "'-1'", "whole number"]),
    (("--k", "0"), ["k", "'0'"]),
    (("--discriminator", "0"), ["discriminator", "'0'", "optimal"]),
    (("--discriminator", "64,x"), ["discriminator", "'64,x'", "widths"]),
    (("--discriminator", ""), ["discriminator", "''"]),
    (("--rate", "0"), ["rate", "'0'", "above 0"]),
    (("--rate", "-1"), ["rate", "'-1'", "above 0"]),
    (("--rate", "nan"), ["rate", "'nan'", "finite"]),
    (("--generator-rate", "0"), ["generator-rate", "'0'", "above 0"]),
    (("--dropout", "1"), ["dropout", "1.0", "below 1"]),
    (("--dropout", "-0.1"), ["dropout", "-0.1", "from 0"]),
    (("--dropout", "x"), ["dropout", "'x'", "number"]),
    (("--l2", "-1"), ["l2", "-1", "from 0"]),
    (("--optimizer", "lion"), ["optimizer", "'lion'", "adam"]),
    (("--generator-optimizer", "x"), ["generator-optimizer", "'x'", "sgd"]),
    (("--activation", "gelu"), ["activation", "'gelu'", "tanh"]),
    (("--initial", "ones"), ["initial", "'ones'", "article"]),
    (("--objective", "hinge"), ["objective", "'hinge'", "saturating"]),
    (("--objective", "mse"), ["discriminator", "'mse'", "'optimal'"]),
    (("--order", "x"), ["order", "'x'", "algorithm1"]),
    (("--dtype", "float16"), ["dtype", "'float16'", "float32"]),
    (("--latent", "N(0)"), ["latent", "N(mean, std)"]),
    (("--start", "0,1"), ["start", "a = 0"]),
    (("--seed", "-1"), ["seed", "'-1'"]),
    (("--replicas", "0"), ["replicas", "'0'"]),
    (("--workers", "0"), ["workers", "'0'", "1 to"]),
    (("--record-every", "0"), ["record-every", "'0'"]),
    (("--output", "a.txt"), ["output", "'a.txt'", ".png"]),
]
TRAIN = [
    (("--generator", "4,0"), ["generator", "'4,0'", "linear"]),
    (("--generator", "4", "--discriminator", "optimal"), ["discriminator", "optimal", "MLP"]),
    (("--checkpoint", "run.txt"), ["checkpoint", "'run.txt'", ".npz"]),
    (("--checkpoint", "none/run.npz"), ["checkpoint", "none/run.npz", "folder"]),
    (("--resume", "none.npz"), ["resume", "none.npz", "exists"]),
    (("--resume", "words.npz"), ["resume", "words.npz", "checkpoint"]),
    (("--animate", "a.mp4x"), ["animate", "'a.mp4x'", ".gif"]),
]


@pytest.mark.parametrize(
    ("words", "told"),
    [(("train", *words), told) for words, told in [*BAD, *TRAIN]]
    + [(("compare", *words), told) for words, told in BAD]
    + [(("compare", "--start", "-1,0"), ["start", "a > 0"])],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input(run, tmp_path, words, told):
    (tmp_path / "words.npz").write_text("no numbers")
    ran = run(*words)
    assert ran.status == 2 and ran.out == ""
    assert ran.err.startswith("gandyn: error: ") and ran.err.count("\n") == 1
    for word in told:
        assert word in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["words.npz"]
    assert (tmp_path / "words.npz").read_text() == "no numbers"
