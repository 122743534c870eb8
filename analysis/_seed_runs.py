"""The seed article's experiments as runs: what is trained, on all cores, and kept when stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import gandyn
from gandyn.cli.output import progress_bar

__all__ = ["CONTROL", "EXPERIMENTS", "VERSIONS", "Experiment", "Key", "Run", "perform", "planned"]

Key = tuple[str, str]
"""An experiment and a discriminator."""

VERSIONS = {"plain": "plain", "l2": "L2", "dropout": "dropout", "l2_dropout": "L2 + dropout"}
CONTROL = "optimal"
"""In place of a version: the optimal discriminator, so that minibatches are the only noise."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Experiment:
    """One of the article's experiments.

    Parameters
    ----------
    title : str
    data : str
        In gandyn's notation.
    network : bool
        Whether the generator is an MLP; otherwise it is a z + b from (1, 0).
    steps : int
    window : (float, float)
        The stretch of x of the article's pictures.
    """

    title: str
    data: str
    network: bool
    steps: int
    window: tuple[float, float]


_NEAR, _FAR = "0.5*N(-3, 1) + 0.5*N(3, 1)", "0.5*N(-3, 1) + 0.5*N(6, 1)"
_ONE_WINDOW, _TWO_WINDOW = (-4.0, 13.0), (-7.5, 10.0)
EXPERIMENTS = {
    "one": Experiment("One normal", "N(4, 1.25)", False, 1000, _ONE_WINDOW),
    "near": Experiment("Two near modes", _NEAR, False, 2000, _TWO_WINDOW),
    "far": Experiment("Two far modes", _FAR, False, 2000, _TWO_WINDOW),
    "near_mlp": Experiment("Two near modes", _NEAR, True, 2000, _TWO_WINDOW),
    "far_mlp": Experiment("Two far modes", _FAR, True, 2000, _TWO_WINDOW),
}


@dataclass(frozen=True)
class Run:
    """What is given to `gandyn.train`."""

    game: gandyn.Game
    settings: gandyn.Settings
    seed: int
    replicas: int


def planned(quick: bool) -> dict[Key, Run]:
    """Every run, each with its own seed, so that no two share a random number."""
    replicas, widths = (3, (32, 32)) if quick else (8, (256, 256))
    keys = [(name, version) for name in EXPERIMENTS for version in VERSIONS]
    keys.append(("far", CONTROL))
    return {
        (name, version): Run(
            _game(EXPERIMENTS[name], widths),
            _settings(EXPERIMENTS[name], version, widths, quick),
            seed,
            replicas,
        )
        for seed, (name, version) in enumerate(keys)
    }


def _game(experiment: Experiment, widths: tuple[int, ...]) -> gandyn.Game:
    generator = gandyn.MLPGenerator(widths) if experiment.network else gandyn.LinearGenerator()
    return gandyn.Game(gandyn.parse(experiment.data), generator)


def _settings(
    experiment: Experiment, version: str, widths: tuple[int, ...], quick: bool
) -> gandyn.Settings:
    steps = experiment.steps // 20 if quick else experiment.steps
    every = 10 if quick else 20
    settings = gandyn.article(
        "plain" if version == CONTROL else version,
        steps=steps,
        record_every=every,
        snapshots=steps // every + 1,
    )
    if version == CONTROL:
        return settings.changed(discriminator="optimal")
    network = settings.discriminator
    return settings.changed(
        discriminator=gandyn.MLP(
            widths, l2=network.l2, dropout=network.dropout, dropout_when=network.dropout_when
        )
    )


def perform(runs: dict[Key, Run], folder: Path) -> dict[Key, Any]:
    """Train every run, a process for each core, and return those that came to their end.

    Each writes a checkpoint into the folder, from which it goes on the next time. Ctrl-C ends them
    all.
    """
    folder.mkdir(exist_ok=True)
    tasks = {key: partial(_train, k, run, folder) for k, (key, run) in enumerate(runs.items())}
    work = [run.settings.steps * run.replicas for run in runs.values()]
    context = get_context("spawn")
    done, stop = context.Array("d", len(runs)), context.Event()
    with (
        _single_threads(),
        ProcessPoolExecutor(os.cpu_count(), context, _share, (done, stop)) as pool,
        progress_bar("training") as tell,
    ):
        futures = _submit(pool, tasks)
        try:
            while wait(futures.values(), timeout=0.3).not_done:
                tell(sum(w * d for w, d in zip(work, done[:], strict=True)) / sum(work), "")
        except KeyboardInterrupt:
            stop.set()
            for future in futures.values():
                future.cancel()
    results = {key: future.result() for key, future in futures.items() if not future.cancelled()}
    return {key: run for key, run in results.items() if run and run.step[-1] == run.plan.steps}


def _submit(pool: ProcessPoolExecutor, tasks: dict[Key, Any]) -> dict[Key, Future[Any]]:
    """Start the processes deaf to Ctrl-C, but for what `gandyn.train` itself hears of it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return {key: pool.submit(task) for key, task in tasks.items()}
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _single_threads() -> Iterator[None]:
    """Processes started within do their linear algebra on one core each."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_done: Any = None
_stop: Any = None


def _share(done: Any, stop: Any) -> None:
    global _done, _stop
    _done, _stop = done, stop


def _train(index: int, run: Run, folder: Path) -> Any:
    """One run, from its checkpoint if there is one of the same settings; None once stopped."""
    if _stop.is_set():  # a pool has one more run in hand than it has processes
        return None

    def tell(fraction: float, text: str) -> None:
        _done[index] = fraction

    path = folder / f"{index}.npz"
    arguments = (run.game, run.settings, run.seed, run.replicas)
    try:
        found = gandyn.train(
            *arguments, checkpoint=path, resume=path if path.exists() else None, progress=tell
        )
    except gandyn.InputError:  # of other settings
        found = gandyn.train(*arguments, checkpoint=path, progress=tell)
    _done[index] = 1.0
    return found
