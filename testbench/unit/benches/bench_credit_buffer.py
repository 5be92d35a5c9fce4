"""`CreditBuffer`: a pipeline that never waits loses nothing, whoever does; and keeps its pace."""

import random

from amaranth.hdl import unsigned
from cocotb.handle import HierarchyObject

from dualspike.hw.stream.buffers.credit_buffer import CreditBuffer
from dualspike.testbench.unit.tb import TB

TOP = "credit_buffer"
CASES = [{"latency": 1}, {"latency": 4}]


def component(latency: int) -> CreditBuffer:
    """A buffer after a pipeline of so many cycles."""
    return CreditBuffer(unsigned(8), latency + 2)


class Pipeline:
    """Takes numbers in order, with probability 1 - ``stall`` where there is room."""

    def __init__(self, tb: "Bench", stall: float) -> None:
        self._tb, self._stall = tb, stall
        self._stages: list[int | None] = [None] * tb.latency
        self._wants = False
        self.moved: list[int] = []

    def drive(self) -> None:
        """What comes out of it; ``taken`` is said once ``room`` is known."""
        out = self._stages.pop()
        self._wants = self._tb.rng.random() >= self._stall
        self._tb.set(inputs_valid=out is not None, inputs_payload=out or 0)

    def enter(self) -> None:
        """A number goes in if there is room."""
        takes = self._wants and bool(self._tb.get("room"))
        self._tb.set(taken=takes)
        self._stages.insert(0, len(self.moved) % 256 if takes else None)
        if takes:
            self.moved.append(self._tb.now)

    def sample(self) -> None:
        """What comes out of it finds a place."""
        assert self._tb.get("inputs_ready") or not self._tb.get("inputs_valid")


class Bench(TB):
    """A buffer with its pipeline."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.rng = random.Random(5)
        self.latency = int(str(self.case["latency"]))

    async def run(self, count: int, stalls: tuple[float, float]) -> tuple[list[int], list[int]]:
        """Cycles in which ``count`` numbers went in and came out, all of them, in order."""
        pipeline, sink = Pipeline(self, stalls[0]), self.sink("outputs", stalls[1])
        self.parts.append(pipeline)
        while len(sink.taken) < count:
            await self.settle()
            pipeline.enter()
            await self.edge()
        assert sink.taken[:count] == [n % 256 for n in range(count)]
        return pipeline.moved, sink.moved


@Bench.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.5, 0.5), (0.0, 0.95)])
async def loses_nothing(bench: Bench, stalls: tuple[float, float]) -> None:
    """Whoever waits, and in the longest of stalls."""
    await bench.run(300, stalls)


@Bench.test()
async def keeps_its_pace(bench: Bench) -> None:
    """Latency 1 after the pipeline, and a payload in every cycle."""
    moved, left = await bench.run(40, (0.0, 0.0))
    assert moved[:40] == list(range(moved[0], moved[0] + 40))
    assert left[:40] == [cycle + bench.latency + 1 for cycle in moved[:40]]


@Bench.test()
async def refuses_what_it_has_no_place_for(bench: Bench) -> None:
    """A source that counts no places waits like any other, and nothing is lost."""
    sent = [n % 256 for n in range(200)]
    _, sink = await bench.through(sent, len(sent), (0.0, 0.5))
    assert sink.taken == sent
