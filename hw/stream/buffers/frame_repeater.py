"""A double buffer that repeats every frame of rows."""

from amaranth.hdl import Cat, Module, Shape, ShapeLike, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape


class FrameRepeater(wiring.Component):
    """Takes frames of ``depth`` rows and gives each out ``times`` times.

    While one frame is repeated the next is taken. Throughput: one row a cycle on both sides.
    Latency: 2 cycles from a frame's last row in to its first row out.
    """

    def __init__(self, shape: ShapeLike, depth: int, times: int) -> None:
        self._shape, self._depth, self._times = shape, depth, times
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
        m.submodules.frames = frames = memory.Memory(shape=bits, depth=2 << index.width, init=[])
        write, read = frames.write_port(), frames.read_port()
        full = Signal(2)
        in_bank = Signal()
        in_row = Signal(index)
        out_bank = Signal()
        out_row = Signal(index)
        time = Signal(counter_shape(self._times - 1))

        m.d.comb += [
            self.inputs.ready.eq(~full.bit_select(in_bank, 1)),
            write.addr.eq(Cat(in_row, in_bank)),
            write.data.eq(self.inputs.payload),
            write.en.eq(self.inputs.valid & self.inputs.ready),
        ]
        with m.If(write.en):
            count_on(m, in_row, self._depth - 1)
            with m.If(in_row == self._depth - 1):
                m.d.sync += [
                    in_bank.eq(~in_bank),
                    full.bit_select(in_bank, 1).eq(1),
                ]

        advance = Signal()
        m.d.comb += [
            advance.eq(~self.outputs.valid | self.outputs.ready),
            read.addr.eq(Cat(out_row, out_bank)),
            read.en.eq(advance),
            self.outputs.payload.eq(read.data),
        ]
        with m.If(advance):
            m.d.sync += self.outputs.valid.eq(full.bit_select(out_bank, 1))
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
