"""`Admission`: whatever stalls, each group finds an empty serializer; without stalls none waits."""

from cocotb.handle import HierarchyObject

from dualspike.hw.layer.macs.admission import Admission
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.shapes import shape

TOP = "admission"
CASES = [
    {"name": "plain", "layer": 0},
    {"name": "plain", "layer": 2},
    {"name": "folded", "layer": 0},
    {"name": "folded", "layer": 1},
    {"name": "odd", "layer": 1},
    {"name": "fast", "layer": 1},
    {"name": "deep", "layer": 1},
]


def component(name: str, layer: int) -> Admission:
    """The admission of one layer."""
    return Admission(shape(name, layer)[2])


class Bench(LayerTB):
    """Groups of the layer on their way to a serializer and a buffer, as counts of rows.

    ``over`` is the cycle from which on the rows of the last group are no longer in the way.
    """

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.coming = [0] * (2 + self.layer.fetch + self.layer.multiply)
        self.held = self.buffered = self.left = 0
        self.moved: list[int] = []
        self.over = 0

    async def step(self, *, wants: bool, leaves: bool) -> None:
        """A cycle in which a group would end and a row would leave."""
        leaves = leaves and self.buffered > 0
        self.set(leaves=leaves, ended=0)
        await self.settle()
        layer, free = self.layer, self.buffered < self.layer.row_places
        inside = sum(self.coming) + self.held + self.buffered
        admits = inside < layer.row_places and self.now >= self.over
        assert self.get("admits") == admits
        ended = wants and admits
        self.set(ended=ended)
        pushed = free and self.held > 0
        self.held -= pushed
        self.buffered += pushed - leaves
        self.left += leaves
        if arrived := self.coming.pop(0):
            assert free and not self.held, f"{self.held} rows are in the way of a group"
            self.held = arrived
        last = len(self.moved) % layer.groups == layer.groups - 1
        rows = layer.last_group_rows if last else layer.group_rows
        self.coming.append(ended * rows)
        if ended:
            self.moved.append(self.now)
            self.over = self.now + rows
        await self.edge()


@Bench.test(stalls=[(0.0, 0.5), (0.5, 0.0), (0.3, 0.3), (0.1, 0.9), (0.0, 0.05)])
async def no_group_finds_another(bench: Bench, stalls: tuple[float, float]) -> None:
    """Whoever waits, and in the longest of stalls, after which all goes on."""
    for _ in range(2000):
        wants, leaves = (bench.rng.random() >= stall for stall in stalls)
        await bench.step(wants=wants, leaves=leaves)
    for _ in range(50):
        await bench.step(wants=True, leaves=False)
    before = len(bench.moved)
    for _ in range(50):
        await bench.step(wants=True, leaves=False)
    assert len(bench.moved) == before, "a group ends though nothing leaves"
    for _ in range(50 * max(bench.layer.chunks, bench.layer.group_rows)):
        await bench.step(wants=True, leaves=True)
    assert len(bench.moved) >= before + 40


@Bench.test()
async def follows_the_rows(bench: Bench) -> None:
    """A group ends as soon as its chunks and its rows let it, while each row leaves at once."""
    layer, due = bench.layer, bench.now
    frame = [layer.group_rows] * (layer.groups - 1) + [layer.last_group_rows]
    ends: list[int] = []
    for rows in 10 * frame:
        while bench.now < due:
            await bench.step(wants=False, leaves=True)
        ends.append(due)
        await bench.step(wants=True, leaves=True)
        due += max(layer.chunks, rows)
    assert bench.moved == ends
    for _ in range(3 + layer.fetch + layer.multiply + layer.group_rows):
        await bench.step(wants=False, leaves=True)
    assert bench.left == sum(10 * frame)
