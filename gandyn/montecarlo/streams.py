"""Random numbers of each replica: functions of the seed, the replica and the step alone.

Numbers for training come in blocks of steps, each block from a stream of its own, so that a run
that is resumed in the middle of a block draws it again, and nothing of a generator's state needs to
be kept. A replica's numbers do not depend on how many others there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gandyn.distributions import Distribution
from gandyn.errors import InputError
from gandyn.system.checks import AnyArray as Array
from gandyn.system.text import show

_BLOCK = 16384
"""Numbers of one kind in a block of one replica, if a single step does not need more."""

_LONGEST = 4096
"""Bits of a seed."""

_INITIAL, _DATA, _LATENT, _MASKS = range(4)


def root_of(rng: Any) -> np.random.SeedSequence:
    """The seed that everything is spawned from: of a whole number from 0 on, or of a Generator."""
    if isinstance(rng, np.random.Generator):
        seed = rng.bit_generator.seed_seq
        assert isinstance(seed, np.random.SeedSequence)
        return seed.spawn(1)[0]
    if isinstance(rng, np.random.SeedSequence):
        return rng
    whole = isinstance(rng, int | np.integer) and not isinstance(rng, bool)
    if not whole or rng < 0 or int(rng).bit_length() > _LONGEST:
        raise InputError(f"rng: got {show(rng)}, must be a whole number from 0 on or a Generator")
    return np.random.SeedSequence(int(rng))


def stream_of(rng: Any) -> np.random.Generator:
    """The stream that NumPy itself makes of a seed, where `root_of` takes it."""
    root_of(rng if not isinstance(rng, np.random.Generator) else 0)
    return np.random.default_rng(rng)


def children(root: np.random.SeedSequence, count: int) -> list[np.random.SeedSequence]:
    """One seed for each replica; the first ones are the same whatever the count."""
    return [_below(root, replica) for replica in range(count)]


def _below(seed: np.random.SeedSequence, *key: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *key))


def initial_streams(seeds: list[np.random.SeedSequence], network: int) -> list[np.random.Generator]:
    """Where each replica's first weights of a network come from."""
    return [np.random.default_rng(_below(seed, _INITIAL, network)) for seed in seeds]


class Batches:
    """Minibatches of one distribution, "data" or "latent" by `kind`, for the seed of each replica.

    An iteration needs so many `draws`, minibatches of `size` numbers.
    """

    def __init__(
        self,
        law: Distribution,
        seeds: list[np.random.SeedSequence],
        kind: str,
        draws: int,
        size: int,
        dtype: Any,
    ) -> None:
        self._law, self._seeds = law, seeds
        self._kind = {"data": _DATA, "latent": _LATENT}[kind]
        self._shape = (max(1, _BLOCK // (draws * size)), draws, size)
        self._dtype = dtype
        self._block, self._held = -1, np.empty(0)

    def at(self, iteration: int) -> Array:
        """The minibatches (draws, R, size) of an iteration, counted from 0."""
        block, place = divmod(iteration, self._shape[0])
        if block != self._block:
            parts = [
                self._law.sample(
                    self._shape, np.random.default_rng(_below(seed, self._kind, block))
                )
                for seed in self._seeds
            ]
            self._held = np.stack(parts, axis=2).astype(self._dtype)
            self._block = block
        return self._held[place]


class Masks:
    """Dropout masks: 0 at the rate (to 1/65536), else 1/(1 − rate).

    Every evaluation with dropout uses up the same count of raw numbers, so that the stream can be
    set to any evaluation.
    """

    def __init__(
        self,
        seeds: list[np.random.SeedSequence],
        network: int,
        rate: float,
        widths: tuple[int, ...],
        dtype: Any,
    ) -> None:
        self._seeds = [_below(seed, _MASKS, network) for seed in seeds]
        self._bits = [np.random.PCG64(seed) for seed in self._seeds]
        self._threshold = min(round(rate * 65536), 65535)
        self._scale = 65536.0 / (65536 - self._threshold)
        self._widths, self._dtype = widths, dtype

    def draw(self, n: int) -> list[Array] | None:
        """One mask (R, n, width + 1) for each hidden layer, or None where nothing is dropped.

        The last column, for the constant 1, is 1.
        """
        if not self._threshold:
            return None
        out = [np.empty((len(self._bits), n, width + 1), self._dtype) for width in self._widths]
        for replica, bits in enumerate(self._bits):
            for mask in out:
                flat = mask[replica].reshape(-1)
                raw = bits.random_raw(self._words(flat.size)).view(np.uint16)[: flat.size]
                np.multiply(raw >= self._threshold, self._scale, out=flat)
        for mask in out:
            mask[..., -1] = 1.0
        return out

    def skip(self, evaluations: dict[int, int]) -> None:
        """Go to where evaluations leave off: how many there were of each number of inputs."""
        words = sum(
            count * self._words(n * (width + 1))
            for n, count in evaluations.items()
            for width in self._widths
        )
        if self._threshold:
            self._bits = [np.random.PCG64(seed).advance(words) for seed in self._seeds]

    @staticmethod
    def _words(size: int) -> int:
        return (size + 3) // 4
