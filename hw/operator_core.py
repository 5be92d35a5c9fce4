"""The whole operator chip: parts side by side, the product unit, a sequencer and a register bus."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.bus import BusSignature, RegisterBus
from dualspike.hw.counters import count_on, counter_shape
from dualspike.hw.drawer import Drawer
from dualspike.hw.layouts import ArrayLayout
from dualspike.hw.operator_part import Part
from dualspike.hw.operator_product import Product
from dualspike.hw.registers import (
    wire_drawer,
    wire_injection,
    wire_learning,
    wire_options,
    wire_status,
    wire_updates,
    wire_weights,
)
from dualspike.hw.sequencer import Course, Sequencer
from dualspike.model.geometry import most_inside
from dualspike.model.lfsr import seed_state
from dualspike.model.operator_chip import OperatorDescription, ProductFlag
from dualspike.model.operator_geometry import product_geometry
from dualspike.model.registers import Command, Flag, flags_of, register_map, upset_bits


class OperatorCore(wiring.Component):
    """An operator network that learns on its own, for any description.

    Members: ``inputs_n``, the rows of part n as chunks of stored inputs; ``targets``, with
    learning, one stored target for each point of the grid, the last axis innermost; ``scales``,
    with learning and a ``floor``, one stored weight for each function; ``results``, without
    learning, one output for each point; ``bus`` and ``busy`` as those of `hw.core.Core`.

    A batch takes all rows of the trunks (they may come side by side) and then function after
    function. Without learning the trunks' rows are taken once, then any number of functions.
    """

    def __init__(self, description: OperatorDescription, config: int = 0) -> None:
        self._d, self._config = description, config
        self._g = g = product_geometry(description)
        self._map = register_map(description)
        self._parts = [Part(description, g, n) for n in range(len(description.parts))]
        self._product = Product(description, g)
        members = {
            f"inputs_{n}": part.signature.members["inputs"] for n, part in enumerate(self._parts)
        }
        for name in ("targets", "scales", "results"):
            if name in self._product.signature.members:
                members[name] = self._product.signature.members[name]
        members["bus"] = In(BusSignature(counter_shape(len(self._map) - 1).width))
        members["busy"] = Out(1)
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        d, g, product, parts = self._d, self._g, self._product, self._parts
        course = Course(
            d.learning.structure,
            d.shapes,
            d.lanes,
            batch=d.learning.batch[0],
            outputs=1,
            inside=d.learning.batch[0] + most_inside(len(d.shapes)),
            jvp_bits=g.jvp_bits,
            weight_bits=d.step_format.bits,
            mantissa_bits=d.learning.mantissa_bits,
            stochastic=d.learning.rounding == "stochastic",
            schedule=d.learning.schedule == "chip",
            momentum=d.learning.momentum is not None,
        )
        m.submodules.drawer = drawer = Drawer(seed_state(d.learning.seed))
        m.submodules.sequencer = sequencer = Sequencer(course)
        m.submodules.registers = registers = RegisterBus(self._map)
        m.submodules.product = product
        connect(m, drawer.words, sequencer.words)
        connect(m, flipped(self.bus), registers.bus)
        for name in ("targets", "scales"):
            if hasattr(self, name):
                connect(m, flipped(getattr(self, name)), getattr(product, name))
        connect(m, product.results, flipped(self.results))
        for n, part in enumerate(parts):
            m.submodules[f"part_{n}"] = part
            connect(m, flipped(getattr(self, f"inputs_{n}")), part.inputs)
            connect(m, part.factors, getattr(product, f"factors_{n}"))
            connect(m, getattr(product, f"means_{n}"), part.means)

        masks = [
            Signal(
                d.lanes,
                name=f"mask_{layer}",
                init=sum((mask >> layer & 1) << k for k, mask in enumerate(d.masks)),
            )
            for layer in range(d.n_layers)
        ]
        shifts = Signal(ArrayLayout(6, d.n_layers), init=d.step_shift)
        jvp = Signal(ArrayLayout(signed(g.jvp_bits), d.lanes))
        self._learner(m, sequencer, drawer, masks, jvp)
        settled = self._admit(m, sequencer)
        self._course(m, sequencer)
        m.d.comb += [
            *(sequencer.masks[layer].eq(mask) for layer, mask in enumerate(masks)),
            sequencer.shifts.eq(shifts),
            sequencer.jvp.eq(jvp),
            product.learn.eq(sequencer.learn),
            product.clear.eq(sequencer.prime),
            self.busy.eq(sequencer.busy | ~settled),
        ]
        m.d.comb += registers.CONFIG.eq(self._config)
        wire_status(m, registers, sequencer, self._raised(m, sequencer), self.busy)
        wire_updates(m, registers, sequencer)
        with m.If(~settled & (registers.write_data == Command.LEARN)):
            m.d.comb += sequencer.command.eq(Command.STOP)
        wire_drawer(m, registers, drawer)
        wire_learning(m, registers, product.loss, jvp, masks, self._wired(), shifts)
        wire_options(m, registers, sequencer, d.learning, d.n_layers)
        wire_weights(m, registers, self._ports)
        if d.hardware.protection != "none":
            wire_injection(m, registers, self._ports)
        return m

    @property
    def _ports(self) -> list[wiring.PureInterface]:
        """The memories, in the order of WEIGHT_SELECT."""
        ports = [port for part in self._parts for port in part.ports]
        return ports + [port for part in self._parts for port in part.velocities]

    def _wired(self) -> list[int]:
        """For each layer the lanes that its part carries, one bit each."""
        return [
            sum(1 << lane for lane in self._d.lanes_of(part))
            for part in range(len(self._parts))
            for _ in self._d.layers_of(part)
        ]

    def _learner(
        self,
        m: Module,
        sequencer: Sequencer,
        drawer: Drawer,
        masks: list[Signal],
        jvp: data.View,
    ) -> None:
        """Signs and steps into the parts, slopes out of them; every part has lanes of its own."""
        d = self._d
        slopes = [[] for _ in range(d.lanes)]
        for n, part in enumerate(self._parts):
            carried, layers = d.lanes_of(n), d.layers_of(n)
            own = [carried.index(k) if k in carried else 0 for k in range(d.lanes)]
            m.d.comb += [
                part.learn.eq(sequencer.learn),
                part.clear.eq(sequencer.prime),
                part.word.eq(drawer.words.payload),
                part.start.eq(sequencer.start[layers.start : layers.stop]),
                part.lane.eq(Array(own)[sequencer.lane]),
                part.step.eq(sequencer.step),
            ]
            if d.learning.momentum is not None:
                m.d.comb += part.ends.eq(sequencer.ends)
            for place, layer in enumerate(layers):
                m.d.comb += [
                    part.masks[place].eq(Cat(masks[layer][k] for k in carried)),
                    part.load[place].eq(Cat(sequencer.load[layer][k] for k in carried)),
                ]
            for place, k in enumerate(carried):
                slopes[k].append(part.jvp[place].shift_left(self._g.jvp_align[n]))
        m.d.comb += [jvp[k].eq(sum(some)) for k, some in enumerate(slopes)]
        m.d.comb += sequencer.sweeping.eq(Cat(part.sweeping for part in self._parts).any())

    def _admit(self, m: Module, sequencer: Sequencer) -> Signal:
        """Let rows in; returns whether all trunk rows that are inside have reached the grid.

        They are taken away at the start of a batch, and when inference has ended.
        """
        branch, *trunks = self._parts
        running = Signal()
        empty = Signal()
        settled = Signal()
        inferring = sequencer.mode == Command.INFER
        with m.If(sequencer.prime):
            m.d.sync += running.eq(1)
        with m.Elif(~sequencer.learn):
            m.d.sync += running.eq(0)
        there = []
        for n, part in enumerate(trunks, 1):
            rows = self._d.learning.batch[n]
            entered = Signal(counter_shape(rows), name=f"entered_{n}")
            with m.If(empty):
                m.d.sync += entered.eq(0)
            with m.Elif(part.entered):
                m.d.sync += entered.eq(entered + 1)
            m.d.comb += part.opened.eq((running | inferring) & (entered != rows))
            there.append(entered == getattr(self._product, f"stored_{n}"))
        m.d.comb += [
            branch.opened.eq(sequencer.open & (sequencer.learn | self._product.full)),
            sequencer.entered.eq(branch.entered),
            settled.eq(Cat(there).all()),
            empty.eq(sequencer.prime | ((sequencer.mode == Command.STOP) & ~self.busy)),
            self._product.empty.eq(empty),
        ]
        return settled

    def _course(self, m: Module, sequencer: Sequencer) -> None:
        """A function has left: its results have, or its slopes are done; the trunks' behind all."""
        branch, *trunks = self._parts
        functions = self._d.learning.batch[0]
        function = Signal(counter_shape(functions - 1))
        last_function = branch.finished & (function == functions - 1)
        done = Signal(len(trunks))
        after = Signal(len(trunks))
        m.d.comb += [
            self._product.flush.eq(last_function),
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
        with m.If(branch.finished):
            count_on(m, function, functions - 1, last_function)

    def _raised(self, m: Module, sequencer: Sequencer) -> Signal:
        upsets = upset_bits(self._d)
        raised = Signal(max(flags_of(self._d) + list(upsets.values())) + 1)
        inner, product = [part.overflow for part in self._parts], self._product.overflow
        m.d.comb += [
            raised[Flag.MEMBRANE].eq(Cat(pulse[0] for pulse in inner).any() | product[0]),
            raised[Flag.TANGENT].eq(Cat(pulse[1] for pulse in inner).any()),
            raised[Flag.WEIGHT].eq(Cat(part.saturated for part in self._parts).any()),
            raised[Flag.STEP].eq(sequencer.clipped),
            raised[ProductFlag.FACTOR].eq(Cat(pulse[2] for pulse in inner).any() | product[1]),
            raised[ProductFlag.ERROR].eq(product[2]),
            raised[ProductFlag.COTANGENT].eq(product[3]),
        ]
        for kind, bit in enumerate(upsets.values()):
            m.d.comb += raised[bit].eq(Cat(port.upsets[kind] for port in self._ports).any())
        return raised
