"""The density that a ReLU network pushes forward, and its atoms."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import gandyn
from gandyn import InputError, LinearGenerator, MLPGenerator, Normal, Uniform
from gandyn.engine.panels import field_integrals
from gandyn.generators.generated import Fixed
from gandyn.objectives.divergences import DIVERGENCES
from gandyn.system.differences import derivative
from tests.networks import flat, random_theta

DATA = gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)")
LATENTS = [
    Normal(),
    Uniform(-1, 2),
    gandyn.StudentT(5, 0.2, 1),
    gandyn.parse("0.3*U(-2, -1) + 0.7*U(0.5, 1)"),
]
NAMES = [name for name in gandyn.Distances.__annotations__ if name not in ("errors", "converged")]

LINE = [[[1.0, -1.0], [0.0, 0.0]], [[-1.3], [1.3], [0.4]]]
"""max(0, z) − max(0, −z) times −1.3 plus 0.4: the straight line."""
HALF = [[[1.0], [0.0]], [[1.0], [0.25]]]
"""max(0, z) + ¼: an atom of mass ½ at ¼."""
HAT = [[[1.0, 1.0], [0.0, -1.0]], [[1.0], [-1.0], [0.25]]]
"""max(0, z) − max(0, z − 1) + ¼: atoms at both ends."""
SHELF = [[[1.0, 1.0], [1.0, -0.5]], [[-0.7], [0.7], [0.0]]]
"""Flat on both sides of a slope."""
STEP = [[[1.0, -1.0], [-1.0, -0.5]], [[0.8], [-0.6], [0.3]]]
"""A slope, a flat piece, a slope."""


def network(layers, latent=None):
    """The generator and θ of a network given by its matrices."""
    return MLPGenerator([len(w[0]) for w in layers[:-1]], latent=latent), flat(layers)


def pushed(layers, latent=None):
    g, theta = network(layers, latent)
    return g.pushforward(theta)


def mass_by_quadrature(p):
    one = (lambda at: np.exp(at.log_generated), lambda at: np.ones_like(at.x))
    found = field_integrals(Normal(0, 2), Fixed(p), [one], transport=False)
    return found.value[0, 0]


shapes = st.lists(st.integers(1, 8), max_size=3).map(tuple)
examples = settings(derandomize=True, deadline=None, max_examples=40)


@given(shapes, st.integers(0, 10**6), st.booleans(), st.sampled_from(LATENTS))
@examples
def test_mass(widths, seed, degenerate, latent):
    p = MLPGenerator(widths, latent=latent).pushforward(random_theta(widths, seed, degenerate))
    assert mass_by_quadrature(p) == pytest.approx(1, abs=1e-12)
    held = p.atoms[:, 1].sum()
    points = np.concatenate([[-np.inf], p.breaks, [np.inf]])
    below = p.cdf(points)
    assert below[0] == 0 and below[-1] == pytest.approx(1, abs=1e-14)
    assert (np.diff(below) >= -1e-15).all()
    assert p.cdf(points) + p.sf(points) == pytest.approx(1, abs=1e-12)
    # what the cdf has in jumps is the atoms, what it has between them the density
    jumps = below[1:-1] - p.cdf(np.nextafter(p.breaks, -np.inf))
    assert jumps.clip(1e-9) == pytest.approx(
        np.array([p.atoms[p.atoms[:, 0] == x, 1].sum() for x in p.breaks]).clip(1e-9), abs=1e-9
    )
    assert 0 <= held <= 1 + 1e-12


@given(shapes, st.integers(0, 10**6), st.booleans(), st.sampled_from(LATENTS))
@examples
def test_the_density_is_the_slope_of_the_cdf(widths, seed, degenerate, latent):
    p = MLPGenerator(widths, latent=latent).pushforward(random_theta(widths, seed, degenerate))
    ends = p.breaks[(p.breaks > p.reach[0]) & (p.breaks < p.reach[1])]
    ends = np.concatenate([[p.reach[0]], ends, [p.reach[1]]])
    left, right = ends[:-1], ends[1:]
    wide = right - left > 1e-3
    left, right = left[wide], right[wide]
    x = 0.5 * (left + right)
    around = np.stack([x, 0.5 * (right - left)], axis=1)
    size = p.pdf(x).max(initial=0.0)
    rate = derivative(p.cdf, x, around, p.breaks, p.support)
    assert rate == pytest.approx(p.pdf(x), rel=1e-7, abs=1e-8 * size + 1e-9)
    x = x[p.pdf(x) > 1e-9]
    bend = derivative(p.logpdf, x, around, p.breaks, p.support)
    assert p.score(x) == pytest.approx(bend, rel=1e-7, abs=1e-7 * (1 + np.abs(bend).max(initial=0)))


def test_score_and_its_slope():
    p = MLPGenerator((6, 6)).pushforward(random_theta((6, 6), 11))
    middle = 0.5 * (p.breaks[1:] + p.breaks[:-1])
    room = np.diff(p.breaks)
    x = middle[(room > 0.05) & (p.pdf(middle) > 1e-4)]
    h = 1e-4
    assert len(x) > 3
    assert p.score(x) == pytest.approx((p.logpdf(x + h) - p.logpdf(x - h)) / (2 * h), abs=1e-6)
    assert p.score_slope(x) == pytest.approx((p.score(x + h) - p.score(x - h)) / (2 * h), abs=1e-5)


@pytest.mark.exhaustive
def test_ten_million_samples():
    """Kolmogorov and Smirnov: their distance at 2000 points, critical at a chance of 1e-6."""
    widths, n = (6, 5), 10**7
    theta = random_theta(widths, 7)
    p = MLPGenerator(widths).pushforward(theta)
    points = p.ppf((np.arange(2000) + 0.5) / 2000)
    first, second, last = MLPGenerator(widths).layers(theta)
    counts = np.zeros(len(points) + 1, int)
    rng = np.random.default_rng(3)
    for _ in range(200):
        hidden = np.maximum(rng.normal(size=(n // 200, 1)) * first[0] + first[1], 0)
        hidden = np.maximum(hidden @ second[:-1] + second[-1], 0)
        x = hidden @ last[:-1, 0] + last[-1, 0]
        counts += np.bincount(np.searchsorted(points, x), minlength=len(points) + 1)
    distance = np.abs(np.cumsum(counts)[:-1] / n - p.cdf(points)).max()
    assert distance < math.sqrt(math.log(2e6) / 2 / n)


@pytest.mark.parametrize("latent", LATENTS)
def test_samples_are_images(latent):
    g, theta = MLPGenerator((9, 9), latent=latent), random_theta((9, 9), 5)
    p = g.pushforward(theta)
    assert p.sample((3, 4), rng=2) == pytest.approx(
        g(latent.sample((3, 4), rng=2), theta), abs=1e-12
    )


def test_straight_lines():
    for latent in (Normal(), Normal(0.3, 2), Uniform(-1, 2), gandyn.StudentT(5)):
        p, q = pushed(LINE, latent), LinearGenerator(latent).pushforward([-1.3, 0.4])
        x = np.concatenate([q.ppf(np.linspace(0.001, 0.999, 40)), [-9.0, 11.0]])
        for name in ("logpdf", "score", "cdf", "sf", "score_slope"):
            exact = getattr(q, name)(x)
            assert getattr(p, name)(x) == pytest.approx(exact, rel=1e-12, abs=1e-13), name
        share = np.array([0, 1e-300, 1e-20, 0.2, 0.5, 0.9, 1])
        assert p.ppf(share) == pytest.approx(q.ppf(share), rel=1e-12)
        assert p.isf(share) == pytest.approx(q.isf(share), rel=1e-12)
        assert p.mean == pytest.approx(-1.3 * latent.mean + 0.4, abs=1e-12)
        assert p.std == pytest.approx(1.3 * latent.std, rel=1e-5 if latent.mean == 0 else 1e-12)
        found, exact = gandyn.distances(DATA, p), gandyn.distances(DATA, q)
        for name in NAMES:
            assert getattr(found, name) == pytest.approx(getattr(exact, name), rel=1e-11), name
        assert found.converged


def test_half_a_normal():
    p = pushed(HALF)
    assert p.atoms.tolist() == [[0.25, 0.5]] and p.support == (0.25, math.inf)
    assert p.cdf([0.2499, 0.25, 1.25]) == pytest.approx([0, 0.5, ndtr(1)], abs=1e-15)
    assert p.sf([0.2499, 0.25, 9.25]) == pytest.approx([1, 0.5, ndtr(-9)], rel=1e-14)
    assert p.ppf([1e-9, 0.5, ndtr(1)]) == pytest.approx([0.25, 0.25, 1.25], rel=1e-14)
    assert p.isf([ndtr(-9), 0.5, 0.9]) == pytest.approx([9.25, 0.25, 0.25], rel=1e-13)
    assert p.pdf([0.2, 1.25]) == pytest.approx([0, Normal().pdf(1)], rel=1e-14)
    assert p.mean == pytest.approx(0.25 + 1 / math.sqrt(2 * math.pi), rel=1e-14)
    assert p.std == pytest.approx(math.sqrt(0.5 - 1 / (2 * math.pi)), rel=1e-14)
    assert (p.sample(10_000, rng=1) == 0.25).mean() == pytest.approx(0.5, abs=0.03)


def test_atoms():
    high = ndtr(-1)
    assert pushed(HAT).atoms == pytest.approx(np.array([[0.25, 0.5], [1.25, high]]), rel=1e-14)
    between = ndtr(1) - ndtr(-0.5)
    assert pushed(STEP).atoms == pytest.approx(np.array([[0.3, between]]), rel=1e-14)
    shelf = pushed(SHELF, Uniform(-2, 2)).atoms
    assert shelf == pytest.approx(np.array([[-1.05, 0.375], [0, 0.25]]), abs=1e-14)
    # equally high flat pieces on both sides of a tent make one atom
    tent = pushed([[[1.0, 1.0, 1.0], [1, 0, -1.0]], [[1.0], [-2.0], [1.0], [0.1]]])
    assert tent.atoms == pytest.approx(np.array([[0.1, 2 * ndtr(-1)]]), rel=1e-14)
    # flat only but for rounding: 0.1 + 0.2 − 0.3
    rough = pushed([[[1.0, 1.0, 1.0], [0, 0, 0]], [[0.1], [0.2], [-0.3], [0.7]]])
    assert rough.atoms == pytest.approx(np.array([[0.7, 1.0]]), rel=1e-14)
    assert rough.cdf([0.69, 0.71]).tolist() == [0, 1] and rough.ppf(0.3) == pytest.approx(0.7)
    assert rough.mean == pytest.approx(0.7) and rough.std == pytest.approx(0, abs=1e-9)


def test_distances_of_half_a_normal():
    """From N(0, 1), of which it is a half, with the other half at 0: all in closed form."""
    half = [HALF[0], [[1.0], [0.0]]]
    found = gandyn.distances(Normal(), pushed(half))
    exact = {
        "jsd": 0.5 * math.log(2),
        "jsd_gap": 0.5 * math.log(2),
        "kl_pq": math.inf,
        "kl_qp": math.inf,
        "total_variation": 0.5,
        "hellinger_squared": 0.5,
        "chi_squared_pq": math.inf,
        "chi_squared_qp": math.inf,
        "wasserstein1": 1 / math.sqrt(2 * math.pi),
        "wasserstein2": math.sqrt(0.5),
    }
    for name in NAMES:
        assert getattr(found, name) == pytest.approx(exact[name], rel=1e-13), name
    assert found.converged and all(error < 1e-12 for error in found.errors.values())


def by_hand(mean, std):
    """Distances of N(mean, std) from `HAT`'s distribution."""
    mp.mp.dps = 25

    def p(x):
        return mp.npdf(x, mean, std)

    def g(x):
        return mp.npdf(x - mp.mpf("0.25"))

    def below(x):
        return mp.ncdf(x, mean, std)

    low, high = mp.mpf("0.25"), mp.mpf("1.25")
    held = 1 - (mp.ncdf(1) - mp.mpf("0.5"))
    left, right = below(low), 1 - below(high)

    def both(f):
        return mp.quad(f, [low, 0.5, 0.75, 1, high])

    def pair(x):
        middle = (p(x) + g(x)) / 2
        return (p(x) * mp.log(p(x) / middle) + g(x) * mp.log(g(x) / middle)) / 2

    first, last = (
        mp.findroot(lambda x: below(x) - 0.5, 0),
        mp.findroot(lambda x: below(x) - mp.ncdf(1), mean),
    )

    def partner(x):
        return low + mp.sqrt(2) * mp.erfinv(2 * below(x) - 1)

    def coupled(cost):
        far = 14 * std
        return (
            mp.quad(lambda x: cost(x - low) * p(x), [first - far, first - 4, low, first])
            + mp.quad(lambda x: cost(x - partner(x)) * p(x), [first, last])
            + mp.quad(lambda x: cost(x - high) * p(x), [last, last + 4, last + far])
        )

    jsd = both(pair) + (left + right + held) / 2 * mp.log(2)
    return {
        "jsd": jsd,
        "jsd_gap": mp.log(2) - jsd,
        "kl_pq": mp.inf,
        "kl_qp": mp.inf,
        "total_variation": (both(lambda x: abs(p(x) - g(x))) + left + right + held) / 2,
        "hellinger_squared": 1 - both(lambda x: mp.sqrt(p(x) * g(x))),
        "chi_squared_pq": mp.inf,
        "chi_squared_qp": mp.inf,
        "wasserstein1": coupled(abs),
        "wasserstein2": mp.sqrt(coupled(lambda d: d * d)),
    }


def test_distances_by_hand():
    exact = by_hand(mp.mpf(1) / 2, mp.mpf(3) / 2)
    found = gandyn.distances(Normal(0.5, 1.5), pushed(HAT))
    for name in NAMES:
        assert getattr(found, name) == pytest.approx(float(exact[name]), rel=1e-11), name


def test_panels_end_where_the_coupling_bends():
    """At both ends of what an atom is coupled to: else they would be halved towards these ends."""
    rows = [(row.integrand, row.rounding) for row in DIVERGENCES.values()]
    found = field_integrals(DATA, Fixed(pushed(HAT)), rows, transport=True)
    assert found.converged.all() and found.nodes[0] < 800


def test_divergences_that_atoms_leave_finite():
    """KL(p‖p_g) and Pearson's χ² of data within the support of a density with an atom."""
    mp.mp.dps = 25
    low, high = 0.5, 0.9

    def g(x):
        return mp.npdf(x - mp.mpf("0.25"))

    density = 1 / mp.mpf("0.4")
    ends = [mp.mpf("0.5"), mp.mpf("0.7"), mp.mpf("0.9")]
    kl = mp.quad(lambda x: density * mp.log(density / g(x)), ends)
    chi = mp.quad(lambda x: density**2 / g(x), ends) - 1
    found = gandyn.distances(Uniform(low, high), pushed(HAT))
    assert found.kl_pq == pytest.approx(float(kl), rel=1e-11)
    assert found.chi_squared_pq == pytest.approx(float(chi), rel=1e-11)


def test_wasserstein_by_the_area_between_the_cdfs():
    """W₁ = ∫|F − F_g| dx, for networks with many kinks and an atom."""
    for seed in range(4):
        theta = random_theta((6, 5), seed, degenerate=seed % 2 == 0)
        p = MLPGenerator((6, 5)).pushforward(theta)
        ends = np.unique(np.concatenate([p.edges, p.breaks, np.linspace(-60, 60, 3001)]))
        t, w = np.polynomial.legendre.leggauss(12)
        half = np.diff(ends)[:, None] / 2
        x = ends[:-1, None] + half + half * t
        area = (half * w * np.abs(DATA.cdf(x) - p.cdf(x))).sum()
        assert gandyn.distances(DATA, p).wasserstein1 == pytest.approx(area, rel=2e-6)


@given(
    shapes,
    st.integers(0, 10**6),
    st.booleans(),
    st.floats(-5, 5),
    st.floats(0.05, 20) | st.floats(-20, -0.05),
)
@examples
def test_shift_scale_and_reflection_of_the_last_layer(widths, seed, degenerate, shift, scale):
    g, theta = MLPGenerator(widths), random_theta(widths, seed, degenerate)
    moved = theta.copy()
    last = (widths[-1] if widths else 1) + 1
    moved[-last:] *= scale
    moved[-1] += shift
    p, q = g.pushforward(theta), g.pushforward(moved)
    middle = 0.5 * (p.edges[1:] + p.edges[:-1])
    x = middle[(np.diff(p.edges) > 1e-6 * np.ptp(p.edges)) & ~np.isin(middle, p.atoms[:, 0])]
    y = scale * x + shift
    assert q.logpdf(y) + math.log(abs(scale)) == pytest.approx(p.logpdf(x), rel=1e-8, abs=1e-8)
    mirrored = scale < 0
    assert (q.sf if mirrored else q.cdf)(y) == pytest.approx(p.cdf(x), abs=1e-9)
    assert q.atoms[:: -1 if mirrored else 1, 1] == pytest.approx(p.atoms[:, 1], abs=1e-12)
    assert q.mean == pytest.approx(scale * p.mean + shift, rel=1e-9, abs=1e-9)
    assert q.std == pytest.approx(abs(scale) * p.std, rel=1e-7, abs=1e-6)


@given(shapes, st.integers(0, 10**6), st.booleans(), st.sampled_from(LATENTS))
@examples
def test_quantiles(widths, seed, degenerate, latent):
    """The smallest x with as much mass at or below it, atoms included."""
    p = MLPGenerator(widths, latent=latent).pushforward(random_theta(widths, seed, degenerate))
    q = np.concatenate([[1e-12, 1e-5], np.linspace(0.003, 0.997, 60)])
    for tail, inverse, side in ((p.cdf, p.ppf, -1.0), (p.sf, p.isf, 1.0)):
        x = inverse(q)
        apart = 1e-9 * np.maximum(1.0, np.abs(x))
        inner, outer = tail(x - side * apart), tail(x + side * apart)
        assert (outer <= q * (1 + 1e-9) + 1e-14).all() and (inner >= q * (1 - 1e-9) - 1e-14).all()
    assert p.ppf(0.0) == p.support[0] and p.ppf(1.0) == p.support[1]
    assert np.isnan(p.ppf([-0.1, 1.1])).all()


@pytest.mark.parametrize("layers", [LINE, STEP, HAT])
def test_sensitivity_is_what_moves_the_cdf(layers):
    """∂F/∂θ = −p_g E[∂G/∂θ | G = x], at points off the atoms."""
    g, theta = network(layers)
    p = g.pushforward(theta)
    x = np.array([0.35, 0.62, 1.1])
    found = p.sensitivity(x)
    assert found.shape == (g.dimension, 3)
    h = 1e-5
    for k in range(g.dimension):
        step = h * np.eye(g.dimension)[k]
        rate = (g.pushforward(theta + step).cdf(x) - g.pushforward(theta - step).cdf(x)) / (2 * h)
        assert -p.pdf(x) * found[k] == pytest.approx(rate, abs=1e-8)


def test_sensitivity_at_an_atom_is_the_mean_over_its_pieces():
    p = pushed(HAT)
    # ∂G/∂θ of HAT where z > 1: both units are on, with z as truncated there
    tail = Normal().pdf(1.0) / ndtr(-1.0)
    found = p.sensitivity(np.array([0.25, 1.25]))
    assert found[:, 0] == pytest.approx([0, 0, 0, 0, 0, 0, 1], abs=1e-14)
    assert found[:, 1] == pytest.approx([tail, -tail, 1, -1, tail, tail - 1, 1], rel=1e-9)


@pytest.mark.parametrize(
    ("layers", "name"),
    [(HALF, "wasserstein2"), (STEP, "wasserstein2"), *((at, "mse") for at in (STEP, HAT, SHELF))],
)
def test_forces_of_smooth_costs_are_gradients(layers, name):
    """Also with atoms, whose mass is moved as any other's."""
    g, theta = network(layers)
    game = gandyn.Game(DATA, g, name)
    force = game.force(theta)
    h = 1e-5
    for k in range(g.dimension):
        step = h * np.eye(g.dimension)[k]
        rate = (game.potential(theta + step) - game.potential(theta - step)) / (2 * h)
        assert force[k] == pytest.approx(-rate, abs=2e-6)


@pytest.mark.parametrize("name", ["saturating", "hellinger", "pearson", "alpha(0.5)"])
def test_games_count_the_atoms(name):
    g, theta = network(HAT)
    game = gandyn.Game(Uniform(0.5, 0.9), g, name)
    found, exact = game.evaluate(theta), gandyn.distances(Uniform(0.5, 0.9), g.pushforward(theta))
    assert found.jsd == pytest.approx(exact.jsd, rel=1e-12)
    assert found.wasserstein2 == pytest.approx(exact.wasserstein2, rel=1e-12)
    row = {"saturating": 2 * exact.jsd, "hellinger": exact.hellinger_squared}
    row["pearson"], row["alpha(0.5)"] = exact.chi_squared_pq, 4 * exact.hellinger_squared
    assert found.potential == pytest.approx(row[name], rel=1e-11)
    assert gandyn.Game(DATA, g, "nonsaturating").potential(theta) == math.inf


def test_data_with_atoms_are_refused():
    with pytest.raises(InputError, match="atoms"):
        gandyn.distances(pushed(HAT), Normal())


@pytest.mark.parametrize("latent", [Normal(), Uniform(-3, 2)])
@pytest.mark.parametrize(("layers", "kinks"), [(HALF, [0]), (HAT, [0, 1]), (STEP, [-0.5, 1])])
def test_landmarks_are_the_images_of_the_parts(layers, kinks, latent):
    """Every part that is not flat: the middle and half the length of its image."""
    generator, theta = network(layers, latent)
    ends = generator(np.array([latent.reach[0], *kinks, latent.reach[1]]), theta)
    middle, half = 0.5 * (ends[1:] + ends[:-1]), 0.5 * np.abs(np.diff(ends))
    found = generator.pushforward(theta).landmarks
    assert found == pytest.approx(np.stack([middle, half], axis=1)[half > 1e-12], abs=1e-13)
