"""The theory in pictures, each with the number that makes its point.

`gandyn verify` checks the claims; these figures show them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from analysis import _far_apart, _two_modes
from analysis._options import Options, run

FIGURES = (
    _far_apart.losses,
    _far_apart.vanishing,
    _far_apart.saturation,
    _two_modes.covering_and_seeking,
    _two_modes.arrows,
    _two_modes.pixelwise,
    _two_modes.finite_steps,
)


def study(options: Options) -> int:
    """Every figure, one after the other."""
    for figure in FIGURES:
        figure(options)
    print(f"{len(FIGURES)} figures in {options.seconds():.1f} s")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.verify_theory``."""
    description = (
        "Draw the theory: the two generator losses, vanishing gradients, JSD against distance "
        "and noise, both KLs on two modes, Figure 1 of Goodfellow et al. (2014), the pixel-wise "
        "loss, and steps that are too long."
    )
    return run(study, "analysis.verify_theory", description, arguments)


if __name__ == "__main__":
    sys.exit(main())
