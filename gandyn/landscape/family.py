"""Families of games: a text template that has a game at each value of its names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gandyn.distributions import Distribution, Normal, parse
from gandyn.distributions.notation import Notation, read
from gandyn.errors import InputError
from gandyn.game import Game
from gandyn.generators import LinearGenerator
from gandyn.system.checks import finite, number_text, show


@dataclass(frozen=True)
class Template:
    """A family of games for the generator a z + b; made by `template`.

    Called with a value for each of `names` it gives the `Game` there.

    Attributes
    ----------
    text : str
        The data's density, with names in braces.
    objective : str or Objective
        What the generator descends.
    latent : Distribution
        The density of z, the same for all members.
    """

    text: str
    objective: Any
    latent: Distribution

    def __post_init__(self) -> None:
        if not self.names:
            raise InputError(
                f"data: got {show(self.text)}, must have a name in braces such as {{m}}"
            )
        self._game(Normal(0.0, 1.0))  # an objective that there is not is found here

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the text, in the order in which they first come."""
        return self._notation.names

    def __call__(self, /, **values: float) -> Game:
        """The game at a value of each name.

        Parameters
        ----------
        **values : float
            A finite number for each of `names`, and for nothing else.

        Raises
        ------
        InputError
            Where a name is missing or unknown, or the data are no density at these values.
        """
        names = ", ".join(self.names)
        for name in values:
            if name not in self.names:
                raise InputError(f"{show(name)[1:-1]}: unknown name, must be one of {names}")
        for name in self.names:
            if name not in values:
                raise InputError(f"{name}: got none, must be a finite number for each of {names}")
        numbers = {name: finite(name, values[name]) for name in self.names}
        try:
            data = self._notation.distribution(numbers)
        except InputError as error:
            where = ", ".join(f"{name} = {number_text(numbers[name])}" for name in self.names)
            raise InputError(f"{error} at {where}") from None
        return self._game(data)

    @cached_property
    def _notation(self) -> Notation:
        """The text, read once; files of samples with it."""
        return read(self.text)

    def _game(self, data: Distribution) -> Game:
        return Game(data, LinearGenerator(self.latent), self.objective)


def template(
    text: str, objective: Any = "nonsaturating", latent: str | Distribution = "N(0, 1)"
) -> Template:
    """A family of games from a text, such as ``0.5*N(-{m}, 1) + 0.5*N({m}, 1)``.

    Parameters
    ----------
    text : str
        The data's density in the notation of `gandyn.parse`, with arithmetic (+ - * / and
        parentheses) over numbers and ``{name}`` wherever that has a number.
    objective : str or Objective
        What the generator descends, as `Game` takes it.
    latent : str or Distribution
        The density of z.

    Returns
    -------
    Template
        ``family(m=3.0)`` is the `Game` at m = 3. It can be pickled where the objective is a name.

    Raises
    ------
    InputError
        Where the text cannot be read or has no name, or objective or latent are none.

    Examples
    --------
    >>> family = template("{w}*N(-{m}, 1) + (1 - {w})*N({m}, 1)")
    >>> family.names
    ('w', 'm')
    >>> str(family(m=3, w=0.25).data)
    '0.25*N(-3, 1) + 0.75*N(3, 1)'
    """
    density = latent if isinstance(latent, Distribution) else parse(latent, name="latent")
    return Template(text, objective, density)


def read_range(which: str, given: Any, family: Any) -> tuple[str, float, float]:
    """A parameter's (name, low, high); (low, high) is that of the one that a family has.

    InputError for something else, and where the numbers are not finite or do not rise.
    """
    name, ends = only_name(family), given
    try:
        if len(given) == 3:
            name, *ends = given
        low, high = (float(value) for value in ends)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{which}: got {show(given)}, must be (name, low, high)") from None
    if not isinstance(name, str):
        raise InputError(f"{which}: got name {show(name)}, must be text")
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(f"{name}: got {low:g} to {high:g}, must be finite with low < high")
    return name, low, high


def only_name(family: Any) -> str:
    """The name of the only parameter of a family: that of its template, else "m"."""
    return family.names[0] if isinstance(family, Template) else "m"


def member_of(family: Any, names: Sequence[str]) -> Callable[..., Any]:
    """The family as a function of values in the order of the names."""
    if isinstance(family, Template):
        if set(names) != set(family.names):
            raise InputError(
                f"family: got names {', '.join(family.names)}, must be what is varied: "
                f"{', '.join(names)}"
            )
    elif not callable(family):
        raise InputError(f"family: got {show(family)}, must be a Template or a function to a Game")
    try:
        inspect.signature(family).bind(**dict.fromkeys(names, 0.0))
    except (TypeError, ValueError):
        return lambda *values: family(*values)
    return lambda *values: family(**dict(zip(names, values, strict=True)))
