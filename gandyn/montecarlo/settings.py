"""What a training run is made of, all but the data and the seed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Real
from typing import Any

from gandyn.distributions import Distribution, parse
from gandyn.errors import InputError
from gandyn.montecarlo.checks import need_choice, need_count
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.optimizers import Adam, Optimizer
from gandyn.objectives import objective
from gandyn.system.checks import finite_array

__all__ = ["ARTICLE", "LOSSES", "OPTIMAL", "Settings", "article"]

OPTIMAL = "optimal"
ARTICLE = ("plain", "l2", "dropout", "l2_dropout")
"""The article's four discriminators."""

LOSSES = ("nonsaturating", "saturating")
_ORDERS = ("algorithm1", "article")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of Monte-Carlo training (Goodfellow et al. 2014, Algorithm 1).

    Parameters
    ----------
    discriminator : MLP or "optimal"
        The network that is trained; "optimal" puts D* = p/(p + p_g) in its place, evaluated
        exactly at every step (for the linear generator).
    generator : "linear" or MLP
        a z + b, or a network.
    start : (float, float)
        (a, b) of the linear generator at first.
    latent : str
        The density of z in gandyn's notation, such as "N(0, 1)" or "U(-1, 1)".
    loss : {"nonsaturating", "saturating"}
        Of the generator: −E log D(G(z)), or E log(1 − D(G(z))). Against the optimal discriminator
        any objective of gandyn by name.
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
    dtype : {"float32", "float64"}
    record_every : int
        Iterations from one record to the next.
    snapshots : int
        About how many of the records keep a snapshot for histograms and animations.
    """

    discriminator: MLP | str = field(default_factory=MLP)
    generator: MLP | str = "linear"
    start: tuple[float, float] = (1.0, 0.0)
    latent: str = "N(0, 1)"
    loss: str = "nonsaturating"
    batch: int = 32
    steps: int = 1000
    k: int = 1
    generator_steps: int = 1
    order: str = "algorithm1"
    discriminator_optimizer: Optimizer = field(default_factory=lambda: Adam(0.01))
    generator_optimizer: Optimizer = field(default_factory=lambda: Adam(0.02))
    dtype: str = "float32"
    record_every: int = 50
    snapshots: int = 100

    def __post_init__(self) -> None:
        for name, other in (("discriminator", OPTIMAL), ("generator", "linear")):
            value = getattr(self, name)
            if not isinstance(value, MLP) and not (isinstance(value, str) and value == other):
                raise InputError(f"{name}: got {value!r:.60}, must be an MLP or {other!r}")
        if self.discriminator == OPTIMAL and self.generator != "linear":
            raise InputError("discriminator: got 'optimal', must be an MLP for an MLP generator")
        start = finite_array("start", self.start)
        if start.shape != (2,) or start[0] == 0.0:
            raise InputError(f"start: got {self.start!r:.60}, must be (a, b) with a ≠ 0")
        object.__setattr__(self, "start", (float(start[0]), float(start[1])))
        if self.discriminator == OPTIMAL:
            objective(self.loss)
        else:
            need_choice("loss", self.loss, LOSSES)
        need_choice("order", self.order, _ORDERS)
        need_choice("dtype", self.dtype, ("float32", "float64"))
        for name in ("batch", "steps", "k", "generator_steps", "record_every"):
            need_count(name, getattr(self, name), 1)
        need_count("snapshots", self.snapshots, 0)
        for name in ("discriminator_optimizer", "generator_optimizer"):
            if not isinstance(getattr(self, name), Optimizer):
                allowed = "an SGD, Momentum, RMSProp or Adam"
                raise InputError(f"{name}: got {getattr(self, name)!r:.60}, must be {allowed}")
        self.latent_law  # noqa: B018

    @property
    def latent_law(self) -> Distribution:
        """The density of z."""
        return parse(self.latent, name="latent")

    @property
    def linear(self) -> bool:
        """Whether the generator is a z + b."""
        return not isinstance(self.generator, MLP)

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
    """The seed article's settings, with one of its four discriminators.

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
