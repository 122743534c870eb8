"""Results as entries of a JSON file, alike in `results.json` and on stdout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gandyn.landscape.basin_map import Basins
    from gandyn.landscape.bifurcations import Branches
    from gandyn.landscape.census import Equilibria, Equilibrium
    from gandyn.landscape.diagram import PhaseDiagram
    from gandyn.landscape.manifolds import Manifold
    from gandyn.landscape.mountain_passes import Barriers
    from gandyn.landscape.raster_map import Raster
    from gandyn.montecarlo import Comparison

__all__ = [
    "barrier_entries",
    "basin_entries",
    "branch_entries",
    "comparison_entries",
    "curve_entries",
    "diagram_entries",
    "eigenvalues",
    "equilibria_entries",
    "raster_entries",
]

Entry = dict[str, Any]


def equilibria_entries(found: Equilibria) -> Entry:
    """Every rest point, and whether there are others."""
    return {
        "equilibria": [_rest_point(point) for point in found],
        "complete": bool(found.complete),
        "winding": found.winding,
        "box": list(found.box),
        "status": int(found.status),
        "message": str(found.message),
    }


def _rest_point(point: Equilibrium) -> Entry:
    return {
        "a": point.a,
        "b": point.b,
        "kind": point.kind,
        "potential": float(point.potential),
        "eigenvalues": eigenvalues(point.eigenvalues),
        "name": point.name,
        "error": float(point.error),
        "index": int(point.index),
        "residual": float(point.residual),
    }


def eigenvalues(rates: Iterable[complex]) -> list[Any]:
    """Real numbers, and [re, im] for those that are complex."""
    numbers = [complex(rate) for rate in rates]
    return [rate.real if rate.imag == 0 else [rate.real, rate.imag] for rate in numbers]


def curve_entries(curves: Iterable[Manifold]) -> list[Entry]:
    """The points of manifolds, from the saddle outwards."""
    return [
        {
            "saddle": int(curve.saddle),
            "stable": bool(curve.stable),
            "end": int(curve.end),
            "tolerance": float(curve.tolerance),
            "a": curve.theta[:, 0],
            "b": curve.theta[:, 1],
        }
        for curve in curves
    ]


def basin_entries(found: Basins) -> Entry:
    """The share of each attractor's basin, and the map that it is a share of."""
    return {
        "fractions": [
            {"index": index, "name": point.name, "a": point.a, "b": point.b, "fraction": fraction}
            for index, fraction in found.fractions.items()
            for point in (found.equilibria[index],)
        ],
        "unknown": float(found.unknown),
        "box": [float(v) for v in (found.a[0], found.a[-1], found.b[0], found.b[-1])],
        "grid": [len(found.a), len(found.b)],
        "status": int(found.status),
        "message": str(found.message),
    }


def barrier_entries(found: Barriers) -> Entry:
    """Every barrier with its path, and the tree."""

    def state(index: int) -> Entry:
        point = found.equilibria[index]
        entry = {"index": index, "a": point.a, "b": point.b, "potential": float(point.potential)}
        return entry | {"name": point.name}

    return {
        "barriers": [
            {
                "from": state(barrier.start),
                "to": state(barrier.end),
                "saddle": state(barrier.saddle),
                "height_from": float(barrier.height_from),
                "height_to": float(barrier.height_to),
                "error": float(barrier.error),
                "prefactor_from": float(barrier.prefactor_from),
                "prefactor_to": float(barrier.prefactor_to),
                "path": {
                    "a": barrier.path[:, 0],
                    "b": barrier.path[:, 1],
                    "potential": barrier.potential,
                },
            }
            for barrier in found.barriers
        ],
        "tree": [
            {
                "saddle": int(merge.saddle),
                "potential": float(merge.potential),
                "left": sorted(merge.left),
                "right": sorted(merge.right),
            }
            for merge in found.tree
        ],
        "equilibria": [_rest_point(point) for point in found.equilibria],
        "status": int(found.status),
        "message": str(found.message),
    }


def branch_entries(found: Branches) -> Entry:
    """The branches, and all that happens on them."""
    name = found.name

    def event(point: Any, theta: Any, *others: str) -> Entry:
        own = {key: getattr(point, key) for key in others}
        return {name: point.parameter, "parameter": point.parameter, **_place(theta), **own}

    return {
        "name": name,
        "interval": list(found.interval),
        "folds": [
            event(fold, fold.theta, "potential", "eigenvalue", "residual") for fold in found.folds
        ],
        "branch_points": [
            event(point, point.theta, "kind", "potential", "residual")
            for point in found.branch_points
        ],
        "maxwell": [event(point, point.theta, "potential") for point in found.maxwell],
        "branches": [
            {
                "parameter": branch.parameter,
                **_place(branch.theta),
                "kind": list(map(str, branch.kind)),
                "potential": branch.potential,
            }
            for branch in found.branches
        ],
        "status": int(found.status),
        "message": str(found.message),
    }


def diagram_entries(found: PhaseDiagram) -> Entry:
    """The curves, cusps and regions of a phase diagram."""

    def at(point: Any) -> Entry:
        return {found.x_name: point.x, found.y_name: point.y, "x": point.x, "y": point.y}

    return {
        "x": {"name": found.x_name, "low": found.x[0], "high": found.x[1]},
        "y": {"name": found.y_name, "low": found.y[0], "high": found.y[1]},
        "curves": [
            {**at(curve), **_place(curve.theta), "kind": curve.kind} for curve in found.curves
        ],
        "cusps": [{**at(cusp), **_place(cusp.theta)} for cusp in found.cusps],
        "regions": [
            {
                **at(region),
                "name": region.name,
                "attractors": list(region.attractors),
                "share": region.share,
            }
            for region in found.regions
        ],
        "status": int(found.status),
        "message": str(found.message),
    }


def raster_entries(found: Raster, name: str) -> Entry:
    """Where each start ends, one row for each value of the parameter."""
    return {
        "name": name,
        "values": found.values,
        "starts": _place(found.starts),
        "names": list(found.names),
        "labels": found.labels,
        "final": _place(found.final),
        "done": found.done,
        "status": int(found.status),
        "message": str(found.message),
    }


def _place(theta: Any) -> Entry:
    """a and b of states (..., 2)."""
    return {"a": theta[..., 0], "b": theta[..., 1]}


def comparison_entries(found: Comparison) -> Entry:
    """Replicas of training beside the flow, and how good their discriminators are."""
    run = found.training
    return {
        "step": run.step,
        "a": run.theta[..., 0],
        "b": run.theta[..., 1],
        "flow": found.flow,
        "deviation": found.deviation,
        "deviation_mean": found.deviation_mean,
        "deviation_half_width": found.deviation_half_width,
        "value_gap": run.value_gap,
        "force_ratio": run.force_ratio,
        "force_angle": run.force_angle,
        "status": run.status,
        "message": run.message,
    }
