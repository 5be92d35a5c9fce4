"""A core on a board: registers, memories and samples by name, through the host link."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dualspike.boards.host import Host, Request
from dualspike.boards.link.numbers import number_bytes
from dualspike.boards.link.protocol import PAYLOAD, WORD, Op
from dualspike.boards.port import SerialPort
from dualspike.model.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.formats import Format
from dualspike.model.geometry import geometry
from dualspike.model.identity import config_hash
from dualspike.model.registers import Command, register_map

Ints = NDArray[np.int64]

_WORDS = (PAYLOAD - 3) // WORD
_READS = PAYLOAD // WORD


@dataclass(frozen=True)
class Learnt:
    """What is read behind an update: the sum of squared errors, and FLAGS."""

    loss: int
    flags: int


class _Register(Protocol):
    @property
    def state(self) -> int: ...


class ChipState(Protocol):
    """What `golden.chip.Chip` holds, in stored integers."""

    weights: list[Ints]
    biases: list[Ints]
    velocities: list[Ints]

    @property
    def drawer(self) -> _Register:
        """The register from which signs are drawn."""
        ...

    @property
    def coder(self) -> _Register:
        """The one from which spikes of inputs are drawn."""
        ...


class Board:
    """The board behind a link, which must hold the core of the description ``d``.

    ``cycles`` are the core's clocks from the command to learn to the end of each batch, in all.
    BadInput where the configuration hashes differ, naming both.
    """

    def __init__(self, host: Host, d: Description) -> None:
        self._host, self.d = host, d
        self._map = {register.name: register for register in register_map(d)}
        self.cycles = 0
        host.reset()
        self.identity = found = host.identity()
        wanted = config_hash(d)
        if found.config != wanted:
            shape = "-".join(map(str, found.layers))
            raise BadInput(
                f"the board holds {found.name} ({shape}, configuration {found.config[:16]}),"
                f" not {d.name} (configuration {wanted[:16]})"
            )
        self._configure()

    @classmethod
    def at(cls, port: str, baud: int, d: Description) -> Self:
        """The board at a serial port."""
        line = SerialPort(port, baud)
        try:
            return cls(Host(line), d)
        except BaseException:
            line.close()
            raise

    def close(self) -> None:
        """Give the port back."""
        self._host.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _configure(self) -> None:
        """Set the registers whose reset values the hash does not cover."""
        settings = [
            (register.name, register.reset)
            for register in self._map.values()
            if register.access == "rw" and not register.live and register.reset is not None
        ]
        self._host.ask([self._write(name, [value]) for name, value in settings])

    def _write(self, name: str, words: Sequence[int], *, step: bool = False) -> Request:
        head = self._map[name].address.to_bytes(2, "little") + bytes((step,))
        return Op.WRITE, head + np.array(words, np.int64).astype("<u4").tobytes()

    def _read(self, name: str, count: int = 1, *, step: bool = False) -> Request:
        return Op.READ, self._map[name].address.to_bytes(2, "little") + bytes((step, count))

    def write(self, name: str, value: int) -> None:
        """Set a register from the low 32 bits of ``value``."""
        self._host.ask([self._write(name, [value])])

    def read(self, name: str) -> int:
        """A register's 32 bits."""
        return _number(self._host.ask([self._read(name)])[0])

    def read_wide(self, name: str) -> int:
        """A signed 64-bit value from a pair of registers."""
        return _number(self._host.ask([self._read(f"{name}_0", 2, step=True)])[0], signed=True)

    def fill(self, memories: Sequence[Ints], first: int = 0) -> None:
        """Write weight memories from number ``first`` on."""
        self._host.ask(self._filling(memories, first))

    def _filling(self, memories: Sequence[Ints], first: int) -> Iterator[Request]:
        for select, values in enumerate(memories, first):
            yield self._write("WEIGHT_SELECT", [select])
            flat = values.ravel()
            for place in range(0, len(flat), _WORDS):
                yield self._write("WEIGHT_DATA", flat[place : place + _WORDS].tolist())

    def dump(self, select: int, shape: tuple[int, ...], bits: int) -> Ints:
        """Read one weight memory back."""
        left, requests = int(np.prod(shape)), [self._write("WEIGHT_SELECT", [select])]
        while left:
            requests.append(self._read("WEIGHT_DATA", min(left, _READS)))
            left -= requests[-1][1][3]
        words = np.frombuffer(b"".join(self._host.ask(requests)), "<u4").astype(np.int64)
        half = 1 << (bits - 1)
        return ((words + half & 2 * half - 1) - half).reshape(shape)

    def weights(self) -> tuple[list[Ints], list[Ints]]:
        """Read all weights and biases back."""
        bits, shapes = self.d.formats.weight.bits, list(enumerate(self.d.shapes))
        weights = [self.dump(2 * n, (n_out, n_in), bits) for n, (n_in, n_out) in shapes]
        return weights, [self.dump(2 * n + 1, (n_out,), bits) for n, (_, n_out) in shapes]

    def velocities(self) -> list[Ints]:
        """Read the velocities back, of weights and biases in turn; none without momentum."""
        d, first = self.d, 2 * self.d.n_layers
        shapes = [shape for n_in, n_out in d.shapes for shape in ((n_out, n_in), (n_out,))]
        return [
            self.dump(first + n, shape, d.step_format.bits)
            for n, shape in enumerate(shapes if d.momentum is not None else [])
        ]

    def load_chip(self, chip: ChipState, stage: int = 0) -> None:
        """Write all that a chip holds, and the stage where the chip counts it."""
        pairs = zip(chip.weights, chip.biases, strict=True)
        self.fill([values for pair in pairs for values in pair])
        self.fill(chip.velocities, 2 * self.d.n_layers)
        for name, state in (("LFSR", chip.drawer), ("CODER", chip.coder)):
            if f"{name}_0" in self._map:
                halves = [state.state & 0xFFFFFFFF, state.state >> 32]
                self._host.ask([self._write(f"{name}_0", halves, step=True)])
        if "STAGE" in self._map:
            self._host.ask([self._write("STAGE", [stage]), self._write("PHASE", [0])])

    def learn(self, x: Ints, target: Ints, stage: int = 0) -> Learnt:
        """Updates on one batch or several in a row, all at ``stage`` unless the chip counts it.

        Every batch is given as often as the chip has passes.
        """
        d, f = self.d, self.d.formats
        commands: list[Request] = []
        if d.learning.schedule == "host":
            shifts = [shift + stage for shift in d.step_shift]
            commands.append(self._write("SHIFT_0", shifts, step=True))
        commands.append(self._write("UPDATES", [len(x) // d.learning.batch]))
        commands.append(self._read("CYCLES"))
        commands.append(self._write("CONTROL", [Command.LEARN]))
        batches = np.arange(len(x)).reshape(-1, d.learning.batch)
        rows = np.repeat(batches, d.passes, axis=0).ravel()
        samples = [self._chunks(x[rows]), _packed(target[rows], f.target)]
        sent = np.concatenate(samples, axis=1).tobytes()
        stream: list[Request] = [(Op.LEARN, part) for part in _parts(sent, PAYLOAD)]
        ends = [self._read("CYCLES"), self._read("LOSS_0", 2, step=True), self._read("FLAGS")]
        answers = self._host.ask([*commands, *stream, (Op.WAIT, b""), *ends])
        begun, (ended, loss, flags) = _number(answers[len(commands) - 2]), answers[-3:]
        self.cycles += _number(ended) - begun & 0xFFFFFFFF
        return Learnt(_number(loss, signed=True), _number(flags))

    def infer(self, x: Ints) -> Ints:
        """Outputs [B, n_out] of stored inputs x [B, n_in]."""
        n_out, form = self.d.network.layers[-1], self.d.formats.membrane
        place = number_bytes(form)
        start: list[Request] = [self._write("CONTROL", [Command.INFER])]
        stop: list[Request] = [self._write("CONTROL", [Command.STOP])]
        inputs = self._chunks(x)
        stream = list(_questions(inputs.tobytes(), inputs.shape[1], n_out * place))
        answers = self._host.ask([*start, *stream, *stop])
        raw = np.frombuffer(b"".join(answers), np.uint8).reshape(len(x), n_out, place)
        words = np.zeros((len(x), n_out, 8), np.uint8)
        words[..., :place] = raw
        half = 1 << (8 * place - 1)
        return (words.view("<i8")[..., 0] + half & 2 * half - 1) - half

    def _chunks(self, x: Ints) -> NDArray[np.uint8]:
        """Stored inputs, filled up to whole chunks, as bytes [B, bytes of a sample]."""
        layer = geometry(self.d).layers[0]
        filled = np.pad(x, ((0, 0), (0, -layer.n_in % layer.simd)))
        return _packed(filled, self.d.formats.input)


def _packed(values: Ints, form: Format) -> NDArray[np.uint8]:
    """Stored numbers [B, n] as bytes [B, n * bytes of a number], lowest first."""
    octets = np.ascontiguousarray(values, "<i8").view(np.uint8).reshape(*values.shape, 8)
    return octets[..., : number_bytes(form)].reshape(len(values), -1)


def _parts(data: bytes, size: int) -> Iterator[bytes]:
    for place in range(0, len(data), size):
        yield data[place : place + size]


def _questions(inputs: bytes, sample: int, outputs: int) -> Iterator[Request]:
    """INFER requests: ``sample`` bytes lead to ``outputs`` bytes, asked for when they are due."""
    given = asked = 0
    for part in _parts(inputs, PAYLOAD - 1):
        given += len(part)
        due = given // sample * outputs - asked
        now = min(due, PAYLOAD)
        yield Op.INFER, bytes((now,)) + part
        asked += now
        while (due := given // sample * outputs - asked) > 0:
            now = min(due, PAYLOAD)
            yield Op.INFER, bytes((now,))
            asked += now


def _number(data: bytes, *, signed: bool = False) -> int:
    return int.from_bytes(data, "little", signed=signed)
