"""What follows from a weight alone, against the closed forms of f."""

import numpy as np
import pytest

from gandyn.objectives.primitive import Primitive, log_derivative

ELL = np.array(
    [-650.0, -80.0, -12.3, -1.0001, -0.9999, -1e-3, -1e-8, 1e-8, 0.3, 1.0, 7.7, 80.0, 650.0]
)


def power(c):
    """w = r^c with f(r) = (r^c − c r − (1 − c))/(c(c − 1)), formed for one sign of ℓ at a time."""
    return lambda ell: np.exp(c * ell)


def density(c, log_p, log_q):
    ell = log_p - log_q
    if c == 0:
        return np.exp(log_p) - np.exp(log_q) * (1 + ell)
    if c == 1:
        return np.exp(log_p) * (ell - 1) + np.exp(log_q)
    exact = np.exp(log_q + c * ell) - c * np.exp(log_p) - (1 - c) * np.exp(log_q)
    return exact / (c * (c - 1))


@pytest.mark.parametrize("c", [-1.0, 0.0, 0.4, 0.5, 1.0, 2.0])
def test_density(c):
    primitive = Primitive(power(c))
    far = ELL[np.abs(ELL) > 0.2]
    log_q = np.where(far > 0, -600.0, 0.0) + np.zeros_like(far)
    log_p = log_q + far
    with np.errstate(over="ignore"):
        exact = density(c, log_p, log_q)
        measured = primitive.density(log_p, log_q, far)
    finite = np.isfinite(exact)
    assert measured[finite] == pytest.approx(exact[finite], rel=1e-11)
    assert (measured[~finite] > 1e250).all()


@pytest.mark.parametrize("c", [-1.0, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("size", [1e-3, 1e-7, 1e-12])
def test_density_next_to_equality(c, size):
    """½ w(0) ℓ² q, where the closed form has no digits left."""
    ell = np.array([-size, size])
    measured = Primitive(power(c)).density(ell - 2.0, np.full(2, -2.0), ell)
    assert measured == pytest.approx(0.5 * size**2 * np.exp(-2.0), rel=2 * size + 1e-14)


@pytest.mark.parametrize("c", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_density_where_one_is_zero(c):
    primitive = Primitive(power(c))
    none = np.array([-np.inf])
    zero = np.array([0.0])
    data_alone = primitive.density(zero, none, np.array([np.inf]))[0]
    generated_alone = primitive.density(none, zero, np.array([-np.inf]))[0]
    # p f'(∞) and q f(0): 1/(1 − c) and 1/c where they exist
    assert data_alone == (pytest.approx(1 / (1 - c), rel=1e-8) if c < 1 else np.inf)
    assert generated_alone == (pytest.approx(1 / c, rel=1e-8) if c > 0 else np.inf)


@pytest.mark.parametrize("c", [-1.0, 0.0, 0.4, 1.0, 2.0])
def test_first(c):
    ell = ELL[np.abs(ELL) < 100]
    exact = ell if c == 0 else np.expm1(c * ell) / c
    assert Primitive(power(c)).first(ell) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("c", [-1.0, 0.0, 0.4])
def test_tail(c):
    ell = np.array([-30.0, -2.5, -0.1, 0.0, 0.7, 1.0, 5.0, 40.0])
    exact = np.exp((c - 1) * ell) / (1 - c)
    assert Primitive(power(c)).tail(ell) == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("c", [1.0, 1.5, 2.0])
def test_endless_tail(c):
    assert np.isinf(Primitive(power(c)).tail(np.array([-1.0, 0.0, 3.0]))).all()


def test_tail_and_first_agree():
    """Both are integrals of one weight: their derivatives are w e^−ℓ and w."""
    primitive = Primitive(lambda ell: 1 / np.cosh(ell / 3))
    ell, h = np.linspace(-4, 4, 9), 1e-4
    weight = 1 / np.cosh(ell / 3)
    assert (primitive.first(ell + h) - primitive.first(ell - h)) / (2 * h) == pytest.approx(
        weight, rel=1e-7
    )
    assert (primitive.tail(ell - h) - primitive.tail(ell + h)) / (2 * h) == pytest.approx(
        weight * np.exp(-ell), rel=1e-7
    )


def test_log_derivative():
    ell = np.linspace(-30, 30, 41)
    measured = log_derivative(lambda x: -np.logaddexp(0, -x), ell)
    assert measured == pytest.approx(1 / (1 + np.exp(ell)), abs=1e-11)


def test_order_of_log_derivative():
    """Eighth order: the error of a wave falls as its frequency to the ninth power."""
    errors = [
        abs(log_derivative(lambda x, k=k: np.sin(k * x), np.zeros(1))[0] - k) for k in (30, 40)
    ]
    assert np.log(errors[1] / errors[0]) / np.log(4 / 3) == pytest.approx(9, abs=0.5)
