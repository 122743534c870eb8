"""The worst of many differences."""

from __future__ import annotations

from typing import Any

import numpy as np


class Worst:
    """Keeps as its value the largest magnitude it was given; a nan stays for ever."""

    def __init__(self) -> None:
        self.value = 0.0

    def add(self, differences: Any) -> None:
        """Take one number or an array of them."""
        largest = float(np.max(np.abs(differences)))
        if not largest <= self.value:
            self.value = largest if not np.isnan(self.value) else self.value
