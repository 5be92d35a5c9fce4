"""What the sequencer must know of a chip, and its registers."""

from dataclasses import dataclass
from typing import Self

from amaranth.hdl import Signal, signed

from dualspike.hw.layer.memory.words import Words
from dualspike.hw.stream.counters import counter_shape
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import WORD
from dualspike.model.sizes.cycles import refill_cycles
from dualspike.model.sizes.head import head_sizes
from dualspike.model.sizes.layers import most_inside

LATE = 3
"""Lowest bits of a shift, which are left to its second clock."""


@dataclass(frozen=True)
class SequencerConfig:
    """What the sequencer must know of a chip: the layers, the batch, and widths in bits.

    ``shapes`` are (n_in, n_out) of each layer, ``outputs`` those of a sample, which in learning
    each of the ``readouts`` puts out; up to ``inside`` samples are under way. Mantissas have
    ``mantissa_bits`` after the point, there are none if it is 0; ``stochastic`` rounds steps so.
    With a ``schedule`` a stage is added to the shifts. With fewer lanes ``built`` than there are
    (0: all are) a batch is taken in passes. ``step_bits`` are those of a step. With ``ends`` it
    says which lanes are the first and the last to move a layer. Signs that are drawn again take
    ``refill`` clocks until they can be used. ``chosen``: a lane's slope and its shift are chosen in
    a clock of their own, and it is shifted in two.
    """

    structure: str
    shapes: list[tuple[int, int]]
    lanes: int
    batch: int
    outputs: int
    inside: int
    jvp_bits: int
    step_bits: int
    mantissa_bits: int = 0
    stochastic: bool = False
    schedule: bool = False
    built: int = 0
    ends: bool = False
    readouts: int = 1
    refill: int = 0
    chosen: bool = False

    @property
    def at_once(self) -> int:
        """Lanes that the chip has."""
        return self.built or self.lanes

    @property
    def passes(self) -> int:
        """How often a batch is taken, each time for other lanes."""
        return ceil_div(self.lanes, self.at_once)

    def last_words(self, words: int) -> list[int]:
        """The number of each pass's last word, of so many words that are drawn for all lanes."""
        each = words // self.lanes * self.at_once
        return [min((n + 1) * each, words) - 1 for n in range(self.passes)]

    @classmethod
    def of(cls, d: Description) -> Self:
        """That of a chip; of an operator network a sample is a function, with one end."""
        mlp, words = d.kind == "mlp", Words.of(d.parts[0])
        return cls(
            d.learning.structure,
            d.shapes,
            d.lanes,
            d.batch[0],
            outputs=d.basis if mlp else 1,
            inside=most_inside(d.n_layers) + (0 if mlp else d.batch[0]),
            jvp_bits=head_sizes(d).jvp_bits,
            step_bits=words.step_bits,
            mantissa_bits=d.learning.mantissa_bits,
            stochastic=d.learning.rounding == "stochastic",
            schedule=d.learning.schedule == "chip",
            built=d.lanes_built,
            ends="ends" in words.told,
            readouts=d.parts[0].readouts,
            refill=refill_cycles(d),
            chosen=d.depth.learner > 0,
        )


class SequencerState:
    """Registers: how far drawing, the batch and its steps have come.

    ``opens``: samples may enter, which is known a clock ahead, as they are many that wait for it.
    ``again``: signs are drawn to move weights, not for samples. ``place`` is the lane's among
    those of its pass. ``scaled`` is a slope times its mantissa, on its way to be shifted by
    ``shift``, with ``drawn`` to round it; ``begun`` one that is still to be shifted by ``rest``;
    ``rounded`` a ``step`` before it is clipped.
    """

    def __init__(self, config: SequencerConfig, words: int) -> None:
        outputs = config.batch * config.outputs * config.readouts
        self.samples_in = Signal(counter_shape(config.batch))
        self.outputs_out = Signal(counter_shape(outputs))
        self.infer = Signal()
        self.opens = Signal()
        self.word = Signal(counter_shape(words - 1))
        self.lane = Signal(counter_shape(config.lanes - 1))
        self.layer = Signal(counter_shape(len(config.shapes) - 1))
        scaled = config.jvp_bits + config.mantissa_bits + 1
        begun = max(scaled + 1, WORD + 2 if config.stochastic else 0)
        self.begun = Signal(signed(begun), reset_less=True)
        self.rest = Signal(8, reset_less=True)
        self.shifted = Signal(signed(scaled), reset_less=True)
        self.rounded = Signal(signed(scaled), reset_less=True)
        self.step = Signal(signed(config.step_bits), reset_less=True)
        self.scaled = Signal(signed(scaled), reset_less=True)
        self.shift = Signal(7, reset_less=True)
        self.drawn = Signal(WORD, reset_less=True)
        self.place = Signal(counter_shape(config.at_once - 1))
        self.again = Signal()
