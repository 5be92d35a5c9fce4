"""Which passes of a batch have a frame, and in which a change is due."""

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.model.description.part import Part
from dualspike.model.sizes.layers import Layer


class Passes(wiring.Component):
    """Counts the passes of a batch: ``frames`` of them have a frame, ``lag`` come after these.

    A change is for ``steps`` passes together, and lands in the first of them: then ``lag`` counts
    such changes, and ``first`` and ``last`` say whether a pass is so of its ``steps``. ``start``
    starts a batch, ``ended`` pulses with the end of each pass while the chip may ``learn``. Of the
    pass that comes next: ``due``, whether a change lands in it, not in the first ``lag``;
    ``flush``, whether it has no frame; ``over``, that the batch has no pass left. These are 0 for
    one that does not ``learn``.
    """

    def __init__(self, frames: int, lag: int, steps: int = 1) -> None:
        self._frames, self._lag, self._steps = frames // steps, lag, steps
        marks = {"first": Out(1), "last": Out(1)} if steps > 1 else {}
        super().__init__(
            {
                "start": In(1),
                "learn": In(1),
                "ended": In(1),
                "due": Out(1),
                "flush": Out(1),
                "over": Out(1),
                **marks,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        last = self._frames + self._lag
        count = Signal(counter_shape(last))
        marks = {"due": self._lag, "flush": self._frames, "over": last}
        reached = {name: Signal(name=f"{name}_reached") for name in marks}
        for name, held in reached.items():
            m.d.comb += getattr(self, name).eq(held & self.learn)
        ended = self.ended & self.learn
        if self._steps > 1:
            m.d.comb += self.due.eq(reached["due"] & self.learn & self.first)
            ended = self._step(m, ended)
        with m.If(self.start):
            m.d.sync += [count.eq(0), *(held.eq(0) for held in reached.values())]
        with m.Elif(ended):
            m.d.sync += count.eq(count + 1)
            for name, held in reached.items():
                with m.If(count == marks[name] - 1):
                    m.d.sync += held.eq(1)
        return m

    def _step(self, m: Module, ended: Value) -> Value:
        """Count the steps of a change; when its last pass has ended."""
        step = Signal(counter_shape(self._steps - 1))
        first = Signal(init=1)
        m.d.comb += [
            self.first.eq(first),
            self.last.eq((step == self._steps - 1) | self.flush),
        ]
        with m.If(self.start):
            m.d.sync += [step.eq(0), first.eq(1)]
        with m.Elif(ended):
            m.d.sync += first.eq(self.last)
            with m.If(~self.flush):
                count_on(m, step, self._steps - 1)
        return ended & self.last


def change_steps(part: Part, layer: Layer) -> int:
    """Passes that share a change."""
    return part.network.time_steps if part.by_sample and layer.every_step else 1


def spaced(m: Module, first: Value, last: Value, taken: Value, clocks: int, least: int) -> Value:
    """Whether what is next of a pass may be ``taken``; the ``first`` of it waits.

    Each of the ``clocks`` rows of a pass comes ``least`` clocks after it came in the pass before,
    wherever that one has paused: what waits is counted from its ``last`` row.
    """
    if clocks >= least:
        return Const(1)
    pause = Signal(range(least - clocks + 1))
    with m.If(taken & last):
        m.d.sync += pause.eq(least - clocks)
    with m.Elif(pause != 0):
        m.d.sync += pause.eq(pause - 1)
    return ~first | (pause == 0)
