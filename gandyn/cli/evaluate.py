"""`gandyn evaluate`: every value of the game at one (a, b)."""

from __future__ import annotations

import argparse
from typing import Any

from gandyn.cli.arguments import add_game, add_json, read_game, read_state
from gandyn.cli.output import print_json, with_error

_EXAMPLE = """\
example:
  gandyn evaluate --data "0.5*N(-3,1)+0.5*N(3,1)" --theta 1,0.5 --objective nonsaturating --json"""

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


def add(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "evaluate",
        help="every divergence, V, the potential and the force at one (a, b), with errors",
        description="Every divergence, V, the potential and the force at one (a, b), each with an "
        "estimate of its error.",
        epilog=_EXAMPLE,
    )
    add_game(parser)
    parser.add_argument(
        "--theta", metavar="a,b", required=True, help="the generator's state, such as 1,0.5"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate and print."""
    theta = read_state("theta", options.theta)
    game = read_game(options)
    found = game.evaluate(theta).as_dict()
    heading = {
        "data": str(game.data),
        "latent": str(game.generator.latent),
        "objective": game.objective.name,
    }
    if options.json:
        print_json(
            {key: found[key] for key in _MEANING}
            | {"errors": {key: found["errors"][key] for key in _MEANING}}
            | heading
            | {key: found[key] for key in ("theta", "status", "message")}
        )
        return 0
    for name, text in heading.items():
        print(f"{name:<10} {text}")
    print(f"{'theta':<10} a = {theta[0]:.16g}, b = {theta[1]:.16g}\n")
    rows: list[tuple[str, str, str]] = []
    for key in _MEANING:
        if key == "force":
            for name, value, error in zip("ab", found[key], found["errors"][key], strict=True):
                rows.append((f"d{name}/dt", with_error(value, error), "force"))
        else:
            rows.append((key, with_error(found[key], found["errors"][key]), _MEANING[key]))
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, value, meaning in rows:
        print(f"{name:<{names}}  {_sign(value):<{values + 1}}  {meaning}")
    if found["status"]:
        print(f"\n{found['message']}")
    return 0


def _sign(text: str) -> str:
    """Room for a minus, so that the digits stand below each other."""
    return text if text.startswith("-") else f" {text}"
