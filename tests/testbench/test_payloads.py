import random
from typing import Any

import pytest
from amaranth.hdl import Shape, signed, unsigned
from amaranth.lib import data
from amaranth.lib.data import ArrayLayout, StructLayout

from dualspike.testbench.unit.payloads import made, pack, unpack

NESTED = StructLayout(
    {
        "value": ArrayLayout(unsigned(3), 2),
        "tangent": ArrayLayout(ArrayLayout(signed(5), 3), 2),
        "flag": unsigned(1),
    }
)


@pytest.mark.parametrize(
    ("shape", "fields", "bits"),
    [
        (unsigned(4), 9, 9),
        (signed(4), -1, 15),
        (3, 7, 7),
        (ArrayLayout(signed(2), 3), [1, -1, -2], 0b10_11_01),
        (StructLayout({"a": 2, "b": signed(3)}), {"a": 1, "b": -3}, 0b101_01),
    ],
)
def test_bits_by_hand(shape: Any, fields: Any, bits: int) -> None:
    assert pack(shape, fields) == bits
    assert unpack(shape, bits) == fields


def test_nested_layouts_agree_with_amaranth() -> None:
    rng = random.Random(1)

    def number(form: Shape) -> int:
        return rng.randint(-1 << form.width - 1, (1 << form.width - 1) - 1) + (
            0 if form.signed else 1 << form.width - 1
        )

    for _ in range(200):
        fields = made(NESTED, number)
        bits = pack(NESTED, fields)
        assert bits == data.Const(NESTED, bits).as_value().value == _const(fields)
        assert unpack(NESTED, bits) == fields


def _const(fields: Any) -> int:
    return NESTED.const(fields).as_value().value


@pytest.mark.parametrize(
    ("shape", "fields", "message"),
    [
        (unsigned(3), 8, r"number must be in \[0, 7\], not 8"),
        (unsigned(3), -1, r"number must be in \[0, 7\], not -1"),
        (signed(3), 4, r"number must be in \[-4, 3\], not 4"),
        (ArrayLayout(1, 2), [1], r"fields must be \[0, 1\], not \[0\]"),
        (StructLayout({"a": 1}), {"b": 1}, r"fields must be \['a'\], not \['b'\]"),
        (ArrayLayout(1, 2), 3, "fields must be a list or a dictionary, not 3"),
    ],
)
def test_what_does_not_fit_is_refused(shape: Any, fields: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        pack(shape, fields)
