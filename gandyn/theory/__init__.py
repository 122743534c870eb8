"""The theory, checked: one claim a row, derived in SymPy where it can be, measured in numbers."""

from gandyn.theory.claim import Claim
from gandyn.theory.formulas import Formulas
from gandyn.theory.subject import Subject
from gandyn.theory.verification import Verification, verify

__all__ = ["Claim", "Formulas", "Subject", "Verification", "verify"]
