"""Work in other processes, which leave Ctrl-C to their parent and never outlive it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import ModuleType
from typing import Any

from gandyn.errors import InputError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Submit = Callable[..., "Future[Any]"]
"""A function and its arguments, to be called in another process, to what comes of it."""


def worker_count(workers: Any) -> int:
    """How many processes to work with; None is one a core, but only one within a worker."""
    if workers is None:
        alone = parent_process() is not None
        return 1 if alone else getattr(os, "process_cpu_count", os.cpu_count)() or 1
    whole = hasattr(workers, "__index__") and not isinstance(workers, bool)
    if not whole or workers < 1:
        raise InputError(f"workers: got {workers!r:.60}, must be a whole number, 1 or more")
    return int(workers)


def travels(sent: object) -> bool:
    """Whether an object arrives in another process: what a console defines does not."""
    try:
        told = bytes(ForkingPickler.dumps(sent))
    except Exception:  # whatever its parts raise
        return False
    script = getattr(sys.modules["__main__"], "__file__", "")
    return b"__main__" not in told or Path(script).is_file()


@contextmanager
def crew(
    count: int, sent: object, prepare: Callable[..., None] | None = None, *given: Any
) -> Iterator[Submit]:
    """Processes to submit work to; they end with the block, at once where it raises.

    They import the caller's script only where `sent`, the part of what is submitted that may be
    from there, is. Each first calls `prepare` with what is `given`, which may be shared memory.
    """
    context = get_context("spawn")
    leash, hand = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, _begin, (leash, prepare, *given))

    def submit(function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        with _birth(sent):
            return pool.submit(function, *arguments)

    try:
        yield submit
        pool.shutdown()
    finally:
        hand.close()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _birth(sent: object) -> Iterator[None]:
    """Processes that start within are deaf to Ctrl-C from the first (but on Windows), do not import
    the caller's script, unless what is sent is from there, and do their linear algebra on one core
    each: threads that wait for each other on shared cores cost twice the time.
    """
    environment = dict(os.environ)
    main = sys.modules["__main__"]
    mask = getattr(signal, "pthread_sigmask", lambda how, signals: ())
    before = mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        if b"__main__" not in bytes(ForkingPickler.dumps(sent)):
            sys.modules["__main__"] = ModuleType("__main__")
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.modules["__main__"] = main
        mask(signal.SIG_SETMASK, before)


def _begin(leash: Any, prepare: Callable[..., None] | None, *given: Any) -> None:
    """In a process: leave Ctrl-C to the parent, and end when that lets go of the leash, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=lambda: (leash.poll(None), os._exit(0)), daemon=True).start()
    if prepare is not None:
        prepare(*given)
