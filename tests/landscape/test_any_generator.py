"""Generators of one's own with a scale and a place, a below 0, and what is handed on."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

import gandyn
from gandyn.errors import InputError
from gandyn.landscape.basin_map import attractors_reached
from gandyn.landscape.census import equilibria
from tests.landscape.games import four_wells
from tests.sweeps import sweep
from tests.users import Square

SKEW = "0.33*N(-1, 0.255) + 0.67*N(2, 1.415)"
LOPSIDED = "0.3*N(-1, 0.5) + 0.7*N(1, 0.3)", "0.7*N(-1, 0.3) + 0.3*N(1, 0.5)"


class PlaceFirst(gandyn.Generator):
    """x = a z + b with θ = (b, a)."""

    dimension = 2
    scale_and_place = (1, 0)

    def __call__(self, z, theta):
        return theta[1] * z + theta[0]

    def sensitivity(self, z, theta):
        return np.stack([np.ones_like(z), z])

    def slope(self, z, theta):
        return np.full_like(z, theta[1])

    def curvature(self, z, theta):
        return np.zeros_like(z)


class Turned:
    """A game of a z + b with its two parameters in the other order."""

    generator = PlaceFirst()

    def __init__(self, game):
        self.inner, self.data = game, game.data

    def force(self, theta):
        return self.inner.force(theta[..., ::-1])[..., ::-1]

    def jacobian(self, theta):
        return self.inner.jacobian(theta[..., ::-1])[..., ::-1, ::-1]

    def potential(self, theta):
        return self.inner.potential(theta[..., ::-1])

    def boundary_force(self, theta):
        return self.inner.boundary_force(theta[..., ::-1])[..., ::-1]

    def evaluate(self, theta, values=None):
        found = self.inner.evaluate(theta[..., ::-1])
        errors = found.errors | {"force": found.errors["force"][..., ::-1]}
        return SimpleNamespace(
            force=found.force[..., ::-1], potential=found.potential, errors=errors
        )


@pytest.fixture(scope="module")
def game():
    return gandyn.Game(gandyn.parse(SKEW))


@pytest.fixture(scope="module")
def found(game):
    return gandyn.equilibria(game)


# -- the order of the parameters, and generators of one's own


@pytest.mark.exhaustive
def test_the_order_of_the_parameters_does_not_matter(game, found):
    turned = gandyn.equilibria(Turned(game), found.box)
    assert turned.theta == pytest.approx(found.theta, abs=1e-9)
    assert [p.kind for p in turned] == [p.kind for p in found]
    for one, other in zip(turned, found, strict=True):
        assert one.eigenvalues == pytest.approx(other.eigenvalues, rel=1e-6)
        assert np.abs(one.eigenvectors) == pytest.approx(np.abs(other.eigenvectors), abs=1e-6)
    heights = [[b.height_from for b in gandyn.barriers(f).barriers] for f in (turned, found)]
    assert heights[0] == pytest.approx(heights[1], rel=1e-8)
    a, b = np.linspace(0.2, 3.0, 25), np.linspace(-2.0, 4.0, 25)
    assert (gandyn.basins(turned, a, b).labels == gandyn.basins(found, a, b).labels).all()


def test_a_generator_of_ones_own():
    (point,) = gandyn.equilibria(
        gandyn.Game(gandyn.Normal(2.0, 0.5), PlaceFirst()), (0.4, 0.6, 1.9, 2.1)
    )
    assert (point.a, point.b) == pytest.approx((0.5, 2.0), abs=1e-9)
    assert point.eigenvalues == pytest.approx([-4.0, -2.0], rel=1e-6)


def test_a_subclass_is_taken(game):
    class Named(gandyn.LinearGenerator):
        pass

    (point,) = gandyn.equilibria(gandyn.Game(gandyn.Normal(2.0, 0.5), Named()))
    assert (point.a, point.b) == pytest.approx((0.5, 2.0), abs=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda game: gandyn.basins(game, [1, 2], [0, 1]),
        lambda game: gandyn.integrated_basins(game, [1, 2], [0, 1]),
        lambda game: gandyn.barriers(game),
        lambda game: gandyn.separatrices(game),
        lambda game: gandyn.string_path(game, (1, 0), (1, 1)),
        lambda game: gandyn.branches(lambda m: game, (0, 1)),
        lambda game: gandyn.phase_diagram(lambda x, y: game, ("x", 0, 1), ("y", 0, 1)),
        lambda game: gandyn.raster(lambda m: game, [0, 1], [[1.0, 0.0]], workers=1),
    ],
)
def test_without_a_scale_and_a_place_there_is_no_plane(call):
    with pytest.raises(InputError, match=r"^game: got generator .*, must have a scale and a place"):
        call(gandyn.Game(gandyn.Normal(0, 1), Square()))


# -- a below 0


@pytest.mark.parametrize(
    ("latent", "mirrored"),
    sweep([("N(0.4, 1)", "N(-0.4, 1)"), LOPSIDED], lambda case: case != LOPSIDED),
)
@pytest.mark.exhaustive
def test_below_0_lies_the_game_of_the_reflected_latent(latent, mirrored):
    data, laws = gandyn.parse(SKEW), map(gandyn.parse, (latent, mirrored))
    games = [gandyn.Game(data, gandyn.LinearGenerator(law)) for law in laws]
    below = gandyn.equilibria(games[0], (-4.0, -0.1, -4.0, 6.0))
    above = gandyn.equilibria(games[1], (0.1, 4.0, -4.0, 6.0))
    assert below.complete and below.box == (-4.0, -0.1, -4.0, 6.0)
    assert below.theta * [-1, 1] == pytest.approx(above.theta, abs=1e-9)
    for one, other in zip(below, above, strict=True):
        assert (one.kind, one.name, one.index) == (other.kind, other.name, other.index)
        assert one.eigenvalues == pytest.approx(other.eigenvalues, rel=1e-9)
        jacobian = games[0].jacobian(one.theta)
        assert jacobian @ one.eigenvectors == pytest.approx(
            one.eigenvectors * one.eigenvalues, abs=1e-8
        )
    a, b = np.linspace(0.2, 3.0, 25), np.linspace(-2.0, 4.0, 25)
    maps = gandyn.basins(games[0], -a[::-1], b), gandyn.basins(games[1], a, b)
    assert (maps[0].labels[:, ::-1] == maps[1].labels).all()
    checked = gandyn.integrated_basins(below, -a[::-6], b[::6])
    assert (checked.labels[:, ::-1] == maps[1].labels[::6, ::6][:, ::-1][:, ::-1]).mean() > 0.9
    walls = [gandyn.separatrices(f).curves for f in (below, above)]
    assert all((w.theta[:, 0] < 0).all() for w in walls[0])
    assert [w.end for w in walls[0]] == [w.end for w in walls[1]]
    heights = [[x.height_from for x in gandyn.barriers(f).barriers] for f in (below, above)]
    assert heights[0] == pytest.approx(heights[1], rel=1e-8) and heights[0]
    ends = [p.theta for p in below.attractors][:2]
    path = gandyn.string_path(games[0], *ends, images=9, tolerance=1e-3)
    assert path.success and (path.theta[:, 0] < 0).all()


def test_a_raster_may_start_on_both_sides():
    family = gandyn.template("N({m}, 1)")
    found = gandyn.raster(family, [0.0, 1.0], [[2.0, 3.0], [-2.0, 3.0]], workers=1)
    assert found.labels.tolist() == [[0, 0], [0, 0]]
    assert found.final[1] == pytest.approx(np.array([[1.0, 1.0], [-1.0, 1.0]]), abs=1e-3)


def test_what_lies_on_both_sides_of_0(game, found):
    with pytest.raises(InputError, match=r"box: got .*, must be .* on one side of 0"):
        gandyn.equilibria(game, (-1.0, 1.0, 0.0, 1.0))
    with pytest.raises(InputError, match="a: got -1 to 1, must be on one side of 0"):
        gandyn.basins(game, [-1.0, 1.0], [0.0, 1.0])
    with pytest.raises(InputError, match="a: got -2 to -1, must be on the side of the rest points"):
        gandyn.basins(found, [-2.0, -1.0], [0.0, 1.0])
    with pytest.raises(InputError, match="start, end: got a = 1 and -1, must be on one side of 0"):
        gandyn.string_path(game, (1.0, 0.0), (-1.0, 1.0))


# -- handed on


@pytest.mark.exhaustive
def test_rest_points_are_found_once(monkeypatch, game, found):
    a, b = np.linspace(0.2, 3.0, 5), np.linspace(-2.0, 4.0, 5)
    direct = gandyn.basins(game, a, b), gandyn.barriers(game), gandyn.separatrices(game)

    def again(*args):
        raise AssertionError("searched again")

    monkeypatch.setattr("gandyn.landscape.census._search", again)
    handed = gandyn.basins(found, a, b), gandyn.barriers(found), gandyn.separatrices(found)
    for one, other in zip(direct, handed, strict=True):
        assert other.equilibria is found
        assert one == other


def test_one_flow_to_an_attractor(found):
    places = np.array([p.theta for p in found.attractors])
    starts = np.concatenate([places * 1.01, [[np.nan, 0.0], [-1.0, 0.0]]])
    index, ends = attractors_reached(found, starts)
    known = [k for k, p in enumerate(found) if p.kind == "attractor"]
    assert index.tolist() == [*known, -1, -1]
    assert ends[: len(places)] == pytest.approx(places, abs=1e-3) and np.isnan(ends[-2:]).all()


# -- without a potential


class Curl(gandyn.Objective):
    """A slope that is no gradient in θ, with another's potential."""

    name = "curl"

    def __init__(self, value):
        self.value = value

    def slope(self, at):
        return at.ratio_slope * (1.0 + np.sin(at.x) ** 2)

    def potential(self, at):
        return self.value * np.exp(at.log_generated)


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_without_a_potential_there_are_no_barriers(value):
    game = gandyn.Game(gandyn.Normal(2.0, 0.5), objective=Curl(value))
    found = gandyn.equilibria(game)
    assert len(found) == 1 and gandyn.basins(found, [0.3, 1.0], [1.0, 3.0]).success
    with pytest.raises(InputError, match=r"potential is not what the flow descends$"):
        gandyn.barriers(found)


@pytest.mark.parametrize("objective", gandyn.objectives.names())
def test_every_objective_by_name_has_its_potential(objective):
    game = gandyn.Game(gandyn.parse("0.5*N(-1, 1) + 0.5*N(1, 1)"), objective=objective)
    found = gandyn.equilibria(game, (0.9, 1.3, -0.5, 0.6))
    assert gandyn.barriers(found).equilibria is found


# -- pickle


def test_results_come_back_equal():
    found = equilibria(four_wells(), (0.1, 8.0, -3.0, 3.0))
    parts = (found.points, gandyn.separatrices(found).curves)
    assert pickle.loads(pickle.dumps(parts)) == parts
