"""The README's Python runs as it stands."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"<!-- example -->\n```python\n(.*?)```", README.read_text("utf-8"), re.S)


def test_readme_has_its_examples_and_commands():
    assert len(EXAMPLES) == 4
    text = README.read_text("utf-8")
    assert "<!-- command:report -->" in text
    assert "<!-- command:tests -->" in text


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_readme_example_runs(number, capsys):
    code = compile(EXAMPLES[number], f"README example {number + 1}", "exec")
    names: dict[str, object] = {"__name__": "readme"}
    exec(code, names)
    printed = capsys.readouterr().out
    assert printed.strip()
    assert "nan" not in printed
