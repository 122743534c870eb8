"""What diverges at a point: where a density is infinite or vanishes there.

At a distance u from such a point p is like u^k and the generated density like u^m, so that the
log density ratio ℓ has the slope (k − m)/u. With w(ℓ) like r^κ, κ the power of r as it goes to 0
(k > m) or to infinity (k < m), the integrand p_g w ℓ' ∂G/∂θ of the force is like

    u^(m + κ(k − m) − 1),

which can be integrated where m + κ(k − m) > 0, and nowhere else: not where it is 0, either. So it
is for a divergence with p_g f(r) like p^κ p_g^(1 − κ), where m + κ(k − m) must be above −1. The
exponents are measured once for each of the two densities, from values of it next to its breaks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.generators import Generated, Generator
from gandyn.objectives import FDivergence, Objective

__all__ = ["Ends", "beside"]

Array = NDArray[np.float64]

_NEAR, _APART, _STEPS = 1e-5, 64.0, 3
_REGULAR, _TOLERANCE = 1e-5, 1e-5
_GROWS = 1e-3
_SAME = 1e-12
_SIDES = -1.0, 1.0


class Ends:
    """Where data and latent are no smooth positive functions, and what diverges there.

    Parameters
    ----------
    data, latent : Distribution
    """

    def __init__(self, data: Distribution, latent: Distribution) -> None:
        self._data, self._latent = data, latent
        self._of_data, self._of_latent = (
            np.array([[beside(law, place, side) for side in _SIDES] for place in law.breaks])
            for law in (data, latent)
        )
        powers = [of[..., 0].ravel() for of in (self._of_data, self._of_latent) if len(of)]
        self.smooth = not np.nan_to_num(np.concatenate([[0.0], *powers])).any()
        """Whether there is no such point, and nothing to be asked."""

    def force(
        self, target: Objective, generator: Generator, generated: Generated, theta: Array
    ) -> Array:
        """±∞ in the components of the force (L, d) that are infinite, 0 elsewhere.

        nan where one is so both ways.
        """
        out = np.zeros(theta.shape)
        if self.smooth or not isinstance(target, FDivergence):
            return out
        for x, side, k, m, _ in self._met(generator, generated, theta):
            power = np.where(k > m, *target.powers)
            endless = (k != m) & (m + power * (k - m) <= _TOLERANCE)
            if endless.any():
                at = generated.sensitivity(x[:, None], np.arange(len(x)))[..., 0].T
                push = (side * np.sign(k - m))[:, None] * at
                with np.errstate(invalid="ignore"):
                    out += np.where(endless[:, None] & (push != 0.0), push * np.inf, 0.0)
        return out

    def value(
        self,
        powers: tuple[float, float],
        generator: Generator | None,
        generated: Generated,
        theta: Array,
    ) -> NDArray[np.bool_]:
        """Whether the divergence of a weight with these powers is infinite at states (L, d).

        Without a generator p_g is the latent's own density.
        """
        out = np.zeros(len(theta), bool)
        if self.smooth:
            return out
        for _, _, k, m, steep in self._met(generator, generated, theta):
            power = np.where(k > m, *powers)
            grows = np.where(k > m, power <= 0.0, power >= 1.0) & (k != m)
            # of the logarithm in a Kullback-Leibler divergence
            steep = np.where((power == 0.0) | (power == 1.0), steep, 0.0)
            out |= grows & (m + power * (k - m) - steep <= -1.0 + _TOLERANCE)
        return out

    def alone(
        self, powers: tuple[float, float], generator: Generator | None, theta: Array
    ) -> NDArray[np.bool_]:
        """Whether the same is infinite at states (L, d) since one density is where none of the
        other is, however little: where what is generated goes on, the data end, or conversely."""
        low, high = self._data.support
        if generator is None or generator.affine:
            ends, _ = self._images(generator, theta, np.array(self._latent.support))
            first, last = np.sort(ends, axis=0)
        else:
            return np.zeros(len(theta), bool)
        room = _SAME * np.abs(theta).max(axis=1, initial=0.0)
        out = np.zeros(len(theta), bool)
        if powers[0] <= 0.0:
            out |= (first < low - room) | (last > high + room)
        if powers[1] >= 1.0:
            out |= (low < first - room) | (high > last + room)
        return out

    def _met(
        self, generator: Generator | None, generated: Generated, theta: Array
    ) -> Iterator[tuple[Array, float, Array, Array, Array]]:
        """Points x, the side, k and m, and how the steeper logarithm grows: arrays (L,).

        An exponent is nan where there is no density.
        """
        lanes, room = np.arange(len(theta)), np.abs(theta).max(axis=1, initial=0.0)
        images, turned = self._images(generator, theta, self._latent.breaks)
        mine = [np.where(turned, end[::-1, :, None], end[:, :, None]) for end in self._of_latent]

        def same(x: Array, other: Array) -> NDArray[np.bool_]:
            return np.asarray(np.abs(x - other) <= _SAME * (np.abs(x) + room))

        with np.errstate(invalid="ignore"):
            for place, of_data in zip(self._data.breaks, self._of_data, strict=True):
                x = np.full(len(theta), place)
                there = np.isfinite(generated.logpdf(x[:, None], lanes)[:, 0])
                for at, side in enumerate(_SIDES):
                    m, steep = np.where(there, 0.0, np.nan), of_data[at, 1]
                    for image, end in zip(images, mine, strict=True):
                        m = np.where(same(x, image), end[at, 0], m)
                        steep = np.where(same(x, image), np.fmax(steep, end[at, 1]), steep)
                    yield x, side, np.full(len(theta), of_data[at, 0]), m, steep + 0.0 * m
            for image, end in zip(images, mine, strict=True):
                there = np.isfinite(self._data.logpdf(image))
                for place in self._data.breaks:
                    there &= ~same(np.full(len(theta), place), image)
                for at, side in enumerate(_SIDES):
                    yield image, side, np.where(there, 0.0, np.nan), end[at, 0], end[at, 1]

    def _images(
        self, generator: Generator | None, theta: Array, z: Array
    ) -> tuple[list[Array], NDArray[np.bool_]]:
        """Latent points z on the line, (L,) each, and where the line is turned round."""
        none = np.zeros(len(theta), bool)
        if generator is None or not len(z):
            return [np.full(len(theta), point) for point in z], none
        if generator.affine and generator.scale_and_place is not None:
            a, b = theta[:, generator.scale_and_place].T
            return [a * point + b for point in z], a < 0.0
        images = np.array([generator(z, state) for state in theta]).T
        slopes = np.array([generator.slope(z[:1], state)[0] for state in theta])
        return list(images), slopes < 0.0


def beside(law: Distribution, place: float, side: float) -> tuple[float, float]:
    """(k, s) where a density goes with the power k of the distance u on one side (±1) of a point.

    k is nan where there is no density; where it changes faster than every power, log p goes with
    u^−s.
    """
    centres, widths = law.landmarks.T
    away = centres != place  # a landmark on the point itself may be as narrow as rounding
    size = np.maximum(np.abs(centres - place), widths)[away if away.any() else slice(None)].min()
    largest = min(max(_NEAR * size, 4.0 * _NEAR * abs(place)), 1e-2 * size)
    u = largest * _APART ** -np.arange(float(_STEPS))
    x = place + side * np.stack([u, 0.5 * u])
    if (np.abs(x - place) < 0.25 * u).any():
        return 0.0, 0.0  # the density is as narrow as rounding
    log_density = law.logpdf(x)
    if not np.isfinite(log_density).all():
        return math.nan, 0.0
    powers = (log_density[0] - log_density[1]) / np.log((x[0] - place) / (x[1] - place))
    first, last = powers[[0, -1]].tolist()
    # of a smooth density they go to 0, as u or as a root of it; of a power they stay
    if abs(last) < _REGULAR or abs(last) < 0.7 * abs(first):
        return 0.0, 0.0
    growth = math.log(abs(last / first)) / math.log(_APART ** (_STEPS - 1))
    return last, growth if growth > _GROWS else 0.0
