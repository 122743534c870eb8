"""A run whose replicas are shared out to processes.

Each process goes on from the state of its group of replicas, and gives back the state it comes to.
A counter in shared memory says how far; it is lowered for a pause, after which the groups that
were stopped earlier catch up with the one that had come furthest, so that all are at one iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np

from gandyn.montecarlo.run import DIVERGED, Run
from gandyn.system.processes import Submit, crew

_TICK = 0.05
"""Seconds from one look at the processes to the next."""

_GOAL = 0


@contextmanager
def shared(run: Run, count: int) -> Iterator[SharedRun]:
    """The run in so many processes, which end with the block."""
    replicas = len(run.seeds)
    count = min(count, replicas)
    cuts = [replicas * k // count for k in range(count + 1)]
    rows = [slice(*pair) for pair in pairwise(cuts)]
    board = get_context("spawn").RawArray("q", 1 + count)
    with crew(count, (run.game, run.plan), _prepare, board) as submit:
        yield SharedRun(run, rows, board, submit)


class SharedRun:
    """A run that goes on in processes, and is up to date whenever `go` ends.

    `rows` are the replicas of each group; the board (1 + groups,) holds the goal, and the
    iterations that each group has made.
    """

    def __init__(self, run: Run, rows: list[slice], board: Any, submit: Submit) -> None:
        self._run, self._rows, self._board, self._submit = run, rows, board, submit
        self._done = [run.done] * len(rows)

    def go(self, goal: Callable[[], int], tell: Callable[[int], None]) -> None:
        """As `Run.go`; a `BrokenExecutor` where a process died: enter an earlier state then."""
        self._advance(goal(), goal, tell)
        furthest = max(self._done)
        self._advance(furthest, lambda: furthest, tell)
        self._run.reach(furthest)

    def _advance(self, goal: int, later: Callable[[], int], tell: Callable[[int], None]) -> None:
        self._board[:] = [goal, *self._done]
        groups = [k for k in range(len(self._rows)) if self._done[k] < goal and not self._lost(k)]
        tasks = {self._begin(k): k for k in groups}
        pending = set(tasks)
        while pending:
            pending = wait(pending, _TICK).not_done
            self._board[_GOAL] = min(self._board[_GOAL], later())
            tell(min(self._board[1 + k] for k in groups))
        for task, k in tasks.items():
            self._run.enter(task.result(), self._rows[k])
            self._done[k] = self._run.done

    def _lost(self, k: int) -> bool:
        return bool((self._run.status[self._rows[k]] == DIVERGED).all())

    def _begin(self, k: int) -> Future[Any]:
        run, rows = self._run, self._rows[k]
        run.reach(self._done[k])
        return self._submit(_go_on, k, run.game, run.plan, run.seeds[rows], run.state(rows))


_board: Any = None
"""In a process: the shared array."""


def _prepare(board: Any) -> None:
    global _board
    _board = board


def _go_on(
    k: int, game: Any, plan: Any, seeds: Any, state: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """In a process: the state that a group comes to."""
    run = Run(game, plan, seeds)
    run.enter(state)

    def tell(done: int) -> None:
        _board[1 + k] = done

    run.go(lambda: _board[_GOAL], tell)
    return run.state()
