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
        # None where it is not Python's
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


@contextmanager
def interrupts_noted() -> Iterator[list[int]]:
    """Within, the numbers of the signals that came, for a process whose every end is ours.

    SIGTERM is taken for Ctrl-C. That is noted as Python's own, an exception, may be lost: one that
    comes up in a destructor, or in a function that C calls, is dropped there.
    """
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)
        press = signal.getsignal(signal.SIGINT)
        if number == signal.SIGINT or not callable(press):
            raise KeyboardInterrupt
        press(signal.SIGINT, frame)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    yield came
