"""Flows that cannot move say so soon, why, and what would help."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

import gandyn
from gandyn.dynamics import gradient_flow, lanes

ADVICE = ("diverges", "instance noise", "another objective", "start elsewhere")


class Doubtful:
    """ẏ = −y, of which the engine says how well it is known where y₀ > 0."""

    def __init__(self, error):
        self.engine = SimpleNamespace(force=self._known)
        self._error = error

    def force(self, theta):
        return -np.asarray(theta)

    def _known(self, theta):
        vague = theta[:, 0] > 0.0
        error = np.where(vague, self._error, 0.0) * np.abs(theta).T
        return SimpleNamespace(value=-theta.T, error=error, converged=~vague)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(lanes, "_SOON", 0.0)


def test_a_force_that_is_not_known_is_not_followed():
    flow = gradient_flow(Doubtful(0.01), [1.0, 2.0], (0, np.inf))
    assert (flow.success, flow.status) == (False, -2)
    for part in ("cannot move on from t = 0", *ADVICE):
        assert part in flow.message


def test_a_force_that_is_known_well_enough_is_followed():
    assert gradient_flow(Doubtful(1e-5), [1.0, 2.0], (0, 1.0)).status == 0
    assert gradient_flow(Doubtful(0.01), [-1.0, 2.0], (0, 1.0)).status == 0


def test_only_the_lanes_that_cannot_move_end():
    flow = gradient_flow(Doubtful(0.01), [[1.0, 2.0], [-1.0, 2.0]], (0, 1.0))
    assert flow.status.tolist() == [-2, 0]
    assert flow.theta[1, -1] == pytest.approx(np.exp(-1.0) * np.array([-1.0, 2.0]), rel=1e-7)


def test_a_start_without_a_force_is_told_with_what_helps():
    game = gandyn.Game(gandyn.parse("T(3, 0, 1)"), objective="pearson")
    flow = gradient_flow(game, [1.0, 0.0], (0, np.inf))
    assert flow.status == -2 and flow.message.startswith("the force is not finite at the start")
    for part in ADVICE:
        assert part in flow.message


@pytest.mark.parametrize("law", [scipy.stats.gamma(3), scipy.stats.lognorm(0.5)])
def test_the_pathwise_force_of_data_on_half_of_the_line_diverges(law):
    flow = gradient_flow(gandyn.Game(gandyn.from_scipy(law)), [1.0, 1.0], (0, np.inf))
    assert flow.status == -2 and all(part in flow.message for part in ADVICE)
