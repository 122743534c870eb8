"""Numbers as a reader wants them."""

from __future__ import annotations

import math

from markupsafe import Markup

from gandyn.system.text import certain_digits, digits_beside

_MINUS = "−"


def place(value: float, unit: float) -> Markup:
    """A place to digits that tell it from others a unit away."""
    return short(value, digits_beside(value, abs(unit), 5))


def short(value: float, digits: int = 5) -> Markup:
    """A value to some significant digits: "2.6812", "−3.1 × 10⁻²⁰", "∞"."""
    value = float(value)
    if math.isnan(value):
        return Markup("—")
    if math.isinf(value):
        return Markup("∞" if value > 0 else f"{_MINUS}∞")
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.replace("-", _MINUS)
    if not exponent:
        return Markup(mantissa)
    power = str(int(exponent)).replace("-", _MINUS)
    return Markup(f"{mantissa}&nbsp;×&nbsp;10<sup>{power}</sup>")


def error_text(error: float) -> Markup:
    """An error: "± 2 × 10⁻¹⁵"."""
    return Markup("±&nbsp;") + short(error, 2)


def with_error(value: float, error: float, most: int = 10) -> Markup:
    """A value to the digits that its error leaves, and the error."""
    value, error = float(value), float(error)
    if not math.isfinite(value):
        return short(value)
    digits = certain_digits(value, error, most)
    shown = short(0.0 if abs(value) <= error else value, digits)
    return Markup('{} <small class="error">{}</small>').format(shown, error_text(error))
