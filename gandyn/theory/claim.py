"""One row of the theory check, and how a row is registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gandyn.system.results import Plain
from gandyn.theory.battery import Battery
from gandyn.theory.subject import Subject

Entry = float | str
Check = Callable[[Subject, Battery], "Outcome"]


@dataclass(frozen=True)
class Claim(Plain):
    """One claim about the game, what it predicts and what was measured.

    Attributes
    ----------
    name : str
        Short handle, such as ``"value-is-jsd"``.
    claim : str
        The claim, one sentence.
    expected, measured : float or str
        What the claim predicts and what was found: the worst over the battery where there are
        many games, or formulas where the row is symbolic.
    tolerance : float
        The largest difference that the method of the row can explain; 0 for a symbolic row or
        an inequality.
    passed : bool
        The verdict.
    derivation : str or None
        Where the expected value and the tolerance come from.
    source : str or None
        Who made the claim: paper and equation, or "derived here".
    """

    name: str
    claim: str
    expected: Entry
    measured: Entry
    tolerance: float
    passed: bool
    derivation: str | None = None
    source: str | None = None


class Outcome(NamedTuple):
    """What a row found: the part of a `Claim` that is computed."""

    expected: Entry
    measured: Entry
    tolerance: float
    passed: bool


class Worst:
    """Keeps as its value the largest magnitude it was given; a nan stays for ever."""

    def __init__(self) -> None:
        self.value = 0.0

    def add(self, differences: Any) -> None:
        """Take one number or an array of them."""
        largest = float(np.max(np.abs(differences)))
        if not largest <= self.value:
            self.value = largest if not np.isnan(self.value) else self.value


class Row(NamedTuple):
    """A registered claim and the function that checks it."""

    name: str
    claim: str
    derivation: str
    source: str
    check: Check

    def run(self, subject: Subject, battery: Battery) -> Claim:
        """Check this claim; one that cannot be computed has failed."""
        try:
            outcome = self.check(subject, battery)
        except (ArithmeticError, ValueError) as error:
            outcome = Outcome("a result", f"{type(error).__name__}: {error}"[:120], 0.0, False)
        return Claim(self.name, self.claim, *outcome, self.derivation, self.source)


class Rows(list[Row]):
    """The rows of one file, filled by its ``@rows.claim(...)`` decorators."""

    def claim(
        self, name: str, claim: str, derivation: str, source: str
    ) -> Callable[[Check], Check]:
        """Register the decorated function as the check of a claim."""

        def register(check: Check) -> Check:
            self.append(Row(name, claim, derivation, source, check))
            return check

        return register


def equal(expected: float, measured: float, tolerance: float) -> Outcome:
    """The measured number is the expected one, to `tolerance` (absolute)."""
    expected, measured, tolerance = float(expected), float(measured), float(tolerance)
    return Outcome(expected, measured, tolerance, abs(measured - expected) <= tolerance)


def zero(measured: float, tolerance: float) -> Outcome:
    """The measured worst difference is zero, to `tolerance`."""
    return equal(0.0, measured, tolerance)


def at_least(bound: float, measured: float, slack: float = 0.0) -> Outcome:
    """The measured minimum is not below `bound` by more than `slack`."""
    bound, measured, slack = float(bound), float(measured), float(slack)
    return Outcome(f">= {bound:g}", measured, slack, measured >= bound - slack)


def at_most(bound: float, measured: float, slack: float = 0.0) -> Outcome:
    """The measured maximum is not above `bound` by more than `slack`."""
    bound, measured, slack = float(bound), float(measured), float(slack)
    return Outcome(f"<= {bound:g}", measured, slack, measured <= bound + slack)


def between(low: float, high: float, measured: Any, slack: float = 0.0) -> Outcome:
    """Every measured number lies in [low, high], to `slack`."""
    # + 0.0 so that no zero is shown with a sign
    least, most = float(np.min(measured)) + 0.0, float(np.max(measured)) + 0.0
    return Outcome(
        f"in [{low:g}, {high:g}]",
        f"in [{least:.6g}, {most:.6g}]",
        slack,
        low - slack <= least <= most <= high + slack,
    )


def symbolic(*pairs: tuple[Any, Any]) -> Outcome:
    """Each pair (expected, derived) of SymPy expressions is one and the same expression."""
    import sympy as sp

    same = all(expected == derived or sp.simplify(expected - derived) == 0
               for expected, derived in pairs)  # fmt: skip
    return Outcome(
        "; ".join(str(expected) for expected, _ in pairs),
        "; ".join(str(derived) for _, derived in pairs),
        0.0,
        same,
    )


def normal_mean(polynomial: Any, z: Any) -> Any:
    """E of a SymPy polynomial in z ~ N(0, 1)."""
    import sympy as sp

    terms = sp.Poly(sp.expand(polynomial), z).terms()
    return sum((c * sp.factorial2(k - 1) for (k,), c in terms if k % 2 == 0), sp.Integer(0))
