"""What the claims are checked on: gandyn's public functions, and the formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from gandyn.distributions import Normal
from gandyn.theory.formulas import Formulas


@dataclass(frozen=True)
class Subject:
    """The part of gandyn that is on trial.

    Any member can be replaced (`dataclasses.replace`) by a wrong one, to see which rows notice,
    or by another implementation, to see whether it passes.

    Attributes
    ----------
    Game, LinearGenerator, distances, gradient_flow, iterate, barriers : callable
    from_samples, objective : callable
        As in the façade.
    formulas : Formulas
        The closed forms that the claims state.
    """

    Game: Callable[..., Any]
    LinearGenerator: Callable[..., Any]
    distances: Callable[..., Any]
    gradient_flow: Callable[..., Any]
    iterate: Callable[..., Any]
    barriers: Callable[..., Any]
    from_samples: Callable[..., Any]
    objective: Callable[..., Any]
    formulas: Formulas = field(default_factory=Formulas)

    @classmethod
    def public(cls) -> Subject:
        """The functions that gandyn gives to its users."""
        import gandyn

        names = [member.name for member in fields(cls) if member.name != "formulas"]
        return cls(**{name: getattr(gandyn, name) for name in names})

    def game(self, data: Any, latent: Any = None, objective: Any = "nonsaturating") -> Any:
        """The game of the linear generator on `latent` (default N(0, 1))."""
        latent = Normal(0, 1) if latent is None else latent
        return self.Game(data, generator=self.LinearGenerator(latent=latent), objective=objective)
