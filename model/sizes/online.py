"""Sizes and clocks of the online learner: traces, changes and what waits for them.

A batch of B samples takes draw + B * interval + turn + flush clocks at most:

- draw: one clock for each word of the drawer, 1 to start and 1 to end;
- interval: that of the geometry, with and without learning, unless a change of a small layer is
  not there in time: `learning_interval`;
- turn: from the first pass of a step to its changes, through all layers and back: `turn_cycles`;
- flush: the passes without a frame at the end of a batch, ``lag`` of each layer.
"""

from itertools import pairwise
from math import ceil, log2

from dualspike.model.description.description import Description
from dualspike.model.description.part import TRACE_FRACTION, Part
from dualspike.model.interface.lfsr import online_draws
from dualspike.model.sizes.feedback import feedback_sizes
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import Layer

_LAYER, _NEURONS, _REPEATER, _SKIPPER = 12, 3, 2, 4
"""Clocks of registers and buffers: of a layer without its products, and of what is after it."""
_ERRORS, _SLOPES, _SAMPLE = 7, 10, 6
"""Clocks from the last output to changes of the readout, of other layers, and of a sample."""
_BETWEEN = 9
"""Clocks of neurons, buffers and the spike counter between layers that change once a sample, but
for the products of the neurons."""


def constant_trace(d: Part, value: int = 1) -> list[int]:
    """The trace of an input that is ``value`` in every step of a sample, from 0 on."""
    traces: list[int] = []
    last = 0
    for _ in range(d.network.time_steps):
        last = last - (last >> d.leak_shift if d.leak_shift else 0) + (value << TRACE_FRACTION)
        traces.append(last)
    return traces


def follows(layer: Layer) -> bool:
    """Whether its changes need traces of its inputs, and not the inputs themselves."""
    return layer.kind in ("spiking", "coded", "frames")


def bias_trace(d: Part, layer: Layer) -> int:
    """The trace of what a bias is the weight of: an input that is 1, in every step."""
    if layer.kind == "direct":
        return 1 << layer.value_fraction
    if d.by_sample:
        return d.network.time_steps
    return 1 << TRACE_FRACTION if follows(layer) else 1


def trace_bits(d: Part, layer: Layer) -> int:
    """Bits of a layer's traces: of the inputs themselves where these stay or a readout reads them.

    Others follow what comes in every step, or add it up, and have their ends where it always is at
    its own: the less a trace is, the less is what follows it.
    """
    if not follows(layer):
        return layer.value_bits
    form = d.formats.input
    least, most = (form.lowest, form.highest) if layer.numbers else (-layer.value_signed, 1)
    if d.by_sample:
        lowest, highest = d.network.time_steps * least, d.network.time_steps * most
    else:
        lowest, highest = min(constant_trace(d, least)), max(constant_trace(d, most))
    return max(max(end, ~end).bit_length() for end in (lowest, highest)) + layer.value_signed


def signal_bits(d: Part, layer: Layer) -> int:
    """Bits of what comes back to a neuron: its error, or a cotangent, which a still input sums."""
    if layer.index == len(d.shapes) - 1:
        return (d.formats.cotangent if d.rows else d.formats.error).bits
    summed = layer.kind == "direct" and not d.by_sample
    more = ceil(log2(d.network.time_steps)) if summed else 0
    return d.formats.cotangent.bits + more


def turn_cycles(d: Part, layer: Layer) -> int:
    """Most clocks from the first chunk of a pass of a layer until a change of it can begin.

    Rows go through every layer from it on. One of several groups waits for the whole frame, in
    another the last row is as good as the last chunk. Then the head adds up, and the first group
    of signals comes back row by row, where feedback is learned after a step of its matrix. A change
    of a sample is for all of its steps, which every layer has behind it a pass and its rows after
    the layer before.
    """
    g = geometry(d)
    if d.by_sample:
        chain = g.layers[layer.index :]
        turn = g.interval + chain[-1].n_out + _SLOPES + layer.multiply + layer.group_rows
        own = (one.pass_cycles + one.rows + _LAYER + 2 * one.multiply + one.derive for one in chain)
        return turn + sum(own) + _BETWEEN * len(chain)
    chain = g.layers[layer.index :]
    turn = layer.pass_cycles
    if layer.index and layer.groups == 1:
        turn = max(turn, ceil(g.interval / d.network.time_steps))
    for one, after in pairwise(chain):
        turn += one.last_group_rows + _LAYER + 2 * one.multiply + _NEURONS
        repeats = _SKIPPER if after.skips else _REPEATER
        turn += repeats + after.pass_cycles if after.groups > 1 else 1
    turn += chain[-1].last_group_rows + _LAYER + 2 * chain[-1].multiply
    if len(chain) == 1:
        return turn + _ERRORS
    signs = 0 if d.own_lanes else ceil(log2(d.network.layers[-1]) / 2)
    turn += _SLOPES + layer.multiply + signs + layer.group_rows
    matrix = feedback_sizes(d, layer)
    if matrix is not None:
        turn += matrix.cycles + matrix.latency
    if layer.every_step:
        return turn
    return turn + _REPEATER + _SAMPLE + layer.multiply + (d.network.time_steps - 1) * _step(d)


def _step(d: Part) -> int:
    """Most clocks from one step to the next while the chip learns."""
    g, steps = geometry(d), d.network.time_steps
    turns = [ceil(turn_cycles(d, one) / one.lag) for one in g.layers if one.every_step]
    return max(ceil(g.interval / steps), *turns)


def learning_interval(d: Part) -> int:
    """Most clocks from one sample to the next while the chip learns, when no stream stalls.

    That of the geometry where layers take long enough; else a change is waited for.
    """
    g, steps = geometry(d), d.network.time_steps
    turns = [
        (steps if one.every_step and not d.by_sample else 1) * ceil(turn_cycles(d, one) / one.lag)
        for one in g.layers
    ]
    return max(g.interval, *turns)


def online_batch_cycles(d: Description) -> int:
    """Most clocks of a batch, when no stream stalls."""
    part = d.parts[0]
    g = geometry(part)
    turn = max(turn_cycles(part, layer) for layer in g.layers)
    return online_draw(d) + d.batch[0] * learning_interval(part) + turn + _flush(part)


def online_draw(d: Description) -> int:
    """Clocks of a batch of any kind of chip around its samples: to draw, to start and to end."""
    layers = [len(part.shapes) for part in d.parts]
    return len(online_draws(layers, d.parts[0].own_lanes)) + 2


def _flush(d: Part) -> int:
    """Most clocks of the passes without a frame at the end of a batch."""
    return max(layer.lag * (layer.pass_cycles + layer.rows) for layer in geometry(d).layers)


def row_bound(d: Part) -> int:
    """Most clocks of a row in a part of an operator chip, from its first chunk to its change."""
    return turn_cycles(d, geometry(d).layers[0])


def landing_cycles(d: Description, slopes: int) -> tuple[int, int]:
    """Least and most clocks in which all changes of a batch of an operator chip land.

    Those of a trunk, whose ``slopes`` are added up then; most may be after them.
    """
    passes = (
        layer.lag * layer.pass_cycles for part in d.parts[1:] for layer in geometry(part).layers
    )
    return max(slopes, *passes), slopes + max(_flush(part) for part in d.parts)
