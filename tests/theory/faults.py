"""Wrong formulas, put in on either side: into what the claims state, or into gandyn's answers."""

import math
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace

import numpy as np
from scipy.special import expit

import gandyn
from gandyn.theory import Formulas, Subject
from gandyn.theory.fits import PUBLISHED
from gandyn.theory.formulas import CONJUGATES, F_DIVERGENCES, SLOPES, WEIGHTS
from gandyn.theory.potentials import OBJECTIVES

RIGHT = Formulas()


def formulas(**changes):
    """Other formulas."""
    return replace(Subject.public(), formulas=replace(RIGHT, **changes))


def one_of(table, **changes):
    return MappingProxyType({**table, **changes})


def times(factor, name):
    """A formula off by a factor."""
    right = getattr(RIGHT, name)

    def wrong(*arguments):
        found = right(*arguments)
        return (
            tuple(factor * part for part in found) if isinstance(found, tuple) else factor * found
        )

    return {name: wrong}


class Altered:
    """A game, some of whose answers are altered."""

    def __init__(self, game, changes):
        self._game, self._changes = game, changes

    def __getattr__(self, name):
        answer = getattr(self._game, name)
        if name == "engine" and "force" in self._changes:
            # flows ask it for the force at one state
            return SimpleNamespace(
                force_at=lambda theta: self._changes["force"](answer.force_at(theta))
            )
        if name not in self._changes:
            return answer
        return lambda *args, **named: self._changes[name](answer(*args, **named))


def games(only=None, **changes):
    """Games with altered answers, of one objective only if it is named."""

    def game(data, generator, objective):
        right = gandyn.Game(data, generator=generator, objective=objective)
        return right if only not in (None, objective) else Altered(right, changes)

    return replace(Subject.public(), Game=game)


def forces(change, only=None):
    """Games with altered forces, however they are asked for."""

    def evaluate(found):
        return found if found.force is None else replace(found, force=change(found.force))

    return games(only, force=change, evaluate=evaluate)


def evaluations(**changes):
    """Games with altered values of `evaluate`."""

    def evaluate(found):
        known = {name: getattr(found, name) for name in changes}
        return replace(
            found, **{name: changes[name](v) for name, v in known.items() if v is not None}
        )

    return games(evaluate=evaluate)


def distances(**changes):
    """Comparisons of two densities with altered values."""

    def compare(p, q):
        found = gandyn.distances(p, q)
        return replace(
            found, **{name: change(getattr(found, name)) for name, change in changes.items()}
        )

    return replace(Subject.public(), distances=compare)


def total_variations(change):
    """Both ways to a total variation."""
    return replace(
        evaluations(total_variation=change), distances=distances(total_variation=change).distances
    )


def objectives(**names):
    """Another objective, or a name for another, where one is named."""

    def game(data, generator, objective):
        return gandyn.Game(data, generator=generator, objective=names.get(objective, objective))

    def objective(name):
        return gandyn.objective(names.get(name, name))

    return replace(Subject.public(), Game=game, objective=objective)


def paths(name, change):
    """Flows or iterations whose states are changed."""

    def moved(*args, **kwargs):
        found = getattr(gandyn, name)(*args, **kwargs)
        return replace(found, theta=change(found.theta))

    return replace(Subject.public(), **{name: moved})


def passes(**changes):
    """Barriers with altered values."""

    def barriers(game):
        found = gandyn.barriers(game)
        altered = (
            replace(
                barrier,
                **{name: change(getattr(barrier, name)) for name, change in changes.items()},
            )
            for barrier in found.barriers
        )
        return replace(found, barriers=tuple(altered))

    return replace(Subject.public(), barriers=barriers)


def shifted_logit(discriminator):
    right = discriminator.logit
    discriminator.logit = lambda x: right(x) + 1e-3
    return discriminator


def with_f(**changes):
    return formulas(f_divergences=one_of(F_DIVERGENCES, **changes))


def twice(p, g, m):
    return p / (p + 2 * g)


def whole_jsd(p, g, m):
    return p * m.log(2 * p / (p + g)) + g * m.log(2 * g / (p + g))


SATURATING_OFF = gandyn.FDivergence(lambda ell: 1.001 * expit(ell), "saturating")

SUBJECTS = {
    # -- the formulas
    "D* weighs p_g twice": formulas(discriminator=twice),
    "JSD without its half": formulas(jensen_shannon=whole_jsd),
    "the least JSD at a TV by Pinsker": formulas(
        jsd_range=lambda tv, m: (tv**2 / 2, tv * m.log(2))
    ),
    "the largest JSD at a TV twice": formulas(
        jsd_range=lambda tv, m: (RIGHT.jsd_range(tv, m)[0], 2 * tv * m.log(2))
    ),
    "the non-saturating potential without its two": formulas(
        **times(0.5, "nonsaturating_potential")
    ),
    "the saturating potential as JSD": with_f(
        saturating=lambda r, m: F_DIVERGENCES["saturating"](r, m) / 2
    ),
    "Hellinger with another constant": with_f(hellinger=lambda r, m: 2 - 2 * m.sqrt(r)),
    "both KLs exchanged": with_f(
        forward_kl=F_DIVERGENCES["reverse_kl"], reverse_kl=F_DIVERGENCES["forward_kl"]
    ),
    "an α-divergence without 1/α": with_f(
        **{"alpha(-0.5)": lambda r, m: -0.5 * F_DIVERGENCES["alpha(-0.5)"](r, m)}
    ),
    "w = r f''": formulas(weight=lambda r, second: r * second),
    "the weight of Hellinger with ½": formulas(
        weights=one_of(WEIGHTS, hellinger=lambda r, m: m.sqrt(r) / 2)
    ),
    "the α-divergence with 1/α": formulas(alpha=lambda r, a, m: (a - 1) * RIGHT.alpha(r, a, m)),
    "the slope of W₂² without its two": formulas(
        slopes=one_of(SLOPES, wasserstein2=lambda d, m: d)
    ),
    "the slope of the mean square away from the data": formulas(
        slopes=one_of(SLOPES, mse=lambda d, m: -2 * d)
    ),
    "the conjugate of GAN for that of JS": formulas(
        conjugates=one_of(CONJUGATES, saturating=lambda t, m: -m.log(1 - m.exp(t)))
    ),
    "the conjugate of KL as exp t": formulas(
        conjugates=one_of(CONJUGATES, forward_kl=lambda t, m: m.exp(t))
    ),
    "growth without its half": formulas(**times(2, "growth")),
    "growth with the scale as the place": formulas(
        growth=lambda kappa, by_a, by_b: kappa * (by_a**2 + by_b**2) / 2
    ),
    "the rates of a and b exchanged": formulas(rates=lambda *given: RIGHT.rates(*given)[::-1]),
    "the rates with σ in place of σ²": formulas(
        rates=lambda kappa, sigma, degree: RIGHT.rates(kappa, sigma**0.5, degree)
    ),
    "the rates with k − 1 in place of k": formulas(
        rates=lambda kappa, sigma, degree: [k * kappa / sigma**2 for k in range(degree + 1)]
    ),
    "the likelihood's force on a with half of the variance": formulas(
        likelihood_force=lambda mean, std, a, b: (
            ((std**2 / 2 + (mean - b) ** 2) / a**2 - 1) / a,
            (mean - b) / a**2,
        )
    ),
    "a normal density without its 1/σ": formulas(
        normal_logpdf=lambda x, mean, std, m: -(((x - mean) / std) ** 2) / 2 - m.log(2 * m.pi) / 2
    ),
    "KL of normals twice": formulas(**times(2, "normal_kl")),
    "the affinity of normals without its factor": formulas(
        normal_affinity=lambda m1, s1, m2, s2, m: m.exp(-((m1 - m2) ** 2) / (4 * (s1**2 + s2**2)))
    ),
    "χ² of normals the other way round": formulas(
        normal_chi_squared=lambda m1, s1, m2, s2, m: RIGHT.normal_chi_squared(m2, s2, m1, s1, m)
    ),
    "W₂² of normals with variances": formulas(
        normal_transport=lambda m1, s1, m2, s2, m: (m1 - m2) ** 2 + s1**2 + s2**2
    ),
    "a wrong constant in the vanishing force": formulas(
        force_law=lambda m: (m.sqrt(m.pi), m.pi**2 / 2, 5 * m.pi**4 / 8)
    ),
    "a wrong correction to the vanishing force": formulas(
        force_law=lambda m: (m.sqrt(m.pi / 2), (m.pi**2 + 8) / 2, 5 * m.pi**4 / 8)
    ),
    "a wrong correction to the law of JSD": formulas(
        gap_law=lambda m: (m.sqrt(2 * m.pi), m.pi**2 / 2, 48 + 6 * m.pi**2)
    ),
    "reverse KL rests one per cent wider": formulas(
        seeking=lambda c, mode: (1 + 1.01 * mode * c / 2, mode - c)
    ),
    "the nearly perfect bound with M²": formulas(
        nearly_perfect=lambda size, epsilon: size**2 * epsilon**2 / (1 - epsilon)
    ),
    "noise of a normal law": formulas(
        noise_ratio=lambda x, scale, m: m.exp(-((x / scale) ** 2) / 2) / (scale * m.sqrt(2 * m.pi))
    ),
    "the bound of W₁ without its two": formulas(
        smoothed_transport=lambda variance, diameter, jsd, m: (
            2 * m.sqrt(variance) + diameter * m.sqrt(jsd)
        )
    ),
    "the bound of W₁ ten times as large": formulas(**times(10, "smoothed_transport")),
    "point masses with the JSD of one bit": formulas(
        point_masses=lambda distance, m: (
            (m.fabs(distance), 1, m.inf, m.inf, 1) if distance else (0,) * 5
        )
    ),
    "point masses with a squared distance": formulas(
        point_masses=lambda distance, m: (distance**2, *RIGHT.point_masses(distance, m)[1:])
    ),
    "Kramers' rate without its 2π": formulas(kramers=lambda low, top, m: m.sqrt(low * top)),
    "Kramers' rate one per mille off": formulas(**times(1.001, "kramers")),
    # -- answers of games
    "D* a little off": games(discriminator=shifted_logit),
    "JSD off by 1e-9": evaluations(jsd=lambda jsd: jsd * (1 + 1e-9)),
    "the gap of JSD off by 1e-9": evaluations(jsd_gap=lambda gap: gap * (1 + 1e-9)),
    "the gap of JSD as a difference": evaluations(
        jsd_gap=lambda gap: math.log(2) - (math.log(2) - gap)
    ),
    "V with log 2 in place of 2 log 2": evaluations(value=lambda value: value + math.log(2)),
    "TV 14 % too large": total_variations(lambda tv: 1.14 * tv),
    "TV 14 % too small": total_variations(lambda tv: tv / 1.14),
    "TV off by 1e-8": total_variations(lambda tv: tv * (1 - 1e-8)),
    "negative JSD": games(
        evaluate=lambda e: (
            replace(e, jsd=-e.jsd, value=-2 * math.log(2) - 2 * e.jsd) if e.jsd is not None else e
        )
    ),
    "KLs a little off": evaluations(kl_data_generator=lambda kl: kl * (1 + 1e-9)),
    "no force": forces(np.zeros_like),
    "a stray force of 1e-12": forces(lambda force: force + 1e-12, "saturating"),
    "the sensitivity to a with a wrong sign": forces(lambda force: force * [-1, 1]),
    "the saturating force twice": forces(lambda force: 2 * force, "saturating"),
    "no boundary terms": games(boundary_force=np.zeros_like),
    "half of the non-saturating potential": games(
        "nonsaturating", potential=lambda potential: potential / 2
    ),
    "a Jacobian off by one per mille": games(jacobian=lambda jacobian: 1.001 * jacobian),
    "a Jacobian transposed and exchanged": games(
        jacobian=lambda jacobian: jacobian[..., ::-1, ::-1]
    ),
    "reverse KL for the non-saturating loss": objectives(nonsaturating="reverse_kl"),
    "the non-saturating loss for the saturating one": objectives(saturating="nonsaturating"),
    # its own potential still fits its force
    "a weight one per mille off": objectives(saturating=SATURATING_OFF),
    **{
        f"the force of {name} one per mille too large": forces(lambda force: 1.001 * force, name)
        for name in OBJECTIVES
    },
    **{
        f"the potential of {name} one per cent too large": games(name, potential=lambda u: 1.01 * u)
        for name in PUBLISHED
    },
    # -- comparisons
    "squared W₂": distances(wasserstein2=lambda w: w**2),
    "the gap of two laws off by 1e-5": distances(jsd_gap=lambda gap: gap * (1 + 1e-5)),
    "the gap of two laws 1.001 times": distances(jsd_gap=lambda gap: 1.001 * gap),
    "finite chi squared": distances(chi_squared_pq=lambda value: min(value, 1e308)),
    "JSD of two laws off by 1e-8": distances(jsd=lambda jsd: jsd + 1e-8),
    "JSD of two laws in bits": distances(jsd=lambda jsd: jsd / math.log(2)),
    "kernel densities of another width": replace(
        Subject.public(), from_samples=lambda samples, bandwidth: gandyn.from_samples(samples)
    ),
    # -- paths
    "a flow that goes back": paths("gradient_flow", lambda theta: theta[..., ::-1, :]),
    "a flow that is not accurate": paths("gradient_flow", lambda theta: theta * (1 + 1e-6)),
    "a flow that moves without a force": paths("gradient_flow", lambda theta: theta + 0.1),
    "steps that are not where they say": paths("iterate", lambda theta: theta + 0.02),
    "rates of escape one per mille off": passes(prefactor_from=lambda rate: 1.001 * rate),
    "barriers one per mille too high": passes(height_to=lambda height: 1.001 * height),
}
