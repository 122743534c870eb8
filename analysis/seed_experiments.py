"""The seed article's three experiments under its four discriminators, and each of its claims.

The article is Monnoroch, "Generative adversarial networks" (3 April 2018); see `gandyn.article`.
One normal and a linear generator; two modes, near and far, and the same; then two modes and a
network. The article does not give the means and deviations of its data: here they are N(4, 1.25),
½ N(−3, 1) + ½ N(3, 1), and the right mode moved to 6, beyond 4.07, from where on the exact flow
from (1, 0) collapses. The windows of its pictures are known, [−4, 13) and [−7.5, 10). The
numbers of a run are quadratures over the whole network, without dropout, which the article never
switched off.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from analysis._options import Options, run, table
from analysis._seed_figures import draw_experiment
from analysis._seed_measures import findings
from analysis._seed_network import NETWORK_CLAIMS
from analysis._seed_normal import NORMAL_CLAIMS
from analysis._seed_runs import EXPERIMENTS, Key, Run, perform, planned
from analysis._seed_two_modes import TWO_MODES_CLAIMS
from analysis._verdicts import Finding

QUICK = ("one", "near_mlp")
"""Experiments that are drawn in the quick version."""
ASSUMED = "assumed, as the article does not give them: " + "; ".join(
    f"{name} {experiment.data}" for name, experiment in EXPERIMENTS.items()
)


def claims_table(found: Sequence[Finding]) -> str:
    """Each claim with its verdict, then what decided."""
    short = table(["claim", "verdict"], [[f"{f.letter}. {f.claim}", f.verdict] for f in found])
    long = [textwrap.fill(f"{f.letter}. {f.measured}", 100, subsequent_indent="   ") for f in found]
    return "\n".join([short, "", *long])


def study(options: Options) -> int:
    """Train, draw, judge; 1 where Ctrl-C left runs to be made."""
    plan = planned(options.quick)
    folder = options.output / "runs"
    runs = perform(plan, folder)
    missing = {name for name, version in plan if (name, version) not in runs}
    complete = set(EXPERIMENTS) - missing
    print(f"{ASSUMED}\n")
    for name in EXPERIMENTS:
        if name in complete and (not options.quick or name in QUICK):
            draw_experiment(name, runs, options)
    found = findings(NORMAL_CLAIMS | TWO_MODES_CLAIMS | NETWORK_CLAIMS, runs, complete)
    if found:
        print(f"\n{claims_table(found)}\n")
    options.save_numbers(_measured(plan, runs, found))
    if missing:
        print(f"{len(plan) - len(runs)} of {len(plan)} runs were stopped: the same command goes on")
        return 1
    shutil.rmtree(folder)
    return 0


def _measured(
    plan: dict[Key, Run], runs: dict[Key, Any], found: Sequence[Finding]
) -> dict[str, Any]:
    return {
        "experiments": {name: vars(experiment) for name, experiment in EXPERIMENTS.items()},
        "runs": {
            f"{name}, {version}": {
                "settings": json.loads(plan[name, version].settings.to_json()),
                "seed": plan[name, version].seed,
                "message": run.message,
                "step": run.step,
                **{series: getattr(run, series)[:, -1] for series in _SERIES},
            }
            for (name, version), run in runs.items()
        },
        "claims": [
            {"letter": f.letter, "claim": f.claim, "verdict": f.verdict, "measured": f.measured,
             "checks": f.checks, "numbers": f.numbers}
            for f in found
        ],
    }  # fmt: skip


_SERIES = ("real_on_real", "real_on_fake", "mean", "std", "value", "value_gap", "jsd", "error")


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.seed_experiments``."""
    description = (
        "Train the seed article's experiments with its four discriminators, draw its figures and "
        "put each of its claims to the test over independent replicas. Ctrl-C keeps what is done: "
        "the same command goes on from there."
    )
    return run(study, "analysis.seed_experiments", description, arguments)


if __name__ == "__main__":
    sys.exit(main())
