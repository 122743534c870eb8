"""`gandyn flow`: (a, b) in time from one start, as numbers and as a picture."""

from __future__ import annotations

import argparse
import math
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gandyn.cli.arguments import (
    add_game,
    add_json,
    add_start,
    read_end,
    read_game,
    read_state,
    read_times,
    read_tolerance,
)
from gandyn.cli.output import print_game, print_json, progress_bar, rows_of
from gandyn.cli.pictures import add_output, claim_files, read_file, read_output, say_written
from gandyn.errors import InputError

if TYPE_CHECKING:
    from gandyn.dynamics import Flow
    from gandyn.game import Game

_EXAMPLE = """\
example:
  gandyn flow --data "0.5*N(-3,1)+0.5*N(3,1)" --start 1,0.5 --t-end 200
  gandyn flow --start -1,0.5 --t-end inf --t-eval 1,10,50 --rtol 1e-10 --json"""

_FRAMES = 60


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "flow",
        help="(a, b) in time from one start: the gradient flow of the objective",
        description="Follow the generator's gradient flow from one start, and draw it.",
        epilog=_EXAMPLE,
    )
    add_game(parser)
    add_start(parser)
    parser.add_argument(
        "--t-end",
        metavar="T",
        default="200",
        help="last time, or inf for 'until rest'; default %(default)s",
    )
    parser.add_argument(
        "--t-eval",
        metavar="T,T,...",
        help="rising times at which to give the state; by default the steps taken",
    )
    parser.add_argument(
        "--rtol", metavar="R", default="1e-8", help="relative tolerance; default %(default)s"
    )
    parser.add_argument(
        "--atol", metavar="A", default="1e-10", help="absolute tolerance; default %(default)s"
    )
    add_output(parser, "flow.png")
    parser.add_argument(
        "--animate", metavar="FILE", help="also write p, p_g and D* as a moving .gif or .mp4"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Flow, print and draw."""
    start = read_state("start", options.start)
    end = read_end(options.t_end)
    times = None if options.t_eval is None else read_times(options.t_eval, end)
    rtol = read_tolerance("rtol", options.rtol, 1e-13, 1.0)
    atol = read_tolerance("atol", options.atol, 5e-324, math.inf)
    picture = read_output(options, "flow.png")
    movie = _movie(options.animate)
    game = read_game(options)
    from gandyn.dynamics import Interrupted, gradient_flow

    with ExitStack() as stack:
        claim_files(stack, output=picture, animate=movie)
        stopped = False
        try:
            with progress_bar("flow") as tell:
                found = gradient_flow(game, start, (0.0, end), times, rtol, atol, progress=tell)
        except Interrupted as stop:
            found, stopped = stop.flow, True

        def dense() -> tuple[Any, Any]:
            return _known(found) if stopped else _dense(game, start, found, end, rtol, atol)

        written = []
        if picture is not None:
            curve = dense()
            _draw(curve, game, picture)
            written.append(picture)
            if movie is not None:
                _animate(curve, game, movie)
                written.append(movie)
        elif movie is not None:
            _animate(dense(), game, movie)
            written.append(movie)
        if options.json:
            _print_json(found)
        else:
            _print(found, game, written)
        if stopped:
            raise KeyboardInterrupt(found.message, *(f"wrote {path}" for path in written))
    return 0 if found.success else 1


def _movie(text: str | None) -> Path | None:
    if text is None:
        return None
    path = read_file("animate", text, ".gif", ".mp4")
    if path.suffix.lower() == ".mp4":
        from gandyn.plots import can_write_mp4

        if not can_write_mp4():
            raise InputError(f"animate: got {text!r}, must end in .gif: there is no ffmpeg here")
    return path


def _dense(
    game: Game, start: list[float], found: Flow, end: float, rtol: float, atol: float
) -> tuple[Any, Any]:
    """Times and states close enough to be drawn as curves."""
    import numpy as np

    from gandyn.dynamics import gradient_flow

    if math.isinf(end):
        end = _rest(game, start, found, rtol, atol)
    times = np.concatenate([[0.0], np.geomspace(1e-5 * end, end, 400)])
    with progress_bar("picture") as tell:
        return _known(gradient_flow(game, start, (0.0, end), times, rtol, atol, progress=tell))


def _known(found: Flow) -> tuple[Any, Any]:
    import numpy as np

    known = np.isfinite(found.theta).all(axis=-1)
    return found.t[known], found.theta[known]


def _rest(game: Game, start: list[float], found: Flow, rtol: float, atol: float) -> float:
    """A finite last time for a flow that went until rest."""
    if math.isfinite(found.rest_time):
        return found.rest_time or 1.0
    last = found.t[-1]
    return float(last) if last > 0 else 1.0


def _draw(dense: tuple[Any, Any], game: Game, path: Path) -> None:
    from gandyn import plots

    t, theta = dense
    with plots.style():
        figure = plots.new_figure((5.6, 5.4))
        upper, lower = figure.subplots(2, 1, sharex=False)
        level, place = _matching(game)
        plots.draw_trajectory(upper, t, theta, data_std=level, data_mean=place)
        plots.draw_potential(lower, t, game.potential(theta), objective=game.objective.name)
    plots.save_figure(figure, path)


def _matching(game: Game) -> tuple[float, float]:
    """The |a| and the b at which p_g has the data's standard deviation and mean."""
    latent = game.generator.latent
    scale = game.data.std / latent.std
    return scale, game.data.mean - scale * latent.mean


def _animate(dense: tuple[Any, Any], game: Game, path: Path) -> None:
    import numpy as np

    from gandyn import plots

    t, theta = dense
    times = plots.path_times(t, theta, _FRAMES)
    states = np.stack([np.interp(times, t, column) for column in theta.T], axis=-1)
    titles = [plots.moment_title(time, state) for time, state in zip(times, states, strict=True)]
    moments = plots.moments(game, states, titles)
    with progress_bar("animation") as tell:
        plots.animate(path, moments, progress=lambda done, total: tell(done / total, ""))


def _print_json(found: Flow) -> None:
    print_json(
        {
            "t": found.t,
            "a": found.theta[..., 0],
            "b": found.theta[..., 1],
            "potential": found.potential,
            "success": bool(found.success),
            "status": int(found.status),
            "message": str(found.message),
            "nfev": int(found.nfev),
        }
    )


def _print(found: Flow, game: Game, written: list[Path]) -> None:
    print_game(game)
    columns = (found.t, found.theta[:, 0], found.theta[:, 1], found.potential)
    print("".join(f"{name:>20}" for name in ("t", "a", "b", "potential")))
    for row in rows_of(len(found.t)):
        print("".join(f"{float(column[row]):>20.10g}" for column in columns))
    print(f"\n{found.message} ({found.nfev} evaluations of the force)")
    say_written(*written)
