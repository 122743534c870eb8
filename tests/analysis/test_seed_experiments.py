"""The study of the seed article's experiments: as a user runs it, and on made-up runs."""

import contextlib
import io
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate, stats

import gandyn
from analysis import _seed_runs, seed_experiments
from analysis._seed_measures import findings, samples_needed, straight
from analysis._seed_network import NETWORK_CLAIMS
from analysis._seed_normal import NORMAL_CLAIMS
from analysis._seed_runs import CONTROL, EXPERIMENTS, VERSIONS
from analysis._seed_two_modes import TWO_MODES_CLAIMS
from analysis._verdicts import (
    HOLDS,
    NOT,
    PART,
    Finding,
    above,
    difference,
    fluctuation,
    holm,
    interval,
    settled,
    share,
)

CLAIMS = NORMAL_CLAIMS | TWO_MODES_CLAIMS | NETWORK_CLAIMS
PICTURES = {
    f"{name}{part}"
    for name in ("one", "near_mlp")
    for part in ("_probabilities.png", "_moments.png", "_histograms.png", ".gif")
}

# The quick run


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The quick run: its folder, what it measured and what it printed."""
    folder = tmp_path_factory.mktemp("seed")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert seed_experiments.main(["--quick", "--output", str(folder)]) == 0
    return folder, json.loads((folder / "results.json").read_text()), out.getvalue()


@pytest.mark.exhaustive
def test_it_leaves_whole_files(ran):
    folder, _, printed = ran
    assert {path.name for path in folder.iterdir()} == {*PICTURES, "results.json"}
    for name in PICTURES:
        start = b"\x89PNG" if name.endswith(".png") else b"GIF89a"
        assert (folder / name).read_bytes().startswith(start)
        assert f"{folder / name}: " in printed


@pytest.mark.exhaustive
def test_every_claim_has_a_verdict_and_its_reasons(ran):
    _, measured, printed = ran
    assert [claim["letter"] for claim in measured["claims"]] == list("abcdefghijklmn")
    for claim in measured["claims"]:
        true = sum(claim["checks"].values())
        wanted = HOLDS if true == len(claim["checks"]) else PART if true else NOT
        assert claim["verdict"] == wanted
        assert f"{claim['letter']}. {claim['claim']}" in printed
    assert "assumed, as the article does not give them: one N(4, 1.25); near" in printed


@pytest.mark.exhaustive
def test_all_runs_are_there_and_no_two_share_a_seed(ran):
    runs = ran[1]["runs"]
    assert len(runs) == len(EXPERIMENTS) * len(VERSIONS) + 1
    assert len({run["seed"] for run in runs.values()}) == len(runs)
    for run in runs.values():
        assert run["step"][-1] == run["settings"]["steps"]
        assert max(run["error"]) < 1e-6
    assert runs["near, l2_dropout"]["settings"]["discriminator"]["dropout_when"] == "always"
    assert runs["near, l2_dropout"]["settings"]["discriminator"]["l2"] == 5e-4


@pytest.mark.exhaustive
def test_exact_reference_points(ran):
    claims = {claim["letter"]: claim["numbers"] for claim in ran[1]["claims"]}
    a, b, fake = claims["g"]["exact"]
    assert (a, b) == pytest.approx((2.68122799, 0.0), abs=1e-7)
    mixture = lambda x: 0.5 * stats.norm.pdf(x, -3) + 0.5 * stats.norm.pdf(x, 3)  # noqa: E731
    ours = lambda x: stats.norm.pdf(x, 0, a)  # noqa: E731
    wanted = integrate.quad(
        lambda x: ours(x) * mixture(x) / (mixture(x) + ours(x)), -25, 25, points=[-3, 0, 3]
    )[0]
    assert fake == pytest.approx(wanted, abs=1e-6)
    assert claims["f"]["optimal_at_rest"] == fake


def test_the_article_s_settings_when_it_is_not_quick():
    plan = _seed_runs.planned(quick=False)
    assert all(run.replicas >= 8 for run in plan.values())
    for version in VERSIONS:
        own = gandyn.article(version, steps=2000, record_every=20, snapshots=101)
        assert plan["near", version].settings == own
        assert plan["far_mlp", version].settings == own
    assert plan["far_mlp", version].game.generator.widths == (256, 256)
    assert plan["far", CONTROL].settings.discriminator == "optimal"


def test_a_checkpoint_of_other_settings_is_no_obstacle(tmp_path):
    settings = gandyn.article(
        discriminator=gandyn.MLP((4,)), steps=6, record_every=2, snapshots=4, batch=8
    )
    run = _seed_runs.Run(gandyn.Game(gandyn.parse("N(4, 1.25)")), settings, 3, 2)
    fresh = _seed_runs._train(run, tmp_path / "0.npz")
    again = _seed_runs._train(run, tmp_path / "0.npz")
    other = _seed_runs.Run(run.game, settings.changed(batch=4), 3, 2)
    changed = _seed_runs._train(other, tmp_path / "0.npz")
    assert np.array_equal(fresh.jsd, again.jsd)
    assert not np.array_equal(fresh.jsd, changed.jsd)
    assert changed.step[-1] == 6


# Statistics


def test_intervals_are_student_s_and_welch_s():
    x, y = np.random.default_rng(1).normal([[0.0], [1.0]], [[1.0], [3.0]], (2, 9))
    found = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert interval([*x, np.nan]) == pytest.approx((x.mean(), found.low, found.high))
    found = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    assert difference(x, y) == pytest.approx((x.mean() - y.mean(), found.low, found.high))
    assert interval([2.0]) == (2.0, -math.inf, math.inf)
    assert difference([2.0, 2.0], [1.0, 1.0]) == (1.0, 1.0, 1.0)


def test_shares_have_clopper_and_pearson_s_interval():
    assert share(0, 32) == pytest.approx((0.0, 0.0, 1 - 0.025 ** (1 / 32)))
    low, high = stats.beta.ppf(0.025, 3, 6), stats.beta.ppf(0.975, 4, 5)
    assert share(3, 8) == pytest.approx((3 / 8, low, high))
    assert np.isnan(share(0, 0)[0])


def test_rank_tests_say_no():
    low, high = np.arange(8.0), 10 + np.arange(8.0)
    assert above(high, low) == pytest.approx(1 / math.comb(16, 8))
    assert above(low, high) > 0.99
    assert above([], low) == 1.0
    adjusted = holm({"x": 0.04, "y": 0.01, "z": 0.03})
    assert adjusted == pytest.approx({"x": 0.06, "y": 0.03, "z": 0.06})


def test_settled_is_for_good():
    inside = [[0, 1, 0, 1, 1], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    assert settled([0, 10, 20, 30, 40], inside).tolist() == [30, math.inf, 0]
    assert fluctuation([[0.0, 2.0], [1.0, 1.0]]) == pytest.approx([math.sqrt(2), 0.0])


def test_samples_needed_by_the_best_judge_of_two_normals():
    shift = 0.05
    game = gandyn.Game(gandyn.Normal(0, 1))
    n = float(samples_needed(game.evaluate([1.0, shift]).jsd))
    # The mean of n samples is all there is to know: the best threshold is half-way.
    assert stats.norm.cdf(-0.5 * shift * math.sqrt(n)) == pytest.approx(0.05, rel=2e-3)
    assert samples_needed(0.0) == math.inf


def test_a_line_through_d():
    x = np.linspace(-2, 4, 200)
    wave = 0.05 * np.sqrt(2) * np.cos(10 * np.pi * (x - 1))
    level, rise, noise = straight(x, 0.4 + 0.1 * (x - 1) / 6 + wave)
    assert (level, rise, noise) == pytest.approx((0.4, 0.1, 0.05), abs=2e-3)


def test_a_verdict_needs_a_check():
    for checks, wanted in (
        ({}, NOT),
        ({"x": False}, NOT),
        ({"x": True}, HOLDS),
        ({"x": True, "y": False}, PART),
    ):
        assert Finding("a", "", "", checks, {}).verdict == wanted


# Claims on made-up runs


def made_up(name, seed, replicas=8, **given):
    """A run whose series are given by their value, and have a little noise."""
    experiment = EXPERIMENTS[name]
    data = gandyn.parse(experiment.data)
    rng = np.random.default_rng(seed)
    step = np.arange(0, experiment.steps + 1, experiment.steps // 50)
    shape = (replicas, len(step))
    usual = {
        "real_on_real": 0.5,
        "real_on_fake": 0.5,
        "mean": data.mean,
        "std": data.std,
        "jsd": 1e-4,
        "value_gap": 1e-3,
        "a": 1.0,
        "b": 0.0,
        "noise": 1e-3,
        "logit": 0.0,
        "network": (1.0, 0.0),
    }
    of = usual | given
    series = {
        key: of[key] + of["noise"] * rng.normal(size=shape)
        for key in ("real_on_real", "real_on_fake", "mean", "std", "a", "b")
    }
    scale = np.exp(0.01 * rng.normal(size=(2, *shape)))
    places = np.linspace(*data.ppf([1e-3, 1 - 1e-3]), 256)
    logits = np.broadcast_to(of["logit"] * (places - data.mean), (*shape, 256))
    return SimpleNamespace(
        data=data,
        game=gandyn.Game(data, gandyn.MLPGenerator((2,)) if experiment.network else None),
        plan=SimpleNamespace(steps=experiment.steps),
        step=step,
        snapshot_step=step,
        success=np.ones(replicas, dtype=bool),
        replicas=replicas,
        places=places,
        logits=logits,
        theta=np.stack([series["a"], series["b"]], axis=-1),
        jsd=of["jsd"] * scale[0],
        value_gap=of["value_gap"] * scale[1],
        generator_parameters=np.tile(np.asarray(of["network"], float), (replicas, 1)),
        **{key: series[key] for key in ("real_on_real", "real_on_fake", "mean", "std")},
    )


def verdict(letter, **given):
    """The verdict on runs made up by experiment, those of a discriminator under `name__version`."""
    needs, _ = CLAIMS[letter]
    keys = [(name, version) for name in needs for version in VERSIONS]
    keys += [("far", CONTROL)] * (letter == "i")
    runs = {
        (name, version): made_up(
            name, seed, **(given.get(name, {}) | given.get(f"{name}__{version}", {}))
        )
        for seed, (name, version) in enumerate(keys)
    }
    [found] = findings({letter: CLAIMS[letter]}, runs, set(needs))
    return found.verdict


def every(name, versions=tuple(VERSIONS)[1:], **given):
    """What only some discriminators are given."""
    return {f"{name}__{version}": given for version in versions}


def split(left, right):
    """A network of two units that sends negative latents to the left, positive ones to the right.

    The difference of its two steep units is a step of height 1.
    """
    steep = 500.0
    height = right - left
    return (steep, steep, 0.0, -1.0, height, -height, left)


@pytest.mark.parametrize(
    ("letter", "given", "wanted"),
    [
        ("a", {}, HOLDS),
        ("a", {"one": {"logit": 0.5}}, PART),
        ("a", {"one": {"logit": 0.5, "real_on_real": 0.7, "real_on_fake": 0.3}}, NOT),
        ("b", {"one": {"noise": 0.0, "jsd": 1e-3}}, HOLDS),
        ("b", every("one", real_on_fake=0.3, jsd=1e-2, value_gap=1e-2), PART),
        ("b", every("one", real_on_fake=0.3, real_on_real=0.8, jsd=1.0, value_gap=1.0), NOT),
        ("c", {}, HOLDS),
        ("c", {"one": {"mean": 4.5}}, PART),
        ("c", {"one": {"mean": 4.5, "std": 1.0}}, NOT),
        ("d", {}, HOLDS),
        ("d", {"one": {"jsd": 1e-2}}, PART),
        ("d", {"one": {"jsd": 0.1}}, NOT),
        ("e", {"near": {"real_on_fake": 0.4}, "near__plain": {"real_on_fake": 0.3, "jsd": 1e-3,
               "value_gap": 1e-2}}, HOLDS),
        ("e", every("near", jsd=5e-5), PART),
        ("e", every("near", jsd=0.97e-4), NOT),  # significant, and next to nothing
        ("f", {"near": {"real_on_fake": 0.4}}, HOLDS),
        ("f", {"near__plain": {"real_on_fake": 0.4}}, PART),
        ("f", {"near": {"real_on_fake": 0.6}}, NOT),
        ("g", {"near": {"a": 2.7, "std": 2.7}}, HOLDS),
        ("g", {"near": {"a": 1.0, "b": -3.0, "mean": -3.0, "std": 1.0}}, NOT),
        ("g", {"near": {"a": 2.7, "b": 0.0, "mean": 0.0, "std": 1.0}}, PART),
        ("h", {"far": {"b": -3.0}}, HOLDS),
        ("h", {"far": {"b": -3.0}, "far__plain": {"b": 6.0}}, PART),
        ("h", {"far": {"b": 6.0}}, NOT),
        ("j", {f"{data}_mlp": {"noise": 0.05} for data in ("near", "far")}, HOLDS),
        ("j", {"near_mlp": {"noise": 0.05}}, PART),
        ("j", {}, NOT),
        ("k", {f"{data}_mlp": {"noise": 0.1} for data in ("near", "far")}, HOLDS),
        ("k", {}, PART),
        ("k", {f"{data}_mlp": {"real_on_fake": 0.2} for data in ("near", "far")}, NOT),
        ("m", every("near_mlp", ["l2_dropout"], jsd=1e-5)
         | every("far_mlp", ["l2_dropout"], jsd=1e-5), HOLDS),
        ("m", every("near_mlp", ["l2_dropout"], jsd=1e-5), PART),
        ("m", every("near_mlp", ["l2_dropout"], jsd=1e-3), NOT),
        ("n", {}, HOLDS),
        ("n", {f"{data}_mlp": {"logit": 0.1} for data in ("near", "far")}, PART),
    ],
)  # fmt: skip
def test_a_claim_can_hold_and_can_fail(letter, given, wanted):
    assert verdict(letter, **given) == wanted


def oscillating(a, noise=0.1, **more):
    return {"b": -3.0, "a": a, "std": a, "noise": noise, **more}


@pytest.mark.exhaustive
def test_it_tries_for_the_other_mode():
    quiet = {f"far__{CONTROL}": {"b": -3.0, "noise": 1e-3}}
    # Far up the wall, and as noisy as the minibatches make it; then noisy, but at the bottom.
    assert verdict("i", far=oscillating(2.2), **quiet) == HOLDS
    assert verdict("i", far=oscillating(1.0, 0.03), **quiet) == PART
    still = oscillating(1.0, 1e-3)
    crossing = still | {"b": np.where(np.arange(51) > 45, 6.0, -3.0)}
    assert verdict("i", far=still, **quiet) == PART
    assert verdict("i", far=crossing, **{f"far__{CONTROL}": {"noise": 0.1}}) == NOT


@pytest.mark.exhaustive
def test_a_network_learns_both_modes_or_one():
    runs = {"near_mlp": {"network": split(-3, 3)}, "far_mlp": {"network": split(-3, 6)}}
    assert verdict("l", **runs) == HOLDS
    assert (
        verdict("l", near_mlp={"network": split(-3, 3)}, far_mlp={"network": split(6, 6)}) == PART
    )
    one = {"near_mlp": {"network": split(-3, -3)}, "far_mlp": {"network": split(-3, -3)}}
    assert verdict("l", **one) == NOT


def test_claims_about_what_was_not_made_are_left_out():
    runs = {("one", version): made_up("one", k) for k, version in enumerate(VERSIONS)}
    assert [f.letter for f in findings(CLAIMS, runs, {"one"})] == list("abcd")
    assert findings(CLAIMS, runs, set()) == []
