"""Streams inside a chip made visible, so that the first difference from the model can be named."""

from dataclasses import dataclass

from amaranth.hdl import Module, Shape, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from dualspike.hw.layer.chain import Chain
from dualspike.hw.stream.payloads import row
from dualspike.model.description.description import Description
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer


@dataclass(frozen=True)
class Probe:
    """Port ``name`` pulses ``moved`` with ``bits`` of payload: sums or spikes of a layer.

    ``layer`` counts through all parts.
    """

    name: str
    kind: str
    layer: int
    bits: int

    @property
    def signature(self) -> wiring.Signature:
        """What can be seen of it."""
        return wiring.Signature({"moved": Out(1), "payload": Out(self.bits)})


def probes_of(d: Description) -> list[Probe]:
    """Of every layer's weighted sums (z, dz) and every hidden layer's (S, dS), part after part."""
    return [
        probe for n, part in enumerate(d.parts) for probe in part_probes(part, d.layers_of(n).start)
    ]


def part_probes(part: Part, first: int) -> list[Probe]:
    """Those of one part, whose layers are numbered from ``first`` on."""
    g, f = geometry(part), part.formats

    def probe(kind: str, value: Shape, layer: Layer) -> Probe:
        payload = row(value, f.tangent.bits, g.lanes, layer.next_simd)
        number = first + layer.index
        return Probe(f"{kind}_{number}", kind, number, Shape.cast(payload).width)

    sums = [probe("sums", signed(f.membrane.bits), layer) for layer in g.layers]
    return sums + [probe("spikes", unsigned(1), layer) for layer in g.chain[:-1]]


def wire_probes(m: Module, owner: wiring.Component, probes: list[Probe], chain: Chain) -> None:
    """The probes of a part, as ports of ``owner``, show what moves in its ``chain``."""
    for probe, part in zip(probes, [*chain.dense, *chain.neurons], strict=True):
        port = getattr(owner, probe.name)
        m.d.comb += [
            port.moved.eq(part.outputs.valid & part.outputs.ready),
            port.payload.eq(part.outputs.payload),
        ]
