"""The theory table, made by a process of its own while this one flows and draws."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["theory_beside"]

Claims = list[dict[str, Any]]


@contextmanager
def theory_beside(only: Sequence[str] | None = None) -> Iterator[Callable[[], Claims]]:
    """Start `gandyn.verify` beside the work in the block.

    Parameters
    ----------
    only : sequence of str, optional
        Names of the claims to check; all of them by default.

    Yields
    ------
    callable
        Waits for the rows (`Claim.as_dict`) and gives them. The process ends with the block.
    """
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    child = subprocess.Popen(
        # -P: a json.py in the user's folder is not to be taken for Python's own
        [sys.executable, "-P", "-m", __name__, json.dumps(only)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )

    def wait() -> Claims:
        text, _ = child.communicate()
        if child.returncode == 0:
            return list(json.loads(text))
        return _claims(only)  # here, where what went wrong is seen

    try:
        yield wait
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _claims(only: Sequence[str] | None) -> Claims:
    from gandyn.theory import verify

    return [claim.as_dict() for claim in verify(only=only).claims]


if __name__ == "__main__":
    print(json.dumps(_claims(json.loads(sys.argv[1])), allow_nan=False))
