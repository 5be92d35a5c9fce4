"""What the compiled loop of the online learner is given: what stays over a batch, what changes."""

from typing import Any, NamedTuple


class Setup(NamedTuple):
    """What stays the same over a batch.

    ``sizes`` [L + 1]; ``still``: inputs stay the same over a sample's ``steps``; ``margin``: errors
    count on the wrong side of their target only; ``score``: right shift from the sum of outputs to
    a score. ``theta`` [hidden], ``shifts`` and ``lags`` [L], ``kappa`` [T] the trace of the
    constant 1, ``fixed`` [hidden, widest, n_out] +1 or -1, or empty.
    Formats as [lowest, highest]; ``wide`` that of a sum of signals over a sample.
    """

    sizes: Any
    steps: int
    still: bool
    margin: bool
    lanes: int
    leak: int
    gate: int
    score: int
    weight_fraction: int
    membrane_fraction: int
    input_fraction: int
    tangent_fraction: int
    error_fraction: int
    cotangent_fraction: int
    theta: Any
    shifts: Any
    lags: Any
    kappa: Any
    fixed: Any
    membrane: Any
    tangent: Any
    weight: Any
    error: Any
    cotangent: Any
    wide: Any


class State(NamedTuple):
    """What changes: by layer and neuron, and rings of the last steps' signals and traces.

    ``spikes``[n] go into layer n; ``lane``[m, q] are tangents where they have come, ``own`` where
    they began. ``registers`` [L, 2] of rows and columns, ``signs`` [hidden, lanes]. ``seen``
    [2, L, B, T, widest] gets every weighted input and every spike, unless it is empty.
    """

    weights: Any
    biases: Any
    registers: Any
    signs: Any
    u: Any
    spikes: Any
    gates: Any
    current: Any
    trace: Any
    lane: Any
    own: Any
    signal_ring: Any
    trace_ring: Any
    error: Any
    held: Any
    total: Any
    flags: Any
    seen: Any
