"""The formulas under test, each written once, for symbols and for arrays alike.

Every function takes the module `m` that it computes with: ``sympy`` for a derivation, ``numpy``
for numbers. The SymPy rows derive each from its definition; the numeric rows hold it against
the engine. A wrong one must make a row fail, which the tests see to by replacing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

FDivergence = Callable[[Any, Any], Any]

F_DIVERGENCES: Mapping[str, FDivergence] = MappingProxyType(
    {
        "saturating": lambda r, m: r * m.log(2 * r / (1 + r)) + m.log(2 / (1 + r)),
        "nonsaturating": lambda r, m: (1 + r) * m.log((1 + r) / (2 * r)),
        "reverse_kl": lambda r, m: -m.log(r),
        "forward_kl": lambda r, m: r * m.log(r),
        "jeffreys": lambda r, m: (r - 1) * m.log(r),
        "pearson": lambda r, m: (r - 1) ** 2,
        "neyman": lambda r, m: (r - 1) ** 2 / r,
        "hellinger": lambda r, m: 1 - m.sqrt(r),
        "alpha(0.5)": lambda r, m: 2 * (m.sqrt(r) - 1) ** 2,
        "alpha(1.5)": lambda r, m: (2 * r * m.sqrt(r) - 3 * r + 1) * 2 / 3,
    }
)
"""The potential of each f-divergence row as ∫ p_g f(r), r = p / p_g."""


@dataclass(frozen=True)
class Formulas:
    """The closed forms that the claims are about."""

    discriminator: Callable[[Any, Any, Any], Any] = lambda p, g, m: p / (p + g)
    """D*(p, p_g), the optimal discriminator at one point."""
    jensen_shannon: Callable[[Any, Any, Any], Any] = lambda p, g, m: (
        (p * m.log(2 * p / (p + g)) + g * m.log(2 * g / (p + g))) / 2
    )
    """The integrand of JSD(p‖p_g)."""
    nonsaturating_potential: Callable[[Any, Any, Any], Any] = lambda p, g, m: (
        (p + g) * m.log((p + g) / (2 * p))
    )
    """The integrand of 2·KL((p + p_g)/2 ‖ p)."""
    f_divergences: Mapping[str, FDivergence] = field(default_factory=lambda: F_DIVERGENCES)
    """f(r) of every f-divergence row."""
    force_law: Callable[[Any], tuple[Any, Any, Any]] = lambda m: (
        (m.sqrt(m.pi / 2), m.pi**2 / 2, 5 * m.pi**4 / 8)
    )
    """(c, c₁, c₂): the saturating force on b of N(0, σ²) at the distance Δ, with x = Δ/σ, is
    (c/σ) exp(−x²/8) (1 − c₁/x² + c₂/x⁴ − …)."""
    gap_law: Callable[[Any], tuple[Any, Any, Any]] = lambda m: (
        (m.sqrt(2 * m.pi), (m.pi**2 + 8) / 2, 48 + 6 * m.pi**2 + 5 * m.pi**4 / 8)
    )
    """(c, c₁, c₂): log 2 − JSD of the same two is (c/x) exp(−x²/8) (1 − c₁/x² + c₂/x⁴ − …)."""
    rates: Callable[[Any, Any, int], list[Any]] = lambda curvature, sigma, degree: [
        k * curvature / sigma**2 for k in range(1, degree + 2)
    ]
    """Rates at which θ_0, …, θ_degree of Σ θ_k He_k/√k! return to p_g = p = N(μ, σ²), from f''(1),
    σ and the degree; b and a of a z + b at degree 1."""
