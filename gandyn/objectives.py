"""Objectives: each a force on the line, one row each.

With the discriminator (or critic) at its optimum, a generated particle at x is pushed with a slope
s(x), and dθ/dt = E[s(G(z)) ∂G/∂θ]. For an f-divergence ∫ q f(p/q) the slope is w(ℓ) ℓ', where
ℓ = log p − log q and w = r² f''(r) at r = e^ℓ, so that a row is the weight w and little else.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from gandyn import divergences
from gandyn.errors import InputError
from gandyn.field import Field
from gandyn.weights import Primitive, log_derivative

__all__ = [
    "FDivergence",
    "MeanSquaredError",
    "Objective",
    "Transport",
    "alpha",
    "names",
    "objective",
]

Array = NDArray[np.float64]
Function = Callable[[Array], Array]


class Objective(ABC):
    """A slope on the line, and the potential that its flow descends.

    Attributes
    ----------
    name : str
    """

    name: str = "custom"

    @abstractmethod
    def slope(self, at: Field) -> Array:
        """The push s(x) on generated particles at the points of the field."""

    @abstractmethod
    def potential(self, at: Field) -> Array:
        """An integrand over x whose integral is the potential."""

    def force(self, at: Field) -> Array:
        """The integrand of dθ/dt, shape (d, *x.shape)."""
        return np.exp(at.log_generated) * self.slope(at) * at.sensitivity

    def force_rounding(self, at: Field) -> Array:
        """Its relative rounding, in units of the machine epsilon."""
        ratio = at.ratio_share * at.ratio_rounding
        return at.density_rounding + ratio + at.ratio_slope_rounding

    def force_by_parts(self, at: Field) -> tuple[Array, Array] | None:
        """The integrand of dθ/dt integrated by parts along x, and its rounding; None without one.

        It needs densities without jumps. The two integrals are equal, and one keeps its digits
        where the other loses them to cancellation.
        """
        return None

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
    quick_mass : callable, optional
        ``quick_mass(p, q, out)`` puts w p_g into `out` given both densities: it lets the force be
        evaluated on a fixed grid, which is much faster. For weights with w p_g ≤ p + p_g.
    wide : bool
        Whether w p_g is as large as p where p_g is small, so that the grid must cover both.

    Notes
    -----
    Nowozin, Cseke and Tomioka, "f-GAN" (2016), for the family; the slope w ℓ' is the derivative of
    the first variation f(r) − r f'(r) along the line.
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
        quick_mass: Callable[[Array, Array, Array], object] | None = None,
        wide: bool = True,
    ) -> None:
        self.name = name
        self.weight = weight
        self._log_weight = log_weight
        self._elasticity = elasticity
        self._density = density
        self._first = first
        self._tail = tail
        self._level = level
        self.quick_mass = quick_mass
        self.wide = wide

    def __repr__(self) -> str:
        return f"<objective {self.name}>"

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

    @property
    def has_level(self) -> bool:
        """Whether the force can be integrated by parts."""
        return self._level is not None

    def force_by_parts(self, at: Field) -> tuple[Array, Array] | None:
        flux = at.generated.flux(at.x, at.lane) if self._level is not None else None
        if self._level is None or flux is None:
            return None
        value, size = flux
        with np.errstate(over="ignore"):
            level = self._level(at)
            # ∂level/∂ℓ = p_g w says what the rounding of ℓ costs
            bent = self.mass(at) / np.maximum(np.abs(level), 1e-300)
            lost = 4.0 * size / np.maximum(np.abs(value), 1e-300)
            rounding = at.density_rounding + at.ratio_rounding * (at.ratio_share + bent) + lost
            return -level * value, rounding

    def potential(self, at: Field) -> Array:
        if self._density is not None:
            return self._density(at)
        return self._primitive.density(at.log_data, at.log_generated, at.log_ratio)

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
    density : callable
        The integrand of the potential E c(x − y).

    Notes
    -----
    On the line the optimal coupling pairs equal quantiles for every convex cost (Villani, "Topics
    in Optimal Transportation", 2003, Theorem 2.18). The force E[c'(T(G) − G) ∂G/∂θ] is integrated
    over the data, in x = T(y), where the integrand is as smooth as the data.
    """

    def __init__(
        self,
        cost: Function,
        derivative: Function,
        name: str = "custom",
    ) -> None:
        self.name = name
        self.cost = cost
        self.derivative = derivative

    def __repr__(self) -> str:
        return f"<objective {self.name}>"

    def slope(self, at: Field) -> Array:
        lower = at.generated.cdf(at.x, at.lane)
        upper = at.generated.sf(at.x, at.lane)
        onto = np.where(lower <= 0.5, at.data.ppf(lower), at.data.isf(upper))
        return self.derivative(onto - at.x)

    def force(self, at: Field) -> Array:
        with np.errstate(invalid="ignore"):
            push = np.exp(at.log_data) * self.derivative(at.gap) * at.partner_sensitivity
        return np.where(at.log_data < -700.0, 0.0, push)

    def potential(self, at: Field) -> Array:
        with np.errstate(invalid="ignore"):
            paid = np.exp(at.log_data) * self.cost(at.gap)
        return np.where(at.log_data < -700.0, 0.0, paid)

    force_rounding = staticmethod(divergences.transport_rounding)
    potential_rounding = staticmethod(divergences.transport_rounding)


class MeanSquaredError(Objective):
    """The pixel-wise loss E(G(z) − x)² over independent z and x: it shrinks p_g onto the mean."""

    name = "mse"

    def __repr__(self) -> str:
        return "<objective mse>"

    def slope(self, at: Field) -> Array:
        return 2.0 * (at.data.mean - at.x)

    def potential(self, at: Field) -> Array:
        square = (at.x - at.data.mean) ** 2 + at.data.std**2
        return np.exp(at.log_generated) * square

    def force(self, at: Field) -> Array:
        return 2.0 * np.exp(at.log_generated) * np.subtract(*self._terms(at))

    def force_rounding(self, at: Field) -> Array:
        apart, spread = self._terms(at)
        centre = self._centre(at)
        lost = np.abs(apart) * (
            1.0
            + (np.abs(centre) + abs(at.data.mean))
            / np.maximum(np.abs(at.data.mean - centre), 1e-290)
        ) + np.abs(spread)
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


def _softplus(ell: Array) -> Array:
    return np.logaddexp(0.0, ell)


def _log_softplus(ell: Array) -> Array:
    """log log(1 + e^ℓ), which is ℓ far below 0."""
    return np.where(ell < -36.0, ell, np.log(_softplus(np.maximum(ell, -40.0))))


def _endless(ell: Array) -> Array:
    return np.full_like(ell, np.inf)


def _exp(ell: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(ell)


def _constant(value: float) -> Function:
    return lambda ell: np.full_like(ell, value)


def _saturating_mass(p: Array, q: Array, out: Array) -> None:
    np.add(p, q, out=out)
    np.divide(q, out, out=out)
    out *= p


def _nonsaturating_mass(p: Array, q: Array, out: Array) -> None:
    np.add(p, q, out=out)
    np.divide(q, out, out=out)
    out *= q


def _whole_mass(p: Array, q: Array, out: Array) -> None:
    out[...] = q


def _data_mass(p: Array, q: Array, out: Array) -> None:
    out[...] = p


def _geometric_mass(p: Array, q: Array, out: Array) -> None:
    np.multiply(p, q, out=out)
    np.sqrt(out, out=out)
    out *= 0.25


LOG2 = float(np.log(2.0))
_LAST_ELL = 200.0

_ROWS: dict[str, Objective] = {}


def _row(row: Objective) -> None:
    _ROWS[row.name] = row


_row(
    FDivergence(
        expit,
        "saturating",
        log_weight=log_expit,
        elasticity=lambda ell: expit(-ell),
        density=lambda at: 2.0 * divergences.jensen_shannon(at),
        first=lambda ell: _softplus(ell) - LOG2,
        tail=lambda ell: _softplus(-ell),
        level=lambda at: _exp(at.log_generated + _log_softplus(at.log_ratio)),
        quick_mass=_saturating_mass,
        wide=False,
    )
)
_row(
    FDivergence(
        lambda ell: expit(-ell),
        "nonsaturating",
        log_weight=lambda ell: log_expit(-ell),
        elasticity=lambda ell: -expit(ell),
        density=divergences.kl_middle_data,
        first=lambda ell: LOG2 - _softplus(-ell),
        tail=lambda ell: _exp(-ell) - _softplus(-ell),
        level=lambda at: -_exp(at.log_generated + _log_softplus(-at.log_ratio)),
        quick_mass=_nonsaturating_mass,
        wide=False,
    )
)
_row(
    FDivergence(
        np.ones_like,
        "reverse_kl",
        log_weight=np.zeros_like,
        elasticity=np.zeros_like,
        density=divergences.kl_generated_data,
        first=lambda ell: ell,
        tail=lambda ell: _exp(-ell),
        level=lambda at: _exp(at.log_generated) * at.log_ratio,
        quick_mass=_whole_mass,
        wide=False,
    )
)
_row(
    FDivergence(
        _exp,
        "forward_kl",
        log_weight=lambda ell: ell,
        elasticity=np.ones_like,
        density=divergences.kl_data_generated,
        first=np.expm1,
        tail=_endless,
        level=lambda at: _exp(at.log_data),
        quick_mass=_data_mass,
    )
)
_row(
    FDivergence(
        lambda ell: 1.0 + _exp(ell),
        "jeffreys",
        log_weight=_softplus,
        elasticity=expit,
        density=divergences.jeffreys,
        first=lambda ell: ell + np.expm1(ell),
        tail=_endless,
        level=lambda at: _exp(at.log_generated) * at.log_ratio + _exp(at.log_data),
        quick_mass=np.add,
    )
)
_row(
    FDivergence(
        lambda ell: 2.0 * _exp(2.0 * ell),
        "pearson",
        log_weight=lambda ell: LOG2 + 2.0 * ell,
        elasticity=_constant(2.0),
        density=divergences.chi_squared_data_generated,
        first=lambda ell: np.expm1(2.0 * ell),
        tail=_endless,
        level=lambda at: _exp(at.log_data + at.log_ratio),
    )
)
_row(
    FDivergence(
        lambda ell: 2.0 * _exp(-ell),
        "neyman",
        log_weight=lambda ell: LOG2 - ell,
        elasticity=_constant(-1.0),
        density=divergences.chi_squared_generated_data,
        first=lambda ell: -2.0 * np.expm1(-ell),
        tail=lambda ell: _exp(-2.0 * ell),
        level=lambda at: -2.0 * _exp(at.log_generated - at.log_ratio),
    )
)
_row(
    FDivergence(
        lambda ell: 0.25 * _exp(0.5 * ell),
        "hellinger",
        log_weight=lambda ell: 0.5 * ell - 2.0 * LOG2,
        elasticity=_constant(0.5),
        density=divergences.hellinger_squared,
        first=lambda ell: 0.5 * np.expm1(0.5 * ell),
        tail=lambda ell: 0.5 * _exp(-0.5 * ell),
        level=lambda at: 0.5 * _exp(0.5 * (at.log_data + at.log_generated)),
        quick_mass=_geometric_mass,
    )
)
_row(Transport(np.abs, np.sign, "wasserstein1"))
_row(Transport(np.square, lambda d: 2.0 * d, "wasserstein2"))
_row(MeanSquaredError())


def alpha(parameter: float) -> FDivergence:
    """The α-divergence, f(r) = (r^α − αr − (1 − α))/(α(α − 1)), with weight r^α.

    α = 1 is forward KL, α = 0 reverse KL, ½ four times the squared Hellinger distance, 2 half of
    Pearson's χ², −1 half of Neyman's.

    Parameters
    ----------
    parameter : float
        α, any finite number.

    Raises
    ------
    InputError
        Where α is not a finite number.

    References
    ----------
    Cressie and Read, "Multinomial goodness-of-fit tests" (1984).
    """
    try:
        a = float(parameter)
    except (TypeError, ValueError):
        raise InputError(f"alpha: got {parameter!r}, must be a finite number") from None
    if not np.isfinite(a):
        raise InputError(f"alpha: got {parameter!r}, must be a finite number")

    def density(at: Field) -> Array:
        if a == 0.0:
            return divergences.kl_generated_data(at)
        if a == 1.0:
            return divergences.kl_data_generated(at)
        return divergences.alpha_density(at, a)

    def first(ell: Array) -> Array:
        with np.errstate(over="ignore"):
            return ell if a == 0.0 else np.expm1(a * ell) / a

    def level(at: Field) -> Array:
        if a == 0.0:
            return _exp(at.log_generated) * at.log_ratio
        return _exp(at.log_generated + a * at.log_ratio) / a

    def tail(ell: Array) -> Array:
        return _exp((a - 1.0) * ell) / (1.0 - a) if a < 1.0 else _endless(ell)

    return FDivergence(
        lambda ell: _exp(a * ell),
        f"alpha({a!r})",
        log_weight=lambda ell: a * ell,
        elasticity=_constant(a),
        density=density,
        first=first,
        tail=tail,
        level=level,
    )


def names() -> tuple[str, ...]:
    """The names that `objective` knows, besides ``alpha(NUMBER)``."""
    return tuple(_ROWS)


def objective(name: str | Objective) -> Objective:
    """The objective of a name; an `Objective` is returned as it is.

    Parameters
    ----------
    name : str or Objective
        One of `names`, or ``alpha(0.5)`` with any parameter.

    Raises
    ------
    InputError
        Where there is no such name.
    """
    if isinstance(name, Objective):
        return name
    if isinstance(name, str):
        text = name.strip().lower().replace("-", "_") if "(" not in name else name.strip().lower()
        if text in _ROWS:
            return _ROWS[text]
        match = re.fullmatch(r"alpha\(\s*([-+.0-9einfa]+)\s*\)", text)
        if match:
            return alpha(match.group(1))  # type: ignore[arg-type]
    allowed = ", ".join([*_ROWS, "alpha(NUMBER)"])
    raise InputError(f"objective: got {name!r}, must be one of {allowed}")
