"""What random chips that learn online must have reached between them."""

from collections.abc import Callable

from dualspike.model.description.description import Description
from dualspike.model.description.part import change_shifts
from dualspike.model.sizes.feedback import FeedbackSizes, feedback_sizes
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.layers import LEAST_PASS
from tests.testbench.random.features import Features, ends, layers


def matrices(has: Callable[[FeedbackSizes], bool]) -> Callable[[Description], bool]:
    """Whether a feedback matrix that is learned is so."""

    def found(d: Description) -> bool:
        part = d.parts[0]
        sizes = (feedback_sizes(part, layer) for layer in geometry(part).layers[:-1])
        return any(one is not None and has(one) for one in sizes)

    return found


ONLINE: Features = {
    "forward": lambda d: d.learning.feedback == "forward",
    "signs": lambda d: d.learning.feedback == "signs",
    "forward-dfa": lambda d: d.learning.feedback == "forward-dfa",
    "kolen-pollack": lambda d: d.learning.feedback == "kolen-pollack",
    "several lanes of a matrix": lambda d: d.learning.keeps_feedback and d.learning.directions > 1,
    "a matrix whose changes are rounded": lambda d: (
        d.learning.feedback == "kolen-pollack" and max(change_shifts(d.parts[0])[-1]) > 12
    ),
    "a matrix in chunks": matrices(lambda one: one.chunks > 1),
    "several outputs of a matrix in a clock": matrices(lambda one: one.columns > 1),
    "a step of a matrix that waits": matrices(lambda one: one.cycles < LEAST_PASS),
    "margin": lambda d: d.learning.loss == "margin",
    "squared": lambda d: d.learning.loss == "squared",
    "several lanes": lambda d: d.parts[0].own_lanes > 1,
    "lanes of earlier layers": layers(lambda layer: layer.lanes_in > layer.own_lanes > 0),
    "still inputs": lambda d: d.network.coding == "direct",
    "spikes over time": lambda d: d.network.coding == "frames" and not d.parts[0].numbers,
    "numbers over time": layers(lambda layer: layer.kind == "frames"),
    "a leak": lambda d: d.parts[0].leak_shift > 0,
    "no leak": lambda d: d.parts[0].leak_shift == 0,
    "several groups": layers(lambda layer: layer.groups > 1),
    "a short pass": layers(lambda layer: layer.cycles < LEAST_PASS),
    "a deep pipeline": layers(lambda layer: layer.multiply > 1),
    "a single step": lambda d: d.network.time_steps == 1,
    "rate": lambda d: d.network.coding == "rate",
    "bernoulli": lambda d: d.network.coding == "bernoulli",
    "several chunks": layers(lambda layer: layer.chunks > 1),
    "a short pass of several groups": layers(
        lambda layer: 1 < layer.groups and layer.cycles < LEAST_PASS
    ),
    "folding that does not divide": layers(lambda layer: bool(layer.n_out % layer.pe)),
    "4 weight layers and more": lambda d: d.n_layers >= 4,
    "T no power of two": lambda d: bool(d.network.time_steps & d.network.time_steps - 1),
    "a single class": lambda d: d.classes and d.basis == 1,
    "several classes": lambda d: d.classes and d.basis > 1,
    "thresholds of their own": lambda d: isinstance(d.network.threshold, list),
    "sigma 16": lambda d: d.network.surrogate.sigma == 16,
    "sigma below 0.1": lambda d: d.network.surrogate.sigma < 0.1,
    "shifts of layers": lambda d: d.learning.layer_shift is not None,
    "a rate below 0": lambda d: d.learning.rate < 0,
    "a batch of 1": lambda d: d.batch[0] == 1,
    "a batch of 16": lambda d: d.batch[0] == 16,
    "8 lanes": lambda d: d.parts[0].own_lanes == 8,
    "unprotected": lambda d: d.hardware.protection == "none",
    "parity": lambda d: d.hardware.protection == "parity",
    "ecc": lambda d: d.hardware.protection == "ecc",
    "numbers over time of more than 8 bits": layers(
        lambda layer: layer.kind == "frames" and layer.value_bits > 8
    ),
    "a format of 2 bits": lambda d: any(form.bits == 2 for form in ends(d)),
    "a format of 24 bits": lambda d: any(form.bits == 24 for form in ends(d)),
    "a format of fractions alone": lambda d: any(form.integer == 0 for form in ends(d)),
    "a device": lambda d: d.hardware.device is not None,
    "stages of the chip": lambda d: d.learning.schedule == "chip" and d.learning.stages > 1,
    "stages of the host": lambda d: d.learning.schedule == "host",
    "16 stages": lambda d: d.learning.stages == 16,
    **{
        f"skipping, {kind}": layers(lambda layer, kind=kind: layer.skips and layer.kind == kind)
        for kind in ("coded", "frames", "spiking", "output")
    },
    "skipping with lanes": layers(lambda layer: layer.skips and layer.lanes_in > 0),
    "skipping a group that is not full": layers(
        lambda layer: layer.skips and bool(layer.n_out % layer.pe)
    ),
}

SAMPLES: Features = {
    **{
        name: has
        for name, has in ONLINE.items()
        if name not in ("signs", "forward-dfa", "kolen-pollack", "lanes of earlier layers")
        and "matrix" not in name
        and "skipping" not in name
    },
    "lanes of several layers": layers(lambda layer: layer.index > 1),
    "a mean that is no shift": lambda d: (d.network.time_steps & (d.network.time_steps - 1)) > 0,
    "a gaussian": lambda d: d.network.surrogate.kind == "gaussian",
    "no gaussian": lambda d: d.network.surrogate.kind != "gaussian",
}
