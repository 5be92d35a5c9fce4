"""The first difference between hardware and integer model: where it is, and both values."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dualspike.golden.chip import Chip, Record
from dualspike.golden.integer import Forward
from dualspike.golden.integer_operator import OperatorChip
from dualspike.golden.rounding import Ints
from dualspike.hw.core import Probe
from dualspike.model.description import Description
from dualspike.model.geometry import geometry
from dualspike.testbench.bulk import Simulation, Unfinished, Verilated, core_source
from dualspike.testbench.verilate import build

BEFORE, AFTER = 400, 40


@dataclass(frozen=True)
class Difference:
    """``update`` None means an inference; sample, cycle and step are known after `locate`.

    ``at_limits``: in the batches of `testbench.strain`.
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
        return f"{where}: {self.signal} is {self.found}, the model has {self.expected}"


def compare_update(
    update: int,
    chip: Chip | OperatorChip,
    expected: Record,
    found: Record,
    simulation: Verilated,
) -> Difference | None:
    """Compare everything that can be read from the hardware after an update."""
    pairs = [("LFSR", expected.lfsr, found.lfsr), ("LOSS", expected.loss, found.loss)]
    pairs += [
        (f"JVP_{k}", e, f) for k, (e, f) in enumerate(zip(expected.jvp, found.jvp, strict=True))
    ]
    if isinstance(chip, Chip):
        skips = [f"SKIPPED_{layer.index}" for layer in chip.g.layers if layer.skips]
        pairs += zip(skips, expected.skipped, found.skipped, strict=True)
    weights, biases = simulation.weights()
    for n, (stored, read) in enumerate(zip(chip.weights, weights, strict=True)):
        pairs += _unequal(f"weights[{n}]", stored, read)
        pairs += _unequal(f"biases[{n}]", chip.biases[n], biases[n])
    velocities = zip(chip.velocities, simulation.velocities(), strict=True)
    for n, (stored, read) in enumerate(velocities):
        pairs += _unequal(f"velocities[{n}]", stored, read)
    if isinstance(chip, Chip) and chip.coder.state:
        pairs.append(("CODER", chip.coder.state, simulation.read_wide("CODER") % 2**64))
    pairs.append(("FLAGS", expected.flags, found.flags))
    for signal, wanted, got in pairs:
        if wanted != got:
            return Difference(update, signal, wanted, got)
    return None


def compare_outputs(
    chip: Chip | OperatorChip, expected: Ints, found: Ints, simulation: Verilated
) -> Difference | None:
    """Compare the outputs of an inference, and the flags after it."""
    wrong = np.argwhere(found != expected)
    if len(wrong):
        place = tuple(int(n) for n in wrong[0])
        pair = int(expected[place]), int(found[place])
        if isinstance(chip, Chip):
            return Difference(None, f"results[{place[1]}]", *pair, sample=place[0])
        return Difference(None, f"results{list(place)}", *pair)
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
    before: Chip,
    x: Ints,
    target: Ints | None,
    stage: int,
    waveform: Path | None,
) -> Difference:
    """Run the wrong update, or without targets the inference, again with inner streams visible.

    Returns the first payload, in time, that is not the model's: sample, step, cycle, signal and
    both values. If all of them are right the error lies behind them, in the learner, and
    ``difference`` comes back with the cycle of the last payload. ``waveform`` gets the clocks
    around it.
    """
    source, probes = core_source(description, debug=True)
    library = build(source, quick=True)

    def replay(trace: tuple[int, int] | None) -> tuple[NDArray[np.uint32], int]:
        with Simulation(description, library) as simulation:
            if trace and waveform:
                simulation.trace(waveform, *trace)
            simulation.load_chip(before, stage)
            simulation.log()
            with suppress(Unfinished):
                if target is None:
                    simulation.infer(x)
                else:
                    simulation.learn(x, target, stage)
            return simulation.log(), simulation.cycle

    log, end = replay(None)
    chip = before.copy()
    model = chip.forward(x, None if target is None else chip.perturb())
    found = _first_wrong(description, probes, log, model)
    if found:
        cycle, signal, wanted, got, sample, step = found
        difference = Difference(difference.update, signal, wanted, got, sample, step, cycle)
    centre = difference.cycle or end
    if waveform:
        replay((max(0, centre - BEFORE), centre + AFTER))
    return difference


def _first_wrong(
    d: Description, probes: list[Probe], log: NDArray[np.uint32], model: Forward
) -> tuple[int, str, int, int, int, int | None] | None:
    """Walk through the log in time; the payloads of a probe come in the model's order."""
    sizes = [_words(probe.bits) for probe in probes]
    count = [0] * len(probes)
    position = 0
    while position < len(log):
        probe = int(log[position])
        cycle = int(log[position + 1]) | int(log[position + 2]) << 32
        words = log[position + 3 : position + 3 + sizes[probe]]
        payload = int.from_bytes(words.tobytes(), "little")
        wrong = _check_row(d, probes[probe].name, payload, count[probe], model)
        if wrong:
            return cycle, *wrong
        count[probe] += 1
        position += 3 + sizes[probe]
    return None


def _words(bits: int) -> int:
    """32-bit words that the harness logs for a port: Verilator stores 8, 16, 32, 64, 32 n bits."""
    return 1 if bits <= 32 else 2 if bits <= 64 else -(-bits // 32)


def _check_row(
    d: Description, name: str, payload: int, number: int, model: Forward
) -> tuple[str, int, int, int, int | None] | None:
    """The first wrong field of a stream's payload ``number``: signal, both values, place."""
    kind, index = name.split("_")
    layer = geometry(d).layers[int(index)]
    trace = model.layers[layer.index]
    values, tangents = (trace.z, trace.dz) if kind == "sums" else (trace.spikes, trace.dspikes)
    f, lanes, width = d.formats, d.lanes_built, layer.next_simd
    rows = layer.n_out if layer.reads_out else layer.rows
    frame, row = divmod(number, rows)
    sample, step = divmod(frame, d.network.time_steps) if values.ndim == 3 else (frame, None)
    turn, sample = divmod(sample, d.learning.batch)
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
                return f"layer {index} {signal}", wanted, got, sample, step
    return None


def _signed(field: int, bits: int) -> int:
    return field - (1 << bits) if field >> (bits - 1) else field
