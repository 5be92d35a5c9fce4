"""The course of a core that only infers: samples may enter or not, and outputs are outstanding."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.outstanding import outstanding
from dualspike.model.description.description import Description
from dualspike.model.interface.register import Command
from dualspike.model.sizes.layers import most_inside


class Inference(wiring.Component):
    """What is left of the `Sequencer` where nothing is learned.

    ``command`` with ``commanded`` starts and stops (`model.interface.registers.Command`). ``open``
    lets samples in; ``entered`` and ``left`` pulse once for every sample that has entered and every
    output that has left; ``busy`` while outputs are outstanding. Of an operator network a sample is
    a function, with one end.
    """

    command: In(2)
    commanded: In(1)
    mode: Out(2)
    busy: Out(1)
    open: Out(1)
    entered: In(1)
    left: In(1)

    def __init__(self, description: Description) -> None:
        self._outputs = description.basis if description.kind == "mlp" else 1
        self._samples = most_inside(description.n_layers)
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        inside = outstanding(m, self.entered, self.left, self._outputs, self._samples)
        m.d.comb += [self.busy.eq(inside != 0), self.mode.eq(self.open)]
        with m.If(self.commanded):
            m.d.sync += self.open.eq(self.command == Command.INFER)
        return m
