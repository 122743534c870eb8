"""Work in forks of this process, a few at a time."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

__all__ = ["in_forks"]

_MEMORY = 16 << 30
_LONGEST = 3600.0
"""Seconds on the wall after which a fork is ended."""


def in_forks(works: Sequence[Callable[[], Any]], jobs: int) -> Iterator[tuple[int, Any]]:
    """The index and the answer of each in the order in which they end; None of one that died.

    Each is silent and ended with all that it started. What it raises is raised here.
    """
    forks = multiprocessing.get_context("fork")
    waiting = list(enumerate(works))[::-1]
    running: dict[Any, tuple[int, Any, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                index, work = waiting.pop()
                receiver, sender = forks.Pipe(duplex=False)
                process = forks.Process(target=_silently, args=(work, sender))
                process.start()
                sender.close()
                running[receiver] = index, process, time.monotonic()
            ready = wait(list(running), 1.0)
            for receiver, (index, process, start) in list(running.items()):
                if receiver in ready or time.monotonic() - start > _LONGEST:
                    answer = trouble = None
                    with contextlib.suppress(EOFError):
                        answer, trouble = receiver.recv() if receiver in ready else (None, None)
                    _end(process)
                    del running[receiver]
                    if trouble:
                        raise RuntimeError(trouble)
                    yield index, answer
    finally:
        for _, process, _ in running.values():
            _end(process)


def _silently(work: Callable[[], Any], sender: Connection) -> None:
    """Send what comes of it, and what went wrong."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        sender.send((work(), None))
    except BaseException:
        sender.send((None, traceback.format_exc()))
    os._exit(0)


def _end(process: Any) -> None:
    """Kill it with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
