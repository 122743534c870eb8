"""Barriers against closed forms, an oracle, brute force over all ways, and Kramers' exact times."""

from itertools import combinations, pairwise
from types import SimpleNamespace

import numpy as np
import pytest

import gandyn
from gandyn.errors import InputError
from gandyn.landscape.census import equilibria
from gandyn.landscape.mountain_passes import _check_gradient, barriers, eyring_kramers, rise
from gandyn.landscape.plane import Plane
from gandyn.landscape.strings import string_path
from tests.landscape.test_bifurcations import FOLD, NormalForm
from tests.sweeps import sweep

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"
FOUR = "0.25*N(-6, 0.5) + 0.25*N(-2, 0.6) + 0.25*N(2, 0.7) + 0.25*N(6, 0.8)"
# By oracle_landscape.py: from a collapsed state over the pass, and from the averaging one.
HEIGHTS = 0.344726232351049056, 0.0328988366608561848
PREFACTORS = 0.0512758476113498571, 0.0152842978053932377


def game_of(text, objective="nonsaturating", latent=None):
    return gandyn.Game(gandyn.parse(text), gandyn.LinearGenerator(latent), objective)


@pytest.fixture(scope="module")
def two():
    return barriers(game_of(TWO))


@pytest.fixture(scope="module")
def four():
    return barriers(game_of(FOUR))


class Straight(NormalForm):
    """A normal form whose ways between states are straight lines at a = 0.4, or at 0.4 alone."""

    def _off(self, theta):
        return np.log(theta[..., 0] / 0.4)

    def theta(self, x):
        x = np.asarray(x, dtype=float)
        return np.stack([np.full_like(x, 0.4), x], axis=-1)

    def force(self, theta):
        theta = np.asarray(theta)
        return np.stack([-self._off(theta) / theta[..., 0], self.g(theta[..., 1])], axis=-1)


def triple_well(kind=NormalForm):
    """Attractors at x = −1.1, 0, 1.3, saddles at −0.5 and 0.6."""
    return kind(*(-np.polynomial.Polynomial.fromroots([-1.1, -0.5, 0.0, 0.6, 1.3])).coef)


# -- the checks, which test_wrong_landscape.py makes go red


def check_heights(found):
    """Heights and prefactors of TWO."""
    assert found.status == 0, found.message
    assert len(found.barriers) == 3 and len(found.tree) == 2
    left, middle, right = (k for k, p in enumerate(found.equilibria) if p.kind == "attractor")
    collapsed, average = HEIGHTS
    for barrier, ends, heights, prefactors in zip(
        found.barriers,
        ((left, middle), (left, right), (middle, right)),
        ((collapsed, average), (collapsed, collapsed), (average, collapsed)),
        (PREFACTORS, (PREFACTORS[0], PREFACTORS[0]), PREFACTORS[::-1]),
        strict=True,
    ):
        assert (barrier.start, barrier.end) == ends
        assert (barrier.height_from, barrier.height_to) == pytest.approx(heights, rel=1e-10)
        assert (barrier.prefactor_from, barrier.prefactor_to) == pytest.approx(prefactors, 1e-10)
        missed = np.abs(np.subtract([barrier.height_from, barrier.height_to], heights)).max()
        assert missed <= barrier.error <= 1e-11


def check_path(found, game):
    """From bottom to bottom, over the pass and nowhere higher, along the force, never turning."""
    points = found.equilibria
    for barrier in found.barriers:
        start, end, top = (points[k] for k in (barrier.start, barrier.end, barrier.saddle))
        assert np.array_equal(barrier.path[0], start.theta)
        assert np.array_equal(barrier.path[-1], end.theta)
        assert np.array_equal(barrier.potential, game.potential(barrier.path))
        assert barrier.potential.max() <= top.potential + 1e-12
        on = np.flatnonzero((barrier.path == top.theta).all(axis=1))
        # Two passes of one height differ by the rounding of their potentials.
        assert on.size == 1 and barrier.potential.max() - barrier.potential[on[0]] <= 4e-16
        # Rest points on the way part it into slopes, all of which rise or fall throughout.
        stops = [
            int(np.flatnonzero((barrier.path == point.theta).all(axis=1))[0])
            for point in points
            if (barrier.path == point.theta).all(axis=1).any()
        ]
        for one, other in pairwise(sorted(stops)):
            slope = np.diff(barrier.potential[one : other + 1])
            assert (slope > 0).all() or (slope < 0).all()
            middle = 0.5 * (barrier.path[1:] + barrier.path[:-1])
        force = np.asarray(game.force(middle))
        along = np.diff(barrier.path, axis=0)
        cosine = (force * along).sum(axis=1) / np.hypot(*force.T) / np.hypot(*along.T)
        inner = np.ones(len(cosine), bool)
        inner[[k + s for k in stops for s in (-1, 0) if 0 <= k + s < len(inner)]] = False
        assert np.abs(cosine[inner]).min() > 0.99


def check_prefactors(found, game, states, saddles):
    """Those of a normal form: det H is −g'/a² where g and p are 0."""
    slope = game.g.deriv()

    def determinant(x):
        return -slope(x) / game.theta(x)[0] ** 2

    for barrier in found.barriers:
        top = found.equilibria[barrier.saddle].theta
        x = saddles[int(np.abs(game.theta(np.array(saddles))[:, 1] - top[1]).argmin())]
        growing = np.linalg.eigvalsh(game.jacobian(top)).max()
        for index, prefactor in (
            (barrier.start, barrier.prefactor_from),
            (barrier.end, barrier.prefactor_to),
        ):
            place = found.equilibria[index].b
            low = states[int(np.abs(np.array(states) - place).argmin())]
            exact = growing / (2 * np.pi) * np.sqrt(determinant(low) / -determinant(x))
            assert prefactor == pytest.approx(exact, rel=1e-9)


def check_kramers(kramers):
    """Against the exact mean time from one bottom of U = (x² − 1)² h + y² to the other.

    In one dimension it is 1/D ∫ e^{U/D} ∫ e^{−U/D}; y takes no part.
    """
    low = SimpleNamespace(eigenvalues=np.array([-8.0, -2.0]))
    saddle = SimpleNamespace(eigenvalues=np.array([-2.0, 4.0]))
    x, step = np.linspace(-2.0, 1.0, 30001, retstep=True)
    wall = (x * x - 1.0) ** 2
    off = []
    for ratio, tolerance in ((5.0, 0.11), (20.0, 0.03), (80.0, 0.007)):
        below = np.cumsum(np.exp(-ratio * wall)) * step
        over = x >= -1.0
        above = np.exp(ratio * (wall[over] - 1.0))
        time = np.trapezoid(above * below[over], x[over]) * ratio
        off.append(time * kramers(low, saddle) - 1.0)
        assert abs(off[-1]) <= tolerance, ratio
    # What is left is of the order of D.
    assert off[1] / off[2] == pytest.approx(4.0, rel=0.1)


# -- heights and paths


def test_heights_of_two_modes(two):
    check_heights(two)


def test_paths_of_two_modes(two):
    check_path(two, two.equilibria.game)


def test_paths_of_four_modes(four):
    check_path(four, four.equilibria.game)


def test_normal_forms():
    game = triple_well()
    found = barriers(game)
    assert found.status == 0 and found.message == "3 pairs of 3 attractors"
    states, saddles = [-1.1, 0.0, 1.3], [-0.5, 0.6]
    check_prefactors(found, game, states, saddles)
    check_path(found, game)
    for barrier, (one, other, top) in zip(
        found.barriers, ((-1.1, 0.0, -0.5), (-1.1, 1.3, None), (0.0, 1.3, 0.6)), strict=True
    ):
        if top is None:
            top = max(saddles, key=game.height)
        assert found.equilibria[barrier.saddle].b == pytest.approx(top, abs=1e-12)
        assert barrier.height_from == pytest.approx(game.height(top) - game.height(one), rel=1e-12)
        assert barrier.height_to == pytest.approx(game.height(top) - game.height(other), rel=1e-12)


def test_straight_ways_are_straight():
    game = triple_well(Straight)
    for barrier in barriers(game).barriers:
        assert np.abs(barrier.path[:, 0] - 0.4).max() <= 1e-9
        assert (np.diff(barrier.path[:, 1]) > 0).all()


def test_potential_and_work_agree():
    """Where potentials are known badly the work of the force is taken, and its error told."""

    class Noisy(Straight):
        def potential(self, theta):
            return super().potential(theta) + 1e-9

        def evaluate(self, theta, values=None):
            out = super().evaluate(theta)
            out.potential = out.potential + 1e-9 * np.arange(len(theta))
            out.errors["potential"] = np.full(len(theta), 1e-9)
            return out

    for kind in (Straight, Noisy):
        game = triple_well(kind)
        found = equilibria(game)
        exact = float(game.height(-0.5) - game.height(-1.1))
        height, error = rise(Plane(game), found[0], found[1])
        assert abs(height - exact) <= error <= 1e-14
        back, _ = rise(Plane(game), found[1], found[0])
        assert back == pytest.approx(-height, abs=2e-15)


def check_small_heights(climb):
    """Next to a fold a height is c δ^(3/2); by δ and by 4 δ, and by the work along another way."""
    heights = []
    for beyond in (1e-6, 4e-6):
        m = FOLD + beyond
        game = gandyn.Game(
            gandyn.Mixture([0.5, 0.5], [gandyn.Normal(-m, 1.0), gandyn.Normal(m, 1.0)])
        )
        low, high = equilibria(game)[:2]
        assert (low.kind, high.kind) == ("attractor", "saddle")
        height, error = climb(Plane(game), low, high)
        assert 1e-10 < height < 1e-8
        assert error <= 1e-6 * height
        # An arc through both, bent sideways by as much as they are apart.
        nodes, weights = np.polynomial.legendre.leggauss(40)
        t, move = 0.5 * (1.0 + nodes)[:, None], high.theta - low.theta
        side = move[::-1] * [1.0, -1.0]
        arc = low.theta + t * move + t * (1.0 - t) * side
        pace = move + (1.0 - 2.0 * t) * side
        work = -0.5 * float(weights @ (game.force(arc) * pace).sum(axis=1))
        assert height == pytest.approx(work, rel=1e-6)
        heights.append(height)
    assert heights[1] / heights[0] == pytest.approx(8.0, rel=1e-4)


def test_next_to_a_fold_heights_keep_their_digits():
    check_small_heights(rise)


@pytest.mark.parametrize(
    ("scale", "shift"),
    sweep([(4.0, 0.0), (1.0, 1000.0), (0.01, -2.0)], lambda case: case[0] == 0.01),
)
def test_units_and_origin(two, scale, shift):
    text = f"0.5*N({shift - 3 * scale}, {scale}) + 0.5*N({shift + 3 * scale}, {scale})"
    found = barriers(game_of(text))
    assert found.status == 0
    for one, other in zip(two.barriers, found.barriers, strict=True):
        assert (other.height_from, other.height_to) == pytest.approx(
            (one.height_from, one.height_to), rel=1e-9
        )
        assert other.prefactor_from == pytest.approx(one.prefactor_from / scale**2, rel=1e-8)
        assert other.prefactor_to == pytest.approx(one.prefactor_to / scale**2, rel=1e-8)
        moved = one.path * scale + [0.0, shift]
        top = np.abs(other.path[:, None] - moved).max(axis=2).min(axis=1).max()
        assert top <= 0.05 * scale


@pytest.mark.exhaustive
def test_a_mirror_image(four):
    turned = barriers(
        game_of("0.25*N(6, 0.5) + 0.25*N(2, 0.6) + 0.25*N(-2, 0.7) + 0.25*N(-6, 0.8)")
    )
    last = len(four.equilibria) - 1
    heights = {(b.start, b.end): (b.height_from, b.height_to) for b in turned.barriers}
    for barrier in four.barriers:
        assert heights[last - barrier.end, last - barrier.start] == pytest.approx(
            (barrier.height_to, barrier.height_from), rel=1e-9
        )


# -- the tree


def ends_by_flow(game, points):
    """For each saddle the attractors on both of its sides, by integrating the flow."""
    out = {}
    for k, point in enumerate(points):
        if point.kind != "saddle":
            continue
        ends = []
        for sign in (-1.0, 1.0):
            start = point.theta + sign * 1e-3 * point.a * np.real(point.eigenvectors[:, 1])
            flow = gandyn.gradient_flow(game, start, (0, 4000))
            apart = [
                np.abs(flow.theta[-1] - p.theta).max() if p.kind == "attractor" else np.inf
                for p in points
            ]
            assert min(apart) <= 1e-3
            ends.append(int(np.argmin(apart)))
        out[k] = ends
    return out


def minimax(points, sides, start, end):
    """The lowest potential of a saddle such that those up to it join two attractors."""
    for level in sorted(points[k].potential for k in sides):
        joined, grows = {start}, True
        while grows:
            grows = False
            for k, ends in sides.items():
                if points[k].potential <= level and len(joined & set(ends)) == 1:
                    joined |= set(ends)
                    grows = True
        if end in joined:
            return level
    return np.inf


def check_tree(found, sides):
    """Passes are minimax over all ways; a merge joins exactly what is joined up to its level."""
    points = found.equilibria
    attractors = [k for k, point in enumerate(points) if point.kind == "attractor"]
    assert [(b.start, b.end) for b in found.barriers] == list(combinations(attractors, 2))
    for barrier in found.barriers:
        level = minimax(points, sides, barrier.start, barrier.end)
        assert points[barrier.saddle].potential == pytest.approx(level, abs=1e-13)
        assert barrier.height_from == pytest.approx(level - points[barrier.start].potential, 1e-9)
        assert barrier.height_to == pytest.approx(level - points[barrier.end].potential, 1e-9)
    groups = {frozenset([k]) for k in attractors}
    assert len(found.tree) == len(attractors) - 1
    for merge in found.tree:
        assert merge.potential == points[merge.saddle].potential
        assert {merge.left, merge.right} <= groups and merge.left != merge.right
        groups = (groups - {merge.left, merge.right}) | {merge.left | merge.right}
        for one in merge.left:
            for other in merge.right:
                assert minimax(points, sides, one, other) == pytest.approx(
                    merge.potential, abs=1e-13
                )
    assert groups == {frozenset(attractors)}
    assert all(one.potential <= other.potential for one, other in pairwise(found.tree))


def test_the_tree_of_four_modes(four):
    assert four.status == 0 and len(four.barriers) == 10
    check_tree(four, ends_by_flow(four.equilibria.game, four.equilibria))


class Wells(NormalForm):
    """Wells on a square, in p = log(a/0.4) and b: U = (p² − 1)²/8 + (b² − 1)²/8 + tilts."""

    def __init__(self, tilt_p, tilt_b, twist):
        super().__init__(0.0)
        self.tilts = tilt_p, tilt_b, twist

    def potential(self, theta):
        theta = np.asarray(theta)
        p, b = 2.0 * np.log(theta[..., 0] / 0.8), theta[..., 1]
        tilt_p, tilt_b, twist = self.tilts
        walls = (p**2 - 1) ** 2 / 8 + (b**2 - 1) ** 2 / 8
        return walls + tilt_p * p + tilt_b * b + twist * p * b

    def force(self, theta):
        """By complex steps; twice so for the Jacobian would not do."""
        theta = np.asarray(theta)
        a, b = theta[..., 0], theta[..., 1]
        p = 2.0 * np.log(a / 0.8)
        tilt_p, tilt_b, twist = self.tilts
        by_p = p * (p**2 - 1) / 2 + tilt_p + twist * b
        by_b = b * (b**2 - 1) / 2 + tilt_b + twist * p
        return np.stack([-2.0 * by_p / a, -by_b], axis=-1)


def flood(game, box, one, other, cells=241):
    """The minimax potential between two states by flooding a lattice, 8 neighbours a node."""
    a = np.geomspace(box[0], box[1], cells)
    b = np.linspace(box[2], box[3], cells)
    height = game.potential(np.stack(np.meshgrid(a, b), axis=-1))
    index = np.arange(cells * cells).reshape(cells, cells)
    pairs, levels = [], []
    for rows, columns in (((0, 1), (0, 0)), ((0, 0), (0, 1)), ((0, 1), (0, 1)), ((0, 1), (1, 0))):
        first = np.s_[rows[0] : cells - rows[1], columns[0] : cells - columns[1]]
        second = np.s_[rows[1] : cells - rows[0], columns[1] : cells - columns[0]]
        pairs.append(np.stack([index[first].ravel(), index[second].ravel()], axis=1))
        levels.append(np.maximum(height[first], height[second]).ravel())
    pairs, levels = np.concatenate(pairs), np.concatenate(levels)
    ends = [
        int(index[np.abs(b - theta[1]).argmin(), np.abs(np.log(a / theta[0])).argmin()])
        for theta in (one, other)
    ]
    parent = list(range(cells * cells))

    def root(k):
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for k in np.argsort(levels):
        i, j = root(int(pairs[k, 0])), root(int(pairs[k, 1]))
        if i != j:
            parent[i] = j
            if root(ends[0]) == root(ends[1]):
                return float(levels[k])
    return np.inf


@pytest.mark.parametrize("tilts", [(0.02, 0.035, 0.0), (0.01, -0.02, 0.03)])
def test_four_wells_on_a_square(tilts):
    """A ring of passes, one of which is no joint of the tree; levels by flooding a lattice."""
    game = Wells(*tilts)
    box = (0.35, 1.9, -1.7, 1.7)
    found = barriers(game, box)
    points = found.equilibria
    assert found.status == 0 and len(points.saddles) == 4 and len(points.attractors) == 4
    check_tree(found, ends_by_flow_of(game, points))
    for barrier in found.barriers[:4]:
        level = flood(game, box, points[barrier.start].theta, points[barrier.end].theta)
        top = points[barrier.saddle].potential
        assert top - 1e-12 <= level + 1e-4 and level <= top + 1e-3


def ends_by_flow_of(game, points):
    """`ends_by_flow` of a stand-in, by Euler's steps."""
    out = {}
    places = points.theta
    for k, point in enumerate(points):
        if point.kind == "saddle":
            vector = np.real(point.eigenvectors[:, 1])
            here = point.theta + 1e-3 * np.array([[-1.0], [1.0]]) * vector
            for _ in range(6000):
                here = here + 0.02 * game.force(here)
            apart = np.abs(here[:, None] - places).max(axis=2)
            assert (apart.min(axis=1) <= 1e-6).all()
            out[k] = apart.argmin(axis=1).tolist()
    return out


def test_attractors_that_are_not_joined_within_the_box():
    """Both collapsed states, without the passes between them."""
    found = barriers(game_of(TWO), (0.5, 1.9, -4.5, 4.5))
    assert [point.kind for point in found.equilibria] == ["attractor"] * 2
    assert found.status == -1 and not found.barriers and not found.tree
    assert "1 pairs are not joined within the box" in found.message


def test_one_attractor_has_no_barrier():
    found = barriers(game_of(TWO, "wasserstein2"))
    assert len(found.equilibria.attractors) == 1
    assert (found.status, found.barriers, found.tree) == (0, (), ())


@pytest.mark.parametrize(
    "text, latent",
    [("N(0, 1)", gandyn.Uniform(-1.5, 1.5)), ("0.5*U(-3, -1) + 0.5*U(1, 3)", None)],
)
def test_forces_without_a_potential_are_refused(text, latent):
    with pytest.raises(InputError, match="must have densities without jumps"):
        barriers(game_of(text, latent=latent))


def test_kinks_are_no_jumps():
    check_gradient(game_of("0.5*Laplace(-3, 1) + 0.5*Laplace(3, 1)"))
    check_gradient(game_of("N(0, 1)", latent=gandyn.Laplace(0, 1)))
    with pytest.raises(InputError):
        check_gradient(game_of("U(-3, 3)"))


def check_gradient(game):
    _check_gradient(Plane(game), (0.2, 4.0, -5.0, 5.0))


def test_jumps_do_not_matter_to_transport():
    found = barriers(game_of("U(-3, 3)", "wasserstein2"))
    assert found.status == 0 and len(found.equilibria) == 1


# -- the string method


def apart(path, curve):
    """Largest distance of points (n, 2) to a polyline, in units of a."""
    piece = np.diff(curve, axis=0)
    offset = path[:, None] - curve[:-1]
    part = np.clip((offset * piece).sum(axis=2) / (piece**2).sum(axis=1), 0.0, 1.0)
    distance = np.hypot(*(offset - part[..., None] * piece).transpose(2, 0, 1)).min(axis=1)
    return float((distance / path[:, 0]).max())


@pytest.mark.parametrize("which", [0, 1])
def test_the_string_method_agrees(two, which):
    barrier, points = two.barriers[which], two.equilibria
    ends = points[barrier.start].theta, points[barrier.end].theta
    found = string_path(points.game, *ends, images=61)
    assert found.status == 0 and found.distance <= 1e-6
    assert found.message == f"converged after {found.steps} steps"
    saddles = [point.theta for point in points.saddles]
    assert min(np.abs(found.saddle - theta).max() for theta in saddles) <= 1e-8
    assert apart(found.theta, barrier.path) <= 0.02
    assert np.array_equal(found.theta[[0, -1]], np.stack(ends))
    assert np.array_equal(found.potential, points.game.potential(found.theta))
    top = points[barrier.saddle].potential
    assert top - 1e-3 <= found.potential.max() <= top + 1e-9
    # Images are evenly along it, in units of a.
    steps = np.diff(found.theta, axis=0) / np.sqrt(found.theta[1:, :1] * found.theta[:-1, :1])
    assert np.ptp(np.hypot(*steps.T)) <= 0.01 * np.hypot(*steps.T).mean()


def check_string_order(two):
    """With half of the distance between images a quarter of the error."""
    barrier, points = two.barriers[0], two.equilibria
    misses = []
    for images in (11, 21, 41):
        found = string_path(
            points.game,
            points[barrier.start].theta,
            points[barrier.end].theta,
            images=images,
            tolerance=1e-8,
        )
        assert found.status == 0
        misses.append(apart(found.theta, fine_path(two)))
    orders = np.log2(np.array(misses[:-1]) / misses[1:])
    assert (orders > 1.2).all() and orders[-1] > 1.6 and misses[-1] <= 5e-4


def fine_path(two):
    """Both unstable manifolds of the first saddle."""
    from gandyn.landscape.manifolds import manifolds

    points = two.equilibria
    ways = [way for way in manifolds(points, points.box, forwards=True) if way.saddle == 1]
    ways.sort(key=lambda way: way.end)
    return np.concatenate([ways[0].theta[::-1], ways[1].theta[1:]])


@pytest.mark.exhaustive
def test_the_string_method_converges(two):
    check_string_order(two)


def test_strings_on_a_straight_way():
    game = triple_well(Straight)
    found = string_path(game, game.theta(-1.1), game.theta(0.0), images=31)
    assert found.status == 0
    assert np.abs(found.theta[:, 0] - 0.4).max() <= 1e-12
    assert found.saddle == pytest.approx([0.4, -0.5], abs=1e-10)


def test_a_string_that_has_not_converged_says_so(two):
    points = two.equilibria
    found = string_path(points.game, points[0].theta, points[2].theta, max_steps=5)
    assert found.status == -1 and found.steps == 5 and found.distance > 1e-6
    assert found.message.startswith("5 steps were spent, images still move")
    assert found.message.endswith("raise max_steps")
    more = string_path(points.game, points[0].theta, points[2].theta, max_steps=found.steps + 10)
    assert more.distance < found.distance and more.status == -1


# -- rates


def test_kramers_times():
    check_kramers(eyring_kramers)


def test_the_prefactor_in_numbers():
    """|λ₋| / 2π · √(8 · 3 / (4 · 0.5))."""
    low = SimpleNamespace(eigenvalues=np.array([-8.0, -3.0]))
    saddle = SimpleNamespace(eigenvalues=np.array([-4.0, 0.5]))
    assert eyring_kramers(low, saddle) == pytest.approx(0.5 / (2 * np.pi) * np.sqrt(12.0), 1e-14)


def test_a_wide_pass_is_crossed_more_often():
    """Half the stiffness across it, √2 times the rate."""
    low = SimpleNamespace(eigenvalues=np.array([-8.0, -3.0]))
    narrow = SimpleNamespace(eigenvalues=np.array([-4.0, 0.5]))
    wide = SimpleNamespace(eigenvalues=np.array([-2.0, 0.5]))
    ratio = eyring_kramers(low, wide) / eyring_kramers(low, narrow)
    assert ratio == pytest.approx(np.sqrt(2.0), rel=1e-14)
