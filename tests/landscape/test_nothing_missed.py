"""Random mixtures: no rest point is missing, by the index sum and by brute force.

    python -m tests.landscape.test_nothing_missed [OBJECTIVE] [GAMES] [FIRST]

compares `equilibria` with 2,500 random starts each on more games than the tests have time for, by
default on 200 from number 0 with the nonsaturating loss, and tells how many rest points either
found. Some two minutes.
"""

import sys

import numpy as np
import pytest

import gandyn
from gandyn.landscape.census import equilibria

SWEEP = pytest.mark.exhaustive
STARTS = 2500
SHORT = 1e-6  # step of one-sided differences, in units of a
SAME = 1e-5
FIRST_STEP, STEP = 0.75, 0.4
"""Longest steps, in units of a. Of the starts whose first step is longer none is followed: they are
far from any rest point that others are not nearer to."""


def mixture(number):
    """Two to four normals: scattered, symmetric or bunched together."""
    rng = np.random.default_rng([0, number])
    count = int(rng.integers(2, 5))
    weights = np.maximum(rng.dirichlet(np.full(count, 2.0)), 0.03)
    means = np.sort(rng.uniform(-6.0, 6.0, count))
    stds = np.exp(rng.uniform(np.log(0.2), np.log(1.5), count))
    if number % 4 == 2:
        weights, means = weights + weights[::-1], 0.5 * (means - means[::-1])
        stds = np.sqrt(stds * stds[::-1])
    elif number % 4 == 3:
        gaps = rng.uniform(1.5, 4.0, count - 1) * 0.5 * (stds[1:] + stds[:-1])
        means = np.concatenate([[0.0], np.cumsum(gaps)])
    parts = [gandyn.Normal(float(m), float(s)) for m, s in zip(means, stds, strict=True)]
    return gandyn.Mixture((weights / weights.sum()).tolist(), parts)


def game_of(number, objective):
    return gandyn.Game(mixture(number), objective=objective)


def brute_force(game, box, rng, count=STARTS):
    """Rest points (n, 2) in a box by Broyden's method from random starts.

    It asks for nothing but the force. In (log a, b), with steps in units of a: the Jacobian at each
    start comes from one-sided differences and is corrected by each step. Where the method arrives,
    Newton's with fresh differences must converge.
    """
    low, high = np.log(box[:2])
    here = np.stack([rng.uniform(low, high, count), rng.uniform(*box[2:], count)], axis=1)
    push, slope = linear(game, here)
    longest = FIRST_STEP
    arrived = []
    for _ in range(18):
        step = solution(slope, push)
        length = np.abs(step).max(axis=1)
        near = length <= longest  # and not nan
        here, push, slope = here[near], push[near], slope[near]
        step, length = step[near], length[near]
        step *= np.minimum(1.0, STEP / np.maximum(length, 1e-300))[:, None]
        here = moved(here, step)
        inside = (here >= [low - 0.1, box[2]]) & (here <= [high + 0.1, box[3]])
        done = length < 1e-4
        arrived.append(here[inside.all(axis=1) & done])
        going = inside.all(axis=1) & ~done
        here, push, slope, step = here[going], push[going], slope[going], step[going]
        if not len(here):
            break
        after = force(game, here)
        missed = after - push - np.einsum("nij,nj->ni", slope, step)
        slope = slope + missed[:, :, None] * (step / (step**2).sum(1, keepdims=True))[:, None]
        slope[:, :, 1] *= np.exp(step[:, :1])  # in units of the new a
        push, longest = after, 3.0
    found = distinct(np.concatenate(arrived), 1e-3)
    for _ in range(4):
        step = solution(*linear(game, found)[::-1]) if len(found) else found
        near = np.abs(step).max(axis=1, initial=0.0) < 0.1
        found, step = moved(found[near], step[near]), step[near]
    found = distinct(found[np.abs(step).max(axis=1, initial=0.0) < 1e-7], SAME)
    theta = np.stack([np.exp(found[:, 0]), found[:, 1]], axis=1)
    inside = (theta >= [box[0], box[2]]) & (theta <= [box[1], box[3]])
    return theta[inside.all(axis=1)]


def force(game, here):
    return game.force(np.stack([np.exp(here[:, 0]), here[:, 1]], axis=1))


def linear(game, here):
    """The force, and its derivatives by log a and by b/a, shapes (n, 2) and (n, 2, 2)."""
    push = force(game, here)
    ahead = [force(game, moved(here, SHORT * np.eye(2)[[k]])) for k in range(2)]
    return push, (np.stack(ahead, axis=2) - push[:, :, None]) / SHORT


def moved(here, step):
    return here + step * np.stack([np.ones(len(here)), np.exp(here[:, 0])], axis=1)


def solution(slope, push):
    """Newton's step; nan or inf where there is none."""
    with np.errstate(all="ignore"):
        det = slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]
        by_a = slope[:, 0, 1] * push[:, 1] - slope[:, 1, 1] * push[:, 0]
        by_b = slope[:, 1, 0] * push[:, 0] - slope[:, 0, 0] * push[:, 1]
        return np.stack([by_a, by_b], axis=1) / det[:, None]


def distinct(places, apart):
    kept = []
    for place in places:
        if not any(np.abs(place - other).max() < apart for other in kept):
            kept.append(place)
    return np.array(kept).reshape(-1, 2)


def lacking(places, others):
    """Those of `places` (n, 2) that are none of `others`."""
    return [p for p in places if not (np.abs(others - p).max(axis=1) <= SAME * p[0]).any()]


def compared(number, objective):
    """What `equilibria` finds, what brute force finds beside it, and what that does not find."""
    found = equilibria(game_of(number, objective))
    forced = brute_force(game_of(number, objective), found.box, np.random.default_rng(number))
    return found, lacking(forced, found.theta), lacking(found.theta, forced)


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(first, marks=SWEEP) for first in range(20, 200, 20))]
)
def test_the_index_sum_closes(first):
    for number in range(first, first + 20):
        found = equilibria(game_of(number, "nonsaturating"))
        assert found.complete and found.status == 0, (number, str(found.game.data), found.message)
        # The force points inwards all around the box.
        assert (
            found.winding == 1 == len(found.attractors) + len(found.repellers) - len(found.saddles)
        )


@pytest.mark.parametrize(
    "objective",
    ["nonsaturating", "saturating", "reverse_kl"],
)
@pytest.mark.exhaustive
def test_brute_force_finds_no_more(objective):
    overlooked = points = 0
    for number in range(1000, 1020):
        found, more, fewer = compared(number, objective)
        assert not more, (number, str(found.game.data), more)
        overlooked, points = overlooked + len(fewer), points + len(found)
    # Brute force that finds little would say little.
    assert overlooked <= 0.02 * points


def main(objective="nonsaturating", games="200", first="0"):
    open_, missed, overlooked, points = [], [], 0, 0
    for number in range(int(first), int(first) + int(games)):
        found, more, fewer = compared(number, objective)
        points, overlooked = points + len(found), overlooked + len(fewer)
        if not found.complete:
            open_.append(number)
            print(number, found.game.data, found.message)
        if more:
            missed.append(number)
            print(number, found.game.data, "lacks", more)
    print(
        f"{objective}: {games} games, {points} rest points; index sum open in {len(open_)}, "
        f"some missing in {len(missed)}; brute force overlooked {overlooked}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
