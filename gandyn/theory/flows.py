"""Along a flow the potential falls, and by exactly the work of the force."""

from __future__ import annotations

import numpy as np

from gandyn.distributions import Mixture, Normal
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, at_most, zero
from gandyn.theory.independent import gradient
from gandyn.theory.subject import Subject

rows = Rows()

_OBJECTIVES = ("wasserstein2", "saturating", "nonsaturating", "reverse_kl")


@rows.claim(
    "flow-descends",
    "The potential never rises along a flow, and at first falls by t |∇U|² (else nan): the "
    "largest rise between two moments, relative to the largest potential",
    "dU/dt = -|∇U|² <= 0, ∇U by differences; 2e-10 is the engine's accuracy at both moments, and "
    "the first fall is right to 1 %: the potential bends by less within t = 1e-6 widths²",
    "derived here",
)
def _descends(subject: Subject, battery: Battery) -> Outcome:
    rises = []
    for case, objective in zip(battery.smooth, _OBJECTIVES, strict=False):
        game = subject.game(case.data, case.latent, objective)
        width = np.minimum(np.min(case.data.normals[2]), np.abs(case.thetas[:, 0]))
        first = 1e-6 * float(np.min(width)) ** 2
        times = np.concatenate([[0.0, first], np.geomspace(1e-3, 20, 30)])
        flow = subject.gradient_flow(game, case.thetas, (0.0, 20.0), t_eval=times, rtol=1e-7)
        potential = np.asarray(game.potential(flow.theta))
        steepness = np.sum(gradient(game.potential, case.thetas, 3e-3 * width) ** 2, axis=1)
        falls = (potential[:, 0] - potential[:, 1]) / (first * steepness)
        fallen = np.all(np.abs(falls - 1) < 0.01)
        rises.append(np.max(np.diff(potential)) / np.max(potential) if fallen else np.nan)
    return at_most(0.0, np.max(rises), 2e-10)


@rows.claim(
    "flow-work",
    "The potential lost along a flow is ∫|∇U|² dt, for three starts on ½N(-3, 1) + ½N(3, 1): "
    "worst difference relative to the potential at the start",
    "∫ by Gauss-Legendre panels in t, ∇U by differences; 1e-8 is the promise of the flow at rtol "
    "1e-10",
    "derived here",
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
    within = flow.theta[..., 1:-1, :].reshape(-1, 2)
    slopes = gradient(game.potential, within, 0.02 * np.abs(within[:, 0]))
    done = np.sum(slopes**2, axis=-1).reshape(len(starts), -1) @ (half * weights).ravel()
    return zero(np.max(np.abs(ends[..., 0] - ends[..., 1] - done) / ends[..., 0]), 1e-8)
