"""Verilog for people says what Yosys wrote: proved for random expressions, with errors planted."""

import random
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Cat, Module, Mux, Shape, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from dualspike.boards.flow.tools import YOSYS, run
from dualspike.hw.emit.generate import optimised, to_rtlil, to_verilog
from dualspike.hw.emit.verilog import folding
from dualspike.hw.emit.verilog.expressions import Expression
from dualspike.hw.emit.verilog.folding import UNNAMED

PROOF = """
read_verilog first.v
rename first gold
read_verilog second.v
rename second gate
proc
flatten
opt_clean
miter -equiv -make_outputs gold gate both
flatten both
sat -verify -prove trigger 0 both
"""
INPUTS, OUTPUTS = 8, 30


class Sums(wiring.Component):
    """Random expressions of inputs with random widths and signs."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        kinds = [self._shape() for _ in range(INPUTS)]
        members: dict[str, Any] = {f"in_{n}": In(kind) for n, kind in enumerate(kinds)}
        members |= {f"out_{n}": Out(self._shape()) for n in range(OUTPUTS)}
        super().__init__(members)

    def _shape(self) -> Shape:
        return Shape(self._random.choice([1, 1, 2, 3, 5, 8]), self._random.random() < 0.5)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        given = [getattr(self, f"in_{n}") for n in range(INPUTS)]
        for n in range(OUTPUTS):
            m.d.comb += getattr(self, f"out_{n}").eq(self._value(given, 4))
        return m

    def _value(self, given: list[Any], depth: int) -> Value:
        r = self._random
        if not depth or r.random() < 0.1:
            return r.choice(given)
        a, b, c = (self._value(given, depth - 1 - r.randrange(2) * (depth > 1)) for _ in range(3))
        return r.choice(
            [
                lambda: a + b,
                lambda: a - b,
                lambda: a & b,
                lambda: a | b,
                lambda: a ^ b,
                lambda: ~a,
                lambda: -a,
                lambda: a == b,
                lambda: a < b,
                lambda: a >= b,
                lambda: Mux(c, a, b),
                lambda: Cat(a, b)[: r.randrange(1, 9)],
                lambda: a[: r.randrange(1, len(a) + 1)],
                lambda: a >> r.randrange(4),
                lambda: (a << r.randrange(4))[:9],
                lambda: a >> (c.as_unsigned() & 3),
                lambda: a.any() | b.all(),
                lambda: a.as_signed() + b.as_signed(),
                lambda: a.as_unsigned() * b[:2],
            ]
        )()


def texts(seed: int) -> tuple[str, str]:
    """What Yosys writes, and what is made of it."""
    plain = optimised(to_rtlil(Sums(seed), "first"), "first")
    return plain, to_verilog(Sums(seed), "second")


def prove(first: str, second: str, folder: Path) -> None:
    (folder / "first.v").write_text(first, "utf-8")
    (folder / "second.v").write_text(second, "utf-8")
    (folder / "proof.ys").write_text(PROOF, "utf-8")
    run(YOSYS, ["-q", "-s", "proof.ys"], folder)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_folded_says_the_same(seed: int, tmp_path: Path) -> None:
    plain, made = texts(seed)
    before, after = len(UNNAMED.findall(plain)), made.count("assign")
    assert before > 150 and after < plain.count("assign") * 2 / 3
    prove(plain, made, tmp_path)


def test_a_rule_of_widths_left_out_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Expression, "exact", property(lambda _: True))
    with pytest.raises(RuntimeError, match="proof did fail"):
        prove(*texts(0), tmp_path)


def test_a_context_that_is_too_wide_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = folding.contexts
    monkeypatch.setattr(folding, "contexts", lambda one, width: [None for _ in own(one, width)])
    with pytest.raises(RuntimeError, match="proof did fail"):
        prove(*texts(1), tmp_path)
