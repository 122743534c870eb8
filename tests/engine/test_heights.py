"""Total variation from uniform laws: by heights of the data, against closed forms and mpmath."""

from itertools import pairwise, product

import mpmath as mp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import gandyn
from gandyn import Game, LinearGenerator
from gandyn.engine.heights import HeightEngine
from gandyn.engine.panels import PanelEngine
from tests.oracle_densities import parse
from tests.sweeps import sweep

SIX = [(0.1, -9, 1), (0.2, -5, 0.5), (0.1, -1, 0.3), (0.2, 2, 1), (0.2, 5, 0.7), (0.2, 9, 1)]
STAIRS = [(0.1, -3, -1), (0.3, -1, 0), (0.2, 0, 0.5), (0.05, 0.5, 1), (0.35, 2, 5)]
LAWS = {
    "normal": [("N", 1, 0, 1)],
    "two modes": [("N", 0.5, -3, 1), ("N", 0.5, 3, 1)],
    "six modes": [("N", *mode) for mode in SIX],
    "a shallow dip": [("N", 0.5, -1.0001, 1), ("N", 0.5, 1.0001, 1)],
    "hardly one mode": [("N", 0.5, -0.9999, 1), ("N", 0.5, 0.9999, 1)],
    "a narrow mode": [("N", 0.5, -1, 0.01), ("N", 0.5, 2, 1)],
    "far modes": [("N", 0.5, -30, 1), ("N", 0.5, 30, 1)],
    "Laplace": [("Laplace", 1, 0, 1)],
    "kinks": [("Laplace", 0.3, -1, 0.3), ("Laplace", 0.7, 2, 1)],
    "logistic": [("Logistic", 1, 0, 1)],
    "uniform": [("U", 1, -2, 2)],
    "a gap": [("U", 0.5, -3, -1), ("U", 0.5, 0, 2)],
    "a histogram": [("U", *step) for step in STAIRS],
    "jumps": [("U", 0.3, -1, 2), ("N", 0.7, 0, 2)],
}
LATENTS = {"U(-1, 1)": (-1.0, 1.0), "U(0, 1)": (0.0, 1.0), "U(-1.7, 3)": (-1.7, 3.0)}


def text_of(law, unit=1.0, shift=0.0):
    """The law in text, stretched by the unit and then shifted."""
    parts = []
    for kind, weight, first, second in law:
        scale = unit * second + (shift if kind == "U" else 0.0)
        parts.append(f"{weight!r}*{kind}({unit * first + shift!r}, {scale!r})")
    return " + ".join(parts)


def exact(text, ends, a, b, turns=()):
    """½ Σ |mass of p − mass of p_g| over the pieces between edges and crossings.

    Crossings are looked for in steps of the law's own edges, and between turns where there are.
    """
    with mp.workdps(40):
        law = parse(text)

        def above(x):
            return mp.fsum(part.weight * part.pdf(x) for part in law) - height

        def masses(x):
            both = [part.masses(x) for part in law]
            pairs = zip(law, both, strict=True)
            return [mp.fsum(part.weight * pair[0] for part, pair in pairs), mass(x)]

        def mass(x):
            return min(max((x - low) / (high - low), mp.mpf(0)), mp.mpf(1))

        low, high = sorted(mp.mpf(a) * mp.mpf(end) + mp.mpf(b) for end in ends)
        height = 1 / (high - low)
        jumps = [edge for part in law if part.kind == "U" for edge in part.edges()[::2]]
        cuts = [low, high, *jumps]
        inner = [*turns, *jumps, *(x for part in law for x in part.edges())]
        samples = sorted({low, high, *(x for x in inner if low < x < high)})
        p = gandyn.parse(text)
        shares = np.array([1e-9, *np.arange(1, 60) / 60, 1 - 1e-9])
        for left, right in pairwise(samples):
            points = left + (right - left) * shares
            near = p.pdf(points.astype(float)) > float(height)
            for k in np.flatnonzero(near[1:] != near[:-1]):
                cuts.append(crossing(above, points[k], points[k + 1]))
        sums = [[mp.mpf(0), mp.mpf(0)], *(masses(x) for x in sorted(cuts)), [mp.mpf(1), mp.mpf(1)]]
        apart = [below - other for below, other in sums]
        return mp.fsum(abs(there - here) for here, there in pairwise(apart)) / 2


def crossing(f, low, high):
    """A zero between two points of unlike sign, or one of them where rounding has hidden it."""
    if f(low) * f(high) >= 0:
        return low
    return mp.findroot(f, (low, high), solver="anderson", verify=False)


def states(count, seed, unit=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    a = 10.0 ** rng.uniform(-1.5, 1.5, count) * rng.choice([-1, 1], count)
    return np.stack([unit * a, shift + unit * rng.uniform(-5, 5, count)], axis=1)


def assert_right(text, latent, theta, noise=0.0, turns=()):
    """Within the stated error, which is small but for the noise that places have in doubles."""
    game = Game(gandyn.parse(text), LinearGenerator(gandyn.parse(latent)))
    found = game.engine.values(theta, ["total_variation"])
    assert found.converged.all()
    for (a, b), value, error in zip(theta, found.value[0], found.error[0], strict=True):
        apart = abs(float(mp.mpf(value) - exact(text, LATENTS[latent], a, b, turns)))
        assert apart <= error, (text, a, b, apart, error)
        assert error <= 1e-13 + noise, (text, a, b, error)


def in_turn(case):
    """Every law under the next latent."""
    name, latent = case
    return (list(LAWS).index(name) + list(LATENTS).index(latent)) % 3 == 0


@pytest.mark.parametrize(("name", "latent"), sweep(product(LAWS, LATENTS), in_turn))
def test_against_mpmath(name, latent):
    """Wide and narrow, near and far."""
    theta = states(6, len(name))
    theta[0, 0] = 1e-12
    theta[1, 0] = 1e4
    assert_right(text_of(LAWS[name]), latent, theta)


PLACES = [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e3), (1.0, -1e8), (1e-6, 10.0)]


@pytest.mark.parametrize(
    ("place", "name"), sweep(product(PLACES, LAWS), lambda case: case[1] in ("kinks", "jumps"))
)
def test_units_and_offsets(place, name):
    """Of any size and anywhere: the error says what the rounding of places leaves open."""
    unit, shift = place
    narrowest = min(law[3] - law[2] if law[0] == "U" else law[3] for law in LAWS[name])
    theta = states(3, len(name), unit, shift)
    theta[0, 0] *= 1e-9
    noise = 1e-14 * abs(shift) / (unit * narrowest)
    assert_right(text_of(LAWS[name], unit, shift), "U(-1, 1)", theta, noise)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", LAWS)
def test_random_states(name, seed):
    theta = states(40, seed)
    theta[::4, 0] *= 10.0 ** np.random.default_rng(seed).uniform(-10, 6, 10)
    assert_right(text_of(LAWS[name]), list(LATENTS)[seed % 3], theta)


@pytest.mark.parametrize("name", ["uniform", "a gap", "a histogram", "kinks", "jumps"])
def test_ends_on_breaks(name):
    """Of widths down to below the spacing of doubles, where all of p_g is at one."""
    text = text_of(LAWS[name])
    place = gandyn.parse(text).breaks[-1]
    sizes = [1e-17, 1e-12, -1e-3, 0.25, 3.0]
    theta = [[a, place + side * a] for a in sizes for side in (-1, 0, 1)]
    assert_right(text, "U(-1, 1)", np.array(theta))


def test_a_height_between_a_shallow_maximum_and_minimum():
    """Both within one of the steps that the score is sampled in, or beside one of the samples."""
    d = 1.2
    x = np.linspace(-1.1, 0.0, 100_001)
    # p' is 0 where this is the ratio of the weights; next to a largest one it is so twice
    odds = float(((x + d) * np.exp(-2 * d * x) / (d - x)).max()) * (1 - 1e-6)
    pairs = [(1 / (1 + odds), d), *((0.5, 1 + 10.0**-k) for k in (2, 3, 4))]
    for weight, centre in pairs:
        text = text_of([("N", weight, -centre, 1), ("N", 1 - weight, centre, 1)])
        data = gandyn.parse(text)
        at = np.linspace(-2, 2, 100_001)
        density = data.pdf(at)
        rising = np.diff(density) > 0
        turns = 1 + np.flatnonzero(rising[1:] != rising[:-1])
        assert len(turns) == 3
        a = 1 / np.sort(density[turns])[:2].sum()
        assert_right(text, "U(-1, 1)", np.array([[a, 0.0], [a, 0.3]]), turns=at[turns])


def test_next_to_the_same():
    """Next to p_g = p, and where they are the same."""
    data = gandyn.Uniform(-1.0, 1.0)
    game = Game(data, LinearGenerator(data))
    wider = 1.0 + 2.0 ** -np.arange(4.0, 40.0, 4.0)
    theta = np.stack([wider, np.zeros(len(wider))], axis=1)
    found = game.evaluate(theta, values=["total_variation"])
    exact = (wider - 1.0) / wider
    assert (np.abs(found.total_variation - exact) <= found.errors["total_variation"]).all()
    assert 0.0 <= game.evaluate([1.0, 0.0]).total_variation <= 1e-15


def test_from_a_log_density():
    """No closed form but for its exact one: p is 3/2 √x on [0, 1], with a steep end."""
    data = gandyn.from_logpdf(root, [(0.8, 0.2)], (0.0, 1.0))
    latent = gandyn.from_logpdf(level, [(0.5, 0.3)], (0.0, 1.0))
    theta = [[-0.2, 0.4], [4.0, -1.0], [1.0, 0.0]]
    found = Game(data, LinearGenerator(latent)).evaluate(theta, values=["total_variation"])
    # 3/2 √x is above the height 5 nowhere, above 1/4 from 1/36 on, above 1 from 4/9 on
    crossed = [[1 / 36, 0.25 * 35 / 36], [4 / 9, 5 / 9]]
    exact = [1 - 0.4**1.5 + 0.2**1.5, *(1 - start**1.5 - other for start, other in crossed)]
    assert np.abs(found.total_variation - exact).max() <= 1e-14
    assert (found.errors["total_variation"] <= 1e-13).all()


def root(x):
    """½ log x."""
    return 0.5 * np.log(np.maximum(x, 1e-300))


def level(x):
    """Nothing but a constant, which is not the right one."""
    return np.zeros_like(x)


def test_a_pole():
    """Gamma of shape 0.7 has one at 0, which the height of a narrow p_g is below."""
    law = scipy.stats.gamma(0.7)
    game = Game(gandyn.from_scipy(law), LinearGenerator(gandyn.Uniform(0, 1)))
    for a in (1.0, 0.01, 30.0):
        crossing = scipy.optimize.brentq(lambda x: law.logpdf(x) + np.log(a), 1e-12, 50)  # noqa: B023
        exact = (
            law.cdf(min(crossing, a))
            - min(crossing / a, 1.0)
            + law.sf(max(a, 0.0)) * (crossing < a)
        )
        found = game.evaluate([a, 0.0], values=["total_variation"])
        assert found.total_variation == pytest.approx(exact, abs=1e-12)


def test_it_costs_little():
    """A point for each end and each crossing; and other latents are for the panels."""
    text = text_of(LAWS["six modes"])
    game = Game(gandyn.parse(text), LinearGenerator(gandyn.Uniform(-1, 1)))
    assert game.engine.values(states(50, 0), ["total_variation"]).nodes.max() <= 2 + 14
    sloped = LinearGenerator(gandyn.from_logpdf(root, [(0.8, 0.2)], (0.0, 1.0)))
    assert not HeightEngine.takes(PanelEngine(game.data, sloped, game.objective))
    assert HeightEngine.takes(PanelEngine(game.data, game.generator, game.objective))
