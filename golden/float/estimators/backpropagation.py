"""The gradient itself: reverse mode through time and layers."""

from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.numeric import Floats


class Backpropagation:
    """g = dL/dtheta of the surrogate network (BP; with local losses BP-LL)."""

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """See Estimator.gradient."""
        return model.gradient(theta, inputs, target, key)
