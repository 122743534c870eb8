"""The nodes of a table: its map t(x) against an integral of its own, far handovers included."""

import numpy as np
import pytest

import gandyn
from gandyn.engine import table
from gandyn.engine.table import Table

DATA = {
    "a handover far from both modes": "0.5*N(-30, 1) + 0.5*N(30, 1)",
    "a faint mode": "0.999999*N(0, 1) + 0.000001*N(40, 0.5)",
    "two handovers about a narrow mode": "0.5*N(-1, 0.01) + 0.5*N(20, 3)",
    "many handovers": "0.1*N(-90, 1) + 0.2*N(-50, 0.5) + 0.3*N(20, 1) + 0.4*N(90, 0.3)",
    "heavy tails": "0.4*T(3, -30, 1) + 0.6*Logistic(30, 0.6)",
    "a break": "0.5*Laplace(-30, 1) + 0.5*N(30, 0.5)",
}
_T, _W = np.polynomial.legendre.leggauss(40)


def apart(law, level):
    """The largest deviation of t from node to node, in steps, less what rounding of x and t is.

    Nodes are evenly spaced in t, and dx/dt is their weight over that spacing.
    """
    grid = Table(law)
    found = grid.level(level)
    worst = 0.0
    for segment in grid._segments:
        low, high = segment._ends
        mine = (found.x > low) & (found.x < high)
        x, dx = found.x[mine], found.weight[mine]
        half, middle = 0.5 * np.diff(x), 0.5 * (x[1:] + x[:-1])
        density = grid.crowding(middle[:, None] + half[:, None] * _T, segment._ends)
        between = half * (density @ _W)
        step = segment.length / len(x)
        assert dx == pytest.approx(step / grid.crowding(x, segment._ends), rel=1e-13)
        rounding = 2e-15 * np.maximum(np.abs(x[1:]), np.abs(x[:-1])) / np.minimum(dx[1:], dx[:-1])
        rounding += 1e-15 * len(x)
        worst = max(worst, float((np.abs(between / step - 1.0) - rounding).max()))
    return worst


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("name", DATA)
def test_nodes_are_even_in_t(name, level):
    law = gandyn.parse(DATA[name])
    assert apart(law, level) <= 1e-13


@pytest.mark.parametrize("name", DATA)
def test_every_handover_has_its_nodes(name):
    """Where one component takes over from another the score changes over one width."""
    law = gandyn.parse(DATA[name])
    level = Table(law).level(0)
    for place, width in law.handovers[:, :2]:
        near = level.weight[np.argmin(np.abs(level.x - place))]
        assert near <= 0.25 * width


def test_a_map_that_is_not_resolved_is_seen(monkeypatch):
    law = gandyn.parse(DATA["a handover far from both modes"])
    t, w = np.polynomial.legendre.leggauss(4)
    monkeypatch.setattr(table, "_T", t)
    monkeypatch.setattr(table, "_W", w)
    assert apart(law, 0) > 1e-8


def test_a_map_without_edges_at_its_handovers_is_seen(monkeypatch):
    law = gandyn.parse(DATA["a handover far from both modes"])
    right = Table.edges

    def coarse(self, low, high):
        edges = right(self, low, high)
        return np.concatenate([edges[edges <= -1.0], edges[edges >= 1.0]])

    monkeypatch.setattr(Table, "edges", coarse)
    assert apart(law, 0) > 1e-8
