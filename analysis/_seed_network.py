"""The article's claims about the network as a generator: noisy, but it learns both modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gandyn
from analysis._seed_measures import (
    Late,
    by_version,
    compared,
    judged,
    listed,
    spread,
    straight,
)
from analysis._seed_runs import Key
from analysis._verdicts import Finding, interval, share

__all__ = ["NETWORK_CLAIMS"]

Runs = Mapping[Key, Late]

_DATA = ("near", "far")
_BOTH = tuple(f"{data}_mlp" for data in _DATA)
_HALF = 0.05
_FLAT = 0.1
"""A line that rises by less over the bulk of the data, and strays by less, looks horizontal."""


def noisier(runs: Runs) -> Finding:
    """Claim j."""
    pairs = {
        f"{data}, {label}": (
            network.fluctuation("real_on_real"),
            linear.fluctuation("real_on_real"),
        )
        for data in _DATA
        for (label, network), linear in zip(
            by_version(runs, f"{data}_mlp").items(), by_version(runs, data).values(), strict=True
        )
    }
    noisy, numbers = compared(pairs)
    much = {name: good and numbers["ratios"][name] >= 2.0 for name, good in noisy.items()}
    numbers["fluctuation"] = {
        name: {"network": interval(one), "linear": interval(two)}
        for name, (one, two) in pairs.items()
    }
    first = {name: f["network"][0] for name, f in numbers["fluctuation"].items()}
    second = {name: f["linear"][0] for name, f in numbers["fluctuation"].items()}
    measured = (
        f"E_p D fluctuates by {spread(first)} with the network and {spread(second)} with a z + b; "
        f"the ratios are {listed(numbers['ratios'], '.2f')}; larger at 5 % in "
        f"{sum(noisy.values())} of {len(noisy)}, and twice as large or more in "
        f"{sum(much.values())}"
    )
    claim = "network: training is much noisier than with the linear generator"
    return Finding("j", claim, measured, much, numbers)


def half_but_unstable(runs: Runs) -> Finding:
    """Claim k."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for name, late in _all(runs):
        levels = {s: interval(late.mean(s)) for s in ("real_on_real", "real_on_fake")}
        away = np.abs(late.series("real_on_real") - 0.5) > _HALF
        outside = interval(away.mean(axis=1))
        checks[f"{name}: about ½"] = all(abs(level[0] - 0.5) <= _HALF for level in levels.values())
        checks[f"{name}: unstable"] = outside[0] > 0.1
        numbers[name] = {**levels, "outside": outside}
    real, fake, far = (
        spread({name: found[what][0] for name, found in numbers.items()}, form)
        for what, form in (("real_on_real", ".3f"), ("real_on_fake", ".3f"), ("outside", ".0%"))
    )
    measured = (
        f"E_p D {real}, E_pg D {fake} on average; E_p D is farther than 0.05 from ½ for {far} of "
        "the second half"
    )
    claim = "network: D is about ½ but unstable"
    return Finding("k", claim, measured, checks, numbers)


def learns_both_modes(runs: Runs) -> Finding:
    """Claim l."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for name, late in _all(runs):
        found = [gandyn.coverage(law, late.run.data) for law in _laws(late)]
        both = sum(each.covered == (1, 2) for each in found)
        checks[f"{name}: half of the replicas or more"] = 2 * both >= len(found) > 0
        numbers[name] = {
            "both": share(both, len(found)),
            "covered": [each.covered for each in found],
            "masses": np.array([each.masses for each in found]),
            "between": interval([each.between for each in found]),
            "between_data": found[0].between_data if found else np.nan,
        }
    linear = {
        data: interval(
            [c.between for label in by_version(runs, data).values() for c in _linear(label)]
        )
        for data in _DATA
    }
    every = [covered for found in numbers.values() for covered in found["covered"]]
    total = share(sum(covered == (1, 2) for covered in every), len(every))
    shares, between = (
        {name: found[what][0] for name, found in numbers.items()} for what in ("both", "between")
    )
    measured = (
        f"{total[0]:.0%} of the replicas cover both modes at the end ({total[1]:.0%} to "
        f"{total[2]:.0%}): {listed(shares, '.0%')}; mass outside the cores of the modes "
        f"{spread(between, '.2f')} (data 0.10, a z + b {linear['near'][0]:.2f} near and "
        f"{linear['far'][0]:.2f} far)"
    )
    numbers["linear_between"] = linear
    return Finding("l", "network: it learns both modes", measured, checks, numbers)


def most_regularised_best(runs: Runs) -> Finding:
    """Claim m."""
    pairs: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}
    medians = {}
    for data in _DATA:
        jsd = {label: late.mean("jsd") for label, late in by_version(runs, f"{data}_mlp").items()}
        best = jsd["L2 + dropout"]
        pairs |= {f"{data}: than {k}": (v, best) for k, v in jsd.items() if k != "L2 + dropout"}
        medians[data] = {label: float(np.median(values)) for label, values in jsd.items()}
    checks, numbers = compared(pairs)
    measured = "; ".join(f"JSD {data}: {listed(found)}" for data, found in medians.items())
    p = listed(numbers["p"], ".2g")
    claim = "network: the most regularised discriminator, L2 + dropout, is the best"
    return Finding("m", claim, f"{measured}; p {p}", checks, numbers | {"medians": medians})


def flat_at_half(runs: Runs) -> Finding:
    """Claim n."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for name, late in _all(runs):
        places, d = judged(late.run)
        last = late.run.snapshot_step > 0.75 * late.run.plan.steps
        level, rise, noise = straight(places, d[:, last])
        found = {
            "level": interval(level.mean(axis=1)),
            "rise": interval(np.abs(rise).mean(axis=1)),
            "noise": interval(noise.mean(axis=1)),
            "worst": interval(np.abs(d[:, last] - 0.5).max(axis=2).mean(axis=1)),
        }
        checks[f"{name}: at ½"] = abs(found["level"][0] - 0.5) <= _HALF
        checks[f"{name}: horizontal"] = found["rise"][0] <= _FLAT
        checks[f"{name}: a line"] = found["noise"][0] <= _FLAT
        numbers[name] = found
    over = {
        what: spread({k: v[what][0] for k, v in numbers.items()}, ".3f")
        for what in ("level", "rise", "noise", "worst")
    }
    measured = (
        "over the middle 95 % of p in the last quarter: mean of D "
        f"{over['level']}, rise of its straight line from end to end {over['rise']}, noise about "
        f"it {over['noise']} (rms), worst |D − ½| {over['worst']}"
    )
    claim = "network: at the end D looks like a noisy horizontal line at ½"
    return Finding("n", claim, measured, checks, numbers)


def _all(runs: Runs) -> list[tuple[str, Late]]:
    """The runs of the network as a generator, with names such as "near, L2"."""
    return [
        (f"{data}, {label}", late)
        for data in _DATA
        for label, late in by_version(runs, f"{data}_mlp").items()
    ]


def _laws(late: Late) -> list[Any]:
    """p_g of each replica at the end."""
    theta: NDArray[Any] = np.asarray(late.run.generator_parameters[late.kept], dtype=float)
    return [late.run.game.generator.pushforward(row) for row in theta]


def _linear(late: Late) -> list[Any]:
    """How the linear generator of each replica covers the modes at the end."""
    return [gandyn.coverage(law, late.run.data) for law in _laws(late)]


NETWORK_CLAIMS = {
    "j": ((*_DATA, *_BOTH), noisier),
    "k": (_BOTH, half_but_unstable),
    "l": ((*_DATA, *_BOTH), learns_both_modes),
    "m": (_BOTH, most_regularised_best),
    "n": (_BOTH, flat_at_half),
}
