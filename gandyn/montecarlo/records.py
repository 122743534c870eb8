"""What is written down while training goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.montecarlo.settings import Settings

__all__ = ["LATENTS", "PLACES", "SERIES", "Records"]

Array = NDArray[Any]

SERIES = (
    "discriminator_loss",
    "generator_loss",
    "batch_real_on_real",
    "batch_real_on_fake",
    "mean",
    "std",
    "value",
    "value_gap",
    "jsd",
    "real_on_real",
    "real_on_fake",
    "error",
    "force_error",
)
"""Names of the series of shape (R, T)."""

STATES = ("theta", "learned_force")
"""Names of the series of shape (R, T, d)."""

LATENTS = 256
PLACES = 256


@dataclass
class Records:
    """Series and snapshots, filled from the left."""

    step: NDArray[np.int64]
    series: dict[str, Array]
    snapshot_step: NDArray[np.int64]
    images: Array
    logits: Array
    made: int = 0
    shot: int = 0

    @classmethod
    def empty(cls, settings: Settings, replicas: int, dimension: int) -> Records:
        """Room for all that a run will record, of states of a dimension."""
        steps = recorded_steps(settings)
        shots = snapshot_steps(settings)
        series = {name: np.full((replicas, len(steps)), np.nan) for name in SERIES}
        series |= {name: np.full((replicas, len(steps), dimension), np.nan) for name in STATES}
        images = np.full((replicas, len(shots), LATENTS), np.nan, np.float32)
        logits = np.full((replicas, len(shots), PLACES), np.nan, np.float32)
        return cls(steps, series, shots, images, logits)

    def filled(self) -> dict[str, Array]:
        """Series and snapshots so far, by name: views."""
        shots = {"images": self.images, "logits": self.logits}
        return {
            **{name: values[:, : self.made] for name, values in self.series.items()},
            **{name: values[:, : self.shot] for name, values in shots.items()},
        }

    def arrays(self) -> dict[str, Array]:
        """The same, with the steps that they are of."""
        steps = {"step": self.step[: self.made], "snapshot_step": self.snapshot_step[: self.shot]}
        return self.filled() | steps

    def reach(self, done: int) -> None:
        """Count as filled what is recorded until `done` iterations are made."""
        self.made = int(np.searchsorted(self.step, done, side="right"))
        self.shot = int(np.searchsorted(self.snapshot_step, done, side="right"))


def recorded_steps(settings: Settings) -> NDArray[np.int64]:
    """0, every `record_every`, and the last."""
    steps = np.arange(0, settings.steps + 1, settings.record_every)
    return steps if steps[-1] == settings.steps else np.append(steps, settings.steps)


def snapshot_steps(settings: Settings) -> NDArray[np.int64]:
    """Those of the recorded steps that are kept as snapshots, evenly chosen."""
    steps = recorded_steps(settings)
    count = min(settings.snapshots, len(steps))
    return steps[np.unique(np.linspace(0, len(steps) - 1, count).round().astype(int))]
