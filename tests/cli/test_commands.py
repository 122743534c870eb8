"""What the subcommands print and write."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import gandyn
from gandyn.cli import COMMANDS
from gandyn.cli.arguments import attach_numbers
from tests.strict_json import strict

ISSUE_KEYS = [
    "value", "value_gap", "jsd", "jsd_gap", "kl_data_generator", "kl_generator_data",
    "total_variation", "hellinger_squared", "wasserstein1", "wasserstein2", "potential", "force",
]  # fmt: skip


def test_evaluate_json_is_what_the_game_says(run):
    ran = run(
        "evaluate", "--data", "0.5*N(-3,1)+0.5*N(3,1)", "--theta", "1,0.5", "--objective",
        "nonsaturating", "--json",
    )  # fmt: skip
    found = strict(ran.out)
    expected = gandyn.Game(gandyn.parse("0.5*N(-3,1)+0.5*N(3,1)")).evaluate([1.0, 0.5]).as_dict()
    assert ran.status == 0
    assert list(found)[: len(ISSUE_KEYS)] == ISSUE_KEYS
    assert set(ISSUE_KEYS) <= set(found["errors"])
    for key in ISSUE_KEYS:
        assert found[key] == expected[key]
        assert found["errors"][key] == expected["errors"][key]
    assert found["value_gap"] == -found["value"]
    assert found["theta"] == [1.0, 0.5]


def test_what_is_infinite_is_the_string_inf(run):
    ran = run("evaluate", "--theta", "1,0.5", "--latent", "U(-1, 1)", "--json")
    found = strict(ran.out)
    assert found["kl_data_generator"] == "inf"
    assert np.isfinite(found["jsd"])


@pytest.mark.parametrize("option", [["--theta", "-1,0.5"], ["--theta=-1,0.5"]])
def test_a_negative_state(run, option):
    found = strict(run("evaluate", *option, "--json").out)
    assert found["theta"] == [-1.0, 0.5]


def test_only_numbers_are_attached():
    assert attach_numbers(["--a", "-1,2", "--b", "-x", "-.5", "--c=1", "-3"]) == [
        "--a=-1,2", "--b", "-x", "-.5", "--c=1", "-3",
    ]  # fmt: skip
    assert attach_numbers(["--t-end", "-inf"]) == ["--t-end=-inf"]


def test_evaluate_as_a_table(run):
    ran = run("evaluate", "--theta", "1,0.5")
    assert ran.status == 0
    assert "0.4471579971132" in ran.out
    assert "da/dt" in ran.out and "±" in ran.out


def test_flow_json(run, tmp_path):
    ran = run("flow", "--start", "-1,0.5", "--t-end", "60", "--t-eval", "1,10,50", "--json")
    found = strict(ran.out)
    game = gandyn.Game(gandyn.parse("0.5*N(-3,1)+0.5*N(3,1)"))
    flow = gandyn.gradient_flow(game, [-1.0, 0.5], (0.0, 60.0), [1.0, 10.0, 50.0])
    assert ran.status == 0
    assert list(found) == ["t", "a", "b", "potential", "success", "status", "message", "nfev"]
    assert found["t"] == [1.0, 10.0, 50.0]
    assert found["a"] == flow.theta[:, 0].tolist()
    assert found["b"] == flow.theta[:, 1].tolist()
    assert found["potential"] == flow.potential.tolist()
    assert (found["success"], found["status"], found["nfev"]) == (True, 0, flow.nfev)
    assert list(tmp_path.iterdir()) == []


def test_flow_until_rest_draws_a_picture(run, tmp_path):
    ran = run("flow", "--data", "N(2, 1)", "--t-end", "inf", "--output", "new/folder")
    assert ran.status == 0
    assert "came to rest" in ran.out and "flow.png" in ran.out
    picture = tmp_path / "new" / "folder" / "flow.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert list(picture.parent.iterdir()) == [picture]


def test_flow_animates(run, tmp_path, monkeypatch):
    monkeypatch.setattr("gandyn.cli.flow._FRAMES", 3)
    ran = run("flow", "--data", "N(2, 1)", "--t-end", "5", "--animate", "a.gif", "--json")
    assert ran.status == 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").read_bytes().startswith(b"GIF89a")


def test_an_interrupted_flow_keeps_what_it_has(run, tmp_path, monkeypatch):
    from contextlib import contextmanager

    @contextmanager
    def impatient(what):
        told = []

        def tell(fraction, name):
            told.append(fraction)
            if len(told) == 4:
                raise KeyboardInterrupt

        yield tell

    monkeypatch.setattr("gandyn.cli.command.progress_bar", impatient)
    ran = run("flow", "--output", "part.png")
    assert ran.status == 130
    assert ran.err.startswith("gandyn: interrupted at t = ") and ran.err.count("\n") == 1
    assert "wrote part.png" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["part.png"]


def test_work_that_fails_leaves_no_folder(run, tmp_path, monkeypatch):
    def broken(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gandyn.plots.save_figure", broken)
    ran = run("flow", "--data", "N(2, 1)", "--t-end", "1", "--output", "new/folder")
    assert ran.status == 1
    assert ran.err == "gandyn: error: No space left on device\n"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def two_claims(monkeypatch):
    """A verification of two rows; the list may be changed before the command runs."""
    from gandyn.theory import Claim, Verification

    claims = [
        Claim("one", "p_g = p is best", 0.0, 1e-17, 1e-12, True),
        Claim("two", "a claim " * 20, ">= 1", float("inf"), 0.0, True),
    ]

    def verify(seed=0, progress=None):
        progress(0.0, "one")
        progress(1.0, "")
        return Verification(tuple(claims), all(claim.passed for claim in claims))

    monkeypatch.setattr("gandyn.theory.verify", verify)
    return claims


def test_verify_prints_a_table(run, two_claims):
    ran = run("verify")
    assert ran.status == 0
    assert "p_g = p is best" in ran.out and "✓" in ran.out and "2 claims, all passed" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 140


def test_verify_json(run, two_claims):
    rows = strict(run("verify", "--json").out)["claims"]
    assert {"claim", "expected", "measured", "tolerance", "passed"} <= set(rows[0])
    assert rows[1]["measured"] == "inf"


def test_verify_fails(run, two_claims):
    from dataclasses import replace

    two_claims[1] = replace(two_claims[1], passed=False)
    ran = run("verify")
    assert ran.status == 1
    assert "✗ FAIL" in ran.out and "1 FAILED" in ran.out
    ran = run("verify", "--json")
    assert ran.status == 1
    assert [row["passed"] for row in strict(ran.out)["claims"]] == [True, False]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(run, command):
    ran = run(command, "--help")
    assert ran.status == 0
    assert f"example:\n  gandyn {command}" in ran.out
    assert "--json" in ran.out
    assert f"gandyn {command}" in ran.out


def test_help_and_version(run):
    text = run("--help").out
    assert [text.index(f"\n    {name}") for name in COMMANDS] == sorted(
        text.index(f"\n    {name}") for name in COMMANDS
    )
    assert run("--version").out == f"gandyn {gandyn.__version__}\n"


def test_help_imports_nothing_heavy(start):
    code = (
        "import sys\nfrom gandyn.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'sympy', 'tqdm', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, timeout=60)


def test_a_process_in_plain_ascii(start):
    import os

    child = start("evaluate", "--theta", "1,0.5")
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, b"")
    assert "±".encode() in out or os.environ.get("PYTHONIOENCODING")
