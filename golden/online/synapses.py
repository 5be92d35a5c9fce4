"""What every kind of connection between two layers gives: currents, their transpose, gradients."""

from typing import Protocol

import numpy as np

from dualspike.golden.numeric import Floats


class Synapses(Protocol):
    """Affine in what is sent: currents [B, n_out] from spikes or inputs [B, n_in].

    ``size`` parameters, a part ``own`` [size] of the network's vector. ``fan_out``: additions
    after a spike, on average over those that send.
    """

    n_in: int
    n_out: int
    size: int
    fan_out: float

    def start(self, own: Floats, rng: np.random.Generator) -> None:
        """Draw the parameters that learning starts from."""
        ...

    def split(self, own: Floats) -> tuple[Floats, ...]:
        """Views of the parameters, weights [n, fan_in] first, biases [n] next."""
        ...

    def currents(self, own: Floats, sent: Floats) -> Floats:
        """Currents [B, n_out], a new array."""
        ...

    def back(self, own: Floats, delta: Floats) -> Floats:
        """dL/dsent [B, n_in] from dL/dcurrents [B, n_out]."""
        ...

    def add_gradient(
        self, own: Floats, gradient: Floats, delta: Floats, trace: Floats, constant: float
    ) -> None:
        """Add to ``gradient`` [size] that of ``delta`` [B, n_out], summed over the samples.

        ``trace`` [B, n_in] stands for what was sent, ``constant`` for the 1 that biases weigh.
        """
        ...
