import random
from binascii import crc_hqx
from pathlib import Path

from dualspike.boards.gateware.link.protocol import (
    CRC,
    END,
    ESC,
    PAYLOAD,
    Identity,
    Op,
    frame,
    parse,
)
from dualspike.boards.gateware.link.uart import bits_per_clock
from dualspike.testbench.unit.benches.shapes import described
from tests.refusals import refusal


def body(raw: bytes) -> bytes:
    assert raw[0] == raw[-1] == END and END not in raw[1:-1]
    return raw[1:-1]


def test_the_crc_is_the_published_one() -> None:
    """CRC-16/IBM-3740 of the digits 1 to 9, as the catalogue of CRC parameters has it."""
    assert crc_hqx(b"123456789", 0xFFFF) == CRC(8).compute(b"123456789") == 0x29B1


def test_frames_come_back_whole() -> None:
    rng = random.Random(1)
    payloads = [bytes((END, ESC)) * 60, b"", *(rng.randbytes(n) for n in range(PAYLOAD + 1))]
    for number, payload in enumerate(payloads):
        raw = frame(number & 255, 192, payload)
        assert parse(body(raw)) == (number & 255, 192, payload)


def test_a_frame_with_any_byte_changed_or_lost_or_twice_is_none() -> None:
    rng = random.Random(2)
    raw = body(frame(7, 2, bytes((END, 5, 0, ESC, 1, 2, 3, 4))))
    for place in range(len(raw)):
        before, byte, behind = raw[:place], raw[place], raw[place + 1 :]
        assert parse(before + behind) is None
        assert parse(before + bytes((byte, byte)) + behind) is None
        for other in rng.sample(sorted(set(range(256)) - {byte, END}), 40):
            assert parse(before + bytes((other,)) + behind) is None
        assert parse(before) is None and parse(behind) is None


def test_an_identity_comes_back() -> None:
    identity = Identity.of(described("plain"), 25_000_000, 1_000_000)
    block = identity.pack()
    assert int.from_bytes(block[:2], "little") == len(block) - 2
    assert Identity.unpack(block[2:]) == identity


def test_an_identity_of_something_else_is_refused() -> None:
    block = Identity.of(described("plain"), 25_000_000, 1_000_000).pack()[2:]
    assert "must lead to a dualspike board" in refusal(Identity.unpack, b"DSHX" + block[4:])
    line = "must speak link version 1, not 2"
    assert line in refusal(Identity.unpack, block[:4] + b"\x02" + block[5:])


def test_baud_rates_that_a_clock_gives() -> None:
    for clock in (12_000_000, 16_000_000, 25_000_000, 48_000_000, 100_000_000):
        for baud in (115_200, 921_600, 1_000_000, 2_000_000, 3_000_000):
            rate = bits_per_clock(clock, baud)
            assert abs(rate * clock / baud - 1) <= 0.001
    line = "must be in [1, 3000000] at a clock of 12000000 Hz, not 4"
    assert line in refusal(bits_per_clock, 12_000_000, 4_000_000)
    line = "must be at least 24415 at a clock of 100000000 Hz, not 300"
    assert line in refusal(bits_per_clock, 100_000_000, 300)


def test_the_examples_of_the_document_are_right() -> None:
    text = (Path(__file__).parents[2] / "docs" / "host_link.md").read_text("utf-8")
    read = frame(7, Op.READ, bytes((0, 0, 1, 2)))
    write = frame(192, Op.WRITE, bytes((5, 0, 0, 1, 0, 0, 0)))
    for example in (read, write):
        assert f"    {example.hex(' ')}  " in text
