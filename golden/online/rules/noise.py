"""Noise for the rules that perturb: its distribution, position, sign over time and size."""

# NumPy's types of standard_normal know no number format that is given at run time.
# pyright: reportUnknownVariableType=false

from typing import Any, Literal

import numpy as np

from dualspike.golden.numeric import Floats
from dualspike.golden.online.network import Injection, OnlineNetwork, Position
from dualspike.model.errors import BadInput

Distribution = Literal["gaussian", "rademacher"]


class Noise:
    """n_l [B, n_l] of mean 0 and variance 1 for every hidden layer, injected as alpha n_l.

    ``antithetic``: every odd time step repeats the step before it with the sign turned, which
    comes near two points for the price of one (Xiao et al., OPZO, section 4.4). The estimates of
    odd steps are then biased, by what the noise of the step before left in the membranes above.
    ``alpha`` > 0 may be set anew at any time; `decayed` gives its usual course.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        alpha: float,
        distribution: Distribution = "gaussian",
        position: Position = "after",
        *,
        antithetic: bool = True,
    ) -> None:
        if not 0 < alpha < np.inf:
            raise BadInput(f"alpha must be in (0, inf), not {alpha}")
        self.alpha = alpha
        self.values: list[Floats] = []
        self._rng = rng
        self._distribution: Distribution = distribution
        self._position: Position = position
        self._antithetic = antithetic

    def draw(self, network: OnlineNetwork, step: int, batch: int) -> Injection:
        """The injection of time step ``step``; ``values`` keeps its n_l."""
        if self._antithetic and step % 2 == 1:
            self.values = [-n for n in self.values]
        else:
            self.values = [
                self._normalised((batch, n), network.theta.dtype) for n in network.hidden
            ]
        return self.injection(1)

    def injection(self, sign: int) -> Injection:
        """The last drawn noise times alpha, with its ``sign`` 1 or turned, -1."""
        return Injection([sign * self.alpha * n for n in self.values], self._position)

    def _normalised(self, shape: tuple[int, int], dtype: Any) -> Floats:
        if self._distribution == "gaussian":
            return self._rng.standard_normal(shape, dtype)
        return (2 * self._rng.integers(0, 2, shape, np.int8) - 1).astype(dtype)


class Noisy:
    """A rule's half with noise."""

    def __init__(self, noise: Noise) -> None:
        self._noise = noise

    def inject(self, network: OnlineNetwork, step: int, batch: int) -> Injection:
        """See Rule.inject."""
        return self._noise.draw(network, step, batch)


def decayed(first: float, last: float, progress: float) -> float:
    """Alpha on its straight way from ``first`` to ``last``; ``progress`` of the run in [0, 1]."""
    return first + (last - first) * progress
