"""The objectives by name, one row each: a weight and its closed forms."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from gandyn.errors import InputError
from gandyn.objectives import divergences
from gandyn.objectives.base import FDivergence, MeanSquaredError, Objective, Transport
from gandyn.objectives.field import Field
from gandyn.system.checks import Array
from gandyn.system.text import show


def _softplus(ell: Array) -> Array:
    return np.maximum(ell, 0.0) + np.log1p(np.exp(-np.abs(ell)))


def _sigmoid(ell: Array) -> Array:
    """σ(ℓ), relatively exact at both ends; several times as fast as SciPy's."""
    with np.errstate(over="ignore"):
        out = np.exp(-ell)
        out += 1.0
        return np.reciprocal(out, out=out) if np.ndim(out) else 1.0 / out


def _log_softplus(ell: Array) -> Array:
    """log log(1 + e^ℓ), which is ℓ far below 0."""
    return np.where(ell < -36.0, ell, np.log(_softplus(np.maximum(ell, -40.0))))


def _exp(ell: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(ell)


_FAINT = -300.0
"""Logarithm below which a density is as good as 0: what underflows is slow to compute with."""


def _density(log_q: Array) -> Array:
    np.maximum(log_q, _FAINT, out=log_q)
    return np.exp(log_q, out=log_q)


def _saturating_mass(log_p: Array, p: Array, log_q: Array, out: Array) -> None:
    q = _density(log_q)
    np.add(p, q, out=out)
    np.divide(q, out, out=out)
    out *= p


def _nonsaturating_mass(log_p: Array, p: Array, log_q: Array, out: Array) -> None:
    q = _density(log_q)
    np.add(p, q, out=out)
    np.divide(q, out, out=out)
    out *= q


def _jeffreys_mass(log_p: Array, p: Array, log_q: Array, out: Array) -> None:
    np.add(p, _density(log_q), out=out)


def _power(name: str, factor: float, k: float, density: Callable[[Field], Array]) -> FDivergence:
    """The objective of a weight c r^k, whose every part is a power of r."""
    log_factor = float(np.log(factor))

    def first(ell: Array) -> Array:
        with np.errstate(over="ignore"):
            return factor * (ell if k == 0.0 else np.expm1(k * ell) / k)

    def tail(ell: Array) -> Array:
        return factor / (1.0 - k) * _exp((k - 1.0) * ell) if k < 1.0 else np.full_like(ell, np.inf)

    def level(at: Field) -> Array:
        if k == 0.0:
            return factor * _exp(at.log_generated) * at.log_ratio
        # p^k q^(1 − k), from the density that it is nearer to
        nearer = at.log_generated + k * at.log_ratio
        if k > 0.5:
            nearer = at.log_data + (k - 1.0) * at.log_ratio
        return factor / k * _exp(nearer)

    def quick(log_p: Array, p: Array, log_q: Array, out: Array) -> None:
        np.multiply(log_q, 1.0 - k, out=out)
        out += k * log_p + log_factor
        np.exp(out, out=out)

    return FDivergence(
        lambda ell: factor * _exp(k * ell),
        name,
        log_weight=lambda ell: log_factor + k * ell,
        elasticity=lambda ell: np.full_like(ell, k),
        density=density,
        first=first,
        tail=tail,
        level=level,
        quick=quick,
    )


LOG2 = float(np.log(2.0))


_ROWS: dict[str, Objective] = {
    row.name: row
    for row in (
        FDivergence(
            _sigmoid,
            "saturating",
            log_weight=lambda ell: -_softplus(-ell),
            elasticity=lambda ell: _sigmoid(-ell),
            density=lambda at: 2.0 * divergences.jensen_shannon(at),
            first=lambda ell: _softplus(ell) - LOG2,
            tail=lambda ell: _softplus(-ell),
            level=lambda at: _exp(at.log_generated + _log_softplus(at.log_ratio)),
            quick=_saturating_mass,
        ),
        FDivergence(
            lambda ell: _sigmoid(-ell),
            "nonsaturating",
            log_weight=lambda ell: -_softplus(ell),
            elasticity=lambda ell: -_sigmoid(ell),
            density=divergences.kl_middle_data,
            first=lambda ell: LOG2 - _softplus(-ell),
            tail=lambda ell: _exp(-ell) - _softplus(np.minimum(-ell, 1e3)),
            level=lambda at: -_exp(at.log_generated + _log_softplus(-at.log_ratio)),
            quick=_nonsaturating_mass,
        ),
        _power("reverse_kl", 1.0, 0.0, divergences.kl_generated_data),
        _power("forward_kl", 1.0, 1.0, divergences.kl_data_generated),
        FDivergence(
            lambda ell: 1.0 + _exp(ell),
            "jeffreys",
            log_weight=_softplus,
            elasticity=_sigmoid,
            density=divergences.jeffreys,
            first=lambda ell: ell + np.expm1(ell),
            tail=lambda ell: np.full_like(ell, np.inf),
            level=lambda at: _exp(at.log_generated) * at.log_ratio + _exp(at.log_data),
            quick=_jeffreys_mass,
        ),
        _power("pearson", 2.0, 2.0, divergences.chi_squared_data_generated),
        _power("neyman", 2.0, -1.0, divergences.chi_squared_generated_data),
        _power("hellinger", 0.25, 0.5, divergences.hellinger_squared),
        Transport(np.abs, np.sign, "wasserstein1", closed="crossings"),
        Transport(np.square, lambda d: 2.0 * d, "wasserstein2", closed="monotone"),
        MeanSquaredError(),
    )
}


for _name, _other, _times in (
    ("nonsaturating", "saturating", -1.0),
    ("reverse_kl", "saturating", 0.0),
    ("jeffreys", "forward_kl", 1.0),
):
    _ROWS[_name].rest = _ROWS[_other], _times  # type: ignore[attr-defined]


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
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"alpha: got {show(parameter)}, must be a finite number") from None
    if not np.isfinite(a):
        raise InputError(f"alpha: got {show(parameter)}, must be a finite number")
    densities = {0.0: divergences.kl_generated_data, 1.0: divergences.kl_data_generated}
    density = densities.get(a, lambda at: divergences.alpha_density(at, a))
    row = _power(f"alpha({a!r})", 1.0, a, density)
    row.recipe = alpha, (a,)
    return row


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
    raise InputError(f"objective: got {show(name)}, must be one of {allowed}")


for _name, _row in _ROWS.items():
    _row.recipe = objective, (_name,)
