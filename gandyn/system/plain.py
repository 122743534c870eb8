"""Results as strict JSON has them."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["plain"]


def plain(entry: Any) -> Any:
    """An entry as strict JSON has it: infinite numbers become "inf", "-inf" and undefined "nan"."""
    if isinstance(entry, dict):
        return {str(key): plain(value) for key, value in entry.items()}
    if isinstance(entry, list | tuple):
        return [plain(value) for value in entry]
    if hasattr(entry, "tolist"):
        return plain(entry.tolist())
    if isinstance(entry, float) and not math.isfinite(entry):
        return str(entry)
    return entry
