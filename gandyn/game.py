"""The game: data, generator and objective, evaluated exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from gandyn.distributions import Distribution
from gandyn.distributions.sizes import check_size
from gandyn.engine import Engine, engine_of, way_of
from gandyn.engine.panels import rooted
from gandyn.errors import InputError, printable
from gandyn.generators import Generated, Generator, LinearGenerator
from gandyn.objectives import FDivergence, Objective
from gandyn.objectives import objective as named
from gandyn.objectives.divergences import DIVERGENCES
from gandyn.objectives.field import Field
from gandyn.system.checks import Array, need_names
from gandyn.system.results import Alike, listed
from gandyn.system.text import show


@dataclass(frozen=True, eq=False)
class Evaluation(Alike):
    """Every value of a game at a state, or at each of a stack of states.

    Each is a float, or an array of the stack's shape. p is the data's density, p_g the generated.

    Attributes
    ----------
    value, value_gap : float
        V(G, D*) = 2·JSD − 2 log 2 in [−2 log 2, 0], and 0 − V.
    jsd, jsd_gap : float
        Jensen-Shannon divergence in nats, and log 2 − JSD.
    kl_data_generator, kl_generator_data : float
        KL(p‖p_g) and KL(p_g‖p).
    total_variation, hellinger_squared : float
        ½∫|p − p_g| and 1 − ∫√(p p_g).
    chi_squared_data_generator, chi_squared_generator_data : float
        ∫(p − p_g)²/p_g (Pearson) and ∫(p − p_g)²/p (Neyman).
    wasserstein1, wasserstein2 : float
        Wasserstein distances of order 1 and 2, in units of x.
    potential : float
        What the objective's flow descends.
    force : ndarray, shape (..., d)
        dθ/dt.
    theta : ndarray, shape (..., d)
        The states.
    errors : dict
        An estimate of the absolute error of each of the above, by its name; 0 where the value is
        infinite.
    status : int
        0 where every integral met its tolerance or its rounding level, 1 where in addition the
        force is infinite or does not exist, -1 where one did not.
    message : str
        What that means.
    """

    value: Any
    value_gap: Any
    jsd: Any
    jsd_gap: Any
    kl_data_generator: Any
    kl_generator_data: Any
    total_variation: Any
    hellinger_squared: Any
    chi_squared_data_generator: Any
    chi_squared_generator_data: Any
    wasserstein1: Any
    wasserstein2: Any
    potential: Any
    force: Array
    theta: Array
    errors: dict[str, Any]
    status: Any
    message: str

    def as_dict(self) -> dict[str, Any]:
        """The values and their errors as plain numbers and lists."""
        return listed(vars(self))


_FAR = 64.0
"""Widths from 0 beyond which x is measured from the data's middle."""

_VALUES = tuple(
    field.name
    for field in fields(Evaluation)
    if field.name not in ("theta", "errors", "status", "message")
)


class Discriminator:
    """The optimal discriminator of one state, or of each of a stack of states.

    Called with points x of shape S it gives D*(x) = p/(p + p_g) of shape (*stack, *S).
    """

    def __init__(self, game: Game, theta: Array) -> None:
        self._data, self._place = game.centred.data, game.place
        self._shape = theta.shape[:-1]
        near = game.near(theta).reshape(-1, theta.shape[-1])
        self._generated = game.generator.generated(near)

    def logit(self, x: ArrayLike) -> Array:
        """ℓ(x) = log p(x) − log p_g(x), the discriminator's logit."""
        points = np.asarray(x, dtype=float) - self._place
        lanes = self._generated.lanes
        rows = np.broadcast_to(points.ravel(), (lanes, points.size))
        ell = Field(self._data, self._generated, rows, np.arange(lanes)).log_ratio
        return ell.reshape((*self._shape, *points.shape))[()]

    def __call__(self, x: ArrayLike) -> Array:
        return expit(self.logit(x))


class Game:
    """A GAN on the line whose discriminator is at its optimum for every state of the generator.

    Parameters
    ----------
    data : Distribution
        The data's density p.
    generator : Generator, optional
        x = G(z; θ); by default a z + b with z ~ N(0, 1).
    objective : str or Objective
        What the generator descends; see `gandyn.objectives.names`.

    Raises
    ------
    InputError
        Where the objective has no such name, or data or generator are of another kind.

    Notes
    -----
    States θ are arrays whose last axis holds the parameters; whole stacks are evaluated at once.

    Examples
    --------
    >>> game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"), objective="reverse_kl")
    >>> game.force([1.0, 0.0]).round(6)
    array([2.2935, 0.    ])
    >>> here = game.evaluate([[1.0, 0.0], [1.0, 3.0]])
    >>> here.jsd.round(4), here.potential.round(4)
    (array([0.4624, 0.2144]), array([2.6934, 0.6893]))
    """

    def __init__(
        self,
        data: Distribution,
        generator: Generator | None = None,
        objective: str | Objective = "nonsaturating",
    ) -> None:
        check_size("data", data)
        if generator is not None and not isinstance(generator, Generator):
            raise InputError(f"generator: got {show(generator)}, must be a Generator")
        self.data = data
        self.generator: Generator = LinearGenerator() if generator is None else generator
        check_size("latent", self.generator.latent)
        self.objective: Objective = named(objective)

    def __repr__(self) -> str:
        way = way_of(self.data, self.generator, self.objective)
        data = printable(str(self.data))
        return f"<Game {data:.60}, {self.generator!r}, {self.objective.name}; {way}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Game):
            return NotImplemented
        mine, theirs = ((game.data, game.generator, game.objective) for game in (self, other))
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.data, self.generator, self.objective))

    def __getstate__(self) -> dict[str, Any]:
        given = vars(self)
        return {name: given[name] for name in ("data", "generator", "objective")}

    def force(self, theta: ArrayLike) -> Array:
        """dθ/dt = E_z[s(G(z)) ∂G/∂θ], the pathwise force that a generator feels.

        The fast way, for flows and maps: each component is right to 1e-10, or, next to a rest
        point, where its integrand cancels, to 1e-15 of the integral of the absolute value.
        `evaluate` gives the error of each.

        Parameters
        ----------
        theta : array_like, shape (..., d)

        Returns
        -------
        ndarray, shape (..., d)

        Raises
        ------
        InputError
            Where θ is not a valid state (for a z + b: a = 0).
        """
        states = self.near(self.generator.check(theta))
        if states.ndim == 1:
            return self.centred.engine.force_at(states)
        flat = states.reshape(-1, states.shape[-1])
        return self.centred.engine.force(flat).value.T.reshape(states.shape)

    def potential(self, theta: ArrayLike) -> Array:
        """The potential that the flow descends, shape (...); infinite where it is infinite.

        Minus its gradient is `force` plus `boundary_force`.
        """
        states = self.near(self.generator.check(theta))
        flat = states.reshape(-1, states.shape[-1])
        value = self.centred.engine.values(flat, ["potential"]).value[0]
        return value.reshape(states.shape[:-1])[()]

    def boundary_force(self, theta: ArrayLike) -> Array:
        """What the jumps of the densities add to the pathwise force, shape (..., d).

        Where p_g jumps at a point that moves with θ (the image of an edge of a bounded latent), or
        where p jumps, minus the gradient of an f-divergence is the pathwise force plus

            Σ p·(f'(r₊) − f'(r₋))·∂G/∂θ   over the jumps of p_g,
            Σ p_g·(A(ℓ₊) − A(ℓ₋))·∂G/∂θ   over the jumps of p,   A(ℓ) = ∫₀^ℓ w ds,

        with r = p/p_g on the right (+) and on the left (−) of the jump. A discriminator's slope
        along a particle's path does not see them, so that a GAN does not feel them. They are zero
        for continuous densities, and for the Wasserstein and mean-squared objectives; infinite, or
        nan where they are so both ways, where the potential is infinite beyond a jump.
        """
        states = self.near(self.generator.check(theta))
        flat = states.reshape(-1, states.shape[-1])
        out = np.zeros_like(flat)
        if isinstance(self.objective, FDivergence):
            generated = self.generator.generated(flat)
            with np.errstate(invalid="ignore"):
                for lane in range(len(flat)):
                    out[lane] = self.centred._boundary(generated, lane, self.objective)
        return out.reshape(states.shape)

    def jacobian(self, theta: ArrayLike) -> Array:
        """∂(dθ/dt)_i/∂θ_j, shape (..., d, d).

        The derivative of `force` under the integral for f-divergences of the linear generator, to
        the quadrature's accuracy; sixth-order differences of the force (1e-9 or better of its
        size) for others.
        """
        states = self.near(self.generator.check(theta))
        flat = states.reshape(-1, states.shape[-1])
        return self.centred.engine.jacobian(flat).reshape(*states.shape, states.shape[-1])

    def discriminator(self, theta: ArrayLike) -> Discriminator:
        """D*(x) = p/(p + p_g), as a function of x with a `logit`."""
        return Discriminator(self, self.generator.check(theta))

    def slope(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """s(x), the push on a generated particle at x, whose average over p_g ∂G/∂θ is the force.

        Parameters
        ----------
        x : array_like, shape (..., n)
            Points of each state.
        theta : array_like, shape (..., d)

        Returns
        -------
        ndarray, shape (..., n)
        """
        states = self.near(self.generator.check(theta))
        flat = states.reshape(-1, states.shape[-1])
        try:
            points = np.asarray(x, dtype=float) - self.place
            rows = points.reshape(len(flat), points.shape[-1])
        except (TypeError, ValueError, OverflowError, IndexError):
            raise InputError(f"x: got {show(x)}, must be points of each state, (..., n)") from None
        generated = self.generator.generated(flat)
        at = Field(self.centred.data, generated, rows, np.arange(len(rows)))
        return self.objective.slope(at).reshape(points.shape)

    def evaluate(self, theta: ArrayLike, values: Sequence[str] | None = None) -> Evaluation:
        """Every divergence, the potential and the force, with an error estimate for each.

        Parameters
        ----------
        theta : array_like, shape (..., d)
        values : sequence of str, optional
            Names of the values that are wanted, as `Evaluation` has them; all by default. The
            others are then None.

        Returns
        -------
        Evaluation

        Raises
        ------
        InputError
            Where θ is not a valid state, or there is no such value.

        Examples
        --------
        >>> game = gandyn.Game(gandyn.Normal(2, 1))
        >>> e = game.evaluate([1.0, 0.0], values=["jsd", "wasserstein2"])
        >>> round(float(e.jsd), 6), round(float(e.wasserstein2), 9), bool(e.errors["jsd"] < 1e-12)
        (0.336831, 2.0, True)
        """
        states = self.generator.check(theta)
        shape = states.shape[:-1]
        flat = self.near(states).reshape(-1, states.shape[-1])
        wanted = list(_VALUES) if values is None else need_names("values", values, _VALUES)
        known: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        converged, endless = np.ones(len(flat), bool), np.zeros(len(flat), bool)
        rows = [n for n in [*DIVERGENCES, "potential"] if n in wanted]
        if "jsd_gap" not in rows and {"value", "value_gap"} & set(wanted):
            rows.append("jsd_gap")
        if rows:
            found = self.centred.engine.values(flat, rows)
            if "wasserstein2" in rows:
                rooted(found, rows.index("wasserstein2"))
            for name, row, error in zip(rows, found.value, found.error, strict=True):
                known[name], errors[name] = row.reshape(shape)[()], error.reshape(shape)[()]
            converged &= found.converged
        if "jsd_gap" in rows:
            # Two times the gap rather than 2 JSD − 2 log 2: exact where the value is next to 0.
            gap, error = 2.0 * known["jsd_gap"], 2.0 * errors["jsd_gap"]
            known |= {"value_gap": gap, "value": -gap}
            errors |= {"value_gap": error, "value": error}
        if "force" in wanted:
            force = self.centred.engine.close_force(flat)
            known["force"] = force.value.T.reshape(states.shape)
            errors["force"] = force.error.T.reshape(states.shape)
            endless = (~np.isfinite(force.value) & (force.error == 0.0)).any(axis=0)
            converged &= force.converged | endless
        status = np.where(converged, np.where(endless, 1, 0), -1).reshape(shape)[()]
        message = "every integral met its tolerance"
        if not converged.all():
            message = "an integral did not meet its tolerance: see its error estimate"
        elif endless.any():
            message = (
                "the force is infinite, or does not exist where it is nan: its integral diverges "
                "(try another objective, or instance noise on the data)"
            )
        known = {name: known[name] if name in wanted else None for name in _VALUES}
        errors = {name: errors[name] for name in _VALUES if name in wanted}
        return Evaluation(**known, theta=states, errors=errors, status=status, message=message)

    @cached_property
    def engine(self) -> Engine:
        """What evaluates the game of these data, near 0 or not: see `gandyn.engine`."""
        return engine_of(self.data, self.generator, self.objective)

    @cached_property
    def place(self) -> float:
        """Where x is measured from within: 0, or the middle of data that lie many widths away.

        Their densities, and how states differ, then keep the digits that x has.
        """
        centres, widths = self.data.landmarks.T
        low, high = float((centres - widths).min()), float((centres + widths).max())
        middle, reach = 0.5 * low + 0.5 * high, 0.5 * high - 0.5 * low
        far = self.generator.place is not None and abs(middle) > _FAR * reach
        return middle if far else 0.0

    @cached_property
    def unit(self) -> float:
        """What the parameters are measured in: the width of the narrowest thing in the data.

        It is 1 at most where not all parameters are in units of x.
        """
        width = float(self.data.landmarks[:, 1].min())
        return width if self.generator.scale_and_place is not None else min(width, 1.0)

    @cached_property
    def centred(self) -> Game:
        """The same game, x measured from `place`."""
        return self.seen_from(self.place)

    def seen_from(self, place: float) -> Game:
        """The same game, x measured from another point than 0: its states are lower by `place`."""
        if place == 0.0:
            return self
        return Game(self.data.shifted(-place), self.generator, self.objective)

    def near(self, theta: Array) -> Array:
        """The states of `centred` that are these."""
        return theta if self.place == 0.0 else self.generator.shifted(theta, -self.place)

    def far(self, theta: Array) -> Array:
        """The states of this game that are those of `centred`."""
        return theta if self.place == 0.0 else self.generator.shifted(theta, self.place)

    def _boundary(self, generated: Generated, lane: int, target: FDivergence) -> Array:
        """The boundary terms of one state."""
        index = np.array([lane])
        total = np.zeros(self.generator.dimension)

        def beside(x: float) -> tuple[Field, Field]:
            # Far enough from the jump that rounding in x = G(z) does not land on its other side.
            apart = 1e-14 * max(abs(x), generated.edges[lane][-1] - generated.edges[lane][0])
            left, right = x - apart, x + apart
            return tuple(  # type: ignore[return-value]
                Field(self.data, generated, np.array([[side]]), index) for side in (left, right)
            )

        for x, sensitivity in zip(*generated.jumps(lane), strict=True):
            left, right = beside(x)
            change = target.slope_change(left.log_ratio, right.log_ratio)
            density = max(np.exp(left.log_data).item(), np.exp(right.log_data).item())
            if density > 0.0:
                total += density * change.item() * sensitivity
        for x in self.data.breaks:
            left, right = beside(x)
            change = target.first_variation(right.log_ratio)
            change = change - target.first_variation(left.log_ratio)
            density = np.exp(left.log_generated).item()
            if density > 0.0:
                total += density * change.item() * left.sensitivity[:, 0, 0]
        return total
