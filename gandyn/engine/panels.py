"""Any game, by quadrature on panels fitted to both densities: the way that always goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gandyn.distributions import Distribution
from gandyn.engine.base import Engine
from gandyn.engine.ends import FarOut, towards_ends
from gandyn.engine.exponents import Ends
from gandyn.engine.folds import push_at_folds
from gandyn.engine.mesh import fitted, panels_between
from gandyn.engine.quadrature import Integrals, integrate
from gandyn.engine.sensitivity import at_breaks, changes, changes_by_parts, left_by_parts
from gandyn.engine.tails import divergent, endless
from gandyn.generators import Generator
from gandyn.generators.generated import Generated, quantile
from gandyn.objectives import FDivergence, Objective
from gandyn.objectives.divergences import DIVERGENCES
from gandyn.objectives.field import AtAtoms, Field
from gandyn.system.differences import stencil

__all__ = [
    "PanelEngine",
    "bound",
    "field_integrals",
    "powers_of",
    "rooted",
    "row_of",
    "spared",
    "spread",
]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Row = tuple[Callable[[Field], Array], Callable[[Field], Array]]

_POWERS = {
    "kl_data_generator": 1.0,
    "kl_generator_data": 0.0,
    "chi_squared_data_generator": 2.0,
    "chi_squared_generator_data": -1.0,
}
_MOST = {
    "jsd": np.log(2.0),
    "jsd_gap": np.log(2.0),
    "total_variation": 1.0,
    "hellinger_squared": 1.0,
}
_BOUNDED = 0.5
"""Stands for a weight that makes nothing infinite."""

_PLACES = (-3, -2, -1, 1, 2, 3)
_NEAR = 100.0
"""What a divergence that grows with ℓ may come to where both densities are."""

_EPS = float(np.finfo(float).eps)
_LOST, _BY_DIFFERENCES = 1e-5, 1e-12
_NARROW = 1e4
"""Widths of p_g from 0 to its place, from which on x is measured from there."""
_VAST = 1e2
"""Widths of the data from them, beyond which little depends on where p_g is narrow."""
_LANES = 128
"""States whose panels are fitted and integrated together."""


class PanelEngine(Engine):
    """Force, values and Jacobian of any game, each by adaptive quadrature.

    Parameters
    ----------
    data : Distribution
    generator : Generator
    objective : Objective
    """

    name = "panels"

    def __init__(self, data: Distribution, generator: Generator, objective: Objective) -> None:
        self.data, self.generator, self.objective = data, generator, objective
        ends = (*generator.latent.support, *data.support)
        # Where no density jumps and its flux is known, the force can be integrated by parts.
        self.ends = Ends(data, generator.latent)
        smooth = generator.affine and not np.isfinite(ends).any()
        smooth = smooth and not (data.ends or generator.latent.ends)
        self._by_parts = smooth and objective.has_level

    def force(self, theta: Array) -> Integrals:
        """Force at states (L, d): the better of the two ways of writing it."""
        parts = self._by_place(theta)
        if parts:
            forces = [engine.force(states) for _, engine, states in parts]
            return Integrals.joined(forces).of(_order(parts))
        push = self.endless_force(theta).T
        infinite = push != 0.0
        converged, nodes = ~infinite.any(axis=0), np.zeros(len(theta), np.int64)
        found = Integrals(push, np.zeros(push.shape), converged, nodes)
        some = np.flatnonzero(~infinite.all(axis=0))
        if len(some):
            finite = self._finite_force(theta[some], infinite[:, some])
            found.value[:, some] = np.where(infinite[:, some], push[:, some], finite.value)
            found.error[:, some] = finite.error
            converged[some] &= finite.converged
            nodes[some] = finite.nodes
        return found

    def _by_place(self, theta: Array) -> list[tuple[Index, PanelEngine, Array]]:
        """Where p_g is so narrow that the rounding of x leaves it few digits: x from its own place.

        Indices of states, the engine that takes them and what they are there; none where all are
        well where they are.
        """
        place, generator = self.generator.scale_and_place, self.generator
        if place is None or not generator.affine:
            return []
        a, b = theta[:, place].T
        centres, widths = self.data.landmarks.T
        narrow = np.abs(b) > _NARROW * np.abs(a) * float(generator.latent.landmarks[:, 1].min())
        narrow &= np.abs(b - centres.mean()) < _VAST * (np.ptp(centres) + widths.max())
        if not narrow.any():
            return []
        parts = [(np.flatnonzero(~narrow), self, theta[~narrow])] if not narrow.all() else []
        for far in np.unique(b[narrow]):
            index = np.flatnonzero(narrow & (b == far))
            engine = NarrowEngine(self.data.shifted(-far), generator, self.objective)
            parts.append((index, engine, generator.shifted(theta[index], -far)))
        return parts

    def has_force(self, theta: Array) -> NDArray[np.bool_]:
        """Whether no component of the force is infinite at states (L, d)."""
        return np.asarray((self.endless_force(theta) == 0.0).all(axis=1))

    def endless_force(self, theta: Array) -> Array:
        """±∞ and nan in the components of the force (L, d) that do not exist, 0 elsewhere.

        Told by how both densities go far out, at their breaks and at folds of the generator.
        """
        target, place = self.objective, self.generator.scale_and_place
        if not isinstance(target, FDivergence):
            return np.zeros(theta.shape)
        if not self.generator.affine or place is None:
            out = push_at_folds(self.data, self.generator, target, theta)
        else:
            out = np.empty(theta.shape)
            a, b = theta[:, place].T
            out[:, place] = divergent(target, self.data, self.generator.latent, a, b).T
        if not self.ends.smooth:
            generated = self.generator.generated(theta)
            with np.errstate(invalid="ignore"):
                out += self.ends.force(target, self.generator, generated, theta)
        return out

    def endless_values(self, theta: Array, names: Sequence[str]) -> NDArray[np.bool_]:
        """Which divergences by name, or "potential", are infinite at states (L, d): (K, L)."""
        out = np.zeros((len(names), len(theta)), bool)
        place = self.generator.scale_and_place if self.generator.affine else None
        for row, name in zip(out, names, strict=True):
            powers = powers_of(name, self.objective)
            row |= self.ends.alone(powers, self.generator, theta)
            if place is not None:
                row |= endless(powers, self.data, self.generator.latent, *theta[:, place].T)
            if not self.ends.smooth:
                generated = self.generator.generated(theta)
                row |= self.ends.value(powers, self.generator, generated, theta)
        return out

    def _finite_force(self, theta: Array, infinite: NDArray[np.bool_]) -> Integrals:
        """The components of the force that are not infinite, and 0 for those that are."""
        rows = self._ways(theta)
        left_out = np.stack([infinite] * len(rows))
        found = self._integrals(theta, rows, self.objective.transport, left_out)
        ways = (len(rows), theta.shape[-1], -1)
        value, error = found.value.reshape(ways), found.error.reshape(ways)
        best = error.argmin(axis=0)[None]
        value, error = (np.take_along_axis(each, best, axis=0)[0] for each in (value, error))
        # what nothing is known of is no number
        value = np.where(np.isinf(error), np.nan, value)
        return Integrals(value, error, found.converged, found.nodes)

    def _ways(self, theta: Array) -> list[Row]:
        """What the force at states (L, d) is the integral of, written in one way or more."""
        target = self.objective
        rows: list[Row] = [(target.force, target.force_rounding)]
        if self._by_parts:
            rows.append((target.force_by_parts, target.force_by_parts_rounding))
        return rows

    def values(self, theta: Array, names: Sequence[str]) -> Integrals:
        """Divergences by name, and "potential", at states (L, d): a row of the result for each."""
        parts = self._by_place(theta)
        if parts:
            values = [engine.values(states, names) for _, engine, states in parts]
            return Integrals.joined(values).of(_order(parts))
        infinite = self.endless_values(theta, names)
        transport = any(name.startswith("wasserstein") for name in names)
        transport |= "potential" in names and self.objective.transport
        rows = [row_of(self.objective, name) for name in names]
        found = self._integrals(theta, rows, transport, infinite)
        found.value[infinite], found.error[infinite] = np.inf, 0.0
        bound(found, names)
        if self.generator.affine:
            spread(found, names, self.data, self.generator.latent)
        return found

    def jacobian(self, theta: Array) -> Array:
        """Jacobian of the force at states (L, d): (L, d, d).

        Under the integral where objective and generator allow it, by sixth-order differences
        elsewhere.
        """
        parts = self._by_place(theta)
        if parts:
            changed = [engine.jacobian(states) for _, engine, states in parts]
            return np.concatenate(changed)[_order(parts)]
        target, place = self.objective, self.generator.scale_and_place
        if not (self.generator.affine and isinstance(target, FDivergence)):
            size = np.abs(theta) if place is None else np.abs(theta[:, place[:1]])
            least = 1e-3 * min(1.0, float(self.data.landmarks[:, 1].min()))
            step = 3e-3 * np.maximum(size.max(axis=1, initial=0.0), least)
            return by_differences(lambda states: self.force(states).value.T, theta, step)
        assert place is not None
        exists = self.has_force(theta)
        if not exists.all():
            out = np.full((len(theta), 2, 2), np.nan)
            if exists.any():
                out[exists] = self.jacobian(theta[exists])
            return out
        if len(theta) > _LANES:
            stacks = np.array_split(theta, -(-len(theta) // _LANES))
            return np.concatenate([self.jacobian(stack) for stack in stacks])
        order, (a, b) = np.argsort(place), theta[:, place].T

        def entries(at: Field) -> Array:
            mass = target.mass(at)
            found = changes(target, at, mass, a[at.lane, None])
            along, wider = (np.where(mass > 0.0, values, 0.0) for values in found)
            z = (at.x - b[at.lane, None]) / a[at.lane, None]
            tilted = along * z
            return np.stack([(tilted + wider) * z, tilted, tilted + wider, along])

        def by_parts(at: Field) -> Array:
            return changes_by_parts(target, at, a, b)

        generated = self.generator.generated(theta)
        # next to ends s_p' and s_q are too large for all but the parts
        tame = not (self.data.ends or self.generator.latent.ends)
        rows: list[Row] = [(by_parts, lambda at: 8.0 + at.density_rounding)]
        rows += [(entries, target.force_rounding)] if tame else []
        found = field_integrals(self.data, generated, rows, transport=False)
        left, noise = left_by_parts(self.data, generated, target, a, b)
        value = found.value[:4] + left
        if tame:
            direct = (
                found.value[4:] + at_breaks(self.data, generated, target, a, b).reshape(-1, 4).T
            )
            better = (found.error[:4] + noise < found.error[4:]) | np.isnan(direct)
            value = np.where(better, value, direct)
        value = value.T.reshape(-1, 2, 2)
        return value[:, order][:, :, order]

    def _integrals(
        self,
        theta: Array,
        rows: Sequence[Row],
        transport: bool,
        left_out: NDArray[np.bool_],
    ) -> Integrals:
        """Integrals of rows over a stack of states, some states at a time.

        But for those to be left out, (rows, [d,] L), which are 0.
        """
        if not len(theta):
            state, none = np.ones((1, theta.shape[1])), np.zeros((*left_out.shape[:-1], 1), bool)
            return self._integrals(state, rows, transport, none).of(slice(0))
        parts = []
        for part in (slice(k, k + _LANES) for k in range(0, len(theta), _LANES)):
            generated = self.generator.generated(theta[part])
            kept = spared(rows, left_out[..., part])
            found = field_integrals(self.data, generated, kept, transport=transport)
            blur = self._blur(generated)
            found.error[:] += blur * np.where(np.isinf(found.value), 0.0, np.abs(found.value))
            parts.append(found)
        return Integrals.joined(parts)

    def _blur(self, generated: Generated) -> Array:
        """What share of p_g is lost as the places of its edges are rounded, (lanes,)."""
        ends = np.array([edges[[0, -1]] for edges in generated.edges]).T
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = np.minimum(_EPS * np.abs(ends).max(axis=0) / (ends[1] - ends[0]), 1.0)
        # what is smooth is not cut off at an edge: only panels shorter than rounding are lost
        smooth = not len(self.generator.latent.breaks)
        share = np.where(smooth & (share < _LOST), 0.0, share)
        # and so is what G' by differences makes of the density
        by_differences = type(self.generator).slope is Generator.slope
        by_differences &= not self.generator.affine
        return share + (_BY_DIFFERENCES if by_differences else 0.0)


class NarrowEngine(PanelEngine):
    """The same for p_g far narrower than the data, whose own score, 1/a large, adds up to little.

    By parts it is left out of the force, ∫ p_g w (s_p φ + ε ℓ' φ + φ') dx: s_p is the data's score,
    φ = ∂G/∂θ as a function of x, ε = d log w/dℓ.
    """

    def _ways(self, theta: Array) -> list[Row]:
        rows, target = super()._ways(theta), self.objective
        if not (self._by_parts and isinstance(target, FDivergence)):
            return rows
        place = self.generator.scale_and_place
        assert place is not None
        a = theta[:, place[0]]

        def pushed(at: Field) -> Array:
            mass = target.mass(at)
            with np.errstate(invalid="ignore", over="ignore"):
                push = at.score_data + target.elasticity(at.log_ratio) * at.ratio_slope
                out = np.where(mass > 0.0, mass * push, 0.0) * at.sensitivity
            out[place[0]] += mass / a[at.lane, None]
            return out

        return [*rows, (pushed, target.force_rounding)]


def _order(parts: Sequence[tuple[Index, PanelEngine, Array]]) -> Index:
    """Where in the parts, one after the other, each state is."""
    return np.argsort(np.concatenate([index for index, _, _ in parts]))


def powers_of(name: str, objective: Objective | None = None) -> tuple[float, float]:
    """The powers of r that the weight of a divergence by name becomes.

    Or that of the objective, for its "potential".
    """
    if name == "potential" and isinstance(objective, FDivergence):
        return objective.powers
    return (_POWERS.get(name, _BOUNDED),) * 2


def spared(rows: Sequence[Row], infinite: NDArray[np.bool_]) -> list[Row]:
    """Rows that are 0 in the lanes where they are `infinite`, (K, [d,] lanes)."""

    def kept(f: Callable[[Field], Array], left_out: NDArray[np.bool_]) -> Callable[[Field], Array]:
        return lambda at: np.where(left_out[..., at.lane, None], 0.0, f(at))

    return [
        (kept(f, left_out), rounding) if left_out.any() else (f, rounding)
        for (f, rounding), left_out in zip(rows, infinite, strict=True)
    ]


def row_of(objective: Objective, name: str) -> Row:
    """Integrand and rounding of a divergence by name, or of the objective's "potential"."""
    if name == "potential":
        return objective.potential, objective.potential_rounding
    return DIVERGENCES[name].integrand, DIVERGENCES[name].rounding


def of_one_alone(at: Field, mass: Array, rows: Sequence[Callable[[Field], Array]]) -> Array:
    """What rows (K, L) gain from mass (L, 1) where only one of the two densities is."""
    with np.errstate(all="ignore"):
        return np.array([np.where(mass > 0.0, row(at), 0.0)[:, 0] for row in rows])


def spread(found: Integrals, names: Sequence[str], p: Distribution, q: Distribution) -> None:
    """Set to infinity, in place, the distances by name between laws of which one has a moment."""
    for k, name in enumerate(names):
        moments = {"wasserstein1": (p.mean, q.mean), "wasserstein2": (p.std, q.std)}.get(name)
        if moments is not None and np.isfinite(moments[0]) != np.isfinite(moments[1]):
            found.value[k], found.error[k] = np.inf, 0.0


def lost_to_rounding(
    value: Array, names: Sequence[str], target: Objective, data: Distribution, blur: Array | float
) -> Array:
    """What rounding leaves open of divergences (K, L) by name; 0 where they are infinite or 0.

    `blur` is what that of the nodes comes to over p_g.
    """
    centres, widths = data.landmarks.T
    # log p at a node, and what the node's own rounding changes of it
    noise = np.spacing(1.0) * (16.0 + float((np.abs(centres) / widths).max()))
    # all but the gap are of second order in ℓ, which has an error of its own
    second = np.array([[float(name != "jsd_gap")] for name in names])
    low, high = np.array([powers_of(name, target) for name in names]).T[..., None]
    gentle = (low >= 0.0) & (high <= 1.0)

    def lost(noise: Array | float, far: NDArray[np.bool_]) -> Array:
        # what grows with ℓ alone, and where this density is nothing, is not blurred with it
        near = np.where(gentle & far, np.minimum(value, _NEAR), value)
        return noise * (near * (1.0 + np.abs(np.log(near))) + second * np.sqrt(near))

    with np.errstate(divide="ignore", invalid="ignore"):
        total = lost(noise, high < 1.0) + lost(blur, low > 0.0)
        total += 4.0 * np.spacing(1.0) * value * np.abs(np.log(value))
    return np.where(np.isinf(value) | (value == 0.0), 0.0, total)


def by_differences(force: Callable[[Array], Array], theta: Array, step: Array) -> Array:
    """∂F_i/∂θ_j at states of shape (L, d): (L, d, d), by central differences of order six.

    `step`, shape (L,), is each state's.
    """
    lanes, d = theta.shape
    shifts = np.array(_PLACES)[:, None, None] * np.eye(d)
    states = theta + shifts.reshape(-1, 1, d) * step[:, None]
    values = force(states.reshape(-1, d)).reshape(len(_PLACES), d, lanes, d)
    return np.einsum("k,kjli->lij", stencil(_PLACES), values) / step[:, None, None]


def field_integrals(
    data: Distribution,
    generated: Generated,
    rows: Sequence[Row],
    *,
    transport: bool,
    rtol: float = 1e-11,
) -> Integrals:
    """Integrate rows over every lane, on panels fitted to both densities, and sum over its atoms.

    Parameters
    ----------
    data : Distribution
    generated : Generated
    rows : list of (integrand, rounding)
        Each maps a `Field` to an array of its x's shape, or of (k, *shape) for k integrals.
    transport : bool
        Whether a row has kinks where the monotone coupling changes side.
    rtol : float
        Relative tolerance of each integral.
    """

    def both(at: Field) -> tuple[Array, Array]:
        values, rounding = [], []
        for f, noise in rows:
            value = f(at).reshape(-1, *at.x.shape)
            values.append(value)
            # of nothing, however steep both densities are
            rounding.append(np.where(value == 0.0, 0.0, noise(at)))
        return np.concatenate(values), np.concatenate(rounding)

    panels = fitted(data, generated, transport=transport)
    if transport and not panels.root.any():
        x, lane = _coupled_breaks(data, generated)
        ends = np.concatenate([panels.left, panels.right, x])
        panels = panels_between(ends, np.concatenate([panels.lane, panels.lane, lane]))
    panels, inner = towards_ends(data, generated, panels, both)
    integrals = integrate(
        lambda x, lane: both(Field(data, generated, x, lane)),
        panels,
        generated.lanes,
        rtol=rtol,
        open_left=True,
        open_right=True,
        distant=lambda x, u, lane: both(FarOut(data, generated, x, u, lane)),
        inner=inner,
    )
    _add_atoms(integrals, data, generated, rows)
    return integrals


def _coupled_breaks(data: Distribution, generated: Generated) -> tuple[Array, Index]:
    """Points x of the data whose partners are where p_g jumps, and their lanes."""
    points, lanes = [np.empty(0)], [np.empty(0, np.intp)]
    for k, breaks in enumerate(generated.breaks):
        if not len(breaks):
            continue
        at, lane = breaks[None], np.array([k])
        lower, upper = generated.cdf(at, lane)[0], generated.sf(at, lane)[0]
        x, mass = generated.atoms[k].T if len(generated.atoms) else np.empty((2, 0))
        on = np.isin(breaks, x)
        held = mass[np.searchsorted(x, breaks[on])]
        lower = np.clip(np.append(lower, lower[on] - held), 0.0, 1.0)
        upper = np.clip(np.append(upper, upper[on] + held), 0.0, 1.0)
        partners = quantile(data, lower, upper)
        points.append(partners[np.isfinite(partners)])
        lanes.append(np.full(len(points[-1]), k))
    return np.concatenate(points), np.concatenate(lanes)


def _add_atoms(
    integrals: Integrals, data: Distribution, generated: Generated, rows: Sequence[Row]
) -> None:
    """Add to each integral, in place, what it has at the generated atoms."""
    lane = np.repeat(np.arange(len(generated.atoms)), [len(atoms) for atoms in generated.atoms])
    if not len(lane):
        return
    x, mass = np.concatenate(list(generated.atoms)).T[:, :, None]
    at = AtAtoms(data, generated, x, lane, mass)
    with np.errstate(all="ignore"):
        more = np.concatenate([f(at).reshape(-1, len(x)) for f, _ in rows])
        for k, row in enumerate(more):
            integrals.value[k] += np.bincount(lane, row, generated.lanes)
    integrals.error[np.isinf(integrals.value)] = 0.0


def bound(integrals: Integrals, names: Sequence[str]) -> None:
    """Keep values by name, in place, below the most that they can be."""
    most = np.array([_MOST.get(name, np.inf) for name in names])
    np.minimum(integrals.value, most[:, None], out=integrals.value)


def rooted(integrals: Integrals, row: int) -> None:
    """Replace an integral by its square root, in place, its error with it."""
    square, error = integrals.value[row], integrals.error[row]
    root = np.sqrt(square)
    with np.errstate(divide="ignore", invalid="ignore"):
        small = error / (root + np.sqrt(np.maximum(square - error, 0.0)))
    integrals.error[row] = np.where((root > 0) & np.isfinite(root), small, np.sqrt(error))
    integrals.value[row] = root
