"""Maps of where flows go, told by the walls between them and by following the flows."""

import numpy as np
import pytest

import gandyn
from gandyn import InputError
from tests.sweeps import sweep

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"
FGAN = "0.33*N(-1, 0.255) + 0.67*N(2, 1.415)"


def game(data, objective="nonsaturating"):
    return gandyn.Game(gandyn.parse(data), objective=objective)


def from_walls(found, theta):
    """Distance of states (n, 2) to the nearest point of a wall."""
    points = np.concatenate([wall.theta for wall in found.walls])
    return np.array([np.hypot(*(points - state).T).min() for state in theta])


@pytest.mark.parametrize(
    ("data", "objective"),
    sweep(
        [(TWO, "nonsaturating"), (TWO, "saturating"), (FGAN, "reverse_kl")],
        lambda case: case[0] == FGAN,
    ),
)
def test_walls_and_flows_agree(data, objective):
    a, b = np.linspace(0.1, 5.0, 22), np.linspace(-6.0, 6.5, 24)
    by_walls = gandyn.basins(game(data, objective), a, b)
    by_flows = gandyn.integrated_basins(game(data, objective), a, b)
    differ = np.argwhere(by_walls.labels != by_flows.labels)
    places = np.stack([a[differ[:, 1]], b[differ[:, 0]]], axis=1)
    assert not len(places) or from_walls(by_walls, places).max() < 1e-3
    assert by_walls.unknown == 0.0 and by_walls.status == 0
    assert sum(by_walls.fractions.values()) == pytest.approx(1.0)
    assert len(np.unique(by_walls.labels)) == len(by_walls.equilibria.attractors)


@pytest.mark.exhaustive
def test_random_cells_of_a_fine_map():
    a, b = np.linspace(0.05, 6.0, 1000), np.linspace(-8.0, 8.0, 1000)
    found = gandyn.basins(game(TWO), a, b)
    rng = np.random.default_rng(5)
    rows, columns = rng.integers(0, 1000, (2, 400))
    states = np.stack([a[columns], b[rows]], axis=1)
    flow = gandyn.gradient_flow(game(TWO), states, (0.0, np.inf), rtol=1e-7, atol=1e-9)
    reached = found.equilibria.nearest(flow.theta[:, -1], ("attractor",), 1e-3)
    far = from_walls(found, states) > 1e-3
    assert far.sum() > 390
    assert (found.labels[rows, columns] == reached)[far].all()


def test_a_symmetric_map_is_symmetric():
    a, b = np.linspace(0.1, 6.0, 80), np.linspace(-6.0, 6.0, 101)
    found = gandyn.basins(game(TWO), a, b)
    last = len(found.equilibria) - 1
    assert (found.labels[::-1] == last - found.labels).all()
    assert found.fractions[0] == found.fractions[last]


@pytest.mark.exhaustive
def test_a_map_may_lie_beside_all_rest_points_and_be_uneven():
    a, b = np.geomspace(4.0, 30.0, 40), np.sort(np.random.default_rng(0).uniform(5, 9, 30))
    found = gandyn.basins(game(TWO), a, b)
    by_flows = gandyn.integrated_basins(game(TWO), a, b)
    assert (found.labels == by_flows.labels).mean() > 0.995
    assert len(np.unique(found.labels)) > 1


def test_what_ends_nowhere_is_unknown():
    found = gandyn.basins(game(TWO, "mse"), np.linspace(0.5, 2, 5), np.linspace(-1, 1, 5))
    assert (found.labels == -1).all()
    assert found.fractions == {} and found.unknown == 1.0


def test_separatrices_follow_the_force_and_part_the_basins():
    found = gandyn.separatrices(game(TWO))
    assert found.status == 0
    assert len(found.stable) == len(found.unstable) == 4
    attractors = [k for k, p in enumerate(found.equilibria) if p.kind == "attractor"]
    for curve in found.curves:
        middle = slice(len(curve.theta) // 4, 3 * len(curve.theta) // 4)
        step = np.diff(curve.theta, axis=0)[middle]
        force = found.equilibria.game.force(0.5 * (curve.theta[1:] + curve.theta[:-1])[middle])
        sine = (step[:, 0] * force[:, 1] - step[:, 1] * force[:, 0]) / (
            np.hypot(*step.T) * np.hypot(*force.T)
        )
        cosine = (step * force).sum(axis=1) / (np.hypot(*step.T) * np.hypot(*force.T))
        assert np.abs(sine).max() < 1e-2
        assert (np.sign(cosine) == (-1 if curve.stable else 1)).all()
        if not curve.stable:
            assert curve.end in attractors
            assert curve.theta[-1] == pytest.approx(found.equilibria[curve.end].theta)
    wall = found.stable[0]
    place = wall.theta[len(wall.theta) // 2]
    along = wall.theta[len(wall.theta) // 2 + 1] - place
    across = np.array([-along[1], along[0]]) / np.hypot(*along)
    sides = place + 2e-5 * np.array([[1.0], [-1.0]]) * across
    flow = gandyn.gradient_flow(found.equilibria.game, sides, (0.0, np.inf))
    ends = found.equilibria.nearest(flow.theta[:, -1], ("attractor",), 1e-3)
    assert ends[0] != ends[1] and (ends >= 0).all()


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ([0.0, 1.0], [0, 1], "a: got 0"),
        ([-1.0, 1.0], [0, 1], "a: got -1"),
        ([1.0, 0.5], [0, 1], "a: got numbers that do not rise"),
        ([1.0], [0, 1], "a: got shape"),
        ([1.0, 2.0], [0, np.nan], "b: got numbers that do not rise"),
        ([1.0, 2.0], "x", "b: got"),
    ],
)
def test_bad_axes(a, b, words):
    with pytest.raises(InputError, match=words):
        gandyn.basins(game(TWO), a, b)
