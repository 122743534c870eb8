"""Arithmetic over numbers and names: `2*({m} + 1)`.

    sum     = product { ( "+" | "-" ) product }
    product = signed { ( "*" | "/" ) signed }
    signed  = { "+" | "-" } ( number | "{" name "}" | "(" sum ")" )

A name is a letter or _, then letters, digits and _. Reading puts an expression into postfix order,
in which it has a value as soon as its names do, without recursion.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass

from gandyn.distributions.scanner import DIGITS, Scanner, Source
from gandyn.errors import InputError
from gandyn.system.checks import show

_OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_MOST_SHOWN = 6


@dataclass(frozen=True)
class _Name:
    """The value of a name that stands at a place in the text."""

    name: str
    begin: int


@dataclass(frozen=True)
class _Negative:
    """Minus the last value."""


@dataclass(frozen=True)
class _Operation:
    """The last two values, put together by an operator; begin and end of its text."""

    sign: str
    begin: int
    end: int


_Step = float | _Name | _Negative | _Operation


@dataclass(frozen=True)
class Expression:
    """Arithmetic that was read from a text.

    Parameters
    ----------
    steps : tuple
        Numbers, names and operators in postfix order.
    """

    steps: tuple[_Step, ...]

    @property
    def names(self) -> list[str]:
        """The names in it, each as often as it comes."""
        return [step.name for step in self.steps if isinstance(step, _Name)]

    def value(self, source: Source, values: Mapping[str, float]) -> float:
        """The number that it is.

        Parameters
        ----------
        source : Source
            The text that it was read from.
        values : mapping of str to float
            A finite number for each name.

        Raises
        ------
        InputError
            Where a name has no value, a divisor is 0, or a result is not finite.
        """
        last: list[float] = []
        for step in self.steps:
            if isinstance(step, float):
                last.append(step)
            elif isinstance(step, _Name):
                if step.name not in values:
                    raise _unknown(step, source, values)
                last.append(values[step.name])
            elif isinstance(step, _Negative):
                last.append(-last.pop())
            else:
                right, left = last.pop(), last.pop()
                last.append(_apply(step, left, right, source))
        return last.pop()


def starts_expression(scan: Scanner) -> bool:
    """Whether a number comes next, rather than a distribution."""
    sign = scan.peek()
    if sign == "(":
        return not scan.holds_word()
    return sign == "{" or starts_number(scan)


def starts_number(scan: Scanner) -> bool:
    """Whether a plain number comes next."""
    sign = scan.peek()
    return sign != "" and sign in DIGITS + ".+-"


def read_sum(scan: Scanner) -> Expression:
    """The expression here."""
    reader = _Reader(scan)
    reader.sum()
    return Expression(tuple(reader.steps))


def read_weight(scan: Scanner) -> Expression:
    """The product here, up to the "*" before a distribution."""
    reader = _Reader(scan)
    reader.product(weight=True)
    return Expression(tuple(reader.steps))


def read_number(scan: Scanner) -> Expression:
    """The plain number here, with or without a sign."""
    start = scan.skip()
    sign = -1.0 if scan.here() == "-" else 1.0
    if scan.here() in ("+", "-"):
        scan.at += 1
    return Expression((sign * scan.number(start),))


class _Reader:
    def __init__(self, scan: Scanner) -> None:
        self.scan = scan
        self.steps: list[_Step] = []

    def sum(self) -> None:
        begin = self.scan.skip()
        self.product()
        while (sign := self.scan.peek()) in ("+", "-"):
            self.scan.accept(sign)
            self.product()
            self.steps.append(_Operation(sign, begin, self.scan.at))

    def product(self, weight: bool = False) -> None:
        begin = self.scan.skip()
        self._signed()
        while (sign := self.scan.peek()) in ("*", "/"):
            mark = self.scan.at
            self.scan.accept(sign)
            if weight and sign == "*" and not starts_expression(self.scan):
                self.scan.at = mark
                return
            self._signed()
            self.steps.append(_Operation(sign, begin, self.scan.at))

    def _signed(self) -> None:
        start = self.scan.skip()
        negative = False
        while (sign := self.scan.peek()) in ("+", "-"):
            self.scan.accept(sign)
            negative ^= sign == "-"
        if sign == "(":
            self.scan.within_parentheses(self.sum)
        elif sign == "{":
            self._name()
        else:
            self.steps.append(self.scan.number(start))
        if negative:
            self.steps.append(_Negative())

    def _name(self) -> None:
        begin = self.scan.at
        self.scan.require("{")
        name = self.scan.word()
        if not name:
            raise self.scan.expected("a name")
        self.scan.require("}")
        self.steps.append(_Name(name, begin))


def _apply(step: _Operation, left: float, right: float, source: Source) -> float:
    if step.sign == "/" and right == 0.0:
        shown = source.shown(step.begin, step.end)
        raise source.error(f"division by zero in {shown}", step.begin)
    value = _OPERATORS[step.sign](left, right)
    if not math.isfinite(value):
        shown = source.shown(step.begin, step.end)
        raise source.error(f"got {value} from {shown}, must be a finite number", step.begin)
    return value


def _unknown(step: _Name, source: Source, values: Mapping[str, float]) -> InputError:
    shown = show(f"{{{step.name}}}")
    if not values:
        return source.error(f"unknown name {shown}, must be a number", step.begin)
    names = [f"{{{name}}}" for name in list(values)[:_MOST_SHOWN]]
    allowed = ", ".join(names + ["..."] * (len(values) > _MOST_SHOWN))
    return source.error(f"unknown name {shown}, must be one of {allowed}", step.begin)
