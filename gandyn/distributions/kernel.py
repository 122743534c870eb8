"""A user's own samples, given or in a file, as a sum of normal kernels."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from array import array
from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any, TextIO

import numpy as np
from scipy.special import ndtri

from gandyn.distributions.base import TAIL, Keyed
from gandyn.distributions.edges import handovers_of_kernels
from gandyn.distributions.sums import NormalSum
from gandyn.errors import InputError
from gandyn.system.checks import FloatArray, finite_array, positive, show
from gandyn.system.files import open_file
from gandyn.system.memory import need_memory
from gandyn.system.text import show_path

_LANDMARK_GAP = 1.5
_DELIMITERS = (",", ";", "\t")
_NEEDS_QUOTES = ' \t\r\n"(),+#'
_MISSING = ("", "na", "n/a", "nan", "null", "none", "nil", "-", "--", "?", ".")
"""What stands in files for a value that is not there."""
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(e[+-]?[0-9]+)?", re.IGNORECASE)
_LONGEST = 1 << 20
_EACH = 8
"""Bytes of memory that a byte of a file may come to, whose numbers are short."""


class KernelDensity(NormalSum, Keyed):
    """The mean of N(sample, bandwidth²) over the samples; make it with `from_samples`.

    The distinct samples are `values`, sorted, and each came `counts` times; `source` is the text
    notation of where they were read.
    """

    def __init__(
        self, values: FloatArray, counts: FloatArray, bandwidth: float, source: str | None = None
    ) -> None:
        super().__init__(counts / counts.sum(), values, np.full(values.size, bandwidth))
        self.values = values
        self.counts = counts
        self.bandwidth = bandwidth
        self.source = source
        values.flags.writeable = counts.flags.writeable = False

    def _key(self) -> Hashable:
        return self.bandwidth, self.values.tobytes(), self.counts.tobytes()

    def __repr__(self) -> str:
        return f"from_samples(<{int(self.counts.sum())} values>, bandwidth={self.bandwidth!r})"

    def __str__(self) -> str:
        return self.source or repr(self)

    def shifted(self, by: float) -> KernelDensity:
        return KernelDensity(self.values + by, self.counts, self.bandwidth)

    @cached_property
    def tails(self) -> FloatArray:
        """Those of the outermost kernels."""
        square, ends = 0.5 / self.bandwidth**2, (self.values[0], -self.values[-1])
        return np.array([[square, 2.0 * square * end, 0.0] for end in ends])

    @cached_property
    def landmarks(self) -> FloatArray:
        """Samples that are at least 1.5 bandwidths apart: panels need no more."""
        gap = _LANDMARK_GAP * self.bandwidth
        places, i = [], 0
        while i < self.values.size:
            places.append(self.values[i])
            i = max(i + 1, int(np.searchsorted(self.values, self.values[i] + gap)))
        return np.column_stack([places, np.full(len(places), self.bandwidth)])

    @cached_property
    def handovers(self) -> FloatArray:  # type: ignore[override]
        """Where neighbouring samples' kernels change places within less than their panels."""
        return handovers_of_kernels(self.counts, self.values, self.bandwidth, self._plain_edges)

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The outermost samples, and one kernel's reach beyond."""
        margin = -float(ndtri(TAIL)) * self.bandwidth
        return self._within_support(float(self.values[0]) - margin, float(self.values[-1]) + margin)

    @cached_property
    def mean(self) -> float:
        return float(np.average(self.values, weights=self.counts))

    @cached_property
    def std(self) -> float:
        """Root of the samples' variance (over n) plus the bandwidth squared."""
        variance = np.average((self.values - self.mean) ** 2, weights=self.counts)
        return math.hypot(math.sqrt(float(variance)), self.bandwidth)

    def sample(
        self, n: int | tuple[int, ...], rng: int | np.random.Generator | None = None
    ) -> FloatArray:
        rng = np.random.default_rng(rng)
        which = np.searchsorted(np.cumsum(self.normals[0][:-1]), rng.random(n), side="right")
        return self.values[which] + self.bandwidth * rng.standard_normal(n)


def from_samples(
    samples: Any, bandwidth: float | None = None, *, source: str | None = None
) -> KernelDensity:
    """A density from samples, by normal kernels.

    Parameters
    ----------
    samples : sequence of float
        One-dimensional, finite; at least two different ones, or one and a bandwidth.
    bandwidth : float, optional
        Standard deviation of a kernel, in units of x. By default Silverman's robust rule,
        0.9 min(std, interquartile range / 1.34) n^(-1/5).
    source : str, optional
        The text notation, where the samples came from a file.

    Raises
    ------
    InputError
        Where a sample is not finite, there are too few, or the bandwidth is not positive.

    Notes
    -----
    B. W. Silverman, Density Estimation for Statistics and Data Analysis (1986), eq. 3.31.

    Examples
    --------
    >>> p = gandyn.from_samples([-1.0, 0.0, 0.5, 2.0], bandwidth=0.4)
    >>> round(p.mean, 12), p.cdf(0.0).round(4)
    (0.375, np.float64(0.3999))
    """
    given = finite_array("samples", samples)
    if not given.size:
        raise InputError("samples: got none, must be at least 2 different finite numbers")
    values, counts = np.unique(given, return_counts=True)
    if bandwidth is not None:
        width = positive("bandwidth", bandwidth)
    elif values.size < 2:
        raise InputError(
            f"samples: got only the value {float(values[0])}, must be at least 2 different ones "
            "unless a bandwidth is given"
        )
    else:
        width = _silverman(given)
    return KernelDensity(values, counts.astype(float), width, source)


def _silverman(samples: FloatArray) -> float:
    scale = float(np.abs(samples).max())
    std = float(np.std(samples / scale, ddof=1)) * scale
    lower, upper = np.quantile(samples, [0.25, 0.75])
    spread = float(upper - lower) / 1.34
    # more than half of the samples may be equal
    width = 0.9 * (min(std, spread) if spread > 0 else std) * samples.size**-0.2
    if not (math.isfinite(width) and width > 0):
        raise InputError(
            f"samples: got a spread of {std}, must allow a bandwidth: give one, or rescale"
        )
    return width


def from_file(path: str, column: str | None = None) -> KernelDensity:
    """A kernel density of the numbers in a UTF-8 file.

    It has one a line, besides empty lines and comments after #, or, where a column is named, is CSV
    (by comma, semicolon or tab) under a first line of headings. An `InputError` where it cannot be
    read, is empty, or has something else (the line is named), or no such column, and where values
    are missing.
    """
    values, missing, where = array("d"), 0, ""
    try:
        with open_file("samples", path) as stream:
            size = os.fstat(stream.fileno()).st_size
            need_memory(f"samples: got {show_path(path)}", _EACH * size)
            file = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            rows = _numbers(file) if column is None else _column(file, path, column)
            for line, text in rows:
                values.append(_value(text, line, path, column))
                if math.isnan(values[-1]):
                    missing += 1
                    where = where or f"got {show(text)} in line {line} of {show_path(path)}"
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InputError(f"samples: {reason.lower()}: {show(path)}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"samples: {show(path)} is not a text file of numbers in UTF-8 ({error})"
        ) from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"samples: got {show(path)}, must be a file's path") from None
    if missing:
        raise InputError(
            f"samples: {where}, must be a finite number; {missing} of {len(values)} are missing: "
            "leave them out, or fill them in"
        )
    if not values:
        raise InputError(f"samples: {show(path)} is empty, must have at least 2 numbers")
    source = f"samples:{_quoted(path)}" + ("" if column is None else f"#{_quoted(column)}")
    return from_samples(values, source=source)


def _lines(file: TextIO) -> Iterator[str]:
    """The lines, of which none is so long that it fills the memory."""
    while line := file.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise csv.Error(f"a line has more than {_LONGEST} characters")
        yield line


def _numbers(file: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_lines(file), start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text


def _column(file: TextIO, path: str, column: str) -> Iterator[tuple[int, str]]:
    for delimiter in _DELIMITERS:
        file.seek(0)
        reader = csv.reader(_lines(file), delimiter=delimiter)
        headings = [heading.strip() for heading in next(reader, [])]
        if column in headings:
            break
    else:
        file.seek(0)
        named = ", ".join(next(csv.reader(_lines(file)), [])) or "none"
        raise InputError(
            f"samples: no column {show(column)} in {show(path)}, its headings are {show(named)}"
        )
    if headings.count(column) > 1:
        raise InputError(f"samples: column {show(column)} comes more than once in {show(path)}")
    at, skipped = headings.index(column), 0
    for row in reader:
        if row:
            # in a table of one column an empty line is a value that is missing, but for the last
            for _ in range(skipped if len(headings) == 1 else 0):
                yield reader.line_num - 1, ""
            yield reader.line_num, row[at].strip() if at < len(row) else ""
        skipped = 0 if row else skipped + 1


def _value(text: str, line: int, path: str, column: str | None) -> float:
    """A number; nan where it is missing."""
    if text.lower() in _MISSING:
        return math.nan
    try:
        # float() also reads 1_000, which no data file means
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        hint = "" if column else "; for a CSV column write samples:PATH#column"
        if _DECIMAL_COMMA.fullmatch(text):
            hint = "; a decimal comma must be a point"
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
