"""How a chip learns: the rule, its lanes, its rates."""

from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, PlainValidator, model_validator

from dualspike.model.description.network import Section, within
from dualspike.model.interface.lfsr import DITHER, WORD

Shift = Annotated[int, within(-16, 16)]
Lanes = Annotated[int, within(1, 64)]
LayerIndex = Annotated[int, within(0, 31)]
Mantissa = Annotated[int, within(8, 15)]
Momentum = Annotated[int, within(1, 8)]
Updates = Annotated[int, within(1, 10**8)]
MOST_ROWS = 65536
_OF_RFG = frozenset(
    ("local", "scope", "structure", "masks", "frozen", "mantissa", "rounding", "momentum")
)
_OF_ONLINE = frozenset(("feedback", "feedback_momentum", "loss", "every"))
MANTISSA_BITS = 3
VELOCITY_BITS = 4


def _batch(value: object) -> int | list[int]:
    """Rows; or a list, which is checked by the section, since that can name an entry."""
    return cast(list[int], value) if isinstance(value, list) else _rows(value)


def _rows(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {value!r}")
    if not 1 <= value <= MOST_ROWS:
        raise ValueError(f"must be in [1, {MOST_ROWS}], not {value}")
    return value


class Learning(Section):
    """How weights move: randomized forward gradients (rfg), online learning, or not at all.

    ``rule`` none makes a core that only infers; of the other keys only ``seed`` counts then, and
    of an operator network ``batch``: the rows of each trunk.
    ``rule`` online learns sample by sample (docs/online_chip.md): lanes perturb neurons
    (``feedback`` forward, ``directions`` lanes for each hidden layer), or errors come back by fixed
    signs (``feedback`` signs), or by matrices: these follow what lanes find (``feedback``
    forward-dfa), and every step keeps 1 - 2^-k of them with k = ``feedback_momentum``, or take the
    readout's changes (``feedback`` kolen-pollack). There is an error, and a change of every weight,
    for ``every`` step, or for every sample: then outputs are means over the steps, as with rfg, and
    lanes follow a whole sample, feedback forward only. With ``loss`` margin an error counts only on
    the wrong side of its target: an output that should be at least 1 may be more, one that should
    be at most 0 may be less. Of the keys below ``batch``, ``rate``, ``layer_shift``, ``stages``,
    ``schedule``, ``updates`` and ``seed`` mean the same there, for the gradient of one sample;
    steps are always rounded at random, and the others must be left out. An operator network has a
    change for every row of every part, ``every`` sample only, and ``floor`` as below.

    The keys of rfg, plain gradient descent with power-of-two rates:
    ``batch`` samples make an update; of an operator network so many functions, then so many points
    (or positions, times, ...): y has a value for every combination, and errors are meant over all
    of them (every axis: divided by the next power of two).
    ``scope`` layer: one lane perturbs one layer; global: one lane perturbs them all.
    ``directions`` independent perturbations are used at once, their updates summed. ``masks``
    says instead, lane by lane, which layers it perturbs. ``frozen`` layers are perturbed by no
    lane and never move; a lane that is left without a layer is left out.
    The rate of layer l at update u is
    2^-(rate + layer_shift[l] + floor(u * stages / updates)), for the gradient of half the squared
    error, meant over a batch (for a batch that is no power of two: divided by the next power of
    two). ``mantissa`` multiplies the rate of layer l by mantissa[l] / 8. ``rounding`` is that of
    steps to the weight format: to the nearest, or up or down at random so that the mean is kept.
    ``schedule`` says who counts the stages.
    ``momentum`` k gives every weight a velocity, of which each batch keeps 1 - 2^-k.
    ``local`` gives each of the N hidden layers a readout and a loss of its own, L = L_global +
    (1/N) sum over n of L_n (arXiv 2411.07057); the rates are then N / 2^ceil(log2 N) of those
    above. These readouts are layers that learn as the others do, counted after them.
    ``floor`` weighs function f with m / (m_f + floor m), m_f being the mean square of its target
    and m their mean over the batch; left out, all weigh 1.
    """

    rule: Literal["rfg", "online", "none"] = "rfg"
    feedback: Literal["forward", "signs", "forward-dfa", "kolen-pollack"] = "forward"
    feedback_momentum: Momentum = 8
    loss: Literal["squared", "margin"] = "squared"
    every: Literal["step", "sample"] = "step"
    batch: Annotated[int | list[int], PlainValidator(_batch)] = 64
    local: bool = False
    floor: Annotated[float, within(2**-10, 2**10)] | None = None
    scope: Literal["layer", "global"] = "layer"
    structure: Literal["independent", "factored"] = "independent"
    directions: Lanes = 1
    masks: list[list[LayerIndex]] | None = None
    frozen: list[LayerIndex] = Field(default=[])
    rate: Shift = 6
    layer_shift: list[Shift] | None = None
    mantissa: list[Mantissa] | None = None
    rounding: Literal["nearest", "stochastic"] = "nearest"
    momentum: Momentum | None = None
    stages: Annotated[int, within(1, 16)] = 5
    schedule: Literal["host", "chip"] = "host"
    updates: Updates = 5000
    seed: Annotated[int, within(1, 2**32 - 1)] = 1

    @model_validator(mode="after")
    def _check(self) -> Self:
        for axis, rows in enumerate(self.batch if isinstance(self.batch, list) else []):
            try:
                _rows(rows)
            except ValueError as error:
                raise ValueError(f"batch[{axis}] {error}") from error
        if self.masks is not None and (self.scope, self.directions) != ("layer", 1):
            raise ValueError(
                "masks must be given without scope and directions,"
                f" not with {self.scope!r} and {self.directions}"
            )
        self._check_rule()
        return self

    def _check_rule(self) -> None:
        """Keys that the rule does not know are left out."""
        given = sorted(self.model_fields_set & self.foreign)
        if given:
            other = "rfg" if self.online else "online"
            raise ValueError(
                f"{given[0]} must be left out with rule {self.rule!r}: it is for {other!r}"
            )
        if self.online and not self.has_lanes and self.directions != 1:
            raise ValueError(
                f"directions must be 1 with feedback {self.feedback!r}, not {self.directions}"
            )
        spare = self.online and self.feedback != "forward-dfa"
        if spare and "feedback_momentum" in self.model_fields_set:
            raise ValueError(
                f"feedback_momentum must be left out with feedback {self.feedback!r}: it is for"
                " 'forward-dfa'"
            )
        if self.by_sample and self.feedback != "forward":
            raise ValueError(f"feedback must be forward with every 'sample', not {self.feedback}")

    @property
    def foreign(self) -> frozenset[str]:
        """Keys that only the other rule has."""
        return {"rfg": _OF_ONLINE, "online": _OF_RFG, "none": frozenset[str]()}[self.rule]

    @property
    def unsaid(self) -> frozenset[str]:
        """Keys that are not written down: those of the other rule, and some that do not count."""
        matrix = self.keeps_feedback and self.has_lanes
        spare = {"every": not self.by_sample, "feedback_momentum": not matrix}
        return self.foreign | {key for key, out in spare.items() if out}

    @property
    def online(self) -> bool:
        """Whether samples are learned one at a time, in the pass that reads the weights."""
        return self.rule == "online"

    @property
    def keeps_feedback(self) -> bool:
        """Whether errors come back by matrices that are learned."""
        return self.online and self.feedback in ("forward-dfa", "kolen-pollack")

    @property
    def has_lanes(self) -> bool:
        """Whether an online learner perturbs neurons."""
        return self.online and self.feedback in ("forward", "forward-dfa")

    @property
    def by_sample(self) -> bool:
        """Whether an online learner has one error and one change for a whole sample."""
        return self.online and self.every == "sample"

    @property
    def mantissa_bits(self) -> int:
        """Fraction bits of the mantissas, by which a step shifts further; 0 without mantissas."""
        return 0 if self.mantissa is None else MANTISSA_BITS

    @property
    def options(self) -> dict[str, Any]:
        """What of the learner is built in, where it is not the plain one."""
        options = {
            "mantissa": self.mantissa is not None,
            "rounding": self.rounding == "stochastic" and not self.online,
            "schedule": self.schedule == "chip",
            "momentum": self.momentum,
        }
        return {name: value for name, value in options.items() if value}

    def of_layers(self, layers: slice) -> Self:
        """The same for some of the layers: they keep shifts of their own."""
        shifts = self.layer_shift
        return self if shifts is None else self.model_copy(update={"layer_shift": shifts[layers]})

    def lane_masks(self, n_layers: int) -> list[int]:
        """For each lane that is used the layers it perturbs and updates, layer l in bit l."""
        layers = range(n_layers)
        if self.masks is not None:
            lanes = self.masks
        elif self.scope == "layer":
            lanes = [[layer] for layer in layers] * self.directions
        else:
            lanes = [list(layers)] * self.directions
        moving = [[layer for layer in lane if layer not in self.frozen] for lane in lanes]
        return [sum(1 << layer for layer in lane) for lane in moving if lane]

    def stage(self, update: int) -> int:
        """Number of rate halvings in force at ``update`` (counted from 0)."""
        return min(update * self.stages // self.updates, self.stages - 1)

    def check_batch(self, parts: int) -> None:
        """ValueError unless a batch has rows for so many parts: a number for one, else a list."""
        batch = self.batch
        if parts == 1:
            if isinstance(batch, list):
                raise ValueError(f"learning.batch must be a whole number, not {batch}")
            return
        if "batch" not in self.model_fields_set:
            raise ValueError("learning.batch is missing")
        if not isinstance(batch, list):
            raise ValueError(f"learning.batch must be a list, not {batch}")
        if len(batch) != parts:
            raise ValueError(f"learning.batch must have {parts} entries, not {len(batch)}")

    def check_layers(self, n_layers: int, shifts: list[int]) -> None:
        """ValueError for what does not fit the layers, or the layers' ``shifts`` of steps."""
        for name in ("layer_shift", "mantissa"):
            given = getattr(self, name)
            if given is not None and len(given) != n_layers:
                raise ValueError(f"learning.{name} must have {n_layers} entries, not {len(given)}")
        lists = {f"masks[{k}]": lane for k, lane in enumerate(self.masks or [])}
        for name, layers in {**lists, "frozen": self.frozen}.items():
            if len(set(layers)) < len(layers) or max(layers, default=0) >= n_layers:
                raise ValueError(
                    f"learning.{name} must hold layers in [0, {n_layers - 1}], each once,"
                    f" not {layers}"
                )
        if not self.online and not self.lane_masks(n_layers):
            raise ValueError(
                f"learning.{'masks' if self.masks == [] else 'frozen'}"
                " must leave a lane with a layer to learn, not none"
            )
        self._check_shifts(shifts)

    def _check_shifts(self, shifts: list[int]) -> None:
        lowest, highest = min(shifts), max(shifts) + self.stages - 1
        most = WORD - self.mantissa_bits if self.rounding == "stochastic" else 63
        if self.online:
            most = DITHER
        if not (lowest >= 0 and highest <= most):
            raise ValueError(
                f"learning.rate must leave step shifts in [0, {most}], not [{lowest}, {highest}]"
            )
