"""Optimizers against the rules of the papers, and against torch where it is installed."""

import math

import numpy as np
import pytest

from gandyn import InputError
from gandyn.montecarlo import optimizers
from gandyn.montecarlo.optimizers import SGD, Adam, Momentum, RMSProp
from tests.montecarlo.checks import RULES, check_rule, gradients_like, run_rule, textbook


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rule(rule):
    check_rule(rule)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_more_parameters_than_a_block(rule, monkeypatch):
    monkeypatch.setattr(optimizers, "_BLOCK", 16)
    for shape in ((3, 16), (3, 11), (1, 1), (2, 40)):
        check_rule(rule, shape, steps=5)


@pytest.mark.parametrize("rule", [SGD(0.1), RMSProp(0.1), Adam(0.1)], ids=repr)
def test_blocks_of_their_own_size(rule):
    check_rule(rule, (3, 15000), steps=3)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_float32(rule):
    shape = (2, 30)
    start = np.random.default_rng(1).normal(size=shape)
    gradients = gradients_like(shape)
    expected = textbook(rule, start, gradients)
    found = run_rule(rule, start.astype(np.float32), gradients.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-5 * np.abs(expected - start).max())


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_replica_does_not_see_the_others(rule):
    gradients = gradients_like((5, 7))
    start = np.random.default_rng(2).normal(size=(5, 7))
    together = run_rule(rule, start, gradients)
    for r in (0, 3):
        alone = run_rule(rule, start[r : r + 1], gradients[:, r : r + 1])
        assert (alone[:, 0] == together[:, r]).all()
    gradients[10:, 1] = np.nan
    other = run_rule(rule, start, gradients)
    assert (np.delete(other, 1, axis=1) == np.delete(together, 1, axis=1)).all()
    assert np.isnan(other[-1, 1]).all()


def test_memory_on_its_way_to_nothing_becomes_nothing():
    rule = Adam(0.01)
    theta, memory = np.ones((1, 3), np.float32), np.zeros((2, 1, 3), np.float32)
    rule.step(theta, np.array([[1.0, 1.0, 1e-3]], np.float32), memory, 1)
    for count in range(2, 1500):
        rule.step(theta, np.array([[0.0, 1.0, 0.0]], np.float32), memory, count)
        held = np.abs(memory[memory != 0.0])
        assert held.min() > np.finfo(np.float32).tiny
    assert (memory[0, 0, [0, 2]] == 0.0).all()
    assert (memory[0, 0, 1] > 1.0).all()


def test_slots():
    assert [rule.slots for rule in (SGD(1), Momentum(1), RMSProp(1), Adam(1))] == [0, 1, 1, 2]


BAD = [
    (SGD, {"rate": 0}, "SGD.rate: got 0,"),
    (SGD, {"rate": -0.1}, "SGD.rate: got -0.1,"),
    (SGD, {"rate": float("nan")}, "SGD.rate: got nan,"),
    (SGD, {"rate": float("inf")}, "SGD.rate: got inf,"),
    (SGD, {"rate": "0.1"}, "SGD.rate: got '0.1',"),
    (SGD, {"rate": True}, "SGD.rate: got True,"),
    (SGD, {"rate": None}, "SGD.rate: got None,"),
    (SGD, {"rate": 1j}, "SGD.rate: got 1j,"),
    (Momentum, {"rate": 0.0}, "Momentum.rate: got 0.0,"),
    (Momentum, {"rate": 0.1, "momentum": 1.0}, "Momentum.momentum: got 1.0,"),
    (Momentum, {"rate": 0.1, "momentum": -0.1}, "Momentum.momentum: got -0.1,"),
    (Momentum, {"rate": 0.1, "nesterov": "yes"}, "Momentum.nesterov: got 'yes',"),
    (RMSProp, {"rate": -1}, "RMSProp.rate: got -1,"),
    (RMSProp, {"rate": 0.1, "decay": 1}, "RMSProp.decay: got 1,"),
    (RMSProp, {"rate": 0.1, "decay": float("nan")}, "RMSProp.decay: got nan,"),
    (RMSProp, {"rate": 0.1, "epsilon": 0.0}, "RMSProp.epsilon: got 0.0,"),
    (Adam, {"rate": []}, "Adam.rate: got [],"),
    (Adam, {"rate": 0.1, "beta1": 1.0}, "Adam.beta1: got 1.0,"),
    (Adam, {"rate": 0.1, "beta2": "a"}, "Adam.beta2: got 'a',"),
    (Adam, {"rate": 0.1, "epsilon": -1e-8}, "Adam.epsilon: got -1e-08,"),
]


@pytest.mark.parametrize(("rule", "values", "start"), BAD, ids=lambda value: str(value)[:40])
def test_bad_arguments(rule, values, start):
    with pytest.raises(InputError) as error:
        rule(**values)
    text = str(error.value)
    assert text.startswith(start)
    assert " must be " in text
    assert "\n" not in text


def test_numbers_of_numpy_are_numbers():
    assert Adam(np.float64(0.1), beta1=np.float32(0.5)).rate == 0.1
    assert SGD(np.int64(1)).rate == 1


# -- torch as an oracle, where it is installed


def torch_rule(torch, rule, parameters):
    if isinstance(rule, SGD):
        return torch.optim.SGD(parameters, rule.rate)
    if isinstance(rule, Momentum):
        return torch.optim.SGD(
            parameters, rule.rate, momentum=rule.momentum, nesterov=rule.nesterov
        )
    if isinstance(rule, RMSProp):
        return torch.optim.RMSprop(parameters, rule.rate, alpha=rule.decay, eps=rule.epsilon)
    return torch.optim.Adam(parameters, rule.rate, betas=(rule.beta1, rule.beta2), eps=rule.epsilon)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_torch(rule):
    torch = pytest.importorskip("torch")
    shape = (2, 6)
    start = np.random.default_rng(1).normal(size=shape)
    gradients = gradients_like(shape)
    theta = torch.tensor(start, requires_grad=True)
    optimizer = torch_rule(torch, rule, [theta])
    found = run_rule(rule, start, gradients)
    for gradient, mine in zip(gradients, found, strict=True):
        theta.grad = torch.tensor(gradient)
        optimizer.step()
        np.testing.assert_allclose(mine, theta.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Momentum(0.1), [-0.1, -0.29]),
        (RMSProp(0.1), [-0.1 / (0.1 + 1), -0.1 / (0.1 + 1) - 0.1 / (math.sqrt(0.0199) + 1)]),
        (Adam(0.1), [-0.05, -0.1]),
    ],
    ids=["momentum", "rmsprop", "adam"],
)
def test_the_constants_of_the_papers(rule, expected):
    """Two steps at gradients of 1, or of 1e-8, where epsilon is as large as they are."""
    size = 1.0 if isinstance(rule, Momentum) else 1e-8
    found = run_rule(rule, np.zeros((1, 1)), np.full((2, 1, 1), size))
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-12)
