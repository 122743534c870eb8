"""Panels see the modes, the switch of the discriminator, and where modes change places."""

import numpy as np
import pytest

import gandyn
from gandyn import LinearGenerator, Normal, Uniform
from gandyn.distributions.edges import graded, handovers
from gandyn.engine.mesh import fitted
from gandyn.objectives.field import Field
from tests.users import Square


def edges_of(data, theta, latent=None, **options):
    generated = LinearGenerator(latent or Normal(0, 1)).generated(np.atleast_2d(theta) * 1.0)
    return fitted(data, generated, **options), generated


def nearest(panels, x, lane=0):
    mine = panels.lane == lane
    ends = np.concatenate([panels.left[mine], panels.right[mine]])
    return np.abs(ends - x).min()


def test_panels_are_contiguous_and_cover_both():
    data = gandyn.parse("0.5*N(-3, 0.01) + 0.5*N(3, 1)")
    states = [[1.0, 0.5], [20.0, -4.0], [0.01, 9.0]]
    panels, generated = edges_of(data, states)
    for lane in range(3):
        mine = panels.lane == lane
        order = np.argsort(panels.left[mine])
        left, right = panels.left[mine][order], panels.right[mine][order]
        assert (right > left).all()
        # duplicates within rounding are the only gaps
        assert left[1:] == pytest.approx(right[:-1], rel=1e-14, abs=1e-15)
        low, high = data.reach
        own = generated.edges[lane]
        assert left[0] < min(low, own[0]) and right[-1] > max(high, own[-1])


@pytest.mark.parametrize("b", [0.5, 0.0, 1e-9, 2.0000001])
def test_edges_stand_on_the_zeros_of_the_ratio(b):
    data = gandyn.parse("0.5*N(-2, 1) + 0.5*N(2, 1)")
    panels, generated = edges_of(data, [1.0, b])
    x = np.linspace(-8, 8, 4001)
    ell = Field(data, generated, x[None], np.array([0])).log_ratio[0]
    crossings = np.flatnonzero(ell[:-1] * ell[1:] < 0)
    assert len(crossings)
    for k in crossings:
        low, high = x[k], x[k + 1]
        for _ in range(60):
            middle = 0.5 * (low + high)
            same = (
                Field(data, generated, np.array([[middle]]), np.array([0])).log_ratio[0, 0] * ell[k]
                > 0
            )
            low, high = (middle, high) if same else (low, middle)
        assert nearest(panels, low) <= 1e-14 * max(1, abs(low))


def test_a_zero_next_to_an_edge_is_seen():
    """Where F_p = F_g 5e-9 from an edge, W₁'s force jumps: exact from the zeros of F_p − F_g."""
    game = gandyn.Game(
        gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"), LinearGenerator(Uniform(-1, 1)), "wasserstein1"
    )
    exact = [0.13178970577516368, 0.49977296383003005]
    assert game.force([5.0, -0.5]) == pytest.approx(exact, rel=1e-12)


def test_the_switch_is_resolved():
    """Between narrow modes ℓ is steep: the panels beside its zero are no wider than the switch."""
    data = gandyn.parse("0.5*N(-3, 0.01) + 0.5*N(3, 0.01)")
    panels, generated = edges_of(data, [1.0, 0.2])
    width = panels.right - panels.left
    x = panels.left
    ell = Field(data, generated, x[:, None], panels.lane)
    steep = np.abs(ell.ratio_slope[:, 0])
    near = np.abs(ell.log_ratio[:, 0]) < 1e-6
    assert near.any()
    assert (width[near] < 20 / steep[near]).all()


def test_modes_changing_places_get_edges():
    weights, parts = (0.5, 0.5), (Normal(-3, 0.01), Normal(3, 0.01))
    edges = np.array([-3.1, -3.0, -0.7, 3.0, 3.1])
    found = handovers(weights, parts, edges)
    points = graded(found)
    width = np.pi * 0.01**2 / 6
    assert found == pytest.approx(np.array([[0.0, width, 3.7]]), abs=1e-15)
    assert np.abs(points).min() < 1e-15
    assert np.sort(np.abs(points))[1] == pytest.approx(2 * width, rel=1e-9)
    data = gandyn.parse("0.2*N(-3, 0.01) + 0.8*N(3, 0.02)")
    # log w f of both are equal there
    middle = data.edges[np.abs(data.edges + 1) < 0.5]
    terms = [
        np.log(w) + c.logpdf(middle) for w, c in zip(data.weights, data.components, strict=True)
    ]
    assert np.abs(terms[0] - terms[1]).min() < 1e-9


def test_wide_modes_get_no_needless_edges():
    data = gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)")
    assert not len(graded(data.handovers))
    assert not len(handovers((1.0,), (Normal(0, 1),), np.array([-9.0, 0.0, 9.0])))


def test_tails_change_hands_beyond_the_data():
    """Where a wider mode's tail takes over on a narrow one's far side, 9 widths out."""
    data = gandyn.parse("0.5*N(-6, 0.2) + 0.5*N(4, 1)")
    place = data.handovers[:, 0]
    terms = [
        np.log(w) + c.logpdf(place) for w, c in zip(data.weights, data.components, strict=True)
    ]
    assert place[0] < data.reach[0] and place[1] > -6
    assert terms[0] == pytest.approx(terms[1], rel=1e-12)


@pytest.mark.parametrize("a", [0.5, 3.0, 8.0])
def test_a_grid_sees_the_handovers(a):
    """The score of p is a kink there, on which a wide p_g puts its mass."""
    game = gandyn.Game(gandyn.parse("0.3*N(-6, 0.2) + 0.3*N(2, 0.25) + 0.4*N(4, 1)"))
    exact = game.evaluate([a, 0.5])
    found = game.engine.force(np.array([[a, 0.5]]))
    assert game.engine.name == "grid" and found.nodes[0] < 3000
    assert found.value[:, 0] == pytest.approx(exact.force, rel=1e-11)


def test_jacobian_between_narrow_modes():
    """Nearly all of it comes from the switch of the data's score (40 digits: reference.json)."""
    game = gandyn.Game(
        gandyn.parse("0.5*N(-3, 0.006) + 0.5*N(3, 0.006)"), objective="nonsaturating"
    )
    exact = [[-4493.627719222853, -69885.78277327007], [-69885.78277327007, 181879.57081793042]]
    assert game.jacobian([0.3, 0.1]) == pytest.approx(np.array(exact), rel=1e-10)


def test_narrow_tails_beyond_the_reach_are_seen():
    """√(p p_g) reaches twice as far as p: the overlap of a narrow mode, in closed form."""
    s, a, b = 0.006, 0.3, 0.1
    game = gandyn.Game(gandyn.parse("0.5*N(-3, 0.006) + 0.5*N(3, 0.006)"), objective="hellinger")
    exact = [1.635548295505362763e-9, 1.5809801799501709e-10]
    e = game.evaluate([a, b])
    assert e.force == pytest.approx(exact, rel=1e-11)
    assert (np.abs(e.force - exact) <= 3 * e.errors["force"]).all()
    overlap = sum(
        np.sqrt(s * a / (s * s + a * a)) * np.exp(-((m - b) ** 2) / (4 * (s * s + a * a)))
        for m in (-3, 3)
    )
    assert 1 - e.hellinger_squared == pytest.approx(overlap, abs=2e-14)


def test_folds_are_marked():
    for a, side in ((1.0, -1), (-1.0, 1)):
        generated = Square().generated(np.array([[a, 0.3]]))
        panels = fitted(Normal(0, 1), generated)
        marked = np.flatnonzero(panels.root)
        assert len(marked) == 1 and panels.root[marked[0]] == side
        end = panels.left if side < 0 else panels.right
        assert end[marked[0]] == pytest.approx(0.3)


def test_transport_puts_edges_where_the_coupling_changes_side():
    data = Normal(1.0, 2.0)
    panels, _ = edges_of(data, [1.0, 0.0], transport=True)
    # x − y = 0 at the x with (x − 1)/2 = x: −1
    assert nearest(panels, -1.0) < 1e-14
    panels, _ = edges_of(data, [1.0, 0.0])
    assert nearest(panels, -1.0) > 1e-9
