"""The order in which the terms of basis vectors pass through the product unit's memories."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.model.ceil_div import ceil_div


class TermAddressGenerator(wiring.Component):
    """Place of the present term: rows of ``basis`` terms, in chunks of ``terms`` side by side.

    ``address`` = row * chunks + chunk and ``slot`` are its place in the memories; ``advance`` goes
    on to the next term, after the ``last`` one to the first. ``clear`` goes back to the first.
    """

    def __init__(self, rows: int, basis: int, terms: int) -> None:
        self._basis, self._terms = basis, terms
        self._places = rows * ceil_div(basis, terms)
        super().__init__(
            {
                "advance": In(1),
                "clear": In(1),
                "address": Out(counter_shape(self._places - 1)),
                "slot": Out(counter_shape(terms - 1)),
                "last_term": Out(1),
                "last": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        address = Signal.like(self.address)
        slot = Signal.like(self.slot)
        term = Signal(counter_shape(self._basis - 1))
        m.d.comb += [
            self.address.eq(address),
            self.slot.eq(slot),
            self.last_term.eq(term == self._basis - 1),
            self.last.eq(self.last_term & (address == self._places - 1)),
        ]
        with m.If(self.clear):
            m.d.sync += [address.eq(0), slot.eq(0), term.eq(0)]
        with m.Elif(self.advance):
            count_on(m, term, self._basis - 1, self.last_term)
            count_on(m, slot, self._terms - 1)
            with m.If(slot == self._terms - 1):
                m.d.sync += address.eq(address + 1)
            with m.If(self.last_term):
                m.d.sync += [slot.eq(0), address.eq(Mux(self.last, 0, address + 1))]
        return m
