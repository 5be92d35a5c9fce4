"""`SampleFeedback`: a signal for every neuron of a hidden layer and sample."""

from fractions import Fraction
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.golden.integer.lfsr import running_bits
from dualspike.hw.learn.online.sample_feedback import SampleFeedback
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.model.sizes.layers import SAMPLE_LAG
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import rounded

TOP = "sample_feedback"
CASES = [
    {"name": "sample", "layer": 0},
    {"name": "sample", "layer": 1},
    {"name": "counts", "layer": 0},
]


def component(name: str, layer: int) -> SampleFeedback:
    """What comes back to one layer."""
    d, one = taught(name, layer)
    return SampleFeedback(d.parts[0], one)


class Bench(OnlineTB):
    """Samples, and the signals that should come of their slopes."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.lanes = self.part.own_lanes
        self.states: list[int] = []

    async def begin(self) -> None:
        """Draw the signs of all lanes, as before a batch."""
        self.states = [self.rng.getrandbits(WORD) for _ in range(self.lanes)]
        for lane, word in enumerate(self.states):
            await self.pulse(load=1 << lane, word=word)

    def sample(self, *, small: bool = False) -> tuple[list[int], list[Any], bool]:
        """Slopes, rows of signals, and whether one was clipped; signs go on."""
        form, n_out = self.d.formats.cotangent, self.layer.n_out
        slopes = self.numbers(2 if small else form.bits, self.lanes)
        drawn = [running_bits(SIGNS, state, n_out) for state in self.states]
        self.states = [state for _, state in drawn]
        power = (self.lanes - 1).bit_length()
        found = list[tuple[int, bool]]()
        for neuron in range(n_out):
            signs = [1 - 2 * int(bits[neuron]) for bits, _ in drawn]
            total = sum(v * j for v, j in zip(signs, slopes, strict=True))
            found.append(rounded(Fraction(total, 1 << power) * form.lsb, form))
        return slopes, self.rows_of([d for d, _ in found]), any(over for _, over in found)


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5), (0.0, 0.7)])
async def comes_back(bench: Bench, stalls: tuple[float, float]) -> None:
    """Batches of samples one after the other, whoever waits."""
    errors, sink = bench.source("errors", stalls[0]), bench.sink("signals", stalls[1])
    clipped, told = bench.pulses("clipped"), set[bool]()
    for turn in range(30):
        await bench.begin()
        samples = [bench.sample(small=turn % 2 > 0) for _ in range(1 + turn % 5)]
        sink.taken.clear()
        clipped.clear()
        errors.send(slopes for slopes, _, _ in samples)
        await bench.taken(sink, len(samples) * bench.layer.rows)
        await bench.cycle()
        assert sink.taken == [row for _, rows, _ in samples for row in rows]
        over = any(clips for _, _, clips in samples)
        assert bool(clipped) == over
        told.add(over)
    # The mean over a number of lanes that is no power of two is never beyond the format.
    within = bench.lanes & (bench.lanes - 1) > 0
    assert told == ({False} if within else {False, True})


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """Its first row 3 cycles after the slopes, and a row a cycle from sample to sample."""
    await bench.begin()
    errors, sink = bench.source("errors"), bench.sink("signals")
    samples = [bench.sample() for _ in range(6)]
    errors.send(slopes for slopes, _, _ in samples)
    count = len(samples) * bench.layer.rows
    await bench.taken(sink, count)
    begin = errors.moved[0] + 3
    assert sink.moved == list(range(begin, begin + count))


@Bench.test()
async def has_room_for_what_is_under_way(bench: Bench) -> None:
    """Slopes of as many samples as a change is late, and of one more, while nobody takes a row.

    Those beyond them wait, and none is lost.
    """
    await bench.begin()
    errors, sink = bench.source("errors"), bench.sink("signals")
    sink.open = False
    samples = [bench.sample() for _ in range(2 * SAMPLE_LAG + 8)]
    errors.send(slopes for slopes, _, _ in samples)
    room = SAMPLE_LAG + 1
    await bench.until(lambda: len(errors.moved) >= room, 4 * room)
    await bench.cycle(4 * len(samples) * bench.layer.rows)
    sink.open = True
    await bench.taken(sink, len(samples) * bench.layer.rows)
    assert sink.taken == [row for _, rows, _ in samples for row in rows]
