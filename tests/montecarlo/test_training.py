"""Runs: repeatable, apart from each other, stopped and resumed, diverging, and like the flow."""

import json
import os
import pickle
import shutil
import signal
import tracemalloc

import numpy as np
import pytest
from scipy.stats import logistic

import gandyn
from gandyn import (
    Game,
    Generator,
    InputError,
    LinearGenerator,
    MLPGenerator,
    from_logpdf,
    from_samples,
    from_scipy,
    gradient_flow,
    parse,
)
from gandyn.dynamics import iterate
from gandyn.montecarlo import MLP, SGD, Adam, Momentum, RMSProp, Settings, article, room, train
from gandyn.montecarlo import training as module
from gandyn.montecarlo.discriminators import LOSSES, LearnedDiscriminator
from gandyn.montecarlo.players import Players
from gandyn.montecarlo.run import Run
from gandyn.montecarlo.streams import children, root_of
from gandyn.objectives import names
from gandyn.system import array_files, memory
from gandyn.system.array_files import ArrayFile
from gandyn.system.processes import travels
from tests.montecarlo.runs import (
    DATA,
    GAME,
    NETWORK,
    arrays_of,
    check_same,
    game_of,
    optimal,
    part_of,
    small,
)
from tests.sweeps import sweep


class Cubic(Generator):
    """x = eᵃ z + b + eᶜ z³."""

    dimension = 3

    def __call__(self, z, theta):
        return np.exp(theta[0]) * z + theta[1] + np.exp(theta[2]) * z**3

    def sensitivity(self, z, theta):
        return np.stack([np.exp(theta[0]) * z, np.ones_like(z), np.exp(theta[2]) * z**3])


class Slanted(LinearGenerator):
    """x = a z + b + z/10."""

    affine = False

    def __call__(self, z, theta):
        return super().__call__(z, theta) + 0.1 * z

    def generated(self, theta):
        return super().generated(theta + np.array([0.1, 0.0]))


class Twice(gandyn.Objective):
    """Another objective of a name that is taken."""

    name = "reverse_kl"

    def slope(self, at):
        return 2.0 * at.ratio_slope

    def potential(self, at):
        return -2.0 * np.exp(at.log_generated) * at.log_ratio


HALF = gandyn.FDivergence(lambda ell: np.full_like(ell, 0.5), name="half")

KINDS = {
    "plain": small(),
    "float64": (
        game_of(objective="saturating"),
        small(dtype="float64", k=2, generator_steps=2),
    ),
    "dropout, always": small(
        discriminator=MLP((5, 4), dropout=0.4, l2=0.01, dropout_when="always"), order="article", k=3
    ),
    "dropout, in training": small(discriminator=MLP((5,), "tanh", "glorot", dropout=0.3)),
    "SGD and Momentum": small(
        discriminator_optimizer=SGD(0.1), generator_optimizer=Momentum(0.02, nesterov=True)
    ),
    "RMSProp": small(discriminator_optimizer=RMSProp(0.01), generator_optimizer=RMSProp(0.01)),
    "MLP generator": (NETWORK, small(start="he", generator_l2=0.01, steps=6)),
    "piecewise linear generator": (
        game_of(network=((4, 3), "relu")),
        small(start="he", dtype="float64"),
    ),
    "optimal": (game_of("U(-1, 1)", "reverse_kl"), optimal(0.1)),
    "optimal, without a text": (
        Game(from_samples(np.linspace(-2, 3, 40)), LinearGenerator(from_scipy(logistic())), "mse"),
        optimal(0.1),
    ),
    "optimal, transport": (game_of(objective="wasserstein2"), optimal(0.1)),
}


KINDS = {name: case if isinstance(case, tuple) else (GAME, case) for name, case in KINDS.items()}


@pytest.fixture(params=KINDS.values(), ids=KINDS, scope="module")
def case(request):
    """A game and a plan."""
    return request.param


@pytest.fixture
def game(case):
    return case[0]


@pytest.fixture
def settings(case):
    return case[1]


@pytest.fixture(scope="module")
def whole(case):
    """A run of three replicas without a stop."""
    return train(*case, 5, 3)


def test_shapes_and_success(game, settings, whole):
    assert whole.success.all()
    assert whole.replicas == 3
    assert whole.message == f"{settings.steps} of {settings.steps} steps"
    expected = [*range(0, settings.steps, settings.record_every), settings.steps]
    assert whole.step.tolist() == expected
    assert whole.snapshot_step[[0, -1]].tolist() == [0, settings.steps]
    assert whole.jsd.shape == (3, len(expected))
    assert whole.images.shape == whole.logits.shape == (3, len(whole.snapshot_step), 256)
    for name in ("jsd", "value", "value_gap", "real_on_real", "real_on_fake", "mean", "std"):
        assert np.isfinite(getattr(whole, name)).all(), name
    assert np.isfinite(whole.theta).all() == (not isinstance(game.generator, MLPGenerator))
    learned = settings.discriminator != "optimal"
    for name in ("discriminator_loss", "generator_loss", "batch_real_on_real"):
        values = getattr(whole, name)
        assert np.isnan(values[:, 0]).all()
        assert np.isfinite(values[:, 1:]).all() == learned


def test_repeatable(game, settings, whole):
    check_same(whole, train(game, settings, 5, 3))


def test_another_seed_is_another_run(game, settings, whole):
    other = train(game, settings, 6, 3)
    assert (other.generator_parameters != whole.generator_parameters).any(axis=1).all()


def test_replicas_differ(whole):
    rows = whole.generator_parameters
    assert len(np.unique(rows, axis=0)) == 3


def test_a_replica_is_the_same_among_others(game, settings, whole):
    check_same(whole, train(game, settings, 5, 1), slice(0, 1))
    check_same(whole, train(game, settings, 5, 5), slice(0, 3))


def test_recording_does_not_change_the_training(game, settings, whole):
    for every, snapshots in ((1, 0), (1, 100), (100, 1)):
        other = train(game, settings.changed(record_every=every, snapshots=snapshots), 5, 3)
        assert (other.generator_parameters == whole.generator_parameters).all()
        assert (other.discriminator_parameters == whole.discriminator_parameters).all()
        held, at = np.isin(other.step, whole.step), np.isin(whole.step, other.step)
        for name in ("jsd", "value_gap", "discriminator_loss", "batch_real_on_fake", "theta"):
            one, another = getattr(other, name)[:, held], getattr(whole, name)[:, at]
            assert np.array_equal(one, another, equal_nan=True), name


def test_the_records_are_of_the_parameters(game, settings, whole):
    if isinstance(game.generator, LinearGenerator):
        law = game.generator.latent
        a, b = np.moveaxis(whole.theta, -1, 0)
        assert (whole.theta[:, 0].astype(settings.dtype) == settings.start).all() or (
            np.abs(whole.theta[:, 0] - settings.start).max() < 1e-7
        )
        assert (whole.theta[:, -1] == whole.generator_parameters).all()
        np.testing.assert_allclose(whole.mean, a * law.mean + b, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(whole.std, np.abs(a) * law.std, rtol=1e-12)
        image = a[:, -1:] * whole.latents + b[:, -1:]
        np.testing.assert_allclose(whole.images[:, -1], image, rtol=1e-5, atol=1e-5)
    else:
        # The images are 256 quantiles: close to the moments, not equal to them.
        spread, images = whole.std[:, -1], whole.images[:, -1].astype(float)
        assert (np.abs(images.mean(axis=1) - whole.mean[:, -1]) < 0.05 * spread + 1e-6).all()
        np.testing.assert_allclose(images.std(axis=1), spread, rtol=0.05, atol=1e-6)


# -- stops


def saved_states(monkeypatch, folder):
    """Keep a copy of every checkpoint that is written, one at every iteration."""
    monkeypatch.setattr(module, "_SECONDS", -1.0)
    kept, write = [], ArrayFile.write

    def copying(self, arrays):
        write(self, arrays)
        kept.append(folder / f"{len(kept)}.npz")
        shutil.copy(self.path, kept[-1])

    monkeypatch.setattr(ArrayFile, "write", copying)
    return kept


def test_resumed_is_never_stopped(game, settings, whole, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        kept = saved_states(patch, tmp_path)
        check_same(whole, train(game, settings, 5, 3, workers=1, checkpoint=tmp_path / "run.npz"))
    assert len(kept) > settings.steps
    for state in kept:
        check_same(whole, train(game, settings, 5, 3, resume=state))


def interrupt(fraction):
    """Ctrl-C when a fraction is done."""

    def progress(done, text):
        if done >= fraction:
            os.kill(os.getpid(), signal.SIGINT)

    return progress


def test_interrupted_and_resumed(game, settings, whole, tmp_path):
    path = tmp_path / "run.npz"
    before = signal.getsignal(signal.SIGINT)
    run = part_of(game, settings, 5, 3, checkpoint=path, progress=interrupt(0.4))
    assert signal.getsignal(signal.SIGINT) is before
    assert (run.status == -3).all()
    assert not run.success.any()
    assert run.message == f"5 of {settings.steps} steps; interrupted"
    assert run.step.tolist() == [0, 5]
    assert np.isfinite(run.jsd).all()
    np.testing.assert_array_equal(run.value_gap, whole.value_gap[:, :2])
    check_same(whole, train(game, settings, 5, 3, resume=path, checkpoint=path))
    # The file is now of the end, from which there is nothing to do.
    check_same(whole, train(game, settings, 5, 3, resume=path))


def test_interrupted_at_the_end_is_done(tmp_path):
    run = part_of(GAME, small(), 5, 2, progress=interrupt(1.0))
    assert run.success.all()


def test_pressed_twice():
    def progress(done, text):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(GAME, small(), 5, 1, progress=progress)
    assert signal.getsignal(signal.SIGINT) is before


def test_progress_is_told_what_is_done():
    told = []
    train(GAME, small(), 0, 1, progress=lambda *args: told.append(args))
    assert told == [(k / 12, f"{k} of 12 steps") for k in (0, 5, 10, 12)]
    assert [done for done, _ in told] == [0.0, 5 / 12, 10 / 12, 1.0]


# -- bad checkpoints and arguments


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    path = tmp_path_factory.mktemp("state") / "run.npz"
    part_of(GAME, small(), 5, 2, checkpoint=path, progress=interrupt(0.4))
    return path


def refused(path, game=GAME, settings=None, rng=5, replicas=2, write=None):
    """The message with which a checkpoint is refused; the file stays as it is."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError) as error:
        train(game, settings or small(), rng, replicas, resume=path, checkpoint=write or path)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not list(path.parent.glob(".*"))
    text = str(error.value)
    assert text.startswith("resume: got ")
    assert "\n" not in text
    return text


OTHER_SETTINGS = {
    "batch": small(batch=7),
    "discriminator": small(discriminator=MLP((6, 5), initial="he", l2=1e-3)),
    "generator_optimizer": small(generator_optimizer=Adam(0.021)),
    "dtype": small(dtype="float64"),
    "steps": small(steps=13),
    "start": small(start=(0.8, -0.31)),
    "record_every": small(record_every=4),
}


@pytest.mark.parametrize("name", OTHER_SETTINGS)
def test_checkpoint_of_other_settings(name, state):
    assert f"which differs in {name}: " in refused(state, settings=OTHER_SETTINGS[name])


def test_checkpoint_of_others(state):
    assert "which differs in seed: " in refused(state, rng=6)
    assert "which differs in seed: " in refused(state, rng=np.random.default_rng(5))
    assert "which differs in replicas: 2 there, 3 here; give" in refused(state, replicas=3)
    others = {
        "data": game_of(data=parse("0.4*N(-1, 0.5) + 0.6*N(1.5, 0.71)")),
        "latent": game_of("U(-1, 1)"),
        "objective": game_of(objective="saturating"),
    }
    for name, game in others.items():
        assert f"which differs in {name}: " in refused(state, game)
    assert "which differs in start: [0.8, -0.3] there" in refused(state, NETWORK, small(start="he"))


def test_games_of_equal_texts_are_told_apart(tmp_path):
    path, plan = tmp_path / "run.npz", optimal(0.1)
    train(game_of(objective="reverse_kl"), plan, 5, 2, checkpoint=path)
    assert "differs in objective: " in refused(path, game_of(objective=Twice()), plan)
    law = [from_logpdf(lambda x, s=s: -0.5 * (x / s) ** 2, [[0.0, s]]) for s in (1.0, 1.1)]
    train(Game(law[0]), plan, 5, 2, checkpoint=path, overwrite=True)
    assert "differs in data: " in refused(path, Game(law[1]), plan)
    for other, name in ((Slanted(), "generator"), (LinearGenerator(law[1]), "latent")):
        train(GAME, plan, 5, 2, checkpoint=path, overwrite=True)
        assert f"differs in {name}: " in refused(path, Game(DATA, other), plan)


def test_checkpoint_of_a_generator_as_the_seed(tmp_path):
    path = tmp_path / "run.npz"
    whole = train(GAME, small(), np.random.default_rng(3), 2)
    part_of(GAME, small(), np.random.default_rng(3), 2, checkpoint=path, progress=interrupt(0.4))
    check_same(whole, train(GAME, small(), np.random.default_rng(3), 2, resume=path))


def test_no_whole_checkpoint(state, tmp_path):
    content, path = state.read_bytes(), tmp_path / "bad.npz"
    refused(path)
    for size in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:size])
        assert "not a whole checkpoint" in refused(path)
    for other in (b"PK\x03\x04nonsense", b"\x93NUMPY", b"a,b\n1,2\n" * 50, b"\x80\x04K\x01."):
        path.write_bytes(other)
        assert "not a whole checkpoint" in refused(path)
    with path.open("wb") as stream:
        np.save(stream, np.arange(3))
    assert "not a whole checkpoint" in refused(path)


def with_arrays(state, path, **changes):
    with np.load(state) as file:
        held = dict(file)
    held = {name: value for name, value in (held | changes).items() if value is not None}
    # one that fits, or nothing else of it would be looked at
    del held["digest"]
    if not any(np.asarray(value).dtype == object for value in held.values()):
        held["digest"] = array_files._digest(held)
    with path.open("wb") as stream:
        np.savez(stream, **held)
    return path


def test_a_copy_of_the_arrays_is_a_checkpoint(state, tmp_path):
    path = with_arrays(state, tmp_path / "copy.npz")
    check_same(train(GAME, small(), 5, 2), train(GAME, small(), 5, 2, resume=path))


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters_0": None},
        {"seed": None},
        {"done": None},
        {"jsd": np.array([object()])},
        {"memory_1": np.array([{"a": 1}], dtype=object)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_missing_and_pickled_arrays(changes, state, tmp_path):
    path = with_arrays(state, tmp_path / "bad.npz", **changes)
    assert "not a whole checkpoint" in refused(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters_0": np.zeros((3, 2))},
        {"parameters_1": np.zeros(())},
        {"memory_0": np.zeros((1, 2, 2))},
        {"memory_1": np.array(["a"])},
        {"status": np.zeros(7, int)},
        {"status": np.zeros(2, complex)},
        {"done": np.array([1, 2])},
        {"done": np.array("five")},
        {"done": np.array(-1)},
        {"done": np.array(13)},
        {"done": np.array(5.5)},
        {"done": np.array(11)},
        {"done": np.array(np.nan)},
        {"images": np.zeros((2, 9, 256))},
        {"jsd": np.zeros((2, 1))},
        {"theta": np.zeros((2, 2))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_arrays_that_do_not_fit(changes, state, tmp_path):
    path = with_arrays(state, tmp_path / "bad.npz", **changes)
    assert "do not fit" in refused(path)


def test_an_interrupted_write_leaves_the_file(state, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    shutil.copy(state, path)
    before = path.read_bytes()

    def full(stream, **held):
        stream.write(b"some of it")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        train(GAME, small(), 5, 2, checkpoint=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def held_in(path):
    with np.load(path) as file:
        return dict(file)


def test_a_checkpoint_that_is_there_is_gone_on_from(state, tmp_path):
    path = tmp_path / "run.npz"
    shutil.copy(state, path)
    seen = []
    whole = train(GAME, small(), 5, 2)
    tell = lambda done, text: seen.append(done)  # noqa: E731
    check_same(whole, train(GAME, small(), 5, 2, checkpoint=path, progress=tell))
    assert seen[0] > 0.4 and held_in(path)["done"] == 12
    before = path.read_bytes()
    check_same(whole, train(GAME, small(), 5, 2, checkpoint=path))
    assert path.read_bytes() == before


def test_only_a_checkpoint_is_overwritten_and_not_by_a_start(state, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    train(GAME, small(), 5, 2, checkpoint=path)
    before = path.read_bytes()
    other = small(batch=7)
    with pytest.raises(InputError, match=r"checkpoint: .* differs in batch: .* or overwrite"):
        train(GAME, other, 5, 2, checkpoint=path)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_carry_out", lambda *_: pytest.fail("stopped"))
        with pytest.raises(pytest.fail.Exception):
            train(GAME, other, 5, 2, workers=1, checkpoint=path, overwrite=True)
    assert path.read_bytes() == before
    train(GAME, other, 5, 2, checkpoint=path, overwrite=True)
    assert json.loads(str(held_in(path)["batch"])) == 7
    np.savez(path, mine=np.arange(3))
    before = path.read_bytes()
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"checkpoint: got .* not a whole checkpoint"):
            train(GAME, other, 5, 2, checkpoint=path, overwrite=overwrite)
    assert path.read_bytes() == before


def test_a_second_checkpoint_is_not_lost_to_the_first(state, tmp_path):
    path = tmp_path / "run.npz"
    train(GAME, small(), 5, 2, checkpoint=path)
    with pytest.raises(InputError, match=r"checkpoint: got .* which is there already"):
        train(GAME, small(), 5, 2, resume=state, checkpoint=path)
    assert held_in(path)["done"] == 12
    whole = train(GAME, small(), 5, 2)
    check_same(whole, train(GAME, small(), 5, 2, resume=state, checkpoint=path, overwrite=True))
    there = path.parent / "." / path.name
    check_same(whole, train(GAME, small(), 5, 2, resume=str(there), checkpoint=path))


@pytest.mark.parametrize("changes", [{"status": np.array([0, -3])}, {"status": np.array([7, 0])}])
def test_a_status_that_none_has_under_way(changes, state, tmp_path):
    path = with_arrays(state, tmp_path / "bad.npz", **changes)
    assert "do not fit" in refused(path)


def test_arrays_that_were_altered(state, tmp_path):
    changed = {**held_in(state), "status": np.array([-2, 0])}
    path = tmp_path / "bad.npz"
    np.savez(path, **changed)
    assert "do not fit what was written" in refused(path)


ROOM = [
    ("batch", small(batch=10**11), 1),
    ("discriminator", small(discriminator=MLP((10**6, 10**6))), 1),
    ("replicas", small(), 10**9),
    ("record_every", small(steps=10**12, record_every=1), 1),
]


@pytest.mark.parametrize(("name", "plan", "replicas"), ROOM, ids=[case[0] for case in ROOM])
def test_runs_beyond_the_memory(name, plan, replicas, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "free_memory", lambda: 1e10)
    monkeypatch.setattr(memory, "free_memory", lambda: 1e10)
    with pytest.raises(InputError, match=rf"^{name}: got .* takes .* no more than the 9.31 GiB"):
        train(GAME, plan, 0, replicas, checkpoint=tmp_path / "run.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "changes",
    [
        {"batch": 100_000},
        {"discriminator": MLP((1500, 1500))},
        {"steps": 200_000, "record_every": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_room_is_what_a_run_takes_to_a_factor_of_two(changes, monkeypatch):
    plan, told = small(snapshots=0, **changes), []
    monkeypatch.setattr(room, "need_memory", lambda what, size: told.append(size))
    room.need_room(GAME, plan, 1)
    tracemalloc.start()
    run = Run(GAME, plan, children(root_of(0), 1))
    run.go(lambda: 2, lambda done: None)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 * taken < told[0] < 2 * taken


@pytest.mark.parametrize("name", ["checkpoint", "resume"])
@pytest.mark.parametrize("path", ["run.txt", "run", "", "nowhere/run.npz", 3, b"run.npz"], ids=repr)
def test_bad_paths(name, path):
    with pytest.raises(InputError, match=rf"^{name}: got .* must end in .npz, in a folder that"):
        train(GAME, small(), **{name: path})


def test_a_folder_is_no_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    path.mkdir()
    with pytest.raises(InputError, match=r"^resume: got "):
        train(GAME, small(), resume=path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("game", "N(0, 1)"),
        ("game", DATA),
        ("game", None),
        ("plan", {"batch": 3}),
        ("plan", "article"),
        ("replicas", 0),
        ("replicas", 1.0),
        ("replicas", True),
        ("rng", -1),
        ("rng", "seed"),
        ("rng", 0.5),
    ],
)
def test_bad_arguments(name, value):
    arguments = {"game": GAME, "plan": small(), name: value}
    with pytest.raises(InputError) as error:
        train(**arguments)
    assert str(error.value).startswith(f"{name}: got ")
    assert "\n" not in str(error.value)


# -- divergence


@pytest.mark.parametrize(("game", "settings"), KINDS.values(), ids=KINDS)
def test_one_that_diverges_leaves_the_others(game, settings, monkeypatch):
    settings = settings.changed(record_every=2, steps=8)
    clean = train(game, settings, 5, 3)
    step = Players.iterate

    def poisoned(self, iteration):
        step(self, iteration)
        if iteration == 4:
            self.trained[-1].networks.parameters[1, 0] = np.nan

    monkeypatch.setattr(Players, "iterate", poisoned)
    run = train(game, settings, 5, 3)
    assert run.status.tolist() == [0, -2, 0]
    assert "1 of 3 replicas diverged: lower the rates" in run.message
    check_same(run, clean, [0, 2])
    # Steps 0, 2 and 4 are from before.
    for name in ("jsd", "value", "theta", "mean", "discriminator_loss"):
        mine, theirs = getattr(run, name), getattr(clean, name)
        assert np.array_equal(mine[1, :3], theirs[1, :3], equal_nan=True)
        assert np.isnan(mine[1, 3:]).all()


FAST = {f"{player}_optimizer": SGD(1e30) for player in ("generator", "discriminator")}


@pytest.mark.parametrize(
    "settings",
    [
        optimal(1e300),
        small(generator_optimizer=Adam(3e38)),
        small(discriminator_optimizer=SGD(1e30)),
        small(**FAST),
    ],
    ids=["optimal", "generator", "discriminator", "both"],
)
def test_a_huge_rate_diverges(settings):
    run = train(GAME, settings.changed(steps=40, record_every=1), 0, 2)
    assert (run.status == -2).all()
    assert "2 of 2 replicas diverged: lower the rates" in run.message
    # There is nothing left to train.
    assert run.step[-1] < 40
    assert np.isfinite(run.jsd[:, 0]).all()
    assert np.isnan(run.jsd[:, -1]).all()


def test_huge_numbers_are_still_numbers():
    run = train(GAME, small(dtype="float64", steps=40, record_every=1, **FAST), 0, 2)
    assert (run.status == 0).all()
    assert np.abs(run.theta[:, -1]).max() > 1e100
    assert np.isfinite(run.theta).all()


@pytest.mark.parametrize("rate", sweep([3.0, 1e10], lambda rate: rate == 3.0))
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_generators_that_jump_far_are_recorded(activation, rate):
    settings = small(
        start="he", generator_optimizer=Adam(rate), record_every=1, steps=2, snapshots=0
    )
    run = train(game_of(network=((3,), activation)), settings, 0, 1)
    assert set(run.status.tolist()) <= {0, -2}
    assert np.isfinite(run.jsd[:, 0]).all()


# -- Algorithm 1


def calls_of(settings, monkeypatch):
    """The order of steps of both players in one iteration, and their minibatches."""
    calls, batches = [], []
    train_step, pull = LearnedDiscriminator.train, LearnedDiscriminator.pull

    def training(self, real, fake):
        calls.append("D")
        batches.append((real.copy(), fake.copy()))
        train_step(self, real, fake)

    def pulling(self, fake, theta):
        calls.append("G")
        batches.append((fake.copy(),))
        return pull(self, fake, theta)

    monkeypatch.setattr(LearnedDiscriminator, "train", training)
    monkeypatch.setattr(LearnedDiscriminator, "pull", pulling)
    train(GAME, settings.changed(steps=3), 0, 2)
    return "".join(calls), batches


@pytest.mark.parametrize(
    ("order", "k", "generator_steps", "expected"),
    [
        ("algorithm1", 1, 1, "DG"),
        ("algorithm1", 5, 1, "DDDDDG"),
        ("algorithm1", 2, 3, "DDGGG"),
        ("article", 1, 1, "DG"),
        ("article", 2, 1, "DGD"),
        ("article", 3, 2, "DGGD"),
        ("article", 6, 1, "DDDGDDD"),
    ],
)
def test_order_of_steps(order, k, generator_steps, expected, monkeypatch):
    settings = small(order=order, k=k, generator_steps=generator_steps)
    calls, batches = calls_of(settings, monkeypatch)
    assert calls == 3 * expected
    # Every step is on a fresh minibatch.
    drawn = np.concatenate([part.ravel() for parts in batches for part in parts])
    assert len(np.unique(drawn)) == len(drawn)


def test_one_step_by_hand():
    # SGD against a network without dropout: every number of one iteration, written plainly.
    settings = small(
        discriminator=MLP((4,), "tanh", "he", l2=0.1),
        discriminator_optimizer=SGD(0.5),
        generator_optimizer=SGD(0.25),
        dtype="float64",
        steps=1,
    )
    run = train(GAME, settings, 3, 1)
    players = Players(GAME, settings, module.children(module.root_of(3), 1))
    w1, w2 = (w[0].copy() for w in players.discriminator.trained.networks.weights)
    (z_first, z_second), (real,) = (
        batches.at(0)[:, 0] for batches in (players._latent, players._data)
    )
    a, b = settings.start

    def step(x, target):
        """Gradients of the mean of the cross-entropy with D against a target."""
        hidden = np.tanh(np.outer(x, w1[0]) + w1[1])
        out = hidden @ w2[:-1, 0] + w2[-1, 0]
        back = (1.0 / (1.0 + np.exp(-out)) - target) / len(x)
        inner = np.outer(back, w2[:-1, 0]) * (1.0 - hidden**2)
        first = np.stack([x @ inner, inner.sum(axis=0)])
        return first, np.append(hidden.T @ back, back.sum())[:, None], inner @ w1[0]

    on_real, on_fake = step(real, 1.0), step(a * z_first + b, 0.0)
    penalty = [np.array([[1.0], [0.0]]), np.append(np.ones(4), 0.0)[:, None]]
    g1, g2 = (on_real[k] + on_fake[k] + 0.1 * penalty[k] * (w1, w2)[k] for k in range(2))
    w1, w2 = w1 - 0.5 * g1, w2 - 0.5 * g2
    pulled = step(a * z_second + b, 1.0)[2]
    theta = [a - 0.25 * (pulled @ z_second), b - 0.25 * pulled.sum()]
    np.testing.assert_allclose(run.generator_parameters[0], theta, rtol=1e-12)
    found = run.discriminator_parameters[0]
    np.testing.assert_allclose(found, np.append(w1, w2), rtol=1e-11, atol=1e-13)


def test_dropout_when():
    # "training": the generator learns from the whole network, "always": from a thinned one.
    plans = [
        MLP((30,), initial="he", dropout=rate, dropout_when=when)
        for rate, when in ((0.0, "training"), (0.5, "training"), (0.5, "always"))
    ]
    frozen = SGD(1e-300)
    ends = [
        train(
            GAME,
            small(discriminator=plan, discriminator_optimizer=frozen, dtype="float64", steps=3),
            1,
            2,
        ).generator_parameters
        for plan in plans
    ]
    assert (ends[0] == ends[1]).all()
    assert (ends[0] != ends[2]).all()


def test_a_batch_of_one():
    run = train(GAME, small(batch=1, steps=3), 0, 2)
    assert run.success.all()


@pytest.mark.parametrize("version", ["plain", "l2_dropout"])
def test_the_articles_discriminator_learns(version):
    settings = article(
        version, steps=40, record_every=40, snapshots=0, generator_optimizer=SGD(1e-12)
    )
    run = train(Game(parse("N(1.5, 0.5)")), settings, 0, 2)
    assert (run.value_gap[:, -1] < 0.25 * run.value_gap[:, 0]).all()


def test_learned_force_is_the_games_when_the_discriminator_is_trained_for_long():
    settings = Settings(
        discriminator=MLP((16, 16), "tanh", "glorot"),
        discriminator_optimizer=Adam(0.02),
        generator_optimizer=SGD(1e-9),
        start=(1.0, -0.5),
        batch=256,
        steps=300,
        record_every=300,
        snapshots=0,
    )
    run = train(Game(parse("N(0.5, 1)")), settings, 0, 2)
    assert (run.value_gap[:, -1] < 0.05 * 2.0 * run.jsd[:, -1]).all()
    assert (np.abs(run.force_angle[:, -1]) < 0.35).all()
    assert (np.abs(np.log(run.force_ratio[:, -1])) < 0.4).all()


# -- what a game may be


OWN = {"start": (-0.2, -0.3, -2.0), "steps": 4, "record_every": 2, "snapshots": 2}


@pytest.mark.parametrize(
    ("objective", "plan"),
    [(HALF, optimal(0.1, **OWN)), ("nonsaturating", small(dtype="float64", **OWN))],
    ids=["optimal", "learned"],
)
def test_a_generator_of_ones_own(objective, plan, tmp_path):
    game, path = Game(DATA, Cubic(), objective), tmp_path / "run.npz"
    run = train(game, plan, 5, 2)
    assert run.success.all() and run.theta.shape == run.learned_force.shape == (2, 3, 3)
    assert (run.theta[:, 0] == plan.start).all()
    check_same(run, train(game, plan, 5, 1), slice(0, 1))
    part_of(game, plan, 5, 2, checkpoint=path, progress=interrupt(0.4))
    check_same(run, train(game, plan, 5, 2, resume=path))
    # The force is the mean of what a step descends.
    np.testing.assert_allclose(run.exact_force[0, 1], game.force(run.theta[0, 1]), rtol=1e-9)
    if objective is HALF:
        assert (run.learned_force[:, 1:] == run.exact_force[:, 1:]).all()
        assert np.abs(run.force_angle).max() < 1e-6
    law = game.generator.pushforward(run.theta[1, -1])
    assert (run.mean[1, -1], run.std[1, -1]) == pytest.approx((law.mean, law.std))


def test_steps_of_ones_own_generator_are_the_linear_ones():
    class Affine(Generator):
        dimension = 2

        def __call__(self, z, theta):
            return theta[0] * z + theta[1]

        def sensitivity(self, z, theta):
            return np.stack([z, np.ones_like(z)])

    plan = small(dtype="float64")
    own, plain = (train(Game(DATA, g), plan, 5, 2) for g in (Affine(), LinearGenerator()))
    for name in ("theta", "learned_force", "value_gap", "jsd", "mean", "std"):
        np.testing.assert_allclose(getattr(own, name), getattr(plain, name), atol=1e-9)


@pytest.mark.parametrize("objective", [*names(), "alpha(0.3)", HALF, Twice()], ids=str)
def test_every_objective_against_the_optimal_discriminator(objective):
    game = Game(DATA, LinearGenerator(parse("Logistic(0, 0.5)")), objective)
    run = train(game, optimal(1e-3, steps=2, record_every=1, batch=50), 0, 2)
    assert run.success.all()
    np.testing.assert_allclose(run.learned_force, game.force(run.theta), rtol=1e-7, atol=1e-12)
    with_network = small(steps=2)
    if game.objective.name in LOSSES:
        assert train(game, with_network).success.all()
        return
    with pytest.raises(InputError, match=r"^discriminator: got an MLP for the obj") as error:
        train(game, with_network)
    assert "\n" not in str(error.value)


LATENTS = [from_scipy(logistic()), from_logpdf(lambda z: -0.5 * z**2, [[0.0, 1.0]])]


@pytest.mark.parametrize("law", [*LATENTS, from_samples(np.linspace(-1, 1, 30))], ids=str)
def test_data_and_latents_without_a_text(law):
    for game in (Game(law), Game(DATA, LinearGenerator(law))):
        assert train(game, small(steps=2)).success.all()


@pytest.mark.parametrize(
    ("game", "changes", "words"),
    [
        (GAME, {"start": (0.0, 1.0)}, "start: got a = 0"),
        (GAME, {"start": (1.0,)}, "start: got an array of shape"),
        (GAME, {"start": (1.0, 2.0, 3.0)}, "start: got an array of shape"),
        (GAME, {"start": "he"}, "start: got 'he', must be the 2 parameters of a state"),
        (NETWORK, {"start": (1.0, 0.0)}, "start: got an array of shape"),
        (Game(DATA, Cubic()), {"start": None}, "start: got None, must be the 3 parameters"),
        (NETWORK, {"discriminator": "optimal"}, "discriminator: got 'optimal', must be an MLP"),
        (GAME, {"generator_l2": 0.1}, "generator_l2: got 0.1, must be 0 for"),
    ],
)
def test_plans_that_are_none_for_the_game(game, changes, words):
    changes = {"start": None} | changes
    with pytest.raises(InputError) as error:
        train(game, small(**changes))
    assert str(error.value).startswith(words) and "\n" not in str(error.value)


def test_starts_by_default():
    frozen = small(start=None, generator_optimizer=SGD(1e-300), steps=1)
    assert (train(GAME, frozen).theta == [1.0, 0.0]).all()
    drawn = train(NETWORK, frozen).generator_parameters
    assert (drawn == train(NETWORK, frozen.changed(start="article")).generator_parameters).all()
    # From one state of all its parameters, all replicas.
    given = train(NETWORK, frozen.changed(start=drawn[0]), 7, 2).generator_parameters
    assert (given == drawn[0]).all()


def test_pickled(case, whole):
    if not travels(case[0]):
        pytest.skip("of a function without a name")
    again = pickle.loads(pickle.dumps(whole))
    check_same(whole, again)
    assert again.plan == whole.plan and again.message == whole.message
    if isinstance(whole.game.generator, LinearGenerator):
        assert (again.game.force((0.8, -0.3)) == whole.game.force((0.8, -0.3))).all()


# -- beside the flow


def test_mean_of_replicas_follows_the_flow():
    rate = 0.02
    settings = optimal(rate, batch=64, steps=200, record_every=50, snapshots=0)
    run = train(GAME, settings, 11, 256)
    game, start = GAME, np.array(settings.start)
    np.testing.assert_allclose(run.time, [0.0, 1.0, 2.0, 3.0, 4.0])
    flow = gradient_flow(game, start, (0.0, 4.0), run.time).theta
    mean, error = run.theta.mean(axis=0), run.theta.std(axis=0) / 16.0
    assert (np.abs(mean - flow)[1:] < 4.0 * error[1:] + 0.3 * rate).all()
    # Descent without noise has the same error of the step: only the band is left.
    descent = iterate(game, start, rate, 200).theta[::50]
    z = (mean - descent)[1:] / error[1:]
    assert np.abs(z).max() < 4.0
    assert np.abs(z).max() > 0.1


@pytest.mark.exhaustive
def test_deviation_falls_with_the_batch():
    spreads = []
    for batch in (8, 32):
        settings = optimal(0.02, batch=batch, steps=100, record_every=100, snapshots=0)
        spreads.append(train(GAME, settings, 2, 256).theta[:, -1].std(axis=0))
    ratio = spreads[0] / spreads[1]
    np.testing.assert_allclose(ratio, 2.0, rtol=0.2)


def test_bias_falls_with_the_rate():
    data, biases = parse("N(0, 0.5)"), []
    for rate in (0.05, 0.025):
        steps = round(0.5 / rate)
        settings = optimal(
            rate, start=(0.7, 1.0), batch=1024, steps=steps, record_every=steps, snapshots=0
        )
        game = Game(data)
        run = train(game, settings, 4, 64)
        flow = gradient_flow(game, np.array(settings.start), (0.0, 0.5), [0.5]).theta[-1]
        bias = np.linalg.norm(run.theta[:, -1].mean(axis=0) - flow)
        assert bias > 50.0 * run.theta[:, -1].std(axis=0).max() / 8.0
        biases.append(bias)
    assert biases[0] / biases[1] == pytest.approx(2.0, rel=0.08)


def test_the_flow_of_a_run_is_the_games(game, settings, whole):
    if isinstance(game.generator, MLPGenerator):
        assert np.isnan(whole.exact_force).all()
        return
    expected = game.force(whole.theta)
    np.testing.assert_allclose(whole.exact_force, expected, rtol=1e-7, atol=1e-9)
    evaluation = game.evaluate(whole.theta[:, -1])
    np.testing.assert_allclose(whole.jsd[:, -1], evaluation.jsd, atol=1e-8)
    gap = evaluation.value - whole.value[:, -1]
    np.testing.assert_allclose(whole.value_gap[:, -1], gap, atol=1e-8)


def test_arrays_of_a_run_are_named():
    # What the other tests compare is all there is.
    names = set(arrays_of(train(GAME, small(steps=1), 0, 1)))
    assert {"theta", "learned_force", "value_gap", "images", "logits", "status"} <= names
    assert len(names) == 24
