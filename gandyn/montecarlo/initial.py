"""How the weights of a layer are drawn at first.

article
    Weights from a normal of deviation 0.1 truncated at two deviations, biases 0.1.
glorot
    Uniform within ±√(6/(inputs + outputs)), biases 0 (Glorot and Bengio 2010, eq. 16).
he
    Normal of variance 2/inputs, biases 0 (He et al. 2015, eq. 10).
lecun
    Normal of variance 1/inputs, biases 0 (LeCun et al. 1998, §4.6).

A first layer whose biases are 0 turns every ReLU unit at x = 0.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from gandyn.system.checks import Array

INITIALS = ("article", "glorot", "he", "lecun")


def draw(initial: str, shape: tuple[int, int], stream: np.random.Generator) -> Array:
    """A layer of shape (inputs + 1, outputs), the bias in the last row."""
    inputs, outputs = shape[0] - 1, shape[1]
    out = np.empty(shape)
    out[-1] = 0.1 if initial == "article" else 0.0
    size = (inputs, outputs)
    if initial == "article":
        inside = ndtr(2.0) - ndtr(-2.0)
        out[:-1] = 0.1 * ndtri(ndtr(-2.0) + inside * stream.random(size))
    elif initial == "glorot":
        edge = np.sqrt(6.0 / (inputs + outputs))
        out[:-1] = stream.uniform(-edge, edge, size)
    else:
        variance = (2.0 if initial == "he" else 1.0) / inputs
        out[:-1] = np.sqrt(variance) * stream.standard_normal(size)
    return out
