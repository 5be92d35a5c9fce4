"""The words of a memory of weights or biases: how wide they are, and what moves them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out

from dualspike.model.description.learning import VELOCITY_BITS
from dualspike.model.description.part import Part
from dualspike.model.interface.ecc import Protection, code_of


class HostPort(wiring.Signature):
    """One word at a time in the host's order; ``rewind`` goes to the first.

    ``access`` reads, or with ``write`` writes, and moves on. Read data is there from 4 cycles later
    on, until the next access. With ``protection``, what is written has its ``flips`` bits wrong (a
    code word: data, then check bits), and ``upsets`` has a bit for each kind of upset of
    `model.interface.ecc`, set for one cycle when one was met in a row that was read, by whomever.
    """

    def __init__(self, bits: int, protection: Protection = "none") -> None:
        code = code_of(protection, bits)
        guard = {"flips": Out(code.bits), "upsets": In(len(code.upsets))}
        super().__init__(
            {
                "rewind": Out(1),
                "access": Out(1),
                "write": Out(1),
                "write_data": Out(signed(bits)),
                "read_data": In(signed(bits)),
                **(guard if code.upsets else {}),
            }
        )


Contents = tuple[Sequence[int], Sequence[int]]
"""Weights and biases of a layer, stored integers in the host's order; none: all 0."""


@dataclass(frozen=True)
class Words:
    """Words of ``bits`` bits; they ``learn`` with ``momentum`` k or None.

    ``contents`` are what they hold at power-up, stored integers in the host's order; none: all 0.
    ``spread``: registers for many memories are copied (`model.sizes.depth.Depth`).
    """

    bits: int
    learn: bool = True
    momentum: int | None = None
    protection: Protection = "none"
    contents: tuple[int, ...] = ()
    spread: bool = False

    @classmethod
    def of(cls, part: Part) -> Self:
        """Those of a part's weights and biases."""
        return cls(
            part.formats.weight.bits,
            part.lanes > 0,
            part.learning.momentum,
            part.protection,
            spread=part.depth.spread,
        )

    def holding(self, contents: Sequence[int]) -> Self:
        """The same with other contents."""
        return replace(self, contents=tuple(contents))

    @property
    def step_bits(self) -> int:
        """Bits of a step, and of a velocity."""
        return self.bits + (0 if self.momentum is None else VELOCITY_BITS)

    @property
    def ports(self) -> dict[str, Member]:
        """The host's ways: to the words, and to their velocities where they have any."""
        velocities = {"velocities": In(HostPort(self.step_bits, self.protection))}
        return {
            "host": In(HostPort(self.bits, self.protection)),
            **({} if self.momentum is None else velocities),
        }

    @property
    def told(self) -> dict[str, Member]:
        """What a move is told besides its step.

        With momentum ``ends`` says whether the lane is the first (bit 0) and the last (bit 1) that
        moves the layer in a batch.
        """
        return {} if self.momentum is None else {"ends": In(2)}

    def tell(self, m: Module, source: object, *targets: object) -> None:
        """Pass this on, from component or port to others."""
        for name in self.told:
            m.d.comb += [getattr(target, name).eq(getattr(source, name)) for target in targets]

    def connect(self, m: Module, outer: wiring.Component, inner: wiring.Component) -> None:
        """The host's ways to a component's words lead to those inside it."""
        for name in self.ports:
            wiring.connect(m, wiring.flipped(getattr(outer, name)), getattr(inner, name))
