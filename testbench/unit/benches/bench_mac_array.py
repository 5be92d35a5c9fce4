"""`MacArray`: exact sums of every neuron and lane, and sweeps that move the weights."""

from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.macs.mac_array import MacArray
from dualspike.hw.layer.memory.words import Words
from dualspike.testbench.unit.benches.layer import WeightsTB
from dualspike.testbench.unit.benches.memories import fill, push_words, read_back
from dualspike.testbench.unit.benches.reference import (
    chunks,
    drawn_words,
    exact_sums,
    flat,
    frame,
    kept,
)
from dualspike.testbench.unit.benches.shapes import shape

TOP = "mac_array"
CASES = [
    {"name": "plain", "layer": 0},
    {"name": "plain", "layer": 1},
    {"name": "folded", "layer": 0},
    {"name": "folded", "layer": 1},
    {"name": "folded", "layer": 2},
    {"name": "twisted", "layer": 1},
    {"name": "odd", "layer": 2},
    {"name": "event", "layer": 1},
    {"name": "sparse", "layer": 2},
    {"name": "fast", "layer": 0},
    {"name": "fast", "layer": 1},
    {"name": "fast", "layer": 2},
    {"name": "deep", "layer": 1},
    {"name": "wide", "layer": 1},
]


def component(name: str, layer: int) -> MacArray:
    """The multiply-accumulate array of one layer."""
    d, g, one = shape(name, layer)
    words = Words(d.formats.weight.bits, spread=one.spread)
    return MacArray(one, g.lanes, d.learning.structure, words)


class Refusals:
    """Drives ``admits``, 0 with probability ``often``; counts what ``ended`` tells of."""

    def __init__(self, tb: WeightsTB, often: float) -> None:
        self._tb, self._often = tb, often
        self._admits = True
        self.ended = 0

    def drive(self) -> None:
        """Admit or not."""
        self._admits = self._tb.rng.random() >= self._often
        self._tb.set(admits=self._admits)

    def sample(self) -> None:
        """No group ends that was not admitted."""
        ended = self._tb.get("ended")
        assert self._admits or not ended
        self.ended += ended


class Bench(WeightsTB):
    """An array with random weights and the signs of the first batch."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.shared = self.d.learning.structure == "factored"
        self.mask = (1 << self.g.lanes) - 1
        self.rows: list[list[int]] = []

    async def load(self) -> None:
        """Load weights and signs."""
        await fill(self, "host", flat(self.weights))
        await push_words(self, drawn_words(self.d, self.layer))
        self.set(mask=self.mask, admits=1)
        if self.layer.skips and not self.shared:
            for _ in range(self.layer.cycles):
                assert await self.see("inputs_ready") == 0
        assert await self.see("inputs_ready") == 1

    async def redraw(self) -> None:
        """The signs of another batch; where they have a memory it is filled meanwhile."""
        await push_words(self, self.draw(self.rng.randrange(1, 2**32)))
        await self.cycle(self.layer.cycles)
        await self.read_rows()

    def frames(self, count: int) -> tuple[list[dict[str, Any]], list[list[Any]]]:
        """Payloads of ``count`` random frames, and the sums of every group's neurons."""
        layer, payloads, expected = self.layer, [], []
        for _ in range(count):
            values, tangents = frame(self.rng, layer, self.d)
            payloads += self.given(chunks(layer, values, tangents)) * layer.groups
            neurons = [self.sums(i, values, tangents) for i in range(layer.n_out)]
            starts = range(0, layer.n_out, layer.pe)
            expected += [neurons[i : i + layer.pe] for i in starts]
        return payloads, expected

    def given(self, frame: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A frame as the inputs get it: where the layer skips, what a zero skipper keeps."""
        if not self.layer.skips:
            return frame
        places = kept(self.layer, frame)
        return [{"chunk": frame[n], "index": n, "last": n == places[-1]} for n in places]

    def sums(self, i: int, values: list[int], tangents: list[list[int]]) -> Any:
        """Neuron i's sums; with shared signs the last is that of the columns alone."""
        v = [self.signs[k][i] for k in range(self.g.lanes)]
        value, moved, signs = exact_sums(self.weights[i], v, values, tangents)
        signs = [s if self.mask >> k & 1 else 0 for k, s in enumerate(signs)]
        return value, moved, signs

    def check(self, taken: list[dict[str, Any]], expected: list[list[Any]]) -> None:
        """Compare the sums of all neurons that exist; a shared sum with each one's row sign."""
        assert len(taken) == len(expected)
        for n, (payload, neurons) in enumerate(zip(taken, expected, strict=True)):
            group = n % self.layer.groups
            for p, (value, moved, signs) in enumerate(neurons):
                assert payload["value"][p] == value
                if self.layer.tangent_in_bits:
                    assert payload["tangent"][p] == moved
                found = payload["sign"][0 if self.shared else p]
                if self.shared:
                    i = group * self.layer.pe + p
                    found = [row[i] * s for row, s in zip(self.rows, found, strict=True)]
                assert found == signs

    async def read_rows(self) -> None:
        """Row signs as +1 and -1, from the port; with the column signs they give the biases'."""
        rows, first = await self.see("rows"), await self.see("first")
        self.rows = [[1 - 2 * (row >> i & 1) for i in range(self.layer.n_out)] for row in rows]
        for k, row in enumerate(self.rows):
            sign = 1 - 2 * (first >> k & 1)
            assert [r * sign for r in row] == self.bias_signs[k]

    async def sweep(self, lane: int, step: int) -> None:
        """Move the weights on both sides and check how long it takes and what clips."""
        layer = self.layer
        seen, start = self.pulses("saturated"), self.now
        self.set(sweep=1, lane=lane, step=step)
        for n in range(layer.cycles):
            await self.settle()
            assert self.get("swept") == (n == layer.cycles - 1)
            assert self.get("inputs_ready") == 0
            await self.edge()
        self.set(sweep=0)
        await self.cycle(4 + layer.fetch)
        places = [(i // layer.pe, j // layer.simd) for i, j in self.move(lane, step)]
        late = start + 3 + layer.fetch
        over = {late + group * layer.chunks + chunk for group, chunk in places}
        assert seen == [(cycle, 1) for cycle in sorted(over)]
        self.parts.pop()


@Bench.test(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def sums_are_exact(bench: Bench, stalls: tuple[float, float]) -> None:
    """Random frames over the whole range, whoever waits, with every lane or some masked.

    The signs are those of several batches.
    """
    source, sink = bench.source("inputs", stalls[0]), bench.sink("outputs")
    bench.parts.append(refusals := Refusals(bench, stalls[1]))
    for mask in (bench.mask, 0, bench.rng.getrandbits(bench.g.lanes)):
        bench.mask = mask
        bench.set(mask=mask)
        await bench.redraw()
        payloads, expected = bench.frames(6)
        source.send(payloads)
        sink.taken.clear()
        refusals.ended = 0
        await bench.taken(sink, len(expected))
        bench.check(sink.taken, expected)
        assert refusals.ended == len(expected)


@Bench.test()
async def takes_its_cycles(bench: Bench) -> None:
    """A chunk in every cycle; a group's sums 2 + fetch + multiply cycles after its last chunk."""
    payloads, expected = bench.frames(5)
    source, sink = await bench.through(payloads, len(expected))
    assert source.moved == list(range(source.moved[0], source.moved[0] + len(payloads)))
    step = bench.layer.chunks
    last = [payload.get("last", n % step == step - 1) for n, payload in enumerate(payloads)]
    ends = [cycle for cycle, ends in zip(source.moved, last, strict=True) if ends]
    way = 2 + bench.layer.fetch + bench.layer.multiply
    assert sink.moved == [cycle + way for cycle in ends]


@Bench.test()
async def sweeps_move_weights(bench: Bench) -> None:
    """Every lane's signs of three batches, steps up to both ends, sums of moved weights between."""
    form = bench.d.formats.weight
    source, sink = bench.source("inputs", 0.3), bench.sink("outputs")
    for turn in range(3):
        await bench.redraw()
        for lane in range(bench.g.lanes):
            small = bench.rng.randint(form.lowest // 4, form.highest // 4)
            await bench.sweep(lane, [small, form.lowest, form.highest][turn])
        payloads, expected = bench.frames(2)
        source.send(payloads)
        sink.taken.clear()
        await bench.taken(sink, len(expected))
        bench.check(sink.taken, expected)
    count = bench.layer.n_out * bench.layer.n_in
    assert await read_back(bench, "host", count) == flat(bench.weights)
