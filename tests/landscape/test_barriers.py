"""Mountain passes: heights, prefactors, paths and the tree, by manifolds and by strings."""

from itertools import combinations

import numpy as np
import pytest

import gandyn
from gandyn import InputError
from gandyn.landscape.barriers import eyring_kramers

TWO = "0.5*N(-3, 1) + 0.5*N(3, 1)"
FOUR = "0.25*N(-6, 0.5) + 0.25*N(-2, 0.6) + 0.25*N(2, 0.7) + 0.25*N(6, 0.8)"


def game(data, objective="nonsaturating", latent="N(0, 1)"):
    return gandyn.Game(gandyn.parse(data), gandyn.LinearGenerator(gandyn.parse(latent)), objective)


def test_two_modes_against_40_digits():
    found = gandyn.barriers(game(TWO))
    assert found.status == 0 and len(found.barriers) == 3
    out = found.barriers[0]
    assert (out.start, out.saddle, out.end) == (0, 1, 2)
    assert out.height_from == pytest.approx(0.344726232351, abs=1e-11)
    assert out.height_to == pytest.approx(0.03289883666086, abs=1e-11)
    assert out.prefactor_from == pytest.approx(0.05127584761135, rel=1e-9)
    assert out.prefactor_to == pytest.approx(0.01528429780539, rel=1e-9)
    assert out.error < 1e-11


def test_paths_climb_to_the_pass_and_down():
    found = gandyn.barriers(game(TWO))
    for barrier in found.barriers:
        top = found.equilibria[barrier.saddle].potential
        assert barrier.potential.max() == pytest.approx(top, abs=1e-12)
        assert barrier.path[0] == pytest.approx(found.equilibria[barrier.start].theta)
        assert barrier.path[-1] == pytest.approx(found.equilibria[barrier.end].theta)
    first = found.barriers[0].potential
    climb = np.diff(first) > 0
    assert climb[: first.argmax()].all() and not climb[first.argmax() :].any()


@pytest.mark.parametrize("objective", ["nonsaturating", "saturating"])
def test_the_string_method_finds_the_same_pass(objective):
    found = gandyn.barriers(game(TWO, objective))
    barrier = found.barriers[0]
    ends = [found.equilibria[k].theta for k in (barrier.start, barrier.end)]
    string = gandyn.string_path(found.equilibria.game, *ends)
    assert string.status == 0
    assert string.saddle == pytest.approx(found.equilibria[barrier.saddle].theta, abs=1e-9)
    apart = np.hypot(*(string.theta[:, None] - barrier.path).transpose(2, 0, 1)).min(axis=1)
    assert (apart < 0.05 * string.theta[:, 0]).all()
    assert string.potential.max() - string.potential[0] == pytest.approx(
        barrier.height_from, rel=0.01
    )


def test_a_string_without_steps_says_so():
    found = gandyn.equilibria(game(TWO))
    string = gandyn.string_path(game(TWO), found[0].theta, found[2].theta, max_steps=3)
    assert string.status == 1 and "raise max_steps" in string.message


def test_the_tree_holds_the_lowest_of_the_highest():
    found = gandyn.barriers(game(FOUR))
    attractors = [k for k, p in enumerate(found.equilibria) if p.kind == "attractor"]
    assert len(found.tree) == len(attractors) - 1
    assert [m.potential for m in found.tree] == sorted(m.potential for m in found.tree)
    downs = gandyn.separatrices(found.equilibria.game).unstable
    links = {}
    for down in downs:
        links.setdefault(down.saddle, []).append(down.end)
    for start, end in combinations(attractors, 2):
        # the least potential at which the saddles below it join the two
        for saddle in sorted(links, key=lambda k: found.equilibria[k].potential):
            level = found.equilibria[saddle].potential
            reach, grown = {start}, True
            while grown:
                grown = False
                for s, pair in links.items():
                    joined = reach & set(pair)
                    if found.equilibria[s].potential <= level and joined and joined < set(pair):
                        reach |= set(pair)
                        grown = True
            if end in reach:
                break
        (barrier,) = [x for x in found.barriers if (x.start, x.end) == (start, end)]
        assert barrier.saddle == saddle
        (merge,) = [m for m in found.tree if len({start, end} & m.left) == 1
                    and len({start, end} & m.right) == 1]  # fmt: skip
        assert merge.saddle == saddle


def test_a_tiny_barrier_keeps_its_digits():
    m = 2.134202314839811797 + 1e-6
    found = gandyn.barriers(game(f"0.5*N(-{m!r}, 1) + 0.5*N({m!r}, 1)"))
    tiny = found.barriers[0].height_from
    m += 3e-6  # heights grow as the distance from the fold to the power 3/2
    more = gandyn.barriers(game(f"0.5*N(-{m!r}, 1) + 0.5*N({m!r}, 1)")).barriers[0].height_from
    assert 0 < tiny < 1e-9
    assert more / tiny == pytest.approx(8.0, rel=2e-3)
    assert found.barriers[0].error < 1e-3 * tiny


def test_scale_and_shift():
    base = gandyn.barriers(game("0.4*N(-2.5, 0.7) + 0.6*N(2, 1)")).barriers[0]
    moved = gandyn.barriers(game("0.4*N(-2.5, 2.1) + 0.6*N(11, 3)")).barriers[0]
    assert moved.height_from == pytest.approx(base.height_from, rel=1e-9)
    assert moved.height_to == pytest.approx(base.height_to, rel=1e-9)
    assert moved.prefactor_from == pytest.approx(base.prefactor_from / 9, rel=1e-7)


def test_eyring_kramers_is_the_limit_of_the_exact_passage_time():
    """One dimension of a separable double well: U = (x² − 1)²/4 + y²/2."""
    from types import SimpleNamespace

    def point(*rates):
        return SimpleNamespace(eigenvalues=np.array(rates))

    rate = eyring_kramers(point(-2.0, -1.0), point(-1.0, 1.0))
    assert rate == pytest.approx(np.sqrt(2.0) / (2.0 * np.pi))
    x = np.linspace(-2.5, 1.0, 40_001)
    h = x[1] - x[0]
    u = (x**2 - 1.0) ** 2 / 4.0
    for noise, within in ((0.25 / 5, 0.2), (0.25 / 20, 0.04)):
        inner = np.cumsum(np.exp(-u / noise)) * h
        there = x >= -1.0
        exact = (np.exp(u[there] / noise) * inner[there]).sum() * h / noise
        kramers = np.exp(0.25 / noise) / rate
        assert exact == pytest.approx(kramers, rel=within)


def test_without_a_potential_there_are_no_barriers():
    with pytest.raises(InputError, match="densities without jumps"):
        gandyn.barriers(game(TWO, latent="U(-1, 1)"))
    found = gandyn.barriers(game("N(0, 1)", "wasserstein2"))
    assert found.barriers == () and found.tree == () and found.status == 0
