"""Rows of the input streams as bytes of the link, and results back: see docs/host_link.md."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dualspike.boards.gateware.link.numbers import number_bytes
from dualspike.boards.gateware.link.protocol import PAYLOAD, Op
from dualspike.boards.host.host import Request
from dualspike.model.description.description import Description
from dualspike.model.description.format import Format
from dualspike.model.errors import BadInput
from dualspike.model.interface.feeds import feeds_of

Ints = NDArray[np.int64]
Octets = NDArray[np.uint8]


def check_classes(d: Description, target: Ints) -> None:
    """BadInput for the number of a class that a chip does not have."""
    wrong = target[(target < 0) | (target >= d.basis)]
    if d.classes and wrong.size:
        raise BadInput(f"labels must be in [0, {d.basis - 1}], not {wrong[0]}")


def packed(values: Ints, form: Format) -> Octets:
    """Stored numbers [B, n] as bytes [B, n * bytes of a number], lowest first."""
    octets = np.ascontiguousarray(values, "<i8").view(np.uint8).reshape(*values.shape, 8)
    return octets[..., : number_bytes(form)].reshape(len(values), -1)


def numbers(octets: bytes, form: Format) -> list[int]:
    """Stored numbers from bytes, as `packed` puts them."""
    place = number_bytes(form)
    words = np.zeros((len(octets) // place, 8), np.uint8)
    words[:, :place] = np.frombuffer(octets, np.uint8).reshape(-1, place)
    half = 1 << (8 * place - 1)
    return ((words.view("<i8")[:, 0] + half & 2 * half - 1) - half).tolist()


def samples(d: Description, rows: Sequence[Ints], batches: int) -> list[tuple[bytes, Octets]]:
    """What goes to a chip, batch by batch: bytes that come first, then bytes [samples, n].

    A sample over time is all of its frames.
    Rows of several batches follow one another in every stream. Of an operator network the rows of
    the trunks come first, and a sample is a function; a perceptron knows no batches.
    """
    streams: list[list[Octets]] = []
    for feed, one in zip(feeds_of(d), rows, strict=False):
        filled = np.pad(one, ((0, 0), (0, -feed.width % feed.simd)))
        whole = packed(filled, feed.format).reshape(len(one) // feed.frames, -1)
        streams.append(np.split(whole, batches))
    parts = len(d.parts)
    found: list[tuple[bytes, Octets]] = []
    for branch, *others in zip(*streams, strict=True):
        trunks, others = others[: parts - 1], others[parts - 1 :]
        # Weights of functions come before the targets, which they are needed for.
        whole = [branch, *(one.reshape(len(branch), -1) for one in others[::-1])]
        found.append((b"".join(one.tobytes() for one in trunks), np.concatenate(whole, axis=1)))
    return found


def parts_of(octets: bytes, size: int) -> Iterator[bytes]:
    """Bytes in pieces of so many at most."""
    for place in range(0, len(octets), size):
        yield octets[place : place + size]


def labelled(head: bytes, given: Octets, outputs: int) -> Iterator[Request]:
    """Requests for samples [B, n] with their targets, each of which leads to ``outputs`` bytes.

    What comes with a target goes by LEARN, whatever the core does with it; INFER asks for results.
    """
    assert not head
    for sample in given:
        for part in parts_of(sample.tobytes(), PAYLOAD):
            yield Op.LEARN, part
        for asked in range(0, outputs, PAYLOAD):
            yield Op.INFER, bytes((min(PAYLOAD, outputs - asked),))


def questions(head: bytes, given: Octets, outputs: int) -> Iterator[Request]:
    """INFER requests for samples [B, n], each of which leads to ``outputs`` bytes of results.

    Those are asked for when they are due: no request completes more samples than its answer has
    room for, so that a chip need not keep their results.
    """
    for part in parts_of(head, PAYLOAD - 1):
        yield Op.INFER, b"\0" + part
    octets, sample = given.tobytes(), given.shape[1]
    done = asked = 0
    while done < len(octets):
        whole = done // sample
        end = min(done + PAYLOAD - 1, (whole + max(1, PAYLOAD // outputs)) * sample)
        part, done = octets[done:end], min(end, len(octets))
        now = min(done // sample * outputs - asked, PAYLOAD)
        yield Op.INFER, bytes((now,)) + part
        asked += now
        while (due := done // sample * outputs - asked) > 0:
            now = min(due, PAYLOAD)
            yield Op.INFER, bytes((now,))
            asked += now
