"""Branches of families against closed forms, and of real games against bisection and an oracle."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import brentq, linear_sum_assignment

import gandyn
from gandyn.errors import InputError
from gandyn.landscape.bifurcations import branches
from gandyn.landscape.census import describe, equilibria
from gandyn.landscape.survey import Survey
from gandyn.landscape.unfolding import BranchPoints, Folds, Unfolding
from tests.sweeps import sweep

EXACT = 1e-10
LOW, HIGH = -1.0, 1.2
TWO = "0.5*N(-{m}, 1) + 0.5*N({m}, 1)"
FOLD, MAXWELL = 2.134202314839812, 2.379547721159018
"""Of TWO with the nonsaturating loss: oracle_landscape.py, 40 digits."""


class NormalForm:
    """A gradient system in (a, b) whose motion along a curve is ẋ = g(x), a polynomial.

    The potential is p²/2 − ∫g with p = log a − log 0.4 − 0.3 tanh b and x = b − centre: at rest g
    is 0 and p is 0.
    """

    generator = gandyn.LinearGenerator()
    data = gandyn.parse("0.5*N(-1, 0.4) + 0.5*N(1, 0.4)")

    def __init__(self, *coefficients, centre=0.0):
        self.g = np.polynomial.Polynomial(coefficients)
        self.height = -self.g.integ()
        self.centre = centre

    def theta(self, x):
        """The rest point at a root of g."""
        b = np.asarray(x, dtype=float) + self.centre
        return np.stack([0.4 * np.exp(0.3 * np.tanh(b)), b], axis=-1)

    def _off(self, theta):
        return np.log(theta[..., 0] / 0.4) - 0.3 * np.tanh(theta[..., 1])

    def force(self, theta):
        theta = np.asarray(theta)
        p, along = self._off(theta), self.g(theta[..., 1] - self.centre)
        return np.stack(
            [-p / theta[..., 0], 0.3 / np.cosh(theta[..., 1]) ** 2 * p + along], axis=-1
        )

    def jacobian(self, theta):
        """By complex steps: exact."""
        columns = [self.force(np.asarray(theta) + 1e-30j * e).imag / 1e-30 for e in np.eye(2)]
        return np.stack(columns, axis=-1)

    def potential(self, theta):
        theta = np.asarray(theta)
        return 0.5 * self._off(theta) ** 2 + self.height(theta[..., 1] - self.centre)

    def evaluate(self, theta, values=None):
        force, potential = self.force(theta), self.potential(theta)
        return SimpleNamespace(
            force=force,
            potential=potential,
            errors={"force": np.full(force.shape, 1e-16), "potential": 1e-16 + 0 * potential},
        )


def family(*coefficients):
    """Coefficients, numbers or functions of the parameter; the origin moves along."""

    def make(t):
        values = [c(t) if callable(c) else c for c in coefficients]
        return NormalForm(*values, centre=0.4 * np.sin(t))

    return make


def rising(t):
    return t


def falling(t):
    return -t


# -- the checks, which test_wrong_landscape.py makes go red


def check_points(points, make, places, tolerance=EXACT):
    """Special points lie at (parameter, x), and are told in the order of their parameters.

    Each is matched to its nearest, as parameters that differ by rounding have no order.
    """
    assert len(points) == len(places), [(p.parameter, p.theta) for p in points]
    parameters = np.array([point.parameter for point in points])
    assert (np.diff(parameters) >= -tolerance).all()
    exact = np.array([[t, *make(t).theta(x)] for t, x in places]).reshape(-1, 3)
    here = np.array([[point.parameter, *point.theta] for point in points]).reshape(-1, 3)
    apart = np.abs(here[:, None] - exact).max(axis=2)
    rows, nearest = linear_sum_assignment(apart)
    assert (apart[rows, nearest] <= tolerance).all()
    for point, k in zip(points, nearest, strict=True):
        t, x = places[k]
        assert (point.a, point.b) == tuple(point.theta)
        assert point.residual <= 1e-9
        assert abs(point.potential - make(t).height(x)) <= tolerance


def check_branches(found, make, low=LOW, high=HIGH):
    """All points are at rest, kinds are those of g', and each rest point is passed once."""
    for branch in found.branches:
        for t, theta, rates, potential, kind in zip(
            branch.parameter,
            branch.theta,
            branch.eigenvalues,
            branch.potential,
            branch.kind,
            strict=True,
        ):
            game = make(t)
            assert low <= t <= high
            assert np.abs(game.force(theta)).max() <= 1e-9
            exact = np.sort(np.linalg.eigvals(game.jacobian(theta)).real)
            assert rates == pytest.approx(exact, abs=1e-7)
            assert potential == game.potential(theta)
            slope = game.g.deriv()(theta[1] - game.centre)
            if abs(slope) > 1e-6:
                assert kind == ("attractor" if slope < 0 else "saddle")
    for share in (0.137, 0.371, 0.503, 0.711, 0.933):
        t = low + share * (high - low)
        roots = make(t).g.roots()
        count = int((np.abs(roots.imag) < 1e-9).sum())
        assert passed(found, t) == count, f"at {t}"


def passed(found, t):
    """How often the branches pass a value of the parameter."""
    return sum(int(np.diff(np.sign(branch.parameter - t) > 0).sum()) for branch in found.branches)


def check_fold():
    make = family(rising, 0.0, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_points(found.folds, make, [(0.0, 0.0)])
    game = make(0.0)
    trace = np.trace(game.jacobian(game.theta(0.0)))
    assert found.folds[0].eigenvalue == pytest.approx(trace, rel=1e-9)
    assert not found.branch_points and not found.maxwell
    check_branches(found, make)


def check_pitchfork():
    make = family(0.0, rising, 0.0, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_points(found.branch_points, make, [(0.0, 0.0)])
    assert found.branch_points[0].kind == "pitchfork"
    assert not found.folds and not found.maxwell
    assert len(found.branches) == 2
    check_branches(found, make)


def check_pitchfork_from_the_side():
    """A side branch passes the pitchfork as it would a fold; no eigenvalue changes its sign."""
    make = family(0.0, rising, 0.0, -1.0)
    for sign in (-1.0, 1.0):
        survey = surveyed(make, 0.7, sign * np.sqrt(0.7))
        (fork,) = survey.forks
        assert fork[1] and not survey.folds
        assert survey.base.values(fork[0])[0] == pytest.approx(0.0, abs=EXACT)
        assert np.abs(survey.base.theta(fork[0]) - make(0.0).theta(0.0)).max() <= EXACT
        assert len(survey.paths) == 2 and survey.verdict({})[0] == 0
        for t, count in ((-0.5, 1), (0.5, 3)):
            p = (t - LOW) / (HIGH - LOW)
            assert sum(int(np.diff(path.u[:, 2] > p).sum()) for path in survey.paths) == count


def surveyed(make, t, x, low=LOW, high=HIGH):
    """What is found from one rest point alone."""
    survey = Survey(Unfolding(make, [low], [high], 1.4))
    theta = make(t).theta(x)
    survey.cover(t, [point for point in equilibria(make(t)) if abs(point.b - theta[1]) < 1e-9])
    return survey


# -- normal forms


def test_fold():
    check_fold()


def test_pitchfork():
    check_pitchfork()


def test_pitchfork_from_the_side():
    check_pitchfork_from_the_side()


def test_pitchfork_from_the_trunk():
    for t in (-0.6, 0.6):
        survey = surveyed(family(0.0, rising, 0.0, -1.0), t, 0.0)
        assert [upright for _, upright, _ in survey.forks] == [True]
        assert not survey.folds and len(survey.paths) == 2


def test_the_whole_is_found_from_every_branch():
    """-t x + x³ − x⁵/2: a subcritical pitchfork at 0, with folds where x² = 1, at t = ½."""
    make = family(0.0, falling, 0.0, 1.0, 0.0, -0.5)
    for x in (
        0.0,
        -np.sqrt(1 - np.sqrt(0.6)),
        np.sqrt(1 - np.sqrt(0.6)),
        np.sqrt(1 + np.sqrt(0.6)),
    ):
        survey = surveyed(make, 0.2, x)
        assert len(survey.forks) == 1 and len(survey.folds) == 2 and len(survey.paths) == 2
        assert survey.verdict({}) == (0, "2 branches")


def test_subcritical_pitchfork():
    make = family(0.0, falling, 0.0, 1.0, 0.0, -0.5)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_points(found.branch_points, make, [(0.0, 0.0)])
    check_points(found.folds, make, [(0.5, -1.0), (0.5, 1.0)])
    check_branches(found, make)
    # t x²/2 − x⁴/4 + x⁶/12 is 0 once more where x² = 3/2, at t = 3/8.
    assert [point.parameter for point in found.maxwell] == pytest.approx([0.375] * 2, abs=EXACT)
    game = make(0.375)
    for point, x in zip(found.maxwell, ((-np.sqrt(1.5), 0.0), (0.0, np.sqrt(1.5))), strict=True):
        assert np.abs(point.theta - game.theta(x)).max() <= EXACT
        assert abs(point.potential) <= 1e-12 and point.difference <= 1e-12
        assert point.b == point.theta[0, 1]


def test_transcritical():
    make = family(0.0, rising, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_points(found.branch_points, make, [(0.0, 0.0)])
    assert found.branch_points[0].kind == "transcritical"
    assert not found.folds and not found.maxwell and len(found.branches) == 2
    check_branches(found, make)
    for x in (0.0, 0.7):
        survey = surveyed(make, 0.7, x)
        assert [upright for _, upright, _ in survey.forks] == [False]
        assert not survey.folds and len(survey.paths) == 2


@pytest.mark.parametrize("h", [0.05, -0.05, 1e-3, 1e-5])
def test_imperfect_pitchfork(h):
    """h + t x − x³ has one fold, where 4 t³ = 27 h², and its branches never cross."""
    make = family(h, rising, 0.0, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    t = np.cbrt(27 * h**2 / 4)
    check_points(found.folds, make, [(t, -np.sign(h) * np.sqrt(t / 3))])
    assert not found.branch_points and len(found.branches) == 2
    check_branches(found, make)


@pytest.mark.parametrize("h, folds", [(0.01, []), (-0.01, [(-0.2, -0.1), (0.2, 0.1)])])
def test_imperfect_transcritical(h, folds):
    """h + t x − x²: branches that pass each other by, or two folds with nothing between."""
    make = family(h, rising, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_points(found.folds, make, folds)
    assert not found.branch_points and len(found.branches) == 2
    check_branches(found, make)


def check_hysteresis(mu=1.0):
    """t + μ x − x³: two folds and a Maxwell point between them, or none."""
    make = family(rising, mu, 0.0, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    assert not found.branch_points and len(found.branches) == 1
    check_branches(found, make)
    if mu < 0:
        assert not found.folds and not found.maxwell
        return
    t, x = 2 * (mu / 3) ** 1.5, np.sqrt(mu / 3)
    check_points(found.folds, make, [(-t, x), (t, -x)])
    (maxwell,) = found.maxwell
    assert abs(maxwell.parameter) <= EXACT
    states = make(0.0).theta([-np.sqrt(mu), np.sqrt(mu)])
    assert np.abs(maxwell.theta - states).max() <= EXACT
    assert maxwell.potential == pytest.approx(make(0.0).height(np.sqrt(mu)), abs=1e-12)


@pytest.mark.parametrize("mu", [-0.5, 0.02, 0.1, 1.0])
def test_hysteresis(mu):
    check_hysteresis(mu)


@pytest.mark.parametrize("kappa", [0.05, -0.02, 0.01, -0.005])
def test_a_fold_beside_a_branch_point(kappa):
    """t x + κ x² − x³: transcritical at 0, with a fold at x = κ/2 within one step of it."""
    make = family(0.0, rising, kappa, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_points(found.branch_points, make, [(0.0, 0.0)])
    assert found.branch_points[0].kind == "transcritical"
    check_points(found.folds, make, [(-(kappa**2) / 4, kappa / 2)])
    check_branches(found, make)


def test_an_isolated_branch_closes():
    """0.4 − t² − x² is 0 on a circle, which two of the six values pass through."""
    make = family(lambda t: 0.4 - t**2, 0.0, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    t = np.sqrt(0.4)
    check_points(found.folds, make, [(-t, 0.0), (t, 0.0)])
    (branch,) = found.branches
    assert np.array_equal(branch.theta[0], branch.theta[-1])
    assert branch.parameter[0] == branch.parameter[-1]
    check_branches(found, make)


def test_two_pitchforks_on_one_closed_pair():
    make = family(0.0, lambda t: 0.25 - t**2, 0.0, -1.0)
    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_points(found.branch_points, make, [(-0.5, 0.0), (0.5, 0.0)])
    assert len(found.branches) == 2 and not found.folds
    check_branches(found, make)


@pytest.mark.parametrize("beside", [1e-4, 1e-3, 1e-2])
def test_a_rest_point_next_to_a_fold_is_not_followed_twice(beside):
    """The third of the six values lies this far beyond the fold."""
    make = family(rising, 0.0, -1.0)
    low = -0.8 + beside
    found = branches(make, ("t", low, low + 2.0))
    assert found.status == 0 and len(found.branches) == 1 and len(found.folds) == 1
    check_branches(found, make, low, low + 2.0)


@pytest.mark.parametrize("beside", sweep([0.003, 0.01, 0.03], lambda beside: beside == 0.01))
@pytest.mark.parametrize("last", [-1.0, 0.0])
def test_a_branch_point_next_to_an_end_of_the_interval(beside, last):
    """The other branch's short piece up to the end is followed too, and no branch twice."""
    make = family(0.0, rising, last, -1.0 - last)
    for low, high in ((-beside, 1.0), (-1.0, beside)):
        found = branches(make, ("t", low, high))
        assert found.status == 0 and len(found.branches) == 2, found.message
        check_points(found.branch_points, make, [(0.0, 0.0)])
        check_branches(found, make, low, high)
        for t in (low + 1e-9, high - 1e-9):
            count = int((np.abs(make(t).g.roots().imag) < 1e-9).sum())
            assert passed(found, t) == count


def test_folds_and_branch_points_are_points_of_the_branches():
    make = family(0.0, falling, 0.0, 1.0, 0.0, -0.5)
    found = branches(make, ("t", LOW, HIGH))
    for special in (*found.folds, *found.branch_points):
        apart = [
            np.abs(np.column_stack([branch.parameter, branch.theta]) - here).max(axis=1).min()
            for branch in found.branches
            for here in [[special.parameter, *special.theta]]
        ]
        on = sum(distance <= 1e-9 for distance in apart)
        assert on == (2 if special in found.branch_points else 1)


@pytest.mark.parametrize("seed", sweep(range(12), lambda seed: seed < 3))
def test_random_polynomials(seed):
    """Quintics, a third of them odd, a third with a trunk: folds are the roots of a resultant."""
    rng = np.random.default_rng([5, seed])
    still = rng.normal(size=5) * [0.3, 0.8, 0.6, 0.6, 0.3]
    moving = rng.normal(size=5) * [0.3, 0.6, 0.4, 0.4, 0.0]
    if seed % 3 == 1:
        still[::2] = moving[::2] = 0.0
    if seed % 3 == 2:
        still[0] = moving[0] = 0.0
    still, moving = np.append(still, -1.0), np.append(moving, 0.0)

    def make(t):
        return NormalForm(*(still + t * moving), centre=0.4 * np.sin(t))

    found = branches(make, ("t", LOW, HIGH))
    assert found.status == 0, found.message
    check_branches(found, make)
    skip = int(seed % 3 > 0)
    # On g = 0 (on g/x = 0 where there is a trunk) t is a function of x; it turns at a fold.
    g, h = (np.polynomial.Polynomial(c[skip:]) for c in (still, moving))
    turns = (g.deriv() * h - g * h.deriv()).roots()
    x = turns[np.abs(turns.imag) < 1e-9].real
    x = x[np.abs(h(x)) > 1e-9]
    t = -g(x) / h(x)
    inside = (t >= LOW) & (t <= HIGH) & ((seed % 3 != 1) | (np.abs(x) > 1e-9))
    # A twofold root of the resultant's is right to half of the digits only.
    check_points(found.folds, make, list(zip(t[inside], x[inside], strict=True)), 1e-8)
    forks = []
    if skip and LOW <= -still[1] / moving[1] <= HIGH:
        forks = [(-still[1] / moving[1], 0.0)]
    check_points(found.branch_points, make, forks, 1e-8)
    assert {p.kind for p in found.branch_points} <= {
        "pitchfork" if seed % 3 == 1 else "transcritical"
    }


# -- what they are made of


def test_scaled_coordinates_and_back():
    base = Unfolding(lambda m, w: None, [1.0, 0.2], [5.0, 0.7], 2.5)
    u = base.at(np.array([0.6, -1.1]), [2.0, 0.3])
    assert u == pytest.approx([np.log(0.6), -0.44, 0.25, 0.2])
    assert base.theta(u) == pytest.approx([0.6, -1.1]) and base.values(u) == pytest.approx([2, 0.3])


def test_games_are_made_once():
    made = []
    base = Unfolding(lambda t: made.append(t) or NormalForm(t, 0.0, -1.0), [0.0], [1.0], 1.0)
    for _ in range(3):
        base.residual(np.array([-1.0, 0.2, 0.5]))
    assert made == [0.5]


def test_outside_the_family_there_is_no_force():
    def make(t):
        if t > 0.5:
            raise InputError("t: too large")
        return NormalForm(t, 0.0, -1.0)

    base = Unfolding(make, [0.0], [1.0], 1.0)
    u = np.array([-1.0, 0.2, 0.6])
    assert np.isnan(base.residual(u)).all() and np.isnan(base.curvature(u)).all()
    assert np.isnan(BranchPoints(base, u).residual(np.append(u, 0.0))).all()


def test_slopes_are_the_derivatives():
    base = Unfolding(family(rising, 1.0, 0.0, -1.0), [LOW], [HIGH], 1.4)
    u = base.at(np.array([0.5, 0.3]), [0.4])
    exact = np.empty((2, 3))
    for k, step in enumerate(1e-4 * np.eye(3)):
        near = base.residual(u + step) - base.residual(u - step)
        far = base.residual(u + 2 * step) - base.residual(u - 2 * step)
        exact[:, k] = (8 * near - far) / 12e-4
    assert base.slopes_finely(u) == pytest.approx(exact, abs=1e-9)
    assert base.slopes(u) == pytest.approx(exact, abs=2e-5)


def test_the_bordered_test_is_zero_at_folds_only():
    make = family(rising, 0.0, -1.0)
    base = Unfolding(make, [LOW], [HIGH], 1.4)
    at = [base.at(make(x**2).theta(x), [x**2]) for x in (-0.1, 0.0, 0.1)]
    folds = Folds(base, at[1])
    values = [folds.test(base.curvature(u)) for u in at]
    assert values[0] * values[2] < 0 and abs(values[1]) <= 1e-14
    assert min(abs(values[0]), abs(values[2])) > 1e-3
    assert np.isfinite(folds.slopes(at[1])).all()
    assert np.linalg.matrix_rank(folds.slopes(at[1])) == 3  # Newton's method converges there
    assert folds.bend(at[1]) != pytest.approx(0.0, abs=1e-2)


def test_the_bend_vanishes_at_a_cusp():
    make = family(0.0, 0.0, rising, -1.0)
    base = Unfolding(make, [LOW], [HIGH], 1.4)
    at = [base.at(make(t).theta(0.0), [t]) for t in (-0.1, 0.0, 0.1)]
    folds = Folds(base, at[1])
    bends = [folds.bend(u) for u in at]
    assert bends[0] * bends[2] < 0 and abs(bends[1]) <= 1e-6


def test_branch_points_have_regular_equations():
    for coefficients in ((0.0, rising, 0.0, -1.0), (0.0, rising, -1.0)):
        make = family(*coefficients)
        base = Unfolding(make, [LOW], [HIGH], 1.4)
        w = np.append(base.at(make(0.0).theta(0.0), [0.0]), 0.0)
        system = BranchPoints(base, w[:3])
        assert np.abs(system.residual(w)).max() <= 1e-9
        matrix = [
            (system.residual(w + step) - system.residual(w - step)) / 2e-4
            for step in 1e-4 * np.eye(4)
        ]
        assert np.linalg.cond(np.array(matrix)) < 1e3


def test_branches_that_are_lost_are_told():
    class Torn(NormalForm):
        """No force beyond b = 0.7."""

        def force(self, theta):
            beyond = np.asarray(theta)[..., 1:].real > 0.7
            return np.where(beyond, np.nan, super().force(theta))

    survey = Survey(Unfolding(lambda t: Torn(t, 0.0, -1.0), [LOW], [HIGH], 1.4))
    theta = NormalForm(0.16, 0.0, -1.0).theta(0.4)
    survey.cover(0.16, [SimpleNamespace(theta=theta, kind="attractor", index=1)])
    assert len(survey.folds) == 1
    missing, whole = (asked(NormalForm(t, 0.0, -1.0), success=t < 0) for t in (-0.1, 0.1))
    status, message = survey.verdict({0.1: missing, 0.16: whole})
    assert status == -1
    assert "1 ended within the interval" in message
    assert "at 1 of 2 values rest points may be missing" in message


def asked(game, success):
    """What `equilibria` says of a game, but for whether it is all."""
    return replace(equilibria(game), status=0 if success else -1)


def test_progress_rises_to_the_end():
    told = []
    branches(family(rising, 0.0, -1.0), ("t", LOW, HIGH), lambda part, text: told.append(part))
    assert told[0] == 0.0 and 0.85 < told[-1] <= 1.0
    assert all(one <= other for one, other in pairwise(told))


@pytest.mark.parametrize(
    "make, interval, name, message",
    [
        (family(rising), (1.0, 1.0), "t", "t: got 1 to 1, must be finite with low < high"),
        (family(rising), (0.0, np.inf), "t", "t: got 0 to inf, must be finite"),
        (family(rising), 3.0, "t", "interval: got 3.0, must be (name, low, high)"),
        (
            family(rising),
            ("a", "b"),
            "t",
            "interval: got ('t', 'a', 'b'), must be (name, low, high)",
        ),
        ("N(0, 1)", (0.0, 1.0), "t", "family: got 'N(0, 1)', must be a Template or a function"),
        (gandyn.template(TWO), (1.0, 2.0), "w", "family: got names m, must be what is varied: w"),
        (gandyn.template("{w}*N(-{m}, 1) + (1-{w})*N({m}, 1)"), (1.0, 2.0), "m", "names w, m"),
        (gandyn.template("N(0, {s})"), (-1.0, 1.0), None, "std: got -1.0"),
    ],
)
def test_what_is_no_family_or_interval(make, interval, name, message):
    with pytest.raises(InputError) as caught:
        branches(make, (name, *interval) if name and interval != 3.0 else interval)
    assert message in str(caught.value)


# -- real games


@pytest.fixture(scope="module")
def two_modes():
    return branches(gandyn.template(TWO), (0.5, 6.0))


def check_two_modes(found):
    """Folds and Maxwell points of TWO."""
    assert found.status == 0 and found.name == "m" and found.interval == (0.5, 6.0)
    assert [p.parameter for p in found.folds] == pytest.approx([FOLD] * 2, abs=EXACT)
    assert [p.parameter for p in found.maxwell] == pytest.approx([MAXWELL] * 2, abs=EXACT)
    left, right = (point.theta for point in found.folds)
    assert left[1] < 0 and np.abs(left * [1, -1] - right).max() <= EXACT
    assert not found.branch_points and len(found.branches) == 3


@pytest.mark.exhaustive
def test_two_modes(two_modes):
    check_two_modes(two_modes)
    names = gandyn.template(TWO)
    for m, count in ((1.0, 1), (2.1, 1), (2.2, 5), (4.0, 5)):
        assert passed(two_modes, m) == count == len(equilibria(names(m=m)))


def test_the_fold_by_bisection_on_the_number_of_rest_points():
    names, low, high = gandyn.template(TWO), 2.12, 2.15
    while high - low > 1e-5:
        middle = 0.5 * (low + high)
        if len(equilibria(names(m=middle))) == 1:
            low = middle
        else:
            high = middle
    assert 0.5 * (low + high) == pytest.approx(FOLD, abs=1e-5)


@pytest.mark.exhaustive
def test_units_do_not_matter(two_modes):
    """Data and parameter three times as wide: the same folds at three times the values."""
    wide = branches(gandyn.template("0.5*N(-{m}, 3) + 0.5*N({m}, 3)"), (6.0, 7.5))
    for one, other in zip(two_modes.folds, wide.folds, strict=True):
        assert other.parameter == pytest.approx(3 * one.parameter, abs=1e-9)
        assert np.abs(other.theta - 3 * one.theta).max() <= 1e-9
        assert other.eigenvalue == pytest.approx(one.eigenvalue / 9, rel=1e-6)
        assert other.potential == pytest.approx(one.potential, abs=1e-11)
    for one, other in zip(two_modes.maxwell, wide.maxwell, strict=True):
        assert other.parameter == pytest.approx(3 * one.parameter, abs=1e-9)


def pitchfork_game(m):
    """A logistic latent: heavier tails than the data's."""
    return gandyn.Game(
        gandyn.Mixture([0.5, 0.5], [gandyn.Normal(-m, 1.0), gandyn.Normal(m, 1.0)]),
        gandyn.LinearGenerator(gandyn.Logistic(0.0, 0.55)),
    )


def on_axis(m):
    """The state that averages both modes, and the rate at which it leaves the axis b = 0."""
    game, a = pitchfork_game(m), 1.8
    for _ in range(12):
        theta = np.array([a, 0.0])
        a -= game.force(theta)[0] / game.jacobian(theta)[0, 0]
    return np.array([a, 0.0]), float(game.jacobian([a, 0.0])[1, 1])


@pytest.mark.exhaustive
def test_a_pitchfork_of_a_real_game():
    """At m = 2.239 the average of both modes becomes a saddle, at a subcritical pitchfork.

    Its side branches turn at folds and come back as states on either mode.
    """
    exact = brentq(lambda m: on_axis(m)[1], 2.0, 2.4, xtol=1e-12)
    survey = Survey(Unfolding(pitchfork_game, [1.9], [2.3], 3.0))
    survey.cover(2.1, describe(pitchfork_game(2.1), on_axis(2.1)[0][None]))
    assert survey.verdict({}) == (0, "2 branches")
    ((u, upright, residual),) = survey.forks
    assert upright and residual <= 1e-12
    assert abs(survey.base.values(u)[0] - exact) <= 1e-8
    assert np.abs(survey.base.theta(u) - on_axis(exact)[0]).max() <= 1e-8
    left, right = sorted(survey.folds, key=lambda fold: fold[1])
    assert np.abs(left * [1, -1, 1] - right).max() <= 1e-8
    assert survey.base.values(right)[0] < exact - 0.2
    rates = np.linalg.eigvals(
        pitchfork_game(survey.base.values(right)[0]).jacobian(survey.base.theta(right))
    )
    assert np.abs(rates).min() <= 1e-8 * np.abs(rates).max()


@pytest.mark.parametrize("objective", ["saturating", "nonsaturating", "hellinger", "neyman"])
def test_a_normal_latent_forbids_it(objective):
    """With a normal latent ∂F_b/∂b < F_a/a everywhere: f-divergences are convex in p_g, which
    solves the heat equation in (a²/2, b). At rest ∂F_b/∂b < 0: no pitchfork on an axis of symmetry,
    and no repeller anywhere."""
    game = gandyn.Game(gandyn.parse("0.3*N(-2, 0.5) + 0.7*N(2, 1)"), objective=objective)
    rng = np.random.default_rng(3)
    theta = np.stack([rng.uniform(0.2, 1.3 if objective == "neyman" else 4, 40)] * 2, axis=1)
    if objective == "neyman":
        theta[:, 0] *= 0.3
    theta[:, 1] = rng.uniform(-4, 4, 40)
    force, jacobian = game.force(theta), game.jacobian(theta)
    assert np.isfinite(jacobian).all()
    assert (jacobian[:, 1, 1] < force[:, 0] / theta[:, 0]).all()
