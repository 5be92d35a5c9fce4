"""Energy a sample, as an estimate: operations and memory accesses times published energies.

An addition of n bits, a product of n by m bits and an access to a memory in 45 nm CMOS at 0.9 V:
M. Horowitz, Computing's energy problem (and what we can do about it), ISSCC 2014. Additions are
taken to grow with their bits (0.1 pJ for 32), products with the product of their bits (3.1 pJ for
32 by 32, 0.2 for 8 by 8), accesses with the bits read (64 bits of 8 kB 10 pJ, of 32 kB 20 pJ, of
1 MB 100 pJ). An FPGA takes about 14 times the dynamic power of such a circuit, less where it uses
hard blocks, about 7 times: I. Kuon, J. Rose, Measuring the gap between FPGAs and ASICs, IEEE TCAD
26 (2), 2007, at 90 nm.

Every product is counted as if its operands changed; clocks, registers, control, buffers between
layers, random words, the host link and static power are not counted.
"""

from collections import defaultdict
from dataclasses import dataclass

from dualspike.model.description.description import Description
from dualspike.model.description.part import Part
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer
from dualspike.model.sizes.resources import layer_multipliers

PJ = 1e-12
ADD = 0.1 * PJ / 32
PRODUCT = 3.1 * PJ / 32**2
ACCESS = ((8 << 10, 10 * PJ / 64), (32 << 10, 20 * PJ / 64), (1 << 20, 100 * PJ / 64))
"""Bytes of a memory up to which an accessed bit takes so many joules; larger ones as the last."""
Count = defaultdict[str, float]
"""Bits by kind: additions, products, weights, state."""
FPGA = (7.0, 14.0)
"""Times as much on an FPGA, at least and at most."""


@dataclass(frozen=True)
class Energy:
    """Joules by kind: additions, products, accesses to weights and to the state of neurons."""

    additions: float
    products: float
    weights: float
    state: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.additions + self.products + self.weights + self.state


def inference_energy(d: Description) -> Energy | None:
    """Joules of a sample in inference, in 45 nm; None for an operator network, not counted here.

    Tangent lanes that are built run on in inference.
    """
    if d.kind != "mlp":
        return None
    return _joules(d, _sample(d.parts[0]))


def learning_energy(d: Description) -> Energy | None:
    """Joules of a sample in learning, its share of moving the weights included; None as above.

    Where it learns online, each step moves every weight: all products of the layers are at work,
    and weights are read and written once more.
    """
    if d.kind != "mlp" or not d.learns:
        return None
    if d.online:
        count = _sample(d.parts[0])
        _changes(count, d.parts[0])
        return _joules(d, count)
    part, bits = d.parts[0], d.formats.weight.bits
    count = _sample(part)
    for kind in count:
        count[kind] *= d.passes
    weights = sum((layer.n_in + 1) * layer.n_out for layer in geometry(part).layers)
    share = weights / d.batch[0]
    count["weights"] += share * 2 * bits
    count["additions"] += share * (1 + d.learning.directions) * bits
    return _joules(d, count)


def _joules(d: Description, count: Count) -> Energy:
    words = max(layer.n_in * layer.n_out for layer in geometry(d.parts[0]).layers)
    wide = max(layer.n_out for layer in geometry(d.parts[0]).layers)
    lanes = geometry(d.parts[0]).lanes
    state = d.formats.membrane.bits + lanes * d.formats.tangent.bits
    return Energy(
        count["additions"] * ADD,
        count["products"] * PRODUCT,
        count["weights"] * _access(words * d.formats.weight.bits),
        count["state"] * _access(wide * state),
    )


def _access(bits: int) -> float:
    """Joules of a bit that is read from, or written to, a memory of so many bits."""
    return next((joules for most, joules in ACCESS if bits <= 8 * most), ACCESS[-1][1])


def _sample(part: Part) -> Count:
    """Bits added, bits by bits multiplied, and bits accessed, for one sample in one pass."""
    count: Count = defaultdict(float)
    g = geometry(part)
    for layer in g.layers:
        _synapses(count, part, layer, g.lanes)
        if not layer.reads_out:
            _neurons(count, part, layer, g.lanes)
    return count


def _changes(count: Count, part: Part) -> None:
    """What a sample that is learned online takes on top of its answer."""
    g = geometry(part)
    for layer in g.layers:
        clocks = g.sample_cycles(layer)
        moved = layer.pe * layer.simd * part.formats.weight.bits * clocks
        count["weights"] += 2 * moved
        count["additions"] += moved
        every = layer_multipliers(part, g, layer)
        count["products"] += clocks * sum(one.count * one.a * one.b for one in every)


def _synapses(count: Count, part: Part, layer: Layer, lanes: int) -> None:
    """z += W s, and dz += W ds + V s of every lane; without spikes before it W is multiplied."""
    weight = part.formats.weight.bits
    steps = part.network.time_steps if layer.every_step else 1
    times = layer.n_in * layer.n_out * steps
    count["weights"] += times * weight
    count["additions"] += times * (layer.value_sum_bits + lanes * layer.tangent_sum_bits)
    if layer.numbers:
        count["products"] += times * weight * layer.value_bits
    if layer.tangent_in_bits:
        count["additions"] += times * lanes * layer.tangent_sum_bits
        count["products"] += times * lanes * weight * layer.tangent_in_bits


def _neurons(count: Count, part: Part, layer: Layer, lanes: int) -> None:
    """U, and dU with f dU of every lane, read, moved on and written in every step."""
    f, times = part.formats, layer.n_out * part.network.time_steps
    moved = f.membrane.bits + lanes * f.tangent.bits
    count["additions"] += times * moved
    count["state"] += times * 2 * moved
    if lanes:
        count["state"] += times * f.surrogate.bits
        count["products"] += times * lanes * f.tangent.bits * (f.surrogate.bits + 1)
