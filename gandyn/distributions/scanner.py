"""Reading a text from left to right, with errors of one line that say at which column."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gandyn.errors import InputError
from gandyn.system.checks import show

MAX_DEPTH = 50

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

# Numbers and braces are matched so that the letters in them are not taken for words.
_MARK = re.compile(r"[0-9.]+(?:[eE][+-]?[0-9]+)?|\{[^{}]*|[()]|(?P<word>[a-zA-Z_])")

Read = TypeVar("Read")


@dataclass(frozen=True)
class Source:
    """A text, and what to call it in messages."""

    text: str
    name: str

    def shown(self, begin: int, end: int) -> str:
        """A part of the text, for a message."""
        return show(self.text[begin:end].strip())

    def error(self, message: str, at: int) -> InputError:
        """An error of one line that ends with the place it is about."""
        shown = " ".join(self.text.split())
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return InputError(f'{self.name}: {message} at column {at + 1} of "{shown}"')


class Scanner:
    """A place in a text, which moves on as signs, words and numbers are read.

    Parameters
    ----------
    source : Source

    Attributes
    ----------
    at : int
        The place.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self._depth = 0
        self._holds_word: dict[int, bool] = {}

    def skip(self) -> int:
        """Go over white space; where that ends."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def here(self) -> str:
        """The character at this place, white space or not; empty at the end."""
        return self.text[self.at : self.at + 1]

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        self.skip()
        return self.here()

    def accept(self, sign: str) -> bool:
        """Whether the sign comes next; if so, go over it."""
        if self.peek() != sign:
            return False
        self.at += 1
        self.skip()
        return True

    def require(self, sign: str) -> None:
        """Go over the sign, which must come next."""
        if not self.accept(sign):
            raise self.expected(f"'{sign}'")

    def take(self, allowed: str) -> bool:
        """Go over all that is of the allowed characters; whether there were any."""
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] in allowed:
            self.at += 1
        return self.at > begin

    def word(self) -> str:
        """Letters and digits, of which a letter is the first; empty if there are none."""
        begin = self.skip()
        if self.take(LETTERS):
            self.take(LETTERS + DIGITS)
        return self.text[begin : self.at]

    def number(self, start: int) -> float:
        """A number without its sign; `start` is where its sign, if any, stands."""
        begin = self.skip()
        self.take(DIGITS)
        if self.here() == ".":
            self.at += 1
            self.take(DIGITS)
        if not self.text[begin : self.at].strip("."):
            self.at = begin
            word = self.word()
            if word.lower() in ("inf", "infinity", "nan"):
                raise self.source.error(f"got {word}, must be a finite number", start)
            self.at = begin
            raise self.expected("a number")
        self._exponent()
        value = float(self.text[begin : self.at])
        if not math.isfinite(value):
            shown = self.source.shown(begin, self.at)
            raise self.source.error(f"got {shown}, must be a finite number", start)
        return value

    def within_parentheses(self, read: Callable[[], Read]) -> Read:
        """What `read` reads between the "(" that comes next and its ")"."""
        if self._depth == MAX_DEPTH:
            raise self.source.error(f"got more than {MAX_DEPTH} nested parentheses", self.skip())
        self._depth += 1
        self.require("(")
        found = read()
        self.require(")")
        self._depth -= 1
        return found

    def holds_word(self) -> bool:
        """Whether the "(" that comes next encloses a word, or is never closed.

        What is found holds for every "(" up to the next word, and is kept: no part of the text is
        searched twice.
        """
        if self.skip() not in self._holds_word:
            open_here: list[int] = []
            for mark in _MARK.finditer(self.text, self.at):
                if mark["word"]:
                    break
                if mark[0] == "(":
                    open_here.append(mark.start())
                elif mark[0] == ")" and open_here:
                    self._holds_word[open_here.pop()] = False
            self._holds_word.update(dict.fromkeys(open_here, True))
        return self._holds_word[self.at]

    def expected(self, what: str) -> InputError:
        """The error that something else comes next."""
        return self.source.error(f"expected {what}", self.skip())

    def _exponent(self) -> None:
        mark = self.at
        if self.here() not in ("e", "E"):
            return
        self.at += 1
        if self.here() in ("+", "-"):
            self.at += 1
        if not self.take(DIGITS):
            self.at = mark
