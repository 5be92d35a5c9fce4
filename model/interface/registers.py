"""The register map of the core: one list from which hardware, drivers and documents are made.

All registers are 32 bits wide. Wider values are split, least significant word first, and are
sign extended to 64 bits where they are signed.
"""

from dataclasses import replace
from enum import IntEnum

from dualspike.model.description.description import Description
from dualspike.model.description.head import ClassFlag, ProductFlag
from dualspike.model.interface.ecc import Upset, code_of
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.interrupts import interrupt_registers
from dualspike.model.interface.lfsr import coder_state, seed_state
from dualspike.model.interface.memory_map import confusion_memory, has_velocities, memory_map
from dualspike.model.interface.register import BITS, Command, Field, Flag, Register
from dualspike.model.once import once
from dualspike.model.sizes.geometry import geometry

MAGIC = 0x44535031  # "DSP1"
SCHEDULE = {"STAGE": 4, "STAGES": 5, "PERIOD": 27, "PHASE": 28}
"""Registers of a chip that counts its stages, and their widths in bits."""
ANSWERS = ("SEEN", "CORRECT")
"""Registers that count samples with labels, and those among them that were answered right."""


def answer_counts(description: Description) -> list[str]:
    """All that a core with labels counts: its registers, then the rows [class, answer]."""
    if not description.classes:
        return []
    classes = range(description.basis if confusion_memory(description) else 0)
    return [*ANSWERS, *(f"CONFUSION[{one}, {other}]" for one in classes for other in classes)]


def low_bits(bits: int, name: str = "value", values: type[IntEnum] | None = None) -> tuple[Field]:
    """The fields of a register of which only the lowest ``bits`` are there."""
    return (Field(name, bits, values=values),)


def _always(d: Description, upsets: dict[Upset, int]) -> list[Register]:
    """What every core that learns has."""
    clipped = {flag.name.lower(): flag for flag in flags_of(d)}
    flags = (
        *(Field(name, 1, flag, _told(name, flag)) for name, flag in clipped.items()),
        *(Field(upset.name.lower(), 1, bit, _MET[upset]) for upset, bit in upsets.items()),
        Field(Flag.FLOOR.name.lower(), 1, Flag.FLOOR, _RESTS),
    )
    state = seed_state(d.learning.seed)
    return [
        Register("MAGIC", "r", "0x44535031, the letters DSP1", reset=MAGIC),
        Register("CONFIG", "r", "first 32 bits of the configuration hash", reset=config_word(d)),
        Register(
            "CONTROL",
            "rw",
            "0 stop, 1 infer, 2 learn UPDATES batches (from 0 only); ignored during a batch",
            low_bits(2, "mode", Command),
            live=True,
            on_write="command",
        ),
        Register(
            "STATUS",
            "r",
            "bit 0 busy: samples are inside or a batch is under way",
            low_bits(1, "busy"),
            live=True,
        ),
        Register(
            "FLAGS",
            "rw",
            f"sticky overflows: {', '.join(clipped)}{_met(upsets)}{_FLOOR}; any write clears",
            flags,
            live=True,
            on_write="clear",
        ),
        Register("UPDATES", "rw", "batches still to learn; counts down", live=True),
        Register("CYCLES", "r", "clocks since reset, wraps", live=True),
        Register(
            "WEIGHT_SELECT",
            "w",
            f"2 * layer for weights, 2 * layer + 1 for biases{_further(d)}; rewinds",
            on_write="rewind",
        ),
        Register(
            "WEIGHT_DATA",
            "rw",
            "next weight, row by row (neuron, then input); moves on",
            reset=None,
            live=True,
            on_read="next",
            on_write="next",
        ),
        Register("LFSR_0", "rw", "drawer state, bits 31 to 0", reset=state % 2**32, live=True),
        Register("LFSR_1", "rw", "drawer state, bits 63 to 32", reset=state >> 32, live=True),
        *_wide("LOSS", _losses(d)),
    ]


@once
def register_map(description: Description) -> list[Register]:
    """Every register of a core, by address, with the reset values of its description."""
    d, upsets = description, upset_bits(description)
    registers = _always(d, upsets)
    for lane, mask in enumerate(d.masks):
        meaning = f"layers perturbed by lane {lane}, one bit each"
        registers.append(Register(f"MASK_{lane}", "rw", meaning, _layers(d, lane), mask))
    for layer, shift in enumerate(d.step_shift):
        meaning = f"right shift of layer {layer}'s steps, 0 to 63"
        if d.learning.online:
            reach = d.change_shifts[layer]
            meaning = f"right shift of layer {layer}'s changes, {reach[0]} to {reach[-1]}"
        registers.append(Register(f"SHIFT_{layer}", "rw", meaning, low_bits(6), shift))
    registers += _optional(d)
    for lane in range(d.lanes):
        registers += _wide(f"JVP_{lane}", f"lane {lane}'s jvp of the last batch")
    if d.network.coding == "bernoulli":
        registers += _coder(coder_state(d.learning.seed))
    registers += _answers() if d.classes else []
    if not d.learns:
        registers = [
            _still(d, register, upsets) for register in registers if register.name in _INFERENCE
        ]
    for layer in (layer for part in d.parts for layer in geometry(part).layers):
        if layer.skips:
            meaning = f"clocks that layer {layer.index} did not take for silent chunks, wraps"
            registers.append(Register(f"SKIPPED_{layer.index}", "r", meaning, live=True))
    if upsets:
        words = (code_of(d.hardware.protection, one.format.bits) for one in memory_map(d))
        bits = min(BITS, max(code.bits for code in words))
        meaning = "bits to be stored wrong of every word written to WEIGHT_DATA, to try protection"
        registers.append(Register("INJECT", "rw", meaning, low_bits(bits, "flips")))
    registers += interrupt_registers()
    return [replace(register, address=n) for n, register in enumerate(registers)]


def upset_bits(description: Description) -> dict[Upset, int]:
    """What protected memories can tell of, and its bits of FLAGS, above what can be clipped."""
    d, first = description, min(Upset)
    above = max(first, max(flags_of(d)) + 1)
    upsets = code_of(d.hardware.protection, d.formats.weight.bits).upsets
    return {upset: above + upset - first for upset in upsets}


def _met(upsets: dict[Upset, int]) -> str:
    """The upsets, after the list of overflows."""
    names = ", ".join(upset.name.lower() for upset in upsets)
    return f"; upsets: {names}" if upsets else ""


_FLOOR, _RESTS = "; bit 31 floor, no alarm", "a membrane rests at its lower end, which is no alarm"
_MET = {
    Upset.PARITY: "a stored word with an odd number of wrong bits was read",
    Upset.CORRECTED: "a stored word with one wrong bit was read and corrected",
    Upset.UNCORRECTABLE: "a stored word with two wrong bits was read",
}


def _told(name: str, flag: IntEnum) -> str:
    """What a bit of FLAGS says."""
    wrong = "a sample came with a class that is not there"
    return wrong if isinstance(flag, ClassFlag) else f"a {name} was clipped"


def flags_of(description: Description) -> list[IntEnum]:
    """What can be clipped: the bits of FLAGS from bit 0 on, without upsets and FLOOR."""
    return [*(flag for flag in Flag if flag is not Flag.FLOOR), *description.head.flags]


def _layers(d: Description, lane: int) -> tuple[Field, ...]:
    """The bits of a mask: all layers, or those of the parts that carry the lane."""
    if d.kind == "mlp":
        return low_bits(d.n_layers, "layers")
    carried = [d.layers_of(part) for part in range(len(d.parts)) if lane in d.lanes_of(part)]
    runs = [carried[0]]
    for layers in carried[1:]:
        if layers.start == runs[-1].stop:
            runs[-1] = range(runs[-1].start, layers.stop)
        else:
            runs.append(layers)
    if len(runs) == 1:
        return (Field("layers", len(runs[0]), runs[0].start),)
    return tuple(Field(f"layers_{run.start}", len(run), run.start) for run in runs)


_INFERENCE = (
    *("MAGIC", "CONFIG", "CONTROL", "STATUS", "FLAGS", "CYCLES"),
    *("WEIGHT_SELECT", "WEIGHT_DATA", "CODER_0", "CODER_1"),
)
_CLIPPED = (Flag.MEMBRANE, ProductFlag.FACTOR)
"""What inference can clip."""


def _still(d: Description, register: Register, upsets: dict[Upset, int]) -> Register:
    """What is left of a register in a core that only infers."""
    clipped = [flag for flag in flags_of(d) if flag in _CLIPPED]
    kept = *clipped, *upsets.values(), Flag.FLOOR
    flags = [one for one in register.fields if one.low in kept]
    names = ", ".join(flag.name.lower() for flag in clipped)
    overflows = f"sticky overflow{'s' * (len(clipped) > 1)}: {names}"
    meanings = {
        "CONTROL": "0 stop, 1 infer",
        "STATUS": "bit 0 busy: samples are inside",
        "FLAGS": f"{overflows}{_met(upsets)}{_FLOOR}; any write clears",
    }
    fields = {"CONTROL": low_bits(1, "infer"), "FLAGS": tuple(flags)}
    name = register.name
    return replace(
        register,
        meaning=meanings.get(name, register.meaning),
        fields=fields.get(name, register.fields),
    )


def _losses(d: Description) -> str:
    """What LOSS adds up."""
    if not d.local:
        return "sum of squared errors of the last batch"
    return f"{d.global_weight} times the readout's and the local readouts' sum of squared errors"


def _further(d: Description) -> str:
    """What WEIGHT_SELECT goes on with: velocities, learned feedback, counts of answers."""
    more = ""
    if d.learning.keeps_feedback:
        more = f", {len(d.network.layers) - 2} more for feedback matrices"
    elif has_velocities(d):
        more = f", {2 * d.n_layers} more for their velocities"
    counts = confusion_memory(d)
    return f"{more}, {counts.select} for answers of classes" if counts else more


def _optional(d: Description) -> list[Register]:
    """What only some descriptions ask for."""
    registers: list[Register] = []
    for layer, mantissa in enumerate(d.learning.mantissa or []):
        meaning = f"eighths by which layer {layer}'s steps are multiplied, 0 to 15"
        registers.append(Register(f"MANTISSA_{layer}", "rw", meaning, low_bits(4), mantissa))
    if d.learning.schedule == "chip":
        resets = {"STAGES": d.learning.stages, "PERIOD": d.learning.updates}
        meanings = {
            "STAGE": "rate halvings in force, added to every shift",
            "STAGES": "stages of a run; 0: the chip leaves STAGE as it is",
            "PERIOD": "updates of a run",
            "PHASE": "updates learned times STAGES modulo PERIOD",
        }
        for name, bits in SCHEDULE.items():
            live = name in ("STAGE", "PHASE")
            reset = resets.get(name, 0)
            registers.append(Register(name, "rw", meanings[name], low_bits(bits), reset, live=live))
    return registers


def _coder(state: int) -> list[Register]:
    """The register from which spikes of inputs are drawn."""
    halves = (("31 to 0", state % 2**32), ("63 to 32", state >> 32))
    return [
        Register(f"CODER_{n}", "rw", f"coder state, bits {bits}", reset=half, live=True)
        for n, (bits, half) in enumerate(halves)
    ]


def _answers() -> list[Register]:
    """What a core with labels counts."""
    meanings = ("samples with a label", "those whose largest score was that of their label")
    rule = "in inference only where LABELLED is 1; any write clears, wraps"
    return [
        Register(
            "LABELLED",
            "rw",
            "1: samples to infer come with labels too, and are counted",
            low_bits(1, "labelled"),
        ),
        *(
            Register(name, "rw", f"{meaning}; {rule}", live=True, on_write="clear")
            for name, meaning in zip(ANSWERS, meanings, strict=True)
        ),
    ]


def _wide(name: str, meaning: str) -> list[Register]:
    """Two registers for a result of 64 bits."""
    words = enumerate(("low", "high"))
    return [Register(f"{name}_{n}", "r", f"{meaning}, {word} word", live=True) for n, word in words]
