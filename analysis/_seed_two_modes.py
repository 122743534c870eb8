"""The article's claims about the linear generator on two modes: averaging, collapse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis._seed_measures import (
    Late,
    by_version,
    compared,
    landscape,
    listed,
    spread,
)
from analysis._seed_runs import CONTROL, EXPERIMENTS, Key
from analysis._verdicts import Finding, difference, interval, share

__all__ = ["TWO_MODES_CLAIMS"]

Runs = Mapping[Key, Late]

_LEFT, _BOTH = "collapsed onto mode 1 of 2", "averages all modes"

_LATENTS = 100_000
_MARKED = 1.1
"""A ratio of medians from which on one is markedly better."""
_TRIED = 0.1
"""Of the wall's height: less is no attempt to cross it."""


def regularised_better(runs: Runs) -> Finding:
    """Claim e."""
    found = {
        label: {
            "jsd": late.mean("jsd"),
            "value_gap": late.mean("value_gap"),
            "p(real|fake) from ½": np.abs(late.mean("real_on_fake") - 0.5),
        }
        for label, late in by_version(runs, "near").items()
    }
    pairs = {
        f"{label}: {series}": (found["plain"][series], values)
        for label, those in found.items()
        for series, values in those.items()
        if label != "plain"
    }
    better, numbers = compared(pairs)
    checks = {name: good and numbers["ratios"][name] >= _MARKED for name, good in better.items()}
    medians = {
        series: {label: float(np.median(those[series])) for label, those in found.items()}
        for series in found["plain"]
    }
    measured = (
        f"JSD {listed(medians['jsd'])}; value gap {listed(medians['value_gap'])}; p(real|fake) is "
        f"off ½ by {listed(medians['p(real|fake) from ½'])}; lower than plain at 5 % in "
        f"{sum(better.values())} of {len(better)} (Mann–Whitney, Holm), and by a tenth or more in "
        f"{sum(checks.values())}: {', '.join(k for k, good in checks.items() if good) or 'none'}"
    )
    claim = "near modes: regularised discriminators do markedly better than the plain one"
    return Finding("e", claim, measured, checks, numbers | {"medians": medians})


def fools_less(runs: Runs) -> Finding:
    """Claim f."""
    one, near = by_version(runs, "one"), by_version(runs, "near")
    pairs = {
        label: (one[label].mean("real_on_fake"), near[label].mean("real_on_fake")) for label in one
    }
    checks, numbers = compared(pairs)
    numbers["difference"] = {label: difference(*pair) for label, pair in pairs.items()}
    rest = _averaging()
    numbers["optimal_at_rest"] = rest[2]
    lost = {k: d[0] for k, d in numbers["difference"].items()}
    measured = (
        f"p(real|fake) is lower by {listed(lost)}; p {spread(numbers['p'], '.1g')}; the optimal "
        f"discriminator gives {rest[2]:.3f} at the exact rest point, ½ for one normal"
    )
    claim = "near modes: whatever the model, the generator fools D less than with one normal"
    return Finding("f", claim, measured, checks, numbers)


def all_average(runs: Runs) -> Finding:
    """Claim g."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    rest = _averaging()
    for label, late in by_version(runs, "near").items():
        ends = late.ends
        averaging = sum(name == _BOTH for name in ends)
        centre, deviation = interval(late.mean("mean")), interval(late.mean("std"))
        checks[f"{label}: averages"] = averaging == len(ends) > 0
        checks[f"{label}: centre near 0"] = abs(centre[0]) <= 0.5
        checks[f"{label}: large deviation"] = deviation[1] > 2.0
        numbers[label] = {
            "averaging": share(averaging, len(ends)), "ends": ends, "centre": centre,
            "deviation": deviation,
        }  # fmt: skip
    shares, centres, deviations = (
        {label: found[what][0] for label, found in numbers.items()}
        for what in ("averaging", "centre", "deviation")
    )
    measured = (
        f"in the basin of averaging at the end: {listed(shares, '.0%')}; centre "
        f"{listed(centres, '+.2f')}; deviation {listed(deviations, '.2f')}, at the exact rest "
        f"point {rest[0]:.3f}"
    )
    claim = "near modes: all four average, the centre near 0 and the deviation large"
    return Finding("g", claim, measured, checks, numbers | {"exact": rest})


def collapses(runs: Runs) -> Finding:
    """Claim h."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for label, late in by_version(runs, "far").items():
        ends = late.ends
        left = sum(name == _LEFT for name in ends)
        checks[label] = left == len(ends) > 0
        numbers[label] = {"left": share(left, len(ends)), "ends": ends}
    every = [end for found in numbers.values() for end in found["ends"]]
    total = share(sum(e == _LEFT for e in every), len(every))
    shares = {label: found["left"][0] for label, found in numbers.items()}
    measured = (
        f"on the left mode at the end: {listed(shares, '.0%')} of the replicas, in all "
        f"{_percent(total)}; others: "
        + (", ".join(sorted({e for e in every if e != _LEFT})) or "none")
    )
    return Finding("h", "far modes: it collapses onto the left mode", measured, checks, numbers)


def tries_in_vain(runs: Runs) -> Finding:
    """Claim i."""
    rest = landscape(EXPERIMENTS["far"].data)
    left = next(point for point in rest if point.name == _LEFT and point.kind == "attractor")
    pass_ = min(point.potential for point in rest if point.kind == "saddle")
    wall = pass_ - left.potential
    exact = runs["far", CONTROL]
    noise = exact.fluctuation("std")
    late = by_version(runs, "far")
    pairs = {}
    tried = crossed = 0
    heights: dict[str, float] = {}
    for label, each in late.items():
        there = each.basins == _LEFT
        collapsed = there[:, 0]
        pairs[label] = (each.fluctuation("std")[collapsed], noise)
        tried += int(collapsed.sum())
        crossed += int((~there[collapsed]).any(axis=1).sum())
        if collapsed.any():
            highest = float(rest.game.potential(each.states[collapsed]).max())
            heights[label] = (highest - left.potential) / wall
    pairs = {label: pair for label, pair in pairs.items() if len(pair[0])}
    oscillates, numbers = compared(pairs)
    checks = {f"{label}: the deviation oscillates": good for label, good in oscillates.items()}
    checks["it tries: up a tenth of the wall"] = max(heights.values(), default=0.0) >= _TRIED
    checks["no attempt succeeds"] = tried > 0 and crossed == 0
    numbers |= {
        "crossed": share(crossed, tried), "tried": tried, "highest_over_wall": heights,
        "noise_alone": interval(noise),
        "fluctuation": {label: interval(pair[0]) for label, pair in pairs.items()},
    }  # fmt: skip
    shaken = {label: value[0] for label, value in numbers["fluctuation"].items()}
    measured = (
        f"the deviation fluctuates by {listed(shaken)} in the second half, minibatch noise alone "
        f"gives {numbers['noise_alone'][0]:.3g} (p {spread(numbers['p'], '.1g')}); {crossed} of "
        f"{tried} collapsed replicas crossed, {_percent(numbers['crossed'])}; the highest they "
        f"came, in parts of the wall's height {wall:.3f}: {listed(heights, '.3f')}"
    )
    claim = "far modes: the deviation then oscillates, it tries for the other mode, all in vain"
    return Finding("i", claim, measured, checks, numbers)


def _averaging() -> tuple[float, float, float]:
    """(a, b) of the attractor that averages the near modes, and E_pg D* there."""
    points = landscape(EXPERIMENTS["near"].data)
    game = points.game
    rest = next(p for p in points if p.kind == "attractor" and p.name == _BOTH)
    z = game.generator.latent.ppf((np.arange(_LATENTS) + 0.5) / _LATENTS)
    fake = game.discriminator(rest.theta)(rest.a * z + rest.b)
    return float(rest.a), float(rest.b), float(np.mean(fake))


def _percent(found: tuple[float, float, float]) -> str:
    value, low, high = found
    return f"{value:.0%} ({low:.0%} to {high:.0%})"


TWO_MODES_CLAIMS = {
    "e": (("near",), regularised_better),
    "f": (("one", "near"), fools_less),
    "g": (("near",), all_average),
    "h": (("far",), collapses),
    "i": (("far",), tries_in_vain),
}
