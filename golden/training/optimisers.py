"""Steps down an estimated gradient: SGD, momentum, Adam."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.numeric import Floats
from dualspike.model.errors import BadInput

Arrays = dict[str, NDArray[Any]]


class Optimiser(Protocol):
    """Moves theta [N]; its memory can be taken out and put back, to resume a run."""

    def step(self, theta: Floats, g: Floats, rate: float) -> None:
        """Change ``theta`` in place by one step of size ``rate`` down ``g`` [N]."""
        ...

    def state(self) -> Arrays:
        """All that later steps depend on, copied."""
        ...

    def restore(self, state: Arrays) -> None:
        """Go on from a state; BadInput if it is not one of this optimiser."""
        ...


class Sgd:
    """theta <- theta - rate g."""

    def step(self, theta: Floats, g: Floats, rate: float) -> None:
        """See Optimiser.step."""
        theta -= rate * g

    def state(self) -> Arrays:
        """See Optimiser.state: nothing."""
        return {}

    def restore(self, state: Arrays) -> None:
        """See Optimiser.restore."""
        _expect(state, set())


class Momentum:
    """m <- beta m + g, theta <- theta - rate m, from m = 0 (Polyak, 1964); 0 <= ``beta`` < 1."""

    def __init__(self, beta: float = 0.9) -> None:
        self._beta = _share("beta", beta)
        self._m: Floats | None = None

    def step(self, theta: Floats, g: Floats, rate: float) -> None:
        """See Optimiser.step."""
        if self._m is None:
            self._m = np.zeros_like(theta)
        self._m *= self._beta
        self._m += g
        theta -= rate * self._m

    def state(self) -> Arrays:
        """See Optimiser.state: m, nothing before the first step."""
        return {} if self._m is None else {"m": self._m.copy()}

    def restore(self, state: Arrays) -> None:
        """See Optimiser.restore."""
        _expect(state, {"m"})
        self._m = state["m"].copy() if state else None


class Adam:
    """Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1).

    m <- beta1 m + (1 - beta1) g, s <- beta2 s + (1 - beta2) g^2, both from 0; at step t = 1, 2 ...
    theta <- theta - rate (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + eps).
    ``beta1``, ``beta2`` in [0, 1), ``eps`` > 0.
    """

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        self._beta1, self._beta2 = _share("beta1", beta1), _share("beta2", beta2)
        if not 0 < eps < np.inf:
            raise BadInput(f"eps must be in (0, inf), not {eps}")
        self._eps = eps
        self._m: Floats | None = None
        self._s: Floats | None = None
        self._steps = 0

    def step(self, theta: Floats, g: Floats, rate: float) -> None:
        """See Optimiser.step."""
        if self._m is None or self._s is None:
            self._m, self._s = np.zeros_like(theta), np.zeros_like(theta)
        self._steps += 1
        self._m *= self._beta1
        self._m += (1 - self._beta1) * g
        self._s *= self._beta2
        self._s += (1 - self._beta2) * np.square(g)
        size = np.sqrt(self._s / (1 - self._beta2**self._steps))
        size += self._eps
        theta -= rate / (1 - self._beta1**self._steps) * (self._m / size)

    def state(self) -> Arrays:
        """See Optimiser.state: m, s and the number of steps, nothing before the first step."""
        if self._m is None or self._s is None:
            return {}
        return {"m": self._m.copy(), "s": self._s.copy(), "steps": np.array(self._steps)}

    def restore(self, state: Arrays) -> None:
        """See Optimiser.restore."""
        _expect(state, {"m", "s", "steps"})
        self._m = state["m"].copy() if state else None
        self._s = state["s"].copy() if state else None
        self._steps = int(state["steps"]) if state else 0


def _share(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise BadInput(f"{name} must be in [0, 1), not {value}")
    return value


def _expect(state: Arrays, names: set[str]) -> None:
    if state and set(state) != names:
        wanted = ", ".join(sorted(names)) or "nothing"
        raise BadInput(f"optimiser state must hold {wanted}, not {', '.join(sorted(state))}")
