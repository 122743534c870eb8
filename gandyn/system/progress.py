"""How long work says how far it has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], object]
"""Told the share that is done, from 0 to 1, and in a few words what is being done."""
