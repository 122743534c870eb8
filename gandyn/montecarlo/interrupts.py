"""Ctrl-C as a flag, so that an iteration is never left half-made."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["remembered"]


@contextmanager
def remembered() -> Iterator[list[int]]:
    """Within, Ctrl-C only adds to a list; the second one in a row interrupts after all."""
    pressed: list[int] = []

    def press(number: int, frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    try:
        before = signal.signal(signal.SIGINT, press)
    except ValueError:  # not the main thread, which alone is interrupted
        yield pressed
        return
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
