"""Memory: how much there is, and work that needs more, refused before it starts."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

from gandyn.errors import InputError

_GROUP = Path("/sys/fs/cgroup")
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def free_memory() -> float:
    """Bytes that this process may still take; inf where nothing is known of them."""
    known = [math.inf]
    with suppress(OSError, ValueError, IndexError):
        text = Path("/proc/meminfo").read_text()
        known.append(1024.0 * int(text.split("MemAvailable:")[1].split()[0]))
    with suppress(OSError, ValueError):  # of a container; "max" is no number
        most, used = ((_GROUP / f"memory.{name}").read_text() for name in ("max", "current"))
        known.append(float(int(most) - int(used)))
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        if limit != resource.RLIM_INFINITY:
            known.append(float(limit - pages * os.sysconf("SC_PAGE_SIZE")))
    return max(0.0, min(known))


def need_memory(what: str, size: float) -> None:
    """Refuse what takes so many bytes where they are not free; `what` is the argument, and it."""
    there = free_memory()
    if size > there:
        told = f"{what}, which takes {_amount(size)} of memory"
        raise InputError(f"{told}, must take no more than the {_amount(there)} that are free")


def _amount(size: float) -> str:
    power = min(len(_UNITS) - 1, int(math.log(max(size, 1.0), 1024)))
    return f"{size / 1024**power:.3g} {_UNITS[power]}"
