"""A part of an operator chip that learns online: it changes for each row when a batch is over."""

from typing import ClassVar

from amaranth.hdl import Cat, Module
from amaranth.lib import data
from amaranth.lib.wiring import In, Member, Out, SignatureMembers, connect

from dualspike.hw.chip.part import PartCore
from dualspike.hw.head.product.row_slopes import RowSlopes
from dualspike.hw.layer.online.sample_chain import SampleChain
from dualspike.hw.learn.online.sample_feedback import SampleFeedback
from dualspike.hw.stream.layouts import ArrayLayout
from dualspike.hw.stream.queue import Queue
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import WORD
from dualspike.model.sizes.geometry import geometry


class ChangingPart(PartCore):
    """As `PartCore`; what comes back of a row moves its layers, when all rows have gone through.

    ``clear`` starts a batch; ``load_lanes`` pushes the drawn ``signs`` into the lanes of each
    hidden layer. ``saturated`` pulses where a weight was clipped, ``clipped`` where a slope or a
    signal was. The other members are those of `ChangingDense`, layer by layer.
    """

    INSIDE: ClassVar = (*PartCore.INSIDE, "signals", "saturated", "learn", "start", "word")

    def _chain_of(self, d: Description, number: int) -> SampleChain:
        part = self._part = d.parts[number]
        return SampleChain(part, geometry(part), d.batch[number])

    def _slopes_of(self, d: Description, number: int) -> RowSlopes:
        return RowSlopes(d, number)

    def _taught(self, slopes: SignatureMembers) -> dict[str, Member]:
        hidden = len(self._chain.neurons)
        return {
            **{name: slopes[name] for name in ("means", "finished")},
            **dict.fromkeys(("learn", "clear"), In(1)),
            **dict.fromkeys(("word", "signs"), In(WORD)),
            "load_lanes": In(ArrayLayout(self._part.own_lanes, hidden)),
            **dict.fromkeys(("saturated", "clipped"), Out(1)),
        }

    def _move(self, m: Module, slopes: RowSlopes) -> None:
        """Signals of all layers: E for the readout, the signs times their slopes for others."""
        dense, last = self._chain.dense, geometry(self._part).layers[-1]
        for one in dense:
            m.d.comb += [
                one.learn.eq(self.learn),
                one.start.eq(self.clear),
                one.word.eq(self.word),
            ]
        shape = slopes.errors.payload.shape()
        m.submodules.errors_waiting = waiting = Queue(shape, last.lag * last.n_out)
        connect(m, slopes.errors, waiting.inputs)
        m.d.comb += [
            dense[-1].signals.valid.eq(waiting.outputs.valid),
            dense[-1].signals.payload[0].eq(waiting.outputs.payload),
            waiting.outputs.ready.eq(dense[-1].signals.ready),
        ]
        units = self._units(m)
        for n, unit in enumerate(units):
            own = range(n * self._part.own_lanes, (n + 1) * self._part.own_lanes)
            given = Cat(slopes.back.payload[q] for q in own)
            m.d.comb += [
                unit.errors.valid.eq(slopes.back.valid & slopes.back.ready),
                unit.errors.payload.eq(data.View(unit.errors.payload.shape(), given)),
            ]
        clips = Cat(slopes.clipped, *(unit.clipped for unit in units))
        m.d.comb += [
            slopes.back.ready.eq(Cat(unit.errors.ready for unit in units).all()),
            self.clipped.eq(clips.any()),
            self.saturated.eq(Cat(one.saturated for one in dense).any()),
        ]

    def _units(self, m: Module) -> list[SampleFeedback]:
        """What makes signals of the slopes of hidden layers, which draws their signs once more."""
        units: list[SampleFeedback] = []
        pairs = zip(geometry(self._part).layers, self._chain.neurons, strict=False)
        for n, (layer, neurons) in enumerate(pairs):
            unit = SampleFeedback(self._part, layer)
            m.submodules[f"feedback_{n}"] = unit
            connect(m, unit.signals, self._chain.dense[n].signals)
            for one in (unit, neurons):
                m.d.comb += [one.load.eq(self.load_lanes[n]), one.word.eq(self.signs)]
            units.append(unit)
        return units
