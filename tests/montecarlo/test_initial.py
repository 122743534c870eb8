"""First weights follow the law that their name promises."""

import numpy as np
import pytest
from scipy import stats

from gandyn.montecarlo.initial import INITIALS, draw
from tests.montecarlo.checks import check_article_weights

INPUTS, OUTPUTS = 60, 90


def law(initial):
    if initial == "article":
        return stats.truncnorm(-2.0, 2.0, scale=0.1)
    if initial == "glorot":
        edge = np.sqrt(6.0 / (INPUTS + OUTPUTS))
        return stats.uniform(-edge, 2.0 * edge)
    return stats.norm(scale=np.sqrt({"he": 2.0, "lecun": 1.0}[initial] / INPUTS))


@pytest.mark.parametrize("initial", INITIALS)
def test_law_of_the_weights(initial):
    out = draw(initial, (INPUTS + 1, OUTPUTS), np.random.default_rng(5))
    weights = out[:-1].ravel()
    assert stats.kstest(weights, law(initial).cdf).pvalue > 0.01
    deviation = law(initial).std()
    assert abs(weights.mean()) < 4.0 * deviation / np.sqrt(weights.size)
    assert weights.std() == pytest.approx(deviation, rel=4.0 / np.sqrt(2.0 * weights.size))
    low, high = law(initial).support()
    assert low <= weights.min()
    assert weights.max() <= high


@pytest.mark.parametrize("initial", INITIALS)
def test_no_law_is_another(initial):
    weights = draw(initial, (INPUTS + 1, OUTPUTS), np.random.default_rng(5))[:-1].ravel()
    for other in INITIALS:
        if other != initial:
            assert stats.kstest(weights, law(other).cdf).pvalue < 1e-6


@pytest.mark.parametrize(("initial", "bias"), [("article", 0.1), ("glorot", 0.0), ("he", 0.0)])
def test_biases(initial, bias):
    assert (draw(initial, (8, 20), np.random.default_rng(1))[-1] == bias).all()


def test_article_is_truncated_at_two_deviations():
    check_article_weights()


@pytest.mark.parametrize("initial", INITIALS)
def test_neighbouring_weights_are_independent(initial):
    weights = draw(initial, (201, 200), np.random.default_rng(2))[:-1]
    for one, other in ((weights[1:], weights[:-1]), (weights[:, 1:], weights[:, :-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4.0 / np.sqrt(one.size)
