"""What an objective is: a slope on the line, and the potential that its flow descends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from gandyn.objectives import divergences
from gandyn.objectives.field import Field
from gandyn.objectives.primitive import Primitive, log_derivative
from gandyn.system.checks import Array

Function = Callable[[Array], Array]

_LAST_ELL = 200.0


class Objective(ABC):
    """A slope on the line, and the potential that its flow descends.

    Attributes
    ----------
    name : str
    transport : bool
        Whether its integrands have kinks where the monotone coupling changes side.
    has_level : bool
        Whether the force can be integrated by parts.
    closed : str
        Which closed form its games of a z + b have: "mean" where the slope is 2(E x − x),
        "monotone" where it is 2(T(x) − x), "crossings" where it is sign(T(x) − x), T the monotone
        map onto the data; "" for none.
    """

    name: str = "custom"
    transport: bool = False
    has_level: bool = False
    closed: str = ""

    def __repr__(self) -> str:
        return f"<objective {self.name}>"

    recipe: tuple[Callable[..., Objective], tuple] | None = None
    """The function and arguments that make it again, where it is one of the named."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Objective) or type(self) is not type(other):
            return NotImplemented
        if self.recipe or other.recipe:
            return self.recipe == other.recipe
        return self._given() == other._given()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.recipe or super().__reduce_ex__(protocol)

    def __getstate__(self) -> dict[str, Any]:
        given = self._given()
        for key, value in given.items():
            if "<" in getattr(value, "__qualname__", ""):
                raise TypeError(
                    f"objective {self.name}: its {key.strip('_')} is {value.__qualname__}, must be "
                    "a function at the top of a module to be pickled"
                )
        return given

    def _given(self) -> dict[str, Any]:
        """What it was made with, without what was computed since."""
        return {
            name: value
            for name, value in vars(self).items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }

    @abstractmethod
    def slope(self, at: Field) -> Array:
        """The push s(x) on generated particles at the points of the field."""

    @abstractmethod
    def potential(self, at: Field) -> Array:
        """An integrand over x whose integral is the potential."""

    def force(self, at: Field) -> Array:
        """The integrand of dθ/dt, shape (d, *x.shape)."""
        return np.exp(at.log_generated) * self.slope(at) * at.sensitivity

    def force_by_parts(self, at: Field) -> Array:
        """The integrand of dθ/dt integrated by parts along x, (d, *x.shape), if it `has_level`.

        Densities must not jump, and the generator's flux must be known. Its integral is that of
        `force`, and one keeps its digits where the other loses them to cancellation.
        """
        raise NotImplementedError

    def force_by_parts_rounding(self, at: Field) -> Array:
        """Its relative rounding, in units of the machine epsilon."""
        raise NotImplementedError

    def force_rounding(self, at: Field) -> Array:
        """Its relative rounding, in units of the machine epsilon."""
        ratio = at.ratio_share * at.ratio_rounding
        return at.density_rounding + ratio + at.ratio_slope_rounding

    potential_rounding = staticmethod(divergences.ratio_rounding)


class FDivergence(Objective):
    """The game of an f-divergence ∫ p_g f(p/p_g) dx, given by its weight.

    Parameters
    ----------
    weight : callable
        w(ℓ) = r² f''(r) at r = e^ℓ, positive, elementwise on arrays.
    name : str
    log_weight : callable, optional
        log w(ℓ), for weights that overflow.
    elasticity : callable, optional
        d log w/dℓ; differences of log w otherwise.
    density : callable, optional
        The integrand of the potential as a function of a `Field`; found from the weight otherwise:
        p_g f(r) = ∫₀^ℓ (p e^−s − p_g) w(s) ds.
    first, tail : callable, optional
        ∫₀^ℓ w(s) ds and ∫_ℓ^∞ w(s) e^−s ds = f'(∞) − f'(r), which the boundary terms need;
        integrated numerically otherwise.
    level : callable, optional
        p_g (∫^ℓ w ds), with any lower limit, as a function of a `Field`: the force integrated by
        parts is −∫ level · (p_g ∂G/∂θ)'/p_g dx.
    quick : callable, optional
        ``quick(log_p, p, log_q, out)`` puts w p_g into `out`, given log p and p of shape (n,) and
        log p_g of shape (L, n), which it may overwrite; formed from w otherwise.

    Notes
    -----
    Nowozin, Cseke and Tomioka, "f-GAN" (2016), for the family; the slope w ℓ' is the derivative of
    the first variation f(r) − r f'(r) along the line.

    Examples
    --------
    >>> half = gandyn.FDivergence(lambda ell: np.full_like(ell, 0.5), name="half")
    >>> theta, data = [0.8, 1.0], gandyn.Normal(0, 1)
    >>> whole = gandyn.Game(data, objective="reverse_kl").force(theta)
    >>> bool(np.allclose(gandyn.Game(data, objective=half).force(theta), 0.5 * whole))
    True
    """

    def __init__(
        self,
        weight: Function,
        name: str = "custom",
        *,
        log_weight: Function | None = None,
        elasticity: Function | None = None,
        density: Callable[[Field], Array] | None = None,
        first: Function | None = None,
        tail: Function | None = None,
        level: Callable[[Field], Array] | None = None,
        quick: Callable[[Array, Array, Array, Array], object] | None = None,
    ) -> None:
        self.name = name
        self.weight = weight
        self._log_weight = log_weight
        self._elasticity = elasticity
        self._density = density
        self._first = first
        self._tail = tail
        self._level = level
        self._quick = quick
        self.has_level = level is not None
        self.rest: tuple[FDivergence, float] | None = None
        """w − 1 as so many times the weight of another, where w goes to 1 as r goes to 0."""

    def log_weight(self, ell: Array) -> Array:
        """log w(ℓ)."""
        if self._log_weight is not None:
            return self._log_weight(ell)
        # Far out, where w over- or underflows and all that is left of it is its power of r, on
        # along the tangent.
        near = np.clip(ell, -_LAST_ELL, _LAST_ELL)
        beyond = np.where(np.isfinite(ell), ell - near, 0.0)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            log = np.log(self.weight(near))
            tangent = log - np.log(self.weight(near - np.sign(near)))
            return np.where(beyond == 0.0, log, log + beyond * np.sign(near) * tangent)

    def elasticity(self, ell: Array) -> Array:
        """d log w/dℓ."""
        if self._elasticity is not None:
            return self._elasticity(ell)
        return log_derivative(self.log_weight, ell)

    def slope(self, at: Field) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            slope = np.exp(self.log_weight(at.log_ratio)) * at.ratio_slope
        return np.where(at.log_ratio == -np.inf, 0.0, slope)

    def mass(self, at: Field) -> Array:
        """p_g w(ℓ), formed in the log domain: 0 where either density is 0."""
        with np.errstate(over="ignore", invalid="ignore"):
            weight = self.log_weight(at.log_ratio)
            # w p_g or (w/r) p: from the density that it is near, not from two large logarithms.
            other = weight - at.log_ratio
            from_data = np.abs(other) < np.abs(weight)
            mass = np.exp(np.where(from_data, at.log_data + other, at.log_generated + weight))
        return np.where(np.isfinite(at.log_ratio) & np.isfinite(at.log_generated), mass, 0.0)

    def force(self, at: Field) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            return self.mass(at) * at.ratio_slope * at.sensitivity

    @cached_property
    def powers(self) -> tuple[float, float]:
        """(κ₋, κ₊): w goes with r^κ where r goes to 0 and to infinity."""
        ends = self.elasticity(np.array([-_LAST_ELL, _LAST_ELL]))
        low, high = np.round(ends, 9).tolist()
        return low, high

    def quick_mass(self, log_p: Array, p: Array, log_q: Array, out: Array) -> None:
        """`mass` into `out`, (L, n), the quick way: right where the densities are not too small.

        log p and p are of shape (n,), log p_g is of shape (L, n) and may be overwritten.
        """
        if self._quick is not None:
            self._quick(log_p, p, log_q, out)
            return
        np.subtract(log_p, log_q, out=out)
        near = np.clip(out, -_LAST_ELL, _LAST_ELL)
        low, high = self.powers
        if low:
            log_q += low * np.minimum(out + _LAST_ELL, 0.0)
        if high:
            log_q += high * np.maximum(out - _LAST_ELL, 0.0)
        np.exp(log_q, out=out)
        out *= self.weight(near)

    def force_by_parts(self, at: Field) -> Array:
        assert self._level is not None
        with np.errstate(over="ignore"):
            return -self._level(at) * at.flux[0]

    def force_by_parts_rounding(self, at: Field) -> Array:
        assert self._level is not None
        value, size = at.flux
        with np.errstate(over="ignore"):
            # ∂level/∂ℓ = p_g w says what the rounding of ℓ costs
            bent = self.mass(at) / np.maximum(np.abs(self._level(at)), 1e-300)
            lost = 4.0 * size / np.maximum(np.abs(value), 1e-300)
            return at.density_rounding + at.ratio_rounding * (at.ratio_share + bent) + lost

    def potential(self, at: Field) -> Array:
        if self._density is not None:
            return self._density(at)
        return self._primitive.density(at.log_data, at.log_generated, at.log_ratio)

    def potential_rounding(self, at: Field) -> Array:  # type: ignore[override]
        low, high = self.powers
        gentle = low >= 0.0 and high <= 1.0
        return (divergences.gentle_rounding if gentle else divergences.ratio_rounding)(at)

    def first_variation(self, ell: Array) -> Array:
        """∫₀^ℓ w(s) ds, minus the first variation of the divergence in p_g."""
        return self._primitive.first(ell) if self._first is None else self._first(ell)

    def slope_left(self, ell: Array) -> Array:
        """f'(∞) − f'(r) = ∫_ℓ^∞ w(s) e^−s ds; infinite where f grows faster than r."""
        return self._primitive.tail(ell) if self._tail is None else self._tail(ell)

    def slope_change(self, left: Array, right: Array) -> Array:
        """f'(r) at ℓ = right minus that at ℓ = left."""
        before, after = self.slope_left(left), self.slope_left(right)
        endless = np.isinf(before) & np.isinf(after) & np.isfinite(left) & np.isfinite(right)
        low, high = np.where(endless, left, 0.0), np.where(endless, right, 0.0)
        s, weights = np.polynomial.legendre.leggauss(200)
        ell = 0.5 * (low + high)[..., None] + 0.5 * (high - low)[..., None] * s
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            between = 0.5 * (high - low) * ((self.weight(ell) * np.exp(-ell)) @ weights)
            return np.where(endless, between, before - after)

    @cached_property
    def _primitive(self) -> Primitive:
        return Primitive(self.weight)


class Transport(Objective):
    """Monotone transport: the least mean cost c(x − y) of moving p_g onto p.

    Parameters
    ----------
    cost, derivative : callable
        A convex even cost c of the distance, and its derivative.
    name : str
    closed : str
        See `Objective`.

    Notes
    -----
    On the line the optimal coupling pairs equal quantiles for every convex cost (Villani, "Topics
    in Optimal Transportation", 2003, Theorem 2.18). The force E[c'(T(G) − G) ∂G/∂θ] is integrated
    over the data, in x = T(y), where the integrand is as smooth as the data.

    Examples
    --------
    >>> quartic = gandyn.Transport(lambda d: d**4, lambda d: 4 * d**3, name="quartic")
    >>> gandyn.Game(gandyn.Normal(2, 1), objective=quartic).potential([1.0, 0.0]).round(9)
    np.float64(16.0)
    """

    def __init__(
        self, cost: Function, derivative: Function, name: str = "custom", *, closed: str = ""
    ) -> None:
        self.name = name
        self.closed = closed
        self.cost = cost
        self.derivative = derivative

    transport = True

    def slope(self, at: Field) -> Array:
        lower = at.generated.cdf(at.x, at.lane)
        upper = at.generated.sf(at.x, at.lane)
        onto = np.where(lower <= 0.5, at.data.ppf(lower), at.data.isf(upper))
        return self.derivative(onto - at.x)

    def force(self, at: Field) -> Array:
        return divergences.under_data(at, self.derivative(at.gap) * at.partner_sensitivity)

    def potential(self, at: Field) -> Array:
        return divergences.under_data(at, self.cost(at.gap))

    force_rounding = staticmethod(divergences.transport_rounding)
    potential_rounding = staticmethod(divergences.transport_rounding)


class MeanSquaredError(Objective):
    """The pixel-wise loss E(G(z) − x)² over independent z and x: it shrinks p_g onto the mean."""

    name = "mse"
    closed = "mean"

    def slope(self, at: Field) -> Array:
        return 2.0 * (at.data.mean - at.x)

    def potential(self, at: Field) -> Array:
        if not np.isfinite(at.data.std):
            return np.full_like(at.x, np.inf)
        square = (at.x - at.data.mean) ** 2 + at.data.std**2
        return np.exp(at.log_generated) * square

    def force(self, at: Field) -> Array:
        return 2.0 * np.exp(at.log_generated) * np.subtract(*self._terms(at))

    def force_rounding(self, at: Field) -> Array:
        apart, spread = self._terms(at)
        centre = self._centre(at)
        size = np.abs(centre) + abs(at.data.mean)
        away = np.maximum(np.abs(at.data.mean - centre), 1e-290)
        lost = np.abs(apart) * (1.0 + size / away) + np.abs(spread)
        return at.density_rounding + 4.0 * lost / np.maximum(np.abs(apart - spread), 1e-290)

    @staticmethod
    def _centre(at: Field) -> Array:
        """The point that slopes are counted from: p_g's centre where it is symmetric."""
        standard = at.generated.standard
        return at.x if standard is None else standard[2][at.lane, None]

    def _terms(self, at: Field) -> tuple[Array, Array]:
        """(E x − centre) ∂G/∂θ and (x − centre) ∂G/∂θ, without what is odd about the centre."""
        centre = self._centre(at)
        mirrored = at.generated.sensitivity(2.0 * centre - at.x, at.lane)
        even, odd = 0.5 * (at.sensitivity + mirrored), 0.5 * (at.sensitivity - mirrored)
        return (at.data.mean - centre) * even, (at.x - centre) * odd

    def potential_rounding(self, at: Field) -> Array:  # type: ignore[override]
        return at.density_rounding + 8.0
