"""A figure as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from gandyn.errors import InputError
from gandyn.plots.style import style
from gandyn.system.files import whole_file

# What would otherwise hold a date or a version, so that equal figures are equal files.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: float = 200) -> Path:
    """Write a figure as PNG, SVG or PDF (by the suffix), whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        The folder must exist.
    dpi : float
        Pixels per inch of a PNG: 200 makes 5.6 inches 1120 px wide.

    Returns
    -------
    pathlib.Path
        ``path``; equal figures make equal files, with no date in them.

    Raises
    ------
    InputError
        If the suffix is none of these.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with plots.style():
    ...     ax = plots.new_figure().subplots()
    ...     line = ax.plot([0, 1], [0, 1])
    ...     with tempfile.TemporaryDirectory() as folder:
    ...         path = plots.save_figure(ax.figure, Path(folder) / "line.png", dpi=40)
    ...         print(path.name, path.stat().st_size > 0)
    line.png True
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _METADATA:
        raise InputError(f"path: got {target.name!r}, must end in .png, .svg or .pdf")
    with whole_file(target) as part, style():
        figure.savefig(part, format=suffix[1:], dpi=dpi, metadata=_METADATA[suffix])
    return target
