"""Section: where the flow ends, in one glance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from gandyn.game import Evaluation
from gandyn.report.blocks import Facts, Section, Text
from gandyn.report.collect import Results
from gandyn.report.numbers import error_text, place, short

_LOG2 = float(np.log(2.0))
_WIDE = 8
"""Letters of a number that fit a card at full size."""


def section(results: Results, folder: Path) -> Section:
    """The end of the flow beside the data, and how far p_g is from p."""
    game, course, end = results.game, results.course, results.at_end
    a, b = course.end
    latent = game.generator.latent
    spread, middle = abs(a) * latent.std, a * latent.mean + b
    jsd, value = float(end.jsd), float(end.value)
    rested = course.flow.status == 1
    cards = [
        (
            Markup("the generator ends at"),
            Markup("a&nbsp;=&nbsp;{}<br>b&nbsp;=&nbsp;{}").format(
                _state(a, course.error[0]), _place(b, a, course.error[1])
            ),
            Markup("from a&nbsp;=&nbsp;{}, b&nbsp;=&nbsp;{}").format(
                short(results.start[0]), place(results.start[1], results.start[0])
            ),
        ),
        (
            Markup("p<sub>g</sub> against the data"),
            Markup("std {}<br>mean {}").format(
                _state(spread, course.error[0] * latent.std),
                _place(middle, spread, course.error[0] * abs(latent.mean) + course.error[1]),
            ),
            Markup("data: std {}, mean {}").format(
                short(game.data.std), _place(game.data.mean, game.data.std, 1e-12 * game.data.std)
            ),
        ),
        (
            "Jensen-Shannon divergence",
            _large(jsd),
            Markup("{}; {} at the start; between 0 and log 2 = 0.69315").format(
                error_text(end.errors["jsd"]), short(float(results.at_start.jsd))
            ),
        ),
        (
            Markup("value V(G, D*)"),
            _large(value),
            Markup("{}; {} at the start; −2 log 2 = −1.3863 only where p<sub>g</sub> = p").format(
                error_text(end.errors["value"]), short(float(results.at_start.value))
            ),
        ),
        ("time to rest" if rested else "last time", _large(course.end_t), _ending(results)),
    ]
    words = Markup(
        "A generator x = a z + b, z ~ <code>{}</code>, learns the data <code>{}</code> by the "
        "<b>{}</b> objective, against the discriminator that is optimal at every moment: "
        "D* = p / (p + p<sub>g</sub>). Nothing here is sampled: every number is an integral, and "
        "has an estimate of its error."
    ).format(str(latent), _clip(str(game.data)), game.objective.name)
    return Section("summary", "Where the flow ends", [Facts(cards), Text(words)], _numbers(results))


def _large(value: float) -> Markup:
    """A number short enough for a card."""
    return short(value, 5 if value == 0 or 1e-4 <= abs(value) < 1e5 else 3)


def _state(value: float, error: float) -> Markup:
    """A parameter, 0 where it is nothing but error."""
    return _large(0.0 if abs(value) <= max(error, 1e-14) else value)


def _place(value: float, unit: float, error: float) -> Markup:
    """The same for a place, to digits that tell it from others a unit away."""
    text = place(0.0 if abs(value) <= max(error, 1e-14) else value, unit)
    return Markup("<small>{}</small>").format(text) if len(text) > _WIDE else text


def _ending(results: Results) -> str | Markup:
    """What the time means; the flow's own message where there is more to it than rest."""
    flow = results.course.flow
    if flow.message == f"came to rest at t = {flow.rest_time:.6g}":
        return Markup("from then on (a, b) is where it rests, to a tolerance of 10<sup>−10</sup>")
    message = str(flow.message)
    return message[:1].upper() + message[1:]


def _clip(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _numbers(results: Results) -> dict[str, Any]:
    course, game = results.course, results.game
    return {
        "data": str(game.data),
        "data_mean": game.data.mean,
        "data_std": game.data.std,
        "generator": "a*z + b",
        "latent": str(game.generator.latent),
        "objective": game.objective.name,
        "t_end": results.t_end,
        "status": int(course.flow.status),
        "success": bool(course.flow.success),
        "message": str(course.flow.message),
        "nfev": int(course.flow.nfev),
        "time": course.end_t,
        "start": _without_text(results.at_start, np.zeros(2)),
        "end": _without_text(results.at_end, course.error),
    }


def _without_text(found: Evaluation, theta_error: Any) -> dict[str, Any]:
    out = found.as_dict()
    out["errors"]["theta"] = np.asarray(theta_error).tolist()
    return out
