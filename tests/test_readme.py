"""The README's Python runs as it stands."""

import re
from pathlib import Path

import pytest

from gandyn.cli import COMMANDS
from gandyn.cli.arguments import GAME
from gandyn.distributions import notation
from gandyn.objectives import names
from tests.sweeps import sweep

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"<!-- example -->\n```python\n(.*?)```", README.read_text("utf-8"), re.S)


def test_readme_has_its_examples_and_commands():
    assert len(EXAMPLES) == 4
    text = README.read_text("utf-8")
    assert "<!-- command:report -->" in text
    assert "<!-- command:tests -->" in text


def test_what_has_a_name_is_listed():
    """Commands and objectives in the README, families with their parameters there and in helps."""
    text = " ".join(README.read_text("utf-8").split())
    assert [name for name in COMMANDS if f"gandyn {name}" not in text] == []
    assert [name for name in names() if f"`{name}`" not in text] == []
    helps = [" ".join(page.split()) for page in (notation.parse.__doc__, GAME)]
    for name, family in notation.FAMILIES.items():
        signature = f"{name}({', '.join(family.parameters())})"
        assert all(signature in page for page in (text, *helps)), signature


@pytest.mark.parametrize("number", sweep(range(len(EXAMPLES)), lambda number: number != 1))
def test_readme_example_runs(number, capsys):
    code = compile(EXAMPLES[number], f"README example {number + 1}", "exec")
    names: dict[str, object] = {"__name__": "readme"}
    exec(code, names)
    printed = capsys.readouterr().out
    assert printed.strip()
    assert "nan" not in printed
