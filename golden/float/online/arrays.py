"""What the compiled loop of the float learner is given: what stays over a batch, what changes."""

from typing import Any, NamedTuple


class Setup(NamedTuple):
    """What stays the same over a batch.

    ``sizes`` [L + 1]; ``still``: inputs stay the same over a sample's ``steps``; ``margin``: errors
    count on the wrong side of their target only; ``score``: from the sum of outputs to a score.
    ``kept``: what membranes and traces keep from step to step; ``gate``: the surrogate's sigma.
    ``share``: from the sum over ``lanes`` to their signal. ``theta`` [hidden], ``rates``, ``lags``
    and ``ones`` [L], the last the traces of what biases weigh; ``kappa`` [T] the trace of the
    constant 1, ``fixed`` [hidden, widest, n_out] +1 or -1, or empty. ``moved``: how far feedback
    matrices go in a step to what it found, 0 where they follow no lanes; ``mirrored``: they take
    the readout's changes. ``by_sample``: there is one error and one change a sample; then ``kind``
    is the place of the surrogate in `golden.float.online.kernels.KINDS`, and ``stairs`` and
    ``heights`` are those of a stein one.
    """

    sizes: Any
    steps: int
    still: bool
    margin: bool
    by_sample: bool
    kind: int
    lanes: int
    moved: float
    mirrored: bool
    kept: float
    gate: float
    score: float
    share: float
    theta: Any
    rates: Any
    lags: Any
    ones: Any
    stairs: Any
    heights: Any
    kappa: Any
    fixed: Any


class State(NamedTuple):
    """What changes: by layer and neuron, and rings of the last steps' signals and traces.

    ``spikes``[n] go into layer n; ``lane``[m, q] are tangents where they have come, ``own`` where
    they began; ``charge``[n, m, q] those of membranes and ``slope``[m, q] sums over the steps, both
    empty where errors come in every step. ``gates`` are the surrogate. ``signs`` [hidden, lanes]
    are registers, ``weights`` and ``biases`` flat, ``feedback`` [hidden, widest, n_out] or empty.
    """

    weights: Any
    biases: Any
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
