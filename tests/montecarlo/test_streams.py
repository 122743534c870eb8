"""Random numbers: functions of seed, replica and step, and of the law that they should follow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gandyn import InputError, parse
from gandyn.montecarlo import streams
from gandyn.montecarlo.streams import Batches, Masks, children, initial_streams, root_of
from tests.montecarlo.checks import check_masks

MIXTURE = parse("0.3*N(-2, 0.5) + 0.7*U(0, 3)")


def batches(replicas=3, seed=0, kind="data", draws=2, size=10, law=MIXTURE, dtype=np.float64):
    return Batches(law, children(root_of(seed), replicas), kind, draws, size, dtype)


@pytest.mark.parametrize("kind", ["data", "latent"])
def test_a_replica_is_the_same_among_8_and_among_100(kind):
    few, many = batches(8, kind=kind), batches(100, kind=kind)
    for iteration in (0, 7, 900):
        assert (few.at(iteration)[:, 3] == many.at(iteration)[:, 3]).all()
    few, many = (children(root_of(4), count) for count in (8, 100))
    one, other = (Masks(seeds, 0, 0.5, (9,), np.float32).draw(6)[0] for seeds in (few, many))
    assert (one[3] == other[3]).all()
    one, other = (initial_streams(seeds, 1)[3].random(9) for seeds in (few, many))
    assert (one == other).all()


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=6))
def test_the_order_of_asking_does_not_matter(iterations):
    held = batches()
    for iteration in iterations:
        assert (held.at(iteration) == batches().at(iteration)).all()


def test_shape_and_type():
    found = batches(4, draws=3, size=7, dtype=np.float32).at(5)
    assert found.shape == (3, 4, 7)
    assert found.dtype == np.float32


@pytest.mark.parametrize("size", [10, 16384, 20000])
def test_no_number_comes_twice(size):
    # Over the ends of blocks, over replicas and kinds, and over neighbouring seeds.
    kinds = [batches(2, seed, kind, 2, size) for seed in (0, 1) for kind in ("data", "latent")]
    count = 3 if size > 10 else 1700
    drawn = np.concatenate([held.at(k).ravel() for held in kinds for k in range(count)])
    assert len(np.unique(drawn)) == len(drawn)


def test_batches_follow_the_law():
    held = batches(2, seed=3, draws=2, size=50)
    drawn = np.array([held.at(k) for k in range(200)])
    for r in range(2):
        assert stats.kstest(drawn[:, :, r].ravel(), MIXTURE.cdf).pvalue > 0.01
    for draw in range(2):
        assert stats.kstest(drawn[:, draw].ravel(), MIXTURE.cdf).pvalue > 0.01
    # A uniform for each: no correlation from one to the next along any axis.
    uniform = MIXTURE.cdf(drawn)
    for axis in range(4):
        ahead = np.moveaxis(uniform, axis, 0)
        one, other = ahead[1:].ravel(), ahead[:-1].ravel()
        assert abs(np.corrcoef(one, other)[0, 1]) < 4.0 / np.sqrt(len(one))


def test_data_and_latents_are_independent():
    normal = parse("N(0, 1)")
    data, latent = (batches(2, 9, kind, law=normal) for kind in ("data", "latent"))
    one, other = (np.array([held.at(k) for k in range(500)]) for held in (data, latent))
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4.0 / np.sqrt(one.size)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_masks(rate):
    check_masks(rate)


def test_no_dropout_draws_nothing():
    masks = Masks(children(root_of(0), 2), 0, 0.0, (3,), np.float64)
    assert masks.draw(4) is None
    masks.skip({4: 10})
    assert masks.draw(4) is None


def test_a_rate_next_to_one_is_not_one():
    (mask,) = Masks(children(root_of(0), 1), 0, 1.0 - 1e-9, (3,), np.float64).draw(4)
    assert np.isfinite(mask).all()


@settings(derandomize=True, deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from([1, 3, 8, 50]), max_size=12),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
)
def test_skipping_masks_is_drawing_them(evaluations, widths):
    one, other = (
        Masks(children(root_of(2), 2), 1, 0.4, tuple(widths), np.float64) for _ in range(2)
    )
    for n in evaluations:
        one.draw(n)
    other.skip({n: evaluations.count(n) for n in set(evaluations)})
    for mine, theirs in zip(one.draw(20), other.draw(20), strict=True):
        assert (mine == theirs).all()


def test_every_layer_and_evaluation_has_masks_of_its_own():
    masks = Masks(children(root_of(0), 2), 0, 0.5, (40, 40), np.float64)
    first, second = masks.draw(30)
    third, _ = masks.draw(30)
    other, _ = Masks(children(root_of(0), 2), 1, 0.5, (40, 40), np.float64).draw(30)
    pairs = [(first, second), (first, third), (first, other), (first[0], first[1])]
    for one, another in pairs:
        same = (one[..., :-1] == another[..., :-1]).mean()
        assert abs(same - 0.5) < 4.0 * 0.5 / np.sqrt(one[..., :-1].size)


def test_seeds():
    assert root_of(5).entropy == root_of(np.int64(5)).entropy == 5
    assert root_of(2**70).entropy == 2**70
    one, other = (root_of(np.random.default_rng(5)).generate_state(4) for _ in range(2))
    assert (one == other).all()
    generator = np.random.default_rng(5)
    first, second = (root_of(generator).generate_state(4) for _ in range(2))
    assert (first != second).any()
    assert (first != root_of(5).generate_state(4)).any()


@pytest.mark.parametrize(
    "rng", [-1, 1.0, "1", None, True, [1], np.random.RandomState(0)], ids=lambda x: type(x).__name__
)
def test_bad_seeds(rng):
    with pytest.raises(InputError, match=r"^rng: got .*, must be a whole number from 0 on"):
        root_of(rng)


def test_a_child_of_a_child_has_streams_of_its_own():
    root = np.random.SeedSequence(3)
    child = root.spawn(2)[1]
    seen = {tuple(seed.generate_state(4)) for seed in [*children(root, 5), *children(child, 5)]}
    assert len(seen) == 10


def test_a_seed_that_has_been_spawned_from_is_the_same_seed():
    root = np.random.SeedSequence(3)
    before = [seed.generate_state(2).tolist() for seed in children(root, 2)]
    root.spawn(7)
    assert [seed.generate_state(2).tolist() for seed in children(root, 2)] == before


def test_blocks_hold_whole_iterations(monkeypatch):
    held = batches(1, draws=3, size=100)
    steps = held._shape[0]
    assert steps == streams._BLOCK // 300
    calls = []
    sample = MIXTURE.sample
    monkeypatch.setattr(
        type(MIXTURE), "sample", lambda self, n, rng=None: calls.append(n) or sample(n, rng)
    )
    for k in range(2 * steps):
        held.at(k)
    assert calls == [(steps, 3, 100)] * 2
