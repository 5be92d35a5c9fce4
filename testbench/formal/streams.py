"""The stream law as claims: nothing is lost, doubled or reordered, and offers stay."""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Array, Mux, Shape, Signal, Value

from dualspike.testbench.formal.claims import Claims


@dataclass(frozen=True)
class Given:
    """What comes in: any payload, at any time."""

    valid: Signal
    payload: Signal


def driven(c: Claims, unit: Any) -> tuple[Given, Signal]:
    """Any stream into ``unit.inputs``, and ``ready`` behind ``unit.outputs`` at any time."""
    shape = Shape.cast(unit.inputs.payload.shape())
    given = Given(c.anything(1, "valid"), c.anything(shape.width, "payload"))
    ready = c.anything(1, "ready")
    c.m.d.comb += [
        unit.inputs.valid.eq(given.valid),
        Value.cast(unit.inputs.payload).eq(given.payload),
        unit.outputs.ready.eq(ready),
    ]
    return given, ready


def stays(c: Claims, what: str, valid: Value, taken: Value, *payload: Value) -> None:
    """What is offered stays offered, unchanged, until it is taken."""
    name = what.replace(" ", "_")
    waited = Signal(name=f"{name}_waited")
    c.m.d.sync += waited.eq(valid & ~taken)
    same: Value = valid
    for n, value in enumerate(payload):
        last = Signal.like(value, name=f"{name}_last_{n}")
        c.m.d.sync += last.eq(value)
        same &= value == last
    c.always(f"the {what} stays, unchanged, until it is taken", ~waited | same)


def stays_offered(c: Claims, output: Any, ready: Value, name: str = "output") -> None:
    """So does what a stream offers."""
    stays(c, name, output.valid, ready, Value.cast(output.payload))


class Inside:
    """What has been ``taken`` and has not ``left``, oldest first: a queue that is plainly one."""

    def __init__(self, c: Claims, taken: Value, payload: Value, left: Value, most: int) -> None:
        bits = len(payload)
        self.count = Signal(range(most + 2), name="inside")
        self.places = [Signal(bits, name=f"inside_{n}", reset_less=True) for n in range(most)]
        c.m.d.sync += self.count.eq(self.count + taken - left)
        for n, place in enumerate(self.places):
            behind = self.places[n + 1] if n + 1 < most else place
            c.m.d.sync += place.eq(
                Mux(taken & (self.count - left == n), payload, Mux(left, behind, place))
            )
        self.first = self.places[0]

    def __getitem__(self, n: Value | int) -> Value:
        return Array(self.places)[n]


def in_skid_buffer(c: Claims, inner: dict[str, Signal], inside: Inside) -> None:
    """Where a `SkidBuffer` keeps what is inside."""
    waiting = inner["waiting"]
    c.always("the spare place is used after the first", ~waiting | (inside.count == 2))
    spare = Value.cast(inner["spare"]).as_unsigned()
    c.always("the spare place holds the second", ~waiting | (spare == inside[1]))
