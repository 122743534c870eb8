"""Work in other processes, which leave Ctrl-C to their parent and never outlive it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import current_process, get_context, parent_process
from multiprocessing.reduction import ForkingPickler
from numbers import Integral
from pathlib import Path
from types import ModuleType
from typing import Any

from gandyn.errors import InputError
from gandyn.system.memory import need_memory
from gandyn.system.text import show

_PROCESS = 5e7
"""Bytes that a process takes before it does anything."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Submit = Callable[..., "Future[Any]"]
"""A function and its arguments, to be called in another process, to what comes of it."""


def worker_count(workers: Any) -> int:
    """How many processes to work with; None is one a core, but only one within a worker."""
    if workers is None:
        alone = parent_process() is not None
        return 1 if alone else getattr(os, "process_cpu_count", os.cpu_count)() or 1
    whole = isinstance(workers, Integral) and not isinstance(workers, bool)
    if not whole or workers < 1:
        raise InputError(f"workers: got {show(workers)}, must be a whole number, 1 or more")
    return 1 if _childless() else int(workers)


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
    if _childless():
        yield _in_this_process
        return
    context = get_context("spawn")
    need_memory(f"workers: got {count}", count * _PROCESS)
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


def _childless() -> bool:
    """Whether this process, a daemon of `multiprocessing`, may have no other start."""
    return bool(current_process().daemon)


def _in_this_process(function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
    """As `Submit`: what comes of it is there at once."""
    done: Future[Any] = Future()
    done.set_result(function(*arguments))
    return done


@contextmanager
def _birth(sent: object) -> Iterator[None]:
    """Processes that start within are deaf to Ctrl-C and SIGTERM from the first (but on Windows),
    do not import the caller's script, unless what is sent is from there, and do their linear
    algebra on one core each: threads that wait for each other on shared cores cost twice the time.
    """
    environment = dict(os.environ)
    main = sys.modules["__main__"]
    mask = getattr(signal, "pthread_sigmask", lambda how, signals: ())
    before = mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
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
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # results say how they are
    threading.Thread(target=lambda: (leash.poll(None), os._exit(0)), daemon=True).start()
    if prepare is not None:
        prepare(*given)
