"""What an objective sees at the nodes of a table: for states that share a window, and for one."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.table import Level
from gandyn.objectives import FDivergence
from gandyn.objectives.field import Field

__all__ = ["OnGrid", "end_weights", "kind_of"]

Array = NDArray[np.float64]

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


class OnGrid(Field):
    """A field at a window of nodes that some states (S,) share: x is (1, n), the rest (S, n).

    Generated points are x = scale z + loc.
    """

    def __init__(
        self, level: Level, window: slice, latent: Distribution, scale: Array, loc: Array
    ) -> None:
        self.level, self.window, self.latent, self.data = level, window, latent, level.data
        self.scale, self.loc, self.inverse = scale, loc, 1.0 / scale
        self.x = level.x[None, window]
        self.log_data = level.log_density[None, window]
        self.score_data = level.score[None, window]
        self.weight = level.weight[window]
        centre = float(loc[len(loc) // 2])
        self.y, self.offset = self.x[0] - centre, loc - centre
        self._one = np.ones_like(self.y)
        self._parts = []

    def _combined(self, rows: list[Array], shares: list[Array], out: Array | None = None) -> Array:
        """Combinations (S, n) of rows over the nodes (n,), each with its shares (S,)."""
        return np.matmul(np.stack(shares, axis=1), np.stack(rows), out=out)

    @cached_property
    def z(self) -> Array:
        """The latent points that the nodes come from."""
        return self._combined([self.y, self._one], [self.inverse, -self.offset * self.inverse])

    @cached_property
    def _latent_side(self) -> tuple[Array, Array]:
        return self.standard(self.latent, self.z)

    def log_generated_into(self, out: Array) -> Array:
        """log p_g, in `out`."""
        return np.subtract(self._latent_side[0], np.log(np.abs(self.scale))[:, None], out=out)

    def ratio_slope_into(self, out: Array) -> Array:
        """ℓ', in `out`."""
        return np.subtract(self.score_data, self.score_generated, out=out)

    @cached_property
    def log_generated(self) -> Array:  # type: ignore[override]
        return self.log_generated_into(np.empty((len(self.loc), len(self.y))))

    @cached_property
    def score_generated(self) -> Array:  # type: ignore[override]
        return self._latent_side[1] * self.inverse[:, None]

    @cached_property
    def ratio_slope(self) -> Array:  # type: ignore[override]
        return self.ratio_slope_into(np.empty((len(self.loc), len(self.y))))

    @cached_property
    def log_ratio(self) -> Array:  # type: ignore[override]
        return self.log_data - self.log_generated

    @property
    def score_slope_data(self) -> Array:  # type: ignore[override]
        return self.level.score_slope[None, self.window]

    def mass_into(self, target: FDivergence, log_q: Array, out: Array) -> Array:
        """w p_g, in `out`; log p_g is used up."""
        level, window = self.level, self.window
        target.quick_mass(level.log_density[window], level.density[window], log_q, out)
        return out

    def sums(self, values: Array) -> Array:
        """Of values (S, n) over every fourth node, (4, S).

        The last two rows are the sum of the absolute values and the larger of the two at the ends;
        `values` is used up.
        """
        sums = values @ self.level.columns[self.window]
        np.abs(values, out=values)
        return np.concatenate([sums.T, [values @ self.weight, self._ends_of(values)]])

    def push_sums(self, target: FDivergence, first: Array, second: Array) -> Array:
        """Four sums of w p_g ℓ' z, of w p_g ℓ', its absolute value, its ends, and w p_g: (11, S).

        `first` and `second`, (S, n), are worked in; the absolute values are left in `second`.
        """
        self.mass_into(target, self.log_generated_into(first), second)
        mass = second @ self.weight
        second *= self.ratio_slope_into(first)
        columns = self.level.columns[self.window]
        sums = (second @ np.concatenate([columns * self.y[:, None], columns], axis=1)).T
        sums[:4] -= self.offset * sums[4:]
        sums[:4] *= self.inverse
        np.abs(second, out=second)
        return np.concatenate([sums, [second @ self.weight, self._ends_of(second), mass]])

    def _ends_of(self, sizes: Array) -> Array:
        """The larger of the two at the ends."""
        first, last = end_weights(self.level, self.window)
        return np.maximum(sizes[:, 0] * first, sizes[:, -1] * last)

    @staticmethod
    def standard(latent: Distribution, z: Array) -> tuple[Array, Array]:
        """The latent's log density and score."""
        return latent.logpdf_and_score(z)

    @staticmethod
    def line(data: Distribution, size: Any, loc: Any) -> tuple[Any, Any] | None:
        """(t, h) where ℓ' is a line t (x − loc) + h; else it is the difference of two scores."""
        return None


class _OnNormalGrid(OnGrid):
    """The same where the latent is N(0, 1): by products of small matrices."""

    def log_generated_into(self, out: Array) -> Array:
        shift, square = self.offset * self.inverse, self.inverse**2
        height = -0.5 * shift * shift - np.log(np.abs(self.scale)) - _LOG_SQRT_2PI
        shares = [shift * self.inverse, -0.5 * square, height]
        return self._combined([self.y, self.y**2, self._one], shares, out)

    def ratio_slope_into(self, out: Array) -> Array:
        square = self.inverse**2
        shares = [np.ones_like(square), square, -self.offset * square]
        return self._combined([self.score_data[0], self.y, self._one], shares, out)

    @cached_property
    def score_generated(self) -> Array:  # type: ignore[override]
        return -self.z * self.inverse[:, None]

    @staticmethod
    def standard(latent: Distribution, z: Array) -> tuple[Array, Array]:
        log_density = -0.5 * z * z
        log_density -= _LOG_SQRT_2PI
        return log_density, -z


class _OnTwinGrid(_OnNormalGrid):
    """The same where the data are N(mean, std²), too: ℓ' does not cancel next to p_g = p."""

    def ratio_slope_into(self, out: Array) -> Array:
        tilt, height = self.line(self.data, np.abs(self.scale), self.loc)
        return self._combined([self.y, self._one], [tilt, height - self.offset * tilt], out)

    @staticmethod
    def line(data: Distribution, size: Any, loc: Any) -> tuple[Any, Any]:
        mean, std = data.mean, data.std
        return (std - size) * (std + size) / (size * std) ** 2, (mean - loc) / std**2


def end_weights(level: Level, window: slice) -> tuple[float, float]:
    """The weights of a window's first and last node, 0 beyond which there is nothing."""
    low, high = level.closed
    first = 0.0 if low and window.start == 0 else level.spacings[window.start]
    last = 0.0 if high and window.stop == len(level.x) else level.spacings[window.stop - 1]
    return first, last


def kind_of(data: Distribution, latent: Distribution) -> type[OnGrid]:
    """The field that is fastest, and closest, for these densities."""
    normal, twin = (law.normals is not None and len(law.normals[0]) == 1 for law in (latent, data))
    if normal:
        return _OnTwinGrid if twin else _OnNormalGrid
    return OnGrid
