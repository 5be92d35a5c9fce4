"""An operator network that learns online: as `OperatorNetwork`, of parts that change."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring

from dualspike.hw.chip.bus import RegisterBus
from dualspike.hw.chip.changes import course_of, rewinder_of, shifts_of, wire_course
from dualspike.hw.chip.changing_part import ChangingPart
from dualspike.hw.chip.operator_network import OperatorNetwork
from dualspike.hw.head.head import Outputs
from dualspike.hw.learn.online.sequencer import OnlineSequencer
from dualspike.model.interface.register import Flag


class OnlineOperator(OperatorNetwork):
    """Rows and targets in, results out; see docs/online_chip.md."""

    def _part(self, number: int, *, probes: bool) -> ChangingPart:
        return ChangingPart(self._d, number, probes=probes)

    def learner(
        self, m: Module, chip: wiring.Component, registers: RegisterBus
    ) -> tuple[OnlineSequencer, Outputs]:
        """The learner around the parts: the course of a batch, and what pulses when clipped."""
        d = self._d
        drawer, sequencer = course_of(m, d)
        settled = self._enter(m, chip, sequencer, sequencer.start)
        self._flush(m)
        shifts = shifts_of(d)
        rewinder = rewinder_of(m, d, registers, drawer, sequencer, shifts)
        over: list[Signal] = []
        for n, part in enumerate(self.parts):
            m.d.comb += [
                part.word.eq(rewinder.word),
                part.signs.eq(drawer.words.payload),
            ]
            for depth, layer in enumerate(d.layers_of(n)):
                over.append(getattr(part, f"over_{depth}"))
                m.d.comb += [
                    getattr(part, f"load_{depth}").eq(rewinder.loads[layer]),
                    getattr(part, f"shift_{depth}").eq(rewinder.shifts[layer]),
                ]
            for depth, layer in enumerate(list(d.layers_of(n))[:-1]):
                m.d.comb += part.load_lanes[depth].eq(sequencer.load_lanes[layer])
        m.d.comb += [
            sequencer.over.eq(Cat(over).all()),
            sequencer.left.eq(self._product.counted),
        ]
        wire_course(m, registers, drawer, sequencer, self._product.loss, shifts)
        clips = self._clips() | {
            Flag.WEIGHT: Cat(part.saturated for part in self.parts).any(),
            Flag.STEP: Cat(part.clipped for part in self.parts).any(),
        }
        return sequencer, Outputs(dict(sorted(clips.items())), settled)
