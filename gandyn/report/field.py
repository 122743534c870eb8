"""Section: the force over (a, b), with flows."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from gandyn import plots
from gandyn.plots.colours import GENERATED
from gandyn.report.blocks import Picture, Section
from gandyn.report.collect import Results


def section(results: Results, folder: Path) -> Section:
    """Stream lines of the force, level lines of the potential, this flow and others."""
    field = results.field
    marks = {} if field.match is None else {"data's std and mean": tuple(field.match)}
    with plots.style():
        figure = plots.new_figure((5.6, 4.8))
        ax = plots.draw_field(
            figure.subplots(),
            field.a,
            field.b,
            field.force,
            flows=reversed(field.flows),
            potential=field.potential,
            marks=marks,
        )
        ax.plot(*field.flows[0].T, color=GENERATED.colour, linewidth=3.2, zorder=4.5)
    plots.save_figure(figure, folder / "field.png")
    others = len(field.flows) - 1
    alt = (
        f"Stream lines of the force for a from {field.a[0]:.3g} to {field.a[-1]:.3g} and b from "
        f"{field.b[0]:.3g} to {field.b[-1]:.3g}, with {others + 1} flows."
    )
    caption = Markup(
        "The force d(a, b)/dt everywhere, coloured by its size; {}the flow of this report "
        "(vermillion) and {} from other starts, each from its open circle to its filled one. Where "
        "several end together is an attractor."
    ).format("" if field.potential is None else "level lines of the potential; ", others)
    numbers = {
        "a": field.a,
        "b": field.b,
        "force": field.force,
        "flows": [{"start": path[0], "end": path[-1]} for path in field.flows],
    }
    if field.potential is not None:
        numbers["potential"] = field.potential
    return Section("field", "The force over (a, b)", [Picture("field.png", alt, caption)], numbers)
