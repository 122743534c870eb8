"""Running a command line in this process, and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import gandyn
from gandyn.cli import main


class Ran(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys, tmp_path, monkeypatch) -> Callable[..., Ran]:
    """`run("evaluate", "--theta", "1,0.5")` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*argv: str) -> Ran:
        try:
            status = main(argv)
        except SystemExit as end:  # --help and --version
            status = end.code
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    return call


@pytest.fixture
def start() -> Callable[..., subprocess.Popen]:
    """`start("evaluate", ...)` as `python -m gandyn`."""
    root = str(Path(gandyn.__file__).parents[1])

    def call(*argv: str, **options) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "gandyn", *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": root},
            **options,
        )

    return call
