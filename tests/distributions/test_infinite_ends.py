"""Densities given by a function that is infinite, or vanishes, at an end, at any place."""

import math
import pickle

import mpmath as mp
import numpy as np
import pytest
import scipy.stats as st

import gandyn
from gandyn import Game, InputError, LinearGenerator, Normal, Uniform, from_logpdf

PLACES = [(0.0, 1.0), (5.0, 3.0), (-7.0, 1e3), (2.0, 1e-3), (-1.0, 1.0), (1e6, 1.0), (-3e-9, 1e-9)]
placed = pytest.mark.parametrize(("loc", "scale"), PLACES)

POWERS = {"arcsine": (-0.5, -0.5), "beta": (-0.5, -0.3), "root": (0.5, -0.9), "gamma": (-0.5, None)}
FROZEN = {
    "arcsine": st.arcsine(),
    "beta": st.beta(0.5, 0.7),
    "root": st.beta(1.5, 0.1),
    "gamma": st.gamma(0.5),
}


class Ended:
    """A logpdf that is as good as its user: with distances as x has them, and no constant."""

    def __init__(self, name, loc, scale):
        self.loc, self.scale = loc, scale
        self.low, self.high = POWERS[name]

    def __call__(self, x):
        z = (x - self.loc) / self.scale
        if self.high is None:
            return self.low * np.log(z) - z
        return self.low * np.log(z) + self.high * np.log((self.loc + self.scale - x) / self.scale)


def law(name, loc, scale):
    high = math.inf if name == "gamma" else loc + scale
    return from_logpdf(Ended(name, loc, scale), [[loc + scale / 2, scale / 2]], (loc, high))


@placed
@pytest.mark.parametrize("name", POWERS)
def test_masses_and_moments(name, loc, scale):
    ours, right = law(name, loc, scale), FROZEN[name]
    z = np.array([1e-3, 0.1, 0.4, 0.9])
    x = loc + scale * z
    lost = 1e-12 + 4.0 * ours.noise + 4e-16 * abs(loc) / scale
    assert ours.cdf(x) == pytest.approx(right.cdf((x - loc) / scale), rel=lost / 1e-3)
    assert ours.sf(x) == pytest.approx(right.sf((x - loc) / scale), rel=lost / 1e-3)
    assert (ours.mean - loc) / scale == pytest.approx(right.mean(), rel=lost)
    assert ours.std / scale == pytest.approx(right.std(), rel=lost)
    assert (ours.ppf(0.3) - loc) / scale == pytest.approx(right.ppf(0.3), rel=lost)
    assert [(end.place, end.side) for end in ours.ends] == [
        (loc, 1.0),
        *([(loc + scale, -1.0)] if name != "gamma" else []),
    ]


@pytest.mark.parametrize("name", POWERS)
def test_the_nearer_an_end_the_smaller_the_mass(name):
    ours, right = law(name, 0.0, 1.0), FROZEN[name]
    z = np.array([1e-200, 1e-40, 1e-12, 1e-6])
    assert ours.cdf(z) == pytest.approx(right.cdf(z), rel=1e-10)
    assert ours.ppf([1e-9, 1e-4]) == pytest.approx(right.ppf([1e-9, 1e-4]), rel=1e-9)


@placed
def test_distances_are_those_of_exact_laws(loc, scale):
    """JSD(arcsine, U) to forty digits, and W₁ = ∫|2/π asin √x − x| dx = ½ − 4/π² … by mpmath."""
    with mp.workdps(20):
        w1 = 2 * mp.quad(lambda t: 2 * t * (2 / mp.pi * mp.asin(t) - t * t), [0, mp.sqrt(0.5)])
    found = gandyn.distances(law("arcsine", loc, scale), Uniform(loc, loc + scale))
    assert abs(found.jsd - 0.0412980285262002) <= 3.0 * found.errors["jsd"]
    assert abs(found.wasserstein1 / scale - float(w1)) <= 3.0 * (
        found.errors["wasserstein1"] / scale + 4e-16 * abs(loc) / scale
    )
    assert found.errors["jsd"] < 1e-14 + 1e-13 * abs(loc) / scale


def test_what_rounds_onto_an_end_is_in_the_error():
    errors = [
        gandyn.distances(law("arcsine", loc, 1.0), Uniform(loc, loc + 1.0)).errors["jsd"]
        for loc in (0.0, 1e4, 1e8)
    ]
    assert errors[0] < 1e-13 < errors[1] < 1e-9 < errors[2] < 1e-4


@pytest.mark.parametrize("objective", ["nonsaturating", "saturating", "alpha(0.3)"])
def test_as_data_and_as_latent_it_is_the_law_of_scipy(objective):
    for name in ("beta", "gamma"):
        ours, theirs = law(name, 0.0, 1.0), gandyn.from_scipy(FROZEN[name])
        for pair in ((ours, theirs, Normal(0, 1)), (Normal(0, 1),)):
            if len(pair) == 3:
                one, two = (Game(data, LinearGenerator(pair[2]), objective) for data in pair[:2])
            else:
                one, two = (Game(pair[0], LinearGenerator(z), objective) for z in (ours, theirs))
            first, second = (game.evaluate([0.7, 0.4], ["force", "jsd"]) for game in (one, two))
            finite = np.isfinite(second.force)
            assert np.array_equal(first.force[~finite], second.force[~finite], equal_nan=True)
            assert first.force[finite] == pytest.approx(second.force[finite], rel=1e-9)
            assert first.jsd == pytest.approx(second.jsd, abs=1e-12)


def test_an_infinite_point_within():
    """|x|^(−1/2) e^(−|x|): the double gamma law, its point a break."""
    ours = from_logpdf(lambda x: -0.5 * np.log(np.abs(x)) - np.abs(x), [[0, 0.5]], breaks=[0.0])
    x = np.array([-2.0, -1e-9, 0.0, 1e-30, 0.3])
    assert ours.cdf(x) == pytest.approx(st.dgamma(0.5).cdf(x), rel=1e-12)
    assert ours.std == pytest.approx(math.sqrt(0.75), rel=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: -1.5 * np.log(x),
        lambda x: -np.log(x),
        lambda x: -np.log(x) - 2 * np.log(-np.log(x)),
    ],
)
def test_what_no_power_is_integrable_of_is_refused(function):
    with pytest.raises(InputError, match="logpdf: "):
        from_logpdf(function, [[0.25, 0.2]], (0.0, 0.5))


def test_it_can_be_pickled():
    ours = law("beta", 5.0, 3.0)
    assert ours.ends
    again = pickle.loads(pickle.dumps(ours))
    assert again.cdf(6.0) == ours.cdf(6.0)
