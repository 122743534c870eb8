"""A wrong formula, put in on either side, fails the rows that are about it, and no other."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

import gandyn
from gandyn.theory import Formulas, Subject, normals, verify
from gandyn.theory.formulas import F_DIVERGENCES
from tests.sweeps import sweep

rates = Formulas().rates
normals_kl, normals_chi_squared = normals.kl, normals.chi_squared

# Rows of every file that are cheap and must not fail for a fault they are not about.
BYSTANDERS = {
    "discriminator-stationary",
    "discriminator-pointwise",
    "value-floor",
    "value-at-equality",
    "jsd-gap",
    "likelihood-force",
    "weights-symbolic",
    "weights-sum",
    "gradient-hellinger",
    "gradient-mse",
    "rates-symbolic",
    "rates-engine",
    "vanishing-law",
    "vanishing-symmetry",
    "jsd-numbers",
    "disjoint-supports",
    "normal-closed-forms",
    "normal-equal-widths",
}


def failures(subject, expected):
    found = verify(subject=subject, only=BYSTANDERS | set(expected))
    assert not found.passed
    return {claim.name for claim in found.claims if not claim.passed}


def with_f(**changes):
    return {"f_divergences": {**F_DIVERGENCES, **changes}}


FORMULAS = {
    "D* weighs p_g twice": (
        {"discriminator": lambda p, g, m: p / (p + 2 * g)},
        {"discriminator-stationary", "value-is-jsd-symbolic", "weights-symbolic"},
    ),
    "JSD without its half": (
        {"jensen_shannon": lambda p, g, m: p * m.log(2 * p / (p + g)) + g * m.log(2 * g / (p + g))},
        {
            "value-is-jsd-symbolic",
            "value-is-jsd",
            "jsd-bounds-symbolic",
            "nonsaturating-symbolic",
        },
    ),
    "the non-saturating potential without its two": (
        {"nonsaturating_potential": lambda p, g, m: (p + g) * m.log((p + g) / (2 * p)) / 2},
        {"nonsaturating-symbolic"},
    ),
    "the saturating potential as JSD": (
        with_f(saturating=lambda r, m: F_DIVERGENCES["saturating"](r, m) / 2),
        {
            "weights-symbolic",
            "weights-sum-symbolic",
            "weights-engine",
            "potential-is-divergence",
            "rates-symbolic",
            "rates-engine",
        },
    ),
    "Hellinger with another constant": (
        with_f(hellinger=lambda r, m: 2 - 2 * m.sqrt(r)),
        {"weights-engine", "potential-is-divergence", "rates-engine"},
    ),
    "both KLs exchanged": (
        with_f(forward_kl=F_DIVERGENCES["reverse_kl"], reverse_kl=F_DIVERGENCES["forward_kl"]),
        {
            "weights-symbolic",
            "weights-sum-symbolic",
            "weights-engine",
            "potential-is-divergence",
        },
    ),
    "a wrong constant in the vanishing force": (
        {"force_law": lambda m: (m.sqrt(m.pi), m.pi**2 / 2, 5 * m.pi**4 / 8)},
        {"vanishing-law-symbolic", "vanishing-law", "modes-reverse-seeks"},
    ),
    "a wrong correction to the vanishing force": (
        {"force_law": lambda m: (m.sqrt(m.pi / 2), (m.pi**2 + 8) / 2, 5 * m.pi**4 / 8)},
        {"vanishing-law-symbolic", "vanishing-law", "modes-reverse-seeks"},
    ),
    "a wrong correction to the law of JSD": (
        {"gap_law": lambda m: (m.sqrt(2 * m.pi), m.pi**2 / 2, 48 + 6 * m.pi**2)},
        {"jsd-law-symbolic", "jsd-law"},
    ),
    "the rates of a and b exchanged": (
        {"rates": lambda curvature, sigma, degree: rates(curvature, sigma, degree)[::-1]},
        {"rates-symbolic"},
    ),
    "the rates with σ in place of σ²": (
        {"rates": lambda curvature, sigma, degree: rates(curvature, sigma**0.5, degree)},
        {"rates-symbolic", "rates-engine"},
    ),
    "the rates with k − 1 in place of k": (
        {
            "rates": lambda curvature, sigma, degree: [
                k * curvature / sigma**2 for k in range(degree + 1)
            ]
        },
        {"rates-symbolic", "rates-engine"},
    ),
}


PLAIN = {
    "D* weighs p_g twice",
    "the saturating potential as JSD",
    "a wrong correction to the law of JSD",
    "the rates with σ in place of σ²",
    "D* a little off",
    "JSD off by 1e-9",
    "no boundary terms",
    "a Jacobian off by one per mille",
    "squared W2",
    "finite chi squared",
}
"""A fault of every kind of formula and of every answer of a game."""


@pytest.mark.parametrize("fault", sweep(FORMULAS, PLAIN.__contains__))
def test_wrong_formula(fault):
    change, expected = FORMULAS[fault]
    subject = replace(Subject.public(), formulas=replace(Formulas(), **change))
    assert failures(subject, expected) == expected


@pytest.mark.parametrize(
    ("name", "wrong", "expected"),
    sweep(
        [
            ("kl", lambda *a: normals_kl(*a) * 2, {"normal-kl-symbolic", "normal-closed-forms"}),
            (
                "affinity",
                lambda m1, s1, m2, s2, m: m.exp(-((m1 - m2) ** 2) / (4 * (s1**2 + s2**2))),
                {"normal-hellinger-symbolic", "normal-closed-forms"},
            ),
            (
                "chi_squared",
                lambda m1, s1, m2, s2, m: normals_chi_squared(m2, s2, m1, s1, m),
                {"normal-chi2-symbolic", "normal-closed-forms"},
            ),
        ],
        lambda case: case[0] == "affinity",
    ),
)
def test_wrong_closed_form(monkeypatch, name, wrong, expected):
    monkeypatch.setattr(normals, name, wrong)
    assert failures(Subject.public(), expected) == expected


class Altered:
    """A game, one of whose answers is altered."""

    def __init__(self, game, changes):
        self._game, self._changes = game, changes

    def __getattr__(self, name):
        answer = getattr(self._game, name)
        if name not in self._changes:
            return answer
        return lambda *args: self._changes[name](answer(*args))


def altered(only=None, **changes):
    """A factory of games with altered answers, for one objective only if it is named."""

    def game(data, generator, objective):
        right = gandyn.Game(data, generator=generator, objective=objective)
        return right if only not in (None, objective) else Altered(right, changes)

    return replace(Subject.public(), Game=game)


def shifted_logit(discriminator):
    right = discriminator.logit
    discriminator.logit = lambda x: right(x) + 1e-3
    return discriminator


GRADIENTS = {f"gradient-{name}" for name in ("saturating", "forward_kl", "mse", "hellinger")}

ENGINES = {
    "D* a little off": (
        altered(discriminator=shifted_logit),
        {"discriminator-pointwise", "discriminator-perturbed"},
    ),
    "JSD off by 1e-9": (
        altered(evaluate=lambda e: replace(e, jsd=e.jsd * (1 + 1e-9))),
        {"value-is-jsd", "jsd-gap", "disjoint-supports"},
    ),
    "V with log 2 in place of 2 log 2": (
        altered(evaluate=lambda e: replace(e, value=e.value + math.log(2))),
        {"value-is-jsd", "value-at-equality", "disjoint-supports"},
    ),
    "V below its floor": (
        altered(evaluate=lambda e: replace(e, value=e.value - 0.1 * e.jsd)),
        {"value-is-jsd", "disjoint-supports"},
    ),
    "negative JSD": (
        altered(evaluate=lambda e: replace(e, jsd=-e.jsd, value=-2 * math.log(2) - 2 * e.jsd)),
        {
            "value-is-jsd",
            "value-floor",
            "value-growth",
            "jsd-bounds",
            "jsd-gap",
            "disjoint-supports",
        },
    ),
    "the sensitivity to a with a wrong sign": (
        altered(force=lambda force: force * [-1, 1]),
        {"likelihood-force", "vanishing-symmetry", "gradient-bounded-latent", *GRADIENTS},
    ),
    "no boundary terms": (altered(boundary_force=np.zeros_like), {"gradient-bounded-latent"}),
    "the force of Hellinger one per mille too large": (
        altered("hellinger", force=lambda force: 1.001 * force),
        {"gradient-hellinger", "gradient-bounded-latent"},
    ),
    "half of the non-saturating potential": (
        altered("nonsaturating", potential=lambda potential: potential / 2),
        {
            "potential-is-divergence",
            "gradient-nonsaturating",
            "gradient-bounded-latent",
            "flow-work",
        },
    ),
    "a Jacobian off by one per mille": (
        altered(jacobian=lambda jacobian: 1.001 * jacobian),
        {"rates-engine"},
    ),
}


@pytest.mark.parametrize("fault", sweep(ENGINES, PLAIN.__contains__))
def test_wrong_engine(fault):
    subject, expected = ENGINES[fault]
    assert failures(subject, expected) == expected


def test_wrong_weight():
    """A weight of the user's that is one per mille off: its own potential still fits its force."""

    def objective(name):
        if name != "saturating":
            return gandyn.objective(name)
        return gandyn.FDivergence(lambda ell: 1.001 * expit(ell), "saturating")

    def game(data, generator, objective_name):
        return gandyn.Game(data, generator=generator, objective=objective(objective_name))

    subject = replace(
        Subject.public(),
        objective=objective,
        Game=lambda data, generator, objective: game(data, generator, objective),
    )
    expected = {"weights-engine", "weights-sum", "potential-is-divergence", "rates-engine"}
    watched = expected | {"vanishing-law", "gradient-saturating"}
    assert failures(subject, watched) - {"vanishing-law"} == expected


def altered_comparison(**changes):
    def distances(p, q):
        found = gandyn.distances(p, q)
        return replace(
            found, **{key: change(getattr(found, key)) for key, change in changes.items()}
        )

    return replace(Subject.public(), distances=distances)


COMPARISONS = {
    "squared W2": (
        altered_comparison(wasserstein2=lambda w: w**2),
        {"normal-closed-forms", "normal-equal-widths"},
    ),
    "gap": (
        altered_comparison(jsd_gap=lambda gap: gap * (1 + 1e-5)),
        {"jsd-numbers", "noise-mends-disjoint"},
    ),
    "finite chi squared": (
        altered_comparison(chi_squared_pq=lambda value: min(value, 1e308)),
        {"normal-chi2-infinite"},
    ),
    "jsd": (altered_comparison(jsd=lambda jsd: jsd + 1e-8), {"normal-jsd"}),
}


@pytest.mark.parametrize("fault", sweep(COMPARISONS, PLAIN.__contains__))
def test_wrong_comparison(fault):
    subject, expected = COMPARISONS[fault]
    assert failures(subject, expected) == expected


def test_samples_with_a_bandwidth_of_their_own():
    subject = replace(
        Subject.public(), from_samples=lambda samples, bandwidth: gandyn.from_samples(samples)
    )
    assert failures(subject, {"samples-look-disjoint"}) == {"samples-look-disjoint"}


def moved(change):
    """A gradient flow whose states are changed."""

    def gradient_flow(*args, **kwargs):
        flow = gandyn.gradient_flow(*args, **kwargs)
        return replace(flow, theta=change(flow.theta))

    return replace(Subject.public(), gradient_flow=gradient_flow)


def test_a_flow_that_goes_back():
    subject = moved(lambda theta: theta[..., ::-1, :])
    expected = {"flow-descends", "flow-work", "annealed-noise", "modes-reverse-seeks"}
    assert failures(subject, expected) == expected


@pytest.mark.exhaustive
def test_a_flow_that_is_not_accurate():
    expected = {"flow-work", "annealed-noise", "modes-reverse-seeks"}
    assert failures(moved(lambda theta: theta * (1 + 1e-6)), expected) == expected


def test_a_flow_that_moves_without_a_force():
    subject = moved(lambda theta: theta + 0.1)
    assert "without-noise-stuck" in failures(subject, {"without-noise-stuck"})


def test_noise_that_was_not_added():
    """At equality the force must be zero: a stray push of 1e-12 is seen."""
    subject = altered("saturating", evaluate=lambda e: replace(e, force=e.force + 1e-12))
    expected = {"value-at-equality", "disjoint-supports"}
    assert failures(subject, expected) == expected
