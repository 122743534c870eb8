"""Everything that the page shows, computed once and kept in one place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gandyn.dynamics import Flow, gradient_flow
from gandyn.errors import InputError
from gandyn.game import Evaluation, Game
from gandyn.system.checks import Array, need_count
from gandyn.system.polyline import up_to
from gandyn.system.progress import Progress
from gandyn.system.text import beside
from gandyn.theory import Verification
from gandyn.views.plane import kernels, matching_state

_FINE, _CURVE = 1e-10, 1e-8


@dataclass(frozen=True)
class Settings:
    """How much there is of each thing.

    Attributes
    ----------
    samples : int
        Times at which the flow is evaluated and drawn; fewer where the data has very many kernels.
    moments, frames : int
        Pictures in the strip, and in the animation (0: none).
    cells : int
        Cells of the field along each axis.
    others : tuple of (float, float)
        Further starts: a as a part of the picture's width, b from -1 (bottom) to 1 (top).
    other_steps : int
        Steps after which one of these is drawn as far as it came.
    nodes : int
        Nodes of the portrait along each axis.
    replicas, training_steps : int
        Runs of training, and the most steps that they make.
    claims : tuple of str, optional
        Names of the rows of the theory table; all by default.
    """

    samples: int = 240
    moments: int = 4
    frames: int = 40
    cells: int = 36
    others: tuple[tuple[float, float], ...] = tuple(
        (a, b) for a in (0.1, 0.5, 0.95) for b in (-0.9, -0.35, 0.35, 0.9)
    )
    other_steps: int = 150
    nodes: int = 121
    replicas: int = 8
    training_steps: int = 500
    claims: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        least = {"moments": 1, "frames": 0, "other_steps": 1, "replicas": 1, "training_steps": 1}
        for name, number in ({"samples": 2, "cells": 2, "nodes": 2} | least).items():
            need_count(name, getattr(self, name), number)


@dataclass(frozen=True)
class Course:
    """The flow from the start: where it ends, and a curve close enough to be drawn.

    The curve, t (T,) and theta (T, 2), has a relative tolerance of 1e-8; times may repeat where an
    escape from a plateau is shorter than their rounding. The end (2,), at the time of rest or the
    last time, has one of 1e-10; its error is that, or how far the curve's end is from it where that
    is more and the flow has not come to rest.
    """

    t: Array
    theta: Array
    end: Array
    end_t: float
    error: Array
    flow: Flow


@dataclass(frozen=True)
class Results:
    """What the sections of the page are made from: values along the curve, and at both ends.

    `command` is what to type for the same report; `claims` waits for the theory to be checked and
    gives what came of it.
    """

    game: Game
    start: Array
    t_end: float
    course: Course
    curve: Evaluation
    at_start: Evaluation
    at_end: Evaluation
    command: str
    settings: Settings
    claims: Callable[[], Verification]


def collect(
    game: Game,
    start: Sequence[float],
    t_end: float,
    command: str,
    settings: Settings,
    claims: Callable[[], Verification],
    tell: Progress,
) -> Results:
    """Flow, and evaluate; an `InputError` where the game refuses start or time."""
    begin = np.asarray(game.generator.check(start), dtype=float)
    if not np.isfinite(game.force(begin)).all():
        raise InputError(
            f"start: got a = {begin[0]:g}, b = {beside(begin[1], abs(begin[0]), 6)}, where the "
            f"force of {game.objective.name} is not finite; must be a state, or an objective, "
            "where it is"
        )
    course = _course(game, begin, t_end, _affordable(settings.samples, game), tell)
    tell(0.3, "values")
    curve, first = game.evaluate(course.theta), game.evaluate(begin)
    last = game.evaluate(course.end)
    return Results(game, begin, t_end, course, curve, first, last, command, settings, claims)


def _course(game: Game, start: Array, t_end: float, samples: int, tell: Progress) -> Course:
    tell(0.0, "flow")
    fine = gradient_flow(game, start, (0.0, t_end), rtol=_FINE)
    last = t_end
    if math.isinf(t_end) or fine.status < 0:
        last = fine.rest_time if math.isfinite(fine.rest_time) else float(fine.t[-1])
    end_t, span = last, last if last > 0.0 else 1.0
    tell(0.15, "flow")
    times = up_to(span, samples, min(1e-4, 1e-3 / span))
    drawn = gradient_flow(game, start, (0.0, span), times, rtol=_CURVE)
    known = np.isfinite(drawn.theta).all(axis=-1)
    t, theta = times[known], drawn.theta[known]
    apart = np.abs(theta[-1] - fine.theta[-1])
    size = game.unit + np.abs(game.near(fine.theta[-1]))
    tolerance = _FINE * size + np.spacing(np.abs(fine.theta[-1]))
    if fine.status == 1:
        if np.any(apart > 1e-3 * size):
            # An escape from a plateau, at a time that no float holds: its own steps show the way.
            t, theta = fine.t, fine.theta
        apart = tolerance
    return Course(t, theta, fine.theta[-1], end_t, np.maximum(apart, tolerance), fine)


def _affordable(samples: int, game: Game) -> int:
    return min(samples, max(32, samples * 100 // kernels(game)))


def data_scale(game: Game) -> tuple[float, float]:
    """The b and the |a| that suit the data: of its moments, or of its quartiles without them."""
    match = matching_state(game)
    if match is not None:
        return float(match[1]), float(match[0])
    low, middle, high = (float(game.data.ppf(q)) for q in (0.25, 0.5, 0.75))
    return middle, 0.5 * (high - low) / 0.6745
