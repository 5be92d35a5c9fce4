"""The squared error of a perceptron, in integers: e = y - target, loss = sum e^2.

With N local readouts y_n the loss is N sum e^2 + sum over n of sum e_n^2, and so for the slopes.
"""

from dualspike.golden.integer.head import Errors, OutputError
from dualspike.golden.integer.part import Forward
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.sizes.geometry import geometry


class IntegerSquaredError:
    """One batch at the outputs of the only part; see `golden.integer.head.Outcome`."""

    def __init__(self, d: Description, passes: list[Forward]) -> None:
        self._d, self._pass = d, passes[0]
        self.flags = 0

    @property
    def y(self) -> Matrix:
        """Outputs [B, n_out]."""
        return self._pass.y

    def errors(self, target: Ints, scale: Ints | None = None) -> Errors:
        """Of the network's outputs and of those of local readouts, in the membrane's units."""
        formats, layers = self._d.formats, self._pass.layers
        wanted = target << (formats.membrane.fraction - formats.target.fraction)
        found = [OutputError(0, self.y - wanted, self._pass.dy, self._d.global_weight)]
        for layer in geometry(self._d.parts[0]).local:
            trace = layers[layer.index]
            found.append(OutputError(0, trace.z - wanted, trace.dz))
        loss = sum(one.weight * int((one.values * one.values).sum()) for one in found)
        return Errors(loss, found)
