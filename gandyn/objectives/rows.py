"""The objectives by name, one row each: a weight and its closed forms."""

from __future__ import annotations

import re

import numpy as np
from scipy.special import expit, log_expit

from gandyn.errors import InputError
from gandyn.objectives import divergences
from gandyn.objectives.base import (
    Array,
    FDivergence,
    Function,
    MeanSquaredError,
    Objective,
    Transport,
)
from gandyn.objectives.field import Field

__all__ = ["alpha", "names", "objective"]


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

    Examples
    --------
    >>> data, state = gandyn.Normal(0, 1), [0.8, 1.0]
    >>> half = gandyn.Game(data, objective=gandyn.alpha(0.5))
    >>> float(half.potential(state) / gandyn.Game(data, objective="hellinger").potential(state))
    4.0
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
    """The names that `objective` knows, besides ``alpha(NUMBER)``.

    Examples
    --------
    >>> from gandyn.objectives import names
    >>> "nonsaturating" in names()
    True
    """
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

    Examples
    --------
    >>> gandyn.objective("reverse-KL").name, gandyn.objective("alpha(0.5)").name
    ('reverse_kl', 'alpha(0.5)')
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
