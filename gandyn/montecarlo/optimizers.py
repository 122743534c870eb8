"""First-order optimizers over stacked flat parameters: SGD, momentum, RMSProp, Adam.

Each works in place on arrays of shape (R, P), one row for each replica, in as few passes as its
rule allows. The exponential averages are kept as plain decaying sums, whose constant factors go
into the step.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from gandyn.errors import InputError
from gandyn.system.checks import AnyArray as Array
from gandyn.system.checks import need_number
from gandyn.system.text import show

_SWEEP = 64
_MARGIN = 1e5
"""What a unit that is no longer active leaves behind decays until it is subnormal, a hundred times
slower to compute with: every 64 steps what is close to that is set to 0."""
_BLOCK = 65536
"""Parameters updated at a time, so that they stay in the cache through every pass."""


@dataclass(frozen=True)
class Optimizer(ABC):
    """A rule that turns gradients into steps, at a learning `rate` above 0."""

    rate: float

    slots: ClassVar[int] = 0
    """Arrays of the parameters' shape that the rule remembers."""

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = f"{type(self).__name__}.{field.name}", getattr(self, field.name)
            if field.name == "nesterov":
                if not isinstance(value, bool):
                    raise InputError(f"{name}: got {show(value)}, must be True or False")
            elif field.name in ("rate", "epsilon"):
                need_number(name, value, 0.0, math.inf, "a finite number above 0")
            else:
                need_number(name, value, 0.0, 1.0, "from 0 to below 1", closed=True)

    def step(self, parameters: Array, gradient: Array, memory: Array, count: int) -> None:
        """Make step number `count` (from 1) in place on parameters (R, P); the gradient is used up.

        The memory (slots, R, P) is what the rule remembers, zeros at first.
        """
        if count % _SWEEP == 0:
            memory[np.abs(memory) < np.finfo(memory.dtype).tiny * _MARGIN] = 0.0
        flat, slope = parameters.reshape(-1), gradient.reshape(-1)
        kept = memory.reshape(len(memory), flat.size)
        scratch = np.empty(min(_BLOCK, flat.size), flat.dtype)
        for start in range(0, flat.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            room = scratch[: flat.size - start]
            self._update(flat[part], slope[part], kept[:, part], room, count)

    @abstractmethod
    def _update(self, p: Array, g: Array, memory: Array, scratch: Array, count: int) -> None:
        """One step of a block; `g` and `scratch` may be overwritten."""


@dataclass(frozen=True)
class SGD(Optimizer):
    """θ ← θ − rate·g (Robbins and Monro 1951)."""

    def _update(self, p: Array, g: Array, memory: Array, scratch: Array, count: int) -> None:
        g *= self.rate
        p -= g


@dataclass(frozen=True)
class Momentum(Optimizer):
    """u ← momentum·u + g, θ ← θ − rate·u; with `nesterov` θ ← θ − rate·(g + momentum·u).

    Sutskever et al. (2013), in the form in which the rate is not part of u.
    """

    momentum: float = 0.9
    nesterov: bool = False
    slots: ClassVar[int] = 1

    def _update(self, p: Array, g: Array, memory: Array, scratch: Array, count: int) -> None:
        (u,) = memory
        u *= self.momentum
        u += g
        if self.nesterov:
            np.multiply(u, self.momentum, out=scratch)
            g += scratch
            g *= self.rate
            p -= g
        else:
            np.multiply(u, self.rate, out=scratch)
            p -= scratch


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """v ← decay·v + (1 − decay)·g², θ ← θ − rate·g/(√v + epsilon) (Tieleman and Hinton 2012)."""

    decay: float = 0.99
    epsilon: float = 1e-8
    slots: ClassVar[int] = 1

    def _update(self, p: Array, g: Array, memory: Array, scratch: Array, count: int) -> None:
        (v,) = memory
        np.multiply(g, g, out=scratch)
        v *= self.decay
        v += scratch
        root = math.sqrt(1.0 - self.decay)
        np.sqrt(v, out=scratch)
        scratch += self.epsilon / root
        np.divide(g, scratch, out=scratch)
        scratch *= self.rate / root
        p -= scratch


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, Algorithm 1): bias-corrected means of g and of g².

    θ ← θ − rate·m̂/(√v̂ + epsilon).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[int] = 2

    def _update(self, p: Array, g: Array, memory: Array, scratch: Array, count: int) -> None:
        m, v = memory
        m *= self.beta1
        m += g
        g *= g
        v *= self.beta2
        v += g
        # m̂ = m (1 − β₁)/(1 − β₁ᵗ), and v̂ alike: m and v are the sums without these factors.
        first, second = (
            (1.0 - beta) / -math.expm1(count * math.log(beta)) if beta else 1.0
            for beta in (self.beta1, self.beta2)
        )
        root = math.sqrt(second)
        np.sqrt(v, out=scratch)
        scratch += self.epsilon / root
        np.divide(m, scratch, out=scratch)
        scratch *= self.rate * first / root
        p -= scratch
