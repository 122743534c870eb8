"""Each value of a game of a z + b by the fastest way that takes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gandyn.engine.grid import GridEngine
from gandyn.engine.heights import HeightEngine
from gandyn.engine.interval import IntervalEngine
from gandyn.engine.panels import PanelEngine
from gandyn.engine.quadrature import Integrals
from gandyn.engine.transport import CrossingEngine, QuadraticEngine
from gandyn.objectives import objective

__all__ = ["FastEngine"]

Array = NDArray[np.float64]
Way = GridEngine | IntervalEngine | QuadraticEngine | CrossingEngine | PanelEngine


class FastEngine:
    """Force, potential and Jacobian by the objective's own way, each divergence by its.

    Parameters
    ----------
    panels : PanelEngine
        A game of an affine generator, and the way that always goes.
    """

    def __init__(self, panels: PanelEngine) -> None:
        self._panels = panels
        self._main = self._way(panels)
        self.name = self._main.name
        self.force, self.force_at = self._main.force, self._main.force_at
        self.close_force = self._main.close_force
        self.has_force = self._main.has_force
        self.jacobian = self._main.jacobian

    def __getstate__(self) -> PanelEngine:
        return self._panels

    def __setstate__(self, panels: PanelEngine) -> None:
        self.__init__(panels)  # type: ignore[misc]

    @staticmethod
    def refusal(panels: PanelEngine) -> str | None:
        """Why a game has no fast way to its force; None where it has one."""
        if not panels.generator.affine:
            return "the generator is not a z + b"
        if panels.objective.closed:
            way = FastEngine._way(panels)
            return "moments do not exist" if isinstance(way, PanelEngine) else None
        return None if IntervalEngine.takes(panels) else GridEngine.refusal(panels)

    @staticmethod
    def _way(panels: PanelEngine) -> Way:
        closed, laws = panels.objective.closed, (panels.data, panels.generator.latent)
        if closed == "crossings" and np.isfinite([law.std for law in laws]).all():
            bounded = all(end.power >= 0.0 for law in laws for end in law.ends)
            return CrossingEngine(panels) if bounded else panels
        if closed in ("mean", "monotone"):
            way = QuadraticEngine(panels, closed == "monotone")
            return way if way.exists else panels
        if not GridEngine.refusal(panels):
            return GridEngine(panels)
        return IntervalEngine(panels) if IntervalEngine.takes(panels) else panels

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential", at states (L, d): a row of the result for each."""
        ways = [self._main if name == "potential" else self._of(name) for name in names]
        parts, order = [], []
        for way in dict.fromkeys(ways):
            mine = [k for k, other in enumerate(ways) if other is way]
            parts.append(way.values(theta, [names[k] for k in mine]))
            order += mine
        if len(parts) == 1:
            return parts[0]
        back = np.argsort(order)
        return Integrals(
            np.concatenate([part.value for part in parts])[back],
            np.concatenate([part.error for part in parts])[back],
            np.all([part.converged for part in parts], axis=0),
            np.sum([part.nodes for part in parts], axis=0),
        )

    def _of(self, name: str) -> Way | HeightEngine:
        if name == "total_variation" and not isinstance(self._smooth, GridEngine):
            return self._kinked
        return {"wasserstein1": self._first, "wasserstein2": self._second}.get(name, self._smooth)

    @cached_property
    def _first(self) -> Way:
        return self._named("wasserstein1")

    @cached_property
    def _second(self) -> Way:
        return self._named("wasserstein2")

    @cached_property
    def _smooth(self) -> Way:
        return self._main if isinstance(self._main, GridEngine) else self._named("nonsaturating")

    @cached_property
    def _kinked(self) -> HeightEngine | PanelEngine:
        return HeightEngine(self._panels) if HeightEngine.takes(self._panels) else self._panels

    def _named(self, name: str) -> Way:
        panels = self._panels
        return self._way(PanelEngine(panels.data, panels.generator, objective(name)))
