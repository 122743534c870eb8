"""The seed article's experiments as runs: what is trained, on all cores, and kept when stopped."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gandyn
from gandyn.system.processes import crew, worker_count

__all__ = ["CONTROL", "EXPERIMENTS", "VERSIONS", "Experiment", "Key", "Run", "perform", "planned"]

Key = tuple[str, str]
"""An experiment and a discriminator."""

VERSIONS = {"plain": "plain", "l2": "L2", "dropout": "dropout", "l2_dropout": "L2 + dropout"}
CONTROL = "optimal"
"""In place of a version: the optimal discriminator, so that minibatches are the only noise."""


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
    assert isinstance(network, gandyn.MLP)
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
    futures: dict[Key, Future[Any]] = {}
    with suppress(KeyboardInterrupt), crew(worker_count(None), None) as submit:
        for index, (key, run) in enumerate(runs.items()):
            futures[key] = submit(_train, run, folder / f"{index}.npz")
        for future in futures.values():
            future.result()
    done = {key: future for key, future in futures.items() if future.done()}
    return {k: f.result() for k, f in done.items() if not f.cancelled() and not f.exception()}


def _train(run: Run, path: Path) -> Any:
    """One run, from its checkpoint if there is one of the same settings."""
    arguments = (run.game, run.settings, run.seed, run.replicas)
    try:
        return gandyn.train(*arguments, checkpoint=path, resume=path if path.exists() else None)
    except gandyn.InputError:  # of other settings
        return gandyn.train(*arguments, checkpoint=path, overwrite=True)
