"""Stand-ins for the results of the landscape, in closed form: no room that computes is needed.

In the separable potential V(a) + W(b) every rest point is a pair of roots of V' and W', the
stable manifold of a saddle is a straight line between two of its neighbours, and so is the path
of least energy through it.
"""

from types import SimpleNamespace

import numpy as np

TWO = ("collapsed onto mode 1 of 2", "averages all modes", "collapsed onto mode 2 of 2")


class Wells:
    """V' and W' by their roots: an odd number of each, the outermost ones stable."""

    def __init__(self, roots_a, roots_b, names, size=0.05):
        self.slopes = [size * np.poly1d(roots, r=True) for roots in (roots_a, roots_b)]
        self.roots = [np.array(roots_a, dtype=float), np.array(roots_b, dtype=float)]
        self.names = list(names)

    def force(self, theta):
        return np.stack([-self.slopes[k](theta[..., k]) for k in (0, 1)], axis=-1)

    def potential(self, theta):
        return sum(self.slopes[k].integ()(theta[..., k]) for k in (0, 1))

    @property
    def points(self):
        names = iter(self.names)
        found = []
        for j, b in enumerate(self.roots[1]):
            for i, a in enumerate(self.roots[0]):
                kind = ("attractor", "saddle", "repeller")[i % 2 + j % 2]
                theta = np.array([a, b])
                found.append(
                    SimpleNamespace(
                        theta=theta,
                        a=a,
                        b=b,
                        kind=kind,
                        name=next(names) if kind == "attractor" else kind,
                        potential=float(self.potential(theta)),
                    )
                )
        return tuple(found)

    def separatrices(self, reach=9.0):
        curves = {True: [], False: []}
        columns = len(self.roots[0])
        for index, point in enumerate(self.points):
            if point.kind != "saddle":
                continue
            i, j = index % columns, index // columns
            for axis, place in ((0, i), (1, j)):
                stable = place % 2 == 0  # along an axis on which it rests at the foot of a well
                for step in (-1, 1):
                    roots, far = self.roots[axis], place + step
                    end = roots[far] if 0 <= far < roots.size else step * reach
                    theta = np.tile(point.theta, (20, 1))
                    theta[:, axis] = np.linspace(point.theta[axis], end, 20)
                    curves[stable].append(
                        SimpleNamespace(saddle=index, stable=stable, theta=theta, end=-1)
                    )
        return SimpleNamespace(stable=tuple(curves[True]), unstable=tuple(curves[False]))

    def basins(self, a, b):
        """Each attractor's basin is the box between the roots beside it; on a border unknown."""
        index = []
        for grid, roots in ((a, self.roots[0]), (b, self.roots[1])):
            walls = roots[1::2]
            cell = 2 * np.searchsorted(walls, grid)
            index.append(np.where(np.isin(grid, walls), -99, cell))
        labels = index[1][:, None] * self.roots[0].size + index[0][None, :]
        return SimpleNamespace(
            a=a, b=b, labels=np.where(labels < 0, -1, labels), equilibria=self.points
        )

    def barriers(self):
        """For one root in a: a chain of wells along b."""
        points = self.points
        paths, groups, tree = [], [frozenset([k]) for k in range(0, len(points), 2)], []
        for saddle in range(1, len(points), 2):
            start, end = saddle - 1, saddle + 1
            path = np.linspace(points[start].theta, points[end].theta, 101)
            path = np.unique(np.vstack([path, points[saddle].theta]), axis=0)
            path = path[np.argsort(path[:, 1])]
            top = points[saddle].potential
            paths.append(
                SimpleNamespace(
                    start=start,
                    end=end,
                    saddle=saddle,
                    height_from=top - points[start].potential,
                    height_to=top - points[end].potential,
                    path=path,
                    potential=self.potential(path),
                )
            )
        for path in sorted(paths, key=lambda path: points[path.saddle].potential):
            left = next(group for group in groups if path.start in group)
            right = next(group for group in groups if path.end in group)
            groups = [group for group in groups if group not in (left, right)] + [left | right]
            tree.append(
                SimpleNamespace(
                    saddle=path.saddle,
                    potential=points[path.saddle].potential,
                    left=left,
                    right=right,
                )
            )
        return SimpleNamespace(barriers=tuple(paths), tree=tuple(tree), equilibria=points)


def triple():
    return Wells([1.0], [-3.0, -1.5, 0.0, 1.5, 3.0], TWO)


def square():
    """Four attractors, four saddles and a repeller."""
    names = ["collapsed onto mode 1 of 2", "covers modes 1–2", "collapsed onto mode 2 of 2", "wide"]
    return Wells([1.0, 2.0, 3.0], [-2.0, 0.0, 2.0], names)


def ladder():
    names = [*(f"collapsed onto mode {k} of 4" for k in range(1, 5)), "covers modes 1–3"]
    return Wells([1.0], [-4.0, -3.1, -2.0, -1.2, 0.0, 1.0, 2.2, 3.0, 4.1], names, size=1e-4)


def branch(parameter, b, kind):
    """A branch of r b²/2 − b⁴/4 + b⁶/6, with a = 1 + b²/2."""
    r, b = np.asarray(parameter, dtype=float), np.asarray(b, dtype=float)
    return SimpleNamespace(
        parameter=r,
        theta=np.stack([1 + b**2 / 2, b], axis=-1),
        potential=r * b**2 / 2 - b**4 / 4 + b**6 / 6,
        kind=np.asarray(kind, dtype=object),
    )


def pitchfork():
    """The subcritical pitchfork at 0, its folds at 1/4 and the Maxwell points at 3/16."""
    r, b = np.linspace(-0.15, 0.4, 56), np.linspace(0, 1.06, 107)
    turn = np.sqrt(0.5)
    side = np.where(b < turn, "saddle", "attractor")
    return SimpleNamespace(
        name="m",
        interval=(-0.15, 0.4),
        branches=(
            branch(r, 0 * r, np.where(r > 1e-9, "attractor", "saddle")),
            branch(b**2 - b**4, b, side),
            branch(b**2 - b**4, -b, side),
        ),
        folds=tuple(
            SimpleNamespace(parameter=0.25, theta=np.array([1.25, s * turn]), potential=1 / 48)
            for s in (-1, 1)
        ),
        branch_points=(
            SimpleNamespace(
                parameter=0.0, theta=np.array([1.0, 0.0]), kind="pitchfork", potential=0.0
            ),
        ),
        maxwell=tuple(
            SimpleNamespace(
                parameter=3 / 16,
                theta=np.array([[1.0, 0.0], [1.375, s * np.sqrt(0.75)]]),
                potential=0.0,
            )
            for s in (-1, 1)
        ),
    )


REGIONS = (
    ("averaging only", -0.5, 0.0, 0.8),
    ("averaging and collapse, averaging deeper", 2.0, 0.3, 0.1),
    ("averaging and collapse, collapse deeper", 2.0, -0.3, 0.1),
)


def cusp(regions=REGIONS):
    """The cusp b' = y + x b − b³: folds where 27 y² = 4 x³, Maxwell where y = 0."""
    x, y = np.linspace(-1, 3, 81), np.linspace(-2.5, 2.5, 71)
    at_x, at_y = np.meshgrid(x, y)
    inside = (at_x > 0) & (27 * at_y**2 < 4 * at_x**3)
    s = np.linspace(0, 1.05, 101)

    def curve(kind, x, y):
        return SimpleNamespace(kind=kind, x=np.asarray(x), y=np.asarray(y))

    return SimpleNamespace(
        x_name="m",
        y_name="w",
        x=(-1.0, 3.0),
        y=(-2.5, 2.5),
        curves=(
            curve("fold", 3 * s**2, 2 * s**3),
            curve("fold", 3 * s**2, -2 * s**3),
            curve("branch", [-1.0, 0.2, 0.9], [-1.2, -1.9, -2.5]),
            curve("maxwell", [0.0, 3.0], [0.0, 0.0]),
        ),
        cusps=(SimpleNamespace(x=0.0, y=0.0, theta=np.array([1.0, 0.0])),),
        regions=tuple(
            SimpleNamespace(name=name, x=at[0], y=at[1], share=at[2]) for name, *at in regions
        ),
        labels=np.where(inside, np.where(at_y > 0, 1, 2), 0),
        x_nodes=x,
        y_nodes=y,
    )
