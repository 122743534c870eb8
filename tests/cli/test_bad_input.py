"""Bad input: one line that names the argument, what came and what is allowed; exit status 2."""

from __future__ import annotations

import pytest

from gandyn.cli import COMMANDS

EVALUATE = ("evaluate", "--theta", "1,0.5")

RASTER = ("raster", "--starts", "2", "--workers", "1")
INSIDE = "N(0, ({s}-1)*({s}-2)+0.1)"  # a density at the ends of s = 0:3, and not between

BAD = [
    ((), ["COMMAND", "none", ", ".join(COMMANDS)]),
    (("bogus",), ["COMMAND", "'bogus'", "'evaluate'"]),
    (("evaluate",), ["--theta", "required"]),
    (("evaluate", "--theta", "1"), ["theta", "'1'", "two finite numbers"]),
    (("evaluate", "--theta", "1,2,3"), ["theta", "'1,2,3'", "two finite numbers"]),
    (("evaluate", "--theta", "nan,1"), ["theta", "'nan,1'", "finite"]),
    (("evaluate", "--theta", "1,-inf"), ["theta", "'1,-inf'", "finite"]),
    (("evaluate", "--theta", "0,1"), ["theta", "a = 0", "a != 0"]),
    (("evaluate", "--theta", "-0,1"), ["theta", "a = 0", "a != 0"]),
    (("evaluate", "--theta", "1,1\nnext"), ["theta", "next", "finite"]),
    ((*EVALUATE, "--objective", "gan"), ["objective", "'gan'", "saturating"]),
    ((*EVALUATE, "--objective", "alpha(x)"), ["objective", "'alpha(x)'", "alpha(NUMBER)"]),
    ((*EVALUATE, "--data", "0.5*N(0,1)+0.6*N(1,1)"), ["weights", "1.1", "sum to 1"]),
    ((*EVALUATE, "--data", "-0.5*N(0,1)+1.5*N(1,1)"), ["weights", "-0.5", "above 0"]),
    ((*EVALUATE, "--data", "N(0, -1)"), ["std", "-1", "positive"]),
    ((*EVALUATE, "--data", "N(0, 0)"), ["std", "0", "positive"]),
    ((*EVALUATE, "--data", "N(nan, 1)"), ["data", "nan", "finite"]),
    ((*EVALUATE, "--data", "N(0, inf)"), ["data", "inf", "finite"]),
    ((*EVALUATE, "--data", "N(0, 1"), ["data", "')'", "column 7"]),
    ((*EVALUATE, "--data", "Cauchy(0, 1)"), ["data", "'Cauchy'", "Laplace"]),
    ((*EVALUATE, "--latent", "N(0)"), ["latent", "std", "N(mean, std)"]),
    ((*EVALUATE, "--data", "samples:none.txt"), ["samples", "none.txt", "no such file"]),
    ((*EVALUATE, "--data", "samples:empty.txt"), ["samples", "empty.txt", "empty"]),
    ((*EVALUATE, "--data", "samples:words.txt"), ["samples", "'word'", "finite number"]),
    ((*EVALUATE, "--data", "samples:words.txt#x"), ["samples", "'x'", "headings"]),
    (("flow", "--start", "0,0"), ["start", "a = 0", "a != 0"]),
    (("flow", "--t-end", "-1"), ["t-end", "'-1'", "above 0"]),
    (("flow", "--t-end", "0"), ["t-end", "'0'", "above 0"]),
    (("flow", "--t-end", "nan"), ["t-end", "'nan'", "above 0"]),
    (("flow", "--t-eval", "1,500"), ["t-eval", "'1,500'", "t-end = 200"]),
    (("flow", "--t-eval", "5,1"), ["t-eval", "'5,1'", "rising"]),
    (("flow", "--t-eval", "-1,2"), ["t-eval", "'-1,2'", "from 0"]),
    (("flow", "--rtol", "1e-20"), ["rtol", "'1e-20'", "1e-13"]),
    (("flow", "--rtol", "1"), ["rtol", "'1'", "below 1"]),
    (("flow", "--atol", "0"), ["atol", "'0'", "positive"]),
    (("flow", "--output", "words.txt/a.png"), ["output", "words.txt", "folder"]),
    (("flow", "--output", "/proc/none/"), ["output", "/proc/none", "written"]),
    (("flow", "--animate", "a.avi"), ["animate", "'a.avi'", ".gif"]),
    (("report", "--output", "words.txt"), ["output", "'words.txt'", "folder"]),
    (("report", "--output", "/proc/none"), ["output", "'/proc/none'", "written"]),
    (("report", "--start", "0,1"), ["start", "a = 0", "a != 0"]),
    (("report", "--t-end", "-inf"), ["t-end", "'-inf'", "above 0"]),
    (("report", "--speed", "1"), ["--speed", "--help"]),
    (("report", "--data", "T(1, 0, 1)", "--objective", "forward_kl"), ["start", "not finite"]),
    *[
        ((command, "--box", box), ["box", f"'{box}'", "0 < amin < amax"])
        for command in ("equilibria", "portrait", "basins", "barriers")
        for box in ("0,1,0,1", "-1,2,0,1", "1,1,0,1", "1,2,3,3", "1,2,3", "1,2,3,inf")
    ],
    (("equilibria", "--box", "1e-300,1e300,0,1"), ["box", "'1e-300,1e300,0,1'", "amax/amin"]),
    (("equilibria", "--box", "1,1.0000000000000002,0,1"), ["box", "1.0000000000000002", "narrow"]),
    *[
        ((name, "--output", "a.txt"), ["output", "'a.txt'", ".png"])
        for name, command in COMMANDS.items()
        if command.picture
    ],
    (("portrait", "--output", "/proc/none/"), ["output", "/proc/none", "written"]),
    (("barriers", "--output", "words.txt/a.png"), ["output", "words.txt", "folder"]),
    (("barriers", "--latent", "U(-6, 6)"), ["game", "jumps"]),
    *[
        (("basins", "--grid", grid), ["grid", f"'{grid[:50]}", "whole number", "2 to 20000"])
        for grid in ("1", "0", "-5", "20001", "2.5", "ten", "1e3", "9" * 400)
    ],
    (("basins", "--labels", "a.txt"), ["labels", "'a.txt'", ".npz"]),
    (("basins", "--labels", "words.txt/a.npz"), ["labels", "words.txt", "folder"]),
    (("basins", "--labels", "/proc/none/a.npz", "--json"), ["labels", "/proc/none", "written"]),
    (("branches", "--data", "N(0, 1)"), ["data", "'N(0, 1)'", "{m}"]),
    (("branches", "--vary", "s=1:2"), ["vary", "got s", "m=LOW:HIGH"]),
    (("branches", "--vary", "m=2:1"), ["vary", "'m=2:1'", "LOW below HIGH"]),
    (("branches", "--data", "N(0, {s})", "--vary", "s=-1:1"), ["std", "-1", "at s = -1"]),
    (("branches", "--vary", "m=1:2", "--vary", "s=1:2"), ["vary", "'s=1:2'", "once"]),
    (("branches", "--data", INSIDE, "--vary", "s=0:3"), ["std", "positive", "at s = 1."]),
    (("branches", "--output", "/proc/none/"), ["output", "/proc/none", "written"]),
    (("diagram", "--vary", "m=1:2"), ["vary", "'m=1:2'", "2 times"]),
    (("diagram", "--data", "N({m}, 1)"), ["data", "got m", "2 names"]),
    (("diagram", "--vary", "m=1:2", "--vary", "w=0:0.5"), ["weights", "got 0", "at w = 0"]),
    ((*RASTER, "--data", INSIDE, "--vary", "s=0:3", "--values", "21"), ["std", "positive"]),
    (("raster", "--values", "1"), ["values", "'1'", "2 to"]),
    (("raster", "--starts", "0"), ["starts", "'0'", "2 to"]),
    (("raster", "--workers", "0"), ["workers", "'0'", "1 to"]),
    (("raster", "--start", "0,1"), ["start", "a = 0", "a != 0"]),
    (("raster", "--to", "-1,1"), ["to", "a = -1", "a > 0"]),
    (("raster", "--start", "1,2", "--to", "1,2"), ["to", "'1,2'", "--start"]),
    (("raster", "--labels", "a.csv"), ["labels", "'a.csv'", ".npz"]),
    (("raster", "--labels", "/proc/none/a.npz"), ["labels", "/proc/none", "written"]),
    (("verify", "--seed", "-1"), ["seed", "'-1'", "from 0 to"]),
]


@pytest.mark.parametrize(
    ("argv", "words"), BAD, ids=[" ".join(argv)[:80] or "-" for argv, _ in BAD]
)
def test_bad_input_is_one_line_and_status_2(run, tmp_path, argv, words):
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "words.txt").write_text("1\n2\nword\n")
    ran = run(*argv)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("gandyn: error: ")
    assert ran.err.endswith("\n") and ran.err.count("\n") == 1
    for word in words:
        assert word.lower() in ran.err.lower()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty.txt", "words.txt"]


def test_a_folder_in_the_place_of_a_picture(run, tmp_path):
    (tmp_path / "flow.png").mkdir()
    ran = run("flow", "--t-end", "1")
    assert ran.status == 2
    assert "flow.png" in ran.err


def test_no_traceback_from_a_process(start):
    child = start("evaluate", "--theta", "0,1")
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (2, b"")
    assert err == b"gandyn: error: theta: got a = 0 in '0,1', must have a != 0\n"


def test_a_closed_pipe_is_no_error(start):
    child = start("evaluate", "--theta", "1,0.5")
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(timeout=60) == 141
    child.stderr.close()
