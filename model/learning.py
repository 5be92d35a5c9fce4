"""How a chip learns: the rule, its lanes, its rates."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dualspike.model.network import Section, within

Shift = Annotated[int, within(-16, 16)]
Lanes = Annotated[int, within(1, 64)]
LayerIndex = Annotated[int, within(0, 28)]
Mantissa = Annotated[int, within(8, 15)]
Momentum = Annotated[int, within(1, 8)]


class Learning(Section):
    """Randomized forward gradients and plain gradient descent with power-of-two rates.

    ``rule`` none makes a core that only infers; of the other keys only ``seed`` counts then.
    ``scope`` layer: one lane perturbs one layer; global: one lane perturbs them all.
    ``directions`` independent perturbations are used at once, their updates summed. ``masks``
    says instead, lane by lane, which layers it perturbs. ``frozen`` layers are perturbed by no
    lane and never move; a lane that is left without a layer is left out.
    The rate of layer l at update u is
    2^-(rate + layer_shift[l] + floor(u * stages / updates)), for the gradient of half the squared
    error, meant over a batch and summed over the outputs (for a batch that is no power of two:
    divided by the next power of two). ``mantissa`` multiplies the rate of layer l by
    mantissa[l] / 8. ``rounding`` is that of steps to the weight format: to the nearest, or up or
    down at random so that the mean is kept. ``schedule`` says who counts the stages.
    ``momentum`` k gives every weight a velocity, of which each batch keeps 1 - 2^-k.
    ``local`` gives each of the N hidden layers a readout and a loss of its own, L = L_global +
    (1/N) sum over n of L_n (arXiv 2411.07057); the rates are then N / 2^ceil(log2 N) of those
    above. These readouts are layers that learn as the others do, counted behind them.
    """

    rule: Literal["rfg", "none"] = "rfg"
    scope: Literal["layer", "global"] = "layer"
    structure: Literal["independent", "factored"] = "independent"
    directions: Lanes = 1
    masks: list[list[LayerIndex]] | None = None
    frozen: list[LayerIndex] = Field(default=[])
    batch: Annotated[int, within(1, 65536)] = 64
    rate: Shift = 6
    layer_shift: list[Shift] | None = None
    mantissa: list[Mantissa] | None = None
    rounding: Literal["nearest", "stochastic"] = "nearest"
    momentum: Momentum | None = None
    local: bool = False
    stages: Annotated[int, within(1, 16)] = 5
    schedule: Literal["host", "chip"] = "host"
    updates: Annotated[int, within(1, 10**8)] = 5000
    seed: Annotated[int, within(1, 2**32 - 1)] = 1

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.masks is not None and (self.scope, self.directions) != ("layer", 1):
            raise ValueError(
                "masks must be given without scope and directions,"
                f" not with {self.scope!r} and {self.directions}"
            )
        return self
