"""What the compiled loops of the online learner are given, of a part of a chip."""

from collections.abc import Sequence

import numpy as np

from dualspike.golden.integer.online.arrays import Setup, State
from dualspike.golden.integer.online.feedback import padded
from dualspike.golden.integer.surrogate_table import surrogate_table
from dualspike.golden.numeric import Matrix
from dualspike.model.description.format import Format
from dualspike.model.description.part import Part, change_shifts
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.online import bias_trace, constant_trace

NOTHING = np.zeros((0, 0, 0, 0, 0), np.int64)
"""Where nothing of a run is to be seen."""


def state_of(
    part: Part,
    weights: Sequence[Matrix],
    biases: Sequence[Matrix],
    words: Sequence[int],
    feedback: Sequence[Matrix] = (),
    seen: Matrix = NOTHING,
) -> State:
    """A part before a batch: ``words`` start its layers' registers, then those of its lanes."""
    layers, lanes = len(part.shapes), part.own_lanes
    drawn = np.array(words, np.int64)
    widest, depth = max(part.network.layers), 1 + max(_lags(part))
    carried = layers if part.by_sample else 0

    def zeros(*shape: int) -> Matrix:
        return np.zeros(shape, np.int64)

    return State(
        weights=np.concatenate([w.ravel() for w in weights]),
        biases=np.concatenate(biases),
        registers=drawn[: 2 * layers].reshape(layers, 2).copy(),
        signs=drawn[2 * layers :].reshape(layers - 1, lanes).copy(),
        feedback=padded(feedback, widest, part.network.layers[-1]),
        u=zeros(layers, widest),
        spikes=zeros(layers, widest),
        gates=zeros(layers, widest),
        current=zeros(layers, widest),
        trace=zeros(layers, widest),
        lane=zeros(layers, lanes, widest),
        own=zeros(layers, lanes, widest),
        charge=zeros(carried, layers, lanes, widest),
        slope=zeros(carried, lanes, widest),
        signal_ring=zeros(layers, depth, widest),
        trace_ring=zeros(layers, depth, widest),
        error=zeros(widest),
        held=zeros(widest),
        total=zeros(widest),
        flags=zeros(1),
        skipped=zeros(layers),
        seen=seen,
    )


def unpack(part: Part, state: State, weights: list[Matrix], biases: list[Matrix]) -> None:
    """Weights and biases as a batch has left them."""
    place = first = 0
    for layer, (n_in, n_out) in enumerate(part.shapes):
        end = place + n_in * n_out
        weights[layer] = state.weights[place:end].reshape(n_out, n_in)
        biases[layer] = state.biases[first : first + n_out]
        place, first = end, first + n_out


def setup_of(part: Part, stage: int, fixed: Matrix) -> Setup:
    """What stays the same over a batch; ``fixed``: see `Setup`."""
    f, g, learning, reaches = part.formats, geometry(part), part.learning, change_shifts(part)
    s, steps = part.network.surrogate, part.network.time_steps
    grow = (steps - 1).bit_length()
    error = f.cotangent if part.rows else f.error
    wide = [f.cotangent.lowest << grow, (f.cotangent.highest + 1 << grow) - 1]
    return Setup(
        sizes=np.array(part.network.layers),
        steps=steps,
        still=part.network.coding == "direct",
        margin=learning.loss == "margin",
        by_sample=part.by_sample,
        lanes=part.own_lanes,
        momentum=part.feedback_finer if learning.keeps_feedback and part.own_lanes else 0,
        mirrored=learning.keeps_feedback and not part.own_lanes,
        finer=part.feedback_finer,
        leak=part.leak_shift,
        gate=part.gate,
        score=grow,
        weight_fraction=f.weight.fraction,
        membrane_fraction=f.membrane.fraction,
        input_fraction=f.input.fraction,
        tangent_fraction=f.tangent.fraction,
        error_fraction=error.fraction,
        cotangent_fraction=f.cotangent.fraction,
        surrogate_fraction=f.surrogate.fraction,
        bin=s.bin_shift(f.membrane.fraction) if part.by_sample else 0,
        reciprocal=g.reciprocal,
        mean=g.reciprocal_shift,
        table=surrogate_table(part) if part.by_sample else np.zeros(2, np.int64),
        theta=np.array(part.thresholds),
        shifts=np.array([reach[min(max(stage, 0), len(reach) - 1)] for reach in reaches]),
        lags=np.array(_lags(part)),
        ones=np.array([bias_trace(part, layer) for layer in g.layers]),
        skips=np.array([(one.pe * one.skips, one.simd * one.skips) for one in g.layers]),
        kappa=np.array(constant_trace(part)),
        fixed=fixed,
        membrane=_range(f.membrane),
        tangent=_range(f.tangent),
        weight=_range(f.weight),
        matrix=_range(part.feedback_format or f.weight),
        error=_range(error),
        cotangent=_range(f.cotangent),
        wide=np.array(wide),
    )


def _lags(part: Part) -> list[int]:
    return [layer.lag for layer in geometry(part).layers]


def _range(form: Format) -> Matrix:
    return np.array([form.lowest, form.highest])
