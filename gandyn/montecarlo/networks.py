"""Maps from R to R stacked over replicas, forward and backward: perceptrons, and one's own.

The bias of a layer is the last row of its weight matrix, the weight of a constant 1 that stands in
the last column of every layer's input: a layer is then one matrix product, and so is its gradient.
Activations are applied in place forwards, and taken back in place from what they gave; that column
stands for nothing in slopes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from gandyn.errors import InputError
from gandyn.generators import Generator
from gandyn.montecarlo.initial import INITIALS, draw
from gandyn.montecarlo.optimizers import Optimizer
from gandyn.montecarlo.segments import Segments
from gandyn.system.checks import AnyArray as Array
from gandyn.system.checks import need_choice, need_count, need_number
from gandyn.system.text import show

_SEEN = 1 << 24
_SMALL = 1 << 14
"""Weights of a layer up to which a product with a transposed copy is faster, with the copying."""
_BLOCK = 512
"""Points taken back through an activation at a time, so that they stay in the cache."""


class Relu:
    """max(0, u), whose derivative at 0 is taken as 0."""

    pieced = True
    """Whether it is linear on both sides of 0."""

    def apply(self, hidden: Array) -> None:
        """Replace pre-activations by activations, the last column by 1."""
        np.maximum(hidden, 0.0, out=hidden)

    def pull(self, slope: Array, hidden: Array, mask: Array | None) -> None:
        """Multiply a slope at the activations by their derivative, and by their dropout mask."""
        if mask is not None:
            # Where the mask is 0 so is what it left of the activation.
            slope *= mask
        slope *= hidden > 0.0


class Tanh:
    """tanh(u), whose derivative is 1 − tanh²."""

    pieced = False

    def apply(self, hidden: Array) -> None:
        """As `Relu.apply`."""
        np.tanh(hidden, out=hidden)
        hidden[..., -1] = 1.0

    def pull(self, slope: Array, hidden: Array, mask: Array | None) -> None:
        """As `Relu.pull`."""
        if mask is not None:
            slope *= mask
            # Where the mask is 0 the slope is, whatever the activation was.
            hidden = np.divide(hidden, mask, out=np.zeros_like(hidden), where=mask > 0.0)
        lost = slope * hidden
        lost *= hidden
        slope -= lost


ACTIVATIONS: dict[str, Relu | Tanh] = {"relu": Relu(), "tanh": Tanh()}


@dataclass(frozen=True)
class MLP:
    """A fully connected network from R to R, with a linear last layer.

    Parameters
    ----------
    widths : tuple of int
        Units of each hidden layer.
    activation : {"relu", "tanh"}
    initial : {"article", "glorot", "he", "lecun"}
        How the weights are drawn: see `gandyn.montecarlo.initial`.
    l2 : float
        λ of the penalty λ·½Σw², over weights and not biases.
    dropout : float
        The rate, in [0, 1), at which each hidden unit is left out; those kept are scaled by
        1/(1 − rate). (Programs that ask for a `keep_prob` want 1 − rate.)
    dropout_when : {"training", "always"}
        "training": only while this network itself is being trained, so that it is whole wherever
        else it is evaluated. "always": in every evaluation during training, also in those that
        the other network learns from.
    """

    widths: tuple[int, ...] = (256, 256)
    activation: str = "relu"
    initial: str = "article"
    l2: float = 0.0
    dropout: float = 0.0
    dropout_when: str = "training"

    def __post_init__(self) -> None:
        if not isinstance(self.widths, tuple) or not self.widths:
            raise InputError(f"widths: got {show(self.widths)}, must be a tuple of some widths")
        for width in self.widths:
            need_count("widths", width, 1)
        need_choice("activation", self.activation, tuple(ACTIVATIONS))
        need_choice("initial", self.initial, INITIALS)
        need_number("l2", self.l2, 0.0, np.inf, "a finite number from 0 on", closed=True)
        need_number("dropout", self.dropout, 0.0, 1.0, "a rate from 0 to below 1", closed=True)
        need_choice("dropout_when", self.dropout_when, ("training", "always"))


class Networks:
    """R networks of one shape, evaluated and differentiated together.

    `widths` are the units of each hidden layer; none for the affine map x = a z + b. Parameters and
    gradient (R, P) hold layer after layer, each a matrix (inputs + 1, outputs) in C order, and are
    (a, b) without hidden layers; `weights` and `slopes` are views of the two, one a layer.
    """

    def __init__(self, widths: tuple[int, ...], activation: str, replicas: int, dtype: Any) -> None:
        self.widths, self.activation = tuple(widths), activation
        self.replicas = replicas
        self._activation = ACTIVATIONS[activation]
        self._shapes = [(n + 1, m) for n, m in itertools.pairwise((1, *self.widths, 1))]
        size = sum(n * m for n, m in self._shapes)
        self.parameters: Array = np.zeros((replicas, size), dtype)
        self.gradient: Array = np.zeros((replicas, size), dtype)
        self.weights = self._views(self.parameters)
        self.slopes = self._views(self.gradient)
        # The C library gives arrays of over 128 kB back to the system whenever they are freed, and
        # pays for each page anew, until it has seen a larger one come and go.
        np.empty(_SEEN, np.uint8)
        self._room: dict[int, _Room] = {}
        self._now: _Room | None = None

    def _views(self, flat: Array) -> list[Array]:
        out, start = [], 0
        for n, m in self._shapes:
            out.append(flat[:, start : start + n * m].reshape(self.replicas, n, m))
            start += n * m
        return out

    def initialise(self, initial: str, streams: list[np.random.Generator]) -> None:
        """Draw every replica's parameters from its own stream."""
        for replica, stream in enumerate(streams):
            for weights in self.weights:
                weights[replica] = draw(initial, weights.shape[1:], stream)

    def forward(self, x: Array, masks: list[Array] | None = None) -> Array:
        """The outputs (R, n) at inputs (R, n), whose way back is kept for `backward`.

        They are overwritten by the next call with as many inputs. Dropout masks (R, n, width + 1),
        one a layer, are what each hidden unit is multiplied with; 1 in the last column.
        """
        n = x.shape[1]
        if n not in self._room:
            self._room[n] = _Room(self.replicas, n, self.widths, self.parameters.dtype)
        room = self._room[n]
        room.masks = masks
        room.layers[0][..., 0] = x
        # The first two layers go by segments where they can, and are faster so.
        room.by_segments = masks is None and self._activation.pieced and bool(room.segments)
        if room.by_segments:
            first, second, hidden = self.weights[0], self.weights[1], room.layers[2]
            for one, *parts in zip(room.segments, first, second, x, hidden, strict=True):
                one.forward(*parts)
            self._activation.apply(hidden)
        for k in range(2 if room.by_segments else 0, len(self.widths)):
            hidden = room.layers[k + 1]
            np.matmul(room.layers[k], self.weights[k], out=hidden[..., :-1])
            self._activation.apply(hidden)
            if masks is not None:
                hidden *= masks[k]
        np.matmul(room.layers[-1], self.weights[-1], out=room.output)
        self._now = room
        return room.output[..., 0]

    def backward(self, slope: Array, *, parameters: bool = True) -> Array:
        """Take ∂L/∂(output), (R, n), back to the inputs of the last `forward`.

        Gives the `gradient` of the parameters, or else ∂L/∂x of shape (R, n).
        """
        room = self._now
        assert room is not None
        back = slope[..., None]
        for k in range(len(self.weights) - 1, -1, -1):
            if room.by_segments and k == 1:
                return self._back_by_segments(room, parameters)
            if parameters:
                np.matmul(room.layers[k].swapaxes(1, 2), back, out=self.slopes[k])
            if k == 0:
                break
            hidden, out = room.layers[k], room.backs[k - 1]
            mask = None if room.masks is None else room.masks[k - 1]
            turned = self._turned(k)
            last = k == len(self.widths)
            if not last:
                np.matmul(back, turned, out=out)
            for start in range(0, out.shape[1], _BLOCK):
                here = np.s_[:, start : start + _BLOCK]
                if last:  # from the one output
                    np.einsum("rni,rik->rnk", back[here], turned, out=out[here])
                left = None if mask is None else mask[here]
                self._activation.pull(out[here], hidden[here], left)
            back = out[..., :-1]
        if parameters:
            return self.gradient
        return np.matmul(back, self.weights[0][:, :1].swapaxes(1, 2))[..., 0]

    def _turned(self, k: int) -> Array:
        """A layer's weights transposed: copied where that is less than what it saves."""
        turned = self.weights[k].swapaxes(1, 2)
        return np.ascontiguousarray(turned) if turned[0].size <= _SMALL else turned

    def _back_by_segments(self, room: _Room, parameters: bool) -> Array:
        pairs = zip(room.segments, room.backs[1], strict=True)
        if not parameters:
            return np.stack([one.inputs(back) for one, back in pairs])
        for (one, back), first, second in zip(pairs, self.slopes[0], self.slopes[1], strict=True):
            one.gradient(back, first, second)
        return self.gradient

    def penalise(self, l2: float) -> None:
        """Add the gradient of l2·½Σw² over the weights, biases left out."""
        if l2:
            for weights, slope in zip(self.weights, self.slopes, strict=True):
                slope[:, :-1] += l2 * weights[:, :-1]

    def penalty(self, l2: float) -> Array:
        """l2·½Σw² of each replica."""
        return 0.5 * l2 * sum(np.einsum("rij,rij->r", w[:, :-1], w[:, :-1]) for w in self.weights)


class _Room:
    """Arrays for one number of inputs, the last column of each layer's for the constant 1.

    Whole rows are worked on, with that column, as rows without it would not be contiguous.
    """

    def __init__(self, replicas: int, n: int, widths: tuple[int, ...], dtype: Any) -> None:
        self.layers = [np.ones((replicas, n, width + 1), dtype) for width in (1, *widths)]
        self.backs = [np.empty((replicas, n, width + 1), dtype) for width in widths]
        self.output = np.empty((replicas, n, 1), dtype)
        self.masks: list[Array] | None = None
        self.by_segments = False
        self.segments: list[Segments] = []
        if Segments.worthwhile(n, widths):
            shape = (n, *widths[:2], dtype)
            self.segments = [Segments(*shape) for _ in range(replicas)]


class OwnGenerators:
    """What `Networks` are to networks, for any generator; parameters and gradient are (R, d)."""

    def __init__(self, generator: Generator, replicas: int, dtype: Any) -> None:
        self._generator = generator
        self.replicas = replicas
        self.parameters: Array = np.zeros((replicas, generator.dimension), dtype)
        self.gradient: Array = np.zeros_like(self.parameters)
        self._z: Array = np.empty(0)

    def forward(self, z: Array) -> Array:
        """x (R, n) at latents (R, n), which are kept for `backward`."""
        self._z = z.astype(float)
        theta = self.parameters.astype(float)
        made = [self._generator(*pair) for pair in zip(self._z, theta, strict=True)]
        return np.array(made, self.parameters.dtype)

    def backward(self, slope: Array) -> Array:
        """Take ∂L/∂x (R, n) back to `gradient`."""
        theta = self.parameters.astype(float)
        for out, push, *pair in zip(self.gradient, slope, self._z, theta, strict=True):
            out[:] = self._generator.sensitivity(*pair) @ push
        return self.gradient

    def penalise(self, l2: float) -> None:
        """Nothing: parameters of one's own are no weights."""


S = TypeVar("S", bound=Networks | OwnGenerators)


class Trained(Generic[S]):
    """A stack, what its optimizer remembers, and the steps it has made; `l2` is the penalty's λ."""

    def __init__(self, networks: S, optimizer: Optimizer, l2: float = 0.0) -> None:
        self.networks, self._optimizer, self._l2 = networks, optimizer, l2
        shape = (optimizer.slots, *networks.parameters.shape)
        self.memory: Array = np.zeros(shape, networks.parameters.dtype)
        self.count = 0

    def step(self) -> None:
        """Step down the gradient that the networks hold."""
        self.networks.penalise(self._l2)
        self.count += 1
        self._optimizer.step(
            self.networks.parameters, self.networks.gradient, self.memory, self.count
        )

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Whether every parameter of each replica is a number."""
        return np.asarray(np.isfinite(self.networks.parameters).all(axis=1))
