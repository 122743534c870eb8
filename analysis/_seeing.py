"""Tests that may see a mistake in the program: which they are, and whether one does.

The tests are collected once. A mistake is tried in a fork of that process, where it takes the place
of the code in memory or, where it runs on import, all is imported anew.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import importlib.machinery
import importlib.util
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from analysis._forks import in_forks
from analysis._mutations import Mutation
from gandyn import InputError
from gandyn.system.files import whole_file
from gandyn.system.progress import Progress

__all__ = ["ROOT", "collected", "first_to_fail", "record", "running", "tests_of"]

ROOT = Path(__file__).parents[1]
Tests = list[tuple[Any, float]]
"""Pytest's items, each with the seconds that it takes."""


class Collected:
    """A pytest plugin that hands the collected tests to `work` instead of running them."""

    def __init__(self, work: Callable[[list[Any]], Any]) -> None:
        self.work, self.answer = work, None
        self.trouble: BaseException | None = InputError("--tests: got none that can be collected")

    def pytest_runtestloop(self, session: Any) -> bool:
        """Pytest's hook; what goes wrong is none of pytest's business."""
        try:
            self.answer, self.trouble = self.work(session.items), None
        except BaseException as trouble:
            self.trouble = trouble
        return True


def collected(paths: Sequence[str], work: Callable[[list[Any]], Any]) -> Any:
    """Collect the tests of some files or folders, and what `work` makes of them."""
    import pytest

    words = ["-qq", "-s", "-p", "no:cacheprovider", "-m", "not exhaustive", "--rootdir", str(ROOT)]
    plugin = Collected(work)
    pytest.main([*words, *paths], plugins=[plugin])
    if plugin.trouble:
        raise plugin.trouble
    return plugin.answer


def failed(tests: Tests) -> str:
    """The first test that fails, empty where none does; the process ends if one never ends."""
    from _pytest.runner import runtestprotocol

    for (item, seconds), (after, _) in zip(tests, [*tests[1:], (None, 0.0)], strict=False):
        signal.setitimer(signal.ITIMER_PROF, 5.0 + 10.0 * seconds)
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=after)):
            return str(item.nodeid)
    return ""


def recorded(items: list[Any], path: Path) -> dict[str, Any]:
    """Run tests of one file: of each that passes its seconds, and in which files it runs what.

    Which branches all of them take goes into `path`, for ``coverage combine``.
    """
    import coverage

    watch = coverage.Coverage(data_file=None, branch=True, source=[str(ROOT / "gandyn")])
    watch.set_option("run:disable_warnings", ["no-data-collected"])
    watch.start()
    seconds = {}
    for item in items:
        watch.switch_context(item.nodeid)
        start = time.process_time()
        if not failed([(item, 600.0)]):
            seconds[item.nodeid] = time.process_time() - start
    watch.stop()
    data = watch.get_data()
    lines: dict[str, dict[str, list[int]]] = {name: {} for name in seconds}
    for file in data.measured_files():
        for line, names in data.contexts_by_lineno(file).items():
            for name in lines.keys() & names:
                lines[name].setdefault(str(Path(file).relative_to(ROOT)), []).append(line)
    branches = coverage.CoverageData(str(path))
    branches.add_arcs({file: data.arcs(file) or () for file in data.measured_files()})
    branches.write()
    return {name: {"seconds": seconds[name], "lines": lines[name]} for name in seconds}


def digest(*paths: Path) -> str:
    """A short hash of what files hold."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def record(items: list[Any], folder: Path, jobs: int, progress: Progress) -> dict[str, Any]:
    """Which tests run which lines: read from the folder, and made where that is out of date."""
    folder.mkdir(exist_ok=True)
    program = digest(*sorted((ROOT / "gandyn").rglob("*.py")))
    by_file: dict[Path, list[Any]] = {}
    for item in items:
        by_file.setdefault(item.path, []).append(item)
    paths = {file: folder / f"{digest(file)}-{program}.json" for file in by_file}
    missing = [file for file, path in paths.items() if not path.exists()]
    works = [
        partial(recorded, by_file[file], paths[file].with_suffix(".coverage")) for file in missing
    ]
    for done, (index, answer) in enumerate(in_forks(works, jobs), 1):
        progress(done / len(missing), "recording what the tests run")
        with whole_file(paths[missing[index]]) as part:
            part.write_text(json.dumps(answer or {}))
    return {
        name: test for path in paths.values() for name, test in json.loads(path.read_text()).items()
    }


def running(file: str, lines: Iterable[int], known: dict[str, Any]) -> set[str]:
    """The tests that run one of some lines."""
    wanted = set(lines)
    return {n for n, test in known.items() if wanted.intersection(test["lines"].get(file, ()))}


def tests_of(
    file: str, seen: set[str], known: dict[str, Any], items: list[Any], cap: float
) -> Tests:
    """The tests that may see a mistake, in the order in which to run them, up to `cap` seconds.

    Those that run its lines, or where there are none, as on import, any line of the file.
    """
    seen = seen or {name for name, test in known.items() if file in test["lines"]}
    files = {name.partition("::")[0] for name in seen}
    rest = {name for name in known if name.partition("::")[0] in files} - seen
    total = Counter[str]()
    for name in rest:
        total[name.partition("::")[0]] += known[name]["seconds"]
    room = file.removesuffix(".py").split("/")[1]
    away = {name: f"/{room}/" not in name and f"test_{room}." not in name for name in known}
    order = sorted(seen, key=lambda n: (away[n], known[n]["seconds"], n))
    # What a fixture or a cache of a file ran, only the first of its tests is seen to run.
    order += sorted(rest, key=lambda n: (away[n], total[n.partition("::")[0]], n))
    at = {item.nodeid: item for item in items}
    out: Tests = []
    for name in order:
        seconds = known[name]["seconds"]
        if name in at and (seconds <= cap or not out):
            out.append((at[name], seconds))
            cap -= seconds
    return out


class Mistaken(importlib.machinery.SourceFileLoader):
    """Imports one module from another tree."""

    def __init__(self, path: Path, tree: ast.Module) -> None:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        super().__init__(name, str(path))
        self.tree = tree

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The importer's hook: this loader for the one module."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """The importer's hook."""
        return compile(self.tree, self.path, "exec", dont_inherit=True)


def codes(code: CodeType) -> Iterator[CodeType]:
    """All code in a code."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from codes(inner)


def in_memory(path: Path, tree: ast.Module) -> bool:
    """Put a tree's functions in the place of the loaded ones; False where it cannot be done."""
    right = codes(compile(path.read_text("utf-8"), str(path), "exec", dont_inherit=True))
    wrong = codes(compile(tree, str(path), "exec", dont_inherit=True))
    try:
        new = {a: b for a, b in zip(right, wrong, strict=True) if a != b}
        live = [f for f in gc.get_objects() if isinstance(f, FunctionType) and f.__code__ in new]
        for function in live:
            function.__code__ = new[function.__code__]
    except ValueError:  # the mistake takes away an inner function, or what it closes over
        return False
    return bool(live)


def first_to_fail(path: Path, mutation: Mutation, tests: Tests, *, anew: bool) -> str:
    """The first test that sees a mistake, empty where none does; `anew` imports all again."""
    if not anew and in_memory(path, mutation.tree):
        return failed(tests)
    for name in [name for name in sys.modules if name.split(".")[0] in ("gandyn", "tests")]:
        del sys.modules[name]
    sys.meta_path.insert(0, Mistaken(path, mutation.tree))  # type: ignore[arg-type]
    seconds = {item.nodeid: spent for item, spent in tests}

    def work(items: list[Any]) -> str:
        at = {item.nodeid: item for item in items}
        missing = seconds.keys() - at.keys()
        return min(missing) if missing else failed([(at[n], s) for n, s in seconds.items()])

    return str(collected(sorted({str(item.path) for item, _ in tests}), work)) if tests else ""
