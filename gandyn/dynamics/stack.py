"""What a stack of lanes carries while it is integrated, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from gandyn.dynamics.guard import Array


@dataclass
class Course:
    """What became of each of ``n`` lanes: last time and state, ending and cost."""

    t: Array
    y: Array
    ending: NDArray[np.intp]
    rest_time: Array
    nfev: NDArray[np.intp]
    samples: Array
    times: list[float] = field(default_factory=list)
    states: list[Array] = field(default_factory=list)

    def note(self, t: float, y: Array) -> None:
        """Record a state of a single lane; it replaces one that no later time tells apart."""
        if self.times and t <= self.times[-1]:
            self.states[-1] = y.copy()
        else:
            self.times.append(float(t))
            self.states.append(y.copy())


@dataclass
class Live:
    """State of the lanes that are under way, one row each."""

    lane: NDArray[np.intp]
    t: Array
    y: Array
    f: Array
    h: Array
    error: Array
    steps: NDArray[np.intp]
    stiff: NDArray[np.bool_]
    count: NDArray[np.intp]
    sample: NDArray[np.intp]
    rate: Array
    look_below: Array
    looked: NDArray[np.intp]
    anchor: Array
    turns: NDArray[np.intp]

    def keep(self, rows: NDArray) -> Live:
        """These rows only."""
        return Live(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def join(self, other: Live) -> Live:
        """These rows and after them the other's."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return Live(**{name: np.concatenate(pair) for name, pair in pairs.items()})
