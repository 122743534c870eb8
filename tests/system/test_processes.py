"""How many processes work, and what can be sent to them."""

import os

import numpy as np
import pytest

from gandyn import InputError
from gandyn.system import processes


def test_worker_counts(monkeypatch):
    cores = getattr(os, "process_cpu_count", os.cpu_count)()
    assert processes.worker_count(None) == cores
    assert processes.worker_count(np.int64(3)) == 3
    monkeypatch.setattr(processes, "parent_process", object)
    assert processes.worker_count(None) == 1


@pytest.mark.parametrize("bad", [0, -1, 2.0, True, "2"])
def test_no_worker_counts(bad):
    with pytest.raises(InputError, match=r"^workers: got .*, must be a whole number, 1 or more$"):
        processes.worker_count(bad)
