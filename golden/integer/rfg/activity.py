"""How much of a layer's input is silent: no spike and no tangent, so nothing to multiply."""

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.part import Forward
from dualspike.model.sizes.geometry import Geometry
from dualspike.model.sizes.layers import Layer

ALL = slice(None)


def silent_inputs(forward: Forward, layer: Layer, lanes: slice = ALL) -> NDArray[np.bool_]:
    """Which inputs [F, n_in] have neither a spike nor, in any of the lanes, a tangent, by frame.

    A spiking layer reads a frame in every step, the readout one of sums over T for every sample.
    The direct layer has none to ask for: its inputs are no spikes.
    """
    before = forward.layers[layer.source]
    value, tangent = before.spikes, before.dspikes[lanes]
    if layer.reads_out:
        value, tangent = value.sum(axis=0), tangent.sum(axis=1)
    silent = (value == 0) & ~tangent.any(axis=0)
    return silent.reshape(-1, layer.n_in)


def kept_chunks(forward: Forward, layer: Layer, lanes: slice = ALL) -> NDArray[np.int64]:
    """Chunks [F] that a zero skipper keeps of each frame: those not silent, and 1 of none."""
    loud = np.pad(~silent_inputs(forward, layer, lanes), ((0, 0), (0, -layer.n_in % layer.simd)))
    kept = loud.reshape(len(loud), layer.chunks, layer.simd).any(axis=2).sum(axis=1)
    return np.maximum(kept, 1)


def skipped_clocks(g: Geometry, forward: Forward) -> tuple[int, ...]:
    """For every layer that skips, the clocks that its multipliers did not take in a run.

    A run with more tangents than the chip has lanes is one in several passes, each with its own.
    """
    firsts = range(0, len(forward.dy), max(1, g.lanes)) or [0]
    turns = [slice(first, first + g.lanes) for first in firsts]
    return tuple(
        sum(int((layer.chunks - kept_chunks(forward, layer, turn)).sum()) for turn in turns)
        * layer.groups
        for layer in g.layers
        if layer.skips
    )
