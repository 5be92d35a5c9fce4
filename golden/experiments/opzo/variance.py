"""How much the online rules' gradients vary: over training, and with the number of noisy nodes."""

from functools import partial

import numpy as np

from dualspike.golden.data.labelled.samples import ClassData, Labelled
from dualspike.golden.numeric import Floats
from dualspike.golden.online.dense import perceptron
from dualspike.golden.online.network import OnlineNetwork
from dualspike.golden.online.rules.backpropagation import SpatialBackpropagation
from dualspike.golden.online.rules.forward import ForwardByNeurons
from dualspike.golden.online.rules.noise import Noise
from dualspike.golden.online.rules.pseudo_zeroth_order import PseudoZerothOrder
from dualspike.golden.online.rules.rule import Rule
from dualspike.golden.online.rules.single_point import SinglePoint
from dualspike.golden.online.rules.two_point import TwoPoint
from dualspike.golden.online.traces import train_pass
from dualspike.golden.online.training import TrainingConfig

SETTLING, COUNTED = 60, 30
"""Batches in which the matrices of OPZO settle, and from which a variance is measured."""


def variance(
    network: OnlineNetwork,
    rule: Rule,
    part: Labelled,
    config: TrainingConfig,
    rng: np.random.Generator,
    batches: int,
) -> float:
    """Of the hidden layers' gradient over that many random batches, averaged over its entries.

    Not a number for fewer than two. The parameters stay; rules that learn do so from every batch.
    """
    if batches < 2:
        return float("nan")
    gradients: list[Floats] = []
    size = min(config.batch, len(part))
    for _ in range(batches):
        chosen = part.taken(rng.choice(len(part), size, replace=False))
        frames = config.frames(chosen, rng, network.theta.dtype)
        found = train_pass(network, rule, config.loss, frames, chosen.labels)
        gradients.append(found.gradient[: -network.synapses[-1].size])
    return float(np.var(gradients, axis=0, ddof=1).mean())


def by_width(
    samples: ClassData, config: TrainingConfig, widths: tuple[int, ...]
) -> dict[str, dict[int, float]]:
    """Variance of each rule with noise, or signs, over that of BP, by the number d of such nodes.

    Networks at their start, with two hidden layers of d / 2 neurons, one of ``widths``; batches of
    ``config``. OPZO's matrices have settled and, with 1 / alpha, estimate what the others do. Noise
    has no antithetic pairs, alpha is the config's first. From ``default_rng(0)``.
    """
    found: dict[str, dict[int, float]] = {name: {} for name in ("OPZO", "SPSA", "ZO", "FWD")}
    for width in widths:
        rng = np.random.default_rng(0)
        network = perceptron(
            [samples.shape.size, width, width, samples.classes], rng, dtype=np.float32
        )
        noise = Noise(rng, config.alpha, antithetic=False)
        measure = partial(variance, network, part=samples.train, config=config, rng=rng)
        settled = PseudoZerothOrder(network, noise, 0.99, divided=True)
        measure(settled, batches=SETTLING)
        frozen = PseudoZerothOrder(network, noise, 1 - 1e-9, divided=True)
        frozen.matrices = settled.matrices
        plain = measure(SpatialBackpropagation(), batches=COUNTED)
        rules: dict[str, Rule] = {"OPZO": frozen, "SPSA": TwoPoint(noise), "ZO": SinglePoint(noise)}
        rules["FWD"] = ForwardByNeurons(rng)
        for name, rule in rules.items():
            found[name][2 * width] = measure(rule, batches=COUNTED) / plain
    return found
