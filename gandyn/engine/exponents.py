"""What diverges at a point: where a density is infinite or vanishes there.

At a distance u from such a point p is like u^k and the generated density like u^m, so that the
log density ratio ℓ has the slope (k − m)/u. With w(ℓ) like r^κ, κ the power of r as it goes to 0
(k > m) or to infinity (k < m), the integrand p_g w ℓ' ∂G/∂θ of the force is like

    u^(K − 1 + v),      K = κ k + (1 − κ) m,

where ∂G/∂θ is like u^v (v is 0 or, where it vanishes, 1 most often), and can be integrated where
K + v > 0, and nowhere else: not where it is 0, either. So it is for a divergence with p_g f(r) like
p^κ p_g^(1 − κ), where K must be above −1. Where a density vanishes faster than every power, its
exponent is infinite; if −log p is like u^−s, ℓ' is like u^(−s − 1), and K must be above s − v.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.distributions.ends import at
from gandyn.generators import Generated, Generator
from gandyn.objectives import FDivergence, Objective

__all__ = ["Ends", "beside"]

Array = NDArray[np.float64]

_NEAR, _APART, _STEPS = 1e-5, 64.0, 3
_REGULAR, _TOLERANCE = 1e-5, 1e-5
_GROWS, _LASTS = 1e-3, 0.9
_BESIDE = 1e-6
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
        for x, side, k, m, steep in self._met(generator, generated, theta):
            power = np.where(k > m, *target.powers)
            rest = _exponent(power, k, m) - steep
            if (may := (k != m) & (rest <= _TOLERANCE)).any():
                sign, order = _beside_end(generated, x, side)
                endless = may[:, None] & (rest[:, None] + order <= _TOLERANCE) & (sign != 0.0)
                push = (side * np.sign(k - m))[:, None] * sign
                with np.errstate(invalid="ignore"):
                    out += np.where(endless, push * np.inf, 0.0)
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
            out |= grows & (_exponent(power, k, m) - steep <= -1.0 + _TOLERANCE)
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
                for row, side in enumerate(_SIDES):
                    m, steep = np.where(there, 0.0, np.nan), of_data[row, 1]
                    for image, end in zip(images, mine, strict=True):
                        m = np.where(same(x, image), end[row, 0], m)
                        steep = np.where(same(x, image), np.fmax(steep, end[row, 1]), steep)
                    steep = np.broadcast_to(steep, m.shape)
                    yield x, side, np.full(len(theta), of_data[row, 0]), m, steep
            for image, end in zip(images, mine, strict=True):
                there = np.isfinite(self._data.logpdf(image))
                for place in self._data.breaks:
                    there &= ~same(np.full(len(theta), place), image)
                for row, side in enumerate(_SIDES):
                    yield image, side, np.where(there, 0.0, np.nan), end[row, 0], end[row, 1]

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


def _exponent(power: Array, k: Array, m: Array) -> Array:
    """That of p^κ p_g^(1 − κ), κ the power; 0 times infinite is 0."""
    with np.errstate(invalid="ignore"):
        parts = np.where(power == 0.0, 0.0, power * k), np.where(power == 1.0, 0.0, (1 - power) * m)
        return np.where(np.isnan(k) | np.isnan(m), np.nan, parts[0] + parts[1])


def _beside_end(generated: Generated, x: Array, side: float) -> tuple[Array, Array]:
    """The sign of ∂G/∂θ on one side of a point of each state, and with which power it goes to 0
    there: (L, d) each."""
    lanes = np.arange(len(x))
    step = side * _BESIDE * np.array([edges[-1] - edges[0] for edges in generated.edges])
    here, near, far = (
        generated.sensitivity((x + share * step)[:, None], lanes)[..., 0].T
        for share in (0.0, 0.5, 1.0)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        order = np.where(here == 0.0, np.log2(np.abs(far / near)), 0.0)
    return np.sign(np.where(here == 0.0, near, here)), order


def beside(law: Distribution, place: float, side: float) -> tuple[float, float]:
    """(k, s) where a density goes with the power k of the distance u on one side (±1) of a point.

    k is nan where there is no density; where it vanishes faster than every power, k is infinite and
    log p goes with u^−s.
    """
    end = at(law.ends, place, side)
    if end is not None:
        return end.power, 0.0
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
    first, middle, last = powers.tolist()
    # of a smooth density they go to 0, as u or as a root of it; of a power they stay
    if abs(last) < _REGULAR or abs(last) < 0.7 * abs(first):
        return 0.0, 0.0
    growth, later = (math.log(abs(b / a), _APART) for a, b in ((first, middle), (middle, last)))
    if max(growth, later) <= _GROWS:
        return last, 0.0
    # of a power of a logarithm they grow ever slower
    return math.copysign(math.inf, last), later if later > _LASTS * growth else 0.0
