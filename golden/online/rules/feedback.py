"""Matrices that bring the output's error to every hidden layer directly."""

import math

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import OnlineNetwork


def random_feedback(network: OnlineNetwork, rng: np.random.Generator) -> list[Floats]:
    """B_l [n_l, n_out], uniform in +-sqrt(3 / n_l): of variance 1 / n_l, like a readout of n_l."""
    n_out = network.layers[-1]
    drawn = [rng.uniform(-1, 1, (n, n_out)) * math.sqrt(3 / n) for n in network.hidden]
    return [B.astype(network.theta.dtype) for B in drawn]


def no_feedback(network: OnlineNetwork) -> list[Floats]:
    """Zeros [n_l, n_out], where feedback is to be learned from nothing."""
    return [network.zeros(n, network.layers[-1]) for n in network.hidden]


def bring(matrices: list[Floats], error: Floats) -> list[Floats]:
    """B_l e for every sample: [B, n_l] from error [B, n_out]."""
    return [error @ B.T for B in matrices]


def average(matrix: Floats, n: Floats, moved: Floats, momentum: float, share: float) -> None:
    """The matrix becomes momentum times itself plus ``share`` times the sum of n moved^T.

    ``n`` [B, n_l]: how a layer was perturbed; ``moved`` [B, n_out]: what came out.
    """
    matrix *= momentum
    matrix += share * (n.T @ moved)
