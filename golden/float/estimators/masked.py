"""Randomized forward gradients whose directions each move along layers of their own."""

from dataclasses import dataclass

import numpy as np

from dualspike.golden.float.estimators.forward_gradient import ForwardGradient
from dualspike.golden.float.model import Key, Model
from dualspike.golden.numeric import Floats


@dataclass(frozen=True)
class MaskedGradient(ForwardGradient):
    """g = mean over k of <dL/dtheta, v_k> v_k, with v_k 0 outside the layers of ``masks[k]``.

    Layer l of the model is bit l of a mask; there is a mask for each direction. Masks of one layer
    each are RFG-L, full masks RFG-G; any mix estimates K times a layer's gradient by as many
    directions as have the layer.
    """

    masks: tuple[int, ...] = ()

    def draw(self, model: Model, key: Key) -> Floats:
        """See ForwardGradient.draw."""
        v = super().draw(model, key)
        for layer, slot in enumerate(model.layout.layers):
            off = [not mask >> layer & 1 for mask in self.masks]
            v[np.array(off), slot.slice] = 0
        return v
