"""Numbers, tables and what came as text."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any


def show(value: Any, width: int = 60) -> str:
    """A short `repr` of what came, for a message; numpy scalars look like plain numbers."""
    try:
        text = repr(value.item() if getattr(value, "shape", None) == () else value)
    except Exception:  # of whole numbers Python writes only 4300 digits, others raise anything
        large = isinstance(value, int)
        text = f"about 2**{value.bit_length()}" if large else f"<{type(value).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 3] + "..."


def show_path(path: Any) -> str:
    """A path as it came, for a message: whole, as no other can be told from a part of it."""
    return show(str(path), 400)


def certain_digits(value: float, error: float, most: int) -> int:
    """How many significant digits of a value its error leaves, from 1 to `most`."""
    if value == 0 or not error > 0:
        return most
    if math.isinf(error):
        return 1
    return min(most, max(1, 1 + math.floor(math.log10(abs(value)) - math.log10(error))))


def with_error(value: float, error: float) -> str:
    """A value to the digits that its error leaves, and the error: "0.2512 ± 1.8e-04"."""
    if not math.isfinite(value):
        return f"{value:g}"
    return f"{value:.{certain_digits(value, error, 16)}g} ± {error:.1e}"


def beside(value: float, unit: float, digits: int) -> str:
    """A place to some digits, or to more where it is so many of its units from 0 that they differ.

    What is less than 1e-9 of a unit is 0.
    """
    return "0" if abs(value) < 1e-9 * unit else f"{value:.{digits_beside(value, unit, digits)}g}"


def digits_beside(value: float, unit: float, digits: int) -> int:
    """How many digits tell a place, so many at its units, from others."""
    share = abs(value) / unit if unit else math.inf
    far = math.floor(math.log10(share)) if 1.0 <= share < math.inf else 0
    return min(16, max(digits, far + digits - 1))


def origin(low: float, high: float) -> float:
    """A round number next to values that are ten thousand times their span from 0, else 0."""
    span, middle = high - low, 0.5 * low + 0.5 * high
    if not abs(middle) > 1e4 * span > 0.0:
        return 0.0
    step = 10.0 ** math.ceil(math.log10(span))
    return round(middle / step) * step


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[float | str]],
    left: Collection[int] | None = None,
    rule: str = "",
) -> str:
    """Rows under heads, numbers to ten digits.

    The columns in `left` stand to the left, by default those with text in them; a line of `rule` is
    drawn below the heads.
    """
    cells = [[e if isinstance(e, str) else f"{e:.10g}" for e in row] for row in rows]
    columns = list(zip(heads, *cells, strict=True))
    if left is None:
        left = [k for k in range(len(heads)) if any(isinstance(row[k], str) for row in rows)]
    widths = [max(map(len, column)) for column in columns]
    lines = [*zip(*columns, strict=True)]
    if rule:
        lines.insert(1, tuple(rule * width for width in widths))
    return "\n".join(
        "  ".join(
            text.ljust(width) if k in left else text.rjust(width)
            for k, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
