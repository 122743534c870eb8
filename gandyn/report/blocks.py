"""What a section of the page is made of; the template knows how each kind looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from markupsafe import Markup

Words = str | Markup
"""Text that is escaped, or mark-up of our own that is not."""


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    words: Words


@dataclass(frozen=True)
class Picture:
    """A file of the report's folder, embedded in the page.

    `alt` says in words what there is to see; `wide` takes the page's whole width.
    """

    kind: ClassVar[str] = "picture"
    file: str
    alt: str
    caption: Words
    wide: bool = False
    moving: bool = False


@dataclass(frozen=True)
class Facts:
    """Cards: a name, a large value, and a line below it."""

    kind: ClassVar[str] = "facts"
    cards: Sequence[tuple[Words, Words, Words]]


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first cell of a row is its name. `stacks`: rows become cards on
    narrow screens. `whole`: cells are numbers, which are not broken into lines."""

    kind: ClassVar[str] = "table"
    caption: Words
    heads: Sequence[Words]
    rows: Sequence[Sequence[Words]]
    stacks: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Code:
    """Lines to be typed."""

    kind: ClassVar[str] = "code"
    lines: str


Block = Text | Picture | Facts | Table | Code


@dataclass(frozen=True)
class Section:
    """One section of the page: `key` is its anchor, and the name of its numbers in results.json."""

    key: str
    title: Words
    blocks: Sequence[Block]
    numbers: Mapping[str, Any] = field(default_factory=dict)
