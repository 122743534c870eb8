"""Ctrl-C: put into other hands for a while, and with what was done until then."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in work that keeps what it has: its `result` until then."""

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


@contextmanager
def interrupts_to(press: Callable[[], None]) -> Iterator[None]:
    """Within, Ctrl-C calls `press`, which may raise; nothing is done outside the main thread."""
    try:
        before = signal.signal(signal.SIGINT, lambda number, frame: press())
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
