"""The text notation of distributions: `0.5*N(-3, 1) + 0.5*N(3, 1)`.

    sum    = term { "+" term }
    term   = [ number "*" ] atom
    atom   = name "(" number { "," number } ")"  |  "(" sum ")"  |  "samples:" path [ "#" column ]
    number = [ "+" | "-" ] digits [ "." digits ] [ "e" digits ]

Names and their parameters are those of `FAMILIES`. A path or column with spaces or any of
`" ( ) , + #` is written in double quotes, a double quote within as two.

A template, such as `{w}/2*N(-{m}, 1) + (1 - {w}/2)*N(2*({m} + 1), 1)`, has arithmetic where the
above has a number: a parameter is an expression, a weight a product.

    expression = product { ( "+" | "-" ) product }
    product    = signed { ( "*" | "/" ) signed }
    signed     = { "+" | "-" } ( number | "{" name "}" | "(" expression ")" )

A name is a letter or _, then letters, digits and _. A "(" that encloses a distribution is one of
the first grammar, any other is one of the arithmetic. Reading puts all into postfix order, in which
a text has its distribution as soon as its names have values, without recursion.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gandyn.distributions.base import Distribution
from gandyn.distributions.families import Laplace, Logistic, Normal, Uniform
from gandyn.distributions.kernel import from_file
from gandyn.distributions.location_scale import LocationScale
from gandyn.distributions.mixture import Mixture
from gandyn.distributions.student_t import StudentT
from gandyn.errors import InputError
from gandyn.system.checks import finite, show

FAMILIES: dict[str, type[LocationScale]] = {
    family.notation: family for family in (Normal, Uniform, Laplace, Logistic, StudentT)
}
"""The families that text can name; their parameters there are the fields of the class."""

MAX_LENGTH = 100_000
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number> (?: [0-9]+ \.? [0-9]* | \.[0-9]+ ) (?: [eE] [+-]? [0-9]+ )? )
    | (?P<word> [a-zA-Z_] [a-zA-Z_0-9]* )
    | (?P<sign> .? )  # empty at the end
    )""",
    re.VERBOSE | re.DOTALL,
)
_FILE_NAME = re.compile(r'"((?:[^"]|"")*)"(?!")|([^ \t\r\n"(),+#]+)')
_OPERATORS: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "+": (1, operator.add),
    "-": (1, operator.sub),
    "*": (2, operator.mul),
    "/": (2, operator.truediv),
}
"""How tightly each binds, and what it does."""

_MOST_SHOWN = 6


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


def read(text: str, name: str = "data", arithmetic: bool = True) -> Notation:
    """Read a text as `parse` does, once, for any number of values of its names.

    Without `arithmetic` it may have neither that nor names where it has numbers.
    """
    if not isinstance(text, str):
        raise InputError(f"{name}: got {show(text)}, must be text such as 'N(0, 1)'")
    if len(text) > MAX_LENGTH:
        raise InputError(
            f"{name}: got text of {len(text)} characters, must be at most {MAX_LENGTH}"
        )
    reader = _Reader(Notation(text, name), arithmetic)
    reader.sum()
    if reader.found:
        raise reader.expected("'+' or the end")
    return replace(reader.source, steps=tuple(reader.steps), names=tuple(reader.names))


@dataclass(frozen=True)
class _Name:
    """The value of a name that stands at a place in the text."""

    name: str
    begin: int


@dataclass(frozen=True)
class _Step:
    """What `make` makes of the last `count` values; begin and end of its text."""

    make: Callable[..., Any]
    count: int
    begin: int
    end: int


@dataclass(frozen=True)
class Notation:
    """What a text says, for any values of its names; made by `read`.

    The steps are numbers, names, distributions and what is made of them, in postfix order.
    """

    text: str
    name: str
    steps: tuple[float | Distribution | _Name | _Step, ...] = ()
    names: tuple[str, ...] = ()

    def error(self, message: str, at: int) -> InputError:
        """An error of one line that ends with the place it is about."""
        shown = " ".join(self.text.split())
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return InputError(f'{self.name}: {message} at column {at + 1} of "{shown}"')

    def distribution(self, values: Mapping[str, float]) -> Distribution:
        """The distribution at a finite value of each name; an `InputError` where there is none."""
        last: list[Any] = []
        for step in self.steps:
            if isinstance(step, _Step):
                arguments = last[-step.count :]
                del last[-step.count :]
                last.append(self._made(step, arguments))
            elif isinstance(step, _Name):
                if step.name not in values:
                    raise self._unknown(step, values)
                last.append(values[step.name])
            else:
                last.append(step)
        return last.pop()

    def _made(self, step: _Step, arguments: list[Any]) -> Any:
        try:
            made = step.make(*arguments)
        except ZeroDivisionError:
            raise self.error(f"division by zero in {self._shown(step)}", step.begin) from None
        except InputError as error:
            raise InputError(f"{error} (in {self._shown(step)})") from None
        if isinstance(made, float) and not math.isfinite(made):
            message = f"got {made} from {self._shown(step)}, must be a finite number"
            raise self.error(message, step.begin)
        return made

    def _shown(self, step: _Step) -> str:
        return show(self.text[step.begin : step.end].strip())

    def _unknown(self, step: _Name, values: Mapping[str, float]) -> InputError:
        allowed = "a number"
        if values:
            names = [f"{{{name}}}" for name in list(values)[:_MOST_SHOWN]]
            allowed = "one of " + ", ".join(names + ["..."] * (len(values) > _MOST_SHOWN))
        shown = show(f"{{{step.name}}}")
        return self.error(f"unknown name {shown}, must be {allowed}", step.begin)


def _mixture(*pairs: Any) -> Mixture:
    return Mixture(list(pairs[::2]), list(pairs[1::2]))


class _Reader:
    """A place in a text, which moves on as the text is read into steps.

    Of the token that comes next it knows the kind, what was found, where that begins and ends.
    """

    def __init__(self, source: Notation, arithmetic: bool) -> None:
        self.source = source
        self.arithmetic = arithmetic
        self.steps: list[float | Distribution | _Name | _Step] = []
        self.names: dict[str, None] = {}
        self.depth = 0
        self.brackets = _brackets(source.text) if arithmetic else set()
        self.go_to(0)

    def go_to(self, at: int) -> None:
        token = _TOKEN.match(self.source.text, at)
        assert token is not None and token.lastgroup is not None
        self.kind = token.lastgroup
        self.found = token[self.kind]
        self.begin, self.end = token.span(self.kind)

    def accept(self, sign: str) -> bool:
        """Whether the sign comes next; if so, go over it."""
        if self.found != sign:
            return False
        self.go_to(self.end)
        return True

    def require(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.expected(f"'{sign}'")

    def expected(self, what: str) -> InputError:
        return self.source.error(f"expected {what}", self.begin)

    def within_parentheses(self, read: Callable[[], None]) -> None:
        if self.depth == MAX_DEPTH:
            raise self.source.error(f"got more than {MAX_DEPTH} nested parentheses", self.begin)
        self.depth += 1
        self.require("(")
        read()
        self.require(")")
        self.depth -= 1

    def sum(self) -> None:
        begin, mark = self.begin, len(self.steps)
        weighted = self._term()
        count = 1
        while self.accept("+"):
            self._term()
            count += 1
        if count > 1 or weighted:
            self.steps.append(_Step(_mixture, 2 * count, begin, self.begin))
        else:
            del self.steps[mark]

    def _term(self) -> bool:
        """A weight, 1 where there is none, and a distribution; whether there is a weight."""
        weighted = self._starts_expression()
        if weighted:
            self._expression(2, weight=True)
            if not self.accept("*"):
                raise self.expected("'*' and a distribution after the weight")
        else:
            self.steps.append(1.0)
        if self.found == "(":
            self.within_parentheses(self.sum)
        else:
            self._atom()
        return weighted

    def _atom(self) -> None:
        word, begin = self.found, self.begin
        if self.kind != "word":
            raise self.expected("a distribution")
        self.go_to(self.end)
        if word in FAMILIES:
            self._family(word, begin)
        elif word == "samples" and self.accept(":"):
            path, end = self._file_name(self.begin, "a path")
            column = None
            if self.source.text.startswith("#", end):
                column, end = self._file_name(end + 1, "a column's name")
            self.go_to(end)
            if self.kind in ("word", "number"):
                raise self.expected("'+' or the end (a path or heading with spaces is quoted)")
            self.steps.append(from_file(path, column))
        else:
            allowed = ", ".join([*FAMILIES, "samples:PATH"])
            message = f"unknown distribution {show(word)}, must be one of {allowed}"
            raise self.source.error(message, begin)

    def _family(self, word: str, begin: int) -> None:
        names = FAMILIES[word].parameters()
        signature = f"{word}({', '.join(names)})"
        self.require("(")
        count = 0
        while self.found != ")" or count:
            if count == len(names):
                message = f"too many parameters, must be {signature}"
                raise self.source.error(message, self.begin)
            self._expression()
            count += 1
            if not self.accept(","):
                break
        if self.found == ")" and count < len(names):
            message = f"missing {', '.join(names[count:])}, must be {signature}"
            raise self.source.error(message, self.begin)
        self.require(")")
        self.steps.append(_Step(FAMILIES[word], count, begin, self.begin))

    def _file_name(self, at: int, what: str) -> tuple[str, int]:
        """A path or a column, and where it ends."""
        name = _FILE_NAME.match(self.source.text, at)
        if name:
            return name[2] or name[1].replace('""', '"'), name.end()
        if self.source.text.startswith('"', at):
            raise self.source.error("no closing '\"' for the one", at)
        raise self.source.error(f"expected {what}", at)

    def _starts_expression(self) -> bool:
        """Whether a number comes next, rather than a distribution."""
        if self.kind == "number" or self.found in ("+", "-", "."):
            return True
        return self.arithmetic and (self.found == "{" or self.begin in self.brackets)

    def _expression(self, lowest: int = 1, weight: bool = False) -> None:
        """What operators that bind as tightly as `lowest` join: a number without arithmetic.

        That of a weight ends at the "*" before a distribution.
        """
        begin = self.begin
        self._signed()
        while self.arithmetic and self.found in _OPERATORS:
            level, operation = _OPERATORS[self.found]
            if level < lowest:
                break
            times, mark = self.found == "*", self.begin
            self.go_to(self.end)
            if weight and times and not self._starts_expression():
                self.go_to(mark)
                break
            self._expression(level + 1)
            self.steps.append(_Step(operation, 2, begin, self.begin))

    def _signed(self) -> None:
        begin = self.begin
        negative = False
        while self.found in ("+", "-"):
            negative ^= self.found == "-"
            self.go_to(self.end)
            if not self.arithmetic:
                break
        if self.arithmetic and self.found == "(":
            self.within_parentheses(self._expression)
        elif self.arithmetic and self.found == "{":
            self._name()
        else:
            self._number(begin)
        if negative:
            self.steps.append(_Step(operator.neg, 1, begin, self.begin))

    def _name(self) -> None:
        begin = self.begin
        self.require("{")
        if self.kind != "word":
            raise self.expected("a name")
        name = self.found
        self.go_to(self.end)
        self.require("}")
        self.names[name] = None
        self.steps.append(_Name(name, begin))

    def _number(self, begin: int) -> None:
        """A number without its sign, which `begin` is the place of."""
        if self.kind == "number":
            value = float(self.found)
            if math.isfinite(value):
                self.steps.append(value)
                self.go_to(self.end)
                return
            shown = show(self.found)
        elif self.found.lower() in ("inf", "infinity", "nan"):
            shown = self.found
        else:
            raise self.expected("a number")
        raise self.source.error(f"got {shown}, must be a finite number", begin)


def _brackets(text: str) -> set[int]:
    """Where the "(" stand that enclose no word outside braces, hence no distribution."""
    found: set[int] = set()
    opened: list[int] = []
    before = ""
    for token in _TOKEN.finditer(text):
        if token["word"] and before != "{":
            opened.clear()
        elif token["sign"] == "(":
            opened.append(token.start("sign"))
        elif token["sign"] == ")" and opened:
            found.add(opened.pop())
        before = token["sign"] or ""
    return found
