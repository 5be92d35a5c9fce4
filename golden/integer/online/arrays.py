"""What the compiled loop of the online learner is given: what stays over a batch, what changes."""

from typing import Any, NamedTuple


class Setup(NamedTuple):
    """What stays the same over a batch.

    ``sizes`` [L + 1]; ``still``: inputs stay the same over a sample's ``steps``; ``margin``: errors
    count on the wrong side of their target only; ``score``: right shift from the sum of outputs to
    a score. ``theta`` [hidden], ``shifts``, ``lags`` and ``ones`` [L], the last the traces of what
    biases weigh; ``kappa`` [T] the trace of the constant 1, ``fixed`` [hidden, widest, n_out] +1 or
    -1, or empty. ``momentum``: right shift of what feedback matrices lose in a step, 0 where they
    follow no lanes; ``mirrored``: they take the readout's changes, in the format ``matrix``,
    ``finer`` by so many bits than weights. ``by_sample``: there is one error and one change a
    sample; then ``table`` holds the surrogate, in bins of 2^``bin`` and 0 at both ends, and a mean
    over the steps is a sum times ``reciprocal`` / 2^``mean``.
    ``skips`` [L, 2]: neurons in a group and inputs in a chunk of layers that skip, else 0.
    Formats as [lowest, highest]; ``wide`` that of a sum of signals over a sample.
    """

    sizes: Any
    steps: int
    still: bool
    margin: bool
    by_sample: bool
    lanes: int
    momentum: int
    mirrored: bool
    finer: int
    leak: int
    gate: int
    score: int
    weight_fraction: int
    membrane_fraction: int
    input_fraction: int
    tangent_fraction: int
    error_fraction: int
    cotangent_fraction: int
    surrogate_fraction: int
    bin: int
    reciprocal: int
    mean: int
    table: Any
    theta: Any
    shifts: Any
    lags: Any
    ones: Any
    skips: Any
    kappa: Any
    fixed: Any
    membrane: Any
    tangent: Any
    weight: Any
    matrix: Any
    error: Any
    cotangent: Any
    wide: Any


class State(NamedTuple):
    """What changes: by layer and neuron, and rings of the last steps' signals and traces.

    ``spikes``[n] go into layer n; ``lane``[m, q] are tangents where they have come, ``own`` where
    they began; ``charge``[n, m, q] those of membranes and ``slope``[m, q] sums over the steps, both
    empty where errors come in every step. ``gates`` are the surrogate. ``registers`` [L, 2] of rows
    and columns, ``signs`` [hidden, lanes]; ``feedback`` [hidden, widest, n_out] matrices, or none.
    ``skipped`` [L] clocks of chunks that were left out.
    ``seen`` [2, L, B, T, widest] gets every weighted input and every spike, unless it is empty.
    """

    weights: Any
    biases: Any
    registers: Any
    signs: Any
    feedback: Any
    u: Any
    spikes: Any
    gates: Any
    current: Any
    trace: Any
    lane: Any
    own: Any
    charge: Any
    slope: Any
    signal_ring: Any
    trace_ring: Any
    error: Any
    held: Any
    total: Any
    flags: Any
    skipped: Any
    seen: Any
