"""Error estimates against true errors: random games of every kind, by a quadrature of their own.

    python -m analysis.error_estimates [--quick] [--output FOLDER]

Each case is a value, a force or a Jacobian at a random state of a random game, held against
`analysis._error_oracle` and `analysis._transport_oracle`. An estimate holds where the true error is
at most three times as large; it is of use where it is at most a hundred times the true error, or
that of rounding.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, product

import numpy as np
import scipy.stats
from numpy.typing import NDArray

import gandyn
from analysis._error_oracle import OBJECTIVES, Law, Truth, truth
from analysis._options import Options, run, table
from analysis._transport_oracle import TRANSPORTS, transports

Array = NDArray[np.float64]
Rng = np.random.Generator
Oracle = Callable[[Law, Law, float, float], Truth]

EPS = float(np.finfo(float).eps)
VALUES = (
    "jsd",
    "jsd_gap",
    "kl_data_generator",
    "kl_generator_data",
    "total_variation",
    "hellinger_squared",
    "chi_squared_data_generator",
    "chi_squared_generator_data",
)
_LARGEST = 1e300
JACOBIAN, CANCELLED = 1e-9, 1e-12
"""What the Jacobian, which comes without an estimate, is to be right to: of its largest entry, and
of the integral of the absolute value."""


def _normals(rng: Rng, count: int, low: float, high: float) -> str:
    weights = rng.dirichlet(np.full(count, 2.0)).round(6)
    weights[0] = 1.0 - weights[1:].sum()
    return " + ".join(
        f"{w:.6f}*N({rng.uniform(-6, 6):.6g}, {10.0 ** rng.uniform(low, high):.6g})"
        for w in np.maximum(weights, 1e-6)
    )


def _sized(rng: Rng, family: str) -> str:
    return f"{family}({rng.uniform(-3, 3):.6g}, {10.0 ** rng.uniform(-1, 0.7):.6g})"


def _uniform(rng: Rng) -> str:
    low = rng.uniform(-3, 2)
    return f"U({low:.6g}, {low + 10.0 ** rng.uniform(-0.7, 0.6):.6g})"


def _kernels(rng: Rng) -> tuple[gandyn.Distribution, Law]:
    values = np.sort(rng.normal(0.0, 2.0, int(rng.integers(4, 40))))
    width = 10.0 ** rng.uniform(-3, 0)
    return gandyn.from_samples(values, width), Law.kernels(values, width)


def _histogram(rng: Rng) -> tuple[gandyn.Distribution, Law]:
    count = int(rng.integers(2, 60))
    heights = np.histogram(rng.normal(0.0, 2.0, 40 * count), count)
    frozen = scipy.stats.rv_histogram(heights, density=True)()
    return gandyn.from_scipy(frozen), Law.bins(heights[1], heights[0])


def _texted(write: Callable[[Rng], str]) -> Callable[[Rng], tuple[gandyn.Distribution, Law]]:
    def made(rng: Rng) -> tuple[gandyn.Distribution, Law]:
        text = write(rng)
        return gandyn.parse(text), Law.of(text)

    return made


Maker = Callable[[Rng], tuple[gandyn.Distribution, Law]]

DATA: dict[str, Maker] = {
    "normal": _texted(lambda rng: _sized(rng, "N")),
    "mixture": _texted(lambda rng: _normals(rng, int(rng.integers(2, 4)), -0.5, 0.3)),
    "narrow": _texted(lambda rng: _normals(rng, int(rng.integers(2, 4)), -4.0, -1.5)),
    "six modes": _texted(lambda rng: _normals(rng, 6, -1.0, 0.3)),
    "Laplace": _texted(lambda rng: _sized(rng, "Laplace")),
    "uniform": _texted(_uniform),
    "logistic": _texted(lambda rng: _sized(rng, "Logistic")),
    "Student": _texted(lambda rng: _sized(rng, "T").replace("(", f"({rng.uniform(2.1, 6):.4g}, ")),
    "kernels": _kernels,
    "histogram": _histogram,
}
LATENTS: dict[str, Maker] = {
    "normal": DATA["normal"],
    "mixture": _texted(lambda rng: _normals(rng, 2, -2.5, 0.2)),
    "uniform": DATA["uniform"],
    "logistic": DATA["logistic"],
    "Student": DATA["Student"],
}

MOVED = tuple(name for name in DATA if name not in ("kernels", "histogram"))
"""Data of which transport is looked at: of few enough parts for the masses of the oracle."""


@dataclass(frozen=True)
class Case:
    """One number of gandyn beside the true one."""

    data: str
    latent: str
    what: str
    game: str
    found: float
    right: float
    error: float
    estimate: float
    rounding: float

    @property
    def ratio(self) -> float:
        """The true error over the estimate; infinite where one is finite and the other is not.

        0 where the number is hardly one that a double can be.
        """
        if _LARGEST < abs(self.right) < np.inf:
            return 0.0
        if np.isfinite(self.right) != np.isfinite(self.found):
            return np.inf
        return 0.0 if not np.isfinite(self.right) else self.error / max(self.estimate, 1e-300)

    @property
    def useful(self) -> bool | None:
        """Whether the estimate is within two decades; None where the error is rounding."""
        if not np.isfinite(self.right) or self.error <= self.rounding or self.what == "Jacobian":
            return None
        return self.estimate <= 100.0 * self.error


def states(rng: Rng, law: gandyn.Distribution, latent: gandyn.Distribution, count: int) -> Array:
    """Generated densities of many widths, in and around the data; some next to them."""
    low, high = law.ppf([0.01, 0.99])
    unit = float(latent.ppf(0.8) - latent.ppf(0.2))
    centre, span = 0.5 * (low + high), high - low
    a = span / unit * 10.0 ** rng.uniform(-2.0, 0.7, count) * rng.choice([-1.0, 1.0], count)
    b = centre + rng.uniform(-1.0, 1.0, count) * span - a * float(latent.ppf(0.5))
    a, b = np.array([[float(f"{x:.8g}") for x in row] for row in (a, b)])
    return np.stack([a, b], axis=1)


class _Drawn:
    """Some states of one random game of a kind, and what is true of them."""

    def __init__(self, rng: Rng, data: str, latent: str, count: int, oracle: Oracle) -> None:
        self.kind = data, latent
        (self.density, law), (self.source, standard) = DATA[data](rng), LATENTS[latent](rng)
        self.theta = states(rng, self.density, self.source, count)
        self.right = [oracle(law, standard, *state) for state in self.theta.tolist()]

    def case(self, what: str, name: str, k: int, found: float, estimate: float) -> Case:
        """A number that was found for one of the states, beside the true one."""
        true = self.right[k]
        value = true.value[name]
        with np.errstate(invalid="ignore"):
            apart = max(0.0, float(abs(found - value)) - true.error[name])
        text = f"{self.density!r:.200} | {self.source} | {self.theta[k].tolist()} | {name}"
        rounding = EPS * true.noise[name]
        return Case(*self.kind, what, text, found, float(value), apart, float(estimate), rounding)

    def asked(self, name: str, plain: Sequence[str]) -> Iterator[Case]:
        """The potential and the force of an objective, and plain values."""
        game = gandyn.Game(self.density, gandyn.LinearGenerator(self.source), name)
        at = game.evaluate(self.theta, values=[*plain, "potential", "force"])
        for k in range(len(self.theta)):
            for value in plain:
                yield self.case("value", value, k, getattr(at, value)[k], at.errors[value][k])
            error = at.errors["potential"][k]
            yield self.case("potential", f"{name}: potential", k, at.potential[k], error)
            for i, one in enumerate("ab"):
                error = at.errors["force"][k, i]
                yield self.case("force", f"{name}: force {one}", k, at.force[k, i], error)


def cases(
    rng: Rng, data: str, latent: str, count: int, objectives: Sequence[str] = OBJECTIVES
) -> Iterator[Case]:
    """Everything about some states of one random game of a kind, but for transport."""
    drawn = _Drawn(rng, data, latent, count, truth)
    for number, name in enumerate(objectives):
        yield from drawn.asked(name, () if number else VALUES)
        game = gandyn.Game(drawn.density, gandyn.LinearGenerator(drawn.source), name)
        jacobian = game.jacobian(drawn.theta)
        for k in range(count):
            largest = JACOBIAN * np.abs(jacobian[k]).max()
            for i, one in enumerate("ab"):
                for j, other in enumerate("ab"):
                    entry = f"{name}: jacobian {one}{other}"
                    size = largest + CANCELLED * drawn.right[k].size[entry]
                    yield drawn.case("Jacobian", entry, k, jacobian[k, i, j], size)


def moves(rng: Rng, data: str, latent: str, count: int) -> Iterator[Case]:
    """The distances of transport, and the potentials and forces that move mass."""
    drawn = _Drawn(rng, data, latent, count, transports)
    for number, name in enumerate(TRANSPORTS):
        yield from drawn.asked(name, () if number else ("wasserstein1", "wasserstein2"))


def row(name: str, found: Sequence[Case]) -> list[str]:
    """A kind's line in the table."""
    ratios = np.array([case.ratio for case in found])
    useful = [case.useful for case in found if case.useful is not None]
    share = f"{100 * np.mean(useful):.0f} %" if useful else "–"
    return [
        name,
        str(len(found)),
        f"{np.max(ratios[np.isfinite(ratios)], initial=0.0):.2g}",
        str(int((ratios > 3.0).sum())),
        str(int(np.isinf(ratios).sum())),
        share,
    ]


HEADINGS = [
    "kind",
    "numbers",
    "worst error/estimate",
    "above 3",
    "finite or not",
    "within two decades",
]


def study(options: Options) -> int:
    """Every kind of data with every kind of latent; in a quick run each once, and with little."""
    rng = np.random.default_rng(0)
    found: list[Case] = []
    quick = zip(DATA, cycle(LATENTS), strict=False)
    for data, latent in quick if options.quick else product(DATA, LATENTS):
        for _ in range(1 if options.quick else 4):
            count, chosen = (1, OBJECTIVES[:2]) if options.quick else (5, OBJECTIVES)
            found += cases(rng, data, latent, count, chosen)
        if data in (MOVED[:2] if options.quick else MOVED):
            found += moves(rng, data, latent, 1)
    kinds = [
        (label, [case for case in found if getattr(case, key) == name])
        for key, names, suffix in (
            ("data", DATA, " data"),
            ("latent", LATENTS, " latent"),
            ("what", ("value", "potential", "force", "Jacobian"), ""),
        )
        for name, label in ((name, name + suffix) for name in names)
    ]
    print(table(HEADINGS, [row(*kind) for kind in [*kinds, ("all", found)]]))
    worst = sorted(found, key=lambda case: -case.ratio)[:10]
    for case in worst:
        if case.ratio > 3.0:
            print(f"{case.game}: {case.found!r} ± {case.estimate:.1e}, right {case.right!r}")
    options.save_numbers({"cases": [vars(case) for case in worst]})
    return int(worst[0].ratio > 3.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m analysis.error_estimates``."""
    description = (
        "Hold the error estimates of values, forces and Jacobians against the true errors, in "
        "random games of every kind of data, latent and objective."
    )
    return run(study, "analysis.error_estimates", description, arguments)


if __name__ == "__main__":
    sys.exit(main())
