"""The phase diagram of two modes over their separation and weight."""

import numpy as np
import pytest

import gandyn
from gandyn import InputError
from gandyn.landscape.parts import parted, witnesses

FAMILY = "{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)"


@pytest.fixture(scope="module")
def diagram():
    return gandyn.phase_diagram(gandyn.template(FAMILY), ("m", 0.5, 6.0), ("w", 0.05, 0.95))


def of_kind(diagram, kind):
    return [curve for curve in diagram.curves if curve.kind == kind]


def crossing(curve, w):
    """m where a curve passes a weight."""
    order = np.argsort(curve.y)
    return float(np.interp(w, curve.y[order], curve.x[order]))


def test_curves_and_cusps(diagram):
    assert diagram.status == 0, diagram.message
    assert len(of_kind(diagram, "fold")) == 2
    assert len(of_kind(diagram, "maxwell")) == 3
    places = sorted((cusp.x, cusp.y) for cusp in diagram.cusps)
    expected = [[1.75100233, 0.28999096], [1.75100233, 0.71000904]]
    assert np.array(places) == pytest.approx(np.array(expected), abs=1e-6)


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


def test_regions_are_what_equilibria_find(diagram):
    family = gandyn.template(FAMILY)
    rng = np.random.default_rng(11)
    walls = np.concatenate(
        [np.stack([(c.x - 0.5) / 5.5, (c.y - 0.05) / 0.9], axis=1) for c in diagram.curves]
    )
    seen = 0
    for p in rng.uniform(0, 1, (14, 2)):
        if np.abs(walls - p).max(axis=1).min() < 0.02:
            continue
        found = gandyn.equilibria(family(m=0.5 + 5.5 * p[0], w=0.05 + 0.9 * p[1]))
        row, column = (p[::-1] * 240).astype(int)
        region = diagram.regions[diagram.labels[row, column]]
        ranked = sorted(found.attractors, key=lambda point: point.potential)
        names = [point.name.replace("fits the only mode", "averages all modes") for point in ranked]
        assert tuple(names) == region.attractors
        seen += 1
    assert seen > 8


def test_the_diagram_is_symmetric_in_the_weight(diagram):
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
