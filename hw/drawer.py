"""The chip's one running register: a fresh 32-bit word every time one is taken."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.lfsr import leap, output_bits
from dualspike.model.lfsr import DRAWER, WORD


class Drawer(wiring.Component):
    """Words of the drawer register, in the order of `model.lfsr`.

    Members: ``words``, a stream that always has a word; ``state``, the register; ``load`` with
    ``load_high`` replaces one half of the state by ``load_data``.
    Latency 0, throughput one word a cycle.
    """

    words: Out(stream.Signature(WORD, always_valid=True))
    state: Out(DRAWER.length)
    load: In(2)
    load_data: In(32)

    def __init__(self, initial: int) -> None:
        self._initial = initial
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(DRAWER.length, init=self._initial)
        m.d.comb += [
            self.words.payload.eq(output_bits(DRAWER, state, 0, WORD)),
            self.state.eq(state),
        ]
        with m.If(self.words.ready):
            m.d.sync += state.eq(leap(DRAWER, state, WORD))
        for half in range(2):
            with m.If(self.load[half]):
                m.d.sync += state[32 * half : 32 * half + 32].eq(self.load_data)
        return m
