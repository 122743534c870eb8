"""Along a flow the potential falls, and by exactly the work of the force."""

from __future__ import annotations

import numpy as np

from gandyn.distributions import Mixture, Normal
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, at_most, zero
from gandyn.theory.subject import Subject

rows = Rows()

_OBJECTIVES = ("wasserstein2", "saturating", "nonsaturating", "reverse_kl")


@rows.claim(
    "flow-descends",
    "The potential never rises along a flow: the largest rise between two moments, relative to "
    "the largest potential",
    "dU/dt = -|force|² <= 0; 2e-10 is the engine's accuracy at both moments",
)
def _descends(subject: Subject, battery: Battery) -> Outcome:
    times = np.concatenate([[0.0], np.geomspace(1e-3, 20, 30)])
    rises = []
    for case, objective in zip(battery.smooth, _OBJECTIVES, strict=False):
        game = subject.game(case.data, case.latent, objective)
        flow = subject.gradient_flow(game, case.thetas, (0.0, 20.0), t_eval=times, rtol=1e-7)
        potential = np.asarray(game.potential(flow.theta))
        rises.append(np.max(np.diff(potential)) / np.max(potential))
    return at_most(0.0, np.max(rises), 2e-10)


@rows.claim(
    "flow-work",
    "The potential lost along a flow is ∫|force|² dt, for three starts on ½N(-3, 1) + ½N(3, 1): "
    "worst difference relative to the potential at the start",
    "∫ by Gauss-Legendre panels in t; 1e-8 is the promise of the flow at rtol 1e-10",
)
def _work(subject: Subject, battery: Battery) -> Outcome:
    game = subject.game(Mixture([0.5, 0.5], [Normal(-3, 1), Normal(3, 1)]), None, "nonsaturating")
    starts = [[1.0, 0.5], [2.5, -2.0], [0.8, 3.5]]
    nodes, weights = np.polynomial.legendre.leggauss(10)
    edges = np.concatenate([[0.0], np.geomspace(0.1, 6.0, 10)])
    half = np.diff(edges)[:, None] / 2
    inner = (edges[:-1, None] + half * (1 + nodes)).ravel()
    times = np.concatenate([[0.0], inner, [edges[-1]]])
    flow = subject.gradient_flow(
        game, starts, (0.0, edges[-1]), t_eval=times, rtol=1e-10, atol=1e-12
    )
    ends = np.asarray(game.potential(flow.theta[..., [0, -1], :]))
    force = np.asarray(game.force(flow.theta[..., 1:-1, :]))
    done = np.sum(force**2, axis=-1) @ (half * weights).ravel()
    return zero(np.max(np.abs(ends[..., 0] - ends[..., 1] - done) / ends[..., 0]), 1e-8)
