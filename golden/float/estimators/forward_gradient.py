"""Randomized forward gradients (RFG): directional derivatives along random directions.

For v with E[v v^T] = I, E[<dL/dtheta, v> v] = dL/dtheta, so one pass of forward mode gives an
unbiased estimate. Source: Wan, Zhang, Karniadakis, arXiv 2411.07057 (2024); several directions
are averaged.
"""

from dataclasses import dataclass

from dualspike.golden.float.estimators.directions import Distribution, Structure, draw
from dualspike.golden.float.hidden import Scope
from dualspike.golden.float.model import Inputs, Key, Model
from dualspike.golden.keys import Purpose, generator
from dualspike.golden.numeric import Floats
from dualspike.model.errors import BadInput, not_one_of


@dataclass(frozen=True)
class ForwardGradient:
    """g = mean over k of <dL/dtheta, v_k> v_k, for all parameters at once or layer by layer.

    ``scope`` global (RFG-G): one slope for each direction. layer (RFG-L): one slope for each
    direction and layer, <dL/dtheta_l, v_kl> v_kl, of less variance. ``directions`` K in
    [1, 2^16]. ``distribution``, ``structure``: see `estimators.directions`. The slopes of
    different directions can be found in different places: they need the key, and are all that
    has to be brought together.
    """

    scope: Scope = "layer"
    directions: int = 1
    distribution: Distribution = "rademacher"
    structure: Structure = "independent"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("scope", self.scope, ("layer", "global")),
            ("distribution", self.distribution, ("rademacher", "gaussian", "lfsr")),
            ("structure", self.structure, ("independent", "factored")),
        ):
            if value not in known:
                raise BadInput(not_one_of(name, known, value))
        if not 1 <= self.directions <= 2**16:
            raise BadInput(f"directions must be in [1, {2**16}], not {self.directions}")

    def draw(self, model: Model, key: Key) -> Floats:
        """All directions of a key, [K, N], drawn from ``default_rng([*key, DIRECTIONS])``."""
        rng = generator(key, Purpose.DIRECTIONS)
        v = draw(model.layout, self.directions, self.distribution, self.structure, rng)
        return v.astype(model.dtype, copy=False)

    def slopes(
        self,
        model: Model,
        theta: Floats,
        inputs: Inputs,
        target: Floats,
        v: Floats,
        key: Key,
    ) -> tuple[float, Floats]:
        """(L, slopes along v): [k, layers] or [k, 1] for any rows v [k, N] of the directions."""
        return model.slopes(theta, inputs, target, v, self.scope, key)

    def combine(self, model: Model, v: Floats, slopes: Floats) -> Floats:
        """g [N] from all directions [K, N] and their slopes."""
        if self.scope == "global":
            return slopes[:, 0] @ v / len(v)
        g = v[0] * 0
        for column, slot in enumerate(model.layout.layers):
            g[slot.slice] = slopes[:, column] @ v[:, slot.slice] / len(v)
        return g

    def gradient(
        self, model: Model, theta: Floats, inputs: Inputs, target: Floats, key: Key
    ) -> tuple[float, Floats]:
        """See Estimator.gradient."""
        v = self.draw(model, key)
        loss, slopes = self.slopes(model, theta, inputs, target, v, key)
        return loss, self.combine(model, v, slopes)
