"""Derived sizes against hand-made figures, and against every operand at its worst."""

from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.load import describe, load_preset
from dualspike.model.sizes.geometry import RECIPROCAL_BITS, geometry
from dualspike.model.sizes.head import squared_error_sizes
from dualspike.model.sizes.layers import Layer, aligned_sum
from dualspike.model.sizes.online import trace_bits
from tests.refusals import refusal

SMALL = {
    "weight": "s1.2",
    "membrane": "s2.3",
    "tangent": "s2.1",
    "surrogate": "u0.8",
    "input": "s0.2",
    "target": "s1.2",
}


def describe_net(layers: list[int], time_steps: int = 4, **sections: Any) -> Description:
    """A net of small formats: all operands of a product can be tried."""
    network = {"layers": layers, "time_steps": time_steps, "surrogate": {"entries": 8}}
    return describe({"network": network, "formats": SMALL, **sections}, "test")


def small(n_in: int, time_steps: int, **formats: str) -> Description:
    """A layer of every kind, each with ``n_in`` inputs."""
    return describe_net([n_in, n_in, n_in, 1], time_steps, formats={**SMALL, **formats})


def stored(f: Format) -> range:
    return range(f.lowest, f.highest + 1)


def ends(values: Any) -> tuple[int, int]:
    values = list(values)
    return min(values), max(values)


def signed_width(lowest: int, highest: int) -> int:
    """The fewest bits of a two's complement number that hold both, by trying."""
    bits = 1
    while not -(2 ** (bits - 1)) <= lowest <= highest < 2 ** (bits - 1):
        bits += 1
    return bits


def value_range(d: Description, layer: Layer) -> range:
    """Every value that a layer's inputs can take, as the table in geometry.py says."""
    if layer.kind == "direct":
        return stored(d.formats.input)
    return range(2) if layer.kind == "spiking" else range(d.network.time_steps + 1)


def tangent_range(d: Description, layer: Layer) -> range:
    """Every tangent: dS, or the sum of T of them."""
    if layer.kind == "direct":
        return range(1)
    steps = d.network.time_steps if layer.kind == "readout" else 1
    f = d.formats.tangent
    return range(steps * f.lowest, steps * f.highest + 1)


def sums(layer: Layer, factors: Any, inputs: range) -> tuple[int, int]:
    """Ends of what ``n_in`` products can add up to."""
    low, high = ends(a * b for a, b in product(factors, inputs))
    return layer.n_in * low, layer.n_in * high


def value_sums(d: Description, layer: Layer) -> tuple[int, int]:
    return sums(layer, stored(d.formats.weight), value_range(d, layer))


def tangent_sums(d: Description, layer: Layer) -> tuple[int, int]:
    return sums(layer, stored(d.formats.weight), tangent_range(d, layer))


def sign_sums(d: Description, layer: Layer) -> tuple[int, int]:
    return sums(layer, (-1, 1), value_range(d, layer))


def aligned_width(d: Description, layer: Layer, shift: int) -> int:
    """Bits for the worst sum of tangents and shifted signs."""
    pairs = zip(tangent_sums(d, layer), sign_sums(d, layer), strict=True)
    low, high = (s + (v << shift) for s, v in pairs)
    return signed_width(low, high)


@pytest.mark.parametrize("n_in", range(1, 18))
@pytest.mark.parametrize("time_steps", [1, 2, 3, 4, 7, 8])
def test_the_worst_sums_fit(n_in, time_steps):
    d = small(n_in, time_steps)
    for layer in geometry(d.parts[0]).layers:
        assert signed_width(*value_sums(d, layer)) <= layer.value_sum_bits
        assert signed_width(*sign_sums(d, layer)) == layer.sign_sum_bits
        if layer.kind == "direct":
            assert (layer.tangent_in_bits, layer.tangent_sum_bits) == (0, 0)
        else:
            assert signed_width(*tangent_sums(d, layer)) <= layer.tangent_sum_bits


@pytest.mark.parametrize("n_in", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("time_steps", [1, 2, 4, 8])
def test_one_bit_fewer_would_not_do(n_in, time_steps):
    d = small(n_in, time_steps)
    direct, spiking, readout = geometry(d.parts[0]).layers
    assert signed_width(*value_sums(d, direct)) == direct.value_sum_bits
    assert signed_width(*value_sums(d, spiking)) == spiking.value_sum_bits
    assert signed_width(*tangent_sums(d, spiking)) == spiking.tangent_sum_bits
    assert signed_width(*tangent_sums(d, readout)) == readout.tangent_sum_bits


@pytest.mark.parametrize("given", ["s1.0", "s2.0", "s7.0"])
@pytest.mark.parametrize("every", ["step", "sample"])
@pytest.mark.parametrize("leak", [1.0, 0.5, 0.875])
def test_traces_of_frames_fit_and_one_bit_fewer_would_not_do(given, every, leak):
    """Over all courses of inputs at the ends of their format, and at 0."""
    for time_steps in range(1, 6):
        network = {"time_steps": time_steps, "leak": leak, "coding": "frames"}
        learning = {"rule": "online", "every": every}
        tables = {"network": {"layers": [2, 3, 2], **network}, "learning": learning}
        d = describe({**tables, "formats": {"input": given}}, "test")
        first = geometry(d.parts[0]).layers[0]
        form, shift = d.formats.input, d.parts[0].leak_shift
        numbers = given != "s1.0"
        assert first.kind == ("frames" if numbers else "coded")
        lowest, highest = (form.lowest, form.highest) if numbers else (-1, 1)
        assert first.value_bits == signed_width(lowest, highest)
        found = set[int]()
        for course in product((lowest, 0, highest), repeat=time_steps):
            trace = 0
            for value in course:
                if every == "sample":
                    trace += value
                else:
                    trace += 64 * value - (trace // 2**shift if shift else 0)
                found.add(trace)
        assert trace_bits(d.parts[0], first) == signed_width(min(found), max(found))


@pytest.mark.parametrize("n_in", [1, 2, 4, 8, 16])
def test_one_bit_fewer_would_not_do_for_numbers_over_time(n_in):
    network = {"layers": [n_in, 3, 2], "time_steps": 2, "coding": "frames"}
    tables = {"network": network, "learning": {"rule": "online"}, "formats": {"input": "s3.0"}}
    d = describe(tables, "test")
    first = geometry(d.parts[0]).layers[0]
    worst = d.formats.weight.lowest * d.formats.input.lowest * n_in
    assert signed_width(-worst, worst) == first.value_sum_bits


@pytest.mark.parametrize("n_in", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("time_steps", [3, 7, 15])
def test_one_bit_fewer_would_not_do_for_counts(n_in, time_steps):
    d = small(n_in, time_steps)
    readout = geometry(d.parts[0]).layers[-1]
    assert signed_width(*value_sums(d, readout)) == readout.value_sum_bits


@pytest.mark.parametrize("n_in", range(1, 18))
def test_one_bit_fewer_would_not_do_for_spikes_of_any_number(n_in):
    d = small(n_in, 4)
    spiking = geometry(d.parts[0]).layers[1]
    assert signed_width(*value_sums(d, spiking)) == spiking.value_sum_bits


@pytest.mark.parametrize("time_steps", range(1, 34))
def test_what_enters_a_layer_fits_and_one_bit_fewer_would_not_do(time_steps):
    d = small(2, time_steps)
    direct, spiking, readout = geometry(d.parts[0]).layers
    assert signed_width(*ends(value_range(d, direct))) == direct.value_bits
    assert (direct.value_signed, spiking.value_signed, readout.value_signed) == (True, False, False)
    for layer in (spiking, readout):
        highest = max(value_range(d, layer))
        assert 2 ** (layer.value_bits - 1) <= highest < 2**layer.value_bits
        assert signed_width(*ends(tangent_range(d, layer))) == layer.tangent_in_bits


@pytest.mark.parametrize("n_in", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("time_steps", [1, 3, 4])
@pytest.mark.parametrize("tangent", ["s2.1", "s1.0", "s0.4"])
def test_the_worst_tangent_sums_fit_when_aligned(n_in, time_steps, tangent):
    d = small(n_in, time_steps, tangent=tangent)
    for layer in geometry(d.parts[0]).layers:
        width, fraction, shift = aligned_sum(d.parts[0], layer)
        assert aligned_width(d, layer, shift) <= width
        lsb = Fraction(1, 2**fraction)
        assert (1 << shift) * lsb == Fraction(1, 2**layer.value_fraction)
        if layer.kind != "direct":
            assert lsb == d.formats.weight.lsb * d.formats.tangent.lsb


@pytest.mark.parametrize("n_in", [1, 2, 4, 8])
@pytest.mark.parametrize("time_steps", [1, 2, 4])
def test_one_bit_fewer_would_not_do_when_tangents_are_fractions(n_in, time_steps):
    d = small(n_in, time_steps, weight="s0.2", tangent="s0.3")
    for layer in geometry(d.parts[0]).layers[1:]:
        width, _, shift = aligned_sum(d.parts[0], layer)
        assert aligned_width(d, layer, shift) == width


@pytest.mark.parametrize("membrane", ["s2.3", "s1.3", "s2.2", "s0.4"])
@pytest.mark.parametrize("target", ["s1.2", "s2.0", "s0.1", "s3.2"])
def test_the_worst_error_fits_and_one_bit_fewer_would_not_do(membrane, target):
    network = {"layers": [1, 1, 1], "threshold": 0.5, "surrogate": {"entries": 8}}
    formats = {**SMALL, "membrane": membrane, "target": target}
    d = describe({"network": network, "formats": formats}, "test")
    f = d.formats
    units = [Fraction(n) * f.target.lsb / f.membrane.lsb for n in stored(f.target)]
    assert all(unit.denominator == 1 for unit in units)
    errors = [y - int(unit) for y, unit in product(stored(f.membrane), units)]
    assert signed_width(*ends(errors)) == squared_error_sizes(d).error_bits


@pytest.mark.parametrize("batch", [1, 2, 3, 64, 100])
@pytest.mark.parametrize("n_out", [1, 2, 3, 8])
def test_the_worst_loss_and_jvp_fit(batch, n_out):
    d = describe_net([1, 1, n_out], learning={"batch": batch})
    f = d.formats
    align = f.membrane.fraction - f.target.fraction
    low = f.membrane.lowest - (f.target.highest << align)
    high = f.membrane.highest - (f.target.lowest << align)
    worst = ends(e * dy for e, dy in product((low, high), ends(stored(f.tangent))))
    g = squared_error_sizes(d)
    assert signed_width(0, batch * n_out * max(low**2, high**2)) <= g.loss_bits
    assert signed_width(*(batch * n_out * end for end in worst)) <= g.jvp_bits


def test_the_reciprocal_is_one_over_t():
    for steps in range(1, 1025):
        g = geometry(describe_net([2, 3, 1], steps).parts[0])
        mean = Fraction(g.reciprocal, 2**g.reciprocal_shift) * steps
        if steps & (steps - 1) == 0:
            assert (mean, g.reciprocal) == (1, 1)
        else:
            assert abs(mean - 1) <= Fraction(1, 2 ** (RECIPROCAL_BITS + 1)), steps
            assert g.reciprocal.bit_length() <= RECIPROCAL_BITS + 1, steps


def test_the_hat_by_hand():
    """Formats of 18 (weight, tangent), 20 (membrane) and 16 (input) bits, T = 32, batch 64."""
    g = geometry(load_preset("hat").parts[0])
    names = ["kind", "n_in", "n_out", "pe", "simd", "next_simd", "groups", "chunks", "rows"]
    names += ["value_bits", "value_fraction", "tangent_in_bits"]
    names += ["value_sum_bits", "tangent_sum_bits", "sign_sum_bits"]
    assert [[getattr(layer, name) for name in names] for layer in g.layers] == [
        ["direct", 2, 16, 1, 1, 1, 16, 2, 16, 16, 14, 0, 18 + 16 + 1, 0, 18],
        ["spiking", 16, 16, 16, 1, 1, 1, 16, 16, 1, 0, 18, 18 + 4, 18 + 18 + 4, 6],
        ["readout", 16, 1, 1, 1, 1, 1, 16, 1, 6, 0, 23, 18 + 6 + 4, 18 + 23 + 4, 11],
    ]
    sizes = squared_error_sizes(load_preset("hat"))
    assert (sizes.error_bits, sizes.loss_bits, sizes.jvp_bits) == (21, 2 * 21 + 6, 21 + 18 + 6)
    assert g.lanes == 3
    assert (g.reciprocal, g.reciprocal_shift) == (1, 5)
    assert g.interval == 32 * 16


def test_the_widest_sum_is_62_bits():
    """s3.17 errors are 22 bits wide: 44 for a square, and 18 more for the batch and outputs."""
    formats = {"membrane": "s3.17", "target": "s1.17"}
    learning = {"batch": 65536}
    d = describe_net([2, 3, 4], formats=formats, learning=learning)
    assert squared_error_sizes(d).loss_bits == 62
    assert refusal(describe_net, [2, 3, 8], formats=formats, learning=learning) == (
        "test: formats must keep the loss accumulator within 62 bits, these need 63:"
        " narrow membrane or target, or the batch"
    )


@pytest.mark.parametrize("hidden", [1, 2, 3, 5])
@pytest.mark.parametrize("outputs", [1, 3, 9])
@pytest.mark.parametrize("time_steps", [1, 4])
def test_local_readouts_keep_pace_and_their_sums_fit(hidden, outputs, time_steps):
    """The worst loss and slope: every error and tangent at the end of its format, one sign."""
    widths = [3, *(4 + n % 3 for n in range(hidden)), outputs]
    learning = {"local": True, "batch": 5, "scope": "global"}
    network = {"layers": widths, "time_steps": time_steps}
    hardware = {"simd": [1, *(1 + n % 2 for n in range(hidden))]}
    d = describe({"network": network, "learning": learning, "hardware": hardware}, "test")
    g, f = geometry(d.parts[0]), d.formats
    deaf = d.model_copy(update={"learning": d.learning.model_copy(update={"local": False})})
    plain = geometry(deaf.parts[0])
    assert g.chain == plain.layers and len(g.local) == hidden
    assert g.inference_interval == plain.interval
    assert g.interval == max(plain.interval, (hidden + 1) * outputs)
    for layer, own in zip(g.chain, g.local, strict=False):
        found = (own.kind, own.source, own.n_in, own.n_out)
        assert found == ("local", layer.index, layer.n_out, outputs)
        assert (own.simd, own.chunks) == (layer.next_simd, layer.rows)
        assert own.cycles <= time_steps * layer.rows and not own.skips
    sizes = squared_error_sizes(d)
    align = f.membrane.fraction - f.target.fraction
    error = f.membrane.lowest - (f.target.highest << align)
    assert signed_width(error, -error) <= sizes.error_bits
    assert signed_width(hidden * error, -hidden * error) <= sizes.weighted_bits
    count = 2 * hidden * d.learning.batch * outputs
    assert (count * error * error).bit_length() <= sizes.loss_bits
    slope = count * error * f.tangent.lowest
    assert signed_width(-slope, slope) <= sizes.jvp_bits
