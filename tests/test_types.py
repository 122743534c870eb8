"""Public names carry their types into a user's file."""

import re
from pathlib import Path

import pytest

import gandyn

api = pytest.importorskip("mypy.api")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """What mypy says about the text of a user's file."""
    folder = tmp_path_factory.mktemp("types")
    config, cache = folder / "mypy.ini", folder / "cache"
    config.write_text(f"[mypy]\nmypy_path = {ROOT}\nfollow_imports = silent\n")

    def say(text):
        file = folder / "user.py"
        file.write_text(f"import gandyn\n{text}\n")
        out, err, _ = api.run([f"--config-file={config}", f"--cache-dir={cache}", str(file)])
        assert not err, err
        return out

    return say


@pytest.mark.exhaustive
def test_no_public_name_is_any(check):
    names = [*gandyn.__all__, "plots.draw_field", "report.write_report", "theory.verify"]
    out = check("\n".join(f"reveal_type(gandyn.{name})" for name in names))
    revealed = re.findall(r'Revealed type is "(.*)"', out)
    assert len(revealed) == len(names)
    assert not [n for n, found in zip(names, revealed, strict=True) if found in ("Any", "Never")]
    assert re.search(r"-> gandyn\.game\.Game$", revealed[names.index("Game")])


@pytest.mark.parametrize(
    "line, complaint",
    [
        (
            "gandyn.Game(gandyn.Normal(0, 1), objectve='mse')",
            'Unexpected keyword argument "objectve"',
        ),
        ("gandyn.Game('N(0, 1)')", 'expected "Distribution"'),
        ("gandyn.Normal(0, 1).logpdff(0.0)", 'has no attribute "logpdff"'),
        ("gandyn.nothing", 'has no attribute "nothing"'),
        ("gandyn.verify(progress=print)", None),
        ("gandyn.verify(progress=lambda fraction: None)", "incompatible type|Cannot infer"),
        ("gandyn.gradient_flow(gandyn.Game(gandyn.Normal(0, 1)), [1, 0], (0, 1)).thta", "thta"),
    ],
)
def test_mistakes_are_seen(check, line, complaint):
    out = check(line)
    if complaint is None:
        assert "Success" in out
    else:
        assert re.search(complaint, out), out
