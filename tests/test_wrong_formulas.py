"""Wrong formulas put in on purpose: a named check must go red for each."""

import math

import numpy as np
import pytest

import gandyn
from gandyn import (
    Game,
    LinearGenerator,
    Normal,
    Uniform,
    objectives,
)
from gandyn.engine import quadrature, transport
from gandyn.engine.panels import PanelEngine
from gandyn.generators.generated import LinearStack
from gandyn.objectives import divergences
from gandyn.objectives import primitive as weights
from gandyn.objectives.field import Field

DATA = gandyn.parse("0.4*N(-1, 0.8) + 0.6*N(1.5, 1.1)")
THETA = np.array([1.2, 0.3])


def off(one, other, accuracy=1e-9):
    """Whether two results disagree."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    return not (np.abs(one - other) <= accuracy * np.abs(other).max()).all()


def force_by_panels(game):
    return PanelEngine(game.data, game.generator, game.objective).force(THETA[None]).value[:, 0]


def minus_gradient(game, theta=THETA, h=2e-3):
    rule = ((3 / 4, 1), (-3 / 20, 2), (1 / 60, 3))
    return np.array(
        [
            -sum(
                w * (game.potential(theta + k * e) - game.potential(theta - k * e)) for w, k in rule
            )
            / h
            for e in np.eye(2) * h
        ]
    )


# -- the checks, each of them red (True) where something is wrong


def force_is_not_the_gradient(name="saturating", latent=None):
    game = Game(DATA, LinearGenerator(latent or Normal(0, 1)), name)
    force = force_by_panels(game) + game.boundary_force(THETA)
    return off(force, minus_gradient(game), 1e-8)


def weights_do_not_sum():
    parts = [
        force_by_panels(Game(DATA, objective=n))
        for n in ("saturating", "nonsaturating", "reverse_kl")
    ]
    return off(parts[0] + parts[1], parts[2])


def grid_is_not_the_panels(name="saturating"):
    game = Game(DATA, objective=name)
    return off(game.force(THETA), force_by_panels(game))


def closed_forms_are_off():
    c = gandyn.distances(Normal(0, 1), Normal(1, 2))
    kl = math.log(2) + (1 + 1) / 8 - 0.5
    reverse = -math.log(2) + (4 + 1) / 2 - 0.5
    overlap = math.sqrt(4 / 5) * math.exp(-1 / 20)
    pearson = 4 / math.sqrt(7) * math.exp(1 / 7) - 1
    found = [c.kl_pq, c.kl_qp, c.hellinger_squared, c.chi_squared_pq, c.wasserstein2]
    return off(found, [kl, reverse, 1 - overlap, pearson, math.sqrt(2)], 1e-10)


def published_jsd_is_off():
    found = [
        gandyn.distances(Normal(0, 1), Normal(m, s)).jsd for m, s in ((1, 1), (2, 1), (2, 0.6))
    ]
    return off(found, [0.11142148, 0.33683082, 0.44308166], 1e-7)


def gap_does_not_complete():
    c = gandyn.distances(Normal(0, 1), Normal(1, 2))
    return off(c.jsd + c.jsd_gap, math.log(2), 1e-12)


def total_variation_is_off():
    c = gandyn.distances(Normal(0, 1), Normal(1, 1))
    return off(c.total_variation, math.erf(1 / math.sqrt(8)), 1e-12)


def mass_is_off():
    pair = quadrature.FINE
    return any(abs(pair.kronrod @ pair.nodes**k - 2 / (k + 1)) > 1e-13 for k in range(0, 31, 2))


def integrals_are_off():
    c = gandyn.distances(Normal(0, 1), Normal(1, 1))
    return off(c.kl_pq, 0.5, 1e-12)


def rates_are_off():
    jacobian = Game(Normal(2, 3), objective="saturating").jacobian([3.0, 2.0])
    return off(jacobian, -0.5 * np.diag([2, 1]) / 9)


def jacobian_is_not_the_difference():
    game, h = Game(DATA, objective="saturating"), 1e-3
    columns = [(game.force(THETA + e) - game.force(THETA - e)) / (2 * h) for e in np.eye(2) * h]
    return off(game.jacobian(THETA), np.stack(columns, axis=1), 1e-5)


def row_is_not_its_weight(name):
    row = objectives.objective(name)
    bare = objectives.FDivergence(row.weight)
    one = force_by_panels(Game(DATA, objective=row))
    return off(one, Game(DATA, objective=bare).force(THETA)) or off(
        Game(DATA, objective=row).potential(THETA), Game(DATA, objective=bare).potential(THETA)
    )


CHECKS = [
    force_is_not_the_gradient,
    lambda: force_is_not_the_gradient("wasserstein1"),
    lambda: force_is_not_the_gradient("wasserstein2"),
    lambda: force_is_not_the_gradient("mse"),
    lambda: force_is_not_the_gradient("saturating", Uniform(-1, 1)),
    lambda: row_is_not_its_weight("saturating"),
    lambda: row_is_not_its_weight("hellinger"),
    weights_do_not_sum,
    grid_is_not_the_panels,
    closed_forms_are_off,
    published_jsd_is_off,
    gap_does_not_complete,
    total_variation_is_off,
    mass_is_off,
    integrals_are_off,
    rates_are_off,
    jacobian_is_not_the_difference,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right_formulas_are_green(check):
    assert not check()


def patched(row, name, value):
    return lambda patch: patch.setattr(objectives.objective(row), name, value)


def scaled_property(name, factor):
    """A `Field` property that is off by a factor."""

    def apply(patch):
        right = vars(Field)[name].func
        patch.setattr(Field, name, property(lambda at: factor * right(at)))

    return apply


def wrong_row(key, function):
    def apply(patch):
        row = divergences.Divergence(function, divergences.DIVERGENCES[key].rounding)
        patch.setitem(divergences.DIVERGENCES, key, row)

    return apply


def wrong_sensitivity(patch):
    right = LinearStack.sensitivity
    patch.setattr(
        LinearStack,
        "sensitivity",
        lambda self, x, lane: right(self, x, lane) * [[[1.0]], [[1.001]]],
    )


def wrong_kronrod(patch):
    one = quadrature.FINE.kronrod.copy()
    one[3] *= 1 + 1e-10
    patch.setitem(quadrature.FINE.__dict__, "kronrod", one)


def wrong_rule(patch):
    rules = quadrature.FINE.folded.copy()
    rules[3, 0] *= 1 + 1e-9
    patch.setitem(quadrature.FINE.__dict__, "folded", rules)


def wrong_boundary(patch):
    right = Game._boundary
    patch.setattr(Game, "_boundary", lambda self, *args: -right(self, *args))


def no_boundary(patch):
    patch.setattr(Game, "boundary_force", lambda self, theta: np.zeros_like(theta))


def wrong_elasticity(patch):
    patch.setattr(
        objectives.objective("saturating"), "_elasticity", lambda ell: 0.3 * np.ones_like(ell)
    )


def wrong_score_slope(patch):
    right = type(DATA).score_slope
    patch.setattr(type(DATA), "score_slope", lambda self, x: 1.001 * right(self, x))


def mse_off(patch):
    right = transport.QuadraticEngine.values

    def wrong(self, theta, names):
        found = right(self, theta, names)
        found.value[...] *= 1.001
        return found

    patch.setattr(transport.QuadraticEngine, "values", wrong)


def wrong_quick_mass(patch):
    def mass(log_p, p, log_q, out):
        out[...] = p * p / (p + np.exp(log_q))

    patch.setattr(objectives.objective("saturating"), "_quick", mass)


def wrong_primitive(patch):
    right = weights.Primitive.density
    patch.setattr(weights.Primitive, "density", lambda self, *args: 0.999999 * right(self, *args))


def wrong_level(patch):
    patch.setattr(
        objectives.objective("saturating"),
        "_level",
        lambda at: np.exp(at.log_generated) * at.log_ratio,
    )


CONTROLS = {
    "weight of saturating": (
        # where the latent is bounded the force has no second form to fall back on
        patched("saturating", "_log_weight", lambda ell: np.log(0.5) + 0 * ell),
        lambda: force_is_not_the_gradient("saturating", Uniform(-1, 1)),
    ),
    "weights swapped": (
        patched("nonsaturating", "_log_weight", lambda ell: -np.logaddexp(0, -ell)),
        weights_do_not_sum,
    ),
    "sign of the slope": (scaled_property("ratio_slope", -1.0), force_is_not_the_gradient),
    "slope off by 1e-6": (scaled_property("ratio_slope", 1 + 1e-6), force_is_not_the_gradient),
    "factor 2 of JSD": (
        patched("saturating", "_density", divergences.jensen_shannon),
        force_is_not_the_gradient,
    ),
    "half of JSD": (
        wrong_row("jsd", lambda at: 0.5 * divergences.jensen_shannon(at)),
        published_jsd_is_off,
    ),
    "gap of JSD": (
        wrong_row("jsd_gap", lambda at: 1.000001 * divergences.jensen_shannon_gap(at)),
        gap_does_not_complete,
    ),
    "KLs swapped": (
        wrong_row("kl_data_generator", divergences.kl_generated_data),
        closed_forms_are_off,
    ),
    "χ² swapped": (
        wrong_row("chi_squared_data_generator", divergences.chi_squared_generated_data),
        closed_forms_are_off,
    ),
    "total variation without ½": (
        wrong_row("total_variation", lambda at: 2 * divergences.total_variation(at)),
        total_variation_is_off,
    ),
    "W₂ from W₁": (wrong_row("wasserstein2", divergences.transport), closed_forms_are_off),
    "Hellinger without ½": (
        wrong_row("hellinger_squared", lambda at: 2 * divergences.hellinger_squared(at)),
        closed_forms_are_off,
    ),
    "Kronrod weight in its tenth digit": (wrong_kronrod, mass_is_off),
    "rule in its ninth digit": (wrong_rule, integrals_are_off),
    "sensitivity of b": (wrong_sensitivity, force_is_not_the_gradient),
    "sign of the boundary terms": (
        wrong_boundary,
        lambda: force_is_not_the_gradient("saturating", Uniform(-1, 1)),
    ),
    "no boundary terms": (
        no_boundary,
        lambda: force_is_not_the_gradient("saturating", Uniform(-1, 1)),
    ),
    "elasticity": (wrong_elasticity, jacobian_is_not_the_difference),
    "slope of the score": (wrong_score_slope, jacobian_is_not_the_difference),
    "mass on the grid": (wrong_quick_mass, grid_is_not_the_panels),
    "primitive of the weight": (wrong_primitive, lambda: row_is_not_its_weight("hellinger")),
    "side of the transport": (
        lambda patch: patch.setattr(
            objectives.objective("wasserstein1"), "derivative", lambda d: -np.sign(d)
        ),
        lambda: force_is_not_the_gradient("wasserstein1"),
    ),
    "factor 2 of W₂": (
        lambda patch: patch.setattr(
            objectives.objective("wasserstein2"), "derivative", lambda d: d
        ),
        lambda: force_is_not_the_gradient("wasserstein2"),
    ),
    "mse off by a thousandth": (mse_off, lambda: force_is_not_the_gradient("mse")),
    "rate at the optimum": (
        patched("saturating", "_quick", lambda log_p, p, log_q, out: np.exp(log_q, out=out)),
        rates_are_off,
    ),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_wrong_formulas_are_red(name, monkeypatch):
    apply, check = CONTROLS[name]
    apply(monkeypatch)
    assert check()
