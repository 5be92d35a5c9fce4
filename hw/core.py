"""The whole core: a chain of streams from samples to outputs, a sequencer and a register bus."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.bus import BusSignature, RegisterBus
from dualspike.hw.dense import Dense
from dualspike.hw.drawer import Drawer
from dualspike.hw.loss import Loss
from dualspike.hw.neuron import Neuron
from dualspike.hw.relay import Relay
from dualspike.hw.replay import Replay
from dualspike.hw.sequencer import Sequencer
from dualspike.hw.streams import counter_shape, row
from dualspike.hw.tally import Tally
from dualspike.model.description import Description
from dualspike.model.geometry import Layer, geometry
from dualspike.model.lfsr import seed_state
from dualspike.model.registers import MAGIC, Flag, register_map


@dataclass(frozen=True)
class Probe:
    """An inner stream made visible: port ``name`` pulses ``moved`` with ``bits`` of payload."""

    name: str
    bits: int


def probes_of(d: Description) -> list[Probe]:
    """The probes of a core: every layer's weighted sums (z, dz), every hidden layer's (S, dS)."""
    g, f = geometry(d), d.formats

    def probe(kind: str, value: Shape, layer: Layer) -> Probe:
        payload = row(value, f.tangent.bits, g.lanes, layer.next_simd)
        return Probe(f"{kind}_{layer.index}", Shape.cast(payload).width)

    sums = [probe("sums", signed(f.membrane.bits), layer) for layer in g.layers]
    return sums + [probe("spikes", unsigned(1), layer) for layer in g.layers[:-1]]


class Core(wiring.Component):
    """A spiking network that learns on its own, for any description.

    Members: ``inputs``, a sample as chunks of ``simd[0]`` stored inputs; ``targets``, with
    learning, one stored target for each output; ``results``, without, one output each; ``bus``,
    the registers of `model.registers`; ``busy``, bit 0 of STATUS. With ``probes`` the streams
    inside appear as ports ``<name>_moved`` and ``<name>_payload``: see `probes_of`.
    Throughput: a sample every `Geometry.interval` cycles, with or without learning.
    """

    def __init__(self, description: Description, config: int = 0, *, probes: bool = False) -> None:
        self._d, self._config, self._probes = description, config, probes
        self._g = g = geometry(description)
        self._map = register_map(description)
        f = description.formats
        self._dense = [Dense(description, g, layer) for layer in g.layers]
        self._neurons = [Neuron(description, layer, g.lanes) for layer in g.layers[:-1]]
        inputs = data.ArrayLayout(signed(f.input.bits), g.layers[0].simd)
        members = {
            "inputs": In(stream.Signature(inputs)),
            "targets": In(stream.Signature(signed(f.target.bits))),
            "results": Out(stream.Signature(signed(f.membrane.bits))),
            "bus": In(BusSignature(counter_shape(len(self._map) - 1).width)),
            "busy": Out(1),
        }
        for probe in probes_of(description) if probes else []:
            port = wiring.Signature({"moved": Out(1), "payload": Out(probe.bits)})
            members[probe.name] = Out(port)
        super().__init__(members)

    def _lanes_of(self, layer: int) -> int:
        """The description's masks, seen from a layer: lane k in bit k."""
        return sum((mask >> layer & 1) << k for k, mask in enumerate(self._d.masks))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        d, g = self._d, self._g
        m.submodules.drawer = drawer = Drawer(seed_state(d.learning.seed))
        m.submodules.sequencer = sequencer = Sequencer(d, g)
        m.submodules.errors = loss = Loss(d, g)
        m.submodules.registers = registers = RegisterBus(self._map)
        for n, dense in enumerate(self._dense):
            m.submodules[f"dense_{n}"] = dense
        connect(m, drawer.words, sequencer.words)
        connect(m, flipped(self.bus), registers.bus)
        connect(m, flipped(self.targets), loss.targets)
        connect(m, loss.results, flipped(self.results))

        self._chain(m, sequencer, loss)
        if self._probes:
            parts = [*self._dense, *self._neurons]
            for probe, part in zip(probes_of(d), parts, strict=True):
                port = getattr(self, probe.name)
                m.d.comb += [
                    port.moved.eq(part.outputs.valid & part.outputs.ready),
                    port.payload.eq(part.outputs.payload),
                ]
        masks = [
            Signal(g.lanes, name=f"mask_{n}", init=self._lanes_of(n)) for n in range(len(g.layers))
        ]
        shifts = Signal(data.ArrayLayout(6, len(g.layers)), init=d.step_shift)
        m.d.comb += [
            *(sequencer.masks[n].eq(mask) for n, mask in enumerate(masks)),
            sequencer.shifts.eq(shifts),
            sequencer.jvp.eq(loss.jvp),
            sequencer.left.eq(loss.counted),
            sequencer.sweeping.eq(Cat(dense.busy for dense in self._dense).any()),
            loss.learn.eq(sequencer.learn),
            loss.clear.eq(sequencer.prime),
        ]
        for n, dense in enumerate(self._dense):
            m.d.comb += [
                dense.mask.eq(masks[n]),
                dense.load.eq(sequencer.load[n]),
                dense.word.eq(drawer.words.payload),
                dense.restart.eq(sequencer.prime),
                dense.start.eq(sequencer.start[n]),
                dense.lane.eq(sequencer.lane),
                dense.step.eq(sequencer.step),
            ]
        self._registers(m, registers, sequencer, drawer, loss, masks, shifts)
        return m

    def _chain(self, m: Module, sequencer: Sequencer, loss: Loss) -> None:
        """inputs -> dense -> neurons -> ... -> tally -> dense -> loss, with relays between."""
        g, f = self._g, self._d.formats
        first = g.layers[0]
        chunk, opened = Signal(counter_shape(first.chunks - 1)), Signal()
        taken = Signal()
        entry = self._dense[0].inputs
        m.d.comb += [
            opened.eq(sequencer.open | (chunk != 0)),
            entry.valid.eq(self.inputs.valid & opened),
            self.inputs.ready.eq(entry.ready & opened),
            taken.eq(entry.valid & entry.ready),
            sequencer.entered.eq(taken & (chunk == first.chunks - 1)),
        ]
        for slot in range(first.simd):
            # What the host puts where the last chunk has no input left must not count.
            given = self.inputs.payload[slot]
            if (first.chunks - 1) * first.simd + slot >= first.n_in:
                given = Mux(chunk == first.chunks - 1, 0, given)
            m.d.comb += entry.payload.value[slot].eq(given)
        with m.If(taken):
            m.d.sync += chunk.eq(Mux(chunk == first.chunks - 1, 0, chunk + 1))
        steps = self._d.network.time_steps
        for n, neurons in enumerate(self._neurons):
            m.submodules[f"neurons_{n}"] = neurons
            source = self._dense[n].outputs
            if n == 0:
                shape = source.payload.shape()
                m.submodules.repeat = repeat = Replay(shape, first.rows, steps)
                connect(m, source, repeat.inputs)
                source = repeat.outputs
            connect(m, source, neurons.inputs)
            if n + 1 < len(self._neurons):
                self._relay(m, f"relay_{n + 1}", neurons.outputs, self._dense[n + 1].inputs)
        last = g.layers[-1]
        m.submodules.tally = tally = Tally(last, g.lanes, steps, f.tangent.bits)
        self._relay(m, "relay_tally", self._neurons[-1].outputs, tally.inputs)
        connect(m, tally.outputs, self._dense[-1].inputs)
        self._relay(m, "relay_loss", self._dense[-1].outputs, loss.inputs)

    @staticmethod
    def _relay(
        m: Module, name: str, source: wiring.PureInterface, sink: wiring.PureInterface
    ) -> None:
        m.submodules[name] = relay = Relay(source.payload.shape())
        connect(m, source, relay.inputs)
        connect(m, relay.outputs, sink)

    def _registers(
        self,
        m: Module,
        registers: RegisterBus,
        sequencer: Sequencer,
        drawer: Drawer,
        loss: Loss,
        masks: list[Signal],
        shifts: data.View,
    ) -> None:
        g, written = self._g, registers.write_data
        flags, cycles = Signal(len(Flag)), Signal(32)
        raised = Signal(len(Flag))
        inner = [dense.overflow for dense in self._dense]
        inner += [neurons.overflow for neurons in self._neurons]
        m.d.comb += [
            raised[Flag.MEMBRANE].eq(Cat(pulse[0] for pulse in inner).any()),
            raised[Flag.TANGENT].eq(Cat(pulse[1] for pulse in inner).any() & sequencer.learn),
            raised[Flag.WEIGHT].eq(Cat(dense.saturated for dense in self._dense).any()),
            raised[Flag.STEP].eq(sequencer.clipped),
        ]
        m.d.sync += [cycles.eq(cycles + 1), flags.eq(flags | raised)]
        with m.If(registers.FLAGS_written):
            m.d.sync += flags.eq(0)
        m.d.comb += [
            registers.MAGIC.eq(MAGIC),
            registers.CONFIG.eq(self._config),
            registers.CONTROL.eq(sequencer.mode),
            registers.STATUS.eq(sequencer.busy),
            self.busy.eq(sequencer.busy),
            registers.FLAGS.eq(flags),
            registers.UPDATES.eq(sequencer.updates),
            registers.CYCLES.eq(cycles),
            registers.LFSR_0.eq(drawer.state[:32]),
            registers.LFSR_1.eq(drawer.state[32:]),
            registers.LOSS_0.eq(loss.loss[:32]),
            registers.LOSS_1.eq(loss.loss[32:]),
            sequencer.commanded.eq(registers.CONTROL_written),
            sequencer.command.eq(written),
            sequencer.set_updates.eq(registers.UPDATES_written),
            sequencer.updates_data.eq(written),
            drawer.load.eq(Cat(registers.LFSR_0_written, registers.LFSR_1_written)),
            drawer.load_data.eq(written),
        ]
        for k in range(g.lanes):
            wide = Signal(signed(64), name=f"jvp_{k}")
            m.d.comb += [
                wide.eq(loss.jvp[k]),
                getattr(registers, f"JVP_{k}_0").eq(wide[:32]),
                getattr(registers, f"JVP_{k}_1").eq(wide[32:]),
                getattr(registers, f"MASK_{k}").eq(Cat(mask[k] for mask in masks)),
            ]
            with m.If(getattr(registers, f"MASK_{k}_written")):
                m.d.sync += [mask[k].eq(written[n]) for n, mask in enumerate(masks)]
        for n in range(len(g.layers)):
            m.d.comb += getattr(registers, f"SHIFT_{n}").eq(shifts[n])
            with m.If(getattr(registers, f"SHIFT_{n}_written")):
                m.d.sync += shifts[n].eq(written)
        self._weight_window(m, registers)

    def _weight_window(self, m: Module, registers: RegisterBus) -> None:
        """WEIGHT_SELECT picks and rewinds one memory, WEIGHT_DATA walks through it."""
        ports = [port for dense in self._dense for port in (dense.weights, dense.biases)]
        select = Signal(counter_shape(len(ports) - 1))
        word = Signal(signed(self._d.formats.weight.bits), name="weight_word")
        m.d.comb += registers.WEIGHT_DATA.eq(word)
        with m.If(registers.WEIGHT_SELECT_written):
            m.d.sync += select.eq(registers.write_data)
        for n, port in enumerate(ports):
            chosen = registers.WEIGHT_SELECT_written & (registers.write_data == n)
            access = registers.WEIGHT_DATA_written | registers.WEIGHT_DATA_read
            m.d.comb += [
                port.rewind.eq(chosen),
                port.access.eq(access & (select == n)),
                port.write.eq(registers.WEIGHT_DATA_written),
                port.write_data.eq(registers.write_data),
            ]
            with m.If(select == n):
                m.d.comb += word.eq(port.read_data)
