"""Back-propagation hands on what the model finds, with the key."""

import numpy as np

from dualspike.golden.float.estimators.backpropagation import Backpropagation
from dualspike.golden.float.model import Model
from dualspike.model.description.network import Network, Surrogate
from dualspike.model.description.operator import Operator


def test_it_is_the_model_s_gradient() -> None:
    surrogate = Surrogate(kind="stein", samples=4, draws="fresh")
    model = Model(Operator(parts=[Network(layers=[2, 5, 1], surrogate=surrogate)]))
    rng = np.random.default_rng(1)
    given = (3 * model.start(1), (rng.uniform(-1, 1, (6, 2)),), rng.uniform(-1, 1, (6, 1)))
    loss, g = Backpropagation().gradient(model, *given, (1, 2))
    expected_loss, expected = model.gradient(*given, (1, 2))
    assert loss == expected_loss
    assert (g == expected).all()
    assert (g != Backpropagation().gradient(model, *given, (1, 3))[1]).any()
