"""The course of a batch of a chip that learns online: draw, let samples in, wait for the changes.

Layers count their passes themselves, and tell when all changes of a batch have landed.
"""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from dualspike.hw.learn.course import batches, done, idle
from dualspike.hw.stream.counters import count_on, counter_shape
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.outstanding import outstanding
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import WORD, online_draws
from dualspike.model.interface.register import Command
from dualspike.model.sizes.layers import most_inside


class OnlineSequencer(wiring.Component):
    """State machine over the whole core; members as those of `hw.learn.sequencer.Sequencer`.

    Before a batch a drawn word goes to every layer's rows and columns (``load``[l]) and to every
    lane of every hidden layer (``load_lanes``[l]), then ``start`` pulses. The batch ends when
    ``over`` holds: a clock for each word, 1 to start and 1 to end, besides the samples. In an
    operator chip a sample is a function, with one end.
    """

    def __init__(self, description: Description) -> None:
        d = description
        self._batch, self._schedule = d.batch[0], d.learning.schedule == "chip"
        mlp, inside = d.kind == "mlp", most_inside(d.n_layers)
        self._outputs, self._inside = (d.basis, inside) if mlp else (1, inside + d.batch[0])
        self._lanes = lanes = d.parts[0].own_lanes
        self._order = online_draws([len(part.shapes) for part in d.parts], lanes)
        members = {"stage": In(4), "tick": Out(1)} if self._schedule else {}
        if lanes:
            members["load_lanes"] = Out(ArrayLayout(lanes, d.n_layers - 1))
        super().__init__(
            members
            | {
                "command": In(2),
                "commanded": In(1),
                "set_updates": In(1),
                "updates_data": In(32),
                "updates": Out(32),
                "busy": Out(1),
                "mode": Out(2),
                "words": In(stream.Signature(WORD, always_valid=True)),
                "load": Out(ArrayLayout(2, d.n_layers)),
                "start": Out(1),
                "open": Out(1),
                "learn": Out(1),
                "entered": In(1),
                "left": In(1),
                "over": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        entered, left = self.entered & ~self.learn, self.left & ~self.learn
        inside = outstanding(m, entered, left, self._outputs, self._inside)
        with m.If(self.set_updates):
            m.d.sync += self.updates.eq(self.updates_data)
        # A register, as those that wait for it are many.
        opens = Signal()
        m.d.comb += self.open.eq(opens)
        some, last = batches(m, self)
        with m.FSM():
            idle(m, self, Signal(name="infer"), opens, inside, some)
            self._draw(m, opens)
            self._run(m, opens)
            done(m, self, last, schedule=self._schedule)
        with m.If(self.learn):
            m.d.comb += [self.busy.eq(1), self.mode.eq(Command.LEARN)]
        return m

    def _draw(self, m: Module, opens: Signal) -> None:
        """A word a clock."""
        word = Signal(counter_shape(len(self._order) - 1))
        with m.State("DRAW"):
            m.d.comb += self.words.ready.eq(1)
            with m.Switch(word):
                for n, draw in enumerate(self._order):
                    with m.Case(n):
                        m.d.comb += self._target(draw.kind, draw.layer, draw.lane).eq(1)
            m.d.sync += word.eq(word + 1)
            with m.If(word == len(self._order) - 1):
                m.d.sync += word.eq(0)
                m.next = "START"
        with m.State("START"):
            m.d.comb += self.start.eq(1)
            m.d.sync += opens.eq(1)
            m.next = "RUN"

    def _target(self, kind: str, layer: int, lane: int) -> Value:
        if kind == "lane":
            return self.load_lanes[layer][lane]
        return self.load[layer][int(kind == "columns")]

    def _run(self, m: Module, opens: Signal) -> None:
        """The batch's samples in, until all that comes of them has landed."""
        samples = Signal(counter_shape(self._batch - 1))
        last = samples == self._batch - 1
        with m.State("RUN"):
            with m.If(self.entered):
                count_on(m, samples, self._batch - 1, last)
                with m.If(last):
                    m.d.sync += opens.eq(0)
            with m.If(self.over):
                m.next = "DONE"
