"""`gandyn evaluate`: every value of the game at one (a, b)."""

from __future__ import annotations

import argparse
from typing import Any

from gandyn.cli.arguments import GAME, read_game, read_state
from gandyn.cli.command import Command
from gandyn.cli.output import print_game
from gandyn.system.text import with_error

_MEANING = {
    "value": "V = 2 JSD − 2 log 2",
    "value_gap": "0 − V",
    "jsd": "Jensen-Shannon divergence, nats",
    "jsd_gap": "log 2 − JSD",
    "kl_data_generator": "KL(p‖p_g)",
    "kl_generator_data": "KL(p_g‖p)",
    "total_variation": "½∫|p − p_g|",
    "hellinger_squared": "1 − ∫√(p p_g)",
    "wasserstein1": "W₁",
    "wasserstein2": "W₂",
    "potential": "what the flow descends",
    "force": "dθ/dt",
    "chi_squared_data_generator": "∫(p − p_g)²/p_g",
    "chi_squared_generator_data": "∫(p − p_g)²/p",
}
"""What is printed, in this order, and what it means."""


class EvaluateCommand(Command):
    name = "evaluate"
    help = "every divergence, V, the potential and the force at one (a, b), with errors"
    description = (
        "Every divergence, V, the potential and the force at one (a, b), each with an estimate of "
        "its error."
    )
    epilog = """\
example:
  gandyn evaluate --data "0.5*N(-3,1)+0.5*N(3,1)" --theta 1,0.5 --objective nonsaturating --json"""
    takes = f"{GAME}theta  a,b  required  the generator's state, such as 1,0.5"

    def read(self, options: argparse.Namespace) -> None:
        self.theta, self.game = read_state("theta", options.theta), read_game(options)

    def work(self, tell: Any) -> dict[str, Any]:
        return self.game.evaluate(self.theta).as_dict()

    def entry(self, found: dict[str, Any]) -> dict[str, Any]:
        return (
            {key: found[key] for key in _MEANING}
            | {"errors": {key: found["errors"][key] for key in _MEANING}}
            | {"data": str(self.game.data), "latent": str(self.game.generator.latent)}
            | {"objective": self.game.objective.name}
            | {key: found[key] for key in ("theta", "status", "message")}
        )

    def show(self, found: dict[str, Any]) -> None:
        print_game(self.game, f"theta      a = {self.theta[0]:.16g}, b = {self.theta[1]:.16g}\n")
        rows: list[tuple[str, str, str]] = []
        for key in _MEANING:
            if key == "force":
                for name, value, error in zip("ab", found[key], found["errors"][key], strict=True):
                    rows.append((f"d{name}/dt", with_error(value, error), "force"))
            else:
                rows.append((key, with_error(found[key], found["errors"][key]), _MEANING[key]))
        names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
        for name, value, meaning in rows:
            # Room for a minus, so that the digits stand below each other.
            signed = value if value.startswith("-") else f" {value}"
            print(f"{name:<{names}}  {signed:<{values + 1}}  {meaning}")
        if found["status"]:
            print(f"\n{found['message']}")

    def succeeded(self, found: dict[str, Any]) -> bool:
        return bool(found["status"] == 0)
