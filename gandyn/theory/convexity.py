"""At fixed D the value is linear in p_g, and with D at its best it is convex."""

from __future__ import annotations

import numpy as np
import sympy as sp

from gandyn.distributions import Mixture, Normal
from gandyn.system.checks import Array
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Outcome, Rows, Worst, symbolic, zero
from gandyn.theory.independent import Pair, pair
from gandyn.theory.subject import Subject

rows = Rows()


@rows.claim(
    "value-convex-symbolic",
    "p log D + p_g log(1 - D) is linear in p_g at fixed D; at D* it is convex in p_g, with the "
    "curvature p/(p_g (p + p_g)), and its slope is that at fixed D, log(1 - D*)",
    "SymPy: derivatives in p_g; the largest of linear functions is convex, and has the slope of "
    "the largest",
    "Goodfellow et al. 2014, proposition 2",
)
def _convex_symbolic(subject: Subject, battery: Battery) -> Outcome:
    p, g, d = sp.symbols("p p_g D", positive=True)
    best = subject.formulas.discriminator(p, g, sp)
    fixed = p * sp.log(d) + g * sp.log(1 - d)
    value = fixed.subs(d, best)
    slope = sp.simplify(sp.diff(value, g) - sp.diff(fixed, g).subs(d, best))
    return symbolic(
        (sp.Integer(0), sp.diff(fixed, g, 2)),
        (p / (g * (p + g)), sp.factor(sp.diff(value, g, 2))),
        (sp.Integer(0), slope),
    )


@rows.claim(
    "value-convex",
    "For mixtures p_g = (1 - t) p₀ + t p₁ and D at its best for p_g: V(p_g) = (1 - t) V(p₀, D) + "
    "t V(p₁, D), and no more than the chord, since V(p₀, D) < V(p₀) and V(p₁, D) < V(p₁): worst "
    "relative difference, nan where the chord is passed",
    "the engine's accuracy, 1e-10; V(p₀, D) by an independent integral over the engine's D",
    "Goodfellow et al. 2014, proposition 2",
)
def _convex(subject: Subject, battery: Battery) -> Outcome:
    rng, worst = battery.rng(11), Worst()
    for data in battery.mixtures:
        ends = [
            Normal(float(data.mean + data.std * rng.uniform(-1.5, 1.5)), float(data.std * width))
            for width in rng.uniform(0.4, 2, 2)
        ]
        share = float(rng.uniform(0.2, 0.8))
        middle = Mixture([1 - share, share], ends)
        game = subject.game(data, middle)
        value = float(game.evaluate([1.0, 0.0]).value)
        logit = game.discriminator([1.0, 0.0]).logit
        # the nodes of the mixture resolve both of its parts
        nodes = pair(data, middle, [1.0, 0.0])
        fixed = np.array([_value_of(logit(nodes.x), nodes, end.logpdf(nodes.x)) for end in ends])
        own = np.array([subject.game(data, end).evaluate([1.0, 0.0]).value for end in ends])
        chord = np.array([1 - share, share])
        worst.add((fixed @ chord - value) / value if np.all(fixed < own) else np.nan)
    return zero(worst.value, 1e-10)


def _value_of(logit: Array, nodes: Pair, log_g: Array) -> float:
    """E_p[log D] + E_pg[log(1 - D)]."""
    lost = nodes.p * np.logaddexp(0, -logit) + np.exp(log_g) * np.logaddexp(0, logit)
    return -nodes.integral(lost)
