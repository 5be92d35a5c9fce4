"""The integer model of a whole chip: parts, head, drawer and learner."""

from collections.abc import Sequence
from copy import copy
from typing import Self

from dualspike.golden.integer.head import Outcome
from dualspike.golden.integer.part import Forward, IntegerNetwork
from dualspike.golden.integer.perturbation import Perturbation
from dualspike.golden.integer.product import IntegerProduct
from dualspike.golden.integer.rfg.activity import skipped_clocks
from dualspike.golden.integer.rfg.deep import DeepNetwork
from dualspike.golden.integer.rfg.learner import Learner, Perturbed
from dualspike.golden.integer.rfg.shallow import ShallowNetwork
from dualspike.golden.integer.rfg.signs import SignDrawer
from dualspike.golden.integer.rounding import product
from dualspike.golden.integer.squared_error import IntegerSquaredError
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Ints, Matrix
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import seed_state
from dualspike.model.interface.record import Record
from dualspike.model.sizes.geometry import geometry


class Chip(IntegerChip):
    """A chip that learns by randomized forward gradients, or not at all.

    ``traces`` of every layer are kept where they are asked for; without them parts are computed by
    `golden.integer.rfg.shallow` or `golden.integer.rfg.deep` where these serve: the same bits.
    """

    def __init__(
        self,
        description: Description,
        weights: Sequence[Matrix],
        biases: Sequence[Matrix],
        lfsr: int | None = None,
        *,
        traces: bool = False,
    ) -> None:
        super().__init__(description, weights, biases)
        state = seed_state(description.learning.seed) if lfsr is None else lfsr
        self.signs = SignDrawer(description, state)
        self.learner = Learner(description)
        self._traces = traces
        parts = range(len(description.parts))
        self._carried = [description.lanes_of(part) for part in parts]
        self._layers = [description.layers_of(part) for part in parts]
        quick = () if traces else (ShallowNetwork, DeepNetwork)
        self._networks = [
            next((one for one in quick if one.serves(part)), IntegerNetwork)(part, geometry(part))
            for part in description.parts
        ]

    @property
    def lfsr(self) -> int:
        """The drawer's state."""
        return self.signs.state

    @lfsr.setter
    def lfsr(self, state: int) -> None:
        self.signs.state = state

    @property
    def further(self) -> list[Matrix]:
        """Velocities of weights and biases in turn, in the step format; none without momentum."""
        return self.learner.velocities

    def _keep(self, further: list[Matrix]) -> None:
        self.learner.velocities = further

    def copy(self) -> Self:
        """The chip as it is now, apart from this one."""
        twin = copy(self)
        twin.signs, twin.learner, twin.coder = (
            copy(self.signs),
            copy(self.learner),
            copy(self.coder),
        )
        twin.load(self.memories)
        return twin

    def traced(self) -> "Chip":
        """A copy that keeps traces."""
        twin = Chip(self.d, self.weights, self.biases, self.lfsr, traces=True)
        twin.load(self.memories)
        twin.coder, twin.flags = copy(self.coder), self.flags
        return twin

    def follow(
        self, inputs: Sequence[Ints], target: Ints | None = None, stage: int = 0
    ) -> list[Forward]:
        """See `IntegerChip.follow`."""
        twin = self.traced()
        return twin.forward(inputs, None if target is None else twin.perturb())

    def infer(self, inputs: Sequence[Ints]) -> Ints:
        """Outputs in the membrane format, for stored inputs [B_n, n_in] of every part.

        They are [B, n_out] of a perceptron, [B_0, B_1, ...] of an operator network.
        """
        passes = self.forward(inputs, None)
        outcome = self._outcome(passes)
        self._note(passes, outcome.flags)
        return outcome.y

    def perturb(self) -> list[Perturbation]:
        """Draw the signs of the next batch, by part."""
        return self.signs.draw()

    def forward(
        self, inputs: Sequence[Ints], perturbations: list[Perturbation] | None
    ) -> list[Forward]:
        """One batch through every part; without perturbations there are no tangents."""
        signs = perturbations or [None] * len(self._networks)
        passes: list[Forward] = []
        for part, (network, x, own) in enumerate(zip(self._networks, inputs, signs, strict=True)):
            layers = self._layers[part]
            mine = slice(layers.start, layers.stop)
            fed = self.coder.frames(x)
            passes.append(network.forward(self.weights[mine], self.biases[mine], fed, own))
        return passes

    def update(
        self, inputs: Sequence[Ints], target: Ints, stage: int = 0, scale: Ints | None = None
    ) -> Record:
        """Learn from one batch of stored inputs [B_n, n_in] and a target of the outputs' shape.

        ``scale`` [B_0]: stored weights of the functions of an operator network, None where all are
        1. The head makes a loss and errors E of the outputs; for every lane jvp_k is the sum of
        <E, dA_k> over the parts that carry it. Weights move as in
        `golden.integer.rfg.learner.Learner.learn`.
        """
        perturbations = self.perturb()
        passes = self.forward(inputs, perturbations)
        outcome = self._outcome(passes)
        errors = outcome.errors(target, scale)
        jvp = [0] * self.d.lanes
        for error in errors.of_outputs:
            lanes = self._carried[error.part]
            for lane, slope in zip(lanes, _inner(error.tangents, error.values), strict=True):
                jvp[lane] += slope * error.weight
        self._note(passes, outcome.flags)
        words: list[int] = []
        if self.d.learning.rounding == "stochastic":
            words = self.signs.words(self.d.lanes * self.d.n_layers)
        moving = self._moving(perturbations)
        self.flags |= self.learner.learn(self.weights, self.biases, moving, jvp, stage, words)
        return Record(errors.loss, tuple(jvp), self.lfsr, self.flags, self.skipped)

    def _outcome(self, passes: list[Forward]) -> Outcome:
        return (IntegerSquaredError if self.d.kind == "mlp" else IntegerProduct)(self.d, passes)

    def _note(self, passes: list[Forward], flags: int) -> None:
        """Raise the flags of a batch, count what its layers skipped."""
        self.flags |= flags
        skipped: list[int] = []
        for part, one in zip(self.d.parts, passes, strict=True):
            self.flags |= one.flags
            skipped += skipped_clocks(geometry(part), one)
        self.skipped = tuple(skipped)

    def _moving(self, perturbations: list[Perturbation]) -> list[Perturbed]:
        """For every layer the lanes that perturb it, and their signs."""
        moving: list[Perturbed] = []
        for part, signs in enumerate(perturbations):
            for depth in range(len(self._layers[part])):
                on = self.d.parts[part].lanes_on(depth)
                lanes = [self._carried[part][n] for n in on]
                moving.append((lanes, signs.weights[depth][on], signs.biases[depth][on]))
        return moving


def _inner(tangents: Matrix, error: Matrix) -> list[int]:
    """<dy_k, E> of every lane, exact."""
    flat = tangents.reshape(len(tangents), -1), error.reshape(1, -1)
    return product(*flat)[:, 0].tolist() if len(tangents) else []
