"""Runs whose replicas are shared out to processes: nothing of them changes, and nothing is left."""

import importlib
import multiprocessing
import os
import signal

import numpy as np
import pytest

from gandyn import Game, parse
from gandyn.distributions import from_logpdf
from gandyn.errors import InputError
from gandyn.montecarlo import MLP, SGD, RMSProp, train
from gandyn.montecarlo.run import Run
from gandyn.montecarlo.streams import children, root_of
from gandyn.system.array_files import ArrayFile
from gandyn.system.processes import crew
from tests.montecarlo.runs import GAME, check_same, game_of, optimal, part_of, small
from tests.sweeps import sweep

module = importlib.import_module("gandyn.montecarlo.training")

KINDS = {
    "dropout, always": small(
        discriminator=MLP((5, 4), dropout=0.4, l2=0.01, dropout_when="always"), order="article", k=3
    ),
    "RMSProp, float64": small(generator_optimizer=RMSProp(0.01), dtype="float64"),
    "MLP generator": (game_of(network=((4,), "relu")), small(start="he")),
    "optimal": optimal(0.1),
    "optimal, mse": (game_of("U(-1, 1)", "mse"), optimal(0.1)),
}
KINDS = {name: case if isinstance(case, tuple) else (GAME, case) for name, case in KINDS.items()}


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    "kind", sweep(KINDS, lambda kind: kind in ("dropout, always", "optimal, mse"))
)
def test_processes_change_nothing(kind):
    case, told = KINDS[kind], []
    one = train(*case, 5, 3, workers=1)
    two = train(*case, 5, 3, workers=2, progress=lambda done, text: told.append(done))
    check_same(one, two)
    assert told == sorted(told)
    assert told[-1] == 1.0
    check_same(one, train(*case, 5, 8, workers=1), slice(0, 3))


@pytest.mark.exhaustive
def test_more_processes_than_replicas():
    one = train(GAME, small(), 5, 2, workers=1)
    check_same(one, train(GAME, small(), 5, 2, workers=7))


@pytest.mark.exhaustive
def test_long_runs_are_shared_out_by_themselves(monkeypatch):
    settings, used, shared = small(steps=30), [], module.shared

    def seen(run, count):
        used.append((run.done, count))
        return shared(run, count)

    one = train(GAME, settings, 5, 3, workers=1)
    monkeypatch.setattr(module, "shared", seen)
    monkeypatch.setattr(module, "worker_count", lambda workers: 2)
    train(GAME, settings, 5, 3)
    assert not used
    monkeypatch.setattr(module, "_TRIAL", 0.0)
    monkeypatch.setattr(module, "_LONG", 0.0)
    check_same(one, train(GAME, settings, 5, 3))
    assert used == [(1, 2)]
    # One product of these takes several cores.
    train(GAME, small(discriminator=MLP((512, 512)), batch=200, steps=2), 5, 2)
    assert used == [(1, 2)]


LONG = small(steps=4000, record_every=40)


def test_pauses_and_checkpoints_change_nothing(monkeypatch, tmp_path):
    path, writes, write = tmp_path / "run.npz", [], ArrayFile.write
    one = train(GAME, LONG, 5, 3, workers=1)
    monkeypatch.setattr(module, "_SECONDS", 0.1)

    def kept(self, arrays):
        writes.append(int(arrays["done"]))
        write(self, arrays)

    with monkeypatch.context() as patch:
        patch.setattr(ArrayFile, "write", kept)
        check_same(one, train(GAME, LONG, 5, 3, workers=2, checkpoint=path))
    assert len(writes) > 3
    assert writes == sorted(writes)
    check_same(one, train(GAME, LONG, 5, 3, resume=path))


def interrupt(fraction, times=1):
    """Ctrl-C when a fraction is done."""
    left = [times]

    def progress(done, text):
        while done >= fraction and left[0]:
            left[0] -= 1
            os.kill(os.getpid(), signal.SIGINT)

    return progress


@pytest.mark.exhaustive
def test_interrupted_groups_end_at_one_iteration_and_go_on(tmp_path):
    one, path = train(GAME, LONG, 5, 3, workers=1), tmp_path / "run.npz"
    part = part_of(GAME, LONG, 5, 3, workers=3, checkpoint=path, progress=interrupt(0.2))
    assert part.status.tolist() == [-3, -3, -3]
    assert part.message.endswith("of 4000 steps; interrupted")
    made = len(part.step)
    assert 0.2 * 4000 <= part.step[-1] < 4000
    assert np.isfinite(part.jsd).all()
    np.testing.assert_array_equal(part.value_gap, one.value_gap[:, :made])
    with np.load(path) as file:
        assert part.step[-1] <= file["done"] < part.step[-1] + 40
    for workers in (1, 2):
        check_same(one, train(GAME, LONG, 5, 3, workers=workers, resume=path))


def test_pressed_twice_ends_at_once():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(GAME, LONG, 5, 3, workers=2, progress=interrupt(0.1, 2))
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.exhaustive
def test_a_process_that_dies_is_told_and_its_part_is_done():
    one = train(GAME, LONG, 5, 3, workers=1)

    def progress(done, text):
        if done >= 0.1:
            for child in multiprocessing.active_children():
                child.kill()

    other = train(GAME, LONG, 5, 3, workers=2, progress=progress)
    check_same(one, other)
    assert "a process died (short of memory?), the rest was done in one" in other.message


@pytest.mark.exhaustive
@pytest.mark.parametrize("workers", [2, 4])
def test_replicas_that_diverge_change_nothing_of_the_others(workers):
    settings = small(discriminator_optimizer=SGD(3e6), steps=60, record_every=2)
    one = train(GAME, settings, 5, 4, workers=1)
    assert one.status.tolist() == [0, -2, 0, -2]
    check_same(one, train(GAME, settings, 5, 4, workers=workers))


@pytest.mark.exhaustive
def test_all_diverge():
    settings = small(discriminator_optimizer=SGD(1e30), steps=60, record_every=1)
    one = train(GAME, settings, 5, 4, workers=1)
    assert (one.status == -2).all()
    other = train(GAME, settings, 5, 4, workers=2)
    check_same(one, other)
    assert one.message == other.message


def test_a_diverged_replica_keeps_no_parameters():
    run = train(GAME, small(discriminator_optimizer=SGD(1e30)), 5, 1)
    assert np.isnan(run.generator_parameters).all()
    assert np.isnan(run.discriminator_parameters).all()
    assert np.isfinite(run.jsd[:, 0]).all()


def test_data_that_cannot_be_sent_stay_here():
    law = from_logpdf(lambda x: -0.5 * x**2, [[0.0, 1.0]])
    one = train(Game(law), small(), 5, 2, workers=1)
    check_same(one, train(Game(law), small(), 5, 2, workers=2))


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_bad_numbers_of_workers(workers):
    with pytest.raises(InputError, match=r"^workers: got .*, must be a whole number, 1 or more$"):
        train(GAME, small(), workers=workers)


def test_a_run_goes_on_from_the_state_of_some_of_its_replicas():
    settings, seeds = KINDS["dropout, always"][1], children(root_of(5), 3)
    whole = Run(GAME, settings, seeds)
    whole.go(lambda: 7, lambda done: None)
    part = Run(GAME, settings, seeds[1:3])
    part.enter({name: array.copy() for name, array in whole.state(slice(1, 3)).items()})
    # Entering twice is entering once.
    part.enter({name: array.copy() for name, array in part.state().items()})
    for run in (whole, part):
        run.go(lambda: 12, lambda done: None)
    for name, array in part.state().items():
        np.testing.assert_array_equal(array, whole.state(slice(1, 3))[name], err_msg=name)


def test_parsed_data_travel():
    run = train(Game(parse("0.5*Laplace(-1, 1) + 0.5*U(0, 2)")), small(), 5, 2, workers=2)
    assert run.success.all()


def in_a_daemon(queue):
    """Of what needs other processes where there may be none."""
    run = train(GAME, small(), 5, 3, workers=2)
    with crew(2, len) as submit:
        queue.put((run.message, run.theta, submit(len, "abc").result()))


def test_a_daemon_does_all_itself():
    """`multiprocessing` lets it have no children."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=in_a_daemon, args=(queue,), daemon=True)
    process.start()
    message, theta, length = queue.get(timeout=60)
    process.join()
    np.testing.assert_array_equal(theta, train(GAME, small(), 5, 3, workers=1).theta)
    assert (message, length) == ("12 of 12 steps", 3)
