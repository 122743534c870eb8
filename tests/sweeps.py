"""Sweeps: in the plain run a case of every kind, the others where the marker asks for them."""

import pytest


def sweep(cases, plain):
    """Cases to parametrise with, tuples for several names; all but the plain are exhaustive."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[] if plain(case) else pytest.mark.exhaustive,
        )
        for case in cases
    ]
