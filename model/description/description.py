"""The validated description of one chip: what a TOML file says, and nothing else.

A chip is parts, a head and a learner. A perceptron (``[network]``) is one part with a squared
error; an operator network (``[operator]``) is several, with a product of their outputs. Layers are
counted through the parts in their order, in each part from the input on.
"""

from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.checks import check_frames, check_learning, check_operator
from dualspike.model.description.data import Data
from dualspike.model.description.format import Format
from dualspike.model.description.formats import Formats
from dualspike.model.description.hardware import Hardware
from dualspike.model.description.head import CLASS_BITS, Head, Product, SquaredError, StepError
from dualspike.model.description.kinds import check_keys, plain, unified
from dualspike.model.description.learning import Learning
from dualspike.model.description.loaded import Loaded
from dualspike.model.description.network import Network
from dualspike.model.description.operator import Operator
from dualspike.model.description.part import Part, change_fractions, change_shifts
from dualspike.model.interface.keywords import check_name
from dualspike.model.sizes.depth import Depth, depth_at


class Description(Loaded):
    """One chip and its training. ``name`` becomes the name of the top module."""

    name: str = Field("dualspike_core", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    operator: Operator
    learning: Learning = Learning()
    formats: Formats = Formats()
    hardware: Hardware = Hardware()
    data: Data = Data()

    @property
    def kind(self) -> Literal["mlp", "deeponet", "seponet"]:
        """A perceptron, or what operator network."""
        return self.operator.kind

    @property
    def networks(self) -> list[Network]:
        """The perceptron; or branch, then trunks."""
        return self.operator.parts

    @property
    def network(self) -> Network:
        """The perceptron; of an operator network the branch."""
        return self.networks[0]

    @property
    def batch(self) -> list[int]:
        """Rows of a batch, part by part."""
        batch = self.learning.batch
        return batch if isinstance(batch, list) else [batch]

    @property
    def basis(self) -> int:
        """Outputs of every part."""
        return self.network.layers[-1]

    @cached_property
    def parts(self) -> list[Part]:
        """What the chip is put together from, with the lanes that each part carries."""
        return [self._part(n) for n in range(len(self.networks))]

    @cached_property
    def head(self) -> Head:
        """What makes a loss and slopes of the outputs of the parts."""
        if self.online and self.kind == "mlp":
            return StepError(self.formats, self.batch[0], self.parts[0].errors, self.classes)
        if self.kind == "mlp":
            return SquaredError(self.formats, self.batch[0], self.global_weight)
        return Product(
            self.formats,
            tuple(self.batch),
            self.basis,
            self.floor,
            self.hardware.terms,
        )

    @property
    def n_layers(self) -> int:
        """Weight layers of all parts: hidden ones, readouts, and local readouts where there are."""
        return len(self.shapes)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(n_in, n_out) of every weight layer, part after part; local readouts last."""
        shapes = [shape for network in self.networks for shape in network.shapes]
        if self.local:
            *hidden, n_out = self.network.layers[1:]
            shapes += [(width, n_out) for width in hidden]
        return shapes

    def layers_of(self, part: int) -> range:
        """The numbers of a part's layers."""
        before = sum(len(network.shapes) for network in self.networks[:part])
        own = self.n_layers if self.local else len(self.networks[part].shapes)
        return range(before, before + own)

    @property
    def local(self) -> bool:
        """Whether every hidden layer has a loss of its own."""
        return self.learns and self.learning.local

    @property
    def global_weight(self) -> int:
        """What the network's loss counts in units of a local one: N, the number of hidden layers.

        1 where there are no local losses.
        """
        return len(self.network.layers) - 2 if self.local else 1

    @property
    def learns(self) -> bool:
        """Whether the chip learns; one that does not has nothing that belongs to learning."""
        return self.learning.rule != "none"

    @property
    def floor(self) -> float | None:
        """That of the weights of functions, None where all weigh 1 or nothing is learned."""
        return self.learning.floor if self.learns else None

    @property
    def online(self) -> bool:
        """Whether the chip learns sample by sample, in the pass that reads the weights."""
        return self.learning.online

    @property
    def classes(self) -> bool:
        """Whether a target is the number of a class, and not a value for every output."""
        return self.online and self.learning.loss == "margin"

    @property
    def target_format(self) -> Format:
        """Format of the numbers of a target."""
        if not self.classes:
            return self.formats.target
        bits = next(bits for bits in CLASS_BITS if self.basis <= 1 << bits - 1)
        return Format(signed=True, integer=bits - 1, fraction=0)

    @property
    def target_width(self) -> int:
        """Numbers of the target of a sample, or of a point of an operator network."""
        return self.basis if self.kind == "mlp" and not self.classes else 1

    @property
    def depth(self) -> Depth:
        """How deep the pipelines of the chip are."""
        return depth_at(self.hardware.clock, self.hardware.device)

    @property
    def lanes(self) -> int:
        """Lanes for which signs are drawn: those that are used, or all on the chip if more."""
        return max(self.hardware.lanes or 0, self.lanes_used)

    @property
    def lanes_built(self) -> int:
        """Tangent lanes on the chip."""
        return self.hardware.lanes or self.lanes_used

    @property
    def passes(self) -> int:
        """How often the chip takes a batch until all lanes have had their turn."""
        return max(1, ceil_div(self.lanes, max(1, self.lanes_built)))

    @property
    def lanes_used(self) -> int:
        """Lanes that the learning rule perturbs; any others stay masked."""
        return len(self._used_masks)

    @property
    def masks(self) -> list[int]:
        """For each lane the layers it perturbs and updates, layer l in bit l."""
        used = self._used_masks
        return used + [0] * (self.lanes - len(used))

    @cached_property
    def _used_masks(self) -> list[int]:
        lanes = self.learns and not self.online
        return self.learning.lane_masks(self.n_layers) if lanes else []

    def lanes_of(self, part: int) -> list[int]:
        """The lanes that a part carries: those of several that perturb something in it.

        Others would be 0 in all of it. A perceptron carries all lanes.
        """
        if self.kind == "mlp":
            return list(range(self.lanes))
        bits = sum(1 << layer for layer in self.layers_of(part))
        return [lane for lane, mask in enumerate(self.masks) if mask & bits]

    @property
    def layer_shift(self) -> list[int]:
        """Extra rate shift of every layer."""
        shifts = self.learning.layer_shift
        return [0] * self.n_layers if shifts is None else shifts

    @property
    def step_format(self) -> Format:
        """Format of steps: see `Part.step_format`."""
        return self.parts[0].step_format

    @property
    def step_shift(self) -> list[int]:
        """Right shift from a jvp accumulator to a step in its units, at the start, by layer.

        The mean over the batch, the rate and the step's last bit are folded in. With the online
        learner: from a signal times a trace to a change of a weight.
        """
        head, weight = self.head, self.step_format.fraction - self.learning.rate
        if self.online or isinstance(head, StepError):
            fractions = [one for part in self.parts for one in change_fractions(part)]
        else:
            fractions = [head.slope_fraction + head.mean_shift] * self.n_layers
        return [
            fraction - weight + shift
            for fraction, shift in zip(fractions, self.layer_shift, strict=False)
        ]

    @property
    def change_shifts(self) -> list[range]:
        """With the online learner: right shifts of changes in all stages, by layer."""
        return [one for part in self.parts for one in change_shifts(part)]

    def stage(self, update: int) -> int:
        """Number of rate halvings in force at ``update`` (counted from 0)."""
        return self.learning.stage(update)

    def _part(self, n: int) -> Part:
        layers, carried, learning = self.layers_of(n), self.lanes_of(n), self.learning
        inside = (1 << len(layers)) - 1
        own = slice(None) if self.kind == "mlp" else slice(layers.start, layers.stop)
        pe, simd = (
            None if given is None else tuple(given[own])
            for given in (self.hardware.pe, self.hardware.simd)
        )
        return Part(
            network=self.networks[n],
            formats=self.formats,
            masks=tuple(self.masks[lane] >> layers.start & inside for lane in carried),
            lanes=self.lanes_built if self.kind == "mlp" else len(carried),
            learning=learning.of_layers(own) if self.learns else Learning(seed=learning.seed),
            protection=self.hardware.protection,
            depth=self.depth,
            pe=pe,
            simd=simd,
            skip=self.hardware.skip,
            rows=self.batch[n] if self.online and self.kind != "mlp" else 0,
        )

    def model_copy(self, *, update: Any = None, deep: bool = False) -> Self:
        """As pydantic's, without what was derived from the old values."""
        twin = super().model_copy(update=update, deep=deep)
        for name in vars(twin).keys() - type(self).model_fields.keys():
            del vars(twin)[name]
        return twin

    @model_validator(mode="before")
    @classmethod
    def _unified(cls, tables: Any) -> Any:
        return unified(tables)

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        tables = plain(handler(self), mlp=self.kind == "mlp", online=self.online)
        for key in self.learning.unsaid:
            tables.get("learning", {}).pop(key, None)
        return tables

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_name(self.name)
        check_keys(self, mlp=self.kind == "mlp", online=self.online)
        if self.kind != "mlp":
            check_operator(self)
        else:
            self.learning.check_batch(1)
            check_frames(self)
        for n, part in enumerate(self.parts):
            try:
                part.check()
            except ValueError as error:
                raise ValueError(f"{self.where(n)}{error}") from error
        if self.learns:
            check_learning(self)
        if self.hardware.lanes and (self.online or not self.learns):
            rule, lanes = self.learning.rule, self.hardware.lanes
            raise ValueError(f"hardware.lanes must be 0 with learning.rule {rule!r}, not {lanes}")
        return self

    def where(self, part: int) -> str:
        """What begins a line about one of several parts."""
        return "" if self.kind == "mlp" else f"operator.parts[{part}]: "
