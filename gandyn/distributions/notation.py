"""The text notation of distributions: `0.5*N(-3, 1) + 0.5*N(3, 1)`.

    sum    = term { "+" term }
    term   = [ number "*" ] atom
    atom   = name "(" number { "," number } ")"  |  "(" sum ")"  |  "samples:" path [ "#" column ]
    number = [ "+" | "-" ] digits [ "." digits ] [ "e" digits ]

Names and their parameters are those of `FAMILIES`. A path or column with spaces or any of
`" ( ) , + #` is written in double quotes, a double quote within as two.

A template, such as `{w}/2*N(-{m}, 1) + (1 - {w}/2)*N(2*({m} + 1), 1)`, has arithmetic where the
above has a number: a parameter is a sum, a weight a product, of `gandyn.distributions.expression`.
A "(" that encloses a distribution is one of the above, any other is one of the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gandyn.distributions.base import Distribution
from gandyn.distributions.expression import (
    Expression,
    read_number,
    read_sum,
    read_weight,
    starts_expression,
    starts_number,
)
from gandyn.distributions.laplace import Laplace
from gandyn.distributions.location_scale import LocationScale
from gandyn.distributions.logistic import Logistic
from gandyn.distributions.mixture import Mixture
from gandyn.distributions.normal import Normal
from gandyn.distributions.samples_file import from_file
from gandyn.distributions.scanner import MAX_DEPTH, Scanner, Source
from gandyn.distributions.student_t import StudentT
from gandyn.distributions.uniform import Uniform
from gandyn.errors import InputError
from gandyn.system.checks import finite, show

__all__ = ["FAMILIES", "MAX_DEPTH", "MAX_LENGTH", "Notation", "names_in", "parse", "read"]

FAMILIES: dict[str, type[LocationScale]] = {
    family.notation: family for family in (Normal, Uniform, Laplace, Logistic, StudentT)
}
"""The families that text can name; their parameters there are the fields of the class."""

MAX_LENGTH = 100_000

_ENDS_PATH = ' \t\r\n"(),+#'
_SAMPLES = "samples"


def parse(text: str, name: str = "data", values: Mapping[str, float] | None = None) -> Distribution:
    """Read a distribution from its text notation.

    Parameters
    ----------
    text : str
        A sum of weighted terms `N(mean, std)`, `U(low, high)`, `Laplace(loc, scale)`,
        `Logistic(loc, scale)`, `T(df, loc, scale)`, `samples:PATH` (one number a line) or
        `samples:PATH#column` (a CSV file's column, by its heading).
    name : str
        What to call the text in messages.
    values : mapping of str to float, optional
        With it, weights and parameters may be arithmetic (+ - * / and parentheses) over numbers
        and `{name}`, each name one of these.

    Returns
    -------
    Distribution
        `str` of it is text that reads back as an equal distribution.

    Raises
    ------
    InputError
        One line that says what was expected, and at which column.

    Examples
    --------
    >>> p = gandyn.parse("0.3*N(-2, 0.5) + 0.7*Laplace(1, 1)")
    >>> p.components
    (Normal(mean=-2.0, std=0.5), Laplace(loc=1.0, scale=1.0))
    >>> print(gandyn.parse("N({m}, 2*{s})", values={"m": 1, "s": 0.5}))
    N(1, 1)
    """
    if values is None:
        return read(text, name, arithmetic=False).distribution({})
    if not isinstance(values, Mapping):
        raise InputError(f"values: got {show(values)}, must be a number for each name")
    numbers = {key: finite(f"values[{show(key)}]", value) for key, value in values.items()}
    return read(text, name).distribution(numbers)


def names_in(text: str, name: str = "data") -> tuple[str, ...]:
    """The names in braces that a template has, in the order in which they first come.

    Parameters
    ----------
    text : str
        As `parse` takes it with values.
    name : str
        What to call the text in messages.

    Raises
    ------
    InputError
        Where the text is none that `parse` could read, whatever the values.
    """
    return read(text, name).names


def read(text: str, name: str = "data", arithmetic: bool = True) -> Notation:
    """Read a text once, for any number of values of its names.

    Parameters
    ----------
    text : str
        As `parse` takes it.
    name : str
        What to call the text in messages.
    arithmetic : bool
        Whether it may have arithmetic and names where it has numbers.

    Raises
    ------
    InputError
        One line that says what was expected, and at which column.
    """
    if not isinstance(text, str):
        raise InputError(f"{name}: got {show(text)}, must be text such as 'N(0, 1)'")
    if len(text) > MAX_LENGTH:
        raise InputError(
            f"{name}: got text of {len(text)} characters, must be at most {MAX_LENGTH}"
        )
    source = Source(text, name)
    reader = _Reader(Scanner(source), arithmetic)
    return Notation(source, reader.all(), tuple(reader.names))


@dataclass(frozen=True)
class Notation:
    """What a text says, for any values of its names; made by `read`.

    Attributes
    ----------
    source : Source
        The text.
    names : tuple of str
        The names in braces, in the order in which they first come.
    """

    source: Source
    root: _Node
    names: tuple[str, ...]

    def distribution(self, values: Mapping[str, float]) -> Distribution:
        """The distribution at a finite value of each name.

        Raises
        ------
        InputError
            Where there is none, or where a name has no value.
        """
        return _built(self.root, self.source, values)


@dataclass(frozen=True)
class _Family:
    """One of `FAMILIES` with its parameters; begin and end of its text."""

    name: str
    parameters: tuple[Expression, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class _Sum:
    """Terms, each with a weight or none; begin and end of their text."""

    terms: tuple[tuple[Expression | None, _Node], ...]
    begin: int
    end: int


_Node = Distribution | _Family | _Sum


def _built(node: _Node, source: Source, values: Mapping[str, float]) -> Distribution:
    if isinstance(node, Distribution):
        return node
    make: Callable[..., Distribution]
    arguments: list[Any]
    if isinstance(node, _Family):
        make = FAMILIES[node.name]
        arguments = [parameter.value(source, values) for parameter in node.parameters]
    else:
        make = Mixture
        weights = [1.0 if w is None else w.value(source, values) for w, _ in node.terms]
        arguments = [weights, [_built(part, source, values) for _, part in node.terms]]
    try:
        return make(*arguments)
    except InputError as error:
        raise InputError(f"{error} (in {source.shown(node.begin, node.end)})") from None


class _Reader:
    def __init__(self, scan: Scanner, arithmetic: bool) -> None:
        self.scan = scan
        self.starts_weight = starts_expression if arithmetic else starts_number
        self.read_weight = read_weight if arithmetic else read_number
        self.read_parameter = read_sum if arithmetic else read_number
        self.names: dict[str, None] = {}

    def all(self) -> _Node:
        out = self._sum()
        if self.scan.peek():
            raise self.scan.expected("'+' or the end")
        return out

    def _sum(self) -> _Node:
        begin = self.scan.skip()
        terms = [self._term()]
        while self.scan.accept("+"):
            terms.append(self._term())
        if len(terms) == 1 and terms[0][0] is None:
            return terms[0][1]
        return _Sum(tuple(terms), begin, self.scan.at)

    def _term(self) -> tuple[Expression | None, _Node]:
        weight = None
        if self.starts_weight(self.scan):
            weight = self._noted(self.read_weight(self.scan))
            if not self.scan.accept("*"):
                raise self.scan.expected("'*' and a distribution after the weight")
        return weight, self._atom()

    def _atom(self) -> _Node:
        if self.scan.peek() == "(":
            return self.scan.within_parentheses(self._sum)
        begin = self.scan.skip()
        word = self.scan.word()
        if word == _SAMPLES and self.scan.accept(":"):
            return self._samples()
        if not word:
            raise self.scan.expected("a distribution")
        if word not in FAMILIES:
            allowed = ", ".join([*FAMILIES, "samples:PATH"])
            message = f"unknown distribution {show(word)}, must be one of {allowed}"
            raise self.scan.source.error(message, begin)
        return self._family(word, begin)

    def _family(self, word: str, begin: int) -> _Family:
        names = FAMILIES[word].parameters()
        signature = f"{word}({', '.join(names)})"
        self.scan.require("(")
        found: list[Expression] = []
        while self.scan.peek() != ")" or found:
            if len(found) == len(names):
                message = f"too many parameters, must be {signature}"
                raise self.scan.source.error(message, self.scan.at)
            found.append(self._noted(self.read_parameter(self.scan)))
            if not self.scan.accept(","):
                break
        if self.scan.peek() == ")" and len(found) < len(names):
            message = f"missing {', '.join(names[len(found) :])}, must be {signature}"
            raise self.scan.source.error(message, self.scan.at)
        self.scan.require(")")
        return _Family(word, tuple(found), begin, self.scan.at)

    def _noted(self, expression: Expression) -> Expression:
        self.names.update(dict.fromkeys(expression.names))
        return expression

    def _samples(self) -> Distribution:
        path = self._name_of("a path")
        column = None
        if self.scan.here() == "#":
            self.scan.at += 1
            column = self._name_of("a column's name")
        return from_file(path, column)

    def _name_of(self, what: str) -> str:
        """A path or a column: up to a space or a sign of the notation, or within quotes."""
        text, begin = self.scan.text, self.scan.at
        if self.scan.here() != '"':
            while self.scan.at < len(text) and text[self.scan.at] not in _ENDS_PATH:
                self.scan.at += 1
            if self.scan.at == begin:
                raise self.scan.expected(what)
            return text[begin : self.scan.at]
        parts = []
        while self.scan.here() == '"':
            end = text.find('"', self.scan.at + 1)
            if end < 0:
                raise self.scan.source.error("no closing '\"' for the one", begin)
            parts.append(text[self.scan.at + 1 : end])
            self.scan.at = end + 1
        return '"'.join(parts)
