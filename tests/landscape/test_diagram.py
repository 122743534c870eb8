"""Phase diagrams: of a cusp in closed form, and of two modes over separation and weight."""

from itertools import pairwise

import numpy as np
import pytest

import gandyn
from gandyn import InputError
from gandyn.landscape.curves import Maxwells, Tracer, _crossings
from gandyn.landscape.parts import parted, witnesses
from gandyn.landscape.unfolding import Unfolding
from tests.landscape.test_bifurcations import NormalForm

FAMILY = "{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)"
# F = 0, det J = 0 and its derivative along J's null vector, by Newton's method on game.jacobian.
CUSP_AT = 1.75100233028288, 0.29000896348277
CUSP_STATE = 1.5064751340, 1.0597909399


@pytest.fixture(scope="module")
def diagram():
    return gandyn.phase_diagram(gandyn.template(FAMILY), ("m", 0.5, 6.0), ("w", 0.05, 0.95))


def of_kind(diagram, kind):
    return [curve for curve in diagram.curves if curve.kind == kind]


def crossing(curve, w):
    """m where a curve passes a weight."""
    order = np.argsort(curve.y)
    return float(np.interp(w, curve.y[order], curve.x[order]))


@pytest.mark.exhaustive
def test_curves_and_cusps(diagram):
    assert diagram.status == 0, diagram.message
    assert len(of_kind(diagram, "fold")) == 2
    assert len(of_kind(diagram, "maxwell")) == 3
    places = sorted(((cusp.x, cusp.y) for cusp in diagram.cusps), key=lambda place: place[1])
    mirrored = [CUSP_AT[0], 1 - CUSP_AT[1]]
    assert np.array(places) == pytest.approx(np.array([CUSP_AT, mirrored]), abs=1e-9)
    for cusp in diagram.cusps:
        assert np.abs(cusp.theta) == pytest.approx(CUSP_STATE, abs=1e-7)


@pytest.mark.exhaustive
def test_folds_and_maxwell_points_of_equal_weights_lie_on_the_curves(diagram):
    """40-digit values of the symmetric family, to the accuracy of straight lines between points."""
    for curve in of_kind(diagram, "fold"):
        hits = np.flatnonzero(np.diff(curve.y > 0.5))
        at = [crossing_of(curve, k) for k in hits]
        assert min(abs(m - 2.134202314839812) for m in at) < 5e-3
    slanted = [c for c in of_kind(diagram, "maxwell") if np.ptp(c.y) > 0.1]
    assert len(slanted) == 2
    for curve in slanted:
        assert crossing(curve, 0.5) == pytest.approx(2.379547721159018, abs=5e-3)


def crossing_of(curve, k):
    part = (0.5 - curve.y[k]) / (curve.y[k + 1] - curve.y[k])
    return curve.x[k] + part * (curve.x[k + 1] - curve.x[k])


@pytest.mark.exhaustive
def test_points_of_the_curves_are_what_they_are_called(diagram):
    family = gandyn.template(FAMILY)
    for curve in of_kind(diagram, "fold"):
        for k in range(0, len(curve.x), 9):
            game = family(m=float(curve.x[k]), w=float(curve.y[k]))
            rates = np.linalg.eigvals(game.jacobian(curve.theta[k]))
            assert np.abs(game.force(curve.theta[k])).max() < 1e-9
            assert np.abs(rates).min() < 1e-8
    for curve in of_kind(diagram, "maxwell"):
        for k in range(0, len(curve.x), 12):
            game = family(m=float(curve.x[k]), w=float(curve.y[k]))
            assert np.ptp(game.potential(curve.theta[k])) < 1e-9
            assert np.abs(game.force(curve.theta[k])).max() < 1e-8


@pytest.mark.exhaustive
def test_regions_are_what_equilibria_find(diagram):
    family = gandyn.template(FAMILY)
    rng = np.random.default_rng(11)
    walls = [np.stack([(c.x - 0.5) / 5.5, (c.y - 0.05) / 0.9], axis=1) for c in diagram.curves]
    seen = 0
    for p in rng.uniform(0, 1, (40, 2)):
        if min(distance(p, wall) for wall in walls) < 0.01:
            continue
        found = gandyn.equilibria(family(m=0.5 + 5.5 * p[0], w=0.05 + 0.9 * p[1]))
        row, column = (p[::-1] * 240).astype(int)
        region = diagram.regions[diagram.labels[row, column]]
        ranked = sorted(found.attractors, key=lambda point: point.potential)
        assert len(ranked) == len(region.attractors)
        if len(ranked) > 1:  # where there is only one it goes from one name to the other
            assert tuple(point.name for point in ranked) == region.attractors
        seen += 1
        if seen == 30:
            return
    raise AssertionError(f"{seen} points only")


def distance(point, wall):
    """From a point to a polyline."""
    piece = np.diff(wall, axis=0)
    part = ((point - wall[:-1]) * piece).sum(axis=1) / np.maximum((piece**2).sum(axis=1), 1e-300)
    feet = wall[:-1] + np.clip(part, 0.0, 1.0)[:, None] * piece
    return float(np.hypot(*(feet - point).T).min())


@pytest.mark.exhaustive
def test_regions_were_verified_where_they_say(diagram):
    family = gandyn.template(FAMILY)
    for region in diagram.regions:
        found = gandyn.equilibria(family(m=region.x, w=region.y))
        assert sorted(p.name for p in found.attractors) == sorted(region.attractors)
        row = int(np.abs(diagram.y_nodes - region.y).argmin())
        column = int(np.abs(diagram.x_nodes - region.x).argmin())
        assert diagram.regions[diagram.labels[row, column]] is region


@pytest.mark.exhaustive
def test_the_diagram_is_symmetric_in_the_weight(diagram):
    for kind in ("fold", "maxwell"):
        walls = [np.stack([curve.x, curve.y], axis=1) for curve in of_kind(diagram, kind)]
        for wall in walls:
            mirror = wall * [1.0, -1.0] + [0.0, 1.0]
            assert max(min(distance(p, other) for other in walls) for p in mirror[::5]) <= 2e-3
    one, other = sorted(diagram.cusps, key=lambda cusp: cusp.y)
    assert (other.x, other.y) == pytest.approx((one.x, 1.0 - one.y), abs=1e-8)
    assert other.theta == pytest.approx(one.theta * [1.0, -1.0], abs=1e-6)
    shares = sorted(round(region.share, 3) for region in diagram.regions)
    assert sum(region.share for region in diagram.regions) == pytest.approx(1.0, abs=0.01)
    mirrored = diagram.labels[::-1]
    sizes = np.array([len(region.attractors) for region in diagram.regions])
    both = (diagram.labels >= 0) & (mirrored >= 0)
    assert (sizes[diagram.labels[both]] == sizes[mirrored[both]]).mean() > 0.998
    assert shares[-1] == pytest.approx(0.338, abs=0.002)
    assert diagram.regions[0].name == "averaging only"


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (("m", 6, 0.5), ("w", 0.1, 0.9), "m: got 6 to 0.5"),
        (("m", 1, 2), ("m", 0.1, 0.9), "two different parameters"),
        (("m", 1, 2), ("v", 0.1, 0.9), "family: got names w, m"),
        (("m", 1, 2), ("w", 0.1, 1.5), "weights: got"),
        (("m", 1), ("w", 0.1, 0.9), r"x: got \('m', 1\)"),
        ((1, 1, 2), ("w", 0.1, 0.9), "x: got name 1"),
    ],
)
def test_bad_input(x, y, words):
    with pytest.raises(InputError, match=words):
        gandyn.phase_diagram(gandyn.template(FAMILY), x, y)


# -- closed forms


def cusp(x, y):
    """y + x q − q³: folds where 4 x³ = 27 y², a cusp at the origin, a Maxwell line where y = 0."""
    return NormalForm(y, x, 0.0, -1.0, centre=0.3 * np.sin(x) + 0.1 * y)


CUSP = ("x", -1.0, 2.0), ("y", -1.0, 1.3)


def check_cusp(found):
    """Curves, cusp, regions and every label of the cusp."""
    assert found.status == 0, found.message
    assert sorted(curve.kind for curve in found.curves) == ["fold", "maxwell"]
    (fold,), (maxwell,) = of_kind(found, "fold"), of_kind(found, "maxwell")
    assert np.abs(4 * fold.x**3 - 27 * fold.y**2).max() <= 1e-9
    q = -np.sign(fold.y) * np.sqrt(np.maximum(fold.x, 0.0) / 3)
    states = [cusp(*at).theta(x) for *at, x in zip(fold.x, fold.y, q, strict=True)]
    # Next to the cusp the fold's place is the cube root of its parameters.
    assert np.abs(fold.theta - states).max() <= 1e-5
    # From edge to edge, through the cusp.
    ends = sorted(zip(fold.x[[0, -1]], fold.y[[0, -1]], strict=True))
    assert np.array(ends) == pytest.approx(
        np.array([(np.cbrt(27 / 4), -1.0), (2.0, np.sqrt(32 / 27))]), abs=1e-9
    )
    assert np.abs(maxwell.y).max() <= 1e-10
    assert maxwell.x.max() == 2.0 and maxwell.x.min() < 0.02
    assert (np.diff(maxwell.theta[..., 1], axis=1) ** 2).ravel() == pytest.approx(
        4 * maxwell.x, abs=1e-8
    )
    (place,) = found.cusps
    assert (place.x, place.y) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert place.theta == pytest.approx(cusp(0.0, 0.0).theta(0.0), abs=1e-8)
    check_labels(found)


def check_labels(found):
    x, y = np.meshgrid(found.x_nodes, found.y_nodes)
    two = (x > 0) & (4 * x**3 > 27 * y**2)
    expected = np.where(two, np.where(y > 0, 1, 2), 0)
    # The curve's pieces are straight: nodes next to it may be on the other side.
    near = np.abs(4 * x**3 - 27 * y**2) < 0.02 * np.hypot(12 * x**2, 54 * y) + 1e-3
    assert len(found.regions) == 3
    code = {}
    for region, kind in zip(found.labels[~near], expected[~near], strict=True):
        assert code.setdefault(int(kind), int(region)) == region
    assert sorted(code.values()) == [0, 1, 2]
    alone, upper, lower = (found.regions[code[k]] for k in range(3))
    assert alone.name.endswith(" only") and len(alone.attractors) == 1
    assert upper.attractors == lower.attractors[::-1]
    assert upper.name == "collapse onto 1, collapse onto 2; collapse onto 2 deepest"
    assert lower.name == "collapse onto 1, collapse onto 2; collapse onto 1 deepest"
    # ∫ √(4x³/27) dx, up to the edge at y = −1 below.
    edge = np.cbrt(27 / 4)
    area = np.sqrt(4 / 27) * 0.4 * 2**2.5, np.sqrt(4 / 27) * 0.4 * edge**2.5 + 2.0 - edge
    assert (upper.share, lower.share) == pytest.approx(np.array(area) / (3 * 2.3), abs=1.5e-3)
    assert sum(region.share for region in found.regions) == pytest.approx(1.0, abs=1e-3)


def test_a_cusp():
    told = []
    found = gandyn.phase_diagram(cusp, *CUSP, progress=lambda part, text: told.append(part))
    check_cusp(found)
    assert (found.x_name, found.y_name, found.x, found.y) == ("x", "y", (-1, 2), (-1, 1.3))
    assert all(one <= other for one, other in pairwise(told)) and told[-1] >= 0.9


@pytest.mark.exhaustive
def test_units_of_the_parameters_do_not_matter():
    found = gandyn.phase_diagram(
        lambda x, y: cusp(x / 1000, 50 * y), ("x", -1000.0, 2000.0), ("y", -0.02, 0.026)
    )
    (place,) = found.cusps
    assert found.status == 0
    assert (place.x, place.y) == pytest.approx((0.0, 0.0), abs=1e-7)
    (fold,) = of_kind(found, "fold")
    assert np.abs(4 * (fold.x / 1000) ** 3 - 27 * (50 * fold.y) ** 2).max() <= 1e-9


def test_a_line_of_pitchforks():
    found = gandyn.phase_diagram(lambda x, y: NormalForm(0.0, x + 0.3 * y, 0.0, -1.0), *CUSP)
    assert found.status == 0 and len(found.regions) == 2 and not found.cusps
    (curve,) = found.curves
    assert curve.kind == "branch"
    assert np.abs(curve.x + 0.3 * curve.y).max() <= 1e-9
    assert np.abs(curve.theta - NormalForm(0.0).theta(0.0)).max() <= 1e-8
    assert sorted(curve.y[[0, -1]]) == [-1.0, 1.3]
    x, y = np.meshgrid(found.x_nodes, found.y_nodes)
    sizes = np.array([len(region.attractors) for region in found.regions])[found.labels]
    assert np.array_equal(sizes, 1 + (x + 0.3 * y > 0))


def test_nothing_happens():
    found = gandyn.phase_diagram(lambda x, y: NormalForm(0.1 * y, x - 3.0), *CUSP)
    assert (found.status, found.curves, found.cusps) == (0, (), ())
    (region,) = found.regions
    assert region.share == 1.0 and not found.labels.any()


@pytest.mark.exhaustive
def test_what_is_not_explained_is_told(monkeypatch):
    monkeypatch.setattr(Tracer, "fold", lambda self, u: None)
    found = gandyn.phase_diagram(cusp, *CUSP)
    assert found.status == -1 and not found.success
    assert "changes between neighbouring nodes were not explained" in found.message


def test_each_curve_is_traced_once():
    base = Unfolding(cusp, [-1.0, -1.0], [2.0, 1.3], 1.4)
    tracer = Tracer(base)
    for x in (0.3, 1.2, 0.9):
        for sign in (1.0, -1.0):
            y, q = sign * np.sqrt(4 * x**3 / 27), -sign * np.sqrt(x / 3)
            tracer.fold(base.at(cusp(x, y).theta(q), [x, y]))
    assert len(tracer.curves()) == 1 and len(tracer.cusps) == 1
    ends = np.sqrt(0.5) * np.array([-1, 1])
    states = [base.at(cusp(0.5, 0.0).theta(q), [0.5, 0.0]) for q in ends]
    for one, other in (states, states[::-1]):
        tracer.maxwell(one[:2], other[:2], one[2:])
    assert [curve.kind for curve in tracer.curves()] == ["fold", "maxwell"]
    assert tracer.crossings(np.array([0.5, 0.4]), np.array([0.5, 0.46]), ("maxwell",)) == 1
    assert tracer.crossings(np.array([0.6, 0.2]), np.array([0.6, 0.7]), ("fold",)) == 2
    assert tracer.crossings(np.array([0.6, 0.2]), np.array([0.6, 0.7]), ("fold", "maxwell")) == 3
    assert tracer.crossings(np.array([0.1, 0.2]), np.array([0.1, 0.7]), ("fold", "maxwell")) == 0


def test_maxwell_equations_have_right_slopes():
    base = Unfolding(cusp, [-1.0, -1.0], [2.0, 1.3], 1.4)
    one, other = (base.at(cusp(0.5, 0.0).theta(q), [0.5, 0.0]) for q in (-(0.5**0.5), 0.5**0.5))
    w, system = np.concatenate([one[:2], other]), Maxwells(base)
    assert np.abs(system.residual(w)).max() <= 1e-15 and system.stable(w)
    columns = [
        (system.residual(w + step) - system.residual(w - step)) / 2e-5 for step in 1e-5 * np.eye(6)
    ]
    assert system.slopes(w) == pytest.approx(np.stack(columns, axis=1), abs=1e-4)


def test_how_often_a_polyline_crosses_a_segment():
    path = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [3.0, 1.0]])
    for one, other, count in (
        ([0.0, 0.5], [3.0, 0.5], 3),
        ([0.9, 0.5], [3.0, 0.5], 2),
        ([0.0, 2.0], [3.0, 2.0], 0),
        ([1.0, 0.0], [1.0, 0.9], 0),
        ([1.2, 0.0], [1.2, 0.9], 1),
    ):
        assert _crossings(path, np.array(one), np.array(other)) == count
        assert _crossings(path, np.array(other), np.array(one)) == count
        assert _crossings(path[::-1], np.array(one), np.array(other)) == count


def test_parts_of_a_map():
    axis = np.linspace(-1.0, 1.0, 41)
    t = np.linspace(0.0, 2.0 * np.pi, 400)
    circle = 0.52 * np.stack([np.cos(t), np.sin(t)], axis=1)
    line = np.array([[-2.0, 0.013], [2.0, 0.013]])
    parts, count, on_wall = parted([circle, line], axis, axis)
    assert count == 4 and not on_wall.any()
    x, y = np.meshgrid(axis, axis)
    code = 2 * (np.hypot(x, y) < 0.52) + (y > 0.013)
    assert len({(int(p), int(c)) for p, c in zip(parts.ravel(), code.ravel(), strict=True)}) == 4
    part, cells = witnesses(parts, on_wall, count)
    assert set(part) == {0, 1, 2, 3}
    assert (parts[cells[:, 0], cells[:, 1]] == part).all()
    assert parted([np.array([[-2.0, 0.0], [2.0, 0.0]])], axis, axis)[2].sum() == 41
    assert parted([], axis, axis)[1] == 1
