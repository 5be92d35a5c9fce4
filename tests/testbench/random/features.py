"""What random chips must have reached between them: features, each with how to tell it."""

from collections.abc import Callable, Iterable

from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.description.learning import Learning
from dualspike.model.description.network import RESETS, SURROGATES
from dualspike.model.description.part import Part
from dualspike.model.interface.memory_map import has_velocities
from dualspike.model.sizes.geometry import geometry
from dualspike.model.sizes.head import product_sizes
from dualspike.model.sizes.layers import Layer

Features = dict[str, Callable[[Description], bool]]


def unreached(seen: Iterable[Description]) -> list[str]:
    """The features that none of those seen has, for each kind of chip by itself."""
    chips = list(seen)
    perceptrons = [d for d in chips if d.kind == "mlp"]
    operators = [d for d in chips if d.kind != "mlp"]
    return [
        f"{kind}: {name}"
        for kind, features, some in (
            ("perceptron", BOTH | PERCEPTRON, perceptrons),
            ("operator network", BOTH | OPERATOR, operators),
        )
        for name, has in features.items()
        if not any(map(has, some))
    ]


def layers(has: Callable[[Layer], bool]) -> Callable[[Description], bool]:
    """Whether a layer of a core is so."""
    return lambda d: any(map(has, geometry(d.parts[0]).layers))


def skips(d: Description) -> bool:
    """Whether a layer skips."""
    return any(layer.skips for layer in geometry(d.parts[0]).layers)


def narrow_index(part: Part) -> bool:
    """Whether a distance has fewer bits than the table's address, once shifted."""
    s, membrane = part.network.surrogate, part.formats.membrane
    left = membrane.bits + 2 - s.bin_shift(membrane.fraction)
    return bool(part.lanes) and left < s.entries.bit_length() - 1


def ends(d: Description) -> list[Format]:
    """All formats."""
    return [getattr(d.formats, name) for name in type(d.formats).model_fields]


def learning(name: str, value: object) -> Callable[[Description], bool]:
    """Whether a key of [learning] has this value."""
    return lambda d: getattr(d.learning, name) == value


OPTIONS = [
    name
    for name, field in Learning.model_fields.items()
    if field.default is None and name != "floor"
]
"""The keys of learning that may be left out, but for the one of operator networks."""

BOTH: Features = {
    "independent signs": learning("structure", "independent"),
    "factored signs": learning("structure", "factored"),
    "scope layer": learning("scope", "layer"),
    "scope global": learning("scope", "global"),
    "frozen layers": lambda d: bool(d.learning.frozen),
    "mantissas, to the nearest": lambda d: (
        d.learning.mantissa is not None and d.learning.rounding == "nearest"
    ),
    "mantissas, stochastic": lambda d: (
        d.learning.mantissa is not None and d.learning.rounding == "stochastic"
    ),
    "no mantissas, stochastic": lambda d: (
        d.learning.mantissa is None and d.learning.rounding == "stochastic"
    ),
    **{name: lambda d, name=name: getattr(d.learning, name) is not None for name in OPTIONS},
    **{f"no {name}": learning(name, None) for name in OPTIONS},
    "rate below 0": lambda d: d.learning.rate < 0,
    "rate above 8": lambda d: d.learning.rate > 8,
    "stages of the chip": lambda d: (
        d.learning.schedule == "chip" and d.learning.stages > 1 and d.learning.updates > 1
    ),
    "stages of the host": learning("schedule", "host"),
    "16 stages": learning("stages", 16),
    "a format of 2 bits": lambda d: any(form.bits == 2 for form in ends(d)),
    "a format of 24 bits": lambda d: any(form.bits == 24 for form in ends(d)),
    "a format without a fraction": lambda d: any(form.fraction == 0 for form in ends(d)),
    "a format of fractions alone": lambda d: any(form.integer == 0 for form in ends(d)),
    "unprotected": lambda d: d.hardware.protection == "none",
    "parity": lambda d: d.hardware.protection == "parity",
    "ecc": lambda d: d.hardware.protection == "ecc",
    "only infers": lambda d: not d.learns,
    "only infers, protected": lambda d: not d.learns and d.hardware.protection != "none",
}

PERCEPTRON: Features = {
    **{
        f"surrogate {kind}": lambda d, kind=kind: d.learns and d.network.surrogate.kind == kind
        for kind in SURROGATES
    },
    **{
        f"span {1 << n}": lambda d, n=n: d.learns and d.network.surrogate.span == 1 << n
        for n in range(7)
    },
    "2 entries": lambda d: d.learns and d.network.surrogate.entries == 2,
    "1024 entries and more": lambda d: d.learns and d.network.surrogate.entries >= 1024,
    "a distance narrower than the table's address": lambda d: narrow_index(d.parts[0]),
    "sigma 16": lambda d: d.learns and d.network.surrogate.sigma == 16,
    "sigma below 0.1": lambda d: d.learns and d.network.surrogate.sigma < 0.1,
    "2 weight layers": lambda d: len(d.network.shapes) == 2,
    "3 or 4 weight layers": lambda d: len(d.network.shapes) in (3, 4),
    "8 weight layers and more": lambda d: len(d.network.shapes) >= 8,
    "1 input": lambda d: d.network.layers[0] == 1,
    "100 inputs and more": lambda d: d.network.layers[0] >= 100,
    "100 hidden neurons and more": lambda d: max(d.network.layers[1:-1]) >= 100,
    "100 outputs and more": lambda d: d.network.layers[-1] >= 100,
    "a width of 127": lambda d: 127 in d.network.layers,
    "T = 1": lambda d: d.network.time_steps == 1,
    "T a power of two": lambda d: d.network.time_steps in (2, 4, 8, 16, 32, 64, 128, 256),
    "T no power of two": lambda d: bool(d.network.time_steps & d.network.time_steps - 1),
    "T of 257 and more": lambda d: d.network.time_steps >= 257,
    "26 lanes and more": lambda d: d.lanes >= 26,
    "a single lane": lambda d: d.lanes == 1,
    "lanes of one layer and of two": lambda d: {1, 2} <= {mask.bit_count() for mask in d.masks},
    "spare lanes": lambda d: d.lanes_built > d.lanes_used,
    "2 passes": lambda d: d.passes == 2,
    "6 passes and more": lambda d: d.passes >= 6,
    "a last pass with fewer lanes": lambda d: d.passes > 1 and bool(d.lanes % d.lanes_built),
    "several passes with momentum": lambda d: d.passes > 1 and has_velocities(d),
    "a batch of 1": learning("batch", 1),
    "an odd batch": lambda d: d.batch[0] > 1 and d.batch[0] % 2 == 1,
    "a batch of 64": learning("batch", 64),
    "parity with momentum": lambda d: d.hardware.protection == "parity" and has_velocities(d),
    "ecc with momentum": lambda d: d.hardware.protection == "ecc" and has_velocities(d),
    "a single local readout": lambda d: d.parts[0].readouts == 2,
    "weights of local losses": lambda d: d.parts[0].readouts > 2,
    "local losses in several passes": lambda d: d.local and d.passes > 1,
    "local losses with momentum": lambda d: d.local and has_velocities(d),
    "local losses, independent signs": lambda d: d.local and d.learning.structure == "independent",
    "local losses, factored signs": lambda d: d.local and d.learning.structure == "factored",
    "local losses and skipping": lambda d: d.local and skips(d),
    "groups of a local readout": layers(lambda one: one.kind == "local" and one.groups > 1),
    **{
        f"skipping, {kind}, {structure} signs": lambda d, kind=kind, structure=structure: (
            d.learning.structure == structure
            and d.learns
            and any(one.skips and one.kind == kind for one in geometry(d.parts[0]).layers)
        )
        for kind in ("spiking", "readout")
        for structure in ("independent", "factored")
    },
    "skipping in several passes": lambda d: d.passes > 1 and skips(d),
    "skipping without learning": lambda d: not d.learns and skips(d),
    **{
        f"{reset} reset, {'a' if leak else 'no'} leak": lambda d, reset=reset, leak=leak: (
            d.learns and d.network.reset == reset and (d.network.leak < 1) == leak
        )
        for reset in RESETS
        for leak in (True, False)
    },
    "a row waits for its step": layers(lambda one: 0 < one.rows < one.feedback),
    "no row waits": layers(lambda one: one.rows >= one.feedback > 0),
    "several thresholds": lambda d: len(set(d.parts[0].thresholds)) > 1,
    "the least threshold": lambda d: min(d.parts[0].thresholds) == 1,
    "the largest threshold": lambda d: max(d.parts[0].thresholds) == d.formats.membrane.highest,
    "coding direct": lambda d: d.network.coding == "direct",
    "coding rate": lambda d: d.network.coding == "rate",
    "coding bernoulli": lambda d: d.network.coding == "bernoulli",
    "a shorter last group": layers(lambda one: one.groups > 1 and one.n_out % one.pe > 0),
    "a padded chunk": layers(lambda one: one.simd > 1 and one.n_in % one.simd > 0),
    "a padded row": layers(lambda one: one.next_simd > 1 and one.n_out % one.next_simd > 0),
    "folding left out": lambda d: d.hardware.pe is None,
}

OPERATOR: Features = {
    "deeponet": lambda d: d.operator.kind == "deeponet",
    "seponet of one trunk": lambda d: d.operator.kind == "seponet" and len(d.parts) == 2,
    "seponet of two trunks": lambda d: len(d.parts) == 3,
    "seponet of three trunks and more": lambda d: len(d.parts) >= 4,
    "12 layers and more": lambda d: d.n_layers >= 12,
    "a wide branch": lambda d: d.network.layers[0] >= 64,
    "a basis of 1": lambda d: d.basis == 1,
    "a basis of 16 and more": lambda d: d.basis >= 16,
    "terms left out": lambda d: d.hardware.terms is None,
    "several terms of a longer basis": lambda d: (
        1 < (d.hardware.terms or 0) < d.basis and d.basis % (d.hardware.terms or 1) > 0
    ),
    "a floor": lambda d: d.floor is not None,
    "no floor": lambda d: d.learns and d.floor is None,
    "only infers, one trunk": lambda d: not d.learns and len(d.parts) == 2,
    "only infers, several trunks": lambda d: not d.learns and len(d.parts) > 2,
    "a single function": lambda d: d.batch[0] == 1,
    "a single row of a trunk": lambda d: 1 in d.batch[1:],
    "an odd batch": lambda d: any(rows > 1 and rows % 2 for rows in d.batch),
    "20 rows of a trunk and more": lambda d: max(d.batch[1:]) >= 20,
    "26 lanes and more": lambda d: d.lanes >= 26,
    "a lane that a part does not carry": lambda d: any(
        len(d.lanes_of(part)) < d.lanes for part in range(len(d.parts))
    ),
    "T = 1": lambda d: any(part.time_steps == 1 for part in d.networks),
    "T of 100 and more": lambda d: any(part.time_steps >= 100 for part in d.networks),
    "leaks": lambda d: any(part.leak < 1 for part in d.networks),
    **{
        f"{reset} resets": lambda d, reset=reset: (
            d.learns and any(one.reset == reset for one in d.networks)
        )
        for reset in RESETS
    },
    "several thresholds": lambda d: any(len(set(part.thresholds)) > 1 for part in d.networks),
    **{
        f"surrogate {kind}": lambda d, kind=kind: (
            d.learns and any(part.surrogate.kind == kind for part in d.networks)
        )
        for kind in SURROGATES
        if kind != "stein"
    },
    "span 1": lambda d: d.learns and any(part.surrogate.span == 1 for part in d.networks),
    "span 64": lambda d: d.learns and any(part.surrogate.span == 64 for part in d.networks),
    "a distance narrower than the table's address": lambda d: any(map(narrow_index, d.parts)),
    "an accumulator of the loss below 32 bits": lambda d: (
        d.learns and product_sizes(d).loss_bits < 32
    ),
}
