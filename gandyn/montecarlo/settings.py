"""How a game is trained: all of a run but the game and the seed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Real
from typing import Any

from gandyn.errors import InputError
from gandyn.montecarlo.initial import INITIALS
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.optimizers import Adam, Optimizer
from gandyn.system.checks import finite_array, need_choice, need_count, need_number
from gandyn.system.text import show

OPTIMAL = "optimal"
ARTICLE = ("plain", "l2", "dropout", "l2_dropout")
"""The article's four discriminators."""

_ORDERS = ("algorithm1", "article")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of Monte-Carlo training (Goodfellow et al. 2014, Algorithm 1).

    Parameters
    ----------
    discriminator : MLP or "optimal"
        The network that is trained, for the saturating and the non-saturating objective; "optimal"
        puts D* = p/(p + p_g) in its place, exactly and at every step, for every objective.
    start : array_like of shape (d,), or {"article", "glorot", "he", "lecun"}, optional
        The generator's parameters at first; for an `MLPGenerator` also how its weights are drawn
        (see `gandyn.montecarlo.initial`). By default (1, 0) for a z + b, and "article".
    batch : int
        Samples in a minibatch, of the data and of the latent alike.
    steps : int
        Iterations.
    k : int
        Discriminator steps in an iteration.
    generator_steps : int
        Generator steps in an iteration, each on a fresh minibatch.
    order : {"algorithm1", "article"}
        "algorithm1": k discriminator steps, then the generator's. "article": max(⌊k/2⌋, 1)
        discriminator steps, the generator's, then ⌊k/2⌋ more of the discriminator.
    discriminator_optimizer, generator_optimizer : Optimizer
        `SGD`, `Momentum`, `RMSProp` or `Adam`.
    generator_l2 : float
        λ of the penalty λ·½Σw² over the weights of an `MLPGenerator`, biases left out.
    dtype : {"float32", "float64"}
    record_every : int
        Iterations from one record to the next.
    snapshots : int
        About how many of the records keep a snapshot for histograms and animations.
    """

    discriminator: MLP | str = field(default_factory=MLP)
    start: Sequence[float] | str | None = None
    batch: int = 32
    steps: int = 1000
    k: int = 1
    generator_steps: int = 1
    order: str = "algorithm1"
    discriminator_optimizer: Optimizer = field(default_factory=lambda: Adam(0.01))
    generator_optimizer: Optimizer = field(default_factory=lambda: Adam(0.02))
    generator_l2: float = 0.0
    dtype: str = "float32"
    record_every: int = 50
    snapshots: int = 100

    def __post_init__(self) -> None:
        optimal = isinstance(self.discriminator, str) and self.discriminator == OPTIMAL
        if not (optimal or isinstance(self.discriminator, MLP)):
            got = f"discriminator: got {show(self.discriminator)}"
            raise InputError(f"{got}, must be an MLP or {OPTIMAL!r}")
        if isinstance(self.start, str):
            need_choice("start", self.start, INITIALS)
        elif self.start is not None:
            object.__setattr__(self, "start", tuple(finite_array("start", self.start).tolist()))
        need_choice("order", self.order, _ORDERS)
        need_choice("dtype", self.dtype, ("float32", "float64"))
        for name in ("batch", "steps", "k", "generator_steps", "record_every"):
            need_count(name, getattr(self, name), 1)
        need_count("snapshots", self.snapshots, 0)
        for name in ("discriminator_optimizer", "generator_optimizer"):
            if not isinstance(getattr(self, name), Optimizer):
                allowed = "an SGD, Momentum, RMSProp or Adam"
                raise InputError(f"{name}: got {show(getattr(self, name))}, must be {allowed}")
        allowed = "a finite number from 0 on"
        need_number("generator_l2", self.generator_l2, 0.0, math.inf, allowed, closed=True)

    @property
    def before_and_after(self) -> tuple[int, int]:
        """Discriminator steps before and after the generator's in one iteration."""
        if self.discriminator == OPTIMAL:
            return 0, 0
        if self.order == "algorithm1":
            return self.k, 0
        return max(self.k // 2, 1), self.k // 2

    def to_json(self) -> str:
        """The settings as text, equal for equal settings."""
        entry = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return json.dumps(entry, sort_keys=True, ensure_ascii=False)

    def changed(self, **values: Any) -> Settings:
        """These settings with some of them replaced."""
        return replace(self, **values)


def article(version: str = "plain", **changes: Any) -> Settings:
    """The seed article's way to train, with one of its four discriminators.

    It is the article that gandyn comes from: Monnoroch, "Generative adversarial networks" (3 April
    2018, in Russian), whose text is in https://github.com/Monnoroch/monnoroch.github.io and whose
    code is ``gan_model_data`` in https://github.com/Monnoroch/generative.

    Parameters
    ----------
    version : {"plain", "l2", "dropout", "l2_dropout"}
    **changes
        Other settings than the article's.

    Returns
    -------
    Settings
        Adam (0.9, 0.999) with rates 0.01 and 0.02, minibatches of 32, two layers of 256 ReLU units
        drawn as `initial="article"`, λ = 5e-4 and dropout 0.5, which is never switched off, and the
        article's order of steps.

    Examples
    --------
    >>> plan = article("l2_dropout", steps=500)
    >>> plan.discriminator.l2, plan.discriminator.dropout, plan.batch
    (0.0005, 0.5, 32)
    """
    need_choice("version", version, ARTICLE)
    network = MLP(
        l2=5e-4 if "l2" in version else 0.0,
        dropout=0.5 if "dropout" in version else 0.0,
        dropout_when="always",
    )
    return Settings(**{"discriminator": network, "order": "article", **changes})


def _plain(value: Any) -> Any:
    if isinstance(value, MLP | Optimizer):
        parts = {name: _plain(part) for name, part in asdict(value).items()}
        return {"kind": type(value).__name__, **parts}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Real) and not isinstance(value, bool):
        # One text for 1, 1.0 and NumPy's 1.
        number = float(value)
        return int(number) if number.is_integer() else number
    return value
