"""The batch's loss and directional derivatives: sum e^2 and, lane by lane, sum e dy."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.layer.macs.multiplier import multiplied
from dualspike.hw.stream.arithmetic import add
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.payloads import row
from dualspike.model.description.description import Description
from dualspike.model.sizes.head import squared_error_sizes


class SquaredErrorLoss(wiring.Component):
    """Takes outputs one at a time, value y with tangents dy_k.

    With ``learn`` every output meets a target, e = y - target, and ``loss`` += e^2,
    ``jvp``[k] += e dy_k; ``clear`` zeroes them. Without, outputs go to ``results`` untouched.
    With N local readouts both count N times, unless ``is_local`` says that the output is of one.
    With several passes over a batch the lanes of pass ``pass_index`` have slopes of their own, and
    the loss is taken in the first.
    ``counted`` pulses once for every output that has been dealt with.
    Latency: 2 + ``multiply`` cycles to the accumulators (`SquaredErrorSizes`). Throughput: an
    output a cycle.
    """

    def __init__(self, description: Description) -> None:
        self._d, self._g = description, squared_error_sizes(description)
        f, g = description.formats, self._g
        inputs = row(signed(f.membrane.bits), f.tangent.bits, description.lanes_built, 1)
        passes = description.passes
        pass_index = {"pass_index": In(range(passes))} if passes > 1 else {}
        local = {"is_local": In(1)} if description.local else {}
        super().__init__(
            {
                "inputs": In(stream.Signature(inputs)),
                "targets": In(stream.Signature(signed(f.target.bits))),
                "results": Out(stream.Signature(signed(f.membrane.bits))),
                "learn": In(1),
                "clear": In(1),
                "counted": Out(1),
                "loss": Out(g.loss_bits),
                "jvp": Out(ArrayLayout(signed(g.jvp_bits), description.lanes)),
                **pass_index,
                **local,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        f, lanes = self._d.formats, self._d.lanes_built
        into = self.inputs.payload
        align = f.membrane.fraction - f.target.fraction
        taken = Signal()
        valid = Signal(1 + self._g.multiply)
        error = Signal(signed(self._g.error_bits), reset_less=True)
        weighted = error
        local = Signal.like(valid)
        if self._d.local:
            weighted = Signal(signed(self._g.weighted_bits), reset_less=True)
        m.d.comb += [
            self.targets.ready.eq(taken),
            taken.eq(self.learn & self.inputs.valid & self.targets.valid),
            self.results.valid.eq(~self.learn & self.inputs.valid),
            self.results.payload.eq(into.value[0]),
        ]
        with m.If(self.learn):
            m.d.comb += [self.inputs.ready.eq(taken), self.counted.eq(valid[-1])]
        with m.Else():
            m.d.comb += self.inputs.ready.eq(self.results.ready)
            m.d.comb += self.counted.eq(self.results.valid & self.results.ready)
        m.d.sync += valid.eq(valid << 1 | taken)
        # A product has operands of two signals, so an error that is squared is there twice.
        twin = Signal.like(error)
        with m.If(taken):
            difference = into.value[0] - self.targets.payload.shift_left(align)
            m.d.sync += [error.eq(difference), twin.eq(difference)]
            if self._d.local:
                times = _times(difference, self._d.global_weight)
                m.d.sync += weighted.eq(Mux(self.is_local, difference, times))
        square = self._square(m, error, twin)
        if self._d.local:
            m.d.sync += local.eq(local << 1 | self.is_local)
            square = Mux(local[-1], square, _times(square, self._d.global_weight))
        with m.If(self.clear):
            m.d.sync += self.loss.eq(0)
        with m.Elif(self._counts(valid[-1], 0)):
            m.d.sync += self.loss.eq(self.loss + square)
        for k in range(lanes):
            dy = Signal(signed(f.tangent.bits), name=f"dy_{k}", reset_less=True)
            with m.If(taken):
                m.d.sync += dy.eq(into.tangent[0][k])
            product = multiplied(m, weighted, dy, f"multiplier_{k}", self._g.multiply)
            for pass_index, lane in enumerate(range(k, self._d.lanes, lanes)):
                with m.If(self.clear):
                    m.d.sync += self.jvp[lane].eq(0)
                with m.Elif(self._counts(valid[-1], pass_index)):
                    m.d.sync += self.jvp[lane].eq(self.jvp[lane] + product)
        return m

    def _square(self, m: Module, error: Signal, twin: Signal) -> Value:
        """e^2 as late as other products, of halves if e is wide.

        (h 2^n + l)^2 = h^2 2^2n + l^2 + h l 2^(n+1). Their products need no adders after them,
        which would set the clock.
        """
        half, clocks = self._g.error_half, self._g.multiply
        if not half:
            return multiplied(m, error, twin, "square", clocks)
        low, high = (error[:half], twin[:half]), (error[half:].as_signed(), twin[half:].as_signed())
        lows = multiplied(m, *low, "square_low", clocks)
        highs = multiplied(m, *high, "square_high", clocks)
        cross = multiplied(m, high[0], low[1], "cross", clocks)
        return Cat(lows, highs) + (cross << (half + 1))

    def _counts(self, valid: Value, pass_index: int) -> Value:
        """Whether what is there counts in the accumulators of a pass."""
        return valid & (self.pass_index == pass_index) if self._d.passes > 1 else valid


def _times(value: Value, factor: int) -> Value:
    """``value`` times a small constant, as a sum of shifted values."""
    bits = [n for n in range(factor.bit_length()) if factor >> n & 1]
    return add(*(value.shift_left(n) for n in bits))
