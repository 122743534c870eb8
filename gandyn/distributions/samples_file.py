"""Samples from a file: one number a line, or a column of a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from typing import TextIO

from gandyn.distributions.kernel import KernelDensity, from_samples
from gandyn.errors import InputError
from gandyn.system.checks import show

_DELIMITERS = (",", ";", "\t")
_NEEDS_QUOTES = ' \t\r\n"(),+#'


def from_file(path: str, column: str | None = None) -> KernelDensity:
    """A kernel density of the numbers in a text file.

    Parameters
    ----------
    path : str
        A UTF-8 file with one number a line; empty lines and lines that start with # are skipped.
    column : str, optional
        A heading: the file is then CSV (by comma, semicolon or tab) with a first line of them.

    Raises
    ------
    InputError
        Where the file cannot be read, is empty, or has something else than a finite number (the
        message names the line), or the column is not among the headings.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = _lines(file) if column is None else _column(file, path, column)
            values = [_value(text, line, path, column) for line, text in rows]
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InputError(f"samples: {reason.lower()}: {show(path)}") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"samples: {show(path)} is not a text file of numbers") from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"samples: got {show(path)}, must be a file's path") from None
    if not values:
        raise InputError(f"samples: {show(path)} is empty, must have at least 2 numbers")
    source = f"samples:{_quoted(path)}" + ("" if column is None else f"#{_quoted(column)}")
    return from_samples(values, source=source)


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text


def _column(file: TextIO, path: str, column: str) -> Iterator[tuple[int, str]]:
    first = file.readline()
    headings: list[str] = []
    for delimiter in _DELIMITERS:
        headings = [h.strip() for h in next(csv.reader([first], delimiter=delimiter), [])]
        if column in headings:
            break
    else:
        named = ", ".join(next(csv.reader([first]), [])) or "none"
        raise InputError(
            f"samples: no column {show(column)} in {show(path)}, its headings are {show(named)}"
        )
    if headings.count(column) > 1:
        raise InputError(f"samples: column {show(column)} comes more than once in {show(path)}")
    at = headings.index(column)
    reader = csv.reader(file, delimiter=delimiter)
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num + 1, row[at].strip() if at < len(row) else ""


def _value(text: str, line: int, path: str, column: str | None) -> float:
    try:
        # float() also reads 1_000, which no data file means
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        hint = "" if column else "; for a CSV column write samples:PATH#column"
        raise InputError(
            f"samples: got {show(text)} in line {line} of {show(path)}, "
            f"must be a finite number{hint}"
        )
    return value


def _quoted(text: str) -> str:
    if text and not any(sign in text for sign in _NEEDS_QUOTES):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
