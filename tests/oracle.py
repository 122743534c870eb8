"""High-precision reference values for the linear generator a z + b, from the mathematics alone.

Nothing of gandyn is used. Every quantity is one integral over the line, in 60-digit arithmetic,
by composite Gauss-Legendre quadrature of 30 nodes a panel. Panels start from the modes of data and
generator, the points where two terms of the mixture change places, the peaks of p^c g^(1-c), and
kinks; a panel is halved until it and its two halves agree to 28 digits of the whole, and split
where p = g or F_p = F_g. What is infinite is decided beforehand from the tails of the densities.

    python tests/oracle.py [--output FILE] [--only REGEX] [--jobs 2]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import sys
import time
from pathlib import Path
from typing import Any

import mpmath as mp
from oracle_games import SCALARS, WEIGHTED, Game, minus_gradients, potentials
from oracle_quadrature import DIGITS

mpf = mp.mpf
DATA = Path(__file__).parent / "data"


def cases() -> list[dict[str, Any]]:
    """The games of the reference file; "extra" asks for the expensive quantities too."""
    rows: list[tuple] = []

    def add(data: str, *thetas: tuple, latent: str = "N(0, 1)", extra: bool = False) -> None:
        rows.extend((data, latent, *theta, extra or len(rows) % 3 == 0) for theta in thetas)

    add("N(0, 1)", (0.5, -1.0), (-1.5, 0.25))
    add("N(2, 0.5)", (0.4, 1.0), (3.0, 2.5))
    add("0.5*N(-2, 1) + 0.5*N(2, 1)", (2.2, 0.1), (0.5, 2.0))
    two = "0.5*N(-3, 1) + 0.5*N(3, 1)"
    add(two, (1.0, 0.5), (0.7, 3.1), (-2.0, -0.3))
    add("0.3*N(-1, 0.4) + 0.7*N(4, 1.5)", (1.0, 4.0), (-0.5, -1.0))
    add("0.2*N(-6, 0.3) + 0.3*N(0, 1) + 0.5*N(5, 2)", (1.0, 0.0), (2.5, 4.0))
    add("0.5*N(-3, 0.01) + 0.5*N(3, 0.01)", (1.0, 0.5), (0.02, 3.0), (3.0, 0.0))
    add("0.5*N(-1, 1) + 0.5*N(9, 1)", (4.0, 5.0), (0.8, 8.0))
    narrow = "0.5*N(-3, 0.006) + 0.5*N(3, 0.006)"
    add(narrow, (3.0, 0.25), (0.006, 3.001), (0.3, 0.1), extra=True)
    add("0.9*N(-3, 0.006) + 0.1*N(3, 0.003)", (2.0, -1.0), (0.005, -2.99), (0.05, 0.0))
    add(two, (0.01, 0.0), (0.1, 2.5), (10.0, 0.5), (100.0, -1.0), extra=True)
    for seed in (1, 2):
        rng = random.Random(seed)
        cuts = sorted(rng.sample(range(1, 100), 9))
        weights = [(y - x) / 100 for x, y in zip([0, *cuts], [*cuts, 100], strict=True)]
        ten = " + ".join(
            f"{w}*N({rng.uniform(-10, 10):.3f}, {0.05 * 40 ** rng.random():.3f})" for w in weights
        )
        add(ten, (0.01, 0.3), (0.1, -4.0), (2.0, 1.0), (10.0, 0.5), (100.0, -20.0))
    add("N(40, 1)", (1.0, 0.0), extra=True)
    add("N(25, 2)", (1.0, 0.0))
    add("N(-30, 0.5)", (1.0, 0.0), (-1.0, 0.0))
    same = "N(2, 3)"
    for k, j in ((3, 3), (6, 6), (8, 8), (8, 3)):
        add(same, (3.0 * (1 + 10.0**-k), 2.0 + 10.0**-j), extra=k != 6)
    for family in ("Laplace({}, {})", "Logistic({}, {})", "T(5, {}, {})"):
        latent = family.format(0, 1)
        add(family.format(2, 3), (3.0 * (1 + 1e-6), 2.0 + 1e-6), latent=latent, extra=True)
        add(family.format(-1, 0.5), (1.0, 0.5), latent=latent)
    add("N(2, 3)", (3.0 * (1 + 1e-8), 2.0 + 1e-8), latent="Logistic(0, 1)")
    flat = "U(-1, 1)"
    add("N(0, 1)", (1.5, 0.2), latent=flat, extra=True)
    add(two, (1.0, 0.5), (5.0, -0.5), (-0.3, 3.0), latent=flat, extra=True)
    add("0.33*N(-1, 0.255) + 0.67*N(2, 1.415)", (3.0, 0.5), latent=flat)
    add("0.5*Laplace(-3, 1) + 0.5*Laplace(3, 0.5)", (1.0, 0.5), (3.0, 0.0), extra=True)
    add("0.4*Logistic(-2, 0.3) + 0.6*Logistic(3, 1)", (1.0, 0.0), (4.0, 1.0), extra=True)
    add("0.5*T(3, -4, 1) + 0.5*T(3, 4, 0.5)", (1.0, 0.5), (4.0, -0.5), extra=True)
    add(two, (2.0, 0.5), latent="T(5, 0, 1)", extra=True)
    add(two, (1.0, -0.5), latent="Laplace(0, 1)")
    add("U(-2, 1)", (1.0, 0.0), (0.5, -0.4), (-3.0, 1.0), extra=True)
    add("0.5*N(997, 1) + 0.5*N(1003, 1)", (1.2, 1000.5), (1.0, 990.0), extra=True)
    add("0.33*N(-1, 0.255) + 0.67*N(2, 1.415)", (1.8308, 1.01), (1.6319, 1.5782), (1.0, 0.0))
    keys = ("data", "latent", "a", "b", "extra")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def smooth(case: dict[str, Any]) -> bool:
    """Whether force components are differentiable on fixed latents: no kinks in the data."""
    kinked = ("Laplace", "U(")
    return not any(k in case["data"] for k in kinked) and "Laplace" not in case["latent"]


def compute(case: dict[str, Any]) -> dict[str, Any]:
    """Every reference value of one case, as mpf (inf, or None where it does not exist)."""
    with mp.workdps(DIGITS):
        return _compute(case)


def _compute(case: dict[str, Any]) -> dict[str, Any]:
    game = Game(case["data"], case["latent"], case["a"], case["b"])
    found = game.densities() | game.mean_squares()
    if case["extra"]:
        found |= game.transport()
    values = {n: found[n] for n in SCALARS[:8]}
    values["value"] = -found["value_gap"]
    values["jsd_gap"] = found["value_gap"] / 2
    out: dict[str, Any] = {k: case[k] for k in ("data", "latent", "a", "b")}
    forces = {o: [found[f"{o}:a"], found[f"{o}:b"]] for o in WEIGHTED}
    if case["extra"]:
        for n in ("wasserstein1", "wasserstein2"):
            values[n] = found[n]
            forces[n] = [found[f"{n}:a"], found[f"{n}:b"]]
    forces["mse"] = [found["mse:a"], found["mse:b"]]
    out |= {"values": values, "forces": forces, "potentials": potentials(found)}
    if case["extra"] and smooth(case) and not game.same:
        out["jacobians"] = game.jacobians()
    if case["extra"] and "U(" in case["data"] + case["latent"]:
        out["minus_gradients"] = minus_gradients(case["data"], case["latent"], case["a"], case["b"])
    out["agreement"] = game.disagreement
    return out


def plain(value: Any, path: str, odd: dict[str, str]) -> Any:
    """Doubles of the mpf numbers; what no double can hold is 0 or None, and text in `odd`."""
    if isinstance(value, dict):
        return {k: plain(v, f"{path}.{k}" if path else k, odd) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v, f"{path}.{i}", odd) for i, v in enumerate(value)]
    if not isinstance(value, mp.mpf):
        return value
    if mp.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value and not mpf("1e-300") < abs(value) < mpf("1e300"):
        odd[path] = mp.nstr(value, 20)
        return 0.0 if abs(value) < 1 else None
    return float(value)


def job(case: dict[str, Any]) -> dict[str, Any]:
    start, odd = time.time(), {}
    out = plain(compute(case), "", odd)
    if odd:
        out["beyond_double"] = odd
    label = f"{case['data'][:40]} | {case['latent']} | {case['a']}, {case['b']}"
    spent = f"{out['agreement']:.1e}, {time.time() - start:.1f} s"
    print(f"{label}: {spent}", file=sys.stderr, flush=True)
    return out


ABOUT = (
    "Reference values for the generator a*z + b, from 60-digit composite Gauss-Legendre quadrature "
    "at two resolutions (tests/oracle.py); 'agreement' is the largest difference between the two, "
    "relative to the value (to its partner for a force component that is zero by symmetry). "
    "value = V(G, D*); hellinger_squared = 1 - int sqrt(p g); wasserstein2 is the distance, its "
    "potential the square; forces are pathwise, E_z[s(G(z)) (z, 1)], so that they can be finite "
    "where the potential is not. 'inf' follows from the tails and supports. null: does not exist "
    "(a slope where the data density is 0, an integral that diverges both ways) or is above 1e300; "
    "0 may stand for less than 1e-300: 'beyond_double' has the digits of both. "
    "A force component below 1e-28 of its partner is zero, or unknown. "
    "minus_gradients: -grad of the potential, boundary terms included, where densities jump. "
    "Jacobians are d(force_i)/d(theta_j)."
)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=DATA / "reference.json")
    parser.add_argument("--only", help="regex on 'data | latent | a, b'; others stay as they are")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args(argv)

    def key(case: dict[str, Any]) -> str:
        return f"{case['data']} | {case['latent']} | {case['a']}, {case['b']}"

    wanted = [c for c in cases() if not args.only or re.search(args.only, key(c))]
    known = {}
    if args.only and args.output.exists():
        known = {key(c): c for c in json.loads(args.output.read_text())["cases"]}
    os.nice(10)
    with multiprocessing.Pool(args.jobs) as pool:
        for case in pool.imap_unordered(job, wanted, chunksize=1):
            known[key(case)] = case
            found = [known[key(c)] for c in cases() if key(c) in known]
            text = json.dumps({"about": ABOUT, "cases": found}, indent=1, allow_nan=False)
            part = args.output.with_suffix(".part")
            part.write_text(text + "\n")
            part.replace(args.output)


if __name__ == "__main__":
    main()
