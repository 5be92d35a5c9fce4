"""The table of a surrogate is read at the right place, whatever its span."""

from typing import Any

import pytest

from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.hw.layer.neuron import Neuron
from dualspike.model.description.load import describe
from dualspike.model.sizes.geometry import geometry
from tests.hw.simulated import simulate

FINE = 20
"""Fraction bits of the surrogate, and so a tangent that comes out as the table's word."""


def looked_up(membrane: str, span: int, entries: int) -> tuple[list[int], list[int]]:
    """Words taken from the table at the ends and at the edges of bins, and the right ones.

    With a single step the distance from the threshold is that of the input.
    """
    whole, behind = (int(bits) for bits in membrane[1:].split("."))
    tables = {
        "network": {
            "layers": [1, 1, 1],
            "time_steps": 1,
            "threshold": 1.0 if whole else 0.5,
            "surrogate": {
                "kind": "fast_sigmoid",
                "sigma": max(0.6, span / 4),
                "span": span,
                "entries": entries,
            },
        },
        "learning": {"batch": 2, "rate": 10, "stages": 1},
        "formats": {
            "weight": "s1.4",
            "membrane": membrane,
            "tangent": "s22.1",
            "surrogate": f"u0.{FINE}",
            "target": "s1.0",
        },
    }
    d = describe(tables, "test")
    one, theta, form = geometry(d.parts[0]).layers[0], d.parts[0].thresholds[0], d.formats.membrane
    words, width = surrogate_table(d.parts[0]), (2 * span << behind) // entries
    edges = [theta + n * width for n in range(-entries // 2 - 1, entries // 2 + 2)]
    near = {edge + off for edge in edges for off in (-1, 0)}
    inputs = sorted({form.lowest, form.highest, *near})
    inputs = [z for z in inputs if form.lowest <= z <= form.highest]
    places = [1 + entries // 2 + (z - theta) // width for z in inputs]
    return run(Neuron(d.parts[0], one, 1), 1 + one.fire_cycles, inputs), [
        int(words[min(max(n, 0), entries + 1)]) for n in places
    ]


def run(neuron: Neuron, latency: int, inputs: list[int]) -> list[int]:
    """The tangents of spikes for these sums, with a tangent of 1 in units of the table."""
    found: list[int] = []

    async def bench(ctx: Any) -> None:
        ctx.set(neuron.outputs.ready, 1)
        for z in [*inputs, *[0] * latency]:
            ctx.set(neuron.inputs.payload, {"value": [z], "tangent": [[1 << FINE]]})
            ctx.set(neuron.inputs.valid, 1)
            await ctx.tick()
            if ctx.get(neuron.outputs.valid):
                found.append(ctx.get(neuron.outputs.payload.tangent[0][0]))

    simulate(neuron, bench)
    return found[: len(inputs)]


@pytest.mark.parametrize("span", [1, 2, 4, 8, 16, 32, 64])
def test_every_span_finds_its_bins_with_every_membrane(span: int) -> None:
    """Few bits and many, without a whole bit and without a fraction; tables small and large."""
    narrow = 0
    for membrane in ("s0.1", "s0.16", "s0.23", "s1.4", "s2.16", "s7.0", "s15.8"):
        behind = int(membrane.split(".")[1])
        for entries in (2, 64):
            if entries > 2 * span << behind:
                continue
            found, right = looked_up(membrane, span, entries)
            assert found == right, (membrane, entries)
            narrow += len(set(right)) > 1
    assert narrow > 3
