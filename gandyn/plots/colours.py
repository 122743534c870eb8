"""One meaning a colour, in every picture; line styles say the same again without colour.

Blue is the data, vermillion is what the generator makes, near-black is the discriminator (Okabe
and Ito's palette, which the colour-blind can tell apart). An objective shares its colour with the
divergence that its flow descends (after Tol's muted palette, darkened until each has a contrast
of three to one on white).

In the landscape the light fills are states of the generator, the same state in the same colour in
every picture of a game, and lines and marks on them are dark enough to be seen on each: black is
what is stable, purple what belongs to a saddle, green what repels. Indigo is Monte-Carlo training,
wherever it stands beside the flow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

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
TRAINING = Cue("#4429CC", SOLID)

# By what holds a learned discriminator back; far apart for every eye.
_DISCRIMINATORS = {
    "plain": Cue("#1A1A1A", SOLID),
    "l2": Cue("#0095B2", DASHED),
    "dropout": Cue("#8A2EE6", DASHDOT),
    "l2_dropout": Cue("#B27D47", DOTTED),
}

# Why training leaves the flow: light to dark, the discriminator's share in its near-black.
_CAUSES = {
    "finite step": "#C4BCF2",
    "finite batch": "#6F5BD9",
    "imperfect discriminator": "#1A1A1A",
}
_OTHER_CAUSE = "#BDBDBD"

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

INK = "#1A1A1A"
UNKNOWN = Cue("#8C8C8C")  # the hatching, on a grey that no state has
UNKNOWN_FILL = "#DEDEDE"

# Rest points and the branches that they make: solid is stable everywhere.
_KINDS = {
    "attractor": Cue(INK, SOLID),
    "saddle": Cue("#5B1A8B", DASHED),
    "repeller": Cue("#00695C", DOTTED),
    "degenerate": Cue("#5F5F5F", DASHDOT),
}

# Where a and where b stands still: shades of the generator's vermillion, dark enough for fills.
NULLCLINES = (Cue("#A04400", DASHDOT), Cue("#5A2200", DASHED))

# Where the number or the order of the states changes, as points and as curves.
_EVENTS = {
    "fold": Cue("#9B1B30", SOLID),
    "branch": Cue("#4D6B00", DASHED),
    "maxwell": Cue("#00607F", DASHDOT),
    "cusp": Cue(INK, SOLID),
}

# Eight light colours: the most unlike each other, and unlike white and the grey of the unknown,
# to every eye, among those on which the lines above keep a contrast of three to one. The first is
# averaging, always.
_FILLS = ["#FFF5AD", "#9AE7FB", "#F5B8AD", "#C2CC85", "#C2C2FF", "#CCFFD6", "#EBB8E0", "#F5D6AD"]
_AVERAGING = {"averages all modes", "averaging only", "fits the only mode"}
_COLLAPSED = re.compile(r"collapsed onto mode (\d+)|collapse only")


def objective_cue(name: str) -> Cue:
    """Colour and line style of an objective, by name (``"alpha(0.5)"`` looks like ``"alpha"``).

    Examples
    --------
    >>> plots.objective_cue("saturating").line
    {'color': '#AA4499', 'linestyle': '-'}
    """
    return _OBJECTIVES.get(name.split("(")[0].strip(), _OTHER)


def divergence_cue(name: str) -> Cue:
    """Colour and line style of a value, by its field in an evaluation (``"jsd"``, …).

    Examples
    --------
    >>> plots.divergence_cue("kl_data_generator") == plots.objective_cue("forward_kl")
    True
    """
    return _DIVERGENCES.get(name, _OTHER)


def discriminator_cue(name: str) -> Cue:
    """Colour and line style of a learned discriminator, ``"L2 + dropout"`` as ``"l2_dropout"``.

    One that is neither plain nor held back by L2 or dropout looks like training in general.

    Examples
    --------
    >>> plots.discriminator_cue("L2 + dropout") == plots.discriminator_cue("l2_dropout")
    True
    """
    return _DISCRIMINATORS.get(name.lower().replace(" + ", "_"), TRAINING)


def cause_fill(name: str) -> str:
    """Fill of a cause of training's deviation from the flow, such as ``"finite batch"``."""
    return _CAUSES.get(name, _OTHER_CAUSE)


def parameter_cue(index: int) -> Cue:
    """Colour and line style of the generator's parameter θ[index]."""
    return _PARAMETERS[index % len(_PARAMETERS)]


def kind_cue(kind: str) -> Cue:
    """Colour and line style of a rest point's kind: ``"attractor"``, ``"saddle"``, …"""
    return _KINDS.get(kind, _KINDS["degenerate"])


def event_cue(kind: str) -> Cue:
    """Colour and line style of a ``"fold"``, ``"branch"``, ``"maxwell"`` or ``"cusp"``."""
    return _EVENTS.get(kind, _EVENTS["branch"])


def state_fills(names: Iterable[str]) -> list[str]:
    """A light colour for each state, by its name.

    Averaging has the first colour and the collapse onto mode k the k-th after it, whatever else
    there is; other states, and a name that comes twice, take what is free from the other end. From
    the ninth state on colours return.
    """
    fills: list[str | None] = []
    for name in names:
        mode = _COLLAPSED.match(name)
        place = 0 if name in _AVERAGING else int(mode[1] or 1) if mode else -1
        own = _FILLS[place] if 0 <= place < len(_FILLS) else None
        fills.append(None if own in fills else own)
    free = [fill for fill in reversed(_FILLS) if fill not in fills]
    spare = iter([*free, *(_FILLS * len(fills))])
    return [fill or next(spare) for fill in fills]


def ramp(count: int) -> list[str]:
    """``count`` colours from dark to light, for a family of curves in the order of a parameter.

    Examples
    --------
    >>> len(plots.ramp(4))
    4
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["viridis"](shade)) for shade in np.linspace(0.05, 0.72, count)]
