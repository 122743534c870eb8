"""Wrong formulas put into the landscape on purpose: the check that is named must go red."""

import dataclasses
from importlib import import_module

import numpy as np
import pytest

import gandyn
from gandyn.landscape import (
    bifurcations,
    continuation,
    curves,
    diagram,
    maxwell,
    parts,
    strings,
    survey,
    unfolding,
)
from tests.landscape.test_bifurcations import (
    check_fold,
    check_hysteresis,
    check_pitchfork,
    check_pitchfork_from_the_side,
)
from tests.landscape.test_branches_whole import check_isolated
from tests.landscape.test_continuation import HELIX, between, check_path_of, follow
from tests.landscape.test_diagram import CUSP, check_cusp, cusp
from tests.landscape.test_mountain_passes import (
    TWO,
    Wells,
    check_heights,
    check_kramers,
    check_path,
    check_prefactors,
    check_string_order,
    check_tree,
    ends_by_flow_of,
    game_of,
    triple_well,
)
from tests.landscape.test_parts import check_labels, circle
from tests.sweeps import sweep

# The package has functions of these names.
passes = import_module("gandyn.landscape.mountain_passes")
rests = import_module("gandyn.landscape.census")

RED = (AssertionError, ValueError, IndexError, np.linalg.LinAlgError)


# -- checks that the tests make of results of theirs


def two_heights():
    check_heights(gandyn.barriers(game_of(TWO)))


def prefactors():
    game = triple_well()
    check_prefactors(gandyn.barriers(game), game, [-1.1, 0.0, 1.3], [-0.5, 0.6])


def paths():
    game = triple_well()
    check_path(gandyn.barriers(game), game)


def tree():
    game = Wells(0.02, 0.035, 0.0)
    found = gandyn.barriers(game, (0.35, 1.9, -1.7, 1.7))
    check_tree(found, ends_by_flow_of(game, found.equilibria))


def indices():
    found = gandyn.equilibria(triple_well())
    assert found.complete and found.winding == 1 == sum(point.index for point in found)


def kramers():
    check_kramers(passes.eyring_kramers)


def strings_converge():
    check_string_order(gandyn.barriers(game_of(TWO)))


def helix():
    path = follow(HELIX, np.array([1.0, 0.0, 0.0]), np.ones(3), between(2, -1.0, 2.0))
    check_path_of(HELIX, path)
    assert path.end == "bound"


def cusp_diagram():
    check_cusp(gandyn.phase_diagram(cusp, *CUSP))


def parts_of_a_circle():
    check_labels([circle((6.03, 4.01), 2.7), np.array([[-1.0, -0.73], [13.0, 9.4]])])


# -- what is wrong


def negative_jacobian(patch):
    right = gandyn.Game.jacobian
    patch.setattr(gandyn.Game, "jacobian", lambda self, theta: -right(self, theta))


def transposed_units(patch):
    """The units of log a and b on the rows of the Jacobian."""
    patch.setattr(
        unfolding.Unfolding,
        "curvature",
        lambda self, u: (
            unfolding.Plane(self.game(self.values(u))).jacobian(self.theta(u)[None])[0]
            * np.array([[self.theta(u)[0]], [self.scale]])
        ),
    )


def flipped_column(patch):
    right = unfolding.Unfolding.curvature
    patch.setattr(unfolding.Unfolding, "curvature", lambda self, u: right(self, u) * [1.0, -1.0])


def trace_for_the_test(patch):
    patch.setattr(unfolding.Folds, "test", lambda self, curvature: float(np.trace(curvature)))


def plain_determinant(patch):
    patch.setattr(
        survey, "_determinant", lambda path, k: float(np.linalg.det(path.slopes[k][:, :2]))
    )


def no_branch_points(patch):
    patch.setattr(survey, "_determinant", lambda path, k: 1.0)


def turns_as_folds(patch):
    """Every turn of the tangent a fold, at pitchforks too."""

    def fold(self, path, k):
        self.folds.append(path.u[k])

    patch.setattr(survey.Survey, "_fold", fold)


def no_turns(patch):
    patch.setattr(survey.Survey, "_fold", lambda self, path, k: None)


def ends_alone_asked(patch):
    patch.setattr(bifurcations, "_stations", lambda make, low, high: [low, high])
    patch.setattr(bifurcations, "_unasked", lambda survey, found: [])


def one_side_entered(patch):
    right = survey.Survey._entered
    patch.setattr(
        survey.Survey,
        "_entered",
        lambda self, u, aside: right(self, u, aside) if aside[1] > 0 else None,
    )


def no_root(patch):
    right = passes.eyring_kramers

    def wrong(low, saddle):
        growing = saddle.eigenvalues.real.max() / (2 * np.pi)
        return right(low, saddle) ** 2 / growing

    patch.setattr(passes, "eyring_kramers", wrong)


def inverse_root(patch):
    right = passes.eyring_kramers

    def wrong(low, saddle):
        growing = saddle.eigenvalues.real.max() / (2 * np.pi)
        return growing**2 / right(low, saddle)

    patch.setattr(passes, "eyring_kramers", wrong)


def stable_rate(patch):
    right = passes.eyring_kramers

    def wrong(low, saddle):
        rates = saddle.eigenvalues.real
        return right(low, saddle) * abs(rates.min()) / rates.max()

    patch.setattr(passes, "eyring_kramers", wrong)


def rise_downwards(patch):
    right = passes.rise
    patch.setattr(passes, "rise", lambda game, low, high: right(game, high, low))


def sides_swapped(patch):
    right = passes._barrier

    def wrong(*args):
        out = right(*args)
        return dataclasses.replace(out, height_from=out.height_to, height_to=out.height_from)

    patch.setattr(passes, "_barrier", wrong)


def last_saddle_as_the_pass(patch):
    right = passes._barrier

    def wrong(game, found, start, end, way):
        out = right(game, found, start, end, way)
        low = min((down.saddle for down, _ in way), key=lambda k: found[k].potential)
        heights = [passes.rise(game, found[k], found[low])[0] for k in (start, end)]
        return dataclasses.replace(out, saddle=low, height_from=heights[0], height_to=heights[1])

    patch.setattr(passes, "_barrier", wrong)


def highest_first(patch):
    """The tree of the highest passes."""
    right = passes._kruskal

    def wrong(found, downs):
        turned = [
            dataclasses.replace(point, potential=-point.potential)
            if point.kind == "saddle"
            else point
            for point in found
        ]
        merges, ways = right(turned, downs)
        return [dataclasses.replace(m, potential=-m.potential) for m in merges], ways

    patch.setattr(passes, "_kruskal", wrong)


def straight_paths(patch):
    patch.setattr(passes, "even", lambda theta, count: np.linspace(theta[0], theta[-1], count))


def winding_reversed(patch):
    right = rests.around
    patch.setattr(rests, "around", lambda force, boundary: right(force, boundary[::-1]))


def uneven_strings(patch):
    patch.setattr(strings, "even", lambda theta, images, along: theta)


def tangent_off(patch):
    right = continuation.tangent_of

    def wrong(slopes):
        along = right(slopes) + 1e-3
        return along / np.linalg.norm(along)

    patch.setattr(continuation, "tangent_of", wrong)


def nothing_corrected(patch):
    patch.setattr(continuation, "correct", lambda system, guess, row, slopes: guess)


def bound_passed_by(patch):
    right = continuation.correct

    def wrong(system, guess, row, slopes):
        new = right(system, guess, row, slopes)
        return None if new is None or (row == 1.0).any() else new

    patch.setattr(continuation, "correct", wrong)


def gap_off(patch):
    right = curves.Maxwells.gap
    patch.setattr(curves.Maxwells, "gap", lambda self, w: right(self, w) + 1e-4)


def maxwell_point_off(patch):
    right = maxwell._solved

    def wrong(*args):
        found = right(*args)
        return found and dataclasses.replace(found, parameter=found.parameter + 1e-8)

    patch.setattr(maxwell, "_solved", wrong)


def bend_off(patch):
    right = unfolding.Folds.bend
    patch.setattr(unfolding.Folds, "bend", lambda self, u: right(self, u) + 1e-3)


def no_maxwell_curves(patch):
    patch.setattr(diagram, "order_changes", lambda *args: [])


def walls_in_one_direction(patch):
    right = parts._connected

    def wrong(between_rows, between_columns, on_wall):
        return right(between_rows, np.zeros_like(between_columns), on_wall)

    patch.setattr(parts, "_connected", wrong)


def walls_one_cell_off(patch):
    right = parts._place
    patch.setattr(parts, "_place", lambda values, axis: right(values, axis) + 1.0)


CONTROLS = {
    "sign of the fast Jacobian": (negative_jacobian, two_heights),
    "units on the rows of the Jacobian": (transposed_units, check_pitchfork),
    "sign of ∂F/∂b": (flipped_column, check_fold),
    "trace for the bordered test": (trace_for_the_test, check_fold),
    "no turns": (no_turns, check_fold),
    "rest points asked at the ends alone": (ends_alone_asked, check_isolated),
    "determinant without border": (plain_determinant, check_pitchfork_from_the_side),
    "no branch points": (no_branch_points, check_pitchfork_from_the_side),
    "no branch points, from everywhere": (no_branch_points, check_pitchfork),
    "turns as folds": (turns_as_folds, check_pitchfork),
    "one side of a branch entered": (one_side_entered, check_pitchfork_from_the_side),
    "Maxwell point in its eighth digit": (maxwell_point_off, check_hysteresis),
    "Kramers without the root": (no_root, kramers),
    "Kramers without the root, in a game": (no_root, two_heights),
    "Kramers with the root upside down": (inverse_root, kramers),
    "Kramers with the stable rate": (stable_rate, prefactors),
    "heights downwards": (rise_downwards, two_heights),
    "heights of the other side": (sides_swapped, two_heights),
    "the lowest saddle as the pass": (last_saddle_as_the_pass, tree),
    "the highest passes first": (highest_first, tree),
    "straight paths": (straight_paths, paths),
    "winding clockwise": (winding_reversed, indices),
    "images not spread": (uneven_strings, strings_converge),
    "tangents off by 1e-3": (tangent_off, helix),
    "points not corrected": (nothing_corrected, helix),
    "bounds passed by": (bound_passed_by, helix),
    "Maxwell curves off": (gap_off, cusp_diagram),
    "no Maxwell curves": (no_maxwell_curves, cusp_diagram),
    "bend off by 1e-3": (bend_off, cusp_diagram),
    "walls in one direction": (walls_in_one_direction, parts_of_a_circle),
    "walls one cell off": (walls_one_cell_off, parts_of_a_circle),
}


DEAR = {
    "sign of ∂F/∂b",
    "units on the rows of the Jacobian",
    "Kramers without the root, in a game",
    "heights of the other side",
    "images not spread",
    "no Maxwell curves",
    "bend off by 1e-3",
}
"""What another control is beside, of the same check or of the same formula."""


@pytest.mark.parametrize("name", sweep(CONTROLS, lambda name: name not in DEAR))
def test_wrong_formulas_are_red(name, monkeypatch):
    apply, check = CONTROLS[name]
    apply(monkeypatch)
    with pytest.raises(RED):
        check()


@pytest.mark.parametrize(
    "check", [indices, prefactors, paths, tree, kramers, helix, parts_of_a_circle]
)
def test_right_formulas_are_green(check):
    """The others are tests of their own."""
    check()
