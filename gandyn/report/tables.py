"""Sections: every number with its error, the theory, and how to make the report again."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from gandyn.report.blocks import Block, Code, Section, Table, Text
from gandyn.report.collect import Results
from gandyn.report.numbers import short, with_error

_ROWS = (
    ("value", Markup("V = E<sub>p</sub> log D* + E<sub>p<sub>g</sub></sub> log(1 − D*)")),
    ("value_gap", Markup("0 − V")),
    ("jsd", Markup("JSD(p‖p<sub>g</sub>)")),
    ("jsd_gap", Markup("log 2 − JSD")),
    ("kl_data_generator", Markup("KL(p‖p<sub>g</sub>)")),
    ("kl_generator_data", Markup("KL(p<sub>g</sub>‖p)")),
    ("total_variation", Markup("total variation")),
    ("hellinger_squared", Markup("squared Hellinger, 1 − ∫√(p p<sub>g</sub>)")),
    ("chi_squared_data_generator", Markup("Pearson χ², ∫(p − p<sub>g</sub>)²/p<sub>g</sub>")),
    ("chi_squared_generator_data", Markup("Neyman χ², ∫(p − p<sub>g</sub>)²/p")),
    ("wasserstein1", Markup("W<sub>1</sub>")),
    ("wasserstein2", Markup("W<sub>2</sub>")),
    ("potential", Markup("potential")),
)


def numbers(results: Results, folder: Path) -> Section:
    """Every value at both ends of the flow."""
    start, end, course = results.at_start, results.at_end, results.course
    rows: list[list[Any]] = []
    for k, name in enumerate("ab"):
        rows.append([name, short(results.start[k], 12), with_error(course.end[k], course.error[k])])
    for key, label in _ROWS:
        rows.append([label, *(with_error(getattr(at, key), at.errors[key]) for at in (start, end))])
    for k, name in enumerate("ab"):
        cells = (with_error(at.force[k], at.errors["force"][k]) for at in (start, end))
        rows.append([Markup("force, d{}/dt").format(name), *cells])
    caption = Markup(
        "At the start and at the end of the flow, with estimates of the absolute error of the "
        "integrals; ∞ where a value is infinite. The error of a and b is the flow's "
        "tolerance, or how far flows at two tolerances are apart. The same in full, and along the "
        "whole flow, in <code>results.json</code>."
    )
    table = Table(caption, ["", "start, t = 0", Markup("end, t = {}").format(short(course.end_t))],
                  rows)  # fmt: skip
    return Section("numbers", "Every number, with its error", [table])


def theory(results: Results, folder: Path) -> Section:
    """The theory table."""
    claims = results.claims().as_dict()["claims"]
    rows = [
        [
            _typeset(claim["claim"]),
            *(_entry(claim[key]) for key in ("expected", "measured", "tolerance")),
            Markup('<span class="pass">✓ pass</span>')
            if claim["passed"]
            else Markup('<span class="fail">✗ FAIL</span>'),
        ]
        for claim in claims
    ]
    failed = sum(not claim["passed"] for claim in claims)
    verdict = "all pass" if not failed else f"{failed} fail"
    words = (
        f"{len(claims)} claims, {verdict}. Each is derived where it can be derived, and measured "
        "over a battery of random games where it can be measured; the tolerance is what the "
        "method of the row explains. The games of this table are its own, not the one above."
    )
    heads = ["claim", "expected", "measured", "tolerance", "verdict"]
    table = Table("The theory of GANs, checked by gandyn verify.", heads, rows, stacks=True)
    return Section("theory", "The theory, checked", [Text(words), table], {"claims": claims})


def _entry(entry: float | str) -> str | Markup:
    return short(entry, 6) if isinstance(entry, float | int) else _typeset(entry)


def _typeset(text: str) -> Markup:
    """A claim's plain text with the signs that HTML has for it."""
    shown = str(escape(text)).replace("p_g", "p<sub>g</sub>")
    for plain, sign in (("&lt;=", "≤"), ("&gt;=", "≥"), (" - ", " − "), ("**2", "²"), ("**3", "³")):
        shown = shown.replace(plain, sign)
    return Markup(shown)


def reproduce(results: Results, folder: Path) -> Section:
    """The command line and the versions."""
    from gandyn import __version__

    versions = {"gandyn": __version__, "python": platform.python_version()}
    versions |= {name: version(name) for name in ("numpy", "scipy", "sympy", "matplotlib")}
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    blocks: list[Block] = [
        Code(results.command),
        Text(f"With {listed}. The same command writes the same page."),
    ]
    numbers = {"command": results.command, "versions": versions}
    return Section("reproduce", "How to make this page again", blocks, numbers)
