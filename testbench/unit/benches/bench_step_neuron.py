"""`StepNeuron`: spikes, gates, tangents that pass, and tangents that begin."""

from itertools import cycle, product
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.golden.integer.lfsr import leap
from dualspike.hw.layer.online.neuron import PIPELINE, StepNeuron
from dualspike.model.interface.lfsr import SIGNS, WORD
from dualspike.testbench.unit.benches.online import OnlineTB, taught
from dualspike.testbench.unit.benches.reference import clipped

Ends = tuple[bool, bool]

TOP = "step_neuron"
CASES = [
    {"name": "lanes", "layer": 1},
    {"name": "frames", "layer": 0},
    {"name": "own", "layer": 0},
    {"name": "short", "layer": 0},
    {"name": "matrix", "layer": 1},
]


def component(name: str, layer: int) -> StepNeuron:
    """The neurons after one layer."""
    d, one = taught(name, layer)
    return StepNeuron(d.parts[0], one)


class Bench(OnlineTB):
    """Neurons, and samples for them."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.signs: list[int] = []
        theta, gate, form = self.threshold, self.part.gate, self.d.formats.membrane
        # Where something changes, and how far from there a membrane is to come.
        places = theta, theta - gate, theta + gate, form.lowest, form.highest
        self.nears = [0, *(sign << n for n in range(form.bits) for sign in (1, -1))]
        aims = list(product(places, self.nears))
        self.rng.shuffle(aims)
        self.aims = cycle(aims)

    async def begin(self) -> None:
        """Draw the signs of all lanes that begin here."""
        self.signs = [self.rng.getrandbits(WORD) for _ in range(self.part.own_lanes)]
        for lane, word in enumerate(self.signs):
            await self.pulse(load=1 << lane, word=word)

    def sample(self, *, small: bool = False) -> tuple[list[Any], list[Any], Ends]:
        """Rows of a sample, what comes of them, whether any membrane was above, or below.

        ``small``: sums an eighth as large, of which few reach the ends.
        """
        layer, lanes = self.layer, self.layer.lanes_in
        f, width = self.d.formats, self.layer.next_simd
        states, clips = [0] * layer.n_out, [(False, False)] * layer.n_out
        rows, expected, ends = [], [], [False, False]
        for _ in range(self.d.network.time_steps):
            found: list[Any] = []
            z = self.numbers(f.membrane.bits - 3 * small, layer.n_out)
            if not small:
                z = [self.aimed(*each) for each in zip(z, states, clips, strict=True)]
            dz = [self.numbers(f.tangent.bits, lanes) for _ in z]
            for i in range(layer.n_out):
                states[i], result, clips[i] = self.neuron(states[i], i, z[i], dz[i])
                found.append(result)
                ends = [one or met for one, met in zip(ends, clips[i], strict=True)]
            for at in range(0, layer.rows * width, width):
                one = found[at : at + width]
                missing = width - len(one)
                row: dict[str, Any] = {"value": z[at : at + width] + [1] * missing}
                done: dict[str, Any] = {"value": [r["value"] for r in one] + [0] * missing}
                done["gate"] = [r["gate"] for r in one] + [0] * missing
                if lanes:
                    row["tangent"] = dz[at : at + width] + [[1] * lanes] * missing
                    done["tangent"] = [r["tangent"] for r in one] + [[0] * lanes] * missing
                if self.signs:
                    nothing = [[0] * len(self.signs)] * missing
                    done["own"] = [r["own"] for r in one] + nothing
                rows.append(row)
                expected.append(done)
        return rows, expected, (ends[0], ends[1])

    def aimed(self, z: int, kept: int, clips: Ends) -> int:
        """``z``, or what takes a membrane to or next to a place where something changes.

        To the threshold where it was clipped in the step before.
        """
        place, near = self.threshold, self.rng.choice(self.nears)
        if not any(clips):
            if self.rng.random() < 0.25:
                return z
            place, near = next(self.aims)
        return clipped(place + near - self.leaked(kept), self.d.formats.membrane.bits)[0]

    @property
    def threshold(self) -> int:
        """That of the layer."""
        return self.part.thresholds[self.layer.index]

    def leaked(self, kept: int) -> int:
        """A state a step later: it loses a share of 2^-k, rounded half up."""
        shift = self.part.leak_shift
        return kept - (kept + (1 << (shift - 1)) >> shift) if shift else kept

    def neuron(self, kept: int, i: int, z: int, dz: list[int]) -> tuple[int, dict[str, Any], Ends]:
        """One neuron's step: state, what it gives, where it was clipped. Takes the lanes' bits."""
        del i
        summed = self.leaked(kept) + z
        kept = clipped(summed, self.d.formats.membrane.bits)[0]
        ends = summed > kept, summed < kept
        distance = kept - self.threshold
        gate = int(abs(distance) < self.part.gate)
        begins = 1 if self.d.learning.keeps_feedback else gate
        own = [begins * (1 - 2 * (sign & 1)) for sign in self.signs]
        self.signs = [leap(SIGNS, sign, 1) for sign in self.signs]
        result = {"value": int(distance > 0), "gate": gate, "own": own}
        result["tangent"] = [gate * one for one in dz]
        return distance if distance > 0 else kept, result, ends


@Bench.test(stalls=[(0.0, 0.0), (0.5, 0.5)])
async def fires_as_the_equations(bench: Bench, stalls: tuple[float, float]) -> None:
    """Samples of two batches, whoever waits; signs go on from sample to sample."""
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs", stalls[1])
    overflow, floor = bench.pulses("overflow"), bench.pulses("floor")
    told = set[Ends]()
    gates = set[int]()
    for _ in range(2):
        await bench.begin()
        for turn in range(25):
            rows, expected, ends = bench.sample(small=turn % 2 > 0)
            sink.taken.clear()
            overflow.clear()
            floor.clear()
            source.send(rows)
            await bench.taken(sink, len(rows))
            await bench.cycle(2)
            assert sink.taken == expected
            assert (bool(overflow), bool(floor)) == ends
            told.add(ends)
            gates |= {gate for one in expected for gate in one["gate"]}
    assert gates == {0, 1}
    # A membrane that holds one sum is never beyond the format.
    alike = {(False, False), (True, True)} if bench.d.network.time_steps > 1 else {(False, False)}
    assert told >= alike and (told > alike) == (len(alike) > 1)


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """A row a cycle, and each a cycle more than the pipeline later."""
    await bench.begin()
    rows = [row for _ in range(8) for row in bench.sample()[0]]
    source, sink = await bench.through(rows, len(rows))
    assert source.moved == list(range(source.moved[0], source.moved[0] + len(rows)))
    assert sink.moved == [cycle + PIPELINE + 1 for cycle in source.moved]
