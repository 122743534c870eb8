"""Files: a figure, and p, p_g and D* as a moving picture, each whole or not at all."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from gandyn.errors import InputError
from gandyn.plots.densities import density_axes, density_handles, density_scale, draw_curves
from gandyn.plots.moments import Moment
from gandyn.plots.style import new_figure, style
from gandyn.system.checks import need_number
from gandyn.system.files import whole_file
from gandyn.system.memory import need_memory
from gandyn.system.polyline import even, pace
from gandyn.system.progress import Progress
from gandyn.system.text import show

_MOST_PIXELS = 2**16

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
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = plots.save_figure(plots.new_figure(), Path(folder) / "empty.png", dpi=40)
    ...     path.stat().st_size > 0
    True
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _METADATA:
        raise InputError(f"path: got {show(target.name)}, must end in .png, .svg or .pdf")
    _check_dpi(dpi, figure)
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch and not (epoch.isascii() and epoch.isdigit()):  # which Matplotlib reads for a PDF
        allowed = "a whole number of seconds, or not be set"
        raise InputError(f"SOURCE_DATE_EPOCH: got {show(epoch)}, must be {allowed}")
    with whole_file(target) as part, style():
        figure.savefig(part, format=suffix[1:], dpi=dpi, metadata=_METADATA[suffix])
    return target


def _check_dpi(dpi: float, figure: Figure) -> None:
    """Refuse a resolution at which there is no picture, or the memory does not hold it."""
    need_number("dpi", dpi, 0.0, math.inf, "a finite number above 0")
    width, height = (max(1.0, inches * dpi) for inches in figure.get_size_inches().tolist())
    if max(width, height) >= _MOST_PIXELS:
        raise InputError(
            f"dpi: got {show(dpi)}, must be less: the picture is {width:.3g} pixels wide"
        )
    need_memory(f"dpi: got {show(dpi)}", 8.0 * width * height)


def can_write_mp4() -> bool:
    """Whether ffmpeg is on the PATH.

    Examples
    --------
    >>> isinstance(plots.can_write_mp4(), bool)
    True
    """
    return FFMpegWriter.isAvailable()


def path_times(t: ArrayLike, theta: ArrayLike, frames: int) -> NDArray[np.float64]:
    """Times between which the parameters travel equally far, so that each frame shows a change.

    Parameters
    ----------
    t : array, shape (T,)
    theta : array, shape (T, k)
    frames : int
        Two or more.

    Returns
    -------
    array, shape (frames,)
        Rising from t[0] to t[-1]. Give them to the flow as ``t_eval``.

    Examples
    --------
    >>> t = np.linspace(0, 10, 201)
    >>> plots.path_times(t, np.exp(-t)[:, None], 3).round(2)
    array([ 0.  ,  0.74, 10.  ])
    """
    times = np.asarray(t, dtype=float)
    return even(times[:, None], frames, pace(times, theta))[:, 0]


def animate(
    path: str | os.PathLike[str],
    moments: Sequence[Moment],
    *,
    fps: int = 12,
    dpi: float = 120,
    progress: Progress | None = None,
) -> Path:
    """Write the moments one after another as a GIF or MP4 (by the suffix), whole or not at all.

    Parameters
    ----------
    path : path
        Ends in ``.gif`` or ``.mp4``; the folder must exist.
    moments : sequence of Moment
        One for each frame; their titles, such as ``"t = 3.2   a = 1.02   b = 0.53"``, are shown.
    fps : int
        Frames in a second.
    dpi : float
        Pixels per inch; the picture is 5.6 by 3.6 inches.
    progress : callable, optional
        Told the share of the frames that are done, after each.

    Returns
    -------
    pathlib.Path
        ``path``.

    Raises
    ------
    InputError
        If there are no moments, the suffix is another one, or MP4 is asked for without ffmpeg.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    >>> frames = plots.moments(game, [[1.0, 0.5], [2.0, 0.2]], ["start", "later"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = plots.animate(Path(folder) / "flow.gif", frames, dpi=40)
    ...     path.stat().st_size > 0
    True
    """
    target = Path(path)
    need_number("fps", fps, 0.0, math.inf, "a finite number above 0")
    writer = _writer(target, fps)
    if not moments:
        raise InputError("moments: got none, must be at least one")
    scale = density_scale(moments)
    with style(), whole_file(target) as part:
        figure = new_figure((5.6, 3.6))
        _check_dpi(dpi, figure)
        ax = figure.subplots()
        right = density_axes(ax, moments, scale)
        handles = density_handles(moments[0].symbol)
        figure.legend(handles=handles, loc="outside upper center", ncols=3)
        title = ax.set_title(moments[0].title or " ")
        figure.canvas.draw()
        figure.set_layout_engine("none")
        with writer.saving(figure, part, dpi):
            for done, moment in enumerate(moments, start=1):
                title.set_text(moment.title)
                artists = draw_curves(ax, right, moment, scale)
                writer.grab_frame()
                for artist in artists:
                    artist.remove()
                if progress is not None:
                    progress(done / len(moments), "animation")
    return target


def _writer(target: Path, fps: int) -> AbstractMovieWriter:
    suffix = target.suffix.lower()
    if suffix == ".gif":
        return PillowWriter(fps=fps)
    if suffix != ".mp4":
        raise InputError(f"path: got {show(target.name)}, must end in .gif or .mp4")
    if not can_write_mp4():
        name = show(target.name)
        raise InputError(f"path: got {name}, must end in .gif: there is no ffmpeg here")
    # yuv420p plays everywhere and needs an even number of pixels each way.
    even = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"]
    return FFMpegWriter(fps=fps, codec="libx264", extra_args=even)
