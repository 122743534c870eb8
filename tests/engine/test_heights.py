"""Total variation from uniform laws: by heights of the data, against closed forms and mpmath."""

import mpmath as mp
import numpy as np
import pytest

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
    """The law in text, stretched by the unit and then shifted; and the width of its narrowest."""
    parts, widths = [], []
    for kind, weight, first, second in law:
        ends = (first, second) if kind == "U" else (first, None)
        first, *rest = (shift + unit * end for end in ends if end is not None)
        second = rest[0] if rest else unit * second
        widths.append(second - first if kind == "U" else second)
        parts.append(f"{weight!r}*{kind}({first!r}, {second!r})")
    return " + ".join(parts), min(widths)


def exact(text, ends, a, b):
    """½ Σ |mass of p − mass of p_g| over the pieces between edges and crossings."""
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
        inner = [x for part in law for x in part.edges() if low < x < high]
        samples = sorted({low, high, *inner, *(x for x in jumps if low < x < high)})
        p = gandyn.parse(text)
        shares = np.array([1e-9, *np.arange(1, 60) / 60, 1 - 1e-9])
        for left, right in zip(samples[:-1], samples[1:], strict=True):
            points = left + (right - left) * shares
            near = p.pdf(points.astype(float)) > float(height)
            for k in np.flatnonzero(near[1:] != near[:-1]):
                cuts.append(crossing(above, points[k], points[k + 1]))
        sums = [[mp.mpf(0), mp.mpf(0)], *(masses(x) for x in sorted(cuts)), [mp.mpf(1), mp.mpf(1)]]
        return mp.fsum(
            abs((there[0] - here[0]) - (there[1] - here[1]))
            for here, there in zip(sums[:-1], sums[1:], strict=True)
        ) / 2


def crossing(f, low, high):
    """A zero between two points of unlike sign, or one of them where rounding has hidden it."""
    if f(low) * f(high) >= 0:
        return low
    return mp.findroot(f, (low, high), solver="anderson", verify=False)


def engines(text, latent="U(-1, 1)"):
    game = Game(gandyn.parse(text), LinearGenerator(gandyn.parse(latent)))
    return game.engine, PanelEngine(game.data, game.generator, game.objective)


def states(count, seed, unit=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    a = 10.0 ** rng.uniform(-1.5, 1.5, count) * rng.choice([-1, 1], count)
    return np.stack([unit * a, shift + unit * rng.uniform(-5, 5, count)], axis=1)


def assert_right(text, latent, theta, noise=0.0):
    """Within the stated error, which is small but for the noise that places have in doubles."""
    found = engines(text, latent)[0].values(theta, ["total_variation"])
    assert found.converged.all()
    for (a, b), value, error in zip(theta, found.value[0], found.error[0], strict=True):
        apart = abs(float(mp.mpf(value) - exact(text, LATENTS[latent], a, b)))
        assert apart <= error, (text, a, b, apart, error)
        assert error <= 1e-13 + noise, (text, a, b, error)


@pytest.mark.parametrize("latent", LATENTS)
@pytest.mark.parametrize("name", LAWS)
def test_against_mpmath(name, latent):
    """Wide and narrow, near and far."""
    text, width = text_of(LAWS[name])
    theta = states(6, len(name))
    theta[0] = [1e-12, theta[0, 1]]
    theta[1, 0] = 1e4
    assert_right(text, latent, theta)
