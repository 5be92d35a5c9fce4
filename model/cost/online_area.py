"""The area of a layer that learns online and of what comes back to it; what such a chip has once.

Counted as `model.cost.layer_area` counts: a bit of an adder is one look-up table, a bit of a
choice another; what is more was measured, component by component.
"""

from dualspike.model.cost.area import Area, far_bits
from dualspike.model.description.description import Description
from dualspike.model.description.part import TRACE_FRACTION, Part, change_shifts
from dualspike.model.interface.lfsr import DRAWER, WORD
from dualspike.model.interface.memory_map import confusion_memory
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.components import row_bits
from dualspike.model.sizes.feedback import FeedbackSizes, feedback_sizes
from dualspike.model.sizes.head import squared_error_sizes
from dualspike.model.sizes.layers import Layer
from dualspike.model.sizes.online import follows, signal_bits, trace_bits
from dualspike.model.sizes.online_resources import (
    back_bits,
    chunk_bits,
    factor_bits,
    fixed_sign_levels,
    head_lanes,
    raised_bits,
    slope_lanes,
    spike_bits,
    sum_bits,
    tail_bits,
)

_HELD = 7
"""Clocks from a chunk to its products without their own."""
_TOGETHER = 0.84
"""Tables of a whole over those of its components, each mapped on its own."""


def online_layer_logic(d: Part, layer: Layer) -> Area:
    """A layer without its memories and multipliers."""
    width, signal = layer.next_simd, signal_bits(d, layer)
    address, rows = _bits(layer.cycles), _bits(layer.rows)
    banks, raised = layer.pe * layer.simd, raised_bits(d, layer)
    top, trace = change_shifts(d)[layer.index][-1], trace_bits(d, layer)
    one = TRACE_FRACTION if follows(layer) else layer.value_fraction
    parts = [
        _mac_array(d, layer, signal if layer.kind == "direct" else raised, address),
        _dither(layer.pe, layer.simd, top),
        _changes(raised + trace, top, banks),
        _store(d, banks, address, raised + trace - top),
        _traces(d, layer),
        _scaling(d, layer, signal),
        Area(0.5 * width * signal + 25, 3 * width * raised + 32),
        _dither(width, 0, top),
        _changes(raised + one, top, width),
        _store(d, width, rows, raised + one - top),
        _buffer(width * d.formats.weight.bits, layer.row_places - 1, credit=True),
        Area(3 * layer.group_rows + 5, layer.pe * raised + 4),
        _queue(2 * layer.group_rows + 1),
        _rows(d, layer),
    ]
    if layer.skips:
        parts.append(_skipper(d, layer, raised))
    elif layer.groups > 1:
        parts.append(Area(33, 14))
    if layer.kind == "direct":
        parts.append(Area(36, 15))
    if layer.index == len(d.shapes) - 1:
        parts.append(_queue(layer.lag * layer.n_out - 1))
        if d.by_sample:
            parts.append(_spike_counter(layer))
    elif d.by_sample:
        parts += [_perturbed_neuron(d, layer), _sample_feedback(d, layer)]
    else:
        parts += [_neuron(d, layer), _feedback(d, layer)]
        if not layer.every_step:
            parts.append(_sample_sum(d, layer, signal))
    return _whole(parts)


def _whole(parts: list[Area]) -> Area:
    """Of components that are mapped together."""
    total = sum(parts, Area())
    return Area(_TOGETHER * total.lut4, total.ff)


def _bits(count: int) -> int:
    """Of a place among so many."""
    return max(1, (count - 1).bit_length())


def _buffer(bits: int, depth: int, *, credit: bool = False) -> Area:
    """A `RowBuffer` around its memory, and the count of what is before it."""
    count = depth.bit_length()
    around = Area(3.5 * count, count + 1) if credit else Area()
    return Area(bits + 12 * count, bits + 3 * count + 3) + around


def _queue(depth: int) -> Area:
    """A `Queue` around its memory."""
    count = depth.bit_length()
    return Area(12 * count - 8, 3 * count + 1)


def _mac_array(d: Part, layer: Layer, signal: int, address: int) -> Area:
    """Signals held, products of spikes held, sums; chunks and marks on their way to these."""
    w, k, banks = d.formats.weight.bits, layer.own_lanes, layer.pe * layer.simd
    number = layer.numbers
    held = _HELD + layer.multiply
    masked = banks * ((0 if number else w + layer.value_signed) + k * (w + 1))
    moved = banks * signal if layer.kind == "output" else 0
    sums, chunk = sum_bits(layer, layer.pe), chunk_bits(layer, layer.simd)
    signals = layer.pe * signal
    others = layer.simd * (layer.lanes_in - k) * layer.tangent_in_bits
    turned = banks * (k + layer.value_signed)
    return Area(
        layer.simd * sums + signals + 0.7 * masked + turned + 0.5 * moved + 75,
        held * chunk
        + 2 * signals
        + sums
        + layer.multiply * (masked + moved)
        - others
        + 5 * address
        + 50,
    )


def _skipper(d: Part, layer: Layer, signal: int) -> Area:
    """Lists of chunks and the walk over them; columns of the dither on their way to changes."""
    place, address = _bits(layer.chunks), _bits(layer.cycles)
    signals = layer.pe * signal
    columns = (2 + layer.multiply) * layer.simd * change_shifts(d)[layer.index][-1]
    tables = 30 * place + 10 * address + chunk_bits(layer, layer.simd) + signals + 40
    held = 11 * place + 4 * address + 2 * tail_bits(d, layer) + columns + 3 * signals + 50
    return Area(tables, held)


def _dither(pe: int, simd: int, bits: int) -> Area:
    """Windows of two registers; without ``simd`` that of one, and the start of the other."""
    far = far_bits(pe + bits) + (far_bits(simd + 1 + bits) if simd else 0)
    if not simd:
        return Area(190 + far, 3 * WORD + pe + 2 * bits)
    return Area(260 + far, 4 * WORD + pe + simd + 2 * bits)


def _changes(product: int, top: int, banks: int) -> Area:
    """Carries of the dither."""
    return Area(top + 2, max(product - top, 1) + 1).times(banks)


def _scaling(d: Part, layer: Layer, signal: int) -> Area:
    """Shifts of signals, or of traces and of the biases' signals; the words wound back by them."""
    levels, more = (d.learning.stages - 1).bit_length(), d.learning.stages - 1
    shifted = layer.next_simd * (signal + more)
    if layer.kind == "direct":
        shifted += layer.simd * (trace_bits(d, layer) + more)
    back = 1.2 * WORD / len(d.shapes)
    return Area(levels * (shifted + back) + 30, levels)


def _store(d: Part, banks: int, address: int, change: int) -> Area:
    """Words less their changes, clipped, written back; the host's way to them."""
    bits, count = d.formats.weight.bits, (banks - 1).bit_length()
    each = Area(4.5 * bits + max(bits, change) + 2, 2 * bits + 1)
    return each.times(banks) + Area(16 * count, bits + 4 * address + 2 * count + 3)


def _traces(d: Part, layer: Layer) -> Area:
    """Places in the ring of inputs, and the traces' next step."""
    places = _bits((layer.lag + 1) * layer.chunks)
    kept = layer.simd * trace_bits(d, layer)
    if d.by_sample and layer.every_step:
        held = 3 * (places + 2 + layer.simd * layer.value_bits)
        return Area(1.5 * kept + 5 * places, 2 * kept + 2 * places + held)
    if not follows(layer):
        return Area(4 * places, 3 * kept + 2 * places)
    adders = 2 if d.leak_shift else 1
    marks = 3 * (_bits(layer.chunks) + 3)
    return Area((adders + 0.5) * kept + 4 * places, 3 * kept + 2 * places + marks)


def _rows(d: Part, layer: Layer) -> Area:
    """From sums to rows of results: serializer, buffer, admission, rounding."""
    width, f = layer.next_simd, d.formats
    bits, row = sum_bits(layer, layer.pe), sum_bits(layer, width)
    moved = bits - sum_bits(layer, min(layer.pe, width))
    out = row_bits(d, layer.lanes_in, width)
    drop = f.weight.fraction + layer.value_fraction - f.membrane.fraction
    rounds = 4 if drop > 0 else 1
    values = width * layer.value_sum_bits
    parts = [
        Area(moved + 5, bits + 4),
        _buffer(row, layer.row_places - 1),
        Area(16, 7),
        Area(rounds * values + (row - values) + 1.2 * out, out + 3),
        _buffer(out, 2, credit=True),
    ]
    return sum(parts, Area())


def _neuron(d: Part, layer: Layer) -> Area:
    """Membrane with threshold and gate; own signs; tangents on their way past the gate."""
    f, width = d.formats, layer.next_simd
    membrane, passing = f.membrane.bits, layer.lanes_in * f.tangent.bits
    tables = (8 if d.leak_shift else 6.5) * membrane + passing
    own = d.own_lanes * (far_bits(width + WORD) + 1.5 * WORD)
    own_held = d.own_lanes * (WORD + 2 * width)
    area = Area(width * tables + 35 + own, width * (membrane + 4 + 2 * passing) + 14 + own_held)
    return area + _buffer(width * spike_bits(d, layer), 3, credit=True) + Area(8, 2)


def _perturbed_neuron(d: Part, layer: Layer) -> Area:
    """A neuron on dual numbers, every lane with its product; signs of those that begin here."""
    f, width, lanes = d.formats, layer.next_simd, layer.lanes_in + d.own_lanes
    leaks = 1 if d.leak_shift else 0
    tables = (4.5 + leaks) * f.membrane.bits + (4.9 + leaks) * lanes * f.tangent.bits
    held = 12 + 3 * lanes * f.tangent.bits
    signs = Area(far_bits(width + WORD) + 3.5 * WORD, 2 * WORD).times(d.own_lanes)
    spikes = _buffer(width * (lanes * f.tangent.bits + 1), layer.spike_places, credit=True)
    return Area(width * tables + 35, width * held + 24) + signs + spikes


def _spike_counter(layer: Layer) -> Area:
    """Sums over the steps of spikes and of their tangents."""
    bits = layer.simd * (layer.value_bits + layer.lanes_in * layer.tangent_in_bits)
    return Area(2.7 * bits + 15, bits + 10)


def _sample_feedback(d: Part, layer: Layer) -> Area:
    """Slopes that wait, signs drawn once more, and the sum that makes signals of them."""
    width, lanes, cotangent = layer.next_simd, d.own_lanes, d.formats.cotangent.bits
    signs = Area(far_bits(width + WORD) + 1.5 * WORD, WORD).times(lanes)
    adders = (2 * lanes - 1) * (cotangent + (lanes - 1).bit_length()) + 2 * cotangent
    sums = Area(width * adders + 20, width * (cotangent + lanes) + 5)
    waits = _buffer(lanes * cotangent, layer.lag)
    return signs + sums + waits + _buffer(width * cotangent, 2, credit=True)


def _feedback(d: Part, layer: Layer) -> Area:
    """What waits for each other, and the sum that makes signals of them."""
    f, width, n_out, lanes = d.formats, layer.next_simd, d.network.layers[-1], d.own_lanes
    steps = 1 + (layer.lag if layer.every_step else len(d.shapes) + 1)
    cotangent, clocks = f.cotangent.bits, 1 if lanes else fixed_sign_levels(d)
    parts = [
        _queue(steps * layer.rows - 1),
        _buffer(width * cotangent, 1 + clocks, credit=True),
    ]
    matrix = feedback_sizes(d, layer)
    if matrix is not None:
        errors, sums = back_bits(d, lanes), _matrix(d, layer, matrix)
        parts[1] = _buffer(width * cotangent, 1 + matrix.latency, credit=True)
    elif lanes:
        errors = lanes * cotangent
        adders = (2 * lanes - 1) * (cotangent + (lanes - 1).bit_length())
        sums = Area(width * adders + 38, width * (cotangent + lanes) + 5)
    else:
        errors, terms = n_out * f.error.bits, width * n_out
        far = far_bits(terms + WORD)
        added = terms * (f.error.bits + 3)
        held = errors + 0.6 * added + terms + WORD + width * clocks
        sums = Area(2.2 * added + far + 1.5 * WORD, held)
    return sum(parts, _buffer(errors, steps) + sums)


def _matrix(d: Part, layer: Layer, matrix: FeedbackSizes) -> Area:
    """The choice of a chunk, what moves the words, words, and sums of their products."""
    f, width, lanes, columns = d.formats, layer.next_simd, d.own_lanes, matrix.columns
    tangent, error, banks = f.tangent.bits, f.error.bits, layer.next_simd * matrix.columns
    chunk = columns * (error + lanes * tangent)
    total = matrix.used + error + _bits(d.network.layers[-1])
    chosen = chunk if matrix.chunks > 1 else 0
    moved = Area((2 * lanes + 1) * tangent, tangent).times(banks)
    words = Area(6.5 * matrix.bits, 2 * matrix.bits + 1).times(banks)
    added = Area(columns + 1.5, 2).times(width * total)
    held = Area(0.4 * chosen * matrix.chunks, chunk + 3 * columns * error + width * matrix.latency)
    address = Area(16 * _bits(banks), 4 * _bits(matrix.cycles) + 12)
    return moved + words + added + held + address


def _sample_sum(d: Part, layer: Layer, signal: int) -> Area:
    """Sums over the steps, rounded, and the trace of a constant."""
    width, bits, factor = layer.next_simd, signal + factor_bits(d), factor_bits(d)
    waits = _queue(2 * layer.rows - 1)
    ends = _buffer(width * signal, 1 + layer.multiply, credit=True)
    return Area(width * 4.5 * bits + 5 * factor + 55, factor + 13) + waits + ends


def online_head_logic(d: Description) -> Area:
    """Errors, scores, slopes; the course of a batch, drawer, registers and bus."""
    f, lanes, g, n_out = d.formats, head_lanes(d), squared_error_sizes(d), d.network.layers[-1]
    error, membrane, tangent = g.error_bits, f.membrane.bits, f.tangent.bits
    slopes = slope_lanes(d)
    back = slopes * f.cotangent.bits if slopes else back_bits(d.parts[0], lanes)
    tables, held = 7 * membrane + 2 * g.loss_bits, 5 * membrane + g.loss_bits
    once = Area(tables + 2 * error + 30, held + 3 * error)
    each = Area(2 * g.jvp_bits + f.cotangent.bits + 35, g.jvp_bits + 2 * tangent)
    gathered = Area() if slopes else Area(0, (n_out - 1) * (back // n_out) + 2 * lanes * tangent)
    parts = [
        each.times(slopes),
        gathered,
        *(_buffer(bits, 3, credit=True) for bits in (membrane, error)),
        _buffer(back, 3 + (d.depth.multiply + 1 if slopes else 0), credit=True),
    ]
    if confusion_memory(d):
        place = _bits(n_out)
        parts.append(Area(170 + 6.5 * place, 144 + 6 * place))
    return _whole([*parts, *course_areas(d), once])


def course_areas(d: Description) -> list[Area]:
    """Registers and bus, the course of a batch; the drawer."""
    return [
        Area(18 * len(register_map(d)) + 200, 42 + 50 + 50 + 8 * d.n_layers),
        Area(2.5 * DRAWER.length, DRAWER.length),
    ]
