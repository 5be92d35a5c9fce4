"""What a description may not ask for as a whole: one line for each, as ValueError.

``d`` is a `model.description.description.Description`, which imports this.
"""

from typing import Any

MOST_LAYERS, MOST_LANES = 32, 64
"""What the register map has room for."""
MOST_SIGNED = 64
"""Outputs whose errors come back side by side at most, by fixed signs or by matrices."""


def check_frames(d: Any) -> None:
    """Inputs over time are for the online learner; they are whole numbers."""
    if d.network.coding != "frames":
        return
    if not d.online:
        raise ValueError("network.coding must not be frames without learning.rule 'online'")
    if d.formats.input.fraction:
        raise ValueError(
            f"formats.input must have no fraction bits with coding frames, not {d.formats.input}"
        )


def check_operator(d: Any) -> None:
    """What an operator chip is not built for."""
    operator, learning = d.operator, d.learning
    if d.online and not d.learning.by_sample:
        raise ValueError(
            f"learning.every must be 'sample' in an operator chip, not {learning.every!r}"
        )
    if d.online and learning.loss != "squared":
        raise ValueError(
            f"learning.loss must be 'squared' in an operator chip, not {learning.loss!r}"
        )
    if d.n_layers > MOST_LAYERS:
        raise ValueError(f"operator.parts must have at most {MOST_LAYERS} layers, not {d.n_layers}")
    learning.check_batch(len(operator.parts))
    for name, folds in (("pe", d.hardware.pe), ("simd", d.hardware.simd)):
        if folds is not None and len(folds) != d.n_layers:
            raise ValueError(f"hardware.{name} must have {d.n_layers} entries, not {len(folds)}")
    basis, terms = d.basis, d.hardware.terms
    if terms is not None and terms > basis:
        raise ValueError(f"hardware.terms must be in [1, {basis}], not {terms}")
    for n, network in enumerate(operator.parts):
        if network.coding != "direct":
            raise ValueError(
                f"operator.parts[{n}].coding must be direct in an operator chip, not"
                f" {network.coding}"
            )
        if network.surrogate.kind == "stein":
            raise ValueError(
                f"operator.parts[{n}].surrogate.kind must not be stein in an operator chip"
            )


def check_learning(d: Any) -> None:
    """Lanes and layers that do not go together."""
    d.learning.check_layers(d.n_layers, d.step_shift)
    if d.online:
        _check_online(d)
        return
    masked = d.learning.masks is not None
    if d.lanes > MOST_LANES:
        name = "masks" if masked else "directions"
        raise ValueError(f"learning.{name} must leave at most {MOST_LANES} lanes, not {d.lanes}")
    for n, part in enumerate(d.parts):
        if not part.masks:
            raise ValueError(
                f"learning.{'masks' if masked else 'frozen'} must leave every part a layer to"
                f" learn, not operator.parts[{n}] none"
            )
    if d.network.coding == "bernoulli" and d.passes > 1:
        raise ValueError(
            f"hardware.lanes must be at least {d.lanes} with coding bernoulli, not {d.lanes_built}"
        )
    if d.hardware.lanes == 0:
        raise ValueError("hardware.lanes must be in [1, 64], not 0")


def _check_online(d: Any) -> None:
    """What the online learner is not built for."""
    learning = d.learning
    if d.hardware.skip and learning.by_sample:
        raise ValueError("hardware.skip must be false with learning.every 'sample', not true")
    if learning.by_sample and not d.formats.tangent.integer:
        raise ValueError(
            f"formats.tangent must hold 1 with learning.every 'sample', not {d.formats.tangent}"
        )
    for n, network in enumerate(d.networks):
        name = "network" if d.kind == "mlp" else f"operator.parts[{n}]"
        _check_online_network(network, learning, name)


def _check_online_network(network: Any, learning: Any, name: str) -> None:
    """The same of one part, called ``name``."""
    if network.surrogate.kind != "rectangle" and not learning.by_sample:
        raise ValueError(
            f"{name}.surrogate.kind must be rectangle with learning.rule 'online', not"
            f" {network.surrogate.kind}"
        )
    if network.reset != "detached":
        raise ValueError(f"{name}.reset must be detached with learning.rule 'online', not attached")
    lanes = (len(network.layers) - 2) * learning.directions
    if learning.has_lanes and lanes > MOST_LANES:
        raise ValueError(f"learning.directions must leave at most {MOST_LANES} lanes, not {lanes}")
    if learning.feedback != "forward" and network.layers[-1] > MOST_SIGNED:
        raise ValueError(
            f"{name}.layers must end with at most {MOST_SIGNED} outputs with feedback"
            f" {learning.feedback!r}, not {network.layers[-1]}"
        )
