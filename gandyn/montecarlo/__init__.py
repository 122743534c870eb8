"""Training by minibatches, as a comparison: networks, Algorithm 1, replicas, the flow beside."""

from gandyn.montecarlo.comparison import Comparison, compare
from gandyn.montecarlo.networks import MLP
from gandyn.montecarlo.noise import (
    Noise,
    SamplingError,
    gradient_noise,
    measured_noise,
    sampling_error,
)
from gandyn.montecarlo.optimizers import SGD, Adam, Momentum, RMSProp
from gandyn.montecarlo.settings import Settings, article
from gandyn.montecarlo.training import Training, train

__all__ = [
    "MLP", "SGD", "Adam", "Comparison", "Momentum", "Noise", "RMSProp", "SamplingError", "Settings",
    "Training", "article", "compare", "gradient_noise", "measured_noise", "sampling_error", "train",
]  # fmt: skip
