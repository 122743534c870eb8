"""Networks: forward by the textbook, backward by differences, replica by replica."""

import numpy as np
import pytest

from gandyn.montecarlo import segments
from gandyn.montecarlo.discriminators import LOSSES as LOSSES_OF
from gandyn.montecarlo.discriminators import discriminator_slope, generator_slope
from gandyn.montecarlo.initial import INITIALS
from gandyn.montecarlo.networks import Networks, Trained
from gandyn.montecarlo.optimizers import SGD
from gandyn.montecarlo.segments import Segments
from tests.montecarlo.checks import (
    LOSSES,
    check_forward,
    check_gradients,
    check_losses,
    check_slopes,
    plain_forward,
    points_for,
    random_masks,
    random_networks,
)

SHAPES = [(), (5,), (4, 3), (1, 1), (3, 4, 2)]
ACTIVATIONS = ["relu", "tanh"]


@pytest.fixture
def by_segments(monkeypatch):
    """Segments for the smallest of networks."""
    monkeypatch.setattr(segments, "_LEAST", 0.0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", SHAPES)
def test_forward(widths, activation):
    check_forward(widths, activation)
    check_forward(widths, activation, dropout=True)


def test_losses_and_slopes():
    check_losses()
    check_slopes()


def test_losses_of_large_logits():
    logits = np.array([[-800.0, 800.0, 800.0, -800.0]])
    assert LOSSES["discriminator"][0](logits) == pytest.approx(800.0)
    assert LOSSES["saturating"][0](logits) == pytest.approx(-400.0)
    assert LOSSES["nonsaturating"][0](logits) == pytest.approx(400.0)
    assert LOSSES["discriminator"][1](logits) == pytest.approx(np.array([[-0.5, 0.0, 0.5, 0.0]]))


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", SHAPES)
def test_gradients(widths, activation, loss, dropout):
    check_gradients(widths, activation, loss, dropout=dropout, l2=0.03 if dropout else 0.0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_with_the_penalty(activation):
    check_gradients((4, 3), activation, "discriminator", l2=0.7)
    check_gradients((), activation, "discriminator", l2=0.7)


@pytest.mark.parametrize("widths", [(4, 3), (3, 5, 2), (17, 4), (40, 3), (1, 1)])
def test_gradients_by_segments(widths, by_segments):
    n = widths[0] + 4 - widths[0] % 2
    assert Segments.worthwhile(n, widths)
    for loss in ("sum", "discriminator"):
        check_gradients(widths, "relu", loss, n=n, replicas=2, l2=0.1)


@pytest.mark.parametrize("widths", [(7, 5), (16, 3), (15, 3), (33, 20, 4)])
def test_segments_are_the_dense_products(widths, monkeypatch):
    n = 60
    plain, other = (random_networks(widths, "relu", 3, 4) for _ in range(2))
    for nets in (plain, other):
        first = nets.weights[0]
        first[0, 0, 0], first[0, 1, 0] = 0.0, 0.5  # a unit that never turns, and is on
        first[1, 0, 1], first[1, 1, 1] = 0.0, -0.5  # one that is off
        first[2, :, 2] = first[2, :, 3]  # two that turn at one point
        first[2, :, 1] = -first[2, :, 3]
        first[0, :, 4] = 0.0
    x = np.random.default_rng(0).normal(0.0, 3.0, (3, n))
    x[:, 5] = x[:, 6]
    slope = np.random.default_rng(1).normal(size=(3, n))
    out = plain.forward(x).copy()
    gradient, pushed = plain.backward(slope).copy(), plain.backward(slope, parameters=False)
    monkeypatch.setattr(segments, "_LEAST", 0.0)
    np.testing.assert_allclose(other.forward(x), out, atol=1e-13)
    assert other._now.by_segments
    np.testing.assert_allclose(other.backward(slope), gradient, atol=2e-12)
    np.testing.assert_allclose(other.backward(slope, parameters=False), pushed, atol=1e-13)


def test_segments_are_taken_where_they_are_worthwhile():
    nets = random_networks((128, 128), "relu", 2, 0, np.float32)
    x = np.random.default_rng(0).normal(0.0, 2.0, (2, 1300)).astype(np.float32)
    out = nets.forward(x)
    assert nets._now.by_segments
    scale = np.abs(out).max()
    expected = plain_forward(nets, x.astype(float))[0]
    np.testing.assert_allclose(out, expected, atol=3e-6 * scale)
    slope = np.random.default_rng(1).normal(size=out.shape).astype(np.float32)
    found = nets.backward(slope).copy()
    # With masks of 1 the products are the dense ones.
    nets.forward(x, [np.ones((2, 1300, 129), np.float32)] * 2)
    assert not nets._now.by_segments
    expected = nets.backward(slope)
    np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(expected).max())


def test_tanh_and_dropout_never_go_by_segments(by_segments):
    for activation, dropout in (("tanh", False), ("relu", True)):
        nets = random_networks((3, 3), activation, 1)
        nets.forward(np.zeros((1, 20)), random_masks(nets, 20) if dropout else None)
        assert not nets._now.by_segments
        check_gradients((3, 3), activation, "sum", n=8, dropout=dropout)


def test_many_points_are_taken_back_in_blocks():
    # The last layer's way back goes 512 points at a time.
    nets = random_networks((6, 4), "tanh", 2)
    x = np.random.default_rng(0).normal(size=(2, 1100))
    slope = np.random.default_rng(1).normal(size=x.shape)
    masks = random_masks(nets, 1100)
    nets.forward(x, masks)
    whole = nets.backward(slope).copy()
    parts = np.zeros_like(whole)
    for part in np.array_split(np.arange(1100), 13):
        nets.forward(x[:, part], [mask[:, part] for mask in masks])
        parts += nets.backward(slope[:, part])
    np.testing.assert_allclose(whole, parts, atol=1e-11)


def test_without_hidden_layers_the_parameters_are_a_and_b():
    nets = Networks((), "relu", 2, np.float64)
    nets.parameters[:] = [[2.0, 3.0], [-1.0, 0.5]]
    z = np.array([[1.0, -2.0], [0.0, 4.0]])
    assert nets.forward(z).tolist() == [[5.0, -1.0], [0.5, -3.5]]
    assert nets.backward(np.array([[1.0, 10.0], [1.0, 1.0]])).tolist() == [
        [-19.0, 11.0],
        [4.0, 2.0],
    ]
    assert nets.backward(np.ones((2, 2)), parameters=False).tolist() == [[2.0, 2.0], [-1.0, -1.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [(), (5,), (8, 3), (33, 32), (4, 3, 5)])
@pytest.mark.parametrize("n", [1, 7, 40])
def test_replicas_are_single_networks_to_the_bit(widths, activation, dtype, n, by_segments):
    stack = random_networks(widths, activation, 7, 2, dtype)
    x = np.random.default_rng(0).normal(size=(7, n)).astype(dtype)
    for masks in (None, random_masks(stack, n)):
        out = stack.forward(x, masks).copy()
        slope = generator_slope(out, LOSSES_OF["nonsaturating"])
        gradient = stack.backward(slope).copy()
        pushed = stack.backward(slope, parameters=False).copy()
        for r in (0, 4, 6):
            single = Networks(widths, activation, 1, dtype)
            single.parameters[0] = stack.parameters[r]
            own = None if masks is None else [mask[r : r + 1].copy() for mask in masks]
            assert (single.forward(x[r : r + 1], own)[0] == out[r]).all()
            assert (single.backward(slope[r : r + 1])[0] == gradient[r]).all()
            assert (single.backward(slope[r : r + 1], parameters=False)[0] == pushed[r]).all()


@pytest.mark.parametrize("initial", INITIALS)
def test_initialise_gives_each_replica_its_own_stream(initial):
    nets = Networks((6, 5), "relu", 3, np.float64)
    nets.initialise(initial, [np.random.default_rng(k) for k in (1, 2, 1)])
    assert (nets.parameters[0] == nets.parameters[2]).all()
    assert (nets.weights[1][0, :-1] != nets.weights[1][1, :-1]).all()
    other = Networks((6, 5), "relu", 1, np.float64)
    other.initialise(initial, [np.random.default_rng(2)])
    assert (other.parameters[0] == nets.parameters[1]).all()


def test_a_step_with_the_penalty():
    nets = random_networks((3,), "tanh", 2)
    before = nets.parameters.copy()
    trained = Trained(nets, SGD(0.5), 0.2)
    nets.backward(np.zeros_like(nets.forward(np.ones((2, 4)))))
    trained.step()
    assert trained.count == 1
    start = 0
    for w in nets.weights:
        part = slice(start, start := start + w[0].size)
        old = before[:, part].reshape(w.shape)
        np.testing.assert_allclose(w[:, :-1], old[:, :-1] * (1.0 - 0.5 * 0.2), rtol=1e-14)
        assert (w[:, -1] == old[:, -1]).all()
    nets.parameters[1, 2] = np.nan
    assert trained.finite.tolist() == [True, False]


# -- torch as an oracle, where it is installed


def torch_layers(torch, nets, replica):
    return [
        (
            torch.tensor(w[replica, :-1], requires_grad=True),
            torch.tensor(w[replica, -1], requires_grad=True),
        )
        for w in nets.weights
    ]


def torch_forward(torch, layers, x, activation, masks):
    hidden = x[:, None]
    for k, (weight, bias) in enumerate(layers):
        hidden = hidden @ weight + bias
        if k < len(layers) - 1:
            hidden = getattr(torch, activation)(hidden)
            if masks is not None:
                hidden = hidden * torch.tensor(masks[k])
    return hidden[:, 0]


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [(), (16,), (32, 24), (8, 8, 8)])
def test_torch(widths, activation, dropout):
    torch = pytest.importorskip("torch")
    nets = random_networks(widths, activation, 2, 6)
    n, l2 = 20, 0.05
    masks = random_masks(nets, 2 * n) if dropout else None
    x = points_for(nets, 2 * n, masks, margin=1e-9)
    logits = nets.forward(x, masks).copy()
    nets.backward(discriminator_slope(logits))
    nets.penalise(l2)
    loss = LOSSES["discriminator"][0](logits) + nets.penalty(l2)
    pushed = {}
    for saturating, name in ((False, "nonsaturating"), (True, "saturating")):
        slope = generator_slope(nets.forward(x, masks), LOSSES_OF[name])
        pushed[saturating] = nets.backward(slope, parameters=False).copy()
    for r in range(2):
        layers = torch_layers(torch, nets, r)
        own = None if masks is None else [mask[r, :, :-1] for mask in masks]
        real = torch.cat([torch.ones(n), torch.zeros(n)]).double()
        out = torch_forward(torch, layers, torch.tensor(x[r]), activation, own)
        entropy = torch.nn.functional.binary_cross_entropy_with_logits
        total = entropy(out[:n], real[:n]) + entropy(out[n:], real[n:])
        total = total + 0.5 * l2 * sum((weight**2).sum() for weight, _ in layers)
        total.backward()
        assert loss[r] == pytest.approx(total.item(), rel=1e-12)
        for k, (weight, bias) in enumerate(layers):
            np.testing.assert_allclose(nets.slopes[k][r, :-1], weight.grad.numpy(), atol=1e-10)
            np.testing.assert_allclose(nets.slopes[k][r, -1], bias.grad.numpy(), atol=1e-10)
        for saturating in (False, True):
            inputs = torch.tensor(x[r], requires_grad=True)
            out = torch_forward(torch, layers, inputs, activation, own)
            target = torch.zeros(2 * n) if saturating else torch.ones(2 * n)
            loss_of = entropy(out, target.double())
            (-loss_of if saturating else loss_of).backward()
            np.testing.assert_allclose(pushed[saturating][r], inputs.grad.numpy(), atol=1e-10)
