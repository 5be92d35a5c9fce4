"""The validated description of an operator chip: several spiking perceptrons and a product unit.

Everything that a part has in common with a perceptron's chip is as `model.description` says; a part
is a core of its own but for the loss and the learner, which all parts share. Layers are counted
through the parts in their order, in each part from the input on.
"""

from enum import IntEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dualspike.model.code import Protection
from dualspike.model.description import Description
from dualspike.model.formats import Format
from dualspike.model.hardware import Hardware
from dualspike.model.keywords import check_name
from dualspike.model.learning import Learning, LearningRule, Updates, steps_of
from dualspike.model.network import Network, Section, Width, within
from dualspike.model.operator import Operator
from dualspike.model.widths import FormatField, Formats

Rows = Annotated[int, within(1, 65536)]
MOST_LAYERS, MOST_LANES = 32, 64
"""What the register map has room for."""


class ProductFlag(IntEnum):
    """Further bits of FLAGS, above those of `model.registers.Flag`: what the product unit clipped.

    FACTOR: an output of a part, or a product of several. ERROR: an error, also once weighted.
    COTANGENT: a mean error of a part's output.
    """

    FACTOR = 4
    ERROR = 5
    COTANGENT = 6


class OperatorLearning(LearningRule):
    """As `model.learning.LearningRule`, with a batch for every axis of the grid.

    ``batch``: how many functions, then how many points (or positions, times, ...) make up a batch;
    y has a value for every combination, and errors are meant over all of them (every axis: divided
    by the next power of two). ``floor`` weighs function f with m / (m_f + floor m), m_f being the
    mean square of its target and m their mean over the batch; left out, all weigh 1.
    """

    rule: Literal["rfg"] = "rfg"
    batch: list[Rows]
    updates: Updates = 20000
    floor: Annotated[float, within(2**-10, 2**10)] | None = None


class OperatorFormats(Formats):
    """The formats of the parts, and those of the product unit; every one 2 to 24 bits wide."""

    factor: FormatField = Format.parse("s2.15")
    error: FormatField = Format.parse("s1.16")
    cotangent: FormatField = Format.parse("s0.20")
    scale: FormatField = Format.parse("s4.8")


class OperatorData(Section):
    """Training data: ``poisson``, ``reaction-diffusion``, or an ``.npz`` of functions.

    ``length``: of the built-in problems' random field; their sensors are the branch's inputs.
    """

    source: str = "poisson"
    length: Annotated[float, within(1e-3, 1e3)] = 1.0

    @property
    def path(self) -> Path | None:
        """The file, or None for a built-in source."""
        return None if self.source in ("poisson", "reaction-diffusion") else Path(self.source)


class OperatorHardware(Section):
    """Folding: layer l of all parts in a row computes ``pe[l]`` neurons by ``simd[l]`` inputs.

    Both as in `model.hardware`. ``terms`` of the basis of a point are multiplied in a clock; left
    out, as few as let the product unit take a function's points while the branch takes a function,
    or the whole basis where that is not enough. ``protection`` is that of all weight memories.
    """

    pe: list[Width] | None = None
    simd: list[Width] | None = None
    terms: Width | None = None
    protection: Protection = "none"


class Part(Description):
    """A part as a core without a loss and a learner: those are the chip's."""

    @property
    def has_learner(self) -> bool:
        """Never."""
        return False


class OperatorDescription(Section):
    """One operator chip and its training. ``name`` becomes the name of the top module."""

    name: str = Field("dualspike_operator", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    operator: Operator
    learning: OperatorLearning
    formats: OperatorFormats = OperatorFormats()
    hardware: OperatorHardware = OperatorHardware()
    data: OperatorData = OperatorData()

    @property
    def parts(self) -> list[Network]:
        """Branch, then trunks."""
        return self.operator.parts

    @property
    def basis(self) -> int:
        """Outputs p of every part."""
        return self.parts[0].layers[-1]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(n_in, n_out) of every weight layer, part after part."""
        return [shape for part in self.parts for shape in part.shapes]

    @property
    def n_layers(self) -> int:
        """Weight layers of all parts."""
        return len(self.shapes)

    def layers_of(self, part: int) -> range:
        """The numbers of a part's layers."""
        before = sum(len(network.shapes) for network in self.parts[:part])
        return range(before, before + len(self.parts[part].shapes))

    @property
    def lanes(self) -> int:
        """Tangent lanes of the chip."""
        return len(self.masks)

    @property
    def masks(self) -> list[int]:
        """For each lane the layers it perturbs and updates, layer l in bit l."""
        return self.learning.lane_masks(self.n_layers)

    def lanes_of(self, part: int) -> list[int]:
        """The lanes that perturb something in a part; it carries no others, which would be 0."""
        bits = sum(1 << layer for layer in self.layers_of(part))
        return [lane for lane, mask in enumerate(self.masks) if mask & bits]

    @property
    def mean_shifts(self) -> list[int]:
        """For every axis of the grid ceil(log2(batch)): a mean over it shifts by so much."""
        return [(rows - 1).bit_length() for rows in self.learning.batch]

    @property
    def layer_shift(self) -> list[int]:
        """Extra rate shift of every layer."""
        shifts = self.learning.layer_shift
        return [0] * self.n_layers if shifts is None else shifts

    @property
    def step_format(self) -> Format:
        """Format of steps: the weights', with momentum the finer one of their velocities."""
        return steps_of(self.formats.weight, self.learning.momentum)

    @property
    def step_shift(self) -> list[int]:
        """Right shift from a jvp accumulator to a step in its units, at the start, by layer.

        The accumulator has cotangent + tangent fraction bits and is a sum over the largest axis.
        """
        f = self.formats
        base = f.cotangent.fraction + f.tangent.fraction - self.step_format.fraction
        base += self.learning.rate + max(self.mean_shifts)
        return [base + shift for shift in self.layer_shift]

    def stage(self, update: int) -> int:
        """Number of rate halvings in force at ``update`` (counted from 0)."""
        return self.learning.stage(update)

    def part(self, part: int) -> Part:
        """One part as a core of its own, with the lanes that it carries, in their order.

        Raises pydantic's ValidationError where no core of this kind can be built.
        """
        learning, layers = self.learning, self.layers_of(part)
        pe, simd = (
            None if given is None else given[layers.start : layers.stop]
            for given in (self.hardware.pe, self.hardware.simd)
        )
        shared = {name: getattr(self.formats, name) for name in Formats.model_fields}
        return Part(
            name=f"part_{part}",
            network=self.parts[part],
            learning=Learning(
                structure=learning.structure,
                masks=[
                    [n for n in range(len(layers)) if mask >> layers.start >> n & 1]
                    for mask in (self.masks[lane] for lane in self.lanes_of(part))
                ],
                momentum=learning.momentum,
                batch=learning.batch[part],
            ),
            formats=Formats(**shared),
            hardware=Hardware(pe=pe, simd=simd, protection=self.hardware.protection),
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_name(self.name)
        if self.operator.kind == "mlp":
            raise ValueError(
                "operator.kind must be deeponet or seponet, not mlp: describe it as [network]"
            )
        if self.n_layers > MOST_LAYERS:
            raise ValueError(
                f"operator.parts must have at most {MOST_LAYERS} layers, not {self.n_layers}"
            )
        batch = self.learning.batch
        if len(batch) != len(self.parts):
            raise ValueError(
                f"learning.batch must have {len(self.parts)} entries, not {len(batch)}"
            )
        for name, folds in (("pe", self.hardware.pe), ("simd", self.hardware.simd)):
            if folds is not None and len(folds) != self.n_layers:
                raise ValueError(
                    f"hardware.{name} must have {self.n_layers} entries, not {len(folds)}"
                )
        if self.hardware.terms is not None and self.hardware.terms > self.basis:
            raise ValueError(
                f"hardware.terms must be in [1, {self.basis}], not {self.hardware.terms}"
            )
        for n, network in enumerate(self.parts):
            if network.coding != "direct":
                raise ValueError(
                    f"operator.parts[{n}].coding must be direct in an operator chip, not"
                    f" {network.coding}"
                )
            if network.surrogate.kind == "stein":
                raise ValueError(
                    f"operator.parts[{n}].surrogate.kind must not be stein in an operator chip"
                )
        self._check_learning()
        return self

    def _check_learning(self) -> None:
        learning = self.learning
        learning.check_layers(self.n_layers, self.step_shift)
        name = "directions" if learning.masks is None else "masks"
        if self.lanes > MOST_LANES:
            raise ValueError(
                f"learning.{name} must leave at most {MOST_LANES} lanes, not {self.lanes}"
            )
        for part in range(len(self.parts)):
            if not self.lanes_of(part):
                name = "frozen" if learning.masks is None else "masks"
                raise ValueError(
                    f"learning.{name} must leave every part a layer to learn, not operator.parts"
                    f"[{part}] none"
                )
