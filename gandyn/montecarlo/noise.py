"""The noise of minibatches: its covariance by quadrature and as measured, and its −1/2 slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit

from gandyn.engine.panels import field_integrals
from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.montecarlo.streams import stream_of
from gandyn.objectives.field import Field
from gandyn.system.checks import Array, need_count
from gandyn.system.memory import need_memory
from gandyn.system.results import Result
from gandyn.system.text import show

_AT_ONCE = 2_000_000
_EACH = 64
"""Bytes that a latent takes, with what is computed of it."""
_MESSAGES = {0: "every integral met its tolerance", -1: "an integral did not meet its tolerance"}


@dataclass(frozen=True, eq=False)
class Noise(Result):
    """Mean and covariance of the generator's minibatch gradient, in the direction of descent.

    Attributes
    ----------
    mean : ndarray, shape (d,)
        The force: −∂(loss)/∂θ expected over the latent.
    covariance : ndarray, shape (d, d)
        Of the mean over one minibatch.
    mean_error, covariance_error : ndarray, shapes (d,) and (d, d)
        By quadrature: estimates of the absolute error. Measured: standard errors.
    batch : int
    status : int
        0; -1 where an integral did not meet its tolerance.
    """

    mean: Array
    covariance: Array
    mean_error: Array
    covariance_error: Array
    batch: int
    status: int = 0

    @property
    def message(self) -> str:
        """What the status means."""
        return _MESSAGES[self.status]


def gradient_noise(game: Game, theta: ArrayLike, batch: int = 1) -> Noise:
    """Covariance of the minibatch generator gradient at the optimal discriminator, by quadrature.

    A minibatch of n latents gives the mean of g(z) = s(G(z)) ∂G/∂θ, whose covariance is
    (E[g gᵀ] − E[g] E[g]ᵀ)/n; both expectations are integrals over x with the density p_g.

    Parameters
    ----------
    game : Game
        Of a generator of which ∂G/∂θ is a function of x, such as the linear one.
    theta : array_like, shape (d,)
    batch : int
        n.

    Returns
    -------
    Noise
        Infinite entries where the second moment is infinite.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("N(4, 1.25)"))
    >>> noise = gradient_noise(game, [1.0, 0.0], batch=32)
    >>> noise.covariance.round(4).tolist()
    [[0.1303, 0.0091], [0.0091, 0.0047]]
    """
    state = _state(game, theta)
    need_count("batch", batch, 1)
    target, d = game.objective, game.generator.dimension
    pairs = np.triu_indices(d)

    def second(at: Field) -> Array:
        pushed = target.slope(at) * at.sensitivity
        return np.exp(at.log_generated) * pushed[pairs[0]] * pushed[pairs[1]]

    def rounding(at: Field) -> Array:
        return 2.0 * target.force_rounding(at)

    generated = game.generator.generated(state[None])
    rows = [(target.force, target.force_rounding), (second, rounding)]
    found = field_integrals(game.data, generated, rows, transport=False)
    value, error = found.value[:, 0], found.error[:, 0]
    mean, mean_error = value[:d], error[:d]
    covariance, covariance_error = np.empty((2, d, d))
    for array, of in ((covariance, value), (covariance_error, error)):
        array[pairs] = array.T[pairs] = of[d:]
    covariance -= np.outer(mean, mean)
    product = np.abs(np.outer(mean, mean_error))
    covariance_error += product + product.T
    status = 0 if found.converged.all() else -1
    return Noise(mean, covariance / batch, mean_error, covariance_error / batch, batch, status)


def measured_noise(
    game: Game,
    theta: ArrayLike,
    batch: int,
    minibatches: int = 4000,
    rng: int | np.random.Generator = 0,
) -> Noise:
    """The same from minibatches that are drawn, with standard errors.

    Parameters
    ----------
    game : Game
    theta : array_like, shape (d,)
    batch : int
        Latents in a minibatch.
    minibatches : int
        How many are drawn, 2 or more.
    rng : int or Generator

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("N(4, 1.25)"))
    >>> exact = gandyn.gradient_noise(game, [1.0, 0.0], 32)
    >>> found = measured_noise(game, [1.0, 0.0], 32, 500)
    >>> bool((abs(found.covariance - exact.covariance) < 5 * found.covariance_error).all())
    True
    """
    state = _state(game, theta)
    need_count("batch", batch, 1)
    need_count("minibatches", minibatches, 2)
    need_memory(f"batch: got {batch}", _EACH * batch)
    stream = stream_of(rng)
    means = []
    for count in _parts(minibatches, batch):
        z = game.generator.latent.sample((count, batch), stream)
        push = game.slope(game.generator(z, state).reshape(1, -1), state[None]).reshape(z.shape)
        means.append((push * game.generator.sensitivity(z, state)).mean(axis=-1))
    gradients = np.concatenate(means, axis=1)
    mean = gradients.mean(axis=1)
    away = gradients - mean[:, None]
    products = away[:, None] * away[None]
    covariance = products.sum(axis=-1) / (minibatches - 1)
    spread = products.std(axis=-1) / np.sqrt(minibatches)
    mean_error = np.sqrt(np.diag(covariance) / minibatches)
    return Noise(mean, covariance, mean_error, spread, batch)


@dataclass(frozen=True, eq=False)
class SamplingError(Result):
    """Errors of Monte-Carlo estimates with n samples of each kind, for N numbers n.

    Attributes
    ----------
    sizes : ndarray of int, shape (N,)
    value, force : ndarray, shape (N,)
        Root mean square error of the estimate of V(G, D*), and of the force (its length).
    value_error, force_error : ndarray, shape (N,)
        Their standard errors.
    expected_value, expected_force : ndarray, shape (N,)
        What the variances by quadrature say: √(Var/n).
    value_slope, force_slope : (float, float)
        Slope of log error against log n, with its standard error: −1/2 in theory.
    status : int
        0; -1 where an integral of the variances did not meet its tolerance.
    """

    sizes: NDArray[np.intp]
    value: Array
    force: Array
    value_error: Array
    force_error: Array
    expected_value: Array
    expected_force: Array
    value_slope: tuple[float, float]
    force_slope: tuple[float, float]
    status: int = 0

    message = Noise.message


def sampling_error(
    game: Game,
    theta: ArrayLike,
    sizes: ArrayLike = (10, 100, 1000, 10_000),
    repeats: int = 400,
    rng: int | np.random.Generator = 0,
) -> SamplingError:
    """Error of Monte-Carlo estimates of V(G, D*) and of the force against the number of samples.

    Parameters
    ----------
    game : Game
    theta : array_like, shape (d,)
    sizes : array_like of int
        Samples of the data, and as many latents, in one estimate: two or more different numbers.
    repeats : int
        Estimates of each size.
    rng : int or Generator

    Raises
    ------
    InputError
        For arguments that are not as above.

    Examples
    --------
    >>> import gandyn
    >>> game = gandyn.Game(gandyn.parse("N(4, 1.25)"))
    >>> found = sampling_error(game, [1.0, 0.0], sizes=(10, 100, 1000), repeats=100)
    >>> slope, bar = found.force_slope
    >>> abs(slope + 0.5) < 5 * bar
    True
    """
    state = _state(game, theta)
    need_count("repeats", repeats, 2)
    try:
        numbers = np.atleast_1d(np.asarray(sizes))
    except ValueError:  # of lists of unequal lengths
        numbers = np.empty(0)
    whole = numbers.ndim == 1 and np.issubdtype(numbers.dtype, np.integer)
    if not whole or len(np.unique(numbers)) < 2 or (numbers < 1).any():
        raise InputError(f"sizes: got {show(sizes)}, must be two or more whole numbers from 1 on")
    need_memory(f"sizes: got {numbers.max()}", _EACH * float(numbers.max()))
    stream = stream_of(rng)
    exact = game.evaluate(state)
    value, force = float(exact.value), np.asarray(exact.force)
    squares = np.empty((2, len(numbers), repeats))
    for k, n in enumerate(numbers.tolist()):
        done = 0
        for count in _parts(repeats, n):
            part = slice(done, done + count)
            errors = _estimates(game, state, (count, n), stream)
            squares[0, k, part] = (errors[0] - value) ** 2
            squares[1, k, part] = ((errors[1:] - force[:, None]) ** 2).sum(axis=0)
            done += count
    mean = squares.mean(axis=-1)
    spread = squares.std(axis=-1) / np.sqrt(repeats)
    root = np.sqrt(mean)
    bar = 0.5 * spread / root
    noise = gradient_noise(game, state)
    variance, status = _value_variance(game, state)
    return SamplingError(
        numbers.astype(np.intp),
        root[0],
        root[1],
        bar[0],
        bar[1],
        np.sqrt(variance / numbers),
        np.sqrt(np.trace(noise.covariance) / numbers),
        _slope(numbers, root[0], bar[0]),
        _slope(numbers, root[1], bar[1]),
        min(status, noise.status),
    )


def _estimates(
    game: Game, state: Array, shape: tuple[int, int], stream: np.random.Generator
) -> Array:
    """Estimates of V and of the force from samples, shape (1 + d, repeats)."""
    best = game.discriminator(state)
    z = game.generator.latent.sample(shape, stream)
    fake = game.generator(z, state)
    real = game.data.sample(shape, stream)
    value = log_expit(best.logit(real)).mean(axis=1) + log_expit(-best.logit(fake)).mean(axis=1)
    push = game.slope(fake.reshape(1, -1), state[None]).reshape(shape)
    force = (push * game.generator.sensitivity(z, state)).mean(axis=-1)
    return np.concatenate([value[None], force])


def _value_variance(game: Game, state: Array) -> tuple[float, int]:
    """Var_p log D* + Var_pg log(1 − D*), and a status."""

    def moments(at: Field) -> Array:
        p, q = np.exp(at.log_data), np.exp(at.log_generated)
        real, fake = log_expit(at.log_ratio), log_expit(-at.log_ratio)
        rows = [p * real, p * real**2, q * fake, q * fake**2]
        return np.where(np.isfinite(rows), rows, 0.0)

    def rounding(at: Field) -> Array:
        return at.density_rounding + at.ratio_rounding

    generated = game.generator.generated(state[None])
    found = field_integrals(game.data, generated, [(moments, rounding)], transport=False)
    real, real_square, fake, fake_square = found.value[:, 0].tolist()
    status = 0 if found.converged.all() else -1
    return float(real_square - real**2 + fake_square - fake**2), status


def _slope(n: NDArray[Any], error: Array, bar: Array) -> tuple[float, float]:
    """Weighted least squares of log error against log n: slope and standard error."""
    x, y, weight = np.log(n), np.log(error), (error / bar) ** 2
    middle = np.average(x, weights=weight)
    spread = float(weight @ (x - middle) ** 2)
    return float(weight @ ((x - middle) * y)) / spread, spread**-0.5


def _parts(count: int, size: int) -> list[int]:
    """Counts that add up to `count`, each small enough to be drawn at once."""
    most = max(1, _AT_ONCE // size)
    return [min(most, count - start) for start in range(0, count, most)]


def _state(game: Game, theta: ArrayLike) -> Array:
    if not isinstance(game, Game):
        raise InputError(f"game: got {show(game)}, must be a Game")
    state = game.generator.check(theta)
    if state.ndim != 1:
        raise InputError(f"theta: got shape {state.shape}, must be one state")
    return state
