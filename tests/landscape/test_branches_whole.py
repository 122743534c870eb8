"""Nothing missed without a word: branches against `equilibria`, isolated ones, poles, ends."""

from dataclasses import replace

import numpy as np
import pytest

import gandyn
from gandyn.errors import InputError
from gandyn.landscape import bifurcations
from gandyn.landscape.bifurcations import branches
from gandyn.landscape.census import equilibria
from tests.landscape.test_bifurcations import FOLD, LOW, TWO, NormalForm, family, rising

SWEEP = pytest.mark.exhaustive
THREE = "0.4*N(-4, 1) + 0.4*N(4, 1) + 0.2*N({m}, 0.5)"
FOLDS = [
    7.130329005439, 5.897548054804, 2.742122084464, 0.731841904690, 0.657129175471,
    0.522720302142, 0.375611155385, 0.203121087621, 0.202556791704,
]  # fmt: skip
"""Of THREE on one side of 0: right to 1e-9 in `equilibria`, whose count changes there by two."""


def passed(found, t):
    """How often the branches pass a value of the parameter."""
    return sum(int(np.diff(np.sign(branch.parameter - t) > 0).sum()) for branch in found.branches)


# -- isolated branches


def circle(centre, radius):
    """A trunk at x = −1.2, and a circle in (t, x) about (centre, 0.3) that touches nothing."""
    x = np.polynomial.Polynomial([0.0, 1.0])

    def make(t):
        g = -(x + 1.2) * ((x - 0.3) ** 2 + (t - centre) ** 2 - radius**2)
        return NormalForm(*g.coef, centre=0.4 * np.sin(t))

    return make


def check_isolated(centre=0.04, radius=0.13):
    """A branch that touches neither end of the interval."""
    found = branches(circle(centre, radius), ("t", LOW, 1.2))
    assert found.status == 0 and len(found.branches) == 2, found.message
    ends = [centre - radius, centre + radius]
    assert [p.parameter for p in found.folds] == pytest.approx(ends, abs=1e-9)
    assert "asked for at" in found.message and "found at each" in found.message


@pytest.mark.parametrize("centre", [-0.31, 0.04, 0.57])
@pytest.mark.parametrize("radius", [0.13, 0.3])
def test_a_branch_that_touches_neither_end(centre, radius):
    check_isolated(centre, radius)


def check_three(found, low, high):
    assert found.status == 0, found.message
    exact = np.sort([sign * fold for fold in FOLDS for sign in (-1.0, 1.0)])
    exact = exact[(exact > low) & (exact < high)]
    assert [p.parameter for p in found.folds] == pytest.approx(exact, abs=1e-9)


WIDE = ((0.1, 0.8), (-2.0, 2.0), (-3.0, 3.0), (-8.0, 8.0))


@pytest.mark.parametrize(
    "low, high", [pytest.param(*ends, marks=SWEEP) for ends in ((0.18, 0.24), *WIDE)]
)
def test_all_folds_of_three_modes(low, high):
    found = branches(gandyn.template(THREE), (low, high))
    check_three(found, low, high)
    assert passed(found, 0.2028) == len(equilibria(gandyn.template(THREE)(m=0.2028)))


def test_the_count_of_rest_points_changes_at_the_close_pair_of_folds():
    game = gandyn.template(THREE)
    counts = [len(equilibria(game(m=m))) for m in (0.2020, 0.2028, 0.2035)]
    assert counts[1] - counts[0] == 2 * round((counts[1] - counts[0]) / 2) != 0
    assert counts[2] != counts[1]


# -- at every value asked


def random_family(seed):
    """A family of two or three modes of which a place, a width or a weight varies."""
    rng = np.random.default_rng([12, seed])
    means, stds = np.sort(rng.uniform(-4.0, 4.0, 3)), np.exp(rng.uniform(-1.0, 0.5, 3))
    weights = rng.dirichlet(np.full(3, 3.0))
    latent = ("N(0, 1)", "N(0, 1)", "Logistic(0, 0.6)", "N(0.5, 2)")[seed % 4]
    objective = ("nonsaturating", "saturating", "reverse_kl")[seed // 3 % 3]
    what, interval = (("mean", (-5.0, 5.0)), ("std", (0.3, 2.0)), ("weight", (0.05, 0.9)))[seed % 3]
    parts = []
    for k in range(3):
        mean, std, weight = (f"({x:.15g})" for x in (means[k], stds[k], weights[k]))
        if k == 1:
            mean, std = ("{p}", std) if what == "mean" else (mean, "{p}" if what == "std" else std)
        if what == "weight":
            rest = weights[k] / (weights.sum() - weights[1])
            weight = "{p}" if k == 1 else f"({rest:.9f})*(1 - {{p}})"
        parts.append(f"{weight}*N({mean}, {std})")
    return gandyn.template(" + ".join(parts), objective, latent), interval


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=SWEEP) for seed in (1, 2, 4, 5)])
def test_branches_agree_with_equilibria(seed):
    made, (low, high) = random_family(seed)
    found = branches(made, (low, high))
    assert found.status == 0, found.message
    for p in np.random.default_rng(seed).uniform(low, high, 5):
        there = equilibria(made(p=float(p)))
        assert there.complete and passed(found, p) == len(there), p


def test_a_rest_point_on_no_branch_is_told(monkeypatch):
    """A walk that ends before it has begun leaves rest points on no branch."""
    monkeypatch.setattr(bifurcations.Survey, "_passed", lambda self, u: True)
    found = branches(family(rising, 0.0, -1.0), ("t", LOW, 1.2))
    assert found.status == -1 and "do not agree at" in found.message


def test_values_where_rest_points_may_be_missing_are_told(monkeypatch):
    right = bifurcations.planar
    doubtful = lambda game: replace(right(game), status=-1)  # noqa: E731
    monkeypatch.setattr(bifurcations, "planar", doubtful)
    found = branches(family(rising, 0.0, -1.0), ("t", LOW, 1.2))
    assert found.status == -1 and "values rest points may be missing" in found.message


# -- ends and poles


@pytest.mark.parametrize("low, high", [pytest.param(FOLD, 2.6, marks=SWEEP), (1.8, FOLD)])
def test_an_interval_that_ends_at_a_fold(low, high):
    found = branches(gandyn.template(TWO), (low, high))
    assert found.status == 0, found.message
    assert [p.parameter for p in found.folds] == pytest.approx([FOLD] * 2, abs=1e-9)


@SWEEP
@pytest.mark.parametrize("low, high", [(-1.0, 1.0), (-1.0, 1.3)])
def test_a_pole_within_the_interval(low, high):
    """N(1/m, 1) is fitted at (1, 1/m) on both sides of m = 0."""
    found = branches(gandyn.template("N(1/{m}, 1)"), (low, high))
    assert found.status == -1 and "2 ended within the interval" in found.message
    for branch in found.branches:
        near = np.abs(branch.theta[:, 1]) < 50.0  # beyond, b changes by 1e-8 with m by 1e-12
        off = branch.theta[near, 1] * branch.parameter[near] - 1.0
        assert np.abs(off).max() <= 1e-8 and near.sum() > 10
    assert sorted(np.sign(branch.parameter[0]) for branch in found.branches) == [-1.0, 1.0]


def test_a_member_that_is_no_game_is_named():
    with pytest.raises(InputError, match=r"std: got -0\.\d+.* at s = "):
        branches(gandyn.template("N(0, ({s} - 1)*({s} - 2))"), (0.0, 3.0))


@SWEEP
def test_data_that_move_very_far():
    found = branches(gandyn.template("N({m}, 1)"), (-1e4, 1e4))
    assert found.status == 0, found.message
    (branch,) = found.branches
    assert (
        np.abs(branch.theta - np.stack([np.ones(len(branch.theta)), branch.parameter], 1)).max()
        <= 1e-7
    )
