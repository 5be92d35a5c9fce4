"""The register map of the core: one list from which hardware, drivers and documents are made.

All registers are 32 bits wide. Wider values are split, least significant word first, and are
sign extended to 64 bits where they are signed.
"""

from dataclasses import dataclass
from enum import IntEnum

from dualspike.model.description import Description

MAGIC = 0x44535031  # "DSP1"


class Flag(IntEnum):
    """Bit numbers of FLAGS: what has saturated since the flags were cleared."""

    MEMBRANE = 0
    TANGENT = 1
    WEIGHT = 2
    STEP = 3


class Command(IntEnum):
    """Values for CONTROL."""

    STOP = 0
    INFER = 1
    LEARN = 2


@dataclass(frozen=True)
class Register:
    """One 32-bit register at word address ``address``; access is "r", "w" or "rw"."""

    name: str
    address: int
    access: str
    meaning: str


def register_map(description: Description) -> list[Register]:
    """Every register of a core, by address."""
    lanes, layers = description.lanes, description.n_layers
    fixed = [
        ("MAGIC", "r", "0x44535031, the letters DSP1"),
        ("CONFIG", "r", "first 32 bits of the configuration hash"),
        (
            "CONTROL",
            "rw",
            "0 stop, 1 infer, 2 learn UPDATES batches (from 0 only); ignored during a batch",
        ),
        ("STATUS", "r", "bit 0 busy: samples are inside or a batch is under way"),
        ("FLAGS", "rw", "sticky overflows: membrane, tangent, weight, step; any write clears"),
        ("UPDATES", "rw", "batches still to learn; counts down"),
        ("CYCLES", "r", "clocks since reset, wraps"),
        ("WEIGHT_SELECT", "w", "2 * layer for weights, 2 * layer + 1 for biases; rewinds"),
        ("WEIGHT_DATA", "rw", "next weight, row by row (neuron, then input); moves on"),
        ("LFSR_0", "rw", "drawer state, bits 31 to 0"),
        ("LFSR_1", "rw", "drawer state, bits 63 to 32"),
        ("LOSS_0", "r", "sum of squared errors of the last batch, low word"),
        ("LOSS_1", "r", "sum of squared errors of the last batch, high word"),
    ]
    entries = [(name, access, meaning) for name, access, meaning in fixed]
    for lane in range(lanes):
        entries.append((f"MASK_{lane}", "rw", f"layers perturbed by lane {lane}, one bit each"))
    for layer in range(layers):
        entries.append((f"SHIFT_{layer}", "rw", f"right shift of layer {layer}'s steps, 0 to 63"))
    for lane in range(lanes):
        entries.append((f"JVP_{lane}_0", "r", f"lane {lane}'s jvp of the last batch, low word"))
        entries.append((f"JVP_{lane}_1", "r", f"lane {lane}'s jvp of the last batch, high word"))
    return [
        Register(name, address, access, meaning)
        for address, (name, access, meaning) in enumerate(entries)
    ]
