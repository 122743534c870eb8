"""The command line: one subcommand a file, and the exit status that they share.

0 it worked; 1 a claim failed, a flow did not get to its end, a result may lack something, or it
could not be written; 2 bad input; 130 interrupted, by Ctrl-C; 143 by SIGTERM.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import warnings
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
from gandyn.errors import InputError, printable
from gandyn.system.interrupts import interrupts_noted
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

BAD_INPUT, INTERRUPTED, BROKEN_PIPE, TERMINATED = 2, 130, 141, 143

_DESCRIPTION = """\
How a GAN trains, exactly, in one dimension: data p on the line, generator x = a z + b,
the discriminator always at its optimum D* = p / (p + p_g)."""

_EXAMPLE = """\
example:
  gandyn report
  gandyn COMMAND --help"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, the arguments after the program's name; the exit status.

    They are those of the process by default, of which all is then ours: signals, and what others
    have to say on standard error.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal without σ or ± shows ? instead of a traceback.
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if argv is not None:
        return _run(argv)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with interrupts_noted() as came:
        # one that is dropped in a destructor needs no traceback
        sys.unraisablehook = lambda lost: None if came else sys.__unraisablehook__(lost)
        try:
            status = _run(sys.argv[1:])
        except Exception:
            if not came:
                raise
            # of a package that was interrupted while it was loaded, say
            status = _complain("interrupted", INTERRUPTED)
        # what comes now, while the interpreter ends, changes nothing
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if came:
        status = TERMINATED if signal.SIGTERM in came else INTERRUPTED
    return status


def _run(argv: Sequence[str]) -> int:
    """The exit status of a command line, whose every end is told in a line."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")
        status = _command(argv)
        sys.stdout.flush()
        return status
    except InputError as error:
        return _complain(f"error: {error}", BAD_INPUT)
    except MissingPackage as error:
        return _complain(f"error: {error}", 1)
    except KeyboardInterrupt as interrupt:
        return _complain("; ".join(map(str, interrupt.args)) or "interrupted", INTERRUPTED)
    except BrokenPipeError:
        _drop_stdout()
        return BROKEN_PIPE
    except OSError as error:
        _drop_stdout()
        where = f": {error.filename}" if error.filename else ""
        return _complain(f"error: {error.strerror or error}{where}", 1)
    except MemoryError as error:
        return _complain(f"error: out of memory: {error}", 1)


def _command(argv: Sequence[str]) -> int:
    try:
        options = _parser().parse_args(attach_numbers(argv))
    except SystemExit as end:  # of --help and --version
        return int(end.code or 0)
    if options.command is None:
        raise InputError(f"COMMAND: got none, must be one of {', '.join(COMMANDS)}")
    status: int = options.run(options)
    return status


def _parser() -> Parser:
    parser = Parser(prog="gandyn", description=_DESCRIPTION, epilog=_EXAMPLE)
    parser.add_argument("--version", action="version", version=f"gandyn {gandyn.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS.values():
        command.add(commands)
    return parser


def _complain(message: str, status: int) -> int:
    if sys.stderr is not None:
        with suppress(OSError):
            print("gandyn:", printable(" ".join(message.split())), file=sys.stderr, flush=True)
    return status


def _drop_stdout() -> None:
    """Keep the interpreter from writing once more what cannot be written, when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
