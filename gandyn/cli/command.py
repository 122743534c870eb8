"""What every command does: read, claim its files, work, draw, print, and say how it went."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import gandyn
from gandyn.cli.arguments import GAME, add_options, family_options, read_box, read_family, read_game
from gandyn.cli.output import claim_files, progress_bar, read_output
from gandyn.errors import printable
from gandyn.system.progress import Progress
from gandyn.system.results import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OUTPUT = (
    "the picture (.png, .svg or .pdf), or a folder for {0}; default {0}, and no picture with --json"
)


class Command:
    """One subcommand: a subclass says what it takes, does, draws and prints.

    It `takes` options as `add_options` does, besides --output and --json. Its `picture`, "" where
    it draws none, is the file that goes to `output` by default, of so many inches in `size`;
    `files` are the others that it writes, by their option.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    description: ClassVar[str]
    epilog: ClassVar[str]
    takes: ClassVar[str]
    picture: ClassVar[str] = ""
    size: ClassVar[tuple[float, float]]

    @classmethod
    def add(cls, commands: Any) -> None:
        """Add the subcommand to those of a parser."""
        words = {"help": cls.help, "description": cls.description, "epilog": cls.epilog}
        parser = commands.add_parser(cls.name, **words)
        add_options(parser, cls.takes)
        if cls.picture:
            add_options(parser, f"output  PATH  -  {_OUTPUT.format(cls.picture)}")
        add_options(parser, 'json  -  -  print strict JSON; what is infinite is the string "inf"')
        parser.set_defaults(run=lambda options: cls(options).run())

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.output = read_output(options, self.picture) if self.picture else None
        self.files: dict[str, Path | None] = {}
        self.read(options)

    def run(self) -> int:
        """Do all of it; the exit status."""
        with ExitStack() as stack:
            claim_files(stack, output=self.output, **self.files)
            with progress_bar(self.name) as tell:
                found = self.work(tell)
                figure = None if self.output is None else self.draw(found, tell)
                self.write(found, tell)
                if self.output is not None and figure is not None:
                    gandyn.plots.save_figure(figure, self.output)
            if self.options.json:
                print(json.dumps(plain(self.entry(found)), indent=2, allow_nan=False))
            else:
                self.show(found)
                for line in self.written:
                    print(printable(line))
        return 0 if self.succeeded(found) else 1

    @property
    def written(self) -> list[str]:
        """A line for each file that is written."""
        return [f"wrote {path}" for path in (self.output, *self.files.values()) if path is not None]

    def read(self, options: argparse.Namespace) -> None:
        """Read the options; what is wrong is an `InputError`."""
        raise NotImplementedError

    def work(self, tell: Progress) -> Any:
        """What is found."""
        raise NotImplementedError

    def draw(self, found: Any, tell: Progress) -> Figure:
        """The picture of it."""
        tell(1.0, "picture")
        with gandyn.plots.style():
            figure = gandyn.plots.new_figure(self.size)
            self.fill(figure, found)
        return figure

    def fill(self, figure: Figure, found: Any) -> None:
        """Draw it into an empty figure."""
        raise NotImplementedError

    def write(self, found: Any, tell: Progress) -> None:
        """Write the other files."""

    def entry(self, found: Any) -> dict[str, Any]:
        """It as JSON."""
        entry: dict[str, Any] = found.as_dict()
        return entry

    def show(self, found: Any) -> None:
        """Print it for a reader."""
        raise NotImplementedError

    def succeeded(self, found: Any) -> bool:
        """Whether it is all that was asked for; raises KeyboardInterrupt for what was cut short."""
        return bool(found.success)


class PlaneCommand(Command):
    """A command about a part of the plane of (a, b)."""

    takes = f"""{GAME}
box  amin,amax,bmin,bmax  -  the part of the (a, b) plane to search; by default one that fits the \
data"""

    def read(self, options: argparse.Namespace) -> None:
        self.box, self.game = read_box(options.box), read_game(options)


class FamilyCommand(Command):
    """A command about a family of games with `count` parameters."""

    takes = family_options(1)
    count: ClassVar[int] = 1

    def read(self, options: argparse.Namespace) -> None:
        self.family, self.ranges = read_family(options, self.count)
