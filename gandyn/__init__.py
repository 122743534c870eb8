"""How a GAN trains, exactly, in one dimension.

Every public name stands in `__init__.pyi`, with its home and so with its type, and is imported
when it is first used. The examples in the docstrings take ``import gandyn``, ``import numpy as np``
and ``from gandyn import plots`` as done.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_HOME = {
    alias.name: node.module
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
__all__ = sorted(name for name, home in _HOME.items() if home != "gandyn")


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gandyn' has no attribute {name!r}")
    home = _HOME[name]
    if home == "gandyn":
        return importlib.import_module(f"gandyn.{name}")
    return getattr(importlib.import_module(str(home)), name)


def __dir__() -> list[str]:
    return [*_HOME, "__version__"]
