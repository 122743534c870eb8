"""Ratios of times within one run, and the table that they make."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis._options import table

__all__ = ["Row", "printed", "ratios", "row", "seconds"]


@dataclass(frozen=True)
class Row:
    """One line of the table: what was compared, the ratio, its spread and its target."""

    name: str
    ratio: float
    lowest: float
    highest: float
    target: float
    at_most: bool
    detail: str

    @property
    def met(self) -> bool:
        """Whether the median ratio keeps its target."""
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def seconds(action: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Time of one call, on the wall by default."""
    start = clock()
    action()
    return clock() - start


def ratios(
    above: Callable[[], Any],
    below: Callable[[], Any],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Time of `above` over time of `below`, in turn, after one of each that is not counted."""
    above()
    below()
    return sorted(seconds(above, clock) / seconds(below, clock) for _ in range(rounds))


def row(
    name: str, values: list[float], target: float, *, at_most: bool, detail: str, scale: float = 1.0
) -> Row:
    """A row from repeated ratios: their median, and the lowest and highest."""
    scaled = sorted(scale * value for value in values)
    median = float(np.median(scaled))
    return Row(name, median, scaled[0], scaled[-1], target, at_most, detail)


def printed(rows: Sequence[Row]) -> str:
    """The rows as text, each with its detail below."""
    cells = [
        [
            r.name,
            f"{r.ratio:.3g}",
            f"{r.lowest:.3g} - {r.highest:.3g}",
            f"{'at most' if r.at_most else 'at least'} {r.target:g}",
            "met" if r.met else "MISSED",
        ]
        for r in rows
    ]
    text = table(["ratio", "median", "range", "target", "verdict"], cells)
    return "\n".join([text, "", *(f"{r.name}: {r.detail}" for r in rows)])
