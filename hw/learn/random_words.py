"""The chip's one running register: a fresh 32-bit word every time one is taken."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.lfsr import leap, output_bits
from dualspike.model.interface.lfsr import DRAWER, WORD


class RandomWordSource(wiring.Component):
    """Words of the drawer register, in the order of `model.interface.lfsr`.

    Members: ``words``, a stream that always has a word; ``state``, the register; ``load`` with
    ``load_high`` replaces one half of the state by ``load_data``. With ``twin`` there is a second
    state: ``keep`` copies the state to it, ``swap`` exchanges both, while no word is taken.
    Latency 0, throughput one word a cycle.
    """

    def __init__(self, initial: int, *, twin: bool = False) -> None:
        self._initial, self._twin = initial, twin
        members = {
            "words": Out(stream.Signature(WORD, always_valid=True)),
            "state": Out(DRAWER.length),
            "load": In(2),
            "load_data": In(32),
        }
        super().__init__(members | ({"keep": In(1), "swap": In(1)} if twin else {}))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(DRAWER.length, init=self._initial)
        m.d.comb += [
            self.words.payload.eq(output_bits(DRAWER, state, 0, WORD)),
            self.state.eq(state),
        ]
        with m.If(self.words.ready):
            m.d.sync += state.eq(leap(DRAWER, state, WORD))
        if self._twin:
            kept = Signal(DRAWER.length, reset_less=True)
            with m.If(self.keep):
                m.d.sync += kept.eq(state)
            with m.If(self.swap):
                m.d.sync += [state.eq(kept), kept.eq(state)]
        for half in range(2):
            with m.If(self.load[half]):
                m.d.sync += state[32 * half : 32 * half + 32].eq(self.load_data)
        return m
