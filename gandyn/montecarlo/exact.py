"""What a learned discriminator is worth, exactly: by quadrature, beside the optimal one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gandyn.distributions import Distribution
from gandyn.engine.kronrod import SHORT
from gandyn.engine.mesh import fitted, panels_between
from gandyn.engine.quadrature import Panels, integrate
from gandyn.generators import Generated
from gandyn.generators.piecewise import Pieces, pieces_of
from gandyn.montecarlo.discriminators import Loss
from gandyn.objectives.divergences import DIVERGENCES
from gandyn.objectives.field import Field
from gandyn.system.checks import Array, Index

Logit = Callable[[Array, Index], tuple[Array, Array]]
"""Logit and its slope at x of shape (P, n) for the replicas `lane` (P,)."""

_GRADES = np.array([-27.0, -9.0, -3.0, 0.0, 3.0, 9.0, 27.0])
_RTOL = 1e-6
"""Of the rules' disagreement; the values are far better."""


@dataclass(frozen=True)
class Measures:
    """Exact values of R replicas, (R,), and the force (R, d), as `Training` has them.

    The force is (R, 0) where it is not asked for. The error is the largest estimate among the
    values, without the force.
    """

    value: Array
    value_gap: Array
    jsd: Array
    real_on_real: Array
    real_on_fake: Array
    force: Array
    error: Array
    force_error: Array


def logit_of(weights: list[NDArray[Any]], activation: str) -> tuple[Logit, tuple[Array, Index]]:
    """The logits of a stack of networks, and the points (x, lane) where panels should end.

    The weights of a layer have shape (R, inputs + 1, outputs).
    """
    if activation == "relu":
        pieces = pieces_of(weights)
        switches = _switches(pieces)
        ends = (np.append(pieces.z, switches[0]), np.append(pieces.lane, switches[1]))
        return _pieced(pieces), ends
    layers = [np.asarray(w, dtype=float) for w in weights]
    slope, bias = np.moveaxis(layers[0], 1, 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        turns, widths = -bias / slope, 1.0 / np.abs(slope)
    lane = np.broadcast_to(np.arange(len(turns))[:, None], turns.shape)
    return _smooth(layers), _graded(turns.ravel(), widths.ravel(), lane.ravel())


def _switches(pieces: Pieces) -> tuple[Array, Index]:
    """Where D goes from one side of ½ to the other, with points graded by how fast it does."""
    heads, tails = pieces.offset[:-1], pieces.offset[1:] - 1
    lane = np.concatenate([pieces.lane, np.arange(len(heads))])
    slope = np.concatenate([pieces.slopes, pieces.left_slope])
    anchor = np.concatenate([np.arange(len(pieces.z)), heads])
    low, high = np.append(pieces.z, np.full(len(heads), -np.inf)), np.append(pieces.z[1:], np.inf)
    high[tails] = np.inf
    high = np.append(high, pieces.z[heads])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        zero, width = pieces.z[anchor] - pieces.value[anchor] / slope, 1.0 / np.abs(slope)
        here = (slope != 0.0) & (zero >= low) & (zero <= high)
    return _graded(zero[here], width[here], lane[here])


def _graded(places: Array, widths: Array, lane: Index) -> tuple[Array, Index]:
    """Points about places where something happens over a width, and their lanes."""
    with np.errstate(invalid="ignore", over="ignore"):
        points = places[:, None] + widths[:, None] * _GRADES
    near = np.isfinite(points) & (np.abs(points) < 1e150)
    return points[near], np.broadcast_to(lane[:, None], points.shape)[near]


def _pieced(pieces: Pieces) -> Logit:
    def logit(x: Array, lane: Index) -> tuple[Array, Array]:
        # Panels end at the kinks: on each the logit is one line, known from the panel's middle.
        middle = x[:, x.shape[1] // 2, None]
        value, slope = pieces.line(middle, lane)
        return value + slope * (x - middle), np.broadcast_to(slope, x.shape)

    return logit


def _smooth(layers: list[Array]) -> Logit:
    def logit(x: Array, lane: Index) -> tuple[Array, Array]:
        out, slope = np.empty_like(x), np.empty_like(x)
        for k in np.unique(lane):
            rows = lane == k
            value, rise = _tangent([w[k] for w in layers], x[rows].ravel())
            out[rows], slope[rows] = value.reshape(-1, x.shape[1]), rise.reshape(-1, x.shape[1])
        return out, slope

    return logit


def _tangent(layers: list[Array], x: Array) -> tuple[Array, Array]:
    """A tanh network and its derivative at points (n,)."""
    hidden, rise = x[:, None], np.ones((len(x), 1))
    for weights in layers[:-1]:
        hidden = np.tanh(hidden @ weights[:-1] + weights[-1])
        rise = (rise @ weights[:-1]) * (1.0 - hidden**2)
    last = layers[-1]
    return (hidden @ last[:-1] + last[-1])[:, 0], (rise @ last[:-1])[:, 0]


def measure(
    data: Distribution,
    generated: Generated,
    logit: Logit,
    ends: tuple[Array, Index],
    loss: Loss,
    *,
    force: bool,
) -> Measures:
    """Integrate everything at once, on panels that end where the logit has kinks.

    p_g is that of R replicas, `logit` and `ends` are those of `logit_of`, the loss is the
    generator's.
    """

    def integrand(x: Array, lane: Index) -> tuple[Array, Array]:
        learned, slope = logit(x, lane)
        log_data, log_generated = data.logpdf(x), generated.logpdf(x, lane)
        p, q = np.exp(log_data), np.exp(log_generated)
        best = np.where(p + q > 0.0, log_data - log_generated, 0.0)
        real, fake = _losses(learned)
        real_best, fake_best = _losses(best)
        rows = np.empty((4, *x.shape))
        np.multiply(p, real, out=rows[0])
        rows[0] += q * fake
        rows[1] = np.where(p > 0.0, p * (real - real_best), 0.0)
        rows[1] += np.where(q > 0.0, q * (fake - fake_best), 0.0)
        share = expit(learned)
        np.multiply(p, share, out=rows[2])
        np.multiply(q, share, out=rows[3])
        if force:
            push = -q * slope * loss.slope(learned)
            rows = np.concatenate([rows, push * generated.sensitivity(x, lane)])
        return rows, 8.0 + np.abs(learned)

    panels = _panels(data, generated, *ends)
    found = integrate(integrand, panels, generated.lanes, rtol=_RTOL, rule=SHORT)
    values, error = found.value[:4], found.error[:4]
    _add_atoms(values, generated, logit)
    cost, gap, real, fake = values
    jsd = np.maximum(np.log(2.0) - 0.5 * (cost - gap), 0.0)
    force_error = found.error[4:].max(axis=0) if force else np.full(generated.lanes, np.nan)
    return Measures(-cost, gap, jsd, real, fake, found.value[4:].T, error.max(axis=0), force_error)


def _add_atoms(values: Array, generated: Generated, logit: Logit) -> None:
    """Add what cost, gap and E_pg D have at atoms of p_g, where D* is 0."""
    for lane, atoms in enumerate(generated.atoms):
        x, mass = atoms.T
        learned = logit(x[:, None], np.full(len(x), lane))[0][:, 0]
        fake = _losses(learned)[1]
        values[:, lane] += [mass @ fake, mass @ fake, 0.0, mass @ expit(learned)]


def _losses(logit: Array) -> tuple[Array, Array]:
    """−log D and −log(1 − D) of a logit, which may be infinite."""
    soft = np.log1p(np.exp(-np.abs(logit)))
    return soft + np.maximum(-logit, 0.0), soft + np.maximum(logit, 0.0)


def _panels(data: Distribution, generated: Generated, points: Array, lane: Index) -> Panels:
    """Panels between the edges of both densities, and the points that lie among them."""
    lanes, own = generated.lanes, generated.edges
    x = np.concatenate([np.tile(data.edges, lanes), *own])
    of = np.arange(lanes)
    which = np.concatenate([np.repeat(of, len(data.edges)), np.repeat(of, [len(e) for e in own])])
    low = np.minimum([edges[0] for edges in own], data.edges[0])
    high = np.maximum([edges[-1] for edges in own], data.edges[-1])
    inside = (points > low[lane]) & (points < high[lane])
    return panels_between(
        np.concatenate([x, points[inside]]), np.concatenate([which, lane[inside]])
    )


def measure_optimal(data: Distribution, generated: Generated, force: Array) -> Measures:
    """The same for the optimal discriminator, whose force is the exact one."""
    jensen_shannon = DIVERGENCES["jsd"].integrand

    def integrand(x: Array, lane: Index) -> tuple[Array, Array]:
        at = Field(data, generated, x, lane)
        share = expit(at.log_ratio)
        p, q = np.exp(at.log_data), np.exp(at.log_generated)
        return np.stack([jensen_shannon(at), p * share, q * share]), np.full((1, *x.shape), 8.0)

    found = integrate(integrand, fitted(data, generated), generated.lanes, rtol=_RTOL)
    jsd, real, fake = found.value
    none = np.zeros_like(jsd)
    value = 2.0 * jsd - 2.0 * np.log(2.0)
    return Measures(value, none, jsd, real, fake, force, 2.0 * found.error.max(axis=0), none)
