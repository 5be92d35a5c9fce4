"""The integer model of a whole operator chip: parts, product unit, accumulators and learner."""

from collections.abc import Sequence

import numpy as np

from dualspike.golden.chip import Record
from dualspike.golden.integer import Forward, IntegerNetwork, Matrix
from dualspike.golden.integer_product import Product
from dualspike.golden.integer_shallow import ShallowNetwork
from dualspike.golden.learner import Learner, Perturbed
from dualspike.golden.operator_signs import OperatorSigns
from dualspike.golden.perturbation import Perturbation
from dualspike.golden.rounding import Ints, product
from dualspike.model.geometry import geometry
from dualspike.model.lfsr import seed_state
from dualspike.model.operator_chip import OperatorDescription
from dualspike.model.operator_geometry import product_geometry


class OperatorChip:
    """State of one chip: stored weights and biases, the drawer's state, sticky flags.

    ``weights[l]`` [n_out, n_in] and ``biases[l]`` [n_out] are integers in the weight format, for
    the layers of all parts in a row. ``compiled`` False runs every part through `golden.integer`,
    which gives the same bits more slowly.
    """

    def __init__(
        self,
        description: OperatorDescription,
        weights: Sequence[Matrix],
        biases: Sequence[Matrix],
        lfsr: int | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        self.d = description
        self.g = product_geometry(description)
        self.weights = [np.array(w, np.int64) for w in weights]
        self.biases = [np.array(b, np.int64) for b in biases]
        state = seed_state(description.learning.seed) if lfsr is None else lfsr
        self.signs = OperatorSigns(description, state)
        self.learner = Learner(description)
        self.flags = 0
        parts = range(len(description.parts))
        self._carried = [description.lanes_of(part) for part in parts]
        self._layers = [description.layers_of(part) for part in parts]
        masks = description.masks
        self._on = [
            [n for n, lane in enumerate(carried) if masks[lane] >> layer & 1]
            for carried, layers in zip(self._carried, self._layers, strict=True)
            for layer in layers
        ]
        self._lanes = description.lanes
        cores = [description.part(part) for part in parts]
        self._parts = [
            (ShallowNetwork if compiled and core.n_layers == 2 else IntegerNetwork)(
                core, geometry(core)
            )
            for core in cores
        ]

    @property
    def velocities(self) -> list[Matrix]:
        """Those of weights and biases in turn, in the step format; none without momentum."""
        return self.learner.velocities

    def infer(self, inputs: Sequence[Ints]) -> Matrix:
        """Outputs [B_0, B_1, ...] in the membrane format, for stored inputs [B_n, n_in]."""
        passes = self.forward(inputs, None)
        result = Product(self.d, self.g, [one.y for one in passes])
        self.flags |= result.flags
        for one in passes:
            self.flags |= one.flags
        return result.y

    def forward(
        self, inputs: Sequence[Ints], perturbations: list[Perturbation] | None
    ) -> list[Forward]:
        """Outputs and tangents of every part."""
        passes: list[Forward] = []
        for part, (network, x) in enumerate(zip(self._parts, inputs, strict=True)):
            layers = self._layers[part]
            mine = slice(layers.start, layers.stop)
            signs = perturbations[part] if perturbations else None
            passes.append(network.forward(self.weights[mine], self.biases[mine], x, signs))
        return passes

    def update(
        self, inputs: Sequence[Ints], target: Ints, scale: Ints | None = None, stage: int = 0
    ) -> Record:
        """Learn from one batch of stored inputs [B_n, n_in] and a target [B_0, B_1, ...].

        ``scale`` [B_0]: stored weights of the functions, None where all are 1. For every lane
        jvp_k = sum over the parts that carry it of <E_n, dA_nk> 2^jvp_align_n; weights move as in
        `golden.learner.Learner.learn`.
        """
        perturbations = self.signs.draw()
        passes = self.forward(inputs, perturbations)
        result = Product(self.d, self.g, [one.y for one in passes])
        errors = result.errors(target, scale)
        jvp = [0] * self._lanes
        for part, (one, error, align) in enumerate(
            zip(passes, errors.parts, self.g.jvp_align, strict=True)
        ):
            for lane, slope in zip(self._carried[part], _inner(one.dy, error), strict=True):
                jvp[lane] += slope << align
            self.flags |= one.flags
        self.flags |= result.flags
        words: list[int] = []
        if self.d.learning.rounding == "stochastic":
            words = self.signs.words(self._lanes * self.d.n_layers)
        moving = self._moving(perturbations)
        self.flags |= self.learner.learn(self.weights, self.biases, moving, jvp, stage, words)
        return Record(errors.loss, tuple(jvp), self.signs.state, self.flags)

    def _moving(self, perturbations: list[Perturbation]) -> list[Perturbed]:
        """For every layer the lanes that perturb it, and their signs."""
        moving: list[Perturbed] = []
        for part, signs in enumerate(perturbations):
            carried = self._carried[part]
            for depth, layer in enumerate(self._layers[part]):
                on = self._on[layer]
                lanes = [carried[n] for n in on]
                moving.append((lanes, signs.weights[depth][on], signs.biases[depth][on]))
        return moving


def _inner(tangents: Matrix, error: Matrix) -> list[int]:
    """<dy_k, E> of every lane, exact."""
    return product(tangents.reshape(len(tangents), -1), error.reshape(1, -1))[:, 0].tolist()
