"""Imports point down the floors, the core stays light, and nothing is evaluated."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "gandyn"
FILES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"matplotlib", "sympy", "tqdm", "jinja2", "PIL", "pandas"}


def floors():
    """Floor of every room, as DESIGN.md has it; "apart" is None."""
    found = {}
    for line in (PACKAGE.parent / "DESIGN.md").read_text().splitlines():
        row = re.match(r"\| (\d+|apart) \| (.*?) \|", line)
        if row:
            for room in re.findall(r"`(\w+)`", row[2]):
                found[room] = None if row[1] == "apart" else int(row[1])
    return found


LEVEL = floors()
VIEWS = LEVEL["views"]


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def nodes_of(path):
    """All nodes of a file's syntax tree."""
    return list(ast.walk(ast.parse(path.read_text())))


def imports_of(path):
    """Absolute names of the modules that a file imports, wherever in it."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "gandyn":
                yield from (f"gandyn.{alias.name}" for alias in node.names)


def rooms_of(path):
    return {m.split(".")[1] for m in imports_of(path) if m.startswith("gandyn.")}


def test_every_room_has_a_floor():
    assert {room_of(path) for path in FILES} - {"__init__"} == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    room = room_of(path)
    if room == "__init__":
        return
    used = rooms_of(path) & set(LEVEL) - {room, "errors"}
    if LEVEL[room] is None:
        assert used <= {"distributions", "system"}, f"{room} imports {used}"
        return
    for other in used:
        if LEVEL[other] is None:
            assert LEVEL[room] >= VIEWS, f"{room} imports {other}"
        else:
            assert LEVEL[other] < LEVEL[room], f"{room} imports {other}, which is not below it"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_core_is_light(path):
    allowed = {"plots": {"matplotlib", "PIL"}, "theory": {"sympy"}}
    room = room_of(path)
    if room != "__init__" and LEVEL[room] is not None and LEVEL[room] >= VIEWS:
        return
    used = {m.split(".")[0] for m in imports_of(path)} & HEAVY
    assert used <= allowed.get(room, set())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_is_evaluated(path):
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile", "__import__"), path
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("sympify", "parse_expr"), path
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            raise AssertionError(path)
    assert not {"pickle", "marshal", "shelve"} & set(imports_of(path))


def loaded(code):
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    return {name.split(".")[0] for name in run.stdout.split()}, set(run.stdout.split())


def test_import_is_light():
    packages, modules = loaded("import gandyn")
    assert not packages & {*HEAVY, "scipy", "numpy"}
    assert {m for m in modules if m.startswith("gandyn")} == {"gandyn"}


def test_engine_is_light():
    code = "import gandyn; gandyn.Game(gandyn.parse('N(0, 1)')).evaluate([1.0, 0.5])"
    packages, modules = loaded(code)
    assert not packages & HEAVY
    assert not {"scipy.stats", "scipy.integrate", "scipy.optimize"} & modules


def test_every_public_name_is_there():
    import gandyn

    for name in gandyn.__all__:
        assert getattr(gandyn, name) is not None
    assert set(gandyn.__all__) <= set(dir(gandyn))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gandyn.nothing  # noqa: B018


@pytest.mark.parametrize("room", ["plots", "report", "landscape", "objectives", "theory"])
def test_rooms_are_there_after_import_gandyn(room):
    _, modules = loaded(f"import gandyn; gandyn.{room}.__all__")
    assert f"gandyn.{room}" in modules


def test_every_result_of_the_landscape_is_public():
    import gandyn

    assert set(gandyn.landscape.__all__) <= set(gandyn.__all__)


ONLY = """
import sys
from importlib.machinery import PathFinder

class Only:
    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        installed = spec is not None and "site-packages" in (spec.origin or "site-packages")
        if installed and name.partition(".")[0] not in ("gandyn", "numpy", "scipy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Only())
"""

CORE = """
import numpy as np
import gandyn
from gandyn import MLP, Settings

data = gandyn.parse("0.5*N(-2, 1) + 0.5*N(2, 1)")
game = gandyn.Game(data)
theta = [1.0, 0.5]
assert game.evaluate(theta).jsd > 0 and np.isfinite(game.jacobian(theta)).all()
assert gandyn.Game(gandyn.Laplace(0, 1), objective="wasserstein2").potential(theta) > 0
assert gandyn.distances(data, gandyn.from_samples([0.0, 1.0, 3.0])).jsd > 0
assert gandyn.gradient_flow(game, theta, (0, 5)).success
assert gandyn.iterate(game, theta, step=0.1, n=3).theta.shape == (4, 2)
found = gandyn.equilibria(game)
assert found.complete
assert gandyn.basins(game, np.linspace(0.5, 4, 5), np.linspace(-4, 4, 5)).fractions is not None
assert gandyn.barriers(game).barriers is not None
plan = Settings(discriminator=MLP((8,)), steps=4, record_every=2)
assert gandyn.train(gandyn.Game(data), plan, rng=0, replicas=2).value_gap.shape == (2, 3)
assert gandyn.compare(game, plan, replicas=2).deviation_mean.shape == (3,)
"""


def alone(code):
    """Run code where NumPy and SciPy are all that is installed."""
    return subprocess.run(
        [sys.executable, "-c", ONLY + code], capture_output=True, text=True, cwd=PACKAGE.parent
    )


def test_core_needs_numpy_and_scipy_alone():
    run = alone(CORE)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "code, room, package",
    [
        ("gandyn.plots", "plots", "matplotlib"),
        ("gandyn.verify()", "theory", "sympy"),
        ("gandyn.report.write_report", "report", "jinja2"),
        ("from gandyn.cli import main; sys.exit(main(['verify']))", "theory", "sympy"),
        ("from gandyn.cli import main; sys.exit(main(['portrait']))", "plots", "matplotlib"),
    ],
)
def test_missing_package_says_what_to_install(code, room, package):
    run = alone(f"import gandyn; {code}")
    assert run.returncode == 1
    line = run.stderr.splitlines()[-1]
    assert line.endswith(f"gandyn.{room} needs {package}: pip install 'gandyn[{room}]'"), line


def test_command_line_needs_numpy_and_scipy_alone():
    run = alone("from gandyn.cli import main; sys.exit(main(['evaluate', '--theta', '1,0.5']))")
    assert run.returncode == 0 and "jsd" in run.stdout.lower(), run.stderr
