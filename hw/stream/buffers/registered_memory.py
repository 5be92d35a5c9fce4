"""A memory with a register after its output, in a module that a device can replace."""

from collections.abc import Sequence

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out


class RegisteredMemory(wiring.Component):
    """``depth`` words of ``width`` bits, written and read in every clock.

    At first they are those of ``init``, all 0 without.
    ``word`` is what was at ``address`` two clocks before; if it is ``held``, reads go on only in
    clocks of ``advance``, and it is what was there two of these before. ``write`` puts ``written``
    to ``place``; where both meet in one clock what is read is not defined. The register after the
    memory can be the one inside a block RAM of the device (`hw.emit.mapping.block_rams`), and so
    has no reset.
    Latency: 2 clocks. Throughput: a word read and a word written a clock.
    """

    def __init__(
        self, width: int, depth: int, init: Sequence[int] = (), *, held: bool = False
    ) -> None:
        self._width, self._depth, self._init, self._held = width, depth, init, held
        super().__init__(_members(width, depth, held=held))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Its name is all that a device needs to know of it.
        name = f"memory_{self._depth}x{self._width}{'_held' if self._held else ''}"
        block = _Block(self._width, self._depth, self._init, held=self._held)
        m.submodules[name] = block
        for port in ("address", "place", "written", "write", *(["advance"] if self._held else [])):
            m.d.comb += getattr(block, port).eq(getattr(self, port))
        m.d.comb += self.word.eq(block.word)
        return m


def _members(width: int, depth: int, *, held: bool) -> dict[str, wiring.Member]:
    return {
        **({"advance": In(1)} if held else {}),
        "address": In(range(depth)),
        "word": Out(width),
        "place": In(range(depth)),
        "written": In(width),
        "write": In(1),
    }


class _Block(wiring.Component):
    """The memory and the register."""

    def __init__(self, width: int, depth: int, init: Sequence[int], *, held: bool) -> None:
        self._width, self._depth, self._init, self._held = width, depth, init, held
        super().__init__(_members(width, depth, held=held))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.store = store = memory.Memory(
            shape=unsigned(self._width), depth=self._depth, init=self._init
        )
        read, write = store.read_port(), store.write_port()
        word = Signal(self._width, reset_less=True)
        if self._held:
            m.d.comb += read.en.eq(self.advance)
            with m.If(self.advance):
                m.d.sync += word.eq(read.data)
        else:
            m.d.sync += word.eq(read.data)
        m.d.comb += [
            read.addr.eq(self.address),
            self.word.eq(word),
            write.addr.eq(self.place),
            write.data.eq(self.written),
            write.en.eq(self.write),
        ]
        return m
