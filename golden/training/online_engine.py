"""The float model of the online learner as a training engine, and which float engine a chip has."""

from collections.abc import Sequence

import numpy as np

from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.online.model import OnlineModel
from dualspike.golden.numeric import Doubles
from dualspike.golden.training.fixed_engine import chunks
from dualspike.golden.training.train import FloatEngine
from dualspike.model.description.description import Description


class OnlineFloatEngine:
    """See `golden.float.online.model`; starts as `FloatEngine` does."""

    def __init__(self, description: Description, initial: Parameters | None = None) -> None:
        self._d = description
        self._model = OnlineModel(description, initial)

    def update(self, inputs: Sequence[Doubles], target: Doubles, update: int) -> float:
        """Learn once; see Engine.update. The loss is the mean over all errors."""
        squares = self._model.update(inputs[0], target, self._d.stage(update))
        return squares / (2 * self._d.parts[0].errors * len(target))

    def predict(self, inputs: Sequence[Doubles]) -> Doubles:
        """Outputs; see Engine.predict."""
        return np.concatenate([self._model.infer(x) for (x,) in chunks(self._d, inputs)])

    def load(self, parameters: Parameters) -> None:
        """Begin with these parameters; see Engine.load."""
        self._model = OnlineModel(self._d, parameters)

    def weights(self) -> Parameters:
        """Weights and biases now; see Engine.weights."""
        return Parameters(tuple(self._model.weights), tuple(self._model.biases)).copy()


def float_engine(
    description: Description, initial: Parameters | None = None
) -> FloatEngine | OnlineFloatEngine:
    """The float engine of a chip, whichever way it learns.

    An operator chip that learns online sees a batch with the weights it began with, as others do.
    """
    online = description.online and description.kind == "mlp"
    return (OnlineFloatEngine if online else FloatEngine)(description, initial)
