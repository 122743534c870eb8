"""One meaning a colour, in every picture; line styles say the same again without colour.

Blue is the data, vermillion is what the generator makes, near-black is the discriminator (Okabe
and Ito's palette, which the colour-blind can tell apart). An objective shares its colour with the
divergence that its flow descends (after Tol's muted palette, darkened until each has a contrast
of three to one on white).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "DATA",
    "DISCRIMINATOR",
    "GENERATED",
    "REFERENCE",
    "Cue",
    "divergence_cue",
    "objective_cue",
    "parameter_cue",
    "ramp",
]

Dashes = str | tuple[float, tuple[float, ...]]

SOLID: Dashes = "-"
DASHED: Dashes = (0, (4, 1.6))
DOTTED: Dashes = (0, (1, 1.1))
DASHDOT: Dashes = (0, (5, 1.4, 1, 1.4))
SPARSE: Dashes = (0, (1, 2.6))
LONG: Dashes = (0, (9, 2))
DASHDOTDOT: Dashes = (0, (6, 1.4, 1, 1.4, 1, 1.4))


@dataclass(frozen=True)
class Cue:
    """How one thing looks: a colour and, for those who cannot see it, a line style."""

    colour: str
    linestyle: Dashes = SOLID

    @property
    def line(self) -> dict[str, Any]:
        """Keyword arguments for ``ax.plot``."""
        return {"color": self.colour, "linestyle": self.linestyle}


DATA = Cue("#0072B2", SOLID)
GENERATED = Cue("#D55E00", DASHED)
DISCRIMINATOR = Cue("#1A1A1A", DOTTED)
REFERENCE = Cue("#6B6B6B", DASHED)

_OBJECTIVES = {
    "saturating": Cue("#AA4499", SOLID),
    "nonsaturating": Cue("#117733", SOLID),
    "reverse_kl": Cue("#332288", DASHED),
    "forward_kl": Cue("#A67C00", DASHED),
    "jeffreys": Cue("#882255", DASHDOT),
    "pearson": Cue("#1F8A80", DOTTED),
    "neyman": Cue("#CC6677", SPARSE),
    "hellinger": Cue("#5F6FA8", DASHDOT),
    "alpha": Cue("#7F7F1F", DASHDOT),
    "wasserstein1": Cue("#555555", LONG),
    "wasserstein2": Cue("#555555", DASHDOTDOT),
    "mse": Cue("#8C510A", DASHDOTDOT),
}
_OTHER = Cue("#1A1A1A", SPARSE)

_DIVERGENCES = {
    "value": Cue("#1A1A1A", SOLID),
    "value_gap": Cue("#1A1A1A", SOLID),
    "jsd": Cue("#AA4499", DASHED),
    "jsd_gap": Cue("#AA4499", DASHED),
    "kl_data_generator": _OBJECTIVES["forward_kl"],
    "kl_generator_data": _OBJECTIVES["reverse_kl"],
    "total_variation": Cue("#8C510A", LONG),
    "hellinger_squared": _OBJECTIVES["hellinger"],
    "chi_squared_data_generator": _OBJECTIVES["pearson"],
    "chi_squared_generator_data": _OBJECTIVES["neyman"],
    "wasserstein1": _OBJECTIVES["wasserstein1"],
    "wasserstein2": _OBJECTIVES["wasserstein2"],
}

# Shades of the generator's vermillion, since its parameters are what these lines show.
_PARAMETERS = (
    Cue("#D55E00", SOLID),
    Cue("#7A2E00", DASHED),
    Cue("#A84A00", DOTTED),
    Cue("#4D1D00", DASHDOT),
)


def objective_cue(name: str) -> Cue:
    """Colour and line style of an objective, by name (``"alpha(0.5)"`` looks like ``"alpha"``)."""
    return _OBJECTIVES.get(name.split("(")[0].strip(), _OTHER)


def divergence_cue(name: str) -> Cue:
    """Colour and line style of a value, by its field in an evaluation (``"jsd"``, …)."""
    return _DIVERGENCES.get(name, _OTHER)


def parameter_cue(index: int) -> Cue:
    """Colour and line style of the generator's parameter θ[index]."""
    return _PARAMETERS[index % len(_PARAMETERS)]


def ramp(count: int) -> list[str]:
    """``count`` colours from dark to light, for a family of curves in the order of a parameter."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](shade)) for shade in np.linspace(0.05, 0.72, count)]
