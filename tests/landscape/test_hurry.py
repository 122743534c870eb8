"""Searches for rest points have an end, and say why they found nothing."""

from types import SimpleNamespace

import numpy as np
import pytest

import gandyn
from gandyn.landscape import hurry
from gandyn.landscape.census import equilibria
from gandyn.landscape.plane import Plane

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"


def game_of(text, latent="N(0, 1)"):
    return gandyn.Game(gandyn.parse(text), gandyn.LinearGenerator(gandyn.parse(latent)))


def test_a_search_without_time_says_so(monkeypatch):
    monkeypatch.setattr(hurry, "_SECONDS", -1.0)
    found = equilibria(game_of(TWO), (0.1, 5.0, -6.0, 6.0))
    assert (len(found), found.complete, found.status) == (0, False, -1)
    assert "stopped after three seconds of work" in found.message
    assert "choose a smaller box" in found.message


@pytest.mark.parametrize("looks", [5, 12, 20, 30])
def test_what_was_found_before_the_time_was_up_is_kept(monkeypatch, looks):
    box = 0.1, 5.0, -6.0, 6.0
    whole = equilibria(game_of(TWO), box)
    clock = iter([0.0] * looks + [1e9] * 10_000)
    monkeypatch.setattr(hurry, "time", SimpleNamespace(thread_time=lambda: next(clock)))
    found = equilibria(game_of(TWO), box)
    assert found.status == (0 if found.complete else -1)
    for point in found:
        assert np.abs(whole.theta - point.theta).max(axis=1).min() <= 1e-9


def test_in_time_the_hurried_plane_is_the_plane():
    plane = Plane(game_of(TWO))
    hurried = hurry.HurriedPlane(plane)
    u = np.random.default_rng(0).uniform([0.3, -4.0], [4.0, 4.0], (1500, 2))
    assert hurried.force(u) == pytest.approx(plane.force(u), abs=1e-13)
    assert hurried.jacobian(u[:90]) == pytest.approx(plane.jacobian(u[:90]), abs=1e-12)
    assert not hurried.cut


@pytest.mark.exhaustive
def test_a_box_far_larger_than_the_data(monkeypatch):
    monkeypatch.setattr(hurry, "_SECONDS", 60.0)  # on any machine
    game = game_of(TWO)
    a, b = Plane(game).axes((0.1, 1.5, -1e9, 1e9))
    assert len(a) * len(b) < 20_000
    found = equilibria(game, (0.1, 1.5, -1e9, 1e9))
    near = equilibria(game, (0.1, 1.5, -9.0, 9.0))
    assert found.complete and near.complete
    assert found.theta == pytest.approx(near.theta, rel=1e-9)


def test_flat_densities_feel_nothing_and_that_is_said():
    found = equilibria(game_of("U(0, 1)", "U(0, 1)"))
    assert found.status == -1 and found.winding is None
    for part in ("the force is zero on parts of its edge", "another objective", "instance noise"):
        assert part in found.message
