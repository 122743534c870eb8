"""Run every claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from gandyn.errors import InputError
from gandyn.system.optional import needed_by
from gandyn.system.progress import Progress
from gandyn.system.results import Plain
from gandyn.system.text import show
from gandyn.theory.battery import Battery
from gandyn.theory.claim import Claim, Row
from gandyn.theory.subject import Subject


@dataclass(frozen=True)
class Verification(Plain):
    """What `verify` found.

    Attributes
    ----------
    claims : tuple of Claim
        One row each, in the order of the table.
    passed : bool
        Whether every row passed.
    """

    claims: tuple[Claim, ...]
    passed: bool


_FILES = (
    "discriminator", "convexity", "value", "likelihood", "weights", "identity", "potentials",
    "variational", "fits", "rates", "flows", "vanishing", "imperfect", "noise", "transport",
    "normals", "modes", "passages", "two_normals",
)  # fmt: skip


def all_rows() -> list[Row]:
    """Every registered claim, in the order of the table."""
    with needed_by("theory"):
        return [row for name in _FILES for row in import_module(f"gandyn.theory.{name}").rows]


def verify(
    seed: int = 0,
    progress: Progress | None = None,
    subject: Subject | None = None,
    only: Iterable[str] | None = None,
) -> Verification:
    """Check the theory, one claim a row.

    Parameters
    ----------
    seed : int
        Seed of the battery of random games.
    progress : callable, optional
        Told the share that is done and the next row, before each and once at the end.
    subject : Subject, optional
        What is checked; gandyn's public functions by default.
    only : iterable of str, optional
        Names of the rows to run; all of them by default.

    Returns
    -------
    Verification
        The rows and the verdict.

    Raises
    ------
    InputError
        If `seed` is negative or not an integer, or a name in `only` is unknown.
    ImportError
        If SymPy is not installed.

    Examples
    --------
    >>> (row,) = gandyn.verify(only=["weights-sum-symbolic"]).claims
    >>> row.expected, row.measured, row.passed
    ('1', '1', True)
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed: got {show(seed)}, must be an integer, 0 or more")
    rows = all_rows()
    if only is not None:
        names = list(only) if isinstance(only, Iterable) and not isinstance(only, str) else [only]
        known = [row.name for row in rows]
        for name in names:
            if name not in known:
                raise InputError(f"only: got {show(name)}, must be the name of a claim")
        rows = [row for row in rows if row.name in names]
    subject = Subject.public() if subject is None else subject
    battery = Battery(seed)
    claims = []
    for done, row in enumerate(rows):
        if progress is not None:
            progress(done / len(rows), row.name)
        claims.append(row.run(subject, battery))
    if progress is not None:
        progress(1.0, "")
    return Verification(tuple(claims), all(claim.passed for claim in claims))
