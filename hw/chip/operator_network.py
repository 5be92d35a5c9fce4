"""An operator network: parts side by side, and the product unit that puts them together."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import connect, flipped

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.part import PartCore
from dualspike.hw.head.head import Clips, HeadSignals, Outputs
from dualspike.hw.head.product.product import ProductUnit
from dualspike.hw.layer.dense import Dense
from dualspike.hw.layer.online.dense import ChangingDense
from dualspike.hw.learn.inference import Inference
from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.hw.learn.sequencer import Sequencer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.description.description import Description
from dualspike.model.description.head import ProductFlag
from dualspike.model.interface.register import Command, Flag
from dualspike.model.sizes.head import product_sizes

AnySequencer = Sequencer | OnlineSequencer | Inference


class OperatorNetwork:
    """What a chip of several parts has besides the learner; see `hw.chip.core.Core`.

    ``members``: ``inputs_n``, the rows of part n as chunks of stored inputs; ``targets``, with
    learning, one stored target for each point of the grid, the last axis innermost; ``scales``,
    with learning and a ``floor``, one stored weight for each function; ``results``, without
    learning, one output for each point.

    A batch takes all rows of the trunks (they may come side by side) and then function after
    function. Without learning the trunks' rows are taken once, then any number of functions.
    """

    def __init__(self, description: Description, *, probes: bool = False) -> None:
        self._d, self._g = description, product_sizes(description)
        parts = range(len(description.parts))
        self.parts = [self._part(n, probes=probes) for n in parts]
        self._product = ProductUnit(description, self._g)
        self.members = {
            f"inputs_{n}": part.signature.members["inputs"] for n, part in enumerate(self.parts)
        }
        for name in ("targets", "scales", "results"):
            if name in self._product.signature.members:
                self.members[name] = self._product.signature.members[name]

    def _part(self, number: int, *, probes: bool) -> PartCore:
        return PartCore(self._d, number, probes=probes)

    @property
    def dense(self) -> Sequence[Dense | ChangingDense]:
        """The weight layers of all parts."""
        return [dense for part in self.parts for dense in part.dense]

    def port(self, kind: str, layer: int) -> wiring.PureInterface:
        """A layer's `LearnerPort` (kind learner), or the host's way to one of its memories."""
        part = next(n for n in range(len(self.parts)) if layer in self._d.layers_of(n))
        return getattr(self.parts[part], f"{kind}_{layer - self._d.layers_of(part).start}")

    def wire(self, m: Module, chip: wiring.Component, registers: RegisterBus) -> None:
        """Probes of all parts."""
        for part in self.parts:
            for probe in part.probes:
                connect(m, getattr(part, probe.name), flipped(getattr(chip, probe.name)))

    def infer(self, m: Module, chip: wiring.Component, sequencer: Inference) -> Outputs:
        """Parts and product unit, and the course of functions through them."""
        self._connect(m, chip)
        m.d.comb += sequencer.left.eq(self._product.counted)
        ended = (sequencer.mode == Command.STOP) & ~chip.busy
        opened = sequencer.open & self._product.full
        settled = self._admit(m, sequencer, sequencer.open, opened, ended)
        return Outputs(self._clips(), settled)

    def learn(self, m: Module, chip: wiring.Component, sequencer: Sequencer) -> HeadSignals:
        """The same, and the course of a batch."""
        settled = self._enter(m, chip, sequencer, sequencer.prime)
        self._leave(m, sequencer)
        return HeadSignals(self._clips(), settled, self._product.loss, self._slopes(m))

    def _enter(
        self,
        m: Module,
        chip: wiring.Component,
        sequencer: Sequencer | OnlineSequencer,
        prime: Value,
    ) -> Signal:
        """Parts and product unit, and the way of a batch into them, which begins with ``prime``.

        See `_admit`.
        """
        product = self._product
        self._connect(m, chip)
        for n, part in enumerate(self.parts):
            connect(m, getattr(product, f"means_{n}"), part.means)
            m.d.comb += [part.learn.eq(sequencer.learn), part.clear.eq(prime)]
        m.d.comb += [product.learn.eq(sequencer.learn), product.clear.eq(prime)]
        running = Signal()
        with m.If(prime):
            m.d.sync += running.eq(1)
        with m.Elif(~sequencer.learn):
            m.d.sync += running.eq(0)
        grid = running | (sequencer.mode == Command.INFER)
        opened = sequencer.open & (sequencer.learn | product.full)
        ended = prime | ((sequencer.mode == Command.STOP) & ~chip.busy)
        return self._admit(m, sequencer, grid, opened, ended)

    def _connect(self, m: Module, chip: wiring.Component) -> None:
        """The streams from outside to outside."""
        product = self._product
        m.submodules.product = product
        for name in ("targets", "scales"):
            if name in self.members:
                connect(m, flipped(getattr(chip, name)), getattr(product, name))
        connect(m, product.results, flipped(chip.results))
        for n, part in enumerate(self.parts):
            m.submodules[f"part_{n}"] = part
            connect(m, flipped(getattr(chip, f"inputs_{n}")), part.inputs)
            connect(m, part.factors, getattr(product, f"factors_{n}"))

    def _admit(
        self, m: Module, sequencer: AnySequencer, grid: Value, opened: Value, ended: Value
    ) -> Signal:
        """Let rows in: of the trunks while there is a ``grid``, of the branch while ``opened``.

        Returns whether all trunk rows that are inside have reached the grid. Where it has ``ended``
        they are taken away: at the start of a batch, and when inference has ended.
        """
        branch, *trunks = self.parts
        empty = Signal()
        settled = Signal()
        there = []
        for n, part in enumerate(trunks, 1):
            rows = self._d.batch[n]
            entered = Signal(counter_shape(rows), name=f"entered_{n}")
            with m.If(empty):
                m.d.sync += entered.eq(0)
            with m.Elif(part.entered):
                m.d.sync += entered.eq(entered + 1)
            m.d.comb += part.opened.eq(grid & (entered != rows))
            there.append(entered == getattr(self._product, f"stored_{n}"))
        m.d.comb += [
            branch.opened.eq(opened),
            sequencer.entered.eq(branch.entered),
            settled.eq(Cat(there).all()),
            empty.eq(ended),
            self._product.empty.eq(empty),
        ]
        return settled

    def _leave(self, m: Module, sequencer: Sequencer) -> None:
        """A function has left: its results have, or its slopes are done; the trunks' after all."""
        branch, *trunks = self.parts
        last_function = self._flush(m)
        done = Signal(len(trunks))
        after = Signal(len(trunks))
        m.d.comb += [
            after.eq(done | Cat(part.finished for part in trunks)),
            sequencer.left.eq(
                Mux(
                    sequencer.learn,
                    (branch.finished & ~last_function) | after.all(),
                    self._product.counted,
                )
            ),
        ]
        m.d.sync += done.eq(Mux(after.all(), 0, after))

    def _flush(self, m: Module) -> Value:
        """Whether E_0 of the last function has left, when E of the trunks may."""
        functions, finished = self._d.batch[0], self.parts[0].finished
        function = Signal(counter_shape(functions - 1))
        last_function = finished & (function == functions - 1)
        m.d.comb += self._product.flush.eq(last_function)
        with m.If(finished):
            count_on(m, function, functions - 1, last_function)
        return last_function

    def _slopes(self, m: Module) -> data.View:
        """For every lane the sum over the parts that carry it."""
        d = self._d
        slopes = [[] for _ in range(d.lanes)]
        for n, part in enumerate(self.parts):
            for place, lane in enumerate(d.lanes_of(n)):
                slopes[lane].append(part.jvp[place].shift_left(self._g.jvp_align[n]))
        jvp = Signal(ArrayLayout(signed(self._g.jvp_bits), d.lanes))
        m.d.comb += [jvp[k].eq(sum(some)) for k, some in enumerate(slopes)]
        return jvp

    def _clips(self) -> Clips:
        inner, product = [part.overflow for part in self.parts], self._product.overflow
        clips: Clips = {
            Flag.MEMBRANE: Cat(pulse[0] for pulse in inner).any() | product[0],
            Flag.FLOOR: Cat(part.floor for part in self.parts).any(),
            ProductFlag.FACTOR: Cat(pulse[2] for pulse in inner).any() | product[1],
        }
        if self._d.learns:
            clips |= {
                Flag.TANGENT: Cat(pulse[1] for pulse in inner).any(),
                ProductFlag.ERROR: product[2],
                ProductFlag.COTANGENT: product[3],
            }
        return dict(sorted(clips.items()))
