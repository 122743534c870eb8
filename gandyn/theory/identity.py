"""The central identity: the force of every objective is minus the gradient of its potential."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, symbolic
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "identity-symbolic",
    "d/dθ ∫ p_g f(p/p_g) dx = -∫ p_g w ℓ' ∂G/∂θ dx with w = r² f''(r), for any p, p_g, G and f: "
    "at every point both integrands differ by the derivative of p_g ∂G/∂θ (r f'(r) - f(r))",
    "SymPy, with p(x), p_g(x, θ), v(x, θ) = ∂G/∂θ and f unknown functions; p_g moves with its "
    "particles, ∂p_g/∂θ = -∂(p_g v)/∂x",
    "Nowozin et al. 2016, section 2, for f; derived here",
)
def _identity(subject: Subject, battery: Battery) -> Outcome:
    f, r = sp.Function("f"), sp.symbols("r", positive=True)
    weight = subject.formulas.weight(r, sp.diff(f(r), r, 2))
    return symbolic((sp.Integer(0), _remainder(lambda ratio, m: f(ratio), weight)))


@rows.claim(
    "identity-by-name-symbolic",
    "The same of every f-divergence by name with its own f and w, and of the α-divergence with "
    "w = r^α for every α",
    "SymPy, as before, without f''; α a symbol that may be negative",
    "derived here",
)
def _identity_by_name(subject: Subject, battery: Battery) -> Outcome:
    r, a = sp.symbols("r", positive=True), sp.symbols("alpha", real=True)
    formulas = subject.formulas
    remainders = [
        _remainder(formulas.f_divergences[name], weight(r, sp))
        for name, weight in formulas.weights.items()
    ]
    remainders.append(_remainder(lambda ratio, m: formulas.alpha(ratio, a, m), r**a))
    return symbolic(*((sp.Integer(0), remainder) for remainder in remainders))


@rows.claim(
    "identity-transport-symbolic",
    "The gradient of E c(T - G) is -E[c'(T - G) ∂G/∂θ], T(z) the quantile of the data that goes "
    "with z; at c = |d| and d² the slopes of W₁ and W₂²; that of E (G(z) - x)² is -2 (E x - G)",
    "SymPy; T does not move with θ: that x = G(z) has the quantile of z, whatever θ, is all that "
    "is used",
    "Arjovsky, Chintala & Bottou 2017, theorem 3; Villani 2003, theorem 2.18",
)
def _transport(subject: Subject, battery: Battery) -> Outcome:
    z, theta, x, mean, spread = sp.symbols("z theta x mu s", real=True)
    cost = sp.Function("c")
    g, onto = sp.Function("G", real=True)(z, theta), sp.Function("T", real=True)(z)
    d = sp.symbols("d", real=True)
    slopes = subject.formulas.slopes
    pairs = [
        (cost(d), sp.diff(cost(d), d)),
        (sp.Abs(d), slopes["wasserstein1"](d, sp)),
        (d**2, slopes["wasserstein2"](d, sp)),
    ]
    gap = onto - g
    moved = [
        (-slope.subs(d, gap).doit() * sp.diff(g, theta), sp.diff(c.subs(d, gap), theta).doit())
        for c, slope in pairs
    ]
    pull = slopes["mse"](mean - g, sp)
    squares = sp.expand((g - x) ** 2).subs(x**2, spread**2 + mean**2).subs(x, mean)
    return symbolic(
        *((sp.Integer(0), sp.simplify(ours - theirs)) for ours, theirs in moved),
        (sp.Integer(0), sp.expand(sp.diff(squares, theta) + pull * sp.diff(g, theta))),
    )


def _remainder(f: Callable[[Any, Any], Any], weight: Any) -> Any:
    """-∂(p_g f)/∂θ - p_g v w ℓ' - ∂(v p_g (f - r f'))/∂x, which is zero where all is right."""
    x, theta = sp.symbols("x theta", real=True)
    r = sp.symbols("r", positive=True)
    p = sp.Function("p", positive=True)(x)
    g = sp.Function("p_g", positive=True)(x, theta)
    v = sp.Function("v", real=True)(x, theta)
    ratio = p / g
    slope = sp.diff(f(r, sp), r)
    moved = -sp.diff(g * f(ratio, sp), theta).subs(sp.diff(g, theta), -sp.diff(g * v, x))
    pushed = g * v * weight.subs(r, ratio) * sp.diff(sp.log(ratio), x)
    flux = v * g * (f(ratio, sp) - ratio * slope.subs(r, ratio))
    return sp.simplify((moved - pushed - sp.diff(flux, x)).doit())
