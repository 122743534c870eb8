"""How much memory there is, and work that needs more."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gandyn.errors import InputError
from gandyn.system import memory


def test_what_does_not_fit_is_refused_with_what_it_takes(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 3 * 2.0**30)
    memory.need_memory("batch: got 5", 3 * 2.0**30)
    with pytest.raises(InputError) as error:
        memory.need_memory("batch: got 10", 1.5 * 2.0**40)
    assert str(error.value) == (
        "batch: got 10, which takes 1.5 TiB of memory, must take no more than the 3 GiB that are "
        "free"
    )
    with pytest.raises(InputError, match=r"takes 8.67e\+11 EiB"):
        memory.need_memory("batch: got 10", 1e30)


def test_nothing_known_is_no_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "Path", lambda *parts: tmp_path / "none")
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    assert memory.free_memory() == math.inf
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert memory.free_memory() == 600.0
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_memory() == math.inf


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="limits of Linux")
def test_the_limit_of_the_process():
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))\n"
        "from gandyn.system.memory import free_memory\n"
        "print(free_memory())\n"
    )
    root = str(Path(__file__).parents[2])
    out = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": root},
        check=True,
        capture_output=True,
    ).stdout
    assert 0 < float(out) < 2**33
