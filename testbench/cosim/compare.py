"""The first difference between hardware and integer model: where it is, and both values."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.integer.part import Forward
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Ints
from dualspike.golden.training.fixed_engine import StoredBatch
from dualspike.hw.chip.probes import Probe, probes_of
from dualspike.model.ceil_div import ceil_div
from dualspike.model.description.description import Description
from dualspike.model.interface.memory_map import memory_map
from dualspike.model.interface.record import Record
from dualspike.model.interface.registers import answer_counts
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.cosim.simulation import Simulation, source
from dualspike.testbench.cosim.verilate import build
from dualspike.testbench.cosim.verilated import Unfinished
from dualspike.testbench.cosim.waveforms import waveform_of

BEFORE, AFTER = 400, 40


@dataclass(frozen=True)
class Difference:
    """``update`` None means an inference; sample, cycle and step are known after `locate`.

    ``at_limits``: in the batches of `testbench.cosim.strain`.
    """

    update: int | None
    signal: str
    expected: int
    found: int
    sample: int | None = None
    step: int | None = None
    cycle: int | None = None
    at_limits: bool = False

    def __str__(self) -> str:
        places = {
            "update": self.update,
            "sample": self.sample,
            "step": self.step,
            "cycle": self.cycle,
        }
        known = [f"{name} {n}" for name, n in places.items() if n is not None]
        where = ", ".join(["at the limits"] * self.at_limits + known)
        told = f"{self.signal} is {self.found}, the model has {self.expected}"
        return f"{where}: {told}" if where else told


@dataclass(frozen=True, eq=False)
class Mismatch:
    """What led to a difference: the chip before a batch, the batch, the stage of an update."""

    before: IntegerChip
    batch: StoredBatch
    stage: int


def compare_update(
    update: int,
    chip: IntegerChip,
    expected: Record,
    found: Record,
    simulation: Simulation,
) -> Difference | None:
    """Compare everything that can be read from the hardware after an update."""
    pairs = [("LFSR", expected.lfsr, found.lfsr), ("LOSS", expected.loss, found.loss)]
    pairs += [
        (f"JVP_{k}", e, f) for k, (e, f) in enumerate(zip(expected.jvp, found.jvp, strict=True))
    ]
    skips = zip(expected.skipped, found.skipped, strict=True)
    pairs += [(f"SKIPPED[{n}]", e, f) for n, (e, f) in enumerate(skips)]
    pairs += zip(answer_counts(chip.d), expected.answered, found.answered, strict=True)
    contents = zip(memory_map(chip.d), chip.memories, simulation.contents(), strict=True)
    for memory, stored, read in contents:
        pairs += _unequal(memory.name, stored, read)
    if chip.coder.state:
        pairs.append(("CODER", chip.coder.state, simulation.read_wide("CODER", signed=False)))
    pairs.append(("FLAGS", expected.flags, found.flags))
    for signal, wanted, got in pairs:
        if wanted != got:
            return Difference(update, signal, wanted, got)
    return None


def compare_outputs(
    chip: IntegerChip, expected: Ints, found: Ints, simulation: Simulation
) -> Difference | None:
    """Compare the outputs of an inference, and the flags after it."""
    wrong = np.argwhere(found != expected)
    if len(wrong):
        at = tuple(int(n) for n in wrong[0])
        pair = int(expected[at]), int(found[at])
        return Difference(None, f"results{list(at[1:])}", *pair, sample=at[0])
    flags = chip.flags, simulation.read("FLAGS")
    return None if flags[0] == flags[1] else Difference(None, "FLAGS", *flags)


def not_taken(update: int | None, late: Unfinished) -> Difference:
    """What a run that came to no end has left."""
    return Difference(update, "samples taken", late.rows, late.taken, sample=late.taken)


def _unequal(name: str, stored: Ints, read: Ints) -> list[tuple[str, int, int]]:
    return [
        (f"{name}{[int(n) for n in at]}", int(stored[tuple(at)]), int(read[tuple(at)]))
        for at in np.argwhere(stored != read)[:1]
    ]


def locate(
    description: Description,
    difference: Difference,
    mismatch: Mismatch,
    waveform: Path | None,
) -> Difference:
    """Run the wrong update, or without a target the inference, again with inner streams visible.

    Returns the first payload, in time, that is not the model's: sample, step, cycle, signal and
    both values. If all of them are right the error lies after them, in the head or the learner, and
    ``difference`` comes back with the cycle of the last payload. ``waveform`` gets the clocks
    around it.
    """
    library = build(source(description, debug=waveform_of(waveform)), quick=True)
    before, batch = mismatch.before, mismatch.batch

    def replay(trace: tuple[int, int] | None) -> tuple[NDArray[np.uint32], int]:
        with Simulation(description, library) as simulation:
            if trace and waveform:
                simulation.trace(waveform, *trace)
            simulation.load_chip(before, mismatch.stage)
            simulation.log()
            with suppress(Unfinished):
                if batch.target is None:
                    simulation.infer(batch.inputs)
                else:
                    simulation.learn(batch.inputs, batch.target, mismatch.stage, batch.scale)
            return simulation.log(), simulation.cycle

    log, end = replay(None)
    model = before.follow(batch.inputs, batch.target, mismatch.stage)
    found = _first_wrong(description, log, model)
    if found:
        cycle, signal, wanted, got, sample, step = found
        difference = Difference(difference.update, signal, wanted, got, sample, step, cycle)
    centre = difference.cycle or end
    if waveform:
        replay((max(0, centre - BEFORE), centre + AFTER))
    return difference


def _first_wrong(
    d: Description, log: NDArray[np.uint32], model: list[Forward]
) -> tuple[int, str, int, int, int, int | None] | None:
    """Walk through the log in time; the payloads of a probe come in the model's order."""
    probes = probes_of(d)
    sizes = [_words(probe.bits) for probe in probes]
    count = [0] * len(probes)
    position = 0
    while position < len(log):
        probe = int(log[position])
        cycle = int(log[position + 1]) | int(log[position + 2]) << 32
        words = log[position + 3 : position + 3 + sizes[probe]]
        payload = int.from_bytes(words.tobytes(), "little")
        wrong = _check_row(d, probes[probe], payload, count[probe], model)
        if wrong:
            return cycle, *wrong
        count[probe] += 1
        position += 3 + sizes[probe]
    return None


def _words(bits: int) -> int:
    """32-bit words that the harness logs for a port: Verilator stores 8, 16, 32, 64, 32 n bits."""
    return 1 if bits <= 32 else 2 if bits <= 64 else ceil_div(bits, 32)


def _check_row(
    d: Description, probe: Probe, payload: int, number: int, model: list[Forward]
) -> tuple[str, int, int, int, int | None] | None:
    """The first wrong field of a stream's payload ``number``: signal, both values, place."""
    part = next(n for n in range(len(d.parts)) if probe.layer in d.layers_of(n))
    layer = geometry(d.parts[part]).layers[probe.layer - d.layers_of(part).start]
    kind, trace = probe.kind, model[part].layers[layer.index]
    values, tangents = (trace.z, trace.dz) if kind == "sums" else (trace.spikes, trace.dspikes)
    f, lanes, width = d.formats, d.parts[part].lanes, layer.next_simd
    rows = layer.n_out if layer.reads_out else layer.rows
    frame, row = divmod(number, rows)
    steps = d.networks[part].time_steps
    sample, step = divmod(frame, steps) if values.ndim == 3 else (frame, None)
    turn, sample = divmod(sample, values.shape[-2])
    at = (sample,) if step is None else (step, sample)
    values, tangents = values[at], tangents[turn * lanes : (turn + 1) * lanes, *at]
    value_bits = f.membrane.bits if kind == "sums" else 1
    names = ("z", "dz") if kind == "sums" else ("S", "dS")
    for slot in range(width):
        neuron = row * width + slot
        if neuron >= layer.n_out:
            break
        field = payload >> slot * value_bits & (1 << value_bits) - 1
        got = _signed(field, value_bits) if kind == "sums" else field
        fields = [(f"{names[0]}[{neuron}]", int(values[neuron]), got)]
        for k in range(len(tangents)):
            low = width * value_bits + (slot * lanes + k) * f.tangent.bits
            got = _signed(payload >> low & (1 << f.tangent.bits) - 1, f.tangent.bits)
            fields.append((f"{names[1]}[{neuron}], lane {k}", int(tangents[k, neuron]), got))
        for signal, wanted, got in fields:
            if wanted != got:
                return f"layer {probe.layer} {signal}", wanted, got, sample, step
    return None


def _signed(field: int, bits: int) -> int:
    return field - (1 << bits) if field >> (bits - 1) else field
