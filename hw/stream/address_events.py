"""Events in the order of time, each the number of a channel, as frames of -1, 0 and 1."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.delay import later
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.model.ceil_div import ceil_div
from dualspike.model.interface.events import CHANNEL_BITS, EventFlag

EVENT = data.StructLayout({"channel": CHANNEL_BITS, "negative": 1, "end": 1, "last": 1})
"""An event; or with ``end`` none, but the end of a step. With ``last`` the sample is over."""
_PLACES = 3
"""Of the buffer after a memory that is read in a clock."""


class AddressEvents(wiring.Component):
    """``steps`` frames [``width``] for every sample of ``events``, in chunks of ``simd`` numbers.

    An event makes its channel 1 in the frame of its step, or -1 where it is ``negative``; of
    several in a step the last one counts. A sample is what comes up to a ``last``, whatever it is:
    it always becomes ``steps`` frames. ``flags`` has a bit of `EventFlag` for a cycle:

    - CHANNEL: an event of a channel from ``width`` up, which is ignored;
    - SHORT: a sample that is over before its last step; its other frames are empty;
    - LATE: something after the end of the last step, which is ignored.

    Latency: 4 cycles from what ends a step to the first chunk of its frame. Throughput: what comes
    in and a chunk each cycle. With w of them in every step, its end among them, and c chunks, two
    frames take max(2 w, 2 c, w + c + 1) cycles. Nothing is taken in the first c cycles after
    a reset.
    """

    def __init__(self, width: int, steps: int, simd: int, bits: int) -> None:
        self._width, self._steps, self._simd = width, steps, simd
        self._chunks = ceil_div(width, simd)
        super().__init__(
            {
                "events": In(stream.Signature(EVENT)),
                "outputs": Out(stream.Signature(ArrayLayout(signed(bits), simd))),
                "flags": Out(len(EventFlag)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        full = Signal(2)
        place = Signal(range(self._chunks))
        wiping = Signal(init=1)
        with m.If(wiping):
            count_on(m, place, self._chunks - 1)
            m.d.sync += wiping.eq(place != self._chunks - 1)
        there = Signal()
        taken = Signal()
        held, chunk, slots = self._held(m, there, taken, wiping)
        filling, ended, puts = self._fill(m, there, taken, held, full)
        halves, wiped, over = self._drain(m, full, place)
        m.d.sync += full.eq((full | ended) & ~over)
        before = later(m, place, 1, "place_before")
        number = Cat(1, held.negative).replicate(self._simd)
        for half, read_data in enumerate(halves):
            m.submodules[f"frame_{half}"] = frame = memory.Memory(
                shape=data.ArrayLayout(signed(2), self._simd), depth=self._chunks, init=[]
            )
            read, write = frame.read_port(), frame.write_port(granularity=1)
            own, clears = puts & (filling == half), wiping | wiped[half]
            m.d.comb += [
                read_data.eq(read.data),
                read.addr.eq(place),
                write.addr.eq(Mux(wiping, place, Mux(wiped[half], before, chunk))),
                write.data.eq(Mux(clears, 0, number)),
                write.en.eq(Mux(clears, -1, Mux(own, slots, 0))),
            ]
        return m

    def _held(
        self, m: Module, there: Signal, taken: Signal, wiping: Signal
    ) -> tuple[data.View, Signal, Signal]:
        """What came a cycle ago and waits to be ``taken``: it, its chunk, and its place in that."""
        held = Signal(data.StructLayout(EVENT.members | {"known": 1}))
        chunk = Signal(range(self._chunks))
        slots = Signal(self._simd)
        given, simd = self.events.payload, self._simd
        # Exact for every number of a channel.
        shift = CHANNEL_BITS + (simd - 1).bit_length()
        first = Signal(CHANNEL_BITS)
        m.d.comb += [
            first.eq((given.channel * ceil_div(1 << shift, simd)) >> shift),
            self.events.ready.eq((~there | taken) & ~wiping),
        ]
        with m.If(self.events.ready):
            m.d.sync += [
                there.eq(self.events.valid),
                *(held[name].eq(given[name]) for name in EVENT.members),
                held.known.eq(given.channel < self._width),
                chunk.eq(first),
                slots.eq(1 << (given.channel - first * simd)[: (simd - 1).bit_length()]),
            ]
        return held, chunk, slots

    def _fill(
        self, m: Module, there: Value, taken: Signal, held: data.View, full: Signal
    ) -> tuple[Signal, Signal, Value]:
        """The half that is filled, halves whose step has ended, whether an event is put there."""
        step = Signal(counter_shape(self._steps))
        filling = Signal()
        padding = Signal()
        over, last_step = step == self._steps, step == self._steps - 1
        free = ~full.bit_select(filling, 1)
        ended = Signal(2)
        inside = there & ~over & ~padding & free
        ends = inside & (held.end | held.last) | padding & free
        late, closes = there & over, held.last | padding
        m.d.comb += [taken.eq(inside | late), ended.eq(Mux(ends, 1 << filling, 0))]
        with m.If(ends):
            m.d.sync += [
                filling.eq(~filling),
                step.eq(Mux(closes & last_step, 0, step + 1)),
                padding.eq(closes & ~last_step),
            ]
        with m.If(late & held.last):
            m.d.sync += step.eq(0)
        told = {
            EventFlag.CHANNEL: inside & ~held.end & ~held.known,
            EventFlag.SHORT: inside & held.last & ~last_step,
            EventFlag.LATE: late,
        }
        m.d.sync += [self.flags[flag].eq(pulse) for flag, pulse in told.items()]
        return filling, ended, inside & ~held.end & held.known

    def _drain(
        self, m: Module, full: Signal, place: Signal
    ) -> tuple[list[data.View], Value, Value]:
        """What is read of both halves; which one is zeroed where it was read, and is then empty."""
        m.submodules.buffer = buffer = CreditBuffer(self.outputs.payload.shape(), _PLACES)
        connect(m, buffer.outputs, flipped(self.outputs))
        draining = Signal()
        was = Signal()
        read = Signal()
        ended = Signal()
        last = place == self._chunks - 1
        m.d.comb += [
            buffer.taken.eq(full.bit_select(draining, 1) & buffer.room),
            buffer.inputs.valid.eq(read),
        ]
        m.d.sync += [read.eq(buffer.taken), was.eq(draining), ended.eq(buffer.taken & last)]
        with m.If(buffer.taken):
            count_on(m, place, self._chunks - 1, last)
            m.d.sync += draining.eq(draining ^ last)
        halves = [Signal(data.ArrayLayout(signed(2), self._simd), name=f"read_{n}") for n in (0, 1)]
        for n in range(self._simd):
            m.d.comb += buffer.inputs.payload[n].eq(Mux(was, halves[1][n], halves[0][n]))
        return halves, Mux(read, 1 << was, 0)[:2], Mux(ended, 1 << was, 0)[:2]
