"""What a user might add from outside the package, shared by several tests."""

import numpy as np

from gandyn import Generator


class Square(Generator):
    """x = a z² + b: folded at z = 0, where the density is singular."""

    dimension = 2

    def __call__(self, z, theta):
        return theta[0] * z * z + theta[1]

    def sensitivity(self, z, theta):
        return np.stack([z * z, np.ones_like(z)])

    def pieces(self, theta):
        return [0.0]

    def slope(self, z, theta):
        return 2 * theta[0] * z

    def curvature(self, z, theta):
        return np.full_like(z, 2 * theta[0])
