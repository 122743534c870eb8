"""The rows of the benchmark for `gandyn.train`.

The yardsticks are the same loop in eager PyTorch and as a jitted scan in JAX, each where it is
installed; neither is needed for anything else.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

import gandyn
from analysis._timing import Row, ratios, row
from gandyn import MLP, Settings

__all__ = ["iterations", "memory", "products", "recording", "replicas"]

GAME = gandyn.Game(gandyn.parse("N(4, 1.25)"))
RATES = (0.01, 0.02)
WIDTH = 256


def settings(batch: int, widths: tuple[int, ...] = (WIDTH, WIDTH), **changes: Any) -> Settings:
    """Adam for both, as in the article, and a single record at each end."""
    steps = changes.pop("steps", 100)
    return Settings(
        discriminator=MLP(widths),
        batch=batch,
        steps=steps,
        record_every=changes.pop("record_every", steps),
        snapshots=0,
        **changes,
    )


def loop(batch: int, steps: int) -> Callable[[], Any]:
    """Algorithm 1 by gandyn."""
    game, plan = GAME, settings(batch, steps=steps)
    return lambda: gandyn.train(game, plan)


def eager(batch: int, steps: int) -> Callable[[], Any]:
    """The same by PyTorch, as its tutorials write it."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers = (nn.Linear(1, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU())
    judge = nn.Sequential(*layers, nn.Linear(WIDTH, 1))
    a, b = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(0.0))
    of_judge = torch.optim.Adam(judge.parameters(), lr=RATES[0])
    of_generator = torch.optim.Adam([a, b], lr=RATES[1])
    loss = nn.functional.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)

    def run() -> None:
        for _ in range(steps):
            real = 4.0 + 1.25 * torch.randn(batch, 1)
            fake = (a * torch.randn(batch, 1) + b).detach()
            of_judge.zero_grad()
            (loss(judge(real), ones) + loss(judge(fake), zeros)).backward()
            of_judge.step()
            of_generator.zero_grad()
            loss(judge(a * torch.randn(batch, 1) + b), ones).backward()
            of_generator.step()

    return run


def scanned(batch: int, steps: int) -> Callable[[], Any]:
    """The same by JAX, the whole loop compiled."""
    import jax
    from jax import numpy as jnp

    def judge(weights: Any, x: Any) -> Any:
        for w, b in weights[:-1]:
            x = jax.nn.relu(x @ w + b)
        w, b = weights[-1]
        return x @ w + b

    def fake(theta: Any, key: Any) -> Any:
        return theta[0] * jax.random.normal(key, (batch, 1)) + theta[1]

    def cost(weights: Any, real: Any, made: Any) -> Any:
        soft = jax.nn.softplus
        return jnp.mean(soft(-judge(weights, real))) + jnp.mean(soft(judge(weights, made)))

    def adam(value: Any, slope: Any, state: Any, count: Any, rate: float) -> Any:
        m, v = state
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        best, wide = m / (1.0 - 0.9**count), v / (1.0 - 0.999**count)
        return value - rate * best / (jnp.sqrt(wide) + 1e-8), (m, v)

    def step(carry: Any, count: Any) -> Any:
        weights, memory, theta, own, key = carry
        key, *keys = jax.random.split(key, 4)
        real = 4.0 + 1.25 * jax.random.normal(keys[0], (batch, 1))
        slopes = jax.grad(cost)(weights, real, fake(theta, keys[1]))
        pairs = jax.tree.map(
            lambda w, g, m, v: adam(w, g, (m, v), count, RATES[0]), weights, slopes, *memory
        )
        weights = jax.tree.map(lambda pair: pair[0], pairs, is_leaf=_pair)
        memory = tuple(
            jax.tree.map(lambda pair, k=k: pair[1][k], pairs, is_leaf=_pair) for k in (0, 1)
        )
        slope = jax.grad(lambda t: jnp.mean(jax.nn.softplus(-judge(weights, fake(t, keys[2])))))(
            theta
        )
        theta, own = adam(theta, slope, own, count, RATES[1])
        return (weights, memory, theta, own, key), None

    def _pair(entry: Any) -> bool:
        return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], tuple)

    rng = np.random.default_rng(0)
    shapes = ((1, WIDTH), (WIDTH, WIDTH), (WIDTH, 1))
    weights = [
        [jnp.asarray(0.1 * rng.standard_normal(s), jnp.float32), jnp.full(s[1], 0.1)]
        for s in shapes
    ]
    nothing = jax.tree.map(jnp.zeros_like, weights)
    theta = jnp.array([1.0, 0.0])
    start = (weights, (nothing, nothing), theta, (0.0 * theta, 0.0 * theta), jax.random.key(0))
    counts = jnp.arange(1.0, steps + 1.0)
    compiled = jax.jit(lambda carry: jax.lax.scan(step, carry, counts)[0])
    return lambda: jax.block_until_ready(compiled(start))


def iterations(rounds: int, steps: int) -> list[Row]:
    """Target 9."""
    out = []
    rivals = (("torch", "eager PyTorch", eager, 2.0), ("jax", "a jitted JAX scan", scanned, 1.0))
    for module, name, rival, target in rivals:
        if importlib.util.find_spec(module) is None:
            print(f"{name}: not measured, {module} is not installed")
            continue
        for batch in (64, 1024):
            count = max(10, steps * 64 // batch)
            values = ratios(rival(batch, count), loop(batch, count), rounds)
            detail = f"{count} iterations, two layers of {WIDTH} ReLU units"
            title = f"{name} / training, batch {batch}"
            out.append(row(title, values, target, at_most=False, detail=detail))
    return out


def products(rounds: int, steps: int) -> list[Row]:
    """Target 10: the matrix products of an iteration, on their own."""
    rng = np.random.default_rng(0)
    batch = 1024
    weights = rng.standard_normal((WIDTH + 1, WIDTH), dtype=np.float32)
    many = rng.standard_normal((2 * batch, WIDTH + 1), dtype=np.float32)
    few = many[:batch]
    back, out = np.empty_like(many), np.empty_like(weights)

    def dense() -> None:
        for _ in range(steps):
            for rows in (many, few):
                np.matmul(rows, weights, out=back[: len(rows), :-1])
                np.matmul(back[: len(rows), :-1], weights.T, out=back[: len(rows)])
            np.matmul(many.T, back[:, :-1], out=out)

    smooth = settings(batch, steps=steps)
    smooth = smooth.changed(discriminator=MLP((WIDTH, WIDTH), "tanh"))
    back[:] = many
    detail = "five products of the hidden layer, for D's step and the generator's"
    return [
        row(
            f"dense products alone / training, {name}",
            ratios(dense, action, rounds),
            0.5,
            at_most=False,
            detail=detail + note,
        )
        for name, action, note in (
            ("tanh", lambda: gandyn.train(GAME, smooth), ""),
            ("ReLU", loop(batch, steps), ", which ReLU networks go round by segments of the line"),
        )
    ]


def replicas(rounds: int, steps: int) -> list[Row]:
    """Target 11: 16 replicas of widths (64, 64), shared out to processes as they take long."""
    plan = settings(32, (64, 64), steps=steps, record_every=50)

    def apart() -> None:
        for seed in range(16):
            gandyn.train(GAME, plan, seed)

    values = ratios(apart, lambda: gandyn.train(GAME, plan, 0, 16), rounds)
    stacked = ratios(apart, lambda: gandyn.train(GAME, plan, 0, 16, workers=1), 1)[0]
    detail = f"{steps} iterations at batch 32, recorded every 50; in one process {stacked:.2f}"
    name = "16 replicas one after another / together"
    return [row(name, values, 3.0, at_most=False, detail=detail)]


def recording(rounds: int, steps: int) -> list[Row]:
    """Target 12: what the records at the default interval add."""
    game = gandyn.Game(gandyn.parse("0.5*N(-3, 1) + 0.5*N(3, 1)"))
    plain = settings(32, steps=steps)
    kept = plain.changed(record_every=Settings().record_every)
    values = [
        value - 1.0
        for value in ratios(
            lambda: gandyn.train(game, kept), lambda: gandyn.train(game, plain), rounds
        )
    ]
    detail = f"{steps} iterations at batch 32, a record every {kept.record_every}"
    return [row("recording adds", values, 0.2, at_most=True, detail=detail)]


def memory(steps: int) -> list[Row]:
    """Target 13: what a run of a million steps keeps, in megabytes, from two short ones."""
    import tracemalloc

    peaks = []
    for count in (steps, 2 * steps):
        plan = settings(1, (1,), steps=count, record_every=50).changed(snapshots=100)
        tracemalloc.start()
        gandyn.train(GAME, plan)
        peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
        tracemalloc.stop()
    whole = peaks[0] + (peaks[1] - peaks[0]) * (1e6 - steps) / steps
    detail = f"peaks of {peaks[0]:.2f} and {peaks[1]:.2f} MB at {steps} and {2 * steps} steps, on"
    name = "a million steps at the default interval, MB"
    return [row(name, [whole], 500.0, at_most=True, detail=f"{detail} from there")]
