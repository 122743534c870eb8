"""What the tests see: small mistakes put into the core one by one, and whether a test turns red.

    python -m analysis.mutants --count 400 --seed 1 [--rooms engine,game] [--output FOLDER]

The mistakes (`analysis/_mutations.py`) are drawn at random. First `coverage` records which tests
run which lines and how long they take: once for each test file, again when it or the program has
changed. A mistake is then put to the tests that run its line, the quick ones of its own room
first, and to the others of their files, until one fails. The ones that are as right as the program
stand in `analysis/equivalent_mutants.json`, each with the reason. A run that was stopped goes on
where it was, and puts what no test saw to the tests again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from analysis._forks import in_forks
from analysis._mutations import Mutation, mutations
from analysis._options import table
from analysis._seeing import ROOT, collected, first_to_fail, record, running, tests_of
from gandyn import InputError
from gandyn.system.checks import need_count
from gandyn.system.files import whole_file, writable_folder

CORE = (
    "game", "pair", "engine", "objectives", "distributions", "generators", "dynamics",
    "landscape", "system", "montecarlo",
)  # fmt: skip
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.json")
SEEN = ("killed", "timed out")
VERDICTS = (*SEEN, "equivalent", "lives")


def said(share: float, text: str) -> None:
    """How far the work has come, on a terminal."""
    if sys.stderr.isatty():
        shown = f"{share:4.0%} {text}" if text else ""
        print(f"\r\x1b[K{shown}", end="", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    count: int
    seed: int
    rooms: list[str]
    tests: list[str]
    cap: float
    jobs: int
    output: Path


def every(files: Iterable[str]) -> list[tuple[dict[str, Any], Mutation]]:
    """All mistakes in some files, each with the row that tells of it."""
    out = []
    for file in files:
        text = (ROOT / file).read_text("utf-8")
        code = [line.strip() for line in text.splitlines()]
        for m in mutations(text):
            row = {"file": file, "line": m.line, "function": m.function, "code": code[m.line - 1]}
            out.append((row | {"change": m.change}, m))
    return out


def drawn(options: Options) -> list[tuple[dict[str, Any], Mutation]]:
    """Mistakes at random in the rooms."""
    package = ROOT / "gandyn"
    paths = [
        path
        for room in options.rooms
        for path in [package / f"{room}.py", *(package / room).rglob("*.py")]
    ]
    files = sorted(str(path.relative_to(ROOT)) for path in paths if path.exists())
    found = every(files)
    return random.Random(options.seed).sample(found, min(options.count, len(found)))


def key_of(row: dict[str, Any]) -> tuple[str, ...]:
    """What names a mistake wherever its line is."""
    return tuple(row[name] for name in ("file", "function", "code", "change"))


def judged(options: Options, items: list[Any]) -> list[dict[str, Any]]:
    """The rows of the mistakes that were drawn, with verdicts; saved one by one."""
    save = options.output / "mutants.json"
    before = json.loads(save.read_text()) if save.exists() else []
    seen = {(*key_of(r), r["line"]): r for r in before if r["verdict"] in SEEN}
    reasons = {key_of(row): row["why"] for row in json.loads(EQUIVALENT.read_text())}
    known = record(items, options.output / "lines", options.jobs, said)
    rows, waiting, works = [], [], []
    for row, mutation in drawn(options):
        row = seen.get((*key_of(row), row["line"]), row)
        rows.append(row)
        if "verdict" not in row:
            lines = () if mutation.on_import else mutation.lines
            direct = running(row["file"], lines, known)
            tests = tests_of(row["file"], direct, known, items, options.cap)
            row["tests"] = len(tests)
            waiting.append(row)
            path = ROOT / row["file"]
            works.append(partial(first_to_fail, path, mutation, tests, anew=not direct))
    for index, name in in_forks(works, options.jobs):
        row = waiting[index]
        row["seen_by"] = name
        row["verdict"] = "timed out" if name is None else "killed" if name else "lives"
        if row["verdict"] == "lives" and key_of(row) in reasons:
            row |= {"verdict": "equivalent", "why": reasons[key_of(row)]}
        if row["verdict"] == "lives":
            said(1.0, "")
            print("{file}:{line} {function}: {change} ({tests} tests)".format(**row), flush=True)
        done = [row for row in rows if "verdict" in row]
        said(len(done) / len(rows), summary(done))
        with whole_file(save) as part:
            part.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n")
    said(1.0, "")
    return rows


def summary(rows: list[dict[str, Any]]) -> str:
    """Counts of the verdicts, and the share that is seen of those that are not equivalent."""
    counts = Counter(row["verdict"] for row in rows)
    seen = sum(counts[verdict] for verdict in SEEN)
    share = f"{seen / (seen + counts['lives']):.1%}" if seen + counts["lives"] else "none"
    return ", ".join(f"{counts[v]} {v}" for v in VERDICTS) + f"; {share} of those that differ seen"


def study(options: Options) -> int:
    """Draw, run and tell; 0 where every mistake that differs is seen."""
    rows = collected(options.tests, partial(judged, options))
    rooms: dict[str, Counter[str]] = {}
    for row in rows:
        room = row["file"].removesuffix(".py").split("/")[1]
        rooms.setdefault(room, Counter())[row["verdict"]] += 1
    cells = [[room, *(str(counts[v]) for v in VERDICTS)] for room, counts in sorted(rooms.items())]
    print(f"\n{table(['room', *VERDICTS], cells)}\n\n{summary(rows)}")
    return 1 if any(row["verdict"] == "lives" for row in rows) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.mutants``."""
    parser = argparse.ArgumentParser(
        prog="python -m analysis.mutants",
        description="Put small mistakes into the core one by one and see whether a test turns red. "
        "Exit status 1 if one that is not known to be equivalent lives.",
    )
    add = parser.add_argument
    add("--count", type=int, default=400, help="how many mistakes (default: 400)")
    add("--seed", type=int, default=1, help="of the draw (default: 1)")
    add("--rooms", default=",".join(CORE), help="where they are made (default: the core)")
    add("--tests", nargs="+", default=["tests"], metavar="PATH", help="which tests may see them")
    add("--cap", type=float, default=60.0, help="seconds of tests for each (default: 60)")
    add("--jobs", type=int, default=os.cpu_count(), help="how many at a time (default: cores)")
    add("--output", default="figures", metavar="FOLDER", help="where to write (default: figures/)")
    given = parser.parse_args(arguments)
    try:
        rooms = given.rooms.split(",")
        for room in rooms:
            if room not in CORE:
                raise InputError(f"--rooms: got {room!r}, must be among {', '.join(CORE)}")
        need_count("--count", given.count, 1)
        need_count("--jobs", given.jobs, 1)
        with writable_folder(given.output, "--output") as folder:
            return study(
                Options(given.count, given.seed, rooms, given.tests, given.cap, given.jobs, folder)
            )
    except InputError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"--output: got {given.output!r}, {error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 2


if __name__ == "__main__":
    sys.exit(main())
