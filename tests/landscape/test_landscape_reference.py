"""Rest points, barriers and special points of families against an oracle of 25 digits.

How landscape.json was made, and what it holds, is told in tests/oracle_landscape.py.
"""

import importlib
import json
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import gandyn
from tests.sweeps import sweep

HERE = Path(__file__).parent.parent
FILE = json.loads((HERE / "data" / "landscape.json").read_text())
GAMES, FAMILIES = FILE["equilibria"], FILE["families"]

POSITION = 1e-10  # in units of a
VALUE = 1e-10
RATE = 1e-8  # relative to the faster one
SPECIAL = 1e-8
PLAIN = {  # one of every objective, one of every number of modes
    "{w}*N(-3, 1) + (1 - {w})*N(3, 1) | hellinger",
    "0.33*N(-1, 0.255) + 0.67*N(2, 1.415) | nonsaturating",
    "0.2*N(-5, 0.6) + 0.5*N(0, 1) + 0.3*N(4, 0.8) | saturating",
    "0.5*N(-3, 1) + 0.5*N(3, 1) | reverse_kl",
    "0.25*N(-6, 0.5) + 0.25*N(-2, 0.6) + 0.25*N(2, 0.7) + 0.25*N(6, 0.8) | hellinger",
}
SECOND = {  # f''(1)
    "saturating": 0.5,
    "nonsaturating": 0.5,
    "reverse_kl": 1.0,
    "forward_kl": 1.0,
    "jeffreys": 2.0,
    "pearson": 2.0,
    "hellinger": 0.25,
}


def label(case):
    return f"{case.get('data', case.get('text'))} | {case['objective']}"


def some(cases):
    return sweep(cases, lambda case: label(case) in PLAIN)


def game_of(case):
    return gandyn.Game(gandyn.parse(case["data"]), objective=case["objective"])


def family_of(case):
    return gandyn.template(case["text"], case["objective"])


def theta_of(row):
    return np.array([float(row["a"]), float(row["b"])])


def matched(places, rows, tolerance):
    """For each row of the file the index of the one place that is there; asserts that all fit."""
    places = np.array(places, dtype=float).reshape(len(places), -1)
    wanted = np.array([theta_of(row) for row in rows]).reshape(-1, 2)
    assert len(places) == len(wanted), f"{places.tolist()}, must be {wanted.tolist()}"
    apart = np.abs(places[None] - wanted[:, None]).max(2)
    best = apart.argmin(1)
    assert sorted(best) == list(range(len(places))), (places.tolist(), wanted.tolist())
    miss = apart.min(1) / wanted[:, 0]
    assert (miss <= tolerance).all(), f"off by {miss.max():.1e} of a"
    return best


# -- gandyn against the file


@pytest.mark.parametrize("case", sweep(GAMES, GAMES[::2].__contains__), ids=label)
def test_equilibria(case):
    found = gandyn.equilibria(game_of(case))
    rows = case["points"]
    where = matched([p.theta for p in found], rows, POSITION)
    assert found.complete and found.status == 0, found.message
    assert found.winding == 1
    for row, i in zip(rows, where, strict=True):
        point, rates = found[int(i)], np.array(row["eigenvalues"], dtype=float)
        assert point.kind == row["kind"]
        assert np.abs(point.eigenvalues - rates).max() <= RATE * np.abs(rates).max()
        potential = float(row["potential"])
        assert abs(point.potential - potential) <= VALUE * max(abs(potential), 1.0)
        assert point.index == (-1 if row["kind"] == "saddle" else 1)
        miss = np.abs(point.theta - theta_of(row)).max()
        assert miss <= 3 * point.error + 4 * np.finfo(float).eps * np.abs(point.theta).max()


@pytest.mark.parametrize("case", some(c for c in GAMES if c["barriers"]), ids=label)
def test_barriers(case):
    found = gandyn.barriers(game_of(case))
    assert found.status == 0, found.message
    rows = case["points"]
    index = matched([p.theta for p in found.equilibria], rows, POSITION)
    place = {int(i): row for row, i in enumerate(index)}
    assert len(found.barriers) == len(case["barriers"])
    measured = {}
    for barrier in found.barriers:
        key = place[barrier.start], place[barrier.end]
        assert tuple(sorted(key)) not in measured
        measured[tuple(sorted(key))] = barrier, key[0] > key[1]
    for row in case["barriers"]:
        barrier, turned = measured[row["start"], row["end"]]
        assert place[barrier.saddle] in row["saddles"]
        ends = ("to", "from") if turned else ("from", "to")
        for end, name in zip(("from", "to"), ends, strict=True):
            for quantity in ("height", "prefactor"):
                exact = float(row[f"{quantity}_{end}"])
                value = getattr(barrier, f"{quantity}_{name}")
                assert value == pytest.approx(exact, rel=1e-8, abs=1e-12), (quantity, end)
        check_path(found, barrier)
    check_tree(found, case, place)


def check_path(found, barrier):
    """The path goes from start to end and nowhere higher than the pass."""
    start, end, top = (found.equilibria[i] for i in (barrier.start, barrier.end, barrier.saddle))
    for point, tip in ((start, barrier.path[0]), (end, barrier.path[-1])):
        assert np.abs(tip - point.theta).max() <= 1e-6 * point.a
    height = max(barrier.height_from, barrier.height_to)
    assert barrier.potential.max() <= top.potential + 1e-8 * height
    assert barrier.potential.max() >= top.potential - 1e-3 * height


def check_tree(found, case, place):
    """Two attractors are first on the two sides of one merge at the height of their pass."""
    assert len(found.tree) == len(found.equilibria.attractors) - 1
    assert all(m.potential <= n.potential for m, n in pairwise(found.tree))
    for row in case["barriers"]:
        start, end = ({i for i in place if place[i] == row[k]} for k in ("start", "end"))
        merges = [
            m
            for m in found.tree
            if (start <= m.left and end <= m.right) or (end <= m.left and start <= m.right)
        ]
        (merge,) = merges
        exact = float(case["points"][row["saddles"][0]]["potential"])
        assert merge.potential == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("case", some(FAMILIES), ids=label)
def test_branches(case):
    interval = tuple(map(float, case["interval"]))
    found = gandyn.branches(family_of(case), (case["name"], *interval))
    assert found.status == 0, found.message
    for point, row in special(found.folds, case["folds"]):
        assert point.eigenvalue == pytest.approx(float(row["eigenvalue"]), rel=1e-6)
    for point, row in special(found.branch_points, case["branch_points"]):
        assert point.kind == row["kind"]
    check_maxwell_points(list(found.maxwell), case["maxwell"])
    check_crossings(found, case["census"])


def special(points, rows):
    """Parameter, position and potential of special points against the rows of the file."""
    assert len(points) == len(rows), f"{[p.parameter for p in points]}"
    assert all(p.parameter <= q.parameter + 1e-9 for p, q in pairwise(points))
    left = list(points)
    for row in rows:
        theta, value = theta_of(row), float(row["parameter"])
        apart = [max(abs(p.parameter - value), np.abs(p.theta - theta).max()) for p in left]
        point = left.pop(int(np.argmin(apart)))
        assert abs(point.parameter - value) <= SPECIAL
        assert np.abs(point.theta - theta).max() <= SPECIAL * theta[0]
        assert point.potential == pytest.approx(float(row["potential"]), rel=1e-9)
        yield point, row


def check_maxwell_points(points, rows):
    assert len(points) == len(rows), f"{[(p.parameter, p.theta.tolist()) for p in points]}"

    def miss(point, row):
        value, states = float(row["parameter"]), [theta_of(q) for q in row["states"]]
        ways = (states, states[::-1])
        place = min(np.abs(np.asarray(point.theta) - np.array(way)).max() for way in ways)
        return max(abs(point.parameter - value), place)

    for row in rows:
        point = points.pop(int(np.argmin([miss(p, row) for p in points])))
        assert miss(point, row) <= SPECIAL
        assert point.potential == pytest.approx(float(row["potential"]), rel=1e-9)


def check_crossings(found, census):
    """Between special points the curves pass as many rest points as the oracle counts."""
    for row in census:
        low, high = float(row["low"]), float(row["high"])
        for share in (0.1, 0.5, 0.9):
            value, crossed = low + share * (high - low), Counter()
            for branch in found.branches:
                side = np.asarray(branch.parameter) > value
                for i in np.flatnonzero(side[1:] != side[:-1]):
                    crossed[branch.kind[i]] += 1
            expected = zip(("attractor", "saddle", "repeller"), row["counts"], strict=True)
            assert dict(crossed) == {k: n for k, n in expected if n}, value


@pytest.mark.parametrize("case", sweep(FAMILIES, FAMILIES[::3].__contains__), ids=label)
def test_census(case):
    for row in case["census"]:
        middle = 0.5 * (float(row["low"]) + float(row["high"]))
        found = gandyn.equilibria(family_of(case)(**{case["name"]: middle}))
        counts = [len(found.attractors), len(found.saddles), len(found.repellers)]
        assert counts == row["counts"], middle
        assert len(found) == sum(counts)


# -- the file against itself, against closed forms and against the program that made it


@pytest.fixture(scope="module")
def oracle():
    pytest.importorskip("mpmath")
    sys.path.insert(0, str(HERE))
    try:
        yield importlib.import_module("oracle_landscape")
    finally:
        sys.path.remove(str(HERE))


def numbers(value, name=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner, name)
    else:
        yield name, value


def test_last_newton_steps_are_small():
    steps = [abs(float(v)) for name, v in numbers([GAMES, FAMILIES]) if name == "agreement"]
    assert len(steps) > 100
    assert max(steps) < 1e-22


def test_single_normals():
    """The rest point is (σ, μ), with rates f''(1)/σ² and 2f''(1)/σ²."""
    seen = set()
    for case in GAMES:
        data = {"N(2, 3)": (2.0, 3.0), "N(-1, 0.5)": (-1.0, 0.5)}.get(case["data"])
        if data:
            mean, std = data
            (point,) = case["points"]
            assert theta_of(point).tolist() == [std, mean]
            rate = SECOND[case["objective"]] / std**2
            assert np.array(point["eigenvalues"], float) == pytest.approx([-2 * rate, -rate], 1e-15)
            seen.add(case["objective"])
    assert seen == set(SECOND)


def test_maximum_likelihood_matches_moments():
    """Forward KL: the rest point has the data's mean and deviation, and rates 1/a², 2/a²."""
    (case,) = (c for c in GAMES if c["objective"] == "forward_kl" and c["data"] != "N(2, 3)")
    data = gandyn.parse(case["data"])
    (point,) = case["points"]
    a, b = theta_of(point)
    assert (a, b) == pytest.approx((data.std, data.mean), rel=1e-14)
    rates = np.array(point["eigenvalues"], dtype=float)
    assert rates == pytest.approx([-2 / a**2, -1 / a**2], rel=1e-14)


def test_nothing_repels():
    """∂g/∂a = a ∂²g/∂b² for the density g of a z + b, and an f-divergence is convex in g.

    So ∂²U/∂b² = (∂U/∂a)/a + ∫ h'' (∂g/∂b)² > 0 at a rest point: there are no repellers, and with
    symmetric data no pitchforks.
    """
    for case in GAMES:
        for point in case["points"]:
            assert float(point["eigenvalues"][0]) < 0
            assert point["kind"] in ("attractor", "saddle")
    for case in FAMILIES:
        assert all(row["counts"][2] == 0 for row in case["census"])
        assert case["branch_points"] == []


def test_mirror_images_and_shifts():
    for case in GAMES:
        rows = [(*theta_of(q), float(q["potential"])) for q in case["points"]]
        if case["data"].startswith(("0.5*N(-3,", "0.5*N(-1.5,", "0.5*N(0,")):
            turned = sorted((-b, a, u) for a, b, u in rows)
            assert turned == sorted((b + 0.0, a, u) for a, b, u in rows)
        if case["data"].startswith("0.5*N(997"):
            (near,) = (
                c
                for c in GAMES
                if c["data"] == "0.5*N(-3, 1) + 0.5*N(3, 1)" and c["objective"] == case["objective"]
            )
            wanted = [(*theta_of(q), float(q["potential"])) for q in near["points"]]
            assert np.array(rows) - [0, 1000, 0] == pytest.approx(np.array(wanted), abs=1e-12)
    for case in FAMILIES:
        if case["name"] == "w":
            folds = [(float(q["parameter"]), *theta_of(q)) for q in case["folds"]]
            turned = np.array(sorted((1 - w, -b, a) for w, a, b in folds))
            assert turned == pytest.approx(np.array(sorted((w, b, a) for w, a, b in folds)))


def test_every_job_is_in_the_file(oracle):
    wanted = [(section, name) for section, name, _ in oracle.jobs()]
    assert wanted == [(s, label(c)) for s in ("equilibria", "families") for c in FILE[s]]


@pytest.mark.exhaustive
def test_two_resolutions_agree(oracle):
    with oracle.mp.workdps(40):
        mix = oracle.Mixture.parse("0.3*N(-1, 0.8) + 0.7*N(1, 1)")
        a, b = oracle.mpf("1.1"), oracle.mpf("0.3")
        for objective in ("saturating", "nonsaturating", "pearson", "hellinger"):
            coarse = oracle.exact(mix, objective, a, b, potential=True)
            fine = oracle.exact(mix, objective, a, b, potential=True, finer=1)
            for u, v in zip(coarse, fine, strict=True):
                assert abs(u - v) <= oracle.mpf("1e-26") * (1 + abs(v)), objective


def test_closed_forms_between_normals(oracle):
    with oracle.mp.workdps(40):
        mpf, log = oracle.mpf, oracle.mp.log
        mix = oracle.Mixture.parse("N(2, 1.5)")
        a, b, s, m = mpf("1.2"), mpf("0.7"), mpf("1.5"), mpf(2)
        *slopes, potential = oracle.exact(mix, "reverse_kl", a, b, potential=True)
        gap = m - b
        exact = [1 / a - a / s**2, gap / s**2, -1 / a**2 - 1 / s**2, 0, 0, -1 / s**2]
        exact.append(log(s / a) + (a**2 + gap**2) / (2 * s**2) - mpf(1) / 2)
        for u, v in zip([*slopes, potential], exact, strict=True):
            assert abs(u - v) < mpf("1e-28")
        *_, potential = oracle.exact(mix, "hellinger", a, b, potential=True)
        overlap = oracle.mp.sqrt(2 * a * s / (a**2 + s**2))
        overlap *= oracle.mp.exp(-(gap**2) / (4 * (a**2 + s**2)))
        assert abs(potential - (1 - overlap)) < mpf("1e-28")
        *_, potential = oracle.exact(mix, "pearson", mpf(2), b, potential=True)
        d = 2 * mpf(4) - s**2
        exact = 4 / (s * oracle.mp.sqrt(d)) * oracle.mp.exp(gap**2 / d) - 1
        assert abs(potential - exact) < mpf("1e-28")


SHARED = [
    ("0.5*N(-2, 1) + 0.5*N(2, 1)", 2.2, 0.1),
    ("0.5*N(-3, 1) + 0.5*N(3, 1)", 1.0, 0.5),
    ("0.3*N(-1, 0.4) + 0.7*N(4, 1.5)", 1.0, 4.0),
]
"""States that reference.json has as well."""


@pytest.mark.parametrize(
    ("wanted", "least"),
    [(SHARED[:1], 6), pytest.param(SHARED, 19, marks=pytest.mark.exhaustive)],
    ids=["one", "all"],
)
@pytest.mark.exhaustive
def test_against_the_oracle_of_the_engine(oracle, wanted, least):
    """reference.json comes from another program and another rule; its weights are doubles."""
    seen = 0
    with oracle.mp.workdps(40):
        for row in json.loads((HERE / "data" / "reference.json").read_text())["cases"]:
            if (row["data"], row["a"], row["b"]) not in wanted or row["latent"] != "N(0, 1)":
                continue
            mix = oracle.Mixture.parse(row["data"])
            a, b = oracle.mpf(row["a"]), oracle.mpf(row["b"])
            for objective in SECOND:
                if not isinstance(row["potentials"][objective], float):
                    continue
                *values, potential = oracle.exact(mix, objective, a, b, potential=True)
                known = [*row["forces"][objective], row["potentials"][objective]]
                for u, v in zip([*values[:2], potential], known, strict=True):
                    assert float(u) == pytest.approx(v, rel=1e-14, abs=1e-16), objective
                if objective in row.get("jacobians", {}):
                    exact = np.array(row["jacobians"][objective])
                    assert np.array(values[2:], float).reshape(2, 2) == pytest.approx(exact, 1e-12)
                seen += 1
    assert seen >= least


@pytest.mark.parametrize("objective", sweep(SECOND, lambda name: name == "pearson"))
def test_the_engine_against_the_oracle(oracle, objective):
    text = "0.3*N(-2, 0.5) + 0.7*N(3, 1)"
    game = gandyn.Game(gandyn.parse(text), objective=objective)
    with oracle.mp.workdps(40):
        mix = oracle.Mixture.parse(text)
        for a, b in ((0.8, 1.8), (2.2, -1.9)):
            values = oracle.exact(mix, objective, oracle.mpf(a), oracle.mpf(b), potential=True)
            exact = np.array(values, dtype=float)
            size = np.abs(exact[2:6]).max()
            assert np.abs(game.force([a, b]) - exact[:2]).max() <= 1e-10 * np.abs(exact[:2]).max()
            assert np.abs(game.jacobian([a, b]).ravel() - exact[2:6]).max() <= 1e-9 * size
            assert game.potential([a, b]) == pytest.approx(exact[6], rel=1e-10)


@pytest.mark.exhaustive
def test_file_is_what_the_program_makes(oracle):
    with oracle.mp.workdps(oracle.DIGITS):
        (case,) = (c for c in GAMES if label(c) == "0.3*N(-2, 0.5) + 0.7*N(3, 1) | nonsaturating")
        mix = oracle.Mixture.parse(case["data"])
        again = oracle.plain(oracle.rest(mix, "nonsaturating", *theta_of(case["points"][1])))
        for key in ("a", "b", "potential", "kind", "eigenvalues"):
            assert again[key] == case["points"][1][key]
        case = FAMILIES[0]
        row = case["folds"][0]
        head = [case[k] for k in ("text", "name", "interval", "objective")]
        fold = oracle.Family(*head).fold([*theta_of(row), float(row["parameter"])])
        for key, value in oracle.plain(fold).items():
            if key != "agreement":
                assert float(value) == pytest.approx(float(row[key]), rel=1e-15)
