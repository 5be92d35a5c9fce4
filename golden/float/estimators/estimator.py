"""What every rule to find a gradient has in common."""

from typing import Protocol

from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.numeric import Floats


class Estimator(Protocol):
    """A rule that finds or estimates dL/dtheta; a further rule is a further file here."""

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """(L, g [N]) of one batch. All that is random comes from ``key``, (seed, update)."""
        ...
