"""`Encoder`: inputs as spikes, evenly spaced or drawn, sample after sample."""

import math
from fractions import Fraction
from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.encoder import Encoder
from dualspike.model.interface.lfsr import CODER, coder_state
from dualspike.testbench.unit.benches.layer import LayerTB, joined
from dualspike.testbench.unit.benches.reference import chunks
from dualspike.testbench.unit.benches.shapes import shape

LATENCY = 3

TOP = "encoder"
CASES = [{"name": name} for name in ("leaky", "attached")]


def component(name: str) -> Encoder:
    """The encoder of one of the shapes."""
    d, _, layer = shape(name, 0)
    return Encoder(d.parts[0], layer)


class Bench(LayerTB):
    """An encoder, samples for it, and the register as it should be, bit by bit."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.drawn = self.d.network.coding == "bernoulli"
        self.state = coder_state(self.d.learning.seed)

    def number(self) -> int:
        """The next bits of the register, the least significant first."""
        number = 0
        for n in range(self.d.formats.input.fraction):
            number |= (self.state & 1) << n
            fed = sum(self.state >> tap for tap in CODER.taps) & 1
            self.state = self.state >> 1 | fed << (CODER.length - 1)
        return number

    def sample(self, given: list[int] | None = None) -> tuple[list[Any], list[Any]]:
        """Chunks of a sample, and the chunks of its T frames of spikes."""
        form, layer = self.d.formats.input, self.layer
        ends = [0, 1, 1 << form.fraction, -1 << form.fraction, form.lowest, form.highest]
        stored = given or [
            self.rng.choice([*ends, self.rng.randint(form.lowest, form.highest)])
            for _ in range(layer.n_in)
        ]
        frames: list[Any] = []
        for t in range(self.d.network.time_steps):
            spikes = []
            for number in stored:
                size = abs(number * form.lsb)
                if self.drawn:
                    fires = size > Fraction(self.number(), 1 << form.fraction)
                else:
                    fires = math.floor((t + 1) * size) > math.floor(t * size)
                spikes.append(fires * (1 if number > 0 else -1))
            frames += chunks(layer, spikes, [[]] * layer.n_in)
        return chunks(layer, stored, [[]] * layer.n_in), frames


@Bench.test(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def spikes_as_the_equations(bench: Bench, stalls: tuple[float, float]) -> None:
    """Samples of all sizes, whoever waits; the register is where it should be after them."""
    payloads, expected = joined(bench.sample() for _ in range(60))
    _, sink = await bench.through(payloads, len(expected), stalls)
    assert sink.taken == expected
    if bench.drawn:
        assert await bench.see("state") == bench.state


@Bench.test()
async def codes_every_input(bench: Bench) -> None:
    """Every stored input once, if the register can be set to begin anywhere from there, too."""
    form = bench.d.formats.input
    for _ in range(8 * bench.drawn):
        bench.state = bench.rng.getrandbits(64)
        for half in range(2):
            word = bench.state >> 32 * half & 0xFFFFFFFF
            await bench.pulse(load=1 << half, load_data=word)
        assert await bench.see("state") == bench.state
    every = list(range(form.lowest, form.highest + 1))
    width = bench.layer.n_in
    every += every[: -len(every) % width]
    given = [every[n : n + width] for n in range(0, len(every), width)]
    payloads, expected = joined(map(bench.sample, given))
    _, sink = await bench.through(payloads, len(expected))
    assert sink.taken == expected


@Bench.test()
async def loses_no_cycle(bench: Bench) -> None:
    """First chunk out 3 cycles after a sample's last in; then one in every cycle."""
    payloads, expected = joined(bench.sample() for _ in range(5))
    source, sink = await bench.through(payloads, len(expected))
    first = source.moved[bench.layer.chunks - 1] + LATENCY
    assert sink.moved == list(range(first, first + len(expected)))
