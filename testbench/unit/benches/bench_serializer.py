"""`Serializer`: groups in, rows out, neuron by neuron."""

from typing import Any

from cocotb.handle import HierarchyObject

from dualspike.hw.stream.serializer import Serializer
from dualspike.testbench.unit.benches.layer import LayerTB
from dualspike.testbench.unit.benches.shapes import shape
from dualspike.testbench.unit.payloads import unpack
from dualspike.testbench.unit.streams import StreamSink

TOP = "serializer"
CASES = [
    {"name": "plain", "layer": 0},
    {"name": "folded", "layer": 0},
    {"name": "folded", "layer": 1},
    {"name": "odd", "layer": 0},
    {"name": "odd", "layer": 1},
    {"name": "fast", "layer": 1},
]


def component(name: str, layer: int) -> Serializer:
    """The serializer of one layer."""
    d, g, one = shape(name, layer)
    return Serializer(one, g.lanes, shared=d.learning.structure == "factored")


class Sink(StreamSink):
    """A sink that says a cycle ahead whether it will be ready."""

    def __init__(self, tb: LayerTB, name: str, stall: float, seed: int) -> None:
        super().__init__(tb, name, stall, seed)
        # What is before it offers nothing to a sink that is never ready.
        self._late = 0
        self._tb, self._ahead = tb, False

    def drive(self) -> None:
        """Be ready or not, as was said."""
        super().drive()
        self._ready, self._ahead = self._ahead, self._ready
        self._tb.set(outputs_ready=self._ready, ready_ahead=self._ahead)


class Bench(LayerTB):
    """A serializer, random groups for it, and the rows they should become."""

    def __init__(self, dut: HierarchyObject) -> None:
        super().__init__(dut)
        self.payload = self.shape("inputs_payload")

    def sink(self, name: str, stall: float = 0.0, seed: int = 1) -> StreamSink:
        """As the row buffer after it is."""
        self.parts.append(part := Sink(self, name, stall, seed))
        return part

    def frames(self, count: int) -> tuple[list[Any], list[list[dict[str, Any]]]]:
        """Groups of random bits, and rows of neurons, each with its fields; no padding."""
        layer = self.layer
        groups: list[Any] = []
        rows: list[list[dict[str, Any]]] = []
        for _ in range(count):
            neurons: list[dict[str, Any]] = []
            for group in range(layer.groups):
                fields = unpack(self.payload, self.rng.getrandbits(self.payload.size))
                groups.append(fields)
                for p in range(min(layer.pe, layer.n_out - group * layer.pe)):
                    neurons.append(neuron(fields, p))
            rows += self.rows_of(neurons)
        return groups, rows


def neuron(fields: dict[str, Any], slot: int) -> dict[str, Any]:
    """One neuron's part of a payload; what is shared belongs to all."""
    return {name: part[slot if len(part) > 1 else 0] for name, part in fields.items()}


@Bench.test(stalls=[(0.5, 0.5), (0.0, 0.7), (0.7, 0.0)])
async def gives_neurons_in_order(bench: Bench, stalls: tuple[float, float]) -> None:
    """Every neuron that exists, once, in its row, whoever waits."""
    groups, rows = bench.frames(20)
    _, sink = await bench.through(groups, len(rows), stalls)
    await bench.cycle(5)
    assert len(sink.taken) == len(rows)
    for taken, neurons in zip(sink.taken, rows, strict=True):
        assert [neuron(taken, slot) for slot in range(len(neurons))] == neurons


@Bench.test()
async def gives_a_row_a_cycle(bench: Bench) -> None:
    """Latency 1, and no cycle lost from one group to the next."""
    groups, rows = bench.frames(4)
    source, sink = await bench.through(groups, len(rows))
    assert sink.moved == list(range(source.moved[0] + 1, source.moved[0] + 1 + len(rows)))
