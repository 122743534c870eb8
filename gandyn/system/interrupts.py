"""Ctrl-C put into other hands for a while."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["interrupts_to"]


@contextmanager
def interrupts_to(press: Callable[[], None]) -> Iterator[None]:
    """Within, Ctrl-C calls `press`; outside the main thread, which alone gets it, nothing is done.

    Parameters
    ----------
    press : callable
        May raise what is to be raised where the program stands.
    """
    try:
        before = signal.signal(signal.SIGINT, lambda number, frame: press())
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
