"""`PerturbedNeuron`: dual numbers through neurons, and lanes that begin in them."""

from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.golden.integer.lfsr import running_bits
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.hw.layer.online.perturbed_neuron import PerturbedNeuron
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import Rows, clipped

TOP = "perturbed_neuron"
CASES = [
    {"name": "sample", "layer": 0},
    {"name": "sample", "layer": 1},
    {"name": "counts", "layer": 0},
]
State = tuple[int, list[int]]


def component(name: str, layer: int) -> PerturbedNeuron:
    """The neurons after one layer."""
    d, one = taught(name, layer)
    return PerturbedNeuron(d.parts[0], one)


class Bench(OnlineTB):
    """Neurons, and samples for them."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.table: list[int] = surrogate_table(self.part).tolist()
        self.own = self.part.own_lanes
        self.starts: list[int] = []

    async def begin(self) -> None:
        """Draw the signs of all lanes that begin here, as before a batch."""
        self.starts = [self.rng.getrandbits(WORD) for _ in range(self.own)]
        for lane, word in enumerate(self.starts):
            await self.pulse(load=1 << lane, word=word)

    def ends(self, bits: int) -> tuple[list[int], Rows]:
        """Sums and tangents of one step, narrower by so many ``bits``."""
        layer, f = self.layer, self.d.formats
        z = self.numbers(f.membrane.bits - bits, layer.n_out)
        return z, [self.numbers(f.tangent.bits - bits, layer.lanes_in) for _ in z]

    def lone(self) -> tuple[list[int], Rows]:
        """Sums that are 0 but for one number at an end, which alone may clip."""
        layer, f, rng = self.layer, self.d.formats, self.rng
        z, dz = [0] * layer.n_out, [[0] * layer.lanes_in for _ in range(layer.n_out)]
        i, form = rng.randrange(layer.n_out), rng.choice([f.membrane, f.tangent])
        end = rng.choice([form.lowest, form.highest])
        if form is f.membrane or not layer.lanes_in:
            z[i] = end
        else:
            dz[i][rng.randrange(layer.lanes_in)] = end
        return z, dz

    def sample(self, bits: int | None) -> tuple[list[Any], list[Any], list[int]]:
        """Rows of a sample of sums that are narrower by so many ``bits``; what comes of each.

        With no ``bits`` it has the same lone number in all steps.

        That is a payload, and what ``overflow`` shows, with ``floor`` as bit 2. The signs are the
        same in all steps, and those of the next sample come after them. What fills up a row comes
        out as 0.
        """
        layer, f, width = self.layer, self.d.formats, self.layer.next_simd
        drawn = [running_bits(SIGNS, start, layer.n_out) for start in self.starts]
        self.starts = [state for _, state in drawn]
        one = 1 << f.tangent.fraction
        states: list[State] = [(0, [0] * (layer.lanes_in + self.own))] * layer.n_out
        rows, expected, overs = list[Any](), list[Any](), list[int]()
        alone = self.lone()
        for _ in range(self.d.network.time_steps):
            z, dz = alone if bits is None else self.ends(bits)
            for first in range(0, layer.rows * width, width):
                here = range(first, min(first + width, layer.n_out))
                empty = width - len(here)
                row: dict[str, Any] = {"value": [*(z[i] for i in here), *[1] * empty]}
                if layer.lanes_in:
                    row["tangent"] = [*(dz[i] for i in here), *[[1] * layer.lanes_in] * empty]
                given, over = list[tuple[int, list[int]]](), 0
                for i in here:
                    own = [-one if signs[i] else one for signs, _ in drawn]
                    states[i], spike, tangents, clips = self.step(states[i], z[i], dz[i] + own)
                    given.append((spike, tangents))
                    over |= clips
                given += [(0, [0] * (layer.lanes_in + self.own))] * empty
                rows.append(row)
                expected.append({"value": [s for s, _ in given], "tangent": [t for _, t in given]})
                overs.append(over)
        return rows, expected, overs

    def step(self, state: State, z: int, dz: list[int]) -> tuple[State, int, list[int], int]:
        """A neuron's step: state, spike, spike tangents, clipped.

        That is bit 0 for U above its format, bit 1 for dU or dS, bit 2 for U below.
        """
        f, s = self.d.formats, self.d.network.surrogate
        theta = self.part.thresholds[self.layer.index]
        summed = self.leaked(state[0]) + z
        membrane = clipped(summed, f.membrane.bits)[0]
        over = (summed > membrane) | (summed < membrane) << 2
        distance = membrane - theta
        spike = int(distance > 0)
        place = (distance + (s.span << f.membrane.fraction)) * s.entries
        place //= 2 * s.span << f.membrane.fraction
        slope = self.table[1 + place] if 0 <= place < s.entries else 0
        charges = list[int]()
        spikes = list[int]()
        for charge, one in zip(state[1], dz, strict=True):
            charge, clips = clipped(self.leaked(charge) + one, f.tangent.bits)
            scale = 1 << f.surrogate.fraction
            tangent, beyond = clipped((2 * slope * charge + scale) // (2 * scale), f.tangent.bits)
            charges.append(charge)
            spikes.append(tangent)
            over |= 2 * (clips or beyond)
        return (membrane - theta * spike, charges), spike, spikes, over

    def leaked(self, state: int) -> int:
        """A state a step later: it loses a share of 2^-k, rounded half up."""
        shift = self.part.leak_shift
        return state - (state + (1 << (shift - 1)) >> shift) if shift else state


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5), (0.0, 0.7)])
async def fires_as_the_equations(bench: Bench, stalls: tuple[float, float]) -> None:
    """Batches of samples from tiny to wild, whoever waits; signs go on from sample to sample.

    So long that every bit of a register comes to the few that are seen.
    """
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs", stalls[1])
    overflow, floor, told = bench.pulses("overflow"), bench.pulses("floor"), set[int]()
    for turn in range(40):
        if turn in (0, 4, 8):
            await bench.begin()
        rows, expected, overs = bench.sample([0, 2, None, 4, None, 1, None, None][turn % 8])
        sink.taken.clear()
        overflow.clear()
        floor.clear()
        source.send(rows)
        await bench.taken(sink, len(rows))
        await bench.cycle(2)
        assert sink.taken == expected
        pulses = bool(floor) << 2
        for _, value in overflow:
            pulses |= value
        over = 0
        for one in overs:
            over |= one
        assert pulses == over
        told.add(over)
    # A lane that begins here alone stays within the format of these chips.
    assert told >= ({0, 7} if bench.layer.lanes_in else {0, 5})


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """A row a cycle, 4 + derive cycles later."""
    await bench.begin()
    rows = [row for _ in range(8) for row in bench.sample(0)[0]]
    source, sink = await bench.through(rows, len(rows))
    assert source.moved == list(range(source.moved[0], source.moved[0] + len(rows)))
    assert sink.moved == [cycle + 4 + bench.layer.derive for cycle in source.moved]


@Bench.test()
async def lanes_that_begin_are_the_signs_where_nothing_comes_in(bench: Bench) -> None:
    """In the first step dU is v alone, so the tangents of a row differ in their signs only."""
    await bench.begin()
    layer, lanes = bench.layer, bench.layer.lanes_in
    drawn = [running_bits(SIGNS, start, layer.n_out)[0] for start in bench.starts]
    theta = bench.part.thresholds[layer.index]
    row: dict[str, Any] = {"value": [theta] * layer.next_simd}
    if lanes:
        row["tangent"] = [[0] * lanes] * layer.next_simd
    _, sink = await bench.through([row] * layer.rows, layer.rows)
    found = [one for row in sink.taken for one in row["tangent"]][: layer.n_out]
    for i, tangents in enumerate(found):
        assert not any(tangents[:lanes])
        ups = [one > 0 for one in tangents[lanes:]]
        assert ups == [not signs[i] for signs in drawn]
