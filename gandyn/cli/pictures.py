"""The files that subcommands write: where they go, proven before the work starts."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from gandyn.errors import InputError
from gandyn.system.folder import writable_folder

_PICTURES = (".png", ".svg", ".pdf")


def add_output(parser: argparse.ArgumentParser, default: str) -> None:
    """Add --output, the picture."""
    parser.add_argument(
        "--output",
        metavar="PATH",
        help=f"the picture (.png, .svg or .pdf), or a folder for {default}; default {default}, and "
        "no picture with --json",
    )


def read_output(options: argparse.Namespace, default: str) -> Path | None:
    """Where the picture goes; None with --json and no --output."""
    if options.output is None:
        return None if options.json else Path(default)
    path = Path(options.output)
    if path.is_dir() or not path.suffix or options.output.endswith("/"):
        return path / default
    if path.suffix.lower() not in _PICTURES:
        allowed = "must be a folder, or a file that ends in .png, .svg or .pdf"
        raise InputError(f"output: got {options.output!r}, {allowed}")
    return path


def read_file(name: str, text: str, *suffixes: str) -> Path:
    """A file that ends in one of the suffixes."""
    path = Path(text)
    if path.is_dir() or path.suffix.lower() not in suffixes:
        allowed = " or ".join(suffixes)
        raise InputError(f"{name}: got {text!r}, must be a file that ends in {allowed}")
    return path


def claim_files(stack: ExitStack, **paths: Path | None) -> None:
    """Make the folders of files, by the name of their option; gone again if the stack fails."""
    if paths.get("output") or paths.get("animate"):
        import gandyn.plots  # noqa: F401  # where Matplotlib is not installed, it says so now
    for name, path in paths.items():
        if path is not None:
            stack.enter_context(writable_folder(path.parent, name))
            if path.is_dir():
                raise InputError(f"{name}: got {str(path)!r}, a folder; must be free for a file")
