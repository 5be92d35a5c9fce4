"""What the course of any learner begins and ends with: nothing or inference, and one batch less."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring

from dualspike.model.interface.register import Command


def batches(m: Module, course: wiring.Component) -> tuple[Signal, Signal]:
    """Whether there are batches to learn, and no more than one, from registers: a clock late."""
    some, last = Signal(name="some_batches"), Signal(name="last_batch")
    m.d.sync += [some.eq(course.updates != 0), last.eq(course.updates <= 1)]
    return some, last


def idle(
    m: Module, course: wiring.Component, infer: Signal, opens: Signal, inside: Value, some: Signal
) -> None:
    """The state of inference, or of nothing; a command to learn ends it while nothing is inside.

    ``opens`` is the register that says whether samples may enter, ``learn`` of the course that
    of any other state. ``some``: there are batches to learn.
    """
    with m.State("IDLE"):
        m.d.comb += [
            course.busy.eq(inside != 0),
            course.mode.eq(Mux(infer, Command.INFER, Command.STOP)),
        ]
        with m.If(course.commanded):
            infers = course.command == Command.INFER
            m.d.sync += [infer.eq(infers), opens.eq(infers)]
            learns = course.command == Command.LEARN
            with m.If(learns & ~course.busy & ~infer & some):
                m.d.sync += course.learn.eq(1)
                m.next = "DRAW"


def done(m: Module, course: wiring.Component, last: Signal, *, schedule: bool) -> None:
    """The state after a batch: the next one, or the end if it was the ``last``."""
    with m.State("DONE"):
        if schedule:
            m.d.comb += course.tick.eq(1)
        m.d.sync += course.updates.eq(course.updates - 1)
        m.next = "DRAW"
        with m.If(last):
            m.d.sync += [course.updates.eq(0), course.learn.eq(0)]
            m.next = "IDLE"
