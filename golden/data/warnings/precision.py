"""What the number formats of a description lose of it, of its weights and of its data.

Each list holds a `golden.data.warnings.vanishing.PrecisionLoss` for every quantity of which more
than a tenth is lost.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dualspike.golden.data.problem import Problem
from dualspike.golden.data.warnings.vanishing import MOST_BITS, PrecisionLoss, judge
from dualspike.golden.float.layout import Parameters
from dualspike.golden.float.surrogate import slopes_of
from dualspike.golden.numeric import Doubles
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.learning import MANTISSA_BITS
from dualspike.model.description.network import MOST_ENTRIES, Network
from dualspike.model.errors import BadInput
from dualspike.model.sizes.head import head_sizes


def lost_parameters(parameters: Parameters, form: Format) -> list[PrecisionLoss]:
    """Weights, layer by layer and neuron by neuron, and biases, layer by layer."""
    found: list[PrecisionLoss | None] = []
    for layer, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        found.append(judge(f"weights_{layer}", w, form, "rows"))
        found.append(judge(f"biases_{layer}", b, form))
    return [loss for loss in found if loss]


def lost_columns(name: str, values: Doubles, form: Format) -> list[PrecisionLoss]:
    """Samples [N, n], column by column."""
    loss = judge(name, values.T, form, "columns")
    return [loss] if loss else []


def lost_settings(d: Description) -> list[PrecisionLoss]:
    """Thresholds, surrogates and steps."""
    seed, found = d.learning.seed, list[PrecisionLoss | None]()
    for name, network in _parts(d):
        thresholds = np.array(network.thresholds)[:, None]
        of = f"thresholds of {name}"
        found.append(judge(of, thresholds, d.formats.membrane, "layers"))
        if d.learns:
            found.append(_lost_surrogate(f"surrogate values of {name}", network, seed, d))
    return [loss for loss in found if loss] + lost_steps(d)


def lost_steps(d: Description) -> list[PrecisionLoss]:
    """Layers whose steps are 0 for every slope that the chip can hold, in the last stage or before.

    Stochastic rounding loses none, as that of the online learner.
    """
    learning = d.learning
    if not d.learns or d.online or learning.rounding == "stochastic":
        return []
    bits = head_sizes(d).jvp_bits
    learned = {layer for mask in d.masks for layer in range(d.n_layers) if mask >> layer & 1}
    found: list[PrecisionLoss] = []
    for layer in sorted(learned):
        mantissa = 1 << MANTISSA_BITS if learning.mantissa is None else learning.mantissa[layer]
        most, shift = mantissa << (bits - 1), d.step_shift[layer] + MANTISSA_BITS
        largest = (2 * most - 1).bit_length() - 1  # shift that leaves something of ``most``
        less = shift + learning.stages - 1 - largest
        if less > 0:
            lost = min(less, learning.stages)
            weight = d.formats.weight
            finer = replace(weight, fraction=weight.fraction + less)
            hint = f"formats.weight {finer}, or " if finer.bits <= MOST_BITS else ""
            text = (
                f"steps of layer {layer} become all 0 in {lost} of {learning.stages} stages,"
                f" whatever the slope: {hint}learning.rate or layer_shift less by {less} would do"
            )
            found.append(PrecisionLoss(lost / learning.stages, lost == learning.stages, text))
    return found


def check_moves(d: Description) -> None:
    """Raise BadInput if no layer can ever move: there is nothing to train."""
    losses, learned = lost_steps(d), 0
    for mask in d.masks:
        learned |= mask
    if losses and len(losses) == learned.bit_count() and all(loss.nothing for loss in losses):
        raise BadInput(f"no layer can learn: {losses[0].text}")


def lost_functions(d: Description, problem: Problem) -> list[PrecisionLoss]:
    """Weights of functions in the loss of an operator chip, one by one, as in a batch of all."""
    if d.floor is None:
        return []
    target = problem.train.target
    squares = np.square(target).reshape(len(target), -1).mean(axis=1)
    if not squares.any():
        return []
    weights = squares.mean() / (squares + d.floor * squares.mean())
    loss = judge("weights in the loss", weights[:, None], d.formats.scale, "functions")
    return [loss] if loss else []


def _parts(d: Description) -> Sequence[tuple[str, Network]]:
    if d.kind == "mlp":
        return [("network", d.network)]
    return [(f"operator.parts[{n}]", network) for n, network in enumerate(d.networks)]


def _lost_surrogate(of: str, network: Network, seed: int, d: Description) -> PrecisionLoss | None:
    """What is left of a surrogate at the centres of its bins."""
    s = network.surrogate
    centres = (np.arange(s.entries) + 0.5) * (2 * s.span / s.entries) - s.span
    values = np.asarray(slopes_of([network], (seed,))[0](centres), np.float64)
    if values.any():
        return judge(of, values, d.formats.surrogate)
    text = f"{of} are all 0 at the centres of {s.entries} bins, as sigma is {s.sigma:g}"
    entries = max(2 * s.entries, 1 << math.floor(math.log2(s.span / s.sigma)) + 1)
    hint = f"{entries} entries" if entries <= MOST_ENTRIES else "a smaller span"
    return PrecisionLoss(1.0, True, f"{text}: {hint} would do")
