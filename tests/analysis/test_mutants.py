"""Small mistakes: what is changed and what is not, and that a run tells which a test sees."""

import ast
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis import mutants
from analysis._mutations import mutations

ROOT = Path(__file__).parents[2]

SOURCE = '''"""A text of 1 + 1."""
SIZE: int = 3


class Box:
    """Another, 2 < 3."""

    edge: float = 0.5

    @property
    def area(self) -> "1 + 2":
        if not self.edge > 0:
            raise ValueError(f"{1 + 1} is {0}")
        self.seen = True
        return self.edge**2 - min(SIZE, 4)

    def __repr__(self):
        return "box" * 2
'''
CHANGES = {
    "3 -> 4",
    "0.5 -> 0.75",
    "not self.edge > 0 -> not not self.edge > 0",
    "not self.edge > 0 -> self.edge > 0",
    "self.edge > 0 -> self.edge <= 0",
    "self.edge > 0 -> self.edge >= 0",
    "0 -> 1",
    "raise ValueError(f'{1 + 1} is {0}') -> pass",
    "self.seen = True -> pass",
    "True -> False",
    "self.edge ** 2 - min(SIZE, 4) -> self.edge ** 2 + min(SIZE, 4)",
    "self.edge ** 2 -> self.edge * 2",
    "2 -> 3",
    "min(SIZE, 4) -> max(SIZE, 4)",
    "4 -> 5",
}


def test_every_mistake_and_nothing_else():
    found = list(mutations(SOURCE))
    assert {m.change for m in found} == CHANGES and len(found) == len(CHANGES)
    at = {m.change: m for m in found}
    assert at["0.5 -> 0.75"].on_import and at["0.5 -> 0.75"].function == "Box"
    assert not at["2 -> 3"].on_import and at["2 -> 3"].function == "Box.area"
    assert at["True -> False"].line == 14 and list(at["True -> False"].lines) == [14]
    assert list(at["0 -> 1"].lines) == [12]


def test_each_changes_one_thing_and_leaves_the_source_as_it_was():
    right = ast.dump(ast.parse(SOURCE))
    wrong = [ast.dump(m.tree) for m in mutations(SOURCE)]
    assert right not in wrong and len(set(wrong)) == len(wrong)
    for mutation in mutations(SOURCE):
        compile(mutation.tree, "source", "exec")


def run(folder, *options):
    words = ["--rooms", "system", "--tests", "tests/system/test_bracket.py", *options]
    return subprocess.run(
        [sys.executable, "-m", "analysis.mutants", *words, "--output", str(folder)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.skipif(find_spec("coverage") is None, reason="needs coverage")
def test_a_run_tells_what_is_seen_and_goes_on_where_it_was(tmp_path):
    done = run(tmp_path, "--count", "30", "--seed", "3")
    assert done.stderr == ""
    rows = json.loads((tmp_path / "mutants.json").read_text())
    assert len(rows) == 30
    in_bracket = [row for row in rows if row["file"] == "gandyn/system/bracket.py"]
    others = [row for row in rows if row not in in_bracket]
    assert {row["verdict"] for row in others} <= {"lives", "equivalent"}
    assert done.returncode == 1
    seen = [row for row in in_bracket if row["verdict"] == "killed"]
    assert seen and all(row["seen_by"].startswith("tests/system/test_bracket") for row in seen)
    for row in [row for row in others if row["verdict"] == "lives"]:
        assert (
            f"{row['file']}:{row['line']} {row['function']}: {row['change']} (0 tests)"
            in done.stdout
        )
    assert f"{len(seen)} killed" in done.stdout.splitlines()[-1]
    again = run(tmp_path, "--count", "30", "--seed", "3")
    assert sorted(again.stdout.splitlines()) == sorted(done.stdout.splitlines())
    assert json.loads((tmp_path / "mutants.json").read_text()) == rows


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rooms", "attic"], "--rooms: got 'attic', must be among game, "),
        (["--count", "0"], "--count: got 0, must be a whole number from 1 on"),
        (["--jobs", "0"], "--jobs: got 0, must be a whole number from 1 on"),
    ],
)
def test_bad_options(options, told, tmp_path, capsys):
    assert mutants.main([*options, "--output", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(told) and err.count("\n") == 1


def test_what_is_known_to_be_equivalent_has_a_reason():
    rows = json.loads(mutants.EQUIVALENT.read_text())
    assert rows and all(row["why"] and (ROOT / row["file"]).exists() for row in rows)
    assert len({mutants.key_of(row) for row in rows}) == len(rows)
