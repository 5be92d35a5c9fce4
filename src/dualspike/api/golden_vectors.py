"""Golden vectors of a core: what a host does with it, and what the integer model says to that."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dualspike.boards.host.driver import (
    Access,
    HostProtocol,
    Read,
    Stream,
    Talk,
    Write,
    flat,
    output_shape,
    streams,
)
from dualspike.golden.float.layout import Parameters
from dualspike.golden.integer.state import IntegerChip
from dualspike.golden.numeric import Ints
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.hw.emit.testbench import Operation, Step, Vectors
from dualspike.hw.soc.soc import wrapped_registers
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import feeds_of
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.interrupts import Cause
from dualspike.model.interface.memory_map import Memory, memory_map
from dualspike.model.interface.packets import row_of_results
from dualspike.model.interface.register import ALARMS, Command
from dualspike.model.interface.registers import MAGIC, register_map
from dualspike.model.sizes.cycles import fill_bound, most_clocks
from dualspike.model.sizes.geometry import geometry
from dualspike.testbench.cosim.strain import random_batch, random_inputs

SAMPLES = 16
"""Samples to infer; of an operator network one function, on the whole grid."""
READ_BACK = 64
"""Words that are read back of every memory after an update, from the first on."""


def golden_vectors(
    d: Description, first: Parameters | None = None, *, baked: bool, wrap: str | None = None
) -> Vectors:
    """Inference, and where the chip learns an update, from the weights ``first``.

    Inputs and targets are anywhere in their formats and at the ends of these. Without ``baked`` the
    weights are loaded before. In a ``wrap`` packets are of another length while the chip infers,
    and the registers that it adds are read at the end, as they are after reset.
    """
    rng, chip = np.random.default_rng(d.learning.seed), first_chip(d, first)
    script = _Script(d)
    known = script.known
    known |= {"MAGIC": MAGIC, "CONFIG": config_word(d)}
    script.carry_out(_reads(script.protocol, ["MAGIC", "CONFIG"]))
    if not baked:
        script.carry_out(script.protocol.fill(chip.memories))
    rows = [SAMPLES] if d.kind == "mlp" else [1, *d.batch[1:]]
    inputs = random_inputs(d, rng, rows)
    script.wanted += [int(one) for one in chip.infer(inputs).flat]
    count = math.prod(output_shape(d, inputs))
    added = wrapped_registers(d, wrap)[len(register_map(d)) :]
    packets = [(one.address, row_of_results(d)) for one in added if one.name == "PACKET"]
    script.steps += [Step(Operation.WRITE, place, row + 1) for place, row in packets]
    script.carry_out(script.protocol.outputs(flat(inputs), count))
    script.steps += [Step(Operation.WRITE, place, row) for place, row in packets]
    known["FLAGS"] = chip.flags
    script.carry_out(_reads(script.protocol, ["FLAGS"]))
    script.interrupt(flagged=chip.flags & ALARMS != 0)
    if d.learns:
        _update(d, chip, script, rng)
    script.steps += [Step(Operation.READ, one.address, one.reset or 0) for one in added]
    return Vectors([*script.steps, Step(Operation.END)], script.given, script.wanted, _patience(d))


def _update(d: Description, chip: IntegerChip, script: "_Script", rng: np.random.Generator) -> None:
    """A batch, its loss and all else that can be read of it, and the first words of memories."""
    batch = random_batch(d, rng)
    assert batch.target is not None
    record = chip.update(*batch.to_learn(0))
    wide = {"LOSS": record.loss, "LFSR": record.lfsr}
    wide |= {f"JVP_{k}": jvp for k, jvp in enumerate(record.jvp)}
    for name, value in wide.items():
        script.known |= {f"{name}_{n}": value >> 32 * n & 0xFFFFFFFF for n in range(2)}
    script.known["FLAGS"] = record.flags
    rows = streams(d, batch.inputs, batch.target, batch.scale)
    script.carry_out(script.protocol.update(rows, 1, 0))
    script.carry_out(script.protocol.record())
    held = [replace(one, shape=(min(READ_BACK, math.prod(one.shape)),)) for one in memory_map(d)]
    script.dump(held, chip.memories)
    script.irq(1)


class _Script:
    """Steps made of what a `HostProtocol` does, with ``known`` for what registers must hold."""

    def __init__(self, d: Description) -> None:
        self.protocol = HostProtocol.of(d)
        self.known: dict[str, int] = {}
        self.steps: list[Step] = []
        self.wanted: list[int] = []
        self._feeds = feeds_of(d)
        self.given: list[list[int]] = [[] for _ in self._feeds]
        self._name = {place: name for name, place in self.protocol.address.items()}

    def carry_out(self, talk: Talk[object]) -> None:
        """Every access becomes steps, and is answered with what is known."""
        try:
            accesses = next(talk)
            while True:
                accesses = talk.send([self._steps(one) for one in accesses])
        except StopIteration:
            return

    def interrupt(self, *, flagged: bool) -> None:
        """Causes of an inference, of which DONE alone is enabled from then on, and cleared."""
        self.irq(0)
        self.carry_out(self.protocol.enable_irq([Cause.DONE]))
        self.irq(1)
        self.known["IRQ_STATUS"] = 1 << Cause.DONE | flagged << Cause.FLAG
        self.carry_out(self.protocol.take_irq())
        self.irq(0)
        self.known["IRQ_STATUS"] = 0
        self.carry_out(_reads(self.protocol, ["IRQ_STATUS"]))

    def irq(self, level: int) -> None:
        """The line must be so."""
        self.steps.append(Step(Operation.IRQ, 0, level))

    def dump(self, memories: Sequence[Memory], held: Sequence[Ints]) -> None:
        """Read the first words of each memory, which must be those ``held``."""
        for one, words in zip(memories, held, strict=True):
            self.steps.append(self._write("WEIGHT_SELECT", one.select))
            place = self.protocol.address["WEIGHT_DATA"]
            for word in words.ravel()[: one.shape[0]].tolist():
                self.steps.append(Step(Operation.READ, place, word))

    def _write(self, name: str, word: int) -> Step:
        return Step(Operation.WRITE, self.protocol.address[name], word)

    def _steps(self, access: Access) -> list[int]:
        """What it takes, and what is read."""
        if isinstance(access, Write):
            places = (access.address + n * access.step for n in range(len(access.words)))
            pairs = zip(places, access.words, strict=True)
            self.steps += [Step(Operation.WRITE, place, word) for place, word in pairs]
            return []
        if isinstance(access, Read):
            places = [access.address + n * access.step for n in range(access.count)]
            words = [self.known[self._name[place]] for place in places]
            pairs = zip(places, words, strict=True)
            self.steps += [Step(Operation.READ, place, word) for place, word in pairs]
            return words
        return self._stream(access)

    def _stream(self, access: Stream) -> list[int]:
        self.steps.append(self._write("CONTROL", access.command))
        for n, (feed, rows) in enumerate(zip(self._feeds, access.rows, strict=False)):
            bits = feed.format.bits
            for row in rows.tolist():
                for at in range(0, feed.width, feed.simd):
                    numbers = row[at : at + feed.simd]
                    word = sum((x & (1 << bits) - 1) << k * bits for k, x in enumerate(numbers))
                    self.given[n].append(word)
            self.steps.append(Step(Operation.GIVE, n, len(self.given[n])))
        if access.command == Command.INFER:
            self.steps.append(Step(Operation.TAKE, 0, len(self.wanted)))
        self.steps.append(Step(Operation.WAIT))
        return [0] * access.results


def _reads(protocol: HostProtocol, names: Sequence[str]) -> Talk[None]:
    for name in names:
        yield from protocol.read(name)


def _patience(d: Description) -> int:
    """Clocks in which something moves, whatever a chip does and however streams pause."""
    parts = zip(d.parts, d.batch, strict=True)
    rows = sum(count * geometry(part).interval + fill_bound(part) for part, count in parts)
    points = 0 if d.kind == "mlp" else math.prod(d.batch) * (3 * d.basis + 20)
    return 4 * max(rows + points, most_clocks(d) if d.learns else 0) + 1000
