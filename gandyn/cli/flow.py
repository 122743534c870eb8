"""`gandyn flow`: (a, b) in time from one start, as numbers and as a picture."""

from __future__ import annotations

import argparse
import math
from functools import cached_property
from typing import Any

import gandyn
from gandyn.cli.arguments import GAME, read_end, read_game, read_state, read_times, read_tolerance
from gandyn.cli.command import Command
from gandyn.cli.output import print_game, read_file, rows_of
from gandyn.errors import InputError
from gandyn.system.text import beside, show

_FRAMES = 60


class FlowCommand(Command):
    name = "flow"
    help = "(a, b) in time from one start: the gradient flow of the objective"
    description = "Follow the generator's gradient flow from one start, and draw it."
    epilog = """\
example:
  gandyn flow --data "0.5*N(-3,1)+0.5*N(3,1)" --start 1,0.5 --t-end 200
  gandyn flow --start -1,0.5 --t-end inf --t-eval 1,10,50 --rtol 1e-10 --json"""
    picture = "flow.png"
    size = (5.6, 5.4)
    takes = f"""{GAME}
start  a,b  1,0.5  where it starts
t-end  T  200  last time, or inf for 'until rest'
t-eval  T,T,...  -  rising times at which to give the state; by default the steps taken
rtol  R  1e-8  relative tolerance
atol  A  -  absolute tolerance; by default 1e-10 of the narrowest width in the data
animate  FILE  -  also write p, p_g and D* as a moving .gif or .mp4
"""

    def read(self, options: argparse.Namespace) -> None:
        self.start = read_state("start", options.start)
        self.end = read_end(options.t_end)
        self.times = None if options.t_eval is None else read_times(options.t_eval, self.end)
        given = options.atol
        atol = None if given is None else read_tolerance("atol", given, 5e-324, math.inf)
        self.tolerances = read_tolerance("rtol", options.rtol, 1e-13, 1.0), atol
        if options.animate is not None:
            movie = read_file("animate", options.animate, ".gif", ".mp4")
            if movie.suffix.lower() == ".mp4" and not gandyn.plots.can_write_mp4():
                raise InputError(
                    f"animate: got {show(options.animate)}, must end in .gif: no ffmpeg is here"
                )
            self.files = {"animate": movie}
        self.game = read_game(options)

    def work(self, tell: Any) -> gandyn.Flow:
        self.stopped = False
        try:
            self.found = self._flow(self.end, self.times, tell)
        except gandyn.dynamics.Interrupted as stop:
            self.found, self.stopped = stop.flow, True
        return self.found

    def _flow(self, end: float, times: Any, tell: Any) -> gandyn.Flow:
        return gandyn.gradient_flow(
            self.game, self.start, (0.0, end), times, *self.tolerances, progress=tell
        )

    @cached_property
    def dense(self) -> tuple[Any, Any]:
        """Times and states close enough to be drawn as curves."""
        import numpy as np

        from gandyn.system.polyline import up_to

        found, times = self.found, self.found.t
        if not self.stopped:
            end = self.end
            if math.isinf(end):
                rest = found.rest_time if math.isfinite(found.rest_time) else float(times[-1])
                end = rest if rest > 0.0 else 1.0
            times = up_to(end, 400)
            found = self._flow(end, times, lambda part, text: None)
        known = np.isfinite(found.theta).all(axis=-1)
        return times[known], found.theta[known]

    def fill(self, figure: Any, found: gandyn.Flow) -> None:
        from gandyn import plots
        from gandyn.views.plane import matching_state

        t, theta = self.dense
        match = matching_state(self.game)
        levels = {} if match is None else {"data_std": match[0], "data_mean": match[1]}
        upper, lower = figure.subplots(2, 1)
        plots.draw_trajectory(upper, t, theta, **levels)
        heights = self.game.potential(theta)
        plots.draw_potential(lower, t, heights, objective=self.game.objective.name)

    def write(self, found: gandyn.Flow, tell: Any) -> None:
        path = self.files.get("animate")
        if path is None:
            return
        import numpy as np

        from gandyn import plots

        t, theta = self.dense
        times = plots.path_times(t, theta, _FRAMES)
        states = np.stack([np.interp(times, t, column) for column in theta.T], axis=-1)
        titles = [
            plots.moment_title(time, state) for time, state in zip(times, states, strict=True)
        ]
        moments = plots.moments(self.game, states, titles)
        plots.animate(path, moments, progress=tell)

    def entry(self, found: gandyn.Flow) -> dict[str, Any]:
        return {
            "t": found.t,
            "a": found.theta[..., 0],
            "b": found.theta[..., 1],
            "potential": found.potential,
            **{name: getattr(found, name) for name in ("success", "status", "message", "nfev")},
        }

    def show(self, found: gandyn.Flow) -> None:
        print_game(self.game)
        columns = (found.t, found.theta[:, 0], found.theta[:, 1], found.potential)
        print("".join(f"{name:>20}" for name in ("t", "a", "b", "potential")))
        for row in rows_of(len(found.t)):
            t, a, b, potential = (float(column[row]) for column in columns)
            print(f"{t:>20.10g}{a:>20.10g}{beside(b, abs(a), 10):>20}{potential:>20.10g}")
        print(f"\n{found.message} ({found.nfev} evaluations of the force)")

    def succeeded(self, found: gandyn.Flow) -> bool:
        if self.stopped:
            raise KeyboardInterrupt(found.message, *self.written)
        return super().succeeded(found)
