"""The formulas under test, each written once, for symbols and for arrays alike.

Every function takes the module `m` that it computes with: ``sympy`` for a derivation, ``numpy``
for numbers. The SymPy rows derive each from its definition; the numeric rows hold it against
the engine. A wrong one must make a row fail, which the tests see to by replacing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from operator import truediv
from types import MappingProxyType
from typing import Any

Function = Callable[[Any, Any], Any]

ALPHAS = ("-1.2", "-0.5", "0.3", "0.5", "1.5", "2.2")
"""The parameters at which α-divergences are measured: below 0, between, and above 1."""


def alpha_divergence(r: Any, a: Any, m: Any) -> Any:
    """f(r) of the α-divergence, α not 0 or 1."""
    return (r**a - a * r - 1 + a) / (a * (a - 1))


def _with(function: Callable[[Any, Any, Any], Any], parameter: str) -> Function:
    """A function of a variable and a parameter, at a parameter: exact where m is exact."""

    def at(x: Any, m: Any) -> Any:
        ratio = Fraction(parameter).as_integer_ratio()
        return function(x, getattr(m, "Rational", truediv)(*ratio), m)

    return at


F_DIVERGENCES: Mapping[str, Function] = MappingProxyType(
    {
        "saturating": lambda r, m: r * m.log(2 * r / (1 + r)) + m.log(2 / (1 + r)),
        "nonsaturating": lambda r, m: (1 + r) * m.log((1 + r) / (2 * r)),
        "reverse_kl": lambda r, m: -m.log(r),
        "forward_kl": lambda r, m: r * m.log(r),
        "jeffreys": lambda r, m: (r - 1) * m.log(r),
        "pearson": lambda r, m: (r - 1) ** 2,
        "neyman": lambda r, m: (r - 1) ** 2 / r,
        "hellinger": lambda r, m: 1 - m.sqrt(r),
    }
    | {f"alpha({a})": _with(alpha_divergence, a) for a in ALPHAS}
)
"""The potential of each f-divergence row as ∫ p_g f(r), r = p / p_g."""

WEIGHTS: Mapping[str, Function] = MappingProxyType(
    {
        "saturating": lambda r, m: r / (1 + r),
        "nonsaturating": lambda r, m: 1 / (1 + r),
        "reverse_kl": lambda r, m: r**0,
        "forward_kl": lambda r, m: r,
        "jeffreys": lambda r, m: 1 + r,
        "pearson": lambda r, m: 2 * r**2,
        "neyman": lambda r, m: 2 / r,
        "hellinger": lambda r, m: m.sqrt(r) / 4,
    }
)
"""The weight w of each, with which a particle is pushed: w(ℓ) ℓ', r = e^ℓ. Of any α it is r^α."""


SLOPES: Mapping[str, Function] = MappingProxyType(
    {
        "wasserstein1": lambda d, m: m.sign(d),
        "wasserstein2": lambda d, m: 2 * d,
        "mse": lambda d, m: 2 * d,
    }
)
"""The slope of each transport row, as a function of what is missing to where a particle belongs."""


def _alpha_conjugate(t: Any, a: Any, m: Any) -> Any:
    return ((1 + (a - 1) * t) ** (a / (a - 1)) - 1) / a


CONJUGATES: Mapping[str, Function] = MappingProxyType(
    {
        "saturating": lambda t, m: -m.log(2 - m.exp(t)),
        "reverse_kl": lambda t, m: -1 - m.log(-t),
        "forward_kl": lambda t, m: m.exp(t - 1),
        "pearson": lambda t, m: t + t**2 / 4,
        "neyman": lambda t, m: 2 - 2 * m.sqrt(1 - t),
        "hellinger": lambda t, m: -1 - 1 / (4 * t),
    }
    | {f"alpha({a})": _with(_alpha_conjugate, a) for a in ALPHAS}
)
"""The Fenchel conjugate f*(t) of each f, where it is elementary."""


@dataclass(frozen=True)
class Formulas:
    """The closed forms that the claims are about."""

    discriminator: Callable[[Any, Any, Any], Any] = lambda p, g, m: p / (p + g)
    """D*(p, p_g), the optimal discriminator at one point."""
    jensen_shannon: Callable[[Any, Any, Any], Any] = lambda p, g, m: (
        (p * m.log(2 * p / (p + g)) + g * m.log(2 * g / (p + g))) / 2
    )
    """The integrand of JSD(p‖p_g)."""
    jsd_range: Callable[[Any, Any], tuple[Any, Any]] = lambda tv, m: (
        m.log(2) + ((1 - tv) * m.log((1 - tv) / 2) + (1 + tv) * m.log((1 + tv) / 2)) / 2,
        tv * m.log(2),
    )
    """The least and the largest JSD that go with a total variation."""
    nonsaturating_potential: Callable[[Any, Any, Any], Any] = lambda p, g, m: (
        (p + g) * m.log((p + g) / (2 * p))
    )
    """The integrand of 2·KL((p + p_g)/2 ‖ p)."""
    f_divergences: Mapping[str, Function] = field(default_factory=lambda: F_DIVERGENCES)
    """f(r) of every f-divergence row."""
    weight: Callable[[Any, Any], Any] = lambda r, second: r**2 * second
    """w from r and f''(r), of any f."""
    weights: Mapping[str, Function] = field(default_factory=lambda: WEIGHTS)
    """w of every f-divergence row, as a function of r."""
    conjugates: Mapping[str, Function] = field(default_factory=lambda: CONJUGATES)
    """f*(t) of the rows where it is elementary."""
    slopes: Mapping[str, Function] = field(default_factory=lambda: SLOPES)
    """s of the transport rows."""
    alpha: Callable[[Any, Any, Any], Any] = alpha_divergence
    """f(r) of the α-divergence for any α."""
    growth: Callable[[Any, Any, Any], Any] = lambda curvature, by_a, by_b: (
        curvature * (2 * by_a**2 + by_b**2) / 2
    )
    """An f-divergence of N(μ + σ by_b, σ² (1 + by_a)²) from N(μ, σ²), to second order."""
    rates: Callable[[Any, Any, int], list[Any]] = lambda curvature, sigma, degree: [
        k * curvature / sigma**2 for k in range(1, degree + 2)
    ]
    """Rates at which θ_0, …, θ_degree of Σ θ_k He_k/√k! return to p_g = p = N(μ, σ²), from f''(1),
    σ and the degree; b and a of a z + b at degree 1."""
    likelihood_force: Callable[[Any, Any, Any, Any], tuple[Any, Any]] = lambda mean, std, a, b: (
        ((std**2 + (mean - b) ** 2) / a**2 - 1) / a,
        (mean - b) / a**2,
    )
    """The gradient in (a, b) of the mean log-likelihood of N(b, a²) on data of a mean and a std."""
    normal_logpdf: Callable[[Any, Any, Any, Any], Any] = lambda x, mean, std, m: (
        -(((x - mean) / std) ** 2) / 2 - m.log(std) - m.log(2 * m.pi) / 2
    )
    normal_kl: Callable[..., Any] = lambda m1, s1, m2, s2, m: (
        m.log(s2 / s1) + (s1**2 - s2**2 + (m1 - m2) ** 2) / (2 * s2**2)
    )
    """KL(N(m1, s1²) ‖ N(m2, s2²))."""
    normal_affinity: Callable[..., Any] = lambda m1, s1, m2, s2, m: (
        m.sqrt(2 * s1 * s2 / (s1**2 + s2**2)) * m.exp(-((m1 - m2) ** 2) / (4 * (s1**2 + s2**2)))
    )
    """∫√(pq) of the same."""
    normal_chi_squared: Callable[..., Any] = lambda m1, s1, m2, s2, m: (
        s2**2 / (s1 * m.sqrt(2 * s2**2 - s1**2)) * m.exp((m1 - m2) ** 2 / (2 * s2**2 - s1**2)) - 1
    )
    """∫(p - q)²/q of the same, where s1² < 2 s2²."""
    normal_transport: Callable[..., Any] = lambda m1, s1, m2, s2, m: (m1 - m2) ** 2 + (s1 - s2) ** 2
    """W₂² of the same."""
    force_law: Callable[[Any], tuple[Any, Any, Any]] = lambda m: (
        (m.sqrt(m.pi / 2), m.pi**2 / 2, 5 * m.pi**4 / 8)
    )
    """(c, c₁, c₂): the saturating force on b of N(0, σ²) at the distance Δ, with x = Δ/σ, is
    (c/σ) exp(−x²/8) (1 − c₁/x² + c₂/x⁴ − …)."""
    gap_law: Callable[[Any], tuple[Any, Any, Any]] = lambda m: (
        (m.sqrt(2 * m.pi), (m.pi**2 + 8) / 2, 48 + 6 * m.pi**2 + 5 * m.pi**4 / 8)
    )
    """(c, c₁, c₂): log 2 − JSD of the same two is (c/x) exp(−x²/8) (1 − c₁/x² + c₂/x⁴ − …)."""
    seeking: Callable[[Any, Any], tuple[Any, Any]] = lambda c, mode: (1 + mode * c / 2, mode - c)
    """(a, b) at which reverse KL rests on the upper mode of ½N(−mode, 1) + ½N(mode, 1), to first
    order in the saturating force c of either mode on the other."""
    nearly_perfect: Callable[[Any, Any], Any] = lambda size, epsilon: size * epsilon / (1 - epsilon)
    """Bound of the saturating gradient under a D within ε of a perfect one, E‖J‖² = size²."""
    noise_ratio: Callable[[Any, Any, Any], Any] = lambda x, scale, m: (
        scale / (m.pi * (x**2 + scale**2))
    )
    """Density of the ratio of two independent centred normals, `scale` that of their widths."""
    smoothed_transport: Callable[..., Any] = lambda variance, diameter, jsd, m: (
        2 * m.sqrt(variance) + 2 * diameter * m.sqrt(jsd)
    )
    """Bound of W₁ by JSD after noise of that variance, all within that diameter."""
    point_masses: Callable[[Any, Any], tuple[Any, ...]] = lambda distance, m: (
        (m.fabs(distance), m.log(2), m.inf, m.inf, 1) if distance else (0, 0, 0, 0, 0)
    )
    """W₁, JSD, both KLs and TV of point masses."""
    kramers: Callable[[Any, Any, Any], Any] = lambda low, top, m: m.sqrt(low * top) / (2 * m.pi)
    """Prefactor of the rate over a pass in one dimension, from |U''| in the valley and on top."""
