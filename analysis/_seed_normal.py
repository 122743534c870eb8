"""The article's claims about the linear generator on one normal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from analysis._seed_measures import Late, by_version, judged, listed, samples_needed, spread
from analysis._seed_runs import VERSIONS, Key
from analysis._verdicts import Finding, difference, interval, settled

__all__ = ["NORMAL_CLAIMS"]

Runs = Mapping[Key, Late]

_HALF = 0.05
"""D is at ½ within this."""
_ALIKE = 0.02
"""Probabilities that differ by less are hardly different."""
_MOMENT = 0.1
"""Of the data's deviation: mean and deviation closer than this have come to the data's."""
_BATCHES = (32, 1024)
"""The author's minibatches, of which his histograms were made."""


def half_everywhere(runs: Runs) -> Finding:
    """Claim a."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for label, late in by_version(runs, "one").items():
        run = late.run
        d = judged(run)[1]
        away = {
            "E_p D": np.abs(run.real_on_real[late.kept] - 0.5),
            "E_pg D": np.abs(run.real_on_fake[late.kept] - 0.5),
            "everywhere": np.abs(d - 0.5).max(axis=2),
        }
        for what, values in away.items():
            step = run.snapshot_step if what == "everywhere" else run.step
            first = settled(step, values <= _HALF)
            quick = bool(np.median(first) <= 0.5 * run.plan.steps)
            checks[f"{label}: {what}"] = quick
            late_values = values[:, step > 0.5 * run.plan.steps]
            numbers[f"{label}: {what}"] = {
                "settled": first,
                "settled_median": float(np.median(first)),
                "away_late": interval(late_values.mean(axis=1)),
                "share_of_time_within": float((late_values <= _HALF).mean()),
            }
    steps = {
        what: [numbers[f"{label}: {what}"] for label in VERSIONS.values()]
        for what in ("E_p D", "E_pg D", "everywhere")
    }
    parts = []
    for what, found in steps.items():
        title = "worst |D − ½| in the middle 95 % of p" if what == "everywhere" else f"|{what} − ½|"
        off = spread({k: f["away_late"][0] for k, f in enumerate(found)})
        inside = spread({k: 100 * f["share_of_time_within"] for k, f in enumerate(found)}, ".0f")
        last = spread({k: f["settled_median"] for k, f in enumerate(found)}, ".0f")
        parts.append(
            f"{title} is {off} on average, within 0.05 for {inside} % of the second half, for good "
            f"from step {last}"
        )
    claim = "one normal: all four discriminators quickly come to D = ½ everywhere"
    return Finding("a", claim, "; ".join(parts).replace("step inf", "no step"), checks, numbers)


def hardly_different(runs: Runs) -> Finding:
    """Claim b."""
    late = by_version(runs, "one")
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for series in ("real_on_real", "real_on_fake"):
        found = {
            f"{one} − {two}": difference(late[one].mean(series), late[two].mean(series))
            for one, two in combinations(late, 2)
        }
        checks[f"{series}: all within {_ALIKE}"] = all(
            low > -_ALIKE and high < _ALIKE for _, low, high in found.values()
        )
        numbers[series] = found
    for series in ("jsd", "value_gap"):
        groups = [each.mean(series) for each in late.values()]
        p = float(stats.kruskal(*groups).pvalue)
        checks[f"{series}: alike"] = p >= 0.05
        medians = {label: float(np.median(g)) for label, g in zip(late, groups, strict=True)}
        numbers[series] = {"kruskal_p": p, "medians": medians}
    largest = max(
        abs(end)
        for name in ("real_on_real", "real_on_fake")
        for _, *ends in numbers[name].values()
        for end in ends
    )
    measured = (
        f"mean probabilities differ by less than {largest:.3f} (95 %) between any two; JSD "
        f"{listed(numbers['jsd']['medians'])}, p of equality {numbers['jsd']['kruskal_p']:.2g}; "
        f"value gap {listed(numbers['value_gap']['medians'])}, "
        f"p {numbers['value_gap']['kruskal_p']:.2g} (Kruskal–Wallis)"
    )
    return Finding(
        "b", "one normal: hardly any difference between the four", measured, checks, numbers
    )


def moments_come(runs: Runs) -> Finding:
    """Claim c."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for label, late in by_version(runs, "one").items():
        run = late.run
        for series in ("mean", "std"):
            target, scale = getattr(run.data, series), run.data.std
            off = (getattr(run, series)[late.kept] - target) / scale
            close = np.abs(off) <= _MOMENT
            first = np.where(close.any(axis=1), run.step[close.argmax(axis=1)], np.inf)
            average = interval(off[:, late.half].mean(axis=1))
            rms = float(np.sqrt((off[:, late.half] ** 2).mean()))
            reached = bool(np.median(first) <= 0.5 * run.plan.steps)
            checks[f"{label}: {series}"] = reached and abs(average[0]) <= _MOMENT
            numbers[f"{label}: {series}"] = {
                "first_reached_median": float(np.median(first)),
                "late_average": average,
                "late_rms": rms,
            }

    def over(series: str, what: str) -> dict[str, Any]:
        return {label: numbers[f"{label}: {series}"][what] for label in VERSIONS.values()}

    def average_of(series: str) -> dict[str, float]:
        return {label: found[0] for label, found in over(series, "late_average").items()}

    reached_at = {
        name: listed(over(name, "first_reached_median"), ".0f") for name in ("mean", "std")
    }
    measured = "; ".join(
        f"{series} within 0.1σ first at step {reached_at[series]}; "
        f"off by {spread(average_of(series), '+.3f')} σ on average over the second half, by "
        f"{spread(over(series, 'late_rms'), '.3f')} σ at a time (rms)"
        for series in reached_at
    ).replace("inf (", "never (")
    claim = "one normal: mean and deviation quickly come to the data's"
    return Finding("c", claim, measured, checks, numbers)


def cannot_be_told(runs: Runs) -> Finding:
    """Claim d."""
    checks: dict[str, bool] = {}
    numbers: dict[str, Any] = {}
    for label, late in by_version(runs, "one").items():
        last = late.run.jsd[late.kept][:, late.run.step > 0.75 * late.run.plan.steps]
        jsd = interval(last.mean(axis=1))
        samples = np.median(samples_needed(last), axis=1)
        usual = float(np.median(samples))
        for batch in _BATCHES:
            checks[f"{label}: not from {batch} samples"] = usual > batch
        numbers[label] = {"jsd": jsd, "samples_median": usual, "samples": samples}
    measured = (
        f"JSD {spread({k: v['jsd'][0] for k, v in numbers.items()})} over the last quarter; a "
        "perfect judge errs in 5 % with "
        + listed({k: v["samples_median"] for k, v in numbers.items()}, ".0f")
        + " samples of the usual state"
    )
    claim = "one normal: generated samples cannot be told from real ones at the end"
    return Finding("d", claim, measured, checks, numbers)


NORMAL_CLAIMS = {
    "a": (("one",), half_everywhere),
    "b": (("one",), hardly_different),
    "c": (("one",), moments_come),
    "d": (("one",), cannot_be_told),
}
