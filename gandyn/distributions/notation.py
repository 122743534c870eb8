"""The text notation of distributions: `0.5*N(-3, 1) + 0.5*N(3, 1)`.

    sum   = term { "+" term }
    term  = [ number "*" ] atom
    atom  = name "(" number { "," number } ")"  |  "(" sum ")"  |  "samples:" path [ "#" column ]
    number = [ "+" | "-" ] digits [ "." digits ] [ "e" digits ]

Names and their parameters are those of `FAMILIES`. A path or column with spaces or any of
`" ( ) , + #` is written in double quotes, a double quote within as two.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gandyn.distributions.base import Distribution
from gandyn.distributions.checks import show
from gandyn.distributions.laplace import Laplace
from gandyn.distributions.logistic import Logistic
from gandyn.distributions.mixture import Mixture
from gandyn.distributions.normal import Normal
from gandyn.distributions.samples_file import from_file
from gandyn.distributions.student_t import StudentT
from gandyn.distributions.uniform import Uniform
from gandyn.errors import InputError

FAMILIES: dict[str, tuple[Callable[..., Distribution], tuple[str, ...]]] = {
    "N": (Normal, ("mean", "std")),
    "U": (Uniform, ("low", "high")),
    "Laplace": (Laplace, ("loc", "scale")),
    "Logistic": (Logistic, ("loc", "scale")),
    "T": (StudentT, ("df", "loc", "scale")),
}

MAX_LENGTH = 100_000
MAX_DEPTH = 50

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_ENDS_PATH = ' \t\r\n"(),+#'
_SAMPLES = "samples"


def parse(text: str, name: str = "data") -> Distribution:
    """Read a distribution from its text notation.

    Parameters
    ----------
    text : str
        A sum of weighted terms `N(mean, std)`, `U(low, high)`, `Laplace(loc, scale)`,
        `Logistic(loc, scale)`, `T(df, loc, scale)`, `samples:PATH` (one number a line) or
        `samples:PATH#column` (a CSV file's column, by its heading).
    name : str
        What to call the text in messages.

    Returns
    -------
    Distribution
        `str` of it is text that reads back as an equal distribution.

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
    return _Parser(text, name).parse()


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.at = 0
        self.depth = 0

    def parse(self) -> Distribution:
        out = self._sum()
        if self.at < len(self.text):
            raise self._expected("'+' or the end")
        return out

    def _sum(self) -> Distribution:
        start = self._skip()
        terms = [self._term()]
        while self._accept("+"):
            terms.append(self._term())
        if len(terms) == 1 and terms[0][0] is None:
            return terms[0][1]
        weights = [1.0 if weight is None else weight for weight, _ in terms]
        return self._build(start, Mixture, weights, [part for _, part in terms])

    def _term(self) -> tuple[float | None, Distribution]:
        weight = None
        if self._peek() and self._peek() in _DIGITS + ".+-":
            weight = self._number()
            if not self._accept("*"):
                raise self._expected("'*' and a distribution after the weight")
        return weight, self._atom()

    def _atom(self) -> Distribution:
        if self._accept("("):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self._error(f"got more than {MAX_DEPTH} nested parentheses", self.at - 1)
            inner = self._sum()
            self._require(")")
            self.depth -= 1
            return inner
        start = self._skip()
        word = self._word()
        if word == _SAMPLES and self._accept(":"):
            return self._samples()
        if not word:
            raise self._expected("a distribution")
        if word not in FAMILIES:
            allowed = ", ".join([*FAMILIES, "samples:PATH"])
            raise self._error(f"unknown distribution {show(word)}, must be one of {allowed}", start)
        return self._family(word, start)

    def _family(self, word: str, start: int) -> Distribution:
        make, names = FAMILIES[word]
        signature = f"{word}({', '.join(names)})"
        self._require("(")
        values: list[float] = []
        while self._peek() != ")" or values:
            if len(values) == len(names):
                raise self._error(f"too many parameters, must be {signature}", self.at)
            values.append(self._number())
            if not self._accept(","):
                break
        if self._peek() == ")" and len(values) < len(names):
            missing = ", ".join(names[len(values) :])
            raise self._error(f"missing {missing}, must be {signature}", self.at)
        self._require(")")
        return self._build(start, make, *values)

    def _number(self) -> float:
        """The number here; the place where a number may one day be more than digits."""
        start = self._skip()
        sign = 1.0
        if self._peek() in ("+", "-"):
            sign = -1.0 if self._peek() == "-" else 1.0
            self.at += 1
        begin = self._skip()
        self._take(_DIGITS)
        if self.text[self.at : self.at + 1] == ".":
            self.at += 1
            self._take(_DIGITS)
        digits = self.text[begin : self.at].strip(".")
        if not digits:
            self.at = begin
            word = self._word()
            if word.lower() in ("inf", "infinity", "nan"):
                raise self._error(f"got {word}, must be a finite number", start)
            self.at = begin
            raise self._expected("a number")
        self._exponent()
        value = sign * float(self.text[begin : self.at])
        if not math.isfinite(value):
            shown = self.text[begin : self.at]
            raise self._error(f"got {show(shown)}, must be a finite number", start)
        return value

    def _exponent(self) -> None:
        mark = self.at
        if self.text[mark : mark + 1] not in ("e", "E"):
            return
        self.at += 1
        if self.text[self.at : self.at + 1] in ("+", "-"):
            self.at += 1
        if not self._take(_DIGITS):
            self.at = mark

    def _samples(self) -> Distribution:
        path = self._name_of("a path")
        column = None
        if self.text[self.at : self.at + 1] == "#":
            self.at += 1
            column = self._name_of("a column's name")
        return from_file(path, column)

    def _name_of(self, what: str) -> str:
        """A path or a column: up to a space or a sign of the notation, or within quotes."""
        if self.text[self.at : self.at + 1] != '"':
            begin = self.at
            while self.at < len(self.text) and self.text[self.at] not in _ENDS_PATH:
                self.at += 1
            if self.at == begin:
                raise self._expected(what)
            return self.text[begin : self.at]
        begin, out = self.at, ""
        self.at += 1
        while True:
            end = self.text.find('"', self.at)
            if end < 0:
                raise self._error("no closing '\"' for the one", begin)
            out += self.text[self.at : end]
            self.at = end + 1
            if self.text[self.at : self.at + 1] != '"':
                return out
            out += '"'
            self.at += 1

    def _build(
        self, start: int, make: Callable[..., Distribution], *values: object
    ) -> Distribution:
        try:
            return make(*values)
        except InputError as error:
            where = show(self.text[start : self.at].strip())
            raise InputError(f"{error} (in {where})") from None

    def _skip(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def _peek(self) -> str:
        return self.text[self._skip() : self.at + 1]

    def _accept(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self.at += 1
        self._skip()
        return True

    def _require(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._expected(f"'{sign}'")

    def _take(self, allowed: str) -> bool:
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] in allowed:
            self.at += 1
        return self.at > begin

    def _word(self) -> str:
        begin = self._skip()
        if self._take(_LETTERS):
            self._take(_LETTERS + _DIGITS)
        return self.text[begin : self.at]

    def _expected(self, what: str) -> InputError:
        self._skip()
        return self._error(f"expected {what}", self.at)

    def _error(self, message: str, at: int) -> InputError:
        shown = " ".join(self.text.split())
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return InputError(f'{self.name}: {message} at column {at + 1} of "{shown}"')
