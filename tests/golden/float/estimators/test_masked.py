"""Directions with masks: where they are 0, and what they estimate together."""

import numpy as np

from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.estimators.masked import MaskedGradient
from dualspike.golden.float.model import Model
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator

MODEL = Model(Operator(parts=[Network(layers=[2, 4, 3, 2], time_steps=9, threshold=0.7)]))
KEY = (1, 2)
MASKS = (0b001, 0b110, 0b010, 0b111)
RNG = np.random.default_rng(1)
CASE = 2.5 * MODEL.start(1), (RNG.uniform(-1, 1, (5, 2)),), RNG.uniform(-1, 1, (5, 2))


def test_directions_are_those_without_masks_and_0_outside() -> None:
    full = ForwardGradient("global", 4).draw(MODEL, KEY)
    masked = MaskedGradient("global", 4, masks=MASKS).draw(MODEL, KEY)
    for k, mask in enumerate(MASKS):
        for layer, slot in enumerate(MODEL.layout.layers):
            on = mask >> layer & 1
            np.testing.assert_array_equal(masked[k, slot.slice], on * full[k, slot.slice])


def test_masks_of_one_layer_are_the_scope_layer() -> None:
    """Three lanes of one layer each, all with the same direction, are RFG-L along it."""
    loss, expected = ForwardGradient("layer", 1).gradient(MODEL, *CASE, KEY)
    v = ForwardGradient("layer", 1).draw(MODEL, KEY)
    one = np.zeros((3, MODEL.layout.size))
    for layer, slot in enumerate(MODEL.layout.layers):
        one[layer, slot.slice] = v[0, slot.slice]
    estimator = MaskedGradient("global", 3, masks=(1, 2, 4))
    same, slopes = estimator.slopes(MODEL, *CASE, one, KEY)
    assert same == loss
    np.testing.assert_allclose(3 * estimator.combine(MODEL, one, slopes), expected, rtol=1e-12)
