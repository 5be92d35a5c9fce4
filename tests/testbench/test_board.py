"""The board in Verilator, spoken to frame by frame."""

from collections.abc import Iterator

import numpy as np
import pytest

from dualspike.boards.gateware.link.protocol import END, Identity, Op, Status, frame, parse
from dualspike.boards.host.board import BoardCore
from dualspike.boards.host.host import Host
from dualspike.golden.training.fixed_engine import first_chip
from dualspike.model.interface.identity import config_word
from dualspike.model.interface.register import ALARMS, Flag
from dualspike.model.interface.registers import MAGIC
from dualspike.testbench.board.board import BAUD, CLOCK_HZ, BoardSimulation
from dualspike.testbench.board.simulated_line import SimulatedLine
from dualspike.testbench.unit.benches.shapes import described
from tests.testbench.random.descriptions import random_batch, random_rows
from tests.testbench.test_floor import driven


@pytest.fixture(scope="module")
def board() -> Iterator[BoardSimulation]:
    with BoardSimulation(described("plain"), quick=True) as simulation:
        yield simulation


def ask(board: BoardSimulation, *frames: bytes) -> list[tuple[int, int, bytes]]:
    board.send(b"".join(frames))
    between = board.run(1 << 20, 1 << 20, rest=True).split(bytes((END,)))
    answers = [parse(one) for one in between if one]
    assert None not in answers
    return [answer for answer in answers if answer]


def test_requests_and_their_answers(board: BoardSimulation) -> None:
    d = described("plain")
    assert ask(board, frame(200, Op.RESET, b"\xc0\xdb\x00\x07")) == [(200, 0, b"\xc0\xdb\x00\x07")]
    block = Identity.of(d, CLOCK_HZ, BAUD).pack()
    assert ask(board, frame(201, Op.IDENTIFY, bytes((2, 0, 50)))) == [(201, 0, block[2:52])]
    words = MAGIC.to_bytes(4, "little") + config_word(d).to_bytes(4, "little")
    assert ask(board, frame(202, Op.READ, bytes((0, 0, 1, 2)))) == [(202, 0, words)]
    write = frame(203, Op.WRITE, bytes((5, 0, 0, 9, 8, 7, 6)))
    assert ask(board, write, frame(204, Op.READ, bytes((5, 0, 0, 1)))) == [
        (203, 0, b""),
        (204, 0, bytes((9, 8, 7, 6))),
    ]


def test_a_request_is_carried_out_once_and_in_its_order(board: BoardSimulation) -> None:
    """WEIGHT_DATA moves on with each access: one too many shows."""
    ask(board, frame(0, Op.RESET, b""))
    select, back = bytes((7, 0, 0, 0, 0, 0, 0)), bytes((8, 0, 0, 1))
    write = bytes((8, 0, 0, *(n for k in (11, 12) for n in (k, 0, 0, 0))))
    ask(board, frame(1, Op.WRITE, select), frame(2, Op.WRITE, write), frame(2, Op.WRITE, write))
    ask(board, frame(3, Op.WRITE, select))
    first = ask(board, frame(4, Op.READ, back))
    assert first[0][2][0] == 11 and ask(board, frame(4, Op.READ, back)) == first
    assert ask(board, frame(6, Op.READ, back)) == [(5, Status.ORDER, b"")]
    assert ask(board, frame(5, Op.READ, back))[0][2][0] == 12


def test_refusals(board: BoardSimulation) -> None:
    bad = [
        (Op.WRITE, bytes((5, 0, 0)) + bytes(3), Status.LENGTH),
        (Op.READ, bytes((0, 0, 0)), Status.LENGTH),
        (Op.READ, bytes((0, 0, 0, 31)), Status.LENGTH),
        (Op.READ, bytes((0, 1, 0, 1)), Status.ADDRESS),
        (Op.WRITE, bytes((0, 1, 0)) + bytes(4), Status.ADDRESS),
        (Op.IDENTIFY, bytes((0, 1, 9)), Status.ADDRESS),
        (Op.IDENTIFY, bytes((0, 0, 121)), Status.LENGTH),
        (Op.WAIT, bytes(1), Status.LENGTH),
        (Op.INFER, b"", Status.LENGTH),
        (7, b"", Status.UNKNOWN),
    ]
    ask(board, frame(0, Op.RESET, b""))
    assert not board.lights["error"]
    for number, (op, payload, status) in enumerate(bad, 1):
        assert ask(board, frame(number, op, payload)) == [(number, status, b"")]
        assert board.lights["error"]


def test_garbage_and_breaks_are_survived(board: BoardSimulation) -> None:
    ask(board, frame(0, Op.RESET, b""))
    back = bytes((0, 0, 0, 1))
    whole = frame(1, Op.READ, back)
    board.send(bytes(range(256)) * 3)
    assert ask(board, whole[:5]) == []
    assert [answer[0] for answer in ask(board, whole)] == [1]
    board.send(b"\x00\x00")
    board.run(1, 20)
    board.hold_low(500)
    assert [answer[0] for answer in ask(board, frame(2, Op.READ, back))] == [2]
    assert board.lights["error"]


def test_a_board_learns_and_infers_as_the_integer_model(board: BoardSimulation) -> None:
    d = described("plain")
    rng = np.random.default_rng(3)
    chip = first_chip(d)
    with BoardCore(Host(SimulatedLine(board)), d) as device:
        device.load_chip(chip)
        for stage in (0, 1):
            x = rng.integers(-4000, 4000, (d.batch[0], 2))
            target = rng.integers(-4000, 4000, (d.batch[0], 1))
            record = chip.update([x], target, stage)
            learnt = device.learn([x], target, stage)
            assert (learnt.loss, learnt.flags) == (record.loss, record.flags)
            assert board.lights["overflow"] == (record.flags & ALARMS != 0)
        x = rng.integers(-4000, 4000, (150, 2))
        np.testing.assert_array_equal(device.infer([x]), chip.infer([x]))
        weights, biases = device.weights()
        for found, expected in zip([*weights, *biases], [*chip.weights, *chip.biases], strict=True):
            np.testing.assert_array_equal(found, expected)
        assert device.read_wide("LFSR") & (1 << 64) - 1 == chip.lfsr


def test_membranes_at_rest_light_no_lamp(board: BoardSimulation) -> None:
    """As those of neurons that are driven too far up do."""
    d = described("plain")
    ask(board, frame(0, Op.RESET, b""))
    with BoardCore(Host(SimulatedLine(board)), d) as device:
        for share, flag in ((-0.85, Flag.FLOOR), (0.85, Flag.MEMBRANE)):
            chip, inputs = driven(d, share)
            device.load_chip(chip)
            device.write("FLAGS", 0)
            np.testing.assert_array_equal(device.infer(inputs), chip.infer(inputs))
            assert device.read("FLAGS") == chip.flags == 1 << flag
            assert board.lights["overflow"] == (flag is Flag.MEMBRANE)


def test_a_board_with_an_operator_chip_learns_and_infers_as_the_integer_model() -> None:
    """Rows of trunks, then functions with their weights; grids begin anew with each command."""
    d = described("pair")
    rng, chip = np.random.default_rng(4), first_chip(d)
    with (
        BoardSimulation(d, quick=True) as simulation,
        BoardCore(Host(SimulatedLine(simulation)), d) as device,
    ):
        assert device.identity.shape == "3-4-3, 2-3-3"
        device.load_chip(chip)
        for updates in (1, 2, 1):
            given = [random_batch(d, rng) for _ in range(updates)]
            records = [chip.update(*batch) for batch in given]
            inputs = [np.concatenate(rows) for rows in zip(*(one[0] for one in given), strict=True)]
            target, scale = (np.concatenate([np.asarray(one[n]) for one in given]) for n in (1, 3))
            learnt = device.learn(inputs, target, 0, scale)
            assert (learnt.loss, learnt.flags) == (records[-1].loss, records[-1].flags)
            rows = random_rows(d, rng, 2 * d.batch[0] + 1)
            np.testing.assert_array_equal(device.infer(rows), chip.infer(rows))
        for found, expected in zip(device.contents(), chip.memories, strict=True):
            np.testing.assert_array_equal(found, expected)
        assert device.read_wide("LFSR") & (1 << 64) - 1 == chip.lfsr
        # A grid that is not complete is forgotten.
        ask(simulation, frame(0, Op.RESET, b""), frame(1, Op.WRITE, bytes((2, 0, 0, 1, 0, 0, 0))))
        ask(simulation, frame(2, Op.INFER, bytes((0, 1, 2, 3, 4, 5))))
        device = BoardCore(Host(SimulatedLine(simulation)), d)
        np.testing.assert_array_equal(device.infer(rows), chip.infer(rows))


def test_the_light_for_training_is_on_during_a_batch(board: BoardSimulation) -> None:
    updates, learn, infer = (bytes((n, 0, 0, k, 0, 0, 0)) for n, k in ((5, 1), (2, 2), (2, 1)))
    ask(board, frame(0, Op.RESET, b""), frame(1, Op.WRITE, updates), frame(2, Op.WRITE, learn))
    board.run(1, 100)
    assert board.lights["training"]
    ask(board, frame(0, Op.RESET, b""), frame(1, Op.WRITE, infer))
    ask(board, frame(2, Op.INFER, bytes((0, 1, 2, 3, 4))))
    board.run(1, 10)
    assert not board.lights["training"] and not board.lights["error"]


def test_the_heart_beats_once_a_second() -> None:
    """On for half a second of the board's clock and off for the other, from the first clock on."""
    seen: list[bool] = []
    with BoardSimulation(described("still"), 40_000, 10_000, quick=True) as board:
        for quarter in range(1, 10):
            board.run(1, 10_000)
            assert board.cycle == quarter * 10_000
            seen.append(board.lights["heartbeat"])
    assert seen == [n % 4 in (2, 3) for n in range(1, 10)]
