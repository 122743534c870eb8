"""The report: one page about one game, with its figures and its numbers.

`Settings` and `write_report` are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gandyn.system.optional import needed_by

if TYPE_CHECKING:
    from gandyn.report.collect import Settings
    from gandyn.report.page import write_report

__all__ = ["Settings", "write_report"]

_HOMES = {"Settings": "collect", "write_report": "page"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gandyn.report' has no attribute {name!r}")
    with needed_by("report"):
        return getattr(import_module(f"gandyn.report.{_HOMES[name]}"), name)
