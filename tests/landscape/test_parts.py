"""The parts of a map: by hand, and against scipy's labels on a grid with the walls drawn in."""

import numpy as np
import pytest
from scipy import ndimage

from gandyn.landscape.parts import parted, witnesses

X, Y = np.linspace(0.5, 11.5, 12), np.linspace(0.5, 8.5, 9)


def crosses(one, other, p, q):
    """Whether pieces from one[k] to other[k] cross the segment from p to q, in general position."""

    def side(a, b, c):
        ab, ac = b - a, c - a
        return ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0] > 0

    return bool(
        (
            (side(one, other, p) != side(one, other, q)) & (side(p, q, one) != side(p, q, other))
        ).any()
    )


def labelled(curves, x, y):
    """Labels of cells joined where the segment between neighbours crosses no wall."""
    starts = np.concatenate([curve[:-1] for curve in curves])
    ends = np.concatenate([curve[1:] for curve in curves])
    grid = np.zeros((2 * len(y) - 1, 2 * len(x) - 1), bool)
    grid[::2, ::2] = True
    for j in range(len(y)):
        for i in range(len(x)):
            here = np.array([x[i], y[j]])
            if i + 1 < len(x):
                grid[2 * j, 2 * i + 1] = not crosses(starts, ends, here, np.array([x[i + 1], y[j]]))
            if j + 1 < len(y):
                grid[2 * j + 1, 2 * i] = not crosses(starts, ends, here, np.array([x[i], y[j + 1]]))
    labels, count = ndimage.label(grid)
    return labels[::2, ::2] - 1, count


def same_parts(one, other):
    """Whether two labellings part a map in the same way."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return pairs.shape[1] == len(np.unique(one)) == len(np.unique(other))


def check_labels(curves, x=X, y=Y):
    """Parts are those of the labels, numbered from 0, all of them there; none is on a wall."""
    parts, count, on_wall = parted(curves, x, y)
    wanted, number = labelled(curves, x, y)
    assert count == number and same_parts(parts, wanted)
    assert parts.shape == on_wall.shape == (len(y), len(x))
    assert np.array_equal(np.unique(parts), np.arange(count))
    assert not on_wall.any()
    return parts


def circle(centre, radius, points=200):
    phase = np.linspace(0.0, 2.0 * np.pi, points)
    return np.array(centre) + radius * np.stack([np.cos(phase), np.sin(phase)], axis=1)


def test_no_curves():
    parts, count, on_wall = parted([], X, Y)
    assert count == 1 and not parts.any() and not on_wall.any()


@pytest.mark.parametrize(
    "line, cells",
    [
        ([[4.1, -1.0], [4.1, 10.0]], 4 * 9),  # upright
        ([[-1.0, 2.9], [13.0, 2.9]], 12 * 3),  # level
    ],
)
def test_a_line(line, cells):
    parts = check_labels([np.array(line)])
    assert sorted(np.bincount(parts.ravel())) == sorted([cells, 108 - cells])
    assert parts[0, 0] != parts[-1, -1]


def test_a_slanting_line():
    parts = check_labels([np.array([[-1.0, -0.73], [13.0, 9.4]])])
    at_x, at_y = np.meshgrid(X, Y)
    above = at_y > -0.73 + (at_x + 1.0) * 10.13 / 14.0
    assert same_parts(parts, above)


def test_a_circle_has_an_inside():
    parts = check_labels([circle((6.03, 4.01), 2.7)])
    at_x, at_y = np.meshgrid(X, Y)
    assert same_parts(parts, np.hypot(at_x - 6.03, at_y - 4.01) < 2.7)


def test_a_circle_between_the_cells_is_not_seen():
    check_labels([circle((6.0, 4.0), 0.3)])
    assert parted([circle((6.0, 4.0), 0.3)], X, Y)[1] == 1


def test_a_circle_around_one_cell():
    parts, count, _ = parted([circle((6.55, 4.45), 0.3)], X, Y)
    assert count == 2 and (parts == parts[4, 6]).sum() == 1


def test_an_open_curve_parts_nothing():
    check_labels([np.array([[3.1, -2.0], [3.3, 5.9]])])
    assert parted([np.array([[3.1, -2.0], [3.3, 5.9]])], X, Y)[1] == 1


def test_two_curves_that_meet_part_together():
    upper = np.array([[3.1, 12.0], [3.2, 3.8]])
    lower = np.array([[3.25, 3.9], [3.05, -1.0]])
    for curves, count in (([upper], 1), ([lower], 1), ([upper, lower], 2)):
        assert parted(curves, X, Y)[1] == count


def test_curves_that_leave_the_map_and_come_back():
    """Half circles at two of the edges, and one whose way back is far outside."""
    check_labels([circle((0.2, 4.2), 2.6), circle((11.9, 8.7), 3.3)])
    far = np.array([[5.3, -1.0], [5.2, 30.0], [40.0, 31.0], [40.0, 3.1], [-3.0, 3.05]])
    parts = check_labels([far])
    assert len(np.unique(parts)) == 4


@pytest.mark.parametrize("shift", [-100.0, 100.0])
def test_curves_outside_the_map_part_nothing(shift):
    assert parted([circle((6.0 + shift, 4.0), 2.7)], X, Y)[1] == 1
    assert parted([circle((6.0, 4.0 + shift), 2.7)], X, Y)[1] == 1


def test_many_parts():
    lines = [np.array([[x, -1.0], [x, 12.0]]) for x in np.arange(1.0, 12.0)]
    lines += [np.array([[-1.0, y], [14.0, y]]) for y in np.arange(1.0, 9.0)]
    parts, count, on_wall = parted(lines, X, Y)
    assert count == 108 and not on_wall.any()
    assert np.array_equal(np.sort(parts.ravel()), np.arange(108))


def test_axes_need_not_be_even():
    x, y = np.geomspace(0.1, 10.0, 23), np.array([-3.0, -2.5, 0.0, 0.1, 0.2, 4.0, 9.0])
    parts = check_labels([np.array([[0.05, -4.0], [0.93, 0.15], [12.0, 0.17]])], x, y)
    assert len(np.unique(parts)) == 2


def test_points_that_repeat():
    line = np.array([[4.1, -1.0], [4.1, 3.0], [4.1, 3.0], [4.1, 10.0]])
    parts, count, _ = parted([line], X, Y)
    assert count == 2 and same_parts(parts, np.broadcast_to(X > 4.1, parts.shape))


@pytest.mark.parametrize("seed", range(20))
def test_random_curves(seed):
    rng = np.random.default_rng([9, seed])
    curves = []
    for _ in range(int(rng.integers(1, 6))):
        steps = rng.normal(size=(int(rng.integers(2, 60)), 2))
        curves.append(rng.uniform([-2, -2], [14, 11]) + np.cumsum(steps, axis=0))
    check_labels(curves)


# -- walls through cells


def test_a_wall_through_centres_is_told():
    parts, count, on_wall = parted([np.array([[3.5, -1.0], [3.5, 10.0]])], X, Y)
    expected = np.zeros_like(on_wall)
    expected[:, 3] = True
    assert count == 2 and np.array_equal(on_wall, expected)
    assert parts[0, 2] != parts[0, 4]
    parts, count, on_wall = parted([np.array([[-1.0, 2.5], [13.0, 2.5]])], X, Y)
    assert count == 2 and np.array_equal(on_wall, np.broadcast_to(Y[:, None] == 2.5, on_wall.shape))


def test_a_diagonal_through_centres():
    parts, count, on_wall = parted([np.array([[-1.0, -1.0], [10.0, 10.0]])], X, Y)
    at_x, at_y = np.meshgrid(X, Y)
    assert np.array_equal(on_wall, at_x == at_y)
    assert count == 2 and parts[0, 5] != parts[5, 0]


def test_a_wall_within_rounding_of_a_centre_is_told():
    for off, told in ((1e-7, True), (1e-3, False)):
        on_wall = parted([np.array([[3.5 + off, -1.0], [3.5 + off, 10.0]])], X, Y)[2]
        assert on_wall[:, 3].all() == told and not on_wall[:, 4].any()


def test_a_wall_through_the_outermost_cells():
    for x, column in ((X[0], 0), (X[-1], -1)):
        on_wall = parted([np.array([[x, -1.0], [x, 10.0]])], X, Y)[2]
        assert on_wall[:, column].all() and on_wall.sum() == len(Y)


# -- witnesses


def check_witnesses(curves, each=3):
    parts, count, on_wall = parted(curves, X, Y)
    part, cells = witnesses(parts, on_wall, count, each)
    assert np.array_equal(parts[cells[:, 0], cells[:, 1]], part)
    assert not on_wall[cells[:, 0], cells[:, 1]].any()
    free = np.unique(parts[~on_wall])
    assert np.array_equal(np.unique(part), free)
    assert np.bincount(part).max() <= each
    assert len(np.unique(cells, axis=0)) == len(cells)
    return part, cells


@pytest.mark.parametrize("seed", range(6))
def test_witnesses_of_random_curves(seed):
    rng = np.random.default_rng([10, seed])
    check_witnesses([rng.uniform(-2, 14, 2) + np.cumsum(rng.normal(size=(60, 2)), axis=0)])


def test_witnesses_are_not_on_walls():
    check_witnesses([np.array([[3.5, -1.0], [3.5, 10.0]]), np.array([[-1.0, 2.5], [13.0, 2.5]])])
    part, cells = check_witnesses([circle((6.55, 4.45), 0.3)])
    here = part[np.flatnonzero((cells == [4, 6]).all(axis=1))[0]]
    assert cells[part == here].tolist() == [[4, 6]]


def test_witnesses_stand_in_the_thick_of_their_part():
    part, cells = check_witnesses([np.array([[4.1, -1.0], [4.1, 10.0]])])
    for k, columns in ((part[cells[:, 1] < 4][0], (1, 2)), (part[cells[:, 1] > 4][0], (7, 8))):
        mine = cells[part == k]
        assert len(mine) == 3 and np.isin(mine[:, 1], columns).all()
        assert len(np.unique(mine[:, 0])) == 3


def test_cells_on_a_wall_are_no_part():
    """One column, all of it on a wall, with another wall beside."""
    parts, count, on_wall = parted(
        [np.array([[0.5, -1.0], [0.5, 10.0]]), np.array([[1.0, -1.0], [1.0, 10.0]])], X, Y
    )
    part, cells = witnesses(parts, on_wall, count)
    assert count == 1 and on_wall[:, 0].all() and not on_wall[:, 1:].any()
    assert len(part) == 3 and (cells[:, 1] > 0).all()
