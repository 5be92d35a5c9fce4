"""A core on a board: registers, memories and samples by name, through the host link."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dualspike.boards.gateware.link.numbers import number_bytes
from dualspike.boards.gateware.link.protocol import PAYLOAD, WORD, Op
from dualspike.boards.host.driver import (
    Access,
    Answers,
    Driver,
    Read,
    Stream,
    UpdateResult,
    Write,
    flat,
    output_shape,
    streams,
)
from dualspike.boards.host.host import Host, Request
from dualspike.boards.host.port import SerialPort
from dualspike.boards.host.samples import (
    check_classes,
    labelled,
    numbers,
    parts_of,
    questions,
    samples,
)
from dualspike.model.description.description import Description
from dualspike.model.errors import BadInput
from dualspike.model.interface.identity import config_hash
from dualspike.model.interface.register import Command
from dualspike.model.interface.registers import register_map

Ints = NDArray[np.int64]

_WORDS = (PAYLOAD - 3) // WORD
_READS = PAYLOAD // WORD


class BoardCore(Driver):
    """The board behind a link, which must hold the core of the description ``d``.

    ``cycles`` are the core's clocks from the command to learn to the end of each batch, in all.
    BadInput where the configuration hashes differ, naming both.
    """

    def __init__(self, host: Host, d: Description) -> None:
        super().__init__(d)
        self._host, self.d = host, d
        self.cycles = 0
        host.reset()
        self.identity = found = host.identity()
        wanted = config_hash(d)
        if found.config != wanted:
            raise BadInput(
                f"the board holds {found.name} ({found.shape}, configuration {found.config[:16]}),"
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
        self.carry_out(
            [
                Write(register.address, [register.reset])
                for register in register_map(self.d)
                if register.access == "rw" and not register.live and register.reset is not None
            ]
        )

    def carry_out(self, accesses: Sequence[Access]) -> Answers:
        """All of them at once, so that requests need not wait for the answers before them."""
        asked = [self._requests(one) for one in accesses]
        answers = iter(self._host.ask(request for requests in asked for request in requests))
        return [
            self._answer(one, [next(answers) for _ in requests])
            for one, requests in zip(accesses, asked, strict=True)
        ]

    def _requests(self, access: Access) -> list[Request]:
        if isinstance(access, Stream):
            return self._stream(access)
        head = bytes((access.step,))
        if isinstance(access, Write):
            parts = [access.words[n : n + _WORDS] for n in range(0, len(access.words), _WORDS)]
            bodies = [np.array(part, np.int64).astype("<u4").tobytes() for part in parts]
            counts, code = [len(part) for part in parts], Op.WRITE
        else:
            counts = [min(access.count - n, _READS) for n in range(0, access.count, _READS)]
            bodies, code = [bytes((count,)) for count in counts], Op.READ
        firsts = accumulate(counts[:-1], initial=0)
        places = [access.address + access.step * first for first in firsts]
        return [
            (code, place.to_bytes(2, "little") + head + body)
            for place, body in zip(places, bodies, strict=True)
        ]

    def _stream(self, stream: Stream) -> list[Request]:
        """Samples with the command before them; for learning between two readings of CYCLES."""
        command = self._requests(Write(self.protocol.address["CONTROL"], [stream.command]))
        count = len(stream.rows[0]) // self.d.network.frames
        if stream.command == Command.INFER:
            ((head, sent),) = samples(self.d, stream.rows, 1)
            outputs = stream.results // count * number_bytes(self.d.formats.membrane)
            ask = labelled if len(stream.rows) > len(self.d.parts) else questions
            return [*command, *ask(head, sent, outputs)]
        batches = 1 if self.d.kind == "mlp" else count // self.d.batch[0]
        given = samples(self.d, stream.rows, batches)
        octets = b"".join(head + sent.tobytes() for head, sent in given)
        cycles = self._requests(Read(self.protocol.address["CYCLES"]))
        parts = [(Op.LEARN, part) for part in parts_of(octets, PAYLOAD)]
        return [*cycles, *command, *parts, (Op.WAIT, b""), *cycles]

    def _answer(self, access: Access, answers: list[bytes]) -> Sequence[int]:
        if not isinstance(access, Stream):
            return np.frombuffer(b"".join(answers), "<u4").tolist()
        if access.command == Command.INFER:
            return numbers(b"".join(answers), self.d.formats.membrane)
        begun, ended = (int.from_bytes(answers[n], "little") for n in (0, -1))
        self.cycles += ended - begun & 0xFFFFFFFF
        return []

    def learn(
        self, inputs: Sequence[Ints], target: Ints, stage: int = 0, scale: Ints | None = None
    ) -> UpdateResult:
        """Updates on one batch or several in a row, all at ``stage`` unless the chip counts it."""
        check_classes(self.d, target)
        rows = streams(self.d, inputs, target, scale)
        return self.update(rows, len(inputs[0]) // self.d.batch[0], stage)

    def infer(self, inputs: Sequence[Ints], labels: Ints | None = None) -> Ints:
        """Outputs [B, n_out], or [B_0, B_1, ...], of stored inputs [B_n, n_in] of every part.

        With the numbers of their classes ``labels`` [B, 1] the core counts what it has right.
        """
        shape = output_shape(self.d, inputs)
        if labels is None:
            found = self.outputs(inputs, math.prod(shape))
        else:
            check_classes(self.d, labels)
            found = self.labelled_outputs([*flat(inputs), labels], math.prod(shape))
        return np.array(found, np.int64).reshape(shape)
