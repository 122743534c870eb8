"""The page: its sections, its template, and the files that it writes."""

from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gandyn.errors import printable
from gandyn.game import Game
from gandyn.report import course, glance, landscape, tables, training, way
from gandyn.report.blocks import Section
from gandyn.report.collect import Results, Settings, collect
from gandyn.system.files import staged_folder
from gandyn.system.processes import crew
from gandyn.system.progress import Progress
from gandyn.system.results import plain
from gandyn.theory import verify

Maker = Callable[[Results, Path], Section]

SECTIONS: tuple[tuple[str, Maker], ...] = (
    ("end of the flow", glance.section),
    ("moments", way.section),
    ("parameters", course.parameters),
    ("values", course.values),
    ("force field", course.field),
    ("landscape", landscape.section),
    ("training", training.section),
    ("numbers", tables.numbers),
    ("theory", tables.theory),
    ("versions", tables.reproduce),
)
"""The page from top to bottom: what to tell who waits, and the function that writes the section's
figures to a folder and gives the section."""

_KINDS = {".png": "image/png", ".gif": "image/gif", ".svg": "image/svg+xml"}


def write_report(
    output: str | os.PathLike[str],
    game: Game,
    start: Sequence[float] = (1.0, 0.5),
    t_end: float = math.inf,
    *,
    command: str = "",
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Write index.html, its figures and results.json to a folder, all of them or none.

    Parameters
    ----------
    output : path
        The folder; it is made if there is none. Files of these names in it are replaced.
    game : Game
        With the linear generator.
    start : (float, float)
        (a, b) at t = 0.
    t_end : float
        Last time; inf is until rest.
    command : str
        What the page tells its reader to type.
    settings : Settings, optional
        How much there is of each thing.
    progress : callable, optional
        Told the fraction done and what comes next.

    Returns
    -------
    (pathlib.Path, dict)
        The page, and what is in results.json.

    Raises
    ------
    InputError
        If the folder cannot be written to, or game and start do not go together; before the work.

    Examples
    --------
    >>> import tempfile
    >>> from gandyn.report import Settings, write_report
    >>> few = Settings(samples=20, moments=2, frames=0, cells=8, others=(), nodes=15,
    ...                replicas=2, training_steps=10, claims=("weights-sum-symbolic",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page, numbers = write_report(folder, gandyn.Game(gandyn.Normal(1, 1)), settings=few)
    ...     page.name, numbers["summary"]["end"]["theta"]
    ('index.html', [1.0, 1.0])
    """
    tell = progress or (lambda fraction, name: None)
    chosen = settings or Settings()
    with staged_folder(output) as folder, crew(1, verify) as submit:
        # By the other core, while this process flows and draws.
        claims = submit(verify, 0, None, None, chosen.claims)
        results = collect(game, start, t_end, command, chosen, claims.result, tell)
        sections = []
        for done, (name, make) in enumerate(SECTIONS):
            tell(0.5 + 0.5 * done / len(SECTIONS), name)
            sections.append(make(results, folder))
        numbers = plain({s.key: dict(s.numbers) for s in sections if s.numbers})
        text = json.dumps(numbers, indent=1, allow_nan=False)
        (folder / "results.json").write_text(text + "\n", encoding="utf-8")
        html = _render(results, sections, folder)
        # A path that is no text (from the command line) must not spoil the page.
        (folder / "index.html").write_text(html, encoding="utf-8", errors="replace")
    tell(1.0, "")
    return Path(output) / "index.html", numbers


def _render(results: Results, sections: Sequence[Section], folder: Path) -> str:
    environment = Environment(
        loader=PackageLoader("gandyn.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def embedded(name: str) -> str:
        path = folder / name
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        return f"data:{_KINDS[path.suffix]};base64,{data}"

    template = environment.get_template("report.html.j2")
    data = str(results.game.data)
    html = template.render(
        data=data if len(data) <= 200 else data[:199] + "…",
        latent=str(results.game.generator.latent),
        objective=results.game.objective.name,
        status=int(results.course.flow.status),
        sections=sections,
        embedded=embedded,
        size=lambda name: _pixels(folder / name),
    )
    # a name of a file may hold what turns the direction of the text around it
    return "\n".join(map(printable, html.split("\n")))


def _pixels(path: Path) -> tuple[int, int]:
    """Width and height of a picture, so that the page does not jump while it loads."""
    from PIL import Image

    with Image.open(path) as image:
        return image.size
