"""Gauss-Kronrod pairs: a rule and, within its nodes, a coarser one to hold it against.

Sources: A. Kronrod, "Nodes and weights of quadrature formulas" (1965); Piessens, de
Doncker-Kapenga, Überhuber and Kahaner, "QUADPACK" (1983), for the pair (10, 21).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["FINE", "SHORT", "Pair"]

Array = NDArray[np.float64]

_X = np.array(
    [
        0.0,
        0.14887433898163121088,
        0.29439286270146019813,
        0.4333953941292471908,
        0.56275713466860468334,
        0.67940956829902440623,
        0.78081772658641689706,
        0.86506336668898451073,
        0.930157491355708226,
        0.97390652851717172008,
        0.99565716302580808074,
    ]
)
_W21 = np.array(
    [
        0.14944555400291690566,
        0.14773910490133849137,
        0.1427759385770600808,
        0.13470921731147332593,
        0.12349197626206585108,
        0.1093871588022976419,
        0.093125454583697605535,
        0.075039674810919952767,
        0.054755896574351996031,
        0.032558162307964727479,
        0.011694638867371874278,
    ]
)


@dataclass(frozen=True, eq=False)
class Pair:
    """A Kronrod rule and the Gauss rule within it, on [−1, 1].

    Attributes
    ----------
    nodes, kronrod, gauss : ndarray, shape (n,)
        Nodes, odd in number, and their weights in both rules.
    """

    nodes: Array
    kronrod: Array
    gauss: Array

    @classmethod
    def of(cls, x: Array, kronrod: Array) -> Pair:
        """From the nodes at and above 0, every second of them, from the next to 0, Gauss's."""
        nodes, gauss = np.concatenate([-x[:0:-1], x]), np.zeros(2 * len(x) - 1)
        gauss[1::2] = np.polynomial.legendre.leggauss(len(x) - 1)[1]
        return cls(nodes, np.concatenate([kronrod[:0:-1], kronrod]), gauss)

    @cached_property
    def folded(self) -> Array:
        """Weights of the sums over the nodes ±x: the Kronrod rule's and the difference, (m, 2)."""
        middle = len(self.nodes) // 2
        return np.stack([self.kronrod[middle:], (self.kronrod - self.gauss)[middle:]], axis=1)


FINE = Pair.of(_X, _W21)
SHORT = Pair.of(
    np.array(
        [
            0.0,
            0.3399810435848562648027,
            0.6402862174963099824047,
            0.8611363115940525752239,
            0.9765602507375731115345,
        ]
    ),
    np.array(
        [
            0.3464429818901363616811,
            0.3269491896014516295585,
            0.2667983404522844480328,
            0.1700536053357227268027,
            0.06297737366547301476549,
        ]
    ),
)
"""The pair (4, 9), for integrands whose kinks leave many panels, each of them short."""
