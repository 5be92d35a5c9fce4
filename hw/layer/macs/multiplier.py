"""A product some clocks after its operands, in a module of its own that a device can replace."""

from amaranth.hdl import Module, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

LATENCIES = range(4)


class Multiplier(wiring.Component):
    """``product`` = ``left`` * ``right``, exactly, of what they were ``latency`` clocks before.

    Shapes may be of any width, signed or not, also mixed; the product has the bits of both. No
    register has an enable or a reset, so that they can be those inside a multiplier block of the
    device (`hw.emit.mapping.blocks`): whoever must stop the stream catches what is under way after
    it.
    Operands are of two signals and no bit of them is always the same, or the wires between two
    modules would not be those of both operands.
    Latency: 0 to 3 clocks. 1 has a register after the product, 2 another before it, 3 two after
    and one before. Throughput: a product a clock.
    """

    def __init__(self, left: Shape, right: Shape, latency: int) -> None:
        if latency not in LATENCIES:
            allowed = f"[{LATENCIES[0]}, {LATENCIES[-1]}]"
            raise ValueError(f"latency must be in {allowed}, not {latency}")
        self._shapes, self._latency = (left, right), latency
        product = (Signal(left) * Signal(right)).shape()
        super().__init__({"left": In(left), "right": In(right), "product": Out(product)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if not self._latency:
            m.d.comb += self.product.eq(self.left * self.right)
            return m
        # Its name is all that a device needs to know of it, and the same for all of this kind.
        m.submodules[block_name(*self._shapes, self._latency)] = block = _Block(
            *self._shapes, self.product.shape(), self._latency
        )
        m.d.comb += [
            block.left.eq(self.left),
            block.right.eq(self.right),
            self.product.eq(block.product),
        ]
        return m


def multiplied(m: Module, left: Value, right: Value, name: str, latency: int = 1) -> Signal:
    """``left`` * ``right`` ``latency`` clocks later, from a `Multiplier` of that name."""
    m.submodules[name] = unit = Multiplier(left.shape(), right.shape(), latency)
    m.d.comb += [unit.left.eq(left), unit.right.eq(right)]
    return unit.product


def block_name(left: Shape, right: Shape, latency: int) -> str:
    """Signs and widths of both operands, and the latency: ``multiplier_s18_u5_2``."""
    operands = "_".join(f"{'s' if one.signed else 'u'}{one.width}" for one in (left, right))
    return f"multiplier_{operands}_{latency}"


class _Block(wiring.Component):
    """The registers and the product."""

    def __init__(self, left: Shape, right: Shape, product: Shape, latency: int) -> None:
        self._before = int(latency > 1)
        self._behind = latency - self._before
        super().__init__({"left": In(left), "right": In(right), "product": Out(product)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        left = _later(m, self.left, self._before, "left")
        right = _later(m, self.right, self._before, "right")
        m.d.comb += self.product.eq(_later(m, left * right, self._behind, "product"))
        return m


def _later(m: Module, value: Value, clocks: int, name: str) -> Value:
    for n in range(clocks):
        register = Signal(value.shape(), name=f"{name}_{n}", reset_less=True)
        m.d.sync += register.eq(value)
        value = register
    return value
