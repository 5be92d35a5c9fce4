"""Rows as bytes of the link, and how many bytes of results are asked for with them."""

import numpy as np
import pytest

from dualspike.boards.gateware.link.protocol import PAYLOAD, Op
from dualspike.boards.host.driver import streams
from dualspike.boards.host.samples import numbers, packed, questions, samples
from dualspike.model.description.format import Format
from dualspike.testbench.unit.benches.shapes import described


@pytest.mark.parametrize("bits", [2, 8, 9, 17, 24])
def test_numbers_come_back(bits: int) -> None:
    form = Format(signed=True, integer=0, fraction=bits - 1)
    values = np.array([[form.lowest, -1, 0, 1 % (form.highest + 1), form.highest]])
    octets = packed(values, form)
    assert octets.shape == (1, 5 * -(-bits // 8))
    assert numbers(octets.tobytes(), form) == values[0].tolist()


def test_a_batch_of_an_operator_chip_is_trunks_and_then_functions() -> None:
    """Two batches of the shape pair: 3 functions of 3 inputs, 5 points of 2, in chunks of 2."""
    d = described("pair")
    branch = np.arange(18).reshape(6, 3)
    trunk, target = np.arange(20).reshape(10, 2) + 32, np.arange(30).reshape(6, 5) + 64
    rows = streams(d, [branch, trunk], target, np.arange(6) + 99)
    found = samples(d, rows, 2)
    for n, (head, functions) in enumerate(found):
        values = [int.from_bytes(head[at : at + 2], "little") for at in range(0, len(head), 2)]
        assert values == trunk[5 * n : 5 * n + 5].ravel().tolist()
        for function, octets in zip(range(3 * n, 3 * n + 3), functions.tolist(), strict=True):
            inputs, scale, wanted = octets[:8], octets[8:10], octets[10:]
            assert inputs[::2] == [*branch[function].tolist(), 0]
            assert scale == [99 + function, 0]
            assert wanted[::3] == target[function].tolist()


@pytest.mark.parametrize("outputs", [1, 3, 40, 119, 120, 121, 300])
@pytest.mark.parametrize("sample", [1, 2, 7, 119, 120, 500])
def test_no_request_completes_more_samples_than_its_answer_has_room_for(
    sample: int, outputs: int
) -> None:
    """All bytes go, in their order, and all results are asked for as soon as they are due."""
    given = np.arange(90 * sample, dtype=np.uint8).reshape(90, sample)
    head = bytes(200)
    sent, asked = b"", 0
    for op, payload in questions(head, given, outputs):
        assert op == Op.INFER and len(payload) <= PAYLOAD and payload[0] <= PAYLOAD
        whole = max(0, len(sent) - len(head)) // sample
        if len(payload) > 1:
            assert asked == whole * outputs, "nothing is left to be asked for"
        sent += payload[1:]
        completed = max(0, len(sent) - len(head)) // sample - whole
        assert completed * outputs <= max(PAYLOAD, outputs)
        asked += payload[0]
        assert asked <= (whole + completed) * outputs
    assert sent == head + given.tobytes()
    assert asked == 90 * outputs
