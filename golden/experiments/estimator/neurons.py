"""Forward gradients along neurons measured: their bias by spikes, and their variance."""

from dataclasses import dataclass

import numpy as np

from dualspike.golden.experiments.estimator.case import Case, Network, Value, Weights, bias, mean_of
from dualspike.golden.experiments.estimator.theory import blocks, variance
from dualspike.golden.float.estimators.neuron_gradient import NeuronGradient, expectation


@dataclass(frozen=True)
class AlongNeurons:
    """RFG-N with one direction of signs in one case, everything over |grad|.

    ``spikes``: |E g - grad|, what is left out where spikes of each step are replaced by their rate;
    ``cosine`` that of E g and grad. ``bias``: the largest |z| of any parameter's mean against E g.
    ``variance``: E|g - E g|^2 / |grad|^2, ``layered`` what RFG-L's is predicted to be.
    """

    experiment: Network
    weights: Weights
    seed: int
    neurons: int
    spikes: float
    cosine: float
    bias: float
    variance: Value
    layered: float


def along_neurons(case: Case, draws: int) -> AlongNeurons:
    """From so many draws; draw n has the key (seed, n)."""
    given = case.model, case.theta, case.inputs, case.target
    g, size = case.gradient, float(case.gradient @ case.gradient)
    expected, predicted = expectation(*given, (case.seed,))
    estimator = NeuronGradient()
    single = np.array([estimator.gradient(*given, (case.seed, n))[1] for n in range(draws)])
    off = np.square(single - expected).sum(axis=1) / size
    gap = expected - g
    return AlongNeurons(
        case.experiment,
        case.weights,
        case.seed,
        sum(slot.n_out for slot in case.model.hidden_slots),
        float(np.sqrt(gap @ gap / size)),
        float(expected @ g / np.sqrt(size * (expected @ expected))),
        float(np.abs(bias(single, expected)).max()),
        mean_of(predicted / size, off),
        variance(blocks(case.model.layout, g), "layer", "rademacher", "independent"),
    )
