"""The stream law as claims: nothing is lost, doubled or reordered, and offers stay."""

from typing import Any

from amaranth.hdl import Array, Mux, Signal, Value

from dualspike.testbench.formal.claims import Claims


def stays_offered(c: Claims, output: Any, ready: Value, name: str = "output") -> None:
    """What is offered stays offered, unchanged, until it is taken."""
    payload = Value.cast(output.payload)
    waited, last = Signal(name=f"{name}_waited"), Signal(len(payload), name=f"{name}_last")
    c.m.d.sync += [waited.eq(output.valid & ~ready), last.eq(payload)]
    c.always(
        f"{name} stays offered and unchanged until it is taken",
        ~waited | (output.valid & (payload == last)),
    )


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
