"""A double buffer that repeats every frame of rows."""

from amaranth.hdl import Cat, Module, Shape, ShapeLike, Signal, Value
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.buffers.registered_memory import RegisteredMemory
from dualspike.hw.stream.counters import count_on, counter_shape


class FrameRepeater(wiring.Component):
    """Takes frames of ``depth`` rows and gives each out ``times`` times.

    While one frame is repeated the next is taken. Throughput: one row a cycle on both sides.
    Latency: 2 cycles from a frame's last row in to its first row out, 3 where rows are ``held`` in
    a block RAM with a register (`RegisteredMemory`).
    """

    def __init__(self, shape: ShapeLike, depth: int, times: int, *, held: bool = False) -> None:
        self._shape, self._depth, self._times, self._held = shape, depth, times, held
        super().__init__(
            {
                "inputs": In(stream.Signature(shape)),
                "outputs": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        index = counter_shape(self._depth - 1)
        bits = Shape.cast(self._shape).width
        words = 2 << index.width
        if self._held:
            m.submodules.frames = deep = RegisteredMemory(bits, words, held=True)
            place, written, write, address = deep.place, deep.written, deep.write, deep.address
            word, goes_on = deep.word, deep.advance
        else:
            m.submodules.frames = frames = memory.Memory(shape=bits, depth=words, init=[])
            into, read = frames.write_port(), frames.read_port()
            place, written, write, address = into.addr, into.data, into.en, read.addr
            word, goes_on = read.data, read.en
        full = Signal(2)
        in_bank = Signal()
        in_row = Signal(index)
        out_bank = Signal()
        out_row = Signal(index)
        time = Signal(counter_shape(self._times - 1))

        m.d.comb += [
            self.inputs.ready.eq(~full.bit_select(in_bank, 1)),
            place.eq(Cat(in_row, in_bank)),
            written.eq(self.inputs.payload),
            write.eq(self.inputs.valid & self.inputs.ready),
        ]
        with m.If(write):
            count_on(m, in_row, self._depth - 1)
            with m.If(in_row == self._depth - 1):
                m.d.sync += [
                    in_bank.eq(~in_bank),
                    full.bit_select(in_bank, 1).eq(1),
                ]

        advance = Signal()
        m.d.comb += [
            advance.eq(~self.outputs.valid | self.outputs.ready),
            address.eq(Cat(out_row, out_bank)),
            goes_on.eq(advance),
            self.outputs.payload.eq(word),
        ]
        there: Value = full.bit_select(out_bank, 1)
        with m.If(advance):
            if self._held:
                found = Signal()
                m.d.sync += found.eq(there)
                there = found
            m.d.sync += self.outputs.valid.eq(there)
            with m.If(full.bit_select(out_bank, 1)):
                count_on(m, out_row, self._depth - 1)
                with m.If(out_row == self._depth - 1):
                    count_on(m, time, self._times - 1)
                    with m.If(time == self._times - 1):
                        m.d.sync += [
                            out_bank.eq(~out_bank),
                            full.bit_select(out_bank, 1).eq(0),
                        ]
        return m
