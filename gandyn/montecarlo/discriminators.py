"""The generator's opponent: a network in training, or the optimum that gandyn knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.generators import Generator
from gandyn.montecarlo.networks import Trained
from gandyn.montecarlo.streams import Masks
from gandyn.system.checks import AnyArray as Array


class Loss(NamedTuple):
    """What a generated point costs the generator, by the discriminator's logit there."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


LOSSES = {
    "nonsaturating": Loss(lambda logit: np.logaddexp(0.0, -logit), lambda logit: -expit(-logit)),
    "saturating": Loss(lambda logit: -np.logaddexp(0.0, logit), lambda logit: -expit(logit)),
}
"""−log D and log(1 − D), by the objective that each is at the optimal discriminator."""


class LearnedDiscriminator:
    """A stack of networks, trained to tell the data from what is generated."""

    def __init__(self, trained: Trained, masks: Masks, loss: Loss, *, always: bool) -> None:
        self.trained, self.loss = trained, loss
        self._networks = trained.networks
        self._masks, self._always = masks, always
        self._both: Array = np.empty((trained.networks.replicas, 0))
        self.logits_seen: Array = self._both
        """Logits (R, 2n) of the last step of its own: real ones, then fake ones."""
        self.logits_judged: Array = self._both
        """Logits (R, n) in the last step of the generator."""

    def train(self, real: Array, fake: Array) -> None:
        """One step of its own, on minibatches (R, n)."""
        n = real.shape[1]
        if self._both.shape[1] != 2 * n:
            self._both = np.empty((len(real), 2 * n), real.dtype)
        self._both[:, :n] = real
        self._both[:, n:] = fake
        logits = self._networks.forward(self._both, self._masks.draw(2 * n))
        self.logits_seen = logits
        self._networks.backward(discriminator_slope(logits))
        self.trained.step()

    def pull(self, fake: Array, theta: Array) -> Array:
        """∂(generator's loss)/∂x of the mean over each minibatch (R, n)."""
        masks = self._masks.draw(fake.shape[1]) if self._always else None
        logits = self._networks.forward(fake, masks)
        self.logits_judged = logits
        slope = generator_slope(logits, self.loss)
        return self._networks.backward(slope, parameters=False)

    def skip(self, own: int, generators: int, batch: int) -> None:
        """Set the masks to where they are after so many steps of both players."""
        evaluations = {2 * batch: own, batch: generators if self._always else 0}
        self._masks.skip(evaluations)


class OptimalDiscriminator:
    """The slope at the optimum for each replica's state, which needs no training."""

    def __init__(self, game: Game) -> None:
        self._game = game

    def train(self, real: Array, fake: Array) -> None:
        """Nothing: it is at its optimum for every state."""

    def pull(self, fake: Array, theta: Array) -> Array:
        """As `LearnedDiscriminator.pull`."""
        # A replica that has diverged has no density.
        good = states(self._game.generator, theta)
        out = np.full_like(fake, np.nan)
        out[good] = self._game.slope(fake[good], theta[good]) / -fake.shape[1]
        return out


def discriminator_slope(logits: Array) -> Array:
    """∂/∂logit of the mean of −log D over the first half and −log(1 − D) over the second."""
    n = logits.shape[1] // 2
    out = np.empty_like(logits)
    np.negative(logits[:, :n], out=out[:, :n])
    out[:, n:] = logits[:, n:]
    expit(out, out=out)
    out[:, :n] *= -1.0 / n
    out[:, n:] *= 1.0 / n
    return out


def discriminator_loss(logits: Array) -> Array:
    """Mean of −log D over the first half and of −log(1 − D) over the second, added: (R,)."""
    n = logits.shape[1] // 2
    wide = logits.astype(float)
    return (np.logaddexp(0.0, -wide[:, :n]) + np.logaddexp(0.0, wide[:, n:])).mean(axis=1)


def generator_slope(logits: Array, loss: Loss) -> Array:
    """∂/∂logit of the mean loss over a minibatch."""
    out = loss.slope(logits)
    out *= 1.0 / logits.shape[1]
    return out


def generator_loss(logits: Array, loss: Loss) -> Array:
    """Mean over a minibatch (R,)."""
    return np.asarray(loss.value(logits.astype(float)).mean(axis=1))


def states(generator: Generator, theta: Array) -> NDArray[np.bool_]:
    """Which rows (R,) of parameters (R, d) are states of the generator."""

    def fine(rows: Array) -> bool:
        try:
            generator.check(rows)
        except InputError:
            return False
        return True

    return np.full(len(theta), True) if fine(theta) else np.array([fine(row) for row in theta])
