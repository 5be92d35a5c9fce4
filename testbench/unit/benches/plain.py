"""Components whose streams leave out valid, made fit for a top module: there it is a port."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, connect, flipped


class Plain(wiring.Component):
    """``inner``, but streams that are always valid have a ``valid`` port, and that is 1."""

    def __init__(self, inner: wiring.Component) -> None:
        self._inner: Any = inner
        members = {}
        for name, member in inner.signature.members.items():
            if _always_valid(member):
                plain = stream.Signature(member.signature.members["payload"].shape)
                member = In(plain.flip()) if member.flow is wiring.Out else In(plain)
            members[name] = member
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """The inner component and wires."""
        m = Module()
        m.submodules.inner = inner = self._inner
        for name, member in inner.signature.members.items():
            outer, within = getattr(self, name), getattr(inner, name)
            if _always_valid(member) and member.flow is wiring.Out:
                m.d.comb += [
                    outer.valid.eq(1),
                    outer.payload.eq(within.payload),
                    within.ready.eq(outer.ready),
                ]
            elif _always_valid(member):
                m.d.comb += [within.payload.eq(outer.payload), outer.ready.eq(within.ready)]
            elif member.is_signature:
                connect(m, flipped(outer), within)
            elif member.flow is wiring.Out:
                m.d.comb += outer.eq(within)
            else:
                m.d.comb += within.eq(outer)
        return m


def _always_valid(member: wiring.Member) -> bool:
    if not member.is_signature:
        return False
    return isinstance(member.signature, stream.Signature) and member.signature.always_valid
