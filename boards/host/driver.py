"""What a host says to a core, in one place for every bus.

`HostProtocol` says it without a bus: each of its methods is a generator that yields accesses,
takes their answers and returns a result. A `Driver` carries them out one after the other, on a
board or in a simulation; the benches await them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dualspike.model.description.description import Description
from dualspike.model.interface.interrupts import Cause
from dualspike.model.interface.memory_map import Memory, apart, confusion_memory, memory_map
from dualspike.model.interface.record import Record
from dualspike.model.interface.register import Command, Register
from dualspike.model.interface.registers import ANSWERS, register_map

Ints = NDArray[np.int64]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Read:
    """``count`` words from register ``address``, or with ``step`` 1 from as many in a row."""

    address: int
    count: int = 1
    step: int = 0


@dataclass(frozen=True)
class Write:
    """Words, of which the low 32 bits count, to register ``address`` or a row of them."""

    address: int
    words: Sequence[int]
    step: int = 0


@dataclass(frozen=True)
class Stream:
    """A ``command`` to CONTROL, then rows [n, width] to the first input streams.

    It is over when ``results`` numbers have come and, after LEARN, the core is no longer busy.
    """

    command: Command
    rows: Sequence[Ints]
    results: int = 0


Access = Read | Write | Stream
Answers = Sequence[Sequence[int]]
"""For each access what it has read: words, results, or nothing."""
Talk = Generator[Sequence[Access], Answers, T]


class UpdateResult(NamedTuple):
    """The sum of squared errors of the last batch, and FLAGS."""

    loss: int
    flags: int


class ChipState(Protocol):
    """What `golden.integer.rfg.chip.Chip` holds, in stored integers."""

    @property
    def memories(self) -> list[Ints]:
        """In the order of `model.interface.memory_map`."""
        ...

    @property
    def states(self) -> dict[str, int]:
        """Shift registers of 64 bits, by name: LFSR, CODER."""
        ...


class HostProtocol:
    """Accesses of a core with these registers and memories, as it is after reset."""

    def __init__(
        self,
        registers: Sequence[Register],
        memories: Sequence[Memory] = (),
        confusion: Memory | None = None,
    ) -> None:
        self.address = {register.name: register.address for register in registers}
        self._memories, self._confusion = memories, confusion
        self._shift = {r.name: r.reset or 0 for r in registers if r.name.startswith("SHIFT_")}
        self._stage: int | None = 0

    @classmethod
    def of(cls, d: Description) -> "HostProtocol":
        """That of a description's core."""
        return cls(register_map(d), memory_map(d), confusion_memory(d))

    def read(self, name: str) -> Talk[int]:
        """A register's 32 bits."""
        ((word,),) = yield [Read(self.address[name])]
        return word

    def read_wide(self, name: str, *, signed: bool = True) -> Talk[int]:
        """A pair of registers: a 64-bit value, by default a signed one."""
        (words,) = yield [self._wide(name)]
        return _joined(words, signed=signed)

    def write(self, name: str, value: int) -> Talk[None]:
        """Set a register from the low 32 bits of ``value``."""
        if name in self._shift:
            self._stage = None
        yield [Write(self.address[name], [value])]

    def fill(self, memories: Sequence[Ints], first: int = 0) -> Talk[None]:
        """Write the memories from number ``first`` on."""
        accesses: list[Access] = []
        for select, values in enumerate(memories, first):
            accesses.append(Write(self.address["WEIGHT_SELECT"], [select]))
            accesses.append(Write(self.address["WEIGHT_DATA"], values.ravel().tolist()))
        yield accesses

    def dump(self, memories: Sequence[Memory]) -> Talk[list[Ints]]:
        """Read memories back."""
        accesses: list[Access] = []
        for one in memories:
            accesses.append(Write(self.address["WEIGHT_SELECT"], [one.select]))
            accesses.append(Read(self.address["WEIGHT_DATA"], int(np.prod(one.shape))))
        answers = yield accesses
        found: list[Ints] = []
        for one, words in zip(memories, answers[1::2], strict=True):
            low, stored = one.format.lowest, np.array(words, np.int64).reshape(one.shape)
            found.append((stored - low & (1 << one.format.bits) - 1) + low)
        return found

    def contents(self) -> Talk[list[Ints]]:
        """Read all memories back."""
        return (yield from self.dump(self._memories))

    def weights(self) -> Talk[tuple[list[Ints], list[Ints]]]:
        """Read all weights and biases back."""
        words = [one for one in self._memories if one.kind in ("weights", "biases")]
        weights, biases, _ = apart((yield from self.dump(words)), len(words) // 2)
        return weights, biases

    def load_chip(self, chip: ChipState, stage: int = 0, phase: int = 0) -> Talk[None]:
        """Write all that a chip holds, and the stage and its phase if the core counts them."""
        yield from self.fill(chip.memories)
        accesses: list[Access] = [
            Write(self.address[f"{name}_0"], [state & 0xFFFFFFFF, state >> 32], 1)
            for name, state in chip.states.items()
            if f"{name}_0" in self.address
        ]
        if "STAGE" in self.address:
            accesses.append(Write(self.address["STAGE"], [stage]))
            accesses.append(Write(self.address["PHASE"], [phase]))
        yield accesses

    def set_stage(self, stage: int) -> Talk[None]:
        """Halve the rate ``stage`` times by the shifts, unless the core counts its stages."""
        yield self._staged(stage)

    def update(self, rows: Sequence[Ints], updates: int, stage: int) -> Talk[UpdateResult]:
        """Learn that many batches, whose rows follow one another in every stream."""
        answers = yield [
            *self._staged(stage),
            Write(self.address["UPDATES"], [updates]),
            Stream(Command.LEARN, rows),
            self._wide("LOSS"),
            Read(self.address["FLAGS"]),
        ]
        return UpdateResult(_joined(answers[-2]), answers[-1][0])

    def record(self) -> Talk[Record]:
        """All that is read after an update."""
        lanes = sum(name.startswith("MASK_") for name in self.address)
        wide = ["LOSS", "LFSR", *(f"JVP_{k}" for k in range(lanes))]
        *answers, flags = yield [*map(self._wide, wide), Read(self.address["FLAGS"])]
        loss, lfsr, *jvp = (_joined(words) for words in answers)
        return Record(loss, tuple(jvp), lfsr % 2**64, flags[0])

    def outputs(self, rows: Sequence[Ints], count: int) -> Talk[Sequence[int]]:
        """Infer from the rows of every part, or from frames of them; ``count`` numbers."""
        stop = Write(self.address["CONTROL"], [Command.STOP])
        found, _ = yield [Stream(Command.INFER, flat(rows), count), stop]
        return found

    def enable_irq(self, causes: Iterable[Cause]) -> Talk[None]:
        """Let these causes, and no others, raise the line ``irq``."""
        mask = sum(1 << cause for cause in set(causes))
        yield [Write(self.address["IRQ_ENABLE"], [mask])]

    def take_irq(self) -> Talk[set[Cause]]:
        """The causes that have come, enabled or not; they are cleared, and none that comes later.

        In a handler of the interrupt the line falls with it.
        """
        ((word,),) = yield [Read(self.address["IRQ_STATUS"])]
        yield [Write(self.address["IRQ_STATUS"], [word])]
        return {cause for cause in Cause if word >> cause & 1}

    def labelled_outputs(self, rows: Sequence[Ints], count: int) -> Talk[Sequence[int]]:
        """`outputs` of samples that come with their classes, as the last of ``rows``, and count."""
        label = self.address["LABELLED"]
        yield [Write(label, [1])]
        found = yield from self.outputs(rows, count)
        yield [Write(label, [0])]
        return found

    def answers(self) -> Talk[tuple[int, ...]]:
        """SEEN and CORRECT, then the rows of `confusion`, where the core has them."""
        words = yield [Read(self.address[name]) for name in ANSWERS]
        return *(word for (word,) in words), *(yield from self.confusion()).ravel().tolist()

    def confusion(self) -> Talk[Ints]:
        """Samples of every class with every answer [class, answer], since SEEN was written."""
        if self._confusion is None:
            return np.zeros((0, 0), np.int64)
        (counts,) = yield from self.dump([self._confusion])
        return counts

    def _wide(self, name: str) -> Read:
        return Read(self.address[f"{name}_0"], 2, 1)

    def _staged(self, stage: int) -> list[Access]:
        """What brings the shifts to a stage: nothing where they are there already."""
        if "STAGE" in self.address or stage == self._stage:
            return []
        self._stage = stage
        shifts = [shift + stage for shift in self._shift.values()]
        return [Write(self.address["SHIFT_0"], shifts, 1)]


def _blocking(
    talk: Callable[Concatenate[HostProtocol, P], Talk[T]],
) -> Callable[Concatenate["Driver", P], T]:
    """A method of `HostProtocol` that is carried out before it returns."""

    @wraps(talk)
    def method(self: "Driver", *args: P.args, **kwargs: P.kwargs) -> T:
        going = talk(self.protocol, *args, **kwargs)
        try:
            accesses = next(going)
            while True:
                accesses = going.send(self.carry_out(accesses))
        except StopIteration as end:
            return end.value

    return method


class Driver(ABC):
    """A core on some bus: every method is that of `HostProtocol`."""

    def __init__(self, d: Description) -> None:
        self.protocol = HostProtocol.of(d)

    @abstractmethod
    def carry_out(self, accesses: Sequence[Access]) -> Answers:
        """Do them in their order."""

    read = _blocking(HostProtocol.read)
    read_wide = _blocking(HostProtocol.read_wide)
    write = _blocking(HostProtocol.write)
    fill = _blocking(HostProtocol.fill)
    dump = _blocking(HostProtocol.dump)
    contents = _blocking(HostProtocol.contents)
    weights = _blocking(HostProtocol.weights)
    load_chip = _blocking(HostProtocol.load_chip)
    update = _blocking(HostProtocol.update)
    record = _blocking(HostProtocol.record)
    outputs = _blocking(HostProtocol.outputs)
    enable_irq = _blocking(HostProtocol.enable_irq)
    take_irq = _blocking(HostProtocol.take_irq)
    labelled_outputs = _blocking(HostProtocol.labelled_outputs)
    answers = _blocking(HostProtocol.answers)
    confusion = _blocking(HostProtocol.confusion)


def flat(inputs: Sequence[Ints]) -> list[Ints]:
    """Rows of every part; inputs over time [B, T, n_in] have T of them for each sample."""
    return [one.reshape(-1, one.shape[-1]) for one in inputs]


def streams(
    d: Description, inputs: Sequence[Ints], target: Ints, scale: Ints | None = None
) -> list[Ints]:
    """Rows for the input streams of a chip that learns: whole batches, one after the other.

    ``inputs`` [B_n, n_in] of every part, a target of the outputs' shape or classes [B_0, 1],
    ``scale`` [B_0] of functions that are weighed. Every batch is given as often as the chip has
    passes.
    """
    rows = [*flat(inputs), target.reshape(-1, d.target_width)]
    if scale is not None:
        rows.append(scale.reshape(-1, 1))
    if d.passes == 1:
        return rows
    batches = [one.reshape(-1, d.batch[0], one.shape[1]) for one in rows]
    return [np.repeat(one, d.passes, axis=0).reshape(-1, one.shape[2]) for one in batches]


def output_shape(d: Description, inputs: Sequence[Ints]) -> list[int]:
    """The shape of what a chip answers to inputs [B_n, n_in] of every part."""
    counts = [len(rows) for rows in inputs]
    return [*counts, d.basis] if d.kind == "mlp" else counts


def _joined(words: Sequence[int], *, signed: bool = True) -> int:
    value = words[0] | words[1] << 32
    return value - (1 << 64) if signed and value >> 63 else value
