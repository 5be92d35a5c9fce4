"""Integrate-and-fire neurons on dual numbers, ``next_simd`` side by side, in turns.

U[t] = U[t-1] + z[t]; S[t] = 1 if U[t] > theta; then U[t] -= theta S[t]        (soft reset)
dU[t] = dU[t-1] + dz[t]; dS[t] = f(U[t] before reset - theta) dU[t]            (reset detached)
With a leak of 1 - 2^-k, U[t-1] and dU[t-1] first lose round(U / 2^k) and round(dU / 2^k); with
the reset attached dU[t] -= round(theta dS[t]).
Source: Wan, Zhang, Karniadakis, arXiv 2411.07057.
"""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.layer.membrane import integrate_and_fire, leaked
from dualspike.hw.layer.surrogate import surrogate_table
from dualspike.hw.stream.arithmetic import round_half_up, saturate, wire
from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import later
from dualspike.hw.stream.first_step import first_step_next
from dualspike.hw.stream.payloads import row
from dualspike.model.description.part import Part
from dualspike.model.sizes.layers import Layer


@dataclass(frozen=True)
class _Rows:
    """The row taken and those in the stages after it.

    ``there``[n] says whether a row was taken n cycles ago, the last of them with the row that is
    done; ``places``[n] which one, as far as states need it. ``following`` is the place after the
    present one, ``third`` the third after it. ``fresh``: the first step of a sample;
    ``fresh_ahead``: in the next cycle.
    """

    following: Signal
    third: Signal
    last_place: Value
    fresh: Signal
    fresh_ahead: Signal
    there: list[Value]
    places: list[Value]

    @property
    def taken(self) -> Value:
        """Whether a row is taken."""
        return self.there[0]


class Neuron(wiring.Component):
    """Frames of ``rows`` rows of (z, dz) in, T of them a sample; rows of (S, dS) out.

    The state starts from 0 with every sample. ``overflow`` pulses: bit 0 a membrane above its
    format, bit 1 a tangent clipped; ``floor``: a membrane below. Without ``lanes`` there are values
    alone. Nothing between a row that is taken and the `CreditBuffer` at the end has an enable.
    Latency: 4 + ``integrate`` + ``derive`` cycles (`model.sizes.layers`). Throughput: a row a
    cycle; with tangents and the reset attached a frame in as many cycles as the latency has, if
    that is more than its rows, for a row waits until the step before has been there.
    """

    def __init__(self, part: Part, layer: Layer, lanes: int) -> None:
        self._d, self._layer, self._lanes = part, layer, lanes
        self._theta = part.thresholds[layer.index]
        f, width = part.formats, layer.next_simd
        super().__init__(
            {
                "inputs": In(
                    stream.Signature(row(signed(f.membrane.bits), f.tangent.bits, lanes, width))
                ),
                "outputs": Out(stream.Signature(row(unsigned(1), f.tangent.bits, lanes, width))),
                "overflow": Out(2),
                "floor": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, layer, width = self._d.formats, self._layer, self._layer.next_simd
        shape = self.outputs.payload.shape()
        m.submodules.buffer = buffer = CreditBuffer(shape, layer.spike_places)
        connect(m, buffer.outputs, flipped(self.outputs))
        rows, done = self._rows(m, buffer), buffer.inputs.payload
        attached = layer.feedback > 0
        over_membrane: list[Value] = []
        at_floor: list[Value] = []
        over_tangent: list[Value] = []
        for slot in range(width):
            padding = (layer.rows - 1) * width + slot >= layer.n_out
            exists = ~rows.last_place if padding else Const(1)
            bits, summed = f.membrane.bits, layer.integrate
            membrane, following = self._state(m, rows, f"membranes_{slot}", bits, summed)
            z = self.inputs.payload.value[slot]
            now = integrate_and_fire(m, membrane, z, self._theta, bits, f"{slot}", summed)
            m.d.comb += following.eq(now.after)
            counts = later(m, exists, summed, f"counts_{slot}")
            over_membrane.append(now.over & counts)
            at_floor.append(now.floor & counts)
            spike = later(m, now.fire & counts, layer.fire_cycles - summed, f"fire_{slot}")
            m.d.comb += done.value[slot].eq(spike)
            charges, next_charges, clipped = self._charges(m, rows, slot, exists)
            over_tangent += clipped
            spikes = self._tangents(m, slot, now.distance, counts, charges)
            for k, (dspike, clips, held) in enumerate(spikes):
                over_tangent.append(clips & rows.there[-2])
                spike = later(m, dspike, 1, f"spike_{slot}_{k}")
                m.d.comb += done.tangent[slot][k].eq(spike)
                if attached:
                    kept, clips = self._reset(m, rows, spike, held, f"{slot}_{k}")
                    over_tangent.append(clips)
                    m.d.comb += next_charges[k].eq(kept)
        reported = Signal(width)
        floor_reported = Signal(width)
        there = rows.there[layer.integrate].replicate(width)
        m.d.sync += [
            reported.eq(Cat(over_membrane) & there),
            floor_reported.eq(Cat(at_floor) & there),
        ]
        m.d.comb += [
            self.overflow[0].eq(wire(m, reported.any(), "over_membrane")),
            self.floor.eq(floor_reported.any()),
        ]
        if over_tangent:
            tangent_reported = Signal(len(over_tangent))
            m.d.sync += tangent_reported.eq(Cat(over_tangent))
            m.d.comb += self.overflow[1].eq(wire(m, tangent_reported.any(), "over_tangent"))
        return m

    def _rows(self, m: Module, buffer: CreditBuffer) -> _Rows:
        """Take rows and let them through the stages."""
        layer, steps = self._layer, self._d.network.time_steps
        taken = Signal()
        place = Signal(counter_shape(layer.rows - 1))
        step = Signal(counter_shape(steps - 1))
        following = Signal.like(place, init=min(1, layer.rows - 1))
        third = Signal.like(place, init=3 % layer.rows)
        fresh = Signal(init=1)
        fresh_ahead = Signal()
        last_place = place == layer.rows - 1
        m.d.comb += [
            taken.eq(self.inputs.valid & self.inputs.ready),
            buffer.taken.eq(taken),
            fresh_ahead.eq(fresh),
        ]
        if layer.ahead:
            turned = first_step_next(m, taken, following, layer.rows, step, steps)
        m.d.sync += fresh.eq(fresh_ahead)
        with m.If(taken):
            m.d.sync += place.eq(following)
            count_on(m, following, layer.rows - 1)
            if layer.holds_rows:
                count_on(m, third, layer.rows - 1)
            with m.If(last_place):
                count_on(m, step, steps - 1)
                if not layer.ahead:
                    m.d.comb += fresh_ahead.eq(step == steps - 1)
            if layer.ahead:
                m.d.comb += fresh_ahead.eq(turned)
        stages = Signal(layer.fire_cycles)
        m.d.sync += stages.eq(stages << 1 | taken)
        m.d.comb += buffer.inputs.valid.eq(stages[-1])
        there, places = [taken, *stages], list[Value]([place])
        for n in range(layer.fire_cycles if layer.feedback else layer.integrate):
            places.append(later(m, places[-1], 1, f"place_{n}"))
        under_way: Value = Const(0)
        if layer.rows < layer.feedback:
            ways = zip(there[1:], places[1:], strict=True)
            under_way = Cat(on & (at == place) for on, at in ways).any()
        m.d.comb += self.inputs.ready.eq(buffer.room & ~under_way)
        return _Rows(following, third, last_place, fresh, fresh_ahead, there, places)

    def _state(
        self, m: Module, rows: _Rows, name: str, bits: int, clocks: int
    ) -> tuple[Value, Value]:
        """One number of every neuron: what it is in the row taken, and what it becomes.

        It becomes so ``clocks`` cycles after that. If that is with the row that is done, it is read
        when it is needed; else it is read a row ahead, and comes from a register, which is all that
        a single row needs. A block RAM with a register is read three rows ahead. With a single step
        nothing is kept.
        """
        if self._d.network.time_steps == 1:
            return Const(0), Signal(signed(bits), name=name)
        late = clocks == self._layer.fire_cycles
        if self._layer.rows == 1 and not late:
            becomes = known = Signal(signed(bits), name=f"{name}_after")
        elif self._layer.holds_rows and not late:
            m.submodules[name] = deep = RegisteredMemory(bits, self._layer.rows, held=True)
            m.d.comb += [
                deep.advance.eq(rows.taken),
                deep.address.eq(rows.third),
                deep.place.eq(rows.places[clocks]),
                deep.write.eq(rows.there[clocks]),
            ]
            becomes, known = deep.written, deep.word.as_signed()
        else:
            m.submodules[name] = store = memory.Memory(
                shape=signed(bits), depth=self._layer.rows, init=[]
            )
            read, write = store.read_port(domain="comb"), store.write_port()
            m.d.comb += [
                read.addr.eq(rows.places[0] if late else rows.following),
                write.addr.eq(rows.places[clocks]),
                write.en.eq(rows.there[clocks]),
            ]
            becomes, known = write.data, read.data
        if late:
            kept = Mux(rows.fresh, 0, known)
            return leaked(m, kept, self._d.leak_shift, bits, name), becomes
        state = Signal(signed(bits), name=f"{name}_ahead")
        with m.If(rows.taken):
            m.d.sync += state.eq(leaked(m, known, self._d.leak_shift, bits, name))
        with m.If(rows.fresh_ahead):
            m.d.sync += state.eq(0)
        return state, becomes

    def _charges(
        self, m: Module, rows: _Rows, slot: int, exists: Value
    ) -> tuple[list[Value], list[Value], list[Value]]:
        """dU of every lane before the spike, what it becomes, and whether it was clipped.

        With the reset attached the spike decides what it becomes.
        """
        bits, attached = self._d.formats.tangent.bits, self._layer.feedback > 0
        clocks = self._layer.fire_cycles if attached else 0
        charges: list[Value] = []
        following: list[Value] = []
        clipped: list[Value] = []
        for k in range(self._lanes):
            charge, next_charge = self._state(m, rows, f"tangents_{slot}_{k}", bits, clocks)
            charge += self.inputs.payload.tangent[slot][k]
            charge, clips = saturate(m, charge, bits, f"charged_{slot}_{k}")
            charge = wire(m, charge, f"charge_{slot}_{k}")
            clipped.append(clips & exists & rows.taken)
            if not attached:
                m.d.comb += next_charge.eq(charge)
            charges.append(charge)
            following.append(next_charge)
        return charges, following, clipped

    def _reset(
        self, m: Module, rows: _Rows, spike: Value, held: Value, name: str
    ) -> tuple[Value, Value]:
        """dU less round(theta dS) with the row that is done, and whether it was clipped."""
        f = self._d.formats
        held = later(m, held, 1 + self._layer.derive, f"held_{name}")
        lost = round_half_up(spike * self._theta, f.membrane.fraction)
        kept, clips = saturate(m, held - lost, f.tangent.bits, f"kept_{name}")
        return kept, clips & rows.there[-1]

    def _tangents(
        self,
        m: Module,
        slot: int,
        distance: Value,
        exists: Value,
        charges: list[Value],
    ) -> list[tuple[Value, Value, Value]]:
        """dS = round(f dU) of every lane, to be registered: look up, multiply, round.

        With it whether it was clipped, and dU two cycles after the distance. Where f is nowhere
        above 1, dS is no larger than dU and cannot be.
        """
        f, s = self._d.formats, self._d.network.surrogate
        if not charges:
            return []
        index = distance.shift_right(s.bin_shift(f.membrane.fraction))
        index = later(m, index, 1, f"index_{slot}")
        exists = later(m, exists, 1, f"exists_{slot}")
        _, outside = saturate(m, index, s.entries.bit_length() - 1, f"bin_{slot}")
        words = surrogate_table(self._d)
        shrinks = max(words) <= 1 << f.surrogate.fraction
        table = memory.Memory(shape=f.surrogate.bits, depth=len(words), init=words)
        m.submodules[f"surrogate_{slot}"] = table
        read = table.read_port()
        m.d.comb += read.addr.eq(index)
        inside = later(m, ~outside & exists, 1, f"inside_{slot}")
        derivative = wire(m, Mux(inside, read.data, 0), f"derivative_{slot}")
        result: list[tuple[Value, Value, Value]] = []
        for k, charge in enumerate(charges):
            charge = later(m, charge, 2 + self._layer.integrate, f"charge_{slot}_{k}")
            name = f"multiplier_{slot}_{k}"
            product = multiplied(m, charge, derivative, name, self._layer.derive)
            rounded = round_half_up(product, f.surrogate.fraction)
            spike, clips = rounded, Const(0)
            if not shrinks:
                spike, clips = saturate(m, rounded, f.tangent.bits, f"rounded_{slot}_{k}")
            result.append((spike, clips, charge))
        return result
