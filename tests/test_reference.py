"""Every value, potential, force and Jacobian against references of 40 digits and more."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import gandyn
from tests.sweeps import sweep

DATA = Path(__file__).parent / "data"
GIVEN = json.loads((DATA / "evaluation.json").read_text())["cases"]
CASES = json.loads((DATA / "reference.json").read_text())["cases"]

ACCURACY = 1e-10
SMALLEST = 1e-250
BY_SYMMETRY = 1e-12
HALF_AN_ULP = 2.0**-53

# evaluation.json steps over the point where the narrow modes change places, whose contribution is
# known in closed form (test_oracle.test_switch_between_narrow_modes_is_seen): right to 2e-10 only.
STEPPED_OVER = ("0.5*N(-3, 0.01) + 0.5*N(3, 0.01)", 3.0, 0.0)
CORRECTED = {
    "kl_generator_data": 18184.87888880227868,
    "force_reverse_kl": [-6063.129843795953, 0.0],
    "force_nonsaturating": [-6063.129843713942, 0.0],
}

# Force components that are small beside the integral of the absolute value for no reason that a
# double can see: right to the rounding of that integral, and their estimates say so.
CANCELS = {
    ("0.5*N(-3, 0.01) + 0.5*N(3, 0.01)", 3.0, 0.0, "hellinger"),
    ("0.5*N(-3, 0.006) + 0.5*N(3, 0.006)", 3.0, 0.25, "hellinger"),
}


def label(case):
    return f"{case['data'][:40]} | {case.get('latent', 'N(0, 1)')} | {case['a']:g}, {case['b']:g}"


def game_of(case, objective="nonsaturating"):
    latent = gandyn.parse(case.get("latent", "N(0, 1)"))
    return gandyn.Game(gandyn.parse(case["data"]), gandyn.LinearGenerator(latent), objective)


class Judge:
    """Collects what is not as it should be, so that one run shows all of it."""

    def __init__(self):
        self.wrong = []
        self.seen = 0

    def value(self, name, measured, exact, estimate=None, partner=0.0, excused=False):
        """One number against its reference: None is not known, "inf" is infinite."""
        if exact is None:
            return
        self.seen += 1
        exact = float(exact)
        if math.isinf(exact):
            if measured != exact:
                self.wrong.append(f"{name}: {measured!r}, must be {exact}")
            return
        miss = abs(measured - exact)
        if not np.isfinite(measured):
            self.wrong.append(f"{name}: {measured!r} for {exact!r}")
        elif abs(exact) <= BY_SYMMETRY * partner:
            if miss > BY_SYMMETRY * partner:
                self.wrong.append(f"{name}: {measured!r} beside {partner!r}, 0 by symmetry")
        elif abs(exact) > SMALLEST:
            # Next to a partner a million times larger, the partner's rounding is what is left.
            reached = miss <= max(ACCURACY * abs(exact), 1e-15 * partner)
            if not reached and not excused:
                self.wrong.append(
                    f"{name}: {measured!r} for {exact!r}, {miss / abs(exact):.1e} off"
                )
            if estimate is not None and miss > 3.0 * estimate + HALF_AN_ULP * abs(exact):
                self.wrong.append(f"{name}: {miss:.1e} off, {estimate:.1e} estimated")
            most = 1e-8 * max(abs(exact), 1e-6 * partner)
            if estimate is not None and reached and not excused and estimate > most:
                self.wrong.append(f"{name}: {estimate / abs(exact):.1e} estimated")

    def force(self, name, measured, exact, estimate=(None, None), excused=False):
        """Both components; an infinite one need only not be finite."""
        numbers = [abs(float(v)) for v in exact if v is not None]
        partner = max([v for v in numbers if math.isfinite(v)], default=0.0)
        for i, v in enumerate(exact):
            if v is not None and math.isinf(float(v)):
                self.seen += 1
                if np.isfinite(measured[i]):
                    self.wrong.append(f"{name}[{i}]: {measured[i]!r}, must not be finite")
            else:
                self.value(f"{name}[{i}]", measured[i], v, estimate[i], partner, excused)

    def verdict(self):
        assert self.seen
        assert not self.wrong, "\n".join(self.wrong)


@pytest.mark.parametrize("case", GIVEN, ids=label)
def test_given_case(case):
    judge = Judge()
    corrected = CORRECTED if (case["data"], case["a"], case["b"]) == STEPPED_OVER else {}
    theta = [case["a"], case["b"]]
    values = [k for k in case if k not in ("a", "b", "data") and not k.startswith("force_")]
    e = game_of(case).evaluate(theta)
    for name in values:
        exact = corrected.get(name, case[name])
        judge.value(name, getattr(e, name), exact, e.errors[name])
    for name in [k for k in case if k.startswith("force_")]:
        exact = corrected.get(name, case[name])
        game = game_of(case, name.removeprefix("force_"))
        e = game.evaluate(theta)
        judge.force(name, e.force, exact, e.errors["force"])
        judge.force(f"{name} alone", game.force(theta), exact)
    judge.verdict()


def test_given_reference_steps_over_the_switch():
    """The correction is the closed form: π²/6 · width · p_g(0), the width σ²/6 of the switch."""
    (case,) = (c for c in GIVEN if (c["data"], c["a"], c["b"]) == STEPPED_OVER)
    switch = math.pi**2 / 6 * (0.01**2 / 6) / (3.0 * math.sqrt(2 * math.pi))
    missing = case["kl_generator_data"] - CORRECTED["kl_generator_data"]
    assert missing == pytest.approx(switch, rel=1e-4)
    # ∂/∂a of −switch, p_g(0) being proportional to 1/a
    missing = case["force_reverse_kl"][0] - CORRECTED["force_reverse_kl"][0]
    assert missing == pytest.approx(switch / 3.0, rel=1e-3)


@pytest.mark.parametrize("case", sweep(CASES, CASES[::6].__contains__), ids=label)
def test_case(case):
    judge = Judge()
    theta = [case["a"], case["b"]]
    for objective, exact in case["forces"].items():
        game = game_of(case, objective)
        e = game.evaluate(theta)
        if objective == "saturating":
            for name, value in case["values"].items():
                judge.value(name, getattr(e, name), value, e.errors[name])
        potential = case["potentials"][objective]
        judge.value(f"{objective} potential", e.potential, potential, e.errors["potential"])
        judge.value(f"{objective} potential alone", game.potential(theta), potential)
        excused = (case["data"], case["a"], case["b"], objective) in CANCELS
        judge.force(objective, e.force, exact, e.errors["force"], excused)
        judge.force(f"{objective} alone", game.force(theta), exact, excused=excused)
    judge.verdict()


@pytest.mark.parametrize("case", [c for c in CASES if "jacobians" in c], ids=label)
def test_jacobian(case):
    theta = [case["a"], case["b"]]
    for objective, rows in case["jacobians"].items():
        measured = game_of(case, objective).jacobian(theta)
        exact = np.array([[np.nan if v is None else v for v in row] for row in rows])
        known = np.isfinite(exact)
        largest = np.abs(exact[known]).max()
        assert np.abs(measured - exact)[known].max() <= 1e-8 * largest, objective


@pytest.mark.parametrize("case", [c for c in CASES if "minus_gradients" in c], ids=label)
def test_boundary_force_completes_the_gradient(case):
    theta = [case["a"], case["b"]]
    for objective, exact in case["minus_gradients"].items():
        game = game_of(case, objective)
        pathwise, boundary = game.force(theta), game.boundary_force(theta)
        size = np.abs(pathwise).max() + np.abs(boundary).max()
        assert np.abs(pathwise + boundary - exact).max() <= 1e-12 * size, objective
