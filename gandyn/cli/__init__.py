"""The command line: one subcommand a file, and the exit status that they share.

0 it worked; 1 a claim failed, a flow did not get to its end, or a result may lack something;
2 bad input; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import gandyn
from gandyn.cli.arguments import Parser, attach_numbers
from gandyn.cli.barriers import BarriersCommand
from gandyn.cli.basins import BasinsCommand
from gandyn.cli.branches import BranchesCommand
from gandyn.cli.compare import CompareCommand
from gandyn.cli.diagram import DiagramCommand
from gandyn.cli.equilibria import EquilibriaCommand
from gandyn.cli.evaluate import EvaluateCommand
from gandyn.cli.flow import FlowCommand
from gandyn.cli.portrait import PortraitCommand
from gandyn.cli.raster import RasterCommand
from gandyn.cli.report import ReportCommand
from gandyn.cli.train import TrainCommand
from gandyn.cli.verify import VerifyCommand
from gandyn.errors import InputError
from gandyn.system.optional import MissingPackage

__all__ = ["COMMANDS", "main"]

COMMANDS: dict[str, Any] = {
    "evaluate": EvaluateCommand,
    "flow": FlowCommand,
    "equilibria": EquilibriaCommand,
    "portrait": PortraitCommand,
    "basins": BasinsCommand,
    "barriers": BarriersCommand,
    "branches": BranchesCommand,
    "diagram": DiagramCommand,
    "raster": RasterCommand,
    "train": TrainCommand,
    "compare": CompareCommand,
    "report": ReportCommand,
    "verify": VerifyCommand,
}
"""Every subcommand by its name, in the order of the help."""

BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 2, 130, 141

_DESCRIPTION = """\
How a GAN trains, exactly, in one dimension: data p on the line, generator x = a z + b,
the discriminator always at its optimum D* = p / (p + p_g)."""

_EXAMPLE = """\
example:
  gandyn report
  gandyn COMMAND --help"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, the arguments after the program's name; the exit status.

    They are those of the process by default.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal without σ or ± shows ? instead of a traceback.
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        arguments = attach_numbers(sys.argv[1:] if argv is None else argv)
        options = _parser().parse_args(arguments)
        if options.command is None:
            raise InputError(f"COMMAND: got none, must be one of {', '.join(COMMANDS)}")
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except InputError as error:
        return _complain(f"error: {error}", BAD_INPUT)
    except MissingPackage as error:
        return _complain(f"error: {error}", 1)
    except KeyboardInterrupt as interrupt:
        return _complain("; ".join(map(str, interrupt.args)) or "interrupted", INTERRUPTED)
    except BrokenPipeError:
        _close_stdout()
        return BROKEN_PIPE
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        return _complain(f"error: {error.strerror or error}{where}", 1)


def _parser() -> Parser:
    parser = Parser(prog="gandyn", description=_DESCRIPTION, epilog=_EXAMPLE)
    parser.add_argument("--version", action="version", version=f"gandyn {gandyn.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS.values():
        command.add(commands)
    return parser


def _complain(message: str, status: int) -> int:
    with suppress(OSError):
        print("gandyn:", " ".join(message.split()), file=sys.stderr)
    return status


def _close_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
