"""One game of the linear generator in 60 digits: every integral, each at two resolutions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath as mp
from oracle_densities import ZERO, Component, parse
from oracle_quadrature import NOISE, RULE, bisect, integrate, totals
from oracle_tails import ALPHAS, POWERS, Tails

mpf, ONE, LOG2 = mp.mpf, mp.mpf(1), mp.ln2
SCALARS = [
    "value_gap",
    "jsd",
    "kl_data_generator",
    "kl_generator_data",
    "total_variation",
    "hellinger_squared",
    "chi_squared_data_generator",
    "chi_squared_generator_data",
    "nonsaturating",
    *ALPHAS,
]
WEIGHTED = list(POWERS)
NAMES = SCALARS + [f"{o}:{c}" for o in WEIGHTED for c in "ab"]


class Game:
    """Data components, generated components and the integrals between them."""

    def __init__(self, data: str, latent: str, a: float, b: float) -> None:
        self.p, self.latent = parse(data), parse(latent)
        self.a, self.b = mpf(a), mpf(b)
        (self.z,) = self.latent
        self.g = self.z.moved(self.a, self.b)
        first = self.p[0]
        self.same = len(self.p) == 1 and all(
            getattr(first, n) == getattr(self.g, n) for n in ("kind", "loc", "scale", "df")
        )
        self.disagreement = ZERO

    # -- panels

    def edges(self) -> list[Any]:
        parts = [*self.p, self.g]
        edges = [e for c in parts for e in c.edges()]
        marks = []
        for c in self.p:
            if c.kind == self.g.kind == "N":
                for alpha in (2.0, -1.0, *map(float, ALPHAS.values())):
                    u, v = alpha / c.scale**2, (1 - alpha) / self.g.scale**2
                    if u + v > 0:
                        centre = (u * c.loc + v * self.g.loc) / (u + v)
                        marks.append((centre, 1 / mp.sqrt(u + v), (1, 4, 16)))
        lowest, widest = min(c.scale for c in parts), max(c.scale for c in parts)
        grid = sorted(edges)
        for i, first in enumerate(parts):
            for second in parts[:i]:
                for x in self.crossings(first, second, grid):
                    height = second.weight * second.pdf(x) * (1 + NOISE)
                    if any(c.weight * c.pdf(x) > height for c in self.p if c is not first):
                        continue
                    steep = abs(first.score(x) - second.score(x))
                    width = 1 / steep if steep else widest
                    if width < widest:
                        steps = [4**k for k in range(40) if 4**k * width < 4 * max(lowest, width)]
                        marks.append((x, width, tuple(steps)))
        edges += [c + s * w * k for c, w, steps in marks for k in (0, *steps) for s in (-1, 1)]
        return edges

    @staticmethod
    def crossings(one: Component, two: Component, grid: list[Any]) -> list[Any]:
        """Where two weighted terms are equal."""
        if one.kind == two.kind == "N":
            u, v = 1 / one.scale**2, 1 / two.scale**2
            square, linear = (v - u) / 2, u * one.loc - v * two.loc
            rest = (v * two.loc**2 - u * one.loc**2) / 2
            rest += mp.log(one.weight / one.scale * two.scale / two.weight)
            if abs(square) < NOISE * u:
                return [-rest / linear] if linear else []
            root = linear**2 - 4 * square * rest
            if root < 0:
                return []
            q = -(linear + (mp.sqrt(root) if linear >= 0 else -mp.sqrt(root))) / 2
            return [q / square] + ([rest / q] if q else [])

        def gap(x: Any) -> Any:
            u, v = one.weight * one.pdf(x), two.weight * two.pdf(x)
            return (u > 0) - (v > 0) if not u or not v else mp.log(u / v)

        if one.kind == two.kind:
            return []
        signs = [(x, gap(x)) for x in grid]
        return [bisect(gap, x, y) for (x, u), (y, v) in pairwise(signs) if u * v < 0]

    # -- densities

    def ratio(self, x: Any) -> tuple[Any, Any, Any, Any]:
        """p, g, and the scores of both, at x."""
        terms = [c.weight * c.pdf(x) for c in self.p]
        p = sum(terms)
        slope = sum(t * c.score(x) for t, c in zip(terms, self.p, strict=True))
        return p, self.g.pdf(x), slope / p if p else ZERO, self.g.score(x)

    def integrand(self, x: Any) -> tuple[dict[str, Any], Any]:
        """All density integrands at x and log p - log g (0 where it is noise)."""
        p, g, score_p, score_g = self.ratio(x)
        out = dict.fromkeys(NAMES, ZERO)
        if not p or not g:
            m = p + g
            out["value_gap"], out["jsd"] = ZERO, m * LOG2 / 2
            out["total_variation"] = out["hellinger_squared"] = m / 2
            out["kl_generator_data"], out["chi_squared_generator_data"] = p, p
            out["kl_data_generator"], out["chi_squared_data_generator"] = g, g
            out["nonsaturating"] = p * (1 - LOG2)
            for n, c in ALPHAS.items():
                out[n] = p / (1 - c) + g / c
            return out, (1 if p else -1) if m else 0
        r = p / g
        ell = mp.log(r)
        shallow = mp.log1p(r if r < 1 else 1 / r)
        soft_p, soft_n = (shallow, shallow - ell) if r < 1 else (shallow + ell, shallow)
        d, root = r / (1 + r), mp.sqrt(r)
        out["value_gap"] = p * soft_n + g * soft_p
        out["jsd"] = (p * (LOG2 - soft_n) + g * (LOG2 - soft_p)) / 2
        out["kl_data_generator"] = p * ell - p + g
        out["kl_generator_data"] = -g * ell - g + p
        out["total_variation"] = abs(p - g) / 2
        out["hellinger_squared"] = g * (root - 1) ** 2 / 2
        out["chi_squared_data_generator"] = (p - g) ** 2 / g
        out["chi_squared_generator_data"] = (p - g) ** 2 / p
        out["nonsaturating"] = (p + g) * (soft_n - LOG2) + p - g
        weights = [d, 1 / (1 + r), ONE, r, 1 + r, 2 * r * r, 2 / r, root / 4]
        for n, c in ALPHAS.items():
            power = mp.exp(c * ell)
            out[n] = g * (power - c * r - (1 - c)) / (c * (c - 1))
            weights.append(power)
        push, z = g * (score_p - score_g), (x - self.b) / self.a
        for o, w in zip(WEIGHTED, weights, strict=True):
            out[f"{o}:b"] = force = w * push
            out[f"{o}:a"] = force * z
        return out, ell if abs(ell) > NOISE else 0

    # -- results

    def note(self, coarse: list[Any], fine: list[Any], names: list[str]) -> dict[str, Any]:
        result = dict(zip(names, fine, strict=True))
        for n, u, v in zip(names, coarse, fine, strict=True):
            other = abs(result.get(n[:-1] + {"a": "b", "b": "a"}.get(n[-1], ""), 0))
            scale = abs(v) if abs(v) > mpf(10) ** -28 * other or ":" not in n else other
            if scale:
                self.disagreement = max(self.disagreement, abs(u - v) / scale)
        return result

    def densities(self) -> dict[str, Any]:
        """Density integrals by name, with infinities; forces as "objective:a" and ":b"."""
        if self.same:
            return dict.fromkeys(NAMES, ZERO) | {"value_gap": 2 * LOG2}
        tails = Tails(self.p, self.g, int(mp.sign(self.a)))
        special: dict[str, Any] = dict.fromkeys(tails.infinite_scalars(), mp.inf)
        special |= tails.infinite_forces()
        names = [n for n in NAMES if n not in special]

        def f(x: Any) -> tuple[list[Any], Any]:
            values, switch = self.integrand(x)
            return [values[n] for n in names], switch

        coarse, fine, panels = integrate(f, self.edges())
        self.panels = panels
        for end in (min(panels, key=lambda q: q.lo), max(panels, key=lambda q: q.hi)):
            for n, s, v in zip(names, end.moduli, totals([q.moduli for q in panels]), strict=True):
                if s > mpf(10) ** -26 * v and not self.bounded:
                    raise ArithmeticError(f"{n}: the tail is cut at {end.lo}, {end.hi}: {s / v}")
        return self.note(coarse, fine, names) | special

    @property
    def bounded(self) -> bool:
        return all(c.kind == "U" for c in [*self.p, self.g])

    def data_masses(self, x: Any) -> tuple[Any, Any]:
        """Data mass below and above x."""
        low, high = zip(*(c.masses(x) for c in self.p), strict=True)
        weights = [c.weight for c in self.p]
        return mp.fdot(weights, low), mp.fdot(weights, high)

    def transport(self) -> dict[str, Any]:
        """W1, W2 and their forces."""
        names = [f"wasserstein{k}{c}" for k in (1, 2) for c in ("", ":a", ":b")]
        if self.same:
            return dict.fromkeys(names, ZERO)

        def f(x: Any) -> tuple[list[Any], Any]:
            low_p, high_p = self.data_masses(x)
            low_g, high_g = self.g.masses(x)
            left = low_p + low_g < 1
            gap = low_g - low_p if left else high_p - high_g
            total = low_g + low_p if left else high_p + high_g
            push = mp.sign(gap) * self.g.pdf(x)
            return (
                [abs(gap), push * (x - self.b) / self.a, push],
                gap if abs(gap) > NOISE * total else 0,
            )

        coarse, fine, _ = integrate(f, [e for c in [*self.p, self.g] for e in c.edges()])
        out = self.note(coarse, fine, names[:3])
        flip = -1 if self.a < 0 else 1
        by_latent = len(self.p) == 1 and self.p[0].kind == "U"

        def h(t: Any) -> tuple[list[Any], Any]:
            if by_latent:
                low, high = self.z.masses(t)
                weight, z = self.z.pdf(t), t
                high, low = (high, low) if flip > 0 else (low, high)
                only = self.p[0]
                x = only.loc + only.scale * ((1 - 2 * high) if high < low else (2 * low - 1))
            else:
                weight = sum(c.weight * c.pdf(t) for c in self.p)
                low, high = self.data_masses(t)
                z = -self.z.standard_isf(low) if low < high else self.z.standard_isf(high)
                x, z = t, self.z.loc + self.z.scale * flip * z
            gap = x - (self.a * z + self.b)
            return [weight * gap * gap, 2 * weight * gap * z, 2 * weight * gap], 0

        parts = self.latent if by_latent else self.p
        coarse, fine, _ = integrate(h, [e for c in parts for e in c.edges()])
        out |= self.note(coarse, fine, names[3:])
        return out | {"wasserstein2": mp.sqrt(out["wasserstein2"])}

    def mean_squares(self) -> dict[str, Any]:
        """E (G(z) - x)^2 and minus its gradient, from moments (a density has those it needs)."""
        mean = sum(c.weight * c.loc for c in self.p)
        square = sum(c.weight * (c.deviation_squared + c.loc**2) for c in self.p)
        m, v = self.z.loc, self.z.deviation_squared
        variance = square - mean**2 + self.a**2 * v
        out = {"mse": variance + (self.a * m + self.b - mean) ** 2}
        gap = mean - self.a * m - self.b
        return out | {"mse:a": 2 * (gap * m - self.a * v), "mse:b": 2 * gap}

    def jacobians(self) -> dict[str, list[list[Any]]]:
        """Central differences of two forces on nodes that stay with their latents."""
        nodes = [
            ((q.lo + q.hi) / 2 + (q.hi - q.lo) / 2 * t - self.b, w * (q.hi - q.lo) / 2)
            for q in self.panels
            for t, w in RULE
        ]
        nodes = [(x / self.a, w / abs(self.a) * self.z.pdf(x / self.a)) for x, w in nodes]
        a, b, step = self.a, self.b, mpf(10) ** -17 * min(c.scale for c in [*self.p, self.g])

        def force(da: Any, db: Any) -> list[Any]:
            self.a, self.b = a + da, b + db
            self.g = self.z.moved(self.a, self.b)
            columns: list[list[Any]] = [[], [], [], []]
            for z, w in nodes:
                p, g, score_p, score_g = self.ratio(self.a * z + self.b)
                if not p or not g:
                    continue
                push = w * (score_p - score_g)
                saturating = push * p / (p + g)
                nonsaturating = push * g / (p + g)
                row = (saturating * z, saturating, nonsaturating * z, nonsaturating)
                for column, v in zip(columns, row, strict=True):
                    column.append(v)
            return [mp.fsum(column) for column in columns]

        slopes = []
        for da, db in ((step, ZERO), (ZERO, step)):
            up, down = force(da, db), force(-da, -db)
            slopes.append([(u - v) / (2 * step) for u, v in zip(up, down, strict=True)])
        self.a, self.b, self.g = a, b, self.z.moved(a, b)
        names = ("saturating", "nonsaturating")
        return {
            o: [[slopes[j][2 * k + i] for j in (0, 1)] for i in (0, 1)] for k, o in enumerate(names)
        }


def potentials(found: dict[str, Any]) -> dict[str, Any]:
    """What each flow descends, from the integrals of one game."""
    kl, reverse = found["kl_data_generator"], found["kl_generator_data"]
    out = {"saturating": 2 * found["jsd"], "nonsaturating": found["nonsaturating"]}
    out |= {"reverse_kl": reverse, "forward_kl": kl, "jeffreys": kl + reverse}
    out["pearson"] = found["chi_squared_data_generator"]
    out["neyman"] = found["chi_squared_generator_data"]
    out["hellinger"] = found["hellinger_squared"]
    out |= {n: found[n] for n in ALPHAS}
    if "wasserstein1" in found:
        out["wasserstein1"] = found["wasserstein1"]
        out["wasserstein2"] = found["wasserstein2"] ** 2
    return out | {"mse": found["mse"]}


def minus_gradients(data: str, latent: str, a: float, b: float) -> dict[str, list[Any]]:
    """-grad of the finite potentials by fourth-order differences of the integrals themselves."""
    probe = Game(data, latent, a, b)
    step = mpf(10) ** -5 * min(c.scale for c in [*probe.p, probe.g])
    columns = []
    for da, db in ((step, ZERO), (ZERO, step)):
        rows = {}
        for k in (-2, -1, 1, 2):
            game = Game(data, latent, a, b)
            game.a, game.b = game.a + k * da, game.b + k * db
            game.g = game.z.moved(game.a, game.b)
            rows[k] = potentials(game.densities() | game.mean_squares())
        columns.append(
            {
                n: (rows[2][n] - 8 * rows[1][n] + 8 * rows[-1][n] - rows[-2][n]) / (12 * step)
                for n in rows[1]
                if mp.isfinite(rows[1][n])
            }
        )
    return {n: [columns[0][n], columns[1][n]] for n in columns[0]}
